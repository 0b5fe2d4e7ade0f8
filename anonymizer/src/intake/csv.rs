//! CSV into columns.
//!
//! The file is read in blocks. What is left of a record that the last block cut is scanned first; then the block is cut at line
//! breaks into one part for each core, and every part is scanned as if a record began there. Where the part before it turns
//! out to end within a quoted cell, the guess was wrong, and what follows is scanned again in its true state. So the result,
//! errors included, is that of one scan from the first byte to the last.

use std::io::Read;

use memchr::memrchr;
use rayon::prelude::*;

use super::builder::{Budget, TextColumn, check_names};
use super::decode::{Decoder, Fault};
use super::error::{IntakeError, Place};
use super::plain::{Plain, next_odd};
use super::scan::{Records, Scanner};
use super::sniff::{checked, sniff};
use super::{Encoding, Limits, Purpose};
use crate::table::{Coded, Schema};

/// The first block; a small file has no other.
pub(super) const FIRST_BLOCK: usize = 64 * 1024;

/// The largest block.
const LARGEST_BLOCK: usize = 16 << 20;

/// A part of a block is worth a core from this size on.
const LEAST_PART: usize = 128 * 1024;

/// The columns, their description, and the delimiter that was given or found.
pub(super) fn read(
    mut source: impl Read,
    delimiter: Option<u8>,
    encoding: Encoding,
    limits: &Limits,
    purpose: Purpose,
) -> Result<(Vec<Coded>, Schema, u8), IntakeError> {
    let mut size = FIRST_BLOCK;
    let mut block = Vec::new();
    fill(&mut source, &mut block, size)?;
    let delimiter = match delimiter {
        Some(byte) => checked(byte)?,
        None => sniff(&block, block.len() < FIRST_BLOCK),
    };
    let mut decoder = Decoder::new(encoding);
    let mut file = File::new(delimiter, limits, purpose);
    while !block.is_empty() {
        let (text, fault) = decoder.decode(&block);
        file.block(text)?;
        file.refuse(fault, &decoder)?;
        size = (size * 4).min(LARGEST_BLOCK);
        fill(&mut source, &mut block, size)?;
    }
    file.refuse(decoder.finish(), &decoder)?;
    let (columns, schema) = file.finish()?;
    Ok((columns, schema, delimiter))
}

/// Reads until the block is full or the source ends.
fn fill(source: &mut impl Read, block: &mut Vec<u8>, size: usize) -> Result<(), IntakeError> {
    block.clear();
    block.reserve(size);
    source.by_ref().take(size as u64).read_to_end(block)?;
    Ok(())
}

/// A file as far as it was read.
struct File {
    delimiter: u8,
    limits: Limits,
    purpose: Purpose,
    names: Vec<String>,
    columns: Vec<TextColumn>,
    budget: Budget,
    scanner: Scanner,
    /// The rows that `scanner` goes through.
    rows: Rows,
}

impl File {
    fn new(delimiter: u8, limits: &Limits, purpose: Purpose) -> Self {
        Self {
            delimiter,
            limits: *limits,
            purpose,
            names: Vec::new(),
            columns: Vec::new(),
            budget: Budget::new(limits),
            scanner: Scanner::new(delimiter, limits.max_cell_bytes, 0),
            rows: Rows::default(),
        }
    }

    fn block(&mut self, text: &[u8]) -> Result<(), IntakeError> {
        let text = self.header(text)?;
        let text = self.end_of_record(text)?;
        let end = memrchr(b'\n', text).map_or(0, |last| last + 1);
        let (lines, begun) = text.split_at_checked(end).unwrap_or((text, &[]));
        self.lines(lines)?;
        let scanned = self.scanner.feed(begun, &mut self.rows);
        self.absorb()?;
        scanned
    }

