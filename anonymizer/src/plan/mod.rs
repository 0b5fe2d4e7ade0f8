//! Deciding, without touching a row, how a dataset is made k-anonymous: global recoding over the full generalization lattice
//! with suppression of records, at the least loss.

mod boxes;
mod global;
mod local;
mod models;
mod reuse;

use std::collections::BTreeMap;

use sandyq_recoding::global::Failure;
use sandyq_recoding::models::ModelError;
use serde::{Deserialize, Serialize};

pub(crate) use self::models::asked;
pub(crate) use self::reuse::reuse;
use crate::cancel::{Cancel, Progress};
use crate::division::Division;
use crate::hierarchy::Hierarchies;
use crate::input::{Input, InputError};
use crate::profile::{DatasetProfile, Recoding};
use crate::table::Table;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Table, profile and hierarchies do not fit one another.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There are no rows.
    #[error("dataset {dataset:?} has no rows: there is nothing to release")]
    EmptyTable {
        /// The dataset.
        dataset: String,
    },
    /// The profile drops every column.
    #[error(
        "dataset {dataset:?}: the profile drops every column; name the columns that may be released"
    )]
    NoColumns {
        /// The dataset.
        dataset: String,
    },
    /// There are fewer rows than must share a combination.
    #[error(
        "dataset {dataset:?} has {rows} rows, fewer than k = {k}: no generalization makes it {k}-anonymous"
    )]
    KAboveRows {
        /// The dataset.
        dataset: String,
        /// The k of the profile.
        k: u64,
        /// Rows of the dataset.
        rows: u64,
    },
    /// Not even the most general levels reach k within the suppression limit.
    #[error(
        "dataset {dataset:?}: k = {k} is not reachable within the suppression limit. At the most general levels {needed} of \
         {rows} rows would have to be left out and {suppressible} may be; {}. Raise suppression_limit or a max_level, lower \
         k, or drop a quasi-identifier",
        reachable(*largest_k)
    )]
    KNotReachable {
        /// The dataset.
        dataset: String,
        /// The k of the profile.
        k: u64,
        /// Rows of the dataset.
        rows: u64,
        /// Rows that the limit allows to leave out.
        suppressible: u64,
        /// Rows that would have to be left out at least to reach k.
        needed: u64,
        /// The largest k that is reachable within the limit; 1 means none.
        largest_k: u64,
    },
    /// A model does not fit the table.
    #[error("dataset {dataset:?}: {}", named(source, columns))]
    Model {
        /// The dataset.
        dataset: String,
        /// The columns that models speak of, by the number that `source` gives.
        columns: Vec<String>,
        /// What is wrong.
        source: ModelError,
    },
    /// The search ended without a solution.
    #[error("dataset {dataset:?}")]
    Search {
        /// The dataset.
        dataset: String,
        /// Why.
        #[source]
        source: Failure,
    },
    /// A saved plan is not of this dataset, profile or hierarchies.
    #[error("the plan does not fit dataset {dataset:?}: it is of {what}; plan again")]
    OtherPlan {
        /// The dataset.
        dataset: String,
        /// What differs.
        what: String,
    },
    /// A saved plan does not meet the models any more.
    #[error(
        "dataset {dataset:?}: the saved plan does not meet the models within the suppression limit: {needed} of {rows} rows would \
         have to be left out, and {suppressible} may be; plan again"
    )]
    Outgrown {
        /// The dataset.
        dataset: String,
        /// Rows that would have to be left out.
        needed: u64,
        /// Rows of the dataset.
        rows: u64,
        /// Rows that the limit allows to leave out.
        suppressible: u64,
    },
    /// The dataset has subjects, which cannot be counted in it alone.
    #[error(
        "dataset {dataset:?} has a subject, so people are counted over all datasets of its library; depersonalize them together \
         (`sandyq anonymize-library`)"
    )]
    Subjects {
        /// The dataset.
        dataset: String,
    },
    /// The work was stopped.
    #[error("planning of dataset {dataset:?} was cancelled")]
    Cancelled {
        /// The dataset.
        dataset: String,
    },
}

