//! Several reads in one query: what a query costs is mostly the way to the database and back. What is kept in memory
//! costs no query at all.

use std::sync::Arc;

use crate::error::StoreError;
use crate::record::{Kind, Record, Stored};
use crate::resident::Memory;
use crate::sql::{Value, limit};
use crate::store::{COLUMNS, Fetched, Store};

/// A name that no record has.
const ABSENT: &str = "\u{1}";

/// What is to be read, all as it was at one moment.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    parts: Vec<Part>,
    /// Numbers that were given.
    numbers: usize,
}

#[derive(Clone, Debug)]
struct Part {
    /// The number of the first kind; the others follow.
    first: usize,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Lineage {
        kinds: Vec<Kind>,
        name: String,
    },
    Children {
        kind: Kind,
        parent: String,
        naming: String,
        most: u32,
    },
}

impl Reads {
    /// A record by its name. Returns the number under which [`Found`] has it.
    pub fn one(&mut self, kind: Kind, name: &str) -> usize {
        let [number] = self.lineage([kind], name);
        number
    }

    /// A record, its parent, its parent's parent, and so on, of these kinds.
    pub fn lineage<const N: usize>(&mut self, kinds: [Kind; N], name: &str) -> [usize; N] {
        let first = self.part(
            N,
            What::Lineage {
                kinds: kinds.to_vec(),
                name: existing(name),
            },
        );
        std::array::from_fn(|place| first + place)
    }

    /// The first children of a record, in the order of their names, that hold this name somewhere; perhaps others
    /// with them, whose text is like it.
    pub fn children_naming(&mut self, kind: Kind, parent: &str, name: &str, most: u32) -> usize {
        self.part(
            1,
            What::Children {
                kind,
                parent: existing(parent),
                naming: existing(name),
                most,
            },
        )
    }

    fn part(&mut self, numbers: usize, what: What) -> usize {
        let first = self.numbers;
        self.numbers += numbers;
        self.parts.push(Part { first, what });
        first
    }

    /// The answers, when all that is asked about is in memory.
    fn remembered(&self, memory: &Memory) -> Option<Found> {
        let mut rows = Vec::with_capacity(self.numbers);
        for Part { first, what } in &self.parts {
            match what {
                What::Lineage { kinds, name } => {
                    let mut name = Some(name.as_str());
                    for (number, kind) in (*first..).zip(kinds) {
                        let held = memory.with_parent(*kind, name.unwrap_or(ABSENT))?;
                        name = held.map(|(_, parent)| parent);
                        rows.extend(held.map(|(fetched, _)| (number, Arc::clone(fetched))));
                    }
                }
                What::Children {
                    kind,
                    parent,
                    naming,
                    most,
                } => {
                    let children = memory.children(*kind, parent)?;
                    let named = children.filter(|child| child.body.contains(naming));
                    let first_named = named.take(usize::try_from(*most).unwrap_or(usize::MAX));
                    rows.extend(first_named.map(|child| (*first, Arc::clone(child))));
                }
            }
        }
        Some(Found { rows })
    }

    /// The query, and what it binds.
    fn query(&self) -> (String, Vec<Value<'_>>) {
        let (mut selects, mut values) = (Vec::new(), Vec::new());
        for Part { first, what } in &self.parts {
            match what {
                What::Lineage { kinds, name } => {
                    let mut key = bind(&mut values, Value::Text(name));
                    for (number, kind) in (*first..).zip(kinds) {
                        let table = kind.table();
                        selects.push(format!(
                            "SELECT {COLUMNS}, CAST({number} AS BIGINT) FROM {table} WHERE name = {key}"
                        ));
                        key = format!("(SELECT parent FROM {table} WHERE name = {key})");
                    }
                }
                What::Children {
                    kind,
                    parent,
                    naming,
                    most,
                } => {
                    let table = kind.table();
                    let parent = bind(&mut values, Value::Text(parent));
                    let naming = bind(&mut values, Value::Text(naming));
                    let most = limit(&bind(&mut values, Value::Int(i64::from(*most))));
                    selects.push(format!(
                        "SELECT * FROM (SELECT {COLUMNS}, CAST({first} AS BIGINT) FROM {table} WHERE parent = {parent}
                         AND body LIKE '%' || {naming} || '%' ORDER BY name LIMIT {most}) AS children_{first}"
                    ));
                }
            }
        }
        (selects.join(" UNION ALL "), values)
    }
}

/// A text that no database can hold is the name of nothing, and takes nothing from the other reads.
fn existing(name: &str) -> String {
    let name = if name.contains('\0') { ABSENT } else { name };
    name.to_owned()
}

fn bind<'a>(values: &mut Vec<Value<'a>>, value: Value<'a>) -> String {
    values.push(value);
    format!("${}", values.len())
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Found {
    rows: Vec<(usize, Arc<Fetched>)>,
}

impl Found {
    /// The record of this number, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn first<R: Record>(&self, number: usize) -> Result<Option<Stored<R>>, StoreError> {
        self.of(number).next().map(|row| row.stored()).transpose()
    }

    /// The records of this number, in the order of their names.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn all<R: Record>(&self, number: usize) -> Result<Vec<Stored<R>>, StoreError> {
        let mut found: Vec<Stored<R>> = self
            .of(number)
            .map(|row| row.stored())
            .collect::<Result<_, _>>()?;
        // A union promises no order.
        found.sort_by(|one, other| one.record.name().cmp(other.record.name()));
        Ok(found)
    }

    fn of(&self, number: usize) -> impl Iterator<Item = &Arc<Fetched>> {
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
        let remembered = |memory: &Memory| reads.remembered(memory);
        if let Some(found) = self.inner.resident.with(remembered) {
            return Ok(found);
        }
        let (sql, values) = reads.query();
        let mut connection = self.inner.pools.reader().await?;
        let rows = connection.fetch(&sql, &values).await?;
        let rows = rows
            .iter()
            .map(|row| {
                let number = usize::try_from(row.int(5)?).unwrap_or(usize::MAX);
                Ok((number, Arc::new(Fetched::from_row(row)?)))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Found { rows })
    }
}
