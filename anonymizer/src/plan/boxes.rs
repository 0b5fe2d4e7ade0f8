//! The records of a table placed in the classes of a saved plan.
//!
//! A record goes to the most specific class that contains it. A class that is left too few records that way takes some that other
//! classes can do without. One that cannot be helped is given up, and its records go to the next that contain them.

use std::collections::HashMap;

use rayon::prelude::*;
use sandyq_recoding::models::{Class, Counts, Models, Scratch, Tally};

use super::{PlanError, SavedCell};
use crate::division::{Cell, Division};
use crate::input::Input;

/// Records of other classes that a class looks at for help.
const ASKED: usize = 4096;

/// The saved classes whose values are on the same levels: a class by what it shows.
struct Signature {
    levels: Vec<Option<usize>>,
    classes: HashMap<Vec<u32>, u32>,
}

/// The saved classes in the codes of a table.
struct Boxes {
    /// What each class shows; `None` if a value of it does not occur.
    cells: Vec<Option<Vec<Cell>>>,
    /// How general each class is: the sum over attributes of the share of the domain.
    costs: Vec<f64>,
    signatures: Vec<Signature>,
}

/// Each record in a class that contains it. Records that no class takes are left out, within the limit.
pub(super) fn division(
    input: &Input<'_>,
    boxes: &[Vec<SavedCell>],
    models: &Models,
) -> Result<Division, PlanError> {
    let boxes = Boxes::new(input, boxes);
    let mut placing = Placing::new(input, models, &boxes);
    placing.settle();
    placing.division()
}

impl Boxes {
    fn new(input: &Input<'_>, boxes: &[Vec<SavedCell>]) -> Self {
        let mut own = Self {
            cells: boxes.iter().map(|shown| cells(input, shown)).collect(),
            costs: Vec::new(),
            signatures: Vec::new(),
        };
        let mut places: HashMap<Vec<Option<usize>>, usize> = HashMap::new();
        for (class, cells) in (0_u32..).zip(&own.cells) {
            // A class of values that no longer occur contains no record.
            let Some(cells) = cells else {
                own.costs.push(f64::INFINITY);
                continue;
            };
            own.costs.push(cost(input, cells));
            let levels: Vec<Option<usize>> = cells.iter().map(Cell::level).collect();
            let next = own.signatures.len();
            let place = *places.entry(levels.clone()).or_insert(next);
            if place == next {
                own.signatures.push(Signature {
                    levels,
                    classes: HashMap::new(),
                });
            }
            if let Some(signature) = own.signatures.get_mut(place) {
                let codes = cells.iter().map(Cell::code).collect();
                signature.classes.insert(codes, class);
            }
        }
        own
    }

    fn cost(&self, class: u32) -> f64 {
        let cost = self.costs.get(class as usize);
        cost.copied().unwrap_or(f64::INFINITY)
    }

    /// The classes that contain the values of a row of columns, the most specific first.
    fn containing(&self, input: &Input<'_>, columns: &[Vec<u32>], row: usize) -> Vec<u32> {
        let classes = self.signatures.iter().filter_map(|signature| {
            let codes = codes(input, signature, columns, row);
            signature.classes.get(&codes).copied()
        });
        let mut classes: Vec<u32> = classes.collect();
        classes.sort_by(|a, b| self.cost(*a).total_cmp(&self.cost(*b)).then(a.cmp(b)));
        classes
    }

    /// People of the population within each class.
    fn people(&self, input: &Input<'_>) -> Vec<u64> {
        let mut people = vec![0; self.cells.len()];
        let Some(population) = &input.problem.population else {
            return people;
        };
        for (row, weight) in population.weights.iter().enumerate() {
            for class in self.containing(input, &population.quasi, row) {
                if let Some(sum) = people.get_mut(class as usize) {
                    *sum += weight;
                }
            }
        }
        people
    }
}

/// What a class shows as codes of this table; `None` if a value of it does not occur.
fn cells(input: &Input<'_>, shown: &[SavedCell]) -> Option<Vec<Cell>> {
    let cells = input.attributes.iter().zip(shown).map(|(attribute, cell)| {
        let Some((level, label)) = cell else {
            return Some(Cell::Star);
        };
        let index = level.checked_sub(attribute.first_level)? as usize;
        let known = attribute.levels.get(index)?;
        let code = known.labels.iter().position(|known| known == label)?;
        Some(Cell::Level(index as u8, code as u32))
    });
    cells.collect()
}