fn reachable(largest_k: u64) -> String {
    match largest_k {
        0 | 1 => "no k of 2 or more is reachable within the limit".to_owned(),
        k => format!("the largest k reachable within the limit is {k}"),
    }
}

/// What a model says of itself, with the columns it speaks of.
fn named(error: &ModelError, columns: &[String]) -> String {
    let text = error.to_string();
    let name = |text: String, (place, column): (usize, &String)| {
        text.replace(
            &format!("sensitive attribute {place}"),
            &format!("column {column:?}"),
        )
    };
    columns.iter().enumerate().fold(text, name)
}

/// What is planned for one quasi-identifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedColumn {
    /// The column.
    pub column: String,
    /// The level of its hierarchy; 0 for a kept or suppressed column, which has none. Under local recoding the lowest that a class
    /// has.
    pub level: u32,
    /// The highest level that was permitted.
    pub max_level: u32,
    /// Its Loss, 0 (unchanged) to 1 (nothing left).
    pub loss: f64,
}

/// How a dataset is to be released. It leaves no choice to the execution.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The dataset.
    pub dataset: String,
    /// Hash of the profile's text.
    pub profile_sha256: String,
    /// Hash of each hierarchy used, by name.
    pub hierarchies: BTreeMap<String, String>,
    /// Rows that must share each combination of quasi-identifiers.
    pub k: u64,
    /// Rows of the dataset.
    pub rows: u64,
    /// The released quasi-identifiers in the order of the dataset.
    pub columns: Vec<PlannedColumn>,
    /// The score: prod(Loss_j + 1)^(1/n) - 1.
    pub geometric_loss: f64,
    /// The mean of Loss_j.
    pub arithmetic_loss: f64,
    /// Rows left out.
    pub suppressed: u64,
    /// Equivalence classes released.
    pub classes: u64,
    /// Rows of the smallest class released.
    pub smallest_class: u64,
    /// Digest of the classes and their sizes.
    pub classes_sha256: String,
    /// Combinations of levels, capped at the largest number there is; 0 for local recoding.
    pub lattice_nodes: u64,
    /// Combinations of levels whose classes were counted.
    pub candidates_examined: u64,
    /// The score by the metric of the profile.
    pub score: f64,
    /// What no recoding of this kind can score below, if that is known.
    pub bound: Option<f64>,
    /// Whether nothing better is possible under the metric.
    pub optimal: bool,
    /// Under local recoding what each class shows, by quasi-identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boxes: Option<Vec<Vec<SavedCell>>>,
    /// Which class each row is in. It is found again where a plan was saved.
    #[serde(skip)]
    pub(crate) division: Option<Division>,
}

/// What a class shows of a quasi-identifier: the level of its hierarchy and the value on it, or `None` for `*`.
pub type SavedCell = Option<(u32, Option<String>)>;

/// What a search looked at, and how good its result is for sure.
struct Searched {
    nodes: u64,
    examined: u64,
    score: f64,
    bound: Option<f64>,
    optimal: bool,
}

