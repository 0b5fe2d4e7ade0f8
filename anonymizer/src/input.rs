//! Where table, profile and hierarchies meet: each column with its rule, and each quasi-identifier as numbers.

use std::collections::HashMap;

use polars::prelude::*;

use crate::hierarchy::{Hierarchies, Hierarchy};
use crate::profile::{ColumnRule, DatasetProfile, HierarchySource, Role, Transform};
use crate::table::{Table, texts};

/// What stands for a value that is not released.
pub const SUPPRESSED: &str = "*";

/// How many values a message lists.
const LISTED: usize = 10;

/// How many characters of each.
const SHOWN: usize = 64;

/// Why table, profile and hierarchies do not fit one another.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The profile is of another dataset.
    #[error("the profile of dataset {profile:?} was applied to dataset {table:?}")]
    WrongDataset {
        /// The dataset of the profile.
        profile: String,
        /// The dataset read.
        table: String,
    },
    /// The profile names a column that the data does not have.
    #[error(
        "dataset {dataset:?} has no column {column:?}, which the profile names; correct the profile or the file"
    )]
    AbsentColumn {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
    },
    /// The profile names a hierarchy that was not given.
    #[error(
        "dataset {dataset:?}, column {column:?}: there is no hierarchy {hierarchy:?}; supply {hierarchy}.csv"
    )]
    AbsentHierarchy {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The hierarchy.
        hierarchy: String,
    },
    /// The profile asks for a level that the hierarchy does not have.
    #[error(
        "dataset {dataset:?}, column {column:?}: level {level} is above the highest level {highest} of hierarchy {hierarchy:?}"
    )]
    AbsentLevel {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The hierarchy.
        hierarchy: String,
        /// The level asked for.
        level: u32,
        /// The highest level there is.
        highest: u32,
    },
    /// The data has values without a row in the hierarchy.
    #[error(
        "dataset {dataset:?}, column {column:?}: {distinct} values in {rows} rows are not in hierarchy {hierarchy:?}: {}",
        listed(values, *distinct)
    )]
    NotInHierarchy {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The hierarchy.
        hierarchy: String,
        /// Up to ten of the values, the most frequent first, with their rows.
        values: Vec<(String, u64)>,
        /// How many values there are.
        distinct: u64,
        /// How many rows hold them.
        rows: u64,
    },
    /// A column could not be read as text.
    #[error("dataset {dataset:?}: a column cannot be read as text")]
    Frame {
        /// The dataset.
        dataset: String,
        /// What polars says.
        #[source]
        source: PolarsError,
    },
}

fn listed(values: &[(String, u64)], distinct: u64) -> String {
    let shown: Vec<_> = values
        .iter()
        .map(|(value, rows)| format!("{:?} ({rows})", shortened(value)))
        .collect();
    let rest = distinct.saturating_sub(values.len() as u64);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

/// A message repeats only the beginning of a long value.
fn shortened(value: &str) -> String {
    value.chars().take(SHOWN).collect()
}

/// The columns of the table in their order, each with its rule if the profile names it.
pub(crate) fn columns<'a>(
    table: &'a Table,
    profile: &'a DatasetProfile,
) -> Result<Vec<(&'a Column, Option<&'a ColumnRule>)>, InputError> {
    if table.name() != profile.name() {
        return Err(InputError::WrongDataset {
            profile: profile.name().to_owned(),
            table: table.name().to_owned(),
        });
    }
    for (name, _) in profile.columns() {
        if table.frame().get_column_index(name).is_none() {
            return Err(InputError::AbsentColumn {
                dataset: table.name().to_owned(),
                column: name.to_owned(),
            });
        }
    }
    let columns = table.frame().columns().iter();
    Ok(columns
        .map(|column| (column, profile.column(column.name())))
        .collect())
}

