//! Looks after each trial: whether its container is well, another container where it is not, and the trial's end with what ends
//! it. It reads records and takes no hints, so that a restarted server goes on.

use std::sync::Arc;
use std::time::Duration;

use sandyq_sandbox::{CauseOfDeath, JobState};
use sandyq_store::{Change, Filter, Page, Stored};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::decide::{Next, TERM_PASSED, after};
use super::{Asked, ask, ended, meter};
use crate::call::system_event;
use crate::error::{Class, Error, Result};
use crate::jobs::{changed, still_covered, stop, submit};
use crate::platform::Platform;
use crate::records::job::{Job, Stop};
use crate::records::trial::{Trial, TrialEvent, TrialState};

/// How often is looked for trials that nobody looks after.
const PERIOD: Duration = Duration::from_secs(5);
/// The longest without a look at a trial.
const TICK: Duration = Duration::from_secs(2);
/// Between checks of a container that has not served yet.
const EAGER: Duration = Duration::from_millis(500);
/// For the answer to a check.
const CHECK: Duration = Duration::from_secs(5);
/// Bytes of it.
const CHECK_BYTES: usize = 64 << 10;
/// How often is written down what was asked.
const METERING: Duration = Duration::from_secs(30);
const MOST_TRIALS: u32 = 100_000;

/// Runs until the server shuts down.
pub async fn run(platform: Arc<Platform>) {
    loop {
        let filter = Filter {
            states: &TrialState::ACTIVE,
            ..Filter::default()
        };
        let active = platform
            .store
            .list::<Trial>(&filter, Page::first(MOST_TRIALS));
        match active.await {
            Ok(trials) => {
                for trial in trials {
                    start(&platform, trial.record.name);
                }
            }
            Err(error) => tracing::error!("trials were not looked through: {error}"),
        }
        tokio::select! {
            () = platform.shutdown.cancelled() => return,
            () = sleep(PERIOD) => {}
        }
    }
}

/// Looks after a trial until its end, if nobody does.
pub fn start(platform: &Arc<Platform>, name: String) {
    let Some(driven) = platform.driven.begin(&name) else {
        return;
    };
    let platform = Arc::clone(platform);
    platform.tasks.clone().spawn(async move {
        let _driven = driven;
        let mut keeper = Keeper {
            platform: Arc::clone(&platform),
            name: name.clone(),
            job: String::new(),
            running: None,
            written: Instant::now(),
        };
        tokio::select! {
            () = platform.shutdown.cancelled() => {}
            () = keeper.keep() => {}
        }
        if let Err(error) = meter::write_down(&platform, &name).await {
            tracing::error!(trial = name, "its sums were not written: {}", error.chain());
        }
    });
}

/// What is remembered of a container that runs.
struct Running {
    job: String,
    since: Instant,
    next_check: Instant,
    failures: u32,
}

struct Keeper {
    platform: Arc<Platform>,
    name: String,
    job: String,
    running: Option<Running>,
    written: Instant,
}

impl Keeper {
    async fn keep(&mut self) {
        let mut changes = self.platform.changes();
        loop {
            let pause = match self.look().await {
                Ok(None) => return,
                Ok(Some(pause)) => pause,
                // Somebody else changed it; what that means is seen at the next look.
                Err(error) if error.class == Class::Aborted => Duration::from_millis(10),
                Err(error) => {
                    tracing::error!(trial = self.name, "{}", error.chain());
                    TICK
                }
            };
            let names = [self.name.as_str(), self.job.as_str()];
            tokio::select! {
                () = sleep(pause.min(TICK)) => {}
                () = changed(&mut changes, &names) => {}
            }
        }
    }

    /// One look; says when the next one is due, or nothing once the trial has ended.
    async fn look(&mut self) -> Result<Option<Duration>> {
        let trial = self.platform.record::<Trial>(&self.name).await?;
        if trial.state.is_terminal() {
            meter::close(&self.platform, &trial).await?;
            return Ok(None);
        }
        if self.written.elapsed() >= METERING {
            self.written = Instant::now();
            meter::write_down(&self.platform, &self.name).await?;
        }
        self.job.clone_from(&trial.job);
        let job = self.platform.record::<Job>(&trial.job).await?;
        if job.state.is_terminal() {
            self.running = None;
            return self.follow_up(trial, &job).await;
        }
        let left = Duration::try_from(trial.expire_time - self.platform.now()).unwrap_or_default();
        if left.is_zero() && job.stop.is_none() {
            // Its own time began when it did, after it had waited.
            stop::cancel(&self.platform, &job.name, TERM_PASSED).await?;
            return Ok(Some(EAGER));
        }
        if job.state != JobState::Running || job.stop.is_some() {
            self.running = None;
            return Ok(Some(EAGER));
        }
        let pause = self.check(trial, job).await?;
        Ok(Some(pause.min(left)))
    }

