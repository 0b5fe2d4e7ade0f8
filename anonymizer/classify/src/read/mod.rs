//! Reading a file as it comes. Nothing in a file makes these readers fail that a person would still call a table: they take what
//! intake refuses, because what is refused may still hold names and numbers of people.

mod csv;
mod dialect;
mod ndjson;
mod records;
mod unpack;

use std::io::Read;

use crate::error::ClassifyError;
use crate::survey::Survey;
use dialect::Dialect;
pub use dialect::Encoding;
pub use records::Records;

/// Bytes of the first block, by which the dialect is found.
const FIRST_BLOCK: usize = 256 * 1024;

/// Bytes of the blocks after it.
const BLOCK: usize = 16 << 20;

/// Bytes of one record.
const LONGEST_RECORD: usize = 64 << 20;

/// How a file is read; what is `None` is found out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// The byte between cells.
    pub delimiter: Option<u8>,
    /// The encoding of the text.
    pub encoding: Option<Encoding>,
    /// Whether the first record names the columns.
    pub header: Option<bool>,
    /// Whether every line is a JSON object.
    pub ndjson: Option<bool>,
}

/// A file as it was read.
#[derive(Debug)]
pub struct File {
    /// The form of the file: `csv` or `ndjson`.
    pub form: &'static str,
    pub encoding: Encoding,
    /// Of CSV files.
    pub delimiter: Option<u8>,
    /// The cells of the first record of a CSV file, which may be a header; the keys of NDJSON.
    pub names: Vec<String>,
    /// Everything after the first record.
    pub survey: Survey,
}

/// Reads a whole file.
pub fn read(source: impl Read, reading: Reading) -> Result<File, ClassifyError> {
    let mut source = unpack::Unpacked::new(source)?;
    let mut first = Vec::new();
    source
        .by_ref()
        .take(FIRST_BLOCK as u64)
        .read_to_end(&mut first)?;
    if first.trim_ascii().is_empty() {
        return Err(ClassifyError::Empty);
    }
    let encoding = reading
        .encoding
        .unwrap_or_else(|| dialect::encoding(&first));
    let mut text = dialect::Text::new(first, source, encoding)?;
    let ndjson = reading
        .ndjson
        .unwrap_or_else(|| text.head().trim_ascii_start().starts_with(b"{"));
    if ndjson {
        return ndjson::read(text, encoding);
    }
    let dialect = Dialect::of(text.head(), reading.delimiter);
    csv::read(&mut text, dialect, encoding)
}

#[cfg(test)]
mod tests;
