//! Admission: starts the jobs that the queue names, and keeps the queue true to the records.
//!
//! The queue hears of every record that is written, so that nothing has to be told to it, and reads that record alone. Where
//! it missed some, it is made anew from all of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sandyq_access::Decision;
use sandyq_sandbox::queue::Way;
use sandyq_sandbox::{CauseOfDeath, JobEvent, JobState};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tracing::Instrument;

use super::advance::{Harvest, apply};
use super::queue::Taken;
use super::{active, driver, shell, spec};
use crate::error::{Class, Result};
use crate::platform::Platform;
use crate::records::access::Grant;
use crate::records::job::Job;
use crate::records::library::Version;
use crate::records::sandbox::Sandbox;
use crate::records::system::System;
use crate::usage;

/// How soon a queue that could not go on is looked at again.
const PAUSE: Duration = Duration::from_secs(2);

/// The queue is looked at this often even when nothing happens.
const TICK: Duration = Duration::from_secs(60);

/// Runs until the server shuts down.
pub async fn run(platform: Arc<Platform>) {
    let mut changes = platform.changes();
    let mut missed = true;
    loop {
        if missed {
            missed = rebuild(&platform).await.is_err_and(|error| {
                tracing::error!("the queue was not read: {}", error.chain());
                true
            });
        }
        let going = !missed && start_all(&platform).await;
        let sleep = if going {
            let look = platform.queue.next_look(platform.now());
            look.unwrap_or(TICK).min(TICK)
        } else {
            PAUSE
        };
        tokio::select! {
            () = platform.shutdown.cancelled() => return,
            () = platform.wake.notified() => {}
            () = tokio::time::sleep(sleep) => {}
            heard = hear(&mut changes) => missed |= !heard_all(&platform, heard).await,
        }
    }
}

