//! Measuring a table on this machine.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::Args;
use sandyq_anonymizer::{
    AttackerRisk, Beside, Cancel, DatasetProfile, Detail, Encoding, Format, Hierarchies, Hierarchy,
    Limits, Measurement, Profile, Report, Requirement, SensitiveMeasure, Table, UtilityLimits,
    html, intake, measure,
};

use crate::Session;
use crate::errors::{Failure, Result, causes};
use crate::output::{new_table, printable};

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
    #[arg(long, value_name = "NAME=FILE")]
    population: Option<String>,
    /// What is between the cells of CSV tables [default: found out].
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// Write a report that a browser shows.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a report for programs.
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
}

/// Measures the risk and the losses of a table as it stands.
pub fn run(command: &Measure, session: &Session) -> Result<()> {
    let text = fs::read_to_string(&command.profile)
        .map_err(|error| Failure::file("read", &command.profile, &error))?;
    let profile = Profile::parse(&text)
        .map_err(|error| failed(&command.profile.display().to_string(), &error))?;
    let profile = command.dataset(&profile)?;
    let hierarchies = command.hierarchies(profile)?;
    let table = command.table(profile.name(), &command.input)?;
    let original = match &command.original {
        Some(path) => Some(command.table(profile.name(), path)?),
        None => None,
    };
    let population = command.population(profile)?;
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
    fn dataset<'p>(&self, profile: &'p Profile) -> Result<&'p DatasetProfile> {
        if let Some(name) = &self.dataset {
            return profile
                .dataset(name)
                .map_err(|error| Failure::usage(format!("--dataset: {error}")));
        }
        let mut datasets = profile.datasets();
        match (datasets.next(), datasets.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(Failure::usage("the profile names no dataset")),
            _ => {
                let names: Vec<&str> = profile.datasets().map(DatasetProfile::name).collect();
                let names = names.join(", ");
                Err(Failure::usage(format!("--dataset: say one of {names}")))
            }
        }
    }

    fn hierarchies(&self, profile: &DatasetProfile) -> Result<Hierarchies> {
        let beside = || self.profile.with_file_name("hierarchies");
        let folder = self.hierarchies.clone().unwrap_or_else(beside);
        let mut all = Hierarchies::new();
        for name in profile.hierarchies() {
            let path = folder.join(format!("{name}.csv"));
            let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
            let hierarchy = Hierarchy::parse(name, &bytes)
                .map_err(|error| failed(&path.display().to_string(), &error))?;
            all.insert(name.to_owned(), hierarchy);
        }
        Ok(all)
    }

    fn population(&self, profile: &DatasetProfile) -> Result<Option<Table>> {
        let named = profile.privacy().population.as_deref();
        let Some(given) = &self.population else {
            return match named.filter(|_| profile.privacy().looks_at_population()) {
                Some(name) => Err(Failure::usage(format!(
                    "the profile compares with a population: --population {name}=FILE"
                ))),
                None => Ok(None),
            };
        };
        let Some((name, path)) = given.split_once('=') else {
            return Err(Failure::usage("--population: write NAME=FILE"));
        };
        if named.is_some_and(|named| named != name) {
            return Err(Failure::usage(format!(
                "--population: the profile names {:?}",
                named.unwrap_or_default()
            )));
        }
        self.table(name, Path::new(path)).map(Some)
    }

    fn table(&self, name: &str, path: &Path) -> Result<Table> {
        let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
        let limits = Limits {
            max_rows: u64::MAX,
            max_table_bytes: u64::MAX,
            ..Limits::default()
        };
        intake::read(name, file, &self.format(path)?, &limits)
            .map_err(|error| failed(&path.display().to_string(), &error))
    }

    fn format(&self, path: &Path) -> Result<Format> {
        let name = path.to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let delimiter = match self.delimiter {
            Some(character) if !character.is_ascii() => {
                return Err(Failure::usage("--delimiter: must be an ASCII character"));
            }
            other => other.map(|character| character as u8),
        };
        Ok(match name.rsplit('.').next().unwrap_or_default() {
            "parquet" | "pq" => Format::Parquet,
            "ndjson" | "jsonl" => Format::Ndjson,
            _ => Format::Csv {
                delimiter,
                encoding: Encoding::Utf8,
            },
        })
    }

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
            write(path, &html(&report))?;
        }
        if let Some(path) = &self.report_json {
            let json = report
                .to_json()
                .map_err(|error| Failure::general(format!("cannot make JSON: {error}")))?;
            write(path, &json)?;
        }
        Ok(())
    }
}

/// A file that is there is whole.
fn write(path: &Path, text: &str) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let beside = PathBuf::from(beside);
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| Failure::file("write", path, &error))
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
    section(&mut text, "Asked for", required(&measured.requirements));
    section(&mut text, "Risk of being found again", risks(measured));
    section(
        &mut text,
        "Sensitive columns",
        sensitive(&measured.sensitive),
    );
    section(&mut text, "Lost", losses(measured));
    text.truncate(text.trim_end().len());
    text
}

fn section(text: &mut String, title: &str, (header, rows): (&[&str], Vec<Vec<String>>)) {
    if rows.is_empty() {
        return;
    }
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let mut table = new_table(&header);
    for row in rows {
        table.add_row(row);
    }
    let _ = writeln!(text, "\n{title}");
    for line in table.trim_fmt().lines() {
        let _ = writeln!(text, "  {line}");
    }
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

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}
