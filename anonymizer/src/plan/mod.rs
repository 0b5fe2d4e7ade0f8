//! Deciding, without touching a row, how a dataset is made k-anonymous: global recoding over the full generalization lattice
//! with suppression of records, at the least loss.

mod group;
mod lattice;
mod loss;
mod search;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::group::Tuples;
use self::lattice::Lattice;
use self::search::{Failure, Goal, Search, Solution};
use crate::cancel::{Cancel, Progress, Stage};
use crate::digest::classes_sha256;
use crate::hierarchy::Hierarchies;
use crate::input::{self, Attribute, InputError};
use crate::profile::{DatasetProfile, Transform};
use crate::table::Table;

pub(crate) use self::group::combine;

/// The search keeps a few bytes a node.
const MAX_NODES: usize = 1 << 22;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Table, profile and hierarchies do not fit one another.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The profile asks for what this program does not do.
    #[error(
        "dataset {dataset:?}: the profile asks for {what}, which this program does not carry out"
    )]
    Unsupported {
        /// The dataset.
        dataset: String,
        /// The field of the profile.
        what: String,
    },
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
    /// There are too many combinations of levels.
    #[error(
        "dataset {dataset:?}: the quasi-identifiers have {nodes} combinations of levels, more than {MAX_NODES}; narrow min_level and max_level or drop some"
    )]
    LatticeTooLarge {
        /// The dataset.
        dataset: String,
        /// Nodes of the lattice.
        nodes: u128,
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

/// The level chosen for one quasi-identifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedColumn {
    /// The column.
    pub column: String,
    /// The level of its hierarchy; 0 for a kept or suppressed column, which has none.
    pub level: u32,
    /// The highest level that was permitted.
    pub max_level: u32,
    /// Its Loss, 0 (unchanged) to 1 (nothing left).
    pub loss: f64,
}

/// How a dataset is to be released. It holds no data and leaves no choice to the execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Combinations of levels.
    pub lattice_nodes: u64,
    /// Combinations of levels whose classes were counted.
    pub candidates_examined: u64,
}

/// Finds the plan of least loss (ARX's Loss metric, geometric mean) that reaches k within the suppression limit.
///
/// It is the optimum over all combinations of permitted levels; ties are broken by fewer suppressed rows, then by the
/// lower sum of levels, then by the lexicographically lower levels in the order of the columns. Without
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
    let dataset = || table.name().to_owned();
    if let Some(what) = profile.unsupported() {
        return Err(PlanError::Unsupported {
            dataset: dataset(),
            what,
        });
    }
    let (rows, k) = (table.rows() as u64, profile.privacy().k);
    let attributes = input::attributes(table, profile, hierarchies)?;
    check_columns(table, profile)?;
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
    let heights = attributes
        .iter()
        .map(|attribute| attribute.levels.len() as u32)
        .collect();
    let lattice = Lattice::new(heights, MAX_NODES).map_err(|nodes| PlanError::LatticeTooLarge {
        dataset: dataset(),
        nodes,
    })?;
    let tuples = Tuples::of(&attributes, table.rows());
    let goal = Goal {
        k,
        suppressible: profile.privacy().suppressible(rows),
    };
    let mut search = Search::new(&attributes, &tuples, &lattice, goal);
    let total = lattice.nodes() as u64;
    let mut tell = |done| {
        progress(Progress {
            stage: Stage::Plan,
            done,
            total,
        })
    };
    match search.run(cancel, &mut tell) {
        Ok(solution) => {
            tell(total);
            let shape = shape(&mut search, &attributes, &tuples, &solution, k);
            Ok(assemble(
                profile,
                hierarchies,
                &attributes,
                &solution,
                shape,
                (rows, total, search.examined),
            ))
        }
        Err(Failure::Cancelled) => Err(PlanError::Cancelled { dataset: dataset() }),
        Err(Failure::Unreachable) => {
            let (sizes, keys) = search.classes(&lattice.levels(lattice.top()));
            Err(not_reachable(
                dataset(),
                goal,
                rows,
                class_sizes(&sizes, keys),
            ))
        }
    }
}

