//! Lines of CSV that need no scanner.

use memchr::{memchr2_iter, memchr3_iter};

use super::Limits;
use super::csv::Rows;
use super::error::{IntakeError, Place};
use super::scan::Records as _;

/// The place of the next byte that only the scanner understands.
pub(super) fn next_odd(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    memchr3_iter(b'"', b'\r', 0, rest)
        .find(|at| !rest.get(*at..).unwrap_or_default().starts_with(b"\r\n"))
        .map_or(text.len(), |at| from + at)
}

/// Lines in which only delimiters and line breaks have a meaning.
pub(super) struct Plain<'a> {
    pub delimiter: u8,
    pub limits: &'a Limits,
    pub place: Place,
    pub rows: &'a mut Rows,
}

impl Plain<'_> {
    /// Answers the place after the last line.
    pub(super) fn lines(&mut self, text: &[u8]) -> Result<Place, IntakeError> {
        let (mut start, mut cells) = (0, 0);
        for end in memchr2_iter(self.delimiter, b'\n', text) {
            let cell = text.get(start..end).unwrap_or_default();
            start = end + 1;
            if text.get(end) != Some(&b'\n') {
                self.cell(cell, cells)?;
                cells += 1;
                continue;
            }
            let cell = cell.strip_suffix(b"\r").unwrap_or(cell);
            if cells > 0 || !cell.is_empty() {
                self.cell(cell, cells)?;
                cells += 1;
            }
            if self.rows.end(cells, self.place)? {
                self.place.row += 1;
            }
            self.place.line += 1;
            cells = 0;
        }
        Ok(self.place)
    }

    #[inline]
    fn cell(&mut self, cell: &[u8], cells: u64) -> Result<(), IntakeError> {
        if cell.len() > self.limits.max_cell_bytes {
            return Err(IntakeError::CellTooLong {
                place: self.place,
                column: cells + 1,
                limit: self.limits.max_cell_bytes,
            });
        }
        self.rows.push(cell);
        Ok(())
    }
}
