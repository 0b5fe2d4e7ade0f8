//! From admission to a container that runs.

use std::path::{Path, PathBuf};

use sandyq_sandbox::engine::host;
use sandyq_sandbox::serve::ServeFolder;
use sandyq_sandbox::stage::StageError;
use sandyq_sandbox::volume::{OutputVolume, VolumeError};
use sandyq_sandbox::{CauseOfDeath, ContainerId, Engine, EngineError, JobEvent, JobSpec, Observed};
use tokio::time::{Instant, sleep};

use super::{Driver, Outcome, PATIENCE, PAUSE, STOP_PATIENCE, step_failed};
use crate::error::{Error, Result, chain};
use crate::failpoint::reach;
use crate::jobs::advance::Harvest;
use crate::jobs::{
    container_file, job_folder, noted_container, retry, serve_folder, spec, staging,
};
use crate::records::job::Job;

impl Driver {
    pub(super) async fn stage(&mut self, job: &Job) -> Result<Outcome> {
        if let Some(stop) = Self::stopped(job) {
            return Ok(stop);
        }
        if may_have_begun(&begun_file(&job_folder(&self.platform, job)), job) {
            // Its container went before anybody saw it run, or with the machine.
            return Ok(step_failed(CauseOfDeath::NodeFailed));
        }
        let prepared = self.prepare(job).await;
        self.prepared = matches!(prepared, Ok(true));
        if let Some(stop) = Self::stopped(&*self.job().await?) {
            return Ok(stop);
        }
        Ok(match prepared {
            Ok(_) => (JobEvent::Staged, String::new(), Harvest::default()),
            Err(cause) => retry::after(&self.platform, job, cause).await,
        })
    }

    /// Makes the volume, lays out the inputs and has the container made, all at the same time as far as they do not need
    /// one another. A wish to stop cuts all of it but the volume, which must not appear after it was removed. Whether the container
    /// was made too.
    async fn prepare(&self, job: &Job) -> Result<bool, CauseOfDeath> {
        let (folder, limits) = (job_folder(&self.platform, job), job.limits);
        let serves = job.serving.is_some();
        let volume = on_disk(move || {
            // What an earlier process left was never used: the container had not begun.
            OutputVolume::at(&folder).remove()?;
            let volume = OutputVolume::reserve(&folder)?;
            open_way_in(&folder, serves)?;
            Ok(volume)
        })
        .await?;
        reach("volume-reserved");
        let filled = async {
            let filled =
                on_disk(move || Ok(volume.fill(limits.output_bytes, limits.output_files)?));
            let filled = filled.await;
            reach("volume-filled");
            filled
        };
        let made = async {
            tokio::select! {
                biased;
                stop = self.wish() => stop.map(|_| false).map_err(|error| CauseOfDeath::EngineError(error.chain())),
                made = self.lay_out_and_create(job) => made,
            }
        };
        let (filled, made) = tokio::join!(filled, made);
        filled.and(made)
    }

    async fn lay_out_and_create(&self, job: &Job) -> Result<bool, CauseOfDeath> {
        staging::stage(&self.platform, job)
            .await
            .map_err(|error| CauseOfDeath::EngineError(error.chain()))?;
        reach("inputs-staged");
        let spec = self.spec(job).await?;
        let created = match self.platform.engine.get().await {
            Ok(engine) => self.create(engine.as_ref(), job, &spec).await,
            Err(error) => Err(error),
        };
        reach("container-created");
        match created {
            // The launch waits for an engine that is away, and creates what is missing.
            Err(error) if !error.is_transient() => Err(error.cause()),
            made => Ok(made.is_ok()),
        }
    }

    /// Creates the container, or adopts the one that is there, and notes which it is.
    async fn create(
        &self,
        engine: &dyn Engine,
        job: &Job,
        spec: &JobSpec,
    ) -> Result<(), EngineError> {
        let container = engine.create(spec).await?;
        let note = container_file(&job_folder(&self.platform, job));
        // Without the note nobody could end the job while the engine hangs.
        let written = tokio::fs::write(&note, container.as_str()).await;
        written.map_err(|error| EngineError::Mount {
            path: note,
            reason: format!("its folder cannot be written to: {error}"),
        })
    }

    /// The job's container, as it was noted; the engine need not answer.
    pub(super) async fn noted_container(&self, job: &Job) -> Option<ContainerId> {
        noted_container(&job_folder(&self.platform, job)).await
    }

    pub(super) async fn launch(&mut self, job: &Job) -> Result<Outcome> {
        if let Some(stop) = Self::stopped(job) {
            return Ok(stop);
        }
        let wish = self.wish();
        let launched = tokio::select! {
            launched = self.start(job) => launched,
            // A start that is under way is let finish, but not for long.
            stop = async { let stop = wish.await; sleep(STOP_PATIENCE).await; stop } => return stop,
        };
        reach("container-started");
        self.begun = launched.is_ok();
        Ok(match launched {
            Ok(()) => (JobEvent::Started, String::new(), Harvest::default()),
            Err(cause) => step_failed(cause),
        })
    }

