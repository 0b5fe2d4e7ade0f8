//! NDJSON into columns.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use super::builder::{Budget, check_names};
use super::error::{IntakeError, Place};
use super::json::{Record, Scalar};
use super::typed::coded;
use super::values::NdColumn;
use super::{Limits, Purpose};
use crate::table::{Coded, Schema};

/// A line may be this many times as long as a cell.
const LINE_FACTOR: usize = 16;

pub(super) fn read(
    source: impl Read,
    limits: &Limits,
    purpose: Purpose,
) -> Result<(Vec<Coded>, Schema), IntakeError> {
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
            let end = memchr::memchr(b'\n', buffer);
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
        self.columns.push(NdColumn::new(name));
        Ok(position)
    }

    fn finish(self) -> Result<(Vec<Coded>, Schema), IntakeError> {
        let rows = self.budget.rows();
        if self.columns.is_empty() {
            return Err(IntakeError::EmptyFile {
                expected: "one JSON object a line",
            });
        }
        check_names(self.columns.iter().map(|column| column.name.as_str()))?;
        let (mut schemas, mut columns) = (Vec::new(), Vec::new());
        for mut column in self.columns {
            column.pad(rows, self.purpose);
            let (schema, values) = column.finish(rows);
            schemas.push(schema);
            if self.purpose == Purpose::Keep {
                columns.push(coded(&values)?);
            }
        }
        let schema = Schema {
            rows,
            columns: schemas,
        };
        Ok((columns, schema))
    }
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
