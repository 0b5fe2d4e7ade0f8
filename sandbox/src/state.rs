//! The state machine of a job: pure, so that it is tested without an engine.
//!
//! The caller stores the new state (and a recorded cause) in one transaction and
//! then carries out the actions. Every action is idempotent, so that after a
//! crash the caller may carry out the actions of the stored state again
//! ([`resume`]); none of them can make a command run twice, because
//! [`Action::Launch`] belongs to [`JobState::Staging`] alone and the engine
//! starts only a container that has never run.

use serde::{Deserialize, Serialize};

use crate::cause::CauseOfDeath;

/// Why a job is still queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum WaitingReason {
    /// It was accepted and has not been looked at yet.
    Accepted,
    /// The node has no room (cpu, memory, disk) until another job ends.
    Capacity,
    /// Its sandbox runs as many jobs as it may.
    SandboxBusy,
    /// The container engine does not answer.
    EngineUnavailable,
}

impl WaitingReason {
    /// Every reason there is.
    pub const ALL: [Self; 4] = [
        Self::Accepted,
        Self::Capacity,
        Self::SandboxBusy,
        Self::EngineUnavailable,
    ];

    /// The stored and shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Capacity => "CAPACITY",
            Self::SandboxBusy => "SANDBOX_BUSY",
            Self::EngineUnavailable => "ENGINE_UNAVAILABLE",
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobState {
    /// Accepted; waits for the reason given.
    Queued(WaitingReason),
    /// Its data and output volume are being prepared, or its container launched.
    Staging,
    /// The container runs.
    Running,
    /// The container is being stopped, and what it left is being collected.
    Collecting,
    /// The command ended with code 0, and its outputs are held.
    Succeeded,
    /// It ended otherwise; the cause of death says how.
    Failed,
    /// The wall clock limit passed.
    TimedOut,
    /// Cancelled by its owner, or ended because a grant was revoked.
    Cancelled,
    /// The container vanished; what it did is not known.
    Lost,
}

impl JobState {
    /// The stored and shown name, without the reason for waiting.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued(_) => "QUEUED",
            Self::Staging => "STAGING",
            Self::Running => "RUNNING",
            Self::Collecting => "COLLECTING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Cancelled => "CANCELLED",
            Self::Lost => "LOST",
        }
    }

    /// The reason for waiting, when queued.
    #[must_use]
    pub fn waiting_reason(self) -> Option<WaitingReason> {
        match self {
            Self::Queued(reason) => Some(reason),
            _ => None,
        }
    }

    /// Reads back what [`as_str`](Self::as_str) and
    /// [`waiting_reason`](Self::waiting_reason) wrote; `None` for unknown names.
    #[must_use]
    pub fn parse(state: &str, reason: Option<&str>) -> Option<Self> {
        let queued = || {
            let reason = reason.unwrap_or("ACCEPTED");
            WaitingReason::ALL
                .into_iter()
                .find(|known| known.as_str() == reason)
                .map(Self::Queued)
        };
        if state == "QUEUED" {
            queued()
        } else {
            Self::UNQUEUED
                .into_iter()
                .find(|known| known.as_str() == state)
        }
    }

    const UNQUEUED: [Self; 8] = [
        Self::Staging,
        Self::Running,
        Self::Collecting,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Cancelled,
        Self::Lost,
    ];

    /// Whether nothing more will happen to the job.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::TimedOut | Self::Cancelled | Self::Lost
        )
    }
}

/// What happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobEvent {
    /// It still has to wait, for this reason.
    Wait(WaitingReason),
    /// There is room: preparation may begin.
    Admit,
    /// Inputs and output volume are ready.
    Staged,
    /// The container was started (or was found started after a restart).
    Started,
    /// The container ended; the cause comes from [`crate::outcome::cause`].
    Ended(CauseOfDeath),
    /// The wall clock limit passed.
    DeadlinePassed,
    /// Its owner cancelled it.
    Cancel,
    /// A grant or its sandbox ended.
    Revoke,
    /// The container was started once and is no longer there.
    Vanished,
    /// The container is stopped and its outputs are held (or discarded).
    /// Carries the cause recorded for the job.
    Collected(CauseOfDeath),
    /// A step failed for good: preparation, launch or collection.
    StepFailed(CauseOfDeath),
}

