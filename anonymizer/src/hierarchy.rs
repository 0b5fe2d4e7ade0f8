//! Generalization hierarchies in ARX's CSV format: one row for each leaf value, the leaf first and each more general value after
//! it, `;`-delimited, without a header. They are read from files, or made by a rule.

mod build;
mod cycle;
mod error;
mod extend;
mod read;

use std::collections::BTreeMap;

pub use build::{Build, BuildFault, Built, Dates, End, Intervals, Kato, Mask, Ordered, Prefix};
pub use error::HierarchyError;
pub(crate) use extend::resolve;

use read::Index;

/// A validated hierarchy: each level is a coarser partition of the leaves than the one below.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    name: String,
    sha256: String,
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    /// The values of the level in order of appearance. On level 0 that is one value a leaf.
    values: Vec<String>,
    index: Index,
    /// The value above each leaf, as an index of `values`.
    above: Vec<u32>,
}

/// The hierarchies that a profile may name.
pub type Hierarchies = BTreeMap<String, Hierarchy>;

impl Hierarchy {
    /// The name by which profiles call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the file, in hex.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Number of levels; level 0 holds the leaves.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Number of leaf values: the domain size |D| of ARX's Loss.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values(0).len()
    }

    /// Whether there are no leaves: true only of a hierarchy made by a rule of which no value was any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index of a leaf.
    pub(crate) fn leaf(&self, value: &str) -> Option<u32> {
        let leaves = self.levels.first()?;
        leaves.index.find(&leaves.values, value)
    }

    /// The values of a level, each once.
    pub(crate) fn values(&self, level: usize) -> &[String] {
        self.levels.get(level).map_or(&[], |level| &level.values)
    }

    /// For each leaf, the index in [`Self::values`] of the value above it on a level.
    pub(crate) fn above(&self, level: usize) -> &[u32] {
        self.levels.get(level).map_or(&[], |level| &level.above)
    }

    /// Each leaf's value on a level, one item a leaf.
    pub(crate) fn generalized(&self, level: usize) -> impl Iterator<Item = &str> {
        let values = self.values(level);
        self.above(level)
            .iter()
            .filter_map(|index| Some(values.get(*index as usize)?.as_str()))
    }

    /// The hierarchy as a file in ARX's format.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        for leaf in 0..self.len() {
            for (place, level) in self.levels.iter().enumerate() {
                if place > 0 {
                    text.push(';');
                }
                let value = level
                    .above
                    .get(leaf)
                    .and_then(|value| level.values.get(*value as usize));
                write_cell(&mut text, value.map_or("", String::as_str));
            }
            text.push('\n');
        }
        text
    }
}

fn write_cell(text: &mut String, value: &str) {
    if !value.contains([';', '"', '\n', '\r', '\u{FEFF}']) {
        return text.push_str(value);
    }
    text.push('"');
    for (place, part) in value.split('"').enumerate() {
        if place > 0 {
            text.push_str("\"\"");
        }
        text.push_str(part);
    }
    text.push('"');
}

#[cfg(test)]
mod tests;
