//! For each record those that are cheap to stand with.

#![allow(
    clippy::indexing_slicing,
    reason = "records are named by their place, and every list here is made for all of them"
)]

use super::random::Random;
use super::scale::{Scale, Word};
use super::space::Space;

/// Neighbours that are kept of a record.
const EACH: usize = 16;
/// Orders that are looked through.
const ORDERS: usize = 4;
/// Records after it that a record is compared with in each order.
const WINDOW: usize = 8;
/// How much chance there is in the orders.
const SPREAD: f64 = 0.7;

/// Neighbours of each record, nearest first.
#[derive(Debug)]
pub(super) struct Neighbours {
    each: usize,
    list: Vec<u32>,
}

impl Neighbours {
    /// Looks around each record in several orders of the records. In each the segments that cost most to lose come first, but
    /// for chance, so that records near to one another agree in most of what is dear.
    pub(super) fn new<const W: usize>(space: &Space<W>, random: &mut Random) -> Self {
        let records = space.len();
        let each = EACH.min(records.saturating_sub(1)).max(1);
        let mut found: Vec<Vec<(i64, u32)>> = vec![Vec::new(); records];
        for _ in 0..ORDERS {
            let order = space.scale.shuffled(SPREAD, random);
            let mut keys: Vec<(Word<W>, u32)> = (0_u32..)
                .zip(&space.paths)
                .map(|(record, path)| (Scale::arranged(path, &order), record))
                .collect();
            keys.sort_unstable();
            for (at, (_, record)) in keys.iter().enumerate() {
                for (_, other) in keys[at + 1..].iter().take(WINDOW) {
                    let cost = distance(space, *record, *other);
                    keep(&mut found[*record as usize], (cost, *other), each);
                    keep(&mut found[*other as usize], (cost, *record), each);
                }
            }
        }
        let mut list = Vec::with_capacity(records * each);
        for (record, near) in (0_u32..).zip(&found) {
            // A record that has found too few names them, and itself, again.
            let near = near.iter().map(|(_, other)| *other);
            list.extend(near.chain(std::iter::once(record)).cycle().take(each));
        }
        Self { each, list }
    }

    #[inline]
    pub(super) fn of(&self, record: u32) -> &[u32] {
        &self.list[record as usize * self.each..][..self.each]
    }
}

/// Cost of each row of a class of two records.
fn distance<const W: usize>(space: &Space<W>, one: u32, other: u32) -> i64 {
    let (a, b) = (&space.paths[one as usize], &space.paths[other as usize]);
    let differ: Word<W> = std::array::from_fn(|word| a[word] ^ b[word]);
    space.scale.cost(differ, space.codes(one))
}

fn keep(best: &mut Vec<(i64, u32)>, found: (i64, u32), each: usize) {
    if best.len() == each && best.last().is_some_and(|last| *last <= found) {
        return;
    }
    if best.iter().any(|known| known.1 == found.1) {
        return;
    }
    best.insert(best.partition_point(|known| *known < found), found);
    best.truncate(each);
}
