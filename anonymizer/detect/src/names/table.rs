//! A frozen table from hashes of words to facts of them.

use super::facts::Facts;

/// Slots for each word: with linear probing a hit then costs little more than one look.
const ROOM: usize = 2;
/// Bits of the filter for each word.
const FILTER: usize = 12;

/// A table that is built once. A filter of bits, small enough to stay in the cache, refuses most words.
#[derive(Debug)]
pub struct Table {
    filter: Vec<u64>,
    slots: Vec<(u32, Facts)>,
}

impl Table {
    /// Of words, of which some may come several times: their facts add up.
    pub fn new(words: &[(u64, Facts)]) -> Self {
        let mut table = Self {
            filter: vec![0; (words.len() * FILTER / 64).next_power_of_two()],
            slots: vec![(0, Facts::default()); (words.len() * ROOM).next_power_of_two()],
        };
        for &(hash, facts) in words {
            table.insert(hash, facts);
        }
        table
    }

    fn insert(&mut self, hash: u64, facts: Facts) {
        let (word, bits) = filter(hash);
        let last = self.filter.len().wrapping_sub(1);
        if let Some(cell) = self.filter.get_mut(word & last) {
            *cell |= bits;
        }
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        while let Some(slot) = self.slots.get_mut(place) {
            if slot.1.is_empty() || slot.0 == tag(hash) {
                *slot = (tag(hash), slot.1.and(facts));
                return;
            }
            place = (place + 1) & mask;
        }
    }

    /// The facts of the word of that hash; none if it is not in the table.
    pub fn get(&self, hash: u64) -> Facts {
        let (word, bits) = filter(hash);
        let cell = self
            .filter
            .get(word & (self.filter.len() - 1))
            .copied()
            .unwrap_or_default();
        if cell & bits != bits {
            Facts::default()
        } else {
            self.probe(hash)
        }
    }

    #[cold]
    fn probe(&self, hash: u64) -> Facts {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        while let Some(&(found, facts)) = self.slots.get(place) {
            if facts.is_empty() || found == tag(hash) {
                return facts;
            }
            place = (place + 1) & mask;
        }
        Facts::default()
    }
}

const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The cell of the filter and two bits in it.
const fn filter(hash: u64) -> (usize, u64) {
    (
        (hash >> 20) as usize,
        1 << (hash >> 52 & 63) | 1 << (hash >> 58),
    )
}
