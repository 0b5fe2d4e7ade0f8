//! Grants from request to renewal: what is asked, what the owner may agree to.

use std::collections::HashSet;

use sandyq_proto::v1;
use sandyq_store::{Change, Stored};
use serde_json::json;
use time::OffsetDateTime;

use super::{Services, required, text};
use crate::call::{Call, required_reason};
use crate::convert;
use crate::error::{Error, Result};
use crate::governance::law;
use crate::governance::libraries::{lendable_purpose, within_terms};
use crate::governed::Governed;
use crate::names;
use crate::records::access::{
    Approval, Conditions, Denial, Grant, GrantEvent, GrantState, Renewal,
};
use crate::records::library::{Library, Version, VersionState};
use crate::records::sandbox::{Sandbox, SandboxState};
use crate::records::system::System;
use crate::usage::{self, Facts};

fn published(version: &Version) -> Result<()> {
    if version.state == VersionState::Published {
        return Ok(());
    }
    Err(Error::precondition(
        "VERSION_NOT_PUBLISHED",
        format!("{} is not published", version.name),
    ))
}

impl Services {
    pub(super) async fn request_grant(
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
        published(&version)?;
        let library = call.fetch::<Library>(&version.library).await?;
        if sandbox.state != SandboxState::Active || sandbox.expire_time <= call.now {
            return Err(Error::precondition(
                "SANDBOX_NOT_ACTIVE",
                format!("{} is not active", sandbox.name),
            ));
        }
        let purpose =
            lendable_purpose("grant.purpose", &wanted.purpose, &library, &self.0.purposes)?;
        let expire_time =
            convert::future_time("grant.expire_time", wanted.expire_time.as_ref(), call.now)?;
        within_sandbox("grant.expire_time", expire_time, &sandbox)?;
        within_terms(
            "grant.expire_time",
            expire_time,
            &library.declared,
            call.now,
        )?;
        let conditions = convert::conditions("grant.conditions", wanted.conditions.as_ref())?;
        let rule = &library.declared.access;
        convert::within_rule("grant.conditions", wanted.conditions.as_ref(), rule)?;
        let grant = Grant {
            name: format!("grants/{}", names::fresh_id('g')),
            version: version.name.clone(),
            sandbox: sandbox.name.clone(),
            purpose,
            justification: text("grant.justification", &wanted.justification, true, 4000)?,
            expire_time,
            conditions: conditions.within(rule),
            state: GrantState::Requested,
            decision_reason: String::new(),
            requester: call.principal.user.clone(),
            decider: String::new(),
            owner_organization: version.organization.clone(),
            requesting_organization: sandbox.organization.clone(),
            approvals: Vec::new(),
            renewal: None,
            denied_renewal: None,
        };
        self.could_be_used(&call, &grant, &version, &library, &sandbox)
            .await?;
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

    /// A grant that the owner's rule would never let anybody use is neither asked for nor given.
    async fn could_be_used(
        &self,
        call: &Call,
        grant: &Grant,
        version: &Version,
        library: &Library,
        sandbox: &Sandbox,
    ) -> Result<()> {
        let system = call.fetch::<System>(&sandbox.system).await?;
        let facts = Facts {
            sandbox,
            system: &system,
            version,
            library,
            requester: &grant.requester,
            purpose: &grant.purpose,
        };
        let as_if = Grant {
            state: GrantState::Active,
            ..grant.clone()
        };
        let question = usage::question(facts, &self.0.purposes, Some(&as_if), call.now);
        let decision = self.0.policies.decide_use(&question);
        if decision.allowed {
            return Ok(());
        }
        Err(not_lent(
            &library.name,
            decision.reasons,
            &self.0.policies.own(),
        ))
    }

    pub(super) async fn fetch_grant(&self, call: &mut Call, name: &str) -> Result<Stored<Grant>> {
        let grant = call.fetch::<Grant>(name).await?;
        call.authorize(grant.resource()).await?;
        Ok(grant)
    }

    pub(super) async fn approve(
        &self,
        mut call: Call,
        message: v1::ApproveGrantRequest,
    ) -> Result<v1::ApproveGrantResponse> {
        let mut grant = self.fetch_grant(&mut call, &message.name).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        let renewing = grant.state == GrantState::Active && grant.renewal.is_some();
        let after = if renewing {
            grant.state
        } else {
            grant.state.after(GrantEvent::Approve)?
        };
        let version = call.fetch::<Version>(&grant.version).await?;
        published(&version)?;
        let library = call.fetch::<Library>(&version.library).await?;
        let sandbox = call.fetch::<Sandbox>(&grant.sandbox).await?;
        let end = agreed_end(&grant, &message, call.now)?;
        within_sandbox("expire_time", end, &sandbox)?;
        within_terms("expire_time", end, &library.declared, call.now)?;
        let wanted = message.conditions.as_ref();
        convert::within_rule("conditions", wanted, &library.declared.access)?;
        let wanted = wanted.map(|wanted| convert::conditions("conditions", Some(wanted)));
        let agreed = agreed_conditions(&grant, wanted.transpose()?);
        let conditions = agreed.within(&library.declared.access);
        let mut judged = grant.record.clone();
        judged.expire_time = end;
        self.could_be_used(&call, &judged, &version, &library, &sandbox)
            .await?;
        let user = call.principal.user.clone();
        let two = library.declared.access.two_approvals;
        if library.two_approvals_lifted_by.as_ref() == Some(&user) {
            return Err(Error::precondition(
                "TWO_APPROVALS_LIFTED",
                "you have lifted the rule that two people approve, so that another of the owner's people approves now",
            )
            .citing(law::AI_17_1));
        }
        let approvals = grant.record.approvals_under_way();
        let before = approvals.iter().any(|approval| approval.user == user);
        if before && two {
            return Err(Error::precondition(
                "APPROVED_BEFORE",
                "you have approved it already; the library asks for two people",
            )
            .citing(law::AI_17_1));
        }
        let reason = text("reason", &message.reason, false, 2000)?;
        if !before {
            approvals.push(Approval {
                user: user.clone(),
                time: call.now,
                reason: reason.clone(),
            });
        }
        let approved = approvals.len();
        let enough = !two || approved > 1;
        // A renewal that waits for the second person leaves the grant as it is.
        if renewing && !enough {
            if let Some(renewal) = &mut grant.renewal {
                renewal.expire_time = end;
                renewal.conditions = Some(conditions);
            }
        } else {
            grant.expire_time = end;
            grant.conditions = conditions;
            grant.decision_reason.clone_from(&reason);
            grant.decider = user;
        }
        if enough {
            grant.state = after;
            // Who approved what is in force before stays on record.
            if let Some(renewal) = grant.renewal.take() {
                grant.approvals.extend(renewal.approvals);
            }
        }
        let event = call.event(
            &grant.name,
            [
                ("version", json!(grant.version)),
                ("sandbox", json!(grant.sandbox)),
                ("purpose", json!(grant.purpose)),
                ("conditions", json!(conditions)),
                ("expire_time", json!(end.unix_timestamp())),
                ("approvals", json!(approved)),
                ("reason", json!(reason)),
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

    pub(super) async fn deny(
        &self,
        mut call: Call,
        message: v1::DenyGrantRequest,
    ) -> Result<v1::DenyGrantResponse> {
        let mut grant = self.fetch_grant(&mut call, &message.name).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        required_reason(&message.reason)?;
        let renewing = grant.state == GrantState::Active && grant.renewal.is_some();
        if renewing {
            // The renewal is refused; the grant stays in force to its present end, as it was approved.
            grant.denied_renewal = grant.renewal.take().map(|renewal| Renewal {
                denial: Some(Denial {
                    user: call.principal.user.clone(),
                    time: call.now,
                    reason: message.reason.clone(),
                }),
                ..renewal
            });
        } else {
            grant.state = grant.state.after(GrantEvent::Deny)?;
            grant.decision_reason.clone_from(&message.reason);
            grant.decider.clone_from(&call.principal.user);
        }
        let detail = [
            ("reason", json!(message.reason)),
            ("renewal", json!(renewing)),
        ];
        let event = call.event(&grant.name, detail);
        let change = Change::new(event).update(&grant)?;
        let answer = v1::DenyGrantResponse {
            grant: Some(convert::grant(&grant)),
        };
        call.commit(change, answer).await
    }

    pub(super) async fn renew(
        &self,
        mut call: Call,
        message: v1::RenewGrantRequest,
    ) -> Result<v1::RenewGrantResponse> {
        let mut grant = self.fetch_grant(&mut call, &message.name).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        if grant.state != GrantState::Active || grant.expire_time <= call.now {
            return Err(Error::precondition(
                "WRONG_STATE",
                format!(
                    "{} is {}; only an ACTIVE grant is renewed, ask for a new one",
                    grant.name,
                    grant.state.as_str()
                ),
            )
            .with("state", grant.state.as_str()));
        }
        if let Some(pending) = &grant.renewal {
            return Err(Error::precondition(
                "RENEWAL_PENDING",
                format!(
                    "{} has asked for {} until {} already; the owner decides on that first",
                    pending.requester,
                    grant.name,
                    pending.expire_time.date()
                ),
            ));
        }
        let expire_time =
            convert::future_time("expire_time", message.expire_time.as_ref(), call.now)?;
        if expire_time <= grant.expire_time {
            return Err(Error::invalid(
                "expire_time",
                "must be later than the present end of the grant",
            ));
        }
        let version = call.fetch::<Version>(&grant.version).await?;
        published(&version)?;
        let library = call.fetch::<Library>(&version.library).await?;
        let sandbox = call.fetch::<Sandbox>(&grant.sandbox).await?;
        within_sandbox("expire_time", expire_time, &sandbox)?;
        within_terms("expire_time", expire_time, &library.declared, call.now)?;
        grant.renewal = Some(Renewal {
            expire_time,
            justification: text("justification", &message.justification, true, 4000)?,
            requester: call.principal.user.clone(),
            conditions: None,
            approvals: Vec::new(),
            denial: None,
        });
        let event = call.event(
            &grant.name,
            [("expire_time", json!(expire_time.unix_timestamp()))],
        );
        let change = Change::new(event).update(&grant)?;
        let answer = v1::RenewGrantResponse {
            grant: Some(convert::grant(&grant)),
        };
        call.commit(change, answer).await
    }
}

/// The refusal of a use that the policies forbid; it tells whose they are.
fn not_lent(library: &str, reasons: Vec<String>, own: &HashSet<String>) -> Error {
    let (own, lent): (Vec<String>, Vec<String>) =
        reasons.into_iter().partition(|reason| own.contains(reason));
    if lent.is_empty() {
        return Error::precondition(
            "POLICY_FORBIDS",
            format!(
                "a policy of the operator forbids this use of {library}, whatever its owner permits: {}",
                own.join("; ")
            ),
        )
        .with("policy_of", "operator");
    }
    let mut message = format!("{library} is not lent for this use: {}", lent.join("; "));
    if !own.is_empty() {
        message.push_str("; a policy of the operator forbids it too: ");
        message.push_str(&own.join("; "));
    }
    Error::precondition("RULE_NOT_MET", message).with("article", law::AI_17_1)
}

fn within_sandbox(field: &str, expire_time: OffsetDateTime, sandbox: &Sandbox) -> Result<()> {
    if expire_time > sandbox.expire_time {
        return Err(Error::invalid(
            field,
            "must not be later than the end of the sandbox",
        ));
    }
    Ok(())
}

/// What the owner agrees to open: of two people, what both do.
fn agreed_conditions(grant: &Grant, wanted: Option<Conditions>) -> Conditions {
    let renewed = grant.renewal.as_ref().and_then(|of| of.conditions);
    let first = match grant.state {
        GrantState::Active => renewed,
        _ => (!grant.approvals.is_empty()).then_some(grant.conditions),
    };
    match (wanted, first) {
        (Some(wanted), Some(first)) => wanted.strictest(first),
        (wanted, first) => wanted.or(first).unwrap_or(grant.conditions),
    }
}

/// The end that the owner agrees to: as asked for, or earlier.
fn agreed_end(
    grant: &Grant,
    message: &v1::ApproveGrantRequest,
    now: OffsetDateTime,
) -> Result<OffsetDateTime> {
    let asked = match &grant.renewal {
        Some(renewal) if grant.state == GrantState::Active => renewal.expire_time,
        _ => grant.expire_time,
    };
    if asked <= now {
        return Err(Error::precondition(
            "TERM_PASSED",
            "the term that was asked for has passed",
        ));
    }
    let Some(earlier) = &message.expire_time else {
        return Ok(asked);
    };
    let end = convert::future_time("expire_time", Some(earlier), now)?;
    if end > asked {
        return Err(Error::invalid(
            "expire_time",
            "may be earlier than asked for, not later",
        ));
    }
    Ok(end)
}
