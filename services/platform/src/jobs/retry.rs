//! Another attempt at a job that the platform failed to start. Only where it is certain that the command has not run:
//! nothing runs twice.

use std::sync::Arc;

use sandyq_sandbox::{CauseOfDeath, JobEvent, JobId, Observed};

use super::advance::{Harvest, sentence};
use super::{job_folder, remove_volume};
use crate::error::{Error, Result};
use crate::platform::Platform;
use crate::records::job::Job;

/// The event after a failed preparation: the job waits again while it has attempts left and the fault is the platform's.
pub async fn after(
    platform: &Arc<Platform>,
    job: &Job,
    cause: CauseOfDeath,
) -> (JobEvent, String, Harvest) {
    let message = sentence(&cause);
    let fault = matches!(
        cause,
        CauseOfDeath::EngineError(_) | CauseOfDeath::NodeFailed
    );
    let left = job.attempts <= platform.config.raw.jobs.retries;
    let event = if fault && left && job.stop.is_none() {
        match undone(platform, job).await {
            Ok(true) => JobEvent::Requeue,
            Ok(false) => JobEvent::StepFailed(cause),
            Err(error) => {
                tracing::warn!(job = job.name, "no other attempt: {}", error.chain());
                JobEvent::StepFailed(cause)
            }
        }
    } else {
        JobEvent::StepFailed(cause)
    };
    if event == JobEvent::Requeue {
        tracing::warn!(
            job = job.name,
            attempts = job.attempts,
            "waits for another attempt: {message}"
        );
    }
    (event, message, Harvest::default())
}

/// Removes what the attempt made; false when the container has run.
async fn undone(platform: &Arc<Platform>, job: &Job) -> Result<bool> {
    let engine = platform.engine.get().await?;
    let id = JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))?;
    match engine.observe(&id).await? {
        Observed::Absent | Observed::Created => {}
        _ => return Ok(false),
    }
    engine.remove(&id).await?;
    remove_volume(job_folder(platform, job)).await?;
    Ok(true)
}
