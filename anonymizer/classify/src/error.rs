//! Why a file could not be classified. No message repeats a value of the data.

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifyError {
    /// There is nothing in the file.
    #[error("the file is empty: there are no columns to classify")]
    Empty,
    /// More columns than are kept.
    #[error(
        "the file has more than {limit} columns; name its delimiter if it is not the one that was found"
    )]
    TooManyColumns {
        /// The limit.
        limit: usize,
    },
    /// A line of NDJSON is no JSON object.
    #[error("line {line} is no JSON object: {fault}")]
    Json {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        fault: String,
    },
    /// A record without an end.
    #[error(
        "record {row} is longer than {limit} bytes; the file is damaged, or its delimiter or line ends are unusual"
    )]
    RecordTooLong {
        /// The record, from 1.
        row: u64,
        /// The limit.
        limit: usize,
    },
    /// The source failed.
    #[error("cannot read the file")]
    Io(#[from] std::io::Error),
}
