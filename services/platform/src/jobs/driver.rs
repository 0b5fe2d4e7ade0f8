//! Drives one job through its states by carrying out the actions that the pure state machine names.

mod end;
mod prepare;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sandyq_sandbox::engine::LogFrame;
use sandyq_sandbox::outcome::{Ending, cause, deadline, follow, reconcile};
use sandyq_sandbox::state::resume;
use sandyq_sandbox::volume::OutputVolume;
use sandyq_sandbox::{Action, CauseOfDeath, Engine, JobEvent, JobId, JobState, Observed, Usage};
use sandyq_store::Stored;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::Instrument;

use super::advance::{Harvest, apply, sentence};
use super::job_folder;
use crate::error::{Error, Result};
use crate::failpoint::reach;
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

/// How long the engine may take over a wish to stop, before the kernel is asked to carry it out.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// How long the engine may take to remove a container before the rest is removed without it.
const REMOVAL_PATIENCE: Duration = Duration::from_secs(20);

/// What a step ended with.
type Outcome = (JobEvent, String, Harvest);

/// The exit code of a program that was killed (128 and SIGKILL).
const KILLED: i32 = 137;

/// The exit code that the engine gives to a container of which it lost track.
const LOST_TRACK: i32 = 255;

/// Pause before a container that was killed is looked at again.
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
/// anew from the record and the engine. A job is driven once at a time.
fn drive(platform: &Arc<Platform>, name: String, first: Option<Vec<Action>>) {
    let Some(driven) = platform.driven.begin(&name) else {
        return;
    };
    let platform = Arc::clone(platform);
    platform.tasks.clone().spawn(async move {
        let mut driver = Driver {
            written: driven.heard(),
            platform: Arc::clone(&platform),
            name,
            usage: Usage::default(),
            engine_went: false,
            taken_over: first.is_none(),
            prepared: false,
            begun: false,
            ended: None,
            log: None,
        };
        tokio::select! {
            // The container goes on; the next process adopts it.
            () = platform.shutdown.cancelled() => {}
            () = driver.run_to_the_end(first) => {}
        }
        drop(driven);
    });
}

struct Driver {
    platform: Arc<Platform>,
    name: String,
    /// Told each time its record is written.
    written: Arc<Notify>,
    usage: Usage,
    /// The engine was away while the container ran; it may have ended it when it came back.
    engine_went: bool,
    /// An earlier process, or an earlier driver, began with it.
    taken_over: bool,
    /// Its volume and its container were made here.
    prepared: bool,
    /// The container was just started, and not looked at since.
    begun: bool,
    /// How the container stood when it was followed to its end, with its last word in `usage`: it does not begin again.
    ended: Option<Observed>,
    /// Its whole log, where that was read with the last word.
    log: Option<Vec<LogFrame>>,
}