    /// Scans the header, and answers what follows it.
    fn header<'t>(&mut self, mut text: &'t [u8]) -> Result<&'t [u8], IntakeError> {
        while self.columns.is_empty() && !text.is_empty() {
            let mut header = Header {
                names: &mut self.names,
                limit: self.limits.max_columns,
                ended: false,
            };
            let used = self.scanner.feed_record(text, &mut header)?;
            if header.ended {
                self.begin()?;
            }
            text = text.get(used..).unwrap_or_default();
        }
        Ok(text)
    }

    fn begin(&mut self) -> Result<(), IntakeError> {
        check_names(self.names.iter().map(String::as_str))?;
        self.columns = vec![TextColumn::new(self.purpose); self.names.len()];
        self.rows = self.fresh();
        Ok(())
    }

    /// Rows that can be absorbed.
    fn fresh(&self) -> Rows {
        Rows {
            columns: self.columns.iter().map(TextColumn::fresh).collect(),
            ..Rows::default()
        }
    }

    /// Scans what is left of a record that was begun, and answers what follows it.
    fn end_of_record<'t>(&mut self, mut text: &'t [u8]) -> Result<&'t [u8], IntakeError> {
        let mut scanned = Ok(0);
        while scanned.is_ok() && !self.scanner.is_between_records() && !text.is_empty() {
            scanned = self.scanner.feed_record(text, &mut self.rows);
            let used = scanned.as_ref().map_or(0, |used| *used);
            text = text.get(used..).unwrap_or_default();
        }
        self.absorb()?;
        scanned.map(|_| text)
    }

    /// Scans lines, the first of which begins a record unless the text is empty.
    fn lines(&mut self, text: &[u8]) -> Result<(), IntakeError> {
        let parts = cut(text);
        let scan = |part: &&[u8]| {
            let mut rows = self.fresh();
            let mut scanner = Scanner::new(self.delimiter, self.limits.max_cell_bytes, 1);
            let outcome = scan(part, self.delimiter, &self.limits, &mut scanner, &mut rows);
            (rows, scanner, outcome)
        };
        let scanned: Vec<_> = match parts.as_slice() {
            [] => return Ok(()),
            [only] => vec![scan(only)],
            parts => parts.par_iter().map(scan).collect(),
        };
        for (part, (rows, mut scanner, outcome)) in parts.iter().zip(scanned) {
            if !self.scanner.is_between_records() {
                let scanned = self.scanner.feed(part, &mut self.rows);
                self.absorb()?;
                scanned?;
                continue;
            }
            let (before, lines) = (self.scanner.place().row - 1, self.scanner.place().line - 1);
            scanner.shift(before, lines);
            self.scanner = scanner;
            self.rows = rows;
            self.absorb()?;
            outcome.map_err(|error| error.shifted(before, lines))?;
        }
        Ok(())
    }

    /// Takes over the rows that were scanned.
    fn absorb(&mut self) -> Result<(), IntakeError> {
        let (rows, bytes) = (
            std::mem::take(&mut self.rows.rows),
            std::mem::take(&mut self.rows.bytes),
        );
        self.budget.add(rows, bytes, self.columns.len())?;
        let columns = self.columns.iter_mut().zip(&mut self.rows.columns);
        if rows > 10_000 {
            let mut columns: Vec<_> = columns.collect();
            columns
                .par_iter_mut()
                .for_each(|(column, more)| column.absorb(more));
        } else {
            columns.for_each(|(column, more)| column.absorb(more));
        }
        Ok(())
    }

    fn refuse(&self, fault: Option<Fault>, decoder: &Decoder) -> Result<(), IntakeError> {
        let Some(Fault { offset }) = fault else {
            return Ok(());
        };
        Err(IntakeError::BadEncoding {
            offset,
            place: self.scanner.place(),
            encoding: decoder.encoding_name(),
        })
    }

    fn finish(mut self) -> Result<(Vec<Coded>, Schema), IntakeError> {
        if self.columns.is_empty() {
            let mut header = Header {
                names: &mut self.names,
                limit: self.limits.max_columns,
                ended: false,
            };
            self.scanner.finish(&mut header)?;
            if header.ended {
                self.begin()?;
            }
        } else {
            let scanned = self.scanner.finish(&mut self.rows);
            self.absorb()?;
            scanned?;
        }
        if self.columns.is_empty() {
            return Err(IntakeError::EmptyFile {
                expected: "a header with the names of the columns",
            });
        }
        let columns: Vec<_> = self.names.iter().zip(self.columns).collect();
        let finished: Vec<_> = columns
            .into_par_iter()
            .map(|(name, column)| column.finish(name))
            .collect();
        let (columns, values): (Vec<_>, Vec<_>) = finished.into_iter().unzip();
        let rows = self.budget.rows();
        Ok((
            values.into_iter().flatten().collect(),
            Schema { rows, columns },
        ))
    }
}

