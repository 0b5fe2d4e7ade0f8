//! Writing objects: receive, seal and store at the same time.
//!
//! While one chunk is received, those before are copied to their places in the segment, hashed and sealed there on a
//! thread for blocking work, and the segment before is written to the disk. A writer so holds two segments and some
//! chunks at most; the memory of a segment that was stored serves the one after next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use ring::digest::{Context, Digest, SHA256};
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::format::{CHUNK_BYTES, Geometry};
use super::reader::Source;
use super::sealer::{CACHED, Sealer};
use super::segment::Segment;
use super::{ObjectError, ObjectRecord, ObjectStore, held};
use crate::keys::random_key;

/// Chunks that wait to be sealed before the sender does, and that are sealed in one go: neither side stands still while
/// the other is scheduled.
const QUEUED: usize = 4;

/// Writes one object. Dropping it leaves what is durable, to be resumed.
pub struct ObjectWriter {
    record: ObjectRecord,
    /// Pieces of the chunk that is being received.
    chunk: Vec<Bytes>,
    offset: u64,
    orders: mpsc::Sender<Order>,
    work: Option<JoinHandle<Result<Option<Ended>, ObjectError>>>,
    durable: Arc<AtomicU64>,
}

impl std::fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectWriter")
            .field("place", &self.record.place)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

pub(super) async fn create(
    objects: &ObjectStore,
    place: &str,
) -> Result<ObjectWriter, ObjectError> {
    let random = objects.shared.keyring.random();
    let key = random_key(random)?;
    let id = hex::encode(random_key(random)?.get(..16).unwrap_or_default());
    let record = ObjectRecord {
        place: place.to_owned(),
        key_id: objects.shared.keyring.current_id().to_owned(),
        wrapped_key: objects.wrap(place, &id, &key)?,
        id,
        segment_chunks: objects.shared.segment_chunks,
        segments: 0,
        bytes: 0,
        sha256: String::new(),
        complete: false,
        held: String::new(),
    };
    let lease = lease(objects, &record).await?;
    let sealer = Sealer::new(objects, &record, key, 0, Context::new(&SHA256))?;
    Ok(ObjectWriter::new(objects, record, sealer, 0, lease))
}

pub(super) async fn resume(
    objects: &ObjectStore,
    record: &ObjectRecord,
    segments: u32,
) -> Result<ObjectWriter, ObjectError> {
    if record.complete {
        return Err(ObjectError::Complete(record.place.clone()));
    }
    let lease = lease(objects, record).await?;
    let key = objects.data_key(record)?;
    let source = Source::new(objects.clone(), record.clone(), key.clone());
    let (whole, digest) = rehash(&source, segments).await?;
    let chunks = u64::from(whole) * u64::from(record.segment_chunks);
    let sealer = Sealer::new(objects, record, key, chunks, digest)?;
    let offset = chunks * CHUNK_BYTES as u64;
    Ok(ObjectWriter::new(
        objects,
        record.clone(),
        sealer,
        offset,
        lease,
    ))
}

/// Hashes the stored segments; returns how many of them are whole, which is all but one that was written as the last.
async fn rehash(source: &Source, segments: u32) -> Result<(u32, Context), ObjectError> {
    let per_segment = u64::from(source.record.segment_chunks);
    let mut digest = Context::new(&SHA256);
    for segment in 0..segments {
        let mut next = digest.clone();
        let first = u64::from(segment) * per_segment;
        for chunk in first..first + per_segment {
            let Some(bytes) = source.inner_chunk(chunk).await? else {
                return unfinished(source, segment, segments, chunk, digest);
            };
            next.update(&bytes);
        }
        digest = next;
    }
    Ok((segments, digest))
}

/// A segment that is not whole can only be the last; it is then written anew.
fn unfinished(
    source: &Source,
    segment: u32,
    segments: u32,
    chunk: u64,
    digest: Context,
) -> Result<(u32, Context), ObjectError> {
    if segment + 1 == segments {
        return Ok((segment, digest));
    }
    Err(ObjectError::Tampered {
        place: source.record.place.clone(),
        chunk,
    })
}

async fn lease(
    objects: &ObjectStore,
    record: &ObjectRecord,
) -> Result<OwnedMutexGuard<()>, ObjectError> {
    let busy = || ObjectError::Busy(record.place.clone());
    let lock = {
        let mut leases = objects.shared.leases.lock().map_err(|_| busy())?;
        leases.retain(|_, lease| Arc::strong_count(lease) > 1);
        Arc::clone(leases.entry(record.id.clone()).or_default())
    };
    tokio::time::timeout(objects.shared.patience, lock.lock_owned())
        .await
        .map_err(|_| busy())
}

