//! The queue as the server keeps it: the pure scheduler in memory, made from the records at the start, and what it says of
//! each job that waits. Nothing of it is stored: the records say that a job is QUEUED, and the queue says why.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sandyq_sandbox::queue::{
    Forecast, Moment, NeverFits, Policy, Queue, Request, Resources, Start,
};
use sandyq_sandbox::{JobState, WaitingReason};
use sandyq_store::Stored;
use time::OffsetDateTime;

use crate::records::job::Job;

/// Places are told as they were at most this long ago: to foretell them costs the number of jobs.
const FORECAST_AGE: u64 = 1000;

/// How long a job waits that could not be started, and is tried again; twice as long each time.
const PAUSE: Duration = Duration::from_secs(2);

/// What a waiting job is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// For what it waits.
    pub reason: WaitingReason,
    /// More of it, in a sentence; may be empty.
    pub message: String,
    /// 1 for the job that is next; 0 when not known yet.
    pub position: u32,
    /// When it starts at the latest, if nothing else is submitted.
    pub start: Option<OffsetDateTime>,
}

/// What a change of a job's record calls for.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing but what was noted.
    Noted,
    /// It has ended.
    Ended,
    /// It failed to start and waits again.
    Again,
    /// It is to be ended: somebody wants it stopped.
    Stop,
    /// It is to be ended: the server no longer has what it asks for.
    NeverFits(String),
}

/// The jobs that wait and run.
pub struct Jobs {
    policy: Policy,
    inner: Mutex<Inner>,
}

struct Inner {
    queue: Queue,
    known: HashMap<String, Known>,
    forecast: Forecast,
    foretold: (u64, Moment),
    /// Why nothing starts at all.
    paused: Option<String>,
}

/// What the record of a job said last.
#[derive(Clone, Copy)]
struct Known {
    /// How often it was admitted when it began to wait.
    attempts: u32,
    state: JobState,
}

