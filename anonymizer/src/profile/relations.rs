//! What is asked of people who have rows in several datasets, or several in one.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::raw::Given;

/// The privacy of people whose rows can be joined by a pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relations {
    /// People who must share what is known of each; `None` for the largest k of the datasets that are joined.
    pub k: Option<u64>,
    /// How many records of a person in each dataset an attacker may know.
    pub known_records: KnownRecords,
}

impl Default for Relations {
    fn default() -> Self {
        Self {
            k: None,
            known_records: KnownRecords::All,
        }
    }
}

/// How many records of a person in each dataset an attacker may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownRecords {
    /// All of them, and that there are no others: (X, Y)-anonymity of the joined records (Wang, Fung 2006; Nergiz, Clifton,
    /// Nergiz 2009).
    All,
    /// Any so many, 1 to 3: k^m-anonymity (Terrovitis, Mamoulis, Kalnis 2008).
    AtMost(u32),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRelations {
    pub k: Given<u64>,
    pub known_records: Option<Spanned<RawKnownRecords>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum RawKnownRecords {
    Number(u64),
    Word(String),
}
