//! The quality that data must have to be published.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DatasetQuality, Reference};

/// The quality that data must have. What is not given is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// The least share of rows with a value, of each column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<f64>,
    /// The least share of valid values, of each column whose type is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity: Option<f64>,
    /// The greatest share of rows that repeat another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_rows: Option<f64>,
    /// The greatest share of outliers, of each column of numbers or dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outliers: Option<f64>,
    /// The greatest distance from the reference population, in each dimension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<f64>,
    /// The reference population, by the name under which the program has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What is asked of single columns instead, by `dataset.column`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnThresholds>,
}

/// What is asked of one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnThresholds {
    /// The least share of rows with a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<f64>,
    /// The least share of valid values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity: Option<f64>,
    /// The greatest share of outliers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outliers: Option<f64>,
}

/// A file of thresholds that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThresholdsError {
    /// It is not TOML of this grammar.
    #[error("thresholds: {0}")]
    Malformed(String),
    /// A number out of its range, or a name that is not known.
    #[error("thresholds, field {field}: {message}")]
    Invalid {
        /// The field.
        field: String,
        /// What is wrong.
        message: String,
    },
}

/// Something that is asked for and does not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// The dataset.
    pub dataset: String,
    /// The column or dimension, if it is of one.
    pub part: Option<String>,
    /// The threshold: `completeness`, `validity`, `duplicate_rows`, `outliers` or `distance`.
    pub measure: String,
    /// What was measured; `None` where it could not be, which is no better.
    pub measured: Option<f64>,
    /// What is asked for.
    pub threshold: f64,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = matches!(self.measure.as_str(), "completeness" | "validity");
        write!(f, "{} of {}", self.measure, self.dataset)?;
        if let Some(part) = &self.part {
            write!(f, ".{part}")?;
        }
        match self.measured {
            Some(measured) => write!(f, " is {measured:.4}")?,
            None => write!(f, " cannot be measured")?,
        }
        write!(
            f,
            ", {} {} is required",
            if least { "at least" } else { "at most" },
            self.threshold
        )
    }
}

impl Thresholds {
    /// Reads a file of thresholds.
    ///
    /// # Errors
    /// [`ThresholdsError`] with the field that is wrong.
    pub fn parse(text: &str) -> Result<Self, ThresholdsError> {
        let read: Self = toml::from_str(text).map_err(|mut error| {
            // The line is told, what stands in it is not repeated.
            let at = error.span().map_or(0, |span| span.start);
            error.set_input(None);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            ThresholdsError::Malformed(format!("line {line}: {}", error.message().trim()))
        })?;
        match read.check() {
            Ok(()) => Ok(read),
            Err((field, message)) => Err(ThresholdsError::Invalid { field, message }),
        }
    }

    /// The field that is wrong and why.
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let mut shares = vec![
            ("completeness".to_owned(), self.completeness),
            ("validity".to_owned(), self.validity),
            ("duplicate_rows".to_owned(), self.duplicate_rows),
            ("outliers".to_owned(), self.outliers),
            ("distance".to_owned(), self.distance),
        ];
        for (column, own) in &self.columns {
            if !column.contains('.') {
                let message = "is named `dataset.column`".to_owned();
                return Err((format!("columns.{column:?}"), message));
            }
            let field = |name: &str| format!("columns.{column:?}.{name}");
            shares.push((field("completeness"), own.completeness));
            shares.push((field("validity"), own.validity));
            shares.push((field("outliers"), own.outliers));
        }
        for (field, given) in shares {
            if given.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                return Err((field, "must be a share from 0 to 1".to_owned()));
            }
        }
        match &self.reference {
            Some(name) if Reference::builtin(name).is_none() => {
                let known = Reference::BUILTIN.join(", ");
                Err((
                    "reference".to_owned(),
                    format!("is none of those known: {known}"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What does not hold. A threshold that cannot be measured does not.
    pub(super) fn breaches(&self, datasets: &[DatasetQuality]) -> Vec<Breach> {
        let mut breaches = Vec::new();
        for dataset in datasets {
            self.of_columns(dataset, &mut breaches);
            let found = |measure: &str, part: Option<&str>, measured, threshold| Breach {
                dataset: dataset.dataset.clone(),
                part: part.map(str::to_owned),
                measure: measure.to_owned(),
                measured,
                threshold,
            };
            let share = dataset.duplicates.share;
            if let Some(most) = self.duplicate_rows.filter(|most| share > *most) {
                breaches.push(found("duplicate_rows", None, Some(share), most));
            }
            for distribution in &dataset.distributions {
                let distance = distribution.distance;
                if let Some(most) = self.distance.filter(|most| distance > *most) {
                    let part = Some(distribution.dimension.as_str());
                    breaches.push(found("distance", part, Some(distance), most));
                }
            }
        }
        let compared = datasets
            .iter()
            .any(|dataset| !dataset.distributions.is_empty());
        if let Some(most) = self.distance.filter(|_| !compared) {
            breaches.push(Breach {
                dataset: "the library".to_owned(),
                part: None,
                measure: "distance".to_owned(),
                measured: None,
                threshold: most,
            });
        }
        self.absent(datasets, &mut breaches);
        breaches
    }

    fn of_columns(&self, dataset: &DatasetQuality, breaches: &mut Vec<Breach>) {
        for column in &dataset.columns {
            let own = self
                .columns
                .get(&format!("{}.{}", dataset.dataset, column.column));
            let own = own.copied().unwrap_or_default();
            let validity = column.validity.map(|validity| validity.share);
            let outliers = column.outliers.map(|outliers| outliers.share);
            let checks = [
                (
                    "completeness",
                    own.completeness,
                    self.completeness,
                    Some(column.completeness),
                ),
                ("validity", own.validity, self.validity, validity),
                ("outliers", own.outliers, self.outliers, outliers),
            ];
            for (measure, own, general, measured) in checks {
                let Some(threshold) = own.or(general) else {
                    continue;
                };
                let broken = match measured {
                    Some(share) if measure == "outliers" => share > threshold,
                    Some(share) => share < threshold,
                    // What is asked of this very column must be measured.
                    None => own.is_some(),
                };
                if broken {
                    breaches.push(Breach {
                        dataset: dataset.dataset.clone(),
                        part: Some(column.column.clone()),
                        measure: measure.to_owned(),
                        measured,
                        threshold,
                    });
                }
            }
        }
    }

    /// What is asked of columns that are not there.
    fn absent(&self, datasets: &[DatasetQuality], breaches: &mut Vec<Breach>) {
        for (name, own) in &self.columns {
            let here = datasets.iter().any(|dataset| {
                let mut columns = dataset.columns.iter();
                columns.any(|column| *name == format!("{}.{}", dataset.dataset, column.column))
            });
            if here {
                continue;
            }
            let (dataset, column) = name.split_once('.').unwrap_or((name, ""));
            let asked = [
                ("completeness", own.completeness),
                ("validity", own.validity),
                ("outliers", own.outliers),
            ];
            for (measure, threshold) in asked {
                breaches.extend(threshold.map(|threshold| Breach {
                    dataset: dataset.to_owned(),
                    part: Some(column.to_owned()),
                    measure: measure.to_owned(),
                    measured: None,
                    threshold,
                }));
            }
        }
    }
}