/// How many jobs there are.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// That wait, by reason.
    pub reasons: Vec<(&'static str, usize)>,
    /// That have not ended, by state.
    pub states: Vec<(&'static str, usize)>,
}

/// The present time, as the scheduler counts it.
pub fn moment(time: OffsetDateTime) -> Moment {
    Moment(u64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(0))
}

fn time(moment: Moment) -> Option<OffsetDateTime> {
    let nanos = i128::from(moment.0) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

/// What a job takes while it runs.
pub fn needs(job: &Job) -> Resources {
    Resources {
        cpu_millis: job.limits.cpu_millis.into(),
        memory_bytes: job.limits.memory_bytes,
        disk_bytes: job.limits.output_bytes,
        slots: 1,
    }
}

fn request(job: &Stored<Job>) -> Request {
    Request {
        job: job.name.as_str().into(),
        organization: job.organization.as_str().into(),
        sandbox: job.sandbox.as_str().into(),
        priority: job.priority,
        needs: needs(job),
        wall_clock: job.limits.wall_clock,
        submitted: moment(job.create_time),
    }
}

/// When a job that runs has ended at the latest.
fn ends(job: &Stored<Job>) -> Moment {
    let since = job.start_time.unwrap_or(job.update_time);
    moment(since).after(job.limits.wall_clock)
}

impl Jobs {
    /// None yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            inner: Mutex::new(Inner {
                queue: Queue::new(policy.clone()),
                known: HashMap::new(),
                forecast: Forecast::default(),
                foretold: (u64::MAX, Moment(0)),
                paused: None,
            }),
            policy,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a job could ever be started, by what this server and its organization have.
    ///
    /// # Errors
    /// It asks for more.
    pub fn check(&self, job: &Job) -> Result<(), NeverFits> {
        match needs(job).beyond(&self.policy.most(&job.organization)) {
            None => Ok(()),
            Some((resource, asked, most)) => Err(NeverFits {
                resource,
                asked,
                most,
            }),
        }
    }

    /// Takes in a job as its record now is. A record that is behind what was decided already changes nothing.
    pub fn take_in(&self, job: &Stored<Job>, now: OffsetDateTime) -> Taken {
        let mut inner = self.inner();
        if job.state.is_terminal() {
            let known = inner.forget(&job.name);
            return if known { Taken::Ended } else { Taken::Noted };
        }
        let JobState::Queued(_) = job.state else {
            inner.occupies(job);
            return Taken::Noted;
        };
        if inner.queue.runs(&job.name) {
            // It was admitted, and the record does not say so yet; or the attempt failed.
            let known = inner.known.get(&job.name).map_or(0, |known| known.attempts);
            if job.attempts > known {
                inner.note(job, job.attempts);
                let pause = PAUSE * 2_u32.saturating_pow(job.attempts.saturating_sub(1).min(8));
                inner.queue.put_back(&job.name, moment(now).after(pause));
                return Taken::Again;
            }
            return Taken::Noted;
        }
        if job.stop.is_some() {
            inner.forget(&job.name);
            return Taken::Stop;
        }
        inner.note(job, job.attempts);
        match inner.queue.submit(request(job)) {
            Ok(()) => Taken::Noted,
            Err(never) => {
                inner.forget(&job.name);
                Taken::NeverFits(format!(
                    "the job {never}; the server's configuration changed"
                ))
            }
        }
    }

    /// Takes in all jobs that wait or run, in the order of submission; forgets every other.
    pub fn rebuild(&self, mut jobs: Vec<Stored<Job>>, now: OffsetDateTime) -> Vec<(String, Taken)> {
        jobs.sort_by(|one, other| {
            (one.create_time, &one.name).cmp(&(other.create_time, &other.name))
        });
        let gone: Vec<String> = {
            let inner = self.inner();
            let there: std::collections::HashSet<&str> =
                jobs.iter().map(|job| job.name.as_str()).collect();
            let known = inner.known.keys();
            known
                .filter(|name| !there.contains(name.as_str()))
                .cloned()
                .collect()
        };
        for name in gone {
            self.forget(&name);
        }
        jobs.iter()
            .map(|job| (job.name.clone(), self.take_in(job, now)))
            .collect()
    }

    /// Forgets a job.
    pub fn forget(&self, name: &str) {
        self.inner().forget(name);
    }

    /// Lets a job wait again whose admission failed.
    pub fn put_back(&self, name: &str, now: OffsetDateTime) {
        self.inner().queue.put_back(name, moment(now).after(PAUSE));
    }

    /// The job that starts now.
    pub fn next(&self, now: OffsetDateTime) -> Option<Start> {
        self.inner().queue.next(moment(now))
    }

    /// Whether a job waits.
    pub fn is_waiting(&self) -> bool {
        self.inner().queue.waiting() > 0
    }

    /// How long until a job that was put off may be looked at.
    pub fn next_look(&self, now: OffsetDateTime) -> Option<Duration> {
        let at = self.inner().queue.next_look()?;
        Some(Duration::from_millis(at.0.saturating_sub(moment(now).0)))
    }

    /// Notes why nothing starts at all, or that this is over.
    pub fn pause(&self, why: Option<String>) {
        self.inner().paused = why;
    }

    /// What a job waits for, and where it stands.
    pub fn waiting(&self, name: &str, now: OffsetDateTime) -> Option<Waiting> {
        let mut inner = self.inner();
        let reason = inner.queue.reason(name)?;
        let (reason, message) = match (&inner.paused, reason) {
            (Some(why), _) => (WaitingReason::EngineUnavailable, why.clone()),
            (None, reason) => (reason, String::new()),
        };
        let place = inner.foretell(moment(now)).place(name);
        Some(Waiting {
            reason,
            message,
            position: place.map_or(0, |place| place.position),
            start: place.and_then(|place| time(place.start)),
        })
    }

    /// How many jobs there are.
    pub fn counts(&self) -> Counts {
        let inner = self.inner();
        let mut reasons = inner.queue.reasons();
        if inner.paused.is_some() {
            let all = reasons.values_mut().map(std::mem::take).sum();
            reasons.insert(WaitingReason::EngineUnavailable.as_str(), all);
        }
        let names = ["QUEUED", "STAGING", "RUNNING", "COLLECTING"];
        let mut states = names.map(|state| (state, 0));
        for known in inner.known.values() {
            let state = known.state.as_str();
            if let Some((_, count)) = states.iter_mut().find(|(name, _)| *name == state) {
                *count += 1;
            }
        }
        Counts {
            reasons: reasons.into_iter().collect(),
            states: states.to_vec(),
        }
    }
}

impl Inner {
    fn note(&mut self, job: &Job, attempts: u32) {
        let state = job.state;
        self.known
            .insert(job.name.clone(), Known { attempts, state });
    }

    fn forget(&mut self, name: &str) -> bool {
        self.queue.remove(name);
        self.known.remove(name).is_some()
    }

    fn occupies(&mut self, job: &Stored<Job>) {
        if !self.queue.runs(&job.name) {
            // Somebody else admitted it: an earlier process.
            self.queue.remove(&job.name);
            self.queue.adopt(request(job), ends(job));
        }
        self.queue.ends(&job.name, ends(job));
        let before = job.attempts.saturating_sub(1);
        let known = self.known.get(&job.name);
        let attempts = known.map_or(before, |known| known.attempts);
        self.note(job, attempts);
    }

    fn foretell(&mut self, now: Moment) -> &Forecast {
        let (revision, at) = self.foretold;
        let old = now.0.saturating_sub(at.0) >= FORECAST_AGE || at > now;
        if revision == u64::MAX || (old && (revision != self.queue.revision())) {
            self.forecast = self.queue.forecast(now);
            self.foretold = (self.queue.revision(), now);
        }
        &self.forecast
    }
}

#[cfg(test)]
mod tests;
