//! Applies an event to a job: the pure transition, then one change with its audit entry.

use sandyq_sandbox::engine::host;
use sandyq_sandbox::logs::HeldBack;
use sandyq_sandbox::{Action, CauseOfDeath, JobEvent, JobState, transition};
use sandyq_store::{Change, Stored};
use serde_json::json;

use super::exits;
use crate::call::system_event;
use crate::error::{Class, Error, Result};
use crate::failpoint::reach;
use crate::platform::Platform;
use crate::records::airlock::Output;
use crate::records::job::{Job, Usage};
use crate::records::sandbox::{Budget, Sandbox};

/// How often an event is tried again when another wrote the job or its sandbox meanwhile.
const ATTEMPTS: usize = 64;

/// What a job leaves behind, kept together with its last state.
#[derive(Debug, Clone, Default)]
pub struct Harvest {
    /// The output for the airlock.
    pub output: Option<Output>,
    /// Objects of its files and of the open part of the log.
    pub objects: Vec<sandyq_store::ObjectRecord>,
    /// Place of the object with the open part of the log, and where in it that part is.
    pub log: Option<(String, std::ops::Range<u64>)>,
    /// What that part does not have.
    pub log_held_back: HeldBack,
    /// What it used.
    pub usage: Usage,
}

/// Applies an event. Returns the job as it is now and what is to be done next.
///
/// # Errors
/// The event is not possible in the job's state, or the store's.
pub async fn apply(
    platform: &Platform,
    name: &str,
    event: &JobEvent,
    message: &str,
    harvest: &Harvest,
) -> Result<(Stored<Job>, Vec<Action>)> {
    for _ in 0..ATTEMPTS {
        let mut job = platform.record::<Job>(name).await?;
        let before = job.state;
        let overruling = overruling(&job, event, harvest);
        let (event, message, harvest) = match &overruling {
            Some((event, message, harvest)) => (event, message.as_str(), harvest),
            None => (event, message, harvest),
        };
        let (state, actions) = transition(job.state, event.clone())
            .map_err(|error| Error::precondition("WRONG_STATE", error.to_string()))?;
        job.state = state;
        if let JobEvent::Collected(cause) = event {
            job.cause = Some(cause.clone());
        }
        if let Some(Action::RecordCause(cause)) = actions
            .iter()
            .find(|action| matches!(action, Action::RecordCause(_)))
        {
            job.cause = Some(cause.clone());
        }
        if state == before && !actions.iter().any(|a| matches!(a, Action::RecordCause(_))) {
            return Ok((job, actions));
        }
        // What a job waited for is of no interest once it goes on.
        if !message.is_empty() || matches!(before, JobState::Queued(_)) {
            message.clone_into(&mut job.message);
        }
        let change = change(platform, &mut job, event, harvest).await?;
        let name = state.as_str();
        reach(&format!("before {name}"));
        match platform.commit(change.update(&job)?).await {
            Ok(()) => {
                reach(&format!("after {name}"));
                job.revision += 1;
                if state.is_terminal() {
                    platform.wake.notify_one();
                }
                return Ok((job, actions));
            }
            Err(error) if error.class == Class::Aborted => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(
        Class::Aborted,
        "CONCURRENT_CHANGE",
        format!("{name} is changed all the time"),
    ))
}

/// A wish to stop that came while outputs were being collected still counts: what must not be kept is not kept.
fn overruling(
    job: &Job,
    event: &JobEvent,
    harvest: &Harvest,
) -> Option<(JobEvent, String, Harvest)> {
    let (JobEvent::Collected(cause), Some(stop)) = (event, &job.stop) else {
        return None;
    };
    if stop.cause.keeps_outputs() || !cause.keeps_outputs() {
        return None;
    }
    let usage = Usage {
        output_bytes: 0,
        output_files: 0,
        log_bytes: 0,
        ..harvest.usage
    };
    let nothing = Harvest {
        usage,
        ..Harvest::default()
    };
    Some((
        JobEvent::Collected(stop.cause.clone()),
        stop.reason.clone(),
        nothing,
    ))
}

async fn change(
    platform: &Platform,
    job: &mut Stored<Job>,
    event: &JobEvent,
    harvest: &Harvest,
) -> Result<Change> {
    let now = platform.now();
    if matches!(event, JobEvent::Admit) {
        job.attempts = job.attempts.saturating_add(1);
        job.boot = host::boot().map(str::to_owned);
    }
    if matches!(event, JobEvent::Started) && job.start_time.is_none() {
        job.start_time = Some(now);
    }
    let ended = job.state.is_terminal();
    if (ended || job.state == JobState::Collecting) && job.end_time.is_none() {
        job.end_time = Some(now);
    }
    let mut detail = vec![("state", json!(job.state.as_str()))];
    if let Some(cause) = &job.cause {
        detail.push(("cause", json!(cause.name())));
    }
    let mut change = Change::new(sandyq_store::Event {
        detail: detail.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        ..system_event("JobAdvanced", &job.name, &job.organization, [])
    });
    if !ended {
        return Ok(change);
    }
    // Rounded here, so that sums and differences of what is kept tell no more than each.
    job.usage = if job.reads_data() {
        harvest.usage.coarse()
    } else {
        harvest.usage
    };
    (job.log, job.log_range) = harvest.log.clone().unzip();
    job.log_held_back = harvest.log_held_back;
    for object in &harvest.objects {
        change = change.keep_object(object.clone());
    }
    if let Some(output) = &harvest.output {
        job.output = Some(output.name.clone());
        let event = system_event(
            "OutputCollected",
            &output.name,
            &output.organization,
            [
                ("manifest_sha256", json!(output.manifest_sha256)),
                ("files", json!(output.file_count())),
            ],
        );
        change = change.also(event).insert(output)?;
    }
    let mut sandbox = platform.record::<Sandbox>(&job.sandbox).await?;
    job.cause = exits::told(platform, job, &mut sandbox);
    let really = Budget {
        cpu_millis: job.usage.cpu_millis,
        output_bytes: job.usage.output_bytes,
        ..Budget::default()
    };
    sandbox.used = sandbox.used.settle(&job.reserved, &really);
    Ok(change.update(&sandbox)?)
}

/// What happened, for people.
pub fn sentence(cause: &CauseOfDeath) -> String {
    match cause {
        CauseOfDeath::Exit(127) => "the program was not found in the image (code 127)".to_owned(),
        // Its code is told where the job's grants open it.
        CauseOfDeath::Exit(_) => "the program ended by itself".to_owned(),
        CauseOfDeath::TimedOut => "the wall clock limit passed".to_owned(),
        CauseOfDeath::OutOfMemory => {
            "the memory limit was reached; ask for more with limits.memory_bytes".to_owned()
        }
        CauseOfDeath::PidsExhausted => {
            "the limit of processes was reached; ask for more with limits.pids".to_owned()
        }
        CauseOfDeath::OutputQuota => {
            "/out was full; ask for more with limits.output_bytes or limits.output_files".to_owned()
        }
        CauseOfDeath::NodeFailed => "the container vanished; submit the job again".to_owned(),
        CauseOfDeath::ImageRefused(reason) => format!("the image was not run: {reason}"),
        CauseOfDeath::EngineError(reason) => format!("the platform could not run it: {reason}"),
        other => other.name().to_lowercase(),
    }
}
