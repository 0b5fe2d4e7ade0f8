//! How much trials are asked and may answer. Kept in memory, and written into the record from time to time; the bytes that a
//! sandbox's trials may answer are taken from its budget before they are answered, in portions, so that no crash gives any twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sandyq_store::Change;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::timeout;

use super::exchange::ANSWER_BYTES;
use super::not_serving;
use crate::call::system_event;
use crate::config::RawTrials;
use crate::error::{Class, Error, Result};
use crate::platform::Platform;
use crate::records::sandbox::Sandbox;
use crate::records::trial::{Trial, TrialUsage};

/// Bytes of answers that are taken from the budget at a time.
const PORTION: u64 = 8 << 20;
/// For those who are being answered when a trial ends.
const LAST: Duration = Duration::from_secs(5);
/// Users of whom rates and sums are kept one by one.
const MOST_USERS: usize = 1000;

/// The trials that are asked.
#[derive(Debug, Default)]
pub struct Trials(Mutex<HashMap<String, Arc<Meter>>>);

impl Trials {
    /// The meter of a trial.
    pub fn meter(&self, trial: &str, rules: &RawTrials) -> Arc<Meter> {
        let new = || Arc::new(Meter::new(rules));
        let mut meters = locked(&self.0);
        Arc::clone(meters.entry(trial.to_owned()).or_insert_with(new))
    }

    /// The meter of a trial that was asked since the server began.
    pub fn known(&self, trial: &str) -> Option<Arc<Meter>> {
        locked(&self.0).get(trial).cloned()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A token bucket.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Takes a token, or says how long to wait for one.
    fn take(&mut self, now: Instant, rules: &RawTrials) -> Result<(), Duration> {
        let rate = f64::from(rules.requests_per_second.max(1));
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * rate).min(f64::from(rules.burst.max(1)));
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / rate))
    }
}

/// What was asked since it was last written down.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// By all.
    pub all: TrialUsage,
    /// By each.
    pub users: BTreeMap<String, TrialUsage>,
}

impl Fresh {
    fn add(&mut self, user: &str, usage: &TrialUsage) {
        self.all = self.all.plus(usage);
        self.add_of(user, usage);
    }

    /// Also of those of whom no sums are kept one by one.
    fn add_all(&mut self, other: &Self) {
        self.all = self.all.plus(&other.all);
        for (user, usage) in &other.users {
            self.add_of(user, usage);
        }
    }

    fn add_of(&mut self, user: &str, usage: &TrialUsage) {
        if self.users.len() < MOST_USERS || self.users.contains_key(user) {
            let entry = self.users.entry(user.to_owned()).or_default();
            *entry = entry.plus(usage);
        }
    }

