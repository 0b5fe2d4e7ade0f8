//! Numbering the classes that keys fall into.

use super::space::{Field, Key, Space, Step};

/// A key as it is at a coarser node.
#[inline]
pub(super) fn climb<const N: usize>(mut key: Key<N>, steps: &[Step<'_>]) -> Key<N> {
    for Step { field, codes } in steps {
        if let Some(word) = key.get_mut(field.word) {
            let code = ((*word >> field.shift) & field.mask) as usize;
            let above = codes.get(code).copied().unwrap_or_default();
            *word = *word & !(field.mask << field.shift) | u64::from(above) << field.shift;
        }
    }
    key
}

/// The place of a key among all combinations of codes at a coarser node: a sum of table entries, each for some neighbouring
/// attributes.
pub(super) struct Radix {
    tables: Vec<(Field, Vec<u64>)>,
}

impl Radix {
    /// For as many keys: tables are no longer than pays for these. Nothing if places would not fit.
    pub(super) fn new<const N: usize>(
        space: &Space<'_, N>,
        from: &[u8],
        to: &[u8],
        keys: usize,
    ) -> Option<Self> {
        let longest = (keys / 8).max(8).ilog2().min(12);
        let mut tables: Vec<(Field, Vec<u64>)> = Vec::new();
        let mut stride = 1_u64;
        let attributes = space.fields.iter().zip(from.iter().zip(to)).enumerate();
        for (attribute, (field, (from, to))) in attributes {
            let number = space.codes(attribute, *to) as u64;
            if number <= 1 {
                continue;
            }
            let step = stride;
            stride = stride.checked_mul(number)?;
            let above = space.map(attribute, *from, *to);
            let own = above.iter().map(|code| u64::from(*code) * step);
            let bits = field.mask.count_ones();
            match tables.last_mut() {
                Some((group, table))
                    if group.word == field.word && field.shift + bits - group.shift <= longest =>
                {
                    // Attributes between the two are gone at the coarser node, whatever their codes are.
                    let gap = field.shift - group.shift - group.mask.count_ones();
                    let low = table.repeat(1 << gap);
                    table.clear();
                    for high in own {
                        table.extend(low.iter().map(|low| low + high));
                    }
                    let bits = field.shift + bits - group.shift;
                    table.resize(1 << bits, 0);
                    group.mask = (1 << bits) - 1;
                }
                _ => {
                    let mut table: Vec<u64> = own.collect();
                    if bits <= longest {
                        table.resize(1 << bits, 0);
                    }
                    tables.push((*field, table));
                }
            }
        }
        Some(Self { tables })
    }

    /// The places of keys.
    #[inline]
    pub(super) fn places<const N: usize>(&self, keys: &[Key<N>], places: &mut [u64]) {
        places.fill(0);
        for (field, table) in &self.tables {
            for (key, place) in keys.iter().zip(places.iter_mut()) {
                *place += table.get(field.get(key)).copied().unwrap_or_default();
            }
        }
    }
}

/// Classes by key. They are numbered in the order in which they turn up.
#[derive(Default)]
pub(super) struct Table<const N: usize> {
    /// The number of a class plus 1, or 0.
    slots: Vec<u32>,
    shift: u32,
    /// By class, its place.
    places: Vec<u64>,
    pub keys: Vec<Key<N>>,
    pub rows: Vec<u32>,
    pub people: Vec<u64>,
}

/// Spreads the bits of a number over the upper ones.
#[inline]
fn mix(word: u64) -> u64 {
    let product = u128::from(word) * u128::from(0x9E37_79B9_7F4A_7C15_u64);
    ((product as u64) ^ ((product >> 64) as u64)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

impl<const N: usize> Table<N> {
    /// A table with a slot for each place; `slots` are all 0.
    pub(super) fn direct(slots: Vec<u32>) -> Self {
        Self {
            slots,
            ..Self::default()
        }
    }

    /// A hash table with open addressing.
    pub(super) fn hashed(room: usize) -> Self {
        let bits = room.clamp(1 << 9, 1 << 31).next_power_of_two().ilog2() + 1;
        Self {
            slots: vec![0; 1 << bits],
            shift: 64 - bits,
            ..Self::default()
        }
    }

    /// Gives the slots of a direct table back, all 0 again.
    pub(super) fn release(&mut self) -> Vec<u32> {
        for place in &self.places {
            if let Some(slot) = self.slots.get_mut(*place as usize) {
                *slot = 0;
            }
        }
        std::mem::take(&mut self.slots)
    }

    fn push(&mut self, place: u64, rows: u32, key: Key<N>) -> u32 {
        self.places.push(place);
        self.keys.push(key);
        self.rows.push(rows);
        self.keys.len() as u32
    }

    fn count(&mut self, class: u32, rows: u32) -> u32 {
        if let Some(sum) = self.rows.get_mut(class as usize - 1) {
            *sum += rows;
        }
        class - 1
    }

    /// Adds to the class of a place that has its own slot; `key` is asked for if the class is new.
    #[inline]
    pub(super) fn add(&mut self, place: u64, rows: u32, key: impl Fn() -> Key<N>) -> u32 {
        match self.slots.get(place as usize).copied() {
            None => 0,
            Some(0) => {
                let class = self.push(place, rows, key());
                if let Some(slot) = self.slots.get_mut(place as usize) {
                    *slot = class;
                }
                class - 1
            }
            Some(class) => self.count(class, rows),
        }
    }

    /// Adds to the class of a place, by hashing it.
    #[inline]
    pub(super) fn add_hashed(&mut self, place: u64, rows: u32, key: impl Fn() -> Key<N>) -> u32 {
        let mut slot = (mix(place) >> self.shift) as usize;
        loop {
            match self.slots.get(slot).copied().unwrap_or_default() {
                0 => return self.insert(slot, place, rows, key()),
                class if self.places.get(class as usize - 1) == Some(&place) => {
                    return self.count(class, rows);
                }
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Adds to the class of a key whose place does not fit a number, by hashing it.
    pub(super) fn add_wide(&mut self, key: Key<N>, rows: u32) -> u32 {
        let hash = key.iter().fold(0, |hash, word| mix(hash ^ word));
        let mut slot = (hash >> self.shift) as usize;
        loop {
            match self.slots.get(slot).copied().unwrap_or_default() {
                0 => return self.insert(slot, hash, rows, key),
                class if self.keys.get(class as usize - 1) == Some(&key) => {
                    return self.count(class, rows);
                }
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    fn insert(&mut self, slot: usize, place: u64, rows: u32, key: Key<N>) -> u32 {
        let class = self.push(place, rows, key);
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = class;
        }
        class - 1
    }
}
