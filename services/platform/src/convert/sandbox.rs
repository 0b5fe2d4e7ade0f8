//! Sandboxes and jobs.

use std::time::Duration;

use prost_types::Timestamp;
use sandyq_proto::v1;
use sandyq_sandbox::{CauseOfDeath, JobState, Limits};
use sandyq_store::Stored;
use time::OffsetDateTime;

use super::{count, duration_millis, millis, timestamp, uncount};
use crate::error::{Error, Result};
use crate::jobs::queue::Waiting;
use crate::records::job::{Job, Shell};
use crate::records::sandbox::{Budget, Sandbox, SandboxState, Stage};

fn budget_message(budget: &Budget) -> v1::Budget {
    v1::Budget {
        cpu_duration: Some(duration_millis(budget.cpu_millis)),
        concurrent_jobs: i32::try_from(budget.concurrent_jobs).unwrap_or(i32::MAX),
        memory_bytes: count(budget.memory_bytes),
        output_bytes: count(budget.output_bytes),
        answer_bytes: count(budget.answer_bytes),
    }
}

/// A budget that a client named: every part is required but the bytes of answers, which only trials need.
///
/// # Errors
/// A part is missing or out of bounds.
pub fn budget(field: &str, message: &v1::Budget) -> Result<Budget> {
    let cpu = format!("{field}.cpu_duration");
    let duration = message
        .cpu_duration
        .as_ref()
        .ok_or_else(|| Error::invalid(&cpu, "is required"))?;
    let budget = Budget {
        cpu_millis: millis(&cpu, duration)?,
        concurrent_jobs: uncount(
            &format!("{field}.concurrent_jobs"),
            i64::from(message.concurrent_jobs),
        )?,
        memory_bytes: uncount(&format!("{field}.memory_bytes"), message.memory_bytes)?,
        output_bytes: uncount(&format!("{field}.output_bytes"), message.output_bytes)?,
        answer_bytes: uncount(&format!("{field}.answer_bytes"), message.answer_bytes)?,
    };
    for (name, value) in [
        ("cpu_duration", budget.cpu_millis),
        ("concurrent_jobs", budget.concurrent_jobs),
        ("memory_bytes", budget.memory_bytes),
        ("output_bytes", budget.output_bytes),
    ] {
        if value == 0 {
            return Err(Error::invalid(
                format!("{field}.{name}"),
                "must be above zero",
            ));
        }
    }
    Ok(budget)
}

/// The stage that a client named.
///
/// # Errors
/// Not set.
pub fn stage(field: &str, stage: v1::Stage) -> Result<Stage> {
    match stage {
        v1::Stage::Development => Ok(Stage::Development),
        v1::Stage::Training => Ok(Stage::Training),
        v1::Stage::TrialOperation => Ok(Stage::TrialOperation),
        v1::Stage::Unspecified => Err(Error::invalid(
            field,
            "name DEVELOPMENT, TRAINING or TRIAL_OPERATION",
        )),
    }
}

/// A stage as protobuf has it.
pub fn stage_message(stage: Stage) -> v1::Stage {
    match stage {
        Stage::Development => v1::Stage::Development,
        Stage::Training => v1::Stage::Training,
        Stage::TrialOperation => v1::Stage::TrialOperation,
    }
}

/// A sandbox, with what people saw of its jobs.
pub fn sandbox(stored: &Stored<Sandbox>, exits: v1::Exits) -> v1::Sandbox {
    v1::Sandbox {
        name: stored.name.clone(),
        display_name: stored.display_name.clone(),
        system: stored.system.clone(),
        stage: stage_message(stored.stage).into(),
        expire_time: Some(timestamp(stored.expire_time)),
        budget: Some(budget_message(&stored.budget)),
        organization: stored.organization.clone(),
        state: match stored.state {
            SandboxState::Requested => v1::sandbox::State::Requested,
            SandboxState::Active => v1::sandbox::State::Active,
            SandboxState::Denied => v1::sandbox::State::Denied,
            SandboxState::Expired => v1::sandbox::State::Expired,
            SandboxState::Destroyed => v1::sandbox::State::Destroyed,
        }
        .into(),
        decision_reason: stored.decision_reason.clone(),
        create_time: Some(timestamp(stored.create_time)),
        used: Some(budget_message(&stored.used)),
        exits: Some(exits),
    }
}

