//! The detector: pieces of text through all recognizers.

use crate::overlap::{Candidate, resolve};
use crate::recognizer::person::{Doubt, Weights};
use crate::recognizer::run::Run;
use crate::recognizer::{Candidates, RECOGNIZERS, Recognizer};
use crate::span::Span;
use crate::text::Text;

/// Longer texts are read in pieces of about this many bytes, so that tokens stay in the cache and memory is bounded.
const PIECE: usize = 48 << 10;
/// What is read again at both ends of a piece, so that nothing is cut.
const MARGIN: usize = 1 << 10;
/// Runs with fewer digits are no identifier.
const SHORTEST: usize = 5;

/// Finds personal data in texts. It keeps buffers: make one for each thread and use it again.
#[derive(Debug, Default)]
pub struct Detector {
    text: Text,
    candidates: Candidates,
    found: Vec<Candidate>,
    numbers: Vec<fn(&Text, usize, &mut Candidates)>,
    runs: Vec<fn(&Run<'_>, &mut Candidates)>,
    marks: Vec<fn(&Text, usize, &mut Candidates)>,
    pieces: Vec<fn(&Text, &mut Candidates)>,
}

impl Detector {
    /// With all recognizers.
    pub fn new() -> Self {
        Self::with(RECOGNIZERS)
    }

    /// With some recognizers.
    pub fn with(recognizers: &[Recognizer]) -> Self {
        let mut detector = Self::default();
        for recognizer in recognizers {
            match *recognizer {
                Recognizer::Number(find) => detector.numbers.push(find),
                Recognizer::Run(find) => detector.runs.push(find),
                Recognizer::Mark(find) => detector.marks.push(find),
                Recognizer::Piece(find) => detector.pieces.push(find),
            }
        }
        detector
    }

    /// The personal data in `text`: in order, without overlap, in bytes of `text`.
    pub fn detect(&mut self, text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        self.detect_into(text, &mut spans);
        spans
    }

    /// Like [`detect`](Self::detect), into a list that is cleared first.
    pub fn detect_into(&mut self, text: &str, spans: &mut Vec<Span>) {
        spans.clear();
        if text.len() <= PIECE + MARGIN {
            self.piece(text, 0, (0, text.len()), spans);
            return;
        }
        let mut start = 0;
        while start < text.len() {
            let end = boundary(text, start + PIECE);
            let from = boundary(text, start.saturating_sub(MARGIN));
            let to = boundary(text, end + MARGIN);
            let piece = text.get(from..to).unwrap_or_default();
            self.piece(piece, from, (start, end), spans);
            start = end;
        }
        // Pieces may have seen the two sides of a seam differently.
        let weighed = |span: Span| Candidate {
            span,
            weight: span.len() as u32,
        };
        let mut all: Vec<Candidate> = spans.drain(..).map(weighed).collect();
        resolve(&mut all);
        spans.extend(all.into_iter().map(|candidate| candidate.span));
    }

    /// The words of a short text of which no rule says whether they are names, to make weights from.
    pub fn doubts(&mut self, text: &str) -> Vec<Doubt> {
        self.candidates.doubts = Some(Vec::new());
        self.piece(text, 0, (0, text.len()), &mut Vec::new());
        self.candidates.doubts.take().unwrap_or_default()
    }

    /// Weighs words in doubt by other weights than those that are frozen, to try them.
    pub fn weigh_by(&mut self, weights: Weights) {
        self.candidates.trial = Some(Box::new(weights));
    }

    /// Adds what a piece that begins at `offset` holds and what begins in the bytes of `kept`.
    fn piece(&mut self, piece: &str, offset: usize, kept: (usize, usize), spans: &mut Vec<Span>) {
        self.text.read(piece);
        let text = &self.text;
        for &place in text.numbers() {
            for find in &self.numbers {
                find(text, place as usize, &mut self.candidates);
            }
            if !Run::may_reach(text, place as usize, SHORTEST) {
                continue;
            }
            let run = Run::read(text, place as usize);
            if run.reach() >= SHORTEST {
                for find in &self.runs {
                    find(&run, &mut self.candidates);
                }
            }
        }
        for &place in text.marks() {
            for find in &self.marks {
                find(text, place as usize, &mut self.candidates);
            }
        }
        for find in &self.pieces {
            find(text, &mut self.candidates);
        }
        self.candidates.take(&mut self.found);
        resolve(&mut self.found);
        for Candidate { span, .. } in self.found.drain(..) {
            let start = span.start + offset;
            if (kept.0..kept.1).contains(&start) {
                let end = span.end + offset;
                spans.push(Span { start, end, ..span });
            }
        }
    }
}

/// The nearest place from `wanted` on where a piece may end: after a space if there is one soon, else between characters.
fn boundary(text: &str, wanted: usize) -> usize {
    if wanted == 0 || wanted >= text.len() {
        return wanted.min(text.len());
    }
    let ahead = text
        .as_bytes()
        .get(wanted..text.len().min(wanted + 256))
        .unwrap_or_default();
    if let Some(space) = memchr::memchr2(b' ', b'\n', ahead) {
        return wanted + space + 1;
    }
    (wanted..text.len())
        .find(|place| text.is_char_boundary(*place))
        .unwrap_or(text.len())
}
