//! Patronymics: `Серикович`, `Ивановны`, `Құнанбайұлының`, `Серікқызы`.

use super::facts::Facts;
use super::lexicon::Lexicon;
use super::loose::Word;
use crate::text::hash;

/// A word that looks like a patronymic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patronymic {
    /// The father's name is known.
    pub known: bool,
    /// The word can hardly be anything else.
    pub sure: bool,
    /// In `-ұлы` or `-қызы`, which also serves as a surname.
    pub kazakh: bool,
}

/// Whether a lower-case word has the last letters of a patronymic; cheap, and true of few other words.
pub fn patronymic_tail(folded: &str) -> bool {
    let bytes = folded.as_bytes();
    let Some(tail) = bytes
        .len()
        .checked_sub(8)
        .and_then(|from| bytes.get(from..))
    else {
        return false;
    };
    ["ович", "евич", "овна", "евна"]
        .iter()
        .any(|end| tail == end.as_bytes())
        || tail.ends_with("ұлы".as_bytes())
        || tail.ends_with("қызы".as_bytes())
}

/// Longest first within each family.
const SONS: &[&str] = &[
    "ович",
    "овича",
    "овичу",
    "овичем",
    "овиче",
    "евич",
    "евича",
    "евичу",
    "евичем",
    "евиче",
];
const DAUGHTERS: &[&str] = &[
    "овна",
    "овны",
    "овне",
    "овну",
    "овной",
    "овною",
    "евна",
    "евны",
    "евне",
    "евну",
    "евной",
    "евною",
];
const SHORT: &[(&str, &str)] = &[
    ("ильич", ""),
    ("кузьмич", ""),
    ("фомич", ""),
    ("лукич", ""),
    ("никитич", ""),
    ("саввич", ""),
    ("ильиничн", "аыеуойою"),
    ("кузьминичн", "аыеуойою"),
    ("фоминичн", "аыеуойою"),
    ("лукиничн", "аыеуойою"),
    ("никитичн", "аыеуойою"),
    ("саввичн", "аыеуойою"),
    ("ильич", "ауеуем"),
    ("кузьмич", "ауем"),
    ("фомич", "ауем"),
    ("лукич", "ауем"),
    ("никитич", "ауем"),
];
/// Endings of the loose spelling of `-ұлы` and `-қызы`.
const KAZAKH: &[&str] = &[
    "", "нын", "на", "н", "нда", "нан", "мен", "мын", "га", "ны", "дан", "да", "ндай", "нын", "не",
    "м", "лар",
];

/// Judges a word.
pub fn patronymic(word: &Word, lexicon: &Lexicon) -> Option<Patronymic> {
    let text = word.as_str();
    kazakh(text, word, lexicon)
        .or_else(|| russian(text, lexicon))
        .or_else(|| short(text))
}

fn russian(text: &str, lexicon: &Lexicon) -> Option<Patronymic> {
    // The suffix stands among the last seven letters.
    let tail = text.get(text.len().saturating_sub(14)..).unwrap_or(text);
    if !holds(tail, "ви") && !holds(tail, "вн") {
        return None;
    }
    let (stem, ending) = SONS
        .iter()
        .chain(DAUGHTERS)
        .find_map(|end| Some((text.strip_suffix(end)?, *end)))?;
    if stem.chars().count() < 2 {
        return None;
    }
    let known = father(stem, ending.starts_with('е'), lexicon);
    let adjective = ["овной", "евной", "овною", "евною"].contains(&ending);
    Some(Patronymic {
        known,
        sure: known || !adjective,
        kazakh: false,
    })
}

/// Whether a given name leads to that stem: `иван`, `серге` (Сергей), `юрь` (Юрий), `игор` (Игорь).
fn father(stem: &str, soft: bool, lexicon: &Lexicon) -> bool {
    let is = |name: &str| {
        lexicon
            .get(hash(name))
            .has(Facts::GIVEN.and(Facts::NOMINATIVE))
    };
    let with = |end: &str| is(&format!("{stem}{end}"));
    if !soft {
        return is(stem) || with("а") || with("ь") || with("о");
    }
    let softened = stem
        .strip_suffix('ь')
        .is_some_and(|short| is(&format!("{short}ий")) || is(&format!("{short}ей")));
    softened || with("й") || with("ь") || is(stem) || with("я") || with("а") || with("е")
}

/// Whether two letters stand in a word; quicker than a general search.
fn holds(text: &str, letters: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|window| window == letters.as_bytes())
}

fn short(text: &str) -> Option<Patronymic> {
    if !holds(text, "ич") {
        return None;
    }
    let is = |(stem, ends): &&(&str, &str)| {
        text.strip_prefix(*stem)
            .is_some_and(|end| end.is_empty() == ends.is_empty() && ends.contains(end))
    };
    SHORT.iter().find(is).map(|_| Patronymic {
        known: true,
        sure: true,
        kazakh: false,
    })
}

/// The father's name and the case ending around the word for child, whose end is among the last letters.
fn child(text: &str) -> Option<(&str, &str)> {
    for after in 0..=4 {
        let (stem, end) = text.split_at_checked(text.len().checked_sub(2 * after)?)?;
        let ended = stem.ends_with("лы")
            || stem.ends_with("зы")
            || stem.ends_with("зи")
            || stem.ends_with("ли");
        let father = || {
            ["кызы", "улы", "кизи", "угли"]
                .iter()
                .find_map(|child| stem.strip_suffix(child))
        };
        if let Some(father) = ended.then(father).flatten() {
            return Some((father, end));
        }
    }
    None
}

fn kazakh(text: &str, word: &Word, lexicon: &Lexicon) -> Option<Patronymic> {
    let (father, end) = child(text)?;
    if !KAZAKH.contains(&end) || father.chars().count() < 3 {
        return None;
    }
    let known = lexicon
        .get(hash(father))
        .has(Facts::GIVEN.and(Facts::NOMINATIVE));
    let letters = father.chars().count();
    let sure = known || letters >= 4 && (word.is_kazakh() || text.contains("кызы"));
    Some(Patronymic {
        known,
        sure,
        kazakh: true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::names::lexicon;

    fn judge(word: &str) -> Option<Patronymic> {
        patronymic(&Word::new(&word.to_lowercase()).unwrap(), lexicon())
    }

    #[test]
    fn patronymics_of_known_fathers() {
        for word in [
            "Иванович",
            "Сергеевна",
            "Юрьевичем",
            "Игоревны",
            "Серікұлы",
            "Сериковной",
            "Құнанбайұлының",
            "Нұрланқызына",
            "Ахметулы",
            "Дмитриевичу",
            "Ильиничны",
            "Николаевна",
            "Ерланкызы",
            "Муратовичем",
            "Васильевне",
        ] {
            assert!(
                judge(word).is_some_and(|found| found.known),
                "{word} {:?}",
                judge(word)
            );
        }
    }

    #[test]
    fn other_words_are_none_or_unsure() {
        for word in [
            "основной",
            "уголовной",
            "духовной",
            "қаулы",
            "таулы",
            "аулы",
            "душевной",
            "дневной",
            "ауылы",
        ] {
            assert!(
                judge(word).is_none_or(|found| !found.sure),
                "{word} {:?}",
                judge(word)
            );
        }
    }
}
