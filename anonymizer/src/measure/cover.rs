//! How many rows of another table each class covers.

use super::classes::Classes;

/// For one quasi-identifier, the released values that each value of the other table may stand under, by its code.
pub(crate) type Above = Vec<Vec<u32>>;

/// For each class, the rows of the other table whose every value may stand under the class's.
///
/// `above` has an entry for each quasi-identifier; `others` holds the different combinations of the other table's values. Classes are walked
/// as a tree over the quasi-identifiers, and at every branch only the combinations that are under all values so far go on.
pub(crate) fn covered(classes: &Classes, above: &[Above], others: &Classes) -> Vec<u64> {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_unstable_by(|a, b| classes.key(*a).cmp(classes.key(*b)));
    let under: Vec<Under> = above.iter().map(Under::of).collect();
    let mut walk = Walk {
        classes,
        under: &under,
        others,
        covered: vec![0; classes.len()],
    };
    let all: Vec<u32> = (0..others.len() as u32).collect();
    walk.branch(0, &order, &all);
    walk.covered
}

/// For each class, its rows and those of classes that equal it wherever they are not missing: the rows that an attacker must take for
/// candidates if a missing value may be any. Code 0 is the missing value; `labels` is the number of codes of each quasi-identifier.
pub(crate) fn candidates(classes: &Classes, labels: &[usize]) -> Vec<u64> {
    let above: Vec<Above> = labels
        .iter()
        .map(|count| {
            let mut above: Above = (0..*count as u32).map(|code| vec![code]).collect();
            if let Some(missing) = above.first_mut() {
                *missing = (0..*count as u32).collect();
            }
            above
        })
        .collect();
    covered(classes, &above, classes)
}

/// The other table's values under each released value.
struct Under {
    values: Vec<Vec<u32>>,
    codes: usize,
}

impl Under {
    fn of(above: &Above) -> Self {
        let released = above.iter().flatten().max();
        let mut values = vec![Vec::new(); released.map_or(0, |code| *code as usize + 1)];
        for (labels, value) in above.iter().zip(0..) {
            for label in labels {
                if let Some(under) = values.get_mut(*label as usize) {
                    under.push(value);
                }
            }
        }
        for under in &mut values {
            under.sort_unstable();
            under.dedup();
        }
        Self {
            values,
            codes: above.len(),
        }
    }

    fn of_label(&self, label: u32) -> &[u32] {
        self.values
            .get(label as usize)
            .map_or(&[], |values| values.as_slice())
    }
}

struct Walk<'a> {
    classes: &'a Classes,
    under: &'a [Under],
    others: &'a Classes,
    covered: Vec<u64>,
}

impl Walk<'_> {
    /// `order` are the classes of this branch in ascending order, `some` the combinations under their first `depth` values.
    fn branch(&mut self, depth: usize, order: &[usize], some: &[u32]) {
        let Some(under) = self.under.get(depth) else {
            let rows = some
                .iter()
                .filter_map(|place| self.others.sizes.get(*place as usize))
                .sum();
            for class in order {
                if let Some(covered) = self.covered.get_mut(*class) {
                    *covered = rows;
                }
            }
            return;
        };
        if some.is_empty() {
            return;
        }
        let (starts, sorted) = self.bucketed(depth, under.codes, some);
        let classes = self.classes;
        let label = |class: &usize| classes.key(*class).get(depth).copied().unwrap_or_default();
        for group in order.chunk_by(|a, b| label(a) == label(b)) {
            let Some(first) = group.first() else { continue };
            let mut next = Vec::new();
            for value in under.of_label(label(first)) {
                let bounds = starts
                    .get(*value as usize)
                    .zip(starts.get(*value as usize + 1));
                let bucket = bounds.and_then(|(start, end)| sorted.get(*start..*end));
                next.extend_from_slice(bucket.unwrap_or_default());
            }
            self.branch(depth + 1, group, &next);
        }
    }

    /// The combinations by their value at this depth, and where those of each value begin.
    fn bucketed(&self, depth: usize, codes: usize, some: &[u32]) -> (Vec<usize>, Vec<u32>) {
        let value = |place: u32| {
            let key = self.others.key(place as usize);
            key.get(depth).copied().unwrap_or_default() as usize
        };
        let mut starts = vec![0; codes + 1];
        for place in some {
            if let Some(start) = starts.get_mut(value(*place) + 1) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut sorted = vec![0; some.len()];
        for place in some {
            let Some(at) = next.get_mut(value(*place)) else {
                continue;
            };
            if let Some(slot) = sorted.get_mut(*at) {
                *slot = *place;
            }
            *at += 1;
        }
        (starts, sorted)
    }
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

    use proptest::prelude::*;

    use super::super::classes::Counter;
    use super::*;

    fn classes(keys: &[Vec<u32>]) -> Classes {
        let mut counter = Counter::new(keys.first().map_or(0, Vec::len), 0);
        for key in keys {
            counter.add(key, &[], 1);
        }
        counter.finish()
    }

    #[test]
    fn without_quasi_identifiers_the_one_class_covers_all() {
        let all = classes(&[Vec::new(), Vec::new()]);
        assert_eq!(covered(&all, &[], &all), [2]);
        assert!(covered(&Classes::default(), &[], &all).is_empty());
    }

    #[test]
    fn a_missing_value_may_be_any() {
        let rows = [[1, 1], [1, 1], [1, 0], [0, 0], [2, 0], [2, 1]];
        let classes = classes(&rows.map(|row| row.to_vec()));
        let found: Vec<_> = (0..classes.len())
            .map(|class| {
                (
                    classes.key(class).to_vec(),
                    candidates(&classes, &[3, 2])[class],
                )
            })
            .collect();
        // [1, 1] may be hidden in [1, -] and [-, -]; [1, -] only in [-, -], for what it hides may differ from the rest.
        let expected = [
            (vec![1, 1], 4),
            (vec![1, 0], 2),
            (vec![0, 0], 1),
            (vec![2, 0], 2),
            (vec![2, 1], 3),
        ];
        assert_eq!(found, expected);
    }

    proptest! {
        /// Against trying every pair. A value stands under itself (codes 0 to 3), under one of two groups (4, 5) and under everything (6).
        #[test]
        fn rows_are_covered(
            released in prop::collection::vec(prop::collection::vec(0_u32..7, 3), 1..20),
            others in prop::collection::vec(prop::collection::vec(0_u32..4, 3), 0..30),
        ) {
            let above: Above = (0..4).map(|value| vec![value, 4 + value / 2, 6]).collect();
            let (classes, counted) = (classes(&released), {
                let mut counter = Counter::new(3, 0);
                for key in &others {
                    counter.add(key, &[], 1);
                }
                counter.finish()
            });
            let found = covered(&classes, &[above.clone(), above.clone(), above.clone()], &counted);
            for (class, found) in found.iter().enumerate() {
                let fits = |other: &&Vec<u32>| other.iter().zip(classes.key(class)).all(|(value, label)| above[*value as usize].contains(label));
                prop_assert_eq!(*found, others.iter().filter(fits).count() as u64);
            }
        }
    }
}
