//! Working days: which days are worked, when a term of working days ends, how many lie between two dates.
//!
//! The calendar is data: a file with the holidays and moved days of each year, which the operator can replace. A date in a year that
//! the file does not have is an error, because a term that was guessed is a term that was missed. Pure: no clock, no files.

mod error;
mod file;
mod zone;

pub use error::CalendarError;
pub use zone::{almaty_date, end_of_day_in_almaty};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, Weekday};

/// The calendar of Kazakhstan that is shipped: 2026 and 2027, with its sources.
pub const KAZAKHSTAN: &str = include_str!("../data/kazakhstan.toml");

/// The longest term that is counted, in working days: two years of a calendar have fewer.
pub const LONGEST_TERM: u32 = 1000;

/// On what the days of a year rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Basis {
    /// On the calendar of working time that the ministry of labour published.
    Published,
    /// On the laws alone: nothing has been published for the year yet.
    ByRule,
}

impl Basis {
    /// `PUBLISHED` or `BY_RULE`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "PUBLISHED",
            Self::ByRule => "BY_RULE",
        }
    }
}

/// A year of the calendar, as it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// On what it rests.
    pub basis: Basis,
    /// Where the days come from.
    pub sources: Vec<String>,
    /// Days from Monday to Friday that are not worked, with what they are.
    off: BTreeMap<Date, String>,
    /// Saturdays and Sundays that are worked.
    worked: BTreeMap<Date, String>,
}

impl Year {
    /// The days from Monday to Friday that are not worked, in order, each with its reason.
    pub fn days_off(&self) -> impl Iterator<Item = (Date, &str)> {
        self.off.iter().map(|(date, name)| (*date, name.as_str()))
    }

    /// The Saturdays and Sundays that are worked, in order, each with its reason.
    pub fn worked_weekends(&self) -> impl Iterator<Item = (Date, &str)> {
        let worked = self.worked.iter();
        worked.map(|(date, name)| (*date, name.as_str()))
    }

    fn is_working_day(&self, date: Date) -> bool {
        if is_weekend(date) {
            self.worked.contains_key(&date)
        } else {
            !self.off.contains_key(&date)
        }
    }
}

/// Saturday or Sunday.
fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The working days of some years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    years: BTreeMap<i32, Year>,
}

impl Calendar {
    /// Reads and checks a calendar file.
    ///
    /// # Errors
    /// [`CalendarError`], with the year and the day that is wrong.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        file::read(text)
    }

    /// The calendar that is shipped.
    ///
    /// # Errors
    /// None in practice: a test reads it.
    pub fn kazakhstan() -> Result<Self, CalendarError> {
        Self::parse(KAZAKHSTAN)
    }

    /// The years that it covers, in order.
    pub fn years(&self) -> impl Iterator<Item = &Year> {
        self.years.values()
    }

    fn year(&self, date: Date) -> Result<&Year, CalendarError> {
        self.years
            .get(&date.year())
            .ok_or(CalendarError::MissingYear { date })
    }

    /// Whether a day is worked in a week of five days.
    ///
    /// # Errors
    /// [`CalendarError::MissingYear`].
    pub fn is_working_day(&self, date: Date) -> Result<bool, CalendarError> {
        Ok(self.year(date)?.is_working_day(date))
    }

    /// Why a day is not an ordinary one: the holiday, or the move; `None` for the days of an ordinary week.
    ///
    /// # Errors
    /// [`CalendarError::MissingYear`].
    pub fn note(&self, date: Date) -> Result<Option<&str>, CalendarError> {
        let year = self.year(date)?;
        let note = year.off.get(&date).or_else(|| year.worked.get(&date));
        Ok(note.map(String::as_str))
    }

    /// The last day of a term of `days` working days that begins with the day after `from`; `from` itself for a term of none.
    ///
    /// # Errors
    /// [`CalendarError::MissingYear`] as soon as the term leaves the calendar; [`CalendarError::Term`] above [`LONGEST_TERM`].
    pub fn add_working_days(&self, from: Date, days: u32) -> Result<Date, CalendarError> {
        if days > LONGEST_TERM {
            return Err(CalendarError::Term { days });
        }
        self.year(from)?;
        let (mut date, mut left) = (from, days);
        while left > 0 {
            date = date.next_day().ok_or(CalendarError::MissingYear { date })?;
            left -= u32::from(self.is_working_day(date)?);
        }
        Ok(date)
    }

    /// The working days after `from`, up to and with `until`; negative where `until` comes before `from`.
    ///
    /// # Errors
    /// [`CalendarError::MissingYear`] when any day between is not covered.
    pub fn working_days_between(&self, from: Date, until: Date) -> Result<i64, CalendarError> {
        if until < from {
            return Ok(-self.working_days_between(until, from)?);
        }
        self.year(from)?;
        let (mut date, mut count) = (from, 0);
        while date < until {
            date = date.next_day().ok_or(CalendarError::MissingYear { date })?;
            count += i64::from(self.is_working_day(date)?);
        }
        Ok(count)
    }

    /// The last moment of a term of working days that begins with the day after `from`, counted by the days of Almaty.
    ///
    /// # Errors
    /// As [`Calendar::add_working_days`].
    pub fn deadline(
        &self,
        from: OffsetDateTime,
        days: u32,
    ) -> Result<OffsetDateTime, CalendarError> {
        let last = self.add_working_days(almaty_date(from), days)?;
        Ok(end_of_day_in_almaty(last))
    }
}
