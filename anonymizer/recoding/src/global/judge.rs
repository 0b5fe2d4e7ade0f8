//! What a node is worth, from its classes.

use super::classes::Classes;
use super::space::{Field, Space};
use crate::metric::{ClassSums, Measure};
use crate::models::{Models, Scratch, Tally};
use crate::problem::Problem;

/// What is known of a node whose classes were counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Finding {
    /// The rank of the node, if it is a solution.
    pub rank: Option<f64>,
    /// Rows suppressed. Where the count was given up, a number beyond what may be.
    pub suppressed: u64,
    /// Rows that are suppressed here and at every finer node, at least.
    pub floor: u64,
    /// What suppressing these rows adds to the sum of each attribute, here and at every finer node, at least.
    pub added: Vec<u64>,
    /// No finer node is a solution either.
    pub dead: bool,
}

/// What is asked of a node.
pub(super) struct Judge<'a> {
    pub problem: &'a Problem,
    pub models: &'a Models,
    pub measure: &'a Measure,
    pub rows: u64,
    /// Rows that may be suppressed.
    pub limit: u64,
}

/// Sums over the classes of a node.
struct Sums {
    fields: Vec<(Field, Vec<u64>)>,
    suppressed: u64,
    floor: u64,
    /// What suppressed rows add, by attribute.
    lost: Vec<u64>,
    /// What rows of the floor add.
    added: Vec<u64>,
    tally: Tally,
    squares: u128,
}

