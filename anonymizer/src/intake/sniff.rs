//! Finding out the delimiter of a CSV file.

use super::csv::FIRST_BLOCK;
use super::error::{IntakeError, Place};
use super::scan::{Records, Scanner};

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of the file is looked at.
const SAMPLE: usize = FIRST_BLOCK;

pub(super) fn checked(byte: u8) -> Result<u8, IntakeError> {
    if byte == b'\t' || (byte != b'"' && (byte == b' ' || byte.is_ascii_punctuation())) {
        return Ok(byte);
    }
    Err(IntakeError::Delimiter(byte))
}

/// The delimiter that cuts the first records of a file into the most cells, all into equally many if possible. It may be asked
/// of bytes in any ASCII-compatible encoding.
pub(super) fn sniff(sample: &[u8], whole: bool) -> u8 {
    let sample = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample);
    let score = |delimiter: u8| {
        let mut widths = Widths::default();
        let mut scanner = Scanner::new(delimiter, SAMPLE, 0);
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
