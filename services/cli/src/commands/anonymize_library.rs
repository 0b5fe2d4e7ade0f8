//! Depersonalizing the data sets of a library together on this machine: people are counted, not rows.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use sandyq_anonymizer::{
    Cancel, DatasetProfile, Error, PlanError, RelationError, Release, Table, depersonalize_library,
};
use serde_json::json;

use super::tables::{self, Reading};
use crate::Session;
use crate::errors::{Exit, Failure, Result, causes};
use crate::output::{new_table, printable};
use crate::parse;

/// The example of `sandyq anonymize-library`.
pub const EXAMPLE: &str = "\
Examples:
  sandyq anonymize-library citizens.csv visits.csv --profile library.toml --key-file key --out releases

Each file is the data set of its name. What is written to the folder is a Parquet file for each, its report as JSON (NAME.report.json)
and as a page (NAME.report.html); nothing is written unless all of them hold what the profile asks for.
Exit codes: 0 done; 2 the profile, a hierarchy or an option is wrong, or does not fit the files; 4 what is asked for cannot be met;
7 the written files failed their measurement; 1 anything else.";

/// `sandyq anonymize-library`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct AnonymizeLibrary {
    /// The tables: CSV, NDJSON (either may be packed with gzip) or Parquet, by their endings.
    #[arg(value_name = "FILE", required = true)]
    inputs: Vec<PathBuf>,
    /// The profile, TOML.
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// The folder that the releases go to; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The folder of the hierarchies [default: `hierarchies` beside the profile].
    #[arg(long, value_name = "DIR")]
    hierarchies: Option<PathBuf>,
    /// A file with the key of pseudonyms: 64 hexadecimal digits. The same key gives the same pseudonyms.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The delimiter of CSV files, or `tab`; found out when not given.
    #[arg(long, value_parser = parse::delimiter)]
    delimiter: Option<String>,
}

/// Depersonalizes the data sets of a library.
pub fn run(command: &AnonymizeLibrary, session: &Session) -> Result<()> {
    let profile = tables::profile(&command.profile)?;
    let names = profile.datasets().flat_map(DatasetProfile::hierarchies);
    let hierarchies = tables::hierarchies(command.hierarchies.as_ref(), &command.profile, names)?;
    let key = tables::key(command.key_file.as_ref(), profile.datasets())?;
    // What is made here is not staged, so that surrogates stand in it at once.
    let key = key.with_surrogates();
    let reading = Reading {
        delimiter: command.delimiter.as_deref(),
        ..Reading::default()
    };
    let read = command
        .inputs
        .iter()
        .map(|path| reading.read(&tables::dataset_of(path), path));
    let read = read.collect::<Result<Vec<Table>>>()?;
    let made = depersonalize_library(
        &read,
        &profile,
        &hierarchies,
        &key,
        &Cancel::new(),
        &mut |_| {},
    );
    let made = made.map_err(|error| failed(&error))?;
    fs::create_dir_all(&command.out)
        .map_err(|error| Failure::file("make", &command.out, &error))?;
    for release in &made {
        command.write(release)?;
    }
    let reports: Vec<_> = made.iter().map(Release::report).collect();
    session
        .printer
        .value(&json!({ "reports": reports }), &shown(&made))
}

impl AnonymizeLibrary {
    fn write(&self, release: &Release) -> Result<()> {
        let report = release.report();
        let place = |ending: &str| self.out.join(format!("{}.{ending}", report.dataset));
        let json = report
            .to_json()
            .map_err(|error| Failure::general(error.to_string()))?;
        tables::write(&place("parquet"), release.bytes())?;
        tables::write(&place("report.json"), json.as_bytes())?;
        tables::write(&place("report.html"), report.to_html().as_bytes())
    }
}

fn failed(error: &Error) -> Failure {
    let exit = match error {
        Error::Plan(PlanError::KNotReachable { .. } | PlanError::Search { .. })
        | Error::Relation(RelationError::NotReachable { .. }) => Exit::Conflict,
        Error::Relation(RelationError::NotPrivate { .. }) | Error::Verify(_) => Exit::Verification,
        Error::Plan(_) | Error::Execute(_) | Error::Profile(_) | Error::Relation(_) => Exit::Usage,
        _ => Exit::Failure,
    };
    Failure::new(exit, causes(error))
}

fn shown(made: &[Release]) -> String {
    let header = [
        "DATA SET",
        "ROWS",
        "OF",
        "PEOPLE",
        "OF",
        "K (PEOPLE)",
        "K (JOINED)",
        "LOSS",
    ];
    let mut table = new_table(&header.map(str::to_owned));
    for release in made {
        let report = release.report();
        let relation = report.relation.as_ref();
        let optional =
            |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
        table.add_row([
            printable(&report.dataset),
            report.rows.output.to_string(),
            report.rows.input.to_string(),
            optional(relation.and_then(|relation| relation.released_subjects)),
            optional(relation.map(|relation| relation.subjects)),
            optional(relation.map(|relation| relation.smallest_class_subjects)),
            optional(relation.and_then(|relation| relation.joined_k)),
            format!("{:.4}", report.loss.geometric),
        ]);
    }
    table.trim_fmt()
}