fn cost(input: &Input<'_>, cells: &[Cell]) -> f64 {
    let shares = input.attributes.iter().zip(cells).map(|(attribute, cell)| {
        let leaves = match cell {
            Cell::Level(level, code) => attribute
                .levels
                .get(*level as usize)
                .and_then(|level| level.leaves.get(*code as usize))
                .copied()
                .unwrap_or(1),
            Cell::Star => attribute.domain,
        };
        leaves as f64 / attribute.domain.max(1) as f64
    });
    shares.sum()
}

fn codes(input: &Input<'_>, signature: &Signature, columns: &[Vec<u32>], row: usize) -> Vec<u32> {
    let levels = signature.levels.iter().zip(&input.attributes);
    let codes = levels.zip(columns).map(|((level, attribute), values)| {
        let level = level.and_then(|level| attribute.levels.get(level));
        let value = values.get(row).copied().unwrap_or_default();
        level
            .and_then(|level| level.codes.get(value as usize).copied())
            .unwrap_or_default()
    });
    codes.collect()
}

/// What is in a class.
#[derive(Clone, Default)]
struct Filled {
    rows: u64,
    people: u64,
    /// Rows by sensitive value.
    counts: Vec<u32>,
    given_up: bool,
}

struct Placing<'a> {
    input: &'a Input<'a>,
    models: &'a Models,
    boxes: &'a Boxes,
    /// By record, the classes that contain it, the most specific first.
    options: Vec<Vec<u32>>,
    /// By class, the records that it contains.
    inside: Vec<Vec<u32>>,
    chosen: Vec<Option<u32>>,
    classes: Vec<Filled>,
    scratch: Scratch,
}

impl<'a> Placing<'a> {
    fn new(input: &'a Input<'a>, models: &'a Models, boxes: &'a Boxes) -> Self {
        let records = &input.problem.records;
        let options: Vec<Vec<u32>> = (0..records.weights.len())
            .into_par_iter()
            .map(|record| boxes.containing(input, &records.quasi, record))
            .collect();
        let mut inside = vec![Vec::new(); boxes.cells.len()];
        for (record, classes) in (0_u32..).zip(&options) {
            for class in classes {
                if let Some(inside) = inside.get_mut(*class as usize) {
                    inside.push(record);
                }
            }
        }
        let filled = |people| Filled {
            people,
            counts: vec![0; models.width()],
            ..Filled::default()
        };
        Self {
            input,
            models,
            boxes,
            chosen: vec![None; options.len()],
            options,
            inside,
            classes: boxes.people(input).into_iter().map(filled).collect(),
            scratch: Scratch::default(),
        }
    }

