//! What is to be done with each column of each dataset: a TOML file that the owner approves. `PROFILE.md` beside this crate's
//! sources holds the grammar and what each field means.

mod column;
mod parse;
mod privacy;
mod raw;
mod relations;
mod replacement;

use std::collections::{BTreeMap, BTreeSet};

pub use column::{
    AggregateFunction, ColumnRule, Distance, Generalize, HierarchySource, Model, Role, Transform,
    Unknown, ValueType,
};
pub use parse::ProfileError;
pub use privacy::{
    Aggregate, DeltaPresence, Metric, Missing, Privacy, Recoding, RiskLimits, SuppressedRecords,
};
pub use relations::{KnownRecords, Relations};
pub use replacement::{Derivation, DerivedPart, RedactStyle, Replacement, SubjectColumn};

use crate::quality::Thresholds;

/// What is done with one dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetProfile {
    pub(crate) name: String,
    pub(crate) privacy: Privacy,
    pub(crate) columns: BTreeMap<String, ColumnRule>,
    pub(crate) report_target: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) profile_sha256: String,
}

impl DatasetProfile {
    /// The name of the dataset.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The privacy that its release must have.
    #[must_use]
    pub fn privacy(&self) -> &Privacy {
        &self.privacy
    }

    /// The rule of a column; `None` if the profile does not name it.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnRule> {
        self.columns.get(name)
    }

    /// The columns that the profile names, by name.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &ColumnRule)> {
        self.columns
            .iter()
            .map(|(name, rule)| (name.as_str(), rule))
    }

    /// The column that a classifier predicts for the report, if one is named.
    #[must_use]
    pub fn report_target(&self) -> Option<&str> {
        self.report_target.as_deref()
    }

    /// The column that tells whom a row is about, if the profile names it: then people are counted, not rows.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The semantic types of columns that the profile declares, by column.
    #[must_use]
    pub fn types(&self) -> &BTreeMap<String, String> {
        &self.types
    }

    /// Whether what is released depends on the key: there are pseudonyms, or replacements that need it.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        self.columns.values().any(|rule| match &rule.transform {
            Transform::Pseudonymize { .. } => true,
            Transform::Replace(replacement) => replacement.needs_key(),
            _ => false,
        })
    }

    /// The hierarchy files that the profile needs, by name.
    #[must_use]
    pub fn hierarchies(&self) -> BTreeSet<&str> {
        let sources = self.columns.values().flat_map(ColumnRule::hierarchies);
        sources
            .filter_map(|source| match source {
                HierarchySource::Named(name) => Some(name.as_str()),
                HierarchySource::Built(_) => None,
            })
            .collect()
    }
}

/// A validated profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub(crate) sha256: String,
    pub(crate) datasets: BTreeMap<String, DatasetProfile>,
    pub(crate) relations: Relations,
    pub(crate) quality: Thresholds,
}

impl Profile {
    /// The SHA-256 of the profile's text, in hex: what the owner approved.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What is asked of people whose rows can be joined.
    #[must_use]
    pub fn relations(&self) -> &Relations {
        &self.relations
    }

    /// The quality that the data must have to be published.
    #[must_use]
    pub fn quality(&self) -> &Thresholds {
        &self.quality
    }

    /// The datasets that the profile names, by name.
    pub fn datasets(&self) -> impl Iterator<Item = &DatasetProfile> {
        self.datasets.values()
    }

    /// The profile of one dataset.
    ///
    /// # Errors
    /// [`ProfileError::UnknownDataset`] if the profile does not name it.
    pub fn dataset(&self, name: &str) -> Result<&DatasetProfile, ProfileError> {
        self.datasets
            .get(name)
            .ok_or_else(|| ProfileError::UnknownDataset {
                dataset: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests;
