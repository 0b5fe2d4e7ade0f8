//! Cells without letters.

use super::check::{self, Fit};
use super::{Bytes, Observation, date};
use crate::sign::{Sign, Signs};

/// More digits than any identifier has.
const MOST_DIGITS: usize = 24;

pub fn observe(cell: &[u8], bytes: Bytes) -> Observation {
    if bytes.digits == 0 {
        // Dashes, question marks and the like stand for nothing.
        return Observation::sign(Sign::Missing);
    }
    if bytes.digits == cell.len() {
        return integer(cell);
    }
    if let Some(year) = date::year(cell) {
        return Observation {
            year: Some(year),
            ..Observation::sign(Sign::Date)
        };
    }
    if let Some(number) = decimal(cell) {
        return number;
    }
    separated(cell, bytes)
}

/// The digits of a cell, if an identifier may have so many.
struct Digits {
    digits: [u8; MOST_DIGITS],
    length: usize,
}

impl Digits {
    fn of(cell: &[u8]) -> Option<Self> {
        let mut digits = Self {
            digits: [0; MOST_DIGITS],
            length: 0,
        };
        for &byte in cell.iter().filter(|byte| byte.is_ascii_digit()) {
            *digits.digits.get_mut(digits.length)? = byte;
            digits.length += 1;
        }
        Some(digits)
    }

