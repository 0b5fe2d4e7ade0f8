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
        terminal_bytes: convert::count(sandbox.exits.terminal.bytes(now)),
        terminal_daily_bytes: convert::count(platform.config.raw.exits.terminal_daily_bytes),
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
    let now = platform.now().unix_timestamp();
    let counting = |job: &mut Job, sandbox: &mut Sandbox| {
        let log = &mut sandbox.exits.log;
        let left = log.left(now, log_daily_bytes(platform, job));
        let (from, more) = (job.log_shown, end.saturating_sub(job.log_shown).min(left));
        job.log_shown += more;
        log.add(now, more);
        (from, more)
    };
    let (job, sandbox) = count(call, job, counting).await?;
    Ok(Counted {
        upto: job.log_shown,
        sandbox: sandbox.exits.log.bytes(now),
    })
}

/// Counts bytes of a job's terminal as shown, before they are shown. Gives how many may be: none when the sandbox's budget is used
/// up.
///
/// # Errors
/// The store's.
pub async fn count_terminal(call: &Call, job: &str, bytes: u64) -> Result<u64> {
    let platform = &call.platform;
    let now = platform.now().unix_timestamp();
    let daily = platform.config.raw.exits.terminal_daily_bytes;
    let mut counted = 0;
    let counting = |job: &mut Job, sandbox: &mut Sandbox| {
        let terminal = &mut sandbox.exits.terminal;
        let more = bytes.min(terminal.left(now, daily));
        terminal.add(now, more);
        let shown = job.shell.as_mut().map(|shell| &mut shell.shown);
        let from = shown.as_ref().map_or(0, |shown| **shown);
        if let Some(shown) = shown {
            *shown += more;
        }
        counted = more;
        (from, more)
    };
    count(call, job, counting).await?;
    Ok(counted)
}

/// Counts something of a job as shown, in its record and in that of its sandbox. `counting` gives the first byte and how many; where
/// there are none, nothing is written. Gives both records as they are then.
async fn count(
    call: &Call,
    name: &str,
    mut counting: impl FnMut(&mut Job, &mut Sandbox) -> (u64, u64) + Send,
) -> Result<(Stored<Job>, Stored<Sandbox>)> {
    for _ in 0..ATTEMPTS {
        let mut job = call.platform.record::<Job>(name).await?;
        let mut sandbox = call.platform.record::<Sandbox>(&job.sandbox).await?;
        let (from, more) = counting(&mut job, &mut sandbox);
        if more == 0 {
            return Ok((job, sandbox));
        }
        let event = call.event(
            name,
            [("from_byte", json!(from)), ("to_byte", json!(from + more))],
        );
        let change = Change::new(event).update(&job)?.update(&sandbox)?;
        match call.platform.commit(change).await {
            Ok(()) => return Ok((job, sandbox)),
            Err(error) if error.class == Class::Aborted => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(
        Class::Aborted,
        "CONCURRENT_CHANGE",
        format!("{name} is changed all the time"),
    ))
}
