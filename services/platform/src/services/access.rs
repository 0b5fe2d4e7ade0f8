//! Grants, and questions to the policies.

use sandyq_access::{OrganizationKind, Policies, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::access_service_server::AccessService;
use sandyq_store::{Change, Filter, Reads, Record as _, Stored};
use serde_json::json;
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::required_reason;
use crate::convert;
use crate::error::{Error, Result};
use crate::governance::risks;
use crate::governed::Governed;
use crate::records::access::{Grant, GrantEvent};
use crate::records::library::{Library, Version};
use crate::records::sandbox::Sandbox;
use crate::records::system::System;
use crate::usage::{self, Facts, UseAnswer};

/// Decisions that are tried when nothing is said.
const TRIED: usize = 1000;

/// Bytes of all files that are tried.
const MOST_POLICY_BYTES: usize = 1 << 20;

impl Services {
    /// Reads all that a use is about in one query, and asks the policies: this is done for every use of data.
    async fn ask_use<T>(
        &self,
        action: &'static str,
        request: &Request<T>,
        (sandbox_name, version_name, purpose): (&str, &str, &str),
    ) -> Result<(UseAnswer, Option<v1::Finding>)> {
        let mut reads = Reads::default();
        let (sandbox, version) = (
            reads.lineage([Sandbox::KIND, System::KIND], sandbox_name),
            reads.lineage([Version::KIND, Library::KIND], version_name),
        );
        let grants =
            reads.children_naming(Grant::KIND, sandbox_name, version_name, usage::ALL_GRANTS);
        let (mut call, found) = self
            .0
            .enter_reading(action, request.extensions(), reads)
            .await?;
        // The refusal names what may not be seen, and nothing that lies behind it.
        let [sandbox, system] = sandbox;
        let sandbox: Stored<Sandbox> = found
            .first(sandbox)?
            .ok_or_else(|| Error::not_found(sandbox_name))?;
        call.authorize(sandbox.resource()).await?;
        let system: Stored<System> = found
            .first(system)?
            .ok_or_else(|| Error::not_found(&sandbox.system))?;
        let [version, library] = version;
        let version: Option<Stored<Version>> = found.first(version)?;
        let library: Option<Stored<Library>> = found.first(library)?;
        let (Some(version), Some(library)) = (version, library) else {
            return Err(Error::not_found(version_name));
        };
        if !call.may("LibraryService.GetVersion", version.resource()) {
            return Err(Error::not_found(version_name));
        }
        // Others than developers ask on behalf of who asked for the sandbox.
        let requester = if call.principal.kind == OrganizationKind::Developer {
            &call.principal.user
        } else {
            &sandbox.requester
        };
        let facts = Facts {
            sandbox: &sandbox,
            system: &system,
            version: &version,
            library: &library,
            requester,
            purpose,
        };
        let grants = found.all(grants)?;
        let overdue = self.overdue_review(&system, call.now);
        Ok((usage::decide_among(&self.0, facts, grants), overdue))
    }

    /// What keeps jobs of a system from being taken although policies permit the use: a review of its risks that is long overdue.
    fn overdue_review(&self, system: &System, now: OffsetDateTime) -> Option<v1::Finding> {
        let grace_days = self.0.config.raw.governance.risk_review_grace_days;
        let refused = risks::reviewed(system, now, grace_days).err()?;
        let late = risks::late(system, now, grace_days);
        let fact = |name: &str, value: String| v1::Fact {
            name: name.to_owned(),
            value,
        };
        Some(v1::Finding {
            policy: refused.reason.to_owned(),
            reason: refused.message,
            facts: vec![
                fact("system", system.name.clone()),
                fact("system.risks_overdue", late.join(", ")),
                fact("governance.risk_review_grace_days", grace_days.to_string()),
            ],
            remedy: risks::remedy(system, &late),
            operator_policy: false,
        })
    }
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
            states: match (state, message.waiting_only) {
                ("UNSPECIFIED", true) => &["REQUESTED", "ACTIVE"],
                ("UNSPECIFIED", false) => &[],
                _ => &states,
            },
            ..Filter::default()
        };
        let (size, token) = (message.page_size, message.page_token.as_str());
        let (found, next_page_token) = if message.waiting_only {
            self.page_where(&filter, size, token, Grant::waits).await?
        } else {
            self.page::<Grant>(&filter, size, token).await?
        };
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
        let call = self.0.enter("AccessService.DenyGrant", &request).await?;
        Ok(Response::new(self.deny(call, request.into_inner()).await?))
    }

    async fn renew_grant(
        &self,
        request: Request<v1::RenewGrantRequest>,
    ) -> Result<Response<v1::RenewGrantResponse>, Status> {
        let call = self.0.enter("AccessService.RenewGrant", &request).await?;
        Ok(Response::new(self.renew(call, request.into_inner()).await?))
    }

    async fn revoke_grant(
        &self,
        request: Request<v1::RevokeGrantRequest>,
    ) -> Result<Response<v1::RevokeGrantResponse>, Status> {
        let mut call = self.0.enter("AccessService.RevokeGrant", &request).await?;
        let message = request.into_inner();
        let mut grant = self.fetch_grant(&mut call, &message.name).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        required_reason(&message.reason)?;
        grant.state = grant.state.after(GrantEvent::Revoke).map_err(Error::from)?;
        grant.renewal = None;
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
        let about = (
            message.sandbox.as_str(),
            message.version.as_str(),
            message.purpose.as_str(),
        );
        let (answer, overdue) = self
            .ask_use("AccessService.CheckAccess", &request, about)
            .await?;
        let permitted = answer.decision.allowed;
        let (allowed, mut reasons) = (permitted && overdue.is_none(), answer.decision.reasons);
        if let Some(finding) = overdue {
            // The permits found would read as if they had been followed.
            if permitted {
                reasons.clear();
            }
            reasons.push(format!("{}: {}", finding.policy, finding.reason));
        }
        let grant = answer.grant.filter(|_| allowed);
        Ok(Response::new(v1::CheckAccessResponse {
            allowed,
            reasons,
            grant: grant.map(|grant| grant.record.name).unwrap_or_default(),
        }))
    }

    async fn explain_access(
        &self,
        request: Request<v1::ExplainAccessRequest>,
    ) -> Result<Response<v1::ExplainAccessResponse>, Status> {
        let message = request.get_ref();
        let about = (
            message.sandbox.as_str(),
            message.version.as_str(),
            message.purpose.as_str(),
        );
        let (answer, overdue) = self
            .ask_use("AccessService.ExplainAccess", &request, about)
            .await?;
        let UseAnswer {
            decision, question, ..
        } = &answer;
        let findings = self.0.policies.explain_use(question, decision);
        let mut findings: Vec<v1::Finding> = findings.into_iter().map(convert::finding).collect();
        if overdue.is_some() && decision.allowed {
            findings.clear();
        }
        let allowed = decision.allowed && overdue.is_none();
        findings.extend(overdue);
        Ok(Response::new(v1::ExplainAccessResponse {
            allowed,
            grant: question
                .grant
                .as_ref()
                .map(|grant| grant.name.clone())
                .unwrap_or_default(),
            findings,
        }))
    }

    async fn reload_policies(
        &self,
        request: Request<v1::ReloadPoliciesRequest>,
    ) -> Result<Response<v1::ReloadPoliciesResponse>, Status> {
        let mut call = self
            .0
            .enter("AccessService.ReloadPolicies", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.into_inner();
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let read = self.0.read_policies().await?;
        let event = call.event("policies", [("count", json!(read.count()))]);
        let answer = v1::ReloadPoliciesResponse {
            policy_count: i64::try_from(read.count()).unwrap_or(i64::MAX),
        };
        let answer = call.commit(Change::new(event), answer).await?;
        self.0.policies.replace(&read);
        // What the new prohibitions no longer permit does not run on.
        crate::jobs::recheck(&self.0, "").await?;
        Ok(Response::new(answer))
    }

    async fn try_policies(
        &self,
        request: Request<v1::TryPoliciesRequest>,
    ) -> Result<Response<v1::TryPoliciesResponse>, Status> {
        let mut call = self.0.enter("AccessService.TryPolicies", &request).await?;
        call.authorize(Resource::platform()).await?;
        let message = request.into_inner();
        let bytes: usize = message.files.iter().map(|file| file.text.len()).sum();
        if bytes > MOST_POLICY_BYTES {
            return Err(Error::invalid("files", "must be at most 1 MiB together").into());
        }
        let last = match usize::try_from(message.last) {
            Err(_) => return Err(Error::invalid("last", "must not be negative").into()),
            Ok(0) => TRIED,
            Ok(last) => last.min(crate::decisions::MOST),
        };
        let platform = std::sync::Arc::clone(&self.0);
        let tried = tokio::task::spawn_blocking(move || {
            let files = message.files.into_iter().map(|file| (file.name, file.text));
            let policies = Policies::adding(files.collect())
                .map_err(|error| Error::invalid("files", error.to_string()))?;
            Ok::<_, Error>(platform.decisions.turned(&policies, last))
        })
        .await
        .map_err(|error| Error::internal("try the policies", error))?;
        let (tried, turned) = tried?;
        Ok(Response::new(v1::TryPoliciesResponse {
            tried_count: i64::try_from(tried).unwrap_or(i64::MAX),
            turned: turned.into_iter().map(convert::turned).collect(),
        }))
    }
}
