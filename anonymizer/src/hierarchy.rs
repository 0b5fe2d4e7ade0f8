//! Generalization hierarchies in ARX's CSV format: one row for each leaf value, the leaf first and each more general value after
//! it, `;`-delimited, without a header.

mod build;

use std::collections::{BTreeMap, HashMap};

pub use build::{Build, BuildFault, Dates, End, Intervals, Kato, Mask, Ordered, Prefix, Unit};

use crate::digest::sha256_hex;
use crate::intake::scan::{Records, Scanner};
use crate::intake::{IntakeError, Place};

const MAX_BYTES: usize = 64 << 20;
const MAX_LEVELS: usize = 64;
const MAX_VALUE: usize = 1 << 16;

/// Why a hierarchy was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HierarchyError {
    /// No rows.
    #[error("hierarchy {hierarchy:?} is empty: it needs a row for each value")]
    Empty {
        /// The hierarchy.
        hierarchy: String,
    },
    /// A row with another number of levels than the first.
    #[error(
        "hierarchy {hierarchy:?}, line {line}: found {found} levels, the rows before have {expected}"
    )]
    Ragged {
        /// The hierarchy.
        hierarchy: String,
        /// The line, from 1.
        line: u64,
        /// Cells found.
        found: usize,
        /// Cells of the first row.
        expected: usize,
    },
    /// A value without text.
    #[error("hierarchy {hierarchy:?}, line {line}: the value of level {level} is empty")]
    EmptyValue {
        /// The hierarchy.
        hierarchy: String,
        /// The line, from 1.
        line: u64,
        /// The level; 0 is the leaf.
        level: usize,
    },
    /// A leaf that has a row already.
    #[error("hierarchy {hierarchy:?}, line {line}: the value {value:?} has a row already")]
    DuplicateLeaf {
        /// The hierarchy.
        hierarchy: String,
        /// The line, from 1.
        line: u64,
        /// The leaf.
        value: String,
    },
    /// A value that is generalized in two ways, so that its level would not be more general than the one below.
    #[error(
        "hierarchy {hierarchy:?}, line {line}: {value:?} of level {level} is under {second:?} here and under {first:?} before"
    )]
    TwoParents {
        /// The hierarchy.
        hierarchy: String,
        /// The line, from 1.
        line: u64,
        /// The level of the value; 0 is the leaf.
        level: usize,
        /// The value.
        value: String,
        /// Its parent in the rows before.
        first: String,
        /// Its parent in this row.
        second: String,
    },
    /// Too long or too deep.
    #[error(
        "hierarchy {hierarchy:?} is too large: at most {MAX_BYTES} bytes and {MAX_LEVELS} levels"
    )]
    TooLarge {
        /// The hierarchy.
        hierarchy: String,
    },
    /// Not UTF-8.
    #[error("hierarchy {hierarchy:?}: the byte at offset {offset} is not valid UTF-8")]
    BadUtf8 {
        /// The hierarchy.
        hierarchy: String,
        /// Offset in the file, from 0.
        offset: usize,
    },
    /// Not delimited text.
    #[error("hierarchy {hierarchy:?} cannot be read")]
    Text {
        /// The hierarchy.
        hierarchy: String,
        /// What is wrong with it.
        #[source]
        source: IntakeError,
    },
}

/// A validated hierarchy: each level is a coarser partition of the leaves than the one below.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    name: String,
    sha256: String,
    leaves: HashMap<String, u32>,
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    /// The values of the level in order of appearance.
    values: Vec<String>,
    /// The value above each leaf, as an index of `values`.
    above: Vec<u32>,
}

/// The hierarchies that a profile may name.
pub type Hierarchies = BTreeMap<String, Hierarchy>;

impl Hierarchy {
    /// Parses and validates a hierarchy.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, HierarchyError> {
        let hierarchy = || name.to_owned();
        if bytes.len() > MAX_BYTES {
            return Err(HierarchyError::TooLarge {
                hierarchy: hierarchy(),
            });
        }
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if let Err(error) = std::str::from_utf8(text) {
            let offset = bytes.len() - text.len() + error.valid_up_to();
            return Err(HierarchyError::BadUtf8 {
                hierarchy: hierarchy(),
                offset,
            });
        }
        let rows = rows(text).map_err(|source| HierarchyError::Text {
            hierarchy: hierarchy(),
            source,
        })?;
        let mut builder = Builder::new(name);
        for (line, row) in rows {
            builder.row(line, row)?;
        }
        builder.finish(sha256_hex(bytes))
    }

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
        self.leaves.len()
    }

    /// Never true: an empty hierarchy is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// The index of a leaf.
    pub(crate) fn leaf(&self, value: &str) -> Option<u32> {
        self.leaves.get(value).copied()
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
}

