//! What the header of a column says, in Russian, Kazakh and English, in any of their alphabets, abbreviated or not.

use std::sync::LazyLock;

use crate::semantic::SemanticType;
use crate::skeleton::{Skeleton, letter};

const PHRASES: &str = include_str!("../../data/headers.tsv");

/// A header longer than this is no name of a column.
const MOST_WORDS: usize = 12;

/// What a header says of the type of its column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hint {
    pub semantic: SemanticType,
    /// From 0 to 1, 1 if all of the header says it.
    pub strength: f64,
}

struct Phrase {
    semantic: SemanticType,
    words: Vec<Stem>,
    letters: usize,
    joined: Vec<u8>,
    weak: bool,
}

struct Stem {
    skeleton: Skeleton,
    open: bool,
}

impl Stem {
    fn matches(&self, word: &Skeleton) -> bool {
        if self.open {
            word.as_bytes().starts_with(self.skeleton.as_bytes())
        } else {
            word.as_bytes() == self.skeleton.as_bytes()
        }
    }
}

static LEXICON: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let lines = PHRASES.lines().filter(|line| !line.starts_with('#'));
    let named = |name: &str| {
        SemanticType::ALL
            .iter()
            .find(|semantic| semantic.as_str() == name)
    };
    let lines = lines.filter_map(|line| line.split_once('\t'));
    lines
        .filter_map(|(name, phrases)| Some((named(name)?, phrases)))
        .flat_map(|(semantic, phrases)| {
            phrases
                .split(',')
                .map(|phrase| Phrase::new(*semantic, phrase.trim()))
        })
        .collect()
});

impl Phrase {
    fn new(semantic: SemanticType, text: &str) -> Self {
        let (text, weak) = text
            .strip_prefix('?')
            .map_or((text, false), |text| (text, true));
        let words: Vec<Stem> = text
            .split(' ')
            .map(|word| match word.strip_suffix('*') {
                Some(stem) => Stem {
                    skeleton: Skeleton::of(stem),
                    open: true,
                },
                None => Stem {
                    skeleton: Skeleton::of(word),
                    open: false,
                },
            })
            .collect();
        let joined: Vec<u8> = words
            .iter()
            .flat_map(|word| word.skeleton.as_bytes())
            .copied()
            .collect();
        Self {
            semantic,
            letters: joined.len(),
            words,
            joined,
            weak,
        }
    }

    /// How much of a header the phrase is, 0 if it is none of it.
    fn share(&self, header: &Words) -> f64 {
        let open = self.words.iter().any(|word| word.open);
        if self.joined == header.joined
            || (open && self.words.len() == header.words.len() && self.is_at(&header.words))
        {
            return 1.0;
        }
        let found = header
            .words
            .windows(self.words.len())
            .any(|words| self.is_at(words));
        if found {
            0.55 + 0.4 * self.letters as f64 / header.joined.len().max(1) as f64
        } else {
            0.0
        }
    }

    fn is_at(&self, words: &[Skeleton]) -> bool {
        words.len() >= self.words.len()
            && self
                .words
                .iter()
                .zip(words)
                .all(|(stem, word)| stem.matches(word))
    }
}

/// The words of a header.
struct Words {
    words: Vec<Skeleton>,
    joined: Vec<u8>,
}

impl Words {
    fn of(header: &str) -> Self {
        let mut text = String::new();
        crate::cell::normalize(header, &mut text);
        let mut words = Vec::new();
        let mut word = String::new();
        let mut before = ' ';
        for character in text.chars().chain([' ']) {
            let mut bytes = [0; 4];
            let is_letter = letter(character.encode_utf8(&mut bytes).as_bytes())
                .is_some_and(|(code, _)| code != 0);
            // `birthDate` is two words.
            let ends = !is_letter || (character.is_uppercase() && before.is_lowercase());
            if ends && !word.is_empty() {
                words.push(Skeleton::of(&word));
                word.clear();
            }
            if is_letter {
                word.push(character);
            }
            before = character;
        }
        words.truncate(MOST_WORDS);
        let joined = words
            .iter()
            .flat_map(|word| word.as_bytes())
            .copied()
            .collect();
        Self { words, joined }
    }

    fn has(&self, listed: &[&str]) -> bool {
        self.words.iter().any(|word| {
            listed
                .iter()
                .any(|other| Skeleton::of(other).as_bytes() == word.as_bytes())
        })
    }
}

/// The types that a header speaks for, the strongest first.
pub fn hints(header: &str) -> Vec<Hint> {
    let words = Words::of(header);
    if words.words.is_empty() {
        return Vec::new();
    }
    let mut hints: Vec<Hint> = Vec::new();
    for phrase in LEXICON.iter() {
        let strength = phrase.share(&words) * if phrase.weak { 0.6 } else { 1.0 };
        if strength == 0.0 {
            continue;
        }
        match hints
            .iter_mut()
            .find(|hint| hint.semantic == phrase.semantic)
        {
            Some(hint) => hint.strength = hint.strength.max(strength),
            None => hints.push(Hint {
                semantic: phrase.semantic,
                strength,
            }),
        }
    }
    narrow(&words, &mut hints);
    hints.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    hints
}

/// A word that says what kind of thing the column holds rules over what the thing is about: `дата выдачи паспорта` is a date, `тип
/// телефона` a category.
fn narrow(words: &Words, hints: &mut Vec<Hint>) {
    use SemanticType::{
        BirthDate, Category, CriminalText, Date, FreeText, HealthText, Number, RowKey,
    };
    let rulers: [(&[&str], &[SemanticType]); 4] = [
        (
            &[
                "дата",
                "date",
                "күні",
                "время",
                "time",
                "срок",
                "timestamp",
                "datetime",
                "мерзімі",
                "dt",
            ],
            &[Date, BirthDate],
        ),
        (
            &[
                "тип",
                "type",
                "вид",
                "статус",
                "status",
                "түрі",
                "категория",
                "category",
                "is",
                "has",
                "флаг",
                "flag",
                "кем",
            ],
            &[Category],
        ),
        (
            &[
                "количество",
                "кол",
                "count",
                "саны",
                "сумма",
                "amount",
                "total",
                "стоимость",
            ],
            &[Number],
        ),
        (
            &[
                "комментарий",
                "комментарии",
                "comment",
                "примечание",
                "note",
                "notes",
                "текст",
                "text",
                "description",
                "описание",
            ],
            &[FreeText, HealthText, CriminalText],
        ),
    ];
    for (listed, types) in rulers {
        if words.has(listed) && hints.iter().any(|hint| types.contains(&hint.semantic)) {
            hints.retain(|hint| types.contains(&hint.semantic));
        }
    }
    if hints.iter().any(|hint| hint.semantic == BirthDate) {
        hints.retain(|hint| hint.semantic != Date);
    }
    // `patient_id` is a key, `id` of a card is not.
    if words.has(&["id", "ид", "uuid", "guid", "key"])
        && hints.iter().any(|hint| hint.semantic == RowKey)
    {
        for hint in hints
            .iter_mut()
            .filter(|hint| hint.semantic == SemanticType::FullName)
        {
            hint.strength *= 0.3;
        }
    }
}

#[cfg(test)]
mod tests;
