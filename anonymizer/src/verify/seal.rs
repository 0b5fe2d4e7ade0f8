//! The digest of a file, taken as it is written.
//!
//! SHA-256 is taken byte after byte on one core, and where the processor has no instructions for it that takes longer than all else that
//! verification does. A program that writes a file itself can take it meanwhile, while the other cores make the bytes to come. Then
//! verification has to know that what it reads is what was written: both sides take the fingerprint of their bytes, the BLAKE3 of each
//! piece of the file, which nobody can make two files share. It is several times faster, and pieces are for any core.

use std::io::{self, Read, Write};
use std::sync::Mutex;

use blake3::{Hash, Hasher, hash};
use polars::io::mmap::MmapBytesReader;
use ring::digest::{Context, SHA256};

use super::written::{Digest, Written};

/// Bytes of a piece of a file, of which only the last is shorter.
pub(super) const PIECE: usize = 1 << 16;

/// A sink that takes the digest and the fingerprint of what goes through it.
pub struct Sealing<S> {
    sink: S,
    sha256: Context,
    /// The piece that is being written, and its bytes so far.
    piece: Hasher,
    filled: usize,
    pieces: Vec<Hash>,
    bytes: u64,
}

impl<S> Sealing<S> {
    /// Before anything is written.
    #[must_use]
    pub fn new(sink: S) -> Self {
        Self {
            sink,
            sha256: Context::new(&SHA256),
            piece: Hasher::new(),
            filled: 0,
            pieces: Vec::new(),
            bytes: 0,
        }
    }

    /// The sink, and the seal of all that it took.
    #[must_use]
    pub fn finish(mut self) -> (S, Seal) {
        self.end_piece();
        let seal = Seal {
            digest: Digest {
                sha256: hex::encode(self.sha256.finish()),
                bytes: self.bytes,
            },
            pieces: self.pieces,
        };
        (self.sink, seal)
    }

    fn take(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = bytes.len().min(PIECE - self.filled);
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.sha256.update(now);
            self.piece.update(now);
            self.filled += now.len();
            if self.filled >= PIECE {
                self.end_piece();
            }
            bytes = later;
        }
    }

    fn end_piece(&mut self) {
        if self.filled > 0 {
            self.pieces.push(self.piece.finalize());
            self.piece.reset();
            self.filled = 0;
        }
    }
}

impl<S: Write> Write for Sealing<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(buffer)?;
        self.take(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// What was taken of the bytes of a file as they were written. Only [`Sealing`] makes one.
///
/// It cannot be made otherwise, not even from parts:
///
/// ```compile_fail,E0451
/// fn forge(real: sandyq_anonymizer::Seal) -> sandyq_anonymizer::Seal {
///     sandyq_anonymizer::Seal { ..real }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Seal {
    digest: Digest,
    pieces: Vec<Hash>,
}

impl Seal {
    /// The file that was written, as it is to be read back.
    #[must_use]
    pub fn on<W: Written>(self, written: W) -> Sealed<W> {
        Sealed {
            written,
            seal: self,
        }
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether the pieces that were seen are those that were written, all and no others.
    pub(super) fn is_of(&self, seen: Seen) -> bool {
        let mut seen = seen.0.into_inner().unwrap_or_default();
        seen.sort_unstable_by_key(|(place, _)| *place);
        let written = self.pieces.iter().copied().enumerate();
        written.eq(seen)
    }
}

/// A file with the seal that was taken while it was written.
#[derive(Clone, Debug)]
pub struct Sealed<W> {
    written: W,
    seal: Seal,
}

impl<W: Written> Written for Sealed<W> {
    fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        self.written.reader()
    }

    fn parquet(&self) -> io::Result<Box<dyn MmapBytesReader + '_>> {
        self.written.parquet()
    }

    fn seal(&self) -> Option<&Seal> {
        Some(&self.seal)
    }
}

/// The pieces of a file that were read, each with its place, in any order.
#[derive(Default)]
pub(super) struct Seen(Mutex<Vec<(usize, Hash)>>);

impl Seen {
    /// Takes account of what was read from a piece on.
    pub(super) fn take(&self, from: usize, bytes: &[u8]) {
        let pieces = bytes.chunks(PIECE).map(hash);
        let pieces: Vec<_> = (from..).zip(pieces).collect();
        // What is left out here is refused later.
        if let Ok(mut seen) = self.0.lock() {
            seen.extend(pieces);
        }
    }

    /// Reads all that a reader gives.
    pub(super) fn read(&self, mut reader: impl Read) -> io::Result<()> {
        let mut piece = Vec::with_capacity(PIECE);
        for place in 0.. {
            piece.clear();
            let read = reader.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
            self.take(place, &piece);
            if read < PIECE {
                break;
            }
        }
        Ok(())
    }
}
