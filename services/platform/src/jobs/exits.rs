//! What people see of a sandbox's jobs without a review: counted for all of its jobs together, so that many jobs tell no more than one.

use sandyq_proto::v1;
use sandyq_sandbox::CauseOfDeath;
use sandyq_sandbox::exits::coarse_code;
use sandyq_store::{Change, Stored};
use serde_json::json;

use crate::call::Call;
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::platform::Platform;
use crate::records::job::Job;
use crate::records::sandbox::Sandbox;

/// How often counting is tried again when another wrote the job or its sandbox meanwhile.
const ATTEMPTS: usize = 64;

/// A sandbox as people see it, with what they saw of it.
pub fn shown(platform: &Platform, sandbox: &Stored<Sandbox>) -> v1::Sandbox {
    let now = platform.now().unix_timestamp();
    let exits = v1::Exits {
        log_bytes: convert::count(sandbox.exits.log.bytes(now)),
        log_daily_bytes: convert::count(platform.config.raw.exits.log_daily_bytes),
    };
    convert::sandbox(sandbox, exits)
}

/// Most bytes of logs that a job may bring its sandbox to within a day: its strictest grant and the server's bound.
pub fn log_daily_bytes(platform: &Platform, job: &Job) -> u64 {
    let server = platform.config.raw.exits.log_daily_bytes;
    job.conditions.log_daily_bytes.min(server)
}

/// The cause as it is told. An exit code that says more than that the job failed is a byte of what its grants open of its log.
pub fn told(platform: &Platform, job: &Job, sandbox: &mut Sandbox) -> Option<CauseOfDeath> {
    let Some(CauseOfDeath::Exit(code)) = &job.cause else {
        return job.cause.clone();
    };
    let coarse = coarse_code(*code);
    if *code == coarse || !job.reads_data() {
        return job.cause.clone();
    }
    let now = platform.now().unix_timestamp();
    let log = &mut sandbox.exits.log;
    if job.conditions.opens_text() && log.left(now, log_daily_bytes(platform, job)) > 0 {
        log.add(now, 1);
        return job.cause.clone();
    }
    Some(CauseOfDeath::Exit(coarse))
}

/// How far a job's log may be shown, and how much its sandbox's jobs have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Bytes from the log's beginning that count as shown.
    pub upto: u64,
    /// Bytes of all logs of the sandbox within a day.
    pub sandbox: u64,
}

/// Counts a job's log as shown up to a byte, or as far as the sandbox's budget goes, before it is shown. What was counted once may
/// be shown again.
///
/// # Errors
/// The store's.
pub async fn count_log(call: &Call, job: &str, end: u64) -> Result<Counted> {
    let platform = &call.platform;
    for _ in 0..ATTEMPTS {
        let mut job = platform.record::<Job>(job).await?;
        let mut sandbox = platform.record::<Sandbox>(&job.sandbox).await?;
        let now = platform.now().unix_timestamp();
        let left = sandbox.exits.log.left(now, log_daily_bytes(platform, &job));
        let more = end.saturating_sub(job.log_shown).min(left);
        let from = job.log_shown;
        job.log_shown += more;
        sandbox.exits.log.add(now, more);
        let counted = Counted {
            upto: job.log_shown,
            sandbox: sandbox.exits.log.bytes(now),
        };
        if more == 0 {
            return Ok(counted);
        }
        let event = call.event(
            &job.name,
            [
                ("from_byte", json!(from)),
                ("to_byte", json!(counted.upto)),
                ("sandbox_bytes", json!(counted.sandbox)),
            ],
        );
        let change = Change::new(event).update(&job)?.update(&sandbox)?;
        match platform.commit(change).await {
            Ok(()) => return Ok(counted),
            Err(error) if error.class == Class::Aborted => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(
        Class::Aborted,
        "CONCURRENT_CHANGE",
        format!("{job} is changed all the time"),
    ))
}
