//! Validators over the bytes of a cell. They are the hot ones of `sandyq_detect::identifier`, without its parsed forms.

use super::date;

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
    let part = |from: usize, to: usize| digits.get(from..to).and_then(small);
    let (Some(year), Some(month), Some(day), Some(century)) =
        (part(0, 2), part(2, 4), part(4, 6), part(6, 7))
    else {
        return Fit::Not;
    };
    if !(1..=6).contains(&century) {
        return Fit::Not;
    }
    if date::real(1800 + (century - 1) / 2 * 100 + year, month, day).is_none() {
        return Fit::Not;
    }
    fit(digits)
}

/// A BIN: month, kind of entity and of its part, check digit.
pub fn bin(digits: &[u8]) -> Fit {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(small);
    let right = part(2, 4).is_some_and(|month| (1..=12).contains(&month))
        && part(4, 5).is_some_and(|kind| (4..=6).contains(&kind))
        && part(5, 6).is_some_and(|part| part <= 3);
    if right { fit(digits) } else { Fit::Not }
}

fn fit(digits: &[u8]) -> Fit {
    const FIRST: [u32; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const SECOND: [u32; 11] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];
    let sum = |weights: &[u32; 11]| {
        let products = digits.iter().zip(weights);
        products
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum::<u32>()
            % 11
    };
    let check = match sum(&FIRST) {
        10 => sum(&SECOND),
        check => check,
    };
    let last = digits.get(11).map(|digit| u32::from(digit - b'0'));
    if check < 10 && last == Some(check) {
        Fit::Valid
    } else {
        Fit::Shape
    }
}

/// A card's number: the first digits of an issuer, Luhn's check digit.
pub fn card(digits: &[u8]) -> bool {
    let issuer = match digits {
        [b'4', ..] => matches!(digits.len(), 13 | 16 | 19),
        [b'5', b'1'..=b'5', ..] | [b'2', b'2'..=b'7', ..] | [b'6', ..] => digits.len() >= 16,
        [b'3', b'4' | b'7', ..] => digits.len() == 15,
        _ => false,
    };
    issuer && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let digits = digits.iter().rev().map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| {
            if place % 2 == 1 {
                doubled(digit)
            } else {
                digit
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// An IBAN without spaces, in capitals or not: length, check digits (ISO 13616).
pub fn iban(text: &[u8]) -> bool {
    let right = (15..=34).contains(&text.len())
        && text.iter().all(u8::is_ascii_alphanumeric)
        && text.iter().take(2).all(u8::is_ascii_alphabetic)
        && text.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && (!text.to_ascii_uppercase().starts_with(b"KZ") || text.len() == 20);
    let Some((head, tail)) = text.split_at_checked(4).filter(|_| right) else {
        return false;
    };
    let remainder =
        tail.iter()
            .chain(head)
            .fold(0_u32, |remainder, byte| match byte.to_ascii_uppercase() {
                digit @ b'0'..=b'9' => (remainder * 10 + u32::from(digit - b'0')) % 97,
                letter => (remainder * 100 + u32::from(letter.saturating_sub(b'A')) + 10) % 97,
            });
    remainder == 1
}

/// The ten digits of a national number of Kazakhstan: mobile, or a fixed line.
pub fn national(digits: &[u8]) -> bool {
    matches!(
        digits,
        [b'7', b'0', b'0'..=b'2' | b'5'..=b'8', ..]
            | [b'7', b'4', b'7', ..]
            | [b'7', b'6', b'0'..=b'4', ..]
            | [b'7', b'7', b'1' | b'5'..=b'8', ..]
            | [b'7', b'8', b'5', ..]
            | [b'7', b'1' | b'2', ..]
    )
}

/// A mobile number's ten digits, of Kazakhstan.
pub fn mobile(digits: &[u8]) -> bool {
    national(digits) && !matches!(digits, [b'7', b'1' | b'2', ..])
}

/// Nine digits of KATO: a region that there is, and no unit below a unit that is left out.
pub fn kato(digits: &[u8]) -> bool {
    const REGIONS: &[&[u8; 2]] = &[
        b"10", b"11", b"15", b"19", b"23", b"27", b"31", b"33", b"35", b"39", b"43", b"47", b"51",
        b"55", b"59", b"61", b"62", b"63", b"71", b"75", b"79",
    ];
    let region = digits
        .get(..2)
        .is_some_and(|head| REGIONS.iter().any(|region| region.as_slice() == head));
    let zero = |from: usize, to: usize| {
        digits
            .get(from..to)
            .is_some_and(|part| part.iter().all(|digit| *digit == b'0'))
    };
    // A district that is zero has nothing below it.
    digits.len() == 9
        && region
        && (!zero(2, 4) || zero(4, 9))
        && (!zero(4, 6) || zero(6, 9) || !zero(2, 4))
}
