//! Whether a word is one of the ordinary words of Russian or Kazakh.
//!
//! Two spelling dictionaries, every form without its ending, are kept as bits of hashes in a file (B. Bloom, "Space/Time
//! Trade-offs in Hash Coding with Allowable Errors", CACM 1970): one of a hundred words that are in neither is taken for one. The
//! bits are made again by the example `train_names` of `sandyq-synth`.

use super::loose::Word;
use crate::text::hash;

/// The file's length in bytes.
pub const BYTES: usize = 1 << 20;
/// How many bits stand for a word.
const BITS: u64 = 4;
/// What is left of a word without its ending has so many letters or more.
const LEAST: usize = 4;

static FROZEN: &[u8; BYTES] = include_bytes!("../../data/names/ordinary.bin");

/// Endings of Russian nouns, adjectives and verbs, the longest first.
const RUSSIAN: [&str; 74] = [
    "шься", "лись", "лась", "лось", "ться", "ого", "йте", "ими", "ыми", "ешь", "ите", "ете", "ями",
    "лся", "ому", "ему", "вши", "тся", "ами", "его", "ишь", "ую", "яя", "ью", "ых", "ла", "им",
    "ое", "ло", "ят", "ев", "ые", "ти", "ей", "ом", "ее", "ею", "ют", "ою", "ым", "их", "ов", "ях",
    "ит", "ем", "ам", "ли", "ах", "ый", "ся", "юю", "ие", "ть", "ая", "ет", "сь", "ий", "ям", "ой",
    "ат", "ут", "й", "ю", "я", "о", "т", "ы", "у", "в", "л", "е", "и", "ь", "а",
];
/// Endings of Kazakh nouns, in Russian letters, the longest first.
const KAZAKH: [&str; 47] = [
    "тан", "тен", "тер", "дер", "тар", "дин", "бен", "нин", "тин", "ден", "тын", "лер", "лар",
    "нын", "нен", "пен", "нан", "мен", "нде", "нда", "дын", "дан", "дар", "ты", "де", "не", "да",
    "ти", "ди", "ин", "си", "ны", "те", "сы", "га", "ке", "на", "ын", "ды", "ге", "та", "ка", "ни",
    "а", "ы", "е", "и",
];

/// The places of the bits of a word, as one of Russian and as one of Kazakh; nothing of words with other letters.
pub fn bits(folded: &str) -> Option<[[usize; BITS as usize]; 2]> {
    Word::new(folded).map(|word| places(&word))
}

fn places(word: &Word) -> [[usize; BITS as usize]; 2] {
    let text = word.as_str();
    let stems = [stem(text, &RUSSIAN), stem(text, &KAZAKH).rotate_left(23)];
    stems.map(|hash| {
        let step = hash >> 32 | 1;
        let mut at = hash;
        [(); BITS as usize].map(|()| {
            at = at.wrapping_add(step);
            at as usize % (8 * BYTES)
        })
    })
}

/// The hash of a word without the longest ending that leaves enough of it.
fn stem(text: &str, endings: &[&str]) -> u64 {
    let mut stems = endings.iter().filter_map(|end| text.strip_suffix(end));
    let stem = stems.find(|stem| stem.len() >= 2 * LEAST);
    hash(stem.unwrap_or(text))
}

/// Whether the dictionaries have a word in some form.
pub(crate) fn is_ordinary(word: &Word) -> bool {
    let has = |place: &usize| {
        let byte = FROZEN.get(place / 8).copied().unwrap_or_default();
        byte >> (place % 8) & 1 == 1
    };
    places(word).iter().any(|bits| bits.iter().all(has))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn ordinary(word: &str) -> bool {
        is_ordinary(&Word::new(word).unwrap())
    }

    #[test]
    fn words_are_told_from_names() {
        for word in [
            "председателем",
            "заявление",
            "пришла",
            "оқушылар",
            "мектепте",
            "сообщили",
        ] {
            assert!(ordinary(word), "{word}");
        }
        for name in [
            "тлеугабылова",
            "сапарғали",
            "михалковой",
            "шварцкопф",
            "гүлжаухар",
        ] {
            assert!(!ordinary(name), "{name}");
        }
    }
}
