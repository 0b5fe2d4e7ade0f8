//! CSV into columns.

use std::io::Read;

use polars::prelude::*;

use super::builder::{Budget, TextColumn, check_names};
use super::decode::{Decoder, Fault};
use super::error::{IntakeError, Place};
use super::scan::{Records, Scanner};
use super::{Encoding, Limits, Purpose};
use crate::table::Schema;

const BUFFER: usize = 64 * 1024;
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

pub(super) fn read(
    mut source: impl Read,
    delimiter: Option<u8>,
    encoding: Encoding,
    limits: &Limits,
    purpose: Purpose,
) -> Result<(DataFrame, Schema), IntakeError> {
    let mut buffer = vec![0; BUFFER];
    let mut filled = fill(&mut source, &mut buffer)?;
    let delimiter = match delimiter {
        Some(byte) => checked(byte)?,
        None => sniff(filled, filled.len() < BUFFER),
    };
    let mut decoder = Decoder::new(encoding);
    let mut scanner = Scanner::new(delimiter, limits.max_cell_bytes, 0);
    let mut rows = Rows::new(limits, purpose);
    while !filled.is_empty() {
        let (text, fault) = decoder.decode(filled);
        scanner.feed(text, &mut rows)?;
        refuse(fault, &scanner, &decoder)?;
        filled = fill(&mut source, &mut buffer)?;
    }
    refuse(decoder.finish(), &scanner, &decoder)?;
    scanner.finish(&mut rows)?;
    rows.finish()
}

fn refuse(fault: Option<Fault>, scanner: &Scanner, decoder: &Decoder) -> Result<(), IntakeError> {
    let Some(Fault { offset }) = fault else {
        return Ok(());
    };
    Err(IntakeError::BadEncoding {
        offset,
        place: scanner.place(),
        encoding: decoder.encoding_name(),
    })
}

/// Reads until the buffer is full or the source ends.
fn fill<'a>(source: &mut impl Read, buffer: &'a mut [u8]) -> Result<&'a [u8], IntakeError> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(buffer.get(..filled).unwrap_or_default())
}

fn checked(byte: u8) -> Result<u8, IntakeError> {
    if byte == b'\t' || (byte != b'"' && (byte == b' ' || byte.is_ascii_punctuation())) {
        return Ok(byte);
    }
    Err(IntakeError::Delimiter(byte))
}

/// The delimiter that cuts the first records of a file into the most cells, all into equally many if possible. It may be asked
/// of bytes in any ASCII-compatible encoding.
fn sniff(sample: &[u8], whole: bool) -> u8 {
    let sample = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample);
    let score = |delimiter: u8| {
        let mut widths = Widths::default();
        let mut scanner = Scanner::new(delimiter, BUFFER, 0);
        // A sample that cannot be scanned with this delimiter counts as far as it went.
        let scanned = scanner.feed(sample, &mut widths).is_ok();
        if whole && scanned {
            let _ = scanner.finish(&mut widths);
        }
        let even = scanned && widths.first > 1 && !widths.uneven;
        (even, widths.first)
    };
    let mut best = (b',', score(b','));
    for candidate in CANDIDATES {
        let score = score(candidate);
        if score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

/// How many cells the records of a sample have.
#[derive(Debug, Default)]
struct Widths {
    first: u64,
    uneven: bool,
}

impl Records for Widths {
    fn cell(&mut self, _: &[u8], _: Place) -> Result<(), IntakeError> {
        Ok(())
    }

    fn end(&mut self, cells: u64, _: Place) -> Result<bool, IntakeError> {
        match (cells, self.first) {
            (0, _) => return Ok(false),
            (_, 0) => self.first = cells,
            _ => self.uneven |= cells != self.first,
        }
        Ok(true)
    }
}

/// Collects the header, then the rows.
struct Rows {
    budget: Budget,
    max_columns: usize,
    purpose: Purpose,
    names: Vec<String>,
    columns: Vec<TextColumn>,
    cell: usize,
}

impl Rows {
    fn new(limits: &Limits, purpose: Purpose) -> Self {
        Self {
            budget: Budget::new(limits),
            max_columns: limits.max_columns,
            purpose,
            names: Vec::new(),
            columns: Vec::new(),
            cell: 0,
        }
    }

    fn header(&mut self) -> Result<(), IntakeError> {
        check_names(self.names.iter().map(String::as_str))?;
        let names = std::mem::take(&mut self.names);
        self.columns = names
            .into_iter()
            .map(|name| TextColumn::new(name, self.purpose))
            .collect();
        Ok(())
    }

    fn finish(self) -> Result<(DataFrame, Schema), IntakeError> {
        if self.columns.is_empty() {
            return Err(IntakeError::EmptyFile {
                expected: "a header with the names of the columns",
            });
        }
        let rows = self.budget.rows();
        let (columns, values): (Vec<_>, Vec<_>) =
            self.columns.into_iter().map(TextColumn::finish).unzip();
        let values: Vec<Column> = values.into_iter().flatten().collect();
        let height = values.first().map_or(0, Column::len);
        Ok((DataFrame::new(height, values)?, Schema { rows, columns }))
    }
}

impl Records for Rows {
    fn cell(&mut self, text: &[u8], place: Place) -> Result<(), IntakeError> {
        // The decoder has let only UTF-8 through, and cells are cut at ASCII bytes.
        let text = std::str::from_utf8(text).unwrap_or_default();
        if place.row == 0 {
            self.names.push(text.to_owned());
            if self.names.len() > self.max_columns {
                return Err(IntakeError::TooManyColumns {
                    limit: self.max_columns,
                });
            }
            return Ok(());
        }
        if let Some(column) = self.columns.get_mut(self.cell) {
            column.push((!text.is_empty()).then_some(text));
            self.budget.take(text.len() as u64)?;
        }
        self.cell += 1;
        Ok(())
    }

    fn end(&mut self, cells: u64, place: Place) -> Result<bool, IntakeError> {
        self.cell = 0;
        if place.row == 0 {
            if cells > 0 {
                self.header()?;
            }
            return Ok(cells > 0);
        }
        let expected = self.columns.len() as u64;
        match (cells, self.columns.as_mut_slice()) {
            (0, [only]) => only.push(None),
            (0, _) => return Ok(false),
            (found, _) if found != expected => {
                return Err(IntakeError::ColumnCount {
                    place,
                    found,
                    expected,
                });
            }
            _ => {}
        }
        self.budget.row(self.columns.len())?;
        Ok(true)
    }
}
