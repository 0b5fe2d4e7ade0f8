//! What the owner reads before approving a release. Every number of the release is measured on the released bytes.

mod detail;
mod drift;
mod html;
mod reasons;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use detail::Detail;
pub use drift::{ColumnDrift, Drift, drift};
pub use html::{html, quality_html};
pub(crate) use reasons::reasons;

use crate::measure::Measurement;
use crate::profile::{Recoding, Role, Transform};
use crate::quality::DatasetQuality;
use crate::relation::RelationReport;
use crate::utility::UtilityReport;

/// The report of one dataset.
///
/// A report that is read back may come from a version that measured less: what it did not measure is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// SHA-256 of the file that was read, in hex, if whoever read it told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_sha256: Option<String>,
    /// Rows of subjects who withdrew consent, which were taken out before anything else; `rows.input` does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_rows: Option<u64>,
    /// Everything that the profile asks for and what the release measures: classes, models, risks to three attackers, losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measurement>,
    /// The same of the dataset as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Measurement>,
    /// What the release is still good for, beside the dataset, and how many records stand out in either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utility: Option<UtilityReport>,
    /// What was suppressed and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppression: Option<SuppressionReport>,
    /// How the levels were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchReport>,
    /// What differs from the release that the plan was made for, if it was made for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// People rather than rows, if the profile names whom rows are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<RelationReport>,
    /// The quality of the dataset as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<DatasetQuality>,
}

/// What was suppressed and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SuppressionReport {
    /// Why whole records are suppressed. A record may have several reasons.
    pub reasons: Vec<SuppressionReason>,
    /// Single cells that became `*` in records that are released, by column; columns without any are left out.
    pub cells: Vec<SuppressedCells>,
}

/// A model that records did not meet, so that they had to be suppressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressionReason {
    /// The model, as the profile names it.
    pub model: String,
    /// The sensitive column it is asked for; `None` for the table as a whole.
    pub column: Option<String>,
    /// Records whose classes did not meet it.
    pub records: u64,
}

/// Single cells that became `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressedCells {
    /// The column.
    pub column: String,
    /// The cells.
    pub cells: u64,
}

/// How the levels were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchReport {
    /// Whether all values of a column go to one level.
    pub recoding: Recoding,
    /// Whether nothing better is possible under the metric of the profile.
    pub optimal: bool,
    /// What was minimized, for the solution.
    pub score: f64,
    /// No solution has a lower score, if that is known.
    pub bound: Option<f64>,
}

/// Rows and their equivalence classes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

    /// The report as one self-contained HTML file with pictures, for people: no scripts, nothing from elsewhere, fit to print.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::html(self)
    }
}
