//! What follows when a container of a trial has ended; pure.

use std::time::Duration;

use sandyq_sandbox::CauseOfDeath;
use time::OffsetDateTime;

use crate::jobs::sentence;
use crate::records::job::Job;
use crate::records::trial::{Trial, TrialEvent};

/// Before the first container is replaced; doubled each time, up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// With less of the term left, another container is not worth beginning.
const LEAST_TERM: Duration = Duration::from_secs(2);

/// Why a trial, and the job that serves it, end at their term.
pub const TERM_PASSED: &str = "its term has passed";

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Another container, after so long, with so much time.
    Replace {
        /// From now on.
        after: Duration,
        /// Until the end of the term.
        left: Duration,
    },
    /// The trial is over.
    End(TrialEvent, String),
}

/// The pause before a container is replaced that was itself replaced so often.
pub fn backoff(restarts: u32) -> Duration {
    let doubled = FIRST_BACKOFF.saturating_mul(1 << restarts.min(16));
    doubled.min(LONGEST_BACKOFF)
}

/// What follows the end of the job that served last.
pub fn after(trial: &Trial, job: &Job, now: OffsetDateTime) -> Next {
    let cause = job.cause.clone().unwrap_or(CauseOfDeath::NodeFailed);
    let reason = || job.stop.as_ref().map(|stop| stop.reason.clone());
    let told = || reason().unwrap_or_else(|| sentence(&cause));
    let left = Duration::try_from(trial.expire_time - now).unwrap_or_default();
    match &cause {
        CauseOfDeath::Revoked => return Next::End(TrialEvent::Revoke, told()),
        CauseOfDeath::Cancelled if left.is_zero() => {}
        CauseOfDeath::Cancelled if trial.unwell_job != job.name => {
            return Next::End(TrialEvent::Stop, told());
        }
        // It would be refused again.
        CauseOfDeath::ImageRefused(_) => return Next::End(TrialEvent::GiveUp, told()),
        CauseOfDeath::TimedOut => {}
        _ if left >= LEAST_TERM => return replace(trial, job, now, left, &told()),
        _ => {}
    }
    Next::End(TrialEvent::Expire, TERM_PASSED.to_owned())
}

fn replace(trial: &Trial, job: &Job, now: OffsetDateTime, left: Duration, why: &str) -> Next {
    if trial.restarts >= trial.max_restarts {
        let text = format!("{why}; it was replaced {} times before", trial.restarts);
        return Next::End(TrialEvent::GiveUp, text);
    }
    let ended = Duration::try_from(now - job.end_time.unwrap_or(now)).unwrap_or_default();
    let after = backoff(trial.restarts).saturating_sub(ended).min(left);
    Next::Replace { after, left }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use serde_json::json;

    use super::*;
    use crate::records::job::Stop;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn trial() -> Trial {
        let limits = sandyq_sandbox::Limits::default();
        serde_json::from_value(json!({
            "name": "sandboxes/b/trials/t", "sandbox": "sandboxes/b", "system": "systems/s",
            "organization": "", "display_name": "", "requester": "", "image": "", "command": [],
            "environment": {}, "outputs": [], "versions": [], "purpose": "", "limits": limits,
            "port": 8080, "max_restarts": 3, "state": "SERVING", "message": "",
            "health_check": {"path": "/", "interval_millis": 1, "grace_millis": 1, "failures": 1},
            "job": "j", "unwell_job": "", "restarts": 0, "expire_time": "1970-01-01T01:00:00Z",
            "end_time": null, "usage": {"requests": 0, "failures": 0, "request_bytes": 0,
            "answer_bytes": 0, "answer_millis": 0}, "users": {},
        }))
        .unwrap()
    }

    fn job(cause: CauseOfDeath) -> Job {
        let mut job: Job = serde_json::from_value(json!({
            "name": "j", "id": "j", "sandbox": "sandboxes/b", "organization": "", "display_name": "",
            "requester": "", "image": "", "command": [], "environment": {}, "grants": {},
            "purpose": "", "limits": sandyq_sandbox::Limits::default(),
            "conditions": {"log_tail_bytes": 0, "max_job_seconds": null},
            "reserved": crate::records::sandbox::Budget::default(), "state": "FAILED",
            "stop": null, "cause": null, "message": "", "start_time": null,
            "end_time": "1970-01-01T00:00:00Z", "usage": crate::records::job::Usage::default(),
            "output": null, "log": null,
        }))
        .unwrap();
        job.cause = Some(cause);
        job
    }

    fn end(trial: &Trial, job: &Job) -> Option<TrialEvent> {
        match after(trial, job, NOW) {
            Next::End(event, _) => Some(event),
            Next::Replace { .. } => None,
        }
    }

    #[test]
    fn a_container_that_failed_is_replaced_later_each_time_and_not_for_ever() {
        let failed = job(CauseOfDeath::Exit(0));
        let mut trial = trial();
        let mut pauses = Vec::new();
        while let Next::Replace { after, left } = after(&trial, &failed, NOW) {
            assert_eq!(left, Duration::from_secs(3600));
            pauses.push(after.as_secs());
            trial.restarts += 1;
        }
        assert_eq!(pauses, [1, 2, 4]);
        assert_eq!(end(&trial, &failed), Some(TrialEvent::GiveUp));
        assert_eq!(backoff(u32::MAX), LONGEST_BACKOFF);
    }

    #[test]
    fn a_trial_ends_with_its_right_its_term_and_on_request() {
        let mut trial = trial();
        for (cause, event) in [
            (CauseOfDeath::Revoked, TrialEvent::Revoke),
            (CauseOfDeath::TimedOut, TrialEvent::Expire),
            (CauseOfDeath::Cancelled, TrialEvent::Stop),
            (
                CauseOfDeath::ImageRefused(String::new()),
                TrialEvent::GiveUp,
            ),
        ] {
            assert_eq!(end(&trial, &job(cause)), Some(event));
        }
        let mut unwell = job(CauseOfDeath::Cancelled);
        unwell.stop = Some(Stop {
            cause: CauseOfDeath::Cancelled,
            reason: "unwell".to_owned(),
        });
        trial.unwell_job.clone_from(&unwell.name);
        assert_eq!(end(&trial, &unwell), None, "the platform stopped it itself");
        trial.expire_time = NOW + Duration::from_secs(1);
        assert_eq!(end(&trial, &unwell), Some(TrialEvent::Expire));
        trial.expire_time = NOW;
        let cancelled = job(CauseOfDeath::Cancelled);
        assert_eq!(end(&trial, &cancelled), Some(TrialEvent::Expire));
    }
}
