#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::RECOGNIZER;
use crate::engine::Detector;

const RUSSIAN: &str = include_str!("../../../tests/data/person_ru.txt");
const KAZAKH: &str = include_str!("../../../tests/data/person_kk.txt");
const LATIN: &str = include_str!("../../../tests/data/person_latin.txt");
const CLEAN: [&str; 2] = [
    include_str!("../../../tests/data/clean_ru.txt"),
    include_str!("../../../tests/data/clean_kk.txt"),
];
const NONE: &str = include_str!("../../../tests/data/person_none.txt");

/// Splits a sentence with its names in square brackets into the sentence and the names' places.
fn parse(marked: &str) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut names, mut open) = (String::new(), Vec::new(), 0);
    for letter in marked.chars() {
        match letter {
            '[' => open = text.len(),
            ']' => names.push((open, text.len())),
            _ => text.push(letter),
        }
    }
    (text, names)
}

/// Names found that are expected, and a report of the sentences read otherwise.
fn read(sentences: &str) -> (usize, usize, usize, String) {
    let mut detector = Detector::with(&[RECOGNIZER]);
    let (mut right, mut expected, mut found, mut report) = (0, 0, 0, String::new());
    for marked in sentences.lines() {
        let (text, names) = parse(marked);
        let spans = detector.detect(&text);
        let places: Vec<_> = spans.iter().map(|span| (span.start, span.end)).collect();
        right += places.iter().filter(|place| names.contains(place)).count();
        expected += names.len();
        found += places.len();
        if places != names {
            let read: Vec<_> = spans
                .iter()
                .map(|span| format!("{} ({})", span.text(&text), span.rule))
                .collect();
            report += &format!("{marked}\n    {}\n", read.join("; "));
        }
    }
    (right, expected, found, report)
}

fn check(sentences: &str) {
    let (right, expected, found, report) = read(sentences);
    assert!(
        report.is_empty(),
        "{right} right of {expected} expected, {found} found\n{report}"
    );
}

#[test]
fn names_in_russian_sentences() {
    check(RUSSIAN);
}

#[test]
fn names_in_kazakh_sentences() {
    check(KAZAKH);
}

#[test]
fn names_in_latin_letters() {
    check(LATIN);
}

#[test]
fn sentences_without_people() {
    check(NONE);
}

/// Laws, news, manuals and descriptions: at most one span in 2,000 words.
#[test]
fn clean_text() {
    let mut detector = Detector::with(&[RECOGNIZER]);
    let (mut words, mut found) = (0, Vec::new());
    for paragraph in CLEAN.iter().flat_map(|text| text.lines()) {
        words += paragraph.split_whitespace().count();
        for span in detector.detect(paragraph) {
            found.push(format!(
                "{} ({}): {paragraph}",
                span.text(paragraph),
                span.rule
            ));
        }
    }
    assert!(words > 2_000, "{words}");
    assert!(
        found.len() <= words / 2_000,
        "{} in {words} words\n{}",
        found.len(),
        found.join("\n")
    );
}
