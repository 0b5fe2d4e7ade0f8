//! The records of a part of a CSV file (RFC 4180), some at a time.

use memchr::{memchr, memchr2};

use super::dialect::Dialect;
use crate::survey::MOST_COLUMNS;

/// Rows of a batch. Their text, what is known of a column and the words met last are to stay in the cache together.
const ROWS: usize = 128;

/// Cells of a batch, from which on it takes no more rows.
const CELLS: usize = 1 << 13;

/// Bytes that are looked at for wrong characters at a time.
const WINDOW: usize = 1 << 16;

/// Bytes of a cell that are looked through word by word before a search is worth its call.
const SHORT: usize = 48;

/// The records of a text that were found last.
pub struct Records<'t> {
    text: &'t [u8],
    dialect: Dialect,
    /// Whether quotes have a meaning.
    quotes: bool,
    /// Whether the text is the end of the file, or ends with a line break.
    last: bool,
    /// Where the next record begins.
    at: usize,
    /// The cells of all rows, of each at most one more than there may be columns.
    cells: Vec<Cell>,
    rows: Vec<Row>,
    /// The cells with quotes of their own, without those that escape them.
    unescaped: Vec<u8>,
    utf8: Utf8,
}

/// Where a cell is: in the text, or among those that were unescaped. A text is a block and the longest record at most.
#[derive(Clone, Copy)]
struct Cell {
    start: u32,
    end: u32,
    unescaped: bool,
}

/// A row of a batch.
#[derive(Clone, Copy)]
pub struct Row {
    /// Its cells begin here,
    start: usize,
    /// and end here.
    end: usize,
    /// Whether all of it is UTF-8.
    pub utf8: bool,
}

impl Row {
    /// The number of its cells, if it is not above the most columns.
    pub fn width(self) -> usize {
        self.end - self.start
    }
}

impl<'t> Records<'t> {
    pub fn new(text: &'t [u8], dialect: Dialect, quotes: bool, last: bool) -> Self {
        Self {
            text,
            dialect,
            quotes,
            last,
            at: 0,
            cells: Vec::new(),
            rows: Vec::new(),
            unescaped: Vec::new(),
            utf8: Utf8::default(),
        }
    }

    /// Where the next record begins.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The rows of the batch.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The cell of a row and a column; `None` if the row is too short.
    #[inline]
    pub fn cell(&self, row: Row, column: usize) -> Option<&[u8]> {
        let place = row.start + column;
        if place >= row.end {
            return None;
        }
        let cell = self.cells.get(place)?;
        let of = if cell.unescaped {
            &self.unescaped
        } else {
            self.text
        };
        of.get(cell.start as usize..cell.end as usize)
    }

    /// Finds the next records that are not blank; false if there is none that ends.
    pub fn fill(&mut self) -> bool {
        self.clear();
        while self.rows.len() < ROWS && self.cells.len() < CELLS && self.record() {}
        !self.rows.is_empty()
    }

    /// Finds a single record that is not blank; `None` if there is none that ends.
    pub fn single(&mut self) -> Option<Row> {
        self.clear();
        while self.rows.is_empty() && self.record() {}
        self.rows.first().copied()
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.rows.clear();
        self.unescaped.clear();
    }

    /// Takes the next record, unless it is blank; false if it does not end.
    fn record(&mut self) -> bool {
        let (from, first) = (self.at, self.cells.len());
        if from >= self.text.len() {
            return false;
        }
        let mut start = from;
        loop {
            let Some((end, last)) = self.place(start, last_column(self.cells.len() - first)) else {
                self.cells.truncate(first);
                return false;
            };
            start = end + 1;
            if last {
                break;
            }
        }
        self.at = start.min(self.text.len());
        self.trim(first);
        let row = Row {
            start: first,
            end: self.cells.len(),
            utf8: self.utf8.holds(self.text, from, self.at),
        };
        let blank = matches!(self.cells.get(first..), Some([cell]) if cell.start == cell.end && cell.start as usize == from);
        if blank {
            self.cells.truncate(first);
        } else {
            self.rows.push(row);
        }
        true
    }

    /// Takes the carriage return from the last cell of the row that begins at a place among the cells.
    fn trim(&mut self, first: usize) {
        let Some(cell) = self.cells.get_mut(first..).and_then(<[Cell]>::last_mut) else {
            return;
        };
        let text = self.text.get(cell.start as usize..cell.end as usize);
        let quoted = cell.unescaped || self.text.get(cell.end as usize) == Some(&b'"');
        if !quoted && text.is_some_and(|text| text.ends_with(b"\r")) {
            cell.end -= 1;
        }
    }

