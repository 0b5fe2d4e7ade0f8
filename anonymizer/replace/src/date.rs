//! Dates shifted by an offset that the key and the subject decide. All dates of one subject move together, so that the intervals between
//! them stay: between visits, from birth to diagnosis.

use ring::hmac;

use crate::ProjectKey;
use crate::pseudonym::Pseudonyms;
use crate::stream::{Stream, below};

/// Why a date was not shifted. The value is never quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// It is no date.
    #[error("is no date such as 2024-05-17 or 17.05.2024; correct it or drop the column")]
    NoDate,
    /// The shifted date would have no year of four digits.
    #[error("is too near the year 1 or 9999 to be shifted")]
    OutOfRange,
}

/// Shifts dates under a key.
pub struct DateShift {
    pseudonyms: Pseudonyms,
    stream: hmac::Key,
    days: u32,
}

impl std::fmt::Debug for DateShift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DateShift({} days, ***)", self.days)
    }
}

impl DateShift {
    /// Offsets from -`days` to `days`, all equally likely, and never 0 if `days` is not.
    #[must_use]
    pub fn new(key: &ProjectKey, days: u32) -> Self {
        Self {
            pseudonyms: Pseudonyms::of_purpose(key, "date shift"),
            stream: key.derived_hmac("date shift stream"),
            days,
        }
    }

    /// By how many days the dates of a subject are shifted. `domain` says whose the subjects are: the same in all columns and
    /// datasets in which they are the same.
    #[must_use]
    pub fn offset(&self, domain: &str, subject: &str) -> i64 {
        let seed = self.pseudonyms.domain(domain).of(subject);
        let mut stream = Stream::new(&self.stream, *seed.bytes());
        let days = i64::from(self.days);
        let place = below(&mut stream, 2 * self.days as usize) as i64 - days;
        if place >= 0 && days > 0 {
            place + 1
        } else {
            place
        }
    }

    /// The date of a subject shifted, written as it was; a time of day after it stays.
    ///
    /// # Errors
    /// See [`DateError`].
    pub fn apply(&self, domain: &str, subject: &str, value: &str) -> Result<String, DateError> {
        let written = Written::parse(value).ok_or(DateError::NoDate)?;
        let day = written.day + self.offset(domain, subject);
        written.with_day(day).ok_or(DateError::OutOfRange)
    }
}

/// A date as it was written.
pub(crate) struct Written<'t> {
    /// Days since 1970-01-01.
    pub day: i64,
    format: Format,
    after: &'t str,
}

#[derive(Clone, Copy)]
enum Format {
    YearFirst(char),
    DayFirst(char),
    Compact,
}

