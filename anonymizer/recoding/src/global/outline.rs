//! Which classes of a finer node fall together at a coarser one.

use std::ops::Range;

use super::classes::{Classes, Histograms};
use super::lattice::Node;
use super::space::{Key, Space, Step};
use super::table::{BLOCK, Table, Worth, climb, radix};
use crate::models::Models;

/// Slots of a table of combinations for each key that goes into it.
const SPREAD: usize = 32;

/// Keys that are worth a thread.
const SHARE: usize = 1 << 13;

/// Classes without their keys and histograms.
pub(super) struct Outline<'s> {
    levels: Node,
    /// How keys of the source become those of the classes.
    steps: Vec<Step<'s>>,
    /// By class, the first class of the source that went into it.
    firsts: Vec<u32>,
    pub rows: Vec<u32>,
    people: Vec<u64>,
    /// The class that each class of the source went into, if that was asked for.
    pub targets: Vec<u32>,
}

/// How the classes of a source are numbered.
struct Numbering<'c, 's, const N: usize> {
    source: &'c Classes<N>,
    space: &'c Space<'s, N>,
    /// What tells the place of a key,
    places: Option<Worth>,
    /// or what it becomes, where there are too many places.
    wide: Vec<Key<N>>,
    /// The places there are.
    cells: usize,
    /// Whether each place has a slot of its own.
    direct: bool,
    keep_targets: bool,
}

/// Some keys of a source, numbered.
struct Numbered<const N: usize> {
    table: Table<N>,
    targets: Vec<u32>,
    people: Vec<u64>,
}

impl<const N: usize> Numbering<'_, '_, N> {
    /// Numbers the classes that some keys fall into.
    fn of(&self, keys: Range<usize>) -> Numbered<N> {
        // Others may be joined to them, up to all.
        let (buffers, all) = (self.space.buffers(), self.source.len());
        let table = if self.direct {
            Table::direct(buffers, self.cells, all)
        } else {
            Table::hashed(buffers, all.min(self.cells), all)
        };
        let mut numbered = Numbered {
            table,
            targets: Vec::with_capacity(if self.keep_targets { all } else { 0 }),
            people: Vec::new(),
        };
        let mut numbers = [0_u32; BLOCK];
        for from in keys.clone().step_by(BLOCK) {
            let block = from..(from + BLOCK).min(keys.end);
            let numbers = numbers.get_mut(..block.len()).unwrap_or_default();
            self.count(&mut numbered.table, block, numbers);
            if self.keep_targets {
                numbered.targets.extend_from_slice(numbers);
            }
            let people = self.source.people.get(from..).unwrap_or_default();
            numbered.add_people(people, numbers);
        }
        numbered
    }

    /// Counts one block of keys.
    fn count(&self, table: &mut Table<N>, block: Range<usize>, numbers: &mut [u32]) {
        let from = block.start;
        let keys = self.source.keys.get(block.clone()).unwrap_or_default();
        let rows = self.source.rows.get(block.clone()).unwrap_or_default();
        let mut room = [0_u64; BLOCK];
        let places = room.get_mut(..keys.len()).unwrap_or_default();
        match &self.places {
            Some(worth) => {
                worth.of(keys, places);
                if self.direct {
                    table.add(from, places, rows, numbers);
                } else {
                    table.add_hashed(from, places, rows, numbers);
                }
            }
            None => {
                let wide = self.wide.get(block).unwrap_or_default();
                for (((key, rows), number), first) in wide.iter().zip(rows).zip(numbers).zip(from..)
                {
                    *number = table.add_wide(first, *key, *rows);
                }
            }
        }
    }
}

impl<const N: usize> Numbered<N> {
    /// Adds the people of classes of the source to the classes that these went into; nothing where no model asks for them.
    fn add_people(&mut self, people: &[u64], numbers: &[u32]) {
        if people.is_empty() {
            return;
        }
        self.people.resize(self.table.len(), 0);
        for (own, number) in people.iter().zip(numbers) {
            if let Some(sum) = self.people.get_mut(*number as usize) {
                *sum += own;
            }
        }
    }

    /// Adds what was numbered of later keys. Classes are numbered as if all had been numbered here one after the other.
    fn join(&mut self, other: &Self) {
        let numbers = self.table.join(&other.table);
        let number = |target: &u32| numbers.get(*target as usize).copied().unwrap_or_default();
        self.targets.extend(other.targets.iter().map(number));
        self.add_people(&other.people, &numbers);
    }
}

impl<const N: usize> Classes<N> {
    /// The classes at a coarser node, without keys and histograms, numbered as they turn up whatever the number of `threads`.
    pub(super) fn outline<'s>(
        &self,
        space: &'s Space<'_, N>,
        to: &[u8],
        keep_targets: bool,
        threads: usize,
    ) -> Outline<'s> {
        let steps = space.steps(&self.levels, &self.fields, to);
        let places = radix(&steps, self.len());
        let cells = space.cells(to);
        let numbering = Numbering {
            source: self,
            space,
            wide: match places {
                Some(_) => Vec::new(),
                None => climb(&self.keys, &steps),
            },
            places,
            cells,
            // A slot for each combination beats hashing until slots are too far between.
            direct: cells <= self.len().saturating_mul(SPREAD).clamp(1 << 10, 1 << 22),
            keep_targets,
        };
        let parts = threads.min(self.len() / SHARE).max(1);
        let share = self.len().div_ceil(parts).next_multiple_of(BLOCK).max(1);
        let numbered = numbering.shared(0..self.len(), share);
        let (firsts, rows, buffers) = numbered.table.finish();
        space.give_back(buffers);
        Outline {
            levels: to.to_vec(),
            steps,
            firsts,
            rows,
            people: numbered.people,
            targets: numbered.targets,
        }
    }
}

impl<const N: usize> Numbering<'_, '_, N> {
    /// Numbers keys in shares, each on a thread of its own if there is one.
    fn shared(&self, keys: Range<usize>, share: usize) -> Numbered<N> {
        if keys.len() <= share || self.places.is_none() {
            return self.of(keys);
        }
        let shares = keys.len().div_ceil(share);
        let middle = keys.start + shares / 2 * share;
        let (mut low, high) = rayon::join(
            || self.shared(keys.start..middle, share),
            || self.shared(middle..keys.end, share),
        );
        low.join(&high);
        self.space.give_back(high.table.clear());
        low
    }
}

impl Outline<'_> {
    /// Adds the keys, and the sums of the histograms of the source from which the classes were made.
    pub(super) fn complete<const N: usize>(
        self,
        source: &Classes<N>,
        space: &Space<'_, N>,
        models: &Models,
    ) -> Classes<N> {
        let first = |first: &u32| source.keys.get(*first as usize).copied().unwrap_or([0; N]);
        let keys: Vec<Key<N>> = self.firsts.iter().map(first).collect();
        Classes {
            levels: self.levels,
            fields: self.steps.iter().map(|step| step.to).collect(),
            grouped: true,
            keys: climb(&keys, &self.steps),
            histograms: if models.needs_counts() {
                Histograms::sums(source, &self.targets, self.rows.len(), space, models)
            } else {
                Histograms::None
            },
            rows: self.rows,
            people: self.people,
        }
    }
}
