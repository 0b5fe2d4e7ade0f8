//! Identifiers by themselves, apart from any text: validators and what a valid one tells.
//!
//! Every `parse` takes the identifier alone, with spaces around it at most; [`compact`] prepares what people type.
//! Personal numbers show themselves masked.

mod bin;
mod card;
mod checksum;
mod date;
mod document;
mod iban;
mod iin;
mod kato;
mod network;
mod phone;
mod plate;
mod vin;

pub use bin::{Attribute, Bin, LegalForm};
pub use card::{Card, Scheme};
pub use checksum::{luhn, mod97};
pub use date::Date;
pub use document::{
    is_birth_certificate, is_driver_licence, is_foreign_passport, is_identity_card, is_passport,
};
pub use iban::Iban;
pub use iin::Iin;
pub use kato::{Kato, Level};
pub use network::{is_ipv4, is_ipv6, is_mac};
pub use phone::{Line, Phone};
pub(crate) use plate::latin;
pub use plate::{Plate, Series};
pub use sandyq_words::Sex;
pub use vin::Vin;

/// Why a text is not the identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// Not so many characters, or other ones.
    #[error("it does not have the form")]
    Form,
    /// The digits of a date are none.
    #[error("its date does not exist")]
    Date,
    /// A digit that tells a class has no such value.
    #[error("a class in it does not exist")]
    Class,
    /// The check digits are others.
    #[error("its check digit is wrong")]
    CheckDigit,
    /// No check digit fits; such numbers are never issued.
    #[error("no check digit can be issued for it")]
    NotIssuable,
}

/// What people type, as identifiers are written: full-width and other digits as ASCII, upper case, without spaces, dashes,
/// dots, brackets and what is invisible.
pub fn compact(text: &str) -> String {
    let mut read = crate::text::Text::default();
    read.read(text);
    let mut compacted = String::with_capacity(text.len());
    for token in read.tokens() {
        let sign = ['-', '.', '(', ')', '"']
            .into_iter()
            .any(|sign| token.is(sign));
        if !sign {
            compacted.extend(read.folded(token).chars().flat_map(char::to_uppercase));
        }
    }
    compacted
}

/// The digits of a text of exactly `N` ASCII digits.
fn digits<const N: usize>(text: &str) -> Result<[u8; N], Invalid> {
    let bytes: [u8; N] = text
        .trim()
        .as_bytes()
        .try_into()
        .map_err(|_| Invalid::Form)?;
    if bytes.iter().all(u8::is_ascii_digit) {
        Ok(bytes.map(|byte| byte - b'0'))
    } else {
        Err(Invalid::Form)
    }
}

/// The number that some digits write.
fn number(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(*digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_compacted() {
        assert_eq!(
            compact("kz86 125k-zt50 0410\u{200b}0100"),
            "KZ86125KZT5004100100"
        );
        assert_eq!(compact("９００１０１ 300017"), "900101300017");
        assert_eq!(compact("8 (701) 123-45-67"), "87011234567");
    }
}
