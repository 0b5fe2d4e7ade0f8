//! Texts written by hand, with the names of people marked: what no generator has made.

use crate::label::{Document, Language, Span};
use crate::place::lines;

const TEXTS: &str = include_str!("../data/people.txt");
const MORE: &str = include_str!("../data/people_more.txt");
const THIRD: &str = include_str!("../data/people_third.txt");
const FOURTH: &str = include_str!("../data/people_fourth.txt");
const FIFTH: &str = include_str!("../data/people_fifth.txt");

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

fn read(texts: &'static str) -> Vec<Document> {
    lines(texts)
        .enumerate()
        .filter_map(|(number, line)| document(number, line))
        .collect()
}

fn document(number: usize, line: &str) -> Option<Document> {
    let (language, marked) = line.split_once(": ")?;
    let language = match language {
        "ru" => Language::Russian,
        "kk" => Language::Kazakh,
        _ => return None,
    };
    let (mut text, mut spans, mut begun, mut at) = (String::new(), Vec::new(), 0, 0);
    for letter in marked.chars() {
        match letter {
            '⟦' => begun = at,
            '⟧' => spans.push(Span {
                start: begun,
                end: at,
                kind: "PERSON".to_owned(),
                optional: false,
                unlisted: false,
            }),
            _ => {
                text.push(match letter {
                    '⏎' => '\n',
                    '⇥' => '\t',
                    other => other,
                });
                at += 1;
            }
        }
    }
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
