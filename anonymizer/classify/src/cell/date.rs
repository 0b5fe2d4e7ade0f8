//! Dates as people and programs write them.

use sandyq_detect::identifier::Date;

/// The year of a date, if the text is one, with or without a time of day.
pub fn year(text: &[u8]) -> Option<u16> {
    parse(text).map(|(year, _, _)| year)
}

/// Year, month and day of a date, with or without a time of day.
pub fn parse(text: &[u8]) -> Option<(u16, u16, u16)> {
    let (date, time) = split_time(text);
    if !time.is_empty() && !is_time(time) {
        return None;
    }
    let separator = *date.iter().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(separator, b'.' | b'-' | b'/') {
        return None;
    }
    let mut parts = date.split(|byte| *byte == separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let number = |part: &[u8]| super::check::small(part);
    let (a, b, c) = (number(first)?, number(second)?, number(third)?);
    match (first.len(), second.len(), third.len()) {
        (4, 1..=2, 1..=2) => real(a, b, c),
        (1..=2, 1..=2, 4) => {
            real(c, b, a).or_else(|| (separator == b'/').then(|| real(c, a, b))?)
        }
        (2, 2, 2) if separator != b'-' => real(century(c), b, a).or_else(|| real(century(c), a, b)),
        _ => None,
    }
}

/// A date of eight digits, `YYYYMMDD` or `DDMMYYYY`.
pub fn of_digits(digits: &[u8]) -> Option<(u16, u16, u16)> {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(super::check::small);
    let forward = real(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    forward.or_else(|| real(part(4, 8)?, part(2, 4)?, part(0, 2)?))
}

/// Two digits of a year as people read them.
const fn century(year: u16) -> u16 {
    if year < 30 { 2000 + year } else { 1900 + year }
}

/// The day, if it exists.
pub fn real(year: u16, month: u16, day: u16) -> Option<(u16, u16, u16)> {
    let narrow = |number: u16| u8::try_from(number).ok();
    Date::new(year, narrow(month)?, narrow(day)?)?;
    (1800..=2150).contains(&year).then_some((year, month, day))
}

fn split_time(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b' ' | b'T' | b't' | b','));
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((date, time)) => (date, time.get(1..).unwrap_or_default().trim_ascii()),
        None => (text, &[]),
    }
}

/// Whether the text is a time of day: `9:05`, `09:05:00.123+05:00`, `09:05Z`.
pub fn is_time(text: &[u8]) -> bool {
    let mut parts = text.splitn(3, |byte| *byte == b':');
    let below = |part: Option<&[u8]>, limit: u16| {
        let part = part.map(|part| part.get(..2).unwrap_or(part));
        part.and_then(super::check::small)
            .is_some_and(|number| number < limit)
    };
    let rest = text.iter().all(|byte| {
        matches!(
            byte,
            b'0'..=b'9' | b':' | b'.' | b',' | b'+' | b'-' | b'Z' | b'z'
        )
    });
    rest && below(parts.next(), 24)
        && below(parts.next(), 60)
        && parts.next().is_none_or(|part| below(Some(part), 61))
}
