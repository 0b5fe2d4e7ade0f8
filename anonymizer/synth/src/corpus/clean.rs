//! Text in which nothing is personal: laws, news, descriptions of goods, instructions, numbers. What is found in it is false.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::place::lines;
use crate::rng::Rng;

/// The paragraphs of the data file: sections are kinds of writing.
static PARAGRAPHS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let mut section = "";
    let mut all = Vec::new();
    for line in lines(include_str!("../../data/clean.txt")) {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => section = name,
            None => all.push((section, line)),
        }
    }
    all
});

/// A clean text: its kind of writing and a paragraph, whose numbers change with the seed.
pub fn paragraph(seed: u64, number: u64) -> Option<(&'static str, String)> {
    let mut rng = Rng::new(seed, (1 << 41) + number);
    let (kind, text) = PARAGRAPHS.get(usize::try_from(number).ok()? % PARAGRAPHS.len().max(1))?;
    // The first time as written, later with other digits for those that stand for any: `#`.
    Some((
        kind,
        text.chars()
            .map(|letter| {
                if letter == '#' {
                    char::from(b'1' + rng.below(9) as u8)
                } else {
                    letter
                }
            })
            .collect(),
    ))
}

/// How many paragraphs there are of each kind.
pub fn kinds() -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (kind, _) in &*PARAGRAPHS {
        *counts.entry(*kind).or_insert(0) += 1;
    }
    counts
}

/// How many different paragraphs there are.
pub fn count() -> usize {
    PARAGRAPHS.len()
}
