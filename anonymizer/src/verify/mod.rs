//! Measuring a release afresh.
//!
//! Nothing here is taken from the search or the execution. The very bytes to be published are read again, part by part, and held against
//! the dataset:
//!
//! - Every cell must be something that its rule and the plan allow, and rows must stand in the order of their content.
//! - What each row of the dataset must have become is worked out from the dataset itself, and the rows of every released class must be
//!   exactly those, no more and no fewer. Under local recoding the execution says which class a row is in; that is held to the row too,
//!   whose values must all be under those of the class.
//! - Classes are counted anew, and all that the profile asks for is measured on them by [`crate::measure`].
//!
//! Whether rows are the same is told by sums of 128-bit marks, which other rows share by accident once in 2^64 or less. [`Verification`] is the only
//! maker of a [`Release`], so that what was not measured cannot be published.

mod account;
mod check;
mod claimed;
mod claims;
mod classes;
mod column;
mod label;
mod people;
mod read;
mod release;
mod replaced;
mod seal;
mod source;
mod written;

use std::sync::atomic::{AtomicBool, Ordering};

use polars::prelude::*;

pub use release::Release;
pub use seal::{Seal, Sealed, Sealing};
pub use written::{OutputFormat, Written};

pub(crate) use claimed::{Assignment, Shown};
pub(crate) use release::Held;

use account::Counted;
use source::Source;

use crate::hierarchy::{Hierarchies, HierarchyError};
use crate::input::InputError;
use crate::parquet::ParquetFault;
use crate::plan::Plan;
use crate::profile::{DatasetProfile, SuppressedRecords};
use crate::pseudonym::PseudonymKey;
use crate::table::Table;

