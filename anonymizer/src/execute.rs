//! Making a release as the plan says. There is nothing left to decide here.
//!
//! **Suppressed records are removed**, not starred. A row of stars that still carried its sensitive and other values would stand in a
//! class of whatever size suppression happens to give, fewer than k as easily as more; a row with those cleared too would say
//! nothing but that someone was there, which the report says as a number. So a suppressed person is absent, and
//! every released class has at least k rows.
//!
//! **Columns** keep the order of the input. **Rows** are ordered by what is released, column by column, so that the position of a
//! row tells nothing of its position in the input, which may follow names, dates or offices.

use std::collections::HashMap;

use polars::prelude::*;

use crate::cancel::{Cancel, Progress, Stage};
use crate::hierarchy::Hierarchies;
use crate::input::{self, Attribute, InputError, Level, SUPPRESSED};
use crate::parquet;
use crate::plan::{Plan, combine};
use crate::profile::{ColumnRule, DatasetProfile, Transform, ValueType};
use crate::pseudonym::{PseudonymKey, pseudonym};
use crate::table::{Table, texts};

/// Why a release could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// Table, profile and hierarchies do not fit one another.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The plan was made for something else.
    #[error("the plan does not fit dataset {dataset:?}: {what}; plan again")]
    WrongPlan {
        /// The dataset.
        dataset: String,
        /// What differs.
        what: String,
    },
    /// A value is not of the type that the profile gives its column.
    #[error(
        "dataset {dataset:?}, row {row}, column {column:?}: the value is no {value_type:?}; correct it or the type in the profile"
    )]
    Cast {
        /// The dataset.
        dataset: String,
        /// The row of data, from 1.
        row: u64,
        /// The column.
        column: String,
        /// The type asked for.
        value_type: ValueType,
    },
    /// The frame could not be made or written.
    #[error("dataset {dataset:?}: the release cannot be written")]
    Frame {
        /// The dataset.
        dataset: String,
        /// What polars says.
        #[source]
        source: PolarsError,
    },
    /// The work was stopped.
    #[error("depersonalization of dataset {dataset:?} was cancelled")]
    Cancelled {
        /// The dataset.
        dataset: String,
    },
}

/// Makes the Parquet file of a release. The same inputs give the same bytes.
///
/// The file is not to be published before [`crate::verify`] has measured it.
///
/// # Errors
/// See [`ExecuteError`].
pub fn execute(
    table: &Table,
    profile: &DatasetProfile,
    hierarchies: &Hierarchies,
    plan: &Plan,
    key: &PseudonymKey,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, ExecuteError> {
    let dataset = table.name();
    let failed = |source| ExecuteError::Frame {
        dataset: dataset.to_owned(),
        source,
    };
    let attributes = input::attributes(table, profile, hierarchies)?;
    let planned = planned(dataset, &attributes, plan)?;
    let kept = kept_rows(&planned, plan.k, table.rows());
    let maker = Maker {
        dataset,
        planned: &planned,
        kept: &kept,
        key,
    };
    let columns = input::columns(table, profile)?;
    let total = columns.len() as u64 + 1;
    let (mut released, mut pseudonyms) = (Vec::new(), Vec::new());
    for ((column, rule), done) in columns.into_iter().zip(1..) {
        if cancel.is_cancelled() {
            return Err(ExecuteError::Cancelled {
                dataset: dataset.to_owned(),
            });
        }
        let Some(rule) = rule else { continue };
        released.extend(maker.column(column, rule)?);
        if matches!(rule.transform, Transform::Pseudonymize { .. }) {
            pseudonyms.push(column.name().to_string());
        }
        progress(Progress {
            stage: Stage::Execute,
            done,
            total,
        });
    }
    let frame = DataFrame::new_infer_height(released).map_err(failed)?;
    let mut frame = parquet::sort_by_content(frame).map_err(failed)?;
    let bytes = parquet::encode(&mut frame, &pseudonyms).map_err(failed)?;
    progress(Progress {
        stage: Stage::Execute,
        done: total,
        total,
    });
    Ok(bytes)
}

/// A quasi-identifier with the level it is released at.
struct Planned<'a> {
    attribute: &'a Attribute,
    level: &'a Level,
}

fn planned<'a>(
    dataset: &str,
    attributes: &'a [Attribute],
    plan: &Plan,
) -> Result<Vec<Planned<'a>>, ExecuteError> {
    let wrong = |what: String| ExecuteError::WrongPlan {
        dataset: dataset.to_owned(),
        what,
    };
    let names = attributes.iter().map(|attribute| attribute.name.as_str());
    if plan.dataset != dataset
        || !names.eq(plan.columns.iter().map(|column| column.column.as_str()))
    {
        return Err(wrong("it names other quasi-identifiers".to_owned()));
    }
    let levels = attributes
        .iter()
        .zip(&plan.columns)
        .map(|(attribute, column)| {
            let index = column.level.checked_sub(attribute.first_level);
            let level = index.and_then(|index| attribute.levels.get(index as usize));
            let level = level.ok_or_else(|| {
                wrong(format!(
                    "level {} of {} is not permitted",
                    column.level, column.column
                ))
            })?;
            Ok(Planned { attribute, level })
        });
    levels.collect()
}

