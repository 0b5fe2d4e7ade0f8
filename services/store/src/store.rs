//! The store itself: reading, and handing changes to the writer.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use sandyq_audit::Hash;
use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::change::{Change, Committed, SavedRequest};
use crate::error::StoreError;
use crate::keys::Keyring;
use crate::recent::RECENT;
use crate::record::{Filter, Page, Record, Stored};
use crate::resident::Resident;
use crate::sql::{Claim, Pools, Row, Value, limit};
use crate::writer::{Job, Writer};

/// Changes that may wait for the writer; those that come later wait outside.
const QUEUE: usize = 1024;

/// The size and root of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// State in SQL. Clones share the same connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub pools: Pools,
    jobs: mpsc::Sender<Job>,
    closing: Arc<Notify>,
    writer: Mutex<Option<JoinHandle<()>>>,
    pub head: watch::Receiver<Head>,
    claim: Mutex<Option<Claim>>,
    pub resident: Arc<Resident>,
}

impl Store {
    /// Opens the database at `sqlite:PATH` or `postgres://…`, creates the file where it is missing, and brings
    /// the tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Url`], [`StoreError::Migrate`], [`StoreError::Sql`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let pools = Pools::open(url).await?;
        let mut connection = pools.reader().await?;
        let head = crate::log::read_head(&mut connection).await?;
        drop(connection);
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (sender, receiver) = watch::channel(Head {
            size: head.size,
            root: head.root,
        });
        let closing = Arc::new(Notify::new());
        let resident = Arc::new(Resident::default());
        let writer = Writer::new(pools.clone(), sender, Arc::clone(&resident));
        let task = tokio::spawn(writer.run(queue, Arc::clone(&closing)));
        let inner = Inner {
            pools,
            jobs,
            closing,
            writer: Mutex::new(Some(task)),
            head: receiver,
            claim: Mutex::new(None),
            resident,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Takes the database for this process alone, until it ends or closes the store: two servers would run every job twice.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it, [`StoreError::Sql`], [`StoreError::Claim`].
    pub async fn claim(&self) -> Result<(), StoreError> {
        let claim = self.inner.pools.claim().await?;
        let alone = matches!(claim, Claim::File(_));
        *self.held() = Some(claim);
        if alone {
            let mut connection = self.inner.pools.writer().await?;
            self.inner.resident.load(&mut connection).await?;
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Option<Claim>> {
        let claim = self.inner.claim.lock();
        claim.unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out what is waiting, refuses what comes later, and closes the connections.
    pub async fn close(&self) {
        self.inner.closing.notify_one();
        let task = self
            .inner
            .writer
            .lock()
            .ok()
            .and_then(|mut task| task.take());
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the store's writer did not end well");
        }
        self.inner.pools.close().await;
        let claim = self.held().take();
        if let Some(claim) = claim {
            self.inner.resident.turn_off();
            claim.release().await;
        }
    }

    /// Carries out a change, all of it or none, and returns when it is durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::Exists`], [`StoreError::NotFound`], [`StoreError::RequestReplayed`],
    /// [`StoreError::ObjectExists`], [`StoreError::ObjectNotFound`] say that the change does not fit the state;
    /// [`StoreError::Full`], [`StoreError::Sql`], [`StoreError::NotCommitted`] that it could not be made durable.
    pub async fn commit(
        &self,
        change: Change,
        now: OffsetDateTime,
    ) -> Result<Committed, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job { change, now, reply };
        self.inner
            .jobs
            .send(job)
            .await
            .map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`StoreError::Sql`], [`StoreError::Corrupt`].
    pub async fn get<R: Record>(&self, name: &str) -> Result<Option<Stored<R>>, StoreError> {
        let remembered = self
            .inner
            .resident
            .with(|memory| memory.one(R::KIND, name).map(Option::<&_>::cloned));
        if let Some(fetched) = remembered {
            let of_many = RECENT.contains(&R::KIND);
            let stored = |fetched: Arc<Fetched>| {
                if of_many {
                    fetched.stored_for_long()
                } else {
                    fetched.stored()
                }
            };
            return fetched.map(stored).transpose();
        }
        let before = self.inner.resident.before_reading();
        let sql = format!("SELECT {COLUMNS} FROM {} WHERE name = $1", R::KIND.table());
        let row = self
            .inner
            .pools
            .reader()
            .await?
            .fetch_one(&sql, &[Value::Text(name)])
            .await?;
        let Some(row) = row else { return Ok(None) };
        let fetched = Fetched::from_row(&row)?;
        let stored = fetched.stored()?;
        self.inner.resident.keep(R::KIND, fetched, before);
        Ok(Some(stored))
    }

    /// Lists records in the order of their names.
    ///
    /// # Errors
    /// [`StoreError::Sql`], [`StoreError::Corrupt`].
    pub async fn list<R: Record>(
        &self,
        filter: &Filter<'_>,
        page: Page<'_>,
    ) -> Result<Vec<Stored<R>>, StoreError> {
        let (sql, values) = select(R::KIND.table(), filter, page);
        let rows = self
            .inner
            .pools
            .reader()
            .await?
            .fetch(&sql, &values)
            .await?;
        rows.iter().map(stored).collect()
    }

    /// Finds the answer that was given to a request.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn find_request(
        &self,
        principal: &str,
        request_id: &str,
    ) -> Result<Option<SavedRequest>, StoreError> {
        let sql = "SELECT method, fingerprint, response FROM requests WHERE principal = $1 AND request_id = $2";
        let values = [Value::Text(principal), Value::Text(request_id)];
        let row = self
            .inner
            .pools
            .reader()
            .await?
            .fetch_one(sql, &values)
            .await?;
        let saved = |row: Row| -> Result<SavedRequest, StoreError> {
            Ok(SavedRequest {
                method: row.text(0)?,
                fingerprint: row.text(1)?,
                response: row.blob(2)?,
            })
        };
        row.map(saved).transpose()
    }

    /// Tells of every change that this process commits, by the head of the audit log after it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.inner.head.clone()
    }

