//! Sandboxes and what they may use.

use sandyq_sandbox::exits::Shown;
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;
use super::secret::Secret;

machine! {
    /// Life of a sandbox.
    SandboxState, SandboxEvent, "sandbox",
    states {
        Requested = "REQUESTED",
        Active = "ACTIVE",
        Denied = "DENIED",
        Expired = "EXPIRED",
        Destroyed = "DESTROYED",
    }
    events { Approve, Deny, Expire, Destroy }
    Requested + Approve => Active;
    Requested + Deny => Denied;
    Requested + Expire => Expired;
    Active + Expire => Expired;
    Requested + Destroy => Destroyed;
    Active + Destroy => Destroyed;
    Expired + Destroy => Destroyed;
}

/// Stage of a controlled environment (law "On artificial intelligence", articles 1 and 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Exploration and preparation.
    Development,
    /// Training and evaluation jobs.
    Training,
    /// Trial operation of a trained system.
    TrialOperation,
}

impl Stage {
    /// The name that policies know.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "DEVELOPMENT",
            Self::Training => "TRAINING",
            Self::TrialOperation => "TRIAL_OPERATION",
        }
    }
}

/// What jobs may use, or have used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// CPU milliseconds of all jobs together.
    pub cpu_millis: u64,
    /// Jobs that wait or run at the same time.
    pub concurrent_jobs: u64,
    /// Most memory of one job, bytes.
    pub memory_bytes: u64,
    /// Output bytes of all jobs together.
    pub output_bytes: u64,
    /// Bytes that trials answer, all together.
    #[serde(default)]
    pub answer_bytes: u64,
}

impl Budget {
    /// Adds what a job reserves; names the part of `self` (the budget) that it would exceed.
    ///
    /// # Errors
    /// `(field, asked, left)` of the first part exceeded.
    pub fn reserve(&self, used: &Self, job: &Self) -> Result<Self, (&'static str, u64, u64)> {
        if job.memory_bytes > self.memory_bytes {
            return Err((
                "job.limits.memory_bytes",
                job.memory_bytes,
                self.memory_bytes,
            ));
        }
        let after = Self {
            cpu_millis: used.cpu_millis.saturating_add(job.cpu_millis),
            concurrent_jobs: used.concurrent_jobs.saturating_add(job.concurrent_jobs),
            memory_bytes: used.memory_bytes.max(job.memory_bytes),
            output_bytes: used.output_bytes.saturating_add(job.output_bytes),
            answer_bytes: used.answer_bytes,
        };
        for (field, asked, after, most) in [
            (
                "job.limits.wall_clock_duration",
                job.cpu_millis,
                after.cpu_millis,
                self.cpu_millis,
            ),
            (
                "concurrent_jobs",
                1,
                after.concurrent_jobs,
                self.concurrent_jobs,
            ),
            (
                "job.limits.output_bytes",
                job.output_bytes,
                after.output_bytes,
                self.output_bytes,
            ),
        ] {
            if after > most {
                return Err((field, asked, most.saturating_sub(after - asked)));
            }
        }
        Ok(after)
    }

    /// Replaces what a job had reserved by what it really used.
    #[must_use]
    pub fn settle(&self, reserved: &Self, really: &Self) -> Self {
        Self {
            cpu_millis: self.cpu_millis.saturating_sub(reserved.cpu_millis) + really.cpu_millis,
            concurrent_jobs: self
                .concurrent_jobs
                .saturating_sub(reserved.concurrent_jobs),
            memory_bytes: self.memory_bytes,
            output_bytes: self.output_bytes.saturating_sub(reserved.output_bytes)
                + really.output_bytes,
            answer_bytes: self.answer_bytes,
        }
    }
}

/// What people saw of a sandbox's jobs without a review.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exits {
    /// Bytes of logs.
    pub log: Shown,
    /// Bytes of terminals.
    pub terminal: Shown,
}

/// A key that was shredded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShreddedKey {
    /// `secrets/{secret}`.
    pub name: String,
    /// SHA-256 of the sealed key that was deleted, hexadecimal: names it without telling it.
    pub sealed_sha256: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
}

impl ShreddedKey {
    /// The key that is about to be deleted.
    pub fn of(secret: &Secret, time: OffsetDateTime) -> Self {
        let hash = ring::digest::digest(&ring::digest::SHA256, secret.sealed.as_bytes());
        Self {
            name: secret.name.clone(),
            sealed_sha256: hex::encode(hash),
            time,
        }
    }
}

/// Who destroyed a sandbox.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Destruction {
    /// `users/{user}`.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    #[serde(with = "time::serde::rfc3339::option")]
    pub time: Option<OffsetDateTime>,
}

/// A controlled environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sandbox {
    /// `sandboxes/{sandbox}`.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// `systems/{system}`.
    pub system: String,
    /// Owner.
    pub organization: String,
    /// Stage of work.
    pub stage: Stage,
    /// When nothing runs or stays readable any more.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_time: OffsetDateTime,
    /// What its jobs may use.
    pub budget: Budget,
    /// What they have used or reserved.
    pub used: Budget,
    /// `users/{user}` who asked.
    pub requester: String,
    /// Life.
    pub state: SandboxState,
    /// Reason given with the decision.
    pub decision_reason: String,
    /// Organizations whose libraries are granted, or asked for, here.
    pub viewers: Vec<String>,
    /// Number of the last job.
    pub jobs: u64,
    /// What people saw of its jobs without a review.
    #[serde(default)]
    pub exits: Exits,
    /// Keys that went with it.
    #[serde(default)]
    pub shredded: Vec<ShreddedKey>,
    /// Set when it is destroyed.
    #[serde(default)]
    pub destruction: Option<Destruction>,
    /// The signed certificate of its destruction; empty until then.
    #[serde(default)]
    pub certificate: String,
}

impl Record for Sandbox {
    const KIND: Kind = Kind::Sandbox;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.system
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
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::Budget;

    fn budget(cpu: u64, jobs: u64, memory: u64, output: u64) -> Budget {
        Budget {
            cpu_millis: cpu,
            concurrent_jobs: jobs,
            memory_bytes: memory,
            output_bytes: output,
            answer_bytes: 0,
        }
    }

    #[test]
    fn a_job_over_the_budget_is_named_with_what_is_left() {
        let most = budget(100, 2, 10, 50);
        let used = budget(70, 1, 5, 50);
        assert_eq!(
            most.reserve(&used, &budget(40, 1, 5, 0)),
            Err(("job.limits.wall_clock_duration", 40, 30))
        );
        assert_eq!(
            most.reserve(&used, &budget(1, 1, 11, 0)),
            Err(("job.limits.memory_bytes", 11, 10))
        );
        assert_eq!(
            most.reserve(&used, &budget(1, 1, 1, 1)),
            Err(("job.limits.output_bytes", 1, 0))
        );
    }

    #[test]
    fn settling_gives_back_what_was_not_used() {
        let most = budget(100, 2, 10, 50);
        let job = budget(40, 1, 5, 20);
        let used = most.reserve(&Budget::default(), &job).unwrap();
        let after = used.settle(&job, &budget(3, 0, 5, 7));
        assert_eq!(after, budget(3, 0, 5, 7));
    }
}
