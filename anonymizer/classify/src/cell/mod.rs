//! What a single cell shows, looked at by itself.

pub mod check;
mod code;
pub mod date;
mod normal;
mod number;
mod words;

use encoding_rs::WINDOWS_1251;

pub use normal::normalize;

use crate::sign::{Sign, Signs};
use crate::vocabulary::Vocabulary;

/// Bytes of a cell that are looked at; what is longer is prose or a template anyway.
const LOOKED_AT: usize = 4096;

/// What was seen of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    pub signs: Signs,
    /// The value of a number.
    pub number: Option<f64>,
    /// The year of a date.
    pub year: Option<u16>,
}

impl Observation {
    const fn of(signs: Signs) -> Self {
        Self {
            signs,
            number: None,
            year: None,
        }
    }

    const fn sign(sign: Sign) -> Self {
        Self::of(Signs::of(sign))
    }
}

/// Which bytes a cell has.
#[derive(Clone, Copy, Debug, Default)]
struct Bytes {
    digits: usize,
    latin: usize,
    /// Bytes outside ASCII: two for each Cyrillic letter.
    high: usize,
    spaces: usize,
    /// A character that has another form: full-width, invisible, decomposed, a special space, dash or quote.
    odd: bool,
    at: bool,
}

const DIGIT: u8 = 1;
const LATIN: u8 = 2;
const HIGH: u8 = 4;
const SPACE: u8 = 8;
const ODD: u8 = 16;
const AT: u8 = 32;

const CLASSES: [u8; 256] = classes();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiling, on a table of all bytes"
)]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => LATIN,
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            b'@' => AT,
            0xC2 | 0xCC | 0xE2..=0xEF => HIGH | ODD,
            0x80..=0xFF => HIGH,
            _ => 0,
        };
        byte += 1;
    }
    table
}

impl Bytes {
    #[inline]
    fn of(cell: &[u8]) -> Self {
        let mut counts = Self::default();
        let mut seen = 0;
        for &byte in cell {
            let class = CLASSES.get(byte as usize).copied().unwrap_or(0);
            seen |= class;
            counts.digits += usize::from(class & DIGIT);
            counts.latin += usize::from(class & LATIN != 0);
            counts.high += usize::from(class & HIGH != 0);
            counts.spaces += usize::from(class & SPACE != 0);
        }
        counts.odd = seen & ODD != 0;
        counts.at = seen & AT != 0;
        counts
    }
}

/// Looks at cells. It keeps buffers, so that most cells need no memory of their own.
#[derive(Debug)]
pub struct Observer {
    vocabulary: &'static Vocabulary,
    normal: String,
}

impl Observer {
    pub fn new() -> Self {
        Self {
            vocabulary: Vocabulary::get(),
            normal: String::new(),
        }
    }

    /// What a cell shows.
    pub fn observe(&mut self, cell: &[u8]) -> Observation {
        let cell = trimmed(cell);
        if cell.is_empty() {
            return Observation::sign(Sign::Missing);
        }
        let whole = cell;
        let cell = cell.get(..LOOKED_AT).unwrap_or(cell);
        let bytes = Bytes::of(cell);
        let strange = bytes.high > 0
            && std::str::from_utf8(cell).is_err_and(|error| {
                // A character that the limit has cut is no fault.
                error.error_len().is_some() || whole.len() == cell.len()
            });
        let mut seen = if strange {
            let (text, _) = WINDOWS_1251.decode_without_bom_handling(cell);
            self.unusual(&text)
        } else if bytes.odd {
            self.unusual(&String::from_utf8_lossy(cell))
        } else {
            self.usual(cell, bytes)
        };
        seen.signs = seen.signs.with_if(strange, Sign::OtherEncoding);
        if whole.len() > LOOKED_AT && !seen.signs.has(Sign::Template) {
            seen.signs = seen.signs.with(Sign::Prose);
        }
        seen
    }

    /// Looks at a cell with characters that have a more usual form.
    fn unusual(&mut self, text: &str) -> Observation {
        let mut normal = std::mem::take(&mut self.normal);
        normalize(text, &mut normal);
        let cell = trimmed(normal.as_bytes());
        let seen = if cell.is_empty() {
            Observation::sign(Sign::Missing)
        } else {
            self.usual(cell, Bytes::of(cell))
        };
        self.normal = normal;
        seen
    }

    fn usual(&self, cell: &[u8], bytes: Bytes) -> Observation {
        if bytes.latin + bytes.high == 0 {
            return number::observe(cell, bytes);
        }
        if let Some(seen) = code::observe(cell, bytes) {
            return seen;
        }
        words::observe(self.vocabulary, cell, bytes)
    }
}

/// The cell without spaces and quotes around it.
fn trimmed(cell: &[u8]) -> &[u8] {
    let outer = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | 0);
    let start = cell
        .iter()
        .position(|byte| !outer(byte))
        .unwrap_or(cell.len());
    let end = cell
        .iter()
        .rposition(|byte| !outer(byte))
        .map_or(start, |last| last + 1);
    cell.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
