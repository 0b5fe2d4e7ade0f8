//! What was written and is to be published.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use polars::io::mmap::MmapBytesReader;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::seal::Seal;

/// The format of a released file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// Apache Parquet.
    #[default]
    Parquet,
    /// Delimited text as in RFC 4180, UTF-8, with a header and line feeds; an empty cell is a missing value.
    Csv {
        /// The ASCII byte between cells.
        delimiter: u8,
    },
}

/// A released file, in memory or on disk. Reading it again gives the same bytes.
pub trait Written: Send + Sync {
    /// Reads the file from its beginning; several readers at a time.
    ///
    /// # Errors
    /// Those of the file.
    fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>>;

    /// The file for a Parquet decoder; several at a time.
    ///
    /// # Errors
    /// Those of the file.
    fn parquet(&self) -> io::Result<Box<dyn MmapBytesReader + '_>>;

    /// What was taken of the bytes as they were written. Without one, the digest is taken of what is read.
    fn seal(&self) -> Option<&Seal> {
        None
    }
}

impl Written for Vec<u8> {
    fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.as_slice()))
    }

    fn parquet(&self) -> io::Result<Box<dyn MmapBytesReader + '_>> {
        Ok(Box::new(Cursor::new(self.as_slice())))
    }
}

/// A file by its path. Every reader opens it for itself: handles made of one another share their place in the file.
impl Written for PathBuf {
    fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(File::open(self)?))
    }

    fn parquet(&self) -> io::Result<Box<dyn MmapBytesReader + '_>> {
        Ok(Box::new(File::open(self)?))
    }
}

/// A file opened for reading. Its handles share their place in the file, so that readers have places of their own and a Parquet decoder is
/// given the bytes; a path spares that.
impl Written for File {
    fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Reader { file: self, at: 0 }))
    }

    fn parquet(&self) -> io::Result<Box<dyn MmapBytesReader + '_>> {
        let size = usize::try_from(self.metadata()?.len()).unwrap_or(usize::MAX);
        let mut bytes = vec![0; size];
        self.read_exact_at(&mut bytes, 0)?;
        Ok(Box::new(Cursor::new(bytes)))
    }
}

/// Reads a file from a place of its own.
struct Reader<'f> {
    file: &'f File,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// The digest of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Digest {
    /// SHA-256 in hex.
    pub sha256: String,
    pub bytes: u64,
}

/// The digest of all bytes of a file, unless it is no longer wanted.
pub(super) fn sha256(output: &impl Written, unwanted: &AtomicBool) -> io::Result<Digest> {
    let (mut reader, mut context) = (output.reader()?, Context::new(&SHA256));
    let (mut buffer, mut bytes) = (vec![0; 1 << 16], 0);
    while !unwanted.load(Ordering::Relaxed) {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                context.update(buffer.get(..count).unwrap_or_default());
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Digest {
        sha256: hex::encode(context.finish()),
        bytes,
    })
}
