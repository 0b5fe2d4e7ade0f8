//! Evaluating many nodes with few and short roll-ups.
//!
//! Nodes are divided again and again, and each group is rolled up from the classes at its finest common levels, which were
//! themselves rolled up from those of the group around it.

use rayon::prelude::*;

use super::classes::Classes;
use super::judge::{Finding, Judge};
use super::lattice::Node;
use super::space::Space;
use crate::models::Scratch;

/// Keys to be counted that are worth a thread.
const SHARED: usize = 1 << 12;

pub(super) struct Tree<'a, const N: usize> {
    pub space: &'a Space<'a, N>,
    pub judge: &'a Judge<'a>,
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl<const N: usize> Tree<'_, N> {
    /// The finding of each node, all of which are coarser than the source, in any order; nothing if cancelled.
    pub(super) fn evaluate(
        &self,
        source: &Classes<N>,
        mut nodes: Vec<(usize, Node)>,
    ) -> Option<Vec<(usize, Finding)>> {
        if (self.cancelled)() {
            return None;
        }
        if nodes.len() <= 1 {
            let single = nodes
                .iter()
                .map(|(place, levels)| (*place, self.single(source, levels)));
            return Some(single.collect());
        }
        let meet = meet(nodes.iter().map(|(_, levels)| levels));
        if self.pays(&source.levels, &meet, nodes.len()) {
            let finer = source.roll_up(self.space, &meet, self.judge.models, 1);
            return self.divide(&finer, nodes);
        }
        self.divide(source, std::mem::take(&mut nodes))
    }

    fn divide(
        &self,
        source: &Classes<N>,
        nodes: Vec<(usize, Node)>,
    ) -> Option<Vec<(usize, Finding)>> {
        let meet = meet(nodes.iter().map(|(_, levels)| levels));
        let (attribute, level) = self.cut(&meet, &nodes)?;
        let number = nodes.len();
        let (low, high): (Vec<_>, Vec<_>) = nodes
            .into_iter()
            .partition(|(_, levels)| levels.get(attribute).is_some_and(|own| *own < level));
        let work = number.saturating_mul(source.len());
        let (low, high) = if work < SHARED {
            (self.evaluate(source, low), self.evaluate(source, high))
        } else {
            rayon::join(
                || self.evaluate(source, low),
                || self.evaluate(source, high),
            )
        };
        let mut all = low?;
        all.append(&mut high?);
        Some(all)
    }

    fn less(&self, attribute: usize, from: u8, to: u8) -> f64 {
        let spread = |level| self.judge.measure.spread(attribute, usize::from(level));
        spread(from) - spread(to)
    }

    /// Whether it pays to roll up classes once for several nodes that all are coarser.
    ///
    /// The logarithm of the number of classes falls by about half of what entropy the attributes lose.
    pub(super) fn pays(&self, from: &[u8], to: &[u8], nodes: usize) -> bool {
        let less = from.iter().zip(to).enumerate();
        let less: f64 = less
            .map(|(attribute, (from, to))| self.less(attribute, *from, *to))
            .sum();
        let left = (-0.5 * less).exp();
        nodes as f64 * (1.0 - left) > 1.0 + left
    }

    /// The attribute and level at which to part nodes, so that the classes of the upper part shrink most for most nodes.
    fn cut(&self, meet: &[u8], nodes: &[(usize, Node)]) -> Option<(usize, u8)> {
        let mut best: Option<(f64, usize, u8)> = None;
        for (attribute, least) in meet.iter().enumerate() {
            let own = |(_, levels): &(usize, Node)| levels.get(attribute).copied();
            let highest = nodes.iter().filter_map(own).max().unwrap_or_default();
            for level in *least + 1..=highest {
                let above = nodes.iter().filter_map(own).filter(|own| *own >= level);
                let gain = above.count() as f64 * (0.02 + self.less(attribute, *least, level));
                if best.is_none_or(|(known, ..)| gain > known) {
                    best = Some((gain, attribute, level));
                }
            }
        }
        best.map(|(_, attribute, level)| (attribute, level))
    }

    fn single(&self, source: &Classes<N>, levels: &[u8]) -> Finding {
        let models = self.judge.models;
        let mut scratch = Scratch::default();
        if source.grouped && source.levels == levels {
            let hopeless = self.judge.hopeless(&source.rows);
            return hopeless.unwrap_or_else(|| self.judge.judge(self.space, source, &mut scratch));
        }
        let outline = source.outline(self.space, levels, models.needs_counts(), 1);
        if let Some(finding) = self.judge.hopeless(&outline.rows) {
            return finding;
        }
        let classes = outline.complete(source, self.space, models);
        self.judge.judge(self.space, &classes, &mut scratch)
    }

    /// Findings in the order of the nodes.
    pub(super) fn all(&self, source: &Classes<N>, nodes: &[Node]) -> Option<Vec<Finding>> {
        let numbered = nodes.iter().cloned().enumerate().collect();
        let mut found = self.evaluate(source, numbered)?;
        found.par_sort_unstable_by_key(|(place, _)| *place);
        Some(found.into_iter().map(|(_, finding)| finding).collect())
    }
}

/// The finest levels common to nodes.
pub(super) fn meet<'n>(mut nodes: impl Iterator<Item = &'n Node>) -> Node {
    let first = nodes.next().cloned().unwrap_or_default();
    nodes.fold(first, |mut meet, node| {
        for (least, level) in meet.iter_mut().zip(node) {
            *least = (*least).min(*level);
        }
        meet
    })
}