impl<'t> Written<'t> {
    /// Reads `2024-05-17`, `2024/05/17`, `2024.05.17`, `17.05.2024`, `17/05/2024`, `17-05-2024` or `20240517`, with a time of day
    /// after a space or `T` or without.
    pub(crate) fn parse(value: &'t str) -> Option<Self> {
        let length = value
            .bytes()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if length == 8 {
            let (date, after) = value.split_at_checked(8)?;
            let number = |range: std::ops::Range<usize>| date.get(range)?.parse::<i64>().ok();
            let day = days(number(0..4)?, number(4..6)?, number(6..8)?)?;
            return Self::with(day, Format::Compact, after);
        }
        let (date, after) = value.split_at_checked(10)?;
        let separator = date.chars().find(|c| !c.is_ascii_digit())?;
        if !matches!(separator, '-' | '.' | '/') {
            return None;
        }
        let parts: Vec<&str> = date.split(separator).collect();
        let number = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
            true => part.parse::<i64>().ok(),
            false => None,
        };
        let (&[first, second, third], lengths) = (parts.as_slice(), parts.iter().map(|p| p.len()))
        else {
            return None;
        };
        let lengths: Vec<usize> = lengths.collect();
        match lengths.as_slice() {
            [4, 2, 2] => {
                let day = days(number(first)?, number(second)?, number(third)?)?;
                Self::with(day, Format::YearFirst(separator), after)
            }
            [2, 2, 4] => {
                let day = days(number(third)?, number(second)?, number(first)?)?;
                Self::with(day, Format::DayFirst(separator), after)
            }
            _ => None,
        }
    }

    fn with(day: i64, format: Format, after: &'t str) -> Option<Self> {
        let time = |rest: &str| {
            rest.bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b':' | b'.' | b'+' | b'-' | b'Z' | b' '))
        };
        let fits = after.is_empty() || after.strip_prefix([' ', 'T']).is_some_and(time);
        fits.then_some(Self { day, format, after })
    }

    /// Another date in the same format; `None` outside the years 1 to 9999.
    pub(crate) fn with_day(&self, day: i64) -> Option<String> {
        let (year, month, day) = civil(day)?;
        let after = self.after;
        Some(match self.format {
            Format::YearFirst(c) => format!("{year:04}{c}{month:02}{c}{day:02}{after}"),
            Format::DayFirst(c) => format!("{day:02}{c}{month:02}{c}{year:04}{after}"),
            Format::Compact => format!("{year:04}{month:02}{day:02}{after}"),
        })
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar; `None` if there is no such date (Howard Hinnant, "chrono-compatible
/// low-level date algorithms").
pub(crate) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    // A day that the month does not have would come out as one of the next month.
    (civil(days)? == (year, month, day)).then_some(days)
}

/// Year, month and day; `None` outside the years 1 to 9999.
pub(crate) fn civil(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(719_468)?;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (1..=9999).contains(&year).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn shift() -> DateShift {
        DateShift::new(&ProjectKey::new([9; 32]), 180)
    }

    #[test]
    fn the_calendar_is_the_gregorian_one() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 3, 1), Some(11_017));
        assert_eq!(civil(19_860), Some((2024, 5, 17)));
        for (year, month, day) in [
            (2023, 2, 29),
            (1900, 2, 29),
            (2024, 4, 31),
            (2024, 13, 1),
            (0, 1, 1),
        ] {
            assert_eq!(days(year, month, day), None);
        }
        assert_eq!(days(2000, 2, 29), Some(11_016));
    }

    #[test]
    fn formats_stay() {
        let shift = shift();
        let offset = shift.offset("person", "900101300017");
        assert_ne!(offset, 0);
        for (written, back) in [
            ("2024-05-17", "2024-05-17"),
            ("17.05.2024 08:30:15", "17.05.2024 08:30:15"),
            ("17/05/2024", "17/05/2024"),
            ("20240517T083015Z", "20240517T083015Z"),
            (
                "2024-05-17T08:30:15.123+05:00",
                "2024-05-17T08:30:15.123+05:00",
            ),
        ] {
            let made = shift.apply("person", "900101300017", written).unwrap();
            assert_ne!(made, written);
            let read = Written::parse(&made).unwrap();
            assert_eq!(read.day, 19_860 + offset);
            assert_eq!(read.with_day(19_860).unwrap(), back);
        }
        for no in [
            "",
            "2024",
            "2024-13-01",
            "2024-02-30",
            "17.05.24",
            "сегодня",
            "2024-05-17 в пять",
            "2024-05.17",
            "202405171",
            "ааааа",
        ] {
            assert_eq!(
                shift.apply("person", "s", no),
                Err(DateError::NoDate),
                "{no}"
            );
        }
        let one_day = DateShift::new(&ProjectKey::new([9; 32]), 4000);
        let edge = ["0001-01-01", "9999-12-31"].map(|date| one_day.apply("d", "s", date));
        assert_eq!(
            edge.iter()
                .filter(|made| **made == Err(DateError::OutOfRange))
                .count(),
            1
        );
    }

    #[test]
    fn offsets_use_the_whole_range_and_are_of_the_key() {
        let shift = DateShift::new(&ProjectKey::new([9; 32]), 2);
        let mut seen: Vec<i64> = (0..200)
            .map(|s| shift.offset("d", &s.to_string()))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [-2, -1, 1, 2]);
        let other = DateShift::new(&ProjectKey::new([8; 32]), 180);
        let differ = (0..50).filter(|s| {
            other.offset("d", &s.to_string()) != self::shift().offset("d", &s.to_string())
        });
        assert!(differ.count() > 40);
        assert_eq!(
            DateShift::new(&ProjectKey::new([9; 32]), 0).offset("d", "s"),
            0
        );
    }

    proptest! {
        #[test]
        fn intervals_stay(from in -20_000i64..40_000, to in -20_000i64..40_000, subject in "[0-9]{12}") {
            let shift = shift();
            let format = Written::parse("2024-05-17").unwrap();
            let made = |day| {
                let made = shift.apply("person", &subject, &format.with_day(day).unwrap()).unwrap();
                Written::parse(&made).unwrap().day
            };
            prop_assert_eq!(made(to) - made(from), to - from);
            prop_assert!((made(from) - from).abs() <= 180);
        }

        #[test]
        fn nothing_panics(value in ".{0,30}") {
            let _ = shift().apply("d", "s", &value);
        }
    }
}
