//! What the owner reads before approving a release. Every number is measured on the released bytes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::profile::{Role, Transform};

/// The report of one dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The dataset.
    pub dataset: String,
    /// Rows and their equivalence classes.
    pub rows: RowsReport,
    /// The privacy that was asked for and what was measured.
    pub privacy: PrivacyReport,
    /// What the release lost.
    pub loss: LossReport,
    /// The released columns in their order.
    pub columns: Vec<ColumnReport>,
    /// The columns that were left out, and why.
    pub dropped: Vec<DroppedColumn>,
    /// Combinations of levels there are.
    pub lattice_nodes: u64,
    /// Combinations of levels whose classes were counted.
    pub candidates_examined: u64,
    /// SHA-256 of the profile, in hex.
    pub profile_sha256: String,
    /// SHA-256 of each hierarchy used, in hex, by name.
    pub hierarchies: BTreeMap<String, String>,
    /// SHA-256 of the released file, in hex.
    pub output_sha256: String,
    /// Bytes of the released file.
    pub output_bytes: u64,
}

/// Rows and their equivalence classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowsReport {
    /// Rows of the dataset.
    pub input: u64,
    /// Rows of the release.
    pub output: u64,
    /// Rows left out.
    pub suppressed: u64,
    /// Equivalence classes of the release.
    pub classes: u64,
    /// Rows of the smallest class.
    pub smallest_class: u64,
    /// Rows of a class on average.
    pub average_class: f64,
}

/// The privacy that was asked for and what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrivacyReport {
    /// The k of the profile.
    pub required_k: u64,
    /// The k of the release: rows of its smallest class.
    pub measured_k: u64,
    /// The share of rows that might be left out.
    pub suppression_limit: f64,
    /// The prosecutor risk of the record most at risk: 1 / rows of its class.
    pub highest_prosecutor_risk: f64,
    /// The mean prosecutor risk of the records: classes / rows.
    pub average_prosecutor_risk: f64,
}

/// What the release lost, by ARX's Loss metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossReport {
    /// prod(Loss_j + 1)^(1/n) - 1.
    pub geometric: f64,
    /// The mean of Loss_j.
    pub arithmetic: f64,
}

/// One released column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// The column.
    pub name: String,
    /// What it tells about a person.
    pub role: Role,
    /// What was done with it.
    pub transform: Transform,
    /// The level of its hierarchy, if it was generalized.
    pub level: Option<u32>,
    /// Its Loss, 0 to 1, if it is a quasi-identifier.
    pub loss: Option<f64>,
}

/// One column that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DroppedColumn {
    /// The column.
    pub name: String,
    /// Why.
    pub reason: DropReason,
}

/// Why a column was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The profile drops it.
    Profile,
    /// The profile does not name it.
    NotInProfile,
}

impl Report {
    /// The report as indented JSON.
    ///
    /// # Errors
    /// Never for a report that was measured: all its numbers are finite.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}
