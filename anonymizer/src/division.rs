//! The records of a table divided into the classes that are released.

use rayon::prelude::*;

use crate::digest::digest_of_classes;
use crate::input::Input;
use crate::plan::SavedCell;
use crate::table::Codes;
use crate::verify::Shown;

/// Which class each record is released in, and what the class shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Division {
    /// The class of each record, counted from 1; 0 for a record that is not released.
    pub class_of: Vec<u32>,
    /// Records of which some rows are in other classes than `class_of` says: how many rows are in which, in ascending order of
    /// records.
    pub split: Vec<(u32, Vec<(u32, u32)>)>,
    /// For each attribute what each class shows, by class from 0.
    pub cells: Vec<Vec<Cell>>,
    /// Rows of each class.
    pub sizes: Vec<u64>,
    /// Rows that are not released.
    pub suppressed: u64,
}

/// What a class shows of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cell {
    /// A code on a level, which is a place among the permitted ones.
    Level(u8, u32),
    /// `*`.
    Star,
}

impl Cell {
    /// The level, if it is on one.
    pub(crate) fn level(&self) -> Option<usize> {
        match self {
            Self::Level(level, _) => Some(*level as usize),
            Self::Star => None,
        }
    }

    /// The code on its level; 0 for `*`.
    pub(crate) fn code(&self) -> u32 {
        match self {
            Self::Level(_, code) => *code,
            Self::Star => 0,
        }
    }
}

impl Division {
    /// Classes of records on the chosen levels. `class_of` is the class of each record, numbered from 1 on in the order in which records
    /// come; 0 for a record that is not released.
    pub(crate) fn of_levels(input: &Input<'_>, levels: &[usize], class_of: Vec<u32>) -> Self {
        let records = &input.problem.records;
        let (mut sizes, mut suppressed) = (Vec::new(), 0);
        // The first record of each class.
        let mut firsts = Vec::new();
        for (record, (class, weight)) in class_of.iter().zip(&records.weights).enumerate() {
            let weight = u64::from(*weight);
            match (*class as usize).checked_sub(1) {
                None => suppressed += weight,
                Some(place) => {
                    if place == sizes.len() {
                        sizes.push(0);
                        firsts.push(record);
                    }
                    if let Some(size) = sizes.get_mut(place) {
                        *size += weight;
                    }
                }
            }
        }
        let attributes = input.attributes.iter().zip(&records.quasi).zip(levels);
        let cells = attributes.map(|((attribute, values), place)| {
            let level = attribute.levels.get(*place);
            let code = |record: &usize| {
                let value = values.get(*record).copied().unwrap_or_default();
                let code = level.and_then(|level| level.codes.get(value as usize));
                Cell::Level(*place as u8, code.copied().unwrap_or_default())
            };
            firsts.iter().map(code).collect()
        });
        Self {
            cells: cells.collect(),
            class_of,
            split: Vec::new(),
            sizes,
            suppressed,
        }
    }

    /// The lowest level of each attribute that a class has; 0 where none has any.
    pub(crate) fn lowest(&self) -> Vec<usize> {
        let lowest = |cells: &Vec<Cell>| {
            cells
                .iter()
                .filter_map(Cell::level)
                .min()
                .unwrap_or_default()
        };
        self.cells.iter().map(lowest).collect()
    }

    /// Classes released.
    pub(crate) fn classes(&self) -> u64 {
        self.sizes.len() as u64
    }

    /// Rows of the smallest class.
    pub(crate) fn smallest(&self) -> u64 {
        self.sizes.iter().copied().min().unwrap_or_default()
    }