impl ObjectWriter {
    fn new(
        objects: &ObjectStore,
        record: ObjectRecord,
        sealer: Sealer,
        offset: u64,
        lease: OwnedMutexGuard<()>,
    ) -> Self {
        let (orders, received) = mpsc::channel(QUEUED);
        let durable = Arc::new(AtomicU64::new(offset));
        let work = Work {
            objects: objects.clone(),
            record: record.clone(),
            sealer: Box::new(sealer),
            storing: None,
            spare: None,
            holds: false,
            durable: Arc::clone(&durable),
            lease: Arc::new(lease),
        };
        Self {
            record,
            chunk: Vec::new(),
            offset,
            orders,
            work: Some(tokio::spawn(work.run(received))),
            durable,
        }
    }

    /// The object as it is while it is being written: what to keep so that it can be resumed.
    #[must_use]
    pub fn record(&self) -> &ObjectRecord {
        &self.record
    }

    /// The bytes that it was given, from the beginning of the object.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes that would survive a loss of power now: whole segments.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Takes bytes; waits while too much is under way. Returns the bytes that are durable.
    ///
    /// # Errors
    /// [`ObjectError::Full`], [`ObjectError::Storage`]; afterwards only [`ObjectError::Interrupted`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<u64, ObjectError> {
        for piece in bytes.chunks(CHUNK_BYTES) {
            self.take(Bytes::copy_from_slice(piece)).await?;
        }
        Ok(self.durable())
    }

    /// As [`Self::write`], without a copy.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn take(&mut self, mut bytes: Bytes) -> Result<u64, ObjectError> {
        while !bytes.is_empty() {
            let received = self.offset % CHUNK_BYTES as u64;
            let room = CHUNK_BYTES.saturating_sub(usize::try_from(received).unwrap_or(CHUNK_BYTES));
            let now = bytes.split_to(room.min(bytes.len()));
            let fills = now.len() == room;
            self.offset += now.len() as u64;
            self.chunk.push(now);
            if fills {
                self.seal(false).await?;
            }
        }
        Ok(self.durable())
    }

    /// Waits until every whole segment is in its place; the object may be continued. Returns the bytes that are durable.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn settle(&mut self) -> Result<u64, ObjectError> {
        let (settled, answer) = oneshot::channel();
        self.order(Order::Settle(settled)).await?;
        if answer.await.is_err() {
            return Err(self.failure().await);
        }
        Ok(self.durable())
    }

    /// Ends the object and returns its record when all of it is durable. Keep the record with a change.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn finish(mut self) -> Result<ObjectRecord, ObjectError> {
        self.seal(true).await?;
        let interrupted = || ObjectError::Interrupted(self.record.place.clone());
        let work = self.work.take().ok_or_else(interrupted)?;
        let ended = work.await.map_err(|_| interrupted())??;
        let Ended { digest, held } = ended.ok_or_else(interrupted)?;
        let geometry = Geometry {
            bytes: self.offset,
            segment_chunks: self.record.segment_chunks,
        };
        Ok(ObjectRecord {
            segments: geometry.segments(),
            bytes: self.offset,
            sha256: hex::encode(digest),
            complete: true,
            held,
            ..self.record.clone()
        })
    }

    /// As [`Self::finish`], but an object of less than 16 KiB is not written to the storage: its record holds it, and it is
    /// durable when the change is that keeps the record. Not for a writer whose record was kept before.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn finish_held(mut self) -> Result<ObjectRecord, ObjectError> {
        self.order(Order::Hold).await?;
        self.finish().await
    }

    /// Hands the chunk over to be sealed; waits while too many are.
    async fn seal(&mut self, last: bool) -> Result<(), ObjectError> {
        let pieces = std::mem::take(&mut self.chunk);
        self.order(Order::Seal { pieces, last }).await
    }

    async fn order(&mut self, order: Order) -> Result<(), ObjectError> {
        if self.orders.send(order).await.is_err() {
            return Err(self.failure().await);
        }
        Ok(())
    }

    /// Why no order is taken any more: said once.
    async fn failure(&mut self) -> ObjectError {
        let interrupted = ObjectError::Interrupted(self.record.place.clone());
        match self.work.take() {
            Some(work) => match work.await {
                Ok(Err(error)) => error,
                _ => interrupted,
            },
            None => interrupted,
        }
    }
}

