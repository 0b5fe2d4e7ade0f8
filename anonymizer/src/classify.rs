//! What is in each column of a dataset: `sandyq_classify` for the formats of intake.

use std::io::Read;

use polars::prelude::*;
pub use sandyq_classify::{
    Classification, ClassifyError, ColumnClass, Encoding as TextEncoding, Hidden, Reading, Rows,
    SemanticType, Suggestion, classify as classify_text, draft, masked,
};

use crate::intake::{self, Encoding, Format, IntakeError, Limits};
use crate::parquet;
use crate::table::{PhysicalType, texts};

/// Why a dataset could not be classified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassificationError {
    /// CSV or NDJSON that cannot be read.
    #[error(transparent)]
    Text(#[from] ClassifyError),
    /// Parquet that intake refuses.
    #[error(transparent)]
    Parquet(#[from] IntakeError),
}

/// Classifies the columns of a dataset in a format that is known. The first record of a CSV file is its header, as it is for intake.
///
/// # Errors
/// A file that cannot be read, with the place of what is wrong.
pub fn classify(
    source: impl Read,
    format: &Format,
    limits: &Limits,
) -> Result<Classification, ClassificationError> {
    let reading = match format {
        Format::Parquet => {
            return Ok(rows(&intake::parquet_bytes(source, limits)?, limits)?.classify());
        }
        Format::Ndjson => Reading {
            ndjson: Some(true),
            encoding: Some(TextEncoding::Utf8),
            ..Reading::default()
        },
        Format::Csv {
            delimiter,
            encoding,
        } => Reading {
            delimiter: *delimiter,
            encoding: Some(match encoding {
                Encoding::Utf8 => TextEncoding::Utf8,
                Encoding::Windows1251 => TextEncoding::Windows1251,
            }),
            header: Some(true),
            ndjson: Some(false),
        },
    };
    Ok(classify_text(source, reading)?)
}

/// The rows of a Parquet file, a part at a time.
fn rows(bytes: &[u8], limits: &Limits) -> Result<Rows, IntakeError> {
    let (footer, parts) = intake::parquet_parts(bytes, limits)?;
    let names = footer
        .columns
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let mut rows = Rows::new("parquet", names);
    for (from, count) in parts {
        let frame = parquet::decode_part(bytes, from, count)?;
        let columns: Vec<StringChunked> = frame
            .columns()
            .iter()
            .map(|column| {
                // What has no text of its own was refused with the footer.
                debug_assert!(PhysicalType::of(column.dtype()).is_some());
                texts(column)
            })
            .collect::<PolarsResult<_>>()?;
        let mut cells: Vec<_> = columns.iter().map(StringChunked::iter).collect();
        for _ in 0..frame.height() {
            for column in &mut cells {
                rows.cell(column.next().flatten().unwrap_or_default());
            }
            rows.end_row();
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
