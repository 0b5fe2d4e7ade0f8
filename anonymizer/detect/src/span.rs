//! Where personal data is.

use crate::kind::Kind;

/// A piece of a text that is personal data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The first byte, in the original text.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// How sure the rule is, from 0 to 1.
    pub confidence: f32,
    /// The rule that found it, such as `iin.checksum`.
    pub rule: &'static str,
}

impl Span {
    /// The length in bytes.
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it holds nothing; no recognizer makes such spans.
    pub const fn is_empty(&self) -> bool {
        self.end == self.start
    }

    /// The piece itself.
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A place counted in Unicode code points, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePoints {
    /// The first code point.
    pub start: usize,
    /// The code point after the last one.
    pub end: usize,
}

/// The places of `spans`, which are sorted and do not overlap, in code points of `text`.
pub fn code_points(text: &str, spans: &[Span]) -> Vec<CodePoints> {
    let mut bytes = 0;
    let mut points = 0;
    let mut reach = |to: usize| {
        points += count(text.as_bytes().get(bytes..to).unwrap_or_default());
        bytes = to;
        points
    };
    spans
        .iter()
        .map(|span| CodePoints {
            start: reach(span.start),
            end: reach(span.end),
        })
        .collect()
}

/// Every code point has one byte that does not continue another.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn offsets_count_code_points() {
        let text = "ИИН 😀 900101300017, e-mail a@b.kz";
        let span = |what: &str| {
            let start = text.find(what).unwrap_or_default();
            Span {
                start,
                end: start + what.len(),
                kind: Kind::Iin,
                confidence: 1.0,
                rule: "test",
            }
        };
        let spans = [span("900101300017"), span("a@b.kz")];
        let points = code_points(text, &spans);
        let all: Vec<char> = text.chars().collect();
        for (span, at) in spans.iter().zip(points) {
            let piece: String = all[at.start..at.end].iter().collect();
            assert_eq!(piece, span.text(text));
        }
    }
}
