//! The recognizers, and the one table that lists them.
//!
//! To add one: write a file here with a `pub const RECOGNIZER: Recognizer` and its vectors as tests, declare the module
//! below, and add one line to [`RECOGNIZERS`]. A recognizer reads tokens, never raw text: it is called for each number
//! ([`Recognizer::Number`]), each `@` or `:` ([`Recognizer::Mark`]), or once for a piece of text ([`Recognizer::Piece`]),
//! and names candidates by their first and last token, with a confidence and the rule:
//!
//! ```
//! use sandyq_detect::Kind;
//! use sandyq_detect::recognizer::{Candidates, Recognizer};
//! use sandyq_detect::text::{Text, hash};
//!
//! /// A word before a name. Hashes of constants are computed by the compiler.
//! const CITIZEN: u64 = hash("гражданин");
//!
//! pub const RECOGNIZER: Recognizer = Recognizer::Piece(find);
//!
//! fn find(text: &Text, out: &mut Candidates) {
//!     for (place, token) in text.tokens().iter().enumerate() {
//!         let follows = text.before(place, 1).is_some_and(|word| word.hash == CITIZEN);
//!         if token.is_title() && follows {
//!             out.push(text, place, place, Kind::Person, 0.6, "person.citizen");
//!         }
//!     }
//! }
//! ```
//!
//! Rules for all: a candidate must not reach over [`Gap::Block`](crate::text::Gap) (text on both sides of it does not
//! belong together, and attributes of tags follow the text after such a gap); tables of words are keyed by
//! [`hash`](crate::text::hash), built once in a `LazyLock`; the common token must be refused after a comparison or two.
//! Confidence: 0.99 checksum and context, 0.95 checksum or a strict form with context, 0.9 strict form, 0.8 context and
//! a loose form, 0.6 likely. Of candidates that overlap the surer stays, then the longer, then the earlier.

use crate::kind::Kind;
use crate::span::Span;
use crate::text::Text;

/// What wakes a recognizer, and what it then does.
#[derive(Clone, Copy, Debug)]
pub enum Recognizer {
    /// Called for each number with its place among the tokens.
    Number(fn(&Text, usize, &mut Candidates)),
    /// Called for each sign `@` and `:` with its place among the tokens.
    Mark(fn(&Text, usize, &mut Candidates)),
    /// Called once for each piece of text.
    Piece(fn(&Text, &mut Candidates)),
}

/// All recognizers.
pub const RECOGNIZERS: &[Recognizer] = &[];

/// What recognizers found in a piece of text.
#[derive(Debug, Default)]
pub struct Candidates {
    spans: Vec<Span>,
}

impl Candidates {
    /// Names the tokens from `first` to `last`, both included, a candidate.
    pub fn push(
        &mut self,
        text: &Text,
        first: usize,
        last: usize,
        kind: Kind,
        confidence: f32,
        rule: &'static str,
    ) {
        let (Some(first), Some(last)) = (text.token(first), text.token(last)) else {
            return;
        };
        if first.start < last.end {
            self.spans.push(Span {
                start: first.start as usize,
                end: last.end as usize,
                kind,
                confidence,
                rule,
            });
        }
    }

    /// The candidates so far, with places in the piece of text.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    pub(crate) fn spans_mut(&mut self) -> &mut Vec<Span> {
        &mut self.spans
    }
}
