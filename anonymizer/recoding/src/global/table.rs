//! Numbering the classes that keys fall into.

use super::space::{Field, Key, Step};

/// Keys looked up in a row.
pub(super) const BLOCK: usize = 256;

/// Bits by which the entries of a table are found, of which the one is taken that pays for the number of keys.
const BITS: [u32; 5] = [4, 6, 8, 10, 12];

/// A number for each key at a coarser node: the sum of what its codes there are worth. It is looked up in tables, each for some
/// neighbouring attributes.
pub(super) struct Worth {
    /// Entries of each table that is read without asking whether there are so many: 2 to the power of one of [`BITS`].
    entries: usize,
    tables: Vec<(Field, Vec<u64>)>,
}

impl Worth {
    /// What a code of each attribute that takes part is worth, times the code. For as many keys: tables are no longer than pays for these.
    pub(super) fn new<'s>(steps: impl Iterator<Item = (&'s Step<'s>, u64)>, keys: usize) -> Self {
        let longest = (keys / 8).max(1).ilog2();
        let longest = BITS.into_iter().rfind(|bits| *bits <= longest);
        let longest = longest.unwrap_or(4);
        let mut tables: Vec<(Field, Vec<u64>)> = Vec::new();
        for (step, worth) in steps.filter(|(step, _)| step.number > 1) {
            let field = step.from;
            let own = step.codes.iter().map(|code| u64::from(*code) * worth);
            let bits = field.bits();
            match tables.last_mut() {
                Some((group, table))
                    if group.word == field.word && field.shift + bits - group.shift <= longest =>
                {
                    // Attributes between the two are gone at the coarser node, whatever their codes are.
                    let gap = field.shift - group.shift - group.bits();
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
                    tables.push((field, table));
                }
            }
        }
        let entries = 1 << longest;
        for (_, table) in &mut tables {
            table.resize(table.len().max(entries), 0);
        }
        Self { entries, tables }
    }

    /// The numbers of keys.
    #[inline]
    pub(super) fn of<const N: usize>(&self, keys: &[Key<N>], numbers: &mut [u64]) {
        match self.entries {
            0x10 => self.sum::<N, 0x10>(keys, numbers),
            0x40 => self.sum::<N, 0x40>(keys, numbers),
            0x100 => self.sum::<N, 0x100>(keys, numbers),
            0x400 => self.sum::<N, 0x400>(keys, numbers),
            _ => self.sum::<N, 0x1000>(keys, numbers),
        }
    }

    fn sum<const N: usize, const E: usize>(&self, keys: &[Key<N>], numbers: &mut [u64]) {
        numbers.fill(0);
        let mut tables = self.tables.as_slice();
        while let [(field, table), rest @ ..] = tables {
            tables = rest;
            let field = *field;
            let Ok(own) = <&[u64; E]>::try_from(table.as_slice()) else {
                for (key, number) in keys.iter().zip(numbers.iter_mut()) {
                    *number += table.get(field.get(key)).copied().unwrap_or_default();
                }
                continue;
            };
            // Two tables at a time: each number is read and written half as often.
            let next = rest.split_first().and_then(|((field, table), rest)| {
                Some((*field, <&[u64; E]>::try_from(table.as_slice()).ok()?, rest))
            });
            match next {
                Some((second, others, rest)) => {
                    tables = rest;
                    for (key, number) in keys.iter().zip(numbers.iter_mut()) {
                        *number += entry(own, field, key) + entry(others, second, key);
                    }
                }
                None => {
                    for (key, number) in keys.iter().zip(numbers.iter_mut()) {
                        *number += entry(own, field, key);
                    }
                }
            }
        }
    }
}

/// The entry of a key in a table that has one for every code of the field.
#[inline]
fn entry<const N: usize, const E: usize>(table: &[u64; E], field: Field, key: &Key<N>) -> u64 {
    let code = field.get(key) & (E - 1);
    table.get(code).copied().unwrap_or_default()
}