/// For each row, whether at least k rows share its released quasi-identifiers.
fn kept_rows(planned: &[Planned<'_>], k: u64, rows: usize) -> Vec<bool> {
    let columns = planned.iter().map(|planned| {
        let codes = planned
            .attribute
            .codes
            .iter()
            .map(|code| planned.level.code(*code));
        (codes, planned.level.cardinality())
    });
    let mut keys = Vec::new();
    combine(columns, &mut keys, rows);
    let mut sizes: HashMap<u64, u64> = HashMap::new();
    for key in &keys {
        *sizes.entry(*key).or_default() += 1;
    }
    keys.iter()
        .map(|key| sizes.get(key).is_some_and(|size| *size >= k))
        .collect()
}

struct Maker<'a> {
    dataset: &'a str,
    planned: &'a [Planned<'a>],
    kept: &'a [bool],
    key: &'a PseudonymKey,
}

impl Maker<'_> {
    /// The released column; `None` if it is dropped.
    fn column(&self, column: &Column, rule: &ColumnRule) -> Result<Option<Column>, ExecuteError> {
        match &rule.transform {
            Transform::Drop => Ok(None),
            Transform::Keep { cast } => self.keep(column, *cast).map(Some),
            Transform::Pseudonymize { domain } => self.pseudonymize(column, domain).map(Some),
            Transform::Generalize(_) => self.generalize(column).map(Some),
            Transform::Microaggregate { .. } => Err(ExecuteError::WrongPlan {
                dataset: self.dataset.to_owned(),
                what: "it microaggregates".to_owned(),
            }),
            Transform::Suppress => Ok(Some(
                self.text(column, self.kept().map(|_| Some(SUPPRESSED))),
            )),
        }
    }

    fn keep(&self, column: &Column, cast: Option<ValueType>) -> Result<Column, ExecuteError> {
        let mask =
            BooleanChunked::from_iter_values(column.name().clone(), self.kept.iter().copied());
        let failed = |source| self.failed(source);
        match cast {
            None => column.filter(&mask).map_err(failed),
            Some(cast) => self.cast(column, cast)?.filter(&mask).map_err(failed),
        }
    }

    /// The whole column in another type: a value that fails is a fault of the data even in a row that is left out.
    fn cast(&self, column: &Column, value_type: ValueType) -> Result<Column, ExecuteError> {
        let (texts, name) = (
            texts(column).map_err(|source| self.failed(source))?,
            column.name().clone(),
        );
        Ok(match value_type {
            ValueType::String => texts.into_column(),
            ValueType::Integer => Column::new(
                name,
                self.parsed(&texts, value_type, |text| text.parse::<i64>().ok())?,
            ),
            ValueType::Float => Column::new(name, self.parsed(&texts, value_type, finite)?),
            ValueType::Boolean => Column::new(name, self.parsed(&texts, value_type, boolean)?),
        })
    }

    fn parsed<T>(
        &self,
        texts: &StringChunked,
        value_type: ValueType,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, ExecuteError> {
        let values = texts.iter().zip(1..).map(|(text, row)| match text {
            None => Ok(None),
            Some(text) => parse(text).map(Some).ok_or_else(|| ExecuteError::Cast {
                dataset: self.dataset.to_owned(),
                row,
                column: texts.name().to_string(),
                value_type,
            }),
        });
        values.collect()
    }

    fn pseudonymize(&self, column: &Column, domain: &str) -> Result<Column, ExecuteError> {
        let (texts, key) = (
            texts(column).map_err(|source| self.failed(source))?,
            self.key.hmac(),
        );
        let texts = texts
            .iter()
            .zip(self.kept)
            .filter(|(_, kept)| **kept)
            .map(|(text, _)| text);
        Ok(self.text(
            column,
            texts.map(|text| text.map(|text| pseudonym(&key, domain, text))),
        ))
    }

    fn generalize(&self, column: &Column) -> Result<Column, ExecuteError> {
        let planned = self
            .planned
            .iter()
            .find(|planned| planned.attribute.name == column.name().as_str());
        let Some(Planned { attribute, level }) = planned else {
            let what = format!("it has no level for {}", column.name());
            return Err(ExecuteError::WrongPlan {
                dataset: self.dataset.to_owned(),
                what,
            });
        };
        let codes = attribute
            .codes
            .iter()
            .zip(self.kept)
            .filter(|(_, kept)| **kept)
            .map(|(code, _)| code);
        Ok(self.text(
            column,
            codes.map(|code| level.labels.get(level.code(*code) as usize)?.as_deref()),
        ))
    }

    fn kept(&self) -> impl Iterator<Item = &bool> {
        self.kept.iter().filter(|kept| **kept)
    }

    fn text<T: AsRef<str>>(
        &self,
        column: &Column,
        values: impl Iterator<Item = Option<T>>,
    ) -> Column {
        let mut builder = StringChunkedBuilder::new(column.name().clone(), self.kept().count());
        values.for_each(|value| builder.append_option(value));
        builder.finish().into_column()
    }

    fn failed(&self, source: PolarsError) -> ExecuteError {
        ExecuteError::Frame {
            dataset: self.dataset.to_owned(),
            source,
        }
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}
