//! A report of a table that was measured as it stands.

use crate::measure::Measurement;
use crate::profile::{DatasetProfile, Transform};
use crate::report::{
    ColumnReport, DropReason, DroppedColumn, LossReport, PrivacyReport, Report, RowsReport,
};
use crate::table::Table;

impl Report {
    /// The report of a table that was not made here: what was measured of it, and nothing of how it was made.
    #[must_use]
    pub fn of_table(table: &Table, profile: &DatasetProfile, measured: Measurement) -> Self {
        let losses = &measured.utility.attributes;
        let loss = |name: &str| {
            let attribute = losses.iter().find(|attribute| attribute.column == name);
            attribute.map(|attribute| attribute.loss)
        };
        let known = table.columns().iter().filter_map(|column| {
            let rule = profile.column(&column.name)?;
            Some(ColumnReport {
                name: column.name.clone(),
                role: rule.role,
                transform: rule.transform.clone(),
                level: None,
                loss: loss(&column.name),
            })
        });
        let absent = profile.columns().filter(|(name, rule)| {
            rule.transform == Transform::Drop && table.column(name).is_none()
        });
        let classes = &measured.classes;
        Self {
            dataset: profile.name().to_owned(),
            rows: RowsReport {
                input: measured.records,
                output: measured.records - measured.suppressed,
                suppressed: measured.suppressed,
                classes: classes.classes,
                smallest_class: classes.smallest,
                average_class: classes.average,
            },
            privacy: PrivacyReport {
                required_k: profile.privacy().k,
                measured_k: classes.smallest,
                suppression_limit: profile.privacy().suppression_limit,
                highest_prosecutor_risk: measured.risks.prosecutor.highest,
                average_prosecutor_risk: measured.risks.prosecutor.average,
            },
            loss: LossReport {
                geometric: measured.utility.geometric_loss,
                arithmetic: measured.utility.arithmetic_loss,
            },
            columns: known.collect(),
            dropped: absent
                .map(|(name, _)| DroppedColumn {
                    name: name.to_owned(),
                    reason: DropReason::Profile,
                })
                .collect(),
            profile_sha256: profile.profile_sha256.clone(),
            measured: Some(measured),
            ..Self::default()
        }
    }
}
