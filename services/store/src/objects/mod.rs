//! Encrypted objects.
//!
//! # Form
//!
//! An object is a stream of bytes at a *place*, a name that its owner chooses, such as
//! `libraries/l/versions/v/datasets/d`. It has a random 256-bit data key, wrapped by the master key and bound to the
//! place. The bytes are cut into chunks of 1 MiB; the last chunk is shorter, and may be empty, so every stream ends
//! with a chunk that only its end can have. Chunks are grouped into numbered segments, each one file (or one object of
//! a remote store), written whole and made durable before it is reported, so an interrupted upload resumes at a
//! segment.
//!
//! ```text
//! segment file  =  "SNDQOBJ1"  salt (32 bytes)  chunk …
//! segment key   =  HKDF-SHA-256(salt, data key, "segment")
//! chunk         =  AES-256-GCM(segment key, nonce = chunk number, data = place || chunk number || last flag)
//! ```
//!
//! Chunk numbers run on through the whole object, so neither chunks nor segments can be moved, swapped with those of
//! another place, or cut off. The salt is fresh whenever a segment is written: a segment that is written again after
//! an interruption never uses a nonce twice with the same key.
//!
//! The segment of an object that is small, and is not to be resumed, may lie in the object's record instead of a file: it is durable
//! with the change that keeps the record, and costs the disk no wait of its own.

mod format;
mod held;
mod reader;
mod sealer;
mod segment;
mod sweep;
mod writer;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use object_store::ObjectStore as _;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use self::format::{CHUNK_BYTES, SEGMENT_CHUNKS};
pub use self::reader::{BlockingReader, ObjectReader};
pub use self::writer::ObjectWriter;
use crate::keys::{KEY_LEN, Keyring, KeyringError};

/// Why an object cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// The object's bytes are not those that were written at this place.
    #[error("chunk {chunk} of the object at {place} was changed, moved or belongs elsewhere")]
    Tampered {
        /// The object's place.
        place: String,
        /// The chunk, from 0.
        chunk: u64,
    },
    /// The object ends before its last chunk.
    #[error("the object at {place} ends before chunk {chunk}: it was cut off")]
    Truncated {
        /// The object's place.
        place: String,
        /// The first chunk that is missing, from 0.
        chunk: u64,
    },
    /// A segment is not there.
    #[error("segment {segment} of the object at {place} is missing")]
    Missing {
        /// The object's place.
        place: String,
        /// The segment, from 0.
        segment: u32,
    },
    /// The object is still being written.
    #[error("the object at {0} is not complete yet")]
    Incomplete(String),
    /// The object was finished and cannot be continued.
    #[error("the object at {0} is complete and cannot be written to")]
    Complete(String),
    /// The object has not the bytes that were asked for.
    #[error("bytes {start} to {end} were asked for of the object at {place}, which has {bytes}")]
    OutOfRange {
        /// The object's place.
        place: String,
        /// The first byte, from 0.
        start: u64,
        /// The byte after the last.
        end: u64,
        /// Its size in bytes.
        bytes: u64,
    },
    /// The object has more bytes than the reader takes.
    #[error("the object at {place} has {bytes} bytes; at most {limit} were expected")]
    TooLarge {
        /// The object's place.
        place: String,
        /// Its size in bytes.
        bytes: u64,
        /// The most that the reader takes.
        limit: u64,
    },
    /// Another writer has the object.
    #[error("the object at {0} is being written by another; try again when it is done")]
    Busy(String),
    /// An earlier write failed, so that the object cannot be continued with this writer.
    #[error("an earlier write to the object at {0} failed; resume it")]
    Interrupted(String),
    /// The object's key cannot be had.
    #[error("the key of the object cannot be used")]
    Key(#[from] KeyringError),
    /// The disk is full.
    #[error("the disk that holds the objects is full; free some space and resume")]
    Full(#[source] object_store::Error),
    /// The place that holds the objects failed.
    #[error("the objects' storage failed")]
    Storage(#[source] object_store::Error),
}

impl From<object_store::Error> for ObjectError {
    fn from(error: object_store::Error) -> Self {
        if is_full(&error) {
            Self::Full(error)
        } else {
            Self::Storage(error)
        }
    }
}

fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let full = error
        .downcast_ref::<io::Error>()
        .is_some_and(crate::error::is_storage_full);
    full || error.source().is_some_and(is_full)
}

/// What the database knows of an object; without the wrapped key the object is noise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRecord {
    /// The name that the owner of the object chose; the key and every chunk are bound to it.
    pub place: String,
    /// A random name, which the segments are filed under: places tell nothing to who reads the disk.
    pub id: String,
    /// The id of the master key that wraps the data key.
    pub key_id: String,
    /// The data key, sealed.
    pub wrapped_key: String,
    /// Chunks in a segment.
    pub segment_chunks: u32,
    /// Segments; 0 while it is being written.
    pub segments: u32,
    /// Bytes of plaintext; 0 while it is being written.
    pub bytes: u64,
    /// SHA-256 of the plaintext in hexadecimal digits; empty while it is being written.
    pub sha256: String,
    /// Whether it was finished.
    pub complete: bool,
    /// The one segment of a small object in base64, sealed as in a file; empty where there are files. See
    /// [`ObjectWriter::finish_held`].
    #[serde(default)]
    pub held: String,
}

