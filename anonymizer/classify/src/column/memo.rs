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

/// Values by their hashes; a new one takes the place of an old one.
#[derive(Debug)]
pub struct Memo {
    places: Vec<Seen>,
}

impl Memo {
    pub fn new() -> Self {
        Self { places: Vec::new() }
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
    let mut tail = [0; 8];
    for (place, byte) in tail.iter_mut().zip(rest) {
        *place = *byte;
    }
    fold(hash ^ u64::from_le_bytes(tail), 0xD6E8_FEB8_6659_FD93)
}

/// Both halves of a product, mixed.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0xA076_1D64_78BD_642F) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}