/// What the caller must do after a transition, in order. All are idempotent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Prepare inputs and the output volume, then report `Staged`.
    Stage,
    /// Create the container if there is none, start it if it never ran, then
    /// report `Started`.
    Launch,
    /// Follow the container, and report `DeadlinePassed` at its limit.
    Follow,
    /// Store the cause with the job, in the transaction of the state change.
    RecordCause(CauseOfDeath),
    /// Kill the container.
    Kill,
    /// Wait for the container to be stopped, freeze the volume, hold outputs and
    /// log if the cause keeps them, then report `Collected`.
    Collect,
    /// Remove container, volume and staged inputs.
    CleanUp,
}

/// An event that has no meaning in a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a job in state {} cannot take {event:?}", state.as_str())]
pub struct TransitionError {
    /// The state the job is in, and stays in.
    pub state: JobState,
    /// The event that was refused.
    pub event: JobEvent,
}

/// What follows from an event.
///
/// # Errors
/// [`TransitionError`] when the event has no meaning in the state; every event
/// is refused by a terminal state.
pub fn transition(
    state: JobState,
    event: JobEvent,
) -> Result<(JobState, Vec<Action>), TransitionError> {
    use JobState::{Collecting, Queued, Running, Staging};
    match (state, event) {
        (Queued(_), JobEvent::Wait(reason)) => Ok((Queued(reason), vec![])),
        (Queued(_), JobEvent::Admit) => Ok((Staging, vec![Action::Stage])),
        (Queued(_), JobEvent::Cancel) => Ok(end(CauseOfDeath::Cancelled)),
        (Queued(_), JobEvent::Revoke) => Ok(end(CauseOfDeath::Revoked)),
        (Queued(_) | Staging, JobEvent::StepFailed(cause)) => Ok(end(cause)),

        (Staging, JobEvent::Staged) => Ok((Staging, vec![Action::Launch])),
        (Staging, JobEvent::Started) => Ok((Running, vec![Action::Follow])),

        // The container may be on its way up, so it is stopped like a running one.
        (Staging | Running, JobEvent::Cancel) => Ok(stop(CauseOfDeath::Cancelled)),
        (Staging | Running, JobEvent::Revoke) => Ok(stop(CauseOfDeath::Revoked)),
        (Running, JobEvent::DeadlinePassed) => Ok(stop(CauseOfDeath::TimedOut)),
        (Running, JobEvent::Started) => Ok((Running, vec![])),
        (Running, JobEvent::Ended(cause)) => Ok((
            Collecting,
            vec![Action::RecordCause(cause), Action::Collect],
        )),
        (Running, JobEvent::Vanished) => Ok(end(CauseOfDeath::NodeFailed)),
        (Running, JobEvent::StepFailed(cause)) => Ok(stop(cause)),

        // The first cause stands: the end that follows a kill, and a deadline that
        // passes meanwhile, are echoes.
        (Collecting, JobEvent::Ended(_) | JobEvent::DeadlinePassed | JobEvent::Vanished) => {
            Ok((Collecting, vec![]))
        }
        // Except that what was cancelled or revoked must not be kept.
        (Collecting, JobEvent::Cancel) => Ok((
            Collecting,
            vec![Action::RecordCause(CauseOfDeath::Cancelled)],
        )),
        (Collecting, JobEvent::Revoke) => {
            Ok((Collecting, vec![Action::RecordCause(CauseOfDeath::Revoked)]))
        }
        (Collecting, JobEvent::Collected(cause)) => {
            Ok((cause.final_state(), vec![Action::CleanUp]))
        }
        (Collecting, JobEvent::StepFailed(cause)) => Ok(end(cause)),

        (state, event) => Err(TransitionError { state, event }),
    }
}

/// The actions that bring a job on from a stored state after a restart.
#[must_use]
pub fn resume(state: JobState) -> Vec<Action> {
    match state {
        JobState::Queued(_) => vec![],
        JobState::Staging => vec![Action::Stage],
        JobState::Running => vec![Action::Follow],
        JobState::Collecting => vec![Action::Kill, Action::Collect],
        _ => vec![Action::CleanUp],
    }
}

fn end(cause: CauseOfDeath) -> (JobState, Vec<Action>) {
    (
        cause.final_state(),
        vec![Action::RecordCause(cause), Action::CleanUp],
    )
}

fn stop(cause: CauseOfDeath) -> (JobState, Vec<Action>) {
    (
        JobState::Collecting,
        vec![Action::RecordCause(cause), Action::Kill, Action::Collect],
    )
}

#[cfg(test)]
mod tests {
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
}
