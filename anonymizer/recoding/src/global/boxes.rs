//! Dividing the lattice.
//!
//! The nodes are divided into boxes, each all nodes between two. The lower one bounds what its nodes lose by generalization, and what
//! is known of the upper one what they lose by suppression. The box of the lowest bound is halved, until no box is left that could hold
//! anything better, or no time. The lowest bound of the boxes left is one for the whole lattice.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::judge::Finding;
use super::lattice::{Node, finer};
use super::search::Search;
use super::{Best, Failure};

/// Boxes halved together. It does not depend on the number of threads.
const WAVE: usize = 32;

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

fn set(node: &mut Node, attribute: usize, to: u8) {
    if let Some(level) = node.get_mut(attribute) {
        *level = to;
    }
}

impl<const N: usize> Search<'_, N> {
    /// Halves boxes until nothing is left or, unless it is to go on to the end, the time is over.
    pub(super) fn divide(&mut self, to_the_end: bool) -> Result<(), Failure> {
        let (bottom, top) = (vec![0; self.lattice.heights().len()], self.lattice.top());
        let mut heap = BinaryHeap::new();
        let first = self.examine(vec![(bottom, top.clone(), top)])?;
        heap.extend(first.into_iter().map(Reverse));
        let mut left = self.left(&heap);
        while !heap.is_empty() && (to_the_end || heap.len() < MOST && (self.go_on)()) {
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
    ///
    /// With each box comes a node at or above it that was counted.
    fn examine(&mut self, boxes: Vec<(Node, Node, Node)>) -> Result<Vec<Part>, Failure> {
        let boxes = boxes.into_iter();
        let boxes: Vec<(Node, Node)> = boxes
            .filter_map(|(low, high, above)| self.cut_down(low, high, &above))
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

    /// Takes levels off the upper end that alone lose too much; nothing if what was counted above leaves nothing to find.
    fn cut_down(&self, low: Node, mut high: Node, above: &Node) -> Option<(Node, Node)> {
        let judge = self.tree.judge;
        let above = self.finding(above);
        if !self.open(judge.bound(&low, above)) {
            return None;
        }
        let mut node = low.clone();
        for (attribute, lower) in low.iter().enumerate() {
            let Some(upper) = high.get_mut(attribute) else {
                continue;
            };
            while *upper > *lower {
                set(&mut node, attribute, *upper);
                if self.open(judge.bound(&node, above)) {
                    break;
                }
                *upper -= 1;
            }
            set(&mut node, attribute, *lower);
        }
        let ruled_out =
            |finding: &Finding| finding.dead || !self.open(judge.bound(&low, Some(finding)));
        let near = self
            .steps(&high, 1)
            .any(|node| self.finding(&node).is_some_and(ruled_out));
        let dead = || self.dead.iter().any(|dead| finer(&high, dead));
        (!near && !dead()).then_some((low, high))
    }

    /// Halves a box where that raises the bound of the upper half most.
    fn halves(&self, part: Part) -> Vec<(Node, Node, Node)> {
        let Part { low, high, .. } = part;
        let mut best: Option<(f64, usize, u8)> = None;
        for (attribute, (lower, upper)) in low.iter().zip(&high).enumerate() {
            if lower == upper {
                continue;
            }
            let middle = lower + (upper - lower).div_ceil(2);
            let mut raised = low.clone();
            set(&mut raised, attribute, middle);
            let bound = self.tree.judge.bound(&raised, None);
            if best.is_none_or(|(known, ..)| bound > known) {
                best = Some((bound, attribute, middle));
            }
        }
        let Some((_, attribute, middle)) = best else {
            return Vec::new();
        };
        let (mut raised, mut lowered) = (low.clone(), high.clone());
        set(&mut raised, attribute, middle);
        set(&mut lowered, attribute, middle - 1);
        vec![(low, lowered, high.clone()), (raised, high.clone(), high)]
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
