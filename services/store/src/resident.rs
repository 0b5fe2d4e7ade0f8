//! Records that calls look at all the time, kept in memory where no other process can write: then a question about
//! them costs no query, however fast the log grows. The writer brings them up to date with every transaction, before it
//! answers. What somebody changes in the database by hand is noticed, and read anew, within [`LOOKS`]. Of some kinds
//! only the last records are kept ([`Recent`]).

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use time::OffsetDateTime;

use crate::change::{Row, Step};
use crate::error::StoreError;
use crate::recent::{RECENT, Recent};
use crate::record::Kind;
use crate::sql::{Connection, Pools, Value, limit};
use crate::store::{COLUMNS, Fetched, Parsed, to_micros};

/// What stands behind callers, and what decisions on the use of data look at.
const KINDS: [Kind; 8] = [
    Kind::Organization,
    Kind::User,
    Kind::Certificate,
    Kind::Library,
    Kind::Version,
    Kind::Grant,
    Kind::System,
    Kind::Sandbox,
];

/// Bytes of records that are kept at most; where there are more, all are read from the database.
const MOST_BYTES: usize = 512 << 20;
/// Records that are read at once.
const PAGE: u32 = 1000;
/// How often the database is asked whether somebody else has changed it.
pub(crate) const LOOKS: Duration = Duration::from_millis(500);

/// The records, as far as they are known.
#[derive(Debug)]
pub(crate) struct Resident {
    most: usize,
    state: RwLock<State>,
    /// Counts what was taken in: a record that was read before that may be behind it.
    taken_in: AtomicU64,
}

/// The time of a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before(u64);

#[derive(Debug)]
enum State {
    /// Others may write, or there are too many: everything is read from the database.
    Off,
    /// They are to be read anew, because what the database holds is not known for certain.
    Unknown,
    Known(Memory),
}

impl Default for Resident {
    fn default() -> Self {
        Self::of(MOST_BYTES)
    }
}

/// Everything as it was at one moment.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The connection's word for the state that others left the database in.
    version: i64,
    bytes: usize,
    tables: HashMap<Kind, Table>,
    recent: Recent,
}

#[derive(Debug, Default)]
struct Table {
    rows: HashMap<Arc<str>, Held>,
    children: HashMap<String, BTreeSet<Arc<str>>>,
}

#[derive(Debug)]
struct Held {
    parent: String,
    fetched: Arc<Fetched>,
}

impl Held {
    /// The name stands here, in the index of names, and under its parent.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.fetched.bytes() + 3 * self.parent.len()
    }
}

impl Resident {
    fn of(most: usize) -> Self {
        let state = RwLock::new(State::Off);
        Self {
            most,
            state,
            taken_in: AtomicU64::new(0),
        }
    }

    /// Reads everything through the connection that writes, so that nothing is written meanwhile.
    pub async fn load(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let mut memory = Memory {
            version: version(connection).await?,
            bytes: 0,
            tables: KINDS.iter().map(|kind| (*kind, Table::default())).collect(),
            recent: Recent::default(),
        };
        for kind in KINDS {
            let sql = format!(
                "SELECT {COLUMNS}, parent FROM {} WHERE name > $1 ORDER BY name LIMIT {}",
                kind.table(),
                limit("$2")
            );
            let mut after = String::new();
            loop {
                let values = [Value::Text(&after), Value::Int(i64::from(PAGE))];
                let rows = connection.fetch(&sql, &values).await?;
                let Some(last) = rows.last() else { break };
                after = last.text(0)?;
                for row in &rows {
                    memory.put(kind, row.text(5)?, Fetched::from_row(row)?);
                }
                if memory.bytes > self.most {
                    self.turn_off();
                    return Ok(());
                }
            }
        }
        let mut state = self.write();
        self.taken_in.fetch_add(1, Ordering::Relaxed);
        *state = State::Known(memory);
        Ok(())
    }

    /// Reads everything anew when it is not known, or when somebody else has written since.
    pub async fn look(&self, pools: &Pools) -> Result<(), StoreError> {
        let known = match &*self.read() {
            State::Off => return Ok(()),
            State::Unknown => None,
            State::Known(memory) => Some(memory.version),
        };
        let mut connection = pools.writer().await?;
        if known == Some(version(&mut connection).await?) {
            return Ok(());
        }
        self.load(&mut connection).await
    }

