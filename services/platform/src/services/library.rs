//! Libraries and their versions.

use sandyq_access::{OrganizationKind, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::library_service_server::LibraryService;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tonic::{Request, Response, Status, Streaming};

use super::version::version_view;
use super::{Services, client_id, required, text, upload};
use crate::call::check_etag;
use crate::convert;
use crate::error::{Error, Result};
use crate::governance::libraries::{declared_purposes, own_initiative};
use crate::governed::Governed;
use crate::records::access::Grant;
use crate::records::airlock::Output;
use crate::records::identity::Organization;
use crate::records::job::Job;
use crate::records::library::{Library, Upload, Version, VersionState};
use crate::records::rule::{AccessRule, Declared, LibraryUse};
use crate::watch::{Answers, watch};

impl Services {
    /// A job, its output and a use of a library together.
    async fn seen_use(&self, used: &Stored<LibraryUse>) -> Result<v1::LibraryUse> {
        let job: Option<Stored<Job>> = self.0.store.get(&used.job).await?;
        let output: Option<Stored<Output>> = match job.as_ref().and_then(|job| job.output.as_ref())
        {
            Some(name) => self.0.store.get(name).await?,
            None => None,
        };
        let (job, output) = (job.as_deref(), output.as_deref());
        Ok(convert::library_use(used, job, output))
    }

    /// A tightened rule reaches at once what is under way: terms end with consent and purposes, jobs that it no longer permits end.
    async fn tighten(&self, library: &Library) -> Result<()> {
        if let Some((end, what)) = library.declared.end() {
            let filter = Filter {
                organization: Some(&library.organization),
                states: &["REQUESTED", "ACTIVE"],
                ..Filter::default()
            };
            let prefix = format!("{}/", library.name);
            let page = sandyq_store::Page::first(MOST_GRANTS);
            for grant in self.0.store.list::<Grant>(&filter, page).await? {
                if !grant.version.starts_with(&prefix) || grant.expire_time <= end {
                    continue;
                }
                self.0
                    .change::<Grant>(&grant.name, |grant| {
                        if grant.expire_time <= end {
                            return Ok(None);
                        }
                        grant.expire_time = end;
                        let event = crate::call::system_event(
                            "GrantShortened",
                            &grant.name,
                            &grant.owner_organization,
                            [("reason", json!(what))],
                        );
                        Ok(Some(Change::new(event)))
                    })
                    .await?;
            }
        }
        crate::jobs::recheck(&self.0, &library.name).await
    }
}

/// Grants of one agency that are looked at.
const MOST_GRANTS: u32 = 1_000_000;

#[tonic::async_trait]
impl LibraryService for Services {
    type WatchVersionStream = Answers<v1::WatchVersionResponse>;

    async fn create_library(
        &self,
        request: Request<v1::CreateLibraryRequest>,
    ) -> Result<Response<v1::CreateLibraryResponse>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.CreateLibrary", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.into_inner();
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let wanted = required("library", message.library)?;
        let library = Library {
            name: format!(
                "libraries/{}",
                client_id("library_id", &message.library_id)?
            ),
            display_name: text("library.display_name", &wanted.display_name, true, 200)?,
            description: text("library.description", &wanted.description, false, 10_000)?,
            organization: call.principal.organization.clone(),
            purposes: declared_purposes(&wanted.purposes, &self.0.purposes)?,
            versions: 0,
            published_version: None,
            two_approvals_lifted_by: None,
            declared: convert::declared(&wanted, &Declared::default(), call.now)?,
        };
        let owner = call
            .fetch::<Organization>(&call.principal.organization)
            .await?;
        own_initiative(owner.special_state_body, &library.declared)?;
        self.can_be_lent_to(&library.declared.access, &AccessRule::default())
            .await?;
        let event = call.event(
            &library.name,
            [
                ("purposes", json!(library.purposes)),
                ("declared", json!(library.declared)),
            ],
        );
        let change = Change::new(event).insert(&library).map_err(Error::from)?;
        let answer = v1::CreateLibraryResponse {
            library: Some(convert::library(&call.inserted(library))),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn get_library(
        &self,
        request: Request<v1::GetLibraryRequest>,
    ) -> Result<Response<v1::GetLibraryResponse>, Status> {
        let mut call = self.0.enter("LibraryService.GetLibrary", &request).await?;
        let library = call.fetch::<Library>(&request.get_ref().name).await?;
        call.authorize(library.resource()).await?;
        Ok(Response::new(v1::GetLibraryResponse {
            library: Some(convert::library(&library)),
        }))
    }

    async fn list_libraries(
        &self,
        request: Request<v1::ListLibrariesRequest>,
    ) -> Result<Response<v1::ListLibrariesResponse>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.ListLibraries", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let filter = match call.principal.kind {
            OrganizationKind::Agency => Filter {
                organization: Some(&call.principal.organization),
                ..Filter::default()
            },
            OrganizationKind::Developer => Filter {
                states: &["PUBLISHED"],
                ..Filter::default()
            },
            _ => Filter::default(),
        };
        let (found, next_page_token) = self
            .page::<Library>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListLibrariesResponse {
            libraries: found.iter().map(convert::library).collect(),
            next_page_token,
        }))
    }

    async fn update_library(
        &self,
        request: Request<v1::UpdateLibraryRequest>,
    ) -> Result<Response<v1::UpdateLibraryResponse>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.UpdateLibrary", &request)
            .await?;
        let message = request.into_inner();
        let name = message
            .library
            .as_ref()
            .map(|l| l.name.clone())
            .unwrap_or_default();
        let mut library = call.fetch::<Library>(&name).await?;
        call.authorize(library.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let wanted = required("library", message.library)?;
        check_etag(&library, &wanted.etag)?;
        library.display_name = text("library.display_name", &wanted.display_name, true, 200)?;
        library.description = text("library.description", &wanted.description, false, 10_000)?;
        library.purposes = declared_purposes(&wanted.purposes, &self.0.purposes)?;
        let declared = convert::declared(&wanted, &library.declared, call.now)?;
        self.can_be_lent_to(&declared.access, &library.declared.access)
            .await?;
        if declared.access.two_approvals {
            library.two_approvals_lifted_by = None;
        } else if library.declared.access.two_approvals {
            library.two_approvals_lifted_by = Some(call.principal.user.clone());
        }
        library.declared = declared;
        let owner = call.fetch::<Organization>(&library.organization).await?;
        own_initiative(owner.special_state_body, &library.declared)?;
        let event = call.event(
            &library.name,
            [
                ("purposes", json!(library.purposes)),
                ("declared", json!(library.declared)),
            ],
        );
        let change = Change::new(event).update(&library).map_err(Error::from)?;
        library.revision += 1;
        let answer = v1::UpdateLibraryResponse {
            library: Some(convert::library(&library)),
        };
        let answer = call.commit(change, answer).await?;
        self.tighten(&library).await?;
        Ok(Response::new(answer))
    }

    async fn list_library_uses(
        &self,
        request: Request<v1::ListLibraryUsesRequest>,
    ) -> Result<Response<v1::ListLibraryUsesResponse>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.ListLibraryUses", &request)
            .await?;
        let message = request.get_ref();
        let library = call.fetch::<Library>(&message.parent).await?;
        call.authorize(library.resource()).await?;
        let filter = Filter {
            parent: Some(&library.name),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<LibraryUse>(&filter, message.page_size, &message.page_token)
            .await?;
        let mut uses = Vec::new();
        for used in &found {
            uses.push(self.seen_use(used).await?);
        }
        Ok(Response::new(v1::ListLibraryUsesResponse {
            uses,
            next_page_token,
        }))
    }

    async fn create_version(
        &self,
        request: Request<v1::CreateVersionRequest>,
    ) -> Result<Response<v1::CreateVersionResponse>, Status> {
        let call = self
            .0
            .enter("LibraryService.CreateVersion", &request)
            .await?;
        Ok(Response::new(
            self.new_version(call, request.into_inner()).await?,
        ))
    }

    async fn write(
        &self,
        request: Request<Streaming<v1::WriteRequest>>,
    ) -> Result<Response<v1::WriteResponse>, Status> {
        let call = self.0.enter("LibraryService.Write", &request).await?;
        Ok(Response::new(
            self.take_upload(call, request.into_inner()).await?,
        ))
    }

    async fn query_write_status(
        &self,
        request: Request<v1::QueryWriteStatusRequest>,
    ) -> Result<Response<v1::QueryWriteStatusResponse>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.QueryWriteStatus", &request)
            .await?;
        let upload = call
            .fetch::<Upload>(&request.get_ref().resource_name)
            .await?;
        let version = call.fetch::<Version>(&upload.version).await?;
        upload::permitted(&mut call, &version, &upload).await?;
        Ok(Response::new(v1::QueryWriteStatusResponse {
            committed_size: convert::count(self.durable(&upload).await?),
            complete: upload.complete,
        }))
    }

    async fn finalize_version(
        &self,
        request: Request<v1::FinalizeVersionRequest>,
    ) -> Result<Response<v1::FinalizeVersionResponse>, Status> {
        let call = self
            .0
            .enter("LibraryService.FinalizeVersion", &request)
            .await?;
        Ok(Response::new(
            self.finalize(call, request.into_inner()).await?,
        ))
    }

    async fn get_version(
        &self,
        request: Request<v1::GetVersionRequest>,
    ) -> Result<Response<v1::GetVersionResponse>, Status> {
        let mut call = self.0.enter("LibraryService.GetVersion", &request).await?;
        let version = call.fetch::<Version>(&request.get_ref().name).await?;
        call.authorize(version.resource()).await?;
        Ok(Response::new(v1::GetVersionResponse {
            version: Some(Self::version_for(&call, &version)),
        }))
    }

    async fn list_versions(
        &self,
        request: Request<v1::ListVersionsRequest>,
    ) -> Result<Response<v1::ListVersionsResponse>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.ListVersions", &request)
            .await?;
        let message = request.get_ref();
        let library = call.fetch::<Library>(&message.parent).await?;
        call.authorize(library.resource()).await?;
        let developer = call.principal.kind == OrganizationKind::Developer;
        let filter = Filter {
            parent: Some(&library.name),
            states: if developer { &["PUBLISHED"] } else { &[] },
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Version>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListVersionsResponse {
            versions: found
                .iter()
                .map(|version| Self::version_for(&call, version))
                .collect(),
            next_page_token,
        }))
    }

    async fn watch_version(
        &self,
        request: Request<v1::WatchVersionRequest>,
    ) -> Result<Response<Self::WatchVersionStream>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.WatchVersion", &request)
            .await?;
        let version = call.fetch::<Version>(&request.get_ref().name).await?;
        call.authorize(version.resource()).await?;
        let view = version_view(call.principal.kind);
        let convert = move |v: &Stored<Version>| v1::WatchVersionResponse {
            version: Some(view(convert::version(v))),
        };
        let ended = |v: &Version| matches!(v.state, VersionState::Refused | VersionState::Retired);
        Ok(Response::new(watch(call, version, convert, ended)))
    }

    async fn get_classification(
        &self,
        request: Request<v1::GetClassificationRequest>,
    ) -> Result<Response<v1::GetClassificationResponse>, Status> {
        let mut call = self
            .0
            .enter("LibraryService.GetClassification", &request)
            .await?;
        let version = call.fetch::<Version>(&request.get_ref().name).await?;
        call.authorize(version.resource()).await?;
        let classification = convert::classification(&version).ok_or_else(|| {
            Error::precondition(
                "NOT_CLASSIFIED",
                "the version's columns are not classified; finalize it, and wait until it is CLASSIFIED",
            )
        })?;
        let classification = match call.principal.kind {
            OrganizationKind::Agency => classification,
            _ => convert::overseen_classification(classification),
        };
        Ok(Response::new(v1::GetClassificationResponse {
            classification: Some(classification),
        }))
    }

    async fn retire_version(
        &self,
        request: Request<v1::RetireVersionRequest>,
    ) -> Result<Response<v1::RetireVersionResponse>, Status> {
        let call = self
            .0
            .enter("LibraryService.RetireVersion", &request)
            .await?;
        Ok(Response::new(
            self.retire(call, request.into_inner()).await?,
        ))
    }

    async fn reveal_values(
        &self,
        request: Request<v1::RevealValuesRequest>,
    ) -> Result<Response<v1::RevealValuesResponse>, Status> {
        let call = self
            .0
            .enter("LibraryService.RevealValues", &request)
            .await?;
        Ok(Response::new(
            self.reveal(call, request.into_inner()).await?,
        ))
    }
}
