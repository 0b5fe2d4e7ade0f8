//! Grants: who may use which version, where, for what and how long.

use sandyq_sandbox::logs::LogOpening;
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;
use super::rule::AccessRule;

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
    /// What of a job's log the developer may see.
    #[serde(default)]
    pub log: LogOpening,
    /// Bytes of it that may be seen of one job; 0 is none.
    pub log_tail_bytes: u64,
    /// Bytes that may be seen of the logs of all jobs of the sandbox within a day.
    #[serde(default = "default_daily")]
    pub log_daily_bytes: u64,
    /// Longest a job may run, in seconds.
    pub max_job_seconds: Option<u64>,
    /// A person may look at the data in an interactive workspace.
    #[serde(default)]
    pub interactive_viewing: bool,
    /// The data may be used in trial operation.
    #[serde(default)]
    pub trial_use: bool,
}

/// Bytes of a log that are open unless the owner says otherwise.
pub const DEFAULT_LOG_TAIL_BYTES: u64 = 64 * 1024;

/// The most of a log that an owner can open.
pub const MAX_LOG_TAIL_BYTES: u64 = 1024 * 1024;

/// Bytes of all logs of a sandbox that are open within a day unless the owner says otherwise.
pub const DEFAULT_LOG_DAILY_BYTES: u64 = 1024 * 1024;

fn default_daily() -> u64 {
    DEFAULT_LOG_DAILY_BYTES
}

/// What holds where nobody says anything: everything that the library's rule opens, within the usual budgets.
impl Default for Conditions {
    fn default() -> Self {
        Self {
            log: LogOpening::Text,
            log_tail_bytes: DEFAULT_LOG_TAIL_BYTES,
            log_daily_bytes: DEFAULT_LOG_DAILY_BYTES,
            max_job_seconds: None,
            interactive_viewing: true,
            trial_use: true,
        }
    }
}

impl Conditions {
    /// Both sets of conditions at once: the stricter of each.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            log: self.log.min(other.log),
            log_tail_bytes: self.log_tail_bytes.min(other.log_tail_bytes),
            log_daily_bytes: self.log_daily_bytes.min(other.log_daily_bytes),
            max_job_seconds: match (self.max_job_seconds, other.max_job_seconds) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            interactive_viewing: self.interactive_viewing && other.interactive_viewing,
            trial_use: self.trial_use && other.trial_use,
        }
    }

    /// The same within the owner's rule for a library.
    #[must_use]
    pub fn within(self, rule: &AccessRule) -> Self {
        Self {
            log: self.log.min(rule.log.unwrap_or(LogOpening::Text)),
            log_tail_bytes: self
                .log_tail_bytes
                .min(rule.log_tail_bytes.unwrap_or(u64::MAX)),
            log_daily_bytes: self
                .log_daily_bytes
                .min(rule.log_daily_bytes.unwrap_or(u64::MAX)),
            max_job_seconds: self.max_job_seconds,
            interactive_viewing: self.interactive_viewing && rule.interactive_viewing,
            trial_use: self.trial_use && rule.trial_use,
        }
    }

    /// Whether text of a job's log may be seen.
    #[must_use]
    pub fn opens_text(&self) -> bool {
        self.opens_log() && self.log == LogOpening::Text
    }

    /// Whether anything of a job's log may be seen.
    #[must_use]
    pub fn opens_log(&self) -> bool {
        self.log != LogOpening::None && self.log_tail_bytes > 0 && self.log_daily_bytes > 0
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
    /// Why, in the approver's own words; may be empty.
    #[serde(default)]
    pub reason: String,
}

/// Somebody of the owner who refused a renewal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// `users/{user}`.
    pub user: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// Why.
    pub reason: String,
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
    /// What the first of two people agreed to.
    #[serde(default)]
    pub conditions: Option<Conditions>,
    /// Who has approved it so far.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// Set once the owner has refused it.
    #[serde(default)]
    pub denial: Option<Denial>,
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
    /// Who has approved it, and the renewals that are in force, so far.
    #[serde(default)]
    pub approvals: Vec<Approval>,
    /// A longer term that waits for the owner.
    #[serde(default)]
    pub renewal: Option<Renewal>,
    /// The longer term that the owner refused last.
    #[serde(default)]
    pub denied_renewal: Option<Renewal>,
}

impl Grant {
    /// Whether the owner must decide on it: on the grant, or on a longer term.
    #[must_use]
    pub fn waits(&self) -> bool {
        match self.state {
            GrantState::Requested => true,
            GrantState::Active => self.renewal.is_some(),
            _ => false,
        }
    }

    /// The approvals of what waits for the owner: those of the renewal, where one is asked for, and else those of the grant.
    pub fn approvals_under_way(&mut self) -> &mut Vec<Approval> {
        match &mut self.renewal {
            Some(renewal) if self.state == GrantState::Active => &mut renewal.approvals,
            _ => &mut self.approvals,
        }
    }
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
    use super::{AccessRule, Conditions, LogOpening};

    const OPEN: Conditions = Conditions {
        log: LogOpening::Text,
        log_tail_bytes: 1000,
        log_daily_bytes: 9000,
        max_job_seconds: None,
        interactive_viewing: true,
        trial_use: true,
    };

    const STRICT: Conditions = Conditions {
        log: LogOpening::Metrics,
        log_tail_bytes: 0,
        log_daily_bytes: 10,
        max_job_seconds: Some(60),
        interactive_viewing: false,
        trial_use: false,
    };

    #[test]
    fn the_strictest_of_two_conditions_rules_each_field() {
        assert_eq!(OPEN.strictest(STRICT), STRICT);
        assert_eq!(STRICT.strictest(OPEN), STRICT);
        assert!(OPEN.opens_log() && !STRICT.opens_log());
    }

    #[test]
    fn a_library_bounds_what_its_grants_open() {
        // A rule that says nothing of logs opens no workspace and no trial.
        let silent = Conditions {
            interactive_viewing: false,
            trial_use: false,
            ..OPEN
        };
        assert_eq!(OPEN.within(&AccessRule::default()), silent);
        let rule = AccessRule {
            log: Some(LogOpening::Metrics),
            log_tail_bytes: Some(0),
            log_daily_bytes: Some(10),
            ..AccessRule::default()
        };
        let bounded = Conditions {
            max_job_seconds: None,
            ..STRICT
        };
        assert_eq!(OPEN.within(&rule), bounded);
    }
}