/// Limits that a client named; the defaults where nothing is said. Bounds are checked with the job.
///
/// # Errors
/// Negative.
pub fn limits(message: Option<&v1::Limits>) -> Result<Limits> {
    let mut out = Limits::default();
    let Some(message) = message else {
        return Ok(out);
    };
    let small = |field: &str, value: i64, default: u32| match value {
        0 => Ok(default),
        value => u32::try_from(value)
            .map_err(|_| Error::invalid(format!("job.limits.{field}"), "is out of bounds")),
    };
    let large = |field: &str, value: i64, default: u64| match value {
        0 => Ok(default),
        value => uncount(&format!("job.limits.{field}"), value),
    };
    out.cpu_millis = small("cpu_millis", message.cpu_millis.into(), out.cpu_millis)?;
    out.memory_bytes = large("memory_bytes", message.memory_bytes, out.memory_bytes)?;
    out.pids = small("pids", message.pids.into(), out.pids)?;
    out.output_bytes = large("output_bytes", message.output_bytes, out.output_bytes)?;
    out.output_files = small("output_files", message.output_files, out.output_files)?;
    out.log_bytes = large("log_bytes", message.log_bytes, out.log_bytes)?;
    out.tmp_bytes = large(
        "tmp_bytes",
        message.tmp_bytes,
        out.tmp_bytes.min(out.memory_bytes),
    )?;
    if let Some(duration) = &message.wall_clock_duration {
        out.wall_clock = Duration::from_millis(millis("job.limits.wall_clock_duration", duration)?);
    }
    Ok(out)
}

pub(super) fn limits_message(limits: &Limits) -> v1::Limits {
    v1::Limits {
        cpu_millis: i32::try_from(limits.cpu_millis).unwrap_or(i32::MAX),
        memory_bytes: count(limits.memory_bytes),
        pids: i32::try_from(limits.pids).unwrap_or(i32::MAX),
        output_bytes: count(limits.output_bytes),
        output_files: i64::from(limits.output_files),
        wall_clock_duration: Some(duration_millis(
            u64::try_from(limits.wall_clock.as_millis()).unwrap_or(u64::MAX),
        )),
        tmp_bytes: count(limits.tmp_bytes),
        log_bytes: count(limits.log_bytes),
    }
}

/// The state of a job.
pub fn job_state(state: JobState) -> v1::job::State {
    use v1::job::State;
    match state {
        JobState::Queued(_) => State::Queued,
        JobState::Staging => State::Staging,
        JobState::Running => State::Running,
        JobState::Collecting => State::Collecting,
        JobState::Succeeded => State::Succeeded,
        JobState::Failed => State::Failed,
        JobState::TimedOut => State::TimedOut,
        JobState::Cancelled => State::Cancelled,
        JobState::Lost => State::Lost,
    }
}

fn cause(cause: &CauseOfDeath) -> v1::CauseOfDeath {
    match cause {
        CauseOfDeath::Exit(_) => v1::CauseOfDeath::Exit,
        CauseOfDeath::TimedOut => v1::CauseOfDeath::TimedOut,
        CauseOfDeath::OutOfMemory => v1::CauseOfDeath::OutOfMemory,
        CauseOfDeath::PidsExhausted => v1::CauseOfDeath::PidsExhausted,
        CauseOfDeath::OutputQuota => v1::CauseOfDeath::OutputQuota,
        CauseOfDeath::NodeFailed => v1::CauseOfDeath::NodeFailed,
        CauseOfDeath::Cancelled => v1::CauseOfDeath::Cancelled,
        CauseOfDeath::Revoked => v1::CauseOfDeath::Revoked,
        CauseOfDeath::ImageRefused(_) => v1::CauseOfDeath::ImageRefused,
        // The engine's failures, and whatever a later version may add.
        _ => v1::CauseOfDeath::EngineError,
    }
}

