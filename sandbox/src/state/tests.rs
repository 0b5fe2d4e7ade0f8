#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
use proptest::prelude::*;

use super::*;

fn causes() -> Vec<CauseOfDeath> {
    vec![
        CauseOfDeath::Exit(0),
        CauseOfDeath::Exit(3),
        CauseOfDeath::TimedOut,
        CauseOfDeath::OutOfMemory,
        CauseOfDeath::PidsExhausted,
        CauseOfDeath::OutputQuota,
        CauseOfDeath::NodeFailed,
        CauseOfDeath::Cancelled,
        CauseOfDeath::Revoked,
        CauseOfDeath::ImageRefused("absent".to_owned()),
        CauseOfDeath::EngineError("down".to_owned()),
    ]
}

fn events() -> Vec<JobEvent> {
    let mut all = vec![
        JobEvent::Admit,
        JobEvent::Requeue,
        JobEvent::Staged,
        JobEvent::Started,
        JobEvent::DeadlinePassed,
        JobEvent::Cancel,
        JobEvent::Revoke,
        JobEvent::Vanished,
    ];
    all.extend(WaitingReason::ALL.map(JobEvent::Wait));
    for cause in causes() {
        all.push(JobEvent::Ended(cause.clone()));
        all.push(JobEvent::Collected(cause.clone()));
        all.push(JobEvent::StepFailed(cause));
    }
    all
}

fn states() -> Vec<JobState> {
    let queued = WaitingReason::ALL.map(JobState::Queued);
    queued.into_iter().chain(JobState::UNQUEUED).collect()
}

#[test]
fn terminal_states_absorb() {
    for state in states().into_iter().filter(|s| s.is_terminal()) {
        for event in events() {
            assert_eq!(
                transition(state, event.clone()),
                Err(TransitionError { state, event })
            );
        }
    }
}

#[test]
fn every_state_reaches_an_end() {
    for start in states().into_iter().filter(|s| !s.is_terminal()) {
        let mut reached = vec![start];
        let mut next = 0;
        while let Some(&state) = reached.get(next) {
            next += 1;
            for (to, _) in events()
                .into_iter()
                .filter_map(|e| transition(state, e).ok())
            {
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        assert!(reached.contains(&JobState::Succeeded), "{start:?}");
        assert!(reached.contains(&JobState::Failed), "{start:?}");
        assert!(reached.contains(&JobState::Cancelled), "{start:?}");
    }
}

#[test]
fn cancel_and_revoke_work_until_the_end() {
    for state in states().into_iter().filter(|s| !s.is_terminal()) {
        for (event, cause) in [
            (JobEvent::Cancel, CauseOfDeath::Cancelled),
            (JobEvent::Revoke, CauseOfDeath::Revoked),
        ] {
            let (to, actions) = transition(state, event).unwrap();
            assert!(actions.contains(&Action::RecordCause(cause.clone())));
            assert!(to == JobState::Cancelled || to == JobState::Collecting);
            if to == JobState::Collecting {
                let (end, _) = transition(to, JobEvent::Collected(cause)).unwrap();
                assert_eq!(end, JobState::Cancelled);
            }
        }
    }
}

#[test]
fn names_are_read_back() {
    for state in states() {
        let reason = state.waiting_reason().map(WaitingReason::as_str);
        assert_eq!(JobState::parse(state.as_str(), reason), Some(state));
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<JobState>(&json).unwrap(), state);
        assert!(json.contains(state.as_str()));
    }
    assert_eq!(JobState::parse("NO_SUCH", None), None);
    assert_eq!(JobState::parse("QUEUED", Some("NO_SUCH")), None);
}

#[test]
fn the_first_cause_stands() {
    let (state, actions) = transition(JobState::Running, JobEvent::DeadlinePassed).unwrap();
    assert_eq!(
        actions,
        vec![
            Action::RecordCause(CauseOfDeath::TimedOut),
            Action::Kill,
            Action::Collect
        ]
    );
    assert_eq!(
        transition(state, JobEvent::Ended(CauseOfDeath::Exit(137))),
        Ok((JobState::Collecting, vec![]))
    );
}

proptest! {
    /// Whatever happens in whatever order: once a container was reported
    /// started, no later step stages or launches; every end cleans up and has
    /// a cause recorded before it.
    #[test]
    fn nothing_runs_twice(picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..60)) {
        let all = events();
        let mut state = JobState::Queued(WaitingReason::Accepted);
        let mut started = false;
        let mut recorded = false;
        for pick in picks {
            let event = all.get(pick.index(all.len())).unwrap().clone();
            let Ok((next, actions)) = transition(state, event.clone()) else { continue };
            started |= event == JobEvent::Started;
            if started {
                prop_assert!(!actions.contains(&Action::Launch));
                prop_assert!(!actions.contains(&Action::Stage));
                prop_assert!(!resume(next).contains(&Action::Stage));
            }
            recorded |= actions.iter().any(|a| matches!(a, Action::RecordCause(_)));
            if next.is_terminal() {
                prop_assert!(recorded);
                prop_assert_eq!(actions.last(), Some(&Action::CleanUp));
            }
            state = next;
        }
    }
}
