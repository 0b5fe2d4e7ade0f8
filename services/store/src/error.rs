//! What can go wrong with the state.

use std::sync::Arc;

use crate::record::Kind;

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The record was changed by another since it was read.
    #[error("{name} was changed by another in the meantime; read it again")]
    Conflict {
        /// The kind of record.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// There is such a record already.
    #[error("{name} exists already")]
    Exists {
        /// The kind of record.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// There is no such record any more.
    #[error("{name} does not exist")]
    NotFound {
        /// The kind of record.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// Another object is kept at the place.
    #[error("an object is kept at {place} already")]
    ObjectExists {
        /// The object's place.
        place: String,
    },
    /// No object is kept at the place.
    #[error("no object is kept at {place}")]
    ObjectNotFound {
        /// The object's place.
        place: String,
    },
    /// The principal has used this request id already; [`crate::Store::find_request`] has the answer.
    #[error("request {request_id} of {principal} was carried out already")]
    RequestReplayed {
        /// Who asked.
        principal: String,
        /// The id of the request.
        request_id: String,
    },
    /// A row does not say what it must.
    #[error("the database is damaged at {place}: {what}")]
    Corrupt {
        /// The table and the key.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A record has no JSON form.
    #[error("the record cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// An audit entry cannot be written.
    #[error("the audit entry cannot be written")]
    Entry(#[from] sandyq_audit::EntryError),
    /// A proof cannot be made.
    #[error("the proof cannot be made")]
    Proof(#[from] sandyq_audit::ProofError),
    /// The disk or the database's quota is full.
    #[error("the database's disk is full; free some space, nothing was changed")]
    Full(#[source] Arc<sqlx::Error>),
    /// The database failed.
    #[error("the database failed")]
    Sql(#[source] Arc<sqlx::Error>),
    /// The migrations could not be applied.
    #[error("the database's tables could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The URL names neither of the databases.
    #[error("database URL {0:?} must begin with sqlite: or postgres://")]
    Url(String),
    /// The transaction that many changes shared could not be committed.
    #[error("the transaction was not committed: {0}")]
    NotCommitted(String),
    /// The master key is not the one the store was made with.
    #[error("the store's secrets cannot be opened")]
    Key(#[from] crate::keys::KeyringError),
    /// Another server works on the database.
    #[error("{place} is in use by another server; stop that one first")]
    InUse {
        /// The file that is locked, or the database.
        place: String,
    },
    /// Whether another server works on the database could not be found out.
    #[error("{place} could not be locked")]
    Claim {
        /// The file.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// The store was closed.
    #[error("the store was closed")]
    Closed,
}

impl StoreError {
    /// The same error once more, for each of the changes that shared a transaction.
    pub(crate) fn repeat(&self) -> Self {
        match self {
            Self::Full(error) => Self::Full(Arc::clone(error)),
            Self::Sql(error) => Self::Sql(Arc::clone(error)),
            other => Self::NotCommitted(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if is_full(&error) {
            Self::Full(Arc::new(error))
        } else {
            Self::Sql(Arc::new(error))
        }
    }
}

/// SQLITE_FULL is 13; PostgreSQL says 53100 (disk_full).
fn is_full(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("13" | "53100")),
        sqlx::Error::Io(error) => crate::error::is_storage_full(error),
        _ => false,
    }
}

/// No space is left, or the quota is used up.
pub(crate) fn is_storage_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}
