//! An NDJSON column in the making: its kind is that of its first value.

use polars::prelude::*;

use super::Purpose;
use super::builder::Tally;
use super::error::IntakeError;
use super::json::Scalar;
use crate::table::{ColumnSchema, PhysicalType};

/// Whole numbers up to here are exact as floats.
const EXACT: u64 = 1 << 53;

/// The values of a column whose kind is known from its first value.
enum Values {
    Unknown,
    Boolean(Vec<Option<bool>>),
    Integer {
        values: Vec<Option<i64>>,
        largest: u64,
    },
    Float(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
}

pub(super) struct NdColumn {
    pub name: String,
    tally: Tally,
    values: Values,
    /// Rows described so far, missing ones included.
    pub rows: u64,
}

impl NdColumn {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            tally: Tally::default(),
            values: Values::Unknown,
            rows: 0,
        }
    }

    /// Counts missing values up to row `row`.
    pub(super) fn pad(&mut self, row: u64, purpose: Purpose) {
        let missing = row.saturating_sub(self.rows);
        self.rows += missing;
        self.tally.nulls(missing);
        if purpose == Purpose::Keep {
            self.fill();
        }
    }

    /// Brings the stored values up to `rows` with missing ones.
    fn fill(&mut self) {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX);
        match &mut self.values {
            Values::Unknown => {}
            Values::Boolean(values) => values.resize(rows, None),
            Values::Integer { values, .. } => values.resize(rows, None),
            Values::Float(values) => values.resize(rows, None),
            Values::Text(values) => values.resize(rows, None),
        }
    }

    pub(super) fn push(
        &mut self,
        value: Scalar,
        line: u64,
        purpose: Purpose,
    ) -> Result<(), IntakeError> {
        let value = match value {
            Scalar::Null => {
                self.pad(self.rows + 1, purpose);
                return Ok(());
            }
            Scalar::Nested => {
                return Err(IntakeError::NestedValue {
                    column: self.name.clone(),
                    line: Some(line),
                });
            }
            Scalar::TooLarge => {
                return Err(IntakeError::NumberTooLarge {
                    line,
                    column: self.name.clone(),
                });
            }
            value => value,
        };
        self.admit(&value, line)?;
        if purpose == Purpose::Keep {
            self.fill();
        }
        self.store(value, purpose == Purpose::Keep);
        self.rows += 1;
        Ok(())
    }

    /// Settles the kind of the column: by its first value, or from whole numbers to floats.
    fn admit(&mut self, value: &Scalar, line: u64) -> Result<(), IntakeError> {
        match (&mut self.values, value) {
            (values @ Values::Unknown, value) => *values = Values::of(value),
            (Values::Integer { values, largest }, Scalar::Float(_)) if *largest <= EXACT => {
                let floats = values
                    .iter()
                    .map(|value| value.map(|value| value as f64))
                    .collect();
                self.values = Values::Float(floats);
            }
            (values, value) if values.kind() != kind_of(value) && !values.widens(value) => {
                let (found, expected) = (kind_of(value), values.kind());
                return Err(IntakeError::MixedTypes {
                    line,
                    column: self.name.clone(),
                    found,
                    expected,
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn store(&mut self, value: Scalar, keep: bool) {
        match (&mut self.values, value) {
            (Values::Boolean(values), Scalar::Boolean(value)) => {
                self.tally.value(&[u8::from(value)]);
                values.extend(keep.then_some(Some(value)));
            }
            (Values::Integer { values, largest }, Scalar::Integer(value)) => {
                self.tally.value(&value.to_le_bytes());
                *largest = (*largest).max(value.unsigned_abs());
                values.extend(keep.then_some(Some(value)));
            }
            (Values::Float(values), Scalar::Float(value)) => {
                self.tally.value(&value.to_le_bytes());
                values.extend(keep.then_some(Some(value)));
            }
            (Values::Float(values), Scalar::Integer(value)) => {
                self.tally.value(&value.to_le_bytes());
                values.extend(keep.then_some(Some(value as f64)));
            }
            (Values::Text(values), Scalar::Text(value)) => {
                self.tally.value(value.as_bytes());
                values.extend(keep.then_some(Some(value)));
            }
            // `admit` has refused every other pair.
            _ => {}
        }
    }

    pub(super) fn finish(self, rows: u64) -> (ColumnSchema, Column) {
        let schema = self.tally.describe(&self.name, self.values.kind());
        let name: PlSmallStr = self.name.as_str().into();
        let column = match self.values {
            Values::Unknown => {
                Column::full_null(name, usize::try_from(rows).unwrap_or(0), &DataType::String)
            }
            Values::Boolean(values) => Column::new(name, values),
            Values::Integer { values, .. } => Column::new(name, values),
            Values::Float(values) => Column::new(name, values),
            Values::Text(values) => Column::new(name, values),
        };
        (schema, column)
    }
}

impl Values {
    fn of(value: &Scalar) -> Self {
        match value {
            Scalar::Boolean(_) => Self::Boolean(Vec::new()),
            Scalar::Integer(_) => Self::Integer {
                values: Vec::new(),
                largest: 0,
            },
            Scalar::Float(_) => Self::Float(Vec::new()),
            Scalar::Text(_) => Self::Text(Vec::new()),
            Scalar::Null | Scalar::TooLarge | Scalar::Nested => Self::Unknown,
        }
    }

    fn kind(&self) -> PhysicalType {
        match self {
            Self::Boolean(_) => PhysicalType::Boolean,
            Self::Integer { .. } => PhysicalType::Integer,
            Self::Float(_) => PhysicalType::Float,
            Self::Text(_) | Self::Unknown => PhysicalType::String,
        }
    }

    /// Whether a whole number fits a column of floats exactly.
    fn widens(&self, value: &Scalar) -> bool {
        matches!((self, value), (Self::Float(_), Scalar::Integer(value)) if value.unsigned_abs() <= EXACT)
    }
}

fn kind_of(value: &Scalar) -> PhysicalType {
    Values::of(value).kind()
}