    fn settle(&mut self) {
        let mut pending: Vec<u32> = (0..self.options.len() as u32).collect();
        while !pending.is_empty() {
            for record in pending.drain(..) {
                let next = self.next(record);
                self.put(record, next);
            }
            let mut failing = self.failing();
            // Those that lack least are helped first.
            let rows = |class: &u32| self.classes.get(*class as usize).map_or(0, |c| c.rows);
            failing.sort_by_key(|class| (std::cmp::Reverse(rows(class)), *class));
            for class in failing {
                self.help(class);
            }
            let mut failing = self.failing();
            let cost = |class: &u32| self.boxes.cost(*class);
            failing.sort_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.cmp(b)));
            // The records of the most specific ones may be enough for the others.
            for class in failing.iter().take(failing.len().div_ceil(4)) {
                if let Some(class) = self.classes.get_mut(*class as usize) {
                    class.given_up = true;
                }
            }
            let gone = |class: u32| self.classes.get(class as usize).is_some_and(|c| c.given_up);
            let chosen = (0_u32..).zip(&self.chosen);
            let again = chosen.filter(|(_, class)| class.is_some_and(gone));
            pending.extend(again.map(|(record, _)| record));
        }
    }

    /// The most specific class that a record may be in.
    fn next(&self, record: u32) -> Option<u32> {
        let open = |class: &&u32| {
            let class = self.classes.get(**class as usize);
            class.is_some_and(|class| !class.given_up)
        };
        let options = self.options.get(record as usize)?;
        options.iter().find(open).copied()
    }

    /// Puts a record into a class, out of the one where it is.
    fn put(&mut self, record: u32, class: Option<u32>) {
        let records = &self.input.problem.records;
        let place = record as usize;
        let weight = records.weights.get(place).copied().unwrap_or_default();
        let before = match self.chosen.get_mut(place) {
            Some(chosen) => std::mem::replace(chosen, class),
            None => return,
        };
        for (class, enters) in [(before, false), (class, true)] {
            let class = class.and_then(|class| self.classes.get_mut(class as usize));
            let Some(class) = class else { continue };
            let add = |sum: u64| match enters {
                true => sum + u64::from(weight),
                false => sum.saturating_sub(u64::from(weight)),
            };
            class.rows = add(class.rows);
            for (attribute, values) in records.sensitive.iter().enumerate() {
                let value = values.get(place).copied().unwrap_or_default();
                let slot = self.models.offset(attribute) + value;
                if let Some(count) = class.counts.get_mut(slot as usize) {
                    *count = add(u64::from(*count)) as u32;
                }
            }
        }
    }

    /// Whether a class is empty or may be released.
    fn sound(&mut self, class: u32) -> bool {
        let Some(filled) = self.classes.get(class as usize) else {
            return false;
        };
        let class = Class {
            rows: filled.rows,
            population: filled.people,
            counts: Counts::Dense(&filled.counts),
        };
        filled.rows == 0 || self.models.admits(&class, &mut self.scratch)
    }

    fn failing(&mut self) -> Vec<u32> {
        let classes = 0..self.classes.len() as u32;
        classes.filter(|class| !self.sound(*class)).collect()
    }

    /// Takes records that other classes can do without, those first for which it matters least; all go back if that does not suffice.
    fn help(&mut self, class: u32) {
        let elsewhere = |record: &u32| {
            let chosen = self.chosen.get(*record as usize).copied().flatten()?;
            (chosen != class).then_some((self.boxes.cost(chosen), *record, chosen))
        };
        let inside = self.inside.get(class as usize);
        let mut others: Vec<_> = inside.into_iter().flatten().filter_map(elsewhere).collect();
        others.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut taken = Vec::new();
        for (_, record, from) in others.into_iter().take(ASKED) {
            if self.sound(class) {
                return;
            }
            self.put(record, Some(class));
            if self.sound(from) {
                taken.push((record, from));
            } else {
                self.put(record, Some(from));
            }
        }
        if !self.sound(class) {
            for (record, from) in taken {
                self.put(record, Some(from));
            }
        }
    }

    /// The division by the classes chosen, all of which may be released.
    fn division(self) -> Result<Division, PlanError> {
        let (mut tally, mut numbers) = (Tally::default(), Vec::new());
        let mut division = Division {
            cells: vec![Vec::new(); self.input.attributes.len()],
            ..Division::default()
        };
        for (class, cells) in self.classes.iter().zip(&self.boxes.cells) {
            if class.rows == 0 {
                numbers.push(0);
                continue;
            }
            tally.add(class.rows, class.people);
            division.sizes.push(class.rows);
            numbers.push(division.sizes.len() as u32);
            for (column, cell) in division.cells.iter_mut().zip(cells.iter().flatten()) {
                column.push(*cell);
            }
        }
        let number = |class: &Option<u32>| {
            class
                .and_then(|class| numbers.get(class as usize).copied())
                .unwrap_or_default()
        };
        division.class_of = self.chosen.iter().map(number).collect();
        let released: u64 = division.sizes.iter().sum();
        let rows = self.input.rows();
        division.suppressed = rows - released;
        let suppressible = self.input.profile.privacy().suppressible(rows);
        if division.suppressed > suppressible || released == 0 || !self.models.holds(&tally) {
            return Err(PlanError::Outgrown {
                dataset: self.input.table.name().to_owned(),
                needed: division.suppressed,
                rows,
                suppressible,
            });
        }
        Ok(division)
    }
}
