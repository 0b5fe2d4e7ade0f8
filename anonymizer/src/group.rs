//! Grouping rows by the codes of several columns.
//!
//! The codes of a row are packed into one number, the first column in the highest bits, so that numbers ascend as rows do. Unless a
//! column has very many codes, combinations are found by hashing ([`hash`]); otherwise the numbers are sorted ([`sort`]). Where the codes do not fit 64 bits, the leading columns are grouped first and stand as one column from
//! then on. The result does not depend on the number of threads.

mod hash;
mod sort;

use rayon::prelude::*;

use crate::table::Codes;

/// Rows or groups that one thread works on at a time.
const CHUNK: usize = 1 << 17;

/// Rows whose codes are combined at a time: what is made of them stays near the core.
const BLOCK: usize = 1 << 12;

/// A column to group by: what stands in each row, and what each of that counts as.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    pub rows: &'a Codes,
    /// By what stands in a row; `None` if that counts as itself.
    pub map: Option<&'a [u32]>,
    /// What is counted is below this,
    pub cardinality: usize,
    /// and not below this: what does not occur would take room.
    pub lowest: u32,
}

/// Which rows are grouped: those whose flag, by what stands in the column, is set.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub rows: &'a Codes,
    pub flags: &'a [bool],
}

/// Different combinations of codes in ascending order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    combinations: Combinations,
    /// Rows of each group.
    pub weights: Vec<u32>,
    /// The group of each row, if it was asked for; 0 for rows that were not kept.
    pub of_row: Vec<u32>,
}

/// Combinations, and where the code of a column is found in them.
#[derive(Clone, Debug)]
enum Combinations {
    Packed {
        keys: Vec<u64>,
        layout: Vec<Field>,
    },
    /// The first column of `rest` numbers the combinations of the first columns.
    Nested {
        first: Box<Combinations>,
        columns: usize,
        rest: Box<Combinations>,
    },
}

#[derive(Clone, Copy, Debug)]
struct Field {
    shift: u32,
    mask: u64,
}

impl Field {
    #[inline]
    fn code(self, key: u64) -> u32 {
        ((key >> self.shift) & self.mask) as u32
    }
}

impl Default for Combinations {
    fn default() -> Self {
        Self::Packed {
            keys: Vec::new(),
            layout: Vec::new(),
        }
    }
}

impl Combinations {
    fn code(&self, group: usize, column: usize) -> u32 {
        match self {
            Self::Packed { keys, layout } => {
                let key = keys.get(group).copied().unwrap_or_default();
                layout.get(column).map_or(0, |field| field.code(key))
            }
            Self::Nested {
                first,
                columns,
                rest,
            } => match column.checked_sub(*columns) {
                None => first.code(rest.code(group, 0) as usize, column),
                Some(column) => rest.code(group, column + 1),
            },
        }
    }
}

impl Groups {
    /// Groups rows. `numbered` asks for the group of each row.
    pub(crate) fn of(
        keys: &[Key<'_>],
        rows: usize,
        kept: Option<Kept<'_>>,
        numbered: bool,
    ) -> Self {
        let fitting = fitting(keys, 64);
        if fitting == keys.len() {
            return Packing::new(keys, rows).group(kept, numbered);
        }
        let (leading, others) = keys.split_at_checked(fitting).unwrap_or((keys, &[]));
        let first = Packing::new(leading, rows).group(None, true);
        let numbers = Codes::U32(first.of_row);
        let number = Key {
            rows: &numbers,
            map: None,
            cardinality: first.weights.len().max(1),
            lowest: 0,
        };
        let rest: Vec<_> = std::iter::once(number)
            .chain(others.iter().copied())
            .collect();
        let groups = Self::of(&rest, rows, kept, numbered);
        Self {
            combinations: Combinations::Nested {
                first: Box::new(first.combinations),
                columns: leading.len(),
                rest: Box::new(groups.combinations),
            },
            ..groups
        }
    }

    /// Number of groups.
    pub(crate) fn len(&self) -> usize {
        self.weights.len()
    }

    /// The code of a column in a group.
    pub(crate) fn code(&self, group: usize, column: usize) -> u32 {
        self.combinations.code(group, column)
    }

    /// The codes of a column, by group.
    pub(crate) fn column(&self, column: usize) -> Vec<u32> {
        if let Combinations::Packed { keys, layout } = &self.combinations {
            let Some(field) = layout.get(column) else {
                return vec![0; self.len()];
            };
            return keys.iter().map(|key| field.code(*key)).collect();
        }
        let groups = (0..self.len()).into_par_iter().with_min_len(CHUNK);
        groups.map(|group| self.code(group, column)).collect()
    }
}

/// How many of the leading columns fit so many bits.
fn fitting(keys: &[Key<'_>], space: u32) -> usize {
    let mut used = 0;
    keys.iter()
        .take_while(|key| {
            used += bits(key.cardinality);
            used <= space
        })
        .count()
}

/// Bits of a number below `bound`.
fn bits(bound: usize) -> u32 {
    usize::BITS - bound.saturating_sub(1).leading_zeros()
}

/// Columns whose codes fit 64 bits together.
struct Packing<'a> {
    keys: &'a [Key<'a>],
    rows: usize,
    layout: Vec<Field>,
    bits: u32,
}

impl<'a> Packing<'a> {
    fn new(keys: &'a [Key<'a>], rows: usize) -> Self {
        let mut layout = Vec::new();
        let mut total = 0;
        for key in keys.iter().rev() {
            let width = bits(key.cardinality);
            layout.push(Field {
                shift: total.min(63),
                mask: (1_u64 << width.min(63)) - 1,
            });
            total += width;
        }
        layout.reverse();
        Self {
            keys,
            rows,
            layout,
            bits: total,
        }
    }

    fn group(self, kept: Option<Kept<'_>>, numbered: bool) -> Groups {
        match self.hash(kept, numbered) {
            Some(groups) => groups,
            None => self.sort(kept, numbered),
        }
    }
}

#[cfg(test)]
mod tests;
