//! Grouping by hashing.
//!
//! The codes of a row, by mixed radix, are a cell: a number below the product of the cardinalities. Each thread numbers the cells of
//! its rows in a hash table of its own, and then the different cells are sorted. So nothing but the hash table, which is as small as the
//! cells are few, is gone through at random. Columns beyond 32 bits join in another stage, in which the groups so far stand as the
//! first column.

use rayon::prelude::*;

use super::{BLOCK, Combinations, Field, Groups, Kept, Key, Packing};
use crate::table::each;

/// The cell of a row that is not grouped. It is beyond all others.
const NONE: u32 = u32::MAX;

/// Rows that are worth a thread.
const SHARE: usize = 1 << 13;

/// The different cells of some rows, numbered in the order of their appearance.
struct Numbering {
    /// Cell and number by the hash of the cell; `NONE` where there is none.
    slots: Vec<(u32, u32)>,
    shift: u32,
    cells: Vec<u32>,
    /// Rows by number.
    counts: Vec<u32>,
}

/// Spreads a number over all of its bits (the finalizer of MurmurHash3).
#[inline]
fn mix(mut cell: u32) -> u32 {
    cell = (cell ^ cell >> 16).wrapping_mul(0x85eb_ca6b);
    cell = (cell ^ cell >> 13).wrapping_mul(0xc2b2_ae35);
    cell ^ cell >> 16
}

