//! Ends grants and sandboxes at the end of their term, and what runs under them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sandyq_store::{Change, Filter, Page, Record, Stored};
use time::OffsetDateTime;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::call::system_event;
use crate::error::{Class, Error, Result};
use crate::jobs::{sandbox_secret, stop};
use crate::platform::Platform;
use crate::records::access::{Grant, GrantEvent, GrantState};
use crate::records::sandbox::{Sandbox, SandboxEvent, SandboxState, ShreddedKey};
use crate::records::secret::Secret;

/// Terms are looked at this often even when none is near.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The clock is looked at this often, in case that it was set; what failed is tried again after as long.
const STEP: Duration = Duration::from_secs(1);

/// All terms are read anew this often: somebody may have repaired the database by hand.
const READ_AGAIN: Duration = Duration::from_secs(600);

/// Records of one page of reading.
const PAGE: u32 = 1000;

/// Runs until the server shuts down.
pub async fn run(platform: Arc<Platform>) {
    let mut changes = platform.changes();
    let mut terms = None;
    loop {
        let next = match pass(&platform, &mut terms).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!("terms were not looked through: {}", error.chain());
                terms = None;
                Some(platform.now() + STEP)
            }
        };
        tokio::select! {
            () = platform.shutdown.cancelled() => return,
            () = near(&platform, next) => {}
            name = term_set(&mut changes) => match (name, &mut terms) {
                (Some(name), Some(terms)) => terms.stale.push(name),
                _ => terms = None,
            },
        }
    }
}

/// When each open grant and sandbox ends, so that no look at the clock needs the database.
struct Terms {
    read: Instant,
    by_time: BTreeSet<(OffsetDateTime, Arc<str>)>,
    by_name: HashMap<Arc<str>, OffsetDateTime>,
    /// Written since they were read.
    stale: Vec<Arc<str>>,
}

impl Terms {
    async fn read(platform: &Platform) -> Result<Self> {
        let mut terms = Self {
            read: Instant::now(),
            by_time: BTreeSet::new(),
            by_name: HashMap::new(),
            stale: Vec::new(),
        };
        terms.read_all::<Sandbox>(platform).await?;
        terms.read_all::<Grant>(platform).await?;
        Ok(terms)
    }

    async fn read_all<R: Term>(&mut self, platform: &Platform) -> Result<()> {
        let open = Filter {
            states: &["REQUESTED", "ACTIVE"],
            ..Filter::default()
        };
        let mut last: Option<String> = None;
        loop {
            let page = Page {
                size: PAGE,
                after: last.as_deref(),
            };
            let records: Vec<Stored<R>> = platform.store.list(&open, page).await?;
            for record in &records {
                self.set(record.name().into(), record.term());
            }
            match records.last() {
                Some(record) if records.len() == PAGE as usize => {
                    last = Some(record.name().to_owned());
                }
                _ => return Ok(()),
            }
        }
    }

    /// Reads what was written since.
    async fn refresh(&mut self, platform: &Platform) -> Result<()> {
        while let Some(name) = self.stale.last() {
            let end = if name.starts_with(GRANTS) {
                end_of::<Grant>(platform, name).await?
            } else {
                end_of::<Sandbox>(platform, name).await?
            };
            if let Some(name) = self.stale.pop() {
                self.set(name, end);
            }
        }
        Ok(())
    }

    fn set(&mut self, name: Arc<str>, end: Option<OffsetDateTime>) {
        let before = match end {
            Some(end) => self.by_name.insert(Arc::clone(&name), end),
            None => self.by_name.remove(&name),
        };
        if let Some(before) = before {
            self.by_time.remove(&(before, Arc::clone(&name)));
        }
        if let Some(end) = end {
            self.by_time.insert((end, name));
        }
    }

    /// What is over, sandboxes before the grants in them, which end with it for that reason; and the first end of a term
    /// that is not. Both by one look at the clock: a term that ended between two looks would be in neither.
    fn due(&self, now: OffsetDateTime) -> (Vec<Arc<str>>, Option<OffsetDateTime>) {
        let mut due = Vec::new();
        let mut next = None;
        for (end, name) in &self.by_time {
            if *end > now {
                next = Some(*end);
                break;
            }
            due.push(Arc::clone(name));
        }
        due.sort_by_key(|name| name.starts_with(GRANTS));
        (due, next)
    }
}

/// A record that ends.
trait Term: Record {
    /// When it ends, while it is open.
    fn term(&self) -> Option<OffsetDateTime>;
}

