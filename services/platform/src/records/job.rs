//! Jobs: what was asked for, how far it has come, why it ended.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use sandyq_sandbox::exits::coarse;
use sandyq_sandbox::logs::HeldBack;
use sandyq_sandbox::spec::Terminal;
use sandyq_sandbox::{CauseOfDeath, Isolation, JobState, Limits};
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::access::Conditions;
use super::sandbox::Budget;

/// Why a job is to be stopped before its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// CANCELLED or REVOKED.
    pub cause: CauseOfDeath,
    /// In a sentence.
    pub reason: String,
}

/// What a job used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Milliseconds from start to end.
    pub wall_millis: u64,
    /// Milliseconds of processor time.
    pub cpu_millis: u64,
    /// Highest memory use, bytes.
    pub peak_memory_bytes: u64,
    /// Bytes of all inputs.
    pub input_bytes: u64,
    /// Bytes collected.
    pub output_bytes: u64,
    /// Bytes of log.
    pub log_bytes: u64,
    /// Bytes that the program printed beyond its log limit.
    #[serde(default)]
    pub log_dropped_bytes: u64,
    /// Files collected.
    #[serde(default)]
    pub output_files: u64,
    /// Estimate of the energy, millijoules.
    #[serde(default)]
    pub energy_millijoules: u64,
}

impl Usage {
    /// The same in numbers that tell little else.
    #[must_use]
    pub fn coarse(&self) -> Self {
        Self {
            wall_millis: coarse(self.wall_millis),
            cpu_millis: coarse(self.cpu_millis),
            peak_memory_bytes: coarse(self.peak_memory_bytes),
            input_bytes: self.input_bytes,
            output_bytes: coarse(self.output_bytes),
            log_bytes: coarse(self.log_bytes),
            log_dropped_bytes: coarse(self.log_dropped_bytes),
            output_files: coarse(self.output_files),
            energy_millijoules: coarse(self.energy_millijoules),
        }
    }
}

/// What a job needs that serves a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    /// `sandboxes/{sandbox}/trials/{trial}`.
    pub trial: String,
    /// Of the container's loopback.
    pub port: u16,
    /// `outputs/{output}`, each with the manifest that was released.
    pub outputs: BTreeMap<String, String>,
}

/// One run of one container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// `sandboxes/{sandbox}/jobs/{job}`.
    pub name: String,
    /// Unique over all sandboxes; names the container and the folders.
    pub id: String,
    /// `sandboxes/{sandbox}`.
    pub sandbox: String,
    /// Owner.
    pub organization: String,
    /// What people call it.
    pub display_name: String,
    /// `users/{user}` who submitted it.
    pub requester: String,
    /// `images/{image}`.
    pub image: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Environment.
    pub environment: BTreeMap<String, String>,
    /// `libraries/{library}/versions/{version}`, each with the grant that permits it.
    pub grants: BTreeMap<String, String>,
    /// Dotted.
    pub purpose: String,
    /// Limits.
    pub limits: Limits,
    /// What stands between it and the host, by the risk class of its AI system.
    #[serde(default)]
    pub isolation: Isolation,
    /// Set when it serves a trial.
    #[serde(default)]
    pub serving: Option<Serving>,
    /// The strictest of its grants.
    pub conditions: Conditions,
    /// What it took from the sandbox's budget.
    pub reserved: Budget,
    /// Its place among the jobs of its organization; 0 is the usual one.
    #[serde(default)]
    pub priority: i32,
    /// How often it was admitted: more than once where the platform failed to start it.
    #[serde(default)]
    pub attempts: u32,
    /// In which run of the machine it was last admitted ([`sandyq_sandbox::engine::host::boot`]).
    #[serde(default)]
    pub boot: Option<String>,
    /// Life.
    pub state: JobState,
    /// Set when it must end early; obeyed by whoever drives the job.
    pub stop: Option<Stop>,
    /// Set when its container has stopped.
    pub cause: Option<CauseOfDeath>,
    /// What happened, in a sentence.
    pub message: String,
    /// When its container started.
    #[serde(with = "time::serde::rfc3339::option")]
    pub start_time: Option<OffsetDateTime>,
    /// When its container stopped, or when it ended without one.
    #[serde(with = "time::serde::rfc3339::option")]
    pub end_time: Option<OffsetDateTime>,
    /// What it used so far.
    pub usage: Usage,
    /// `outputs/{output}`.
    pub output: Option<String>,
    /// Place of the object that has the part of the log that is open to the developer, once the job has ended; none where
    /// nothing is.
    pub log: Option<String>,
    /// Where in that object the part is; all of it when not said.
    #[serde(default)]
    pub log_range: Option<Range<u64>>,
    /// What that part does not have.
    #[serde(default)]
    pub log_held_back: HeldBack,
    /// Bytes of that part, from its beginning, that count as shown.
    #[serde(default)]
    pub log_shown: u64,
    /// Set where a person works with it at a terminal.
    #[serde(default)]
    pub shell: Option<Shell>,
}

/// A job's terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shell {
    /// It is closed when nothing was typed for so many seconds.
    pub idle_seconds: u64,
    /// Bytes a second that it shows.
    pub bytes_per_second: u64,
    /// Bytes that count as shown.
    pub shown: u64,
    /// What was typed and shown, once the session has ended.
    pub record: Option<Recorded>,
}

/// The record of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Where it is kept.
    pub place: String,
    /// Size.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

impl Shell {
    /// As the container's first process holds it: a little longer than the server, so that the server knows why it ends.
    pub fn terminal(&self) -> Terminal {
        const BEHIND: Duration = Duration::from_secs(5);
        Terminal {
            idle: Duration::from_secs(self.idle_seconds) + BEHIND,
            bytes_per_second: self.bytes_per_second,
        }
    }
}

impl Job {
    /// Whether it could tell anything of somebody's data.
    pub fn reads_data(&self) -> bool {
        !self.grants.is_empty()
    }

    /// The trial that it serves; empty when none.
    pub fn trial_name(&self) -> &str {
        self.serving.as_ref().map_or("", |serving| &serving.trial)
    }
}

impl Record for Job {
    const KIND: Kind = Kind::Job;
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