/// Finds the plan of least loss that meets the models of the profile within the suppression limit.
///
/// Global recoding takes the optimum over all combinations of permitted levels; ties are broken by fewer suppressed rows, then by
/// the lower sum of levels, then by the lexicographically lower levels in the order of the columns. Without
/// quasi-identifiers all rows form one class. A plan that would leave out every row is none.
///
/// # Errors
/// See [`PlanError`]; [`PlanError::KNotReachable`] says what is reachable.
pub fn plan(
    table: &Table,
    profile: &DatasetProfile,
    hierarchies: &Hierarchies,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Plan, PlanError> {
    let input = Input::new(table, profile, hierarchies, None)?;
    plan_of(&input, hierarchies, cancel, progress)
}

/// As [`plan`], of a table that was taken in with its profile.
pub(crate) fn plan_of(
    input: &Input<'_>,
    hierarchies: &Hierarchies,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Plan, PlanError> {
    check(input)?;
    let models = models::models(input).map_err(|source| unfit(input, source))?;
    let (division, levels, searched) = match input.profile.privacy().recoding {
        Recoding::Global => global::search(input, &models, cancel, progress)?,
        Recoding::Local | Recoding::LocalFast => local::search(input, &models, cancel, progress)?,
    };
    Ok(assemble(input, hierarchies, division, &levels, searched))
}

/// The plan at these levels, which are places among the permitted ones, leaving out the rows of classes that the models do not admit.
pub(crate) fn at(
    input: &Input<'_>,
    hierarchies: &Hierarchies,
    levels: &[usize],
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Plan, PlanError> {
    check(input)?;
    let models = models::models(input).map_err(|source| unfit(input, source))?;
    let (division, mut searched) = global::fixed(input, &models, levels, cancel, progress)?;
    // Only these levels were looked at.
    searched.optimal = false;
    searched.bound = None;
    Ok(assemble(input, hierarchies, division, levels, searched))
}

/// What can be said before any search.
fn check(input: &Input<'_>) -> Result<(), PlanError> {
    let dataset = || input.table.name().to_owned();
    let (rows, k) = (input.rows(), input.profile.privacy().k);
    if input.columns.is_empty() {
        return Err(PlanError::NoColumns { dataset: dataset() });
    }
    if rows == 0 {
        return Err(PlanError::EmptyTable { dataset: dataset() });
    }
    if k > rows {
        return Err(PlanError::KAboveRows {
            dataset: dataset(),
            k,
            rows,
        });
    }
    Ok(())
}

fn unfit(input: &Input<'_>, source: ModelError) -> PlanError {
    PlanError::Model {
        dataset: input.table.name().to_owned(),
        columns: input.sensitive_names(),
        source,
    }
}

/// `levels` are those of the attributes, as places among their permitted ones.
fn assemble(
    input: &Input<'_>,
    hierarchies: &Hierarchies,
    division: Division,
    levels: &[usize],
    search: Searched,
) -> Plan {
    let losses = division.losses(input);
    let columns = input.attributes.iter().zip(levels).zip(&losses);
    let columns = columns.map(|((attribute, level), loss)| PlannedColumn {
        column: attribute.name.clone(),
        level: attribute.first_level + *level as u32,
        max_level: attribute.first_level + (attribute.levels.len() as u32).saturating_sub(1),
        loss: *loss,
    });
    let used = input
        .profile
        .hierarchies()
        .into_iter()
        .filter_map(|name| Some((name, hierarchies.get(name)?)));
    let n = losses.len().max(1) as f64;
    Plan {
        dataset: input.profile.name().to_owned(),
        profile_sha256: input.profile.profile_sha256.clone(),
        hierarchies: used
            .map(|(name, hierarchy)| (name.to_owned(), hierarchy.sha256().to_owned()))
            .collect(),
        k: input.profile.privacy().k,
        rows: input.rows(),
        columns: columns.collect(),
        geometric_loss: (losses.iter().map(|loss| loss.ln_1p()).sum::<f64>() / n).exp_m1(),
        arithmetic_loss: losses.iter().sum::<f64>() / n,
        suppressed: division.suppressed,
        classes: division.classes(),
        smallest_class: division.smallest(),
        classes_sha256: division.digest(input),
        lattice_nodes: search.nodes,
        candidates_examined: search.examined,
        score: search.score,
        bound: search.bound,
        optimal: search.optimal,
        boxes: match input.profile.privacy().recoding {
            Recoding::Global => None,
            Recoding::Local | Recoding::LocalFast => Some(division.boxes(input)),
        },
        division: Some(division),
    }
}

#[cfg(test)]
mod tests;
