//! From classes to what is released.

use std::collections::BTreeMap;

use super::judge::{Desk, Judge};
use super::space::{Member, Space};
use super::specialize::united;
use super::{LocalClass, LocalSolution, Members};
use crate::Problem;

/// Classes near to one that may not be released which are tried for a merger with it.
const TRIED: usize = 64;

/// Merges classes whose released values are the same: to an attacker they are one. One that may not be released is merged on with what is
/// cheapest. None if not even all together may be.
pub(super) fn merge<const W: usize>(
    space: &Space<W>,
    judge: &Judge<'_, W>,
    classes: Vec<Vec<Member>>,
) -> Option<Vec<Vec<Member>>> {
    let mut desk = Desk::default();
    let mut classes = classes;
    loop {
        let mut boxes: BTreeMap<_, Vec<Member>> = BTreeMap::new();
        for class in classes {
            let hull = space.hull_of(&class);
            let free = space.scale.free(hull.differ());
            let fixed: Vec<u64> = hull
                .common()
                .iter()
                .zip(&free)
                .map(|(c, f)| c & !f)
                .collect();
            boxes.entry((fixed, free)).or_default().extend(class);
        }
        classes = boxes.into_values().map(united).collect();
        let Some(bad) = classes
            .iter()
            .position(|class| !judge.admits(space, class, &mut desk))
        else {
            return Some(classes);
        };
        let class = classes.swap_remove(bad);
        let (at, merged) = repair(space, judge, &class, &classes, &mut desk)?;
        match at {
            Some(at) => {
                classes.swap_remove(at);
                classes.push(merged);
            }
            None => classes = vec![merged],
        }
    }
}

/// The cheapest merger of a class with another that may be released: which one, and the members of both. All classes if there is none.
fn repair<const W: usize>(
    space: &Space<W>,
    judge: &Judge<'_, W>,
    class: &[Member],
    others: &[Vec<Member>],
    desk: &mut Desk,
) -> Option<(Option<usize>, Vec<Member>)> {
    let both = |other: &[Member]| united([class, other].concat());
    let mut costs: Vec<(i64, usize)> = others
        .iter()
        .enumerate()
        .map(|(at, other)| (space.value(&both(other)) - space.value(other), at))
        .collect();
    costs.sort_unstable();
    for (_, at) in costs.into_iter().take(TRIED) {
        let merged = both(others.get(at)?);
        if judge.admits(space, &merged, desk) {
            return Some((Some(at), merged));
        }
    }
    let all = united(others.iter().flatten().chain(class).copied().collect());
    (!others.is_empty() && judge.admits(space, &all, desk)).then_some((None, all))
}

/// What is released of classes, and what of records is suppressed.
pub(super) fn solution<const W: usize>(
    problem: &Problem,
    space: &Space<W>,
    classes: &[Vec<Member>],
    suppressed: &[Member],
) -> LocalSolution {
    let mut released: Vec<(LocalClass, &Vec<Member>)> = classes
        .iter()
        .map(|members| (released(problem, space, members), members))
        .collect();
    released.sort_by(|(a, _), (b, _)| (&a.levels, &a.codes).cmp(&(&b.levels, &b.codes)));
    let records = problem.records.weights.len();
    let mut left_out = vec![0; records];
    for (record, rows) in suppressed {
        if let Some(slot) = left_out.get_mut(*record as usize) {
            *slot += rows;
        }
    }
    let members = Members::new(
        records,
        released.iter().map(|(_, members)| members.as_slice()),
    );
    let classes: Vec<LocalClass> = released.into_iter().map(|(class, _)| class).collect();
    let losses = losses(problem, &classes, suppressed);
    let weights: Vec<f64> = problem.attributes.iter().map(|a| a.weight).collect();
    let sum: f64 = weights.iter().sum();
    let mean = |value: &dyn Fn(f64) -> f64| {
        let terms = losses.iter().zip(&weights);
        let total: f64 = terms.map(|(loss, weight)| value(*loss) * weight).sum();
        if sum > 0.0 { total / sum } else { 0.0 }
    };
    LocalSolution {
        arithmetic: mean(&|loss| loss),
        geometric: mean(&|loss| loss.ln_1p()).exp_m1(),
        losses,
        suppressed_rows: super::space::rows(suppressed),
        suppressed: left_out,
        members,
        classes,
    }
}

/// The values of a class.
fn released<const W: usize>(problem: &Problem, space: &Space<W>, members: &[Member]) -> LocalClass {
    let hull = space.hull_of(members);
    let levels = space.scale.levels(hull.differ());
    let codes = levels
        .iter()
        .zip(&problem.attributes)
        .zip(&problem.records.quasi)
        .map(|((level, attribute), values)| {
            let value = values.get(hull.any as usize).copied().unwrap_or_default();
            let level = attribute.levels.get(usize::from(*level));
            level.map_or(0, |level| level.code(value))
        })
        .collect();
    LocalClass {
        levels,
        codes,
        rows: super::space::rows(members),
    }
}

/// ARX's Loss of each attribute: the mean share of leaves, from 0 where each value is a leaf to 1 where it is `*` or suppressed.
fn losses(problem: &Problem, classes: &[LocalClass], suppressed: &[Member]) -> Vec<f64> {
    let rows = problem.rows().max(1) as f64;
    let left_out = super::space::rows(suppressed) as f64;
    let attributes = problem.attributes.iter().enumerate();
    attributes
        .map(|(index, attribute)| {
            let domain = attribute.domain.max(1) as f64;
            let mut leaves = left_out * domain;
            for class in classes {
                let level = class.levels.get(index).copied().unwrap_or_default();
                let code = class.codes.get(index).copied().unwrap_or_default();
                let level = attribute.levels.get(usize::from(level));
                let own = level.and_then(|level| level.leaves.get(code as usize));
                leaves += own.map_or(domain, |own| *own as f64) * class.rows as f64;
            }
            if domain > 1.0 {
                (leaves / rows - 1.0) / (domain - 1.0)
            } else {
                0.0
            }
        })
        .collect()
}
