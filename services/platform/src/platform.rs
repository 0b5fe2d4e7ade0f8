//! Everything the platform has, passed to every service and worker.

use std::sync::Arc;

use crate::engine::EngineSlot;
use sandyq_access::Policies;
use sandyq_anonymizer::PseudonymKey;
use sandyq_audit::LogKey;
use sandyq_store::{Change, Keyring, ObjectStore, Record, Store, Stored};
use time::OffsetDateTime;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::config::Config;
use crate::decisions::Decisions;
use crate::error::{Class, Error, Result};
use crate::governance::purposes::Purposes;
use crate::jobs::driven::Driven;
use crate::metrics::Metrics;
use crate::pki::Authority;
use crate::records::secret::Secret;
use crate::trials::Trials;
use crate::trials::mark::{HeaderMark, Marking};

/// The present time; a value, so that tests set it.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// The system's clock.
#[cfg(not(feature = "failpoints"))]
pub fn system_clock() -> Clock {
    Arc::new(OffsetDateTime::now_utc)
}

/// The system's clock, which a test may set: by the seconds in the file that `SANDYQ_CLOCK` names.
#[cfg(feature = "failpoints")]
pub fn system_clock() -> Clock {
    let file = std::env::var_os("SANDYQ_CLOCK");
    Arc::new(move || {
        let read = |file| std::fs::read_to_string(file).ok()?.trim().parse().ok();
        let seconds: Option<i64> = file.as_ref().and_then(read);
        OffsetDateTime::now_utc() + time::Duration::seconds(seconds.unwrap_or(0))
    })
}

/// Changes seen by watchers are at most this far behind before they must read anew.
const BUS_CAPACITY: usize = 1024;

/// How often a change is tried again when another got in first.
const ATTEMPTS: usize = 16;

/// Everything the platform has.
pub struct Platform {
    /// State and audit log.
    pub store: Store,
    /// Encrypted objects.
    pub objects: ObjectStore,
    /// Keys that wrap keys.
    pub keyring: Keyring,
    /// Who may do what.
    pub policies: Policies,
    /// The container engine.
    pub engine: EngineSlot,
    /// For what data may be lent.
    pub purposes: Purposes,
    /// The last decisions, for those who try other policies.
    pub decisions: Decisions,
    /// Signs certificates.
    pub authority: Authority,
    /// Signs checkpoints.
    pub log_key: LogKey,
    /// Settings.
    pub config: Config,
    /// Background work, waited for at shutdown.
    pub tasks: TaskTracker,
    /// Cancelled when the server shuts down.
    pub shutdown: CancellationToken,
    /// Wakes the scheduler.
    pub wake: Notify,
    /// The jobs that wait and run.
    pub queue: crate::jobs::queue::Jobs,
    /// What the server counts of itself.
    pub metrics: Arc<Metrics>,
    /// Held while staged inputs are laid out or wiped.
    pub staging: tokio::sync::Mutex<()>,
    /// Held while a release is read to turn values back: one at a time is in memory for this.
    pub revealing: tokio::sync::Mutex<()>,
    /// Jobs that are being driven, and trials that are looked after.
    pub driven: Driven,
    /// What trials are asked.
    pub trials: Trials,
    /// Which logs are followed.
    pub views: crate::jobs::logs::Views,
    /// What every answer of a trial passes.
    pub marking: Box<dyn Marking>,
    clock: Clock,
    bus: broadcast::Sender<Arc<str>>,
}

/// What [`Platform::new`] puts together.
pub struct Parts {
    /// See [`Platform`].
    pub store: Store,
    /// See [`Platform`].
    pub objects: ObjectStore,
    /// See [`Platform`].
    pub keyring: Keyring,
    /// See [`Platform`].
    pub policies: Policies,
    /// See [`Platform`].
    pub purposes: Purposes,
    /// See [`Platform`].
    pub engine: EngineSlot,
    /// See [`Platform`].
    pub authority: Authority,
    /// See [`Platform`].
    pub log_key: LogKey,
    /// See [`Platform`].
    pub config: Config,
    /// See [`Platform`].
    pub metrics: Arc<Metrics>,
    /// The present time.
    pub clock: Clock,
    /// Cancelled when the server shuts down.
    pub shutdown: CancellationToken,
}