    /// The container has ended.
    async fn follow_up(&self, mut trial: Stored<Trial>, job: &Job) -> Result<Option<Duration>> {
        let now = self.platform.now();
        let next = match after(&trial, job, now) {
            Next::Replace { .. } if !still_covered(&self.platform, job).await? => {
                let text = crate::jobs::stop::NOT_COVERED.to_owned();
                Next::End(TrialEvent::Revoke, text)
            }
            next => next,
        };
        let (event, text) = match next {
            Next::End(event, text) => (event, text),
            Next::Replace { after, .. } if !after.is_zero() => {
                if trial.state != TrialState::Restarting {
                    let text = format!("{} has ended: {}", job.name, job.message);
                    let change = advance(&self.platform, &mut trial, TrialEvent::Fall, text)?;
                    self.platform.commit(change.update(&trial)?).await?;
                }
                return Ok(Some(after));
            }
            Next::Replace { left, .. } => {
                match submit::successor(&self.platform, job, left).await {
                    Ok((successor, change)) => {
                        trial.restarts += 1;
                        trial.job.clone_from(&successor.name);
                        let text = format!("{} takes the place of {}", successor.name, job.name);
                        let also = event_of(&self.platform, &mut trial, TrialEvent::Fall, text)?;
                        let change = change.also(also).update(&trial)?;
                        self.platform.commit(change).await?;
                        self.platform.wake.notify_one();
                        return Ok(Some(EAGER));
                    }
                    Err(error) if error.class == Class::Exhausted => {
                        (TrialEvent::GiveUp, error.message)
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        let change = advance(&self.platform, &mut trial, event, text)?;
        self.platform.commit(change.update(&trial)?).await?;
        Ok(Some(Duration::ZERO))
    }

    /// The container runs: it is asked when a check is due.
    async fn check(&mut self, mut trial: Stored<Trial>, mut job: Stored<Job>) -> Result<Duration> {
        let now = Instant::now();
        let serving = trial.state == TrialState::Serving;
        let pause = match serving {
            true => Duration::from_millis(trial.health_check.interval_millis),
            false => EAGER,
        };
        let running = self
            .running
            .take()
            .filter(|running| running.job == job.name);
        let mut running = running.unwrap_or_else(|| Running {
            job: job.name.clone(),
            since: now,
            next_check: now,
            failures: 0,
        });
        if now < running.next_check {
            let due = running.next_check - now;
            self.running = Some(running);
            return Ok(due);
        }
        running.next_check = now + pause;
        let well = is_well(&self.platform, &trial, &job).await;
        let grace = Duration::from_millis(trial.health_check.grace_millis);
        let counts = serving || running.since.elapsed() >= grace;
        running.failures = match &well {
            Ok(()) => 0,
            Err(_) => running.failures + u32::from(counts),
        };
        let too_many = running.failures >= trial.health_check.failures;
        self.running = Some(running);
        match well {
            Ok(()) if !serving => {
                let text = format!("{} serves", job.name);
                let change = advance(&self.platform, &mut trial, TrialEvent::Serve, text)?;
                self.platform.commit(change.update(&trial)?).await?;
            }
            Err(why) if too_many => {
                let text = format!(
                    "{} health checks in a row failed, the last because {why}",
                    trial.health_check.failures
                );
                trial.unwell_job.clone_from(&job.name);
                job.stop = Some(Stop {
                    cause: CauseOfDeath::Cancelled,
                    reason: text.clone(),
                });
                let change = advance(&self.platform, &mut trial, TrialEvent::Fall, text)?;
                let change = change.update(&trial)?.update(&job)?;
                self.platform.commit(change).await?;
            }
            _ => {}
        }
        Ok(pause)
    }
}

/// One health check; an error says in words why it failed.
async fn is_well(platform: &Arc<Platform>, trial: &Trial, job: &Job) -> Result<(), String> {
    let told = |error: Error| error.message;
    let asked = Asked::get(&trial.health_check.path).map_err(told)?;
    let answer = tokio::select! {
        error = ended(platform, &job.name) => Err(error),
        answer = ask(platform, job, asked, CHECK_BYTES) => answer,
        () = sleep(CHECK) => return Err(format!("no answer came within {} s", CHECK.as_secs())),
    };
    match answer.map_err(told)?.status {
        status if status.is_success() => Ok(()),
        // Whoever reads this learns it without a review, so of the number only what kind it is.
        status => Err(format!("the answer was {}xx", status.as_u16() / 100)),
    }
}

fn event_of(
    platform: &Platform,
    trial: &mut Trial,
    event: TrialEvent,
    text: String,
) -> Result<sandyq_store::Event> {
    trial.state = trial.state.after(event)?;
    if trial.state.is_terminal() {
        trial.end_time = Some(platform.now());
    }
    trial.message = text;
    let detail = [
        ("state", json!(trial.state.as_str())),
        ("job", json!(trial.job)),
        ("restarts", json!(trial.restarts)),
        ("message", json!(trial.message)),
    ];
    Ok(system_event(
        "TrialAdvanced",
        &trial.name,
        &trial.organization,
        detail,
    ))
}

/// The change that carries out an event; the record is still to be written.
fn advance(
    platform: &Platform,
    trial: &mut Trial,
    event: TrialEvent,
    text: String,
) -> Result<Change> {
    event_of(platform, trial, event, text).map(Change::new)
}
