//! A small library, read back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use sandyq_classify::SemanticType;
use sandyq_detect::Kind;
use sandyq_detect::identifier::Iin;
use sandyq_synth::library::{LibraryError, Options, write};
use serde_json::Value;

const OPTIONS: Options = Options {
    rows: 600,
    seed: 12,
};

fn lines(folder: &Path, file: &str) -> Vec<Value> {
    fs::read_to_string(folder.join(file))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_library() {
    let (one, two, other) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let tables = write(one.path(), OPTIONS).unwrap();
    assert_eq!(write(two.path(), OPTIONS).unwrap(), tables);
    write(
        other.path(),
        Options {
            seed: 13,
            ..OPTIONS
        },
    )
    .unwrap();
    let read = |folder: &Path, file: &str| fs::read(folder.join(file)).unwrap();
    for table in &tables {
        assert_eq!(
            read(one.path(), &table.file),
            read(two.path(), &table.file),
            "{}",
            table.file
        );
        assert_ne!(
            read(one.path(), &table.file),
            read(other.path(), &table.file),
            "{}",
            table.file
        );
    }
    assert!(matches!(
        write(one.path(), OPTIONS),
        Err(LibraryError::NotEmpty(_))
    ));
}

#[test]
fn there_are_as_many_citizens_as_asked_for() {
    for rows in [0, 1, 2, 600] {
        let folder = tempfile::tempdir().unwrap();
        let tables = write(folder.path(), Options { rows, seed: 3 }).unwrap();
        let text = fs::read_to_string(folder.path().join("citizens.csv")).unwrap();
        assert_eq!(text.lines().count() as u64, rows + 1);
        assert_eq!(tables[0].rows, rows);
    }
}

#[test]
fn tables_join_and_nobody_is_real() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), OPTIONS).unwrap();
    let citizens = fs::read_to_string(folder.path().join("citizens.csv")).unwrap();
    let iins: HashSet<&str> = citizens
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    for iin in &iins {
        // Nobody alive was born before 1876, and nobody was born after 2075 yet.
        let year = Iin::parse(iin)
            .unwrap_or_else(|_| panic!("an IIN is not valid"))
            .birth()
            .year;
        assert!(!(1876..=2075).contains(&year), "{year}");
    }
    let visits = lines(folder.path(), "visits.ndjson");
    assert!(visits.len() > 300);
    for visit in &visits {
        let iin = visit["patient_iin"].as_str().unwrap();
        assert!(iin.is_empty() || iins.contains(iin));
    }
    let pupils = fs::read_to_string(folder.path().join("pupils.csv")).unwrap();
    let joined = pupils
        .lines()
        .skip(1)
        .filter_map(|line| line.split(';').nth(1))
        .filter(|iin| iins.contains(iin))
        .count();
    assert!(joined > 50, "{joined}");
}

#[test]
fn labels_name_places_in_the_texts_and_known_types() {
    let folder = tempfile::tempdir().unwrap();
    let tables = write(folder.path(), OPTIONS).unwrap();
    for table in &tables {
        for column in &table.columns {
            let known =
                |kind: &String| SemanticType::ALL.iter().any(|known| known.as_str() == kind);
            assert!(
                known(&column.kind) && column.also.iter().all(known),
                "{}",
                column.kind
            );
        }
    }
    for (file, field, labels) in [
        ("visits.ndjson", "notes", "visits"),
        ("appeals.ndjson", "text", "appeals"),
    ] {
        let texts: HashMap<String, String> = lines(folder.path(), file)
            .iter()
            .map(|record| {
                (
                    record["id"].as_str().unwrap().to_owned(),
                    record[field].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let labelled = lines(folder.path(), &format!("labels/{labels}.spans.ndjson"));
        assert_eq!(labelled.len(), texts.len());
        for label in labelled {
            let length = texts[label["id"].as_str().unwrap()].chars().count() as u64;
            for span in label["spans"].as_array().unwrap() {
                assert!(Kind::parse(span["type"].as_str().unwrap()).is_some());
                assert!(
                    span["start"].as_u64() < span["end"].as_u64()
                        && span["end"].as_u64() <= Some(length)
                );
            }
        }
    }
}

#[test]
fn the_staff_is_in_windows_1251() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), OPTIONS).unwrap();
    let bytes = fs::read(folder.path().join("staff.csv")).unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
    let (text, _, wrong) = encoding_rs::WINDOWS_1251.decode(&bytes);
    assert!(!wrong && text.starts_with("Таб.№;ФИО"));
    assert!(!text.contains(['?', 'Ә', 'қ']));
}
