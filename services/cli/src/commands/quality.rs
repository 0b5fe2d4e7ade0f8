//! The quality of tables, measured on this machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use sandyq_anonymizer::quality::{
    ColumnQuality, DatasetQuality, Examined, QualityReport, Reference, Standard, Thresholds,
    quality,
};
use sandyq_anonymizer::{Profile, Table, quality_html};

use super::tables::{self, Reading};
use crate::Session;
use crate::errors::{Failure, Result, causes};
use crate::output::{percent, printable, section};
use crate::parse;

/// The example of `sandyq quality`.
pub const EXAMPLE: &str = "\
Examples:
  sandyq quality citizens.csv visits.csv --type citizens.iin=IIN --type visits.note=HEALTH_TEXT
  sandyq quality people.parquet --profile library.toml --reference population.csv --report quality.html
  sandyq quality people.csv --thresholds thresholds.toml -o json

A reference is CSV with the columns dimension (sex, age_group, region), category, people and names; without one, that of the thresholds
is used, or none. It ends with 7 if a threshold does not hold. No value of the tables is shown or written.";

/// `sandyq quality`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Quality {
    /// The tables: CSV, NDJSON (either may be packed with gzip) or Parquet, by their endings. Each is the data set of its name.
    #[arg(value_name = "FILE", required = true)]
    inputs: Vec<PathBuf>,
    /// What a column means: COLUMN=TYPE or DATASET.COLUMN=TYPE, such as IIN, BIRTH_DATE, SEX, REGION, PHONE or FREE_TEXT.
    #[arg(long = "type", value_name = "COLUMN=TYPE", value_parser = parse::pair)]
    types: Vec<(String, String)>,
    /// The column that tells whom a row is about: COLUMN or DATASET.COLUMN.
    #[arg(long = "subject", value_name = "COLUMN")]
    subjects: Vec<String>,
    /// A profile, whose types, subjects and thresholds are used.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The thresholds that must hold, TOML; those of the profile when not given.
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// The reference population: a CSV file, or `kazakhstan` for the sample that the program has.
    #[arg(long, value_name = "FILE")]
    reference: Option<String>,
    /// The day on which ages are reckoned [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<String>,
    /// The delimiter of CSV files, or `tab`; found out when not given.
    #[arg(long, value_parser = parse::delimiter)]
    delimiter: Option<String>,
    /// Write a report that a browser shows.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Measures the quality of tables.
pub fn run(command: &Quality, session: &Session) -> Result<()> {
    let profile = command
        .profile
        .as_deref()
        .map(tables::profile)
        .transpose()?;
    let thresholds = command.thresholds(profile.as_ref())?;
    let reference = command.reference(&thresholds)?;
    let today = command.today()?;
    let reading = Reading {
        delimiter: command.delimiter.as_deref(),
        ..Reading::default()
    };
    let read = command
        .inputs
        .iter()
        .map(|path| reading.read(&tables::dataset_of(path), path));
    let read = read.collect::<Result<Vec<Table>>>()?;
    let known: Vec<Known> = read
        .iter()
        .map(|table| command.known(table, profile.as_ref()))
        .collect();
    let examined: Vec<Examined<'_>> = read
        .iter()
        .zip(&known)
        .map(|(table, known)| Examined {
            table,
            types: &known.types,
            subject: known.subject.as_deref(),
        })
        .collect();
    let standard = Standard {
        reference: reference.as_ref(),
        today: &today,
        thresholds: &thresholds,
    };
    let measured = quality(&examined, &standard);
    if let Some(path) = &command.report {
        tables::write(path, quality_html(&measured).as_bytes())?;
    }
    let value = serde_json::to_value(&measured)
        .map_err(|error| Failure::general(format!("cannot make JSON: {error}")))?;
    session.printer.value(&value, &shown(&measured))?;
    if measured.breaches.is_empty() {
        return Ok(());
    }
    let breaches = measured.breaches.iter();
    let breaches: Vec<String> = breaches
        .map(|breach| format!("  {}", printable(&breach.to_string())))
        .collect();
    Err(Failure::verification(format!(
        "the data is not of the quality that is asked for:\n{}",
        breaches.join("\n")
    )))
}

/// What is known of a table beside what stands in it.
struct Known {
    types: BTreeMap<String, String>,
    subject: Option<String>,
}

