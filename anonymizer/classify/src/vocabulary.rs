//! What single words can be: names, places, marks of addresses, words of health and of criminal law.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use hashbrown::HashMap;
use sandyq_words::{Language, Sex};

use crate::skeleton::Skeleton;

/// The words that are no names, by kind.
const WORDS: &str = include_str!("../data/vocabulary.tsv");

/// What a word can be: a set of the constants of this module.
pub type Meanings = u32;

pub const GIVEN: Meanings = 1;
pub const SURNAME: Meanings = 1 << 1;
pub const PATRONYMIC: Meanings = 1 << 2;
/// Ends like a family name, though no list has it.
pub const SURNAME_LIKE: Meanings = 1 << 3;
pub const STREET: Meanings = 1 << 4;
pub const HOUSE: Meanings = 1 << 5;
pub const FLAT: Meanings = 1 << 6;
pub const REGION_MARK: Meanings = 1 << 7;
pub const DISTRICT_MARK: Meanings = 1 << 8;
pub const SETTLEMENT_MARK: Meanings = 1 << 9;
pub const ORGANIZATION: Meanings = 1 << 10;
pub const FUNCTION: Meanings = 1 << 11;
pub const MONTH: Meanings = 1 << 12;
pub const MISSING: Meanings = 1 << 13;
pub const BOOLEAN: Meanings = 1 << 14;
pub const MONEY: Meanings = 1 << 15;
pub const SEX: Meanings = 1 << 16;
pub const NATIONALITY: Meanings = 1 << 17;
pub const RELIGION: Meanings = 1 << 18;
pub const COUNTRY: Meanings = 1 << 19;
pub const HEALTH: Meanings = 1 << 20;
pub const CRIME: Meanings = 1 << 21;
pub const REGION: Meanings = 1 << 22;
pub const SETTLEMENT: Meanings = 1 << 23;
/// Ends like a patronymic, or is the word for son or daughter of.
pub const PATRONYMIC_LIKE: Meanings = 1 << 24;

const KINDS: &[(&str, Meanings)] = &[
    ("street", STREET),
    ("house", HOUSE),
    ("flat", FLAT),
    ("region", REGION_MARK),
    ("district", DISTRICT_MARK),
    ("settlement", SETTLEMENT_MARK),
    ("organization", ORGANIZATION),
    ("function", FUNCTION),
    ("month", MONTH),
    ("missing", MISSING),
    ("boolean", BOOLEAN),
    ("money", MONEY),
    ("sex", SEX),
    ("nationality", NATIONALITY),
    ("religion", RELIGION),
    ("country", COUNTRY),
    ("health", HEALTH),
    ("crime", CRIME),
];

/// Keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A map from hashes.
pub type ByHash<V> = HashMap<u64, V, BuildHasherDefault<Hashed>>;

/// Words by the hashes of their skeletons.
#[derive(Debug)]
pub struct Vocabulary {
    words: ByHash<Meanings>,
    stems: Vec<(Skeleton, Meanings)>,
}

