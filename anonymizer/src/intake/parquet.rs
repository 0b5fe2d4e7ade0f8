//! Parquet into columns: the footer is judged before any page is decoded.

use std::io::Read;

use polars::prelude::*;
use rayon::prelude::*;

use super::Limits;
use super::builder::check_names;
use super::error::{IntakeError, Place};
use super::typed::TypedColumn;
use crate::parquet::{self, Footer, ParquetFault};
use crate::table::{Coded, PhysicalType, Schema};

/// The whole file in memory, up to the limit.
pub(super) fn bytes(source: impl Read, limits: &Limits) -> Result<Vec<u8>, IntakeError> {
    let mut bytes = Vec::new();
    source
        .take(limits.max_table_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<(Vec<Coded>, Schema), IntakeError> {
    let (footer, parts) = parts_of(bytes, limits)?;
    let mut columns = footer
        .columns
        .iter()
        .map(|(name, dtype)| {
            Ok((
                name.as_str(),
                TypedColumn::new(name, dtype, kind(name, dtype)?),
            ))
        })
        .collect::<Result<Vec<_>, IntakeError>>()?;
    let (mut rows, mut held) = (0, 0_u64);
    for (from, count) in parts {
        let frame = parquet::decode_part(bytes, from, count)?;
        rows += frame.height() as u64;
        held = held.saturating_add(frame.estimated_size() as u64);
        if held > limits.max_table_bytes {
            return Err(IntakeError::TooManyBytes {
                limit: limits.max_table_bytes,
            });
        }
        columns.par_iter_mut().try_for_each(|(name, column)| {
            column.append(frame.column(name)?.as_materialized_series())
        })?;
    }
    let columns: Vec<Coded> = columns
        .into_par_iter()
        .map(|(name, column)| column.finish(name))
        .collect::<PolarsResult<_>>()?;
    for (column, position) in columns.iter().zip(1..) {
        check_texts(column, position, limits)?;
    }
    let schemas = columns.par_iter().map(Coded::schema).collect();
    let schema = Schema {
        rows,
        columns: schemas,
    };
    Ok((columns, schema))
}

/// The footer if it may be believed, and the parts in which the rows are decoded.
pub(super) fn parts_of(
    bytes: &[u8],
    limits: &Limits,
) -> Result<(Footer, Vec<(usize, usize)>), IntakeError> {
    if bytes.is_empty() {
        return Err(IntakeError::EmptyFile {
            expected: "the magic bytes PAR1",
        });
    }
    let footer = parquet::footer(bytes)?;
    judge(&footer, bytes.len() as u64, limits)?;
    let parts = parts(&footer.groups);
    Ok((footer, parts))
}

/// Rows that are decoded at a time.
const PART: usize = 1 << 20;

/// The first row and the number of rows of each part. Parts do not reach from one row group into the next.
fn parts(groups: &[u64]) -> Vec<(usize, usize)> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for group in groups {
        let mut left = *group as usize;
        while left > 0 {
            let count = left.min(PART);
            parts.push((from, count));
            from += count;
            left -= count;
        }
    }
    parts
}

fn kind(name: &str, dtype: &DataType) -> Result<PhysicalType, IntakeError> {
    PhysicalType::of(dtype).ok_or_else(|| IntakeError::NestedValue {
        column: name.to_owned(),
        line: None,
    })
}

/// Holds every value of a text column to the limits.
fn check_texts(column: &Coded, position: u64, limits: &Limits) -> Result<(), IntakeError> {
    if column.kind != PhysicalType::String {
        return Ok(());
    }
    let check = |text: Option<&str>, row: u64| {
        let place = Place { row, line: row };
        super::ndjson::check_text(text.unwrap_or_default(), place, position, limits)
    };
    if column.dictionary.texts().all(|text| check(text, 0).is_ok()) {
        return Ok(());
    }
    // The message names the first row that is wrong.
    let mut rows = column.codes.iter().zip(1..);
    rows.try_for_each(|(code, row)| check(column.dictionary.text(code), row))
}

fn judge(footer: &Footer, file: u64, limits: &Limits) -> Result<(), IntakeError> {
    if footer.columns.is_empty() {
        return Err(IntakeError::EmptyFile {
            expected: "at least one column",
        });
    }
    check_names(footer.columns.iter().map(|(name, _)| name.as_str()))?;
    if footer.columns.len() > limits.max_columns {
        return Err(IntakeError::TooManyColumns {
            limit: limits.max_columns,
        });
    }
    if footer.rows > limits.max_rows {
        return Err(IntakeError::TooManyRows {
            limit: limits.max_rows,
        });
    }
    if file
        .max(footer.uncompressed)
        .max(footer.rows.saturating_mul(footer.columns.len() as u64))
        > limits.max_table_bytes
    {
        return Err(IntakeError::TooManyBytes {
            limit: limits.max_table_bytes,
        });
    }
    for (column, dtype) in &footer.columns {
        kind(column, dtype)?;
    }
    Ok(())
}

impl From<ParquetFault> for IntakeError {
    fn from(fault: ParquetFault) -> Self {
        Self::CorruptParquet {
            fault: fault.to_string(),
        }
    }
}
