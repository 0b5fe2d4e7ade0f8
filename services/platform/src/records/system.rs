//! AI systems and container images.

use sandyq_sandbox::Isolation;
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};

use super::machine;

machine! {
    /// Life of an AI system.
    SystemState, SystemEvent, "AI system",
    states {
        Draft = "DRAFT",
        Submitted = "SUBMITTED",
        Registered = "REGISTERED",
        Refused = "REFUSED",
    }
    events { Submit, Register, Refuse }
    Draft + Submit => Submitted;
    Submitted + Register => Registered;
    Submitted + Refuse => Refused;
}

/// Risk class (law "On artificial intelligence", article 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RiskClass {
    /// Minimal.
    Minimal,
    /// Medium.
    Medium,
    /// High: its jobs need a kernel of their own.
    High,
}

impl RiskClass {
    /// What stands between the system's jobs and the host.
    pub fn isolation(self) -> Isolation {
        match self {
            Self::Minimal | Self::Medium => Isolation::Hardened,
            Self::High => Isolation::Gvisor,
        }
    }
}

/// Degree of autonomy (article 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Autonomy {
    /// A person decides with its help.
    Assistant,
    /// It decides within limits.
    SemiAutonomous,
}

/// An AI system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct System {
    /// `systems/{system}`.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// What it does and for whom.
    pub description: String,
    /// What it is for.
    pub purpose: String,
    /// Risk class.
    pub risk_class: RiskClass,
    /// Degree of autonomy.
    pub autonomy: Autonomy,
    /// Owner.
    pub organization: String,
    /// `users/{user}` who described it.
    pub requester: String,
    /// Life.
    pub state: SystemState,
    /// Reason given with the decision.
    pub decision_reason: String,
}

impl Record for System {
    const KIND: Kind = Kind::System;
    fn name(&self) -> &str {
        &self.name
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}

machine! {
    /// Life of an image.
    ImageState, ImageEvent, "image",
    states { Imported = "IMPORTED", Approved = "APPROVED", Revoked = "REVOKED" }
    events { Approve, Revoke }
    Imported + Approve => Approved;
    Imported + Revoke => Revoked;
    Approved + Revoke => Revoked;
    Revoked + Approve => Approved;
}

/// A container image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Image {
    /// `images/{hexadecimal digest}`.
    pub name: String,
    /// `sha256:...` by which the engine runs it.
    pub digest: String,
    /// What people call it.
    pub display_name: String,
    /// Who imported it.
    pub organization: String,
    /// Life.
    pub state: ImageState,
    /// SHA-256 of the archive.
    pub archive_sha256: String,
    /// Reason given with the decision.
    pub decision_reason: String,
}

impl Record for Image {
    const KIND: Kind = Kind::Image;
    fn name(&self) -> &str {
        &self.name
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}
