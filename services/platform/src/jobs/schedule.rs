//! The queue: admits jobs while there is room, in the order in which they came.

use std::sync::Arc;
use std::time::Duration;

use sandyq_sandbox::{JobEvent, JobState, WaitingReason};
use sandyq_store::Stored;

use super::advance::{Harvest, apply};
use super::{active, driver, occupies};
use crate::error::Result;
use crate::platform::Platform;
use crate::records::job::Job;
use crate::records::library::Version;
use crate::records::sandbox::Sandbox;
use crate::records::system::{System, SystemState};
use crate::usage;

/// The queue is looked at this often even when nobody woke it.
const TICK: Duration = Duration::from_secs(2);

/// Runs until the server shuts down.
pub async fn run(platform: Arc<Platform>) {
    loop {
        if let Err(error) = pass(&platform).await {
            tracing::error!("the queue was not looked through: {}", error.chain());
        }
        tokio::select! {
            () = platform.shutdown.cancelled() => return,
            () = platform.wake.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn pass(platform: &Arc<Platform>) -> Result<()> {
    let jobs = active(platform, None).await?;
    let mut running = jobs.iter().filter(|job| occupies(job.state)).count();
    let mut memory: u64 = jobs
        .iter()
        .filter(|job| occupies(job.state))
        .map(|job| job.limits.memory_bytes)
        .sum();
    let mut queued: Vec<_> = jobs
        .into_iter()
        .filter(|job| matches!(job.state, JobState::Queued(_)))
        .collect();
    queued.sort_by_key(|job| job.create_time);
    let most = &platform.config.raw.jobs;
    for job in queued {
        if let Some(event) = early_end(platform, &job).await? {
            let message = job
                .stop
                .as_ref()
                .map(|stop| stop.reason.clone())
                .unwrap_or_default();
            end(platform, &job, event, &message).await?;
            continue;
        }
        let room = running < most.concurrent
            && memory.saturating_add(job.limits.memory_bytes) <= most.memory_bytes;
        if !room {
            wait(platform, &job, WaitingReason::Capacity, "").await?;
            continue;
        }
        if let Err(error) = platform.engine.get().await {
            tracing::warn!("{error}");
            wait(
                platform,
                &job,
                WaitingReason::EngineUnavailable,
                &error.to_string(),
            )
            .await?;
            continue;
        }
        let (_, actions) = apply(
            platform,
            &job.name,
            &JobEvent::Admit,
            "",
            &Harvest::default(),
        )
        .await?;
        running += 1;
        memory += job.limits.memory_bytes;
        driver::begin(platform, job.record.name, actions);
    }
    Ok(())
}

async fn wait(
    platform: &Platform,
    job: &Stored<Job>,
    reason: WaitingReason,
    message: &str,
) -> Result<()> {
    let name = job.name.clone();
    platform
        .change::<Job>(&name, |job| {
            if !matches!(job.state, JobState::Queued(known) if known != reason) {
                return Ok(None);
            }
            job.state = JobState::Queued(reason);
            message.clone_into(&mut job.message);
            let detail = [("reason", serde_json::json!(reason.as_str()))];
            Ok(Some(sandyq_store::Change::new(crate::call::system_event(
                "JobWaits",
                &job.name,
                &job.organization,
                detail,
            ))))
        })
        .await?;
    Ok(())
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
pub(super) async fn still_covered(platform: &Platform, job: &Job) -> Result<bool> {
    let sandbox = platform.record::<Sandbox>(&job.sandbox).await?;
    let open = sandbox.state == crate::records::sandbox::SandboxState::Active
        && sandbox.expire_time > platform.now();
    if !open {
        return Ok(false);
    }
    let system = platform.record::<System>(&sandbox.system).await?;
    if system.state != SystemState::Registered {
        return Ok(false);
    }
    for (version, grant) in &job.grants {
        let version = platform.record::<Version>(version).await?;
        let grant = platform.record(grant).await?;
        let decision =
            usage::decide_by(platform, &sandbox, &version, &job.purpose, Some(&grant)).await?;
        if !decision.allowed {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn end(platform: &Platform, job: &Job, event: JobEvent, message: &str) -> Result<()> {
    let message = if message.is_empty() {
        "a grant, a version, the image or the sandbox that it needs is no longer in force"
    } else {
        message
    };
    apply(platform, &job.name, &event, message, &Harvest::default()).await?;
    Ok(())
}
