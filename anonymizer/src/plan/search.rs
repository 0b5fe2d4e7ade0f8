//! The search for the node of least loss that reaches k within the suppression limit.
//!
//! Without suppression, the loss of a node never falls as levels rise, and suppressing a row never lowers it. So that loss is a
//! bound from below: nodes are taken in its order, and the first whose bound is above the best score ends the
//! search. Going up, equivalence classes only merge, so fewer rows are suppressed: what lies below an infeasible node is
//! infeasible too and is never evaluated. The result is the optimum over the whole lattice.
//!
//! Ties are broken by fewer suppressed rows, then by the lower sum of levels, then by the lexicographically lower levels
//! in the order of the columns.

use std::cmp::Ordering;

use super::group::{Grouping, Tuples};
use super::lattice::Lattice;
use super::loss::{attribute_loss, product, unsuppressed};
use crate::cancel::Cancel;
use crate::input::Attribute;

/// What the search looks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub k: u64,
    /// Rows that may be suppressed.
    pub suppressible: u64,
}

/// A node that reaches the goal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Solution {
    pub node: usize,
    pub levels: Vec<u32>,
    pub losses: Vec<f64>,
    pub suppressed: u64,
    product: f64,
}

impl Solution {
    fn compare(&self, other: &Self) -> Ordering {
        let sum = |levels: &[u32]| levels.iter().map(|level| u64::from(*level)).sum::<u64>();
        let by_loss = self
            .product
            .total_cmp(&other.product)
            .then(self.suppressed.cmp(&other.suppressed));
        by_loss
            .then_with(|| sum(&self.levels).cmp(&sum(&other.levels)))
            .then(self.node.cmp(&other.node))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    Feasible,
    Infeasible,
}

/// Why a search ends without a solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Cancelled,
    /// Not even the most general node reaches the goal.
    Unreachable,
}

