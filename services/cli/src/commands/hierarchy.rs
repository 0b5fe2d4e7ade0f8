//! Generalization hierarchies made by a rule, as files that ARX and this program read.

mod values;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sandyq_anonymizer as anonymizer;
use sandyq_anonymizer::{Build, Built};

use self::values::Values;
use crate::errors::{Failure, Result, causes};
use crate::output::note;

/// How many values a message lists.
const LISTED: usize = 10;

/// `sandyq hierarchy`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a hierarchy by a rule over given values, and print it as CSV: a row for each value, more general to the right.
    #[command(subcommand)]
    Build(Kind),
}

/// `sandyq hierarchy build`.
#[derive(Debug, Subcommand)]
pub enum Kind {
    /// Numbers by intervals such as [20-25[, that is 20 and more and less than 25.
    #[command(after_help = INTERVALS)]
    Intervals(Intervals),
    /// A list of values by groups of neighbours.
    #[command(after_help = ORDERED)]
    Ordered(Ordered),
    /// Dates (2024-05-17 or 17.05.2024) by month, quarter, year and so on.
    #[command(after_help = DATES)]
    Dates(Dates),
    /// Texts by masking characters from one end.
    #[command(after_help = MASK)]
    Mask(Mask),
    /// Nine-digit codes of Kazakhstan's administrative units by rural district, district and region.
    #[command(after_help = KATO)]
    Kato(Kato),
    /// Codes by their first characters, as of ICD-10.
    #[command(after_help = PREFIX)]
    Prefix(Prefix),
}