/// A quasi-identifier as numbers: each row's value as a code, and for each permitted level what the codes become.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub name: String,
    /// |D|: leaves of the hierarchy, or different values where there is none.
    pub domain: u64,
    /// The number of the first of `levels` in its hierarchy.
    pub first_level: u32,
    pub levels: Vec<Level>,
    /// The value of each row.
    pub codes: Vec<u32>,
}

/// What the values of an attribute become on one level.
#[derive(Clone, Debug, Default)]
pub(crate) struct Level {
    /// The code on this level, by the code of the value.
    pub codes: Vec<u32>,
    /// Leaves under the level's value, by the code of the value.
    pub leaves: Vec<u64>,
    /// The released text, by the code on this level.
    pub labels: Vec<Option<String>>,
}

impl Level {
    /// Number of different values on this level.
    pub(crate) fn cardinality(&self) -> u64 {
        self.labels.len() as u64
    }

    pub(crate) fn code(&self, value: u32) -> u32 {
        self.codes.get(value as usize).copied().unwrap_or_default()
    }

    fn push(&mut self, label: Option<&str>, leaves: u64, seen: &mut HashMap<Option<String>, u32>) {
        let next = seen.len() as u32;
        let code = *seen.entry(label.map(str::to_owned)).or_insert_with(|| {
            self.labels.push(label.map(str::to_owned));
            next
        });
        self.codes.push(code);
        self.leaves.push(leaves);
    }
}

/// The quasi-identifiers that are released, in the order of the table.
pub(crate) fn attributes(
    table: &Table,
    profile: &DatasetProfile,
    hierarchies: &Hierarchies,
) -> Result<Vec<Attribute>, InputError> {
    let mut attributes = Vec::new();
    for (column, rule) in columns(table, profile)? {
        let Some(rule) =
            rule.filter(|rule| rule.role == Role::Quasi && rule.transform != Transform::Drop)
        else {
            continue;
        };
        attributes.push(attribute(
            table.name(),
            column,
            &rule.transform,
            hierarchies,
        )?);
    }
    Ok(attributes)
}

fn attribute(
    dataset: &str,
    column: &Column,
    transform: &Transform,
    hierarchies: &Hierarchies,
) -> Result<Attribute, InputError> {
    let (codes, values) = dictionary(column).map_err(|source| InputError::Frame {
        dataset: dataset.to_owned(),
        source,
    })?;
    let place = Place {
        dataset,
        column: column.name(),
    };
    let (domain, first_level, levels) = match transform {
        Transform::Generalize(rule) => {
            let hierarchy = place.hierarchy(hierarchies, &rule.hierarchy)?;
            let max_level = rule.max_level.unwrap_or(hierarchy.levels() as u32 - 1);
            place.check_level(hierarchy, max_level.max(rule.min_level))?;
            let leaves = place.leaves(hierarchy, &values, &codes)?;
            let levels = (rule.min_level..=max_level)
                .map(|level| generalized(hierarchy, level as usize, &leaves));
            (hierarchy.len() as u64, rule.min_level, levels.collect())
        }
        Transform::Suppress => (values.len() as u64, 0, vec![starred(values.len())]),
        _ => (values.len() as u64, 0, vec![kept(&values)]),
    };
    Ok(Attribute {
        name: column.name().to_string(),
        domain,
        first_level,
        levels,
        codes,
    })
}

/// The code of each row's value, and the values by code. Missing is a value like any other.
fn dictionary(column: &Column) -> PolarsResult<(Vec<u32>, Vec<Option<String>>)> {
    let texts = texts(column)?;
    let mut seen: HashMap<Option<&str>, u32> = HashMap::new();
    let mut values = Vec::new();
    let mut codes = Vec::with_capacity(texts.len());
    for text in texts.iter() {
        let next = values.len() as u32;
        codes.push(*seen.entry(text).or_insert_with(|| {
            values.push(text.map(str::to_owned));
            next
        }));
    }
    Ok((codes, values))
}

