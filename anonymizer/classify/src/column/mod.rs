//! What was seen of one column, cell by cell.
//!
//! Parts of a file are looked at apart from one another, and what was seen of them is added up, so that the whole file counts
//! and nothing depends on where it was cut.

mod memo;
mod sketch;
mod values;

use crate::cell::{Observation, Observer};
use crate::mask::mask;
use crate::sign::{SIGNS, Sign, Signs};
pub use memo::hash;
use memo::{Memo, Seen};
use sketch::Sketch;
pub use values::Values;

/// Examples kept of each sign.
const EXAMPLES: usize = 3;

/// Cells that are looked at for examples of a sign; most columns have a form or two.
const TRIES: u8 = 24;

/// The first decade that is counted.
const FIRST_DECADE: u16 = 190;

/// Decades that are counted: from 1900 to 2039.
pub const DECADES: usize = 14;

/// One column as far as it was seen.
#[derive(Debug)]
pub struct Column {
    /// Cells with a value.
    present: u64,
    counts: [u64; SIGNS],
    /// The row of the first cell with each sign, counted from 0.
    first: [u64; SIGNS],
    /// Signs that some cell had.
    met: Signs,
    memo: Memo,
    sketch: Sketch,
    pub values: Option<Values>,
    pub decades: [u64; DECADES],
    pub low: f64,
    pub high: f64,
    /// Numbers that are the one before and 1.
    successors: u64,
    last: f64,
    bytes: u64,
    /// Cells that `bytes` and `successors` are of: those whose values were not met shortly before.
    looked: u64,
    /// Signs of which more examples are wanted.
    wanted: Signs,
    tries: [u8; SIGNS],
    pub examples: Vec<(Sign, String)>,
}

impl Column {
    /// A column of which nothing was seen. `listed` tells whether its different values are worth keeping.
    pub fn new(listed: bool) -> Self {
        Self {
            present: 0,
            counts: [0; SIGNS],
            first: [u64::MAX; SIGNS],
            met: Signs::default(),
            memo: Memo::new(),
            sketch: Sketch::new(),
            values: listed.then(Values::default),
            decades: [0; DECADES],
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            successors: 0,
            last: f64::NAN,
            bytes: 0,
            looked: 0,
            wanted: Signs(u64::MAX),
            tries: [0; SIGNS],
            examples: Vec::new(),
        }
    }

    /// Takes note of the cell in a row.
    #[inline]
    pub fn push(&mut self, observer: &mut Observer, cell: &[u8], row: u64) {
        if cell.is_empty() {
            return;
        }
        let hash = memo::hash(cell);
        if !self.memo.is_useless() && self.memo.again(hash) {
            return;
        }
        self.look(observer, cell, row, hash);
    }

    fn look(&mut self, observer: &mut Observer, cell: &[u8], row: u64, hash: u64) {
        let seen = observer.observe(cell);
        let decade = seen
            .year
            .and_then(|year| (year / 10).checked_sub(FIRST_DECADE));
        let seen_now = Seen {
            hash,
            signs: seen.signs,
            decade: decade.map_or(u8::MAX, |decade| u8::try_from(decade).unwrap_or(u8::MAX)),
            count: 1,
        };
        if seen.signs.has(Sign::Missing) {
            return self.remember(seen_now);
        }
        self.sketch.add(hash);
        self.measure(cell, seen);
        // Rows come in order, so that the first row with a sign is the one that brings it.
        for place in Signs(seen.signs.0 & !self.met.0).places() {
            if let Some(first) = self.first.get_mut(place) {
                *first = row;
            }
        }
        self.met = self.met.and(seen.signs);
        if self
            .values
            .as_mut()
            .is_some_and(|values| !values.add(hash, cell))
        {
            self.values = None;
        }
        if seen.signs.0 & self.wanted.0 != 0 {
            self.exemplify(cell, seen.signs);
        }
        self.remember(seen_now);
    }

    /// Remembers a value, or counts it at once. It is listed by now, if values are.
    #[inline]
    fn remember(&mut self, seen: Seen) {
        if self.memo.is_useless() {
            return self.count(&seen);
        }
        if let Some(past) = self.memo.replace(seen) {
            self.count(&past);
        }
        if self.memo.try_out() {
            self.settle();
        }
    }