    /// Adds it to what a record says.
    pub fn add_to(&self, trial: &mut Trial) {
        trial.usage = trial.usage.plus(&self.all);
        for (user, usage) in &self.users {
            if trial.users.len() < MOST_USERS || trial.users.contains_key(user) {
                let entry = trial.users.entry(user.clone()).or_default();
                *entry = entry.plus(usage);
            }
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    buckets: HashMap<String, Bucket>,
    fresh: Fresh,
    /// Bytes taken from the budget and not yet answered.
    left: u64,
}

/// Rates, sums and places of one trial.
#[derive(Debug)]
pub struct Meter {
    rules: RawTrials,
    counts: Mutex<Counts>,
    places: Arc<Semaphore>,
    /// Held while a portion is taken.
    taking: tokio::sync::Mutex<()>,
}

/// Bytes that one answer may have. What it does not need goes back.
#[derive(Debug)]
pub struct Allowance {
    meter: Arc<Meter>,
    /// Bytes.
    pub bytes: u64,
}

impl Drop for Allowance {
    fn drop(&mut self) {
        locked(&self.meter.counts).left += self.bytes;
    }
}

impl Allowance {
    /// What was answered does not go back.
    pub fn spend(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Meter {
    fn new(rules: &RawTrials) -> Self {
        Self {
            rules: rules.clone(),
            counts: Mutex::default(),
            places: Arc::new(Semaphore::new(rules.concurrent_requests.max(1))),
            taking: tokio::sync::Mutex::default(),
        }
    }

    /// Counts a request against its user's rate.
    ///
    /// # Errors
    /// It comes too soon.
    pub fn admit(&self, user: &str, now: Instant) -> Result<()> {
        let mut counts = locked(&self.counts);
        if counts.buckets.len() >= MOST_USERS {
            let pause = Duration::from_secs(60);
            counts
                .buckets
                .retain(|_, bucket| now.saturating_duration_since(bucket.at) < pause);
        }
        let full = Bucket {
            tokens: f64::from(self.rules.burst.max(1)),
            at: now,
        };
        let bucket = counts.buckets.entry(user.to_owned()).or_insert(full);
        bucket.take(now, &self.rules).map_err(|wait| {
            let text = format!(
                "each user may ask this trial {} times a second; ask again in {} ms",
                self.rules.requests_per_second,
                wait.as_millis().max(1)
            );
            Error::new(Class::Exhausted, "RATE_LIMITED", text)
        })
    }

    /// A place among the requests that are answered at one time.
    ///
    /// # Errors
    /// There is none.
    pub fn place(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|error| {
                if error == TryAcquireError::Closed {
                    return not_serving("it has ended");
                }
                let most = self.rules.concurrent_requests;
                let text = format!("the trial is answering {most} requests; ask again in a moment");
                Error::new(Class::Exhausted, "TRIAL_BUSY", text)
            })
    }

    /// Sets bytes aside for one answer, taking more from the sandbox's budget where needed.
    ///
    /// # Errors
    /// The budget is used up, or the store's.
    pub async fn allow(self: &Arc<Self>, platform: &Platform, trial: &Trial) -> Result<Allowance> {
        let most = self.rules.max_answer_bytes;
        let _alone = self.taking.lock().await;
        if locked(&self.counts).left < most {
            let taken = take(platform, trial, most.max(PORTION)).await?;
            locked(&self.counts).left += taken;
        }
        let mut counts = locked(&self.counts);
        let bytes = counts.left.min(most);
        if bytes >= ANSWER_BYTES {
            counts.left -= bytes;
            let meter = Arc::clone(self);
            return Ok(Allowance { meter, bytes });
        }
        drop(counts);
        let text = format!(
            "the trials of {} have answered as many bytes as its budget allows (answer_bytes)",
            trial.sandbox
        );
        Err(Error::new(Class::Exhausted, "ANSWER_BUDGET_USED_UP", text))
    }

    /// Counts a request.
    pub fn count(&self, user: &str, usage: &TrialUsage) {
        locked(&self.counts).fresh.add(user, usage);
    }

    /// What was not yet written down.
    pub fn fresh(&self) -> Fresh {
        locked(&self.counts).fresh.clone()
    }

    fn take_fresh(&self) -> Fresh {
        std::mem::take(&mut locked(&self.counts).fresh)
    }

    fn put_back(&self, fresh: &Fresh) {
        locked(&self.counts).fresh.add_all(fresh);
    }

    /// Lets nobody in any more, and waits a moment for those who are being answered: that the trial has ended ends that too.
    async fn end(&self) {
        let all = self.rules.concurrent_requests.max(1);
        let all = u32::try_from(all).unwrap_or(u32::MAX);
        let last = timeout(LAST, self.places.acquire_many(all)).await;
        self.places.close();
        drop(last);
    }

    fn take_left(&self) -> u64 {
        std::mem::take(&mut locked(&self.counts).left)
    }
}

/// Takes a portion from the budget of a trial's sandbox, or what is left of it.
async fn take(platform: &Platform, trial: &Trial, wanted: u64) -> Result<u64> {
    let mut taken = 0;
    platform
        .change::<Sandbox>(&trial.sandbox, |sandbox| {
            let left = sandbox
                .budget
                .answer_bytes
                .saturating_sub(sandbox.used.answer_bytes);
            taken = wanted.min(left);
            sandbox.used.answer_bytes += taken;
            let detail = [("trial", json!(trial.name)), ("bytes", json!(taken))];
            let event = system_event(
                "AnswersReserved",
                &sandbox.name,
                &sandbox.organization,
                detail,
            );
            Ok((taken > 0).then(|| Change::new(event)))
        })
        .await?;
    Ok(taken)
}

/// Writes down what a trial was asked since the last time, as one entry of the log.
///
/// # Errors
/// The store's; nothing is lost then.
pub async fn write_down(platform: &Platform, trial: &str) -> Result<()> {
    let Some(meter) = platform.trials.known(trial) else {
        return Ok(());
    };
    let fresh = meter.take_fresh();
    if fresh == Fresh::default() {
        return Ok(());
    }
    let written = platform.change::<Trial>(trial, |record| {
        fresh.add_to(record);
        let detail = [("usage", json!(fresh.all)), ("users", json!(fresh.users))];
        let event = system_event("TrialMetered", &record.name, &record.organization, detail);
        Ok(Some(Change::new(event)))
    });
    let written = written.await;
    if written.is_err() {
        meter.put_back(&fresh);
    }
    written.map(drop)
}

/// Writes down the last sums of an ended trial, and gives back what it did not answer.
///
/// # Errors
/// The store's.
pub async fn close(platform: &Platform, trial: &Trial) -> Result<()> {
    // Its meter stays, closed: whoever was let in before the end and asks only now takes nothing from the budget any more.
    let Some(meter) = platform.trials.known(&trial.name) else {
        return Ok(());
    };
    meter.end().await;
    write_down(platform, &trial.name).await?;
    let left = meter.take_left();
    let returned = platform
        .change::<Sandbox>(&trial.sandbox, |sandbox| {
            sandbox.used.answer_bytes = sandbox.used.answer_bytes.saturating_sub(left);
            let detail = [("trial", json!(trial.name)), ("bytes", json!(left))];
            let event = system_event(
                "AnswersReturned",
                &sandbox.name,
                &sandbox.organization,
                detail,
            );
            Ok((left > 0).then(|| Change::new(event)))
        })
        .await;
    if returned.is_err() {
        locked(&meter.counts).left += left;
    }
    returned.map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn rules() -> RawTrials {
        RawTrials {
            requests_per_second: 2,
            burst: 3,
            concurrent_requests: 1,
            ..RawTrials::default()
        }
    }

    #[test]
    fn each_user_has_a_rate_of_its_own() {
        let meter = Meter::new(&rules());
        let begin = Instant::now();
        for _ in 0..3 {
            meter.admit("a", begin).unwrap();
        }
        let refused = meter.admit("a", begin).unwrap_err();
        assert_eq!(refused.reason, "RATE_LIMITED");
        assert!(refused.message.contains("500 ms"), "{refused}");
        meter.admit("b", begin).unwrap();
        let later = begin + Duration::from_millis(500);
        meter.admit("a", later).unwrap();
        assert!(meter.admit("a", later).is_err());
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let meter = Meter::new(&rules());
        let place = meter.place().unwrap();
        assert_eq!(meter.place().unwrap_err().reason, "TRIAL_BUSY");
        drop(place);
        assert!(meter.place().is_ok());
    }

    #[tokio::test]
    async fn whoever_comes_after_the_end_is_told_so_and_who_is_being_answered_gives_back_first() {
        let meter = Arc::new(Meter::new(&rules()));
        let place = meter.place().unwrap();
        let allowance = Allowance {
            meter: Arc::clone(&meter),
            bytes: 100,
        };
        let ending = tokio::spawn({
            let meter = Arc::clone(&meter);
            async move {
                meter.end().await;
                meter.take_left()
            }
        });
        tokio::task::yield_now().await;
        drop(allowance);
        drop(place);
        assert_eq!(ending.await.unwrap(), 100);
        assert_eq!(meter.place().unwrap_err().reason, "TRIAL_NOT_SERVING");
    }

    #[test]
    fn sums_that_were_not_written_are_whole_again() {
        let meter = Meter::new(&rules());
        let one = TrialUsage {
            requests: 1,
            ..TrialUsage::default()
        };
        for user in 0..MOST_USERS + 5 {
            meter.count(&user.to_string(), &one);
        }
        let taken = meter.take_fresh();
        meter.count("0", &one);
        meter.put_back(&taken);
        assert_eq!(meter.fresh().all.requests, MOST_USERS as u64 + 6);
    }

    #[test]
    fn what_an_answer_does_not_need_goes_back() {
        let meter = Arc::new(Meter::new(&rules()));
        let mut allowance = Allowance {
            meter: Arc::clone(&meter),
            bytes: 100,
        };
        allowance.spend(30);
        drop(allowance);
        assert_eq!(locked(&meter.counts).left, 70);
    }

    #[test]
    fn sums_of_users_are_bounded_and_the_sum_of_all_is_whole() {
        let mut fresh = Fresh::default();
        let one = TrialUsage {
            requests: 1,
            ..TrialUsage::default()
        };
        for user in 0..MOST_USERS + 5 {
            fresh.add(&user.to_string(), &one);
        }
        assert_eq!(fresh.users.len(), MOST_USERS);
        assert_eq!(fresh.all.requests, MOST_USERS as u64 + 5);
    }
}
