//! Trial operation: containers that serve HTTP and are reached through the platform alone (law "On artificial intelligence",
//! articles 1(5) and 20).
//!
//! A trial is a record that wants a container to serve; each of its containers is an ordinary job, so that queue, limits, staging,
//! revocation and recovery are those of jobs. What a trial adds: a look at whether the container is well and another one where it is
//! not (`supervise`), and one HTTP exchange at a time through a socket (`exchange`), for whoever may ask, within bounds (`call`,
//! `meter`). What is answered passes through `mark`.

pub mod call;
mod decide;
mod exchange;
pub mod gateway;
mod headers;
pub mod mark;
mod meter;
pub mod start;
mod supervise;

pub use exchange::{Answered, Asked};
pub use meter::Trials;
pub use supervise::run;

use std::sync::Arc;

use sandyq_sandbox::{JobId, JobState};

use crate::error::{Class, Error, Result};
use crate::jobs::changed;
use crate::platform::Platform;
use crate::records::job::Job;

/// What a call is, to the policies and in the log.
pub const CALL: &str = "TrialService.CallTrial";

fn not_serving(why: impl Into<String>) -> Error {
    Error::precondition("TRIAL_NOT_SERVING", why)
}

/// Whether the container of a job may be asked now.
fn runs(job: &Job) -> Result<()> {
    if job.stop.is_none() && job.state == JobState::Running {
        return Ok(());
    }
    Err(not_serving("its container is ending, or has ended"))
}

/// Resolves when the container of a job may be asked no longer, so that what ends a job ends what it is answering.
fn ended(platform: &Arc<Platform>, job: &str) -> impl Future<Output = Error> + Send + use<> {
    let (platform, job) = (Arc::clone(platform), job.to_owned());
    // From before the record is read, so that nothing is missed.
    let mut changes = platform.changes();
    async move {
        loop {
            let found = platform.record::<Job>(&job).await;
            if let Err(error) = found.and_then(|job| runs(&job)) {
                return error;
            }
            changed(&mut changes, &[&job]).await;
        }
    }
}

/// One exchange with the container of a job.
async fn ask(platform: &Platform, job: &Job, asked: Asked, most: usize) -> Result<Answered> {
    let id = JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))?;
    let connection = match platform.engine.get().await?.connect(&id).await {
        Ok(connection) => connection,
        Err(error) if error.is_transient() => return Err(error.into()),
        Err(error) => {
            let text = format!("the trial does not listen: {error}");
            return Err(Error::new(Class::Unavailable, "TRIAL_NOT_LISTENING", text));
        }
    };
    exchange::exchange(connection, asked, most).await
}
