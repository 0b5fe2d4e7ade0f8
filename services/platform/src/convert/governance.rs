//! Organizations, users, grants, AI systems, images, outputs.

use sandyq_access::{OrganizationKind, Role};
use sandyq_proto::v1;
use sandyq_store::Stored;

use super::{count, timestamp};
use crate::error::{Error, Result};
use crate::records::access::{Approval, Grant, GrantState, Renewal};
use crate::records::airlock::{Output, OutputFile, OutputState};
use crate::records::identity::{Organization, User, UserState};
use crate::records::system::{Image, ImageState};

/// An organization.
pub fn organization(stored: &Stored<Organization>) -> v1::Organization {
    v1::Organization {
        name: stored.name.clone(),
        display_name: stored.display_name.clone(),
        kind: match stored.kind {
            OrganizationKind::Operator => v1::OrganizationKind::Operator,
            OrganizationKind::Agency => v1::OrganizationKind::Agency,
            OrganizationKind::Developer => v1::OrganizationKind::Developer,
            OrganizationKind::Auditor => v1::OrganizationKind::Auditor,
        }
        .into(),
        create_time: Some(timestamp(stored.create_time)),
        special_state_body: stored.special_state_body,
    }
}

/// The kind that a client named.
///
/// # Errors
/// Not set.
pub fn organization_kind(field: &str, kind: v1::OrganizationKind) -> Result<OrganizationKind> {
    match kind {
        v1::OrganizationKind::Operator => Ok(OrganizationKind::Operator),
        v1::OrganizationKind::Agency => Ok(OrganizationKind::Agency),
        v1::OrganizationKind::Developer => Ok(OrganizationKind::Developer),
        v1::OrganizationKind::Auditor => Ok(OrganizationKind::Auditor),
        v1::OrganizationKind::Unspecified => Err(Error::invalid(
            field,
            "name OPERATOR, AGENCY, DEVELOPER or AUDITOR",
        )),
    }
}

fn role_message(role: Role) -> v1::Role {
    match role {
        Role::OperatorAdmin => v1::Role::OperatorAdmin,
        Role::OperatorReviewer => v1::Role::OperatorReviewer,
        Role::AgencyOwner => v1::Role::AgencyOwner,
        Role::AgencySteward => v1::Role::AgencySteward,
        Role::Developer => v1::Role::Developer,
        Role::DeveloperLead => v1::Role::DeveloperLead,
        Role::Auditor => v1::Role::Auditor,
    }
}

/// The role that a client named.
pub fn role(role: v1::Role) -> Option<Role> {
    Role::ALL
        .into_iter()
        .find(|known| role_message(*known) == role)
}

/// A user.
pub fn user(stored: &Stored<User>) -> v1::User {
    v1::User {
        name: stored.name.clone(),
        display_name: stored.display_name.clone(),
        organization: stored.organization.clone(),
        roles: stored
            .roles
            .iter()
            .map(|role| role_message(*role).into())
            .collect(),
        state: match stored.state {
            UserState::Invited => v1::user::State::Invited,
            UserState::Active => v1::user::State::Active,
            UserState::Revoked => v1::user::State::Revoked,
        }
        .into(),
        create_time: Some(timestamp(stored.create_time)),
    }
}

fn approvals(approvals: &[Approval]) -> Vec<v1::Approval> {
    let approval = |approval: &Approval| v1::Approval {
        user: approval.user.clone(),
        time: Some(timestamp(approval.time)),
        reason: approval.reason.clone(),
    };
    approvals.iter().map(approval).collect()
}

fn renewal(renewal: &Renewal) -> v1::Renewal {
    let denial = renewal.denial.clone();
    v1::Renewal {
        expire_time: Some(timestamp(renewal.expire_time)),
        justification: renewal.justification.clone(),
        requester: renewal.requester.clone(),
        approvals: approvals(&renewal.approvals),
        deny_time: denial.as_ref().map(|denial| timestamp(denial.time)),
        deny_reason: denial
            .as_ref()
            .map(|denial| denial.reason.clone())
            .unwrap_or_default(),
        denier: denial.map(|denial| denial.user).unwrap_or_default(),
    }
}

