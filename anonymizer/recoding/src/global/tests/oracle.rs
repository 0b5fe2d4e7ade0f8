//! The naive way: every node, every class, every formula as it stands in the papers, in floating point.

use std::collections::BTreeMap;

use super::*;
use crate::models::Distance;

/// What the naive way finds at a node.
#[derive(Clone, Debug)]
pub(super) struct Naive {
    pub levels: Vec<usize>,
    pub score: f64,
    pub suppressed: u64,
}

#[derive(Clone, Debug, Default)]
struct Class {
    rows: f64,
    people: f64,
    /// Rows by sensitive attribute and value.
    counts: Vec<Vec<f64>>,
    /// By attribute, the values of its rows.
    values: Vec<Vec<u32>>,
}

/// Every node that is a solution.
pub(super) fn solutions(problem: &Problem, models: &[Model], options: &Options) -> Vec<Naive> {
    let mut nodes: Vec<Vec<usize>> = vec![Vec::new()];
    for attribute in &problem.attributes {
        let longer = |node: &Vec<usize>| {
            let node = node.clone();
            (0..attribute.levels.len()).map(move |level| [node.clone(), vec![level]].concat())
        };
        nodes = nodes.iter().flat_map(longer).collect();
    }
    nodes
        .into_iter()
        .filter_map(|node| solution(problem, models, options, node))
        .collect()
}

fn solution(
    problem: &Problem,
    models: &[Model],
    options: &Options,
    levels: Vec<usize>,
) -> Option<Naive> {
    let rows = problem.rows() as f64;
    let classes: Vec<(Vec<u32>, Class)> = classes(problem, &levels).into_iter().collect();
    let classes: Vec<_> = classes
        .into_iter()
        .filter(|(_, class)| class.rows > 0.0)
        .collect();
    let mut kept: Vec<bool> = classes
        .iter()
        .map(|(_, class)| models.iter().all(|model| passes(problem, model, class)))
        .collect();
    let people = |class: &Class| class.people.max(class.rows);
    // The smallest classes go until the averages hold.
    let by_people = !models
        .iter()
        .any(|model| matches!(model, Model::ProsecutorAverage { risk } if *risk < 1.0));
    loop {
        let out: Vec<&Class> = pick(&classes, &kept);
        let total: f64 = out.iter().map(|class| class.rows).sum();
        let count = out.len() as f64;
        let marketer = out
            .iter()
            .map(|class| class.rows / people(class))
            .sum::<f64>()
            / total;
        let all_people: f64 = out.iter().map(|class| people(class)).sum();
        let holds = models.iter().all(|model| match model {
            Model::ProsecutorAverage { risk } => below(count / total, *risk),
            Model::JournalistAverage { risk } => below(marketer.max(count / all_people), *risk),
            Model::Marketer { risk } => below(marketer, *risk),
            _ => true,
        });
        if out.is_empty() || holds {
            break;
        }
        let size = |class: &Class| if by_people { people(class) } else { class.rows };
        let least = out
            .iter()
            .map(|class| size(class))
            .fold(f64::INFINITY, f64::min);
        for (kept, (_, class)) in kept.iter_mut().zip(&classes) {
            *kept &= size(class) > least;
        }
    }
    let released: f64 = pick(&classes, &kept).iter().map(|class| class.rows).sum();
    let suppressed = (rows - released) as u64;
    if suppressed > options.suppressible || released == 0.0 {
        return None;
    }
    let score = score(problem, options, &levels, &classes, &kept);
    Some(Naive {
        levels,
        score,
        suppressed,
    })
}

fn pick<'c>(classes: &'c [(Vec<u32>, Class)], kept: &[bool]) -> Vec<&'c Class> {
    let kept = classes.iter().zip(kept).filter(|(_, kept)| **kept);
    kept.map(|((_, class), _)| class).collect()
}

