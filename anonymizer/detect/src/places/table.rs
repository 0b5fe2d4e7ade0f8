//! Tables keyed by hashes of words.

use std::hash::{BuildHasher, Hasher};

/// For maps whose keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folded(u64);

impl BuildHasher for Folded {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A set of hashes that answers quickly and errs only by holding too much.
#[derive(Clone, Debug)]
pub struct Sieve(Box<[u64; Sieve::WORDS]>);

impl Default for Sieve {
    fn default() -> Self {
        Self(Box::new([0; Self::WORDS]))
    }
}

impl Sieve {
    /// 32 KiB: twenty thousand words leave few chance hits, and it stays near the processor.
    const WORDS: usize = 1 << 12;

    fn place(hash: u64) -> (usize, u64) {
        let bit = (hash >> 20) as usize;
        (bit / 64 % Self::WORDS, 1 << (bit % 64))
    }

    /// Takes up a hash.
    pub fn add(&mut self, hash: u64) {
        let (word, bit) = Self::place(hash);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    /// Whether the hash may have been taken up.
    pub fn may_hold(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// The key of two words joined by a sign, such as `к-сі`.
pub const fn joined(before: u64, sign: char, after: u64) -> u64 {
    mix(mix(before ^ sign as u64) ^ after.rotate_left(17))
}

/// Keys of phrases, word by word.
pub mod phrase {
    /// Of no words.
    pub const EMPTY: u64 = 0x5851_F42D_4C95_7F2D;

    /// With one more word of that hash.
    pub const fn with(state: u64, hash: u64) -> u64 {
        super::mix(state.rotate_left(23) ^ hash)
    }
}

const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value ^ (value >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sieve_holds_what_was_added() {
        let mut sieve = Sieve::default();
        let hash = |i: u64| mix(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (0..3000).for_each(|i| sieve.add(hash(i)));
        assert!((0..3000).all(|i| sieve.may_hold(hash(i))));
        let wrong = (3000..103_000).filter(|i| sieve.may_hold(hash(*i))).count();
        assert!(wrong < 5_000, "{wrong}");
    }

    #[test]
    fn keys_depend_on_order_and_sign() {
        assert_ne!(joined(1, '-', 2), joined(2, '-', 1));
        assert_ne!(joined(1, '-', 2), joined(1, '/', 2));
        let two = phrase::with(phrase::with(phrase::EMPTY, 1), 2);
        assert_ne!(two, phrase::with(phrase::with(phrase::EMPTY, 2), 1));
    }
}
