//! What was measured.

use serde::{Deserialize, Serialize};

use super::{Breach, Standard, Thresholds};

/// The quality of the datasets of a library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QualityReport {
    /// By dataset.
    pub datasets: Vec<DatasetQuality>,
    /// What was asked for.
    pub thresholds: Thresholds,
    /// What of that does not hold.
    pub breaches: Vec<Breach>,
    /// The day on which ages were reckoned.
    pub today: String,
}

impl QualityReport {
    /// Holds what was measured of datasets to the thresholds.
    #[must_use]
    pub fn new(datasets: Vec<DatasetQuality>, standard: &Standard<'_>) -> Self {
        Self {
            breaches: standard.thresholds.breaches(&datasets),
            today: standard.today.to_owned(),
            thresholds: standard.thresholds.clone(),
            datasets,
        }
    }

    /// The report as indented JSON.
    ///
    /// # Errors
    /// Never: all its numbers are finite.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

/// The quality of one dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DatasetQuality {
    /// The dataset.
    pub dataset: String,
    /// Its rows.
    pub rows: u64,
    /// The share of cells that have a value.
    pub completeness: f64,
    /// By column, in the order of the file.
    pub columns: Vec<ColumnQuality>,
    /// Rows and subjects that occur more than once.
    pub duplicates: Duplicates,
    /// How the people of the dataset are distributed, beside the reference population where there is one.
    pub distributions: Vec<Distribution>,
    /// The languages of columns with texts.
    pub languages: Vec<LanguageMix>,
}

/// The quality of one column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnQuality {
    /// The column.
    pub column: String,
    /// What it means, if that is known.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Rows without a value.
    pub missing: u64,
    /// The share of rows that have a value.
    pub completeness: f64,
    /// Whether values are what they should be; `None` where it is not known what that is.
    pub validity: Option<Validity>,
    /// Values far from the others, or out of range; of numbers and dates only.
    pub outliers: Option<Outliers>,
}

/// Whether the values of a column are what they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Validity {
    /// Rows with a value.
    pub checked: u64,
    /// Of these, rows whose value is valid.
    pub valid: u64,
    /// `valid` by `checked`; 1 where there are none.
    pub share: f64,
}

/// Values far from the others, or out of range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outliers {
    /// How they were found.
    pub method: OutlierMethod,
    /// Rows that were looked at.
    pub checked: u64,
    /// Rows with such a value.
    pub count: u64,
    /// `count` by `checked`.
    pub share: f64,
}

/// How outliers are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutlierMethod {
    /// More than 3.5 away from the median, in units of 1.4826 median absolute deviations (Iglewicz, Hoaglin 1993).
    RobustZ,
    /// More than three interquartile ranges beyond the quartiles (Tukey 1977), where half of the values or more are equal.
    Quartiles,
    /// Dates that cannot be: before 1900, or too late.
    Range,
}

/// Rows and subjects that occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Duplicates {
    /// Rows that are equal to an earlier one in every column.
    pub rows: u64,
    /// Their share of all rows.
    pub share: f64,
    /// Different subjects, if the dataset has a column of them.
    pub subjects: Option<u64>,
    /// Subjects with more than one row.
    pub repeated_subjects: Option<u64>,
}

/// How people are distributed over the categories of one dimension.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// `sex`, `age_group` or `region`.
    pub dimension: String,
    /// People whose category is known.
    pub people: u64,
    /// People of whom it is not.
    pub unknown: u64,
    /// Half the sum of the differences of shares (total variation distance), 0 to 1.
    pub distance: f64,
    /// By category, in the order of the reference.
    pub shares: Vec<Share>,
}

/// The share of one category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The category, as the reference calls it.
    pub category: String,
    /// In the dataset.
    pub observed: f64,
    /// In the reference population.
    pub reference: f64,
}

/// The languages of the texts of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LanguageMix {
    /// The column.
    pub column: String,
    /// Fragments (sentences and lines) that were looked at.
    pub fragments: u64,
    /// The share of them that is Kazakh,
    pub kazakh: f64,
    /// Russian,
    pub russian: f64,
    /// English,
    pub english: f64,
    /// or too short to tell.
    pub undetermined: f64,
    /// The share of texts that have fragments of more than one language.
    pub mixed: f64,
}

impl<W> crate::verify::Release<W> {
    /// Puts the quality of the dataset that was read into the report.
    pub fn of_quality(&mut self, quality: DatasetQuality) {
        self.report_mut().quality = Some(quality);
    }
}
