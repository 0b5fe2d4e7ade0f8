//! Numbers of bank cards, ISO/IEC 7812-1.

use super::Invalid;
use super::checksum::luhn;

/// Who issues such cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    AmericanExpress,
    /// UnionPay.
    UnionPay,
    /// Mir.
    Mir,
    /// JCB.
    Jcb,
    /// Maestro.
    Maestro,
    /// Another.
    Other,
}

/// A number of a card that passes Luhn's formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// Who issues such cards.
    pub scheme: Scheme,
}

impl Card {
    /// Reads 13 to 19 ASCII digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bytes = text.trim().as_bytes();
        if !(13..=19).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(Invalid::Form);
        }
        let digits: Vec<u8> = bytes.iter().map(|byte| byte - b'0').collect();
        Self::from_digits(&digits)
    }

    /// Reads 13 to 19 digits, each from 0 to 9.
    pub fn from_digits(digits: &[u8]) -> Result<Self, Invalid> {
        if !(13..=19).contains(&digits.len()) {
            return Err(Invalid::Form);
        }
        // Sixteen zeros pass the formula.
        if digits.iter().all(|digit| Some(digit) == digits.first()) {
            return Err(Invalid::Class);
        }
        if !luhn(digits.iter().copied()) {
            return Err(Invalid::CheckDigit);
        }
        let prefix = super::number(digits.get(..4).unwrap_or_default());
        Ok(Self {
            scheme: scheme(prefix, digits.len()),
        })
    }
}

fn scheme(prefix: u32, length: usize) -> Scheme {
    match (prefix, length) {
        (4000..=4999, 13 | 16 | 19) => Scheme::Visa,
        (5100..=5599 | 2221..=2720, 16) => Scheme::Mastercard,
        (3400..=3499 | 3700..=3799, 15) => Scheme::AmericanExpress,
        (6200..=6299 | 8100..=8199, 16..=19) => Scheme::UnionPay,
        (2200..=2204, 16..=19) => Scheme::Mir,
        (3528..=3589, 16..=19) => Scheme::Jcb,
        (5000..=5099 | 5600..=5899 | 6000..=6999, 13..=19) => Scheme::Maestro,
        _ => Scheme::Other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    /// Numbers that schemes publish for tests.
    #[test]
    fn vectors() {
        for (number, scheme) in [
            ("4111111111111111", Scheme::Visa),
            ("5555555555554444", Scheme::Mastercard),
            ("2223003122003222", Scheme::Mastercard),
            ("378282246310005", Scheme::AmericanExpress),
            ("3566002020360505", Scheme::Jcb),
            ("6200000000000005", Scheme::UnionPay),
            ("2200000000000004", Scheme::Mir),
        ] {
            assert_eq!(Card::parse(number).unwrap().scheme, scheme, "{number}");
        }
        assert_eq!(Card::parse("4111111111111112"), Err(Invalid::CheckDigit));
        assert_eq!(Card::parse("0000000000000000"), Err(Invalid::Class));
        assert_eq!(Card::parse("411111111111"), Err(Invalid::Form));
        assert_eq!(Card::parse("4111 1111 1111 1111"), Err(Invalid::Form));
    }
}
