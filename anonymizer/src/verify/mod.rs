//! Measuring a release afresh.
//!
//! Nothing here is taken from the search or the execution: the very bytes to be published are read again, every column is
//! held to what the profile allows, and the equivalence classes are counted anew. [`verify`] is the only maker of a
//! [`Release`], so that what was not measured cannot be published.

mod check;
mod measure;
mod release;

use polars::prelude::*;

pub use release::Release;

use crate::hierarchy::Hierarchies;
use crate::input::{self, InputError};
use crate::parquet::{self, ParquetFault};
use crate::plan::Plan;
use crate::profile::DatasetProfile;
use crate::table::Table;

/// Why bytes are no release. Each of these means that nothing is published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Table and profile do not fit one another.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The plan is not of this profile, table and hierarchies.
    #[error("the plan does not fit: {what}")]
    WrongPlan {
        /// What differs.
        what: String,
    },
    /// The bytes are no readable Parquet file.
    #[error("the release cannot be read back")]
    Unreadable(#[from] ParquetFault),
    /// The columns are not those that the profile allows.
    #[error("the release has columns {found:?}, the profile allows {expected:?}")]
    WrongColumns {
        /// Names and types found.
        found: Vec<String>,
        /// Names and types expected.
        expected: Vec<String>,
    },
    /// The metadata does not name the columns that hold pseudonyms.
    #[error("the release declares pseudonyms in {found:?}, they are in {expected:?}")]
    WrongPseudonyms {
        /// Columns declared.
        found: Vec<String>,
        /// Columns expected.
        expected: Vec<String>,
    },
    /// A value that must not be released.
    #[error("row {row} of the release, column {column:?}: {what}")]
    WrongValue {
        /// The row of the release, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The order of rows is not that of their content.
    #[error("row {row} of the release is out of order: the order of the input may show through")]
    WrongOrder {
        /// The row of the release, from 1.
        row: u64,
    },
    /// A class with fewer than k rows.
    #[error("the smallest equivalence class has {measured} rows, k = {required} is required")]
    NotAnonymous {
        /// Rows of the smallest class.
        measured: u64,
        /// The k of the profile.
        required: u64,
    },
    /// More rows left out than the limit allows.
    #[error("{suppressed} of {rows} rows are left out, at most {allowed} may be")]
    TooMuchSuppressed {
        /// Rows left out.
        suppressed: u64,
        /// Rows of the dataset.
        rows: u64,
        /// Rows that may be left out.
        allowed: u64,
    },
    /// A measure is not what was planned.
    #[error("the release is not what was planned: {what} is {measured}, planned was {planned}")]
    NotAsPlanned {
        /// The measure.
        what: &'static str,
        /// Its measured value.
        measured: String,
        /// Its planned value.
        planned: String,
    },
    /// A column could not be read.
    #[error("a column of the release cannot be read")]
    Frame(#[from] PolarsError),
}

/// Reads back the bytes to be published, checks every column against the profile, measures k, and makes the [`Release`].
///
/// `table` is the dataset that was depersonalized: released values of kept columns must be among its values.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(
    table: &Table,
    profile: &DatasetProfile,
    hierarchies: &Hierarchies,
    plan: &Plan,
    bytes: Vec<u8>,
) -> Result<Release, VerifyError> {
    check::plan(table, profile, hierarchies, plan)?;
    let expected = check::expected(table, profile, hierarchies, plan)?;
    let footer = parquet::footer(&bytes)?;
    check::columns(&footer, &expected)?;
    let frame = parquet::decode(&bytes)?;
    for (column, expected) in frame.columns().iter().zip(&expected) {
        check::values(column, expected)?;
    }
    check::order(&frame)?;
    let measured = measure::measure(table, &frame, &expected)?;
    check::privacy(profile, plan, &measured)?;
    Ok(Release::new(
        profile,
        plan,
        &expected,
        input::columns(table, profile)?,
        measured,
        bytes,
    ))
}

#[cfg(test)]
mod tests;
