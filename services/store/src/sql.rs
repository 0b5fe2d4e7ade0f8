//! The one place that knows that there are two databases. The SQL text is shared: `$n` parameters, `BIGINT`,
//! `TEXT` and bytes only.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, Postgres, Row as _, Sqlite, SqlitePool,
};

use crate::error::StoreError;

/// Connections that read at the same time.
const READERS: u32 = 4;
/// How long a connection waits for another process that holds the database.
const BUSY: Duration = Duration::from_secs(10);
/// Statements that a connection keeps prepared; batches of every size have a text of their own.
const STATEMENTS: usize = 512;

/// A parameter of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Blob(&'a [u8]),
}

/// The pools of the database in use: one connection that writes, several that read.
#[derive(Clone, Debug)]
pub(crate) enum Pools {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres {
        writer: PgPool,
        readers: PgPool,
    },
}

impl Pools {
    /// Connects and applies the migrations.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::open_sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        Err(StoreError::Url(
            url.split(':').next().unwrap_or_default().to_owned(),
        ))
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            // What is deleted, such as a wrapped key, is overwritten within the file.
            .pragma("secure_delete", "on")
            .statement_cache_capacity(STATEMENTS);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Self::Sqlite { writer, readers })
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(STATEMENTS);
        let writer = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("migrations/postgres").run(&writer).await?;
        let readers = PgPoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await?;
        Ok(Self::Postgres { writer, readers })
    }

    pub async fn writer(&self) -> Result<Connection, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Connection::Sqlite(writer.acquire().await?),
            Self::Postgres { writer, .. } => Connection::Postgres(writer.acquire().await?),
        })
    }

    pub async fn reader(&self) -> Result<Connection, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Connection::Sqlite(readers.acquire().await?),
            Self::Postgres { readers, .. } => Connection::Postgres(readers.acquire().await?),
        })
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

/// What keeps other servers from the database, as long as it lives.
#[derive(Debug)]
pub(crate) enum Claim {
    /// A lock of the operating system on a file beside the database. It goes with the process, however that ends.
    File(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File),
    /// A session that holds an advisory lock. It goes with the connection, so it keeps another server from starting,
    /// but does not prove that none did since.
    Session(PgConnection),
}

impl Claim {
    /// Gives the database back. A session that is only dropped keeps its lock until the database has noticed.
    pub async fn release(self) {
        if let Self::Session(session) = self
            && let Err(error) = session.close().await
        {
            tracing::warn!(%error, "the session that held the database did not end well");
        }
    }
}

/// The advisory lock of a platform's server: the first bytes of "sandyq".
const ADVISORY_LOCK: i64 = 0x7361_6e64;
/// How long a server waits for a session that holds the lock: the database ends the session of a server that was killed
/// a moment after it.
const CLAIM_WAIT: Duration = Duration::from_secs(2);
const CLAIM_PAUSE: Duration = Duration::from_millis(50);

impl Pools {
    /// Takes the database for this process.
    pub async fn claim(&self) -> Result<Claim, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let options = writer.connect_options();
                let mut path = options.get_filename().as_os_str().to_owned();
                path.push(".lock");
                let place = || Path::new(&path).display().to_string();
                let file = File::options()
                    .create(true)
                    .truncate(false)
                    .write(true)
                    .open(&path)
                    .map_err(|source| StoreError::Claim {
                        place: place(),
                        source,
                    })?;
                match file.try_lock() {
                    Ok(()) => Ok(Claim::File(file)),
                    Err(TryLockError::WouldBlock) => Err(StoreError::InUse { place: place() }),
                    Err(TryLockError::Error(source)) => Err(StoreError::Claim {
                        place: place(),
                        source,
                    }),
                }
            }
            Self::Postgres { writer, .. } => {
                let mut session = PgConnection::connect_with(&writer.connect_options()).await?;
                let until = Instant::now() + CLAIM_WAIT;
                loop {
                    let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
                        .bind(ADVISORY_LOCK)
                        .fetch_one(&mut session)
                        .await?;
                    if free {
                        return Ok(Claim::Session(session));
                    }
                    if Instant::now() >= until {
                        return Err(StoreError::InUse {
                            place: "the PostgreSQL database".to_owned(),
                        });
                    }
                    tokio::time::sleep(CLAIM_PAUSE).await;
                }
            }
        }
    }
}

