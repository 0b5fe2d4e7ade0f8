//! What can be wrong with a calendar, and with what is asked of it.

use time::Date;

/// Why a calendar cannot be used, or cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// The file is not TOML of the calendar's form; the text names the line.
    #[error("the calendar cannot be read: {message}")]
    Syntax {
        /// Line and field.
        message: String,
    },
    /// The file's `version` is another.
    #[error("the calendar has version {found}; this program reads version 1")]
    Version {
        /// As in the file.
        found: u32,
    },
    /// The file has no year.
    #[error("the calendar has no year; add a [[year]] with its holidays")]
    Empty,
    /// A year appears twice.
    #[error("the calendar has the year {year} twice; keep one of them")]
    RepeatedYear {
        /// The year.
        year: i32,
    },
    /// A year says nothing of where its days come from.
    #[error("the year {year} names no sources; say where its days come from")]
    NoSources {
        /// The year.
        year: i32,
    },
    /// A year without a single holiday is one that nobody filled in.
    #[error("the year {year} has no holidays; enter those of the law on holidays")]
    NoHolidays {
        /// The year.
        year: i32,
    },
    /// A date is none, or has a time.
    #[error("year {year}: {text} is not a date; write YYYY-MM-DD")]
    NotADate {
        /// The year that it is under.
        year: i32,
        /// As in the file.
        text: String,
    },
    /// A date lies in another year than the one that it is under.
    #[error("year {year}: {date} lies in another year; move it there")]
    OtherYear {
        /// The year that it is under.
        year: i32,
        /// The date.
        date: Date,
    },
    /// A day is named twice.
    #[error("year {year}: {date} is named twice ({first}, {second}); keep one of them")]
    Repeated {
        /// The year.
        year: i32,
        /// The date.
        date: Date,
        /// What it was first.
        first: String,
        /// What it was then.
        second: String,
    },
    /// A holiday on a weekend without the day that is off instead, or with the wrong one.
    #[error(
        "year {year}: the holiday of {date} ({name}) falls on a day off, so {expected} is off instead (law on holidays, article 5): write \
         replaced_by = {expected}"
    )]
    Replacement {
        /// The year.
        year: i32,
        /// The holiday.
        date: Date,
        /// Its name.
        name: String,
        /// The next day that would be worked.
        expected: Date,
    },
    /// A holiday on a working day with a replacement.
    #[error(
        "year {year}: the holiday of {date} ({name}) falls on no day off, so nothing replaces it; take replaced_by out"
    )]
    NoReplacement {
        /// The year.
        year: i32,
        /// The holiday.
        date: Date,
        /// Its name.
        name: String,
    },
    /// A moved day off that is none, or that is moved onto one.
    #[error("year {year}: the day off of {from} cannot be moved to {to}: {reason}")]
    Moved {
        /// The year.
        year: i32,
        /// The day that is worked.
        from: Date,
        /// The day that is off.
        to: Date,
        /// What is wrong.
        reason: &'static str,
    },
    /// A date that the calendar does not cover.
    #[error(
        "the calendar has no year {}, so terms that touch {date} cannot be counted; add the year to the calendar file",
        date.year()
    )]
    MissingYear {
        /// The date.
        date: Date,
    },
    /// A term that is too long.
    #[error(
        "a term of {days} working days is longer than any that is counted ({})",
        crate::LONGEST_TERM
    )]
    Term {
        /// The term.
        days: u32,
    },
}
