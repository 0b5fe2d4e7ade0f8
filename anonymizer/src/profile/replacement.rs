//! How single values are replaced, and what new columns are derived.

use sandyq_replace::{Alphabet, PartialMask, Shape, Spread, SurrogateKind};
use serde::{Deserialize, Serialize};

/// How each value of a column is replaced, by itself or with what its row says of whom it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// A few letters and digits at one end stay.
    Mask(PartialMask),
    /// Every value becomes one text.
    Placeholder {
        /// The text.
        text: String,
    },
    /// Another value of the same format; the holder of the key can turn it back.
    Encrypt {
        /// The characters that are encrypted.
        alphabet: Alphabet,
        /// Equal values of one domain become equal.
        domain: String,
    },
    /// A date moved by a number of days that is the same for all dates of a subject.
    ShiftDate {
        /// Most days.
        days: u32,
        /// Whose date it is.
        subject: SubjectColumn,
    },
    /// A number with noise.
    Noise {
        /// How far it goes.
        spread: Spread,
        /// How it is distributed.
        shape: Shape,
        /// Tells the noise of this column from that of others.
        domain: String,
        /// Whose number it is; without, equal numbers get equal noise.
        subject: Option<SubjectColumn>,
    },
    /// An invented value: of a person of the same sex and language, of the same region.
    Surrogate {
        /// What the values are.
        of: SurrogateKind,
        /// Whose it is; without, equal values are of the same person.
        subject: Option<SubjectColumn>,
    },
    /// Prose in which what is found to be personal is replaced.
    Redact {
        /// By what.
        style: RedactStyle,
    },
}

/// The column that tells whom a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectColumn {
    /// The column.
    pub column: String,
    /// What it identifies: the same in all datasets in which the same subjects are.
    pub domain: String,
}

/// What stands in prose in the place of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedactStyle {
    /// Its kind: `[PERSON]`.
    Placeholder,
    /// Asterisks, but for the last digits of long numbers.
    Mask,
    /// An invented value.
    Surrogate,
}

/// What a column of a release is derived from, that the dataset does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivation {
    /// A column of the dataset.
    pub from: String,
    /// What is taken from it.
    pub part: DerivedPart,
}

/// What an individual identification number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DerivedPart {
    /// `1990`.
    BirthYear,
    /// `1990-01`.
    BirthMonth,
    /// `male` or `female`.
    Sex,
}

impl Replacement {
    /// The column that tells whom a value is about.
    pub(crate) fn subject(&self) -> Option<&SubjectColumn> {
        match self {
            Self::ShiftDate { subject, .. } => Some(subject),
            Self::Noise { subject, .. } | Self::Surrogate { subject, .. } => subject.as_ref(),
            _ => None,
        }
    }

    /// Whether what it makes depends on the key.
    pub(crate) fn needs_key(&self) -> bool {
        match self {
            Self::Mask(_) | Self::Placeholder { .. } => false,
            Self::Redact { style } => *style == RedactStyle::Surrogate,
            Self::Encrypt { .. }
            | Self::ShiftDate { .. }
            | Self::Noise { .. }
            | Self::Surrogate { .. } => true,
        }
    }

    /// Whether what is published holds tokens, which become surrogates when it is staged.
    pub(crate) fn makes_tokens(&self) -> bool {
        matches!(
            self,
            Self::Surrogate { .. }
                | Self::Redact {
                    style: RedactStyle::Surrogate
                }
        )
    }
}
