//! The words around dates.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::places::forms;
use crate::places::table::{Folded, Sieve};
use crate::text::hash;

/// The classes of a word around dates, as a set, and the number of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cue {
    classes: u32,
    pub(super) month: u8,
}

/// The classes of `data/places/birth_words.txt`, by name.
const CLASSES: [&str; 20] = [
    "month",
    "year",
    "kazakh_month",
    "of_day",
    "place",
    "russian_birth",
    "born",
    "kazakh_born",
    "coming",
    "come",
    "english_birth",
    "native",
    "kazakh_day",
    "other_date",
    "until",
    "plural",
    "age",
    "number_word",
    "thousand",
    "signed",
];

impl Cue {
    pub const MONTH: u32 = 1;
    pub const YEAR: u32 = 1 << 1;
    pub const KAZAKH_MONTH: u32 = 1 << 2;
    pub const OF_DAY: u32 = 1 << 3;
    pub const PLACE: u32 = 1 << 4;
    pub const RUSSIAN_BIRTH: u32 = 1 << 5;
    pub const BORN: u32 = 1 << 6;
    pub const KAZAKH_BORN: u32 = 1 << 7;
    pub const COMING: u32 = 1 << 8;
    pub const COME: u32 = 1 << 9;
    pub const ENGLISH_BIRTH: u32 = 1 << 10;
    pub const NATIVE: u32 = 1 << 11;
    pub const KAZAKH_DAY: u32 = 1 << 12;
    pub const OTHER_DATE: u32 = 1 << 13;
    pub const UNTIL: u32 = 1 << 14;
    pub const PLURAL: u32 = 1 << 15;
    pub const AGE: u32 = 1 << 16;
    pub const NUMBER_WORD: u32 = 1 << 17;
    pub const THOUSAND: u32 = 1 << 18;
    pub const SIGNED: u32 = 1 << 19;

    /// Words that may wake the recognizer.
    const TRIGGER: u32 =
        Self::RUSSIAN_BIRTH | Self::BORN | Self::KAZAKH_BORN | Self::COMING | Self::ENGLISH_BIRTH;

    /// Whether the word is of one of `classes`.
    pub const fn is(self, classes: u32) -> bool {
        self.classes & classes != 0
    }
}

/// The words around dates.
pub struct Cues {
    cues: HashMap<u64, Cue, Folded>,
    triggers: Sieve,
}

static CUES: LazyLock<Cues> = LazyLock::new(Cues::build);

impl Cues {
    /// The one table.
    pub fn shared() -> &'static Self {
        &CUES
    }

    /// The classes of the word of that hash.
    pub fn get(&self, hash: u64) -> Cue {
        self.cues.get(&hash).copied().unwrap_or_default()
    }

    /// Whether a word may wake the recognizer; right when it denies.
    pub fn may_trigger(&self, hash: u64) -> bool {
        self.triggers.may_hold(hash)
    }

    fn build() -> Self {
        let mut built = Self {
            cues: HashMap::default(),
            triggers: Sieve::default(),
        };
        let mut month = 0;
        for line in include_str!("../../../data/places/birth_words.txt").lines() {
            let Some((name, words)) = line.split_once('\t') else {
                continue;
            };
            let Some(class) = CLASSES.iter().position(|class| *class == name) else {
                continue;
            };
            let class = 1 << class;
            month += u8::from(class == Cue::MONTH);
            for word in words.split_whitespace() {
                built.add(word, class, month);
            }
        }
        for letter in ["р", "т", "ж", "гр", "др", "b", "свет"] {
            built.triggers.add(hash(letter));
        }
        built
    }

    fn add(&mut self, word: &str, class: u32, month: u8) {
        let forms = match word.strip_suffix('*') {
            Some(stem) => forms::kazakh(stem),
            None => vec![word.to_owned()],
        };
        for form in forms {
            let cue = self.cues.entry(hash(&form)).or_default();
            cue.classes |= class;
            if class == Cue::MONTH {
                cue.month = month;
            }
            if class & Cue::TRIGGER != 0 {
                self.triggers.add(hash(&form));
            }
        }
    }
}
