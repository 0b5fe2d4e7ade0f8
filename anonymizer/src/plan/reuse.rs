//! A plan that was saved, applied to a later version of the same data.

use std::collections::HashMap;

use rayon::prelude::*;
use sandyq_recoding::models::{Class, Counts, Models, Scratch, Tally};

use super::{Plan, PlanError, SavedCell, Searched, global, models};
use crate::cancel::{Cancel, Progress};
use crate::division::{Cell, Division};
use crate::hierarchy::Hierarchies;
use crate::input::Input;

/// The plan for the input that does as `saved` did: the same levels, or the same classes.
pub(crate) fn reuse(
    input: &Input<'_>,
    hierarchies: &Hierarchies,
    saved: &Plan,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Plan, PlanError> {
    fits(input, hierarchies, saved)?;
    super::check(input)?;
    let models = models::models(input).map_err(|source| super::unfit(input, source))?;
    let (division, levels, searched) = match &saved.boxes {
        Some(boxes) => {
            let division = boxed(input, boxes, &models)?;
            let levels = division.lowest();
            let losses = division.losses(input);
            let score = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
            let searched = Searched {
                nodes: 0,
                examined: 0,
                score,
                bound: None,
                optimal: false,
            };
            (division, levels, searched)
        }
        None => {
            let levels = levels(input, saved)?;
            let (division, mut searched) =
                global::fixed(input, &models, &levels, cancel, progress)?;
            // Only the levels of the plan were looked at.
            searched.optimal = false;
            searched.bound = None;
            (division, levels, searched)
        }
    };
    Ok(super::assemble(
        input,
        hierarchies,
        division,
        &levels,
        searched,
    ))
}

fn other(input: &Input<'_>, what: &str) -> PlanError {
    PlanError::OtherPlan {
        dataset: input.table.name().to_owned(),
        what: what.to_owned(),
    }
}

fn fits(input: &Input<'_>, hierarchies: &Hierarchies, saved: &Plan) -> Result<(), PlanError> {
    let same_hierarchies = saved.hierarchies.iter().all(|(name, sha256)| {
        let given = hierarchies.get(name);
        given.is_some_and(|given| given.sha256() == sha256)
    });
    let names = input
        .attributes
        .iter()
        .map(|attribute| attribute.name.as_str());
    let planned = saved.columns.iter().map(|column| column.column.as_str());
    let checks = [
        (saved.dataset == input.table.name(), "another dataset"),
        (
            saved.profile_sha256 == input.profile.profile_sha256,
            "another profile",
        ),
        (same_hierarchies, "other hierarchies"),
        (names.eq(planned), "other quasi-identifiers"),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(other(input, what)),
        None => Ok(()),
    }
}

fn levels(input: &Input<'_>, saved: &Plan) -> Result<Vec<usize>, PlanError> {
    let pairs = input.attributes.iter().zip(&saved.columns);
    let levels = pairs.map(|(attribute, column)| {
        let index = column.level.checked_sub(attribute.first_level);
        let index = index.map(|index| index as usize);
        index
            .filter(|index| *index < attribute.levels.len())
            .ok_or_else(|| other(input, "levels that are not permitted"))
    });
    levels.collect()
}

/// The saved classes whose values are on the same levels: a class by what it shows.
struct Signature {
    levels: Vec<Option<usize>>,
    classes: HashMap<Vec<u32>, u32>,
}

/// Each record in the most specific class that contains it, by the sum over attributes of the share of the domain; of several, the
/// first. Records that no class takes are left out, within the limit.
fn boxed(
    input: &Input<'_>,
    boxes: &[Vec<SavedCell>],
    models: &Models,
) -> Result<Division, PlanError> {
    let cells: Vec<Option<Vec<Cell>>> = boxes.iter().map(|shown| cells(input, shown)).collect();
    let mut signatures: Vec<Signature> = Vec::new();
    let mut places: HashMap<Vec<Option<usize>>, usize> = HashMap::new();
    let mut costs = Vec::new();
    for (class, cells) in (0_u32..).zip(&cells) {
        // A class of values that no longer occur contains no record.
        let Some(cells) = cells else {
            costs.push(f64::INFINITY);
            continue;
        };
        costs.push(cost(input, cells));
        let levels: Vec<Option<usize>> = cells.iter().map(Cell::level).collect();
        let next = signatures.len();
        let place = *places.entry(levels.clone()).or_insert(next);
        if place == next {
            signatures.push(Signature {
                levels,
                classes: HashMap::new(),
            });
        }
        if let Some(signature) = signatures.get_mut(place) {
            signature
                .classes
                .insert(cells.iter().map(Cell::code).collect(), class);
        }
    }
    let records = input.problem.records.weights.len();
    let mut chosen: Vec<Option<u32>> = vec![None; records];
    let mut left_out = vec![false; cells.len()];
    let mut pending: Vec<usize> = (0..records).collect();
    // A class that its more specific neighbours leave too few records is given up, and its records go to the next.
    while !pending.is_empty() {
        let best: Vec<Option<u32>> = pending
            .par_iter()
            .map(|record| {
                let classes = signatures.iter().filter_map(|signature| {
                    let codes = codes(input, signature, *record);
                    signature.classes.get(&codes).copied()
                });
                let open = |class: &u32| left_out.get(*class as usize) == Some(&false);
                let cost =
                    |class: &u32| costs.get(*class as usize).copied().unwrap_or(f64::INFINITY);
                classes
                    .filter(open)
                    .min_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.cmp(b)))
            })
            .collect();
        for (record, class) in pending.drain(..).zip(best) {
            if let Some(slot) = chosen.get_mut(record) {
                *slot = class;
            }
        }
        let mut failed = Filled::of(input, cells.len(), &chosen, models).failed(models);
        let cost = |class: &u32| costs.get(*class as usize).copied().unwrap_or(f64::INFINITY);
        failed.sort_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.cmp(b)));
        // The records of the most specific ones may be enough for the others.
        for class in failed.iter().take(failed.len().div_ceil(4)) {
            if let Some(slot) = left_out.get_mut(*class as usize) {
                *slot = true;
            }
        }
        let gone = |class: &Option<u32>| {
            class.is_some_and(|class| left_out.get(class as usize) == Some(&true))
        };
        let again = chosen.iter().enumerate().filter(|(_, class)| gone(class));
        pending.extend(again.map(|(record, _)| record));
    }
    divided(input, &cells, &chosen, models)
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

