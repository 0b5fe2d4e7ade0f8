//! Inclusion and consistency proofs.
//!
//! A proof is planned first, as the list of stored nodes that it needs, so that a database can read them
//! all at once; then it is resolved with what was read. Construction follows RFC 6962, sections 2.1.1 and
//! 2.1.2; verification follows RFC 9162, sections 2.1.3.2 and 2.1.4.2, which say the same of the same tree.

use crate::merkle::{EMPTY_ROOT, Hash, Position, join, node_hash, subtrees};

/// Why a proof cannot be made or does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The entry is not in a tree of this size.
    #[error("entry {index} is not in a log of {size} entries")]
    NoSuchEntry {
        /// The number of the entry, from 0.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The first of two trees is the larger one.
    #[error("a log of {first} entries cannot be an earlier state of one of {second}")]
    SizesReversed {
        /// The size that was given as the earlier one.
        first: u64,
        /// The size that was given as the later one.
        second: u64,
    },
    /// A node that the proof needs is not stored.
    #[error("the log's node at level {level}, index {index} is missing", level = .0.level, index = .0.index)]
    MissingNode(Position),
    /// The proof has more or fewer hashes than the sizes ask for.
    #[error("the proof has the wrong number of hashes")]
    WrongLength,
    /// The proof does not lead to the root.
    #[error("the proof does not lead to the signed root")]
    RootMismatch,
}

/// Which stored nodes make a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofPlan {
    /// One list for each hash of the proof: the complete subtrees that are joined to it.
    ranges: Vec<Vec<Position>>,
}

impl ProofPlan {
    /// Every node to be read.
    pub fn positions(&self) -> impl Iterator<Item = Position> + '_ {
        self.ranges.iter().flatten().copied()
    }

    /// Makes the proof from the nodes.
    ///
    /// # Errors
    /// [`ProofError::MissingNode`] when `read` does not know a node.
    pub fn resolve(
        &self,
        read: impl Fn(Position) -> Option<Hash>,
    ) -> Result<Vec<Hash>, ProofError> {
        self.ranges
            .iter()
            .map(|range| resolve_range(range, &read))
            .collect()
    }
}

fn resolve_range(
    range: &[Position],
    read: &impl Fn(Position) -> Option<Hash>,
) -> Result<Hash, ProofError> {
    let hashes = range
        .iter()
        .map(|position| read(*position).ok_or(ProofError::MissingNode(*position)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(join(&hashes).unwrap_or(EMPTY_ROOT))
}

/// Plans the proof that entry `index` is in the tree of `size` leaves: PATH(m, D[n]).
///
/// # Errors
/// [`ProofError::NoSuchEntry`].
pub fn plan_inclusion(index: u64, size: u64) -> Result<ProofPlan, ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchEntry { index, size });
    }
    let (mut lo, mut hi) = (0, size);
    let mut ranges = Vec::new();
    while hi - lo > 1 {
        let middle = lo + power_below(hi - lo);
        if index < middle {
            ranges.push(subtrees(middle, hi));
            hi = middle;
        } else {
            ranges.push(subtrees(lo, middle));
            lo = middle;
        }
    }
    ranges.reverse();
    Ok(ProofPlan { ranges })
}

/// Plans the proof that the tree of `first` leaves is a prefix of that of `second`: PROOF(m, D[n]).
/// It is empty when `first` is 0 or both are the same.
///
/// # Errors
/// [`ProofError::SizesReversed`].
pub fn plan_consistency(first: u64, second: u64) -> Result<ProofPlan, ProofError> {
    if first > second {
        return Err(ProofError::SizesReversed { first, second });
    }
    let mut ranges = Vec::new();
    if first > 0 && first < second {
        let (mut lo, mut hi) = (0, second);
        while first != hi {
            let middle = lo + power_below(hi - lo);
            if first <= middle {
                ranges.push(subtrees(middle, hi));
                hi = middle;
            } else {
                ranges.push(subtrees(lo, middle));
                lo = middle;
            }
        }
        // The earlier root itself is known to the verifier, unless the descent left the left edge.
        if lo != 0 {
            ranges.push(subtrees(lo, hi));
        }
        ranges.reverse();
    }
    Ok(ProofPlan { ranges })
}

