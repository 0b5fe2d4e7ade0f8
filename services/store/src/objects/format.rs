//! The form of a segment, without any I/O.

use std::ops::Range;

use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce, Tag};
use ring::rand::SecureRandom;

use crate::keys::{KEY_LEN, KeyringError, aead, expand};

/// Bytes of plaintext in a chunk, but for the last.
pub const CHUNK_BYTES: usize = 1 << 20;
/// Chunks in a segment, but for the last.
pub const SEGMENT_CHUNKS: u32 = 16;

const MAGIC: &[u8; 8] = b"SNDQOBJ1";
const SALT_LEN: usize = 32;
/// Bytes before the first chunk of a segment.
pub(crate) const HEADER_LEN: usize = MAGIC.len() + SALT_LEN;
/// Bytes that encryption adds to a chunk.
pub(crate) const TAG_LEN: usize = 16;

/// What encrypts the chunks of one segment, as it was written once.
#[derive(Debug)]
pub(crate) struct SegmentKey(LessSafeKey);

impl SegmentKey {
    /// A key with a fresh salt, and the header that lets it be found again.
    pub fn fresh(
        data_key: &[u8; KEY_LEN],
        random: &dyn SecureRandom,
    ) -> Result<(Self, Vec<u8>), KeyringError> {
        let mut salt = [0; SALT_LEN];
        random.fill(&mut salt).map_err(|_| KeyringError::Random)?;
        Ok((
            Self::derive(data_key, &salt)?,
            [MAGIC.as_slice(), &salt].concat(),
        ))
    }

    /// The key for a segment with this header; `None` when it is no header.
    pub fn from_header(data_key: &[u8; KEY_LEN], header: &[u8]) -> Option<Self> {
        let salt = header
            .strip_prefix(MAGIC)
            .filter(|salt| salt.len() == SALT_LEN)?;
        Self::derive(data_key, salt).ok()
    }

    fn derive(data_key: &[u8; KEY_LEN], salt: &[u8]) -> Result<Self, KeyringError> {
        let mut key = zeroize::Zeroizing::new([0; KEY_LEN]);
        expand(salt, data_key, b"segment", key.as_mut_slice())?;
        Ok(Self(aead(&key)?))
    }

    /// Encrypts a chunk where it stands; the tag belongs behind it.
    pub fn seal(
        &self,
        place: &str,
        chunk: u64,
        last: bool,
        bytes: &mut [u8],
    ) -> Result<Tag, KeyringError> {
        self.0
            .seal_in_place_separate_tag(
                nonce(chunk),
                Aad::from(associated(place, chunk, last)),
                bytes,
            )
            .map_err(|_| KeyringError::Damaged(place.to_owned()))
    }

    /// Decrypts a chunk where it stands and returns the length of its plaintext; `None` when it is not that chunk.
    pub fn open(&self, place: &str, chunk: u64, last: bool, bytes: &mut [u8]) -> Option<usize> {
        self.0
            .open_in_place(
                nonce(chunk),
                Aad::from(associated(place, chunk, last)),
                bytes,
            )
            .ok()
            .map(|plain| plain.len())
    }
}

fn nonce(chunk: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    for (to, from) in bytes.iter_mut().rev().zip(chunk.to_le_bytes()) {
        *to = from;
    }
    Nonce::assume_unique_for_key(bytes)
}

/// The number and the flag have a fixed length, so no two places and chunks have the same text.
fn associated(place: &str, chunk: u64, last: bool) -> Vec<u8> {
    [place.as_bytes(), &chunk.to_be_bytes(), &[u8::from(last)]].concat()
}

/// Where the chunks of a finished object lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub bytes: u64,
    pub segment_chunks: u32,
}

impl Geometry {
    /// The number of chunks: there is always a last one, shorter than the others.
    pub fn chunks(self) -> u64 {
        self.bytes / CHUNK_BYTES as u64 + 1
    }

    pub fn segments(self) -> u32 {
        let segments = self
            .chunks()
            .div_ceil(u64::from(self.segment_chunks.max(1)));
        u32::try_from(segments).unwrap_or(u32::MAX)
    }

    pub fn is_last(self, chunk: u64) -> bool {
        chunk + 1 == self.chunks()
    }

    fn chunk_len(self, chunk: u64) -> u64 {
        if self.is_last(chunk) {
            self.bytes % CHUNK_BYTES as u64
        } else {
            CHUNK_BYTES as u64
        }
    }

    /// The segment that has the chunk, and its bytes there.
    pub fn locate(self, chunk: u64) -> (u32, Range<u64>) {
        locate(chunk, self.segment_chunks, self.chunk_len(chunk))
    }
}

/// As [`Geometry::locate`], for a chunk whose length is known.
pub(crate) fn locate(chunk: u64, segment_chunks: u32, chunk_len: u64) -> (u32, Range<u64>) {
    let per_segment = u64::from(segment_chunks.max(1));
    let full = (CHUNK_BYTES + TAG_LEN) as u64;
    let start = HEADER_LEN as u64 + chunk % per_segment * full;
    let segment = u32::try_from(chunk / per_segment).unwrap_or(u32::MAX);
    (segment, start..start + chunk_len + TAG_LEN as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use ring::aead::AES_256_GCM;
    use ring::rand::SystemRandom;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn there_is_always_a_last_chunk() {
        let geometry = |bytes| Geometry {
            bytes,
            segment_chunks: 2,
        };
        let shape = |bytes| (geometry(bytes).chunks(), geometry(bytes).segments());
        assert_eq!(shape(0), (1, 1));
        assert_eq!(shape(1), (1, 1));
        assert_eq!(shape(MIB - 1), (1, 1));
        assert_eq!(shape(MIB), (2, 1));
        assert_eq!(shape(2 * MIB), (3, 2));
        assert_eq!(shape(2 * MIB + 1), (3, 2));
        assert_eq!(geometry(2 * MIB + 1).locate(2), (1, 40..57));
        assert_eq!(
            geometry(2 * MIB + 1).locate(1),
            (0, 40 + MIB + 16..40 + 2 * (MIB + 16))
        );
    }

    #[test]
    fn the_tag_is_as_long_as_the_cipher_says() {
        assert_eq!(AES_256_GCM.tag_len(), TAG_LEN);
    }

    #[test]
    fn a_chunk_opens_as_itself_only() {
        let (key, header) = SegmentKey::fresh(&[1; KEY_LEN], &SystemRandom::new()).unwrap();
        let mut sealed = b"bytes".to_vec();
        let tag = key.seal("place", 7, false, &mut sealed).unwrap();
        sealed.extend_from_slice(tag.as_ref());
        let open = |key: &SegmentKey, place, chunk, last| {
            key.open(place, chunk, last, &mut sealed.clone())
        };
        let again = SegmentKey::from_header(&[1; KEY_LEN], &header).unwrap();
        assert_eq!(open(&again, "place", 7, false), Some(5));
        assert_eq!(open(&again, "other", 7, false), None);
        assert_eq!(open(&again, "place", 8, false), None);
        assert_eq!(open(&again, "place", 7, true), None);
        let other = SegmentKey::from_header(&[2; KEY_LEN], &header).unwrap();
        assert_eq!(open(&other, "place", 7, false), None);
    }
}
