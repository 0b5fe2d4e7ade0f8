//! The records of a table divided into the classes that are released.

use rayon::prelude::*;

use crate::group::{Groups, Key};
use crate::input::Input;
use crate::plan::SavedCell;
use crate::table::Codes;

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
    /// Classes of records that are at the same code on the chosen levels, of those records that are released.
    pub(crate) fn of_levels(input: &Input<'_>, levels: &[usize], released: &[bool]) -> Self {
        let records = &input.problem.records;
        let quasi: Vec<Codes> = records.quasi.iter().cloned().map(Codes::U32).collect();
        let chosen: Vec<_> = input
            .attributes
            .iter()
            .zip(levels)
            .filter_map(|(attribute, level)| attribute.levels.get(*level))
            .collect();
        let keys: Vec<_> = chosen
            .iter()
            .zip(&quasi)
            .map(|(level, rows)| Key {
                rows,
                map: Some(&level.codes),
                cardinality: level.labels.len(),
                lowest: 0,
            })
            .collect();
        let groups = Groups::of(&keys, records.weights.len(), None, true);
        let (mut number, mut classes) = (vec![0_u32; groups.len()], 0);
        let (mut class_of, mut sizes, mut suppressed) = (Vec::new(), Vec::new(), 0);
        let mut of_class = Vec::new();
        let decided = groups.of_row.iter().zip(released).zip(&records.weights);
        for ((group, released), weight) in decided {
            let weight = u64::from(*weight);
            let Some(slot) = number.get_mut(*group as usize).filter(|_| *released) else {
                suppressed += weight;
                class_of.push(0);
                continue;
            };
            if *slot == 0 {
                classes += 1;
                *slot = classes;
                sizes.push(0);
                of_class.push(*group as usize);
            }
            class_of.push(*slot);
            if let Some(size) = sizes.get_mut(*slot as usize - 1) {
                *size += weight;
            }
        }
        let cells = (0..keys.len()).zip(levels).map(|(column, level)| {
            let code = |group: &usize| Cell::Level(*level as u8, groups.code(*group, column));
            of_class.iter().map(code).collect()
        });
        Self {
            class_of,
            split: Vec::new(),
            cells: cells.collect(),
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
    pub(crate) fn class_of_rows(&self, input: &Input<'_>) -> (Codes, Vec<u32>) {
        if self.split.is_empty() {
            return (input.record_of_row.clone(), self.class_of.clone());
        }
        let mut left: Vec<_> = self
            .split
            .iter()
            .map(|(_, parts)| parts.iter().copied())
            .collect();
        let mut now: Vec<(u32, u32)> = vec![(0, 0); left.len()];
        let mut classes = Vec::with_capacity(input.record_of_row.len());
        for record in input.record_of_row.iter() {
            let place = self
                .split
                .binary_search_by_key(&record, |(record, _)| *record);
            let Ok(place) = place else {
                classes.push(
                    self.class_of
                        .get(record as usize)
                        .copied()
                        .unwrap_or_default(),
                );
                continue;
            };
            if let (Some(now), Some(left)) = (now.get_mut(place), left.get_mut(place)) {
                while now.1 == 0 {
                    match left.next() {
                        Some(next) => *now = next,
                        None => break,
                    }
                }
                now.1 = now.1.saturating_sub(1);
                classes.push(now.0);
            }
        }
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

    /// The texts that each class shows, in the order of the attributes.
    pub(crate) fn labels_of_classes(&self, input: &Input<'_>) -> Vec<Vec<Option<String>>> {
        let mut classes = vec![Vec::new(); self.sizes.len()];
        for attribute in 0..self.cells.len() {
            let labels = self.labels(input, attribute);
            for (class, label) in classes.iter_mut().zip(labels) {
                class.push(label.map(str::to_owned));
            }
        }
        classes
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

    /// Classes by what they show, in order, and their sizes. Two that show the same are one.
    pub(crate) fn shown<'a>(&'a self, input: &'a Input<'_>) -> Vec<(Vec<Option<&'a str>>, u64)> {
        let columns: Vec<Vec<Option<&str>>> = (0..self.cells.len())
            .map(|attribute| self.labels(input, attribute).collect())
            .collect();
        let labels = |class: usize| {
            let label = |column: &Vec<Option<&'a str>>| column.get(class).copied().flatten();
            columns.iter().map(label).collect::<Vec<_>>()
        };
        let classes = self.sizes.iter().enumerate();
        let mut shown: Vec<_> = classes
            .map(|(class, size)| (labels(class), *size))
            .collect();
        shown.par_sort_unstable();
        shown.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        shown
    }
}
