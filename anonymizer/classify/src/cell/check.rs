//! Validators over the bytes of a cell: those of `sandyq_detect::identifier`, and what a column needs besides.

use sandyq_detect::identifier::{Bin, Iin, Invalid, Kato, Line, Phone, luhn, mod97};

/// How well twelve digits fit a kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    Not,
    /// All is right but the check digit.
    Shape,
    Valid,
}

/// The number of one to four digits.
#[inline]
pub fn small(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0_u16, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u16::from(byte - b'0'))
    })
}

/// An IIN: date, century and sex, check digit.
pub fn iin(digits: &[u8]) -> Fit {
    fit(digits, |digits| Iin::from_digits(digits).map(drop))
}

/// A BIN: month, kind of entity and of its part, check digit.
pub fn bin(digits: &[u8]) -> Fit {
    fit(digits, |digits| Bin::from_digits(digits).map(drop))
}

fn fit(digits: &[u8], check: impl Fn([u8; 12]) -> Result<(), Invalid>) -> Fit {
    let Ok(digits) = <[u8; 12]>::try_from(digits) else {
        return Fit::Not;
    };
    match check(digits.map(value)) {
        Ok(()) => Fit::Valid,
        Err(Invalid::CheckDigit | Invalid::NotIssuable) => Fit::Shape,
        Err(_) => Fit::Not,
    }
}

/// What an ASCII digit writes.
const fn value(digit: u8) -> u8 {
    digit.wrapping_sub(b'0')
}

/// A card's number: the first digits of an issuer, Luhn's check digit.
pub fn card(digits: &[u8]) -> bool {
    let issuer = match digits {
        [b'4', ..] => matches!(digits.len(), 13 | 16 | 19),
        [b'5', b'1'..=b'5', ..] | [b'2', b'2'..=b'7', ..] | [b'6', ..] => digits.len() >= 16,
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        _ => false,
    };
    issuer && luhn(digits.iter().copied().map(value))
}

/// An IBAN without spaces, in capitals or not: length, check digits (ISO 13616).
pub fn iban(text: &[u8]) -> bool {
    let right = (15..=34).contains(&text.len())
        && text.iter().all(u8::is_ascii_alphanumeric)
        && text.iter().take(2).all(u8::is_ascii_alphabetic)
        && text.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && (text.len() == 20
            || !text
                .get(..2)
                .is_some_and(|head| head.eq_ignore_ascii_case(b"KZ")));
    let Some((head, tail)) = text.split_at_checked(4).filter(|_| right) else {
        return false;
    };
    mod97(tail.iter().chain(head).map(u8::to_ascii_uppercase)) == 1
}

/// The ten digits of a national number of Kazakhstan: mobile, or a fixed line.
pub fn national(digits: &[u8]) -> bool {
    matches!(line(digits), Some(Line::Mobile | Line::Fixed))
}

/// A mobile number's ten digits, of Kazakhstan.
pub fn mobile(digits: &[u8]) -> bool {
    line(digits) == Some(Line::Mobile)
}

fn line(digits: &[u8]) -> Option<Line> {
    let digits: [u8; 10] = digits.try_into().ok()?;
    let phone = Phone::national(&digits.map(value)).ok()?;
    Some(phone.line)
}

/// Nine digits of KATO: a region that there is, and no unit below a unit that is left out.
pub fn kato(digits: &[u8]) -> bool {
    let region = std::str::from_utf8(digits).is_ok_and(|text| Kato::parse(text).is_ok());
    let zero = |from: usize, to: usize| {
        digits
            .get(from..to)
            .is_some_and(|part| part.iter().all(|digit| *digit == b'0'))
    };
    // A district that is zero has nothing below it.
    region && (!zero(2, 4) || zero(4, 9)) && (!zero(4, 6) || zero(6, 9) || !zero(2, 4))
}