fn rows(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, IntakeError> {
    #[derive(Default)]
    struct Collected {
        rows: Vec<(u64, Vec<String>)>,
        row: Vec<String>,
    }
    impl Records for Collected {
        fn cell(&mut self, text: &[u8], _: Place) -> Result<(), IntakeError> {
            // The whole text is UTF-8, and cells are cut at ASCII bytes.
            self.row
                .push(std::str::from_utf8(text).unwrap_or_default().to_owned());
            Ok(())
        }

        fn end(&mut self, cells: u64, place: Place) -> Result<bool, IntakeError> {
            if cells > 0 {
                self.rows.push((place.line, std::mem::take(&mut self.row)));
            }
            Ok(cells > 0)
        }
    }
    let mut collected = Collected::default();
    let mut scanner = Scanner::new(b';', MAX_VALUE, 1);
    scanner.feed(text, &mut collected)?;
    scanner.finish(&mut collected)?;
    Ok(collected.rows)
}

struct Builder<'a> {
    name: &'a str,
    leaves: HashMap<String, u32>,
    levels: Vec<Level>,
    /// For each level, the index of each value.
    index: Vec<HashMap<String, u32>>,
    /// For each level, the index of each value's parent, by the value's index.
    parents: Vec<Vec<u32>>,
}

impl<'a> Builder<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            name,
            leaves: HashMap::new(),
            levels: Vec::new(),
            index: Vec::new(),
            parents: Vec::new(),
        }
    }

    fn row(&mut self, line: u64, row: Vec<String>) -> Result<(), HierarchyError> {
        let hierarchy = || self.name.to_owned();
        if self.levels.is_empty() {
            self.levels = vec![Level::default(); row.len()];
            self.index = vec![HashMap::new(); row.len()];
            self.parents = vec![Vec::new(); row.len()];
        }
        if row.len() > MAX_LEVELS {
            return Err(HierarchyError::TooLarge {
                hierarchy: hierarchy(),
            });
        }
        if row.len() != self.levels.len() {
            let (found, expected) = (row.len(), self.levels.len());
            return Err(HierarchyError::Ragged {
                hierarchy: hierarchy(),
                line,
                found,
                expected,
            });
        }
        if let Some(level) = row.iter().position(String::is_empty) {
            return Err(HierarchyError::EmptyValue {
                hierarchy: hierarchy(),
                line,
                level,
            });
        }
        let leaf = row.first().cloned().unwrap_or_default();
        let next = self.leaves.len() as u32;
        if self.leaves.insert(leaf.clone(), next).is_some() {
            return Err(HierarchyError::DuplicateLeaf {
                hierarchy: hierarchy(),
                line,
                value: leaf,
            });
        }
        let path: Vec<u32> = row
            .iter()
            .enumerate()
            .map(|(level, value)| self.value(level, value))
            .collect();
        self.link(line, &row, &path)
    }

    /// Records a value of a level above one more leaf and answers its index.
    fn value(&mut self, level: usize, value: &str) -> u32 {
        let (Some(index), Some(level)) = (self.index.get_mut(level), self.levels.get_mut(level))
        else {
            return 0;
        };
        let position = *index.entry(value.to_owned()).or_insert_with(|| {
            level.values.push(value.to_owned());
            level.values.len() as u32 - 1
        });
        level.above.push(position);
        position
    }

    /// Holds each value to the parent it had in the rows before.
    fn link(&mut self, line: u64, row: &[String], path: &[u32]) -> Result<(), HierarchyError> {
        for (level, (child, parent)) in path.iter().zip(path.iter().skip(1)).enumerate() {
            let Some(parents) = self.parents.get_mut(level) else {
                continue;
            };
            match parents.get(*child as usize) {
                None => parents.push(*parent),
                Some(first) if first == parent => {}
                Some(first) => {
                    let text = |level: usize| row.get(level).cloned().unwrap_or_default();
                    let above = self
                        .levels
                        .get(level + 1)
                        .and_then(|above| above.values.get(*first as usize));
                    return Err(HierarchyError::TwoParents {
                        hierarchy: self.name.to_owned(),
                        line,
                        level,
                        value: text(level),
                        first: above.cloned().unwrap_or_default(),
                        second: text(level + 1),
                    });
                }
            }
        }
        Ok(())
    }

    fn finish(self, sha256: String) -> Result<Hierarchy, HierarchyError> {
        if self.leaves.is_empty() {
            return Err(HierarchyError::Empty {
                hierarchy: self.name.to_owned(),
            });
        }
        Ok(Hierarchy {
            name: self.name.to_owned(),
            sha256,
            leaves: self.leaves,
            levels: self.levels,
        })
    }
}

#[cfg(test)]
mod tests;
