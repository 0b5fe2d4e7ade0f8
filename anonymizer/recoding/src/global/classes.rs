//! Equivalence classes at a node, rolled up from those at a finer one.

use super::lattice::Node;
use super::space::{Field, Key, Space};
use crate::models::{Class, Counts, Models};

/// Rows by sensitive value, by class.
#[derive(Clone, Debug)]
pub(super) enum Histograms {
    /// No model asks.
    None,
    /// Classes are records, whose values stand in the problem.
    Records,
    /// One row of [`Models::width`] entries for each class.
    Dense(Vec<u32>),
    /// Where the entries of each class end, and slot and rows of each entry.
    Sparse(Vec<u32>, Vec<(u32, u32)>),
}

/// The classes at a node.
#[derive(Clone, Debug)]
pub(super) struct Classes<const N: usize> {
    pub levels: Node,
    /// Where each attribute stands in the keys.
    pub fields: Vec<Field>,
    /// Whether each key occurs once. Records may be alike but for what no model asks for.
    pub grouped: bool,
    pub keys: Vec<Key<N>>,
    /// Rows of the table; 0 where there are only people of the population.
    pub rows: Vec<u32>,
    /// People of the population; empty where no model asks.
    pub people: Vec<u64>,
    pub histograms: Histograms,
}

