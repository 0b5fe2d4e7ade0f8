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
        // Keys ascend by their first attributes, and so do places then: neighbours are counted near one another.
        let mut strides = vec![0; to.len()];
        let mut stride = 1_u64;
        for (attribute, (step, to)) in strides.iter_mut().zip(to).enumerate().rev() {
            *step = stride;
            stride = stride.checked_mul(space.codes(attribute, *to) as u64)?;
        }
        let attributes = space.fields.iter().zip(from.iter().zip(to)).zip(strides);
        for (attribute, ((field, (from, to)), step)) in attributes.enumerate() {
            if space.codes(attribute, *to) <= 1 {
                continue;
            }
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

/// What is written while classes are numbered, kept from one numbering to the next.
#[derive(Default)]
pub(super) struct Buffers {
    /// By slot the number of its class from 1 on, or 0. All 0 between uses.
    slots: Vec<u32>,
    /// By number of a class its place, the first key that fell into it, and its rows; rows are all 0 between uses.
    places: Vec<u64>,
    firsts: Vec<u32>,
    rows: Vec<u32>,
}

/// Classes of keys. They are numbered in the order in which they turn up, from 1 on.
pub(super) struct Table<const N: usize> {
    buffers: Buffers,
    /// Slots in use.
    slots: usize,
    shift: u32,
    next: u32,
    /// The keys of the classes, where places do not tell them.
    wide: Vec<Key<N>>,
}

/// Spreads the bits of a number over the upper ones.
#[inline]
fn mix(word: u64) -> u64 {
    let product = u128::from(word) * u128::from(0x9E37_79B9_7F4A_7C15_u64);
    ((product as u64) ^ ((product >> 64) as u64)).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

impl<const N: usize> Table<N> {
    /// A table with a slot for each place, for so many keys.
    pub(super) fn direct(buffers: Buffers, cells: usize, keys: usize) -> Self {
        Self::new(buffers, cells, u64::BITS, keys)
    }

    /// A hash table with open addressing, for so many keys that make at most so many classes.
    pub(super) fn hashed(buffers: Buffers, classes: usize, keys: usize) -> Self {
        let bits = classes.clamp(1 << 9, 1 << 31).next_power_of_two().ilog2() + 1;
        Self::new(buffers, 1 << bits, 64 - bits, keys)
    }

    fn new(mut buffers: Buffers, slots: usize, shift: u32, keys: usize) -> Self {
        let room = keys + 2;
        if buffers.slots.len() < slots {
            buffers.slots.resize(slots, 0);
        }
        if buffers.rows.len() < room {
            buffers.places.resize(room, 0);
            buffers.firsts.resize(room, 0);
            buffers.rows.resize(room, 0);
        }
        Self {
            buffers,
            slots,
            shift,
            next: 1,
            wide: Vec::new(),
        }
    }

    /// Counts the keys from number `from` on, of which places and rows are given, each place having its own slot. Every write is made
    /// whether the class is new or not: which of them are new cannot be foreseen.
    #[inline]
    pub(super) fn add(&mut self, from: usize, places: &[u64], rows: &[u32], numbers: &mut [u32]) {
        let mut next = self.next;
        let Buffers {
            slots,
            places: kept,
            firsts,
            rows: sums,
        } = &mut self.buffers;
        let each = places.iter().zip(rows).zip(numbers).zip(from as u32..);
        for (((place, rows), number), key) in each {
            let Some(slot) = slots.get_mut(*place as usize) else {
                continue;
            };
            let fresh = u32::from(*slot == 0);
            let class = *slot + fresh * next;
            *slot = class;
            let ahead = next as usize;
            if let (Some(kept), Some(first)) = (kept.get_mut(ahead), firsts.get_mut(ahead)) {
                *kept = *place;
                *first = key;
            }
            if let Some(sum) = sums.get_mut(class as usize) {
                *sum += rows;
            }
            *number = class - 1;
            next += fresh;
        }
        self.next = next;
    }

    /// As [`Self::add`], by hashing the places.
    #[inline]
    pub(super) fn add_hashed(
        &mut self,
        from: usize,
        places: &[u64],
        rows: &[u32],
        numbers: &mut [u32],
    ) {
        let each = places.iter().zip(rows).zip(numbers).zip(from as u32..);
        for (((place, rows), number), key) in each {
            let mut slot = (mix(*place) >> self.shift) as usize;
            *number = loop {
                match self.buffers.slots.get(slot).copied().unwrap_or_default() {
                    0 => break self.insert(slot, *place, key, *rows),
                    class if self.buffers.places.get(class as usize) == Some(place) => {
                        break self.count(class, *rows);
                    }
                    _ => slot = (slot + 1) & (self.slots - 1),
                }
            };
        }
    }

    /// Counts a key whose place does not fit a number, by hashing it.
    pub(super) fn add_wide(&mut self, key: Key<N>, rows: u32) -> u32 {
        let hash = key.iter().fold(0, |hash, word| mix(hash ^ word));
        let mut slot = (hash >> self.shift) as usize;
        loop {
            match self.buffers.slots.get(slot).copied().unwrap_or_default() {
                0 => {
                    self.wide.push(key);
                    return self.insert(slot, hash, 0, rows);
                }
                class if self.wide.get(class as usize - 1) == Some(&key) => {
                    return self.count(class, rows);
                }
                _ => slot = (slot + 1) & (self.slots - 1),
            }
        }
    }

    fn insert(&mut self, slot: usize, place: u64, key: u32, rows: u32) -> u32 {
        let class = self.next;
        self.next += 1;
        let Buffers {
            slots,
            places,
            firsts,
            ..
        } = &mut self.buffers;
        if let (Some(slot), Some(kept), Some(first)) = (
            slots.get_mut(slot),
            places.get_mut(class as usize),
            firsts.get_mut(class as usize),
        ) {
            *slot = class;
            *kept = place;
            *first = key;
        }
        self.count(class, rows)
    }

    #[inline]
    fn count(&mut self, class: u32, rows: u32) -> u32 {
        if let Some(sum) = self.buffers.rows.get_mut(class as usize) {
            *sum += rows;
        }
        class - 1
    }

    /// Classes so far.
    pub(super) fn len(&self) -> usize {
        self.next as usize - 1
    }

    /// The keys of the classes and their rows, of keys that were counted from number 0 on, and the buffers as they were.
    pub(super) fn finish(
        mut self,
        from: &[Key<N>],
        steps: &[Step<'_>],
    ) -> (Vec<Key<N>>, Vec<u32>, Buffers) {
        let used = 1..self.next as usize;
        let buffers = &mut self.buffers;
        let firsts = buffers.firsts.get(used.clone()).unwrap_or_default();
        let keys = if self.wide.is_empty() {
            let first = |first: &u32| from.get(*first as usize).copied().unwrap_or([0; N]);
            firsts.iter().map(|key| climb(first(key), steps)).collect()
        } else {
            self.wide
        };
        let sums = buffers.rows.get_mut(used.clone()).unwrap_or_default();
        let rows = sums.to_vec();
        sums.fill(0);
        if self.shift == u64::BITS {
            for place in buffers.places.get(used).unwrap_or_default() {
                if let Some(slot) = buffers.slots.get_mut(*place as usize) {
                    *slot = 0;
                }
            }
        } else if let Some(slots) = buffers.slots.get_mut(..self.slots) {
            slots.fill(0);
        }
        (keys, rows, self.buffers)
    }
}