pub(super) struct Search<'a> {
    attributes: &'a [Attribute],
    tuples: &'a Tuples,
    lattice: &'a Lattice,
    goal: Goal,
    sums: Vec<Vec<u64>>,
    grouping: Grouping,
    known: Vec<Known>,
    best: Option<Solution>,
    /// Nodes whose classes were counted.
    pub examined: u64,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        attributes: &'a [Attribute],
        tuples: &'a Tuples,
        lattice: &'a Lattice,
        goal: Goal,
    ) -> Self {
        Self {
            attributes,
            tuples,
            lattice,
            goal,
            sums: unsuppressed(attributes, tuples),
            grouping: Grouping::default(),
            known: vec![Known::Nothing; lattice.nodes()],
            best: None,
            examined: 0,
        }
    }

    /// The best node. `progress` is told how many nodes of the lattice are settled.
    pub(super) fn run(
        &mut self,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Solution, Failure> {
        if self.examine(self.lattice.top()) == Known::Infeasible {
            return Err(Failure::Unreachable);
        }
        let mut nodes: Vec<(f64, u32, usize)> = (0..self.lattice.nodes())
            .map(|node| self.bound(node))
            .collect();
        nodes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        for (settled, (bound, _, node)) in nodes.into_iter().enumerate() {
            if self.best.as_ref().is_some_and(|best| bound > best.product) {
                break;
            }
            if cancel.is_cancelled() {
                return Err(Failure::Cancelled);
            }
            if self.state(node) == Known::Nothing && self.examine(node) == Known::Infeasible {
                self.climb(node);
            }
            progress(settled as u64);
        }
        self.best.clone().ok_or(Failure::Unreachable)
    }

    /// The node with the product of its losses without suppression, and its sum of levels.
    fn bound(&self, node: usize) -> (f64, u32, usize) {
        let levels = self.lattice.levels(node);
        let losses = self.attributes.iter().zip(&self.sums).zip(&levels).map(
            |((attribute, sums), level)| {
                let leaves = sums.get(*level as usize).copied().unwrap_or_default();
                attribute_loss(leaves, self.tuples.rows, attribute.domain)
            },
        );
        (product(losses), levels.iter().sum(), node)
    }

    fn state(&self, node: usize) -> Known {
        self.known.get(node).copied().unwrap_or(Known::Infeasible)
    }

    fn set(&mut self, node: usize, known: Known) {
        if let Some(slot) = self.known.get_mut(node) {
            *slot = known;
        }
    }

    /// Counts the classes of a node that nothing is known of, and keeps it if it is the best so far.
    fn examine(&mut self, node: usize) -> Known {
        let solution = self.evaluate(node);
        self.examined += 1;
        // A release without rows is none, whatever the limit.
        if solution.suppressed > self.goal.suppressible || solution.suppressed >= self.tuples.rows {
            self.mark_infeasible(node);
            return Known::Infeasible;
        }
        self.set(node, Known::Feasible);
        if self
            .best
            .as_ref()
            .is_none_or(|best| solution.compare(best) == Ordering::Less)
        {
            self.best = Some(solution);
        }
        Known::Feasible
    }

    fn evaluate(&mut self, node: usize) -> Solution {
        let levels = self.lattice.levels(node);
        let sizes = self.grouping.sizes(self.attributes, self.tuples, &levels);
        let small = |(tuple, (size, weight)): (usize, (&u64, &u64))| {
            (*size < self.goal.k).then_some((tuple, *weight))
        };
        let lost: Vec<(usize, u64)> = sizes
            .iter()
            .zip(&self.tuples.weights)
            .enumerate()
            .filter_map(small)
            .collect();
        let suppressed = lost.iter().map(|(_, weight)| weight).sum();
        let attributes = self
            .attributes
            .iter()
            .zip(&self.tuples.codes)
            .zip(self.sums.iter().zip(&levels));
        let losses: Vec<f64> = attributes
            .filter_map(|((attribute, codes), (sums, level))| {
                let leaves = &attribute.levels.get(*level as usize)?.leaves;
                let of = |tuple: &usize| leaves.get(*codes.get(*tuple)? as usize).copied();
                let gone: u64 = lost
                    .iter()
                    .map(|(tuple, weight)| weight * of(tuple).unwrap_or_default())
                    .sum();
                let all = sums.get(*level as usize).copied().unwrap_or_default();
                Some(attribute_loss(
                    all - gone + suppressed * attribute.domain,
                    self.tuples.rows,
                    attribute.domain,
                ))
            })
            .collect();
        let product = product(losses.iter().copied());
        Solution {
            node,
            levels,
            losses,
            suppressed,
            product,
        }
    }

    /// From an infeasible node goes up the cheapest way to the top and finds by halving where it becomes feasible, so
    /// that one count settles many nodes.
    fn climb(&mut self, node: usize) {
        let path = self.way_up(node);
        let (mut infeasible, mut feasible) = (0, path.len().saturating_sub(1));
        while feasible - infeasible > 1 {
            let middle = infeasible.midpoint(feasible);
            let Some(node) = path.get(middle).copied() else {
                return;
            };
            let known = match self.state(node) {
                Known::Nothing => self.examine(node),
                known => known,
            };
            if known == Known::Infeasible {
                infeasible = middle
            } else {
                feasible = middle
            }
        }
    }

    fn way_up(&self, node: usize) -> Vec<usize> {
        let mut path = vec![node];
        let mut next = Some(node);
        while let Some(node) = next {
            let above = self.lattice.above(node).map(|node| self.bound(node));
            next = above
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)))
                .map(|(_, _, node)| node);
            path.extend(next);
        }
        path
    }

    fn mark_infeasible(&mut self, node: usize) {
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            if self.state(node) != Known::Infeasible {
                self.set(node, Known::Infeasible);
                pending.extend(self.lattice.below(node));
            }
        }
    }

    /// The sizes of the classes at a node, by tuple, and the combination of each tuple.
    pub(super) fn classes(&mut self, levels: &[u32]) -> (Vec<u64>, &[u64]) {
        let sizes = self
            .grouping
            .sizes(self.attributes, self.tuples, levels)
            .to_vec();
        (sizes, self.grouping.keys())
    }
}
