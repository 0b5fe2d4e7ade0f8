//! Bank accounts, ISO 13616: `KZ`, two check digits, three digits of the bank, thirteen letters or digits.

use super::Invalid;
use super::checksum::mod97;

/// Lengths in other countries that accounts named in Kazakhstan are often of, from the SWIFT IBAN registry.
const LENGTHS: [(&[u8; 2], usize); 36] = [
    (b"KZ", 20),
    (b"RU", 33),
    (b"BY", 28),
    (b"UA", 29),
    (b"AZ", 28),
    (b"GE", 22),
    (b"TR", 26),
    (b"AE", 23),
    (b"DE", 22),
    (b"AT", 20),
    (b"CH", 21),
    (b"LI", 21),
    (b"GB", 22),
    (b"IE", 22),
    (b"FR", 27),
    (b"MC", 27),
    (b"IT", 27),
    (b"SM", 27),
    (b"ES", 24),
    (b"PT", 25),
    (b"NL", 18),
    (b"BE", 16),
    (b"LU", 20),
    (b"PL", 28),
    (b"CZ", 24),
    (b"SK", 24),
    (b"HU", 28),
    (b"LT", 20),
    (b"LV", 21),
    (b"EE", 20),
    (b"FI", 18),
    (b"SE", 24),
    (b"NO", 15),
    (b"DK", 18),
    (b"BG", 22),
    (b"CY", 28),
];

/// A valid IBAN. It shows its country only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iban {
    /// The country, ISO 3166-1.
    pub country: [u8; 2],
}

impl Iban {
    /// Reads an account without spaces; lower case is accepted.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let upper = text.trim().to_ascii_uppercase();
        let bytes = upper.as_bytes();
        let (head, body) = bytes.split_at_checked(4).ok_or(Invalid::Form)?;
        let [a, b, c1, c2] = *head else {
            return Err(Invalid::Form);
        };
        let length = Self::length_in([a, b]).ok_or(Invalid::Form)?;
        let formed = bytes.len() == length
            && c1.is_ascii_digit()
            && c2.is_ascii_digit()
            && body.iter().all(u8::is_ascii_alphanumeric)
            && ([a, b] != *b"KZ" || body.iter().take(3).all(u8::is_ascii_digit));
        if !formed {
            return Err(Invalid::Form);
        }
        if mod97(body.iter().chain(head).copied()) != 1 {
            return Err(Invalid::CheckDigit);
        }
        Ok(Self { country: [a, b] })
    }

    /// How long accounts of a country are, `None` if it is not known here.
    pub fn length_in(country: [u8; 2]) -> Option<usize> {
        let found = LENGTHS.iter().find(|(name, _)| **name == country);
        found.map(|(_, length)| *length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        for valid in [
            "KZ86125KZT5004100100",
            "KZ75125KZT1001300335",
            "KZ18722S000012345678",
            "KZ886010000012345678",
            "KZ64998BTB0000000001",
            "kz86125kzt5004100100",
            "DE89370400440532013000",
            "GB82WEST12345698765432",
        ] {
            assert!(Iban::parse(valid).is_ok(), "{valid}");
        }
        assert_eq!(
            Iban::parse("KZ86125KZT5004100101"),
            Err(Invalid::CheckDigit)
        );
        for wrong in [
            "KZ86125KZT500410010",
            "KZ86A25KZT5004100100",
            "KZ8612",
            "",
            "ҚЗ86125KZT5004100100",
            "XX86125KZT5004100100",
        ] {
            assert_eq!(Iban::parse(wrong), Err(Invalid::Form), "{wrong}");
        }
    }
}
