//! Keyed pseudonyms.
//!
//! A pseudonym is the first 16 bytes of HMAC-SHA-256 (RFC 2104, FIPS 180-4), in hex. In a release the message is the domain
//! and the value, so that one domain joins across datasets and libraries under one platform key. When a
//! library is staged into a sandbox, each pseudonym is the message of a second HMAC under the sandbox's own key: what is
//! granted to one sandbox still joins, and two sandboxes cannot be linked by pseudonyms. So it is with tokens, which become
//! surrogates under the sandbox's key, and with encrypted values, which are encrypted once more.

use std::fmt;

use polars::prelude::*;
use rayon::prelude::*;
use ring::hmac;
use sandyq_replace::{Alphabet, FormatPreserving, ProjectKey, Surrogates};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::parquet::{self, ParquetFault};
use crate::profile::{Replacement, Transform};

/// Bytes of a pseudonym; it is written as twice as many hex digits.
const PSEUDONYM_BYTES: usize = 16;

/// A key of pseudonyms: of the platform for releases, of a sandbox for staging. It is wiped when dropped.
#[derive(Clone)]
pub struct PseudonymKey {
    bytes: Zeroizing<[u8; 32]>,
    at_once: bool,
}

impl PseudonymKey {
    /// A key from 32 secret random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self {
            bytes: Zeroizing::new(bytes),
            at_once: false,
        }
    }

    /// The same key, for releases that are never staged: surrogates stand in them at once, under this key, instead of tokens
    /// that become surrogates under the key of each sandbox.
    #[must_use]
    pub fn with_surrogates(self) -> Self {
        Self {
            at_once: true,
            ..self
        }
    }

    /// Whether surrogates stand in a release at once.
    pub(crate) fn surrogates_at_once(&self) -> bool {
        self.at_once
    }

    pub(crate) fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.bytes.as_ref())
    }

    /// The key of replacements.
    pub(crate) fn project(&self) -> ProjectKey {
        ProjectKey::new(*self.bytes)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(***)")
    }
}

/// The pseudonym of a value in a domain. The length of the domain comes first, so that no two pairs give one message.
pub(crate) fn pseudonym(key: &hmac::Key, domain: &str, value: &str) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(&(domain.len() as u64).to_be_bytes());
    context.update(domain.as_bytes());
    context.update(value.as_bytes());
    shortened(&context.sign())
}

/// What becomes of the values of a column when a release is staged into a sandbox, so that sandboxes cannot be linked by them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Renewal {
    /// They are pseudonyms, and become others.
    Pseudonyms,
    /// They hold tokens, which become surrogates.
    Tokens,
    /// They are encrypted, and are once more.
    Encrypted { alphabet: Alphabet, domain: String },
}

impl Renewal {
    /// What becomes of what a transform makes under a key.
    pub(crate) fn of(transform: &Transform, key: &PseudonymKey) -> Option<Self> {
        match transform {
            Transform::Pseudonymize { .. } => Some(Self::Pseudonyms),
            Transform::Replace(_) if key.at_once => None,
            Transform::Replace(Replacement::Encrypt { alphabet, domain }) => {
                Some(Self::Encrypted {
                    alphabet: *alphabet,
                    domain: domain.clone(),
                })
            }
            Transform::Replace(replacement) => replacement.makes_tokens().then_some(Self::Tokens),
            _ => None,
        }
    }
}

fn shortened(tag: &hmac::Tag) -> String {
    hex::encode(tag.as_ref().get(..PSEUDONYM_BYTES).unwrap_or_default())
}

/// Why a release could not be given pseudonyms of its own for a sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RekeyError {
    /// The bytes are no release.
    #[error("the release cannot be read: it is truncated or damaged")]
    Unreadable(#[from] ParquetFault),
    /// The columns named are not the pseudonym columns of the release. Leaving one out would let sandboxes be linked.
    #[error(
        "the release has pseudonyms in columns {declared:?}, asked to re-key {asked:?}; name exactly those"
    )]
    WrongColumns {
        /// The columns that the release declares.
        declared: Vec<String>,
        /// The columns that were named.
        asked: Vec<String>,
    },
    /// A value of a pseudonym column is none.
    #[error("row {row} of column {column:?} holds no pseudonym; the release is damaged")]
    NoPseudonym {
        /// The column.
        column: String,
        /// The row of the release, from 1.
        row: u64,
    },
    /// A value of an encrypted column could not be encrypted again.
    #[error("row {row} of column {column:?} holds no encrypted value; the release is damaged")]
    NotEncrypted {
        /// The column.
        column: String,
        /// The row of the release, from 1.
        row: u64,
    },
    /// The new file could not be made.
    #[error("the re-keyed release cannot be written")]
    Frame(#[from] PolarsError),
}

