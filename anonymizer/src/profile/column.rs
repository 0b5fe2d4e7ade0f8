//! What is done with one column.

use serde::{Deserialize, Serialize};

use super::replacement::{Derivation, Replacement};
use crate::hierarchy::Build;
use crate::prepare::Step;

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

/// What is done with one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnRule {
    /// What the column tells.
    pub role: Role,
    /// What becomes of each value before anything else, in order.
    pub prepare: Vec<Step>,
    /// What is done with it.
    pub transform: Transform,
    /// What the column is derived from, if the dataset does not have it.
    pub derive: Option<Derivation>,
    /// What each class must keep to in this column; of sensitive columns only.
    pub models: Vec<Model>,
}

/// What is done with the values of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Each value is replaced by a more general one.
    Generalize(Generalize),
    /// Each value is replaced by that of its equivalence class.
    Microaggregate {
        /// How the values of a class become one.
        function: AggregateFunction,
    },
    /// Each value is replaced by `*`.
    Suppress,
    /// Each value is replaced by another.
    Replace(Replacement),
}

/// How a column is generalized.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generalize {
    /// What is above each value.
    pub hierarchy: HierarchySource,
    /// The lowest level that may be chosen.
    pub min_level: u32,
    /// The highest level that may be chosen; `None` for the hierarchy's highest.
    pub max_level: Option<u32>,
    /// How much the column's loss counts beside the others'; above 0.
    pub weight: f64,
    /// Whether local recoding may turn a single value into `*`. `None` for yes if the highest permitted level has a single value
    /// or no highest is set.
    pub suppress_cells: Option<bool>,
    /// What becomes of values that the hierarchy does not have.
    pub unknown: Unknown,
}

/// Where a hierarchy comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HierarchySource {
    /// A file, by its name.
    Named(String),
    /// A rule, over the values that occur.
    Built(Build),
}

/// What becomes of values that the hierarchy does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// They are an error.
    Error,
    /// They are `*` from level 1 on.
    Suppress,
    /// They stay as they are up to the level that has a single value.
    Keep,
}

/// How the values of a class become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateFunction {
    /// The arithmetic mean of numbers.
    Mean,
    /// The middle number, or the mean of the two in the middle.
    Median,
    /// The most frequent value.
    Mode,
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

/// What each class must keep to in a sensitive column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// At least `l` different values (Machanavajjhala et al. 2006).
    DistinctDiversity {
        /// 2 or more.
        l: u64,
    },
    /// Shannon entropy of at least `ln l` (Machanavajjhala et al. 2006).
    EntropyDiversity {
        /// Above 1.
        l: f64,
    },
    /// The largest count below `c` times the sum of the l-th largest and smaller ones (Machanavajjhala et al. 2006).
    RecursiveDiversity {
        /// Above 0.
        c: f64,
        /// 2 or more.
        l: u64,
    },
    /// The distribution within `t` of the whole table's (Li, Li, Venkatasubramanian 2007).
    TCloseness {
        /// 0 to 1.
        t: f64,
        /// How far values are from one another.
        distance: Distance,
    },
    /// `|log2(p/q)| < delta` for every value that the class has (as in ARX; Brickell, Shmatikov 2008).
    DeltaDisclosure {
        /// Above 0.
        delta: f64,
    },
    /// `(p - q)/q <= beta` for every value (Cao, Karras 2012).
    BasicBeta {
        /// Above 0.
        beta: f64,
    },
    /// `(p - q)/q <= min(beta, -ln q)` for every value (Cao, Karras 2012).
    EnhancedBeta {
        /// Above 0.
        beta: f64,
    },
}

/// How far the values of a sensitive column are from one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Any two are equally far.
    Equal,
    /// By the level on which they meet.
    Hierarchical {
        /// What is above each value.
        hierarchy: HierarchySource,
    },
    /// By the number of values between them.
    Ordered {
        /// The values in order; empty where they are numbers, which order themselves.
        order: Vec<String>,
    },
}

impl ColumnRule {
    /// The hierarchies that the column needs, with where each comes from.
    pub(crate) fn hierarchies(&self) -> impl Iterator<Item = &HierarchySource> {
        let own = match &self.transform {
            Transform::Generalize(generalize) => Some(&generalize.hierarchy),
            _ => None,
        };
        let distances = self.models.iter().filter_map(|model| match model {
            Model::TCloseness {
                distance: Distance::Hierarchical { hierarchy },
                ..
            } => Some(hierarchy),
            _ => None,
        });
        own.into_iter().chain(distances)
    }
}