    /// Checks that the keyring is the one the store was made with, or has followed it by rotation. The first
    /// keyring that is shown to a new store becomes its own.
    ///
    /// # Errors
    /// [`StoreError::Key`] with [`crate::keys::KeyringError::WrongMasterKey`].
    pub async fn check_keyring(&self, keyring: &Keyring) -> Result<(), StoreError> {
        let mut connection = self.inner.pools.writer().await?;
        let sql = "SELECT value FROM facts WHERE name = 'key_check'";
        if let Some(row) = connection.fetch_one(sql, &[]).await? {
            keyring.check(&row.text(0)?)?;
        }
        let value = keyring.check_value()?;
        let sql = "INSERT INTO facts (name, value) VALUES ('key_check', $1)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        connection.execute(sql, &[Value::Text(&value)]).await?;
        Ok(())
    }
}

pub(crate) const COLUMNS: &str = "name, revision, create_time, update_time, body";

pub(crate) fn stored<R: Record>(row: &Row) -> Result<Stored<R>, StoreError> {
    Fetched::from_row(row)?.stored()
}

/// A record as the database has it: [`COLUMNS`], not yet read as a kind of record.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub name: String,
    pub revision: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub body: String,
    pub parsed: Parsed,
}

/// What was made of a record's body; of those that are read again and again.
pub(crate) type Parsed = OnceLock<Box<dyn Any + Send + Sync>>;

impl Fetched {
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.text(0)?,
            revision: row.int(1)?,
            create_time: row.int(2)?,
            update_time: row.int(3)?,
            body: row.text(4)?,
            parsed: Parsed::new(),
        })
    }

    pub fn stored<R: Record>(&self) -> Result<Stored<R>, StoreError> {
        if let Some(record) = self.parsed.get().and_then(|any| any.downcast_ref::<R>()) {
            return self.with(record.clone());
        }
        let record: R = serde_json::from_str(&self.body)
            .map_err(|error| self.damaged::<R>(error.to_string()))?;
        self.with(record)
    }

    /// As [`Self::stored`]; the next time, the body need not be read.
    pub fn stored_for_long<R: Record>(&self) -> Result<Stored<R>, StoreError> {
        let stored = self.stored::<R>()?;
        self.parsed.get_or_init(|| Box::new(stored.record.clone()));
        Ok(stored)
    }

    fn damaged<R: Record>(&self, what: String) -> StoreError {
        StoreError::Corrupt {
            place: format!("{} {}", R::KIND, self.name),
            what,
        }
    }

    fn with<R: Record>(&self, record: R) -> Result<Stored<R>, StoreError> {
        let time = |micros, what: &str| {
            from_micros(micros).ok_or_else(|| self.damaged::<R>(what.to_owned()))
        };
        Ok(Stored {
            record,
            revision: self.revision,
            create_time: time(self.create_time, "create_time")?,
            update_time: time(self.update_time, "update_time")?,
        })
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.body.len()
    }
}

fn select<'a>(table: &str, filter: &Filter<'a>, page: Page<'a>) -> (String, Vec<Value<'a>>) {
    let mut sql = format!("SELECT {COLUMNS} FROM {table} WHERE name > $1");
    let mut values = vec![Value::Text(page.after.unwrap_or(""))];
    for (column, value) in [
        ("parent", filter.parent),
        ("organization", filter.organization),
    ] {
        if let Some(value) = value {
            values.push(Value::Text(value));
            sql += &format!(" AND {column} = ${}", values.len());
        }
    }
    if let Some(value) = filter.visible_to {
        values.push(Value::Text(value));
        let n = values.len();
        sql += &format!(" AND (organization = ${n} OR counterparty = ${n})");
    }
    if !filter.states.is_empty() {
        let first = values.len() + 1;
        values.extend(filter.states.iter().copied().map(Value::Text));
        let names: Vec<_> = (first..=values.len()).map(|n| format!("${n}")).collect();
        sql += &format!(" AND state IN ({})", names.join(", "));
    }
    values.push(Value::Int(i64::from(page.size)));
    sql += &format!(
        " ORDER BY name LIMIT {}",
        limit(&format!("${}", values.len()))
    );
    (sql, values)
}

/// Microseconds since 1970, as all times are stored.
pub(crate) fn to_micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

pub(crate) fn from_micros(micros: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()
}
