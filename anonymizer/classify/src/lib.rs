//! What is in each column of a dataset: its semantic type, how sure that is and why, and what to do with it.
//!
//! [`classify`] reads CSV in any dialect and NDJSON, packed or not, once and whole, on all cores; [`Rows`] takes the cells of other formats.
//! Every cell is looked at, so that a single identifier in row 900,000 is found; what is kept of a column is bounded. The header is read through a
//! lexicon in Russian, Kazakh and English; values by check digits, forms, word lists, how often they come and what the columns beside
//! them hold. Where header and values disagree, the values win.
//!
//! Nothing that is found out here repeats a value: examples show forms ([`masked`]), numbers are counts. [`told`] is for messages of others.

mod cell;
mod column;
mod decide;
mod error;
mod header;
mod mask;
mod profile;
mod read;
mod report;
mod semantic;
mod sign;
mod skeleton;
mod suggest;
mod survey;
mod vocabulary;

use std::io::Read;

pub use decide::Hidden;
pub use error::ClassifyError;
pub use mask::{told, told_together};
pub use profile::draft;
pub use read::{Encoding, Reading};
pub use report::{Classification, ColumnClass, masked};
pub use semantic::SemanticType;
pub use suggest::Suggestion;

use read::File;
use survey::Survey;

/// Classifies the columns of a CSV or NDJSON file.
///
/// # Errors
/// An empty file, a line that is no JSON object, more columns than 2,000, a record of more than 64 MiB, a source that fails.
pub fn classify(source: impl Read, reading: Reading) -> Result<Classification, ClassifyError> {
    let mut file = read::read(source, reading)?;
    let named = file.form != "csv";
    Ok(match reading.header {
        Some(header) => Classification::with_header(&mut file, header || named),
        None => Classification::of(file),
    })
}

/// The rows of a dataset in another format, given cell by cell.
#[derive(Debug)]
pub struct Rows {
    file: File,
}

impl Rows {
    /// A dataset in a format with these columns, and no row yet.
    #[must_use]
    pub fn new(format: &'static str, names: Vec<String>) -> Self {
        let survey = Survey::new(names.len());
        Self {
            file: File {
                form: format,
                encoding: Encoding::Utf8,
                delimiter: None,
                names,
                survey,
            },
        }
    }

    /// Takes the next cell of the row; empty if it has no value.
    pub fn cell(&mut self, cell: &str) {
        self.file.survey.cell(cell.as_bytes());
    }

    /// Ends the row.
    pub fn end_row(&mut self) {
        self.file.survey.end_row();
    }

    /// What the columns are.
    #[must_use]
    pub fn classify(mut self) -> Classification {
        self.file.survey.settle();
        Classification::of(self.file)
    }
}

#[cfg(test)]
mod tests;
