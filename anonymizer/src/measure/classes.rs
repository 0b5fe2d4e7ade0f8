//! Counting the equivalence classes of released rows.

use hashbrown::HashTable;

/// Rows that share their released quasi-identifiers, counted, together with what they hold in each sensitive column. Cells are codes
/// that whoever counts gives to texts; equal codes mean equal texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    width: usize,
    places: HashTable<u32>,
    keys: Vec<u32>,
    sizes: Vec<u64>,
    sensitive: Vec<Cells>,
}

/// The number of rows of each class with each value of one sensitive column.
#[derive(Clone, Debug, Default)]
struct Cells {
    places: HashTable<u32>,
    cells: Vec<(u32, u32, u64)>,
}

/// Classes of rows: no order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    /// Quasi-identifiers of a class.
    pub width: usize,
    /// The codes of each class, one class after the other.
    pub keys: Vec<u32>,
    /// Rows, by class.
    pub sizes: Vec<u64>,
    /// For each sensitive column, the values of each class.
    pub sensitive: Vec<Histograms>,
}

/// The values of one sensitive column, by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Histograms {
    /// Where the cells of each class begin, and at the end their number.
    starts: Vec<usize>,
    /// Code and rows, by class and then by code.
    cells: Vec<(u32, u64)>,
}

impl Counter {
    /// Counts rows of `width` quasi-identifiers and `sensitive` sensitive columns.
    pub(crate) fn new(width: usize, sensitive: usize) -> Self {
        Self {
            width,
            sensitive: vec![Cells::default(); sensitive],
            ..Self::default()
        }
    }

    /// Makes room for so many classes, so that counting them does not ask for memory again and again.
    pub(crate) fn reserve(&mut self, classes: usize) {
        let (width, keys) = (self.width, &self.keys);
        self.places.reserve(classes, |class| {
            hash(of_class(keys, width, *class as usize))
        });
        self.keys.reserve(classes * width);
        self.sizes.reserve(classes);
    }

    /// Counts `rows` rows that are alike, and answers the place of their class. `key` has an entry for each quasi-identifier, `values`
    /// one for each sensitive column.
    pub(crate) fn add(&mut self, key: &[u32], values: &[u32], rows: u64) -> usize {
        let class = self.class(key);
        if let Some(size) = self.sizes.get_mut(class as usize) {
            *size += rows;
        }
        for (cells, value) in self.sensitive.iter_mut().zip(values) {
            cells.add(class, *value, rows);
        }
        class as usize
    }

    /// The place of a class, which is made if there is none yet.
    fn class(&mut self, key: &[u32]) -> u32 {
        let (width, keys) = (self.width, &self.keys);
        let known = |class: &u32| of_class(keys, width, *class as usize) == key;
        let hash = hash(key);
        if let Some(class) = self.places.find(hash, known) {
            return *class;
        }
        let class = self.sizes.len() as u32;
        self.keys.extend_from_slice(key);
        self.sizes.push(0);
        let keys = &self.keys;
        self.places.insert_unique(hash, class, |class| {
            self::hash(of_class(keys, width, *class as usize))
        });
        class
    }

    /// Counts what another counter with the same codes has counted, and answers the place of each of its classes.
    pub(crate) fn merge(&mut self, other: &Self) -> Vec<usize> {
        let mut renamed = Vec::with_capacity(other.sizes.len());
        for (class, size) in other.sizes.iter().enumerate() {
            let class = self.class(of_class(&other.keys, other.width, class));
            if let Some(sum) = self.sizes.get_mut(class as usize) {
                *sum += size;
            }
            renamed.push(class);
        }
        for (cells, others) in self.sensitive.iter_mut().zip(&other.sensitive) {
            for (class, value, rows) in &others.cells {
                if let Some(class) = renamed.get(*class as usize) {
                    cells.add(*class, *value, *rows);
                }
            }
        }
        renamed.into_iter().map(|class| class as usize).collect()
    }

    /// The classes counted.
    pub(crate) fn finish(self) -> Classes {
        let classes = self.sizes.len();
        Classes {
            width: self.width,
            keys: self.keys,
            sizes: self.sizes,
            sensitive: self
                .sensitive
                .into_iter()
                .map(|cells| cells.finish(classes))
                .collect(),
        }
    }
}

