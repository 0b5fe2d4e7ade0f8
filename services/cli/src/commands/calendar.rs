//! The working-day calendar, on this machine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use sandyq_calendar::Calendar;
use serde_json::json;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, UtcOffset};

use crate::Session;
use crate::errors::{Failure, Result};
use crate::output::new_table;

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// `sandyq calendar`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a calendar file and show its days off.
    #[command(after_help = "Examples:
  sandyq calendar check                      the calendar that is shipped
  sandyq calendar check our-calendar.toml    one of your own, before the server takes it")]
    Check {
        /// The file; the shipped calendar when left out.
        file: Option<PathBuf>,
    },
    /// Tell when a term of working days ends; it begins with the day after DATE.
    #[command(after_help = "Examples:
  sandyq calendar deadline 2026-12-11 15                      a withdrawal of consent
  sandyq calendar deadline 2026-12-11 3 --calendar our.toml   by a calendar of your own")]
    Deadline {
        /// The day on which the term was set off, YYYY-MM-DD, in Almaty.
        #[arg(value_parser = date)]
        date: Date,
        /// Working days.
        days: u32,
        /// The calendar file; the shipped calendar when left out.
        #[arg(long, value_name = "FILE")]
        calendar: Option<PathBuf>,
    },
}

/// Reads a date.
fn date(text: &str) -> std::result::Result<Date, String> {
    Date::parse(text, DATE)
        .map_err(|_| format!("`{text}` is not a date; write for example 2026-12-11"))
}

/// Does it.
pub fn run(command: &Command, session: &Session) -> Result<()> {
    match command {
        Command::Check { file } => check(&read(file.as_deref())?, session),
        Command::Deadline {
            date,
            days,
            calendar,
        } => deadline(&read(calendar.as_deref())?, *date, *days, session),
    }
}

fn read(file: Option<&Path>) -> Result<Calendar> {
    let Some(path) = file else {
        return Calendar::kazakhstan().map_err(|error| Failure::general(error.to_string()));
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Calendar::parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn check(calendar: &Calendar, session: &Session) -> Result<()> {
    let mut years = Vec::new();
    let mut text = String::new();
    for year in calendar.years() {
        let basis = year.basis.as_str();
        let _ = writeln!(text, "{} ({basis})", year.year);
        for source in &year.sources {
            let _ = writeln!(text, "  source: {source}");
        }
        let mut table = new_table(&["day", "of the week", "is", "because"].map(str::to_owned));
        let off = year.days_off().map(|(day, note)| (day, "off", note));
        let worked = year
            .worked_weekends()
            .map(|(day, note)| (day, "worked", note));
        let mut days: Vec<_> = off.chain(worked).collect();
        days.sort();
        let rows = days.iter().map(|(day, is, note)| {
            table.add_row([
                day.to_string(),
                day.weekday().to_string(),
                (*is).to_owned(),
                (*note).to_owned(),
            ]);
            json!({ "date": day.to_string(), "working": *is == "worked", "reason": note })
        });
        let rows: Vec<_> = rows.collect();
        let _ = writeln!(text, "{table}\n");
        years.push(
            json!({ "year": year.year, "basis": basis, "sources": year.sources, "days": rows }),
        );
    }
    session.printer.value(&json!(years), text.trim_end())
}

fn deadline(calendar: &Calendar, from: Date, days: u32, session: &Session) -> Result<()> {
    let last = calendar
        .add_working_days(from, days)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let end = sandyq_calendar::end_of_day_in_almaty(last).to_offset(UtcOffset::UTC);
    let basis = calendar
        .years()
        .find(|year| year.year == last.year())
        .map(|year| year.basis.as_str())
        .unwrap_or_default();
    let line = format!(
        "{last} ({}), until {:02}:{:02}:{:02} UTC; {} is {basis}",
        last.weekday(),
        end.hour(),
        end.minute(),
        end.second(),
        last.year(),
    );
    let value = json!({ "date": last.to_string(), "weekday": last.weekday().to_string(), "end": end.unix_timestamp(), "basis": basis });
    session.printer.value(&value, &line)
}
