//! State in SQL, encrypted objects, and one transaction per change together with its audit entry.
//!
//! # State is kept as records
//!
//! Each kind of resource has a table, and all tables have the same shape: the name as primary key, the few columns
//! that lists are narrowed by (parent, owning organization, the other organization that may see it, state), a
//! revision, two times, and the record itself as JSON. This was chosen over a table designed for each kind because
//! the platform reads records by name or lists them by those columns and never joins them; because one set of
//! statements is then right, or wrong, for all kinds on both databases; and because a record may grow a field
//! without a migration. What it gives up, constraints between tables, is held by the state machines and by the
//! revision: a change names the revision that it was decided on, and fails if another has written since.
//!
//! # No change without an audit entry
//!
//! A [`Change`] begins with an [`Event`]. The only writer ([`Store::commit`] hands over to it) appends the entry to
//! the Merkle tree and carries out the steps in the same transaction. It takes all changes that wait, gives each a
//! savepoint of its own, and commits once: one fsync serves many changes.
//!
//! # Objects
//!
//! Data lies outside the database, encrypted, see [`objects`]. The database holds each object's wrapped key;
//! without it the object is noise, so deleting the row shreds the object.
//!
//! SQLite runs with `secure_delete`, which overwrites deleted rows within the database file; a copy in the
//! write-ahead log lives until the next checkpoint. A wrapped key is in any case useless without the master key.

mod change;
mod error;
mod kept;
pub mod keys;
mod log;
pub mod objects;
mod reads;
mod recent;
mod record;
mod resident;
mod sql;
mod step;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod writer;

pub use change::{Change, Committed, Event, RequestKey, SavedRequest};
pub use error::StoreError;
pub use keys::{Keyring, KeyringError, MasterKey};
pub use log::AuditLine;
pub use objects::{ObjectError, ObjectReader, ObjectRecord, ObjectStore, ObjectWriter};
pub use reads::{Found, Reads};
pub use record::{Filter, Kind, Page, Record, Stored};
pub use sandyq_audit::{Decision, Entry, Hash};
pub use store::{Head, Store};
