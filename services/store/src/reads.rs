//! Several reads in one query: what a query costs is mostly the way to the database and back.

use crate::error::StoreError;
use crate::record::{Kind, Record, Stored};
use crate::sql::{Row, Value, limit};
use crate::store::{COLUMNS, Store, stored};

/// A name that no record has.
const ABSENT: &str = "\u{1}";

/// What is to be read, all as it was at one moment.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    selects: Vec<String>,
    values: Vec<Bound>,
}

#[derive(Clone, Debug)]
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

    /// The first children of a record, in the order of their names.
    pub fn children(&mut self, kind: Kind, parent: &str, most: u32) -> usize {
        let number = self.selects.len();
        let parent = self.bind_name(parent);
        let most = limit(&self.bind(Bound::Int(i64::from(most))));
        self.selects.push(format!(
            "SELECT * FROM (SELECT {COLUMNS}, CAST({number} AS BIGINT) FROM {} WHERE parent = {parent}
             ORDER BY name LIMIT {most}) AS children_{number}",
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
}

/// What was read.
#[derive(Debug)]
pub struct Found {
    rows: Vec<(usize, Row)>,
}

impl Found {
    /// The record of this number, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn first<R: Record>(&self, number: usize) -> Result<Option<Stored<R>>, StoreError> {
        self.of(number).next().map(stored).transpose()
    }

    /// The records of this number, in the order of their names.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn all<R: Record>(&self, number: usize) -> Result<Vec<Stored<R>>, StoreError> {
        let mut found: Vec<Stored<R>> = self.of(number).map(stored).collect::<Result<_, _>>()?;
        // A union promises no order.
        found.sort_by(|one, other| one.record.name().cmp(other.record.name()));
        Ok(found)
    }

    fn of(&self, number: usize) -> impl Iterator<Item = &Row> {
        let rows = self.rows.iter();
        rows.filter(move |(of, _)| *of == number)
            .map(|(_, row)| row)
    }
}

impl Store {
    /// Reads.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn read(&self, reads: Reads) -> Result<Found, StoreError> {
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
        let numbered = |row: Row| -> Result<(usize, Row), StoreError> {
            Ok((usize::try_from(row.int(5)?).unwrap_or(usize::MAX), row))
        };
        let rows = rows.into_iter().map(numbered).collect::<Result<_, _>>()?;
        Ok(Found { rows })
    }
}
