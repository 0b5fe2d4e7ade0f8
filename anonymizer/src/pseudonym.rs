//! Keyed pseudonyms.
//!
//! A pseudonym is the first 16 bytes of HMAC-SHA-256 (RFC 2104, FIPS 180-4), in hex. In a release the message is the domain
//! and the value, so that one domain joins across datasets and libraries under one platform key. When a
//! library is staged into a sandbox, each pseudonym is the message of a second HMAC under the sandbox's own key: what is
//! granted to one sandbox still joins, and two sandboxes cannot be linked by pseudonyms.

use std::fmt;

use polars::prelude::*;
use ring::hmac;
use zeroize::Zeroizing;

use crate::parquet::{self, ParquetFault};

/// Bytes of a pseudonym; it is written as twice as many hex digits.
const PSEUDONYM_BYTES: usize = 16;

/// A key of pseudonyms: of the platform for releases, of a sandbox for staging. It is wiped when dropped.
#[derive(Clone)]
pub struct PseudonymKey(Zeroizing<[u8; 32]>);

impl PseudonymKey {
    /// A key from 32 secret random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.as_ref())
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
    /// The new file could not be made.
    #[error("the re-keyed release cannot be written")]
    Frame(#[from] PolarsError),
}

/// The columns of a release that hold pseudonyms, as its metadata declares.
///
/// # Errors
/// [`RekeyError::Unreadable`] if the bytes are no Parquet file.
pub fn pseudonym_columns(release: &[u8]) -> Result<Vec<String>, RekeyError> {
    Ok(parquet::pseudonyms(&parquet::footer(release)?)?)
}

/// The release with each pseudonym `p` of the named columns replaced by HMAC(`key`, `p`), shortened in the same way.
/// Missing values stay missing. Rows are put in order again, so that their position tells nothing of the old pseudonyms.
///
/// # Errors
/// See [`RekeyError`]; `columns` must be exactly what [`pseudonym_columns`] answers, in any order.
pub fn rekey(release: &[u8], columns: &[&str], key: &PseudonymKey) -> Result<Vec<u8>, RekeyError> {
    let declared = pseudonym_columns(release)?;
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
    let key = key.hmac();
    for name in columns {
        let renewed = renewed(frame.column(name)?, &key)?;
        frame.replace(name, renewed)?;
    }
    let mut frame = parquet::sort_by_content(frame)?;
    Ok(parquet::encode(&mut frame, &declared)?)
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
