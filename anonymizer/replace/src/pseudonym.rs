//! Keyed pseudonyms: the first 16 bytes of HMAC-SHA-256 (RFC 2104, FIPS 180-4).

use std::fmt;

use ring::hmac;

use crate::ProjectKey;

/// Bytes of a pseudonym; it is written as twice as many hex digits.
pub const PSEUDONYM_BYTES: usize = 16;

/// A pseudonym. It prints as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; PSEUDONYM_BYTES]);

/// Makes pseudonyms under a key.
#[derive(Clone)]
pub struct Pseudonyms(hmac::Key);

/// Makes the pseudonyms of one domain: equal values of a domain have equal pseudonyms, those of two domains are unrelated.
#[derive(Clone)]
pub struct Domain {
    /// What has been hashed before any value: the length of the domain, so that no two pairs of domain and value give one
    /// message, and the domain.
    begun: hmac::Context,
}

impl Pseudonyms {
    /// Pseudonyms under a key.
    #[must_use]
    pub fn new(key: &ProjectKey) -> Self {
        Self(key.hmac())
    }

    /// Pseudonyms under a key that is used for nothing else.
    pub(crate) fn of_purpose(key: &ProjectKey, purpose: &str) -> Self {
        Self(key.derived_hmac(purpose))
    }

    /// Those of one domain.
    #[must_use]
    pub fn domain(&self, name: &str) -> Domain {
        let mut begun = hmac::Context::with_key(&self.0);
        begun.update(&(name.len() as u64).to_be_bytes());
        begun.update(name.as_bytes());
        Domain { begun }
    }

    /// A pseudonym made anew: HMAC of its hex digits. So a published pseudonym becomes that of a sandbox, which cannot be turned
    /// back or linked to that of another sandbox.
    #[must_use]
    pub fn renewed(&self, old: &Pseudonym) -> Pseudonym {
        Pseudonym::of(&hmac::sign(&self.0, &old.hex()))
    }
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms(***)")
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Domain(***)")
    }
}

impl Domain {
    /// The pseudonym of a value.
    #[must_use]
    pub fn of(&self, value: &str) -> Pseudonym {
        let mut context = self.begun.clone();
        context.update(value.as_bytes());
        Pseudonym::of(&context.sign())
    }
}

impl Pseudonym {
    fn of(tag: &hmac::Tag) -> Self {
        let mut bytes = [0; PSEUDONYM_BYTES];
        for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }

    /// The pseudonym with a number in its second half.
    pub(crate) fn with_number(mut self, number: u64) -> Self {
        let half = self.0.iter_mut().skip(PSEUDONYM_BYTES / 2);
        half.zip(number.to_be_bytes())
            .for_each(|(to, from)| *to = from);
        self
    }

    /// The number in its second half.
    pub(crate) fn number(&self) -> u64 {
        let half = self.0.last_chunk();
        half.map_or(0, |half| u64::from_be_bytes(*half))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; PSEUDONYM_BYTES] {
        &self.0
    }

    /// Its hex digits, lower case.
    #[must_use]
    pub fn hex(&self) -> [u8; 2 * PSEUDONYM_BYTES] {
        let mut digits = [0; 2 * PSEUDONYM_BYTES];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if half < 10 {
                    b'0' + half
                } else {
                    b'a' - 10 + half
                };
            }
        }
        digits
    }

    /// Appends its hex digits to a text.
    pub fn push_to(&self, text: &mut String) {
        text.push_str(std::str::from_utf8(&self.hex()).unwrap_or_default());
    }

    /// Reads 32 hex digits of lower case; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * PSEUDONYM_BYTES || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; PSEUDONYM_BYTES];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pseudonym({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    /// HMAC-SHA-256 of the messages computed with Python's hmac module.
    #[test]
    fn the_pseudonym_is_a_shortened_hmac_of_domain_and_value() {
        let pseudonyms = Pseudonyms::new(&ProjectKey::new([7; 32]));
        let made = pseudonyms.domain("person").of("900101300017");
        assert_eq!(made.to_string(), "1de195c31e27bf1540344fca0dff53f0");
        assert_eq!(
            pseudonyms.renewed(&made).to_string(),
            "f15d933bd3004bc6666af0fc9a8cb374"
        );
        assert_ne!(
            pseudonyms.domain("ab").of("c"),
            pseudonyms.domain("a").of("bc")
        );
        assert_eq!(Pseudonym::parse(&made.to_string()), Some(made));
        for no in [
            "",
            "1de195c31e27bf1540344fca0dff53f",
            "1DE195c31e27bf1540344fca0dff53f0",
        ] {
            assert_eq!(Pseudonym::parse(no), None);
        }
        let mut text = String::from("p");
        made.push_to(&mut text);
        assert_eq!(text, "p1de195c31e27bf1540344fca0dff53f0");
    }
}
