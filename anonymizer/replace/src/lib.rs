//! Replacements for personal data that keep it useful.

mod date;
mod ff1;
mod key;
mod mask;
mod number;
mod pseudonym;
mod stream;

pub use date::{DateError, DateShift};
pub use ff1::{Alphabet, Ff1Error, FormatPreserving, MAX_LENGTH, MIN_DOMAIN};
pub use key::ProjectKey;
pub use mask::PartialMask;
pub use number::{NoNumber, Noise, Shape, Spread, bucket, round};
pub use pseudonym::{Domain, PSEUDONYM_BYTES, Pseudonym, Pseudonyms};

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
