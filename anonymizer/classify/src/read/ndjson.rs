//! NDJSON: a JSON object a line. Objects within objects become columns by their path; what is in a list belongs to the list's
//! column.

use std::io::Read;

use hashbrown::HashMap;
use memchr::memchr;
use serde_json::Value;

use super::dialect::{Encoding, Text};
use super::{File, LONGEST_RECORD};
use crate::error::ClassifyError;
use crate::survey::{MOST_COLUMNS, Survey};

/// Objects within objects are followed so deep; serde_json refuses what is deeper than 128 anyway.
const DEEPEST: usize = 16;

pub fn read(mut text: Text<impl Read>, encoding: Encoding) -> Result<File, ClassifyError> {
    let mut rows = Rows {
        names: Vec::new(),
        places: HashMap::new(),
        survey: Survey::new(0),
    };
    let (mut buffer, mut line, mut more) = (Vec::new(), 0, true);
    while more {
        more = text.more(&mut buffer)?;
        let mut at = 0;
        while let Some(end) = end_of_line(buffer.get(at..).unwrap_or_default(), more) {
            line += 1;
            rows.line(buffer.get(at..at + end).unwrap_or_default(), line)?;
            at += end;
        }
        buffer.drain(..at.min(buffer.len()));
        if buffer.len() > LONGEST_RECORD {
            return Err(ClassifyError::RecordTooLong {
                row: rows.survey.rows + 1,
                limit: LONGEST_RECORD,
            });
        }
    }
    rows.survey.settle();
    if rows.names.is_empty() {
        return Err(ClassifyError::Empty);
    }
    Ok(File {
        form: "ndjson",
        encoding,
        delimiter: None,
        names: rows.names,
        survey: rows.survey,
    })
}

fn end_of_line(text: &[u8], more: bool) -> Option<usize> {
    match memchr(b'\n', text) {
        Some(place) => Some(place + 1),
        None if more || text.is_empty() => None,
        None => Some(text.len()),
    }
}

struct Rows {
    names: Vec<String>,
    places: HashMap<String, usize>,
    survey: Survey,
}

impl Rows {
    fn line(&mut self, line: &[u8], number: u64) -> Result<(), ClassifyError> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(());
        }
        let fault = |fault: String| ClassifyError::Json {
            line: number,
            fault,
        };
        let text = String::from_utf8_lossy(line);
        let value: Value = serde_json::from_str(&text).map_err(|error| fault(place_of(&error)))?;
        let Value::Object(object) = value else {
            return Err(fault("it is of another kind".to_owned()));
        };
        for (key, value) in &object {
            self.value(key, value, 0)?;
        }
        self.survey.end_named_row();
        Ok(())
    }

    fn value(&mut self, path: &str, value: &Value, depth: usize) -> Result<(), ClassifyError> {
        match value {
            Value::Null => self.cell(path, b""),
            Value::String(text) => self.cell(path, text.as_bytes()),
            Value::Object(object) if depth < DEEPEST => {
                object.iter().try_for_each(|(key, value)| {
                    self.value(&format!("{path}.{key}"), value, depth + 1)
                })
            }
            Value::Array(values) if depth < DEEPEST => values
                .iter()
                .try_for_each(|value| self.value(path, value, depth + 1)),
            other => self.cell(path, other.to_string().as_bytes()),
        }
    }

    fn cell(&mut self, path: &str, cell: &[u8]) -> Result<(), ClassifyError> {
        let place = match self.places.get(path) {
            Some(place) => *place,
            None if self.names.len() == MOST_COLUMNS => {
                return Err(ClassifyError::TooManyColumns {
                    limit: MOST_COLUMNS,
                });
            }
            None => {
                let place = self.names.len();
                self.names.push(path.to_owned());
                self.places.insert(path.to_owned(), place);
                place
            }
        };
        self.survey.cell_at(place, cell);
        Ok(())
    }
}

/// What serde_json says without the text of the line.
fn place_of(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "it is of another kind",
        _ => "its syntax is wrong",
    };
    format!("{what} at column {}", error.column())
}
