//! One request of a user to a trial: who asks, whether the trial may answer, within which bounds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sandyq_store::{Change, Decision, Stored};
use serde_json::json;

use super::exchange::ANSWER_BYTES;
use super::mark::Origin;
use super::meter::Meter;
use super::{Answered, Asked, ask, ended, not_serving, runs};
use crate::call::Call;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::records::access::Grant;
use crate::records::job::Job;
use crate::records::library::Version;
use crate::records::sandbox::Sandbox;
use crate::records::trial::{Trial, TrialState, TrialUsage};
use crate::usage;

/// A request that may be put. Nothing of it but its name was read so far.
pub struct Admitted {
    call: Call,
    trial: Stored<Trial>,
    job: Stored<Job>,
    meter: Arc<Meter>,
}

/// Lets a request in, where policies, the trial's state and the user's rate allow it.
///
/// # Errors
/// What speaks against it.
pub async fn admit(mut call: Call, name: &str) -> Result<Admitted> {
    let trial = call.fetch::<Trial>(name).await?;
    call.authorize(trial.resource()).await?;
    if trial.state != TrialState::Serving {
        let text = format!(
            "{} is {}: {}",
            trial.name,
            trial.state.as_str(),
            trial.message
        );
        return Err(not_serving(text));
    }
    if trial.expire_time <= call.now {
        return Err(not_serving("its term has passed"));
    }
    let job = call.fetch::<Job>(&trial.job).await?;
    runs(&job)?;
    lent_to_caller(&call, &job).await?;
    let platform = &call.platform;
    let meter = platform
        .trials
        .meter(&trial.name, &platform.config.raw.trials);
    meter.admit(&call.principal.user, Instant::now())?;
    Ok(Admitted {
        call,
        trial,
        job,
        meter,
    })
}

/// An owner may lend a library to named developers: whoever asks is held to the grants as whoever started the trial is.
async fn lent_to_caller(call: &Call, job: &Job) -> Result<()> {
    if call.principal.user == job.requester || job.grants.is_empty() {
        return Ok(());
    }
    let platform = &call.platform;
    let sandbox = call.fetch::<Sandbox>(&job.sandbox).await?;
    for (version, grant) in &job.grants {
        let version = call.fetch::<Version>(version).await?;
        let grant = call.fetch::<Grant>(grant).await?;
        let by = (call.principal.user.as_str(), job.purpose.as_str());
        let decision = usage::decide_by(platform, &sandbox, &version, by, &grant).await?;
        if !decision.allowed {
            let mut event = call.event(&job.name, [("version", json!(version.name))]);
            event.decision = Decision::Deny;
            event.reasons.clone_from(&decision.reasons);
            platform.commit(Change::new(event)).await?;
            let why = decision.reasons.join("; ");
            let text = format!("{} may not be asked about by you: {why}", version.name);
            return Err(Error::precondition("ACCESS_DENIED", text));
        }
    }
    Ok(())
}

impl Admitted {
    /// Bytes that the body may have.
    pub fn most_bytes(&self) -> u64 {
        self.call.platform.config.raw.trials.max_request_bytes
    }

    /// Puts the request and gives the answer as it leaves. Whoever asked, and the trial, must be in good standing until then.
    ///
    /// # Errors
    /// There is no answer, or none that may leave.
    pub async fn answer(self, asked: Asked) -> Result<Answered> {
        let bytes = asked.bytes();
        if bytes > self.most_bytes() {
            return Err(request_too_large(self.most_bytes()));
        }
        let _place = self.meter.place()?;
        let platform = &self.call.platform;
        let mut allowance = self.meter.allow(platform, &self.trial).await?;
        let begin = Instant::now();
        let within = Duration::from_secs(platform.config.raw.trials.request_seconds);
        let most = allowance.bytes.saturating_sub(ANSWER_BYTES);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let outcome = tokio::select! {
            biased;
            error = self.call.dismissed() => Err(error),
            error = ended(platform, &self.job.name) => Err(error),
            outcome = ask(platform, &self.job, asked, most) => outcome,
            () = tokio::time::sleep(within) => Err(too_slow(within)),
        };
        let answered = outcome.as_ref().map_or(ANSWER_BYTES, Answered::bytes);
        allowance.spend(answered);
        let usage = TrialUsage {
            requests: outcome.is_ok().into(),
            failures: outcome.is_err().into(),
            request_bytes: bytes,
            answer_bytes: answered,
            answer_millis: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        self.meter.count(&self.call.principal.user, &usage);
        let origin = Origin {
            system: &self.trial.system,
            trial: &self.trial.name,
        };
        outcome.map(|answer| platform.marking.mark(origin, answer))
    }
}

/// What a request is told that is too large.
pub fn request_too_large(most: u64) -> Error {
    let text = format!("a request to a trial has at most {most} bytes");
    Error::new(Class::OutOfRange, "REQUEST_TOO_LARGE", text)
}

fn too_slow(within: Duration) -> Error {
    let text = format!("the trial did not answer within {} s", within.as_secs());
    Error::new(Class::Unavailable, "TRIAL_TOO_SLOW", text)
}