impl Cells {
    fn add(&mut self, class: u32, value: u32, rows: u64) {
        let cells = &mut self.cells;
        let known = |place: &u32| {
            cells
                .get(*place as usize)
                .is_some_and(|cell| (cell.0, cell.1) == (class, value))
        };
        let hash = hash(&[class, value]);
        if let Some(place) = self.places.find(hash, known).copied() {
            if let Some(cell) = cells.get_mut(place as usize) {
                cell.2 += rows;
            }
            return;
        }
        let place = cells.len() as u32;
        cells.push((class, value, rows));
        self.places.insert_unique(hash, place, |place| {
            let cell = cells.get(*place as usize).copied().unwrap_or_default();
            self::hash(&[cell.0, cell.1])
        });
    }

    fn finish(mut self, classes: usize) -> Histograms {
        self.cells.sort_unstable();
        let mut starts = vec![0; classes + 1];
        for (class, ..) in &self.cells {
            if let Some(start) = starts.get_mut(*class as usize + 1) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Histograms {
            starts,
            cells: self
                .cells
                .into_iter()
                .map(|(_, value, rows)| (value, rows))
                .collect(),
        }
    }
}

impl Classes {
    /// Number of classes.
    pub(crate) fn len(&self) -> usize {
        self.sizes.len()
    }

    /// The codes of a class.
    pub(crate) fn key(&self, class: usize) -> &[u32] {
        of_class(&self.keys, self.width, class)
    }

    /// Rows of all classes.
    pub(crate) fn rows(&self) -> u64 {
        self.sizes.iter().sum()
    }

    /// Each class's codes and rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u32], u64)> {
        self.sizes
            .iter()
            .enumerate()
            .map(|(class, size)| (self.key(class), *size))
    }
}

impl Histograms {
    /// The values of a class, each with its rows, in ascending order of codes.
    pub(crate) fn of(&self, class: usize) -> &[(u32, u64)] {
        let (start, end) = (self.starts.get(class), self.starts.get(class + 1));
        start
            .zip(end)
            .and_then(|(start, end)| self.cells.get(*start..*end))
            .unwrap_or_default()
    }

    /// Each class's values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[(u32, u64)]> {
        (0..self.starts.len().saturating_sub(1)).map(|class| self.of(class))
    }
}

fn of_class(keys: &[u32], width: usize, class: usize) -> &[u32] {
    keys.get(class * width..(class + 1) * width)
        .unwrap_or_default()
}

/// Spreads codes over 64 bits. A good spread makes the count quick, it does not make it right: keys are compared.
fn hash(key: &[u32]) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for code in key {
        hash = (hash ^ u64::from(*code)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^= hash >> 29;
    }
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Counted = BTreeMap<Vec<u32>, (u64, Vec<BTreeMap<u32, u64>>)>;

    fn counted(classes: &Classes) -> Counted {
        let of = |class: usize| {
            let values = classes
                .sensitive
                .iter()
                .map(|all| all.of(class).iter().copied().collect())
                .collect();
            (classes.key(class).to_vec(), (classes.sizes[class], values))
        };
        (0..classes.len()).map(of).collect()
    }

    #[test]
    fn no_rows_are_no_classes_and_no_columns_are_one() {
        assert_eq!(Counter::new(2, 1).finish().len(), 0);
        let mut counter = Counter::new(0, 0);
        counter.add(&[], &[], 3);
        counter.add(&[], &[], 1);
        let classes = counter.finish();
        assert_eq!((classes.len(), classes.rows()), (1, 4));
        assert!(classes.key(0).is_empty());
    }

    proptest! {
        /// Against counting in ordered maps, in one counter and in two that are merged.
        #[test]
        fn rows_are_counted(rows in prop::collection::vec(([0_u32..3, 0..4, 0..2], [0_u32..3, 0..5], 1_u64..4), 0..60), cut in 0_usize..60) {
            let mut expected = Counted::new();
            for (key, values, weight) in &rows {
                let class = expected.entry(key.to_vec()).or_insert((0, vec![BTreeMap::new(); 2]));
                class.0 += weight;
                for (map, value) in class.1.iter_mut().zip(values) {
                    *map.entry(*value).or_default() += weight;
                }
            }
            let (mut whole, mut first, mut second) = (Counter::new(3, 2), Counter::new(3, 2), Counter::new(3, 2));
            for (place, (key, values, weight)) in rows.iter().enumerate() {
                whole.add(key, values, *weight);
                let part = if place < cut { &mut first } else { &mut second };
                part.add(key, values, *weight);
            }
            let merged = second.merge(&first);
            prop_assert_eq!(merged.len(), first.finish().len());
            let classes = whole.finish();
            prop_assert_eq!(counted(&classes), expected.clone());
            prop_assert_eq!(counted(&second.finish()), expected);
        }
    }
}
