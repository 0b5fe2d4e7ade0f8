//! A streaming scanner for delimited text as in RFC 4180.
//!
//! It keeps one cell at a time, so that a line of any length takes no more memory than the longest cell allowed, and it
//! knows where a quote opened, which general CSV readers do not tell.

use memchr::{memchr, memchr3};

use super::error::{IntakeError, Place};

/// What the scanner reports, in the order of the file.
pub(crate) trait Records {
    /// A cell of the current record.
    fn cell(&mut self, text: &[u8], place: Place) -> Result<(), IntakeError>;
    /// The end of the current record, all cells of which were reported. A blank line has no cells.
    /// Answers whether the record counts as a row.
    fn end(&mut self, cells: u64, place: Place) -> Result<bool, IntakeError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    RecordStart,
    CellStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// The scanner of one file.
#[derive(Debug)]
pub(crate) struct Scanner {
    delimiter: u8,
    max_cell: usize,
    state: State,
    cell: Vec<u8>,
    cells: u64,
    place: Place,
    line: u64,
    after_cr: bool,
}

impl Scanner {
    /// A scanner at the start of a file; its first record is row `first_row`.
    pub(crate) fn new(delimiter: u8, max_cell: usize, first_row: u64) -> Self {
        Self {
            delimiter,
            max_cell,
            state: State::RecordStart,
            cell: Vec::new(),
            cells: 0,
            place: Place {
                row: first_row,
                line: 1,
            },
            line: 1,
            after_cr: false,
        }
    }

    /// The record that the scanner is in.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Scans the next bytes of the file.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        records: &mut impl Records,
    ) -> Result<(), IntakeError> {
        while !bytes.is_empty() {
            let used = self.feed_record(bytes, records)?;
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// Scans the next bytes up to the end of a record, or all, and answers how many that were.
    pub(crate) fn feed_record(
        &mut self,
        bytes: &[u8],
        records: &mut impl Records,
    ) -> Result<usize, IntakeError> {
        let mut rest = bytes;
        let mut ended = false;
        while let Some((&byte, after)) = rest.split_first().filter(|_| !ended) {
            let run = self.plain_run(rest);
            if let Some((text, after)) = rest.split_at_checked(run).filter(|_| run > 0) {
                self.after_cr = false;
                self.extend(text)?;
                rest = after;
                continue;
            }
            self.step(byte, records)?;
            ended = self.state == State::RecordStart;
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }

    /// Whether the bytes so far end with the end of a record, and the next byte cannot be a part of its line break.
    pub(crate) fn is_between_records(&self) -> bool {
        self.state == State::RecordStart && !self.after_cr
    }

    /// Counts records, of which the scanner was not told, before those it was told of.
    pub(crate) fn shift(&mut self, rows: u64, lines: u64) {
        self.place = self.place.shifted(rows, lines);
        self.line += lines;
    }

    /// Takes note of whole lines that were read by other means, each of them a record, or blank.
    pub(crate) fn skip(&mut self, rows: u64, lines: u64) {
        self.shift(rows, lines);
    }

    /// Ends the file: the last record needs no line break.
    pub(crate) fn finish(&mut self, records: &mut impl Records) -> Result<(), IntakeError> {
        match self.state {
            State::RecordStart => Ok(()),
            State::Quoted => Err(IntakeError::UnterminatedQuote {
                place: self.place,
                column: self.cells + 1,
            }),
            State::CellStart | State::Plain | State::QuoteInQuoted => {
                self.end_cell(records)?;
                self.end_record(records)
            }
        }
    }

    /// How many of the next bytes only extend the cell.
    fn plain_run(&self, bytes: &[u8]) -> usize {
        let run = match self.state {
            State::Plain => {
                let delimiter = self.delimiter;
                bytes
                    .iter()
                    .position(|&byte| byte == delimiter || matches!(byte, b'\n' | b'\r' | 0))
            }
            State::Quoted => {
                let line = memchr3(b'"', b'\n', b'\r', bytes);
                let before = bytes.get(..line.unwrap_or(bytes.len()));
                before.and_then(|before| memchr(0, before)).or(line)
            }
            State::RecordStart | State::CellStart | State::QuoteInQuoted => return 0,
        };
        run.unwrap_or(bytes.len())
    }

    fn step(&mut self, byte: u8, records: &mut impl Records) -> Result<(), IntakeError> {
        let after_cr = std::mem::take(&mut self.after_cr);
        if byte == 0 {
            return Err(IntakeError::NulByte {
                place: self.place,
                column: self.cells + 1,
            });
        }
        match (self.state, byte) {
            (State::RecordStart, b'\n') if after_cr => {
                // The second half of a CR LF that already ended a record.
                self.place.line = self.line;
                Ok(())
            }
            (State::RecordStart, b'\n' | b'\r') => {
                self.break_line(byte, false);
                self.end_record(records)
            }
            (State::RecordStart | State::CellStart, b'"') => {
                self.state = State::Quoted;
                Ok(())
            }
            (State::Quoted, b'"') => {
                self.state = State::QuoteInQuoted;
                Ok(())
            }
            (State::QuoteInQuoted, b'"') => {
                self.state = State::Quoted;
                self.extend(b"\"")
            }
            (State::Quoted, byte) => {
                if matches!(byte, b'\n' | b'\r') {
                    self.break_line(byte, after_cr);
                }
                self.extend(&[byte])
            }
            (_, b'\n' | b'\r') => {
                self.end_cell(records)?;
                self.break_line(byte, false);
                self.end_record(records)
            }
            (_, byte) if byte == self.delimiter => {
                self.end_cell(records)?;
                self.state = State::CellStart;
                Ok(())
            }
            (State::QuoteInQuoted, _) => Err(IntakeError::TextAfterQuote {
                place: self.place,
                column: self.cells + 1,
            }),
            (_, byte) => {
                self.state = State::Plain;
                self.extend(&[byte])
            }
        }
    }

    /// Counts a line break once, whether it is LF, CR or CR LF.
    fn break_line(&mut self, byte: u8, after_cr: bool) {
        self.after_cr = byte == b'\r';
        if !(byte == b'\n' && after_cr) {
            self.line += 1;
        }
    }

    fn extend(&mut self, text: &[u8]) -> Result<(), IntakeError> {
        if self.cell.len() + text.len() > self.max_cell {
            let (place, column) = (self.place, self.cells + 1);
            return Err(IntakeError::CellTooLong {
                place,
                column,
                limit: self.max_cell,
            });
        }
        self.cell.extend_from_slice(text);
        Ok(())
    }

    fn end_cell(&mut self, records: &mut impl Records) -> Result<(), IntakeError> {
        records.cell(&self.cell, self.place)?;
        self.cell.clear();
        self.cells += 1;
        Ok(())
    }

    fn end_record(&mut self, records: &mut impl Records) -> Result<(), IntakeError> {
        if records.end(self.cells, self.place)? {
            self.place.row += 1;
        }
        self.place.line = self.line;
        self.cells = 0;
        self.state = State::RecordStart;
        Ok(())
    }
}
