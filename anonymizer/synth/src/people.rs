//! Texts written by hand, with the names of people marked: what no generator has made.

use crate::label::{Document, Language, Span};
use crate::place::lines;

const TEXTS: &str = include_str!("../data/people.txt");
const MORE: &str = include_str!("../data/people_more.txt");
const THIRD: &str = include_str!("../data/people_third.txt");
const FOURTH: &str = include_str!("../data/people_fourth.txt");
const NOBODY: &str = include_str!("../data/doubts_clean.txt");
const LONE: &str = include_str!("../data/doubts_people.txt");
const FIFTH: &str = include_str!("../data/people_fifth.txt");
const SIXTH: &str = include_str!("../data/people_sixth.txt");
const SEVENTH: &str = include_str!("../data/people_seventh.txt");
const EIGHTH: &str = include_str!("../data/people_eighth.txt");
const NINTH: &str = include_str!("../data/people_ninth.txt");
const TENTH: &str = include_str!("../data/people_tenth.txt");
const ELEVENTH: &str = include_str!("../data/people_eleventh.txt");

/// Texts that name people by single words, to make weights from.
pub fn lone() -> Vec<Document> {
    read(LONE)
}

/// Texts that name nobody, to make weights from.
pub fn nobody() -> impl Iterator<Item = &'static str> {
    lines(NOBODY)
}

/// All of the first part, in the order of the file. Of a text without a name nothing is to be found.
pub fn documents() -> Vec<Document> {
    read(TEXTS)
}

/// All of the second part.
pub fn more() -> Vec<Document> {
    read(MORE)
}

/// All of the third part.
pub fn third() -> Vec<Document> {
    read(THIRD)
}

/// All of the fourth part.
pub fn fourth() -> Vec<Document> {
    read(FOURTH)
}

/// All of the fifth part.
pub fn fifth() -> Vec<Document> {
    read(FIFTH)
}

/// All of the sixth part.
pub fn sixth() -> Vec<Document> {
    read(SIXTH)
}

/// All of the seventh part.
pub fn seventh() -> Vec<Document> {
    read(SEVENTH)
}

/// All of the eighth part.
pub fn eighth() -> Vec<Document> {
    read(EIGHTH)
}

/// All of the ninth part.
pub fn ninth() -> Vec<Document> {
    read(NINTH)
}

/// All of the tenth part.
pub fn tenth() -> Vec<Document> {
    read(TENTH)
}

/// All of the eleventh part.
pub fn eleventh() -> Vec<Document> {
    read(ELEVENTH)
}

/// Texts of anybody's, one a line: the language (`ru`, `kk`; `en` counts as mixed), `: `, the text with names in `⟦⟧` and other kinds in
/// `⟦KIND|⟧`, `⏎` for a new line and `⇥` for a tabulator.
pub fn read(texts: &str) -> Vec<Document> {
    let lines = texts.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .enumerate()
        .filter_map(|(number, line)| document(number, line))
        .collect()
}

fn document(number: usize, line: &str) -> Option<Document> {
    let (language, marked) = line.split_once(": ")?;
    let language = match language {
        "ru" => Language::Russian,
        "kk" => Language::Kazakh,
        "en" => Language::Mixed,
        _ => return None,
    };
    let plain = |piece: &str| piece.replace('⏎', "\n").replace('⇥', "\t");
    let (mut text, mut spans) = (String::new(), Vec::new());
    let (mut rest, mut at) = (marked, 0);
    while let Some((before, opened)) = rest.split_once('⟦') {
        let (inner, after) = opened.split_once('⟧')?;
        let (kind, value) = inner.split_once('|').unwrap_or(("PERSON", inner));
        let (before, value) = (plain(before), plain(value));
        let start = at + before.chars().count();
        at = start + value.chars().count();
        text.push_str(&before);
        text.push_str(&value);
        spans.push(Span {
            start,
            end: at,
            kind: kind.to_owned(),
            optional: false,
            unlisted: false,
        });
        rest = after;
    }
    text.push_str(&plain(rest));
    Some(Document {
        id: number.to_string(),
        text,
        language,
        genre: "by hand".to_owned(),
        spans,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_text() {
        let parts = [
            (TEXTS, documents(), 150),
            (MORE, more(), 60),
            (THIRD, third(), 100),
            (FOURTH, fourth(), 250),
            (FIFTH, fifth(), 110),
            (SIXTH, sixth(), 200),
            (SEVENTH, seventh(), 110),
            (EIGHTH, eighth(), 140),
            (NINTH, ninth(), 140),
            (TENTH, tenth(), 140),
            (ELEVENTH, eleventh(), 140),
        ];
        for (lines_of, documents, least) in parts {
            assert_eq!(documents.len(), lines(lines_of).count());
            assert!(documents.len() >= least);
            for document in documents {
                assert!(!document.text.contains(['⟦', '⟧']), "{}", document.text);
                assert!(document.spans.iter().all(|span| span.start < span.end));
            }
        }
    }
}