impl Vocabulary {
    /// The vocabulary of this crate, made once.
    pub fn get() -> &'static Self {
        static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::new);
        &VOCABULARY
    }

    fn new() -> Self {
        let mut vocabulary = Self {
            words: ByHash::default(),
            stems: Vec::new(),
        };
        for language in [Language::Russian, Language::Kazakh] {
            for sex in [Sex::Male, Sex::Female] {
                vocabulary.add_all(sandyq_words::given(language, sex), GIVEN);
                vocabulary.add_all(sandyq_words::surnames(language, sex), SURNAME);
                vocabulary.add_all(sandyq_words::patronymics(language, sex), PATRONYMIC);
            }
        }
        for region in sandyq_words::regions() {
            vocabulary.add_place(region.ru, REGION);
            vocabulary.add_place(region.kk, REGION);
        }
        for settlement in sandyq_words::settlements() {
            vocabulary.add_place(settlement.ru, SETTLEMENT);
            vocabulary.add_place(settlement.kk, SETTLEMENT);
        }
        let lines = WORDS.lines().filter(|line| !line.starts_with('#'));
        for (kind, words) in lines.filter_map(|line| line.split_once('\t')) {
            let meaning = KINDS.iter().find(|(name, _)| *name == kind);
            let meaning = meaning.map_or(0, |(_, meaning)| *meaning);
            for word in words.split_whitespace() {
                match word.strip_suffix('*') {
                    Some(stem) => vocabulary.stems.push((Skeleton::of(stem), meaning)),
                    None => vocabulary.add(word, meaning),
                }
            }
        }
        vocabulary
    }

    fn add_all(&mut self, words: &[&str], meaning: Meanings) {
        for word in words {
            self.add(word, meaning);
        }
    }

    fn add(&mut self, word: &str, meaning: Meanings) {
        *self.words.entry(Skeleton::of(word).hash()).or_default() |= meaning;
    }

    /// Adds the words of a place's name that are no marks such as "область".
    fn add_place(&mut self, name: &str, meaning: Meanings) {
        let marks = [
            "область",
            "облысы",
            "город",
            "қаласы",
            "республика",
            "значения",
        ];
        for word in name.split([' ', '-', '(', ')']) {
            if word.chars().count() > 2 && !marks.contains(&word.to_lowercase().as_str()) {
                self.add(word, meaning);
            }
        }
    }

    /// What a word can be.
    #[inline]
    pub fn meanings(&self, word: &Skeleton) -> Meanings {
        let listed = self.words.get(&word.hash()).copied().unwrap_or(0);
        listed | endings(word.as_bytes())
    }

    /// What a word can be, by its stem too.
    pub fn meanings_by_stem(&self, word: &Skeleton) -> Meanings {
        let stems = self.stems.iter();
        let stems = stems.filter(|(stem, _)| word.as_bytes().starts_with(stem.as_bytes()));
        stems.fold(self.meanings(word), |meanings, (_, more)| meanings | more)
    }
}

/// What the end of a skeleton tells.
fn endings(word: &[u8]) -> Meanings {
    const PATRONYMICS: &[&[u8]] = &[
        b"oviC", b"eviC", b"ovna", b"evna", b"iCna", b"iniCna", b"uli", b"kizi", b"ogli",
    ];
    const SURNAMES: &[&[u8]] = &[
        b"ov", b"ova", b"ev", b"eva", b"in", b"ina", b"ski", b"skaia", b"cki", b"ckaia", b"enko",
        b"Cuk", b"uk", b"tegi", b"bek", b"baev", b"ian", b"Svili", b"dze",
    ];
    if word.len() >= 6 && PATRONYMICS.iter().any(|end| word.ends_with(end)) {
        return PATRONYMIC_LIKE;
    }
    if matches!(word, b"uli" | b"kizi" | b"ogli") {
        return PATRONYMIC_LIKE;
    }
    let surname = word.len() >= 5 && SURNAMES.iter().any(|end| word.ends_with(end));
    if surname { SURNAME_LIKE } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(word: &str) -> Meanings {
        Vocabulary::get().meanings_by_stem(&Skeleton::of(word))
    }

    #[test]
    fn words_mean_what_they_should() {
        for (word, meaning) in [
            ("Айгуль", GIVEN),
            ("АЙГҮЛ", GIVEN),
            ("Иванова", SURNAME),
            ("Серікұлы", PATRONYMIC_LIKE),
            ("Иванович", PATRONYMIC_LIKE),
            ("ivanovich", PATRONYMIC_LIKE),
            ("Бекмырзаева", SURNAME_LIKE),
            ("көшесі", STREET),
            ("жалобами", HEALTH),
            ("сотталған", CRIME),
            ("Алматы", SETTLEMENT),
            ("казашка", NATIONALITY),
            ("Өзбекстан", COUNTRY),
        ] {
            assert_ne!(meanings(word) & meaning, 0, "{word}");
        }
        assert_eq!(meanings("стол") & (GIVEN | SURNAME | PATRONYMIC), 0);
    }
}
