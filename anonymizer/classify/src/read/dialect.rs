//! The encoding, the delimiter and the line ends of a file, found out from its first block.

use std::io::Read;

use encoding_rs::{Decoder, IBM866, KOI8_R, UTF_16BE, UTF_16LE, WINDOWS_1251};
use serde::{Deserialize, Serialize};

use super::BLOCK;
use crate::error::ClassifyError;

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark. Single cells in Windows-1251 are understood.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the lower byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the higher byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Windows-1251, or KZ-1048, which differs from it in the Kazakh letters.
    #[serde(rename = "windows-1251")]
    Windows1251,
    /// Code page 866 of DOS.
    #[serde(rename = "ibm866")]
    Ibm866,
    /// KOI8-R.
    #[serde(rename = "koi8-r")]
    Koi8R,
}

impl Encoding {
    fn decoder(self) -> Option<Decoder> {
        Some(match self {
            Self::Utf8 => return None,
            Self::Utf16Le => UTF_16LE.new_decoder(),
            Self::Utf16Be => UTF_16BE.new_decoder(),
            Self::Windows1251 => WINDOWS_1251.new_decoder(),
            Self::Ibm866 => IBM866.new_decoder(),
            Self::Koi8R => KOI8_R.new_decoder(),
        })
    }
}

/// The most likely encoding of a text that begins so.
pub fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xFF, 0xFE, ..] => return Encoding::Utf16Le,
        [0xFE, 0xFF, ..] => return Encoding::Utf16Be,
        [0xEF, 0xBB, 0xBF, ..] => return Encoding::Utf8,
        _ => {}
    }
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|byte| **byte == 0)
            .count()
    };
    let many = head.len() / 5;
    if zeros(1) > many && zeros(1) > zeros(0) {
        return Encoding::Utf16Le;
    }
    if zeros(0) > many {
        return Encoding::Utf16Be;
    }
    if mostly_utf8(head) {
        return Encoding::Utf8;
    }
    let score = |encoding: &'static encoding_rs::Encoding| {
        let (text, _) = encoding.decode_without_bom_handling(head.get(..16_384).unwrap_or(head));
        // Frequent letters in lower case speak for an encoding; letters of other alphabets and line drawing against it.
        text.chars().fold(0_i64, |score, letter| {
            score
                + match letter {
                    'о' | 'е' | 'а' | 'и' | 'н' | 'т' | 'с' | 'р' | 'в' | 'л' => 2,
                    'а'..='я' | 'А'..='Я' => 1,
                    '\u{2500}'..='\u{25ff}' | '\u{80}'..='\u{bf}' => -2,
                    _ => 0,
                }
        })
    };
    let candidates = [
        (score(WINDOWS_1251), Encoding::Windows1251),
        (score(IBM866), Encoding::Ibm866),
        (score(KOI8_R), Encoding::Koi8R),
    ];
    candidates
        .into_iter()
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .map_or(Encoding::Windows1251, |best| best.1)
}

