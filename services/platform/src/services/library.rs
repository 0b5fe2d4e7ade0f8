//! Libraries and their versions.

use sandyq_access::{OrganizationKind, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::library_service_server::LibraryService;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tonic::{Request, Response, Status, Streaming};

use super::{PageRequest, Services, client_id, required, text, upload};
use crate::call::{Call, check_etag, required_reason};
use crate::convert;
use crate::error::{Error, Result, Violation};
use crate::governed::Governed;
use crate::names;
use crate::pipeline::intake;
use crate::records::library::{Dataset, Library, Upload, Version, VersionEvent, VersionState};
use crate::watch::{Answers, watch};

const MOST_DATASETS: usize = 100;
const MOST_PURPOSES: usize = 100;

fn purposes(purposes: &[String]) -> Result<Vec<String>> {
    if purposes.is_empty() || purposes.len() > MOST_PURPOSES {
        return Err(Error::invalid(
            "library.purposes",
            "declare 1 to 100 purposes for which the library is lent (law on personal data, article 7)",
        ));
    }
    let bad: Vec<Violation> = purposes
        .iter()
        .enumerate()
        .filter(|(_, purpose)| !names::is_purpose(purpose))
        .map(|(index, _)| Violation {
            field: format!("library.purposes[{index}]"),
            description: "must be words of a-z, 0-9, dash and underscore joined by dots, such as research.health".to_owned(),
        })
        .collect();
    if bad.is_empty() {
        Ok(purposes.to_vec())
    } else {
        Err(Error::invalid_fields(bad))
    }
}

/// Checks the data sets that a client declares, and gives each an upload.
fn datasets(message: &v1::CreateVersionRequest, most_bytes: u64) -> Result<Vec<Dataset>> {
    if message.datasets.is_empty() || message.datasets.len() > MOST_DATASETS {
        return Err(Error::invalid("datasets", "declare 1 to 100 data sets"));
    }
    let mut out: Vec<Dataset> = Vec::new();
    for (index, wanted) in message.datasets.iter().enumerate() {
        let field = format!("datasets[{index}]");
        if !names::is_dataset_id(&wanted.dataset_id) {
            return Err(Error::invalid(
                format!("{field}.dataset_id"),
                "must be 1-63 of a-z, 0-9, dash and underscore, beginning with a letter",
            ));
        }
        if out.iter().any(|known| known.id == wanted.dataset_id) {
            return Err(Error::invalid(
                format!("{field}.dataset_id"),
                "is declared twice",
            ));
        }
        let sha256 = wanted.sha256.to_ascii_lowercase();
        if sha256.len() != 64 || hex::decode(&sha256).is_err() {
            return Err(Error::invalid(
                format!("{field}.sha256"),
                "must be the SHA-256 of the file, 64 hexadecimal digits",
            ));
        }
        let declared_bytes = convert::uncount(&format!("{field}.size_bytes"), wanted.size_bytes)?;
        if declared_bytes > most_bytes {
            return Err(Error::invalid(
                format!("{field}.size_bytes"),
                format!("is above this server's limit of {most_bytes} bytes a data set"),
            ));
        }
        out.push(Dataset {
            id: wanted.dataset_id.clone(),
            format: convert::format(&field, wanted)?,
            upload: format!("uploads/{}", names::fresh_id('u')),
            sha256,
            declared_bytes,
            complete: false,
            rows: 0,
            columns: Vec::new(),
            release: None,
        });
    }
    out.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(out)
}

/// What each kind of organization sees of a version.
fn version_view(kind: OrganizationKind) -> fn(v1::Version) -> v1::Version {
    match kind {
        OrganizationKind::Agency => |version| version,
        OrganizationKind::Developer => convert::published_view,
        OrganizationKind::Operator | OrganizationKind::Auditor => convert::overseen_view,
    }
}

impl Services {
    async fn new_version(
        &self,
        mut call: Call,
        message: v1::CreateVersionRequest,
    ) -> Result<v1::CreateVersionResponse> {
        let mut library = call.fetch::<Library>(&message.parent).await?;
        call.authorize(library.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        library.versions += 1;
        let version = Version {
            name: format!("{}/versions/v{}", library.name, library.versions),
            library: library.name.clone(),
            organization: library.organization.clone(),
            state: VersionState::Uploading,
            datasets: datasets(&message, self.0.config.raw.intake.max_dataset_bytes)?,
            provenance: text("provenance", &message.provenance, true, 4000)?,
            failure: String::new(),
            publish_time: None,
            published_run: None,
            runs: 0,
        };
        let ids: Vec<_> = version.datasets.iter().map(|dataset| &dataset.id).collect();
        let mut change = Change::new(call.event(&version.name, [("datasets", json!(ids))]))
            .update(&library)?
            .insert(&version)?;
        for dataset in &version.datasets {
            change = change.insert(&Upload {
                name: dataset.upload.clone(),
                version: version.name.clone(),
                dataset: dataset.id.clone(),
                organization: version.organization.clone(),
                place: None,
                complete: false,
            })?;
        }
        let answer = v1::CreateVersionResponse {
            version: Some(convert::version(&call.inserted(version))),
        };
        call.commit(change, answer).await
    }

    /// A version as the caller may see it.
    fn version_for(call: &Call, stored: &Stored<Version>) -> v1::Version {
        version_view(call.principal.kind)(convert::version(stored))
    }

    async fn finalize(
        &self,
        mut call: Call,
        message: v1::FinalizeVersionRequest,
    ) -> Result<v1::FinalizeVersionResponse> {
        let mut version = call.fetch::<Version>(&message.name).await?;
        call.authorize(version.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        version.state = version.state.after(VersionEvent::Finalize)?;
        let open: Vec<_> = version
            .datasets
            .iter()
            .filter(|dataset| !dataset.complete)
            .map(|dataset| dataset.id.as_str())
            .collect();
        if !open.is_empty() {
            return Err(Error::precondition(
                "UPLOAD_INCOMPLETE",
                format!(
                    "not all bytes are in of data set {}; resume its upload",
                    open.join(", ")
                ),
            ));
        }
        let change = Change::new(call.event(&version.name, [])).update(&version)?;
        version.revision += 1;
        let answer = v1::FinalizeVersionResponse {
            version: Some(convert::version(&version)),
        };
        let answer = call.commit(change, answer).await?;
        intake::start(&self.0, version.record.name);
        Ok(answer)
    }

    async fn retire(
        &self,
        mut call: Call,
        message: v1::RetireVersionRequest,
    ) -> Result<v1::RetireVersionResponse> {
        let mut version = call.fetch::<Version>(&message.name).await?;
        call.authorize(version.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        required_reason(&message.reason)?;
        version.state = version.state.after(VersionEvent::Retire)?;
        let event = call.event(&version.name, [("reason", json!(message.reason))]);
        let mut change = Change::new(event).update(&version)?;
        let mut library = call.fetch::<Library>(&version.library).await?;
        if library.published_version.as_ref() == Some(&version.name) {
            library.published_version = None;
            change = change.update(&library)?;
        }
        // The raw bytes and the release have no use any more: dropping their keys shreds them.
        let uploads: Vec<Stored<Upload>> = self.uploads(&version.name).await?;
        for upload in uploads {
            if let Some(place) = &upload.place {
                change = change.drop_object(place.clone());
            }
            change = change.delete(&upload);
        }
        for place in version.datasets.iter().filter_map(|d| d.release.as_ref()) {
            change = change.drop_object(place.place.clone());
        }
        version.revision += 1;
        let answer = v1::RetireVersionResponse {
            version: Some(convert::version(&version)),
        };
        let answer = call.commit(change, answer).await?;
        crate::jobs::stop::version_retired(&self.0, &version.name).await?;
        Ok(answer)
    }

    async fn uploads(&self, version: &str) -> Result<Vec<Stored<Upload>>> {
        let filter = Filter {
            parent: Some(version),
            ..Filter::default()
        };
        let most = u32::try_from(MOST_DATASETS).unwrap_or(u32::MAX);
        Ok(self
            .0
            .store
            .list(&filter, sandyq_store::Page::first(most))
            .await?)
    }
}

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
            purposes: purposes(&wanted.purposes)?,
            versions: 0,
            published_version: None,
        };
        let event = call.event(&library.name, [("purposes", json!(library.purposes))]);
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
        let page = PageRequest::new(message.page_size, &message.page_token)?;
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
        let found: Vec<Stored<Library>> = self
            .0
            .store
            .list(&filter, page.page())
            .await
            .map_err(Error::from)?;
        let (found, next_page_token) = page.cut(found, |stored| &stored.name);
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
        library.purposes = purposes(&wanted.purposes)?;
        let event = call.event(&library.name, [("purposes", json!(library.purposes))]);
        let change = Change::new(event).update(&library).map_err(Error::from)?;
        library.revision += 1;
        let answer = v1::UpdateLibraryResponse {
            library: Some(convert::library(&library)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
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
        let page = PageRequest::new(message.page_size, &message.page_token)?;
        let developer = call.principal.kind == OrganizationKind::Developer;
        let filter = Filter {
            parent: Some(&library.name),
            states: if developer { &["PUBLISHED"] } else { &[] },
            ..Filter::default()
        };
        let found: Vec<Stored<Version>> = self
            .0
            .store
            .list(&filter, page.page())
            .await
            .map_err(Error::from)?;
        let (found, next_page_token) = page.cut(found, |stored| &stored.name);
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
}
