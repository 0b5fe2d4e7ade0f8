//! What a solution must be, worked out row by row without any code of the search.

use std::collections::BTreeMap;

use super::*;
use crate::models::Distance;

/// Slack for sums in another order.
const EPSILON: f64 = 1e-9;

/// A class: its records with their rows.
type Rows = Vec<(usize, u64)>;

/// Panics unless the solution is one.
pub(super) fn check(problem: &Problem, models: &[Model], limit: u64, solution: &LocalSolution) {
    let classes = classes(problem, solution);
    for (class, rows) in solution.classes.iter().zip(&classes) {
        assert_eq!(class.rows, rows.iter().map(|row| row.1).sum::<u64>());
        let (levels, codes) = least(problem, rows).expect("members that may stand together");
        assert_eq!((&class.levels, &class.codes), (&levels, &codes));
    }
    for pair in solution.classes.windows(2) {
        assert!((&pair[0].levels, &pair[0].codes) < (&pair[1].levels, &pair[1].codes));
    }
    let suppressed: u64 = solution
        .suppressed
        .iter()
        .map(|rows| u64::from(*rows))
        .sum();
    assert_eq!(suppressed, solution.suppressed_rows);
    assert!(
        suppressed <= limit,
        "{suppressed} rows of {limit} suppressed"
    );
    for model in models {
        assert!(holds(problem, *model, &classes), "{model:?} fails");
    }
    check_losses(problem, solution, suppressed);
}

/// The members of each class; every row must be in one, or suppressed.
fn classes(problem: &Problem, solution: &LocalSolution) -> Vec<Rows> {
    let mut classes = vec![Vec::new(); solution.classes.len()];
    for (record, weight) in problem.records.weights.iter().enumerate() {
        let mut placed = solution.suppressed[record];
        for (class, rows) in solution.members.of(record) {
            assert!(*rows > 0);
            classes[*class as usize].push((record, u64::from(*rows)));
            placed += rows;
        }
        assert_eq!(placed, *weight, "rows of record {record}");
    }
    classes
}

/// The lowest levels on which members agree, and the codes there. None if they may not stand together.
fn least(problem: &Problem, class: &Rows) -> Option<(Vec<u8>, Vec<u32>)> {
    let (mut levels, mut codes) = (Vec::new(), Vec::new());
    for (attribute, values) in problem.attributes.iter().zip(&problem.records.quasi) {
        let agree = |level: &crate::Level| {
            let first = level.code(values[class[0].0]);
            let mut members = class.iter();
            members
                .all(|(record, _)| level.code(values[*record]) == first)
                .then_some(first)
        };
        let found = attribute
            .levels
            .iter()
            .position(|level| agree(level).is_some());
        match found {
            Some(level) => {
                levels.push(level as u8);
                codes.push(agree(&attribute.levels[level]).unwrap());
            }
            None if attribute.suppressible => {
                levels.push(attribute.levels.len() as u8);
                codes.push(0);
            }
            None => return None,
        }
    }
    Some((levels, codes))
}

fn check_losses(problem: &Problem, solution: &LocalSolution, suppressed: u64) {
    let rows = problem.rows() as f64;
    let mut mean = 0.0;
    for (index, attribute) in problem.attributes.iter().enumerate() {
        let domain = attribute.domain as f64;
        let mut share = suppressed as f64;
        for class in &solution.classes {
            let level = attribute.levels.get(class.levels[index] as usize);
            let leaves = level.map_or(domain, |l| l.leaves[class.codes[index] as usize] as f64);
            share += class.rows as f64 * leaves / domain;
        }
        let loss = (share / rows - 1.0 / domain) / (1.0 - 1.0 / domain);
        assert!((loss - solution.losses[index]).abs() < EPSILON);
        mean += loss * attribute.weight;
    }
    mean /= problem.attributes.iter().map(|a| a.weight).sum::<f64>();
    assert!((mean - solution.arithmetic).abs() < EPSILON);
}

/// Whether a model holds for classes.
pub(super) fn holds(problem: &Problem, model: Model, classes: &[Rows]) -> bool {
    let rows = |class: &Rows| class.iter().map(|row| row.1).sum::<u64>() as f64;
    let people = |class: &Rows| people(problem, class).max(rows(class));
    let all: f64 = classes.iter().map(rows).sum();
    let mean = |value: &dyn Fn(&Rows) -> f64| classes.iter().map(value).sum::<f64>() / all;
    let journalist = || mean(&|class| rows(class) / people(class));
    match model {
        Model::ProsecutorAverage { risk } => classes.len() as f64 / all <= risk + EPSILON,
        Model::JournalistAverage { risk } => {
            let classes_by_people = classes.len() as f64 / classes.iter().map(people).sum::<f64>();
            classes_by_people.max(journalist()) <= risk + EPSILON
        }
        Model::Marketer { risk } => journalist() <= risk + EPSILON,
        _ => classes.iter().all(|class| match model {
            Model::KAnonymity { k } => rows(class) >= k as f64,
            Model::KMap { k } => people(class) >= k as f64,
            Model::DeltaPresence { min, max } => {
                let presence = rows(class) / people(class);
                presence >= min - EPSILON && presence <= max + EPSILON
            }
            Model::ProsecutorHighest { risk } => 1.0 / rows(class) <= risk + EPSILON,
            Model::JournalistHighest { risk } => 1.0 / people(class) <= risk + EPSILON,
            _ => sensitive_holds(problem, model, class),
        }),
    }
}

