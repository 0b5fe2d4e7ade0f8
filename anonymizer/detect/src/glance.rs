//! What a word says at a glance, whoever asks: looked up once, while the text is folded, instead of by each recognizer.
//!
//! Most words say nothing, and say so again and again: the last ones are remembered by their hashes, so that most cost one look.

use crate::names::{Facts, lexicon};
use crate::places::calendar::Cues as Calendar;
use crate::places::lexicon::Lexicon as Addresses;
use crate::recognizer::cue;
use crate::text::loose;

/// What a word or a sign may be to the recognizers. It errs only by holding too much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    facts: u8,
    /// What it tells of numbers near, as [`cue::code`] says it.
    pub topic: u8,
}

impl Glance {
    /// It may wake the search for addresses.
    pub const ADDRESS: u8 = 1;
    /// It may be of a class of words of addresses.
    pub const ROLE: u8 = 1 << 1;
    /// It may wake the search for dates of birth.
    pub const BIRTH: u8 = 1 << 2;
    /// It may be a part of a name even in small letters, or say that names follow.
    pub const NAME: u8 = 1 << 3;
    /// A known name of an address may begin with it.
    pub const BEGIN: u8 = 1 << 4;

    const FACTS: u32 = 5;

    /// In ten bits.
    const fn bits(self) -> u64 {
        (self.topic as u64) << Self::FACTS | self.facts as u64
    }

    const fn of_bits(bits: u64) -> Self {
        let lowest = (1 << Self::FACTS) - 1;
        Self {
            facts: (bits & lowest) as u8,
            topic: (bits >> Self::FACTS & lowest) as u8,
        }
    }

    /// Whether it has some of `facts`.
    pub const fn has(self, facts: u8) -> bool {
        self.facts & facts != 0
    }

    /// Of the word of that hash, in the one or the other of its spellings.
    pub fn of_word(hash: u64, folded: &str) -> Self {
        let named = Facts::HEADING.and(Facts::SORTS).and(Facts::GIVEN);
        let addresses = Addresses::shared();
        let told = [
            (addresses.triggers(hash), Self::ADDRESS),
            (addresses.has_roles(hash), Self::ROLE),
            (addresses.begins_name(hash), Self::BEGIN),
            (Calendar::shared().may_trigger(hash), Self::BIRTH),
            (lexicon().get(hash).any(named), Self::NAME),
            (may_be_patronymic(folded), Self::NAME),
        ];
        let told = told.into_iter().filter(|(told, _)| *told);
        Self {
            facts: told.fold(0, |facts, (_, fact)| facts | fact),
            topic: cue::code(hash, folded),
        }
    }

    /// Of a folded sign.
    pub fn of_sign(folded: &str) -> Self {
        let sign = folded.chars().next().map_or(0, u64::from);
        Self {
            facts: 0,
            topic: cue::code(sign, folded),
        }
    }
}

/// Whether a word may have the last letters of a patronymic ([`patronymic_tail`](crate::names::patronymic_tail)), in whichever of the
/// spellings that have one hash.
fn may_be_patronymic(folded: &str) -> bool {
    let mut last = ['\0'; 9];
    for (slot, letter) in last.iter_mut().zip(folded.chars().rev()) {
        *slot = char::from_u32(loose(u32::from(letter))).unwrap_or_default();
    }
    last.starts_with(&['ы', 'л', 'у'])
        || last.starts_with(&['ы', 'з', 'ы', 'к'])
        || last
            .windows(3)
            .any(|letters| matches!(letters, ['а', 'н', 'в'] | ['ч', 'и', 'в']))
}

/// The words and signs that were seen last, by their hashes; of five with one place the first leaves.
///
/// The place of a hash and what is kept of it there are the whole of it, so that no two are mistaken for one another.
#[derive(Debug, Default)]
pub struct Glances(Vec<[u64; 4]>);

impl Glances {
    /// A place for each value of the lowest bits of a hash, which hold a glance where it is kept.
    const PLACES: usize = 1 << 11;
    const LOWEST: u64 = Self::PLACES as u64 - 1;
    /// Of the lowest bits, the one that tells a glance from nothing.
    const FILLED: u64 = 1 << 10;

    /// What was seen at that hash.
    #[inline]
    pub fn get(&self, hash: u64) -> Option<Glance> {
        let place = self.0.get((hash & Self::LOWEST) as usize)?;
        let wanted = hash & !Self::LOWEST | Self::FILLED;
        let is = |kept: &&u64| **kept & (!Self::LOWEST | Self::FILLED) == wanted;
        place.iter().find(is).map(|kept| Glance::of_bits(*kept))
    }

    /// Remembers what was seen.
    pub fn note(&mut self, hash: u64, glance: Glance) {
        if self.0.is_empty() {
            self.0.resize(Self::PLACES, [0; 4]);
        }
        if let Some(place) = self.0.get_mut((hash & Self::LOWEST) as usize) {
            place.rotate_right(1);
            let [last, ..] = place;
            *last = hash & !Self::LOWEST | Self::FILLED | glance.bits();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::patronymic_tail;
    use crate::text::hash;

    #[test]
    fn patronymics_are_seen_in_every_spelling() {
        for word in [
            "серікұлы",
            "сериковна",
            "қызы",
            "нұрланқызы",
            "мұратович",
            "ильичнаның",
            "сериковнаның",
            "ерлановичке",
            "ерлановичтің",
            "ковнағаға",
            "вична１２",
        ] {
            assert!(!patronymic_tail(word) || may_be_patronymic(word), "{word}");
        }
        assert!(may_be_patronymic("серікұлы") && may_be_patronymic("ерлановичке"));
        assert!(!may_be_patronymic("заявление") && !may_be_patronymic("вич"[..4].trim()));
    }

    #[test]
    fn words_say_what_they_are() {
        let of = |word: &str| Glance::of_word(hash(word), word);
        assert!(of("улица").has(Glance::ADDRESS) && of("улица").has(Glance::ROLE));
        assert!(of("родился").has(Glance::BIRTH));
        assert!(of("ерлан").has(Glance::NAME) && of("фио").has(Glance::NAME));
        assert_eq!(of("рассмотрела"), Glance::default());
    }

    #[test]
    fn what_was_seen_is_kept_by_its_hash() {
        let mut glances = Glances::default();
        assert_eq!(glances.get(7), None);
        let glance = Glance { facts: 3, topic: 1 };
        let other = |turn: u64| 7 + (turn << 11);
        for turn in 0..4 {
            glances.note(other(turn), glance);
            assert_eq!(glances.get(7), Some(glance));
            assert_eq!(glances.get(other(turn + 1)), None);
        }
        glances.note(other(4), Glance::default());
        assert_eq!(glances.get(7), None);
        assert_eq!(glances.get(other(1)), Some(glance));
        assert_eq!(glances.get(other(4)), Some(Glance::default()));
    }

    #[test]
    fn every_glance_fits_its_bits() {
        for facts in 0..1 << 5 {
            for topic in 0..1 << 5 {
                let glance = Glance { facts, topic };
                assert_eq!(Glance::of_bits(glance.bits() | Glances::FILLED), glance);
            }
        }
        let slash = cue::code(u64::from('/'), "/");
        assert!(slash < 1 << 5 && slash > cue::code(hash("тенге"), "тенге"));
    }
}
