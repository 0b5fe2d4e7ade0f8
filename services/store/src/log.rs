//! The audit log in the database: appending within the writer's transaction, reading, proving.

use std::collections::HashMap;

use sandyq_audit::{
    Entry, Frontier, Hash, Node, Position, ProofPlan, plan_consistency, plan_inclusion,
};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::change::Event;
use crate::error::StoreError;
use crate::sql::{Connection, Row, Value, placeholders};
use crate::store::{Head, Store, from_micros, to_micros};

/// Rows that one statement inserts.
const ROWS: usize = 64;

/// The row of `audit_head`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadRow {
    pub size: u64,
    pub root: Hash,
    /// The time of the last entry.
    pub micros: i64,
}

const HEAD: &str = "SELECT size, root, time FROM audit_head WHERE id = 1";

pub(crate) async fn read_head(connection: &mut Connection) -> Result<HeadRow, StoreError> {
    head(connection.fetch_one(HEAD, &[]).await?.as_ref())
}

/// Begins a transaction: reads the head and keeps other processes from appending until it ends.
pub(crate) async fn begin(connection: &mut Connection) -> Result<HeadRow, StoreError> {
    head(connection.begin_with(HEAD).await?.as_ref())
}

fn head(row: Option<&Row>) -> Result<HeadRow, StoreError> {
    let row = row.ok_or_else(|| corrupt("audit_head", "the row is missing"))?;
    Ok(HeadRow {
        size: size(row.int(0)?)?,
        root: hash(&row.blob(1)?)?,
        micros: row.int(2)?,
    })
}

/// The log's right edge, with the entries that are appended but not yet written.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    frontier: Frontier,
    /// The leaf hash of the last entry, in base64.
    previous: String,
    micros: i64,
    leaves: Vec<(u64, String)>,
    nodes: Vec<Node>,
}

impl Log {
    /// Restores the right edge from the stored nodes and checks it against the head.
    pub async fn load(connection: &mut Connection, head: HeadRow) -> Result<Self, StoreError> {
        let peaks = Frontier::peaks_of(head.size);
        let nodes = read_nodes(connection, &peaks).await?;
        let hashes = peaks
            .iter()
            .filter_map(|position| nodes.get(position).copied())
            .collect();
        let frontier = Frontier::from_peaks(head.size, hashes)
            .filter(|frontier| frontier.root() == head.root)
            .ok_or_else(|| {
                corrupt(
                    "audit_nodes",
                    "the nodes do not make the root in audit_head",
                )
            })?;
        let last = head
            .size
            .checked_sub(1)
            .map(|index| Position { level: 0, index });
        let nodes = read_nodes(connection, last.as_slice()).await?;
        let previous = match last {
            Some(last) => nodes.get(&last).map(Hash::to_base64),
            None => Some(String::new()),
        };
        let previous =
            previous.ok_or_else(|| corrupt("audit_nodes", "the last leaf is missing"))?;
        Ok(Self {
            frontier,
            previous,
            micros: head.micros,
            leaves: Vec::new(),
            nodes: Vec::new(),
        })
    }