/// People of the population who have the values released of a class.
fn people(problem: &Problem, class: &Rows) -> f64 {
    let Some(population) = &problem.population else {
        return 0.0;
    };
    let (levels, codes) = least(problem, class).unwrap();
    let inside = |person: usize| {
        problem
            .attributes
            .iter()
            .enumerate()
            .all(|(index, attribute)| {
                let level = attribute.levels.get(levels[index] as usize);
                level
                    .is_none_or(|level| level.code(population.quasi[index][person]) == codes[index])
            })
    };
    let found = (0..population.weights.len()).filter(|person| inside(*person));
    found.map(|person| population.weights[person] as f64).sum()
}

fn sensitive_holds(problem: &Problem, model: Model, class: &Rows) -> bool {
    let attribute = model.attribute().unwrap();
    let known = &problem.sensitive[attribute];
    let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
    for (record, rows) in class {
        let value = problem.records.sensitive[attribute][*record];
        *counts.entry(value).or_default() += *rows as f64;
    }
    let rows: f64 = counts.values().sum();
    let all: f64 = known.totals.iter().map(|total| *total as f64).sum();
    // Share in the class, share in the table, of every value.
    let shares: Vec<(f64, f64)> = (0..known.values)
        .map(|value| {
            let count = counts.get(&value).copied().unwrap_or_default();
            (count / rows, known.totals[value as usize] as f64 / all)
        })
        .collect();
    let present = || shares.iter().filter(|(p, _)| *p > 0.0);
    let gain = |(p, q): &(f64, f64)| (p - q) / q;
    match model {
        Model::DistinctDiversity { l, .. } => counts.len() >= l as usize,
        Model::EntropyDiversity { l, .. } => {
            let entropy: f64 = present().map(|(p, _)| -p * p.ln()).sum();
            entropy >= l.ln() - EPSILON
        }
        Model::RecursiveDiversity { c, l, .. } => {
            let mut sorted: Vec<f64> = counts.into_values().collect();
            sorted.sort_by(|a, b| b.total_cmp(a));
            let tail: f64 = sorted.iter().skip(l as usize - 1).sum();
            sorted[0] < c * tail
        }
        Model::TCloseness { t, distance, .. } => {
            assert_eq!(distance, Distance::Equal);
            shares.iter().map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0 <= t + EPSILON
        }
        Model::DeltaDisclosure { delta, .. } => {
            present().all(|(p, q)| (p / q).log2().abs() < delta + EPSILON)
        }
        Model::BasicBeta { beta, .. } => present().all(|pair| gain(pair) <= beta + EPSILON),
        Model::EnhancedBeta { beta, .. } => {
            present().all(|pair| gain(pair) <= beta.min(-pair.1.ln()) + EPSILON)
        }
        _ => panic!("{model:?} looks at no sensitive attribute"),
    }
}

/// The records that may stand together at the most: by what no permitted level joins.
pub(super) fn groups(problem: &Problem) -> Vec<Rows> {
    let mut groups: BTreeMap<Vec<u32>, Rows> = BTreeMap::new();
    for (record, weight) in problem.records.weights.iter().enumerate() {
        let fixed = problem.attributes.iter().zip(&problem.records.quasi);
        let key = fixed
            .filter(|(attribute, _)| !attribute.suppressible)
            .map(|(attribute, values)| attribute.levels.last().unwrap().code(values[record]))
            .collect();
        groups
            .entry(key)
            .or_default()
            .push((record, u64::from(*weight)));
    }
    groups.into_values().collect()
}

/// The least arithmetic loss of all combinations of levels at which every class passes, nothing suppressed.
pub(super) fn best_global(problem: &Problem, models: &[Model]) -> Option<f64> {
    let heights: Vec<usize> = problem.attributes.iter().map(|a| a.levels.len()).collect();
    let nodes: usize = heights.iter().product();
    let score = |mut node: usize| {
        let levels: Vec<usize> = heights
            .iter()
            .map(|height| {
                let level = node % height;
                node /= height;
                level
            })
            .collect();
        let mut classes: BTreeMap<Vec<u32>, Rows> = BTreeMap::new();
        let (mut loss, rows) = (0.0, problem.rows() as f64);
        let weights: f64 = problem.attributes.iter().map(|a| a.weight).sum();
        for (record, weight) in problem.records.weights.iter().enumerate() {
            let mut key = Vec::new();
            for (index, attribute) in problem.attributes.iter().enumerate() {
                let value = problem.records.quasi[index][record];
                let level = &attribute.levels[levels[index]];
                key.push(level.code(value));
                let share = (level.leaves(value) - 1) as f64 / (attribute.domain - 1) as f64;
                loss += share * attribute.weight / weights * f64::from(*weight) / rows;
            }
            classes
                .entry(key)
                .or_default()
                .push((record, u64::from(*weight)));
        }
        let classes: Vec<Rows> = classes.into_values().collect();
        let passes = models.iter().all(|model| holds(problem, *model, &classes));
        passes.then_some(loss)
    };
    (0..nodes).filter_map(score).min_by(f64::total_cmp)
}
