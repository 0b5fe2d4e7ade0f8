//! Organizations, users, their certificates and invitations.

use sandyq_access::{OrganizationKind, Role};
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;

/// An organization that takes part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Organization {
    /// `organizations/{organization}`.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// Bounds the roles of its users.
    pub kind: OrganizationKind,
    /// A special state body: its libraries are taken on its own initiative alone.
    #[serde(default)]
    pub special_state_body: bool,
}

impl Record for Organization {
    const KIND: Kind = Kind::Organization;
    fn name(&self) -> &str {
        &self.name
    }
    fn organization(&self) -> &str {
        &self.name
    }
}

machine! {
    /// Life of a user.
    UserState, UserEvent, "user",
    states { Invited = "INVITED", Active = "ACTIVE", Revoked = "REVOKED" }
    events { Enroll, Revoke }
    Invited + Enroll => Active;
    Invited + Revoke => Revoked;
    Active + Revoke => Revoked;
}

/// A person. Roles live here, not in the certificate, so that taking them away needs no new certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// `users/{user}`.
    pub name: String,
    /// What people call them.
    pub display_name: String,
    /// `organizations/{organization}`.
    pub organization: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Life.
    pub state: UserState,
}

impl Record for User {
    const KIND: Kind = Kind::User;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.organization
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}

/// A certificate that the platform signed, found by the SHA-256 of its DER form.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Certificate {
    /// `certificates/{sha256}`.
    pub name: String,
    /// `users/{user}`.
    pub user: String,
    /// End of validity.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_time: OffsetDateTime,
}

impl Record for Certificate {
    const KIND: Kind = Kind::Certificate;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.user
    }
}

/// A one-time invitation, kept under the hash of its token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// `invitations/{sha256 of the token}`.
    pub name: String,
    /// `users/{user}` who may enrol with it.
    pub user: String,
    /// End of validity.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_time: OffsetDateTime,
}

impl Record for Invitation {
    const KIND: Kind = Kind::Invitation;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.user
    }
}