/// Where objects are kept. Clones share the same storage.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    shared: Arc<Shared>,
}

#[derive(Clone, Debug)]
struct Shared {
    backend: Arc<dyn object_store::ObjectStore>,
    keyring: Keyring,
    segment_chunks: u32,
    patience: Duration,
    /// The folder, where the storage is a local one.
    root: Option<PathBuf>,
    /// One lock for each object that is being written, by id.
    leases: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl ObjectStore {
    /// Keeps objects in a local folder, which must exist. Segments and their folders are fsynced.
    ///
    /// # Errors
    /// [`ObjectError::Storage`] when there is no such folder.
    pub fn local(root: &std::path::Path, keyring: Keyring) -> Result<Self, ObjectError> {
        let backend = object_store::local::LocalFileSystem::new_with_prefix(root)?
            .with_fsync(true)
            .with_automatic_cleanup(true);
        let objects = Self::new(Arc::new(backend), keyring);
        let root = Some(root.to_owned());
        Ok(Self {
            shared: Arc::new(Shared {
                root,
                ..(*objects.shared).clone()
            }),
        })
    }

    /// Keeps objects in any storage. A `put` that has returned must be durable.
    #[must_use]
    pub fn new(backend: Arc<dyn object_store::ObjectStore>, keyring: Keyring) -> Self {
        let (segment_chunks, patience) = (SEGMENT_CHUNKS, PATIENCE);
        let leases = Arc::default();
        Self {
            shared: Arc::new(Shared {
                backend,
                keyring,
                segment_chunks,
                patience,
                root: None,
                leases,
            }),
        }
    }

    /// Writes new objects in segments of so many chunks, at least 1.
    #[must_use]
    pub fn with_segment_chunks(self, chunks: u32) -> Self {
        Self {
            shared: Arc::new(Shared {
                segment_chunks: chunks.max(1),
                ..(*self.shared).clone()
            }),
        }
    }

    /// How long a writer that resumes waits for the last segment of the one before, whose connection was cut.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                patience,
                ..(*self.shared).clone()
            }),
        }
    }

    /// The master keys.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.shared.keyring
    }

    /// Begins an object. Keep its [`ObjectWriter::record`] with a change before bytes are acknowledged, so that the
    /// object can be resumed.
    ///
    /// # Errors
    /// [`ObjectError::Key`].
    pub async fn create(&self, place: &str) -> Result<ObjectWriter, ObjectError> {
        writer::create(self, place).await
    }

    /// Continues an object after its first `segments` segments, which are read and hashed anew. The writer's
    /// [`ObjectWriter::offset`] says how many bytes it has; it may be less than asked for, when the object had been
    /// finished but never committed.
    ///
    /// # Errors
    /// [`ObjectError::Busy`] while another writer has the object, [`ObjectError::Complete`], and as a reader.
    pub async fn resume(
        &self,
        record: &ObjectRecord,
        segments: u32,
    ) -> Result<ObjectWriter, ObjectError> {
        writer::resume(self, record, segments).await
    }

    /// The segments of an unfinished object that are durable: an upload may resume there.
    ///
    /// # Errors
    /// [`ObjectError::Storage`].
    pub async fn durable_segments(&self, record: &ObjectRecord) -> Result<u32, ObjectError> {
        let names = self.files(&folder(&record.id)).await?;
        let numbers: HashSet<u32> = names
            .iter()
            .filter_map(|path| path.filename()?.parse().ok())
            .collect();
        Ok((0..u32::MAX)
            .find(|number| !numbers.contains(number))
            .unwrap_or(0))
    }

    /// Opens a finished object.
    ///
    /// # Errors
    /// [`ObjectError::Incomplete`], [`ObjectError::Key`].
    pub fn reader(&self, record: &ObjectRecord) -> Result<ObjectReader, ObjectError> {
        if !record.complete {
            return Err(ObjectError::Incomplete(record.place.clone()));
        }
        Ok(ObjectReader::new(
            self.clone(),
            record.clone(),
            self.data_key(record)?,
        ))
    }

    /// Wraps the object's key under the current master key; the bytes stay as they are. Keep the result with a
    /// change.
    ///
    /// # Errors
    /// [`ObjectError::Key`].
    pub fn rewrap(&self, record: &ObjectRecord) -> Result<ObjectRecord, ObjectError> {
        let key = self.data_key(record)?;
        let wrapped_key = self.wrap(&record.place, &record.id, &key)?;
        let key_id = self.shared.keyring.current_id().to_owned();
        Ok(ObjectRecord {
            key_id,
            wrapped_key,
            ..record.clone()
        })
    }

    async fn files(&self, folder: &Path) -> Result<Vec<Path>, ObjectError> {
        let mut listed = self.shared.backend.list(Some(folder));
        let mut paths = Vec::new();
        while let Some(meta) = listed.next().await {
            paths.push(meta?.location);
        }
        Ok(paths)
    }

    fn data_key(&self, record: &ObjectRecord) -> Result<Zeroizing<[u8; KEY_LEN]>, ObjectError> {
        let ObjectRecord {
            place,
            id,
            wrapped_key,
            ..
        } = record;
        let opened = self
            .shared
            .keyring
            .open_as(PURPOSE, &bound_place(place, id), wrapped_key)?;
        let key = opened
            .as_slice()
            .try_into()
            .map_err(|_| KeyringError::Malformed(place.clone()))?;
        Ok(Zeroizing::new(key))
    }

    fn wrap(&self, place: &str, id: &str, key: &[u8; KEY_LEN]) -> Result<String, ObjectError> {
        Ok(self
            .shared
            .keyring
            .seal_as(PURPOSE, &bound_place(place, id), key)?)
    }
}

/// How long a writer waits for another, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(5);
/// The folder of all objects.
const ROOT: &str = "objects";
/// What a data key is sealed as.
const PURPOSE: &str = "data key";

fn bound_place(place: &str, id: &str) -> String {
    format!("{place}\0{id}")
}

/// The two first digits spread the objects over 256 folders.
fn folder(id: &str) -> Path {
    Path::from_iter([ROOT, id.get(..2).unwrap_or("00"), id])
}

fn segment_path(id: &str, segment: u32) -> Path {
    folder(id).join(format!("{segment:08}"))
}

#[cfg(test)]
mod tests;