/// Whether far more characters outside ASCII are right than wrong, so that the wrong ones are strange cells in a UTF-8 file.
fn mostly_utf8(head: &[u8]) -> bool {
    let (mut right, mut wrong) = (0, 0);
    for chunk in head.utf8_chunks() {
        right += chunk
            .valid()
            .chars()
            .filter(|letter| !letter.is_ascii())
            .count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    wrong <= 1 && right == 0 && head.len() > 3 && std::str::from_utf8(head).is_ok()
        || wrong == 0
        || right > wrong * 2
}

/// The text of a file as UTF-8, block by block.
pub struct Text<R> {
    source: R,
    decoder: Option<Decoder>,
    /// The text that was decoded and not yet taken.
    head: Vec<u8>,
    raw: Vec<u8>,
}

impl<R: Read> Text<R> {
    /// A text of which the first bytes were read already.
    pub fn new(first: Vec<u8>, source: R, encoding: Encoding) -> Result<Self, ClassifyError> {
        let mut text = Self {
            source,
            decoder: encoding.decoder(),
            head: Vec::new(),
            raw: Vec::new(),
        };
        match &mut text.decoder {
            None => {
                text.head = first
                    .strip_prefix(b"\xEF\xBB\xBF")
                    .map(<[u8]>::to_vec)
                    .unwrap_or(first)
            }
            Some(decoder) => decode(decoder, &first, false, &mut text.head),
        }
        Ok(text)
    }

    /// The first block.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Adds the next block to what a buffer holds; false if there is none.
    pub fn more(&mut self, buffer: &mut Vec<u8>) -> Result<bool, ClassifyError> {
        if !self.head.is_empty() {
            buffer.append(&mut self.head);
            return Ok(true);
        }
        let Some(decoder) = &mut self.decoder else {
            let count = self
                .source
                .by_ref()
                .take(BLOCK as u64)
                .read_to_end(buffer)?;
            return Ok(count > 0);
        };
        self.raw.clear();
        let count = self
            .source
            .by_ref()
            .take(BLOCK as u64)
            .read_to_end(&mut self.raw)?;
        if count > 0 {
            decode(decoder, &self.raw, false, buffer);
        }
        Ok(count > 0)
    }
}

fn decode(decoder: &mut Decoder, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
    let most = decoder
        .max_utf8_buffer_length(bytes.len())
        .unwrap_or(bytes.len() * 3 + 16);
    let from = text.len();
    text.resize(from + most, 0);
    let (_, _, written, _) =
        decoder.decode_to_utf8(bytes, text.get_mut(from..).unwrap_or_default(), last);
    text.truncate(from + written);
}

/// What separates cells and records.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    pub delimiter: u8,
    /// The last byte of a line break.
    pub line_end: u8,
}

impl Dialect {
    /// The dialect of a text that begins so.
    pub fn of(head: &[u8], delimiter: Option<u8>) -> Self {
        let line_end = if head.contains(&b'\n') || !head.contains(&b'\r') {
            b'\n'
        } else {
            b'\r'
        };
        let delimiter = delimiter.unwrap_or_else(|| sniffed(head, line_end));
        Self {
            delimiter,
            line_end,
        }
    }
}

/// The delimiter that cuts the first lines into the most cells, and all lines into equally many.
fn sniffed(head: &[u8], line_end: u8) -> u8 {
    const CANDIDATES: [u8; 7] = [b',', b';', b'\t', b'|', 0x1F, b'^', b'~'];
    let score = |delimiter: u8| {
        let widths: Vec<usize> = widths(head, delimiter, line_end);
        let Some(first) = widths.first().copied().filter(|width| *width > 1) else {
            return (0, 0);
        };
        let even = widths.iter().filter(|width| **width == first).count();
        (even * 100 / widths.len().max(1), first)
    };
    let scores = CANDIDATES.map(|delimiter| (score(delimiter), delimiter));
    // Nearly all lines cut alike count as all; then more cells are better.
    let rank = |((even, width), _): &((usize, usize), u8)| (even / 10, *width);
    scores
        .into_iter()
        .reduce(|best, other| {
            if rank(&other) > rank(&best) {
                other
            } else {
                best
            }
        })
        .map_or(b',', |best| best.1)
}

/// Cells of the first whole lines, delimiters and line breaks within quotes aside.
fn widths(head: &[u8], delimiter: u8, line_end: u8) -> Vec<usize> {
    let (mut widths, mut cells, mut quoted, mut start) = (Vec::new(), 1, false, true);
    let mut filled = false;
    for &byte in head.get(..65_536).unwrap_or(head) {
        if byte == b'"' && (quoted || start) {
            quoted = !quoted;
        }
        start = byte == delimiter || byte == line_end || (byte == b'"' && !quoted);
        if quoted {
            continue;
        }
        if byte == delimiter {
            cells += 1;
        } else if byte == line_end {
            if filled {
                widths.push(cells);
            }
            (cells, filled) = (1, false);
            if widths.len() >= 200 {
                return widths;
            }
            continue;
        }
        filled |= !byte.is_ascii_whitespace();
    }
    if filled && (widths.is_empty() || head.len() < 65_536) {
        widths.push(cells);
    }
    widths
}
