//! Measuring a table on this machine.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use sandyq_anonymizer::{
    AttackerRisk, Beside, Cancel, DatasetProfile, Detail, Measurement, Report, Requirement,
    SensitiveMeasure, Table, UtilityLimits, html, measure,
};

use super::tables::{self, Reading};

use crate::Session;
use crate::errors::{Failure, Result, causes};
use crate::output::{percent, printable, section};
use crate::parse;

/// The example of `sandyq measure`.
pub const EXAMPLE: &str = "\
Examples:
  sandyq measure release.csv --profile profile.toml --hierarchies hierarchies
  sandyq measure release.parquet --profile profile.toml --original people.csv --report report.html
  sandyq measure sample.csv --profile profile.toml --population register=register.csv -o json

It ends with 7 if the table does not have what the profile asks for.";

/// `sandyq measure`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Measure {
    /// The table: CSV, NDJSON (either may be packed with gzip) or Parquet, by its ending.
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// The profile: which columns are quasi-identifiers and sensitive, and what is asked for.
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// The dataset of the profile [default: its only one].
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// The folder with a file NAME.csv for each hierarchy [default: `hierarchies` beside the profile].
    #[arg(long, value_name = "DIR")]
    hierarchies: Option<PathBuf>,
    /// The table that it was made of: rows that it lacks are suppressed, and sensitive values are compared with it.
    #[arg(long, value_name = "FILE")]
    original: Option<PathBuf>,
    /// The table of the population that the profile names.
    #[arg(long, value_parser = parse::pair, value_name = "NAME=FILE")]
    population: Option<(String, String)>,
    /// The delimiter of CSV files, or `tab`; found out when not given.
    #[arg(long, value_parser = parse::delimiter)]
    delimiter: Option<String>,
    /// Write a report that a browser shows.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a report for programs.
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

/// Measures the risk and the losses of a table as it stands.
pub fn run(command: &Measure, session: &Session) -> Result<()> {
    let profile = tables::profile(&command.profile)?;
    let profile = tables::dataset(&profile, command.dataset.as_deref(), &command.input)?;
    let hierarchies = tables::hierarchies(
        command.hierarchies.as_ref(),
        &command.profile,
        profile.hierarchies(),
    )?;
    let reading = Reading {
        delimiter: command.delimiter.as_deref(),
        ..Reading::default()
    };
    let table = reading.read(profile.name(), &command.input)?;
    let original = command.original.as_ref();
    let original = original
        .map(|path| reading.read(profile.name(), path))
        .transpose()?;
    let population = tables::population(command.population.as_ref(), profile, &reading)?;
    let beside = Beside {
        hierarchies: &hierarchies,
        original: original.as_ref(),
        population: population.as_ref(),
    };
    let measured = measure(&table, profile, &beside)
        .map_err(|error| failed(&command.input.display().to_string(), &error))?;
    command.reports(&table, profile, &beside, &measured)?;
    let value = serde_json::to_value(&measured)
        .map_err(|error| Failure::general(format!("cannot make JSON: {error}")))?;
    session.printer.value(&value, &shown(&measured))?;
    let violated: Vec<String> = measured.violated().map(|r| format!("  {r}")).collect();
    if violated.is_empty() {
        return Ok(());
    }
    Err(Failure::verification(format!(
        "the table does not have what the profile asks for:\n{}",
        violated.join("\n")
    )))
}

fn failed(what: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::general(format!("{what}: {}", causes(error)))
}

impl Measure {
    fn reports(
        &self,
        table: &Table,
        profile: &DatasetProfile,
        beside: &Beside<'_>,
        measured: &Measurement,
    ) -> Result<()> {
        if self.report.is_none() && self.report_json.is_none() {
            return Ok(());
        }
        let mut report = Report::of_table(table, profile, measured.clone());
        if let Some(original) = beside.original {
            let detail = Detail {
                profile,
                hierarchies: beside.hierarchies,
                original,
                released: table,
                population: beside.population,
                target: None,
                limits: UtilityLimits::default(),
            };
            report
                .complete(&detail, &Cancel::new())
                .map_err(|error| failed("the report", &error))?;
        }
        if let Some(path) = &self.report {
            tables::write(path, html(&report).as_bytes())?;
        }
        if let Some(path) = &self.report_json {
            let json = report
                .to_json()
                .map_err(|error| Failure::general(format!("cannot make JSON: {error}")))?;
            tables::write(path, json.as_bytes())?;
        }
        Ok(())
    }
}