/// The text in parts that end with a line break, one for each core if they are large enough.
fn cut(text: &[u8]) -> Vec<&[u8]> {
    let size = (text.len() / rayon::current_num_threads()).max(LEAST_PART);
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let after = rest.get(size..).unwrap_or_default();
        let end = memchr::memchr(b'\n', after).map_or(rest.len(), |line| size + line + 1);
        let (part, more) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        parts.push(part);
        rest = more;
    }
    parts
}

/// Scans lines of which the first begins a record. Lines without a quote, a NUL or an odd line break, which are nearly all, are cut at
/// delimiters; the scanner goes through the others.
fn scan(
    text: &[u8],
    delimiter: u8,
    limits: &Limits,
    scanner: &mut Scanner,
    rows: &mut Rows,
) -> Result<(), IntakeError> {
    let mut at = 0;
    let mut odd = next_odd(text, 0);
    while at < text.len() {
        if scanner.is_between_records() && odd > at {
            let even = text.get(at..odd).unwrap_or_default();
            if let Some(last) = memrchr(b'\n', even) {
                let lines = even.get(..=last).unwrap_or_default();
                let mut plain = Plain {
                    delimiter,
                    limits,
                    place: scanner.place(),
                    rows,
                };
                let (before, found) = (plain.place, plain.lines(lines)?);
                scanner.skip(found.row - before.row, found.line - before.line);
                at += last + 1;
                continue;
            }
        }
        let rest = text.get(at..).unwrap_or_default();
        at += scanner.feed_record(rest, rows)?;
        if odd < at {
            odd = next_odd(text, at);
        }
    }
    Ok(())
}

/// Collects the names of the header.
struct Header<'a> {
    names: &'a mut Vec<String>,
    limit: usize,
    ended: bool,
}

impl Records for Header<'_> {
    fn cell(&mut self, text: &[u8], _: Place) -> Result<(), IntakeError> {
        // The decoder has let only UTF-8 through, and cells are cut at ASCII bytes.
        let text = std::str::from_utf8(text).unwrap_or_default();
        self.names.push(text.to_owned());
        if self.names.len() > self.limit {
            return Err(IntakeError::TooManyColumns { limit: self.limit });
        }
        Ok(())
    }

    fn end(&mut self, cells: u64, _: Place) -> Result<bool, IntakeError> {
        self.ended = cells > 0;
        Ok(self.ended)
    }
}

/// Rows of data.
#[derive(Default)]
pub(super) struct Rows {
    columns: Vec<TextColumn>,
    cell: usize,
    rows: u64,
    /// Bytes of their text.
    bytes: u64,
}

impl Rows {
    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) {
        if let Some(column) = self.columns.get_mut(self.cell) {
            column.push(text);
            self.bytes += text.len() as u64;
        }
        self.cell += 1;
    }
}

impl Records for Rows {
    fn cell(&mut self, text: &[u8], _: Place) -> Result<(), IntakeError> {
        self.push(text);
        Ok(())
    }

    fn end(&mut self, cells: u64, place: Place) -> Result<bool, IntakeError> {
        self.cell = 0;
        let expected = self.columns.len() as u64;
        match (cells, self.columns.as_mut_slice()) {
            (0, [only]) => only.push(b""),
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
        self.rows += 1;
        Ok(true)
    }
}
