//! The quality of a dataset before anybody uses it: completeness, validity, duplicates, outliers, how it stands to the population it is
//! to speak for, and the languages of its texts.
//!
//! It is measured on what was taken in, once, from the different values of each column and how often they occur. What a column means
//! comes from outside as a name, such as `IIN` or `BIRTH_DATE`; where nothing is known of a column, only what needs no knowledge is
//! measured. Results are counts and shares: no value of the data stands in them.

mod column;
mod duplicate;
mod language;
mod outlier;
mod person;
mod reference;
mod report;
mod thresholds;
mod validity;

use std::collections::BTreeMap;

pub use self::reference::{Reference, ReferenceError};
pub use self::report::{
    ColumnQuality, DatasetQuality, Distribution, Duplicates, LanguageMix, OutlierMethod, Outliers,
    QualityReport, Share, Validity,
};
pub use self::thresholds::{Breach, ColumnThresholds, Thresholds, ThresholdsError};

use crate::table::Table;

/// A dataset whose quality is asked for.
#[derive(Clone, Copy)]
pub struct Examined<'a> {
    /// The dataset.
    pub table: &'a Table,
    /// What columns mean, by their names: `IIN`, `BIRTH_DATE`, `SEX`, `REGION`, `PHONE`, `FREE_TEXT` and so on. Case and underscores do not
    /// matter, and a name that is not known here is no error.
    pub types: &'a BTreeMap<String, String>,
    /// The column that tells whom a row is about.
    pub subject: Option<&'a str>,
}

/// What the data is compared with.
#[derive(Clone, Copy)]
pub struct Standard<'a> {
    /// The population that the data is to speak for.
    pub reference: Option<&'a Reference>,
    /// The day on which ages are reckoned, and after which nobody was born: `2026-01-31`.
    pub today: &'a str,
    /// What must hold.
    pub thresholds: &'a Thresholds,
}

/// Measures the quality of the datasets of a library.
#[must_use]
pub fn quality(datasets: &[Examined<'_>], standard: &Standard<'_>) -> QualityReport {
    let measured = datasets.iter().map(|dataset| of_dataset(dataset, standard));
    QualityReport::new(measured.collect(), standard)
}

/// Measures the quality of one dataset, for whoever does not hold all of a library at once; see [`QualityReport::new`].
#[must_use]
pub fn of_dataset(examined: &Examined<'_>, standard: &Standard<'_>) -> DatasetQuality {
    let table = examined.table;
    let columns: Vec<ColumnQuality> = table
        .columns()
        .iter()
        .map(|coded| column::quality(coded, examined.kind(&coded.name), standard.today))
        .collect();
    let cells = table.rows() as u64 * columns.len() as u64;
    let missing: u64 = columns.iter().map(|column| column.missing).sum();
    DatasetQuality {
        dataset: table.name().to_owned(),
        rows: table.rows() as u64,
        completeness: share(cells - missing, cells),
        columns,
        duplicates: duplicate::duplicates(table, examined.subject),
        distributions: person::distributions(examined, standard),
        languages: language::mix(examined),
    }
}

impl Examined<'_> {
    /// What a column means, in capitals without underscores.
    fn kind(&self, column: &str) -> Option<String> {
        self.types.get(column).map(|name| canonical(name))
    }

    /// The first column that means this.
    fn column_of(&self, kind: &str) -> Option<&crate::table::Coded> {
        let mut columns = self.table.columns().iter();
        columns.find(|column| self.kind(&column.name).as_deref() == Some(kind))
    }
}

fn canonical(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_uppercase).collect()
}

/// A share of nothing is all of it.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests;