impl Driver {
    async fn run_to_the_end(&mut self, mut first: Option<Vec<Action>>) {
        let mut pause = PAUSE;
        while let Err(error) = self.run(first.take()).await {
            tracing::error!(job = self.name, "a step failed: {}", error.chain());
            sleep(pause).await;
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

    /// What somebody's wish, a fresh look at the engine, or the stored state alone calls for.
    async fn first_actions(&self, job: &Job) -> Result<Vec<Action>> {
        if !matches!(job.state, JobState::Staging | JobState::Running) {
            return Ok(resume(job.state));
        }
        let look = async {
            let engine = self.engine().await?;
            Ok::<_, Error>(engine.observe(&job_id(job)?).await?)
        };
        let (event, message, harvest) = tokio::select! {
            biased;
            stop = self.wish() => stop?,
            observed = look => match reconcile(job.state, &observed?) {
                None => return Ok(resume(job.state)),
                Some(JobEvent::Vanished) => vanished(),
                Some(event) => (event, String::new(), Harvest::default()),
            },
        };
        let applied = apply(&self.platform, &self.name, &event, &message, &harvest).await?;
        Ok(applied.1)
    }

    /// The engine; waits a while for one that is away.
    async fn engine(&self) -> Result<Arc<dyn Engine>> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.platform.engine.get().await {
                Ok(engine) => return Ok(engine),
                Err(error) if error.is_transient() && Instant::now() < until => {
                    sleep(PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn carry_out(&mut self, action: Action) -> Result<Option<Outcome>> {
        let job = self.job().await?;
        match action {
            Action::Stage => self.stage(&job).await.map(Some),
            Action::Launch => self.launch(&job).await.map(Some),
            Action::Follow => self.follow(&job).await.map(Some),
            Action::Kill => {
                self.kill(&job).await?;
                reach("killed");
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
    fn stopped(job: &Job) -> Option<Outcome> {
        let stop = job.stop.as_ref()?;
        let event = match stop.cause {
            CauseOfDeath::Revoked => JobEvent::Revoke,
            _ => JobEvent::Cancel,
        };
        Some((event, stop.reason.clone(), Harvest::default()))
    }

    /// Returns when somebody wants the job to end.
    fn wish(&self) -> impl Future<Output = Result<Outcome>> + Send + use<> {
        let (platform, name) = (Arc::clone(&self.platform), self.name.clone());
        let written = Arc::clone(&self.written);
        async move {
            loop {
                let mut heard = pin!(written.notified());
                // From before the record is read, so that no wish is missed.
                heard.as_mut().enable();
                if let Some(stop) = Self::stopped(&*platform.record::<Job>(&name).await?) {
                    return Ok(stop);
                }
                heard.await;
            }
        }
    }

    /// Follows the container to its end, its deadline, or somebody's wish, whatever the engine does meanwhile.
    async fn follow(&mut self, job: &Stored<Job>) -> Result<Outcome> {
        let wish = self.wish();
        tokio::select! {
            biased;
            stop = wish => stop,
            outcome = self.watch(job) => outcome,
        }
    }

    /// The deadline is an instant of the monotonic clock, so that nobody moves it who sets the wall clock, and an engine
    /// that is away does not put it off.
    async fn watch(&mut self, job: &Stored<Job>) -> Result<Outcome> {
        let id = job_id(job)?;
        // As long as it is not known when the container began: not before now.
        let mut due = Instant::now() + job.limits.wall_clock;
        loop {
            let begun = std::mem::take(&mut self.begun);
            let look = async {
                let engine = self.engine().await?;
                let observed = if begun {
                    Observed::Running {
                        since: SystemTime::now(),
                    }
                } else {
                    engine.observe(&id).await?
                };
                Ok::<_, Error>((engine, observed))
            };
            let looked = tokio::select! {
                biased;
                looked = look => looked,
                () = sleep_until(due) => return Ok(overdue()),
            };
            let engine = match looked {
                Ok((_, Observed::Absent | Observed::Created)) => return Ok(vanished()),
                Ok((engine, observed)) => {
                    due = due.min(Instant::now() + left(&observed, job.limits.wall_clock));
                    engine
                }
                Err(error) => {
                    tracing::warn!(job = self.name, "{}", error.chain());
                    self.engine_went = true;
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let name = self.name.clone();
            tokio::select! {
                biased;
                observed = follow(engine.as_ref(), &id, PERIOD, &mut self.usage, |_| {}) => match observed {
                    Ok(Ending { observed: Observed::Absent | Observed::Created, .. }) => {
                        return Ok(vanished());
                    }
                    Ok(ending) => return Ok(self.ended(job, ending)),
                    // The engine went away; look again when it is back.
                    Err(error) => {
                        tracing::warn!(job = name, "{error}");
                        self.engine_went = true;
                        sleep(PAUSE).await;
                    }
                },
                () = sleep_until(due) => return Ok(overdue()),
            }
        }
    }

    fn ended(&mut self, job: &Job, mut ending: Ending) -> Outcome {
        self.log = ending.log.take();
        self.ended = Some(ending.observed.clone());
        let full = OutputVolume::at(&job_folder(&self.platform, job))
            .is_full()
            .unwrap_or(false);
        let cause = match cause(&ending, &self.usage, full) {
            // With a last word of its own, it was not the engine that ended it.
            CauseOfDeath::Exit(KILLED | LOST_TRACK)
                if self.engine_went && ending.report.is_none() =>
            {
                CauseOfDeath::NodeFailed
            }
            cause => cause,
        };
        let message = sentence(&cause);
        (JobEvent::Ended(cause), message, Harvest::default())
    }
}

fn vanished() -> Outcome {
    let message = sentence(&CauseOfDeath::NodeFailed);
    (JobEvent::Vanished, message, Harvest::default())
}

fn overdue() -> Outcome {
    let message = sentence(&CauseOfDeath::TimedOut);
    (JobEvent::DeadlinePassed, message, Harvest::default())
}

/// What is left of the wall clock limit.
fn left(observed: &Observed, wall_clock: Duration) -> Duration {
    match observed {
        // Counted back from now by the engine adapter, so that both are of the same clock.
        Observed::Running { since } => deadline(*since, wall_clock)
            .duration_since(SystemTime::now())
            .unwrap_or_default(),
        // It has ended; why is found out next.
        _ => wall_clock,
    }
}

fn step_failed(cause: CauseOfDeath) -> Outcome {
    let message = sentence(&cause);
    (JobEvent::StepFailed(cause), message, Harvest::default())
}

fn job_id(job: &Job) -> Result<JobId> {
    JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))
}

/// Returns when one of the records was written, or might have been.
pub async fn changed(changes: &mut tokio::sync::broadcast::Receiver<Arc<str>>, names: &[&str]) {
    loop {
        match changes.recv().await {
            Ok(changed) if names.contains(&&*changed) => return,
            Ok(_) => {}
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => return,
            Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                std::future::pending::<()>().await;
            }
        }
    }
}
