//! Where the values of a hierarchy come from.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use sandyq_anonymizer::{Encoding, Format, Limits, intake};

use crate::errors::{Failure, Result, causes};

/// A list of values has to fit into memory.
const MAX_BYTES: u64 = 256 << 20;

/// Where the values are, and what becomes of the result.
#[derive(Debug, Args)]
pub struct Values {
    /// A file of the values, one a line; `-` for standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    values: Option<PathBuf>,
    /// A table with the values: CSV, NDJSON (either may be packed with gzip) or Parquet, by its ending.
    #[arg(long, value_name = "FILE", requires = "column")]
    input: Option<PathBuf>,
    /// The column of the table.
    #[arg(long, value_name = "NAME", requires = "input")]
    column: Option<String>,
    /// What is between the cells of a CSV table [default: found out].
    #[arg(long, value_name = "CHARACTER", requires = "input")]
    delimiter: Option<char>,
    /// Leave out values that the rule cannot place, naming them, instead of failing.
    #[arg(long)]
    pub leave_out: bool,
    /// Write the hierarchy to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl Values {
    /// The different values. None need be given where the rule itself names some.
    pub fn read(&self, declared: bool) -> Result<Vec<String>> {
        match (&self.values, &self.input, &self.column) {
            (Some(path), ..) => {
                let mut values = lines(path)?;
                values.retain(|value| !value.is_empty());
                Ok(values)
            }
            (_, Some(path), Some(column)) => self.of_table(path, column),
            _ if declared => Ok(Vec::new()),
            _ => Err(Failure::usage(
                "give the values: --values FILE, or --input TABLE --column NAME",
            )),
        }
    }

    fn of_table(&self, path: &Path, column: &str) -> Result<Vec<String>> {
        let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let read = intake::read(&name, file, &self.format(path)?, &Limits::default());
        let table = read.map_err(|error| {
            Failure::general(format!(
                "cannot read {}: {}",
                path.display(),
                causes(&error)
            ))
        })?;
        let Some(values) = table.values(column) else {
            let columns: Vec<_> = table
                .schema()
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            let message = format!(
                "{} has no column {column:?}; it has {}",
                path.display(),
                columns.join(", ")
            );
            return Err(Failure::usage(message));
        };
        Ok(values
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect())
    }

    fn format(&self, path: &Path) -> Result<Format> {
        let name = path.to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let ending = name.rsplit('.').next().unwrap_or_default();
        let delimiter = match self.delimiter {
            Some(character) if !character.is_ascii() => {
                return Err(Failure::usage("--delimiter: must be an ASCII character"));
            }
            other => other.map(|character| character as u8),
        };
        match ending {
            "parquet" | "pq" => Ok(Format::Parquet),
            "ndjson" | "jsonl" => Ok(Format::Ndjson),
            _ => Ok(Format::Csv {
                delimiter,
                encoding: Encoding::Utf8,
            }),
        }
    }
}

/// The lines of a file, without their ends.
pub fn lines(path: &Path) -> Result<Vec<String>> {
    let failed = |error| Failure::file("read", path, &error);
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(failed)?)
    };
    source
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::general(format!(
            "{} is larger than {MAX_BYTES} bytes",
            path.display()
        )));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::general(format!(
            "{} is not UTF-8 at byte {}",
            path.display(),
            error.utf8_error().valid_up_to()
        ))
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    Ok(text.lines().map(str::to_owned).collect())
}
