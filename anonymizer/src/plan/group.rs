//! Telling apart combinations of codes.

use std::collections::HashMap;

use crate::input::Attribute;

/// Numbers each combination of codes. `columns` gives for each attribute its codes and how many there can be.
///
/// Combinations are written in a mixed radix; when that would not fit 64 bits, the combinations so far are
/// renumbered, of which there are never more than rows.
pub(crate) fn combine<C: Iterator<Item = u32>>(
    columns: impl Iterator<Item = (C, u64)>,
    keys: &mut Vec<u64>,
    rows: usize,
) -> u64 {
    keys.clear();
    keys.resize(rows, 0);
    let mut space = 1_u64;
    for (codes, cardinality) in columns {
        let wide = space.checked_mul(cardinality.max(1));
        space = match wide {
            Some(space) => space,
            None => renumber(keys).saturating_mul(cardinality.max(1)),
        };
        for (key, code) in keys.iter_mut().zip(codes) {
            *key = *key * cardinality + u64::from(code);
        }
    }
    space
}

fn renumber(keys: &mut [u64]) -> u64 {
    let mut seen = HashMap::new();
    for key in keys.iter_mut() {
        let next = seen.len() as u64;
        *key = *seen.entry(*key).or_insert(next);
    }
    seen.len() as u64
}

/// The different combinations of values in a table and how many rows have each: all that the search needs of the rows.
#[derive(Clone, Debug)]
pub(super) struct Tuples {
    /// For each attribute, the code of its value in each tuple.
    pub codes: Vec<Vec<u32>>,
    /// Rows of each tuple.
    pub weights: Vec<u64>,
    /// Rows in all.
    pub rows: u64,
}

impl Tuples {
    pub(super) fn of(attributes: &[Attribute], rows: usize) -> Self {
        let mut keys = Vec::new();
        let columns = attributes.iter().map(|a| {
            let cardinality = a.levels.first().map_or(1, |level| level.codes.len() as u64);
            (a.codes.iter().copied(), cardinality)
        });
        combine(columns, &mut keys, rows);
        let mut seen: HashMap<u64, usize> = HashMap::new();
        let (mut weights, mut first_rows) = (Vec::new(), Vec::new());
        for (row, key) in keys.iter().enumerate() {
            let next = weights.len();
            let tuple = *seen.entry(*key).or_insert(next);
            match weights.get_mut(tuple) {
                Some(weight) => *weight += 1,
                None => {
                    weights.push(1);
                    first_rows.push(row);
                }
            }
        }
        let pick = |a: &Attribute| {
            first_rows
                .iter()
                .filter_map(|row| a.codes.get(*row).copied())
                .collect()
        };
        Self {
            codes: attributes.iter().map(pick).collect(),
            weights,
            rows: rows as u64,
        }
    }
}

/// The size of the equivalence class of each tuple. Buffers are kept from call to call.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    keys: Vec<u64>,
    counts: Vec<u64>,
    order: Vec<(u64, u32)>,
    sizes: Vec<u64>,
}

impl Grouping {
    /// Sizes by tuple when each attribute is at the level that `levels` gives, as an index of its permitted levels.
    pub(super) fn sizes(
        &mut self,
        attributes: &[Attribute],
        tuples: &Tuples,
        levels: &[u32],
    ) -> &[u64] {
        let columns = attributes.iter().zip(&tuples.codes).zip(levels).filter_map(
            |((attribute, codes), level)| {
                let level = attribute.levels.get(*level as usize)?;
                Some((
                    codes.iter().map(|code| level.code(*code)),
                    level.cardinality(),
                ))
            },
        );
        let space = combine(columns, &mut self.keys, tuples.weights.len());
        self.sizes.clear();
        // A table of counts beats sorting as long as it is not much larger than the tuples.
        match usize::try_from(space) {
            Ok(space) if space <= 8 * tuples.weights.len() + 65_536 => self.count(space, tuples),
            _ => self.sort(tuples),
        }
        &self.sizes
    }

    fn count(&mut self, space: usize, tuples: &Tuples) {
        self.counts.clear();
        self.counts.resize(space, 0);
        for (key, weight) in self.keys.iter().zip(&tuples.weights) {
            if let Some(count) = self.counts.get_mut(*key as usize) {
                *count += weight;
            }
        }
        let counts = &self.counts;
        self.sizes.extend(
            self.keys
                .iter()
                .map(|key| counts.get(*key as usize).copied().unwrap_or_default()),
        );
    }

    fn sort(&mut self, tuples: &Tuples) {
        self.order.clear();
        self.order.extend(self.keys.iter().copied().zip(0..));
        self.order.sort_unstable();
        self.sizes.resize(tuples.weights.len(), 0);
        let weight = |tuple: u32| {
            tuples
                .weights
                .get(tuple as usize)
                .copied()
                .unwrap_or_default()
        };
        for class in self.order.chunk_by(|a, b| a.0 == b.0) {
            let size = class.iter().map(|(_, tuple)| weight(*tuple)).sum();
            for (_, tuple) in class {
                if let Some(slot) = self.sizes.get_mut(*tuple as usize) {
                    *slot = size;
                }
            }
        }
    }

    /// The combination of each tuple at the levels of the last call of [`Self::sizes`].
    pub(super) fn keys(&self) -> &[u64] {
        &self.keys
    }
}
