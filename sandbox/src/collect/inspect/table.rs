//! Cells that a spreadsheet would compute (CWE-1236).

use std::io::{self, Read};

/// Whether people open it in a spreadsheet.
pub(super) fn is_one(name: &str) -> bool {
    [".csv", ".tsv", ".tab"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Cells found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Formulas {
    pub(super) cells: u64,
    /// Row and column of the first, from 1.
    pub(super) first: (u64, u64),
}

impl Formulas {
    pub(super) fn sentence(&self) -> String {
        format!(
            "formula: a spreadsheet would compute {} cells, the first in row {}, column {}",
            self.cells, self.first.0, self.first.1
        )
    }
}

/// Where in a cell the reader is.
enum Place {
    Begin,
    /// After a sign: a number follows, or something that is computed.
    Signed {
        digits: bool,
    },
    Inside,
}

struct Scan {
    row: u64,
    column: u64,
    quoted: bool,
    place: Place,
    found: Option<Formulas>,
}

/// Reads a table in any dialect, byte by byte, in constant memory.
pub(super) fn formulas(file: &mut dyn Read) -> io::Result<Option<Formulas>> {
    let mut scan = Scan {
        row: 1,
        column: 1,
        quoted: false,
        place: Place::Begin,
        found: None,
    };
    let mut piece = vec![0_u8; 64 << 10];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            scan.end_cell();
            return Ok(scan.found);
        }
        for byte in piece.iter().take(read) {
            scan.take(*byte);
        }
    }
}

impl Scan {
    fn take(&mut self, byte: u8) {
        match byte {
            b'"' => self.quoted = !self.quoted,
            b'\n' if !self.quoted => {
                self.end_cell();
                self.row += 1;
                self.column = 1;
            }
            b',' | b';' | b'\t' | b'|' if !self.quoted => {
                self.end_cell();
                self.column += 1;
            }
            _ => self.in_cell(byte),
        }
    }

    fn in_cell(&mut self, byte: u8) {
        match (&mut self.place, byte) {
            // The byte order mark, and blanks that spreadsheets drop.
            (Place::Begin, b' ' | b'\'' | 0xef | 0xbb | 0xbf) => {}
            (Place::Begin, b'=' | b'@' | b'\t') => {
                self.note();
                self.place = Place::Inside;
            }
            (Place::Begin, b'+' | b'-') => self.place = Place::Signed { digits: false },
            (Place::Begin, b'\r') => {}
            (Place::Begin, _) => self.place = Place::Inside,
            (Place::Signed { digits }, b'0'..=b'9') => *digits = true,
            (Place::Signed { .. }, b'.' | b' ' | b'%' | b'\r') => {}
            // 1e-5, +7 (701) 000-00-00: numbers as people write them.
            (Place::Signed { digits: true }, b'e' | b'E' | b'-' | b'+' | b'(' | b')' | b'_') => {}
            (Place::Signed { .. }, b'-' | b'(') => {}
            (Place::Signed { .. }, _) => {
                self.note();
                self.place = Place::Inside;
            }
            (Place::Inside, _) => {}
        }
    }

    fn end_cell(&mut self) {
        self.place = Place::Begin;
    }

    fn note(&mut self) {
        let here = (self.row, self.column);
        self.found
            .get_or_insert(Formulas {
                cells: 0,
                first: here,
            })
            .cells += 1;
    }
}
