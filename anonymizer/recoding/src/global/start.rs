//! A good solution to begin with: the better it is, the more nodes are never looked at.

use super::Failure;
use super::judge::Finding;
use super::lattice::{Node, finer};
use super::search::Search;

impl<const N: usize> Search<'_, N> {
    /// Finds by halving where the cheapest way up becomes a solution, counts the most general node, and goes on from neighbour to
    /// neighbour as long as that is better.
    pub(super) fn start(&mut self) -> Result<(), Failure> {
        let path = self.way_up();
        let (mut low, mut high) = (0, path.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let Some(node) = path.get(middle) else { break };
            self.count(std::slice::from_ref(node))?;
            if self
                .finding(node)
                .is_some_and(|finding| finding.rank.is_some())
            {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let top = self.lattice.top();
        if !self.places.contains_key(&top) {
            self.count(std::slice::from_ref(&top))?;
        }
        if self.finding(&top).is_some_and(|finding| finding.dead) {
            return Err(self.fail());
        }
        self.improve()
    }

    /// From the bottom to the top, always the step that costs least.
    fn way_up(&self) -> Vec<Node> {
        let mut path = vec![vec![0; self.lattice.heights().len()]];
        while let Some(node) = path.last() {
            let bound = |node: &Node| self.tree.judge.bound(node, None);
            let next = self
                .steps(node, 1)
                .min_by(|a, b| bound(a).total_cmp(&bound(b)));
            match next {
                Some(next) => path.push(next),
                None => break,
            }
        }
        path
    }

    /// The neighbours one level above or below.
    pub(super) fn steps(&self, node: &Node, by: i8) -> impl Iterator<Item = Node> {
        let heights = self.lattice.heights();
        (0..heights.len()).filter_map(move |attribute| {
            let mut next = node.clone();
            let level = next.get_mut(attribute)?;
            *level = level.checked_add_signed(by)?;
            (*level < *heights.get(attribute)?).then_some(next)
        })
    }

    /// Whether nothing that was counted rules a node out.
    fn hopeful(&self, node: &Node) -> bool {
        let judge = self.tree.judge;
        let rules_out = |(levels, finding): &(Node, Finding)| {
            finer(node, levels) && (finding.dead || !self.open(judge.bound(node, Some(finding))))
        };
        self.open(judge.bound(node, None)) && !self.found.iter().any(rules_out)
    }

    pub(super) fn improve(&mut self) -> Result<(), Failure> {
        for _ in 0..64 {
            let Some(best) = self.best.as_ref().map(|best| best.levels.clone()) else {
                return Ok(());
            };
            let lower: Vec<Node> = self.steps(&best, -1).collect();
            let aside = lower.iter().flat_map(|node| self.steps(node, 1));
            let mut near: Vec<Node> = lower.iter().cloned().chain(aside).collect();
            near.sort_unstable();
            near.dedup();
            near.retain(|node| !self.places.contains_key(node) && self.hopeful(node));
            self.count(&near)?;
            if self.best.as_ref().is_none_or(|new| new.levels == best) {
                return Ok(());
            }
        }
        Ok(())
    }
}