impl Judge<'_> {
    fn beyond(&self, suppressed: u64) -> bool {
        // A release without rows is none, whatever the limit.
        suppressed > self.limit || suppressed >= self.rows
    }

    /// Whether so many rows are in classes too small that neither this node nor a finer one is a solution.
    pub(super) fn hopeless(&self, sizes: &[u32]) -> Option<Finding> {
        let least = self.models.min_rows();
        let small = |rows: &u32| {
            if u64::from(*rows) < least {
                u64::from(*rows)
            } else {
                0
            }
        };
        let floor: u64 = sizes.iter().map(small).sum();
        self.beyond(floor).then(|| Finding {
            suppressed: floor,
            floor,
            dead: true,
            ..Finding::default()
        })
    }

    pub(super) fn judge<const N: usize>(
        &self,
        space: &Space<'_, N>,
        classes: &Classes<N>,
        scratch: &mut Scratch,
    ) -> Finding {
        let mut sums = Sums::new(self, space, classes);
        // Kept for the case that the table as a whole fails.
        let averages = self.models.limits_averages();
        let mut passed: Vec<(u64, u64, usize)> = Vec::new();
        classes.each(self.models.width(), |place, class| {
            if self.models.admits(&class, scratch) {
                sums.tally.add(class.rows, class.population);
                sums.squares += u128::from(class.rows) * u128::from(class.rows);
                if averages {
                    passed.push((class.rows, class.population.max(class.rows), place));
                }
                return;
            }
            sums.suppressed += class.rows;
            let floor = self.models.unreleasable(&class, scratch);
            sums.floor += floor;
            if !self.beyond(sums.floor)
                && let Some(key) = classes.keys.get(place)
            {
                sums.lose(key, class.rows, floor);
            }
        });
        if averages && !self.beyond(sums.suppressed) {
            for (rows, _, place) in self.thin_out(passed, &mut sums.tally) {
                sums.squares -= u128::from(rows) * u128::from(rows);
                sums.suppressed += rows;
                if let Some(key) = classes.keys.get(place) {
                    sums.lose(key, rows, 0);
                }
            }
        }
        let dead = self.beyond(sums.floor);
        let solution = !self.beyond(sums.suppressed);
        Finding {
            rank: solution.then(|| self.rank(&classes.levels, &sums)),
            suppressed: sums.suppressed,
            floor: sums.floor,
            added: if dead { Vec::new() } else { sums.added },
            dead,
        }
    }

    /// The classes to leave out, the smallest first, until the table as a whole holds; all classes of one size at once.
    fn thin_out(
        &self,
        mut passed: Vec<(u64, u64, usize)>,
        tally: &mut Tally,
    ) -> Vec<(u64, u64, usize)> {
        if self.models.holds(tally) {
            return Vec::new();
        }
        let people = self.models.averages_people();
        let size = |class: &(u64, u64, usize)| if people { class.1 } else { class.0 };
        passed.sort_unstable_by_key(|class| (size(class), class.2));
        let mut out = 0;
        for alike in passed.chunk_by(|a, b| size(a) == size(b)) {
            if self.models.holds(tally) {
                break;
            }
            for (rows, people, _) in alike {
                tally.remove(*rows, *people);
            }
            out += alike.len();
        }
        passed.truncate(out);
        passed
    }

    /// By class, whether it is released.
    pub(super) fn released<const N: usize>(
        &self,
        classes: &Classes<N>,
        scratch: &mut Scratch,
    ) -> Vec<bool> {
        let mut released = vec![false; classes.len()];
        let mut tally = Tally::default();
        let mut passed = Vec::new();
        classes.each(self.models.width(), |place, class| {
            if self.models.admits(&class, scratch)
                && let Some(released) = released.get_mut(place)
            {
                *released = true;
                tally.add(class.rows, class.population);
                passed.push((class.rows, class.population.max(class.rows), place));
            }
        });
        for (_, _, place) in self.thin_out(passed, &mut tally) {
            if let Some(released) = released.get_mut(place) {
                *released = false;
            }
        }
        released
    }

    /// The losses of the attributes by a metric.
    pub(super) fn losses<const N: usize>(
        &self,
        space: &Space<'_, N>,
        classes: &Classes<N>,
        released: &[bool],
        measure: &Measure,
    ) -> Vec<f64> {
        let attributes = classes.levels.iter().zip(&classes.fields).enumerate();
        attributes
            .map(|(attribute, (level, field))| {
                let spare = spare(measure, space, attribute, *level);
                let of = |key| spare.get(field.get(key)).copied().unwrap_or_default();
                let suppressed = classes.keys.iter().zip(&classes.rows).zip(released);
                let added = suppressed
                    .filter(|(_, released)| !**released)
                    .map(|((key, rows), _)| u64::from(*rows) * of(key))
                    .sum();
                measure.loss(attribute, usize::from(*level), added)
            })
            .collect()
    }

    fn rank(&self, levels: &[u8], sums: &Sums) -> f64 {
        if !self.measure.by_attribute() {
            return self.measure.rank_classes(&ClassSums {
                squares: sums.squares,
                classes: sums.tally.classes,
                suppressed: sums.suppressed,
            });
        }
        self.rank_of(levels, &sums.lost)
    }

    fn rank_of(&self, levels: &[u8], added: &[u64]) -> f64 {
        let added = added.iter().copied().chain(std::iter::repeat(0));
        let losses = levels
            .iter()
            .zip(added)
            .enumerate()
            .map(|(attribute, (level, added))| {
                self.measure.loss(attribute, usize::from(*level), added)
            });
        self.measure.rank(losses)
    }

    /// A bound from below of the rank of a node, from what is known of a node at or above it.
    pub(super) fn bound(&self, levels: &[u8], above: Option<&Finding>) -> f64 {
        if !self.measure.by_attribute() {
            return self.measure.bound_classes(
                levels.iter().map(|level| usize::from(*level)),
                self.models.min_rows(),
                above.map_or(0, |above| above.floor),
            );
        }
        self.rank_of(levels, above.map_or(&[], |above| above.added.as_slice()))
    }
}

impl Sums {
    fn new<const N: usize>(judge: &Judge<'_>, space: &Space<'_, N>, classes: &Classes<N>) -> Self {
        let levels = &classes.levels;
        let spare = levels
            .iter()
            .enumerate()
            .map(|(attribute, level)| spare(judge.measure, space, attribute, *level));
        Self {
            fields: classes.fields.iter().copied().zip(spare).collect(),
            suppressed: 0,
            floor: 0,
            lost: vec![0; levels.len()],
            added: vec![0; levels.len()],
            tally: Tally::default(),
            squares: 0,
        }
    }

    fn lose<const N: usize>(&mut self, key: &[u64; N], rows: u64, floor: u64) {
        let sums = self.lost.iter_mut().zip(&mut self.added);
        for ((field, spare), (lost, added)) in self.fields.iter().zip(sums) {
            let spare = spare.get(field.get(key)).copied().unwrap_or_default();
            *lost += rows * spare;
            *added += floor * spare;
        }
    }
}

/// By code as in keys, what suppressing a row with this value adds.
fn spare<const N: usize>(
    measure: &Measure,
    space: &Space<'_, N>,
    attribute: usize,
    level: u8,
) -> Vec<u64> {
    let spare = measure.spare(attribute, usize::from(level));
    let codes = space.original(attribute, level).iter();
    codes
        .map(|code| spare.get(*code as usize).copied().unwrap_or_default())
        .collect()
}
