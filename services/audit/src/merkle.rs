//! The Merkle tree of RFC 6962, section 2.1.
//!
//! Only complete subtrees are ever stored. The node at `(level, index)` covers the leaves
//! `index << level .. (index + 1) << level`, so a node never changes once it is written.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{Context, SHA256};

/// A SHA-256 hash of a leaf, of a node or of a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

/// The root of the tree without entries: the SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

impl Hash {
    /// Reads a hash from exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads the padded standard base64 form, as checkpoints write it.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        Self::from_slice(&BASE64.decode(text).ok()?)
    }

    /// The padded standard base64 form, as checkpoints write it.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.0)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of a leaf, `SHA-256(0x00 || data)`.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    digest(&[&[0x00], data])
}

/// The hash of an interior node, `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    digest(&[&[0x01], &left.0, &right.0])
}

fn digest(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Hash(hash)
}

/// Where a complete subtree stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Height of the subtree: it covers `1 << level` leaves.
    pub level: u8,
    /// Number of subtrees of the same height to its left.
    pub index: u64,
}

/// A complete subtree and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands.
    pub position: Position,
    /// Its hash.
    pub hash: Hash,
}

/// The complete subtrees that make the leaves `lo..hi`, from left to right.
///
/// INVARIANT: `lo` is a multiple of the least power of two that is not below `hi - lo`; all ranges of
/// RFC 6962's recursion are of this kind.
pub(crate) fn subtrees(lo: u64, hi: u64) -> Vec<Position> {
    let mut at = lo;
    let mut positions = Vec::new();
    while at < hi {
        let level = (hi - at).ilog2();
        positions.push(Position {
            level: level as u8,
            index: at >> level,
        });
        at += 1 << level;
    }
    positions
}

/// Joins adjacent subtrees, the tallest on the left, to the root of their range.
pub(crate) fn join(hashes: &[Hash]) -> Option<Hash> {
    let (last, rest) = hashes.split_last()?;
    Some(
        rest.iter()
            .rev()
            .fold(*last, |right, left| node_hash(left, &right)),
    )
}

/// The right edge of a tree: the roots of its complete subtrees, which is all that an append needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

impl Frontier {
    /// The frontier of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// The nodes whose hashes make the frontier of a tree with `size` leaves, in the order of [`Self::from_peaks`].
    #[must_use]
    pub fn peaks_of(size: u64) -> Vec<Position> {
        subtrees(0, size)
    }

    /// Restores a frontier from stored nodes; `None` when there are more or fewer than the size asks for.
    #[must_use]
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and returns the nodes that it completes, the leaf itself first.
    pub fn append(&mut self, leaf: Hash) -> Vec<Node> {
        let mut node = Node {
            position: Position {
                level: 0,
                index: self.size,
            },
            hash: leaf,
        };
        let mut completed = vec![node];
        // Each trailing one bit of the size is a subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = Node {
                position: Position {
                    level: node.position.level + 1,
                    index: node.position.index >> 1,
                },
                hash: node_hash(&left, &node.hash),
            };
            completed.push(node);
        }
        self.peaks.push(node.hash);
        self.size += 1;
        completed
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        join(&self.peaks).unwrap_or(EMPTY_ROOT)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// MTH of RFC 6962, section 2.1, word for word.
    pub(crate) fn mth(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => digest(&[]),
            [one] => leaf_hash(one),
            more => {
                let k = largest_power_below(more.len());
                node_hash(&mth(&more[..k]), &mth(&more[k..]))
            }
        }
    }

    pub(crate) fn largest_power_below(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    pub(crate) fn grow(leaves: &[Vec<u8>]) -> (Frontier, HashMap<Position, Hash>) {
        let mut frontier = Frontier::new();
        let mut nodes = HashMap::new();
        for leaf in leaves {
            for node in frontier.append(leaf_hash(leaf)) {
                assert_eq!(
                    nodes.insert(node.position, node.hash),
                    None,
                    "a node is written once"
                );
            }
        }
        (frontier, nodes)
    }

    pub(crate) fn leaves() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..140)
    }

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(Frontier::new().root(), digest(&[]));
        assert_eq!(EMPTY_ROOT, mth(&[]));
    }

    proptest! {
        #[test]
        fn the_root_is_that_of_the_rfc(leaves in leaves()) {
            let (frontier, nodes) = grow(&leaves);
            prop_assert_eq!(frontier.root(), mth(&leaves));
            let size = leaves.len() as u64;
            let peaks = Frontier::peaks_of(size).iter().map(|position| nodes[position]).collect();
            prop_assert_eq!(Frontier::from_peaks(size, peaks).unwrap(), frontier);
        }

        #[test]
        fn the_stored_nodes_are_those_of_another_implementation(leaves in leaves()) {
            let (frontier, nodes) = grow(&leaves);
            let mut stored: HashMap<u64, tlog_tiles::Hash> = HashMap::new();
            for (n, leaf) in leaves.iter().enumerate() {
                let reader = Reader(&stored);
                let hashes = tlog_tiles::stored_hashes(n as u64, leaf, &reader).unwrap();
                let first = tlog_tiles::stored_hash_index(0, n as u64);
                stored.extend(hashes.into_iter().enumerate().map(|(i, hash)| (first + i as u64, hash)));
            }
            prop_assert_eq!(stored.len(), nodes.len());
            for (position, hash) in &nodes {
                let index = tlog_tiles::stored_hash_index(position.level, position.index);
                prop_assert_eq!(stored[&index].0, hash.0);
            }
            let root = tlog_tiles::tree_hash(leaves.len() as u64, &Reader(&stored)).unwrap();
            prop_assert_eq!(root.0, frontier.root().0);
        }
    }

    /// Lets the other implementation read its own stored hashes.
    pub(crate) struct Reader<'a>(pub &'a HashMap<u64, tlog_tiles::Hash>);

    impl tlog_tiles::HashReader for Reader<'_> {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
            Ok(indexes.iter().map(|index| self.0[index]).collect())
        }
    }
}