fn classes(problem: &Problem, levels: &[usize]) -> BTreeMap<Vec<u32>, Class> {
    let mut classes: BTreeMap<Vec<u32>, Class> = BTreeMap::new();
    let key = |columns: &[Vec<u32>], record: usize| -> Vec<u32> {
        let attributes = problem.attributes.iter().zip(levels).zip(columns);
        attributes
            .map(|((attribute, level), column)| {
                attribute.levels[*level].codes[column[record] as usize]
            })
            .collect()
    };
    for (record, weight) in problem.records.weights.iter().enumerate() {
        let class = classes
            .entry(key(&problem.records.quasi, record))
            .or_default();
        class.rows += f64::from(*weight);
        class.counts.resize(problem.sensitive.len(), Vec::new());
        let sensitive = problem.sensitive.iter().zip(&problem.records.sensitive);
        for (counts, (sensitive, column)) in class.counts.iter_mut().zip(sensitive) {
            counts.resize(sensitive.values as usize, 0.0);
            counts[column[record] as usize] += f64::from(*weight);
        }
        class.values.resize(problem.attributes.len(), Vec::new());
        for (values, column) in class.values.iter_mut().zip(&problem.records.quasi) {
            values.extend(std::iter::repeat_n(column[record], *weight as usize));
        }
    }
    if let Some(population) = &problem.population {
        for (record, weight) in population.weights.iter().enumerate() {
            classes
                .entry(key(&population.quasi, record))
                .or_default()
                .people += *weight as f64;
        }
    }
    classes
}

fn below(value: f64, threshold: f64) -> bool {
    value <= threshold + 1e-9
}

fn passes(problem: &Problem, model: &Model, class: &Class) -> bool {
    let people = class.people.max(class.rows);
    let shares = |attribute: usize| -> Vec<(f64, f64)> {
        let totals = &problem.sensitive[attribute].totals;
        let all = totals.iter().sum::<u64>() as f64;
        let shares = class.counts[attribute].iter().zip(totals);
        shares
            .map(|(count, total)| (count / class.rows, *total as f64 / all))
            .collect()
    };
    let present = |attribute| {
        let shares = shares(attribute).into_iter();
        shares.filter(|(p, _)| *p > 0.0).collect::<Vec<_>>()
    };
    match *model {
        Model::KAnonymity { k } => class.rows >= k as f64,
        Model::KMap { k } => people >= k as f64,
        Model::DeltaPresence { min, max } => {
            below(class.rows / people, max) && below(min, class.rows / people)
        }
        Model::ProsecutorHighest { risk } => below(1.0 / class.rows, risk),
        Model::JournalistHighest { risk } => below(1.0 / people, risk),
        Model::ProsecutorAverage { .. }
        | Model::JournalistAverage { .. }
        | Model::Marketer { .. } => true,
        Model::DistinctDiversity { attribute, l } => present(attribute).len() >= l as usize,
        Model::EntropyDiversity { attribute, l } => {
            let entropy: f64 = present(attribute).iter().map(|(p, _)| -p * p.ln()).sum();
            below(l.ln(), entropy)
        }
        Model::RecursiveDiversity { attribute, c, l } => {
            let mut counts = class.counts[attribute].clone();
            counts.sort_by(|a, b| b.total_cmp(a));
            let tail: f64 = counts.iter().skip(l as usize - 1).sum();
            counts[0] < c * tail - 1e-9
        }
        Model::TCloseness {
            attribute,
            t,
            distance,
        } => below(
            earth_mover(problem, attribute, distance, &shares(attribute)),
            t,
        ),
        Model::DeltaDisclosure { attribute, delta } => present(attribute)
            .iter()
            .all(|(p, q)| (p / q).log2().abs() < delta - 1e-9),
        Model::BasicBeta { attribute, beta } => present(attribute)
            .iter()
            .all(|(p, q)| below((p - q) / q, beta)),
        Model::EnhancedBeta { attribute, beta } => {
            let within = |(p, q): &(f64, f64)| below((p - q) / q, beta.min(-q.ln()));
            present(attribute).iter().all(within)
        }
    }
}

