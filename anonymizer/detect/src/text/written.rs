//! Words as they are written, and what was read of those that came last: most words of a text come again and again.

use super::Letters;
use crate::glance::Glance;

/// The bytes of at most eleven Cyrillic letters, eight by eight; 0 behind the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written([u64; 3]);

impl Written {
    /// The Cyrillic characters of two bytes that begin at a place, and how many bytes they have; nothing if there are none or too
    /// many, or the text ends.
    #[inline(always)]
    pub fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let (front, rest) = bytes.get(at..)?.split_first_chunk::<8>()?;
        let (middle, rest) = rest.split_first_chunk::<8>()?;
        let back = rest.first_chunk::<8>()?;
        let (front, first) = cyrillic(u64::from_le_bytes(*front), false);
        let (middle, second) = cyrillic(u64::from_le_bytes(*middle), first < 8);
        let (back, third) = cyrillic(u64::from_le_bytes(*back), second < 8);
        let length = first + second + third;
        (length > 0 && length < 24).then_some((Self([front, middle, back]), length))
    }
}

/// The first of four characters of two bytes each, as far as they are Cyrillic, and how many bytes they have.
#[inline]
const fn cyrillic(lanes: u64, ended: bool) -> (u64, usize) {
    // The first byte of a character is in the lower bits of its lane.
    const LEAD: u64 = 0x00FC_00FC_00FC_00FC;
    const CYRILLIC: u64 = 0x00D0_00D0_00D0_00D0;
    let other = ((lanes & LEAD) ^ CYRILLIC) | ended as u64;
    let bits = other.trailing_zeros() & !15;
    let kept = match u64::MAX.checked_shl(bits) {
        Some(behind) => lanes & !behind,
        None => lanes,
    };
    (kept, bits as usize / 8)
}

/// What was read of a word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    written: Written,
    pub hash: u64,
    pub letters: Letters,
    pub glance: Glance,
}

/// The words that were read last; of five with one place the first leaves.
#[derive(Debug, Default)]
pub struct Words(Vec<[Known; 4]>);

impl Words {
    const PLACES: u32 = 10;

    #[inline]
    fn place(written: &Written) -> usize {
        let Written([front, middle, back]) = *written;
        let mixed = front ^ middle.rotate_left(23) ^ back.rotate_left(41);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - Self::PLACES)) as usize
    }

    /// What was read of a word.
    #[inline]
    pub fn get(&self, written: &Written) -> Option<Known> {
        let place = self.0.get(Self::place(written))?;
        place
            .iter()
            .find(|known| known.written == *written)
            .copied()
    }

    /// Remembers what was read of a word.
    pub fn note(&mut self, written: Written, hash: u64, letters: Letters, glance: Glance) {
        if self.0.is_empty() {
            self.0.resize(1 << Self::PLACES, [Known::default(); 4]);
        }
        if let Some(place) = self.0.get_mut(Self::place(&written)) {
            place.rotate_right(1);
            let [last, ..] = place;
            *last = Known {
                written,
                hash,
                letters,
                glance,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<(Written, usize)> {
        let text = format!("{text} and what stands behind it");
        Written::read(text.as_bytes(), 0)
    }

    #[test]
    fn words_are_told_apart_by_their_letters_alone() {
        for word in [
            "и",
            "ИИН",
            "пять",
            "қазан",
            "Ержанова",
            "заявление",
            "одиннадцать",
        ] {
            let found = written(word);
            assert_eq!(found.map(|(_, length)| length), Some(word.len()), "{word}");
            for (after, other) in [(",", ". "), ("1", "-а"), ("a", "é")] {
                assert_eq!(written(&format!("{word}{after}")), found, "{word}{after}");
                assert_eq!(written(&format!("{word}{other}")), found, "{word}{other}");
            }
            assert_ne!(written(&format!("{word}я")), found);
            assert_ne!(
                written(&word.replacen(['и', 'И', 'п', 'қ', 'Е', 'з', 'о'], "ы", 1)),
                found
            );
        }
        for word in ["", "word", "двенадцатого", "7"] {
            assert_eq!(written(word), None, "{word}");
        }
        assert_eq!(Written::read("конец".as_bytes(), 0), None);
    }

    #[test]
    fn the_last_words_of_a_place_are_known() {
        let mut words = Words::default();
        let word = |number: u64| Written([number, 7, 0]);
        let shared: Vec<Written> = (1..100_000)
            .map(word)
            .filter(|one| Words::place(one) == Words::place(&word(0)))
            .take(5)
            .collect();
        for (number, one) in shared.iter().enumerate() {
            assert!(words.get(one).is_none());
            words.note(*one, number as u64, Letters::TITLE, Glance::default());
        }
        let known: Vec<_> = shared
            .iter()
            .map(|one| words.get(one).map(|known| known.hash))
            .collect();
        assert_eq!(known, [None, Some(1), Some(2), Some(3), Some(4)]);
    }
}
