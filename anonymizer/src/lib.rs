//! Depersonalization: a dataset, a profile and generalization hierarchies in; a measured release out.
//!
//! The crate is pure. It knows no network, clock, database or file system; whoever calls it brings readers, bytes and
//! keys, and takes bytes and reports.
//!
//! 1. [`intake`] reads an untrusted file into a [`Table`]; its [`Schema`] says what is in each column.
//! 2. [`Profile`] says what is to be done with each column, [`Hierarchy`] how values become more general.
//! 3. [`plan()`] decides, touching no rows.
//! 4. [`execute()`] makes the Parquet bytes, leaving nothing to decide.
//! 5. [`verify()`] reads those very bytes again and measures them; only it makes a [`Release`].
//!
//! [`depersonalize`] does 3 to 5. When a release is staged into a sandbox, [`rekey`] gives it pseudonyms of that sandbox's own.
//!
//! Formulas are those of the ARX tool (Prasser et al. 2014), so that scores compare.

mod cancel;
pub mod classify;
mod digest;
mod division;
mod execute;
mod group;
mod hierarchy;
mod input;
pub mod intake;
mod measure;
mod output;
mod parquet;
mod plan;
mod prepare;
mod profile;
mod pseudonym;
pub mod quality;
mod relation;
mod report;
mod reveal;
mod table;
mod utility;
mod verify;
mod work;

pub use cancel::{Cancel, Progress, Stage};
pub use execute::{ExecuteError, execute};
pub use hierarchy::{
    Build, BuildFault, Built, Dates, End, Hierarchies, Hierarchy, HierarchyError, Intervals, Kato,
    Mask, Ordered, Prefix,
};
pub use input::{InputError, SUPPRESSED};
pub use intake::{Encoding, Format, IntakeError, Limits};
pub use measure::{
    AttackerRisk, AttributeUtility, Beside, ClassSizes, Comparison, MeasureError, Measurement,
    PopulationMeasure, Requirement, Risks, SensitiveMeasure, Utility, measure,
};
pub use output::Output;
pub use parquet::{PSEUDONYMS_KEY, ParquetFault};
pub use plan::{Plan, PlanError, PlannedColumn, SavedCell, plan};
pub use prepare::{PrepareFault, Step, Unit};
pub use profile::{
    Aggregate, AggregateFunction, ColumnRule, DatasetProfile, DeltaPresence, Derivation,
    DerivedPart, Distance, Generalize, HierarchySource, KnownRecords, Metric, Missing, Model,
    Privacy, Profile, ProfileError, Recoding, RedactStyle, Relations, Replacement, RiskLimits,
    Role, SubjectColumn, SuppressedRecords, Transform, Unknown, ValueType,
};
pub use pseudonym::{PseudonymKey, RekeyError, pseudonym_columns, rekey};
pub use relation::{RelationError, RelationReport, depersonalize_library};
pub use report::{
    ColumnDrift, ColumnReport, Detail, Drift, DropReason, DroppedColumn, LossReport, PrivacyReport,
    Report, RowsReport, SearchReport, SuppressedCells, SuppressionReason, SuppressionReport, drift,
    html, quality_html,
};
pub use reveal::{Reveal, RevealError, reveal_released};
pub use table::{ColumnSchema, DISTINCT_CAP, Distinct, PhysicalType, Schema, Table};
pub use utility::{
    Bar, ColumnUniques, ColumnUtility, LearningReport, PairUtility, SampleReport, Uniques,
    UtilityError, UtilityLimits, UtilityReport,
};
pub use verify::{
    OutputFormat, Release, Seal, Sealed, Sealing, Verification, VerifyError, Written, verify,
};
pub use work::Work;

/// Why a dataset was not depersonalized.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The profile does not name the dataset.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan could not be carried out.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// What was made failed its measurement.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Subjects cannot be kept together.
    #[error(transparent)]
    Relation(#[from] RelationError),
}

impl Error {
    /// Whether the work was stopped by its [`Cancel`] and nothing is wrong with the data.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Plan(PlanError::Cancelled { .. }) | Self::Execute(ExecuteError::Cancelled { .. })
        )
    }
}

/// Plans, executes and verifies the release of one dataset, by the part of the profile that names it.
///
/// The same table, profile, hierarchies and key give the same bytes. Work stops soon after `cancel` is raised. `progress` is
/// called often; it should be quick.
///
/// # Errors
/// What is wrong with the dataset, the profile or the hierarchies, or that k is not reachable; see the steps.
pub fn depersonalize(
    table: &Table,
    profile: &Profile,
    hierarchies: &Hierarchies,
    key: &PseudonymKey,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Release, Error> {
    let dataset = profile.dataset(table.name())?;
    let derived = match table.lacks_derived(dataset) {
        true => Some(table.clone().derived(dataset).map_err(PlanError::from)?),
        false => None,
    };
    let table = derived.as_ref().unwrap_or(table);
    if profile.dataset(table.name())?.subject().is_some() {
        let tables = std::slice::from_ref(table);
        let made = depersonalize_library(tables, profile, hierarchies, key, cancel, progress)?;
        let name = || table.name().to_owned();
        return made
            .into_iter()
            .next()
            .ok_or_else(|| PlanError::EmptyTable { dataset: name() }.into());
    }
    let profile = profile.dataset(table.name())?;
    let work = Work::new(table, profile, hierarchies, None)?;
    let plan = work.plan(cancel, progress)?;
    let output = work.execute(&plan, key, cancel, progress)?;
    let bytes = work.parquet(&output, cancel)?;
    work.verify(&plan, key, OutputFormat::Parquet, bytes, progress)
}

#[cfg(test)]
mod tests;
