//! Records that stand out: alone in the table with what they have in one, two or three columns.
//!
//! A record is a *minimal sample unique* on a set of columns if no other record has the same values there, and if that is not so on any
//! smaller part of the set (Elliot, Manning and Ford 2002, the SUDA algorithm). The fewer columns it takes, the easier the
//! person is to single out: an attacker need know only so much.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::coded::Coded;
use crate::cancel::Cancel;

/// The most columns of a set.
const LARGEST: usize = 3;

/// Tables of counts up to this size are kept as arrays.
const DENSE: u64 = 1 << 24;

/// The records of a table that stand out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Uniques {
    /// Records looked at.
    pub records: u64,
    /// The most columns of a set that was looked at: 3, or fewer where the table is too large for all sets of three.
    pub largest_set: u32,
    /// Records with a minimal set of one column, of two, of three. A record may have several sets.
    pub by_size: Vec<u64>,
    /// Records with any such set.
    pub any: u64,
    /// Records with a set of which the column is part, by column.
    pub by_column: Vec<ColumnUniques>,
}

/// How much a column singles out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUniques {
    /// The column.
    pub name: String,
    /// Records with a minimal set of which the column is part.
    pub records: u64,
}

/// Finds the records that stand out on up to three of the columns.
///
/// The work is at most `budget` cells for each size of set: sets of three, then of two, are left out where it would not do, and the
/// answer says so. The answer is of no use if the work was cancelled.
pub(super) fn uniques(columns: &[(&str, &Coded<'_>)], budget: u64, cancel: &Cancel) -> Uniques {
    let rows = columns.first().map_or(0, |(_, column)| column.rows());
    let records = Records::of(columns, rows);
    let mut found = Uniques {
        records: rows as u64,
        by_column: columns
            .iter()
            .map(|(name, _)| ColumnUniques {
                name: (*name).to_owned(),
                records: 0,
            })
            .collect(),
        ..Uniques::default()
    };
    let mut any = Bits::new(records.count());
    let mut of_column = vec![Bits::new(records.count()); columns.len()];
    let mut smaller: HashMap<Vec<usize>, Bits> = HashMap::new();
    for size in 1..=LARGEST.min(columns.len()) {
        let sets = sets(columns.len(), size);
        if sets.len() as u64 * size as u64 * records.count() as u64 > budget {
            break;
        }
        let unique: Vec<(Vec<usize>, Bits)> = sets
            .into_par_iter()
            .map(|set| {
                let unique = if cancel.is_cancelled() {
                    Bits::default()
                } else {
                    records.unique(&set)
                };
                (set, unique)
            })
            .collect();
        let mut of_size = Bits::new(records.count());
        for (set, unique) in &unique {
            let mut minimal = unique.clone();
            for part in parts(set) {
                if let Some(already) = smaller.get(&part) {
                    minimal.without(already);
                }
            }
            of_size.with(&minimal);
            for column in set {
                if let Some(bits) = of_column.get_mut(*column) {
                    bits.with(&minimal);
                }
            }
        }
        any.with(&of_size);
        found.by_size.push(of_size.count());
        found.largest_set = size as u32;
        smaller = unique.into_iter().collect();
    }
    found.any = any.count();
    for (column, bits) in found.by_column.iter_mut().zip(&of_column) {
        column.records = bits.count();
    }
    found
}

/// The sets of `size` columns out of `columns`.
fn sets(columns: usize, size: usize) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        sets = sets
            .into_iter()
            .flat_map(|set| {
                let next = set.last().map_or(0, |last| last + 1);
                (next..columns).map(move |column| {
                    let mut longer = set.clone();
                    longer.push(column);
                    longer
                })
            })
            .collect();
    }
    sets
}

/// The sets with one column fewer.
fn parts(set: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    set.iter().map(|left_out| {
        let rest = set.iter().filter(|column| *column != left_out);
        rest.copied().collect()
    })
}

/// The different records of a table. A record that occurs twice is unique on no set, and need be looked at once.
struct Records {
    columns: Vec<Vec<u32>>,
    sizes: Vec<u64>,
    twice: Vec<bool>,
}

