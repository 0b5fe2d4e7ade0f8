//! Grants: who may use which version, where, for what and how long.

use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;

machine! {
    /// Life of a grant.
    GrantState, GrantEvent, "grant",
    states {
        Requested = "REQUESTED",
        Active = "ACTIVE",
        Denied = "DENIED",
        Expired = "EXPIRED",
        Revoked = "REVOKED",
    }
    events { Approve, Deny, Expire, Revoke }
    Requested + Approve => Active;
    Requested + Deny => Denied;
    Requested + Expire => Expired;
    Active + Expire => Expired;
    Active + Revoke => Revoked;
}

/// What a grant opens and bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Bytes of filtered log that the developer may see of a job; 0 is none.
    pub log_tail_bytes: u64,
    /// Longest a job may run, in seconds.
    pub max_job_seconds: Option<u64>,
    /// A person may look at the data in an interactive workspace.
    #[serde(default)]
    pub interactive_viewing: bool,
}

/// Bytes of filtered log that are open unless the owner says otherwise.
pub const DEFAULT_LOG_TAIL_BYTES: u64 = 64 * 1024;

/// The most that an owner can open.
pub const MAX_LOG_TAIL_BYTES: u64 = 1024 * 1024;

impl Default for Conditions {
    fn default() -> Self {
        Self {
            log_tail_bytes: DEFAULT_LOG_TAIL_BYTES,
            max_job_seconds: None,
            interactive_viewing: false,
        }
    }
}

impl Conditions {
    /// Both sets of conditions at once: the stricter of each.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            log_tail_bytes: self.log_tail_bytes.min(other.log_tail_bytes),
            max_job_seconds: match (self.max_job_seconds, other.max_job_seconds) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            interactive_viewing: self.interactive_viewing && other.interactive_viewing,
        }
    }
}

/// Somebody of the owner who approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// `users/{user}`.
    pub user: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
}

/// A longer term that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// The new end.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_time: OffsetDateTime,
    /// Why the use is needed for longer.
    pub justification: String,
    /// `users/{user}` who asks.
    pub requester: String,
}

/// A permission to use one version in one sandbox for one purpose and term.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Grant {
    /// `grants/{grant}`.
    pub name: String,
    /// `libraries/{library}/versions/{version}`.
    pub version: String,
    /// `sandboxes/{sandbox}`.
    pub sandbox: String,
    /// Dotted.
    pub purpose: String,
    /// Why it is needed.
    pub justification: String,
    /// End of the term.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_time: OffsetDateTime,
    /// What it opens and bounds.
    pub conditions: Conditions,
    /// Life.
    pub state: GrantState,
    /// Reason given with the decision or revocation.
    pub decision_reason: String,
    /// `users/{user}` who asked.
    pub requester: String,
    /// `users/{user}` who decided.
    pub decider: String,
    /// Owner of the library.
    pub owner_organization: String,
    /// Who asked.
    pub requesting_organization: String,
    /// Who has approved it, or its renewal, so far.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// A longer term that waits for the owner.
    #[serde(default)]
    pub renewal: Option<Renewal>,
}

impl Record for Grant {
    const KIND: Kind = Kind::Grant;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.sandbox
    }
    fn organization(&self) -> &str {
        &self.owner_organization
    }
    fn counterparty(&self) -> &str {
        &self.requesting_organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::Conditions;

    #[test]
    fn the_strictest_of_two_conditions_rules_each_field() {
        let open = Conditions {
            log_tail_bytes: 1000,
            max_job_seconds: None,
            interactive_viewing: true,
        };
        let strict = Conditions {
            log_tail_bytes: 0,
            max_job_seconds: Some(60),
            interactive_viewing: false,
        };
        assert_eq!(open.strictest(strict), strict);
        assert_eq!(strict.strictest(open), strict);
    }
}
