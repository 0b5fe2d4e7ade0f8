//! The generalization lattice: one node for each combination of permitted levels.

/// Levels of each attribute, as places in [`Attribute::levels`](crate::Attribute).
pub(super) type Node = Vec<u8>;

/// All nodes.
#[derive(Clone, Debug)]
pub(super) struct Lattice {
    /// Permitted levels of each attribute.
    heights: Vec<u8>,
}

impl Lattice {
    /// Each attribute has at least one level.
    pub(super) fn new(heights: Vec<u8>) -> Self {
        Self { heights }
    }

    /// How many there are; the largest number there is stands for more.
    pub(super) fn nodes(&self) -> u128 {
        let heights = self.heights.iter();
        heights.fold(1, |nodes, height| nodes.saturating_mul(u128::from(*height)))
    }

    pub(super) fn heights(&self) -> &[u8] {
        &self.heights
    }

    /// The most general node.
    pub(super) fn top(&self) -> Node {
        self.heights
            .iter()
            .map(|height| height.saturating_sub(1))
            .collect()
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
    fn nodes_are_compared_attribute_by_attribute() {
        assert_eq!(Lattice::new(vec![2, 1, 3]).top(), [1, 0, 2]);
        assert!(finer(&[0, 1], &[0, 1]) && finer(&[0, 1], &[2, 1]));
        assert!(!finer(&[0, 1], &[2, 0]));
        assert_eq!(sum(&[1, 0, 2]), 3);
    }

    #[test]
    fn a_lattice_is_counted_whatever_its_size() {
        assert_eq!(Lattice::new(vec![10; 12]).nodes(), 1_000_000_000_000);
        assert_eq!(Lattice::new(vec![255; 40]).nodes(), u128::MAX);
        assert_eq!(Lattice::new(Vec::new()).nodes(), 1);
    }
}
