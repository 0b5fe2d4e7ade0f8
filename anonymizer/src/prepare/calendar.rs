//! Dates as text.

use serde::{Deserialize, Serialize};

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// `2024-05-17`.
    Day,
    /// `2024-05`.
    Month,
    /// `2024-Q2`.
    Quarter,
    /// `2024`.
    Year,
    /// `2020-2029`.
    Decade,
}

/// A day, a month or a year of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

impl Date {
    /// Reads `2024-05-17`, `2024-05`, `2024` or `17.05.2024`; a time of day may follow a whole date after a space or `T`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let date = text
            .split([' ', 'T'])
            .next()
            .filter(|date| date.len() <= 10)?;
        let timed = date.len() < text.len();
        let (year, month, day) = if date.contains('.') {
            let mut parts = date.split('.');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            parts
                .next()
                .is_none()
                .then_some((year, Some(month), Some(day)))?
        } else {
            let mut parts = date.split('-');
            let (year, month, day) = (parts.next()?, parts.next(), parts.next());
            parts.next().is_none().then_some((year, month, day))?
        };
        let two = |text: Option<&str>| text.map_or(Some(None), |text| digits(text, 2).map(Some));
        let date = Self {
            year: digits(year, 4)?,
            month: two(month)?.map(|month| month as u8),
            day: two(day)?.map(|day| day as u8),
        };
        (date.exists() && (!timed || date.day.is_some())).then_some(date)
    }

    fn exists(self) -> bool {
        let days = match self.month {
            None => return true,
            Some(2) if self.is_leap() => 29,
            Some(2) => 28,
            Some(4 | 6 | 9 | 11) => 30,
            Some(1..=12) => 31,
            Some(_) => return false,
        };
        self.day.is_none_or(|day| (1..=days).contains(&day))
    }

    fn is_leap(self) -> bool {
        self.year.is_multiple_of(4) && !self.year.is_multiple_of(100)
            || self.year.is_multiple_of(400)
    }

    /// The unit that the date is in; `None` if the date is not known as exactly.
    pub(crate) fn within(self, unit: Unit) -> Option<String> {
        let year = self.year;
        Some(match unit {
            Unit::Day => format!("{year:04}-{:02}-{:02}", self.month?, self.day?),
            Unit::Month => format!("{year:04}-{:02}", self.month?),
            Unit::Quarter => format!("{year:04}-Q{}", (self.month? - 1) / 3 + 1),
            Unit::Year => format!("{year:04}"),
            Unit::Decade => format!("{:04}-{:04}", year / 10 * 10, year / 10 * 10 + 9),
        })
    }
}

fn digits(text: &str, count: usize) -> Option<u16> {
    let sound = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn dates_are_within_their_units() {
        for text in [
            "2024-05-17",
            "17.05.2024",
            "2024-05-17T08:00:00Z",
            "17.05.2024 08:00",
        ] {
            let date = Date::parse(text).unwrap();
            let units = [
                Unit::Day,
                Unit::Month,
                Unit::Quarter,
                Unit::Year,
                Unit::Decade,
            ];
            assert_eq!(
                units.map(|unit| date.within(unit).unwrap()),
                ["2024-05-17", "2024-05", "2024-Q2", "2024", "2020-2029"],
                "{text}"
            );
        }
        let quarters: Vec<_> = (1..=12)
            .map(|month| {
                Date::parse(&format!("2001-{month:02}"))
                    .unwrap()
                    .within(Unit::Quarter)
                    .unwrap()
            })
            .collect();
        assert_eq!(quarters.first().unwrap(), "2001-Q1");
        assert_eq!(
            quarters.get(2..5).unwrap(),
            ["2001-Q1", "2001-Q2", "2001-Q2"]
        );
        assert_eq!(quarters.last().unwrap(), "2001-Q4");
    }

    #[test]
    fn what_is_less_exact_has_no_finer_unit() {
        assert_eq!(Date::parse("2024-05").unwrap().within(Unit::Day), None);
        assert_eq!(Date::parse("2024").unwrap().within(Unit::Quarter), None);
        assert_eq!(
            Date::parse("2024").unwrap().within(Unit::Decade).unwrap(),
            "2020-2029"
        );
    }

    #[test]
    fn days_that_do_not_exist_are_no_dates() {
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "24-01-01",
            "2024-1-1",
            "2024/01/01",
            "2024-01-01-01",
            "1.1.2024",
            "",
            "-",
            "..",
            "2024-05T10:00",
            "2024-01-01Z",
            "２０２４-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2000-02-29").is_some() && Date::parse("29.02.2024").is_some());
    }
}