/// The columns of a release that are made anew for each sandbox, as its metadata declares: those with pseudonyms, with tokens of surrogates
/// and with encrypted values.
///
/// # Errors
/// [`RekeyError::Unreadable`] if the bytes are no Parquet file.
pub fn pseudonym_columns(release: &[u8]) -> Result<Vec<String>, RekeyError> {
    let renewals = parquet::renewals(&parquet::footer(release)?)?;
    Ok(renewals.into_iter().map(|(name, _)| name).collect())
}

/// The release with each pseudonym `p` of the named columns replaced by HMAC(`key`, `p`), shortened in the same way, each token by a
/// surrogate, and each encrypted value encrypted once more. Missing values stay missing. Rows are put in order again, so that their position tells nothing of the old pseudonyms.
///
/// # Errors
/// See [`RekeyError`]; `columns` must be exactly what [`pseudonym_columns`] answers, in any order.
pub fn rekey(release: &[u8], columns: &[&str], key: &PseudonymKey) -> Result<Vec<u8>, RekeyError> {
    let renewals = parquet::renewals(&parquet::footer(release)?)?;
    let declared: Vec<String> = renewals.iter().map(|(name, _)| name.clone()).collect();
    let (mut known, mut asked) = (
        declared.clone(),
        columns
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>(),
    );
    known.sort_unstable();
    asked.sort_unstable();
    if known != asked {
        return Err(RekeyError::WrongColumns { declared, asked });
    }
    let mut frame = parquet::decode(release)?;
    for (name, renewal) in &renewals {
        let old = frame.column(name)?;
        let new = match renewal {
            Renewal::Pseudonyms => renewed(old, &key.hmac())?,
            Renewal::Tokens => rendered(old, &Surrogates::new(&key.project()))?,
            Renewal::Encrypted { alphabet, domain } => encrypted(
                old,
                FormatPreserving::new(&key.project(), domain, *alphabet).ok(),
            )?,
        };
        frame.replace(name, new)?;
    }
    let mut frame = parquet::sort_by_content(frame)?;
    // Surrogates are what they are from now on.
    let still = renewals
        .into_iter()
        .filter(|(_, renewal)| *renewal != Renewal::Tokens);
    Ok(parquet::encode_renewed(
        &mut frame,
        &still.collect::<Vec<_>>(),
    )?)
}

/// A column with a surrogate for each of its tokens.
fn rendered(column: &Column, surrogates: &Surrogates) -> Result<Column, RekeyError> {
    let old: Vec<Option<&str>> = column.str()?.iter().collect();
    let new: Vec<_> = old
        .into_par_iter()
        .map(|text| text.map(|text| surrogates.render(text)))
        .collect();
    Ok(StringChunked::from_iter_options(column.name().clone(), new.into_iter()).into_column())
}

/// A column encrypted once more.
fn encrypted(column: &Column, cipher: Option<FormatPreserving>) -> Result<Column, RekeyError> {
    let damaged = |row: usize| RekeyError::NotEncrypted {
        column: column.name().to_string(),
        row: row as u64 + 1,
    };
    let cipher = cipher.ok_or_else(|| damaged(0))?;
    let old: Vec<Option<&str>> = column.str()?.iter().collect();
    let each = |(row, value): (usize, Option<&str>)| {
        value
            .map(|value| cipher.encrypt(value).map_err(|_| damaged(row)))
            .transpose()
    };
    let new = old
        .into_par_iter()
        .enumerate()
        .map(each)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(StringChunked::from_iter_options(column.name().clone(), new.into_iter()).into_column())
}

fn renewed(column: &Column, key: &hmac::Key) -> Result<Column, RekeyError> {
    let old = column.str()?;
    let mut new = StringChunkedBuilder::new(column.name().clone(), old.len());
    for (value, row) in old.iter().zip(1..) {
        if value.is_some_and(|value| !is_pseudonym(value)) {
            return Err(RekeyError::NoPseudonym {
                column: column.name().to_string(),
                row,
            });
        }
        new.append_option(value.map(|value| shortened(&hmac::sign(key, value.as_bytes()))));
    }
    Ok(new.finish().into_column())
}

/// Whether a text has the shape of a pseudonym.
pub(crate) fn is_pseudonym(text: &str) -> bool {
    text.len() == 2 * PSEUDONYM_BYTES
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HMAC-SHA-256 of the message computed with Python's hmac module.
    #[test]
    fn the_pseudonym_is_a_shortened_hmac_of_domain_and_value() {
        let key = PseudonymKey::new([7; 32]).hmac();
        assert_eq!(
            pseudonym(&key, "person", "900101300017"),
            "1de195c31e27bf1540344fca0dff53f0"
        );
        assert_eq!(
            shortened(&hmac::sign(&key, b"1de195c31e27bf1540344fca0dff53f0")),
            "f15d933bd3004bc6666af0fc9a8cb374"
        );
        assert_ne!(pseudonym(&key, "ab", "c"), pseudonym(&key, "a", "bc"));
        assert!(is_pseudonym(&pseudonym(&key, "", "")));
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(
            format!("{:?}", PseudonymKey::new([7; 32])),
            "PseudonymKey(***)"
        );
    }
}