impl Numbering {
    /// For so many rows. Few of them may be alike, but of very many rows most are.
    fn new(rows: usize) -> Self {
        let bits = (2 * rows)
            .clamp(1 << 8, 1 << 16)
            .next_power_of_two()
            .ilog2();
        Self {
            slots: vec![(NONE, 0); 1 << bits],
            shift: u32::BITS - bits,
            cells: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// The number of a cell, in which there is one more row.
    #[inline]
    fn add(&mut self, cell: u32) -> u32 {
        let mut place = (mix(cell) >> self.shift) as usize;
        while let Some((known, number)) = self.slots.get_mut(place) {
            if *known == cell {
                if let Some(count) = self.counts.get_mut(*number as usize) {
                    *count += 1;
                }
                return *number;
            }
            if *known == NONE {
                *known = cell;
                *number = self.cells.len() as u32;
                return self.begin(cell);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
        NONE
    }

    #[cold]
    fn begin(&mut self, cell: u32) -> u32 {
        self.cells.push(cell);
        self.counts.push(1);
        if self.cells.len() * 2 > self.slots.len() {
            self.grow();
        }
        self.cells.len() as u32 - 1
    }

    fn grow(&mut self) {
        let length = self.slots.len() * 4;
        self.shift = self.shift.saturating_sub(2);
        self.slots.clear();
        self.slots.resize(length, (NONE, 0));
        for (cell, number) in self.cells.iter().zip(0..) {
            let mut place = (mix(*cell) >> self.shift) as usize;
            while let Some(slot) = self.slots.get_mut(place) {
                if slot.0 == NONE {
                    *slot = (*cell, number);
                    break;
                }
                place = (place + 1) & (length - 1);
            }
        }
    }

    /// The cells in order, each with its number.
    fn sorted(&self) -> Vec<(u32, u32)> {
        // Whole numbers are sorted without a branch for each comparison, pairs are not.
        let pairs = self.cells.iter().zip(0_u32..);
        let joined = pairs.map(|(cell, number)| u64::from(*cell) << 32 | u64::from(number));
        let mut joined: Vec<u64> = joined.collect();
        joined.sort_unstable();
        let parted = joined
            .iter()
            .map(|pair| ((*pair >> 32) as u32, *pair as u32));
        parted.collect()
    }
}

/// The rows that one thread has numbered.
struct Share<'c> {
    /// By row its cell, then the number of its cell.
    cells: &'c mut [u32],
    counts: Vec<u32>,
    /// The cells in order, each with its number.
    sorted: Vec<(u32, u32)>,
}

impl Share<'_> {
    /// By number, the group: the place of its cell among all.
    fn groups(&self, all: &[u32]) -> Vec<u32> {
        let mut groups = vec![0; self.sorted.len()];
        let mut others = all.iter().zip(0..);
        for (cell, number) in &self.sorted {
            let group = others.find(|(other, _)| *other == cell);
            if let (Some(slot), Some((_, group))) = (groups.get_mut(*number as usize), group) {
                *slot = group;
            }
        }
        groups
    }
}

impl<'a> Packing<'a> {
    /// Groups rows by hashing; nothing if a column has too many codes.
    pub(super) fn hash(&self, kept: Option<Kept<'_>>, numbered: bool) -> Option<Groups> {
        let parts = rayon::current_num_threads().min(self.rows / SHARE).max(1);
        let share = self.rows.div_ceil(parts).max(1).next_multiple_of(BLOCK);
        let mut cells = vec![0_u32; self.rows];
        let (mut left, mut fields) = (self.keys, self.layout.as_slice());
        // The packed codes of each group so far.
        let mut keys = vec![0];
        loop {
            let stage = Stage::new(left, fields, keys.len())?;
            let shares: Vec<Share<'_>> = cells
                .par_chunks_mut(share)
                .enumerate()
                .map(|(part, cells)| stage.number(cells, part * share, kept))
                .collect();
            let mut all: Vec<u32> = Vec::new();
            for share in &shares {
                all.extend(share.sorted.iter().map(|(cell, _)| *cell));
            }
            // This sort takes what is in order as it is.
            all.sort();
            all.dedup();
            left = left.get(stage.keys.len()..).unwrap_or_default();
            fields = fields.get(stage.keys.len()..).unwrap_or_default();
            let ended = left.is_empty();
            let mut weights = vec![0; all.len()];
            let renumber = |share: Share<'_>| {
                let groups = share.groups(&all);
                if !ended || numbered {
                    for cell in share.cells {
                        *cell = groups.get(*cell as usize).copied().unwrap_or_default();
                    }
                }
                (groups, share.counts)
            };
            let counted: Vec<_> = shares.into_par_iter().map(renumber).collect();
            keys = all
                .par_chunks(BLOCK)
                .flat_map_iter(|cells| cells.iter().map(|cell| stage.key(*cell, &keys)))
                .collect();
            if ended {
                for (group, rows) in counted.iter().flat_map(|(g, rows)| g.iter().zip(rows)) {
                    if let Some(weight) = weights.get_mut(*group as usize) {
                        *weight += rows;
                    }
                }
                return Some(Groups {
                    combinations: Combinations::Packed {
                        keys,
                        layout: self.layout.clone(),
                    },
                    weights,
                    of_row: if numbered { cells } else { Vec::new() },
                });
            }
        }
    }
}

impl Key<'_> {
    /// How many codes there can be, 1 or more.
    fn span(&self) -> usize {
        self.cardinality.saturating_sub(self.lowest as usize).max(1)
    }
}

/// Divides by a number that is known beforehand, which takes a fraction of the time (Lemire, Kaser, Kurz 2019). It is exact for all numbers of
/// 32 bits.
#[derive(Clone, Copy)]
struct Divisor {
    number: u32,
    /// The part of 2^64 that each is, rounded up; 0 for 1, of which that is no number of 64 bits.
    share: u64,
}

impl Divisor {
    fn new(number: u32) -> Self {
        let share = u64::MAX.checked_div(u64::from(number));
        Self {
            number,
            share: share.unwrap_or(u64::MAX).wrapping_add(1),
        }
    }

    /// How often it is in another number, and what is left.
    #[inline]
    fn divide(self, other: u32) -> (u32, u32) {
        let quotient = match self.share {
            0 => other,
            share => ((u128::from(share) * u128::from(other)) >> 64) as u32,
        };
        (
            quotient,
            other.wrapping_sub(quotient.wrapping_mul(self.number)),
        )
    }
}

/// Columns that join in one stage, and where their codes are packed.
struct Stage<'a> {
    keys: &'a [Key<'a>],
    /// By column what tells its code from a cell, the least code and where codes are packed, the last column first.
    codes: Vec<(Divisor, u32, Field)>,
}

