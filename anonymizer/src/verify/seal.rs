//! The digest of a file, taken as it is written.
//!
//! SHA-256 is taken byte after byte on one core, and where the processor has no instructions for it that takes longer than all else that
//! verification does. A program that writes a file itself can take it meanwhile, while the other cores make the bytes to come. Then
//! verification has to know that what it reads is what was written: both sides take the fingerprint of their bytes, BLAKE3, which
//! nobody can make two files share and which is several times faster.

use std::io::{self, Read, Write};
use std::sync::Mutex;

use blake3::{Hash, Hasher};
use polars::io::mmap::MmapBytesReader;
use ring::digest::{Context, SHA256};

use super::written::{Digest, Written};

/// Bytes that both hashes are taken of at a time, so that the second finds them near the core.
const PIECE: usize = 1 << 15;

/// A sink that takes the digest and the fingerprint of what goes through it.
pub struct Sealing<S> {
    sink: S,
    sha256: Context,
    fingerprint: Hasher,
    bytes: u64,
}

impl<S> Sealing<S> {
    /// Before anything is written.
    #[must_use]
    pub fn new(sink: S) -> Self {
        Self {
            sink,
            sha256: Context::new(&SHA256),
            fingerprint: Hasher::new(),
            bytes: 0,
        }
    }

    /// The sink, and the seal of all that it took.
    #[must_use]
    pub fn finish(self) -> (S, Seal) {
        let seal = Seal {
            digest: Digest {
                sha256: hex::encode(self.sha256.finish()),
                bytes: self.bytes,
            },
            fingerprint: self.fingerprint.finalize(),
        };
        (self.sink, seal)
    }
}

impl<S: Write> Write for Sealing<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.sink.write(buffer)?;
        let taken = buffer.get(..count).unwrap_or_default();
        for piece in taken.chunks(PIECE) {
            self.sha256.update(piece);
            self.fingerprint.update(piece);
        }
        self.bytes += taken.len() as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// What was taken of the bytes of a file as they were written. Only [`Sealing`] makes one.
///
/// It cannot be made of what is only said of a file:
///
/// ```compile_fail,E0451
/// fn forge(real: sandyq_anonymizer::Seal, digest: String) -> sandyq_anonymizer::Seal {
///     sandyq_anonymizer::Seal { digest, ..real }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Seal {
    digest: Digest,
    fingerprint: Hash,
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

    /// Whether all bytes that were seen are those that were written.
    pub(super) fn is_of(&self, seen: Seen) -> bool {
        let fingerprint = seen.0.into_inner().map(|hasher| hasher.finalize());
        fingerprint.is_ok_and(|fingerprint| fingerprint == self.fingerprint)
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

/// The fingerprint of bytes that are being read.
#[derive(Default)]
pub(super) struct Seen(Mutex<Hasher>);

impl Seen {
    /// A reader that keeps account of what it gives.
    pub(super) fn through<'a>(&'a self, reader: impl Read + Send + 'a) -> impl Read + Send + 'a {
        // Whole blocks are several times faster to take than what a reader of lines asks for.
        io::BufReader::with_capacity(1 << 17, Seeing { reader, seen: self })
    }

    /// Reads all that a reader gives.
    pub(super) fn read(&self, mut reader: impl Read) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.take(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&self, bytes: &[u8]) {
        // Bytes that are left out make a fingerprint that is refused.
        if let Ok(mut hasher) = self.0.lock() {
            hasher.update(bytes);
        }
    }
}

struct Seeing<'a, R> {
    reader: R,
    seen: &'a Seen,
}

impl<R: Read> Read for Seeing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.seen.take(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