impl Platform {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            store: parts.store,
            objects: parts.objects,
            keyring: parts.keyring,
            policies: parts.policies,
            purposes: parts.purposes,
            decisions: Decisions::default(),
            engine: parts.engine,
            authority: parts.authority,
            log_key: parts.log_key,
            queue: crate::jobs::queue::Jobs::new(parts.config.raw.jobs.policy()),
            config: parts.config,
            metrics: parts.metrics,
            tasks: TaskTracker::new(),
            shutdown: parts.shutdown,
            wake: Notify::new(),
            staging: tokio::sync::Mutex::new(()),
            revealing: tokio::sync::Mutex::new(()),
            driven: Driven::default(),
            trials: Trials::default(),
            views: crate::jobs::logs::Views::default(),
            marking: Box::new(HeaderMark),
            clock: parts.clock,
            bus: broadcast::channel(BUS_CAPACITY).0,
        })
    }

    /// The present time.
    pub fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    /// Names of records, each time one is written.
    pub fn changes(&self) -> broadcast::Receiver<Arc<str>> {
        self.bus.subscribe()
    }

    /// Reads the operator's prohibitions anew, and validates them with the policies of the law.
    ///
    /// # Errors
    /// The file, line and policy that is at fault.
    pub async fn read_policies(&self) -> Result<Policies> {
        let folder = self.config.policies.clone();
        tokio::task::spawn_blocking(move || Policies::with_forbids(&folder))
            .await
            .map_err(|error| Error::internal("read the policies", error))?
            .map_err(|error| {
                Error::precondition(
                    "POLICIES_INVALID",
                    format!("{error}; the present policies stay in force"),
                )
            })
    }

    /// Commits a change and tells the watchers, also when whoever asked for it goes away meanwhile: a client that hangs up ends
    /// its call at any moment, and what is changed then must be heard of all the same.
    ///
    /// # Errors
    /// The store's.
    pub async fn commit(&self, change: Change) -> Result<()> {
        let touched: Vec<Arc<str>> = change.touched().map(Arc::from).collect();
        let (store, bus, now) = (self.store.clone(), self.bus.clone(), self.now());
        let driven = self.driven.clone();
        let committing = async move {
            store.commit(change, now).await?;
            for name in touched {
                driven.written(&name);
                // Nobody may be watching.
                let _ = bus.send(name);
            }
            Ok(())
        };
        let outcome = tokio::spawn(committing.in_current_span()).await;
        outcome.map_err(|error| Error::internal("commit a change", error))?
    }

    /// Reads a record that must be there.
    ///
    /// # Errors
    /// It is not there.
    pub async fn record<R: Record>(&self, name: &str) -> Result<Stored<R>> {
        self.store
            .get(name)
            .await?
            .ok_or_else(|| Error::not_found(name))
    }

    /// Reads a record, lets `plan` decide the change to it, commits; begins anew when another wrote it meanwhile.
    /// `plan` gives `None` when nothing is to be changed. Returns the record as last read or written.
    ///
    /// # Errors
    /// The store's, or `plan`'s.
    pub async fn change<R: Record>(
        &self,
        name: &str,
        mut plan: impl FnMut(&mut Stored<R>) -> Result<Option<Change>> + Send,
    ) -> Result<Stored<R>> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let mut stored = self.record::<R>(name).await?;
            let Some(change) = plan(&mut stored)? else {
                return Ok(stored);
            };
            match self.commit(change.update(&stored)?).await {
                Ok(()) => {
                    stored.revision += 1;
                    return Ok(stored);
                }
                Err(error) if error.class == Class::Aborted => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::not_found(name)))
    }

    /// Opens a key of the platform.
    ///
    /// # Errors
    /// It is absent, or not readable under the master key.
    pub async fn secret(&self, name: &str) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        let secret = self.record::<Secret>(name).await?;
        open_secret(&self.keyring, &secret)
    }

    /// Opens a key under which values are replaced.
    ///
    /// # Errors
    /// As [`Self::secret`], or it is not of 32 bytes.
    pub async fn pseudonym_key(&self, name: &str) -> Result<PseudonymKey> {
        let bytes = self.secret(name).await?;
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
            let why = format!("{name} has {} bytes, not 32", bytes.len());
            Error::internal("read a key of pseudonyms", std::io::Error::other(why))
        })?;
        Ok(PseudonymKey::new(key))
    }
}

/// Opens a sealed key.
///
/// # Errors
/// It is not readable under the master key.
pub fn open_secret(keyring: &Keyring, secret: &Secret) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    keyring
        .open(&secret.name, &secret.sealed)
        .map_err(|error| Error::internal("open one of its keys", error))
}
