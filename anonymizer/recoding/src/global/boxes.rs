//! The search of lattices too large to keep something for each node.
//!
//! The lattice is divided into boxes, each all nodes between two. The lower one bounds what its nodes lose by generalization, and what
//! is known of the upper one what they lose by suppression. The box of the lowest bound is halved, until no box is left that could hold
//! anything better, or no time. The lowest bound of the boxes left is one for the whole lattice.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::lattice::{Node, finer};
use super::sweep::Search;
use super::{Best, Failure};

/// Boxes halved together. It does not depend on the number of threads.
const WAVE: usize = 64;

/// The most boxes kept; beyond, the search ends as if time were over.
const MOST: usize = 1 << 20;

struct Part {
    bound: f64,
    low: Node,
    high: Node,
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Part {}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound
            .total_cmp(&other.bound)
            .then_with(|| self.low.cmp(&other.low))
            .then_with(|| self.high.cmp(&other.high))
    }
}

impl Part {
    fn nodes(&self) -> u128 {
        let sides = self.low.iter().zip(&self.high);
        sides.fold(1, |nodes, (low, high)| {
            nodes.saturating_mul(u128::from(high - low) + 1)
        })
    }
}

impl<const N: usize> Search<'_, N> {
    /// Halves boxes until nothing is left or the time is over.
    pub(super) fn divide(&mut self) -> Result<(), Failure> {
        let whole = (vec![0; self.lattice.heights().len()], self.lattice.top());
        let mut heap = BinaryHeap::new();
        let first = self.examine(vec![whole])?;
        heap.extend(first.into_iter().map(Reverse));
        let mut left = self.left(&heap);
        while !heap.is_empty() && heap.len() < MOST && (self.go_on)() {
            let mut halves = Vec::new();
            while halves.len() < 2 * WAVE
                && let Some(Reverse(part)) = heap.pop()
            {
                left = left.saturating_sub(part.nodes());
                if self.open(part.bound) {
                    halves.extend(self.halves(part));
                }
            }
            let before = self.best.as_ref().map(|best| best.rank);
            for part in self.examine(halves)? {
                left = left.saturating_add(part.nodes());
                heap.push(Reverse(part));
            }
            if before != self.best.as_ref().map(|best| best.rank) {
                self.improve()?;
            }
            let nodes = self.lattice.nodes();
            self.settled.nodes = nodes.saturating_sub(left);
            (self.progress)(self.settled.nodes, nodes);
        }
        self.settled.nodes = self.lattice.nodes().saturating_sub(self.left(&heap));
        let open = heap.into_iter().map(|Reverse(part)| part.bound);
        let open = open.filter(|bound| self.open(*bound));
        self.settled.open = open.min_by(f64::total_cmp);
        if self.settled.open.is_none() {
            self.settled.nodes = self.lattice.nodes();
        }
        Ok(())
    }

    fn left(&self, heap: &BinaryHeap<Reverse<Part>>) -> u128 {
        let parts = heap.iter().map(|Reverse(part)| part.nodes());
        parts.fold(0, u128::saturating_add)
    }

    /// Counts the upper nodes of boxes, once the boxes are cut down to what could still be better, and gives the boxes that have
    /// more to tell.
    fn examine(&mut self, boxes: Vec<(Node, Node)>) -> Result<Vec<Part>, Failure> {
        let boxes: Vec<(Node, Node)> = boxes
            .into_iter()
            .filter_map(|(low, high)| self.cut_down(low, high))
            .collect();
        let mut uppers: Vec<Node> = boxes.iter().map(|(_, high)| high.clone()).collect();
        uppers.sort_unstable();
        uppers.dedup();
        uppers.retain(|node| !self.places.contains_key(node));
        self.count(&uppers)?;
        let mut parts = Vec::new();
        for (low, high) in boxes {
            let finding = self.finding(&high);
            let bound = self.tree.judge.bound(&low, finding);
            let dead = finding.is_some_and(|finding| finding.dead);
            if low != high && !dead && self.open(bound) {
                parts.push(Part { bound, low, high });
            }
        }
        Ok(parts)
    }

    /// Takes levels off the upper end that alone lose too much; nothing if none is left or a node above is dead.
    fn cut_down(&self, low: Node, mut high: Node) -> Option<(Node, Node)> {
        if !self.open(self.tree.judge.bound(&low, None)) {
            return None;
        }
        let mut node = low.clone();
        for attribute in 0..low.len() {
            let (Some(upper), Some(lower)) = (high.get_mut(attribute), low.get(attribute)) else {
                continue;
            };
            while *upper > *lower {
                if let Some(level) = node.get_mut(attribute) {
                    *level = *upper;
                }
                if self.open(self.tree.judge.bound(&node, None)) {
                    break;
                }
                *upper -= 1;
            }
            if let Some(level) = node.get_mut(attribute) {
                *level = *lower;
            }
        }
        let dead = self
            .found
            .iter()
            .any(|(levels, finding)| finding.dead && finer(&high, levels));
        (!dead).then_some((low, high))
    }

    /// Halves a box where that raises the bound of the upper half most.
    fn halves(&self, part: Part) -> Vec<(Node, Node)> {
        let Part { low, high, .. } = part;
        let mut best: Option<(f64, usize, u8)> = None;
        for (attribute, (lower, upper)) in low.iter().zip(&high).enumerate() {
            if lower == upper {
                continue;
            }
            let middle = lower + (upper - lower).div_ceil(2);
            let mut raised = low.clone();
            if let Some(level) = raised.get_mut(attribute) {
                *level = middle;
            }
            let bound = self.tree.judge.bound(&raised, None);
            if best.is_none_or(|(known, ..)| bound > known) {
                best = Some((bound, attribute, middle));
            }
        }
        let Some((_, attribute, middle)) = best else {
            return Vec::new();
        };
        let (mut raised, mut lowered) = (low.clone(), high.clone());
        if let (Some(from), Some(to)) = (raised.get_mut(attribute), lowered.get_mut(attribute)) {
            *from = middle;
            *to = middle - 1;
        }
        vec![(low, lowered), (raised, high)]
    }

    /// The failure of a search that found nothing.
    pub(super) fn nothing(&self) -> Failure {
        match self.settled.open {
            None => self.fail(),
            Some(_) => Failure::OutOfTime {
                settled: self.settled.nodes,
                nodes: self.lattice.nodes(),
            },
        }
    }

    pub(super) fn outcome(&self) -> Result<Best, Failure> {
        self.best.clone().ok_or_else(|| self.nothing())
    }
}
