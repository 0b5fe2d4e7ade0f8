//! The generalization lattice: one node for each combination of permitted levels.

/// The nodes, numbered so that the first attribute counts most. A node's number orders it lexicographically by level.
#[derive(Clone, Debug)]
pub(super) struct Lattice {
    /// Permitted levels of each attribute.
    heights: Vec<u32>,
    nodes: usize,
}

impl Lattice {
    /// The lattice, or the number of its nodes if that is more than `max`.
    pub(super) fn new(heights: Vec<u32>, max: usize) -> Result<Self, u128> {
        let nodes = heights.iter().fold(1_u128, |nodes, height| {
            nodes.saturating_mul(u128::from(*height))
        });
        match usize::try_from(nodes) {
            Ok(nodes) if nodes <= max => Ok(Self { heights, nodes }),
            _ => Err(nodes),
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.nodes
    }

    /// The level of each attribute, as an index of its permitted levels.
    pub(super) fn levels(&self, node: usize) -> Vec<u32> {
        let mut rest = node;
        let mut levels = vec![0; self.heights.len()];
        for (level, height) in levels.iter_mut().zip(&self.heights).rev() {
            *level = (rest % *height as usize) as u32;
            rest /= *height as usize;
        }
        levels
    }

    /// The most general node.
    pub(super) fn top(&self) -> usize {
        self.nodes - 1
    }

    /// The nodes one level above in one attribute.
    pub(super) fn above(&self, node: usize) -> impl Iterator<Item = usize> {
        let levels = self.levels(node);
        self.steps().filter_map(move |(attribute, stride, height)| {
            let level = levels.get(attribute)?;
            (level + 1 < height).then(|| node + stride)
        })
    }

    /// The nodes one level below in one attribute.
    pub(super) fn below(&self, node: usize) -> impl Iterator<Item = usize> {
        let levels = self.levels(node);
        self.steps().filter_map(move |(attribute, stride, _)| {
            let level = levels.get(attribute)?;
            (*level > 0).then(|| node - stride)
        })
    }

    /// Each attribute with the distance between nodes one level apart in it, the last attribute first.
    fn steps(&self) -> impl Iterator<Item = (usize, usize, u32)> {
        let attributes = self.heights.iter().enumerate().rev();
        attributes.scan(1, |stride, (attribute, height)| {
            let step = (attribute, *stride, *height);
            *stride *= *height as usize;
            Some(step)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn numbering_is_lexicographic_and_neighbours_are_one_level_apart() {
        let lattice = Lattice::new(vec![2, 1, 3], 100).unwrap();
        assert_eq!(lattice.nodes(), 6);
        let all: Vec<_> = (0..6).map(|node| lattice.levels(node)).collect();
        assert!(all.is_sorted());
        assert_eq!(lattice.levels(5), [1, 0, 2]);
        assert_eq!(lattice.above(1).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(lattice.below(4).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(lattice.above(lattice.top()).count(), 0);
    }

    #[test]
    fn too_many_nodes_are_counted_not_made() {
        assert_eq!(
            Lattice::new(vec![10; 12], 1_000).unwrap_err(),
            1_000_000_000_000
        );
        assert_eq!(Lattice::new(Vec::new(), 1).unwrap().nodes(), 1);
    }
}