/// The names of jobs whose records were written; `None` when some were missed.
async fn hear(changes: &mut Receiver<Arc<str>>) -> Option<BTreeSet<Arc<str>>> {
    let mut names = BTreeSet::new();
    while names.is_empty() {
        match changes.recv().await {
            Ok(name) if is_job(&name) => {
                names.insert(name);
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return None,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
    loop {
        match changes.try_recv() {
            Ok(name) if is_job(&name) => {
                names.insert(name);
            }
            Ok(_) => {}
            Err(TryRecvError::Lagged(_)) => return None,
            Err(_) => return Some(names),
        }
    }
}

fn is_job(name: &str) -> bool {
    name.starts_with("sandboxes/") && name.contains("/jobs/")
}

/// Takes in what was heard of; says whether that was all.
async fn heard_all(platform: &Arc<Platform>, heard: Option<BTreeSet<Arc<str>>>) -> bool {
    let Some(names) = heard else { return false };
    for name in names {
        match platform.store.get::<Job>(&name).await {
            Ok(Some(job)) => {
                let taken = platform.queue.take_in(&job, platform.now());
                count(platform, &job, &taken);
                end_if(platform, &name, taken);
            }
            Ok(None) => platform.queue.forget(&name),
            Err(error) => {
                tracing::error!(job = &*name, "a job was not read: {error}");
                return false;
            }
        }
    }
    true
}

fn count(platform: &Platform, job: &Job, taken: &Taken) {
    match (taken, &job.cause) {
        (Taken::Ended, Some(cause)) => platform.metrics.ended(cause.name()),
        (Taken::Again, _) => platform.metrics.retried(),
        _ => {}
    }
}

async fn rebuild(platform: &Arc<Platform>) -> Result<()> {
    let jobs = active(platform, None).await?;
    for (name, taken) in platform.queue.rebuild(jobs, platform.now()) {
        end_if(platform, &name, taken);
    }
    Ok(())
}

/// Starts what can start; says whether the engine is there for it.
async fn start_all(platform: &Arc<Platform>) -> bool {
    if !platform.queue.is_waiting() {
        return true;
    }
    if let Err(error) = platform.engine.get().await {
        tracing::warn!("{error}");
        platform.queue.pause(Some(error.to_string()));
        return false;
    }
    platform.queue.pause(None);
    let tasks = platform.tasks.clone();
    while let Some(start) = platform.queue.next(platform.now()) {
        let platform = Arc::clone(platform);
        let span = tracing::debug_span!("admit", job = &*start.job);
        let admitting = async move {
            let name = start.job;
            if let Err(error) = admit(&platform, &name, start.way).await {
                tracing::error!(job = &*name, "a job was not admitted: {}", error.chain());
                platform.queue.put_back(&name, platform.now());
                platform.wake.notify_one();
            }
        };
        tasks.spawn(admitting.instrument(span));
    }
    true
}

/// Admits one job, if what it would run under is still in force.
async fn admit(platform: &Arc<Platform>, name: &str, way: Way) -> Result<()> {
    let job = platform.record::<Job>(name).await?;
    if !matches!(job.state, JobState::Queued(_)) {
        return Ok(());
    }
    if let Some(event) = early_end(platform, &job).await? {
        return end(platform, &job, event).await;
    }
    let way = match way {
        Way::Turn => "turn",
        Way::Backfill => "backfill",
    };
    let waited = Duration::try_from(platform.now() - job.create_time).unwrap_or_default();
    platform.metrics.started(way, waited);
    let nothing = Harvest::default();
    let (_, actions) = apply(platform, name, &JobEvent::Admit, "", &nothing).await?;
    driver::begin(platform, job.record.name, actions);
    Ok(())
}

/// Ends a job that waits no longer.
fn end_if(platform: &Arc<Platform>, name: &str, taken: Taken) {
    let message = match taken {
        Taken::Noted | Taken::Ended | Taken::Again => return,
        Taken::Stop => None,
        Taken::NeverFits(message) => Some(message),
    };
    let (platform, name) = (Arc::clone(platform), name.to_owned());
    platform.tasks.clone().spawn(async move {
        let outcome = async {
            if let Some(message) = message {
                let cause = CauseOfDeath::EngineError(message.clone());
                let event = JobEvent::StepFailed(cause);
                apply(&platform, &name, &event, &message, &Harvest::default()).await?;
                return Ok(());
            }
            let job = platform.record::<Job>(&name).await?;
            match early_end(&platform, &job).await? {
                Some(event) if !job.state.is_terminal() => end(&platform, &job, event).await,
                _ => Ok(()),
            }
        };
        let outcome: Result<()> = outcome.await;
        if let Err(error) = outcome {
            // It is heard of again at the next change of it, or at the next start.
            tracing::error!(job = name, "a job was not ended: {}", error.chain());
        }
    });
}

/// A queued job ends without having run when somebody wants it stopped, or when what it would run under has ended.
async fn early_end(platform: &Platform, job: &Job) -> Result<Option<JobEvent>> {
    if let Some(stop) = &job.stop {
        let revoked = stop.cause == sandyq_sandbox::CauseOfDeath::Revoked;
        return Ok(Some(if revoked {
            JobEvent::Revoke
        } else {
            JobEvent::Cancel
        }));
    }
    Ok((!still_allowed(platform, job).await?).then_some(JobEvent::Revoke))
}

/// Grants, sandbox and versions are asked for again at the start, not only at submission; so is the image.
async fn still_allowed(platform: &Platform, job: &Job) -> Result<bool> {
    if !still_covered(platform, job).await? {
        return Ok(false);
    }
    let image = platform
        .record::<crate::records::system::Image>(&job.image)
        .await?;
    Ok(image.state == crate::records::system::ImageState::Approved)
}

/// Whether the sandbox of a job and every grant that it uses are in force.
pub async fn still_covered(platform: &Platform, job: &Job) -> Result<bool> {
    Ok(uncovered(platform, job).await?.is_none())
}

/// What no longer covers a job, for people; `None` while everything that it needs is in force.
pub async fn uncovered(platform: &Platform, job: &Job) -> Result<Option<String>> {
    let told = |why: &str| Ok(Some(why.to_owned()));
    let sandbox = platform.record::<Sandbox>(&job.sandbox).await?;
    let open = sandbox.state == crate::records::sandbox::SandboxState::Active
        && sandbox.expire_time > platform.now();
    if !open {
        return told("its sandbox is no longer in force");
    }
    let system = platform.record::<System>(&sandbox.system).await?;
    if crate::governance::systems::in_force(&system).is_err() {
        return told("its AI system is no longer in force");
    }
    if job.shell.is_some() && shell::closed_library(platform, job).await?.is_some() {
        return told(RULE_CHANGED);
    }
    for (version, grant) in &job.grants {
        let version = platform.record::<Version>(version).await?;
        let grant = platform.record::<Grant>(grant).await?;
        let by = (job.requester.as_str(), job.purpose.as_str());
        let decision = usage::decide_by(platform, &sandbox, &version, by, &grant).await?;
        let conditions = &grant.conditions;
        let closed = (job.serving.is_some() && !conditions.trial_use)
            || (job.shell.is_some() && !conditions.interactive_viewing);
        if !decision.allowed {
            return Ok(Some(forbidden(platform, decision)));
        }
        if closed {
            return told(RULE_CHANGED);
        }
    }
    // The outputs that it serves are as they were released.
    match spec::released_files(platform, job).await {
        Ok(_) => Ok(None),
        Err(error) if error.class == Class::Precondition => Ok(Some(error.message)),
        Err(error) => Err(error),
    }
}

/// What a job is told whose library is lent no longer as it uses it.
const RULE_CHANGED: &str = "the owner's rule for a library that it uses no longer permits it";

/// Which policies stop a job, and whose they are.
fn forbidden(platform: &Platform, decision: Decision) -> String {
    let own = platform.policies.own();
    let (own, other): (Vec<String>, Vec<String>) = decision
        .reasons
        .into_iter()
        .partition(|reason| own.contains(reason));
    if other.is_empty() {
        format!(
            "a policy of the operator no longer permits it: {}",
            own.join("; ")
        )
    } else {
        format!(
            "its use of a library is no longer permitted: {}",
            other.join("; ")
        )
    }
}

async fn end(platform: &Platform, job: &Job, event: JobEvent) -> Result<()> {
    let message = job.stop.as_ref().map_or(
        "a grant, a version, the image or the sandbox that it needs is no longer in force",
        |stop| stop.reason.as_str(),
    );
    apply(platform, &job.name, &event, message, &Harvest::default()).await?;
    Ok(())
}