    fn get(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

fn integer(digits: &[u8]) -> Observation {
    let mut signs = Signs::of(Sign::Integer);
    let mut year = None;
    let zero = digits.len() > 1 && digits.first() == Some(&b'0');
    signs = signs.with_if(zero, Sign::LeadingZero);
    match digits.len() {
        1..=3 => {
            let small = check::small(digits).is_some_and(|number| number <= 120);
            signs = signs
                .with_if(small && !zero, Sign::Small)
                .with_if(!zero, Sign::House);
        }
        4 => {
            year = check::small(digits).filter(|year| (1900..=2100).contains(year));
            signs = signs.with_if(year.is_some(), Sign::Year);
        }
        6 => signs = signs.with_if(postal(digits), Sign::Postal),
        8 => {
            year = date::of_digits(digits)
                .map(|(year, _, _)| year)
                .filter(|year| (1900..=2100).contains(year));
            signs = signs.with_if(year.is_some(), Sign::Date);
        }
        9 => {
            signs = signs
                .with(Sign::Digits9)
                .with_if(check::kato(digits), Sign::Kato)
        }
        10 => {
            signs = signs
                .with(Sign::PhoneShape)
                .with_if(check::mobile(digits), Sign::Phone)
                .and(cut_iin(digits))
        }
        11 => {
            signs = signs
                .with(Sign::PhoneShape)
                .with_if(telephone(digits), Sign::Phone)
                .and(cut_iin(digits))
        }
        12 => signs = signs.and(twelve(digits)),
        13..=19 => {
            signs = signs
                .with(Sign::CardShape)
                .with_if(check::card(digits), Sign::Card)
        }
        _ => {}
    }
    Observation {
        signs,
        number: value(digits),
        year,
    }
}

fn value(digits: &[u8]) -> Option<f64> {
    if digits.len() > 15 {
        return None;
    }
    let number = digits
        .iter()
        .fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    Some(number as f64)
}

/// What twelve digits are.
pub fn twelve(digits: &[u8]) -> Signs {
    let (iin, bin) = (check::iin(digits), check::bin(digits));
    Signs::of(Sign::Digits12)
        .with_if(iin == Fit::Valid, Sign::Iin)
        .with_if(iin != Fit::Not, Sign::IinShape)
        .with_if(bin == Fit::Valid, Sign::Bin)
        .with_if(bin != Fit::Not, Sign::BinShape)
}

/// An IIN of somebody born in the first years of a century, stored as a number.
fn cut_iin(digits: &[u8]) -> Signs {
    let mut whole = [b'0'; 12];
    let Some(tail) = whole.get_mut(12_usize.saturating_sub(digits.len())..) else {
        return Signs::default();
    };
    tail.copy_from_slice(digits);
    Signs::default().with_if(check::iin(&whole) == Fit::Valid, Sign::CutIin)
}

/// Eleven digits with the prefix 7 or 8: of Kazakhstan, or a Russian mobile one.
fn telephone(digits: &[u8]) -> bool {
    matches!(digits, [b'7' | b'8', rest @ ..] if check::national(rest) || matches!(rest, [b'9', ..]))
}

/// Regions of Kazakhstan have postal codes from 01 to 16, of which 050000 is Almaty.
fn postal(digits: &[u8]) -> bool {
    digits
        .get(..2)
        .and_then(check::small)
        .is_some_and(|head| (1..=16).contains(&head))
}

/// `-12.5`, `1 234 567,89`, `1e3` is no cell without letters.
fn decimal(cell: &[u8]) -> Option<Observation> {
    let digits = cell
        .strip_prefix(b"-")
        .or_else(|| cell.strip_prefix(b"+"))
        .unwrap_or(cell);
    let end = digits.iter().rposition(|byte| matches!(byte, b'.' | b','));
    let (whole, fraction) = match end {
        Some(end) => (digits.get(..end)?, digits.get(end + 1..)?),
        None => (digits, &b""[..]),
    };
    if !fraction.iter().all(u8::is_ascii_digit) || cell.starts_with(b"+") {
        return None;
    }
    let grouped = thousands(whole)?;
    let digits = |text: &[u8]| {
        text.iter()
            .filter(|byte| byte.is_ascii_digit())
            .fold(0.0, |number, digit| number * 10.0 + f64::from(digit - b'0'))
    };
    let number =
        digits(whole) + digits(fraction) / 10_f64.powi(i32::try_from(fraction.len()).unwrap_or(0));
    let number = if cell.starts_with(b"-") {
        -number
    } else {
        number
    };
    // `123,456` is a whole number in English.
    let sign = if fraction.is_empty() {
        Sign::Integer
    } else {
        Sign::Decimal
    };
    let fine = fraction.len() >= 3 && !grouped;
    let signs = Signs::of(sign)
        .with_if(fine && (40.0..=56.0).contains(&number), Sign::Latitude)
        .with_if(fine && (46.0..=88.0).contains(&number), Sign::Longitude);
    Some(Observation {
        signs,
        number: Some(number),
        year: None,
    })
}

/// Whether the digits are in groups of three; `None` if they are grouped otherwise.
fn thousands(whole: &[u8]) -> Option<bool> {
    if whole.iter().all(u8::is_ascii_digit) {
        return (!whole.is_empty()).then_some(false);
    }
    let mut groups = whole.split(|byte| matches!(byte, b' ' | b',' | b'\''));
    let first = groups.next()?;
    let right =
        |group: &[u8], most: usize| group.len() <= most && group.iter().all(u8::is_ascii_digit);
    ((1..=3).contains(&first.len())
        && right(first, 3)
        && groups.all(|group| group.len() == 3 && right(group, 3)))
    .then_some(true)
}

/// Digits in groups: telephone and card numbers, addresses of networks, positions, times.
fn separated(cell: &[u8], bytes: Bytes) -> Observation {
    if date::is_time(cell) && cell.contains(&b':') {
        return Observation::sign(Sign::Time);
    }
    if is_ip(cell) {
        return Observation::sign(Sign::Ip);
    }
    if is_position(cell) {
        return Observation::sign(Sign::Position);
    }
    let Some(digits) = Digits::of(cell) else {
        return Observation::of(
            Signs::of(Sign::Words).with_if(super::words::inside(cell), Sign::Inside),
        );
    };
    let digits = digits.get();
    let masked = cell.iter().filter(|byte| **byte == b'*').count();
    let plus = cell.starts_with(b"+");
    let signs = match (digits.len(), digits) {
        (12, _) => twelve(digits),
        (11, digits) if telephone(digits) => Signs::of(Sign::Phone).with(Sign::PhoneShape),
        (10, digits) if check::mobile(digits) => Signs::of(Sign::Phone).with(Sign::PhoneShape),
        (10..=15, _) if plus => Signs::of(Sign::Phone).with(Sign::PhoneShape),
        (13..=19, digits) if check::card(digits) => Signs::of(Sign::Card).with(Sign::CardShape),
        (13..=19, _) => Signs::of(Sign::CardShape),
        (count, _) if masked >= 4 && (4..=10).contains(&count) && masked + count >= 13 => {
            Signs::of(Sign::Card).with(Sign::CardShape)
        }
        (9, _) => Signs::of(Sign::Digits9),
        (5..=11, _)
            if bytes.spaces < 4 && cell.iter().any(|byte| matches!(byte, b'-' | b'(' | b' ')) =>
        {
            Signs::of(Sign::PhoneShape)
        }
        (1..=4, _) => Signs::of(Sign::House),
        _ => Signs::default(),
    };
    let signs = signs.with_if(signs.0 == 0, Sign::Code);
    Observation::of(signs)
}

fn is_ip(cell: &[u8]) -> bool {
    let cell = cell
        .split(|byte| matches!(byte, b':' | b'/'))
        .next()
        .unwrap_or_default();
    let mut parts = 0;
    let right = cell.split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        part.len() <= 3 && check::small(part).is_some_and(|number| number < 256)
    });
    right && parts == 4
}

fn is_position(cell: &[u8]) -> bool {
    let mut parts = cell
        .split(|byte| matches!(byte, b',' | b' ' | b';'))
        .filter(|part| !part.is_empty());
    let mut number = || -> Option<f64> {
        let part = std::str::from_utf8(parts.next()?).ok()?;
        let (_, fraction) = part.split_once('.')?;
        part.parse().ok().filter(|_| fraction.len() >= 2)
    };
    match (number(), number()) {
        (Some(a), Some(b)) => {
            a.abs() <= 180.0
                && b.abs() <= 180.0
                && a.abs().min(b.abs()) <= 90.0
                && parts.next().is_none()
        }
        _ => false,
    }
}
