//! Chunks on their way into a segment.

use bytes::Bytes;
use ring::digest::{Context, Digest};
use zeroize::Zeroizing;

use super::format::{CHUNK_BYTES, SegmentKey};
use super::segment::Segment;
use super::{ObjectError, ObjectRecord, ObjectStore, segment_path};
use crate::keys::{KEY_LEN, Keyring};

/// What is copied is hashed while the processor's cache still has it.
pub const CACHED: usize = 64 << 10;

/// Hashes chunks and seals them into a segment.
pub struct Sealer {
    place: String,
    segment_chunks: u32,
    keyring: Keyring,
    data_key: Zeroizing<[u8; KEY_LEN]>,
    key: SegmentKey,
    segment: Segment,
    /// The number of the next chunk.
    next: u64,
    /// Of plaintext, from the beginning of the object.
    pub bytes: u64,
    digest: Context,
}

impl Sealer {
    /// Goes on after so many chunks, which `digest` has.
    pub fn new(
        objects: &ObjectStore,
        record: &ObjectRecord,
        data_key: Zeroizing<[u8; KEY_LEN]>,
        next: u64,
        digest: Context,
    ) -> Result<Self, ObjectError> {
        let keyring = objects.shared.keyring.clone();
        let (key, header) = SegmentKey::fresh(&data_key, keyring.random())?;
        Ok(Self {
            place: record.place.clone(),
            segment_chunks: record.segment_chunks,
            keyring,
            data_key,
            key,
            segment: Segment::new(&header, record.segment_chunks),
            next,
            bytes: next * CHUNK_BYTES as u64,
            digest,
        })
    }

    /// Adds a chunk in pieces.
    pub fn seal(&mut self, pieces: Vec<Bytes>, last: bool) -> Result<(), ObjectError> {
        for piece in pieces {
            for part in piece.chunks(CACHED) {
                self.segment.push(part);
                self.digest.update(part);
            }
            self.bytes += piece.len() as u64;
        }
        let tag = self
            .key
            .seal(&self.place, self.next, last, self.segment.open_chunk())?;
        self.segment.end_chunk(tag.as_ref());
        self.next += 1;
        Ok(())
    }

    /// Whether the segment has all its chunks.
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// Chunks for which the segment has room.
    pub fn room(&self) -> usize {
        let left = self.segment_chunks.saturating_sub(self.segment.chunks());
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Where the segment goes.
    pub fn path(&self, record: &ObjectRecord) -> object_store::path::Path {
        let number = self.next.saturating_sub(1) / u64::from(self.segment_chunks.max(1));
        segment_path(&record.id, u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// The segment, when it has all chunks of the object.
    pub fn only_segment(&self) -> Option<&[u8]> {
        (self.next == 1).then(|| self.segment.file())
    }

    /// The segment after which there is none.
    pub fn last_segment(&mut self) -> Segment {
        std::mem::replace(&mut self.segment, Segment::new(&[], 0))
    }

    /// The segment. The next one has a key of its own, and the memory of an earlier one if there is any.
    pub fn take_segment(&mut self, spare: Option<Segment>) -> Result<Segment, ObjectError> {
        let (key, header) = SegmentKey::fresh(&self.data_key, self.keyring.random())?;
        self.key = key;
        let next = match spare {
            Some(spare) => spare.again(&header),
            None => Segment::new(&header, self.segment_chunks),
        };
        Ok(std::mem::replace(&mut self.segment, next))
    }

    /// The hash of all that was sealed.
    pub fn digest(self) -> Digest {
        self.digest.finish()
    }
}
