//! Making a release as the plan says. There is nothing left to decide here.
//!
//! **Suppressed records are removed**, not starred. A row of stars that still carried its sensitive and other values would stand in a
//! class of whatever size suppression happens to give, fewer than k as easily as more; a row with those cleared too would say
//! nothing but that someone was there, which the report says as a number. So a suppressed person is absent, and
//! every released class has at least k rows.
//!
//! **Columns** keep the order of the input. **Rows** are ordered by what is released, column by column, so that the position of a
//! row tells nothing of its position in the input, which may follow names, dates or offices.

mod cast;
mod column;
mod replaced;

use polars::prelude::PolarsError;

use self::column::{Made, Maker};
use crate::cancel::{Cancel, Progress, Stage};
use crate::division::Division;
use crate::group::{Groups, Kept};
use crate::hierarchy::Hierarchies;
use crate::input::{Input, InputError};
use crate::output::{OutColumn, Output};
use crate::plan::Plan;
use crate::prepare::PrepareFault;
use crate::profile::{DatasetProfile, SuppressedRecords, ValueType};
use crate::pseudonym::{PseudonymKey, Renewal};
use crate::table::Table;

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
    /// A value could not be replaced.
    #[error("dataset {dataset:?}, row {row}, column {column:?}: the value {what}")]
    Replace {
        /// The dataset.
        dataset: String,
        /// The row of data, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// The values of a class could not be made one.
    #[error("dataset {dataset:?}, column {column:?}: the values of a class cannot be made one")]
    Aggregate {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// What is wrong.
        #[source]
        source: PrepareFault,
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
    let input = Input::new(table, profile, hierarchies, None)?;
    let output = output(&input, plan, key, cancel, progress)?;
    parquet(&input, &output, cancel)
}

/// The Parquet file of an output.
pub(crate) fn parquet(
    input: &Input<'_>,
    output: &Output,
    cancel: &Cancel,
) -> Result<Vec<u8>, ExecuteError> {
    let mut bytes = Vec::new();
    match output.write_parquet(&mut bytes, cancel) {
        Ok(()) => Ok(bytes),
        Err(_) if cancel.is_cancelled() => Err(ExecuteError::Cancelled {
            dataset: input.table.name().to_owned(),
        }),
        Err(source) => Err(ExecuteError::Frame {
            dataset: input.table.name().to_owned(),
            source,
        }),
    }
}

/// Makes what is released.
pub(crate) fn output(
    input: &Input<'_>,
    plan: &Plan,
    key: &PseudonymKey,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Output, ExecuteError> {
    let division = division(input, plan)?;
    let (rows, classes) = division.class_of_rows(input);
    let kept: Vec<bool> = classes.iter().map(|class| *class > 0).collect();
    let total = input.columns.len() as u64 + 1;
    let replaced = replaced::columns(input, key, cancel)?;
    let maker = Maker {
        replaced: &replaced,
        input,
        division,
        rows: &rows,
        classes: &classes,
        key,
    };
    let mut made: Vec<Made<'_>> = Vec::new();
    for (place, done) in (0..input.columns.len()).zip(1..) {
        if cancel.is_cancelled() {
            return Err(ExecuteError::Cancelled {
                dataset: input.table.name().to_owned(),
            });
        }
        made.push(maker.column(place)?);
        progress(Progress {
            stage: Stage::Execute,
            done,
            total,
        });
    }
    let keys: Vec<_> = made.iter().map(Made::key).collect();
    let kept = (division.suppressed > 0).then_some(Kept {
        rows: &rows,
        flags: &kept,
    });
    let groups = Groups::of(&keys, input.table.rows(), kept, false);
    let starred: Vec<u32> = made.iter().map(|made| made.star).collect();
    let columns = made
        .into_iter()
        .zip(&input.columns)
        .map(|(made, source)| OutColumn {
            name: source.name.to_owned(),
            dictionary: made.dictionary,
            renewal: Renewal::of(&source.rule.transform, key),
        });
    let output = Output::new(columns.collect(), groups);
    progress(Progress {
        stage: Stage::Execute,
        done: total,
        total,
    });
    Ok(match input.profile.privacy().suppressed_records {
        SuppressedRecords::Remove => output,
        SuppressedRecords::Star => output.with_starred(starred, division.suppressed),
    })
}

/// The classes of a plan, which must be of this table and profile.
pub(crate) fn division<'p>(
    input: &Input<'_>,
    plan: &'p Plan,
) -> Result<&'p Division, ExecuteError> {
    let wrong = |what: &str| ExecuteError::WrongPlan {
        dataset: input.table.name().to_owned(),
        what: what.to_owned(),
    };
    let names = input
        .attributes
        .iter()
        .map(|attribute| attribute.name.as_str());
    let planned = plan.columns.iter().map(|column| column.column.as_str());
    if plan.dataset != input.table.name() || !names.eq(planned) {
        return Err(wrong("it names other quasi-identifiers"));
    }
    let division = plan.division.as_ref();
    let division =
        division.ok_or_else(|| wrong("it was saved, and must be applied to the table first"))?;
    let records = input.problem.records.weights.len();
    if plan.rows != input.rows() || division.class_of.len() != records {
        return Err(wrong("it is of another table"));
    }
    Ok(division)
}
