//! The values of a column seen last, so that a value that comes again is not looked at again.

use crate::sign::Signs;

/// Places for values; a power of two.
const PLACES: usize = 256;

/// A value that was looked at, and how often it came since.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub hash: u64,
    pub signs: Signs,
    pub count: u64,
    /// Decades since 1900, or 255.
    pub decade: u8,
}

/// Values after which it is asked whether any come again.
const TRIAL: u32 = 1024;

/// Values by their hashes; a new one takes the place of an old one. In a column where hardly any comes again soon, none is kept.
#[derive(Debug)]
pub struct Memo {
    places: Vec<Seen>,
    /// Values that were looked at since it was asked whether any come again.
    looked: u32,
    /// Cells that needed no look, among those of values that lost their places.
    spared: u64,
    useless: bool,
}

impl Memo {
    pub fn new() -> Self {
        Self {
            places: Vec::new(),
            looked: 0,
            spared: 0,
            useless: false,
        }
    }

    /// Whether values come again too seldom to be remembered.
    #[inline]
    pub fn is_useless(&self) -> bool {
        self.useless
    }

    /// Whether it has become so, when the time has come to ask. Then it is to be drained.
    #[inline]
    pub fn try_out(&mut self) -> bool {
        self.looked += 1;
        if self.looked < TRIAL {
            return false;
        }
        self.useless = self.spared < u64::from(TRIAL / 8);
        (self.looked, self.spared) = (0, 0);
        self.useless
    }

    /// Counts the value if it is remembered.
    #[inline]
    pub fn again(&mut self, hash: u64) -> bool {
        match self.places.get_mut(place(hash)) {
            Some(seen) if seen.hash == hash && seen.count > 0 => {
                seen.count += 1;
                true
            }
            _ => false,
        }
    }

    /// Remembers a value, and answers which it took the place of.
    pub fn replace(&mut self, seen: Seen) -> Option<Seen> {
        if self.places.is_empty() {
            self.places = vec![Seen::default(); PLACES];
        }
        let place = self.places.get_mut(place(seen.hash))?;
        let past = std::mem::replace(place, seen);
        self.spared += past.count.saturating_sub(1);
        (past.count > 0).then_some(past)
    }

    /// Forgets all values, and answers which they were.
    pub fn drain(&mut self) -> impl Iterator<Item = Seen> + use<> {
        std::mem::take(&mut self.places)
            .into_iter()
            .filter(|seen| seen.count > 0)
    }
}

#[inline]
fn place(hash: u64) -> usize {
    (hash >> 40) as usize & (PLACES - 1)
}

/// A hash of the bytes, by words of eight.
#[inline]
pub fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = (bytes.len() as u64).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), FACTOR);
    }
    // Twice: texts that differ in their last digits alone are spread evenly too.
    let hash = fold(hash ^ tail(bytes, rest), 0xD6E8_FEB8_6659_FD93);
    fold(hash, FACTOR)
}

/// The bytes behind the last whole word as a number. Bytes before them may be in it: with the length, it still tells all texts apart.
#[inline]
fn tail(bytes: &[u8], rest: &[u8]) -> u64 {
    if rest.is_empty() {
        return 0;
    }
    if let Some(last) = bytes.last_chunk::<8>() {
        return u64::from_le_bytes(*last);
    }
    if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (rest.len() - 4));
    }
    let byte = |at: usize| u64::from(rest.get(at).copied().unwrap_or(0));
    byte(0) | byte(rest.len() / 2) << 8 | byte(rest.len() - 1) << 16
}

/// Both halves of a product, mixed.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0xA076_1D64_78BD_642F) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}
