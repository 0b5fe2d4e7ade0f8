//! Trials: what is to answer, how it stands, what it was asked.

use std::collections::BTreeMap;

use sandyq_sandbox::Limits;
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;

machine! {
    /// Life of a trial.
    TrialState, TrialEvent, "trial",
    states {
        Starting = "STARTING",
        Serving = "SERVING",
        Restarting = "RESTARTING",
        Stopped = "STOPPED",
        Revoked = "REVOKED",
        Expired = "EXPIRED",
        Failed = "FAILED",
    }
    events { Serve, Fall, Stop, Revoke, Expire, GiveUp }
    Starting + Serve => Serving;
    Restarting + Serve => Serving;
    Starting + Fall => Restarting;
    Serving + Fall => Restarting;
    Restarting + Fall => Restarting;
    Starting + Stop => Stopped;
    Serving + Stop => Stopped;
    Restarting + Stop => Stopped;
    Starting + Revoke => Revoked;
    Serving + Revoke => Revoked;
    Restarting + Revoke => Revoked;
    Starting + Expire => Expired;
    Serving + Expire => Expired;
    Restarting + Expire => Expired;
    Starting + GiveUp => Failed;
    Serving + GiveUp => Failed;
    Restarting + GiveUp => Failed;
}

impl TrialState {
    /// Those in which it takes part.
    pub const ACTIVE: [&str; 3] = ["STARTING", "SERVING", "RESTARTING"];

    /// Nothing happens to it any more.
    pub fn is_terminal(self) -> bool {
        !Self::ACTIVE.contains(&self.as_str())
    }
}

/// How it is found out whether it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Asked by GET.
    pub path: String,
    /// Pause between two checks.
    pub interval_millis: u64,
    /// For so long after a start, failures do not count.
    pub grace_millis: u64,
    /// Failures in a row that are too many.
    pub failures: u32,
}

/// What was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialUsage {
    /// Requests that were answered.
    pub requests: u64,
    /// Requests that were let in and not answered.
    pub failures: u64,
    /// Bytes asked.
    pub request_bytes: u64,
    /// Bytes answered.
    pub answer_bytes: u64,
    /// Time that the answers took.
    pub answer_millis: u64,
}

impl TrialUsage {
    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            failures: self.failures.saturating_add(other.failures),
            request_bytes: self.request_bytes.saturating_add(other.request_bytes),
            answer_bytes: self.answer_bytes.saturating_add(other.answer_bytes),
            answer_millis: self.answer_millis.saturating_add(other.answer_millis),
        }
    }
}

/// A trial.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Trial {
    /// `sandboxes/{sandbox}/trials/{trial}`.
    pub name: String,
    /// `sandboxes/{sandbox}`.
    pub sandbox: String,
    /// `systems/{system}`.
    pub system: String,
    /// Owner.
    pub organization: String,
    /// What people call it.
    pub display_name: String,
    /// `users/{user}` who started it.
    pub requester: String,
    /// `images/{image}`.
    pub image: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Environment.
    pub environment: BTreeMap<String, String>,
    /// `outputs/{output}`.
    pub outputs: Vec<String>,
    /// `libraries/{library}/versions/{version}`.
    pub versions: Vec<String>,
    /// Dotted.
    pub purpose: String,
    /// Limits of its container; the wall clock is that of the whole trial.
    pub limits: Limits,
    /// Of the container's loopback.
    pub port: u16,
    /// How it is found out whether it serves.
    pub health_check: HealthCheck,
    /// How often a container is replaced.
    pub max_restarts: u32,
    /// Life.
    pub state: TrialState,
    /// What happened last.
    pub message: String,
    /// `sandboxes/{sandbox}/jobs/{job}` whose container it is now, or was last.
    pub job: String,
    /// The job that was stopped because it was not well, and whose end therefore calls for another.
    pub unwell_job: String,
    /// How often a container was replaced.
    pub restarts: u32,
    /// End of its term.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_time: OffsetDateTime,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub end_time: Option<OffsetDateTime>,
    /// What was asked of it.
    pub usage: TrialUsage,
    /// The same by user.
    pub users: BTreeMap<String, TrialUsage>,
}

impl Record for Trial {
    const KIND: Kind = Kind::Trial;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.sandbox
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_trial_never_comes_back() {
        for state in TrialState::ALL {
            let events = [
                TrialEvent::Serve,
                TrialEvent::Fall,
                TrialEvent::Stop,
                TrialEvent::Revoke,
                TrialEvent::Expire,
                TrialEvent::GiveUp,
            ];
            let goes_on = events.iter().any(|event| state.after(*event).is_ok());
            assert_eq!(goes_on, !state.is_terminal(), "{state:?}");
        }
    }
}