fn codes(input: &Input<'_>, signature: &Signature, record: usize) -> Vec<u32> {
    let levels = signature.levels.iter().zip(&input.attributes);
    let codes = levels
        .zip(&input.problem.records.quasi)
        .map(|((level, attribute), values)| {
            let level = level.and_then(|level| attribute.levels.get(level));
            let value = values.get(record).copied().unwrap_or_default();
            level
                .and_then(|level| level.codes.get(value as usize).copied())
                .unwrap_or_default()
        });
    codes.collect()
}

/// Rows of each class, and their sensitive values.
struct Filled {
    rows: Vec<u64>,
    counts: Vec<Vec<u32>>,
}

impl Filled {
    fn of(input: &Input<'_>, classes: usize, chosen: &[Option<u32>], models: &Models) -> Self {
        let records = &input.problem.records;
        let mut filled = Self {
            rows: vec![0; classes],
            counts: vec![vec![0; models.width()]; classes],
        };
        for (record, class) in chosen.iter().enumerate() {
            let (Some(class), Some(weight)) = (class, records.weights.get(record)) else {
                continue;
            };
            if let Some(rows) = filled.rows.get_mut(*class as usize) {
                *rows += u64::from(*weight);
            }
            let Some(counts) = filled.counts.get_mut(*class as usize) else {
                continue;
            };
            for (attribute, values) in records.sensitive.iter().enumerate() {
                let value = values.get(record).copied().unwrap_or_default();
                if let Some(count) = counts.get_mut((models.offset(attribute) + value) as usize) {
                    *count += weight;
                }
            }
        }
        filled
    }

    /// The classes that have rows and do not meet the models.
    fn failed(&self, models: &Models) -> Vec<u32> {
        let mut scratch = Scratch::default();
        let classes = (0_u32..).zip(self.rows.iter().zip(&self.counts));
        let failed = classes.filter(|(_, (rows, counts))| {
            let class = Class {
                rows: **rows,
                population: 0,
                counts: Counts::Dense(counts),
            };
            **rows > 0 && !models.admits(&class, &mut scratch)
        });
        failed.map(|(class, _)| class).collect()
    }
}

/// The division by chosen classes, all of which meet the models.
fn divided(
    input: &Input<'_>,
    cells: &[Option<Vec<Cell>>],
    chosen: &[Option<u32>],
    models: &Models,
) -> Result<Division, PlanError> {
    if models.needs_population() {
        return Err(other(
            input,
            "classes, which cannot be held to a population again",
        ));
    }
    let filled = Filled::of(input, cells.len(), chosen, models);
    let (mut tally, mut numbers) = (Tally::default(), Vec::new());
    let mut division = Division {
        cells: vec![Vec::new(); input.attributes.len()],
        ..Division::default()
    };
    for (rows, cells) in filled.rows.iter().zip(cells) {
        if *rows == 0 {
            numbers.push(0);
            continue;
        }
        tally.add(*rows, 0);
        division.sizes.push(*rows);
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
    division.class_of = chosen.iter().map(number).collect();
    let released: u64 = division.sizes.iter().sum();
    division.suppressed = input.rows() - released;
    let suppressible = input.profile.privacy().suppressible(input.rows());
    if division.suppressed > suppressible || released == 0 || !models.holds(&tally) {
        return Err(PlanError::Outgrown {
            dataset: input.table.name().to_owned(),
            needed: division.suppressed,
            rows: input.rows(),
            suppressible,
        });
    }
    Ok(division)
}