/// By the formulas of Li et al. 2007, section 4.
fn earth_mover(
    problem: &Problem,
    attribute: usize,
    distance: Distance,
    shares: &[(f64, f64)],
) -> f64 {
    let extras: Vec<f64> = shares.iter().map(|(p, q)| p - q).collect();
    let sensitive = &problem.sensitive[attribute];
    match distance {
        Distance::Equal => extras.iter().map(|extra| extra.abs()).sum::<f64>() / 2.0,
        Distance::Ordered => {
            let mut ordered = vec![0.0; extras.len()];
            for (extra, rank) in extras.iter().zip(&sensitive.ranks) {
                ordered[*rank as usize] = *extra;
            }
            let mut ahead = 0.0;
            let moved = ordered.iter().map(|extra| {
                ahead += extra;
                f64::abs(ahead)
            });
            moved.sum::<f64>() / (extras.len() as f64 - 1.0).max(1.0)
        }
        Distance::Hierarchical => {
            let height = sensitive.above.len() as f64;
            let leaves: Vec<u32> = (0..extras.len() as u32).collect();
            let mut cost = 0.0;
            for (place, parents) in sensitive.above.iter().enumerate() {
                let children = if place == 0 {
                    &leaves
                } else {
                    &sensitive.above[place - 1]
                };
                // The extra of each child, and then what its siblings exchange.
                let mut by_child: BTreeMap<(u32, u32), f64> = BTreeMap::new();
                for ((child, parent), extra) in children.iter().zip(parents).zip(&extras) {
                    *by_child.entry((*parent, *child)).or_default() += extra;
                }
                let mut exchanged: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
                for ((parent, _), extra) in by_child {
                    let sums = exchanged.entry(parent).or_default();
                    sums.0 += extra.max(0.0);
                    sums.1 += (-extra).max(0.0);
                }
                let level = (place + 1) as f64 / height;
                cost += exchanged
                    .values()
                    .map(|(up, down)| level * up.min(*down))
                    .sum::<f64>();
            }
            cost
        }
    }
}

fn score(
    problem: &Problem,
    options: &Options,
    levels: &[usize],
    classes: &[(Vec<u32>, Class)],
    kept: &[bool],
) -> f64 {
    let rows = problem.rows() as f64;
    let released = pick(classes, kept);
    let out: f64 = released.iter().map(|class| class.rows).sum();
    match options.metric {
        Metric::Discernibility => {
            let squares: f64 = released.iter().map(|class| class.rows * class.rows).sum();
            return squares + (rows - out) * rows;
        }
        Metric::AverageClassSize => {
            return rows / (released.len() as f64 + if out < rows { 1.0 } else { 0.0 });
        }
        _ => {}
    }
    let losses = problem
        .attributes
        .iter()
        .enumerate()
        .map(|(place, attribute)| {
            let level = &attribute.levels[levels[place]];
            let cells = || released.iter().flat_map(|class| &class.values[place]);
            let top = attribute.levels.len() as f64 - 1.0;
            match options.metric {
                Metric::Precision if top == 0.0 => 0.0,
                Metric::Precision => (levels[place] as f64 / top * out + rows - out) / rows,
                Metric::NonUniformEntropy => {
                    let mut often = vec![0.0; attribute.values()];
                    let records = problem.records.quasi[place].iter();
                    for (value, weight) in records.zip(&problem.records.weights) {
                        often[*value as usize] += f64::from(*weight);
                    }
                    let under = |code: u32| -> f64 {
                        let alike = level
                            .codes
                            .iter()
                            .zip(&often)
                            .filter(|(own, _)| **own == code);
                        alike.map(|(_, often)| often).sum()
                    };
                    let all: f64 = often
                        .iter()
                        .filter(|n| **n > 0.0)
                        .map(|n| -n * (n / rows).log2())
                        .sum();
                    let gained: f64 = cells()
                        .map(|value| (under(level.codes[*value as usize]) / rows).log2())
                        .sum::<f64>();
                    if all == 0.0 {
                        0.0
                    } else {
                        (all + gained) / all
                    }
                }
                _ => {
                    let domain = attribute.domain as f64;
                    let share = |value: &u32| {
                        level.leaves[level.codes[*value as usize] as usize] as f64 / domain
                    };
                    let mean = (cells().map(share).sum::<f64>() + rows - out) / rows;
                    if domain <= 1.0 {
                        0.0
                    } else {
                        (mean - 1.0 / domain) / (1.0 - 1.0 / domain)
                    }
                }
            }
        });
    let weights: Vec<f64> = problem
        .attributes
        .iter()
        .map(|attribute| attribute.weight)
        .collect();
    let total: f64 = weights.iter().sum();
    let weighted = losses.zip(&weights);
    match options.aggregate {
        Aggregate::Arithmetic => weighted.map(|(loss, weight)| loss * weight / total).sum(),
        Aggregate::Geometric => {
            weighted
                .map(|(loss, weight)| (loss + 1.0).powf(weight / total))
                .product::<f64>()
                - 1.0
        }
    }
}
