//! What may be published.

use polars::prelude::Column;

use super::check::Expected;
use super::measure::Measured;
use crate::digest::sha256_hex;
use crate::plan::Plan;
use crate::profile::{ColumnRule, DatasetProfile};
use crate::report::{
    ColumnReport, DropReason, DroppedColumn, LossReport, PrivacyReport, Report, RowsReport,
};

/// A depersonalized dataset whose bytes were measured. Only [`super::verify`] makes one.
///
/// It cannot be made otherwise, not even from parts:
///
/// ```compile_fail,E0451
/// fn forge(bytes: Vec<u8>, real: sandyq_anonymizer::Release) -> sandyq_anonymizer::Release {
///     sandyq_anonymizer::Release { bytes, ..real }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    bytes: Vec<u8>,
    pseudonyms: Vec<String>,
    report: Report,
}

impl Release {
    pub(super) fn new(
        profile: &DatasetProfile,
        plan: &Plan,
        expected: &[Expected<'_>],
        columns: Vec<(&Column, Option<&ColumnRule>)>,
        measured: Measured,
        bytes: Vec<u8>,
    ) -> Self {
        let pseudonyms = expected.iter().filter(|column| column.is_pseudonym());
        let dropped = columns.into_iter().filter(|(column, _)| {
            expected
                .iter()
                .all(|kept| kept.name != column.name().as_str())
        });
        let dropped = dropped.map(|(column, rule)| DroppedColumn {
            name: column.name().to_string(),
            reason: if rule.is_some() {
                DropReason::Profile
            } else {
                DropReason::NotInProfile
            },
        });
        let report = Report {
            dataset: profile.name().to_owned(),
            rows: rows(&measured),
            privacy: privacy(profile, &measured),
            loss: LossReport {
                geometric: measured.geometric,
                arithmetic: measured.arithmetic,
            },
            columns: expected
                .iter()
                .map(|column| column_report(column, &measured))
                .collect(),
            dropped: dropped.collect(),
            lattice_nodes: plan.lattice_nodes,
            candidates_examined: plan.candidates_examined,
            profile_sha256: plan.profile_sha256.clone(),
            hierarchies: plan.hierarchies.clone(),
            output_sha256: sha256_hex(&bytes),
            output_bytes: bytes.len() as u64,
            ..Report::default()
        };
        Self {
            pseudonyms: pseudonyms.map(|column| column.name.to_owned()).collect(),
            report,
            bytes,
        }
    }

    /// The Parquet file to publish.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The Parquet file to publish, without a copy, and its report.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, Report) {
        (self.bytes, self.report)
    }

    /// SHA-256 of the file, in hex.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.report.output_sha256
    }

    /// Rows released.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.report.rows.output
    }

    /// The released columns, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.report
            .columns
            .iter()
            .map(|column| column.name.as_str())
    }

    /// The measured k: rows of the smallest equivalence class.
    #[must_use]
    pub fn k(&self) -> u64 {
        self.report.privacy.measured_k
    }

    /// The measured geometric loss.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.report.loss.geometric
    }

    /// The columns that hold pseudonyms, to be re-keyed when the release is staged.
    #[must_use]
    pub fn pseudonym_columns(&self) -> &[String] {
        &self.pseudonyms
    }

    /// What the owner reads before approving.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

fn rows(measured: &Measured) -> RowsReport {
    RowsReport {
        input: measured.rows_in,
        output: measured.rows_out,
        suppressed: measured.rows_in - measured.rows_out,
        classes: measured.classes,
        smallest_class: measured.smallest_class,
        average_class: measured.rows_out as f64 / measured.classes as f64,
    }
}

fn privacy(profile: &DatasetProfile, measured: &Measured) -> PrivacyReport {
    PrivacyReport {
        required_k: profile.privacy().k,
        measured_k: measured.smallest_class,
        suppression_limit: profile.privacy().suppression_limit,
        highest_prosecutor_risk: 1.0 / measured.smallest_class as f64,
        average_prosecutor_risk: measured.classes as f64 / measured.rows_out as f64,
    }
}

fn column_report(column: &Expected<'_>, measured: &Measured) -> ColumnReport {
    ColumnReport {
        name: column.name.to_owned(),
        role: column.rule.role,
        transform: column.rule.transform.clone(),
        level: column.level.map(|(_, level)| level as u32),
        loss: measured.losses.get(column.name).copied(),
    }
}