    fn measure(&mut self, cell: &[u8], seen: Observation) {
        if let Some(number) = seen.number {
            self.low = self.low.min(number);
            self.high = self.high.max(number);
            self.successors += u64::from(number - self.last == 1.0);
            self.last = number;
        }
        self.bytes += cell.len() as u64;
        self.looked += 1;
    }

    fn exemplify(&mut self, cell: &[u8], signs: Signs) {
        let text = mask(cell);
        for place in Signs(signs.0 & self.wanted.0).places() {
            let Some(sign) = Sign::ALL.get(place) else {
                continue;
            };
            let kept = self.examples.iter().filter(|(kept, _)| kept == sign);
            let count = kept.clone().count();
            let new = !kept.clone().any(|(_, kept)| *kept == text);
            if let Some(tries) = self.tries.get_mut(place) {
                *tries += 1;
                if *tries == TRIES || count + usize::from(new) == EXAMPLES {
                    self.wanted.0 &= !(1 << place);
                }
            }
            if new {
                self.examples.push((*sign, text.clone()));
            }
        }
    }

    /// Adds what the memo knows of one value to the counts.
    fn count(&mut self, seen: &Seen) {
        for place in seen.signs.places() {
            if let Some(count) = self.counts.get_mut(place) {
                *count += seen.count;
            }
        }
        if seen.signs.has(Sign::Missing) {
            return;
        }
        self.present += seen.count;
        if let Some(decade) = self.decades.get_mut(usize::from(seen.decade)) {
            *decade += seen.count;
        }
        if let Some(values) = &mut self.values {
            values.count(seen.hash, seen.count);
        }
    }

    /// Brings the counts up to date.
    pub fn settle(&mut self) {
        for seen in self.memo.drain() {
            self.count(&seen);
        }
    }

    /// Adds what was seen of a later part, which begins at a row. Both are settled.
    pub fn append(&mut self, later: Self, row: u64) {
        self.present += later.present;
        for (sum, more) in self.counts.iter_mut().zip(later.counts) {
            *sum += more;
        }
        for (first, other) in self.first.iter_mut().zip(later.first) {
            *first = (*first).min(other.saturating_add(row));
        }
        self.met = self.met.and(later.met);
        for (sum, more) in self.decades.iter_mut().zip(later.decades) {
            *sum += more;
        }
        self.sketch.join(&later.sketch);
        self.values = match (self.values.take(), later.values) {
            (Some(values), Some(more)) => values.join(more),
            _ => None,
        };
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
        self.successors += later.successors;
        self.bytes += later.bytes;
        self.looked += later.looked;
        for (sign, text) in later.examples {
            let kept = self.examples.iter().filter(|(kept, _)| *kept == sign);
            if kept.clone().count() < EXAMPLES && !kept.clone().any(|(_, kept)| *kept == text) {
                self.examples.push((sign, text));
            }
        }
    }

    /// Cells with a value.
    pub fn present(&self) -> u64 {
        self.present
    }

    /// Cells with a sign.
    pub fn count_of(&self, sign: Sign) -> u64 {
        self.counts.get(sign as usize).copied().unwrap_or(0)
    }

    /// The row of the first cell with a sign, counted from 0.
    pub fn first_of(&self, sign: Sign) -> Option<u64> {
        self.first
            .get(sign as usize)
            .copied()
            .filter(|row| *row != u64::MAX)
    }

    /// The share of the cells with a value that have a sign, 0 to 1.
    pub fn share(&self, sign: Sign) -> f64 {
        if self.present == 0 {
            return 0.0;
        }
        self.count_of(sign) as f64 / self.present as f64
    }

    /// The number of different values: exact while they are few, within two percent otherwise.
    pub fn distinct(&self) -> u64 {
        match &self.values {
            Some(values) => values.len() as u64,
            None => self.sketch.estimate().min(self.present),
        }
    }

    /// Bytes of a value on average.
    pub fn length(&self) -> f64 {
        self.bytes as f64 / self.looked.max(1) as f64
    }

    /// Numbers that are the one before and 1, as a share of all values.
    pub fn sequence(&self) -> f64 {
        self.successors as f64 / self.present.max(1) as f64
    }
}

#[cfg(test)]
mod tests;