enum Order {
    /// A chunk in pieces.
    Seal { pieces: Vec<Bytes>, last: bool },
    /// To be answered when every whole segment is in its place.
    Settle(oneshot::Sender<()>),
    /// What is small is given back instead of stored.
    Hold,
}

/// A whole object.
struct Ended {
    digest: Digest,
    /// Its segment, where the record is to hold it.
    held: String,
}

/// Seals and stores what a writer hands over.
struct Work {
    objects: ObjectStore,
    record: ObjectRecord,
    sealer: Box<Sealer>,
    storing: Option<JoinHandle<Result<Option<Segment>, ObjectError>>>,
    spare: Option<Segment>,
    holds: bool,
    durable: Arc<AtomicU64>,
    lease: Arc<OwnedMutexGuard<()>>,
}

impl Work {
    /// Works until the last chunk, with what is returned of all, or until the writer is dropped.
    async fn run(
        mut self,
        mut orders: mpsc::Receiver<Order>,
    ) -> Result<Option<Ended>, ObjectError> {
        let mut next = None;
        loop {
            let order = match next.take() {
                Some(order) => Some(order),
                None => orders.recv().await,
            };
            match order {
                Some(Order::Seal { pieces, last }) => {
                    let mut chunks = vec![pieces];
                    let mut last = last;
                    while !last && next.is_none() && chunks.len() < self.sealer.room().min(QUEUED) {
                        match orders.try_recv() {
                            Ok(Order::Seal { pieces, last: end }) => {
                                chunks.push(pieces);
                                last = end;
                            }
                            Ok(order) => next = Some(order),
                            Err(_) => break,
                        }
                    }
                    self = self.seal(chunks, last).await?;
                    if last {
                        let held = self.held();
                        if held.is_empty() {
                            self.store(true).await?;
                            self.stored().await?;
                        }
                        let digest = self.sealer.digest();
                        return Ok(Some(Ended { digest, held }));
                    }
                    if self.sealer.is_full() {
                        self.store(false).await?;
                    }
                }
                Some(Order::Settle(settled)) => {
                    self.stored().await?;
                    // Whoever asked may have gone.
                    let _ = settled.send(());
                }
                Some(Order::Hold) => self.holds = true,
                None => {
                    self.stored().await?;
                    return Ok(None);
                }
            }
        }
    }

    async fn seal(mut self, chunks: Vec<Vec<Bytes>>, last: bool) -> Result<Self, ObjectError> {
        let place = self.record.place.clone();
        let bytes: usize = chunks.iter().flatten().map(Bytes::len).sum();
        let sealing = move || {
            let mut chunks = chunks.into_iter().peekable();
            while let Some(pieces) = chunks.next() {
                self.sealer.seal(pieces, last && chunks.peek().is_none())?;
            }
            Ok(self)
        };
        // The way to another thread takes longer.
        if bytes <= CACHED {
            return sealing();
        }
        let sealing = tokio::task::spawn_blocking(sealing);
        sealing.await.map_err(|_| ObjectError::Interrupted(place))?
    }

    /// The only segment, when it is small and wanted back; else nothing.
    fn held(&self) -> String {
        match self.sealer.only_segment() {
            Some(segment) if self.holds => held::of(segment),
            _ => String::new(),
        }
    }

    /// Hands the segment over to be stored, when the one before is.
    async fn store(&mut self, last: bool) -> Result<(), ObjectError> {
        self.stored().await?;
        let (path, end) = (self.sealer.path(&self.record), self.sealer.bytes);
        let segment = if last {
            self.sealer.last_segment()
        } else {
            self.sealer.take_segment(self.spare.take())?
        };
        let (objects, durable, lease) = (
            self.objects.clone(),
            Arc::clone(&self.durable),
            Arc::clone(&self.lease),
        );
        self.storing = Some(tokio::spawn(async move {
            // The lease outlives a writer that is dropped, until its last segment is in its place.
            let _lease = lease;
            let spare = objects.put(&path, segment).await?;
            durable.store(end, Ordering::Release);
            Ok(spare)
        }));
        Ok(())
    }

    async fn stored(&mut self) -> Result<(), ObjectError> {
        if let Some(task) = self.storing.take() {
            self.spare = task
                .await
                .map_err(|_| ObjectError::Interrupted(self.record.place.clone()))??;
        }
        Ok(())
    }
}
