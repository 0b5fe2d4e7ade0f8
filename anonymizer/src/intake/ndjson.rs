//! NDJSON into columns.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use polars::prelude::*;

use super::builder::{Budget, Tally, check_names};
use super::error::{IntakeError, Place};
use super::json::{Record, Scalar};
use super::{Limits, Purpose};
use crate::table::{ColumnSchema, PhysicalType, Schema};

/// A line may be this many times as long as a cell.
const LINE_FACTOR: usize = 16;
/// Whole numbers up to here are exact as floats.
const EXACT: u64 = 1 << 53;

pub(super) fn read(
    source: impl Read,
    limits: &Limits,
    purpose: Purpose,
) -> Result<(DataFrame, Schema), IntakeError> {
    let mut lines = Lines::new(source, limits.max_cell_bytes.saturating_mul(LINE_FACTOR));
    let mut rows = Rows {
        limits: *limits,
        budget: Budget::new(limits),
        purpose,
        index: HashMap::new(),
        columns: Vec::new(),
    };
    while let Some(text) = lines.next()? {
        if !text.trim_ascii().is_empty() {
            rows.record(&text, lines.line)?;
        }
    }
    rows.finish()
}

/// Lines of bounded length, checked to be UTF-8.
struct Lines<R> {
    source: BufReader<R>,
    limit: usize,
    line: u64,
    offset: u64,
}

impl<R: Read> Lines<R> {
    fn new(source: R, limit: usize) -> Self {
        Self {
            source: BufReader::with_capacity(64 * 1024, source),
            limit,
            line: 0,
            offset: 0,
        }
    }

    fn next(&mut self) -> Result<Option<String>, IntakeError> {
        let start = self.offset;
        self.line += 1;
        let bytes = self.raw()?;
        if bytes.is_empty() && self.offset == start {
            return Ok(None);
        }
        let mark = if start == 0 && bytes.starts_with(b"\xEF\xBB\xBF") {
            3
        } else {
            0
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.get(mark..).unwrap_or_default().to_owned())),
            Err(error) => Err(IntakeError::BadEncoding {
                offset: start + error.utf8_error().valid_up_to() as u64,
                place: Place {
                    row: self.line,
                    line: self.line,
                },
                encoding: "UTF-8",
            }),
        }
    }

    /// The bytes up to the next line feed, which is left out.
    fn raw(&mut self) -> Result<Vec<u8>, IntakeError> {
        let mut line = Vec::new();
        loop {
            let buffer = match self.source.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let part = buffer
                .get(..end.unwrap_or(buffer.len()))
                .unwrap_or_default();
            if line.len() + part.len() > self.limit {
                return Err(IntakeError::LineTooLong {
                    line: self.line,
                    limit: self.limit,
                });
            }
            line.extend_from_slice(part);
            let (used, done) = (
                part.len() + usize::from(end.is_some()),
                end.is_some() || buffer.is_empty(),
            );
            self.source.consume(used);
            self.offset += used as u64;
            if done {
                return Ok(line);
            }
        }
    }
}

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

struct NdColumn {
    name: String,
    tally: Tally,
    values: Values,
    /// Rows described so far, missing ones included.
    rows: u64,
}

struct Rows {
    limits: Limits,
    budget: Budget,
    purpose: Purpose,
    index: HashMap<String, usize>,
    columns: Vec<NdColumn>,
}

impl Rows {
    fn record(&mut self, text: &str, line: u64) -> Result<(), IntakeError> {
        let Record(members) = serde_json::from_str(text).map_err(|error| bad_json(&error, line))?;
        let row = self.budget.rows();
        for (name, value) in members {
            let position = self.position(&name)?;
            let (limits, purpose) = (self.limits, self.purpose);
            let Some(column) = self.columns.get_mut(position) else {
                continue;
            };
            if column.rows > row {
                return Err(IntakeError::DuplicateKey { line, name });
            }
            if let Scalar::Text(text) = &value {
                check_text(
                    text,
                    Place { row: row + 1, line },
                    position as u64 + 1,
                    &limits,
                )?;
                self.budget.take(text.len() as u64)?;
            }
            column.pad(row, purpose);
            column.push(value, line, purpose)?;
        }
        self.budget.row(self.columns.len())
    }

    fn position(&mut self, name: &str) -> Result<usize, IntakeError> {
        if let Some(position) = self.index.get(name) {
            return Ok(*position);
        }
        let position = self.columns.len();
        self.budget.column(position + 1)?;
        self.budget.take(name.len() as u64)?;
        self.index.insert(name.to_owned(), position);
        let name = name.to_owned();
        self.columns.push(NdColumn {
            name,
            tally: Tally::default(),
            values: Values::Unknown,
            rows: 0,
        });
        Ok(position)
    }

    fn finish(self) -> Result<(DataFrame, Schema), IntakeError> {
        let rows = self.budget.rows();
        if self.columns.is_empty() {
            return Err(IntakeError::EmptyFile {
                expected: "one JSON object a line",
            });
        }
        check_names(self.columns.iter().map(|column| column.name.as_str()))?;
        let (mut schemas, mut frame) = (Vec::new(), Vec::new());
        for mut column in self.columns {
            column.pad(rows, self.purpose);
            let (schema, values) = column.finish(rows);
            schemas.push(schema);
            frame.push(values);
        }
        let frame = match self.purpose {
            Purpose::Keep => DataFrame::new(frame.first().map_or(0, Column::len), frame)?,
            Purpose::Describe => DataFrame::empty(),
        };
        Ok((
            frame,
            Schema {
                rows,
                columns: schemas,
            },
        ))
    }
}

impl NdColumn {
    /// Counts missing values up to row `row`.
    fn pad(&mut self, row: u64, purpose: Purpose) {
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

    fn push(&mut self, value: Scalar, line: u64, purpose: Purpose) -> Result<(), IntakeError> {
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

    fn finish(self, rows: u64) -> (ColumnSchema, Column) {
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

pub(super) fn check_text(
    text: &str,
    place: Place,
    column: u64,
    limits: &Limits,
) -> Result<(), IntakeError> {
    if text.len() > limits.max_cell_bytes {
        return Err(IntakeError::CellTooLong {
            place,
            column,
            limit: limits.max_cell_bytes,
        });
    }
    if text.contains('\0') {
        return Err(IntakeError::NulByte { place, column });
    }
    Ok(())
}

/// Only the parser's own words are passed on: its messages about data would repeat the data.
fn bad_json(error: &serde_json::Error, line: u64) -> IntakeError {
    let fault = match error.classify() {
        serde_json::error::Category::Data => "not a JSON object".to_owned(),
        _ => {
            let message = error.to_string();
            message
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned()
        }
    };
    IntakeError::BadJson {
        line,
        column: error.column(),
        fault,
    }
}