/// A grant.
pub fn grant(stored: &Stored<Grant>) -> v1::Grant {
    v1::Grant {
        name: stored.name.clone(),
        version: stored.version.clone(),
        sandbox: stored.sandbox.clone(),
        purpose: stored.purpose.clone(),
        justification: stored.justification.clone(),
        expire_time: Some(timestamp(stored.expire_time)),
        conditions: Some(super::conditions_message(&stored.conditions)),
        state: match stored.state {
            GrantState::Requested => v1::grant::State::Requested,
            GrantState::Active => v1::grant::State::Active,
            GrantState::Denied => v1::grant::State::Denied,
            GrantState::Expired => v1::grant::State::Expired,
            GrantState::Revoked => v1::grant::State::Revoked,
        }
        .into(),
        decision_reason: stored.decision_reason.clone(),
        requester: stored.requester.clone(),
        decider: stored.decider.clone(),
        create_time: Some(timestamp(stored.create_time)),
        owner_organization: stored.owner_organization.clone(),
        requesting_organization: stored.requesting_organization.clone(),
        approvals: approvals(&stored.approvals),
        renewal: stored.renewal.as_ref().map(renewal),
        denied_renewal: stored.denied_renewal.as_ref().map(renewal),
    }
}

/// An image.
pub fn image(stored: &Stored<Image>) -> v1::Image {
    v1::Image {
        name: stored.name.clone(),
        digest: stored.digest.clone(),
        display_name: stored.display_name.clone(),
        organization: stored.organization.clone(),
        state: match stored.state {
            ImageState::Imported => v1::image::State::Imported,
            ImageState::Approved => v1::image::State::Approved,
            ImageState::Revoked => v1::image::State::Revoked,
        }
        .into(),
        archive_sha256: stored.archive_sha256.clone(),
        decision_reason: stored.decision_reason.clone(),
        create_time: Some(timestamp(stored.create_time)),
    }
}

/// The state of an output.
pub fn output_state(state: OutputState) -> v1::output::State {
    match state {
        OutputState::Collected => v1::output::State::Collected,
        OutputState::Checked => v1::output::State::Checked,
        OutputState::InReview => v1::output::State::InReview,
        OutputState::Released => v1::output::State::Released,
        OutputState::Rejected => v1::output::State::Rejected,
    }
}

/// An output with some of its files.
pub fn output(stored: &Stored<Output>, files: Vec<OutputFile>) -> v1::Output {
    v1::Output {
        name: stored.name.clone(),
        job: stored.job.clone(),
        organization: stored.organization.clone(),
        state: output_state(stored.state).into(),
        files: files
            .into_iter()
            .map(|file| v1::OutputFile {
                path: file.path,
                size_bytes: count(file.bytes),
                sha256: file.sha256,
                findings: file.findings,
            })
            .collect(),
        file_count: count(stored.file_count()),
        refused: stored
            .refused
            .iter()
            .map(|file| v1::RefusedFile {
                path: file.path.clone(),
                reason: file.reason.clone(),
            })
            .collect(),
        manifest_sha256: stored.manifest_sha256.clone(),
        reviewer: stored.reviewer.clone(),
        decision_reason: stored.decision_reason.clone(),
        create_time: Some(timestamp(stored.create_time)),
        decide_time: stored.decide_time.map(timestamp),
    }
}

/// An output as its organization sees it before release: names and contents of files are an exit, so they are withheld.
pub fn withheld(mut output: v1::Output) -> v1::Output {
    output.files.clear();
    output.file_count = 0;
    output.refused.clear();
    output.manifest_sha256.clear();
    output
}
