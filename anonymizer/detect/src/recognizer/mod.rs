//! The recognizers, and the one table that lists them.
//!
//! To add one: write a file here with a `pub const RECOGNIZER: Recognizer` and its vectors as tests, declare the module
//! below, and add one line to [`RECOGNIZERS`]. A recognizer reads tokens, never raw text: it is called for each number
//! ([`Recognizer::Number`]), for each number together with what may continue it ([`Recognizer::Run`]), each `@` or `:`
//! ([`Recognizer::Mark`]), or once for a piece of text ([`Recognizer::Piece`]); asks [`cue::Cues`] what words stand near;
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

pub(crate) mod address;
mod bin;
mod birth_certificate;
pub(crate) mod birth_date;
mod card;
mod coordinates;
pub mod cue;
mod driver_licence;
mod email;
mod iban;
mod idcard;
mod iin;
mod ip;
mod kato;
mod mac;
mod organization;
mod passport;
pub(crate) mod person;
mod phone;
mod plate;
pub mod run;
mod state_number;
mod table;
mod user_name;
mod vin;

use crate::identifier;
use crate::kind::Kind;
use crate::overlap::Candidate;
use crate::span::Span;
use crate::text::Text;
use run::Run;

/// What wakes a recognizer, and what it then does.
#[derive(Clone, Copy, Debug)]
pub enum Recognizer {
    /// Called for each number with its place among the tokens.
    Number(fn(&Text, usize, &mut Candidates)),
    /// Called for each number with what may continue it, if they have at least five digits.
    Run(fn(&Run<'_>, &mut Candidates)),
    /// Called for each sign `@` and `:` with its place among the tokens.
    Mark(fn(&Text, usize, &mut Candidates)),
    /// Called once for each piece of text.
    Piece(fn(&Text, &mut Candidates)),
}

/// All recognizers.
pub const RECOGNIZERS: &[Recognizer] = &[
    address::RECOGNIZER,
    birth_date::RECOGNIZER,
    person::RECOGNIZER,
    organization::RECOGNIZER,
    iin::RECOGNIZER,
    bin::RECOGNIZER,
    phone::RECOGNIZER,
    email::RECOGNIZER,
    iban::RECOGNIZER,
    card::RECOGNIZER,
    idcard::RECOGNIZER,
    passport::RECOGNIZER,
    birth_certificate::RECOGNIZER,
    driver_licence::RECOGNIZER,
    plate::RECOGNIZER,
    vin::RECOGNIZER,
    kato::RECOGNIZER,
    ip::V4,
    ip::V6,
    mac::COLONS,
    mac::DASHES,
    coordinates::RECOGNIZER,
    user_name::RECOGNIZER,
];

/// What recognizers found in a piece of text.
#[derive(Debug, Default)]
pub struct Candidates {
    spans: Vec<Span>,
    weights: Vec<u32>,
    /// What words say, which the search for people remembers from text to text.
    words: person::Memory,
    /// Words of which rules do not say whether they are names, where somebody asks for them.
    pub(crate) doubts: Option<Vec<person::Doubt>>,
    /// Weights on trial.
    pub(crate) trial: Option<Box<person::Weights>>,
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
        let weight = text.weight(first, last);
        let (Some(first), Some(last)) = (text.token(first), text.token(last)) else {
            return;
        };
        if first.start < last.end {
            let span = Span {
                start: first.start as usize,
                end: last.end as usize,
                kind,
                confidence,
                rule,
            };
            self.spans.push(span);
            self.weights.push(weight);
        }
    }

    /// The candidates so far, with places in the piece of text.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Moves the candidates away.
    pub(crate) fn take(&mut self, all: &mut Vec<Candidate>) {
        let pairs = self.spans.drain(..).zip(self.weights.drain(..));
        all.extend(pairs.map(|(span, weight)| Candidate { span, weight }));
    }
}

/// A folded word or number in capital Latin letters and digits, Cyrillic letters as those that they look like.
fn latin(folded: &str) -> Option<String> {
    folded
        .chars()
        .map(|letter| identifier::latin(letter).map(char::from))
        .collect()
}

/// Letters and digits that are glued together around the number at `place`: first and last token and length. Only for
/// the first number in them.
fn glued(text: &Text, place: usize) -> Option<(usize, usize, usize)> {
    let mut first = place;
    if text.token(place)?.is_glued() {
        let before = text.before(place, 1)?;
        if before.is_word() {
            first = place - 1;
            let earlier = text.before(place, 2).filter(|_| before.is_glued());
            if earlier.is_some_and(|token| token.is_number() || token.is_word()) {
                return None;
            }
        }
    }
    let mut last = first;
    let mut length = 0;
    for at in first..first + 20 {
        let Some(token) = text.token(at) else { break };
        if (at > first && !token.is_glued()) || !(token.is_word() || token.is_number()) {
            break;
        }
        length += usize::from(token.len);
        last = at;
    }
    Some((first, last, length))
}

/// The hexadecimal digits around the first sign of that kind among them, at `place`, which are parted by it.
fn hexadecimal(text: &Text, place: usize, sign: char) -> Option<(usize, usize, String)> {
    let is_digits = |at: usize| {
        let token = text.token(at)?;
        let hexadecimal = text
            .folded(token)
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit());
        ((token.is_word() || token.is_number()) && token.len <= 4 && hexadecimal).then_some(token)
    };
    let mut first = place;
    let mut glued = text.token(place)?.is_glued();
    while glued && place - first < 4 {
        let Some(token) = first.checked_sub(1).and_then(is_digits) else {
            break;
        };
        first -= 1;
        glued = token.is_glued();
    }
    // The first sign only: what stands before is no digit and no sign of this kind.
    if glued
        && text
            .before(first, 1)
            .is_some_and(|token| token.is(sign) || token.is_word())
    {
        return None;
    }
    // Most of these signs stand alone.
    let goes_on = |at: usize| {
        let next = text.token(at).filter(|next| next.is_glued());
        next.is_some_and(|next| next.is(sign) || is_digits(at).is_some())
    };
    if first == place && !goes_on(place + 1) {
        return None;
    }
    let mut address = String::new();
    let mut last = first;
    for at in first..first + 40 {
        let Some(token) = text.token(at) else { break };
        if (at > first && !token.is_glued()) || !(token.is(sign) || is_digits(at).is_some()) {
            break;
        }
        address.push_str(text.folded(token));
        last = at;
    }
    // A sign at the end belongs to the sentence.
    if last > first && text.token(last)?.is(sign) && !address.ends_with("::") {
        address.pop();
        last -= 1;
    }
    let continues = text
        .token(last + 1)
        .is_some_and(|token| token.is_glued() && (token.is_word() || token.is_number()));
    (!continues && last > first).then_some((first, last, address))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::engine::Detector;

    /// Checks what one recognizer alone finds: `IIN 900101300017|PHONE +7…`.
    pub fn check(recognizer: Recognizer, cases: &[(&str, &str)]) {
        let mut detector = Detector::with(&[recognizer]);
        for (text, expected) in cases {
            let spans = detector.detect(text);
            let found: Vec<_> = spans
                .iter()
                .map(|span| format!("{} {}", span.kind, span.text(text)))
                .collect();
            assert_eq!(found.join("|"), *expected, "{text:?}");
        }
    }
}