/// Why a file is no release. Each of these means that nothing is published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Table and profile do not fit one another.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A hierarchy could not be made.
    #[error(transparent)]
    Hierarchy(#[from] HierarchyError),
    /// The plan is not of this profile, table and hierarchies.
    #[error("the plan does not fit: {what}")]
    WrongPlan {
        /// What differs.
        what: String,
    },
    /// The bytes are no readable Parquet file.
    #[error("the release cannot be read back")]
    Unreadable(#[from] ParquetFault),
    /// The file could not be read.
    #[error("the release cannot be read back")]
    Io(#[from] std::io::Error),
    /// The bytes are not those that were sealed as they were written.
    #[error("the release was changed after it was written")]
    Changed,
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
    /// A derived column is not what the dataset's column tells.
    #[error("row {row} of the dataset, column {column:?}: the value is not derived from {from:?}")]
    NotDerived {
        /// The row of the dataset, from 1.
        row: u64,
        /// The derived column.
        column: String,
        /// The column that it is derived from.
        from: String,
    },
    /// A replacement keeps what it must not keep.
    #[error("row {row} of the dataset, column {column:?}: {what}")]
    NotReplaced {
        /// The first row of the dataset with the value, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What is wrong with it.
        what: String,
    },
    /// A row that cannot be taken apart.
    #[error("row {row} of the release: {what}")]
    WrongRow {
        /// The row of the release, from 1; 0 if it is not known.
        row: u64,
        /// What is wrong with it.
        what: &'static str,
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
    /// A row was put into a class that does not stand for it.
    #[error("row {row} of the dataset was put into a class whose values it is not under")]
    NotCovered {
        /// The row of the dataset, from 1.
        row: u64,
    },
    /// A class that is not what the dataset's rows make of it.
    #[error("the class of row {row} of the release is not what the dataset makes of it: {what}")]
    NotExplained {
        /// The first row of the class in the release, from 1.
        row: u64,
        /// What differs.
        what: String,
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
    /// A model of the profile that does not hold.
    #[error("the release does not have what the profile asks for: {what}")]
    NotPrivate {
        /// The model, with what was measured and what is required.
        what: String,
    },
    /// The dataset has subjects, which cannot be counted in it alone.
    #[error("the dataset has a subject: its release is measured with those of its library")]
    Subjects,
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

/// All that a release is held to.
#[derive(Clone, Copy)]
pub struct Verification<'a> {
    table: &'a Table,
    profile: &'a DatasetProfile,
    hierarchies: &'a Hierarchies,
    plan: &'a Plan,
    key: &'a PseudonymKey,
    population: Option<&'a Table>,
    assignment: Option<Assignment<'a>>,
    format: OutputFormat,
    of_library: bool,
}

impl<'a> Verification<'a> {
    /// Holds a Parquet file to the dataset it was made of, its profile, hierarchies and plan, and the key of its pseudonyms.
    #[must_use]
    pub fn new(
        table: &'a Table,
        profile: &'a DatasetProfile,
        hierarchies: &'a Hierarchies,
        plan: &'a Plan,
        key: &'a PseudonymKey,
    ) -> Self {
        Self {
            table,
            profile,
            hierarchies,
            plan,
            key,
            population: None,
            assignment: None,
            format: OutputFormat::Parquet,
            of_library: false,
        }
    }

    /// The file has another format.
    #[must_use]
    pub fn format(self, format: OutputFormat) -> Self {
        Self { format, ..self }
    }

    /// With the table of the population, for the models that compare with it.
    #[must_use]
    pub fn population(self, population: Option<&'a Table>) -> Self {
        Self { population, ..self }
    }

    /// With the class of each row, for local recoding.
    #[must_use]
    pub(crate) fn assignment(self, assignment: Option<Assignment<'a>>) -> Self {
        Self { assignment, ..self }
    }

    /// Subjects are counted by whoever measures the releases of the whole library.
    #[must_use]
    pub(crate) fn of_library(self, of_library: bool) -> Self {
        Self { of_library, ..self }
    }

    /// Whether suppressed records stay.
    fn starred(&self) -> bool {
        self.profile.privacy().suppressed_records == SuppressedRecords::Star
    }

    /// How many classes room is made for at once: what the plan says, within bounds, for it is only a claim.
    fn classes_expected(&self) -> usize {
        const MOST: usize = 1 << 16;
        usize::try_from(self.plan.classes).map_or(MOST, |classes| classes.min(MOST))
    }

    /// Reads back what is to be published, holds it to the dataset, measures it, and makes the [`Release`].
    ///
    /// It reads the output in parts, so that memory is needed for the classes and what differs in columns, not for the rows.
    ///
    /// # Errors
    /// See [`VerifyError`].
    pub fn of<W: Written>(&self, output: W) -> Result<Release<W>, VerifyError> {
        digested(output, |output| self.held(output))
    }

    /// Holds the output to the dataset, and measures it.
    pub(crate) fn held(&self, output: &impl Written) -> Result<Held, VerifyError> {
        if self.profile.subject().is_some() && !self.of_library {
            return Err(VerifyError::Subjects);
        }
        check::plan(self)?;
        let hierarchies = check::hierarchies(self)?;
        replaced::derived(self)?;
        let expected = replaced::columns(self)?;
        let (mut columns, generalizers) = check::columns(self, &hierarchies, &expected)?;
        let (source, counted) = self.counted(output, &mut columns)?;
        let released = classes::released(self, &columns, &source, counted)?;
        let people = match self.population {
            Some(population) => Some(people::people(
                &columns,
                &generalizers,
                &released.classes,
                population,
            )?),
            None => None,
        };
        let (measurement, digest) = rayon::join(
            || claims::measure(self, &columns, &released, people),
            || claims::digest(&columns, &released),
        );
        let measurement = measurement?;
        claims::claims(self, &released, &measurement, &digest)?;
        Ok(Held::new(self, &columns, measurement))
    }

    /// What the rows of the dataset must have become, and what the output holds. The one waits for the other only where classes have values of
    /// their own.
    fn counted(
        &self,
        output: &impl Written,
        columns: &mut [column::Column<'_>],
    ) -> Result<(Source, Counted), VerifyError> {
        let classes = self.classes_expected();
        let source = |columns: &[column::Column<'_>]| {
            Source::of(columns, self.table.rows(), self.assignment, classes)
        };
        let count = |columns: &[column::Column<'_>]| {
            check::file(output, self.format, columns)?;
            read::count(output, self.format, columns, self.starred(), classes)
        };
        if columns.iter().any(column::Column::is_of_class) {
            let mut source = source(columns)?;
            source.aggregate(columns)?;
            return Ok((source, count(columns)?));
        }
        let columns = &*columns;
        let (source, counted) = rayon::join(|| source(columns), || count(columns));
        Ok((source?, counted?))
    }
}

/// The release of an output that is held to the dataset. Its digest is the one of its seal, without which no other bytes are counted, or it
/// is taken meanwhile: it cannot be shared between cores, and is most of the work where the processor has no instructions for it, so that
/// it begins at once, on this thread.
pub(crate) fn digested<W: Written, E: From<VerifyError> + Send>(
    output: W,
    held: impl FnOnce(&W) -> Result<Held, E> + Send,
) -> Result<Release<W>, E> {
    if let Some(digest) = output.seal().map(|seal| seal.digest().clone()) {
        // From outside the pool, each piece of work that threads share would cost a sleep and a waking.
        let held = rayon::scope(|_| held(&output))?;
        return Ok(held.release(output, digest));
    }
    let unwanted = AtomicBool::new(false);
    let refused = |_: &E| unwanted.store(true, Ordering::Relaxed);
    let (digest, held) = rayon::join(
        || written::sha256(&output, &unwanted),
        || held(&output).inspect_err(refused),
    );
    let held = held?;
    Ok(held.release(output, digest.map_err(VerifyError::from)?))
}

/// As [`Verification::of`], of the bytes of a Parquet file without a population.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(
    table: &Table,
    profile: &DatasetProfile,
    hierarchies: &Hierarchies,
    plan: &Plan,
    key: &PseudonymKey,
    bytes: Vec<u8>,
) -> Result<Release, VerifyError> {
    Verification::new(table, profile, hierarchies, plan, key).of(bytes)
}

#[cfg(test)]
mod tests;
