//! Several reads in one query: what a query costs is mostly the way to the database and back. Where no other process
//! can write, answers are kept until the next change, so that a question asked again costs no query at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::StoreError;
use crate::record::{Kind, Record, Stored};
use crate::sql::{Value, limit};
use crate::store::{COLUMNS, Fetched, Store};

/// A name that no record has.
const ABSENT: &str = "\u{1}";

/// Bytes of records that are kept between changes.
const MOST_KEPT: usize = 8 << 20;
/// What is kept is read anew after this long all the same: somebody may repair the database by hand.
const LONGEST_KEPT: Duration = Duration::from_secs(1);

/// What is to be read, all as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reads {
    selects: Vec<String>,
    values: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Bound {
    Text(String),
    Int(i64),
}

impl Reads {
    /// A record by its name. Returns the number under which [`Found`] has it.
    pub fn one(&mut self, kind: Kind, name: &str) -> usize {
        let [number] = self.lineage([kind], name);
        number
    }

    /// A record, its parent, its parent's parent, and so on, of these kinds.
    pub fn lineage<const N: usize>(&mut self, kinds: [Kind; N], name: &str) -> [usize; N] {
        let mut key = self.bind_name(name);
        kinds.map(|kind| {
            let table = kind.table();
            let number = self.selects.len();
            self.selects.push(format!(
                "SELECT {COLUMNS}, CAST({number} AS BIGINT) FROM {table} WHERE name = {key}"
            ));
            key = format!("(SELECT parent FROM {table} WHERE name = {key})");
            number
        })
    }

    /// The first children of a record, in the order of their names, that hold this name somewhere; perhaps others
    /// with them, whose text is like it.
    pub fn children_naming(&mut self, kind: Kind, parent: &str, name: &str, most: u32) -> usize {
        let number = self.selects.len();
        let (parent, name) = (self.bind_name(parent), self.bind_name(name));
        let most = limit(&self.bind(Bound::Int(i64::from(most))));
        self.selects.push(format!(
            "SELECT * FROM (SELECT {COLUMNS}, CAST({number} AS BIGINT) FROM {} WHERE parent = {parent}
             AND body LIKE '%' || {name} || '%' ORDER BY name LIMIT {most}) AS children_{number}",
            kind.table()
        ));
        number
    }

    /// A text that no database can hold is the name of nothing, and takes nothing from the other reads.
    fn bind_name(&mut self, name: &str) -> String {
        let name = if name.contains('\0') { ABSENT } else { name };
        self.bind(Bound::Text(name.to_owned()))
    }

    fn bind(&mut self, value: Bound) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn bytes(&self) -> usize {
        let texts = self.values.iter().map(|value| match value {
            Bound::Text(text) => text.len(),
            Bound::Int(_) => size_of::<i64>(),
        });
        self.selects.iter().map(String::len).sum::<usize>() + texts.sum::<usize>()
    }
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Found {
    rows: Arc<[(usize, Fetched)]>,
}

impl Found {
    /// The record of this number, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn first<R: Record>(&self, number: usize) -> Result<Option<Stored<R>>, StoreError> {
        self.of(number).next().map(Fetched::stored).transpose()
    }

    /// The records of this number, in the order of their names.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn all<R: Record>(&self, number: usize) -> Result<Vec<Stored<R>>, StoreError> {
        let mut found: Vec<Stored<R>> = self
            .of(number)
            .map(Fetched::stored)
            .collect::<Result<_, _>>()?;
        // A union promises no order.
        found.sort_by(|one, other| one.record.name().cmp(other.record.name()));
        Ok(found)
    }

    fn of(&self, number: usize) -> impl Iterator<Item = &Fetched> {
        let rows = self.rows.iter();
        rows.filter(move |(of, _)| *of == number)
            .map(|(_, row)| row)
    }

    fn bytes(&self) -> usize {
        self.rows.iter().map(|(_, row)| row.bytes()).sum()
    }
}

/// Answers that hold for one size of the audit log. No record changes without an entry, so they hold until it grows.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    size: u64,
    bytes: usize,
    answers: HashMap<Reads, (Instant, Found)>,
}

impl Recent {
    fn get(&self, reads: &Reads, size: u64) -> Option<Found> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.size != size {
            return None;
        }
        let (since, found) = kept.answers.get(reads)?;
        (since.elapsed() < LONGEST_KEPT).then(|| found.clone())
    }

    /// Keeps what was asked for when the log had this size. A change may have come while it was read: then it is kept
    /// under a size that nobody asks for any more.
    fn keep(&self, reads: Reads, size: u64, since: Instant, found: &Found) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if size < kept.size {
            return;
        }
        let bytes = found.bytes() + reads.bytes();
        if size > kept.size || kept.bytes + bytes > MOST_KEPT {
            *kept = Kept {
                size,
                ..Kept::default()
            };
        }
        let answer = (since, found.clone());
        if bytes <= MOST_KEPT && kept.answers.insert(reads, answer).is_none() {
            kept.bytes += bytes;
        }
    }
}

impl Store {
    /// Reads.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn read(&self, reads: Reads) -> Result<Found, StoreError> {
        if !self.alone() {
            return self.query(&reads).await;
        }
        // Looked at before the records: what is read after it is never older than it.
        let (size, since) = (self.inner.head.borrow().size, Instant::now());
        if let Some(found) = self.inner.recent.get(&reads, size) {
            return Ok(found);
        }
        let found = self.query(&reads).await?;
        self.inner.recent.keep(reads, size, since, &found);
        Ok(found)
    }

    async fn query(&self, reads: &Reads) -> Result<Found, StoreError> {
        let values: Vec<Value<'_>> = reads
            .values
            .iter()
            .map(|value| match value {
                Bound::Text(text) => Value::Text(text),
                Bound::Int(int) => Value::Int(*int),
            })
            .collect();
        let mut connection = self.inner.pools.reader().await?;
        let rows = connection
            .fetch(&reads.selects.join(" UNION ALL "), &values)
            .await?;
        let rows = rows
            .iter()
            .map(|row| {
                let number = usize::try_from(row.int(5)?).unwrap_or(usize::MAX);
                Ok((number, Fetched::from_row(row)?))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Found { rows })
    }
}