fn kept(values: &[Option<String>]) -> Level {
    Level {
        codes: (0..values.len() as u32).collect(),
        leaves: vec![1; values.len()],
        labels: values.to_vec(),
    }
}

fn starred(values: usize) -> Level {
    Level {
        codes: vec![0; values],
        leaves: vec![values as u64; values],
        labels: vec![Some(SUPPRESSED.to_owned())],
    }
}

/// What each value becomes on a level. A missing value is not in the hierarchy: it stays missing and loses nothing until the level
/// has a single value, which then covers it too.
fn generalized(hierarchy: &Hierarchy, level: usize, leaves: &[Option<u32>]) -> Level {
    let (values, above) = (hierarchy.values(level), hierarchy.above(level));
    let mut under = vec![0_u64; values.len()];
    for value in above {
        if let Some(count) = under.get_mut(*value as usize) {
            *count += 1;
        }
    }
    let root = values.first().filter(|_| values.len() == 1);
    let (mut result, mut seen) = (Level::default(), HashMap::new());
    for leaf in leaves {
        let value = leaf
            .and_then(|leaf| above.get(leaf as usize))
            .map(|value| *value as usize);
        let label = value
            .and_then(|value| values.get(value))
            .or(root)
            .map(String::as_str);
        let leaves = match value {
            Some(value) => under.get(value).copied().unwrap_or(1),
            None if root.is_some() => hierarchy.len() as u64,
            None => 1,
        };
        result.push(label, leaves, &mut seen);
    }
    result
}

struct Place<'a> {
    dataset: &'a str,
    column: &'a str,
}

impl Place<'_> {
    fn hierarchy<'h>(
        &self,
        hierarchies: &'h Hierarchies,
        source: &HierarchySource,
    ) -> Result<&'h Hierarchy, InputError> {
        let name = match source {
            HierarchySource::Named(name) => name,
            HierarchySource::Built(build) => build.kind(),
        };
        hierarchies
            .get(name)
            .ok_or_else(|| InputError::AbsentHierarchy {
                dataset: self.dataset.to_owned(),
                column: self.column.to_owned(),
                hierarchy: name.to_owned(),
            })
    }

    fn check_level(&self, hierarchy: &Hierarchy, level: u32) -> Result<(), InputError> {
        let highest = hierarchy.levels() as u32 - 1;
        if level <= highest {
            return Ok(());
        }
        let (dataset, column) = (self.dataset.to_owned(), self.column.to_owned());
        Err(InputError::AbsentLevel {
            dataset,
            column,
            hierarchy: hierarchy.name().to_owned(),
            level,
            highest,
        })
    }

    /// The leaf of each value; `None` for the missing value.
    fn leaves(
        &self,
        hierarchy: &Hierarchy,
        values: &[Option<String>],
        codes: &[u32],
    ) -> Result<Vec<Option<u32>>, InputError> {
        let leaves: Vec<_> = values
            .iter()
            .map(|value| hierarchy.leaf(value.as_deref()?))
            .collect();
        let unknown =
            |(value, leaf): (&Option<String>, &Option<u32>)| value.is_some() && leaf.is_none();
        if !values.iter().zip(&leaves).any(unknown) {
            return Ok(leaves);
        }
        let mut counts = vec![0_u64; values.len()];
        for code in codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        let pairs = values
            .iter()
            .zip(&leaves)
            .zip(counts)
            .filter(|(pair, _)| unknown(*pair));
        let mut missing: Vec<_> = pairs
            .filter_map(|((value, _), rows)| Some((value.clone()?, rows)))
            .collect();
        missing.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        let (distinct, rows) = (
            missing.len() as u64,
            missing.iter().map(|(_, rows)| rows).sum(),
        );
        missing.truncate(LISTED);
        Err(InputError::NotInHierarchy {
            dataset: self.dataset.to_owned(),
            column: self.column.to_owned(),
            hierarchy: hierarchy.name().to_owned(),
            values: missing,
            distinct,
            rows,
        })
    }
}