/// A time that a job influences: in whole seconds where it could tell something by it.
fn time_of(job: &Job, time: OffsetDateTime) -> Timestamp {
    let exact = timestamp(time);
    Timestamp {
        nanos: if job.reads_data() { 0 } else { exact.nanos },
        ..exact
    }
}

fn shell(shell: &Shell) -> v1::Shell {
    let record = shell.record.as_ref();
    v1::Shell {
        idle_duration: Some(duration_millis(shell.idle_seconds.saturating_mul(1000))),
        rate_bytes: count(shell.bytes_per_second),
        shown_bytes: count(shell.shown),
        record_sha256: record
            .map(|record| record.sha256.clone())
            .unwrap_or_default(),
        record_bytes: record.map_or(0, |record| count(record.bytes)),
    }
}

/// A job.
pub fn job(stored: &Stored<Job>) -> v1::Job {
    let usage = &stored.usage;
    let ended = stored.state.is_terminal();
    v1::Job {
        name: stored.name.clone(),
        display_name: stored.display_name.clone(),
        image: stored.image.clone(),
        command: stored.command.clone(),
        environment: stored.environment.clone().into_iter().collect(),
        versions: stored.grants.keys().cloned().collect(),
        purpose: stored.purpose.clone(),
        limits: Some(limits_message(&stored.limits)),
        state: job_state(stored.state).into(),
        waiting_reason: stored
            .state
            .waiting_reason()
            .map(|reason| reason.as_str().to_owned())
            .unwrap_or_default(),
        cause_of_death: stored
            .cause
            .as_ref()
            .filter(|_| ended)
            .map_or(v1::CauseOfDeath::Unspecified, cause)
            .into(),
        exit_code: match stored.cause {
            Some(CauseOfDeath::Exit(code)) if ended => code,
            _ => 0,
        },
        state_message: stored.message.clone(),
        usage: ended.then(|| v1::Usage {
            wall_clock_duration: Some(duration_millis(usage.wall_millis)),
            cpu_duration: Some(duration_millis(usage.cpu_millis)),
            peak_memory_bytes: count(usage.peak_memory_bytes),
            input_bytes: count(usage.input_bytes),
            output_bytes: count(usage.output_bytes),
            log_bytes: count(usage.log_bytes),
            log_dropped_bytes: count(usage.log_dropped_bytes),
            output_files: count(usage.output_files),
            energy_millijoules: count(usage.energy_millijoules),
        }),
        output: stored.output.clone().unwrap_or_default(),
        create_time: Some(timestamp(stored.create_time)),
        start_time: stored.start_time.map(|time| time_of(stored, time)),
        end_time: stored.end_time.map(|time| time_of(stored, time)),
        grants: stored.grants.values().cloned().collect(),
        priority: stored.priority,
        attempts: i32::try_from(stored.attempts).unwrap_or(i32::MAX),
        conditions: Some(super::conditions_message(&stored.conditions)),
        trial: stored.trial_name().to_owned(),
        shell: stored.shell.as_ref().map(shell),
        ..v1::Job::default()
    }
}

/// Adds to a job what the queue knows of it.
pub fn waiting(job: &mut v1::Job, waiting: Waiting) {
    waiting.reason.as_str().clone_into(&mut job.waiting_reason);
    if !waiting.message.is_empty() {
        job.state_message = waiting.message;
    }
    job.queue_position = i32::try_from(waiting.position).unwrap_or(i32::MAX);
    job.estimated_start_time = waiting.start.map(timestamp);
}
