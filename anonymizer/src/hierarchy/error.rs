//! Why a hierarchy was refused.

use super::BuildFault;
use super::read::{MAX_BYTES, MAX_LEVELS, MAX_VALUES};
use crate::intake::IntakeError;

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
    /// Two values each of which is above the other.
    #[error(
        "hierarchy {hierarchy:?}: {value:?} is under {other:?} on one level and above it on others, so that neither is the more general"
    )]
    Cyclic {
        /// The hierarchy.
        hierarchy: String,
        /// A value of the circle.
        value: String,
        /// A value above it, which it is above as well.
        other: String,
    },
    /// A rule that makes no sense.
    #[error("the rule of hierarchy {hierarchy:?} cannot be carried out")]
    Build {
        /// The hierarchy.
        hierarchy: String,
        /// What is wrong with it.
        #[source]
        source: BuildFault,
    },
    /// Too long or too deep.
    #[error(
        "hierarchy {hierarchy:?} is too large: at most {MAX_BYTES} bytes, {MAX_LEVELS} levels and {MAX_VALUES} different values \
         over all levels"
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
