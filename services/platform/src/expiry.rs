//! Ends grants and sandboxes at the end of their term, and what runs under them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sandyq_store::{Change, Filter, Page, Stored};
use time::OffsetDateTime;
use tokio::sync::broadcast::error::RecvError;

use crate::call::system_event;
use crate::error::Result;
use crate::jobs::{sandbox_secret, stop};
use crate::platform::Platform;
use crate::records::access::{Grant, GrantEvent};
use crate::records::sandbox::{Sandbox, SandboxEvent, ShreddedKey};
use crate::records::secret::Secret;

/// Terms are looked at this often even when none is near, because clocks are set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The clock is looked at this often, in case that it was set.
const STEP: Duration = Duration::from_secs(1);

/// Grants and sandboxes that are looked at in one pass.
const MOST: u32 = 1_000_000;

/// Runs until the server shuts down.
pub async fn run(platform: Arc<Platform>) {
    let mut changes = platform.changes();
    loop {
        let next = match pass(&platform).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!("terms were not looked through: {}", error.chain());
                None
            }
        };
        tokio::select! {
            () = platform.shutdown.cancelled() => return,
            () = near(&platform, next) => {}
            () = term_set(&mut changes) => {}
        }
    }
}

/// Returns when a term has ended, or may have: the clock was set, or nothing was looked at for long.
async fn near(platform: &Platform, next: Option<OffsetDateTime>) {
    let (began, from) = (Instant::now(), platform.now());
    while began.elapsed() < LONGEST_SLEEP {
        let left = next.map_or(STEP, |time| {
            Duration::try_from(time - platform.now()).unwrap_or_default()
        });
        tokio::time::sleep(left.min(STEP)).await;
        let by_wall = (platform.now() - from).as_seconds_f64();
        let was_set = (by_wall - began.elapsed().as_secs_f64()).abs() > STEP.as_secs_f64();
        if was_set || next.is_some_and(|time| time <= platform.now()) {
            return;
        }
    }
}

/// Returns when a grant or a sandbox was written: its term may be the next to end.
async fn term_set(changes: &mut tokio::sync::broadcast::Receiver<Arc<str>>) {
    loop {
        match changes.recv().await {
            Ok(name) if is_grant_or_sandbox(&name) => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn is_grant_or_sandbox(name: &str) -> bool {
    name.starts_with("grants/") || (name.starts_with("sandboxes/") && !name.contains("/jobs/"))
}

/// Ends what is over; tells when the next term ends.
async fn pass(platform: &Arc<Platform>) -> Result<Option<OffsetDateTime>> {
    let now = platform.now();
    let mut next: Option<OffsetDateTime> = None;
    let mut later = |time| next = Some(next.map_or(time, |known: OffsetDateTime| known.min(time)));
    let open = Filter {
        states: &["REQUESTED", "ACTIVE"],
        ..Filter::default()
    };
    for sandbox in platform
        .store
        .list::<Sandbox>(&open, Page::first(MOST))
        .await?
    {
        if sandbox.expire_time <= now {
            end_sandbox(platform, &sandbox.name).await?;
        } else {
            later(sandbox.expire_time);
        }
    }
    for grant in platform
        .store
        .list::<Grant>(&open, Page::first(MOST))
        .await?
    {
        if grant.expire_time <= now {
            end_grant(platform, &grant.name).await?;
        } else {
            later(grant.expire_time);
        }
    }
    Ok(next)
}

/// Nothing in a sandbox runs or stays readable past its term, so its key goes with it.
async fn end_sandbox(platform: &Arc<Platform>, name: &str) -> Result<()> {
    let secret: Option<Stored<Secret>> = platform.store.get(&sandbox_secret(name)).await?;
    let now = platform.now();
    platform
        .change::<Sandbox>(name, |sandbox| {
            let Ok(state) = sandbox.state.after(SandboxEvent::Expire) else {
                return Ok(None);
            };
            sandbox.state = state;
            let event = system_event("SandboxExpired", name, &sandbox.organization, []);
            let mut change = Change::new(event);
            if let Some(secret) = &secret {
                sandbox.shredded.push(ShreddedKey::of(secret, now));
                change = change.delete(secret);
            }
            Ok(Some(change))
        })
        .await?;
    stop::sandbox_ended(platform, name, "the term of its sandbox has ended").await
}

async fn end_grant(platform: &Arc<Platform>, name: &str) -> Result<()> {
    let grant = platform
        .change::<Grant>(name, |grant| {
            let Ok(state) = grant.state.after(GrantEvent::Expire) else {
                return Ok(None);
            };
            grant.state = state;
            let event = system_event("GrantExpired", name, &grant.owner_organization, []);
            Ok(Some(Change::new(event)))
        })
        .await?;
    stop::grant_ended(platform, &grant, "the term of its grant has ended").await
}