/// The largest power of two below `n`, which is at least 2.
fn power_below(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// Where the other child of a node stands.
enum Side {
    Left,
    Right,
}

/// The way from a node to the root, a hash of the proof at a time (RFC 9162, sections 2.1.3.2 and 2.1.4.2: fn and sn).
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// The side of the next hash of the proof.
    fn up(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::WrongLength);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            while self.node & 1 == 0 && self.node != 0 {
                self.node >>= 1;
                self.last >>= 1;
            }
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    /// Every hash of the proof was used.
    fn arrived(&self) -> Result<(), ProofError> {
        match self.last {
            0 => Ok(()),
            _ => Err(ProofError::WrongLength),
        }
    }
}

/// Checks that the leaf is entry `index` of the tree with this size and root.
///
/// # Errors
/// [`ProofError::NoSuchEntry`], [`ProofError::WrongLength`] or [`ProofError::RootMismatch`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::NoSuchEntry { index, size });
    }
    let mut climb = Climb {
        node: index,
        last: size - 1,
    };
    let mut hash = *leaf;
    for step in proof {
        hash = match climb.up()? {
            Side::Left => node_hash(step, &hash),
            Side::Right => node_hash(&hash, step),
        };
    }
    climb.arrived()?;
    same(&hash, root)
}

/// Checks that the tree with `first` leaves and its root is a prefix of that with `second` leaves.
///
/// # Errors
/// [`ProofError::SizesReversed`], [`ProofError::WrongLength`] or [`ProofError::RootMismatch`].
pub fn verify_consistency(
    first: u64,
    first_root: &Hash,
    second: u64,
    second_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if first > second {
        return Err(ProofError::SizesReversed { first, second });
    }
    if first == second || first == 0 {
        return trivially_consistent(first, first_root, second, second_root, proof);
    }
    let (mut seed, mut rest) = (*first_root, proof);
    if !first.is_power_of_two() {
        let (head, tail) = proof.split_first().ok_or(ProofError::WrongLength)?;
        (seed, rest) = (*head, tail);
    }
    let shift = (first - 1).trailing_ones();
    let mut climb = Climb {
        node: (first - 1) >> shift,
        last: (second - 1) >> shift,
    };
    let (mut earlier, mut later) = (seed, seed);
    for step in rest {
        match climb.up()? {
            Side::Left => {
                earlier = node_hash(step, &earlier);
                later = node_hash(step, &later);
            }
            Side::Right => later = node_hash(&later, step),
        }
    }
    climb.arrived()?;
    same(&earlier, first_root)?;
    same(&later, second_root)
}

fn trivially_consistent(
    first: u64,
    first_root: &Hash,
    second: u64,
    second_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::WrongLength);
    }
    if first == second {
        same(first_root, second_root)
    } else {
        same(first_root, &EMPTY_ROOT)
    }
}