const INTERVALS: &str = "\
Examples:
  sandyq hierarchy build intervals --widths 5,10,20 --lower 20 --upper 90 --input adult.csv --column age > age.csv
      27;[25-30[;[20-30[;[20-40[;*
  seq 0 120 | sandyq hierarchy build intervals --widths 10 --values - --out age.csv
  sandyq hierarchy build intervals --widths 10 --lower 0 --upper 120 --step 1 > age.csv";
const ORDERED: &str = "\
Example:
  sandyq hierarchy build ordered --order low,mid,high,top --groups 2 > income.csv
      low;low - mid;*";
const DATES: &str = "\
Example:
  sandyq hierarchy build dates --units month,year --input people.parquet --column born > born.csv
      2024-05-17;2024-05;2024;*";
const MASK: &str = "\
Example:
  sandyq hierarchy build mask --end right --by 2 --input people.csv --column postcode > postcode.csv
      050010;0500**;05****;******;*";
const KATO: &str = "\
Example:
  sandyq hierarchy build kato --input people.csv --column kato > kato.csv
      101033102;101033100;101000000;100000000;KZ";
const PREFIX: &str = "\
Example:
  sandyq hierarchy build prefix --lengths 3,1 --blocks A00-A09,A15-A19 --input visits.csv --column icd10 > icd10.csv
      A00.1;A00;A00-A09;A;*";

/// `sandyq hierarchy build intervals`.
#[derive(Debug, Args)]
pub struct Intervals {
    /// The width of the intervals on each level, each a multiple of the one before.
    #[arg(long, required = true, value_delimiter = ',', value_name = "NUMBERS")]
    widths: Vec<f64>,
    /// Put all numbers below into one interval; count intervals from here instead of 0.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER")]
    lower: Option<f64>,
    /// Put all numbers from here on into one interval.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER")]
    upper: Option<f64>,
    /// Have the numbers from --lower to --upper in steps of this in the file, whether or not they are among the values.
    #[arg(long, value_name = "NUMBER")]
    step: Option<f64>,
    #[command(flatten)]
    values: Values,
}

/// `sandyq hierarchy build ordered`.
#[derive(Debug, Args)]
pub struct Ordered {
    /// The values in their order.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "VALUES",
        required_unless_present = "order_file",
        conflicts_with = "order_file"
    )]
    order: Vec<String>,
    /// A file of the values in their order, one a line.
    #[arg(long, value_name = "FILE")]
    order_file: Option<PathBuf>,
    /// How many groups of the level below each group joins, level by level.
    #[arg(long, required = true, value_delimiter = ',', value_name = "NUMBERS")]
    groups: Vec<u32>,
    #[command(flatten)]
    values: Values,
}

/// `sandyq hierarchy build dates`.
#[derive(Debug, Args)]
pub struct Dates {
    /// The unit of each level, each longer than the one before.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "UNITS", default_values_t = [Unit::Month, Unit::Quarter, Unit::Year, Unit::Decade])]
    units: Vec<Unit>,
    #[command(flatten)]
    values: Values,
}

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Unit {
    /// 2024-05-17
    Day,
    /// 2024-05
    Month,
    /// 2024-Q2
    Quarter,
    /// 2024
    Year,
    /// 2020-2029
    Decade,
}

/// `sandyq hierarchy build mask`.
#[derive(Debug, Args)]
pub struct Mask {
    /// Where masking begins.
    #[arg(long, value_enum, default_value_t = End::Right, value_name = "END")]
    end: End,
    /// What stands for a masked character.
    #[arg(long, default_value_t = '*', value_name = "CHARACTER")]
    character: char,
    /// The characters of the longest value [default: of the longest given].
    #[arg(long, value_name = "NUMBER")]
    length: Option<u32>,
    /// Characters that each level masks more than the one below.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    by: u32,
    #[command(flatten)]
    values: Values,
}

/// An end of a text.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum End {
    /// The beginning.
    Left,
    /// The end.
    Right,
}

/// `sandyq hierarchy build kato`.
#[derive(Debug, Args)]
pub struct Kato {
    /// Put the regions made in 2022 (10, 33, 62) under those that they were part of (63, 19, 35).
    #[arg(long)]
    join_2022: bool,
    #[command(flatten)]
    values: Values,
}

/// `sandyq hierarchy build prefix`.
#[derive(Debug, Args)]
pub struct Prefix {
    /// How many characters stay on each level, each fewer than the one before.
    #[arg(long, required = true, value_delimiter = ',', value_name = "NUMBERS")]
    lengths: Vec<u32>,
    /// Ranges of codes as long as one of the prefixes, which make a level above it.
    #[arg(long, value_delimiter = ',', value_name = "RANGES")]
    blocks: Vec<String>,
    #[command(flatten)]
    values: Values,
}

/// Does it.
pub fn run(command: Command) -> Result<()> {
    let Command::Build(kind) = command;
    let (build, values) = kind.rule()?;
    // Whoever got the rule wrong should not have to wait for the values.
    build.check().map_err(|fault| {
        Failure::usage(format!(
            "--{}: {}",
            fault.field.replace('_', "-"),
            fault.message
        ))
    })?;
    let declares = matches!(&build, Build::Ordered(_))
        || matches!(&build, Build::Intervals(rule) if rule.step.is_some());
    let given = values.read(declares)?;
    let built = build.over(build.kind(), given.iter().map(String::as_str));
    let Built {
        hierarchy,
        rejected,
    } = built.map_err(|error| Failure::general(causes(&error)))?;
    if !rejected.is_empty() {
        let listed = listed(&rejected);
        if !values.leave_out {
            let advice = "correct them, or leave them out with --leave-out";
            return Err(Failure::general(format!(
                "{} values cannot be placed: {listed}\n  {advice}",
                rejected.len()
            )));
        }
        note(&format!("left out {} values: {listed}", rejected.len()));
    }
    if hierarchy.is_empty() {
        return Err(Failure::general(
            "there are no values to make a hierarchy of",
        ));
    }
    match &values.out {
        Some(path) => fs::write(path, hierarchy.to_csv())
            .map_err(|error| Failure::file("write", path, &error)),
        None => std::io::stdout()
            .write_all(hierarchy.to_csv().as_bytes())
            .map_err(|error| Failure::general(format!("cannot write to standard output: {error}"))),
    }
}

fn listed(values: &[String]) -> String {
    let shown: Vec<_> = values
        .iter()
        .take(LISTED)
        .map(|value| format!("{:?}", value.chars().take(64).collect::<String>()))
        .collect();
    match values.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl Kind {
    /// The rule, and where the values are.
    fn rule(self) -> Result<(Build, Values)> {
        Ok(match self {
            Self::Intervals(rule) => (
                Build::Intervals(anonymizer::Intervals {
                    widths: rule.widths,
                    lower: rule.lower,
                    upper: rule.upper,
                    step: rule.step,
                }),
                rule.values,
            ),
            Self::Ordered(rule) => {
                let values = match &rule.order_file {
                    Some(path) => values::lines(path)?,
                    None => rule.order,
                };
                (
                    Build::Ordered(anonymizer::Ordered {
                        values,
                        groups: rule.groups,
                    }),
                    rule.values,
                )
            }
            Self::Dates(rule) => {
                let units = rule.units.into_iter().map(Unit::named).collect();
                (Build::Dates(anonymizer::Dates { units }), rule.values)
            }
            Self::Mask(rule) => {
                let end = match rule.end {
                    End::Left => anonymizer::End::Left,
                    End::Right => anonymizer::End::Right,
                };
                (
                    Build::Mask(anonymizer::Mask {
                        end,
                        character: rule.character,
                        length: rule.length,
                        by: rule.by,
                    }),
                    rule.values,
                )
            }
            Self::Kato(rule) => (
                Build::Kato(anonymizer::Kato {
                    join_2022: rule.join_2022,
                }),
                rule.values,
            ),
            Self::Prefix(rule) => (
                Build::Prefix(anonymizer::Prefix {
                    lengths: rule.lengths,
                    blocks: rule.blocks,
                }),
                rule.values,
            ),
        })
    }
}

impl Unit {
    fn named(self) -> anonymizer::Unit {
        match self {
            Self::Day => anonymizer::Unit::Day,
            Self::Month => anonymizer::Unit::Month,
            Self::Quarter => anonymizer::Unit::Quarter,
            Self::Year => anonymizer::Unit::Year,
            Self::Decade => anonymizer::Unit::Decade,
        }
    }
}

#[cfg(test)]
mod tests;
