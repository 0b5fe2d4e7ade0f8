//! The different values of a column that has few.

use crate::vocabulary::ByHash;

/// A column with more different values has too many to list.
const MOST: usize = 400;

/// Bytes of a value that are kept.
const LONGEST: usize = 96;

/// Different values with the number of cells of each, by their hashes.
#[derive(Debug, Default)]
pub struct Values {
    values: ByHash<(u64, Box<[u8]>)>,
}

impl Values {
    /// Lists a value; false if there are too many.
    pub fn add(&mut self, hash: u64, value: &[u8]) -> bool {
        if !self.values.contains_key(&hash) {
            let kept = value.get(..LONGEST).unwrap_or(value);
            self.values.insert(hash, (0, kept.into()));
        }
        self.values.len() <= MOST
    }

    pub fn count(&mut self, hash: u64, count: u64) {
        if let Some((sum, _)) = self.values.get_mut(&hash) {
            *sum += count;
        }
    }

    pub fn join(mut self, other: Self) -> Option<Self> {
        for (hash, (count, text)) in other.values {
            self.values.entry(hash).or_insert((0, text)).0 += count;
        }
        (self.values.len() <= MOST).then_some(self)
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The values, cut to their first bytes, and the cells of each.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.values
            .values()
            .map(|(count, text)| (text.as_ref(), *count))
    }
}