fn same(found: &Hash, expected: &Hash) -> Result<(), ProofError> {
    if found == expected {
        Ok(())
    } else {
        Err(ProofError::RootMismatch)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::leaf_hash;
    use crate::merkle::tests::{grow, largest_power_below, leaves, mth};

    /// PATH of RFC 6962, section 2.1.1, word for word.
    fn path(m: usize, leaves: &[Vec<u8>]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let k = largest_power_below(leaves.len());
        let (mut proof, other) = if m < k {
            (path(m, &leaves[..k]), mth(&leaves[k..]))
        } else {
            (path(m - k, &leaves[k..]), mth(&leaves[..k]))
        };
        proof.push(other);
        proof
    }

    /// SUBPROOF of RFC 6962, section 2.1.2, word for word.
    fn subproof(m: usize, leaves: &[Vec<u8>], whole: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { vec![mth(leaves)] };
        }
        let k = largest_power_below(leaves.len());
        let (mut proof, other) = if m <= k {
            (subproof(m, &leaves[..k], whole), mth(&leaves[k..]))
        } else {
            (subproof(m - k, &leaves[k..], false), mth(&leaves[..k]))
        };
        proof.push(other);
        proof
    }

    fn other(proof: &[Hash]) -> Vec<tlog_tiles::Hash> {
        proof.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect()
    }

    proptest! {
        #[test]
        fn inclusion_proofs_are_those_of_the_rfc_and_hold(leaves in leaves(), pick in any::<prop::sample::Index>()) {
            prop_assume!(!leaves.is_empty());
            let (frontier, nodes) = grow(&leaves);
            let (index, size) = (pick.index(leaves.len()), leaves.len() as u64);
            let plan = plan_inclusion(index as u64, size).unwrap();
            let proof = plan.resolve(|position| nodes.get(&position).copied()).unwrap();
            prop_assert_eq!(&proof, &path(index, &leaves));

            let (leaf, root, index) = (leaf_hash(&leaves[index]), frontier.root(), index as u64);
            prop_assert_eq!(verify_inclusion(&leaf, index, size, &root, &proof), Ok(()));
            let judged = tlog_tiles::check_record(
                &other(&proof), size, tlog_tiles::Hash(root.0), index, tlog_tiles::Hash(leaf.0));
            prop_assert!(judged.is_ok());
        }

        #[test]
        fn a_changed_inclusion_proof_does_not_hold(
            leaves in leaves(), pick in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0u8..8,
        ) {
            prop_assume!(leaves.len() > 1);
            let (frontier, nodes) = grow(&leaves);
            let (index, size, root) = (pick.index(leaves.len()) as u64, leaves.len() as u64, frontier.root());
            let leaf = leaf_hash(&leaves[index as usize]);
            let good = plan_inclusion(index, size).unwrap()
                .resolve(|position| nodes.get(&position).copied()).unwrap();

            let mut flipped = good.clone();
            let byte = at.index(flipped.len() * 32);
            flipped[byte / 32].0[byte % 32] ^= 1 << bit;
            prop_assert_eq!(verify_inclusion(&leaf, index, size, &root, &flipped), Err(ProofError::RootMismatch));
            prop_assert_eq!(
                verify_inclusion(&leaf, index, size, &root, &good[1..]).is_ok(), false);
            let longer = [good.clone(), vec![root]].concat();
            prop_assert_eq!(
                verify_inclusion(&leaf, index, size, &root, &longer), Err(ProofError::WrongLength));
        }

        #[test]
        fn consistency_proofs_are_those_of_the_rfc_and_hold(leaves in leaves(), pick in any::<prop::sample::Index>()) {
            prop_assume!(!leaves.is_empty());
            let (frontier, nodes) = grow(&leaves);
            let m = pick.index(leaves.len()) + 1;
            let (first, second) = (m as u64, leaves.len() as u64);
            let plan = plan_consistency(first, second).unwrap();
            let proof = plan.resolve(|position| nodes.get(&position).copied()).unwrap();
            prop_assert_eq!(&proof, &subproof(m, &leaves, true));

            let (earlier, later) = (mth(&leaves[..m]), frontier.root());
            prop_assert_eq!(verify_consistency(first, &earlier, second, &later, &proof), Ok(()));
            let judged = tlog_tiles::check_tree(
                &other(&proof), second, tlog_tiles::Hash(later.0), first, tlog_tiles::Hash(earlier.0));
            prop_assert!(judged.is_ok());
        }

        #[test]
        fn a_rewritten_history_is_not_consistent(
            leaves in leaves(), pick in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
        ) {
            prop_assume!(!leaves.is_empty());
            let m = pick.index(leaves.len()) + 1;
            let earlier = mth(&leaves[..m]);
            let mut rewritten = leaves.clone();
            rewritten[at.index(m)].push(1);
            let (frontier, nodes) = grow(&rewritten);
            let (first, second) = (m as u64, leaves.len() as u64);
            let proof = plan_consistency(first, second).unwrap()
                .resolve(|position| nodes.get(&position).copied()).unwrap();
            prop_assert_eq!(
                verify_consistency(first, &earlier, second, &frontier.root(), &proof), Err(ProofError::RootMismatch));
        }
    }

    #[test]
    fn the_empty_log_is_a_prefix_of_every_log() {
        let (frontier, _) = grow(&[vec![1], vec![2], vec![3]]);
        assert_eq!(
            verify_consistency(0, &EMPTY_ROOT, 3, &frontier.root(), &[]),
            Ok(())
        );
        assert_eq!(
            verify_consistency(0, &frontier.root(), 3, &frontier.root(), &[]),
            Err(ProofError::RootMismatch)
        );
    }

    #[test]
    fn impossible_proofs_are_refused() {
        assert_eq!(
            plan_inclusion(3, 3),
            Err(ProofError::NoSuchEntry { index: 3, size: 3 })
        );
        assert_eq!(
            plan_consistency(4, 3),
            Err(ProofError::SizesReversed {
                first: 4,
                second: 3
            })
        );
        let plan = plan_inclusion(0, 2).unwrap();
        let missing = Position { level: 0, index: 1 };
        assert_eq!(
            plan.resolve(|_| None),
            Err(ProofError::MissingNode(missing))
        );
    }
}
