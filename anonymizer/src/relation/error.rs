//! Why subjects cannot be kept together.

use crate::hierarchy::HierarchyError;
use crate::intake::IntakeError;

/// Why the datasets of a library were not released together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelationError {
    /// A dataset that joins with the others was not given.
    #[error(
        "dataset {dataset:?} joins with the others by its subjects; depersonalize them together"
    )]
    AbsentDataset {
        /// The dataset.
        dataset: String,
    },
    /// Not even the most general levels are enough.
    #[error(
        "k = {k} subjects is not reachable within the suppression limits of {}: at the most general levels {} would have to be withheld. \
         Raise suppression_limit or a max_level, lower k or relations.known_records, or drop a quasi-identifier",
        quoted(datasets),
        shares(withheld)
    )]
    NotReachable {
        /// The k asked for.
        k: u64,
        /// The datasets that join.
        datasets: Vec<String>,
        /// For each the rows that would have to be withheld, those that may be, and all rows.
        withheld: Vec<(u64, u64, u64)>,
    },
    /// There are too many combinations of records to count.
    #[error(
        "the records of {} have more than {limit} combinations; lower relations.known_records or drop a quasi-identifier",
        quoted(datasets)
    )]
    TooManyCombinations {
        /// The datasets that join.
        datasets: Vec<String>,
        /// Combinations that can be counted.
        limit: usize,
    },
    /// The written files do not hold what is asked for.
    #[error("the releases of {} do not hold: {what}", quoted(datasets))]
    NotPrivate {
        /// The datasets that join.
        datasets: Vec<String>,
        /// What was measured and what is required.
        what: String,
    },
    /// A written file could not be read back.
    #[error("the release of dataset {dataset:?} cannot be read back")]
    Unreadable {
        /// The dataset.
        dataset: String,
        /// What is wrong.
        #[source]
        source: Box<IntakeError>,
    },
    /// A hierarchy could not be made.
    #[error("dataset {dataset:?}, column {column:?}: the hierarchy cannot be made")]
    Hierarchy {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// What is wrong.
        #[source]
        source: Box<HierarchyError>,
    },
}

fn quoted(datasets: &[String]) -> String {
    let quoted: Vec<_> = datasets.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}

fn shares(withheld: &[(u64, u64, u64)]) -> String {
    let shares: Vec<_> = withheld
        .iter()
        .map(|(rows, allowed, all)| format!("{rows} of {all} rows ({allowed} may be)"))
        .collect();
    shares.join(", ")
}
