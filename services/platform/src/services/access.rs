//! Grants.

use sandyq_access::{OrganizationKind, Purpose, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::access_service_server::AccessService;
use sandyq_store::{Change, Filter, Reads, Record as _, Stored};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::{Services, required, text};
use crate::call::{Call, required_reason};
use crate::convert;
use crate::error::{Error, Result};
use crate::governed::Governed;
use crate::names;
use crate::records::access::{Conditions, Grant, GrantEvent, GrantState};
use crate::records::library::{Library, Version, VersionState};
use crate::records::sandbox::{Sandbox, SandboxState};
use crate::usage;

impl Services {
    async fn request_grant(
        &self,
        mut call: Call,
        message: v1::CreateGrantRequest,
    ) -> Result<v1::CreateGrantResponse> {
        let wanted = message.grant.clone().unwrap_or_default();
        let mut sandbox = call.fetch::<Sandbox>(&wanted.sandbox).await?;
        call.authorize(sandbox.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        required("grant", message.grant)?;
        let version = call.fetch::<Version>(&wanted.version).await?;
        // An unpublished version must look absent to those who may not see it.
        if !call.may("LibraryService.GetVersion", version.resource()) {
            return Err(Error::not_found(&wanted.version));
        }
        if version.state != VersionState::Published {
            return Err(Error::precondition(
                "VERSION_NOT_PUBLISHED",
                format!("{} is not published", version.name),
            ));
        }
        let library = call.fetch::<Library>(&version.library).await?;
        if sandbox.state != SandboxState::Active || sandbox.expire_time <= call.now {
            return Err(Error::precondition(
                "SANDBOX_NOT_ACTIVE",
                format!("{} is not active", sandbox.name),
            ));
        }
        let purpose = checked_purpose("grant.purpose", &wanted.purpose, &library)?;
        let expire_time =
            convert::future_time("grant.expire_time", wanted.expire_time.as_ref(), call.now)?;
        if expire_time > sandbox.expire_time {
            return Err(Error::invalid(
                "grant.expire_time",
                "must not be later than the end of the sandbox",
            ));
        }
        let grant = Grant {
            name: format!("grants/{}", names::fresh_id('g')),
            version: version.name.clone(),
            sandbox: sandbox.name.clone(),
            purpose,
            justification: text("grant.justification", &wanted.justification, true, 4000)?,
            expire_time,
            conditions: convert::conditions("grant.conditions", wanted.conditions.as_ref())?,
            state: GrantState::Requested,
            decision_reason: String::new(),
            requester: call.principal.user.clone(),
            decider: String::new(),
            owner_organization: version.organization.clone(),
            requesting_organization: sandbox.organization.clone(),
        };
        let event = call.event(
            &grant.name,
            [
                ("version", json!(grant.version)),
                ("sandbox", json!(grant.sandbox)),
                ("purpose", json!(grant.purpose)),
            ],
        );
        let mut change = Change::new(event).insert(&grant)?;
        // The owner must see where the data would be used.
        if !sandbox.viewers.contains(&grant.owner_organization) {
            sandbox.viewers.push(grant.owner_organization.clone());
            change = change.update(&sandbox)?;
        }
        let answer = v1::CreateGrantResponse {
            grant: Some(convert::grant(&call.inserted(grant))),
        };
        call.commit(change, answer).await
    }

    async fn decide_grant(&self, call: &mut Call, name: &str) -> Result<Stored<Grant>> {
        let grant = call.fetch::<Grant>(name).await?;
        call.authorize(grant.resource()).await?;
        Ok(grant)
    }

    async fn approve(
        &self,
        mut call: Call,
        message: v1::ApproveGrantRequest,
    ) -> Result<v1::ApproveGrantResponse> {
        let mut grant = self.decide_grant(&mut call, &message.name).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        grant.state = grant.state.after(GrantEvent::Approve)?;
        if grant.expire_time <= call.now {
            return Err(Error::precondition(
                "TERM_PASSED",
                "the term that was asked for has passed",
            ));
        }
        if let Some(earlier) = &message.expire_time {
            let time = convert::future_time("expire_time", Some(earlier), call.now)?;
            if time > grant.expire_time {
                return Err(Error::invalid(
                    "expire_time",
                    "may be earlier than asked for, not later",
                ));
            }
            grant.expire_time = time;
        }
        if let Some(conditions) = &message.conditions {
            grant.conditions = convert::conditions("conditions", Some(conditions))?;
        }
        let version = call.fetch::<Version>(&grant.version).await?;
        if version.state != VersionState::Published {
            return Err(Error::precondition(
                "VERSION_NOT_PUBLISHED",
                format!("{} is no longer published", version.name),
            ));
        }
        grant.decision_reason = text("reason", &message.reason, false, 2000)?;
        grant.decider = call.principal.user.clone();
        let Conditions {
            log_tail_bytes,
            max_job_seconds,
        } = grant.conditions;
        let event = call.event(
            &grant.name,
            [
                ("version", json!(grant.version)),
                ("sandbox", json!(grant.sandbox)),
                ("purpose", json!(grant.purpose)),
                ("log_tail_bytes", json!(log_tail_bytes)),
                ("max_job_seconds", json!(max_job_seconds)),
                ("reason", json!(grant.decision_reason)),
            ],
        );
        let change = Change::new(event).update(&grant)?;
        let answer = v1::ApproveGrantResponse {
            grant: Some(convert::grant(&grant)),
        };
        let answer = call.commit(change, answer).await?;
        self.0.wake.notify_one();
        Ok(answer)
    }
}

/// The purpose must be one of the library's, or lie below one (law on personal data, article 7).
fn checked_purpose(field: &str, purpose: &str, library: &Library) -> Result<String> {
    let purpose =
        Purpose::parse(purpose).map_err(|error| Error::invalid(field, error.to_string()))?;
    if library
        .purposes
        .iter()
        .filter_map(|declared| Purpose::parse(declared).ok())
        .any(|declared| purpose.lies_within(&declared))
    {
        return Ok(purpose.to_string());
    }
    Err(Error::precondition(
        "PURPOSE_NOT_DECLARED",
        format!(
            "{purpose} is none of the purposes that the owner declared for {} ({}), nor below one \
             (law on personal data, article 7)",
            library.name,
            library.purposes.join(", ")
        ),
    ))
}

#[tonic::async_trait]
impl AccessService for Services {
    async fn create_grant(
        &self,
        request: Request<v1::CreateGrantRequest>,
    ) -> Result<Response<v1::CreateGrantResponse>, Status> {
        let call = self.0.enter("AccessService.CreateGrant", &request).await?;
        Ok(Response::new(
            self.request_grant(call, request.into_inner()).await?,
        ))
    }

    async fn get_grant(
        &self,
        request: Request<v1::GetGrantRequest>,
    ) -> Result<Response<v1::GetGrantResponse>, Status> {
        let mut call = self.0.enter("AccessService.GetGrant", &request).await?;
        let grant = call.fetch::<Grant>(&request.get_ref().name).await?;
        call.authorize(grant.resource()).await?;
        Ok(Response::new(v1::GetGrantResponse {
            grant: Some(convert::grant(&grant)),
        }))
    }

    async fn list_grants(
        &self,
        request: Request<v1::ListGrantsRequest>,
    ) -> Result<Response<v1::ListGrantsResponse>, Status> {
        let mut call = self.0.enter("AccessService.ListGrants", &request).await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let own = matches!(
            call.principal.kind,
            OrganizationKind::Agency | OrganizationKind::Developer
        );
        let state = message.state().as_str_name().trim_start_matches("STATE_");
        let states = [state];
        let filter = Filter {
            visible_to: own.then_some(call.principal.organization.as_str()),
            parent: (!message.sandbox.is_empty()).then_some(message.sandbox.as_str()),
            states: if state == "UNSPECIFIED" { &[] } else { &states },
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Grant>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListGrantsResponse {
            grants: found.iter().map(convert::grant).collect(),
            next_page_token,
        }))
    }

    async fn approve_grant(
        &self,
        request: Request<v1::ApproveGrantRequest>,
    ) -> Result<Response<v1::ApproveGrantResponse>, Status> {
        let call = self.0.enter("AccessService.ApproveGrant", &request).await?;
        Ok(Response::new(
            self.approve(call, request.into_inner()).await?,
        ))
    }

    async fn deny_grant(
        &self,
        request: Request<v1::DenyGrantRequest>,
    ) -> Result<Response<v1::DenyGrantResponse>, Status> {
        let mut call = self.0.enter("AccessService.DenyGrant", &request).await?;
        let message = request.into_inner();
        let mut grant = self.decide_grant(&mut call, &message.name).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        required_reason(&message.reason)?;
        grant.state = grant.state.after(GrantEvent::Deny).map_err(Error::from)?;
        grant.decision_reason.clone_from(&message.reason);
        grant.decider.clone_from(&call.principal.user);
        let event = call.event(&grant.name, [("reason", json!(message.reason))]);
        let change = Change::new(event).update(&grant).map_err(Error::from)?;
        let answer = v1::DenyGrantResponse {
            grant: Some(convert::grant(&grant)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn revoke_grant(
        &self,
        request: Request<v1::RevokeGrantRequest>,
    ) -> Result<Response<v1::RevokeGrantResponse>, Status> {
        let mut call = self.0.enter("AccessService.RevokeGrant", &request).await?;
        let message = request.into_inner();
        let mut grant = self.decide_grant(&mut call, &message.name).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        required_reason(&message.reason)?;
        grant.state = grant.state.after(GrantEvent::Revoke).map_err(Error::from)?;
        grant.decision_reason.clone_from(&message.reason);
        grant.decider.clone_from(&call.principal.user);
        let event = call.event(&grant.name, [("reason", json!(message.reason))]);
        let change = Change::new(event).update(&grant).map_err(Error::from)?;
        let answer = v1::RevokeGrantResponse {
            grant: Some(convert::grant(&grant)),
        };
        let answer = call.commit(change, answer).await?;
        crate::jobs::stop::grant_ended(&self.0, &grant, "its grant was revoked").await?;
        Ok(Response::new(answer))
    }

    async fn check_access(
        &self,
        request: Request<v1::CheckAccessRequest>,
    ) -> Result<Response<v1::CheckAccessResponse>, Status> {
        let message = request.get_ref();
        // All in one query: this call is made for every use of data.
        let mut reads = Reads::default();
        let (sandbox, version) = (
            reads.one(Sandbox::KIND, &message.sandbox),
            reads.lineage([Version::KIND, Library::KIND], &message.version),
        );
        let grants = reads.children(Grant::KIND, &message.sandbox, usage::MOST_GRANTS);
        let (mut call, found) = self
            .0
            .enter_reading("AccessService.CheckAccess", request.extensions(), reads)
            .await?;
        // The refusal names what may not be seen, and nothing that lies behind it.
        let sandbox: Stored<Sandbox> = found
            .first(sandbox)
            .map_err(Error::from)?
            .ok_or_else(|| Error::not_found(&message.sandbox))?;
        call.authorize(sandbox.resource()).await?;
        let [version, library] = version;
        let version: Option<Stored<Version>> = found.first(version).map_err(Error::from)?;
        let library: Option<Stored<Library>> = found.first(library).map_err(Error::from)?;
        let (Some(version), Some(library)) = (version, library) else {
            return Err(Error::not_found(&message.version).into());
        };
        if !call.may("LibraryService.GetVersion", version.resource()) {
            return Err(Error::not_found(&message.version).into());
        }
        let purpose = &message.purpose;
        let grants = found.all(grants).map_err(Error::from)?;
        let answer = usage::decide_among(&self.0, &sandbox, &version, &library, purpose, grants);
        Ok(Response::new(v1::CheckAccessResponse {
            allowed: answer.decision.allowed,
            reasons: answer.decision.reasons,
            grant: answer
                .grant
                .map(|grant| grant.record.name)
                .unwrap_or_default(),
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use std::sync::OnceLock;

    use proptest::prelude::*;
    use sandyq_access::{Policies, UseGrant, UseQuestion, UseSandbox, UseVersion};

    use super::*;

    fn allowed(purpose: &str, declared: &str) -> bool {
        static POLICIES: OnceLock<Policies> = OnceLock::new();
        let (sandbox, version) = ("sandboxes/s", "libraries/l/versions/1");
        let question = UseQuestion {
            now: 1,
            sandbox: UseSandbox {
                name: sandbox.to_owned(),
                organization: "organizations/lab".to_owned(),
                state: "ACTIVE".to_owned(),
                stage: "TRAINING".to_owned(),
                expire_time: 3,
            },
            version: UseVersion {
                name: version.to_owned(),
                state: "PUBLISHED".to_owned(),
                organization: "organizations/agency".to_owned(),
            },
            purpose: purpose.to_owned(),
            grant: Some(UseGrant {
                name: "grants/g".to_owned(),
                state: "ACTIVE".to_owned(),
                sandbox: sandbox.to_owned(),
                version: version.to_owned(),
                purpose: purpose.to_owned(),
                expire_time: 2,
            }),
            library_purposes: vec![declared.to_owned()],
        };
        let policies = POLICIES.get_or_init(|| Policies::builtin().unwrap());
        policies.decide_use(&question).allowed
    }

    proptest! {
        // Around every limit: of parts, of their length, of the whole, and of what they begin with.
        #[test]
        fn what_can_be_granted_can_be_used(
            declared in "[a-z][a-z0-9_-]{0,64}(\\.[a-z0-9_-]{1,16}){0,12}",
            below in "(\\.[a-z0-9_-]{0,64}){0,3}",
        ) {
            let purpose = format!("{declared}{below}");
            let library = Library {
                name: "libraries/l".to_owned(),
                display_name: String::new(),
                description: String::new(),
                organization: "organizations/agency".to_owned(),
                purposes: vec![declared.clone()],
                versions: 1,
                published_version: None,
            };
            if checked_purpose("grant.purpose", &purpose, &library).is_ok() {
                prop_assert!(allowed(&purpose, &declared), "{purpose} below {declared}");
            }
        }
    }
}
