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
    /// The jobs of its sandbox that run take what the sandbox may have.
    SandboxBusy,
    /// The jobs of its organization that run take what the organization may have.
    OrganizationQuota,
    /// There is room, but it is kept for a job before it.
    Reserved,
    /// The platform failed to start it, and tries again in a moment.
    Retry,
    /// The container engine does not answer.
    EngineUnavailable,
}

impl WaitingReason {
    /// Every reason there is.
    pub const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Capacity,
        Self::SandboxBusy,
        Self::OrganizationQuota,
        Self::Reserved,
        Self::Retry,
        Self::EngineUnavailable,
    ];

    /// The stored and shown name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Capacity => "CAPACITY",
            Self::SandboxBusy => "SANDBOX_BUSY",
            Self::OrganizationQuota => "ORGANIZATION_QUOTA",
            Self::Reserved => "RESERVED",
            Self::Retry => "RETRY",
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
    /// The platform failed before the command could start, and what it had made
    /// is removed: the job waits for another attempt.
    Requeue,
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

impl Action {
    /// A word for it, for traces.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Launch => "launch",
            Self::Follow => "follow",
            Self::RecordCause(_) => "record cause",
            Self::Kill => "kill",
            Self::Collect => "collect",
            Self::CleanUp => "clean up",
        }
    }
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

        // Only here has the command certainly not started.
        (Staging, JobEvent::Requeue) => Ok((Queued(WaitingReason::Retry), vec![])),
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
mod tests;
