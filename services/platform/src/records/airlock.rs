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
    /// Place of the object that holds it, alone or with other files.
    pub place: String,
    /// Where in that object it begins.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub offset: u64,
    /// What the checks found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The list of an output's files, where they are too many for its record: lines of JSON in an object of its own, each an
/// [`OutputFile`], ordered by path.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Listing {
    /// Place of the object.
    pub place: String,
    /// Files.
    pub files: u64,
    /// The parts of the list that can be read by themselves, in order.
    pub blocks: Vec<Block>,
}

/// A part of a list of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Path of its first file.
    pub first: String,
    /// Where in the object it begins.
    pub offset: u64,
    /// Size.
    pub bytes: u64,
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
    /// The files, ordered by path; none where they are listed apart.
    pub files: Vec<OutputFile>,
    /// Where the files are listed when they are many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<Listing>,
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

impl Output {
    /// How many files there are.
    pub fn file_count(&self) -> u64 {
        match &self.listing {
            Some(listing) => listing.files,
            None => self.files.len() as u64,
        }
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn a_file_that_was_kept_alone_is_still_read() {
        let old =
            r#"{"path":"a","bytes":3,"sha256":"00","place":"outputs/o1/files/0","findings":[]}"#;
        let file: OutputFile = serde_json::from_str(old).unwrap();
        assert_eq!((file.offset, file.bytes), (0, 3));
        let old = r#"{"name":"outputs/o1","job":"j","organization":"o","state":"RELEASED","files":[],"refused":[],
            "manifest_sha256":"","reviewer":"","decision_reason":"","decide_time":null}"#;
        let output: Output = serde_json::from_str(old).unwrap();
        assert!(output.listing.is_none() && output.file_count() == 0);
    }
}
