//! Reading an untrusted dataset.
//!
//! CSV and NDJSON, packed with gzip or not, are read in one pass with memory for one block, one cell and the table itself; Parquet is
//! held as bytes, its footer judged before a page is decoded, its rows decoded a part at a time. Nothing in the file can make a reader panic or
//! outgrow its [`Limits`].
//!
//! - A CSV column is text. An empty cell, quoted or not, is a missing value. Blank lines are skipped, save in a file of
//!   one column, where a blank line is a missing value. Cells are not trimmed.
//! - NDJSON and Parquet keep scalar types; nested and binary columns are refused by name. In NDJSON a
//!   key that a line does not have is a missing value.
//! - Missing values equal one another and nothing else.

mod builder;
mod csv;
mod decode;
mod error;
mod json;
mod ndjson;
mod parquet;
mod plain;
pub(crate) mod scan;
mod sniff;
mod typed;
mod unpack;
mod values;

use std::io::Read;

use serde::{Deserialize, Serialize};

pub use error::{IntakeError, Place};

use self::unpack::Unpacked;

use crate::table::{Schema, Table};

/// The format of a dataset's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Format {
    /// Delimited text with a header, quoted as in RFC 4180.
    Csv {
        /// The ASCII byte between cells; `None` to find out which of `,` `;` tab `|` it is.
        #[serde(default)]
        delimiter: Option<u8>,
        /// How the text is encoded.
        #[serde(default)]
        encoding: Encoding,
    },
    /// Apache Parquet with scalar columns.
    Parquet,
    /// One JSON object a line, UTF-8.
    Ndjson,
}

/// How a CSV file is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// Windows-1251, which many agencies' spreadsheets still export.
    #[serde(rename = "windows-1251")]
    Windows1251,
}

/// How large a dataset may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Rows of data.
    pub max_rows: u64,
    /// Columns.
    pub max_columns: usize,
    /// Bytes of one cell, as UTF-8. A line of NDJSON may be sixteen times as long.
    pub max_cell_bytes: usize,
    /// Bytes of the whole table in memory, sixteen a cell and its text; for Parquet also the size of the file.
    pub max_table_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rows: 50_000_000,
            max_columns: 1_000,
            max_cell_bytes: 1 << 20,
            max_table_bytes: 4 << 30,
        }
    }
}

/// Whether the pass keeps the values or only describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Keep,
    Describe,
}

/// Reads a dataset into memory.
///
/// # Errors
/// Anything wrong with the file, with its place; a source that fails to deliver.
pub fn read(
    name: &str,
    source: impl Read,
    format: &Format,
    limits: &Limits,
) -> Result<Table, IntakeError> {
    let (columns, schema) = match format {
        Format::Csv {
            delimiter,
            encoding,
        } => {
            let text = Unpacked::new(source, limits.max_table_bytes)?;
            let (columns, schema, delimiter) =
                csv::read(text, *delimiter, *encoding, limits, Purpose::Keep)?;
            return Ok(Table::new(name, columns, schema).with_delimiter(delimiter));
        }
        Format::Ndjson => {
            let text = Unpacked::new(source, limits.max_table_bytes)?;
            ndjson::read(text, limits, Purpose::Keep)?
        }
        Format::Parquet => parquet::read(&parquet::bytes(source, limits)?, limits)?,
    };
    Ok(Table::new(name, columns, schema))
}

/// Reads a dataset from bytes already in memory, which spares the copy that [`read`] makes of a Parquet file.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(
    name: &str,
    bytes: &[u8],
    format: &Format,
    limits: &Limits,
) -> Result<Table, IntakeError> {
    match format {
        Format::Parquet => {
            let (columns, schema) = parquet::read(bytes, limits)?;
            Ok(Table::new(name, columns, schema))
        }
        _ => read(name, bytes, format, limits),
    }
}

/// Checks a whole file and describes its columns without keeping CSV or NDJSON values in memory.
///
/// # Errors
/// As [`read`].
pub fn validate(
    source: impl Read,
    format: &Format,
    limits: &Limits,
) -> Result<Schema, IntakeError> {
    let (_, schema) = match format {
        Format::Csv {
            delimiter,
            encoding,
        } => {
            let text = Unpacked::new(source, limits.max_table_bytes)?;
            let (columns, schema, _) =
                csv::read(text, *delimiter, *encoding, limits, Purpose::Describe)?;
            (columns, schema)
        }
        Format::Ndjson => {
            let text = Unpacked::new(source, limits.max_table_bytes)?;
            ndjson::read(text, limits, Purpose::Describe)?
        }
        Format::Parquet => parquet::read(&parquet::bytes(source, limits)?, limits)?,
    };
    Ok(schema)
}

/// Decodes a Parquet file and forgets what was in it: whether a decoder lives through the file.
///
/// # Errors
/// As [`read`], as far as the decoder itself finds something wrong.
pub fn try_parquet(source: impl Read, limits: &Limits) -> Result<(), IntakeError> {
    let bytes = parquet::bytes(source, limits)?;
    let (_, parts) = parquet::parts_of(&bytes, limits)?;
    for (from, count) in parts {
        crate::parquet::decode_part(&bytes, from, count)?;
    }
    Ok(())
}

/// The whole of a Parquet file in memory, up to the limit.
pub(crate) fn parquet_bytes(source: impl Read, limits: &Limits) -> Result<Vec<u8>, IntakeError> {
    parquet::bytes(source, limits)
}

/// The footer of a Parquet file that may be decoded, and the parts to decode it in: the first row and the number of rows of each.
pub(crate) fn parquet_parts(
    bytes: &[u8],
    limits: &Limits,
) -> Result<(crate::parquet::Footer, Vec<(usize, usize)>), IntakeError> {
    parquet::parts_of(bytes, limits)
}

#[cfg(test)]
mod tests;
