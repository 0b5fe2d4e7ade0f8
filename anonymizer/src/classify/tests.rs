#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;
use crate::{Cancel, Hierarchies, Profile, PseudonymKey, depersonalize};

const CSV: Format = Format::Csv {
    delimiter: None,
    encoding: Encoding::Utf8,
};

/// A register of invented people, with something of everything.
fn register() -> String {
    let mut text = String::from(
        "id;ИИН;ФИО;Дата рождения;пол;КАТО;индекс;зарплата;диагноз;примечание;профессия;рост;возраст\n",
    );
    for row in 0_u32..400 {
        let sex = if row % 2 == 0 { "М" } else { "Ж" };
        text.push_str(&format!(
            "{row};{:012};Иванов Иван Иванович;{:02}.{:02}.{};{sex};{};0500{:02};{};J{:02}.1;Пациент жалуется на головную боль и слабость с утра;{};1{:02}.5;{}\n",
            900_101_300_000_u64 + u64::from(row),
            1 + row % 28,
            1 + row % 12,
            1950 + row % 50,
            ["711210000", "751110000", "191010000"][row as usize % 3],
            row % 60,
            100_000 + row * 777,
            row % 40,
            ["повар", "врач", "учитель"][row as usize % 3],
            50 + row % 45,
            20 + row % 60,
        ));
    }
    text
}

#[test]
fn a_draft_profile_parses_and_runs() {
    let text = register();
    let found = classify(text.as_bytes(), &CSV, &Limits::default()).unwrap();
    let draft = found.profile("people");
    let profile = Profile::parse(&draft).unwrap_or_else(|error| panic!("{error}\n{draft}"));
    assert_eq!(
        profile.dataset("people").unwrap().columns().count(),
        found.columns.len()
    );
    let table = intake::read("people", text.as_bytes(), &CSV, &Limits::default()).unwrap();
    let key = PseudonymKey::new([7; 32]);
    let release = depersonalize(
        &table,
        &profile,
        &Hierarchies::new(),
        &key,
        &Cancel::new(),
        &mut |_| {},
    );
    let release = release.unwrap_or_else(|error| panic!("{}\n{draft}", chain(&error)));
    assert!(release.k() >= 5);
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[test]
fn parquet_is_classified_like_the_same_rows_as_text() {
    let frame = df![
        "iin" => ["900101300017", "850615400125", "051231500070"],
        "birth" => ["1990-01-01", "1985-06-15", "2005-12-31"],
        "height" => [1.5, 1.75, 1.8],
        "member" => [Some(true), None, Some(false)],
    ]
    .unwrap();
    let bytes = parquet::encode(&mut frame.clone(), &[]).unwrap();
    let found = classify(bytes.as_slice(), &Format::Parquet, &Limits::default()).unwrap();
    let text = "iin;birth;height;member\n900101300017;1990-01-01;1.5;true\n850615400125;1985-06-15;1.75;\n051231500070;2005-12-31;1.8;false\n";
    let same = classify(text.as_bytes(), &CSV, &Limits::default()).unwrap();
    assert_eq!(found.columns, same.columns);
    assert_eq!(found.columns[0].semantic, SemanticType::Iin);
    assert_eq!(found.columns[3].present, 2);
}

#[test]
fn damaged_parquet_is_an_error() {
    for bytes in [&b""[..], b"PAR1", b"PAR1 no parquet PAR1"] {
        assert!(classify(bytes, &Format::Parquet, &Limits::default()).is_err());
    }
}
