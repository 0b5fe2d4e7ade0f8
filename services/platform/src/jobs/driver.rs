//! Drives one job through its states by carrying out the actions that the pure state machine names.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sandyq_sandbox::outcome::{cause, deadline, follow, reconcile};
use sandyq_sandbox::state::resume;
use sandyq_sandbox::volume::{OutputVolume, VolumeError};
use sandyq_sandbox::{
    Action, CauseOfDeath, Engine, EngineError, JobEvent, JobId, JobSpec, Observed, Usage,
};
use sandyq_store::Stored;
use tracing::Instrument;

use super::advance::{Harvest, apply, sentence};
use super::{collecting, job_folder, raw_job, remove_volume, retry, staging, submit};
use crate::error::{Class, Error, Result, chain};
use crate::platform::Platform;
use crate::records::job::Job;

/// How often a running job is measured.
const PERIOD: Duration = Duration::from_secs(2);

/// Pause before the engine is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause before a failed step is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a job waits for an engine that is away before it is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// The exit code of a program that was killed (128 and SIGKILL).
const KILLED: i32 = 137;

/// How often, and at what distance, the engine is asked again why a program was killed.
const KILL_LOOKS: u32 = 10;
const KILL_PAUSE: Duration = Duration::from_millis(100);

/// Goes on to drive a job that an earlier process left, until it has ended.
pub fn start(platform: &Arc<Platform>, name: String) {
    drive(platform, name, None);
}

/// Drives a job that was just admitted, of which the engine cannot know anything yet.
pub fn begin(platform: &Arc<Platform>, name: String, actions: Vec<Action>) {
    drive(platform, name, Some(actions));
}

/// A step that failed, because the engine was away for instance, is tried again: what is left to be done is found out
/// anew from the record and the engine.
fn drive(platform: &Arc<Platform>, name: String, first: Option<Vec<Action>>) {
    let platform = Arc::clone(platform);
    platform.tasks.clone().spawn(async move {
        let mut driver = Driver {
            platform: Arc::clone(&platform),
            name,
            usage: Usage::default(),
        };
        tokio::select! {
            // The container goes on; the next process adopts it.
            () = platform.shutdown.cancelled() => {}
            () = driver.run_to_the_end(first) => {}
        }
    });
}

struct Driver {
    platform: Arc<Platform>,
    name: String,
    usage: Usage,
}

