//! Finding out what is in the columns of a file on this machine.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use sandyq_anonymizer::classify::{
    Classification, ColumnClass, Reading, TextEncoding, classify, classify_text,
};
use sandyq_anonymizer::{Format, Limits};

use crate::errors::{Failure, Result, causes};
use crate::output::{self, Printer, new_table, printable};

/// The example of `sandyq classify`.
pub const EXAMPLE: &str = "\
Examples:
  sandyq classify citizens.csv
  sandyq classify visits.ndjson.gz --profile profile.toml --dataset visits
  sandyq classify export.txt --delimiter ';' --encoding windows-1251 -o json

Values are never shown, only their forms. A draft profile is to be read and edited before it is used:
  sandyq anonymize citizens.csv --profile profile.toml --key-file key --out release.parquet";

/// `sandyq classify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Classify {
    /// The file: CSV or NDJSON, which may be packed with gzip, or Parquet.
    #[arg(value_name = "FILE")]
    input: PathBuf,
    /// Write a draft profile, which does what is suggested for each column.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The name of the data set in the draft [default: that of the file].
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// What is between the cells of a CSV file [default: found out].
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// How the text is encoded: utf-8, utf-16le, utf-16be, windows-1251, ibm866 or koi8-r [default: found out].
    #[arg(long, value_name = "ENCODING", value_parser = encoding)]
    encoding: Option<TextEncoding>,
    /// Whether the first record of a CSV file names the columns [default: found out].
    #[arg(long, value_name = "BOOL")]
    header: Option<bool>,
}

fn encoding(name: &str) -> std::result::Result<TextEncoding, String> {
    serde_json::from_value(serde_json::Value::from(name.to_lowercase()))
        .map_err(|_| "say utf-8, utf-16le, utf-16be, windows-1251, ibm866 or koi8-r".to_owned())
}

/// Classifies the columns of a file.
pub fn run(command: &Classify, format: output::Format) -> Result<()> {
    let found = command.classify()?;
    if let Some(path) = &command.profile {
        let draft = found.profile(&command.dataset());
        fs::write(path, draft).map_err(|error| Failure::file("write", path, &error))?;
    }
    let value = serde_json::to_value(&found)
        .map_err(|error| Failure::general(format!("cannot make JSON: {error}")))?;
    Printer::new(format)?.value(&value, &shown(&found))
}

impl Classify {
    fn classify(&self) -> Result<Classification> {
        let failed = |error: &(dyn std::error::Error + 'static)| {
            Failure::usage(format!("{}: {}", self.input.display(), causes(error)))
        };
        let delimiter = match self.delimiter {
            Some(delimiter) => Some(
                u8::try_from(delimiter)
                    .ok()
                    .filter(u8::is_ascii)
                    .ok_or_else(|| Failure::usage("--delimiter: give one ASCII character"))?,
            ),
            None => None,
        };
        let file =
            File::open(&self.input).map_err(|error| Failure::file("read", &self.input, &error))?;
        if is_parquet(&self.input)? {
            let limits = Limits {
                max_rows: u64::from(u32::MAX - 1),
                max_table_bytes: 1 << 40,
                ..Limits::default()
            };
            return classify(file, &Format::Parquet, &limits).map_err(|error| failed(&error));
        }
        let reading = Reading {
            delimiter,
            encoding: self.encoding,
            header: self.header,
            ndjson: None,
        };
        classify_text(file, reading).map_err(|error| failed(&error))
    }

    fn dataset(&self) -> String {
        let name = || self.input.file_name().unwrap_or_default().to_string_lossy();
        let stem = || name().split('.').next().unwrap_or_default().to_owned();
        self.dataset.clone().unwrap_or_else(stem)
    }
}

/// Whether a file begins like Parquet, whatever it is called.
fn is_parquet(path: &Path) -> Result<bool> {
    let failed = |error: std::io::Error| Failure::file("read", path, &error);
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(4).read_to_end(&mut head).map_err(failed)?;
    Ok(head == b"PAR1")
}

fn shown(found: &Classification) -> String {
    let header = [
        "#",
        "COLUMN",
        "TYPE",
        "SURE",
        "ROLE",
        "TRANSFORM",
        "VALUES",
        "DISTINCT",
        "FORM",
        "EVIDENCE",
    ];
    let mut table = new_table(&header.map(str::to_owned));
    for column in &found.columns {
        table.add_row(row(column));
    }
    let mut text = table.trim_fmt();
    let _ = write!(text, "\n\n{} rows, {}", found.rows, found.format);
    if let Some(delimiter) = found.delimiter {
        let _ = write!(text, ", cells between {delimiter:?}");
    }
    if found.ragged_rows > 0 {
        let _ = write!(
            text,
            "\n{} rows have more or fewer cells than the first",
            found.ragged_rows
        );
    }
    if !found.header {
        text.push_str("\nthe file has no header; write one before it is uploaded or anonymized");
    }
    if found.personal_header {
        text.push_str("\nthe header names people, so that some columns are shown by their numbers");
    }
    text
}

fn row(column: &ColumnClass) -> Vec<String> {
    let mixed = if column.mixed { ", mixed" } else { "" };
    vec![
        column.position.to_string(),
        printable(&column.name),
        format!("{}{mixed}", column.semantic),
        format!("{:.2}", column.confidence),
        column.suggestion.role.clone(),
        column.suggestion.transform.clone(),
        column.present.to_string(),
        column.distinct.to_string(),
        printable(column.examples.first().map_or("-", String::as_str)),
        column.evidence.join("; "),
    ]
}
