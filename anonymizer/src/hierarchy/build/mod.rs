//! Hierarchies made by a rule.

mod check;
mod dates;
mod intervals;
mod kato;
mod mask;
mod ordered;
mod prefix;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::read::Builder;
use super::{Hierarchy, HierarchyError};
use crate::prepare::Unit;

/// What is above everything.
const ROOT: &str = "*";

/// A rule that makes a hierarchy over given values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Build {
    /// Numbers by intervals.
    Intervals(Intervals),
    /// A list of values by groups of neighbours.
    Ordered(Ordered),
    /// Dates by the calendar.
    Dates(Dates),
    /// Texts by masking characters from one end.
    Mask(Mask),
    /// Codes of Kazakhstan's administrative units.
    Kato(Kato),
    /// Codes by their first characters.
    Prefix(Prefix),
}

/// Numbers by intervals, each width a multiple of the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// The width of the intervals on each level from level 1 on.
    pub widths: Vec<f64>,
    /// Numbers below are one open interval on every level from 1 on. Intervals are counted from here, or from 0.
    pub lower: Option<f64>,
    /// Numbers from here on are one open interval on every level from 1 on.
    pub upper: Option<f64>,
    /// The numbers from `lower` to `upper` in steps of this belong to the domain whether or not they occur.
    pub step: Option<f64>,
}

/// A list of values by groups of neighbours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ordered {
    /// The values in their order.
    pub values: Vec<String>,
    /// How many groups of the level below each group joins, for each level from 1 on.
    pub groups: Vec<u32>,
}

/// Dates by the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dates {
    /// The unit of each level from level 1 on, each longer than the one before.
    pub units: Vec<Unit>,
}

/// Texts by masking characters from one end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    /// Where masking begins.
    pub end: End,
    /// What stands for a masked character.
    pub character: char,
    /// The characters of the longest value; `None` for the longest that occurs.
    pub length: Option<u32>,
    /// Characters that each level masks more than the one below.
    pub by: u32,
}

/// An end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The beginning.
    Left,
    /// The end.
    Right,
}

/// Codes of Kazakhstan's administrative units: nine digits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kato {
    /// Whether the regions made in 2022 are joined with those they were made of, so that data from before and after compare.
    pub join_2022: bool,
}

/// Codes by their first characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prefix {
    /// How many characters stay on each level from level 1 on, each fewer than the one before.
    pub lengths: Vec<u32>,
    /// Ranges of codes, such as `A00-A09`, that make a level above the prefixes of their length.
    pub blocks: Vec<String>,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BuildFault {
    /// The field of the rule.
    pub field: &'static str,
    /// What is wrong with it and what to do.
    pub message: String,
}

impl Build {
    /// The name of the kind of rule.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Intervals(_) => "intervals",
            Self::Ordered(_) => "ordered",
            Self::Dates(_) => "dates",
            Self::Mask(_) => "mask",
            Self::Kato(_) => "kato",
            Self::Prefix(_) => "prefix",
        }
    }

    /// Whether the rule makes sense, before any values are known.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), BuildFault> {
        match self {
            Self::Intervals(intervals) => intervals.check(),
            Self::Ordered(ordered) => ordered.check(),
            Self::Dates(dates) => dates.check(),
            Self::Mask(mask) => mask.check(),
            Self::Kato(_) => Ok(()),
            Self::Prefix(prefix) => prefix.check(),
        }
    }

    /// The hierarchy over these values and those that the rule declares, in the order of the rule.
    ///
    /// # Errors
    /// [`HierarchyError::Build`] if the rule makes no sense; the faults of any hierarchy if what it makes is none, such as blocks that
    /// cross prefixes, or too large.
    pub fn over<'v>(
        &self,
        name: &str,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Result<Built, HierarchyError> {
        self.check().map_err(|source| HierarchyError::Build {
            hierarchy: name.to_owned(),
            source,
        })?;
        let values: BTreeSet<&str> = values.into_iter().collect();
        let rows = match self {
            Self::Intervals(intervals) => intervals.rows(&values),
            Self::Ordered(ordered) => ordered.rows(&values),
            Self::Dates(dates) => dates.rows(&values),
            Self::Mask(mask) => mask.rows(&values),
            Self::Kato(kato) => kato.rows(&values),
            Self::Prefix(prefix) => prefix.rows(&values),
        };
        let mut builder = Builder::new(name, rows.levels);
        for (row, line) in rows.rows.iter().zip(1..) {
            builder.row(line, row.iter().map(String::as_str))?;
        }
        Ok(Built {
            hierarchy: builder.finish_with_text()?,
            rejected: rows.rejected,
        })
    }
}

/// What a rule makes of values.
#[derive(Clone, Debug)]
pub struct Built {
    /// The hierarchy; empty if there was nothing to put into it.
    pub hierarchy: Hierarchy,
    /// The values that the rule cannot place, in order.
    pub rejected: Vec<String>,
}

/// The rows of a hierarchy in the making.
struct Rows {
    levels: usize,
    rows: Vec<Vec<String>>,
    rejected: Vec<String>,
}

impl Rows {
    fn new(levels: usize) -> Self {
        Self {
            levels,
            rows: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// A row for a value, with what is above it but for the last level; `None` for a value that the rule cannot place.
    fn push(&mut self, value: &str, above: Option<Vec<String>>, root: &str) {
        let Some(above) = above.filter(|_| !value.is_empty()) else {
            self.rejected.push(value.to_owned());
            return;
        };
        let mut row = vec![value.to_owned()];
        row.extend(above);
        row.push(root.to_owned());
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests;