/// A connection to either database.
#[derive(Debug)]
pub(crate) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// Binds the values in order. It is a macro because the two query types have no common supertype.
macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match *value {
                Value::Text(text) => query.bind(text.to_owned()),
                Value::Int(int) => query.bind(int),
                Value::Blob(bytes) => query.bind(bytes.to_vec()),
            };
        }
        query
    }};
}

impl Connection {
    /// Runs a statement and returns the number of rows that it changed. The text must come from this crate;
    /// whatever comes from outside is a value.
    pub async fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(connection) => bound!(sql, values)
                .execute(&mut **connection)
                .await?
                .rows_affected(),
            Self::Postgres(connection) => bound!(sql, values)
                .execute(&mut **connection)
                .await?
                .rows_affected(),
        })
    }

    /// Runs a query and returns all rows.
    pub async fn fetch(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, sqlx::Error> {
        // PostgreSQL cannot hold U+0000 and fails where SQLite finds nothing; nothing is what there is.
        let absent = |value: &Value<'_>| matches!(value, Value::Text(text) if text.contains('\0'));
        if values.iter().any(absent) {
            return Ok(Vec::new());
        }
        Ok(match self {
            Self::Sqlite(connection) => {
                let rows = bound!(sql, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(connection) => {
                let rows = bound!(sql, values).fetch_all(&mut **connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs a query that has at most one row.
    pub async fn fetch_one(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// Begins a transaction that will write, and asks for a row that nobody else changes until it ends.
    pub async fn begin_with(&mut self, sql: &str) -> Result<Option<Row>, sqlx::Error> {
        match self {
            // A deferred transaction could fail at its first write instead of waiting its turn. There is only one writer anyway.
            Self::Sqlite(_) => {
                let sql = format!("BEGIN IMMEDIATE; {sql}");
                self.fetch_one(&sql, &[]).await
            }
            Self::Postgres(_) => {
                self.execute("BEGIN", &[]).await?;
                self.fetch_one(&format!("{sql} FOR UPDATE"), &[]).await
            }
        }
    }

    /// Runs statements one after another: to SQLite in one go, because the way to its thread and back costs more than most
    /// statements do.
    pub async fn execute_all(
        &mut self,
        statements: &[(String, Vec<Value<'_>>)],
    ) -> Result<(), sqlx::Error> {
        if let Self::Sqlite(_) = self {
            let (mut all, mut values) = (String::new(), Vec::new());
            for (sql, own) in statements {
                all += &renumbered(sql, values.len());
                all += ";";
                values.extend(own);
            }
            return self.execute(&all, &values).await.map(drop);
        }
        for (sql, values) in statements {
            self.execute(sql, values).await?;
        }
        Ok(())
    }

    /// Rolls back; a connection that cannot even do so is closed.
    pub async fn abandon(mut self) {
        if self.execute("ROLLBACK", &[]).await.is_err() {
            match &mut self {
                Self::Sqlite(connection) => connection.close_on_drop(),
                Self::Postgres(connection) => connection.close_on_drop(),
            }
        }
    }
}

/// A row of either database.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub fn text(&self, column: usize) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub fn int(&self, column: usize) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub fn blob(&self, column: usize) -> Result<Vec<u8>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

/// A limit that is a parameter. SQLite plans by the value of a bare one, so it would prepare the statement anew at every
/// execution, which costs more than most of them do.
pub(crate) fn limit(parameter: &str) -> String {
    format!("CAST({parameter} AS BIGINT)")
}

/// The text with `$1` as the parameter behind so many others.
fn renumbered(sql: &str, others: usize) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = part
            .strip_suffix(rest)
            .and_then(|digits| digits.parse().ok());
        text += &format!("${}{rest}", number.unwrap_or(0_usize) + others);
    }
    text
}

/// `($1, $2), ($3, $4), …` for so many rows of so many columns.
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let names = (1..=columns).map(|column| format!("${}", row * columns + column));
        format!("({})", names.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_behind_those_of_others() {
        let sql = "UPDATE a SET b = $1, c = $12 WHERE d = $2";
        assert_eq!(
            renumbered(sql, 30),
            "UPDATE a SET b = $31, c = $42 WHERE d = $32"
        );
        assert_eq!(renumbered("COMMIT", 7), "COMMIT");
    }
}
