//! Parquet into columns: the footer is judged before any page is decoded.

use std::io::Read;

use polars::prelude::*;

use super::Limits;
use super::builder::check_names;
use super::error::{IntakeError, Place};
use crate::parquet::{self, Footer, ParquetFault};
use crate::table::{ColumnSchema, Distinct, PhysicalType, Schema, texts};

/// The whole file in memory, up to the limit.
pub(super) fn bytes(source: impl Read, limits: &Limits) -> Result<Vec<u8>, IntakeError> {
    let mut bytes = Vec::new();
    source
        .take(limits.max_table_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<(DataFrame, Schema), IntakeError> {
    if bytes.is_empty() {
        return Err(IntakeError::EmptyFile {
            expected: "the magic bytes PAR1",
        });
    }
    let footer = parquet::footer(bytes)?;
    judge(&footer, bytes.len() as u64, limits)?;
    let frame = plain(parquet::decode(bytes)?)?;
    let columns = frame
        .columns()
        .iter()
        .zip(1..)
        .map(|(column, position)| describe(column, position, limits));
    let columns = columns.collect::<Result<_, _>>()?;
    let schema = Schema {
        rows: frame.height() as u64,
        columns,
    };
    let held = frame.estimated_size() as u64;
    if held > limits.max_table_bytes {
        return Err(IntakeError::TooManyBytes {
            limit: limits.max_table_bytes,
        });
    }
    Ok((frame, schema))
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
        if PhysicalType::of(dtype).is_none() {
            return Err(IntakeError::NestedValue {
                column: column.clone(),
                line: None,
            });
        }
    }
    Ok(())
}

/// Dictionary-encoded text becomes plain text; a column without a single value becomes text.
fn plain(mut frame: DataFrame) -> Result<DataFrame, IntakeError> {
    for position in 0..frame.width() {
        let Some(column) = frame.select_at_idx(position) else {
            continue;
        };
        if matches!(
            column.dtype(),
            DataType::Categorical(..) | DataType::Enum(..) | DataType::Null
        ) {
            let column = column.cast(&DataType::String)?;
            frame.replace_column(position, column)?;
        }
    }
    Ok(frame)
}

fn describe(column: &Column, position: u64, limits: &Limits) -> Result<ColumnSchema, IntakeError> {
    let name = column.name().to_string();
    let Some(physical_type) = PhysicalType::of(column.dtype()) else {
        return Err(IntakeError::NestedValue {
            column: name,
            line: None,
        });
    };
    if column.dtype() == &DataType::String {
        for (text, row) in texts(column)?.iter().zip(1..) {
            super::ndjson::check_text(
                text.unwrap_or_default(),
                Place { row, line: row },
                position,
                limits,
            )?;
        }
    }
    let nulls = column.null_count();
    let distinct = Distinct::of(column.n_unique()?.saturating_sub(usize::from(nulls > 0)));
    Ok(ColumnSchema {
        name,
        physical_type,
        nulls: nulls as u64,
        distinct,
    })
}

impl From<ParquetFault> for IntakeError {
    fn from(fault: ParquetFault) -> Self {
        Self::CorruptParquet {
            fault: fault.to_string(),
        }
    }
}
