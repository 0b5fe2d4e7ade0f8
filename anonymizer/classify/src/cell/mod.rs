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

/// Each class of bytes is counted in bits of its own of one number; flags stand above the counts.
const LANE: u32 = 13;
const DIGIT: u64 = 1;
const LATIN: u64 = 1 << LANE;
const HIGH: u64 = 1 << (2 * LANE);
const SPACE: u64 = 1 << (3 * LANE);
const ODD: u64 = 1 << (4 * LANE);
const AT: u64 = 1 << (4 * LANE + 1);

/// What a cell that is looked at has of one class fits into its bits.
const _: () = assert!(LOOKED_AT < 1 << LANE);

const CLASSES: [u64; 256] = classes();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiling, on a table of all bytes"
)]
const fn classes() -> [u64; 256] {
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
    /// The classes of the bytes that are looked at.
    #[inline]
    fn of(cell: &[u8]) -> Self {
        let (mut sum, mut seen) = (0_u64, 0);
        for &byte in cell.get(..LOOKED_AT).unwrap_or(cell) {
            let class = CLASSES.get(byte as usize).copied().unwrap_or(0);
            seen |= class;
            // Flags run over the end; only the counts are read.
            sum = sum.wrapping_add(class);
        }
        let count = |lane: u32| (sum >> (lane * LANE)) as usize & ((1 << LANE) - 1);
        Self {
            digits: count(0),
            latin: count(1),
            high: count(2),
            spaces: count(3),
            odd: seen & ODD != 0,
            at: seen & AT != 0,
        }
    }
}

/// Looks at cells. It keeps buffers, so that most cells need no memory of their own.
#[derive(Debug)]
pub struct Observer {
    vocabulary: &'static Vocabulary,
    known: words::Known,
    normal: String,
    /// Whether the cells that follow are known to be UTF-8.
    utf8: bool,
}

impl Default for Observer {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer {
    pub fn new() -> Self {
        Self {
            vocabulary: Vocabulary::get(),
            known: words::Known::default(),
            normal: String::new(),
            utf8: false,
        }
    }

    /// Whether the cells that follow are known to be UTF-8, so that they need not be looked at for that one by one.
    #[inline]
    pub fn trust(&mut self, utf8: bool) {
        self.utf8 = utf8;
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
            && !self.utf8
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

    fn usual(&mut self, cell: &[u8], bytes: Bytes) -> Observation {
        if bytes.latin + bytes.high == 0 {
            return number::observe(cell, bytes);
        }
        if let Some(seen) = code::observe(cell, bytes) {
            return seen;
        }
        words::observe(self.vocabulary, &mut self.known, cell, bytes)
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