impl Driver {
    async fn run_to_the_end(&mut self, mut first: Option<Vec<Action>>) {
        let mut pause = PAUSE;
        while let Err(error) = self.run(first.take()).await {
            tracing::error!(job = self.name, "a step failed: {}", error.chain());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn run(&mut self, first: Option<Vec<Action>>) -> Result<()> {
        let mut todo: VecDeque<Action> = match first {
            Some(actions) => actions.into(),
            None => self.first_actions(&*self.job().await?).await?.into(),
        };
        while let Some(action) = todo.pop_front() {
            let span = tracing::debug_span!("job", job = self.name, step = action.name());
            if let Some((event, message, harvest)) = self.carry_out(action).instrument(span).await?
            {
                let (_, actions) =
                    apply(&self.platform, &self.name, &event, &message, &harvest).await?;
                todo.extend(actions);
            }
        }
        Ok(())
    }

    async fn job(&self) -> Result<Stored<Job>> {
        self.platform.record::<Job>(&self.name).await
    }

    /// What a fresh look at the engine, or the stored state alone, calls for.
    async fn first_actions(&self, job: &Job) -> Result<Vec<Action>> {
        let engine = self.engine().await?;
        let observed = engine.observe(&job_id(job)?).await?;
        match reconcile(job.state, &observed) {
            Some(event) => {
                let message = match event {
                    JobEvent::Vanished => sentence(&CauseOfDeath::NodeFailed),
                    _ => String::new(),
                };
                Ok(apply(
                    &self.platform,
                    &self.name,
                    &event,
                    &message,
                    &Harvest::default(),
                )
                .await?
                .1)
            }
            None => Ok(resume(job.state)),
        }
    }

    /// The engine; waits a while for one that is away.
    async fn engine(&self) -> Result<Arc<dyn Engine>> {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.platform.engine.get().await {
                Ok(engine) => return Ok(engine),
                Err(error) if error.is_transient() && tokio::time::Instant::now() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn carry_out(&mut self, action: Action) -> Result<Option<(JobEvent, String, Harvest)>> {
        let job = self.job().await?;
        match action {
            Action::Stage => Ok(Some(self.stage(&job).await)),
            Action::Launch => Ok(Some(self.launch(&job).await)),
            Action::Follow => self.follow(&job).await.map(Some),
            Action::Kill => {
                self.engine().await?.kill(&job_id(&job)?).await?;
                Ok(None)
            }
            Action::Collect => self.collect(&job).await.map(Some),
            Action::CleanUp => {
                self.clean_up(&job).await;
                Ok(None)
            }
            // The cause was stored together with the state.
            _ => Ok(None),
        }
    }

    /// Somebody wants the job to end.
    fn stopped(job: &Job) -> Option<(JobEvent, String, Harvest)> {
        let stop = job.stop.as_ref()?;
        let event = match stop.cause {
            CauseOfDeath::Revoked => JobEvent::Revoke,
            _ => JobEvent::Cancel,
        };
        Some((event, stop.reason.clone(), Harvest::default()))
    }

    async fn stage(&self, job: &Job) -> (JobEvent, String, Harvest) {
        if let Some(stop) = Self::stopped(job) {
            return stop;
        }
        match self.prepare(job).await {
            Ok(()) => (JobEvent::Staged, String::new(), Harvest::default()),
            Err(cause) => retry::after(&self.platform, job, cause).await,
        }
    }

    /// Makes the volume, lays out the inputs and has the container made, all at the same time as far as they do not need
    /// one another.
    async fn prepare(&self, job: &Job) -> Result<(), CauseOfDeath> {
        let (folder, limits) = (job_folder(&self.platform, job), job.limits);
        let volume = on_disk(move || {
            // What an earlier process left was never used: the container had not begun.
            OutputVolume::at(&folder).remove()?;
            OutputVolume::reserve(&folder)
        })
        .await?;
        let filled = on_disk(move || volume.fill(limits.output_bytes, limits.output_files));
        let made = async {
            staging::stage(&self.platform, job)
                .await
                .map_err(|error| CauseOfDeath::EngineError(error.chain()))?;
            let spec = self.spec(job).await?;
            let created = match self.platform.engine.get().await {
                Ok(engine) => engine.create(&spec).await.map(drop),
                Err(error) => Err(error),
            };
            match created {
                // The launch waits for an engine that is away, and creates what is missing.
                Err(error) if !error.is_transient() => Err(error.cause()),
                _ => Ok(()),
            }
        };
        let (filled, made) = tokio::join!(filled, made);
        filled.and(made)
    }

    async fn launch(&self, job: &Job) -> (JobEvent, String, Harvest) {
        if let Some(stop) = Self::stopped(job) {
            return stop;
        }
        match self.start(job).await {
            Ok(()) => (JobEvent::Started, String::new(), Harvest::default()),
            Err(cause) => step_failed(cause),
        }
    }

    async fn spec(&self, job: &Job) -> Result<JobSpec, CauseOfDeath> {
        let failed = |error: Error| CauseOfDeath::EngineError(error.chain());
        let inputs = submit::inputs(&self.platform, job).await.map_err(failed)?;
        raw_job(&self.platform, job, inputs)
            .validate()
            .map_err(|error| CauseOfDeath::EngineError(error.to_string()))
    }

    /// Starts the container, and first makes what a restart in the middle of the preparation left unmade.
    async fn start(&self, job: &Job) -> Result<(), CauseOfDeath> {
        let (folder, limits) = (job_folder(&self.platform, job), job.limits);
        on_disk(move || {
            if OutputVolume::at(&folder).is_mounted()? {
                return Ok(());
            }
            OutputVolume::create(&folder, limits.output_bytes, limits.output_files).map(drop)
        })
        .await?;
        let spec = self.spec(job).await?;
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let attempt: Result<(), EngineError> = async {
                let engine = self.platform.engine.get().await?;
                match engine.start(spec.id()).await {
                    Err(EngineError::NoContainer { .. }) => {
                        engine.create(&spec).await?;
                        engine.start(spec.id()).await
                    }
                    other => other,
                }
            }
            .await;
            match attempt {
                Ok(()) => return Ok(()),
                Err(error) if error.is_transient() && tokio::time::Instant::now() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(error.cause()),
            }
        }
    }

    /// Follows the container to its end, its deadline, or somebody's wish.
    async fn follow(&mut self, job: &Stored<Job>) -> Result<(JobEvent, String, Harvest)> {
        let id = job_id(job)?;
        let platform = Arc::clone(&self.platform);
        let mut changes = platform.changes();
        loop {
            if let Some(stop) = Self::stopped(&*self.job().await?) {
                return Ok(stop);
            }
            let engine = self.engine().await?;
            let since = match engine.observe(&id).await? {
                Observed::Running { since } => since,
                Observed::Exited { started, .. } => started.unwrap_or(SystemTime::UNIX_EPOCH),
                Observed::Absent | Observed::Created => {
                    let message = sentence(&CauseOfDeath::NodeFailed);
                    return Ok((JobEvent::Vanished, message, Harvest::default()));
                }
            };
            let left = deadline(since, job.limits.wall_clock)
                .duration_since(SystemTime::now())
                .unwrap_or_default();
            let name = self.name.clone();
            tokio::select! {
                biased;
                observed = follow(engine.as_ref(), &id, PERIOD, &mut self.usage, |_| {}) => match observed {
                    Ok(Observed::Absent | Observed::Created) => {
                        let message = sentence(&CauseOfDeath::NodeFailed);
                        return Ok((JobEvent::Vanished, message, Harvest::default()));
                    }
                    Ok(observed) => {
                        let observed = self.settled(engine.as_ref(), &id, observed).await;
                        return Ok(self.ended(job, &observed));
                    }
                    // The engine went away; look again when it is back.
                    Err(error) if error.is_transient() => tokio::time::sleep(PAUSE).await,
                    Err(error) => {
                        tracing::warn!(job = name, "{error}");
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                () = tokio::time::sleep(left) => {
                    return Ok((JobEvent::DeadlinePassed, sentence(&CauseOfDeath::TimedOut), Harvest::default()));
                }
                () = changed(&mut changes, &name) => {}
            }
        }
    }

    /// The engine learns of an exit and of the kernel's killing for memory by two ways, and may tell of the exit first. Where
    /// a kill is all that is known, it is asked again for a moment.
    async fn settled(&self, engine: &dyn Engine, id: &JobId, first: Observed) -> Observed {
        let mut observed = first;
        for _ in 0..KILL_LOOKS {
            let unexplained = matches!(
                observed,
                Observed::Exited {
                    code: KILLED,
                    oom: false,
                    ..
                }
            );
            if !unexplained || self.usage.oom_kills > 0 {
                break;
            }
            tokio::time::sleep(KILL_PAUSE).await;
            match engine.observe(id).await {
                Ok(again @ Observed::Exited { .. }) => observed = again,
                _ => break,
            }
        }
        observed
    }

    fn ended(&self, job: &Job, observed: &Observed) -> (JobEvent, String, Harvest) {
        let full = OutputVolume::at(&job_folder(&self.platform, job))
            .is_full()
            .unwrap_or(false);
        let cause = cause(observed, &self.usage, full);
        let message = sentence(&cause);
        (JobEvent::Ended(cause), message, Harvest::default())
    }

    async fn collect(&mut self, job: &Job) -> Result<(JobEvent, String, Harvest)> {
        let engine = self.engine().await?;
        // Also after a kill the container takes a moment to stop.
        let observed = engine.wait(&job_id(job)?).await?;
        if let Observed::Exited {
            started: Some(started),
            finished: Some(finished),
            ..
        } = observed
        {
            self.usage.wall = finished.duration_since(started).unwrap_or_default();
        }
        // A wish that came while the job was ending still counts: what was revoked is not kept.
        let cause = match (&job.stop, &job.cause) {
            (Some(stop), _) => stop.cause.clone(),
            (None, Some(cause)) => cause.clone(),
            (None, None) => CauseOfDeath::NodeFailed,
        };
        let read = staging::bytes(&self.platform, job).await;
        match collecting::harvest(&self.platform, job, &cause, &self.usage, read).await {
            Ok(harvest) => Ok((JobEvent::Collected(cause), String::new(), harvest)),
            Err(error) if error.class == Class::Unavailable => Err(error),
            Err(error) => Ok(step_failed(CauseOfDeath::EngineError(error.chain()))),
        }
    }

    /// Removes what the job had on this machine. What fails is logged, and left to the sweep at the next start.
    async fn clean_up(&self, job: &Job) {
        let outcome: Result<()> = async {
            self.engine().await?.remove(&job_id(job)?).await?;
            remove_volume(job_folder(&self.platform, job)).await?;
            staging::wipe_unused(&self.platform, &job.sandbox).await
        }
        .await;
        if let Err(error) = outcome {
            tracing::error!(
                job = job.name,
                "not everything of the job was removed: {}",
                error.chain()
            );
        }
    }
}

/// Does what waits for the disk, away from the threads that serve.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VolumeError> + Send + 'static,
) -> Result<T, CauseOfDeath> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(CauseOfDeath::EngineError(chain(&error))),
        Err(error) => Err(CauseOfDeath::EngineError(error.to_string())),
    }
}

fn step_failed(cause: CauseOfDeath) -> (JobEvent, String, Harvest) {
    let message = sentence(&cause);
    (JobEvent::StepFailed(cause), message, Harvest::default())
}

fn job_id(job: &Job) -> Result<JobId> {
    JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))
}

/// Returns when the record was written, or might have been.
async fn changed(changes: &mut tokio::sync::broadcast::Receiver<Arc<str>>, name: &str) {
    loop {
        match changes.recv().await {
            Ok(changed) if *changed == *name => return,
            Ok(_) => {}
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => return,
            Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                std::future::pending::<()>().await;
            }
        }
    }
}