fn check_columns(table: &Table, profile: &DatasetProfile) -> Result<(), PlanError> {
    let columns = input::columns(table, profile)?;
    let released = columns
        .iter()
        .filter_map(|(_, rule)| *rule)
        .any(|rule| rule.transform != Transform::Drop);
    if released {
        Ok(())
    } else {
        Err(PlanError::NoColumns {
            dataset: table.name().to_owned(),
        })
    }
}

/// The size of each class once, in ascending order.
fn class_sizes(sizes: &[u64], keys: &[u64]) -> Vec<u64> {
    let classes: BTreeMap<u64, u64> = keys.iter().copied().zip(sizes.iter().copied()).collect();
    let mut sizes: Vec<u64> = classes.into_values().collect();
    sizes.sort_unstable();
    sizes
}

/// The most general node leaves out the fewest rows for every k, so that it tells what is reachable.
fn not_reachable(dataset: String, goal: Goal, rows: u64, sizes: Vec<u64>) -> PlanError {
    let needed = sizes.iter().filter(|size| **size < goal.k).sum();
    let (mut below, mut largest_k) = (0, 1);
    for class in sizes.chunk_by(|a, b| a == b) {
        // To make this the smallest class, all smaller ones must go.
        if below > goal.suppressible {
            break;
        }
        largest_k = class.first().copied().unwrap_or(largest_k);
        below += class.iter().sum::<u64>();
    }
    PlanError::KNotReachable {
        dataset,
        k: goal.k,
        rows,
        suppressible: goal.suppressible,
        needed,
        largest_k,
    }
}

/// What the classes of a solution look like.
struct Shape {
    classes: u64,
    smallest: u64,
    sha256: String,
}

fn shape(
    search: &mut Search<'_>,
    attributes: &[Attribute],
    tuples: &Tuples,
    solution: &Solution,
    k: u64,
) -> Shape {
    let (sizes, _) = search.classes(&solution.levels);
    let mut classes = BTreeMap::new();
    for (tuple, size) in sizes.into_iter().enumerate().filter(|(_, size)| *size >= k) {
        let label = |((attribute, codes), level): ((&Attribute, &Vec<u32>), &u32)| {
            let level = attribute.levels.get(*level as usize)?;
            level
                .labels
                .get(level.code(*codes.get(tuple)?) as usize)?
                .clone()
        };
        let labels: Vec<Option<String>> = attributes
            .iter()
            .zip(&tuples.codes)
            .zip(&solution.levels)
            .map(label)
            .collect();
        classes.insert(labels, size);
    }
    Shape {
        classes: classes.len() as u64,
        smallest: classes.values().copied().min().unwrap_or_default(),
        sha256: classes_sha256(&classes),
    }
}

fn assemble(
    profile: &DatasetProfile,
    hierarchies: &Hierarchies,
    attributes: &[Attribute],
    solution: &Solution,
    shape: Shape,
    (rows, lattice_nodes, candidates_examined): (u64, u64, u64),
) -> Plan {
    let columns = attributes
        .iter()
        .zip(&solution.levels)
        .zip(&solution.losses)
        .map(|((attribute, level), loss)| {
            let max_level =
                attribute.first_level + (attribute.levels.len() as u32).saturating_sub(1);
            PlannedColumn {
                column: attribute.name.clone(),
                level: attribute.first_level + level,
                max_level,
                loss: *loss,
            }
        });
    let used = profile
        .hierarchies()
        .into_iter()
        .filter_map(|name| Some((name, hierarchies.get(name)?)));
    Plan {
        dataset: profile.name().to_owned(),
        profile_sha256: profile.profile_sha256.clone(),
        hierarchies: used
            .map(|(name, hierarchy)| (name.to_owned(), hierarchy.sha256().to_owned()))
            .collect(),
        k: profile.privacy().k,
        rows,
        columns: columns.collect(),
        geometric_loss: loss::geometric(&solution.losses),
        arithmetic_loss: loss::arithmetic(&solution.losses),
        suppressed: solution.suppressed,
        classes: shape.classes,
        smallest_class: shape.smallest,
        classes_sha256: shape.sha256,
        lattice_nodes,
        candidates_examined,
    }
}

#[cfg(test)]
mod tests;
