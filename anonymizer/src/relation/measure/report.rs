//! What the owner reads of subjects.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::profile::{DatasetProfile, KnownRecords, Relations};
use crate::report::Report;
use crate::table::Table;

/// The subjects of a dataset, and how many share what is known of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelationReport {
    /// The column that tells whom a row is about.
    pub subject: String,
    /// Whether its pseudonyms are released, so that the rows of a person can be collected.
    pub linked: bool,
    /// The datasets that join, this one among them.
    pub datasets: Vec<String>,
    /// Subjects who must share what is known of each.
    pub required_k: u64,
    /// How many records of a person in each dataset an attacker may know.
    pub known_records: KnownRecords,
    /// Different subjects of the dataset.
    pub subjects: u64,
    /// Different subjects of the release; `None` where it does not name them.
    pub released_subjects: Option<u64>,
    /// Rows of the dataset that are not in the release, to keep subjects together or for any other reason.
    pub withheld_rows: u64,
    /// Rows of the release that do not say whom they are about.
    pub rows_without_subject: u64,
    /// Subjects of the equivalence class that has the fewest.
    pub smallest_class_subjects: u64,
    /// Subjects who share what the fewest share, over all datasets that join.
    pub joined_k: Option<u64>,
    /// Different things that can be known of subjects: whole collections of rows, or choices of so many.
    pub joined_classes: Option<u64>,
}

impl RelationReport {
    pub(super) fn new(
        profile: &DatasetProfile,
        relations: &Relations,
        k: u64,
        datasets: &[&str],
    ) -> Self {
        Self {
            subject: profile.subject().unwrap_or_default().to_owned(),
            linked: false,
            datasets: datasets.iter().map(|name| (*name).to_owned()).collect(),
            required_k: k,
            known_records: relations.known_records,
            subjects: 0,
            released_subjects: None,
            withheld_rows: 0,
            rows_without_subject: 0,
            smallest_class_subjects: 0,
            joined_k: None,
            joined_classes: None,
        }
    }

    /// Counts what is in the dataset and not in its release.
    pub(super) fn count(&mut self, original: &Table, released_rows: u64) {
        if let Some(column) = original.column(&self.subject) {
            let codes: HashSet<u32> = column.codes.iter().filter(|code| *code > 0).collect();
            self.subjects = codes.len() as u64;
        }
        self.withheld_rows = (original.rows() as u64).saturating_sub(released_rows);
    }

    /// Puts what was measured into the report of the release, whose rows are then those of the whole dataset.
    pub(in crate::relation) fn enter(self, report: &mut Report) {
        report.rows.input = report.rows.output + self.withheld_rows;
        report.rows.suppressed = self.withheld_rows;
        report.relation = Some(self);
    }
}
