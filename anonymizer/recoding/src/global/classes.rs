//! Equivalence classes at a node, rolled up from those at a finer one.

use super::lattice::Node;
use super::space::{Key, Space, Step};
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
    pub keys: Vec<Key<N>>,
    /// Rows of the table; 0 where there are only people of the population.
    pub rows: Vec<u32>,
    /// People of the population; empty where no model asks.
    pub people: Vec<u64>,
    pub histograms: Histograms,
}

/// Classes without their histograms, and the class that each class of the source went into.
pub(super) struct Outline<const N: usize> {
    pub classes: Classes<N>,
    pub targets: Vec<u32>,
}

impl<const N: usize> Classes<N> {
    /// The records themselves, each a class of its own.
    pub(super) fn records(space: &Space<'_, N>, models: &Models) -> Self {
        let records = &space.problem.records;
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
            levels: vec![0; space.fields.len()],
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

    /// The classes at a coarser node, without histograms.
    pub(super) fn outline(
        &self,
        space: &Space<'_, N>,
        to: &[u8],
        keep_targets: bool,
    ) -> Outline<N> {
        let steps = space.steps(&self.levels, to);
        let mut table = Table::new(self.people.is_empty());
        let mut targets = Vec::with_capacity(if keep_targets { self.len() } else { 0 });
        if self.people.is_empty() {
            for (key, rows) in self.keys.iter().zip(&self.rows) {
                let target = table.add(climb(*key, &steps), *rows);
                if keep_targets {
                    targets.push(target);
                }
            }
        } else {
            let counts = self.rows.iter().zip(&self.people);
            for (key, (rows, people)) in self.keys.iter().zip(counts) {
                let target = table.add(climb(*key, &steps), *rows);
                table.add_people(target, *people);
                if keep_targets {
                    targets.push(target);
                }
            }
        }
        Outline {
            classes: Self {
                levels: to.to_vec(),
                keys: table.keys,
                rows: table.rows,
                people: table.people,
                histograms: Histograms::None,
            },
            targets,
        }
    }

    /// The classes at a coarser node.
    pub(super) fn roll_up(&self, space: &Space<'_, N>, to: &[u8], models: &Models) -> Self {
        let outline = self.outline(space, to, models.needs_counts());
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

impl<const N: usize> Outline<N> {
    /// Adds up the histograms of the source from which the classes were made.
    pub(super) fn complete(
        self,
        source: &Classes<N>,
        space: &Space<'_, N>,
        models: &Models,
    ) -> Classes<N> {
        let Self {
            mut classes,
            targets,
        } = self;
        if !models.needs_counts() {
            return classes;
        }
        let width = models.width();
        // Every entry of the source becomes at most one of the result.
        let room = classes.len().saturating_mul(width);
        classes.histograms = if width <= 16 || room <= 2 * source.entries(space) {
            Histograms::Dense(dense(source, &targets, room, space, models))
        } else {
            let (ends, entries) = sparse(source, &targets, classes.len(), space, models);
            Histograms::Sparse(ends, entries)
        };
        classes
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
        let members = order.get(*first as usize..*end as usize).unwrap_or_default();
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
            let own = counts.get(start..start + models.width()).unwrap_or_default();
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

#[inline]
fn climb<const N: usize>(mut key: Key<N>, steps: &[Step<'_>]) -> Key<N> {
    for Step { field, codes } in steps {
        if let Some(word) = key.get_mut(field.word) {
            let code = ((*word >> field.shift) & field.mask) as usize;
            let above = codes.get(code).copied().unwrap_or_default();
            *word = *word & !(field.mask << field.shift) | u64::from(above) << field.shift;
        }
    }
    key
}

/// Classes by key, with open addressing. Classes are numbered in the order in which they turn up.
struct Table<const N: usize> {
    /// The place of a class plus 1, or 0.
    slots: Vec<u32>,
    mask: usize,
    shift: u32,
    keys: Vec<Key<N>>,
    rows: Vec<u32>,
    people: Vec<u64>,
    people_free: bool,
}

impl<const N: usize> Table<N> {
    fn new(people_free: bool) -> Self {
        let bits = 10;
        Self {
            slots: vec![0; 1 << bits],
            mask: (1 << bits) - 1,
            shift: 64 - bits,
            keys: Vec::new(),
            rows: Vec::new(),
            people: Vec::new(),
            people_free,
        }
    }

    #[inline]
    fn hash(key: &Key<N>, shift: u32) -> usize {
        // The upper half of each product depends on all bits of the key, and the next word is mixed in.
        let mut hash = 0_u64;
        for word in key {
            let product = u128::from(hash ^ word) * u128::from(0x9E37_79B9_7F4A_7C15_u64);
            hash = (product as u64) ^ ((product >> 64) as u64);
        }
        (hash.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> shift) as usize
    }

    #[inline]
    fn add(&mut self, key: Key<N>, rows: u32) -> u32 {
        let mut slot = Self::hash(&key, self.shift);
        loop {
            let class = self.slots.get(slot).copied().unwrap_or_default();
            if class == 0 {
                return self.insert(key, rows, slot);
            }
            let place = class as usize - 1;
            if self.keys.get(place) == Some(&key) {
                if let Some(sum) = self.rows.get_mut(place) {
                    *sum += rows;
                }
                return class - 1;
            }
            slot = (slot + 1) & self.mask;
        }
    }

    fn insert(&mut self, key: Key<N>, rows: u32, slot: usize) -> u32 {
        self.keys.push(key);
        self.rows.push(rows);
        if !self.people_free {
            self.people.push(0);
        }
        let class = self.keys.len();
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = class as u32;
        }
        if 2 * class > self.mask {
            self.grow();
        }
        class as u32 - 1
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 4;
        self.slots.clear();
        self.slots.resize(size, 0);
        self.mask = size - 1;
        self.shift -= 2;
        for (class, key) in (1_u32..).zip(&self.keys) {
            let mut slot = Self::hash(key, self.shift);
            while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & self.mask;
            }
            if let Some(slot) = self.slots.get_mut(slot) {
                *slot = class;
            }
        }
    }

    fn add_people(&mut self, class: u32, people: u64) {
        if let Some(sum) = self.people.get_mut(class as usize) {
            *sum += people;
        }
    }
}