impl Records {
    fn of(columns: &[(&str, &Coded<'_>)], rows: usize) -> Self {
        let mut places: Vec<u64> = vec![0; rows];
        let mut count = 1;
        for (_, column) in columns {
            count = combine(&mut places, count, column);
        }
        let mut seen = vec![u8::default(); usize::try_from(count).unwrap_or(0)];
        let mut first = Vec::new();
        for (row, place) in places.iter().enumerate() {
            if let Some(seen) = seen.get_mut(*place as usize) {
                if *seen == 0 {
                    first.push(row);
                }
                *seen = seen.saturating_add(1);
            }
        }
        let twice = first.iter().map(|row| {
            let place = places.get(*row).map_or(0, |place| *place as usize);
            seen.get(place).is_some_and(|seen| *seen > 1)
        });
        Self {
            twice: twice.collect(),
            columns: columns
                .iter()
                .map(|(_, column)| first.iter().map(|row| column.code(*row) as u32).collect())
                .collect(),
            sizes: columns
                .iter()
                .map(|(_, column)| column.labels.len().max(1) as u64)
                .collect(),
        }
    }

    fn count(&self) -> usize {
        self.twice.len()
    }

    /// The records that share their values in these columns with no other.
    fn unique(&self, set: &[usize]) -> Bits {
        let columns: Vec<(&[u32], u64)> = set
            .iter()
            .filter_map(|column| {
                let codes = self.columns.get(*column)?;
                Some((codes.as_slice(), *self.sizes.get(*column)?))
            })
            .collect();
        let size = columns
            .iter()
            .try_fold(1_u64, |product, (_, size)| product.checked_mul(*size));
        let keys = |record: usize| {
            columns.iter().fold(0_u64, |key, (codes, size)| {
                // Used only where the product of the sizes fits 64 bits, and then nothing wraps.
                key.wrapping_mul(*size) + codes.get(record).map_or(0, |code| u64::from(*code))
            })
        };
        match size {
            Some(size) if size <= DENSE => {
                let mut counts = vec![0_u8; size as usize];
                self.count_keys(keys, |key, by| {
                    counts.get_mut(key as usize).map_or(0, |count| {
                        *count = count.saturating_add(by);
                        *count
                    })
                })
            }
            Some(_) => {
                let mut counts: hashbrown::HashMap<u64, u8> = hashbrown::HashMap::new();
                self.count_keys(keys, |key, by| {
                    let count = counts.entry(key).or_default();
                    *count = count.saturating_add(by);
                    *count
                })
            }
            None => {
                let mut counts: hashbrown::HashMap<Vec<u32>, u8> = hashbrown::HashMap::new();
                let key = |record: usize| -> Vec<u32> {
                    let codes = columns.iter().filter_map(|(codes, _)| codes.get(record));
                    codes.copied().collect()
                };
                self.count_keys(key, |key, by| {
                    let count = counts.entry(key).or_default();
                    *count = count.saturating_add(by);
                    *count
                })
            }
        }
    }

    /// Counts every record under its key, then marks those whose count is one. `count` adds to the count of a key and answers it.
    fn count_keys<K>(&self, key: impl Fn(usize) -> K, mut count: impl FnMut(K, u8) -> u8) -> Bits {
        for (record, twice) in self.twice.iter().enumerate() {
            count(key(record), 1 + u8::from(*twice));
        }
        let mut bits = Bits::new(self.count());
        for record in 0..self.count() {
            if count(key(record), 0) == 1 {
                bits.set(record);
            }
        }
        bits
    }
}

/// Numbers the combinations of what `places` numbers with the values of a column; answers how many there are.
fn combine(places: &mut [u64], count: u64, column: &Coded<'_>) -> u64 {
    let size = column.labels.len().max(1) as u64;
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        next - 1
    };
    let keys = places.iter_mut().zip(column.codes.iter());
    // Both factors are at most the rows of a table in memory, whose product fits 64 bits.
    let key = |place: u64, code: u32| place * size + u64::from(code);
    if count.saturating_mul(size) <= DENSE {
        let mut numbers = vec![u64::MAX; (count * size) as usize];
        for (place, code) in keys {
            if let Some(number) = numbers.get_mut(key(*place, code) as usize) {
                if *number == u64::MAX {
                    *number = fresh();
                }
                *place = *number;
            }
        }
    } else {
        let mut numbers: hashbrown::HashMap<u64, u64> = hashbrown::HashMap::new();
        for (place, code) in keys {
            *place = *numbers.entry(key(*place, code)).or_insert_with(&mut fresh);
        }
    }
    next.max(1)
}

/// A set of records.
#[derive(Clone, Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn with(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    fn without(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn coded(columns: &[Vec<u32>]) -> Vec<Coded<'static>> {
        let column = |codes: &Vec<u32>| {
            let texts: Vec<String> = codes.iter().map(u32::to_string).collect();
            Coded::of(texts.iter().map(|text| Some(text.as_str())))
        };
        columns.iter().map(column).collect()
    }

    fn found(columns: &[Vec<u32>]) -> Uniques {
        let coded = coded(columns);
        let names = ["a", "b", "c", "d"];
        let named: Vec<_> = names.into_iter().zip(&coded).collect();
        uniques(&named, u64::MAX, &Cancel::new())
    }

    #[test]
    fn a_record_stands_out_on_its_smallest_sets_alone() {
        // Row 3 is alone with a = 9; no larger set counts for it. Rows 0 to 2 and 4 stand out on (b, c) and on nothing smaller.
        let found = found(&[
            vec![1, 1, 1, 9, 1, 1, 1],
            vec![1, 1, 2, 1, 2, 1, 1],
            vec![1, 2, 1, 3, 2, 3, 3],
        ]);
        assert_eq!(found.records, 7);
        assert_eq!(found.by_size, [1, 4, 0]);
        assert_eq!(found.any, 5);
        let by_column: Vec<u64> = found.by_column.iter().map(|c| c.records).collect();
        assert_eq!(by_column, [1, 4, 4]);
    }

    #[test]
    fn sets_of_three_are_left_out_where_the_budget_does_not_do() {
        let coded = coded(&[vec![1, 2], vec![1, 2], vec![1, 2]]);
        let named: Vec<_> = ["a", "b", "c"].into_iter().zip(&coded).collect();
        // Two records: 3 sets of one column, 3 of two, 1 of three.
        assert_eq!(uniques(&named, 6, &Cancel::new()).largest_set, 1);
        assert_eq!(uniques(&named, 12, &Cancel::new()).largest_set, 3);
        assert_eq!(uniques(&named, 5, &Cancel::new()).largest_set, 0);
        assert_eq!(uniques(&[], 5, &Cancel::new()).records, 0);
    }

    /// Straight from the definition.
    fn expected(columns: &[Vec<u32>], rows: usize) -> (Vec<u64>, u64) {
        let mut by_size = vec![BTreeSet::new(); LARGEST.min(columns.len())];
        for row in 0..rows {
            let alone = |set: &[usize]| {
                let same = |other: usize| {
                    set.iter().all(|column| {
                        let column = columns.get(*column);
                        column.map(|c| c.get(row)) == column.map(|c| c.get(other))
                    })
                };
                (0..rows).filter(|other| same(*other)).count() == 1
            };
            for (size, rows) in (1..).zip(&mut by_size) {
                for set in sets(columns.len(), size) {
                    let smaller = (1..size).flat_map(|smaller| sets(columns.len(), smaller));
                    let inside = |part: &Vec<usize>| part.iter().all(|c| set.contains(c));
                    if alone(&set) && !smaller.filter(inside).any(|part| alone(&part)) {
                        rows.insert(row);
                    }
                }
            }
        }
        let any: BTreeSet<_> = by_size.iter().flatten().collect();
        let count = any.len() as u64;
        (
            by_size.iter().map(|rows| rows.len() as u64).collect(),
            count,
        )
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_definition_says(
            rows in prop::collection::vec((0_u32..4, 0_u32..3, 0_u32..6, 0_u32..2), 1..30),
        ) {
            let mut columns = vec![Vec::new(); 4];
            for (a, b, c, d) in &rows {
                for (column, value) in columns.iter_mut().zip([a, b, c, d]) {
                    column.push(*value);
                }
            }
            let found = found(&columns);
            prop_assert_eq!((found.by_size, found.any), expected(&columns, rows.len()));
        }
    }
}
