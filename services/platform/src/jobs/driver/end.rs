//! From the end of a program to nothing left of it on this machine.

use sandyq_sandbox::engine::host;
use sandyq_sandbox::outcome::ending;
use sandyq_sandbox::{CauseOfDeath, JobEvent, Observed};
use tokio::time::{sleep, timeout};

use super::{
    Driver, KILL_PAUSE, Outcome, PAUSE, REMOVAL_PATIENCE, STOP_PATIENCE, job_id, step_failed,
};
use crate::error::{Class, Error, Result};
use crate::failpoint::reach;
use crate::jobs::{collecting, end_remains, job_folder, remove_volume, staging};
use crate::records::job::Job;

impl Driver {
    /// Ends every process of the job: by the engine or, where that does not answer, by the kernel.
    pub(super) async fn kill(&self, job: &Job) -> Result<()> {
        let id = job_id(job)?;
        let by_engine = async { self.platform.engine.get().await?.kill(&id).await };
        match timeout(STOP_PATIENCE, by_engine).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => tracing::warn!(job = self.name, "{error}"),
            Err(_) => tracing::warn!(job = self.name, "the engine does not answer a kill"),
        }
        // Without a note of a container none was made, or none that was started: starting follows the note.
        let Some(container) = self.noted_container(job).await else {
            return Ok(());
        };
        let dead = tokio::task::spawn_blocking(move || host::kill_all(&container)).await;
        if dead.unwrap_or(false) {
            return Ok(());
        }
        Err(Error::new(
            Class::Unavailable,
            "JOB_NOT_KILLED",
            format!("neither the engine nor the kernel ended {}", self.name),
        ))
    }

    /// How the container stands once nothing of the job runs any more, and why the job ended. The engine is not waited for
    /// where nothing is kept of the job and the kernel knows that it is dead.
    async fn at_rest(&self) -> Result<(Observed, CauseOfDeath)> {
        let mut rounds = 0_u32;
        loop {
            let job = self.job().await?;
            let cause = cause_now(&job);
            let id = job_id(&job)?;
            let look = async {
                let engine = self.engine().await?;
                Ok::<_, Error>(engine.observe(&id).await?)
            };
            match timeout(STOP_PATIENCE, look).await {
                Ok(Ok(Observed::Running { .. })) => {
                    // The kill may have come before a start that was under way.
                    if rounds % 20 == 19 {
                        self.kill(&job).await?;
                    }
                    sleep(KILL_PAUSE / 5).await;
                }
                Ok(Ok(observed)) => return Ok((observed, cause)),
                _ => {
                    if !cause.keeps_outputs() && self.is_dead(&job).await {
                        return Ok((Observed::Absent, cause));
                    }
                    sleep(PAUSE).await;
                }
            }
            rounds += 1;
        }
    }

    /// Whether the engine knows of no container of the job.
    async fn is_gone(&self, job: &Job) -> bool {
        let look = async {
            let engine = self.platform.engine.get().await?;
            Ok::<_, Error>(engine.observe(&job_id(job)?).await?)
        };
        matches!(timeout(STOP_PATIENCE, look).await, Ok(Ok(Observed::Absent)))
    }

    /// Whether the kernel knows of no process of the job.
    async fn is_dead(&self, job: &Job) -> bool {
        match self.noted_container(job).await {
            None => true,
            Some(container) => !tokio::task::spawn_blocking(move || host::lives(&container))
                .await
                .unwrap_or(true),
        }
    }

    /// As [`Self::at_rest`], with what the job says at its end.
    async fn rest(&mut self, job: &Job) -> Result<(Observed, CauseOfDeath)> {
        let (observed, cause) = self.at_rest().await?;
        if let (Ok(engine), Observed::Exited { .. }) = (self.platform.engine.get().await, &observed)
        {
            let id = job_id(job)?;
            let heard = ending(engine.as_ref(), &id, observed.clone(), &mut self.usage);
            match timeout(REMOVAL_PATIENCE, heard).await {
                Ok(Ok(_)) => {}
                // What was measured while it ran is known all the same.
                _ => tracing::warn!(job = self.name, "the last word of the job was not heard"),
            }
        }
        Ok((observed, cause))
    }

    pub(super) async fn collect(&mut self, job: &Job) -> Result<Outcome> {
        let (observed, cause) = match self.ended.take() {
            Some(observed) => (observed, cause_now(job)),
            None => self.rest(job).await?,
        };
        if observed == Observed::Absent && cause.keeps_outputs() {
            // With the container went the log, so that what there is cannot be reviewed.
            return Ok(step_failed(CauseOfDeath::NodeFailed));
        }
        let read = staging::bytes(&self.platform, job).await;
        let measured = (&self.usage, read);
        let log = self.log.take();
        let harvest = collecting::harvest(&self.platform, job, &cause, measured, log).await;
        reach("harvested");
        match harvest {
            Ok(harvest) => Ok((JobEvent::Collected(cause), String::new(), harvest)),
            Err(error) if error.class == Class::Unavailable => Err(error),
            // Somebody took the container away in the meantime, and the log with it.
            Err(_) if self.is_gone(job).await => Ok(step_failed(CauseOfDeath::NodeFailed)),
            Err(error) => {
                // Not told to those outside: the reason may hold names that the job gave to its files.
                let why = error.chain();
                tracing::error!(
                    job = self.name,
                    "what the job left was not collected: {why}"
                );
                let told = "what it left could not be collected";
                Ok(step_failed(CauseOfDeath::EngineError(told.to_owned())))
            }
        }
    }

    /// Removes what the job had on this machine. What fails is logged, and left to the reconciler.
    pub(super) async fn clean_up(&self, job: &Job) {
        let container = async {
            let removal = async {
                self.engine()
                    .await?
                    .remove(&job_id(job)?)
                    .await
                    .map_err(Error::from)
            };
            timeout(REMOVAL_PATIENCE, removal)
                .await
                .unwrap_or_else(|_| {
                    let text = "the engine does not answer a removal";
                    Err(Error::new(Class::Unavailable, "ENGINE_HUNG", text))
                })
        };
        self.cleaned("container", container.await);
        reach("container-removed");
        // Looking through all processes is not for every job.
        if self.engine_went || self.taken_over {
            end_remains(&job_folder(&self.platform, job)).await;
        }
        self.cleaned(
            "volume",
            remove_volume(job_folder(&self.platform, job)).await,
        );
        reach("volume-removed");
        self.cleaned(
            "staged inputs",
            staging::wipe_unused(&self.platform, &job.sandbox).await,
        );
    }

    fn cleaned(&self, what: &str, outcome: Result<()>) {
        if let Err(error) = outcome {
            let why = error.chain();
            tracing::error!(job = self.name, "the job's {what} was not removed: {why}");
        }
    }
}

/// A wish that came while the job was ending still counts: what was revoked is not kept.
fn cause_now(job: &Job) -> CauseOfDeath {
    match (&job.stop, &job.cause) {
        (Some(stop), _) => stop.cause.clone(),
        (None, Some(cause)) => cause.clone(),
        (None, None) => CauseOfDeath::NodeFailed,
    }
}
