//! Sources that may be compressed with gzip.

use std::io::{Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::error::{IntakeError, Overflow};

/// The bytes by which a gzip member begins (RFC 1952).
const MAGIC: [u8; 2] = [0x1F, 0x8B];

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// The text of a source, unpacked if the source is gzip.
pub(super) enum Unpacked<R: Read> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<Whole<R>>>, Remaining),
}

/// How many unpacked bytes may still come.
pub(super) struct Remaining {
    left: u64,
    limit: u64,
}

impl<R: Read> Unpacked<R> {
    /// Looks at the beginning of the source. Unpacked text may have at most `limit` bytes.
    pub(super) fn new(mut source: R, limit: u64) -> Result<Self, IntakeError> {
        let mut head = vec![0; 512];
        let mut filled = 0;
        while filled < MAGIC.len() {
            match source.read(head.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        head.truncate(filled);
        let packed = head.starts_with(&MAGIC);
        let whole = Cursor::new(head).chain(source);
        Ok(if packed {
            let remaining = Remaining { left: limit, limit };
            Self::Gzip(Box::new(MultiGzDecoder::new(whole)), remaining)
        } else {
            Self::Plain(whole)
        })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(buffer),
            Self::Gzip(decoder, remaining) => {
                let count = decoder.read(buffer)?;
                match remaining.left.checked_sub(count as u64) {
                    Some(left) => remaining.left = left,
                    None => {
                        let limit = remaining.limit;
                        return Err(std::io::Error::other(Overflow { limit }));
                    }
                }
                Ok(count)
            }
        }
    }
}
