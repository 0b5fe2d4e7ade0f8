//! What was written and is to be published.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use polars::io::mmap::MmapBytesReader;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

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
pub trait Written: Sync {
    /// Reads the file from its beginning. One reader at a time.
    ///
    /// # Errors
    /// Those of the file.
    fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>>;

    /// The file for a Parquet decoder; several at a time.
    ///
    /// # Errors
    /// Those of the file.
    fn parquet(&self) -> io::Result<Box<dyn MmapBytesReader + '_>>;
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

/// A file opened for reading. Its handles share their place in the file, so that a Parquet decoder is given the bytes; a path
/// spares that.
impl Written for File {
    fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        let mut file = self;
        file.seek(SeekFrom::Start(0))?;
        Ok(Box::new(file))
    }

    fn parquet(&self) -> io::Result<Box<dyn MmapBytesReader + '_>> {
        let size = usize::try_from(self.metadata()?.len()).unwrap_or(usize::MAX);
        let mut bytes = vec![0; size];
        self.read_exact_at(&mut bytes, 0)?;
        Ok(Box::new(Cursor::new(bytes)))
    }
}

/// The digest of a file.
pub(super) struct Digest {
    /// SHA-256 in hex.
    pub sha256: String,
    pub bytes: u64,
}

/// The digest of a file while it is read.
pub(super) struct Digesting {
    context: Context,
    bytes: u64,
}

impl Digesting {
    pub(super) fn new() -> Self {
        Self {
            context: Context::new(&SHA256),
            bytes: 0,
        }
    }

    /// The next bytes of the file.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub(super) fn finish(self) -> Digest {
        Digest {
            sha256: hex::encode(self.context.finish()),
            bytes: self.bytes,
        }
    }
}

pub(super) fn sha256(output: &impl Written) -> io::Result<Digest> {
    let (mut reader, mut digesting) = (output.reader()?, Digesting::new());
    let mut buffer = vec![0; 1 << 18];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            count => digesting.update(buffer.get(..count).unwrap_or_default()),
        }
    }
    Ok(digesting.finish())
}
