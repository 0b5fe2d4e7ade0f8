//! What may be published.

use super::column::Column;
use super::written::Digest;
use super::{Verification, Written};
use crate::measure::Measurement;
use crate::report::{
    ColumnReport, DropReason, DroppedColumn, LossReport, PrivacyReport, Report, RowsReport,
    SearchReport,
};

/// A depersonalized dataset whose file was measured. Only [`Verification`] makes one.
///
/// It cannot be made otherwise, not even from parts:
///
/// ```compile_fail,E0451
/// fn forge(bytes: Vec<u8>, real: sandyq_anonymizer::Release) -> sandyq_anonymizer::Release {
///     sandyq_anonymizer::Release { output: bytes, ..real }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Release<W = Vec<u8>> {
    output: W,
    pseudonyms: Vec<String>,
    report: Report,
}

/// What is told of a release whose file was held to the dataset. Only [`Verification`] makes it.
pub(crate) struct Held {
    pseudonyms: Vec<String>,
    report: Report,
}

impl Held {
    pub(super) fn new(
        of: &Verification<'_>,
        columns: &[Column<'_>],
        measured: Measurement,
    ) -> Self {
        let (profile, plan) = (of.profile, of.plan);
        let left_out = of.table.columns().iter().filter(|column| {
            let released = |kept: &Column<'_>| kept.name == column.name;
            !columns.iter().any(released)
        });
        let dropped = left_out.map(|column| DroppedColumn {
            name: column.name.clone(),
            reason: match profile.column(&column.name) {
                Some(_) => DropReason::Profile,
                None => DropReason::NotInProfile,
            },
        });
        let report = Report {
            dataset: profile.name().to_owned(),
            rows: rows(&measured),
            privacy: PrivacyReport {
                required_k: profile.privacy().k,
                measured_k: measured.classes.smallest,
                suppression_limit: profile.privacy().suppression_limit,
                highest_prosecutor_risk: measured.risks.prosecutor.highest,
                average_prosecutor_risk: measured.risks.prosecutor.average,
            },
            loss: LossReport {
                geometric: measured.utility.geometric_loss,
                arithmetic: measured.utility.arithmetic_loss,
            },
            columns: columns
                .iter()
                .map(|column| column_report(column, &measured))
                .collect(),
            dropped: dropped.collect(),
            lattice_nodes: plan.lattice_nodes,
            candidates_examined: plan.candidates_examined,
            profile_sha256: plan.profile_sha256.clone(),
            hierarchies: plan.hierarchies.clone(),
            measured: Some(measured),
            search: Some(SearchReport {
                recoding: profile.privacy().recoding,
                optimal: plan.optimal,
                score: plan.score,
                bound: plan.bound,
            }),
            ..Report::default()
        };
        let pseudonyms = columns.iter().filter(|column| column.renewal.is_some());
        Self {
            pseudonyms: pseudonyms.map(|column| column.name.to_owned()).collect(),
            report,
        }
    }

    /// The release of the file that was held to the dataset, with the digest of its bytes.
    pub(super) fn release<W: Written>(self, output: W, digest: Digest) -> Release<W> {
        Release {
            output,
            pseudonyms: self.pseudonyms,
            report: Report {
                output_sha256: digest.sha256,
                output_bytes: digest.bytes,
                ..self.report
            },
        }
    }
}

impl Release {
    /// The Parquet file to publish.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.output
    }
}

impl<W> Release<W> {
    /// What was measured and is to be published, without a copy, and its report.
    #[must_use]
    pub fn into_parts(self) -> (W, Report) {
        (self.output, self.report)
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

    /// The columns with pseudonyms, tokens or encrypted values, to be re-keyed when the release is staged.
    #[must_use]
    pub fn pseudonym_columns(&self) -> &[String] {
        &self.pseudonyms
    }

    /// For what is told beside the measures, which nobody changes.
    pub(crate) fn report_mut(&mut self) -> &mut Report {
        &mut self.report
    }

    /// What the owner reads before approving.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

fn rows(measured: &Measurement) -> RowsReport {
    RowsReport {
        input: measured.records,
        output: measured.records - measured.suppressed,
        suppressed: measured.suppressed,
        classes: measured.classes.classes,
        smallest_class: measured.classes.smallest,
        average_class: measured.classes.average,
    }
}

fn column_report(column: &Column<'_>, measured: &Measurement) -> ColumnReport {
    let mut attributes = measured.utility.attributes.iter();
    ColumnReport {
        name: column.name.to_owned(),
        role: column.rule.role,
        transform: column.rule.transform.clone(),
        level: column.level,
        loss: attributes
            .find(|attribute| attribute.column == column.name)
            .map(|attribute| attribute.loss),
    }
}
