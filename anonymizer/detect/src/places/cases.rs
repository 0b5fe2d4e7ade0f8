//! The texts of `data/places/cases.txt`, as tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use crate::engine::Detector;
use crate::kind::Kind;
use crate::recognizer::{Recognizer, address, birth_date};

const MARKS: [(char, char, Kind); 2] = [('⟦', '⟧', Kind::Address), ('⟪', '⟫', Kind::BirthDate)];

/// A line without its marks, and what they hold.
fn parse(line: &str) -> (String, Vec<(Kind, String)>) {
    let mut text = String::new();
    let mut expected = Vec::new();
    let mut start = 0;
    for character in line.chars() {
        match MARKS
            .iter()
            .find(|(open, close, _)| character == *open || character == *close)
        {
            Some((open, _, _)) if character == *open => start = text.len(),
            Some((_, _, kind)) if text.len() > start => {
                expected.push((*kind, text[start..].to_owned()))
            }
            Some(_) => {}
            None => text.push(if character == '⏎' { '\n' } else { character }),
        }
    }
    (text, expected)
}

fn check(recognizers: &[Recognizer], kind: Kind) -> Vec<String> {
    let mut detector = Detector::with(recognizers);
    let mut wrong = Vec::new();
    for line in include_str!("../../data/places/cases.txt").lines() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        let (text, mut expected) = parse(line);
        expected.retain(|(one, _)| *one == kind);
        let found: Vec<_> = detector
            .detect(&text)
            .into_iter()
            .map(|span| (span.kind, span.text(&text).to_owned()))
            .collect();
        if found != expected {
            wrong.push(format!("{line}\n    found {found:?}"));
        }
    }
    wrong
}

#[test]
fn addresses_are_found_whole_and_nothing_else() {
    let wrong = check(&[address::RECOGNIZER], Kind::Address);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn dates_of_birth_are_found_and_nothing_else() {
    let wrong = check(&[birth_date::RECOGNIZER], Kind::BirthDate);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
