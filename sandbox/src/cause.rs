//! Why a job ended.

use serde::{Deserialize, Serialize};

use crate::state::JobState;

/// The exact cause of a job's end. Everything but the code of [`Exit`] and the
/// text of the two last ones is fixed, so that a cause carries no more out of
/// the sandbox than an exit code does.
///
/// [`Exit`]: CauseOfDeath::Exit
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", content = "detail", rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum CauseOfDeath {
    /// The command ended by itself with this code (128 + signal when killed by one).
    Exit(i32),
    /// The wall clock limit passed.
    TimedOut,
    /// The kernel killed a process of the job at its memory limit, and the job failed.
    OutOfMemory,
    /// The kernel refused a process at the job's limit, and the job failed.
    PidsExhausted,
    /// The output volume (or its largest file) was full, and the job failed.
    OutputQuota,
    /// The machine or the engine lost the container.
    NodeFailed,
    /// Its owner cancelled it.
    Cancelled,
    /// A grant it ran under was revoked or expired, or its sandbox ended.
    Revoked,
    /// The image is absent, not approved, or not safe to run; the text says which.
    ImageRefused(String),
    /// The engine, or the platform's own storage, could not do its part.
    EngineError(String),
}

impl CauseOfDeath {
    /// The cause's name, without its detail.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exit(_) => "EXIT",
            Self::TimedOut => "TIMED_OUT",
            Self::OutOfMemory => "OUT_OF_MEMORY",
            Self::PidsExhausted => "PIDS_EXHAUSTED",
            Self::OutputQuota => "OUTPUT_QUOTA",
            Self::NodeFailed => "NODE_FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Revoked => "REVOKED",
            Self::ImageRefused(_) => "IMAGE_REFUSED",
            Self::EngineError(_) => "ENGINE_ERROR",
        }
    }

    /// The terminal state that a job with this cause ends in.
    #[must_use]
    pub fn final_state(&self) -> JobState {
        match self {
            Self::Exit(0) => JobState::Succeeded,
            Self::TimedOut => JobState::TimedOut,
            Self::Cancelled | Self::Revoked => JobState::Cancelled,
            Self::NodeFailed => JobState::Lost,
            _ => JobState::Failed,
        }
    }

    /// Whether what the job left may be kept for review. Nothing derived from a
    /// revoked grant is kept, nor what its owner threw away.
    #[must_use]
    pub fn keeps_outputs(&self) -> bool {
        !matches!(
            self,
            Self::Cancelled | Self::Revoked | Self::NodeFailed | Self::ImageRefused(_)
        )
    }
}

impl std::fmt::Display for CauseOfDeath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "EXIT({code})"),
            Self::ImageRefused(reason) | Self::EngineError(reason) => {
                write!(f, "{}: {reason}", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn causes_are_stored_and_shown() {
        for (cause, json, shown) in [
            (
                CauseOfDeath::Exit(3),
                r#"{"cause":"EXIT","detail":3}"#,
                "EXIT(3)",
            ),
            (
                CauseOfDeath::TimedOut,
                r#"{"cause":"TIMED_OUT"}"#,
                "TIMED_OUT",
            ),
            (
                CauseOfDeath::ImageRefused("absent".to_owned()),
                r#"{"cause":"IMAGE_REFUSED","detail":"absent"}"#,
                "IMAGE_REFUSED: absent",
            ),
        ] {
            assert_eq!(serde_json::to_string(&cause).unwrap(), json);
            assert_eq!(serde_json::from_str::<CauseOfDeath>(json).unwrap(), cause);
            assert_eq!(cause.to_string(), shown);
        }
    }

    #[test]
    fn nothing_is_kept_of_what_was_revoked() {
        assert!(CauseOfDeath::Exit(1).keeps_outputs() && CauseOfDeath::TimedOut.keeps_outputs());
        assert!(!CauseOfDeath::Revoked.keeps_outputs() && !CauseOfDeath::Cancelled.keeps_outputs());
    }
}