    pub fn head(&self) -> Head {
        Head {
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }

    /// Appends an entry for the event. Its time is not before that of the last entry.
    pub fn append(&mut self, event: &Event, now: OffsetDateTime) -> Result<(), StoreError> {
        let (seq, micros) = (self.frontier.size(), self.micros.max(to_micros(now)));
        let entry = entry(event, seq, rfc3339(micros)?, self.previous.clone());
        let (leaf, hash) = entry.hashed()?;
        self.nodes.extend(self.frontier.append(hash));
        self.leaves.push((seq, leaf));
        self.previous = hash.to_base64();
        self.micros = micros;
        Ok(())
    }

    /// Where the log stands, to return to when a change fails.
    pub fn mark(&self) -> Mark {
        Mark {
            frontier: self.frontier.clone(),
            previous: self.previous.clone(),
            micros: self.micros,
            leaves: self.leaves.len(),
            nodes: self.nodes.len(),
        }
    }

    /// Takes back what was appended since the mark.
    pub fn back_to(&mut self, mark: Mark) {
        self.frontier = mark.frontier;
        self.previous = mark.previous;
        self.micros = mark.micros;
        self.leaves.truncate(mark.leaves);
        self.nodes.truncate(mark.nodes);
    }

    /// Writes what was appended, and ends the transaction.
    pub async fn commit(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let mut statements = Vec::new();
        for rows in self.leaves.chunks(ROWS) {
            let sql = format!(
                "INSERT INTO audit_entries (seq, leaf) VALUES {}",
                placeholders(rows.len(), 2)
            );
            let values = rows
                .iter()
                .flat_map(|(seq, leaf)| [int(*seq), Value::Text(leaf)]);
            statements.push((sql, values.collect()));
        }
        for rows in self.nodes.chunks(ROWS) {
            let sql = format!(
                "INSERT INTO audit_nodes (level, idx, hash) VALUES {}",
                placeholders(rows.len(), 3)
            );
            let values = rows.iter().flat_map(node_values);
            statements.push((sql, values.collect()));
        }
        let head = self.head();
        if !self.leaves.is_empty() {
            let sql = "UPDATE audit_head SET size = $1, root = $2, time = $3 WHERE id = 1";
            let values = vec![
                int(head.size),
                Value::Blob(head.root.as_bytes()),
                Value::Int(self.micros),
            ];
            statements.push((sql.to_owned(), values));
        }
        statements.push(("COMMIT".to_owned(), Vec::new()));
        connection.execute_all(&statements).await?;
        self.leaves.clear();
        self.nodes.clear();
        Ok(())
    }
}

/// A state of the [`Log`].
#[derive(Debug)]
pub(crate) struct Mark {
    frontier: Frontier,
    previous: String,
    micros: i64,
    leaves: usize,
    nodes: usize,
}

fn entry(event: &Event, seq: u64, time: String, previous: String) -> Entry {
    Entry {
        seq,
        time,
        previous,
        actor: event.actor.clone(),
        organization: event.organization.clone(),
        action: event.action.clone(),
        resource: event.resource.clone(),
        decision: event.decision,
        reasons: event.reasons.clone(),
        detail: event.detail.clone(),
    }
}

/// RFC 3339 with microseconds always written, so that the order of texts is that of times.
fn rfc3339(micros: i64) -> Result<String, StoreError> {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
    from_micros(micros)
        .and_then(|time| time.format(&format).ok())
        .ok_or_else(|| corrupt("audit_head", "the time is out of range"))
}

fn node_values(node: &Node) -> [Value<'_>; 3] {
    [
        Value::Int(i64::from(node.position.level)),
        int(node.position.index),
        Value::Blob(node.hash.as_bytes()),
    ]
}

async fn read_nodes(
    connection: &mut Connection,
    positions: &[Position],
) -> Result<HashMap<Position, Hash>, StoreError> {
    let mut nodes = HashMap::new();
    for rows in positions.chunks(ROWS) {
        let sql = format!(
            "SELECT level, idx, hash FROM audit_nodes WHERE (level, idx) IN (VALUES {})",
            placeholders(rows.len(), 2)
        );
        let values: Vec<_> = rows
            .iter()
            .flat_map(|position| [Value::Int(i64::from(position.level)), int(position.index)])
            .collect();
        for row in connection.fetch(&sql, &values).await? {
            nodes.insert(position(&row)?, hash(&row.blob(2)?)?);
        }
    }
    Ok(nodes)
}

fn position(row: &Row) -> Result<Position, StoreError> {
    let level =
        u8::try_from(row.int(0)?).map_err(|_| corrupt("audit_nodes", "a level is out of range"))?;
    Ok(Position {
        level,
        index: size(row.int(1)?)?,
    })
}

fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    Hash::from_slice(bytes).ok_or_else(|| corrupt("audit_nodes", "a hash has not 32 bytes"))
}

fn size(int: i64) -> Result<u64, StoreError> {
    u64::try_from(int).map_err(|_| corrupt("audit log", "a number is negative"))
}

fn int(number: u64) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn corrupt(place: &str, what: &str) -> StoreError {
    StoreError::Corrupt {
        place: place.to_owned(),
        what: what.to_owned(),
    }
}

/// One entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number.
    pub seq: u64,
    /// The leaf: the entry's JSON, verbatim as it was hashed; [`Entry::from_leaf`] reads it.
    pub leaf: String,
}

impl Store {
    /// The size and root of the audit log.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn head(&self) -> Result<Head, StoreError> {
        let head = read_head(&mut self.inner.pools.reader().await?).await?;
        Ok(Head {
            size: head.size,
            root: head.root,
        })
    }

    /// Reads entries in order, from number `from_seq` on, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn entries(&self, from_seq: u64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let sql = format!(
            "SELECT seq, leaf FROM audit_entries WHERE seq >= $1 ORDER BY seq LIMIT {}",
            crate::sql::limit("$2")
        );
        let values = [int(from_seq), Value::Int(i64::from(limit))];
        let rows = self
            .inner
            .pools
            .reader()
            .await?
            .fetch(&sql, &values)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditLine {
                    seq: size(row.int(0)?)?,
                    leaf: row.text(1)?,
                })
            })
            .collect()
    }

    /// Proves that entry `index` is in the log of the first `size` entries.
    ///
    /// # Errors
    /// [`StoreError::Proof`] when there is no such entry or the log was never that long.
    pub async fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        self.prove(&plan_inclusion(index, size)?).await
    }

    /// Proves that the log of the first `first` entries is a prefix of that of `second`.
    ///
    /// # Errors
    /// [`StoreError::Proof`] when the sizes are reversed or the log was never that long.
    pub async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        self.prove(&plan_consistency(first, second)?).await
    }

    async fn prove(&self, plan: &ProofPlan) -> Result<Vec<Hash>, StoreError> {
        let positions: Vec<_> = plan.positions().collect();
        let nodes = read_nodes(&mut self.inner.pools.reader().await?, &positions).await?;
        Ok(plan.resolve(|position| nodes.get(&position).copied())?)
    }
}
