//! Patronymics: `Серикович`, `Ивановны`, `Құнанбайұлының`, `Серікқызы`.

use super::facts::Facts;
use super::lexicon::Lexicon;
use super::loose::Word;
use super::parts::{compounded, parts};
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
    let Some((_, tail)) = bytes.split_last_chunk::<8>() else {
        return false;
    };
    let whole = match tail {
        [.., 0xD1, 0x87] => tail == "ович".as_bytes() || tail == "евич".as_bytes(),
        [.., 0xD0, 0xB0] => tail == "овна".as_bytes() || tail == "евна".as_bytes(),
        [.., 0xD1, 0x8B] => {
            tail.ends_with("ұлы".as_bytes())
                || tail.ends_with("улы".as_bytes())
                || tail == "кызы".as_bytes()
                || bytes.len() > 8 && tail == "қызы".as_bytes()
        }
        _ => false,
    };
    whole || declined_tail(bytes)
}

/// `-овнаның`, `-овичке`: a Kazakh ending of two or three letters.
fn declined_tail(bytes: &[u8]) -> bool {
    let ended = |tail: &[u8]| tail == "вна".as_bytes() || tail == "вич".as_bytes();
    // Most words differ in the one letter before the ending.
    let two = match bytes {
        [.., a, b, c, d, e, f @ (0xB0 | 0x87), _, _, _, _] => ended(&[*a, *b, *c, *d, *e, *f]),
        _ => false,
    };
    two || match bytes {
        [.., a, b, c, d, e, f @ (0xB0 | 0x87), _, _, _, _, _, _] => {
            ended(&[*a, *b, *c, *d, *e, *f])
        }
        _ => false,
    }
}

/// Whether a word has nearly the last letters of a patronymic: one is missing, doubled or other.
pub fn nearly_patronymic(word: &Word) -> bool {
    const WHOLE: [&str; 6] = ["ович", "евич", "овна", "евна", "улы", "кызы"];
    let text = word.as_str();
    let letters = text.len() / 2;
    let tail = |letters: usize| text.get(text.len().saturating_sub(2 * letters)..);
    letters >= 7
        && WHOLE.iter().any(|whole| {
            let long = whole.len() / 2;
            [long - 1, long, long + 1]
                .into_iter()
                .filter_map(tail)
                .any(|tail| long > 3 && one_off(whole, tail))
        })
}

/// The first letters of a word, in a place for them.
fn letters<'p>(word: &str, place: &'p mut [char; 8]) -> &'p [char] {
    let mut count = 0;
    for (slot, letter) in place.iter_mut().zip(word.chars()) {
        *slot = letter;
        count += 1;
    }
    place.get(..count).unwrap_or_default()
}

/// Whether one letter is missing, added, replaced, or two are swapped.
fn one_off(a: &str, b: &str) -> bool {
    let (mut first, mut second) = (['\0'; 8], ['\0'; 8]);
    let (a, b) = (letters(a, &mut first), letters(b, &mut second));
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (
        a.get(same..).unwrap_or_default(),
        b.get(same..).unwrap_or_default(),
    );
    match (a, b) {
        ([], []) => true,
        ([_, rest @ ..], other) if rest == other => true,
        (other, [_, rest @ ..]) if rest == other => true,
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([a, b, one @ ..], [c, d, other @ ..]) => a == d && b == c && one == other,
        _ => false,
    }
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
        .or_else(|| declined(text, lexicon))
}

/// A Russian patronymic with a Kazakh ending: `Сериковнаның`, `Ильичке`.
fn declined(text: &str, lexicon: &Lexicon) -> Option<Patronymic> {
    let tail = text.get(text.len().saturating_sub(12)..).unwrap_or(text);
    if !holds(tail, "ич") && !holds(tail, "на") {
        return None;
    }
    let mut bare = parts()
        .kazakh
        .of(text)
        .filter_map(|end| text.strip_suffix(end))
        .filter(|bare| bare.ends_with("ич") || bare.ends_with("на"));
    bare.find_map(|bare| russian(bare, lexicon).or_else(|| short(bare)))
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
    if compounded(stem, lexicon) {
        return true;
    }
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
        .has(Facts::GIVEN.and(Facts::NOMINATIVE))
        || compounded(father, lexicon);
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
            "Жанбековнаның",
            "Тихоновичпен",
            "Мансуровичке",
            "Ильичтің",
            "Никитичнаға",
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