impl<const N: usize> Classes<N> {
    /// The records themselves, each a class of its own.
    pub(super) fn records(space: &Space<'_, N>, models: &Models) -> Self {
        let records = &space.problem.records;
        let levels = vec![0; space.problem.attributes.len()];
        let mut rows = records.weights.clone();
        let mut people = Vec::new();
        if models.needs_population()
            && let Some(population) = &space.problem.population
        {
            people.resize(rows.len(), 0);
            people.extend(&population.weights);
            rows.resize(people.len(), 0);
        }
        Self {
            fields: space.fields(&levels),
            levels,
            grouped: false,
            keys: space.keys.iter().take(rows.len()).copied().collect(),
            rows,
            people,
            histograms: if models.needs_counts() {
                Histograms::Records
            } else {
                Histograms::None
            },
        }
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Calls `what` with each class that has rows, and its place.
    pub(super) fn each(&self, width: usize, mut what: impl FnMut(usize, Class<'_>)) {
        let mut start = 0;
        for (place, rows) in self.rows.iter().enumerate() {
            let counts = match &self.histograms {
                Histograms::None | Histograms::Records => Counts::Sparse(&[]),
                Histograms::Dense(counts) => Counts::Dense(
                    counts
                        .get(place * width..(place + 1) * width)
                        .unwrap_or_default(),
                ),
                Histograms::Sparse(ends, entries) => {
                    let end = ends.get(place).map_or(start, |end| *end as usize);
                    let own = entries.get(start..end).unwrap_or_default();
                    start = end;
                    Counts::Sparse(own)
                }
            };
            if *rows > 0 {
                what(
                    place,
                    Class {
                        rows: u64::from(*rows),
                        population: self.people.get(place).copied().unwrap_or_default(),
                        counts,
                    },
                );
            }
        }
    }

    /// The classes at a coarser node.
    ///
    /// Where nothing else is to be done meanwhile, `threads` of them share the work.
    pub(super) fn roll_up(
        &self,
        space: &Space<'_, N>,
        to: &[u8],
        models: &Models,
        threads: usize,
    ) -> Self {
        let outline = self.outline(space, to, models.needs_counts(), threads);
        outline.complete(self, space, models)
    }

    fn entries(&self, space: &Space<'_, N>) -> usize {
        match &self.histograms {
            Histograms::None => 0,
            Histograms::Records => self.len() * space.problem.sensitive.len(),
            Histograms::Dense(counts) => counts.len(),
            Histograms::Sparse(_, entries) => entries.len(),
        }
    }
}

impl Histograms {
    /// Adds up the histograms of the classes of a source, of which each went into one of so many classes.
    pub(super) fn sums<const N: usize>(
        source: &Classes<N>,
        targets: &[u32],
        classes: usize,
        space: &Space<'_, N>,
        models: &Models,
    ) -> Self {
        let width = models.width();
        // Every entry of the source becomes at most one of the result.
        let room = classes.saturating_mul(width);
        if width <= 16 || room <= 2 * source.entries(space) {
            return Self::Dense(dense(source, targets, room, space, models));
        }
        let (ends, entries) = sparse(source, targets, classes, space, models);
        Self::Sparse(ends, entries)
    }
}

fn dense<const N: usize>(
    source: &Classes<N>,
    targets: &[u32],
    room: usize,
    space: &Space<'_, N>,
    models: &Models,
) -> Vec<u32> {
    let width = models.width();
    let mut counts = vec![0_u32; room];
    match &source.histograms {
        Histograms::None => {}
        Histograms::Records => {
            let columns = &space.problem.records.sensitive;
            for (attribute, column) in columns.iter().enumerate() {
                let offset = models.offset(attribute) as usize;
                let records = column.iter().zip(&source.rows);
                for ((value, rows), target) in records.zip(targets) {
                    let slot = *target as usize * width + offset + *value as usize;
                    if let Some(count) = counts.get_mut(slot) {
                        *count += rows;
                    }
                }
            }
        }
        Histograms::Dense(own) => {
            for (own, target) in own.chunks_exact(width).zip(targets) {
                let start = *target as usize * width;
                if let Some(sums) = counts.get_mut(start..start + width) {
                    sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                }
            }
        }
        Histograms::Sparse(ends, entries) => {
            let mut first = 0;
            for (end, target) in ends.iter().zip(targets) {
                let own = entries.get(first..*end as usize).unwrap_or_default();
                first = *end as usize;
                let start = *target as usize * width;
                for (slot, rows) in own {
                    if let Some(count) = counts.get_mut(start + *slot as usize) {
                        *count += rows;
                    }
                }
            }
        }
    }
    counts
}

/// Entries are gathered class by class in a row of counts that is cleared entry by entry.
fn sparse<const N: usize>(
    source: &Classes<N>,
    targets: &[u32],
    classes: usize,
    space: &Space<'_, N>,
    models: &Models,
) -> (Vec<u32>, Vec<(u32, u32)>) {
    // The classes of the source in the order of the class they go into.
    let mut starts = vec![0_u32; classes + 1];
    for target in targets {
        if let Some(start) = starts.get_mut(*target as usize + 1) {
            *start += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut order = vec![0_u32; targets.len()];
    let mut next = starts.clone();
    for (place, target) in (0_u32..).zip(targets) {
        if let Some(next) = next.get_mut(*target as usize) {
            if let Some(slot) = order.get_mut(*next as usize) {
                *slot = place;
            }
            *next += 1;
        }
    }
    let mut counts = vec![0_u32; models.width()];
    let mut touched: Vec<u32> = Vec::new();
    let (mut ends, mut entries) = (Vec::with_capacity(classes), Vec::new());
    for pair in starts.windows(2) {
        let [first, end] = pair else { continue };
        let members = order
            .get(*first as usize..*end as usize)
            .unwrap_or_default();
        for member in members {
            each_entry(source, *member as usize, space, models, |slot, rows| {
                if let Some(count) = counts.get_mut(slot as usize) {
                    if *count == 0 && rows > 0 {
                        touched.push(slot);
                    }
                    *count += rows;
                }
            });
        }
        touched.sort_unstable();
        for slot in touched.drain(..) {
            if let Some(count) = counts.get_mut(slot as usize) {
                entries.push((slot, std::mem::take(count)));
            }
        }
        ends.push(entries.len() as u32);
    }
    (ends, entries)
}

fn each_entry<const N: usize>(
    source: &Classes<N>,
    class: usize,
    space: &Space<'_, N>,
    models: &Models,
    mut what: impl FnMut(u32, u32),
) {
    match &source.histograms {
        Histograms::None => {}
        Histograms::Records => {
            let rows = source.rows.get(class).copied().unwrap_or_default();
            let columns = &space.problem.records.sensitive;
            for (attribute, column) in columns.iter().enumerate() {
                if let Some(value) = column.get(class) {
                    what(models.offset(attribute) + value, rows);
                }
            }
        }
        Histograms::Dense(counts) => {
            let start = class * models.width();
            let own = counts
                .get(start..start + models.width())
                .unwrap_or_default();
            for (slot, rows) in (0..).zip(own).filter(|(_, rows)| **rows > 0) {
                what(slot, *rows);
            }
        }
        Histograms::Sparse(ends, entries) => {
            let before = class.checked_sub(1).and_then(|before| ends.get(before));
            let start = before.map_or(0, |end| *end as usize);
            let end = ends.get(class).map_or(start, |end| *end as usize);
            for (slot, rows) in entries.get(start..end).unwrap_or_default() {
                what(*slot, *rows);
            }
        }
    }
}
