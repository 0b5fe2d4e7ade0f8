//! Hashes of words, the same for all ways to write a word.

use super::alphabet::loose_lower;

const SEED: u64 = 0x243F_6A88_85A3_08D3;
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// The hash of a word as it is being read, letter by letter.
#[derive(Clone, Copy, Debug)]
pub struct Loose {
    /// Whole fours of letters.
    hash: u64,
    /// Up to three letters more, 16 bits each.
    rest: u64,
}

impl Loose {
    /// Of no letters.
    pub const EMPTY: Self = Self {
        hash: SEED,
        rest: 0,
    };

    /// With one more loose letter (see [`hash`]).
    #[inline]
    pub(super) const fn with(self, letter: u32) -> Self {
        // No letter is 0, so that the fourth one is seen by the uppermost bits.
        self.with_plain(((letter ^ letter >> 16) & 0xFFFF | (letter == 0) as u32) as u16)
    }

    /// With one more loose letter, which is not 0.
    #[inline]
    pub(super) const fn with_plain(self, letter: u16) -> Self {
        let waiting = self.waiting(letter);
        if waiting.rest >> 48 == 0 {
            waiting
        } else {
            waiting.taken_up()
        }
    }

    /// How many letters may wait before four of them are to be taken up.
    pub(super) const fn missing(self) -> u32 {
        self.rest.leading_zeros() / 16
    }

    /// With one more letter that waits.
    #[inline]
    pub(super) const fn waiting(self, letter: u16) -> Self {
        Self {
            rest: self.rest << 16 | letter as u64,
            ..self
        }
    }

    /// With one to eight letters, where none waited: four by four, 16 bits each, from the highest on.
    #[inline]
    pub(super) const fn with_eight(self, [front, back]: [u64; 2], count: usize) -> Self {
        let (hash, waiting) = if count < 4 {
            (self.hash, front)
        } else {
            (mix(self.hash, front), back)
        };
        if count == 8 {
            return Self {
                hash: mix(hash, back),
                rest: 0,
            };
        }
        // Of four letters none waits: `back` is 0.
        let missing = (8 - count as u32) % 4;
        Self {
            hash,
            rest: waiting >> (16 * missing),
        }
    }

    /// With the four letters that waited.
    #[inline]
    pub(super) const fn taken_up(self) -> Self {
        Self {
            hash: mix(self.hash, self.rest),
            rest: 0,
        }
    }

    /// With the letters of a word or of an ending after those so far.
    pub const fn followed(self, letters: &str) -> Self {
        let mut bytes = letters.as_bytes();
        let mut state = self;
        while let Some((letter, rest)) = next(bytes) {
            state = state.with(loose_lower(letter));
            bytes = rest;
        }
        state
    }

    /// The hash of the letters so far.
    #[inline]
    pub const fn finish(self) -> u64 {
        let mixed = mix(self.hash, self.rest);
        mixed ^ mixed >> 32
    }
}

const fn mix(hash: u64, letters: u64) -> u64 {
    (hash.rotate_left(5) ^ letters).wrapping_mul(FACTOR)
}

/// The hash of a word without regard to case, ё, diacritics of Latin letters, and Kazakh letters typed as Russian ones:
/// `hash("Қызы") == hash("кызы")`. A token of that word has it. For constants it is computed by the compiler.
pub const fn hash(word: &str) -> u64 {
    Loose::EMPTY.followed(word).finish()
}

/// The hashes of the beginnings of a folded word, from one letter to the whole word.
pub fn prefixes(folded: &str) -> impl Iterator<Item = u64> {
    let mut state = Loose::EMPTY;
    folded.chars().map(move |letter| {
        state = state.with(loose_lower(letter as u32));
        state.finish()
    })
}

/// Decodes one character of valid UTF-8.
#[inline]
const fn next(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match bytes {
        [a @ 0..=0x7F, rest @ ..] => Some((*a as u32, rest)),
        [a @ 0xC0..=0xDF, b, rest @ ..] => {
            Some((((*a as u32) & 0x1F) << 6 | (*b as u32) & 0x3F, rest))
        }
        [a @ 0xE0..=0xEF, b, c, rest @ ..] => Some((
            ((*a as u32) & 0xF) << 12 | ((*b as u32) & 0x3F) << 6 | (*c as u32) & 0x3F,
            rest,
        )),
        [a, b, c, d, rest @ ..] => Some((
            ((*a as u32) & 7) << 18
                | ((*b as u32) & 0x3F) << 12
                | ((*c as u32) & 0x3F) << 6
                | (*d as u32) & 0x3F,
            rest,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_write_a_word_have_one_hash() {
        for (a, b) in [
            ("ИИН", "иин"),
            ("Қызы", "кызы"),
            ("ЕЩЁ", "еще"),
            ("Ұлы", "улы"),
            ("Güliá", "gulia"),
            ("ЖІБЕК", "жибек"),
        ] {
            assert_eq!(hash(a), hash(b), "{a} {b}");
        }
        assert_ne!(hash("иин"), hash("нии"));
        let beginnings: Vec<_> = prefixes("қыз").collect();
        assert_eq!(beginnings, [hash("к"), hash("кы"), hash("кыз")]);
        assert_ne!(hash("й"), hash("и"));
    }
}
