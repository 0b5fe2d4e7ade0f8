//! Texts written by hand, with the names of people marked: what no generator has made.

use crate::label::{Document, Language, Span};
use crate::place::lines;

const TEXTS: &str = include_str!("../data/people.txt");
const MORE: &str = include_str!("../data/people_more.txt");
const THIRD: &str = include_str!("../data/people_third.txt");

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
        let (first, more, third) = (documents(), more(), third());
        assert_eq!(first.len(), lines(TEXTS).count());
        assert_eq!(more.len(), lines(MORE).count());
        assert_eq!(third.len(), lines(THIRD).count());
        assert!(first.len() >= 150 && more.len() >= 60 && third.len() >= 100);
        for document in first.into_iter().chain(more).chain(third) {
            assert!(!document.text.contains(['⟦', '⟧']), "{}", document.text);
            assert!(document.spans.iter().all(|span| span.start < span.end));
        }
    }
}