    /// What decides about each row, and the class by that. Of a record that is in several classes, earlier rows go to the classes
    /// named first.
    pub(crate) fn class_of_rows<'a>(&'a self, input: &Input<'_>) -> (Codes, Vec<u32>) {
        if self.split.is_empty() {
            return (input.record_of_row.clone(), self.class_of.clone());
        }
        // By record its place among those that are in several classes, from 1 on.
        let mut several = vec![0_u32; self.class_of.len()];
        for ((record, _), place) in self.split.iter().zip(1..) {
            if let Some(slot) = several.get_mut(*record as usize) {
                *slot = place;
            }
        }
        let parts = |(_, parts): &'a (u32, Vec<(u32, u32)>)| parts.iter().copied();
        let mut left: Vec<_> = self.split.iter().map(parts).collect();
        let mut now: Vec<(u32, u32)> = vec![(0, 0); left.len()];
        let mut class = |record: usize| {
            let place = several.get(record).copied().unwrap_or_default() as usize;
            let Some(place) = place.checked_sub(1) else {
                return self.class_of.get(record).copied().unwrap_or_default();
            };
            let (Some(now), Some(left)) = (now.get_mut(place), left.get_mut(place)) else {
                return 0;
            };
            while now.1 == 0 {
                match left.next() {
                    Some(next) => *now = next,
                    None => break,
                }
            }
            now.1 = now.1.saturating_sub(1);
            now.0
        };
        let rows = 0..input.record_of_row.len();
        let classes = rows.map(|row| class(input.record_of_row.get(row) as usize));
        let classes: Vec<u32> = classes.collect();
        let bound = self.sizes.len() as u32 + 1;
        (Codes::U32(classes), (0..bound).collect())
    }

    /// The text that each class shows of an attribute.
    pub(crate) fn labels<'a>(
        &'a self,
        input: &'a Input<'_>,
        attribute: usize,
    ) -> impl Iterator<Item = Option<&'a str>> {
        let levels = input
            .attributes
            .get(attribute)
            .map_or(&[][..], |attribute| &attribute.levels);
        let cells = self.cells.get(attribute).map_or(&[][..], Vec::as_slice);
        cells.iter().map(|cell| match cell {
            Cell::Level(level, code) => levels.get(*level as usize)?.label(*code),
            Cell::Star => Some(crate::input::SUPPRESSED),
        })
    }

    /// By attribute the texts that classes show, each once, and which of them each class shows.
    pub(crate) fn texts_of_classes<'a>(&'a self, input: &'a Input<'_>) -> Vec<Shown<'a>> {
        let attributes = 0..self.cells.len();
        attributes
            .into_par_iter()
            .map(|attribute| self.texts(input, attribute))
            .collect()
    }

    fn texts<'a>(&'a self, input: &'a Input<'_>, attribute: usize) -> Shown<'a> {
        let levels = input
            .attributes
            .get(attribute)
            .map_or(&[][..], |attribute| &attribute.levels);
        let cells = self.cells.get(attribute).map_or(&[][..], Vec::as_slice);
        // By level and code the place of the text, counted from 1; 0 for one that was not met.
        let mut met: Vec<Vec<u32>> = levels.iter().map(|l| vec![0; l.labels.len()]).collect();
        let mut star = 0;
        let mut shown = Shown::default();
        for cell in cells {
            let (level, code) = (cell.level().unwrap_or_default(), cell.code());
            let (slot, text) = match cell {
                Cell::Level(..) => (
                    met.get_mut(level)
                        .and_then(|met| met.get_mut(code as usize)),
                    levels.get(level).and_then(|level| level.label(code)),
                ),
                Cell::Star => (Some(&mut star), Some(crate::input::SUPPRESSED)),
            };
            let mut unknown = 0;
            let slot = slot.unwrap_or(&mut unknown);
            if *slot == 0 {
                shown.texts.push(text);
                *slot = shown.texts.len() as u32;
            }
            shown.places.push(*slot - 1);
        }
        shown
    }

    /// What each class shows, as a plan that is saved says it.
    pub(crate) fn boxes(&self, input: &Input<'_>) -> Vec<Vec<SavedCell>> {
        let mut boxes = vec![Vec::new(); self.sizes.len()];
        for ((index, cells), attribute) in self.cells.iter().enumerate().zip(&input.attributes) {
            let labels = self.labels(input, index);
            for ((shown, cell), label) in boxes.iter_mut().zip(cells).zip(labels) {
                let level = cell
                    .level()
                    .map(|level| attribute.first_level + level as u32);
                shown.push(level.map(|level| (level, label.map(str::to_owned))));
            }
        }
        boxes
    }

    /// ARX's Loss of each attribute, rows that are not released counting 1.
    pub(crate) fn losses(&self, input: &Input<'_>) -> Vec<f64> {
        let rows = input.rows();
        let loss = |(attribute, cells): (&crate::input::Attribute, &Vec<Cell>)| {
            if attribute.domain <= 1 || rows == 0 {
                return 0.0;
            }
            let leaves = |cell: &Cell| match cell {
                Cell::Level(level, code) => attribute
                    .levels
                    .get(*level as usize)
                    .and_then(|level| level.leaves.get(*code as usize))
                    .copied()
                    .unwrap_or(1),
                Cell::Star => attribute.domain,
            };
            let shown: u64 = cells
                .iter()
                .zip(&self.sizes)
                .map(|(cell, size)| leaves(cell) * size)
                .sum();
            let sum = shown + self.suppressed * attribute.domain;
            sum.saturating_sub(rows) as f64 / (rows as f64 * (attribute.domain - 1) as f64)
        };
        input.attributes.iter().zip(&self.cells).map(loss).collect()
    }

    /// The digest of the classes by what they show, and their sizes. Two that show the same are one.
    pub(crate) fn digest(&self, input: &Input<'_>) -> String {
        let shown = self.texts_of_classes(input).into_par_iter();
        let columns: Vec<(Vec<Option<&str>>, Vec<u32>)> = shown.map(ranked).collect();
        let rank = |class: usize| {
            let rank = move |(_, ranks): &(_, Vec<u32>)| ranks.get(class).copied();
            columns
                .iter()
                .map(move |column| rank(column).unwrap_or_default())
        };
        let mut order: Vec<usize> = (0..self.sizes.len()).collect();
        order.par_sort_unstable_by(|a, b| rank(*a).cmp(rank(*b)));
        let classes = order.chunk_by(|a, b| rank(*a).eq(rank(*b)));
        let classes = classes.map(|alike| {
            let sizes = alike.iter().filter_map(|class| self.sizes.get(*class));
            let first = alike.first().copied().unwrap_or_default();
            (rank(first), sizes.sum())
        });
        let text = |column: usize, rank: u32| {
            let (texts, _) = columns.get(column)?;
            texts.get(rank as usize).copied().flatten()
        };
        digest_of_classes(columns.iter().map(|(texts, _)| texts.len()), text, classes)
    }
}

/// The texts in order, each once, and by class the place of what it shows among them.
fn ranked(shown: Shown<'_>) -> (Vec<Option<&str>>, Vec<u32>) {
    let mut texts = shown.texts.clone();
    texts.sort_unstable();
    texts.dedup();
    let rank = |text| texts.binary_search(text).unwrap_or_default() as u32;
    let ranks: Vec<u32> = shown.texts.iter().map(rank).collect();
    let rank = |place: &u32| ranks.get(*place as usize).copied().unwrap_or_default();
    let of_class = shown.places.iter().map(rank).collect();
    (texts, of_class)
}
