//! What a search knows, and how nodes are counted.

use std::collections::HashMap;

use super::classes::Classes;
use super::judge::{Finding, Judge};
use super::lattice::{Lattice, Node, finer};
use super::space::Space;
use super::tree::{Tree, meet};
use super::{Best, Control, Failure, Options, unreachable};
use crate::models::Scratch;

/// Classes kept to roll up from, as a multiple of the records.
const KEPT: usize = 6;

/// How much of the lattice is settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub nodes: u128,
    /// The least rank that a node that is not settled could have.
    pub open: Option<f64>,
}

pub(super) struct Search<'a, const N: usize> {
    pub tree: Tree<'a, N>,
    pub lattice: &'a Lattice,
    pub best: Option<Best>,
    /// All nodes counted, and where each is.
    pub found: Vec<(Node, Finding)>,
    pub places: HashMap<Node, usize>,
    /// Nodes at and below which there is no solution, none below another.
    pub dead: Vec<Node>,
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    pub progress: &'a mut dyn FnMut(u128, u128),
    /// Classes to roll up from, the records first.
    kept: Vec<Classes<N>>,
    pub settled: Settled,
}

impl<'a, const N: usize> Search<'a, N> {
    pub(super) fn new(
        space: &'a Space<'a, N>,
        judge: &'a Judge<'a>,
        lattice: &'a Lattice,
        control: &'a mut Control<'_>,
    ) -> Self {
        Self {
            tree: Tree {
                space,
                judge,
                cancelled: control.cancelled,
            },
            lattice,
            best: None,
            found: Vec::new(),
            places: HashMap::new(),
            dead: Vec::new(),
            go_on: control.go_on,
            progress: control.progress,
            kept: vec![Classes::records(space, judge.models)],
            settled: Settled {
                nodes: 0,
                open: None,
            },
        }
    }

    pub(super) fn records(&self) -> Classes<N> {
        Classes::records(self.tree.space, self.tree.judge.models)
    }

    pub(super) fn settled(&self) -> Settled {
        self.settled
    }

    pub(super) fn examined(&self) -> u64 {
        self.found.len() as u64
    }

    pub(super) fn run(&mut self, options: &Options) -> Result<Best, Failure> {
        self.start()?;
        let to_the_end = self.lattice.nodes() <= u128::from(options.exact_nodes);
        self.divide(to_the_end)?;
        self.outcome()
    }

    /// The failure if no node is a solution.
    pub(super) fn fail(&self) -> Failure {
        let judge = self.tree.judge;
        let top = self.lattice.top();
        let classes = self.records().roll_up(self.tree.space, &top, judge.models);
        let released = judge.released(&classes, &mut Scratch::default());
        let kept = classes.rows.iter().zip(released).filter(|(_, kept)| *kept);
        let needed = judge.rows - kept.map(|(rows, _)| u64::from(*rows)).sum::<u64>();
        unreachable(judge, &classes, needed)
    }

    pub(super) fn finding(&self, levels: &Node) -> Option<&Finding> {
        let place = self.places.get(levels)?;
        self.found.get(*place).map(|(_, finding)| finding)
    }

    /// Whether a node of this bound could still be better, or as good.
    pub(super) fn open(&self, bound: f64) -> bool {
        self.best
            .as_ref()
            .is_none_or(|best| bound <= best.rank + 1e-12 * best.rank.abs())
    }

    /// Counts the classes of nodes, different from one another and not counted before.
    pub(super) fn count(&mut self, nodes: &[Node]) -> Result<(), Failure> {
        if nodes.is_empty() {
            return Ok(());
        }
        let meet = meet(nodes.iter());
        let source = self.source(&meet);
        let source = match source {
            Some(place) => place,
            None => return Ok(()),
        };
        let source = self.nearer(source, &meet, nodes.len());
        let found = match self.kept.get(source) {
            Some(source) => self.tree.all(source, nodes),
            None => None,
        };
        let found = found.ok_or(Failure::Cancelled)?;
        for (levels, finding) in nodes.iter().zip(found) {
            if let Some(new) = Best::new(levels, &finding)
                && self
                    .best
                    .as_ref()
                    .is_none_or(|best| new.compare(best).is_lt())
            {
                self.best = Some(new);
            }
            if finding.dead && !self.dead.iter().any(|dead| finer(levels, dead)) {
                self.dead.retain(|dead| !finer(dead, levels));
                self.dead.push(levels.clone());
            }
            self.places.insert(levels.clone(), self.found.len());
            self.found.push((levels.clone(), finding));
        }
        Ok(())
    }

    /// The fewest classes kept that are finer.
    fn source(&self, levels: &Node) -> Option<usize> {
        let finer = self
            .kept
            .iter()
            .enumerate()
            .filter(|(_, kept)| finer(&kept.levels, levels));
        finer
            .min_by_key(|(place, kept)| (kept.len(), *place))
            .map(|(place, _)| place)
    }

    /// Rolls up what several nodes have in common and keeps it for later ones.
    fn nearer(&mut self, source: usize, meet: &Node, nodes: usize) -> usize {
        let Some(classes) = self.kept.get(source) else {
            return source;
        };
        // A single node early on is near those to come.
        if classes.levels == *meet || nodes > 1 && !self.tree.pays(&classes.levels, meet, nodes) {
            return source;
        }
        let rolled = classes.roll_up(self.tree.space, meet, self.tree.judge.models);
        let records = self.kept.first().map_or(0, Classes::len);
        let mut room = (KEPT * records).saturating_sub(rolled.len());
        self.kept.push(rolled);
        // The latest are kept, and the records.
        let mut keep: Vec<bool> = self
            .kept
            .iter()
            .rev()
            .skip(1)
            .map(|kept| {
                let fits = kept.len() <= room;
                room -= if fits { kept.len() } else { 0 };
                fits
            })
            .collect();
        keep.reverse();
        if let Some(first) = keep.first_mut() {
            *first = true;
        }
        keep.push(true);
        let mut keep = keep.into_iter();
        self.kept.retain(|_| keep.next().unwrap_or(true));
        self.kept.len() - 1
    }
}
