//! The generalization lattice: one node for each combination of permitted levels.

/// Levels of each attribute, as places in [`Attribute::levels`](crate::Attribute).
pub(super) type Node = Vec<u8>;

/// The nodes, numbered so that the first attribute counts most: a node's number orders it lexicographically by level.
#[derive(Clone, Debug)]
pub(super) struct Lattice {
    /// Permitted levels of each attribute.
    heights: Vec<u8>,
    strides: Vec<u128>,
    nodes: u128,
}

impl Lattice {
    pub(super) fn new(heights: Vec<u8>) -> Self {
        let mut nodes = 1_u128;
        let mut strides = vec![0; heights.len()];
        for (stride, height) in strides.iter_mut().zip(&heights).rev() {
            *stride = nodes;
            nodes = nodes.saturating_mul(u128::from(*height));
        }
        Self {
            heights,
            strides,
            nodes,
        }
    }

    /// How many there are; the largest number there is stands for more.
    pub(super) fn nodes(&self) -> u128 {
        self.nodes
    }

    pub(super) fn heights(&self) -> &[u8] {
        &self.heights
    }

    /// The most general node.
    pub(super) fn top(&self) -> Node {
        self.heights.iter().map(|height| height - 1).collect()
    }

    /// The levels of a node by its number.
    pub(super) fn levels(&self, node: u32) -> Node {
        let mut rest = u128::from(node);
        let level = |stride: &u128| {
            let level = rest / stride;
            rest %= stride;
            level as u8
        };
        self.strides.iter().map(level).collect()
    }

    /// The number of a node of a lattice of fewer than 2^32.
    pub(super) fn number(&self, levels: &[u8]) -> u32 {
        let places = levels.iter().zip(&self.strides);
        places
            .map(|(level, stride)| u128::from(*level) * stride)
            .sum::<u128>() as u32
    }

    /// By attribute, how far apart neighbours are in number.
    pub(super) fn strides(&self) -> impl Iterator<Item = u32> {
        self.strides.iter().map(|stride| *stride as u32)
    }

    /// The numbers of all nodes by the sum of their levels. Only for lattices that fit memory.
    pub(super) fn by_sum(&self) -> Vec<Vec<u32>> {
        let top: usize = self.top().iter().map(|level| usize::from(*level)).sum();
        let mut sums = vec![Vec::new(); top + 1];
        let mut levels: Node = vec![0; self.heights.len()];
        let mut sum = 0;
        for node in 0..self.nodes as u32 {
            if let Some(nodes) = sums.get_mut(sum) {
                nodes.push(node);
            }
            for (level, height) in levels.iter_mut().zip(&self.heights).rev() {
                if *level + 1 < *height {
                    *level += 1;
                    sum += 1;
                    break;
                }
                sum -= usize::from(*level);
                *level = 0;
            }
        }
        sums
    }
}

/// Whether a node is at or below another in every attribute.
pub(super) fn finer(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b)
}

pub(super) fn sum(levels: &[u8]) -> u64 {
    levels.iter().map(|level| u64::from(*level)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbering_is_lexicographic() {
        let lattice = Lattice::new(vec![2, 1, 3]);
        assert_eq!(lattice.nodes(), 6);
        let all: Vec<_> = (0..6).map(|node| lattice.levels(node)).collect();
        assert!(all.is_sorted());
        assert_eq!(lattice.levels(5), [1, 0, 2]);
        assert!((0..6).all(|node| lattice.number(&lattice.levels(node)) == node));
        assert_eq!(lattice.by_sum(), [vec![0], vec![1, 3], vec![2, 4], vec![5]]);
        assert_eq!(lattice.top(), [1, 0, 2]);
    }

    #[test]
    fn a_lattice_too_large_to_number_is_still_counted() {
        assert_eq!(Lattice::new(vec![10; 12]).nodes(), 1_000_000_000_000);
        assert_eq!(Lattice::new(vec![255; 40]).nodes(), u128::MAX);
        assert_eq!(Lattice::new(Vec::new()).nodes(), 1);
    }
}
