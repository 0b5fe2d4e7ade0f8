//! Surnames by their shape.

use super::facts::Facts;
use super::lexicon::Lexicon;
use super::loose::Word;
use super::parts::{Parts, parts};
use crate::text::hash;

/// How much a shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Many common words have it too: `-ин`, `-ский`, `-овой`.
    Weak,
    /// Few common words have it: `-ов`, `-енко`.
    Likely,
    /// Hardly any common word has it: `-баев`, `-ғалиева`.
    Strong,
    /// It is a surname that is known.
    Known,
}

/// A word with the shape of a surname.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How much the shape says.
    pub strength: Strength,
    /// The hash of the stem, which all forms of the surname share.
    pub stem: u64,
    /// Whether the stem is in no case but the nominative.
    pub nominative: bool,
    /// In -ский.
    pub adjective: bool,
    /// In -ов or -ин.
    pub masculine: bool,
    /// In -ова or -ина, which in Russian is a masculine case too.
    pub feminine: bool,
    /// In -ов, -ин or -ский, rather than a Turkic name that stands as a surname.
    pub suffixed: bool,
}

/// The stem of a lower-case surname in its masculine nominative.
pub fn stem(name: &str) -> &str {
    let adjective = ["ский", "цкий", "ской", "цкой"]
        .iter()
        .any(|end| name.ends_with(end));
    if adjective {
        name.strip_suffix("ий")
            .or_else(|| name.strip_suffix("ой"))
            .unwrap_or(name)
    } else {
        name
    }
}

/// Judges a word.
pub fn shape(word: &Word, lexicon: &Lexicon) -> Option<Shape> {
    let (text, parts) = (word.as_str(), parts());
    // `кеңсесіне`, `лауазымына`: whose it is and the dative, in Kazakh letters, are no surname in -ин.
    let owned = word.is_kazakh() && (text.ends_with("ына") || text.ends_with("ине"));
    let whole = plain(text, lexicon, parts).filter(|_| !owned);
    if whole.is_some_and(|shape| shape.strength > Strength::Weak) {
        return whole;
    }
    let bare = parts
        .kazakh
        .of(text)
        .filter_map(|end| text.strip_suffix(end));
    let declined = bare
        .filter_map(|bare| declined(bare, lexicon, parts))
        .max_by_key(|shape| shape.strength);
    // The genitive in -ның is no surname in -ын.
    let genitive = ["ын", "ин"].iter().any(|end| {
        let before = text
            .strip_suffix(end)
            .and_then(|stem| stem.chars().next_back());
        matches!(before, Some('н' | 'д' | 'т'))
    });
    declined.or(whole.filter(|_| !genitive))
}

/// A Kazakh case ending stood after the nominative.
fn declined(bare: &str, lexicon: &Lexicon, parts: &Parts) -> Option<Shape> {
    let shape = plain(bare, lexicon, parts)?;
    let ended = matches!(suffix(bare).1, "" | "а" | "ий" | "ая") || bare.ends_with("енко");
    (ended && shape.nominative || parts.second.any(bare)).then_some(Shape {
        nominative: false,
        ..shape
    })
}

/// The family of suffixes that surnames have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Suffix {
    Ov,
    In,
    Sky,
    None,
}

/// The suffix of a surname and the ending after it.
fn suffix(text: &str) -> (Suffix, &str) {
    let letters = text.len() / 2;
    for after in 0..=3.min(letters.saturating_sub(3)) {
        let at = text.len() - 2 * after;
        let Some((stem, ending)) = text.split_at_checked(at) else {
            return (Suffix::None, "");
        };
        let found = match stem.get(stem.len().saturating_sub(4)..) {
            Some("ов" | "ев") => Suffix::Ov,
            Some("ин" | "ын") => Suffix::In,
            Some("ск" | "цк") => Suffix::Sky,
            _ => continue,
        };
        if declines(found, ending) {
            return (found, ending);
        }
    }
    (Suffix::None, "")
}

fn declines(suffix: Suffix, ending: &str) -> bool {
    match suffix {
        Suffix::Sky => matches!(
            ending,
            "ий" | "ого"
                | "ому"
                | "им"
                | "ом"
                | "ая"
                | "ой"
                | "ую"
                | "ие"
                | "их"
                | "ими"
                | "ою"
                | "ый"
        ),
        _ => matches!(
            ending,
            "" | "а" | "у" | "ым" | "е" | "ой" | "ою" | "ы" | "ых" | "ыми"
        ),
    }
}