impl Quality {
    fn known(&self, table: &Table, profile: Option<&Profile>) -> Known {
        let dataset = profile.and_then(|profile| profile.dataset(table.name()).ok());
        let mut types = dataset
            .map(|dataset| dataset.types().clone())
            .unwrap_or_default();
        let own = |name: &str| {
            let column = name
                .strip_prefix(table.name())
                .and_then(|rest| rest.strip_prefix('.'));
            column.unwrap_or(name).to_owned()
        };
        types.extend(
            self.types
                .iter()
                .map(|(name, kind)| (own(name), kind.clone())),
        );
        let has = |column: &String| {
            table
                .schema()
                .columns
                .iter()
                .any(|known| known.name == *column)
        };
        let given = self.subjects.iter().map(|name| own(name)).find(has);
        let subject = given.or_else(|| {
            dataset
                .and_then(|dataset| dataset.subject())
                .map(str::to_owned)
        });
        Known { types, subject }
    }

    fn thresholds(&self, profile: Option<&Profile>) -> Result<Thresholds> {
        let Some(path) = &self.thresholds else {
            return Ok(profile
                .map(|profile| profile.quality().clone())
                .unwrap_or_default());
        };
        let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        Thresholds::parse(&text)
            .map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))
    }

    fn reference(&self, thresholds: &Thresholds) -> Result<Option<Reference>> {
        let name = self.reference.as_ref().or(thresholds.reference.as_ref());
        let Some(name) = name else {
            return Ok(None);
        };
        if let Some(known) = Reference::builtin(name) {
            return Ok(Some(known));
        }
        let path = PathBuf::from(name);
        let text =
            fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let parsed = Reference::parse(&text);
        parsed
            .map(Some)
            .map_err(|error| Failure::usage(format!("{name}: {}", causes(&error))))
    }

    fn today(&self) -> Result<String> {
        let Some(day) = &self.today else {
            return Ok(time::OffsetDateTime::now_utc().date().to_string());
        };
        let form = time::macros::format_description!("[year]-[month]-[day]");
        match time::Date::parse(day, form) {
            Ok(day) => Ok(day.to_string()),
            Err(_) => Err(Failure::usage("--today: write a day as 2026-01-31")),
        }
    }
}

/// The quality for people.
fn shown(report: &QualityReport) -> String {
    let mut text = String::new();
    for dataset in &report.datasets {
        shown_of(&mut text, dataset);
    }
    text.trim_end().to_owned()
}

fn shown_of(text: &mut String, dataset: &DatasetQuality) {
    let duplicates = &dataset.duplicates;
    let _ = writeln!(text, "data set {}", printable(&dataset.dataset));
    let _ = writeln!(text, "  rows         {}", dataset.rows);
    let _ = writeln!(text, "  filled       {}", percent(dataset.completeness));
    let _ = writeln!(
        text,
        "  repeated     {} ({})",
        duplicates.rows,
        percent(duplicates.share)
    );
    if let (Some(subjects), Some(repeated)) = (duplicates.subjects, duplicates.repeated_subjects) {
        let _ = writeln!(
            text,
            "  people       {subjects}, {repeated} of them with several rows"
        );
    }
    let columns = dataset.columns.iter().map(of_column).collect();
    section(
        text,
        "",
        &["COLUMN", "TYPE", "FILLED", "VALID", "OUTLIERS"],
        columns,
    );
    for distribution in &dataset.distributions {
        let title = format!(
            "  {}: distance {} from the population, {} people, not known of {}",
            distribution.dimension.replace('_', " "),
            percent(distribution.distance),
            distribution.people,
            distribution.unknown
        );
        let shares = distribution.shares.iter().map(|share| {
            vec![
                printable(&share.category),
                percent(share.observed),
                percent(share.reference),
            ]
        });
        section(
            text,
            &title,
            &["CATEGORY", "HERE", "POPULATION"],
            shares.collect(),
        );
    }
    let mixes = dataset.languages.iter().map(|mix| {
        let shares = [
            mix.kazakh,
            mix.russian,
            mix.english,
            mix.undetermined,
            mix.mixed,
        ];
        let shares = shares.into_iter().map(percent);
        [printable(&mix.column)].into_iter().chain(shares).collect()
    });
    let header = [
        "TEXTS",
        "KAZAKH",
        "RUSSIAN",
        "ENGLISH",
        "TOO SHORT",
        "IN SEVERAL",
    ];
    section(text, "", &header, mixes.collect());
    text.push('\n');
}

fn of_column(column: &ColumnQuality) -> Vec<String> {
    let none = || "-".to_owned();
    vec![
        printable(&column.column),
        column.kind.as_deref().map_or_else(none, printable),
        percent(column.completeness),
        column
            .validity
            .map_or_else(none, |validity| percent(validity.share)),
        column
            .outliers
            .map_or_else(none, |outliers| percent(outliers.share)),
    ]
}
