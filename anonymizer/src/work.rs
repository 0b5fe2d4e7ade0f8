//! The steps of a depersonalization, one by one, for whoever writes files of their own.

use crate::cancel::{Cancel, Progress, Stage};
use crate::execute;
use crate::hierarchy::Hierarchies;
use crate::input::Input;
use crate::output::Output;
use crate::plan::{self, Plan};
use crate::profile::{DatasetProfile, Recoding};
use crate::pseudonym::PseudonymKey;
use crate::report::reasons;
use crate::table::Table;
use crate::verify::{Assignment, Held, OutputFormat, Release, Verification, Written, digested};
use crate::{Error, ExecuteError, PlanError};

/// A table taken in with the profile and the hierarchies it is depersonalized by.
pub struct Work<'a> {
    input: Input<'a>,
    hierarchies: &'a Hierarchies,
    population: Option<&'a Table>,
    /// Whether the table is what is left when its subjects were counted with those of the library.
    of_library: bool,
}

impl<'a> Work<'a> {
    /// Takes in a table. `population` is the table of those it is a sample of, for the models that ask for it.
    ///
    /// # Errors
    /// [`PlanError::Input`] if table, profile and hierarchies do not fit one another.
    pub fn new(
        table: &'a Table,
        profile: &'a DatasetProfile,
        hierarchies: &'a Hierarchies,
        population: Option<&'a Table>,
    ) -> Result<Self, PlanError> {
        if profile.subject().is_some() {
            return Err(PlanError::Subjects {
                dataset: profile.name().to_owned(),
            });
        }
        let input = Input::new(table, profile, hierarchies, population)?;
        Ok(Self {
            input,
            hierarchies,
            population,
            of_library: false,
        })
    }

    /// Takes in what is left of a dataset whose subjects were counted with those of its library.
    pub(crate) fn of_remainder(
        table: &'a Table,
        profile: &'a DatasetProfile,
        hierarchies: &'a Hierarchies,
    ) -> Result<Self, PlanError> {
        Ok(Self {
            input: Input::new(table, profile, hierarchies, None)?,
            hierarchies,
            population: None,
            of_library: true,
        })
    }

    /// The plan at these levels.
    pub(crate) fn plan_at(
        &self,
        levels: &[usize],
        cancel: &Cancel,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Plan, PlanError> {
        plan::at(&self.input, self.hierarchies, levels, cancel, progress)
    }

    /// Finds the plan of least loss that meets the models of the profile, as [`crate::plan()`].
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn plan(
        &self,
        cancel: &Cancel,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Plan, PlanError> {
        plan::plan_of(&self.input, self.hierarchies, cancel, progress)
    }

    /// The plan that does with this table as a saved plan did with an earlier version of it.
    ///
    /// # Errors
    /// [`PlanError::OtherPlan`] if the plan is of something else, and where the models cannot be met by it.
    pub fn reuse(
        &self,
        saved: &Plan,
        cancel: &Cancel,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Plan, PlanError> {
        plan::reuse(&self.input, self.hierarchies, saved, cancel, progress)
    }

    /// Makes what is released, to be written as Parquet or CSV. It is not to be published before [`Work::verify`] has measured it.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub fn execute(
        &self,
        plan: &Plan,
        key: &PseudonymKey,
        cancel: &Cancel,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Output, ExecuteError> {
        execute::output(&self.input, plan, key, cancel, progress)
    }

    /// The release as the bytes of a Parquet file.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub fn parquet(&self, output: &Output, cancel: &Cancel) -> Result<Vec<u8>, ExecuteError> {
        execute::parquet(&self.input, output, cancel)
    }

    /// Measures what was written. Only this makes a [`Release`].
    ///
    /// # Errors
    /// See [`crate::VerifyError`], and [`ExecuteError::WrongPlan`] if the plan is of another table.
    pub fn verify<W: Written>(
        &self,
        plan: &Plan,
        key: &PseudonymKey,
        format: OutputFormat,
        written: W,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Release<W>, Error> {
        let total = plan.columns.len() as u64;
        let mut tell = |done| {
            progress(Progress {
                stage: Stage::Verify,
                done,
                total,
            });
        };
        tell(0);
        let (table, profile) = (self.input.table, self.input.profile);
        let verification = Verification::new(table, profile, self.hierarchies, plan, key)
            .population(self.population)
            .of_library(self.of_library)
            .format(format);
        let mut suppression = None;
        let mut release = digested(written, |written| {
            let (held, reasons) = rayon::join(
                || self.held(verification, plan, written),
                || reasons(&self.input, plan),
            );
            suppression = Some(reasons);
            held
        })?;
        release.report_mut().suppression = suppression;
        tell(total);
        Ok(release)
    }

    fn held(
        &self,
        verification: Verification<'_>,
        plan: &Plan,
        written: &impl Written,
    ) -> Result<Held, Error> {
        if self.input.profile.privacy().recoding == Recoding::Global {
            return Ok(verification.held(written)?);
        }
        let division = execute::division(&self.input, plan)?;
        let ((of_row, classes), shown) = rayon::join(
            || division.class_of_rows(&self.input),
            || division.texts_of_classes(&self.input),
        );
        let assignment = Assignment {
            shown: &shown,
            number: division.sizes.len(),
            of_row: &of_row,
            classes: &classes,
        };
        Ok(verification.assignment(Some(assignment)).held(written)?)
    }
}