/// The place of a key among all combinations of codes at a coarser node; nothing if places would not fit a number.
pub(super) fn radix(steps: &[Step<'_>], keys: usize) -> Option<Worth> {
    // Keys ascend by their first attributes, and so do places then: neighbours are counted near one another.
    let mut strides = vec![0; steps.len()];
    let mut stride = 1_u64;
    for (step, own) in steps.iter().zip(&mut strides).rev() {
        *own = stride;
        stride = stride.checked_mul(step.number as u64)?;
    }
    Some(Worth::new(steps.iter().zip(strides), keys))
}

/// Keys as they are at a coarser node.
pub(super) fn climb<const N: usize>(keys: &[Key<N>], steps: &[Step<'_>]) -> Vec<Key<N>> {
    let mut above = vec![[0; N]; keys.len()];
    let mut words = [0; BLOCK];
    for word in 0..N {
        let own = steps.iter().filter(|step| step.to.word == word);
        let worth = Worth::new(own.map(|step| (step, 1 << step.to.shift)), keys.len());
        for (keys, above) in keys.chunks(BLOCK).zip(above.chunks_mut(BLOCK)) {
            worth.of(keys, &mut words);
            for (above, bits) in above.iter_mut().zip(&words) {
                if let Some(slot) = above.get_mut(word) {
                    *slot = *bits;
                }
            }
        }
    }
    above
}

/// What is written while classes are numbered, kept from one numbering to the next.
#[derive(Default)]
pub(super) struct Buffers {
    /// By slot the number of its class from 1 on, or 0. All 0 between uses.
    slots: Vec<u32>,
    /// By number of a class.
    entries: Vec<Entry>,
}

/// A class while it is counted.
#[derive(Clone, Copy, Default)]
struct Entry {
    place: u64,
    /// The first key that fell into it.
    first: u32,
    /// Its rows; 0 between uses.
    rows: u32,
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
        if buffers.entries.len() < room {
            buffers.entries.resize(room, Entry::default());
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
    #[inline(never)]
    pub(super) fn add(&mut self, from: usize, places: &[u64], rows: &[u32], numbers: &mut [u32]) {
        let (mut next, mut key) = (self.next, from as u32);
        let slots = self.buffers.slots.as_mut_slice();
        let entries = self.buffers.entries.as_mut_slice();
        for ((place, rows), number) in places.iter().zip(rows).zip(numbers) {
            if let Some(slot) = slots.get_mut(*place as usize) {
                let fresh = u32::from(*slot == 0);
                let class = *slot + fresh * next;
                *slot = class;
                *number = class - 1;
                if let Some(ahead) = entries.get_mut(next as usize) {
                    (ahead.place, ahead.first) = (*place, key);
                }
                if let Some(entry) = entries.get_mut(class as usize) {
                    entry.rows += rows;
                }
                next += fresh;
            }
            key += 1;
        }
        self.next = next;
    }

    /// As [`Self::add`], by hashing the places.
    #[inline(never)]
    pub(super) fn add_hashed(
        &mut self,
        from: usize,
        places: &[u64],
        rows: &[u32],
        numbers: &mut [u32],
    ) {
        let (mut next, last, shift) = (self.next, self.slots - 1, self.shift);
        let slots = self.buffers.slots.as_mut_slice();
        let entries = self.buffers.entries.as_mut_slice();
        let each = places.iter().zip(rows).zip(numbers).zip(from as u32..);
        for (((place, rows), number), first) in each {
            let mut at = (mix(*place) >> shift) as usize;
            while let Some(slot) = slots.get_mut(at) {
                let fresh = *slot == 0;
                if fresh {
                    *slot = next;
                    next += 1;
                }
                if let Some(entry) = entries.get_mut(*slot as usize)
                    && (fresh || entry.place == *place)
                {
                    if fresh {
                        (entry.place, entry.first) = (*place, first);
                    }
                    entry.rows += rows;
                    *number = *slot - 1;
                    break;
                }
                at = (at + 1) & last;
            }
        }
        self.next = next;
    }

    /// Counts a key of this number whose place does not fit one, by hashing it.
    pub(super) fn add_wide(&mut self, first: usize, key: Key<N>, rows: u32) -> u32 {
        let hash = key.iter().fold(0, |hash, word| mix(hash ^ word));
        let mut at = (hash >> self.shift) as usize;
        while let Some(slot) = self.buffers.slots.get_mut(at) {
            let fresh = *slot == 0;
            if fresh {
                *slot = self.next;
                self.next += 1;
                self.wide.push(key);
            }
            let class = *slot as usize;
            if fresh || self.wide.get(class - 1) == Some(&key) {
                if let Some(entry) = self.buffers.entries.get_mut(class) {
                    if fresh {
                        entry.first = first as u32;
                    }
                    entry.rows += rows;
                }
                return *slot - 1;
            }
            at = (at + 1) & (self.slots - 1);
        }
        0
    }

    /// Classes so far.
    pub(super) fn len(&self) -> usize {
        self.next as usize - 1
    }

    /// Counts the classes of another table of the same kind and size, whose keys are later ones, and answers the number of each. Not for keys
    /// that no place tells.
    pub(super) fn join(&mut self, other: &Self) -> Vec<u32> {
        let last = self.slots - 1;
        let entries = other.buffers.entries.get(1..other.next as usize);
        let entries = entries.unwrap_or_default().iter();
        let number = |entry: &Entry| {
            let direct = self.shift == u64::BITS;
            let mut at = match direct {
                true => entry.place as usize,
                false => (mix(entry.place) >> self.shift) as usize,
            };
            while let Some(slot) = self.buffers.slots.get_mut(at) {
                let fresh = *slot == 0;
                if fresh {
                    *slot = self.next;
                    self.next += 1;
                }
                if let Some(own) = self.buffers.entries.get_mut(*slot as usize) {
                    if fresh {
                        (own.place, own.first) = (entry.place, entry.first);
                    }
                    if own.place == entry.place {
                        own.rows += entry.rows;
                        return *slot - 1;
                    }
                }
                at = (at + 1) & last;
            }
            0
        };
        entries.map(number).collect()
    }

    /// The first key of each class, by its number, and the rows of each, and the buffers as they were.
    pub(super) fn finish(self) -> (Vec<u32>, Vec<u32>, Buffers) {
        let used = self.buffers.entries.get(1..self.next as usize);
        let used = used.unwrap_or_default();
        let firsts = used.iter().map(|entry| entry.first).collect();
        let rows = used.iter().map(|entry| entry.rows).collect();
        (firsts, rows, self.clear())
    }

    /// The buffers as they were.
    pub(super) fn clear(mut self) -> Buffers {
        let Buffers { slots, entries } = &mut self.buffers;
        for entry in entries.get_mut(1..self.next as usize).unwrap_or_default() {
            entry.rows = 0;
            if self.shift == u64::BITS
                && let Some(slot) = slots.get_mut(entry.place as usize)
            {
                *slot = 0;
            }
        }
        if self.shift < u64::BITS {
            slots.iter_mut().take(self.slots).for_each(|slot| *slot = 0);
        }
        self.buffers
    }
}