    async fn spec(&self, job: &Job) -> Result<JobSpec, CauseOfDeath> {
        let failed = |error: Error| CauseOfDeath::EngineError(error.chain());
        let raw = spec::of(&self.platform, job).await.map_err(failed)?;
        raw.validate()
            .map_err(|error| CauseOfDeath::EngineError(error.to_string()))
    }

    /// Makes what a restart in the middle of the preparation left unmade.
    async fn mend_volume(&self, job: &Job) -> Result<(), CauseOfDeath> {
        let (folder, limits) = (job_folder(&self.platform, job), job.limits);
        let serves = job.serving.is_some();
        on_disk(move || {
            open_way_in(&folder, serves)?;
            if OutputVolume::at(&folder).is_mounted()? {
                return Ok(());
            }
            OutputVolume::create(&folder, limits.output_bytes, limits.output_files)?;
            Ok(())
        })
        .await
    }

    /// Starts the container, and first makes what is missing of it.
    async fn start(&mut self, job: &Job) -> Result<(), CauseOfDeath> {
        if !self.prepared {
            self.mend_volume(job).await?;
        }
        let spec = self.spec(job).await?;
        let until = Instant::now() + PATIENCE;
        loop {
            let attempt = async {
                let engine = self.platform.engine.get().await?;
                self.begin_once(engine.as_ref(), job, &spec).await
            };
            match attempt.await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(CauseOfDeath::NodeFailed),
                Err(error) if error.is_transient() && Instant::now() < until => {
                    // It may have started the container before it went, and ended it when it went.
                    self.engine_went = true;
                    sleep(PAUSE).await;
                }
                Err(error) => return Err(error.cause()),
            }
        }
    }

    /// Starts the container, if no start was asked for before. An engine that was killed in the middle of one may say afterwards
    /// that the container has never run, though its command has: then it is not known, and nothing is run twice. False says so.
    async fn begin_once(
        &self,
        engine: &dyn Engine,
        job: &Job,
        spec: &JobSpec,
    ) -> Result<bool, EngineError> {
        let note = begun_file(&job_folder(&self.platform, job));
        if may_have_begun(&note, job) {
            let observed = engine.observe(spec.id()).await?;
            return Ok(!matches!(observed, Observed::Absent | Observed::Created));
        }
        if !self.prepared && self.noted_container(job).await.is_none() {
            self.create(engine, job, spec).await?;
        }
        note_begun(&note, job).await?;
        let started = match engine.start(spec.id()).await {
            Err(EngineError::NoContainer { .. }) => {
                self.create(engine, job, spec).await?;
                engine.start(spec.id()).await
            }
            other => other,
        };
        if started.as_ref().is_err_and(EngineError::never_reached) {
            // Without the note gone, the job is taken for one that may have run.
            let _ = tokio::fs::remove_file(&note).await;
        }
        started.map(|()| true)
    }
}

/// The file in a job's folder that says that the engine was asked to start its container.
fn begun_file(folder: &Path) -> PathBuf {
    folder.join("begun")
}

/// Whether a start was asked for, or the machine went down after the job was admitted: notes are not made durable, so that then the
/// lack of one says nothing.
fn may_have_begun(note: &Path, job: &Job) -> bool {
    let boot = job.boot.as_deref();
    note.exists() || boot.is_some_and(|boot| host::boot() != Some(boot))
}

/// Not waited for until the disk has it: who reads it reads the same machine's memory, or the machine went down, which the job's
/// record tells.
async fn note_begun(note: &Path, job: &Job) -> Result<(), EngineError> {
    let path = note.to_owned();
    let durable = job.boot.is_none();
    let written = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::create(path)?;
        if durable { file.sync_all() } else { Ok(()) }
    });
    let written = written.await.map_err(std::io::Error::other).flatten();
    written.map_err(|error| EngineError::Mount {
        path: note.to_owned(),
        reason: format!("its folder cannot be written to: {error}"),
    })
}

/// Makes the folder of the socket, where the job serves.
fn open_way_in(folder: &Path, serves: bool) -> Result<(), Preparing> {
    if serves {
        ServeFolder::at(&serve_folder(folder)).make()?;
    }
    Ok(())
}

/// What the disk, or the memory in its place, refused.
#[derive(Debug, thiserror::Error)]
enum Preparing {
    #[error(transparent)]
    Volume(#[from] VolumeError),
    #[error(transparent)]
    WayIn(#[from] StageError),
}

/// Does what waits for the disk, away from the threads that serve.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Preparing> + Send + 'static,
) -> Result<T, CauseOfDeath> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(CauseOfDeath::EngineError(chain(&error))),
        Err(error) => Err(CauseOfDeath::EngineError(error.to_string())),
    }
}
