//! What the forms of one name share.

use super::loose::Word;
use super::parts::parts;
use crate::text::hash;

/// The hashes of a word without the ending it may have in some case: of the Kazakh one alone, and of the Russian one. Words
/// that are no forms of one name may share them.
pub fn trunks(word: &Word) -> [u64; 2] {
    const RUSSIAN: [&str; 14] = [
        "ою", "ой", "ей", "ем", "ом", "ью", "а", "я", "ы", "и", "е", "у", "ю", "ь",
    ];
    const LEAST: usize = 2 * 3;
    let text = word.as_str();
    let without = |end: &str| text.strip_suffix(end).filter(|stem| stem.len() >= LEAST);
    let kazakh = parts()
        .kazakh
        .of(text)
        .filter_map(without)
        .min_by_key(|stem| stem.len());
    let russian = RUSSIAN.iter().find_map(|end| without(end));
    [hash(kazakh.unwrap_or(text)), hash(russian.unwrap_or(text))]
}