fn plain(text: &str, lexicon: &Lexicon, parts: &Parts) -> Option<Shape> {
    let (suffix, ending) = suffix(text);
    let stem = text.get(..text.len() - ending.len()).unwrap_or_default();
    let long = stem.len() >= 2 * 4;
    let nominative = matches!(ending, "" | "а" | "ий" | "ая");
    let made = |stem: &str, strength| Shape {
        masculine: ending.is_empty(),
        feminine: ending == "а",
        ..made(stem, strength, nominative, lexicon)
    };
    match suffix {
        Suffix::Ov if long => {
            let likely = matches!(ending, "" | "а" | "у" | "е" | "ы");
            let strength = match likely {
                _ if stem.len() >= 2 * 6 && parts.strong.any(stem) => Strength::Strong,
                true => Strength::Likely,
                false => Strength::Weak,
            };
            Some(made(stem, strength))
        }
        Suffix::In if long => Some(made(stem, Strength::Weak)),
        Suffix::Sky if long => Some(Shape {
            adjective: true,
            ..made(stem, Strength::Weak)
        }),
        _ => other(text, lexicon, parts),
    }
}

fn made(stem: &str, strength: Strength, nominative: bool, lexicon: &Lexicon) -> Shape {
    let stem = hash(stem);
    let known = lexicon.get(stem).has(Facts::STEM);
    Shape {
        strength: if known { Strength::Known } else { strength },
        stem,
        nominative,
        adjective: false,
        masculine: false,
        feminine: false,
        suffixed: true,
    }
}

/// Surnames of Ukraine, Georgia and Armenia, and Turkic names that stand as surnames.
fn other(text: &str, lexicon: &Lexicon, parts: &Parts) -> Option<Shape> {
    let letters = text.len() / 2;
    let georgian = text.ends_with("швили") || letters >= 7 && text.ends_with("дзе");
    if letters >= 5 && (text.ends_with("енко") || georgian) {
        return Some(made(text, Strength::Likely, true, lexicon));
    }
    if letters >= 5 && text.ends_with("ко") {
        return Some(made(text, Strength::Weak, true, lexicon));
    }
    for end in ["", "а", "у", "ом", "е", "ем"] {
        let Some(bare) = text.strip_suffix(end) else {
            continue;
        };
        let letters = bare.len() / 2;
        if letters >= 6 && parts.second.any(bare) || letters >= 5 && northern(bare) {
            return Some(Shape {
                suffixed: false,
                ..made(bare, Strength::Weak, end.is_empty(), lexicon)
            });
        }
    }
    None
}

fn northern(bare: &str) -> bool {
    const ENDS: [&str; 9] = ["чук", "щук", "нюк", "тюк", "дюк", "люк", "сюк", "рюк", "ян"];
    (bare.ends_with('к') || bare.ends_with("ян")) && ENDS.iter().any(|end| bare.ends_with(end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::names::lexicon;

    fn judge(word: &str) -> Option<Shape> {
        shape(&Word::new(&word.to_lowercase()).unwrap(), lexicon())
    }

    #[test]
    fn all_forms_of_a_surname_share_the_stem() {
        let stem = judge("Ахметов").unwrap().stem;
        for word in [
            "Ахметова",
            "Ахметову",
            "Ахметовым",
            "Ахметове",
            "Ахметовой",
            "Ахметовтың",
            "Ахметовқа",
            "Ахметоваға",
            "АХМЕТОВАНЫҢ",
        ] {
            assert_eq!(judge(word).map(|found| found.stem), Some(stem), "{word}");
        }
    }

    #[test]
    fn strengths() {
        for (word, strength) in [
            ("Бексейтқалиевтің", Strength::Strong),
            ("Нурпеисовой", Strength::Known),
            ("Акберкулмаганбетовой", Strength::Strong),
            ("Прилучков", Strength::Likely),
            ("Налоговой", Strength::Weak),
            ("Шевченко", Strength::Known),
            ("Тимощенко", Strength::Likely),
            ("Достоевского", Strength::Known),
            ("Карагандинская", Strength::Weak),
        ] {
            assert_eq!(
                judge(word).map(|found| found.strength),
                Some(strength),
                "{word}"
            );
        }
        for word in ["стол", "дома", "республика", "мектеп"] {
            assert_eq!(judge(word), None, "{word}");
        }
    }
}
