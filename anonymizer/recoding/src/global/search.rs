//! What a search knows, and how nodes are counted.

use std::collections::HashMap;

use super::classes::Classes;
use super::inside::Watch;
use super::judge::{Finding, Judge};
use super::lattice::{Lattice, Node, finer};
use super::space::Space;
use super::tree::{Tree, meet};
use super::{Best, Failure, Options, unreachable};
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
    pub progress: &'a mut (dyn FnMut(u128, u128) + Send),
    /// Each record as a class.
    pub records: Classes<N>,
    /// Classes to roll up from besides.
    kept: Vec<Classes<N>>,
    pub settled: Settled,
}

impl<'a, const N: usize> Search<'a, N> {
    pub(super) fn new(
        space: &'a Space<'a, N>,
        judge: &'a Judge<'a>,
        lattice: &'a Lattice,
        watch: &'a mut Watch<'_>,
    ) -> Self {
        Self {
            tree: Tree {
                space,
                judge,
                cancelled: watch.cancelled,
            },
            lattice,
            best: None,
            found: Vec::new(),
            places: HashMap::new(),
            dead: Vec::new(),
            go_on: watch.go_on,
            progress: watch.progress,
            records: Classes::records(space, judge.models),
            kept: Vec::new(),
            settled: Settled {
                nodes: 0,
                open: None,
            },
        }
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
        let classes = self.records.roll_up(self.tree.space, &top, judge.models, 1);
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
        let rolled = self.nearer(&meet, nodes.len());
        let source = rolled.as_ref().unwrap_or_else(|| self.source(&meet));
        let found = self.tree.all(source, nodes).ok_or(Failure::Cancelled)?;
        if let Some(rolled) = rolled {
            self.keep(rolled);
        }
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

    /// The fewest classes known that are finer.
    fn source(&self, levels: &Node) -> &Classes<N> {
        let finer = self.kept.iter().filter(|kept| finer(&kept.levels, levels));
        let all = std::iter::once(&self.records).chain(finer);
        all.min_by_key(|classes| classes.len())
            .unwrap_or(&self.records)
    }

    /// What several nodes have in common, rolled up once, if that pays.
    fn nearer(&self, meet: &Node, nodes: usize) -> Option<Classes<N>> {
        let source = self.source(meet);
        // A single node early on is near those to come.
        if source.levels == *meet || nodes > 1 && !self.tree.pays(&source.levels, meet, nodes) {
            return None;
        }
        let threads = rayon::current_num_threads();
        let (space, models) = (self.tree.space, self.tree.judge.models);
        Some(source.roll_up(space, meet, models, threads))
    }

    /// Keeps classes for later nodes, and of those kept before the latest that there is room for.
    fn keep(&mut self, rolled: Classes<N>) {
        let mut room = (KEPT * self.records.len()).saturating_sub(rolled.len());
        let mut kept: Vec<Classes<N>> = Vec::new();
        for classes in std::mem::take(&mut self.kept).into_iter().rev() {
            if classes.len() <= room {
                room -= classes.len();
                kept.push(classes);
            }
        }
        kept.reverse();
        kept.push(rolled);
        self.kept = kept;
    }
}