impl Term for Grant {
    fn term(&self) -> Option<OffsetDateTime> {
        matches!(self.state, GrantState::Requested | GrantState::Active).then_some(self.expire_time)
    }
}

impl Term for Sandbox {
    fn term(&self) -> Option<OffsetDateTime> {
        matches!(self.state, SandboxState::Requested | SandboxState::Active)
            .then_some(self.expire_time)
    }
}

async fn end_of<R: Term>(platform: &Platform, name: &str) -> Result<Option<OffsetDateTime>> {
    let record: Option<Stored<R>> = platform.store.get(name).await?;
    Ok(record.and_then(|record| record.term()))
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

/// Returns the name when a grant or a sandbox was written: its term may be the next to end. Nothing when so much was
/// written that names were lost.
async fn term_set(changes: &mut Receiver<Arc<str>>) -> Option<Arc<str>> {
    loop {
        match changes.recv().await {
            Ok(name) if is_grant_or_sandbox(&name) => return Some(name),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return None,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

const GRANTS: &str = "grants/";

fn is_grant_or_sandbox(name: &str) -> bool {
    // What lies in a sandbox has two names more.
    name.starts_with(GRANTS) || (name.starts_with("sandboxes/") && name.matches('/').count() == 1)
}

/// Ends what is over; returns when to look again.
async fn pass(
    platform: &Arc<Platform>,
    terms: &mut Option<Terms>,
) -> Result<Option<OffsetDateTime>> {
    let known = terms.take();
    let mut known = match known.filter(|terms| terms.read.elapsed() < READ_AGAIN) {
        Some(known) => known,
        None => Terms::read(platform).await?,
    };
    known.refresh(platform).await?;
    let (due, mut next) = known.due(platform.now());
    for name in due {
        let ended = if name.starts_with(GRANTS) {
            end_grant(platform, &name).await
        } else {
            end_sandbox(platform, &name).await
        };
        if let Err(error) = ended {
            // The others end all the same, and this one is tried again.
            tracing::error!("{name} did not end with its term: {}", error.chain());
            let again = platform.now() + STEP;
            next = Some(next.map_or(again, |next| next.min(again)));
        }
    }
    *terms = Some(known);
    Ok(next)
}

/// Nothing in a sandbox runs or stays readable past its term, so its key goes with it.
async fn end_sandbox(platform: &Arc<Platform>, name: &str) -> Result<()> {
    let mut ended = expire(platform, name, Keyless::Waits).await;
    if ended.as_ref().is_err_and(|e| e.class == Class::Aborted) {
        ended = expire(platform, name, Keyless::Ends).await;
    }
    ended?;
    stop::sandbox_ended(platform, name, "the term of its sandbox has ended").await
}

/// What is done with an active sandbox of which no key was found: it may have been approved between the two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keyless {
    Waits,
    Ends,
}

async fn expire(platform: &Arc<Platform>, name: &str, keyless: Keyless) -> Result<()> {
    let secret: Option<Stored<Secret>> = platform.store.get(&sandbox_secret(name)).await?;
    let now = platform.now();
    platform
        .change::<Sandbox>(name, |sandbox| {
            let Ok(state) = sandbox.state.after(SandboxEvent::Expire) else {
                return Ok(None);
            };
            let active = sandbox.state == SandboxState::Active;
            if active && secret.is_none() && keyless == Keyless::Waits {
                let text = "it was approved at the very end of its term";
                return Err(Error::new(Class::Aborted, "CONCURRENT_CHANGE", text));
            }
            sandbox.state = state;
            let event = system_event("SandboxExpired", name, &sandbox.organization, []);
            let mut change = Change::new(event);
            if let Some(secret) = &secret {
                sandbox.shredded.push(ShreddedKey::of(secret, now));
                change = change.delete(secret);
            }
            Ok(Some(change))
        })
        .await
        .map(drop)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_over_or_the_next_to_end() {
        let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut terms = Terms {
            read: Instant::now(),
            by_time: BTreeSet::new(),
            by_name: HashMap::new(),
            stale: Vec::new(),
        };
        for (name, end) in [("grants/a", 2), ("sandboxes/b", 2), ("grants/c", 5)] {
            terms.set(name.into(), Some(at(end)));
        }
        let due = |now| {
            let (due, next) = terms.due(at(now));
            (due.join(" "), next)
        };
        assert_eq!(due(1), (String::new(), Some(at(2))));
        assert_eq!(due(2), ("sandboxes/b grants/a".into(), Some(at(5))));
        assert_eq!(due(5), ("sandboxes/b grants/a grants/c".into(), None));
    }
}
