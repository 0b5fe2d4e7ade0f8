//! Parts that names are made of.

use std::sync::LazyLock;

use super::endings::Endings;
use super::facts::Facts;
use super::lexicon::Lexicon;
use super::loose::Word;
use crate::text::hash;

const PARTS: &str = include_str!("../../data/names/parts.txt");

static TABLE: LazyLock<Parts> = LazyLock::new(Parts::read);

/// The lists of `parts.txt`.
#[derive(Debug)]
pub struct Parts {
    /// Ends of stems of surnames.
    pub strong: Endings,
    /// Kazakh case endings.
    pub kazakh: Endings,
    /// Second halves of names.
    pub second: Endings,
    /// First halves of names.
    first: Vec<&'static str>,
    /// First halves that suffice.
    begin: Vec<&'static str>,
    /// Endings of words that are no names whatever stands beside them.
    never: Endings,
    /// Endings of words that are hardly names.
    common: Endings,
}

/// The lists, read at first use.
pub fn parts() -> &'static Parts {
    &TABLE
}

impl Parts {
    fn read() -> Self {
        let list = |class: &str| -> Vec<&'static str> {
            let lines = PARTS.lines().filter_map(|line| line.split_once(": "));
            let line = lines
                .filter(|(found, _)| *found == class)
                .map(|(_, words)| words);
            line.flat_map(str::split_whitespace).collect()
        };
        Self {
            strong: Endings::new(list("strong")),
            kazakh: Endings::new(list("kazakh")),
            second: Endings::new(list("second")),
            first: list("first"),
            begin: list("begin"),
            never: Endings::new(list("never")),
            common: Endings::new(list("common")),
        }
    }
}

/// Whether a word is a noun or an adjective that is never a name.
pub fn abstracted(word: &Word) -> bool {
    parts().never.any(word.as_str())
}

/// Whether a word ends as Kazakh cases do.
pub fn ends_as_kazakh(word: &Word) -> bool {
    parts().kazakh.any(word.as_str())
}

/// Whether nothing speaks against a word of which nothing is known being a name.
pub fn possible(word: &Word) -> bool {
    !parts().common.any(word.as_str())
}

/// Whether a word of which nothing is known is made as Turkic given names are: `Сәтжан`, `Сағынғали`.
pub fn compound(word: &Word, lexicon: &Lexicon) -> bool {
    let (text, parts) = (word.as_str(), parts());
    if text.len() >= 2 * 7 && parts.begin.iter().any(|begin| text.starts_with(begin)) {
        return true;
    }
    for end in ["я", "ю", "ем"] {
        let stem = text.strip_suffix(end);
        let first = stem.and_then(|stem| stem.strip_suffix("ба").or(stem.strip_suffix("та")));
        if first.is_some_and(|first| begins(first, lexicon, parts)) {
            return true;
        }
    }
    let russian = ["", "а", "у", "ом", "е"];
    let mut bare = parts
        .kazakh
        .of(text)
        .chain(russian)
        .filter_map(|end| text.strip_suffix(end));
    bare.any(|bare| halves(bare, lexicon, parts))
}

fn halves(bare: &str, lexicon: &Lexicon, parts: &Parts) -> bool {
    let mut firsts = parts
        .second
        .of(bare)
        .filter_map(|second| bare.strip_suffix(second));
    firsts.any(|first| begins(first, lexicon, parts))
}

fn begins(first: &str, lexicon: &Lexicon, parts: &Parts) -> bool {
    let named = || {
        lexicon
            .get(hash(first))
            .has(Facts::GIVEN.and(Facts::NOMINATIVE))
    };
    parts.first.contains(&first) || first.len() >= 2 * 3 && named()
}

/// Whether a loose nominative is made of two halves of Turkic given names.
pub fn compounded(bare: &str, lexicon: &Lexicon) -> bool {
    halves(bare, lexicon, parts())
}

/// Facts of a known given name to which a Kazakh case ending was added.
pub fn declined_given(word: &Word, lexicon: &Lexicon) -> Facts {
    let text = word.as_str();
    let bare = parts()
        .kazakh
        .of(text)
        .filter_map(|end| text.strip_suffix(end));
    bare.filter(|bare| bare.len() >= 2 * 4)
        .map(|bare| lexicon.get(hash(bare)))
        .find(|facts| facts.has(Facts::GIVEN.and(Facts::NOMINATIVE)) && !facts.has(Facts::WORD))
        .map_or(Facts::default(), |facts| facts.without(Facts::NOMINATIVE))
}