/// The measures for people.
fn shown(measured: &Measurement) -> String {
    let mut text = String::new();
    let classes = &measured.classes;
    let _ = writeln!(
        text,
        "records    {}, of which {} suppressed ({})",
        measured.records,
        measured.suppressed,
        percent(measured.suppressed as f64 / measured.records.max(1) as f64)
    );
    let _ = writeln!(
        text,
        "classes    {} of {} to {} records, {:.2} on average",
        classes.classes, classes.smallest, classes.largest, classes.average
    );
    if let Some(people) = &measured.population {
        let _ = writeln!(
            text,
            "population {} people at least under a class; {} to {} of those under a class are in the table",
            people.k_map,
            percent(people.least_presence),
            percent(people.greatest_presence)
        );
    }
    for (title, (header, rows)) in [
        ("Asked for", required(&measured.requirements)),
        ("Risk of being found again", risks(measured)),
        ("Sensitive columns", sensitive(&measured.sensitive)),
        ("Lost", losses(measured)),
    ] {
        section(&mut text, title, header, rows);
    }
    text.truncate(text.trim_end().len());
    text
}

fn required(requirements: &[Requirement]) -> (&'static [&'static str], Vec<Vec<String>>) {
    let rows = requirements.iter().map(|requirement| {
        let detail = match requirement.detail.as_str() {
            "" => requirement.model.clone(),
            detail => format!("{} ({detail})", requirement.model),
        };
        vec![
            detail,
            requirement
                .column
                .as_deref()
                .map_or_else(|| "-".to_owned(), printable),
            format!(
                "{} {}",
                requirement.comparison.words(),
                requirement.required
            ),
            optional(requirement.measured),
            if requirement.holds { "yes" } else { "NO" }.to_owned(),
        ]
    });
    (
        &["MODEL", "COLUMN", "REQUIRED", "MEASURED", "HOLDS"],
        rows.collect(),
    )
}

fn risks(measured: &Measurement) -> (&'static [&'static str], Vec<Vec<String>>) {
    let row = |name: &str, risk: &AttackerRisk| {
        vec![
            name.to_owned(),
            percent(risk.highest),
            percent(risk.average),
            risk.records_above_0_09.to_string(),
            risk.records_above_0_20.to_string(),
        ]
    };
    let risks = &measured.risks;
    let mut rows = vec![row("prosecutor", &risks.prosecutor)];
    rows.extend(risks.journalist.iter().map(|risk| row("journalist", risk)));
    let marketer = percent(risks.marketer);
    rows.push(
        ["marketer", "-", &marketer, "-", "-"]
            .map(ToOwned::to_owned)
            .to_vec(),
    );
    (
        &[
            "ATTACKER",
            "HIGHEST",
            "AVERAGE",
            "RECORDS > 9%",
            "RECORDS > 20%",
        ],
        rows,
    )
}

fn sensitive(columns: &[SensitiveMeasure]) -> (&'static [&'static str], Vec<Vec<String>>) {
    let rows = columns.iter().map(|column| {
        vec![
            printable(&column.column),
            column.values.to_string(),
            column
                .distinct_diversity
                .map_or_else(|| "-".to_owned(), |l| l.to_string()),
            optional(column.entropy_diversity),
            optional(column.t_closeness_equal),
            optional(column.delta_disclosure),
            optional(column.basic_beta),
        ]
    });
    (
        &[
            "COLUMN",
            "VALUES",
            "DISTINCT L",
            "ENTROPY L",
            "T (EQUAL)",
            "DELTA",
            "BETA",
        ],
        rows.collect(),
    )
}

fn losses(measured: &Measurement) -> (&'static [&'static str], Vec<Vec<String>>) {
    let utility = &measured.utility;
    let mut rows: Vec<Vec<String>> = utility
        .attributes
        .iter()
        .map(|attribute| {
            vec![
                printable(&attribute.column),
                number(attribute.loss),
                number(attribute.precision_loss),
                optional(attribute.non_uniform_entropy),
            ]
        })
        .collect();
    rows.push(vec![
        "all, arithmetic".to_owned(),
        number(utility.arithmetic_loss),
        number(utility.precision_loss),
        optional(utility.non_uniform_entropy),
    ]);
    let geometric = number(utility.geometric_loss);
    rows.push(
        ["all, geometric", &geometric, "-", "-"]
            .map(ToOwned::to_owned)
            .to_vec(),
    );
    (&["COLUMN", "LOSS", "PRECISION", "ENTROPY"], rows)
}

fn number(number: f64) -> String {
    format!("{number:.6}")
}

fn optional(measured: Option<f64>) -> String {
    match measured {
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => format!("{whole:.0}"),
        Some(some) => number(some),
        None => "-".to_owned(),
    }
}
