//! What is to be done with each column of each dataset: a TOML file that the owner approves.
//!
//! ```toml
//! version = 1                        # of this grammar
//!
//! [privacy]                          # for every dataset
//! k = 5                              # 2 or more: rows that must share each combination of quasi-identifiers
//! suppression_limit = 0.05           # 0 to 1, default 0: the share of rows that may be left out to reach k
//!
//! [datasets.adult.privacy]           # optional: overrides either value for one dataset
//! k = 10
//!
//! [datasets.adult.columns.age]
//! role = "quasi"                     # direct | quasi | sensitive | insensitive | free_text
//! transform = "generalize"           # keep | drop | pseudonymize | generalize | suppress
//! hierarchy = "age"                  # generalize only: the name of a hierarchy
//! min_level = 0                      # generalize only, default 0
//! max_level = 3                      # generalize only, default the highest level of the hierarchy
//!
//! [datasets.people.columns.iin]
//! role = "direct"
//! transform = "pseudonymize"
//! domain = "person"                  # pseudonymize only, default the column's name: equal values of one domain
//!                                    # get equal pseudonyms in every dataset and library
//!
//! [datasets.people.columns.income]
//! role = "sensitive"
//! transform = "keep"
//! type = "integer"                   # keep, sensitive or insensitive only: string | integer | float | boolean
//! ```
//!
//! | role | transforms | default |
//! |---|---|---|
//! | `direct` (names a person) | `drop`, `pseudonymize` | `drop` |
//! | `quasi` (names a person together with others) | `generalize`, `keep`, `drop`, `suppress` | `generalize` if a hierarchy is named, else none: say one |
//! | `sensitive` (what must not be learnt of a person) | `keep`, `drop`, `suppress`, `pseudonymize` | `keep` |
//! | `insensitive` | `keep`, `drop`, `suppress`, `pseudonymize` | `keep` |
//! | `free_text` | `drop`, `keep`, `suppress` | `drop` |
//!
//! A column that the profile does not name is dropped. A column that the data does not have is an error. Unknown fields are
//! errors.

mod parse;
mod raw;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use parse::ProfileError;

/// What a column tells about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Identifies a person alone: an IIN, a name, a phone number.
    Direct,
    /// Identifies a person together with other columns.
    Quasi,
    /// Must not become known of a person.
    Sensitive,
    /// Neither identifies nor harms.
    Insensitive,
    /// Prose, in which anything may stand.
    FreeText,
}

/// What is done with the values of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// Values are released as they are, as `cast` if it is given.
    Keep {
        /// The type that text is turned into.
        cast: Option<ValueType>,
    },
    /// The column is not released.
    Drop,
    /// Each value is replaced by a keyed pseudonym.
    Pseudonymize {
        /// Equal values of one domain get equal pseudonyms.
        domain: String,
    },
    /// Each value is replaced by a more general one of the same level.
    Generalize {
        /// The name of the hierarchy.
        hierarchy: String,
        /// The lowest level that may be chosen.
        min_level: u32,
        /// The highest level that may be chosen; `None` for the hierarchy's highest.
        max_level: Option<u32>,
    },
    /// Each value is replaced by `*`.
    Suppress,
}

/// The type that the text of a kept column is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// Text as it is.
    String,
    /// A whole number of 64 bits.
    Integer,
    /// A finite number.
    Float,
    /// `true` or `false`, also written `True`, `False`, `1`, `0`.
    Boolean,
}

/// What is done with one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnRule {
    /// What the column tells.
    pub role: Role,
    /// What is done with it.
    pub transform: Transform,
}

/// The privacy that a release must have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Privacy {
    /// Rows that must share each combination of quasi-identifiers (Samarati 2001, Sweeney 2002).
    pub k: u64,
    /// The share of rows, 0 to 1, that may be left out.
    pub suppression_limit: f64,
}

impl Privacy {
    /// The number of rows out of `rows` that may be left out.
    ///
    /// The share is a decimal fraction that binary floats miss by a hair (0.29 of 100 gives 28.999…), hence the allowance.
    #[must_use]
    pub fn suppressible(&self, rows: u64) -> u64 {
        let allowed = (self.suppression_limit * rows as f64 + 1e-9).floor();
        // The limit is at most 1, so that the product is within `rows`.
        (allowed as u64).min(rows)
    }
}

/// What is done with one dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetProfile {
    pub(crate) name: String,
    pub(crate) privacy: Privacy,
    pub(crate) columns: BTreeMap<String, ColumnRule>,
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
    pub fn privacy(&self) -> Privacy {
        self.privacy
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

    /// The hierarchies that the profile needs.
    #[must_use]
    pub fn hierarchies(&self) -> BTreeSet<&str> {
        let named = self
            .columns
            .values()
            .filter_map(|rule| match &rule.transform {
                Transform::Generalize { hierarchy, .. } => Some(hierarchy.as_str()),
                _ => None,
            });
        named.collect()
    }
}

/// A validated profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub(crate) sha256: String,
    pub(crate) datasets: BTreeMap<String, DatasetProfile>,
}

impl Profile {
    /// The SHA-256 of the profile's text, in hex: what the owner approved.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
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
