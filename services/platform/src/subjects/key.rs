//! The keyed hash by which a subject is known.

use std::fmt;

use ring::hmac;
use sandyq_detect::identifier::Iin;

use crate::error::{Error, Result};
use crate::platform::Platform;
use crate::secrets::SUBJECTS;

/// Bytes of a hash: 128 bits of HMAC-SHA-256, so that no two of any nation's people meet.
pub const HASH_BYTES: usize = 16;

/// What the key is used for, so that it cannot serve anything else.
const PURPOSE: &[u8] = b"sandyq/subject/v1\0";

/// A subject within an agency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectHash(pub [u8; HASH_BYTES]);

impl SubjectHash {
    /// As it is kept in records.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// As it was kept in a record.
    ///
    /// # Errors
    /// It is no hash.
    pub fn from_hex(text: &str) -> Result<Self> {
        let bytes = hex::decode(text).ok();
        let bytes: Option<[u8; HASH_BYTES]> = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| {
            let damaged = std::io::Error::other("the hash of a subject is damaged");
            Error::internal("read a record", damaged)
        })
    }
}

impl fmt::Debug for SubjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectHash(***)")
    }
}

/// Hashes personal numbers for one agency: what two agencies hold of a person cannot be joined by the hashes.
#[derive(Clone)]
pub struct SubjectKey {
    key: hmac::Key,
    organization: String,
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(***)")
    }
}

impl SubjectKey {
    fn new(key: &[u8], organization: &str) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            organization: organization.to_owned(),
        }
    }

    /// The platform's key for an agency.
    ///
    /// # Errors
    /// The key is absent or not readable.
    pub async fn of(platform: &Platform, organization: &str) -> Result<Self> {
        let key = platform.secret(SUBJECTS).await?;
        Ok(Self::new(&key, organization))
    }

    /// The subject with this number.
    pub fn subject(&self, iin: &Iin) -> SubjectHash {
        let digits = zeroize::Zeroizing::new(iin.reveal());
        self.digits(digits.as_bytes())
    }

    /// The subject that a cell of a column of numbers names. Twelve digits count, whether or not they check, with spaces or
    /// dashes between; a number that lost its zeros in front, as numbers do in spreadsheets, has them again.
    pub fn cell(&self, cell: &str) -> Option<SubjectHash> {
        let mut digits = zeroize::Zeroizing::new([b'0'; 12]);
        let mut count = 0;
        for c in cell.chars() {
            match c {
                '0'..='9' if count < 12 => {
                    digits.rotate_left(1);
                    if let Some(last) = digits.last_mut() {
                        *last = c as u8;
                    }
                    count += 1;
                }
                '0'..='9' => return None,
                c if c.is_whitespace() || c == '-' => {}
                _ => return None,
            }
        }
        // People born in 2000 have two zeros in front; fewer than nine digits are no number of a person.
        (count >= 9).then(|| self.digits(digits.as_slice()))
    }

    fn digits(&self, digits: &[u8]) -> SubjectHash {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(PURPOSE);
        context.update(self.organization.as_bytes());
        context.update(&[0]);
        context.update(digits);
        let tag = context.sign();
        let mut hash = [0; HASH_BYTES];
        for (to, from) in hash.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        SubjectHash(hash)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use super::*;

    #[test]
    fn a_cell_is_the_subject_of_its_number_however_it_is_written() {
        let key = SubjectKey::new(&[7; 32], "organizations/stat");
        let subject = key.subject(&Iin::parse("051231500070").unwrap());
        for cell in [
            "051231500070",
            " 051231500070 ",
            "51231500070",
            "0512 3150 0070",
            "051231-500070",
        ] {
            assert!(key.cell(cell) == Some(subject), "{cell}");
        }
        for cell in [
            "",
            "0512315000701",
            "51231500071",
            "x51231500070",
            "12345678",
        ] {
            assert!(key.cell(cell) != Some(subject), "{cell}");
        }
        assert!(key.cell("").is_none() && key.cell("12345678").is_none());
    }

    #[test]
    fn agencies_and_keys_do_not_share_hashes() {
        let iin = Iin::parse("900101300017").unwrap();
        let hashes = [
            SubjectKey::new(&[7; 32], "organizations/stat").subject(&iin),
            SubjectKey::new(&[7; 32], "organizations/health").subject(&iin),
            SubjectKey::new(&[8; 32], "organizations/stat").subject(&iin),
        ];
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2]);
        let shown = format!("{:?} {:?}", hashes[0], SubjectKey::new(&[7; 32], "o"));
        assert!(!shown.contains(&hashes[0].to_hex()), "{shown}");
        assert!(SubjectHash::from_hex(&hashes[0].to_hex()).unwrap() == hashes[0]);
        assert!(SubjectHash::from_hex("00").is_err());
    }
}
