//! Replacements for personal data that keep it useful.
//!
//! | what | keeps | can be undone |
//! |---|---|---|
//! | [`placeholder`] | that something stood there, and what kind | no |
//! | [`PartialMask`] | the format and a few characters | no |
//! | [`Pseudonyms`] | equality | no |
//! | [`FormatPreserving`] | equality and the format | by the holder of the key |
//! | [`DateShift`] | intervals between dates of one subject | by the holder of the key |
//! | [`Noise`], [`round`], [`bucket`] | roughly the number | no |
//! | [`Tokens`] and [`Surrogates`] | equality, kind, sex, language, grammatical case: prose that can be read | no |
//!
//! Keys and randomness come in as values: the same input under the same key gives the same output. Nothing here detects; [`text()`]
//! takes spans of `sandyq-detect`.

mod date;
mod ff1;
mod key;
mod mask;
mod name;
mod number;
mod pseudonym;
mod stream;
mod surrogate;
mod text;

pub use date::{DateError, DateShift};
pub use ff1::{Alphabet, Ff1Error, FormatPreserving, MAX_LENGTH, MIN_DOMAIN};
pub use key::ProjectKey;
pub use mask::PartialMask;
pub use name::{Language, Sex};
pub use number::{NoNumber, Noise, Shape, Spread, bucket, round};
pub use pseudonym::{Domain, PSEUDONYM_BYTES, Pseudonym, Pseudonyms};
pub use surrogate::{
    CLOSE, IinFacts, OPEN, Subject, SurrogateKind, Surrogates, Tokens, iin_facts, is_tokens,
    without_tokens,
};
pub use text::{Redacted, TextStyle, mask_of, placeholder, redact, text};

/// The character that hides another.
pub const MASK: char = '*';

/// An end of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum End {
    /// Where it begins.
    Left,
    /// Where it ends.
    Right,
}