impl<'a> Stage<'a> {
    /// As many of the columns as there is room for beside the groups so far; nothing if there is none for any.
    fn new(keys: &'a [Key<'a>], fields: &'a [Field], groups: usize) -> Option<Self> {
        let mut cells = groups;
        let fitting = keys.iter().take_while(|key| {
            cells = cells.saturating_mul(key.span());
            cells <= NONE as usize
        });
        let fitting = fitting.count();
        if fitting == 0 && !keys.is_empty() {
            return None;
        }
        let keys = keys.get(..fitting)?;
        let code = |(key, field): (&Key<'_>, &Field)| {
            (Divisor::new(key.span() as u32), key.lowest, *field)
        };
        let codes = keys.iter().zip(fields).rev().map(code);
        Some(Self {
            codes: codes.collect(),
            keys,
        })
    }

    /// The packed codes of a cell, of which those of the groups so far are given.
    fn key(&self, mut cell: u32, groups: &[u64]) -> u64 {
        let mut packed = 0;
        for (span, lowest, field) in &self.codes {
            let (others, code) = span.divide(cell);
            packed |= u64::from(code + lowest) << field.shift;
            cell = others;
        }
        packed | groups.get(cell as usize).copied().unwrap_or_default()
    }

    /// Numbers the cells of rows from one on, whose groups so far are given.
    fn number<'c>(&self, cells: &'c mut [u32], from: usize, kept: Option<Kept<'_>>) -> Share<'c> {
        let mut numbering = Numbering::new(cells.len());
        for (block, cells) in cells.chunks_mut(BLOCK).enumerate() {
            self.join(cells, from + block * BLOCK, kept);
            for cell in cells.iter_mut().filter(|cell| **cell != NONE) {
                *cell = numbering.add(*cell);
            }
        }
        Share {
            cells,
            sorted: numbering.sorted(),
            counts: numbering.counts,
        }
    }

    /// Joins the codes of the rows from one on to the groups they are in so far.
    fn join(&self, cells: &mut [u32], from: usize, kept: Option<Kept<'_>>) {
        for key in self.keys {
            let (stride, lowest) = (key.span() as u32, key.lowest);
            each!(key.rows, values => {
                let values = values.get(from..).unwrap_or_default();
                match key.map {
                    None => for (cell, value) in cells.iter_mut().zip(values) {
                        let code = widened(*value).wrapping_sub(lowest);
                        *cell = cell.wrapping_mul(stride).wrapping_add(code);
                    },
                    Some(map) => for (cell, value) in cells.iter_mut().zip(values) {
                        let code = map.get(*value as usize).copied().unwrap_or_default();
                        let code = code.wrapping_sub(lowest);
                        *cell = cell.wrapping_mul(stride).wrapping_add(code);
                    },
                }
            });
        }
        if let Some(kept) = kept {
            each!(kept.rows, values => {
                let values = values.get(from..).unwrap_or_default();
                for (cell, value) in cells.iter_mut().zip(values) {
                    if kept.flags.get(*value as usize) != Some(&true) {
                        *cell = NONE;
                    }
                }
            });
        }
    }
}

/// A code of any width.
fn widened(code: impl Into<u32>) -> u32 {
    code.into()
}

#[cfg(test)]
mod tests {
    use super::Divisor;

    #[test]
    fn quotients_are_those_of_division() {
        let edges = [
            1,
            2,
            3,
            7,
            10,
            641,
            65_535,
            65_536,
            6_700_417,
            u32::MAX - 1,
            u32::MAX,
        ];
        for number in edges {
            for near in edges.into_iter().chain([0, 12_345_678]) {
                for other in [
                    near.wrapping_sub(1),
                    near,
                    near.wrapping_add(1),
                    near / number * number,
                ] {
                    let divided = Divisor::new(number).divide(other);
                    assert_eq!(
                        divided,
                        (other / number, other % number),
                        "{other} / {number}"
                    );
                }
            }
        }
    }
}
