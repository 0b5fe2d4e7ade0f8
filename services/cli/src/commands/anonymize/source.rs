//! A plan that was kept, and the format of a release.

use std::fs;
use std::path::Path;

use sandyq_anonymizer::{OutputFormat, Table};

use super::{Anonymize, SavedPlan};
use crate::errors::{Failure, Result};

pub(super) fn read_plan(path: &Path) -> Result<SavedPlan> {
    let text = fs::read(path).map_err(|error| Failure::file("read", path, &error))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::usage(format!("{} is no saved plan: {error}", path.display())))
}

/// The format of the release by its ending. CSV is cut as the input was.
pub(super) fn output_format(command: &Anonymize, table: &Table) -> Result<OutputFormat> {
    let ending = command
        .out
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match ending.as_str() {
        "parquet" => Ok(OutputFormat::Parquet),
        "csv" | "txt" => Ok(OutputFormat::Csv {
            delimiter: command
                .reading()
                .delimiter()
                .or(table.delimiter())
                .unwrap_or(b','),
        }),
        "tsv" => Ok(OutputFormat::Csv { delimiter: b'\t' }),
        _ => Err(Failure::usage(format!(
            "the format of {} is not known from its ending: .csv, .tsv or .parquet",
            command.out.display()
        ))),
    }
}
