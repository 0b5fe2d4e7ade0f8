#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
use super::*;
use crate::config::RawJobs;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn stored(number: u32, state: JobState, attempts: u32) -> Stored<Job> {
    let record = serde_json::from_value(serde_json::json!({
        "name": format!("sandboxes/s/jobs/{number}"),
        "id": format!("j{number}"),
        "sandbox": "sandboxes/s",
        "organization": "organizations/o",
        "display_name": "",
        "requester": "users/u",
        "image": "images/i",
        "command": ["true"],
        "environment": {},
        "grants": {},
        "purpose": "research",
        "limits": sandyq_sandbox::Limits::default(),
        "conditions": crate::records::access::Conditions::default(),
        "reserved": crate::records::sandbox::Budget::default(),
        "attempts": attempts,
        "state": state,
        "stop": null,
        "cause": null,
        "message": "",
        "start_time": null,
        "end_time": null,
        "usage": crate::records::job::Usage::default(),
        "output": null,
        "log": null,
    }));
    Stored {
        record: record.unwrap(),
        revision: 1,
        create_time: NOW + Duration::from_secs(number.into()),
        update_time: NOW,
    }
}

fn one_slot() -> Jobs {
    Jobs::new(
        RawJobs {
            concurrent: 1,
            ..RawJobs::default()
        }
        .policy(),
    )
}

const ACCEPTED: JobState = JobState::Queued(WaitingReason::Accepted);

#[test]
fn a_failed_attempt_waits_and_a_late_record_changes_nothing() {
    let jobs = one_slot();
    let later = NOW + Duration::from_secs(60);
    assert_eq!(jobs.take_in(&stored(1, ACCEPTED, 0), NOW), Taken::Noted);
    assert!(jobs.next(NOW).is_some());
    // The record does not say yet that it was admitted.
    assert_eq!(jobs.take_in(&stored(1, ACCEPTED, 0), NOW), Taken::Noted);
    assert_eq!(jobs.waiting("sandboxes/s/jobs/1", NOW), None);
    jobs.take_in(&stored(1, JobState::Staging, 1), NOW);
    let again = stored(1, JobState::Queued(WaitingReason::Retry), 1);
    assert_eq!(jobs.take_in(&again, NOW), Taken::Again);
    let waiting = jobs.waiting("sandboxes/s/jobs/1", NOW).unwrap();
    assert_eq!(
        (waiting.reason, waiting.position),
        (WaitingReason::Retry, 1)
    );
    assert_eq!(jobs.next(NOW), None);
    assert!(jobs.next(later).is_some());
    jobs.take_in(&stored(1, JobState::Running, 2), later);
    assert_eq!(
        jobs.take_in(&stored(1, JobState::Failed, 2), later),
        Taken::Ended
    );
    assert_eq!(
        jobs.take_in(&stored(1, JobState::Failed, 2), later),
        Taken::Noted
    );
}

#[test]
fn what_was_missed_is_made_good_from_the_records() {
    let jobs = one_slot();
    for number in 1..=3 {
        jobs.take_in(&stored(number, ACCEPTED, 0), NOW);
    }
    let records = vec![
        stored(4, ACCEPTED, 0),
        stored(2, JobState::Running, 1),
        stored(3, ACCEPTED, 0),
    ];
    jobs.rebuild(records, NOW);
    assert_eq!(jobs.waiting("sandboxes/s/jobs/1", NOW), None);
    let reason = |number: u32| {
        let name = format!("sandboxes/s/jobs/{number}");
        jobs.waiting(&name, NOW).map(|waiting| waiting.reason)
    };
    assert_eq!(reason(2), None);
    assert_eq!(reason(3), Some(WaitingReason::Capacity));
    assert_eq!(reason(4), Some(WaitingReason::Capacity));
    let counts = jobs.counts();
    assert!(counts.states.contains(&("RUNNING", 1)));
    assert!(counts.states.contains(&("QUEUED", 2)));
    assert!(counts.reasons.contains(&("CAPACITY", 2)));
}

#[test]
fn a_stopped_job_and_one_that_never_fits_are_to_be_ended() {
    let jobs = one_slot();
    let mut stopped = stored(1, ACCEPTED, 0);
    stopped.stop = Some(crate::records::job::Stop {
        cause: sandyq_sandbox::CauseOfDeath::Cancelled,
        reason: "enough".to_owned(),
    });
    assert_eq!(jobs.take_in(&stopped, NOW), Taken::Stop);
    let mut large = stored(2, ACCEPTED, 0);
    large.limits.memory_bytes = u64::MAX;
    assert!(matches!(jobs.take_in(&large, NOW), Taken::NeverFits(_)));
    assert!(!jobs.is_waiting());
}