    /// Brings the records up to date with steps that were carried out.
    pub fn apply<'a>(&self, steps: impl Iterator<Item = (&'a Step, OffsetDateTime)>) {
        let mut state = self.write();
        self.taken_in.fetch_add(1, Ordering::Relaxed);
        let State::Known(memory) = &mut *state else {
            return;
        };
        let mut known = true;
        for (step, now) in steps {
            known &= memory.apply(step, to_micros(now));
        }
        if memory.bytes > self.most {
            *state = State::Off;
        } else if !known {
            *state = State::Unknown;
        }
    }

    /// To be called before a record is read that is to be kept.
    pub fn before_reading(&self) -> Before {
        Before(self.taken_in.load(Ordering::Acquire))
    }

    /// Keeps a record of a kind of which the last are kept, unless it may be behind what was written meanwhile.
    pub fn keep(&self, kind: Kind, fetched: Fetched, before: Before) {
        let mut state = self.write();
        if let State::Known(memory) = &mut *state
            && RECENT.contains(&kind)
            && self.taken_in.load(Ordering::Acquire) == before.0
        {
            memory.recent.put(fetched);
        }
    }

    /// What the database holds is not known for certain any more.
    pub fn doubt(&self) {
        let mut state = self.write();
        if matches!(*state, State::Known(_)) {
            *state = State::Unknown;
        }
    }

    /// Others may write from now on.
    pub fn turn_off(&self) {
        *self.write() = State::Off;
    }

    /// Looks something up; `None` where it has to be asked of the database.
    pub fn with<T>(&self, look: impl FnOnce(&Memory) -> Option<T>) -> Option<T> {
        match &*self.read() {
            State::Known(memory) => look(memory),
            _ => None,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// The record of this name, if there is one; `None` where the kind, or this one of it, is not kept.
    pub fn one(&self, kind: Kind, name: &str) -> Option<Option<&Arc<Fetched>>> {
        if RECENT.contains(&kind) {
            return self.recent.get(name).map(Some);
        }
        let found = self.with_parent(kind, name)?;
        Some(found.map(|(fetched, _)| fetched))
    }

    /// The record and its parent's name.
    pub fn with_parent(&self, kind: Kind, name: &str) -> Option<Option<(&Arc<Fetched>, &str)>> {
        let table = self.tables.get(&kind)?;
        let held = table.rows.get(name);
        Some(held.map(|held| (&held.fetched, held.parent.as_str())))
    }

    /// The children of a record in the order of their names, bytewise; `None` where the kind is not kept.
    pub fn children(
        &self,
        kind: Kind,
        parent: &str,
    ) -> Option<impl Iterator<Item = &Arc<Fetched>>> {
        let table = self.tables.get(&kind)?;
        let names = table.children.get(parent).into_iter().flatten();
        Some(names.filter_map(|name| table.rows.get(name).map(|held| &held.fetched)))
    }

    fn put(&mut self, kind: Kind, parent: String, fetched: Fetched) {
        self.remove(kind, &fetched.name);
        let Some(table) = self.tables.get_mut(&kind) else {
            return;
        };
        let name: Arc<str> = fetched.name.as_str().into();
        let siblings = table.children.entry(parent.clone()).or_default();
        siblings.insert(Arc::clone(&name));
        let held = Held {
            parent,
            fetched: Arc::new(fetched),
        };
        self.bytes += held.bytes();
        table.rows.insert(name, held);
    }

    fn remove(&mut self, kind: Kind, name: &str) -> Option<Arc<Fetched>> {
        let table = self.tables.get_mut(&kind)?;
        let held = table.rows.remove(name)?;
        self.bytes -= held.bytes();
        if let Some(siblings) = table.children.get_mut(&held.parent) {
            siblings.remove(name);
            if siblings.is_empty() {
                table.children.remove(&held.parent);
            }
        }
        Some(held.fetched)
    }

    /// False when the step does not fit what is known.
    fn apply(&mut self, step: &Step, now: i64) -> bool {
        let (Step::Insert(Row { kind, name, .. })
        | Step::Update(Row { kind, name, .. }, _)
        | Step::Delete { kind, name, .. }) = step
        else {
            return true;
        };
        if RECENT.contains(kind) {
            self.apply_recent(step, now);
            return true;
        }
        if !self.tables.contains_key(kind) {
            return true;
        }
        let before = self.remove(*kind, name);
        let (row, revision, create_time) = match (step, &before) {
            (Step::Insert(row), None) => (row, 1, now),
            (Step::Update(row, revision), Some(before)) if before.revision == *revision => {
                (row, revision + 1, before.create_time)
            }
            (Step::Delete { revision, .. }, Some(before)) => return before.revision == *revision,
            _ => return false,
        };
        let fetched = Fetched {
            name: row.name.clone(),
            revision,
            create_time,
            update_time: now,
            body: row.body.clone(),
            parsed: Parsed::new(),
        };
        self.put(*kind, row.parent.clone(), fetched);
        true
    }
}

/// Changes whenever another connection has written; never by what this one writes.
impl Memory {
    /// A record may have been read already as the step leaves it.
    fn apply_recent(&mut self, step: &Step, now: i64) {
        let (row, revision, create_time) = match step {
            Step::Insert(row) => (row, 1, Some(now)),
            Step::Update(row, before) => {
                let held = self.recent.remove(&row.name);
                let held = held.filter(|held| (*before..=before + 1).contains(&held.revision));
                (row, before + 1, held.map(|held| held.create_time))
            }
            Step::Delete { name, .. } => {
                self.recent.remove(name);
                return;
            }
            _ => return,
        };
        if let Some(create_time) = create_time {
            self.recent.put(Fetched {
                name: row.name.clone(),
                revision,
                create_time,
                update_time: now,
                body: row.body.clone(),
                parsed: Parsed::new(),
            });
        }
    }
}

async fn version(connection: &mut Connection) -> Result<i64, StoreError> {
    let row = connection.fetch_one("PRAGMA data_version", &[]).await?;
    row.map_or(Ok(0), |row| Ok(row.int(0)?))
}

#[cfg(test)]
mod tests;