    /// Takes the cell that begins at a place, and answers where it ends and whether the record ends with it; `None` if it does not end.
    #[inline]
    fn place(&mut self, start: usize, kept: bool) -> Option<(usize, bool)> {
        let quoted = self.quotes && self.text.get(start) == Some(&b'"');
        if quoted {
            return self.quoted(start, kept);
        }
        let (end, last) = self.end_of(start)?;
        self.keep(start, end, kept);
        Some((end, last))
    }

    fn keep(&mut self, start: usize, end: usize, kept: bool) {
        if kept {
            self.cells.push(Cell {
                start: start as u32,
                end: end as u32,
                unescaped: false,
            });
        }
    }

    /// Where what begins at a place ends, quotes or not, and whether the record ends there.
    #[inline]
    fn end_of(&self, start: usize) -> Option<(usize, bool)> {
        let rest = self.text.get(start..)?;
        match end_of_cell(rest, self.dialect) {
            Some(at) => Some((start + at, rest.get(at) == Some(&self.dialect.line_end))),
            None if self.last => Some((self.text.len(), true)),
            None => None,
        }
    }

    /// Takes a cell that begins with a quote.
    fn quoted(&mut self, start: usize, kept: bool) -> Option<(usize, bool)> {
        let (mut at, mut escaped) = (start + 1, false);
        loop {
            at += memchr(b'"', self.text.get(at..)?)? + 1;
            if self.text.get(at) != Some(&b'"') {
                break;
            }
            escaped = true;
            at += 1;
        }
        let (end, last) = self.end_of(at)?;
        let after = self.text.get(at..end).unwrap_or_default();
        let after = after.strip_suffix(b"\r").unwrap_or(after);
        if !escaped && after.is_empty() {
            self.keep(start + 1, at - 1, kept);
        } else if kept {
            self.unescape(start + 1, at - 1, at + after.len());
        }
        Some((end, last))
    }

    /// Takes what is between two quotes, and what follows them and still belongs to the cell.
    fn unescape(&mut self, from: usize, to: usize, end: usize) {
        let start = self.unescaped.len();
        let mut before = 0;
        for &byte in self.text.get(from..to).unwrap_or_default() {
            if byte == b'"' && before == b'"' {
                before = 0;
            } else {
                self.unescaped.push(byte);
                before = byte;
            }
        }
        let after = self.text.get(to + 1..end).unwrap_or_default();
        self.unescaped.extend_from_slice(after);
        self.cells.push(Cell {
            start: start as u32,
            end: self.unescaped.len() as u32,
            unescaped: true,
        });
    }
}

/// Whether a cell is kept that has so many before it. One more than there may be columns tells that there are too many.
fn last_column(before: usize) -> bool {
    before <= MOST_COLUMNS
}

/// Where the first delimiter or line break is.
#[inline]
fn end_of_cell(text: &[u8], dialect: Dialect) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // The lowest bit that is set tells the first byte that is zero; those above may be wrong.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let delimiter = ONES.wrapping_mul(u64::from(dialect.delimiter));
    let line_end = ONES.wrapping_mul(u64::from(dialect.line_end));
    let mut at = 0;
    while at < SHORT
        && let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk::<8>)
    {
        let word = u64::from_le_bytes(*word);
        let found = zero(word ^ delimiter) | zero(word ^ line_end);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    memchr2(dialect.delimiter, dialect.line_end, rest).map(|found| at + found)
}

/// How far a text is known to be UTF-8. It is looked at in windows, so that a wrong character makes the cells of a few rows doubtful.
#[derive(Default)]
struct Utf8 {
    valid: usize,
    checked: usize,
}

impl Utf8 {
    /// Whether a record is known to be UTF-8; false if it would have to be looked at by itself.
    #[inline]
    fn holds(&mut self, text: &[u8], start: usize, end: usize) -> bool {
        if end > self.valid && start >= self.checked {
            self.check(text, start, end);
        }
        end <= self.valid
    }

    fn check(&mut self, text: &[u8], start: usize, end: usize) {
        let to = end.max(start + WINDOW).min(text.len());
        let window = text.get(start..to).unwrap_or_default();
        (self.valid, self.checked) = match simdutf8::compat::from_utf8(window) {
            Ok(_) => (to, to),
            Err(error) => {
                let valid = start + error.valid_up_to();
                // A character that the end of the window has cut is no fault.
                let cut = error.error_len().is_none();
                (valid, if cut { valid } else { to })
            }
        };
    }
}

#[cfg(test)]
mod tests;
