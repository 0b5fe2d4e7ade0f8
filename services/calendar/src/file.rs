//! The file, as people write it, and what it means once checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use time::{Date, Month};
use toml::value::Datetime;

use crate::{Basis, Calendar, CalendarError, Year, is_weekend};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCalendar {
    version: u32,
    #[serde(default, rename = "country")]
    _country: Option<String>,
    #[serde(default)]
    year: Vec<RawYear>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawYear {
    year: i32,
    basis: Basis,
    sources: Vec<String>,
    #[serde(default)]
    holiday: Vec<RawHoliday>,
    #[serde(default)]
    day_off: Vec<RawDayOff>,
    #[serde(default)]
    moved: Vec<RawMoved>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHoliday {
    date: Datetime,
    name: String,
    replaced_by: Option<Datetime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDayOff {
    date: Datetime,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMoved {
    from: Datetime,
    to: Datetime,
    source: String,
}

/// A holiday of the law, on whatever day of the week.
struct Holiday {
    date: Date,
    name: String,
    replaced_by: Option<Date>,
}

pub(crate) fn read(text: &str) -> Result<Calendar, CalendarError> {
    let raw: RawCalendar = toml::from_str(text).map_err(|error| CalendarError::Syntax {
        message: error.to_string(),
    })?;
    if raw.version != 1 {
        return Err(CalendarError::Version { found: raw.version });
    }
    let mut years = BTreeMap::new();
    for raw in raw.year {
        let year = raw.year;
        if years.insert(year, check(raw)?).is_some() {
            return Err(CalendarError::RepeatedYear { year });
        }
    }
    if years.is_empty() {
        return Err(CalendarError::Empty);
    }
    Ok(Calendar { years })
}

/// A date of a year.
fn date_in(year: i32, raw: &Datetime) -> Result<Date, CalendarError> {
    let not_a_date = || CalendarError::NotADate {
        year,
        text: raw.to_string(),
    };
    let (Some(date), None, None) = (raw.date, raw.time, raw.offset) else {
        return Err(not_a_date());
    };
    let month = Month::try_from(date.month).map_err(|_| not_a_date())?;
    let date = Date::from_calendar_date(i32::from(date.year), month, date.day);
    let date = date.map_err(|_| not_a_date())?;
    if date.year() == year {
        Ok(date)
    } else {
        Err(CalendarError::OtherYear { year, date })
    }
}

/// The days of a year that are named, each once.
struct Named {
    year: i32,
    days: BTreeMap<Date, String>,
}

impl Named {
    fn add(&mut self, date: Date, name: &str) -> Result<(), CalendarError> {
        match self.days.insert(date, name.to_owned()) {
            None => Ok(()),
            Some(first) => Err(CalendarError::Repeated {
                year: self.year,
                date,
                first,
                second: name.to_owned(),
            }),
        }
    }
}

fn check(raw: RawYear) -> Result<Year, CalendarError> {
    let year = raw.year;
    if raw.sources.iter().all(|source| source.trim().is_empty()) {
        return Err(CalendarError::NoSources { year });
    }
    if raw.holiday.is_empty() {
        return Err(CalendarError::NoHolidays { year });
    }
    let mut named = Named {
        year,
        days: BTreeMap::new(),
    };
    let mut holidays = Vec::new();
    for holiday in &raw.holiday {
        let date = date_in(year, &holiday.date)?;
        named.add(date, &holiday.name)?;
        let replaced_by = holiday.replaced_by.as_ref();
        holidays.push(Holiday {
            date,
            name: holiday.name.clone(),
            replaced_by: replaced_by.map(|day| date_in(year, day)).transpose()?,
        });
    }
    for day in &raw.day_off {
        named.add(date_in(year, &day.date)?, &day.name)?;
    }
    let worked = moved(year, &raw.moved, &mut named)?;
    holidays.sort_by_key(|holiday| holiday.date);
    for holiday in &holidays {
        replaced(holiday, &worked, &mut named)?;
    }
    let off = named.days.into_iter();
    Ok(Year {
        year,
        basis: raw.basis,
        sources: raw.sources,
        off: off.filter(|(date, _)| !is_weekend(*date)).collect(),
        worked,
    })
}

/// Enters the day that is off instead of a holiday on a weekend, and insists that it is the one of article 5.
fn replaced(
    holiday: &Holiday,
    worked: &BTreeMap<Date, String>,
    named: &mut Named,
) -> Result<(), CalendarError> {
    let (year, date, name) = (named.year, holiday.date, holiday.name.clone());
    if !is_weekend(date) {
        return match holiday.replaced_by {
            None => Ok(()),
            Some(_) => Err(CalendarError::NoReplacement { year, date, name }),
        };
    }
    let mut expected = date;
    while named.days.contains_key(&expected)
        || (is_weekend(expected) && !worked.contains_key(&expected))
    {
        // A year's last days: what replaces them lies in the next year, and is entered there as a day off.
        let next = expected.next_day().filter(|day| day.year() == year);
        let Some(next) = next else { return Ok(()) };
        expected = next;
    }
    if holiday.replaced_by != Some(expected) {
        return Err(CalendarError::Replacement {
            year,
            date,
            name,
            expected,
        });
    }
    named.add(expected, &format!("in place of {date}, {name}"))
}

/// Enters the days that the Government moved; returns the weekend days that are worked.
fn moved(
    year: i32,
    raw: &[RawMoved],
    named: &mut Named,
) -> Result<BTreeMap<Date, String>, CalendarError> {
    let mut worked = BTreeMap::new();
    for entry in raw {
        let (from, to) = (date_in(year, &entry.from)?, date_in(year, &entry.to)?);
        let refuse = |reason| {
            Err(CalendarError::Moved {
                year,
                from,
                to,
                reason,
            })
        };
        if entry.source.trim().is_empty() {
            return refuse("it names no source; name the resolution");
        }
        if !is_weekend(from) {
            return refuse("the first is no Saturday or Sunday");
        }
        if named.days.contains_key(&from) {
            return refuse("the first is a holiday, which is not worked");
        }
        if is_weekend(to) {
            return refuse("the second is a day off already");
        }
        named.add(to, &format!("day off moved from {from}: {}", entry.source))?;
        let note = format!("day off moved to {to}: {}", entry.source);
        if worked.insert(from, note).is_some() {
            return refuse("the first is moved twice");
        }
    }
    Ok(worked)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
