//! What can be wrong with an untrusted dataset. No message repeats a value of the data.

use std::fmt;

use sandyq_classify::told;

use crate::table::PhysicalType;

/// Where in a text file something was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The row of data, counted from 1; 0 is the header.
    pub row: u64,
    /// The line of the file on which that row begins, counted from 1.
    pub line: u64,
}

impl Place {
    /// The place when so many rows and lines come before what was taken for the beginning.
    pub(crate) fn shifted(self, rows: u64, lines: u64) -> Self {
        Self {
            row: self.row + rows,
            line: self.line + lines,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            0 => write!(f, "the header (line {})", self.line),
            row => write!(f, "row {row} (line {})", self.line),
        }
    }
}

/// Why a dataset was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// The file holds nothing.
    #[error("the file is empty: expected {expected}")]
    EmptyFile {
        /// What a file of this format begins with.
        expected: &'static str,
    },
    /// The delimiter named in the format cannot be one.
    #[error(
        "byte {0:#04x} cannot be a delimiter: use a printable ASCII character or a tab, not a quote"
    )]
    Delimiter(u8),
    /// A record is longer or shorter than the header.
    #[error("{place}: found {found} columns, the header has {expected}")]
    ColumnCount {
        /// The record.
        place: Place,
        /// Cells in the record.
        found: u64,
        /// Cells in the header.
        expected: u64,
    },
    /// A byte sequence is not text in the encoding of the file.
    #[error(
        "{place}: the byte at offset {offset} is not valid {encoding}; save the file as UTF-8 or name its encoding"
    )]
    BadEncoding {
        /// Offset in the file, from 0.
        offset: u64,
        /// The record it stands in.
        place: Place,
        /// The encoding that was expected.
        encoding: &'static str,
    },
    /// Two columns have the same name.
    #[error(
        "columns {first} and {second} are both named {:?}; rename one",
        told(name)
    )]
    DuplicateHeader {
        /// The name.
        name: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second, from 1.
        second: usize,
    },
    /// A column has no name.
    #[error("column {position} has an empty name")]
    EmptyHeaderName {
        /// Position, from 1.
        position: usize,
    },
    /// A quote was never closed.
    #[error("{place}: a quote opened in column {column} is never closed")]
    UnterminatedQuote {
        /// The record in which the quote opened.
        place: Place,
        /// Position of the column, from 1.
        column: u64,
    },
    /// Text follows a closing quote.
    #[error(
        "{place}: text follows the closing quote in column {column}; double the quotes inside a quoted cell"
    )]
    TextAfterQuote {
        /// The record.
        place: Place,
        /// Position of the column, from 1.
        column: u64,
    },
    /// The file holds a NUL.
    #[error(
        "{place}: column {column} contains a NUL character; the file is not text or is damaged"
    )]
    NulByte {
        /// The record.
        place: Place,
        /// Position of the column, from 1.
        column: u64,
    },
    /// A cell is over the limit.
    #[error("{place}: the cell in column {column} is longer than {limit} bytes")]
    CellTooLong {
        /// The record.
        place: Place,
        /// Position of the column, from 1.
        column: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// A line of NDJSON is over the limit.
    #[error("line {line} is longer than {limit} bytes")]
    LineTooLong {
        /// The line, from 1.
        line: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// More rows than allowed.
    #[error("the dataset has more than {limit} rows")]
    TooManyRows {
        /// The limit.
        limit: u64,
    },
    /// More columns than allowed.
    #[error("the dataset has more than {limit} columns")]
    TooManyColumns {
        /// The limit.
        limit: usize,
    },
    /// More bytes than allowed, before or after decompression.
    #[error("the dataset takes more than {limit} bytes in memory")]
    TooManyBytes {
        /// The limit in bytes.
        limit: u64,
    },
    /// The footer or the pages of a Parquet file cannot be read.
    #[error("the Parquet file is truncated or damaged: {fault}")]
    CorruptParquet {
        /// What the decoder met.
        fault: String,
    },
    /// A line of NDJSON is no JSON object.
    #[error("line {line}, column {column}: {fault}")]
    BadJson {
        /// The line, from 1.
        line: u64,
        /// The column in bytes, from 1.
        column: usize,
        /// What is wrong.
        fault: String,
    },
    /// A key is repeated in one JSON object.
    #[error("line {line}: the key {:?} occurs twice", told(name))]
    DuplicateKey {
        /// The line, from 1.
        line: u64,
        /// The key.
        name: String,
    },
    /// A value is a list, an object or binary.
    #[error("column {column:?}{}: nested and binary values are not accepted; flatten the column or leave it out", at(*line))]
    NestedValue {
        /// The column.
        column: String,
        /// The line of NDJSON, from 1; `None` for Parquet, where the type belongs to the whole column.
        line: Option<u64>,
    },
    /// A column holds values of two kinds.
    #[error(
        "line {line}: column {column:?} holds {found:?} values here and {expected:?} values before"
    )]
    MixedTypes {
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
        /// The kind met here.
        found: PhysicalType,
        /// The kind of the lines before.
        expected: PhysicalType,
    },
    /// A whole number does not fit.
    #[error(
        "line {line}: a number in column {column:?} does not fit 64 bits; write it as a string"
    )]
    NumberTooLarge {
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
    },
    /// The source of the bytes failed.
    #[error("cannot read the dataset")]
    Io(#[source] std::io::Error),
    /// The frame could not be put together.
    #[error("cannot hold the dataset in memory")]
    Frame(#[from] polars::error::PolarsError),
}

impl IntakeError {
    /// The error when so many rows and lines come before what was taken for the beginning of the file.
    pub(crate) fn shifted(mut self, rows: u64, lines: u64) -> Self {
        match &mut self {
            Self::ColumnCount { place, .. }
            | Self::BadEncoding { place, .. }
            | Self::UnterminatedQuote { place, .. }
            | Self::TextAfterQuote { place, .. }
            | Self::NulByte { place, .. }
            | Self::CellTooLong { place, .. } => *place = place.shifted(rows, lines),
            _ => {}
        }
        self
    }
}

/// A source that would deliver more than is allowed.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} bytes")]
pub(crate) struct Overflow {
    pub limit: u64,
}

impl From<std::io::Error> for IntakeError {
    fn from(error: std::io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(Overflow { limit }) => Self::TooManyBytes { limit: *limit },
            None => Self::Io(error),
        }
    }
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!(", line {line}"))
        .unwrap_or_default()
}
