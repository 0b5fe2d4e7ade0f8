//! Outputs on their way out.

use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;

machine! {
    /// Life of an output.
    OutputState, OutputEvent, "output",
    states {
        Collected = "COLLECTED",
        Checked = "CHECKED",
        InReview = "IN_REVIEW",
        Released = "RELEASED",
        Rejected = "REJECTED",
    }
    events { Check, StartReview, Release, Reject }
    Collected + Check => Checked;
    Checked + StartReview => InReview;
    InReview + Release => Released;
    InReview + Reject => Rejected;
}

/// One collected file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutputFile {
    /// Relative to /out.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
    /// Place of the object that holds it.
    pub place: String,
    /// What the checks found.
    pub findings: Vec<String>,
}

/// An entry of /out that was left behind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefusedFile {
    /// Escaped.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What one job left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Output {
    /// `outputs/{output}`.
    pub name: String,
    /// `sandboxes/{sandbox}/jobs/{job}`.
    pub job: String,
    /// Owner of the job.
    pub organization: String,
    /// Life.
    pub state: OutputState,
    /// The files, ordered by path.
    pub files: Vec<OutputFile>,
    /// What was left behind.
    pub refused: Vec<RefusedFile>,
    /// SHA-256 over paths, sizes and hashes.
    pub manifest_sha256: String,
    /// `users/{user}` who reviews.
    pub reviewer: String,
    /// Reason given with the decision.
    pub decision_reason: String,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339::option")]
    pub decide_time: Option<OffsetDateTime>,
}

impl Record for Output {
    const KIND: Kind = Kind::Output;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.job
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}
