//! Columns whose single values are replaced, from file to file and into a sandbox.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{Error, Release, depersonalize, pseudonym_columns, rekey};

const CSV: &str = "iin,fio,surname,phone,visit,income,note\n\
    900101300017,Ахметов Нурлан Серикович,Ахметов,+7 701 123 45 67,2024-05-17,100000,\"Ахметов Нурлан Серикович, ИИН 900101300017, жалоб нет.\"\n\
    900101300017,АХМЕТОВ НУРЛАН СЕРИКОВИЧ,Ахметов,8 701 123 45 67,2024-05-27,120000,Осмотрен Ахметов Нурлан Серикович.\n\
    850615400125,Иванова Анна Петровна,Иванова,+7 777 765 43 21,2024-05-17,90000,Звонить по телефону +7 777 765 43 21\n\
    850615400125,Иванова Анна Петровна,Иванова,+7 777 765 43 21,2024-06-01,95000,Без замечаний\n";

const COLUMNS: &str = r#"
[datasets.d.columns.birth_year]
role = "insensitive"
derive = { from = "iin", part = "birth_year" }
[datasets.d.columns.sex]
role = "insensitive"
derive = { from = "iin", part = "sex" }
[datasets.d.columns.fio]
role = "direct"
transform = "surrogate"
of = "person"
[datasets.d.columns.surname]
role = "direct"
transform = "surrogate"
of = "surname"
[datasets.d.columns.iin]
role = "direct"
transform = "surrogate"
of = "iin"
[datasets.d.columns.phone]
role = "direct"
transform = "encrypt"
alphabet = "digits"
[datasets.d.columns.visit]
role = "insensitive"
transform = "shift_date"
subject = "iin"
domain = "person"
days = 180
[datasets.d.columns.income]
role = "sensitive"
transform = "noise"
share = 0.1
shape = "uniform"
[datasets.d.columns.note]
role = "free_text"
transform = "redact"
style = "surrogate"
"#;

fn release_of(columns: &str, key: &PseudonymKey) -> Result<Release, Error> {
    let profile = profile(&format!("version = 1\nprivacy.k = 2\n{columns}"));
    let table = table("d", CSV);
    depersonalize(
        &table,
        &profile,
        &Hierarchies::new(),
        key,
        &Cancel::new(),
        &mut |_| {},
    )
}

/// The rows of a file by the names of its columns.
fn named(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let names = parquet::decode(bytes).unwrap().get_column_names_owned();
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    rows_of(bytes)
        .into_iter()
        .map(|row| names.iter().cloned().zip(row).collect())
        .collect()
}

const SECRETS: [&str; 9] = [
    "900101300017",
    "850615400125",
    "Ахметов",
    "АХМЕТОВ",
    "Иванова",
    "Нурлан",
    "123 45 67",
    "765 43 21",
    "2024-05-17",
];

fn assert_no_secret(bytes: &[u8]) {
    for row in rows_of(bytes) {
        for cell in row {
            for secret in SECRETS {
                assert!(!cell.contains(secret), "{secret} in {cell}");
            }
        }
    }
}

#[test]
fn what_is_published_holds_tokens_and_what_is_staged_people() {
    let release = release_of(COLUMNS, &key()).unwrap();
    assert_no_secret(release.bytes());
    let renewed = ["fio", "iin", "note", "phone", "surname"];
    let declared: BTreeSet<String> = pseudonym_columns(release.bytes())
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(declared, renewed.map(String::from).into());
    assert_eq!(release.pseudonym_columns().len(), 5);
    for row in named(release.bytes()) {
        assert!(row["fio"].starts_with('⟦') && row["iin"].starts_with('⟦'));
    }
    let sandboxes = [PseudonymKey::new([2; 32]), PseudonymKey::new([3; 32])];
    let staged = sandboxes.map(|sandbox| rekey(release.bytes(), &renewed, &sandbox).unwrap());
    let mut people = Vec::new();
    for bytes in &staged {
        assert_no_secret(bytes);
        assert_eq!(
            pseudonym_columns(bytes).unwrap(),
            ["phone"],
            "what is encrypted can be encrypted again"
        );
        let rows = named(bytes);
        let of = |year: &str| {
            rows.iter()
                .filter(|row| row["birth_year"] == year)
                .cloned()
                .collect::<Vec<_>>()
        };
        let (he, she) = (of("1990"), of("1985"));
        assert_eq!((he.len(), she.len()), (2, 2));
        let lower = |text: &str| text.to_lowercase();
        assert_eq!(
            lower(&he[0]["fio"]),
            lower(&he[1]["fio"]),
            "one person in two spellings"
        );
        assert!(
            lower(&he[0]["fio"]).starts_with(&lower(&he[0]["surname"])),
            "columns agree"
        );
        let named = he
            .iter()
            .filter(|row| lower(&row["note"]).contains(&lower(&row["fio"])));
        assert_eq!(named.count(), 2, "prose agrees with columns: {he:?}");
        assert!(
            he.iter()
                .any(|row| row["note"].contains(&format!("ИИН {}", row["iin"]))),
            "{he:?}"
        );
        assert_eq!(
            (he[0]["sex"].as_str(), she[0]["sex"].as_str()),
            ("male", "female")
        );
        assert!(she[0]["surname"].ends_with(['а', 'я']) && !he[0]["surname"].ends_with('а'));
        assert!(
            rows.iter()
                .all(|row| sandyq_replace::iin_facts(&row["iin"]).is_none())
        );
        people.push(he[0]["fio"].to_lowercase());
    }
    assert_ne!(people[0], people[1], "sandboxes cannot be linked");
    assert_ne!(
        staged[0],
        rekey(release.bytes(), &renewed, &PseudonymKey::new([4; 32])).unwrap()
    );
    assert_eq!(
        staged[0],
        rekey(release.bytes(), &renewed, &PseudonymKey::new([2; 32])).unwrap()
    );
}

#[test]
fn on_the_premises_surrogates_stand_at_once() {
    let release = release_of(COLUMNS, &key().with_surrogates()).unwrap();
    assert_no_secret(release.bytes());
    assert_eq!(
        pseudonym_columns(release.bytes()).unwrap(),
        Vec::<String>::new()
    );
    for row in named(release.bytes()) {
        assert!(row.values().all(|cell| !cell.contains('⟦')), "{row:?}");
    }
}

#[test]
fn intervals_between_visits_stay() {
    let release = release_of(COLUMNS, &key()).unwrap();
    let mut visits: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in named(release.bytes()) {
        visits
            .entry(row["birth_year"].clone())
            .or_default()
            .push(row["visit"].clone());
    }
    let gap = |dates: &mut Vec<String>| {
        dates.sort();
        let day = |text: &str| {
            let date = Column::new("d".into(), [text])
                .cast(&DataType::Date)
                .unwrap();
            date.cast(&DataType::Int32)
                .unwrap()
                .i32()
                .unwrap()
                .get(0)
                .unwrap()
        };
        day(&dates[1]) - day(&dates[0])
    };
    assert_eq!(gap(visits.get_mut("1990").unwrap()), 10);
    assert_eq!(gap(visits.get_mut("1985").unwrap()), 15);
}

#[test]
fn prose_is_redacted_by_kind_or_masked() {
    let note = |style: &str| {
        let columns = format!(
            "[datasets.d.columns.note]\nrole = \"free_text\"\ntransform = \"redact\"\nstyle = \"{style}\"\n"
        );
        let rows = named(release_of(&columns, &key()).unwrap().bytes());
        rows.into_iter()
            .map(|row| row["note"].clone())
            .collect::<Vec<_>>()
    };
    let placeholders = note("placeholder");
    assert!(
        placeholders.contains(&"[PERSON], ИИН [IIN], жалоб нет.".to_owned()),
        "{placeholders:?}"
    );
    assert!(placeholders.contains(&"Без замечаний".to_owned()));
    let masked = note("mask");
    assert!(
        masked.contains(&"Звонить по телефону +* *** *** 43 21".to_owned()),
        "{masked:?}"
    );
}

#[test]
fn a_value_that_cannot_be_replaced_is_named_by_row_and_not_shown() {
    let encrypt = "[datasets.d.columns.fio]\nrole = \"direct\"\ntransform = \"encrypt\"\nalphabet = \"digits\"\n";
    let error = release_of(encrypt, &key()).unwrap_err().to_string();
    assert!(
        error.starts_with("dataset \"d\", row 1, column \"fio\": the value has a letter"),
        "{error}"
    );
    assert!(!error.contains("Ахметов"));
    let shift = "[datasets.d.columns.note]\nrole = \"insensitive\"\ntransform = \"shift_date\"\nsubject = \"iin\"\ndays = 5\n";
    let error = release_of(shift, &key()).unwrap_err().to_string();
    assert!(
        error.contains("column \"note\": the value is no date"),
        "{error}"
    );
    let noise =
        "[datasets.d.columns.note]\nrole = \"sensitive\"\ntransform = \"noise\"\nspread = 5\n";
    assert!(
        release_of(noise, &key())
            .unwrap_err()
            .to_string()
            .contains("is no number")
    );
    let absent = "[datasets.d.columns.visit]\nrole = \"insensitive\"\ntransform = \"shift_date\"\nsubject = \"person\"\ndays = 5\n";
    assert!(
        release_of(absent, &key())
            .unwrap_err()
            .to_string()
            .contains("\"person\"")
    );
}

#[test]
fn masks_and_placeholders_hide_what_they_say() {
    let columns = "[datasets.d.columns.phone]\nrole = \"direct\"\ntransform = \"mask\"\nshow = 4\n\
        [datasets.d.columns.iin]\nrole = \"direct\"\ntransform = \"mask\"\nshow = 2\nend = \"left\"\n\
        [datasets.d.columns.fio]\nrole = \"direct\"\ntransform = \"placeholder\"\nof = \"person\"\n";
    let rows = named(release_of(columns, &key()).unwrap().bytes());
    assert!(
        rows.iter().any(|row| row["phone"] == "+* *** *** 45 67"),
        "{rows:?}"
    );
    assert!(rows.iter().all(|row| row["fio"] == "[PERSON]"));
    assert!(rows.iter().any(|row| row["iin"] == "90**********"));
}

#[test]
fn a_file_that_keeps_a_value_is_refused() {
    let profile = profile(&format!("version = 1\nprivacy.k = 2\n{COLUMNS}"));
    let dataset = profile.dataset("d").unwrap();
    let table = table("d", CSV).derived(dataset).unwrap();
    let none = Hierarchies::new();
    let plan = plan_of(&table, &profile, &none).unwrap();
    let bytes = bytes_of(&table, &profile, &none, &plan);
    let verified = |bytes: Vec<u8>| crate::verify(&table, dataset, &none, &plan, &key(), bytes);
    verified(bytes.clone()).unwrap();
    let renewals = parquet::renewals(&parquet::footer(&bytes).unwrap()).unwrap();
    for (column, value) in [
        ("fio", "Ахметов Нурлан Серикович"),
        ("iin", "900101300017"),
        ("visit", "2024-05-17"),
        ("note", "Без замечаний, Ахметов"),
        ("phone", "+7 701 123 45 67"),
    ] {
        let mut frame = parquet::decode(&bytes).unwrap();
        set_cell(&mut frame, column, 0, Some(value));
        let mut frame = parquet::sort_by_content(frame).unwrap();
        let spoilt = parquet::encode_renewed(&mut frame, &renewals).unwrap();
        let error = verified(spoilt).unwrap_err().to_string();
        assert!(
            error.contains(&format!("column {column:?}")),
            "{column}: {error}"
        );
    }
    let undeclared = {
        let mut frame = parquet::decode(&bytes).unwrap();
        parquet::encode_renewed(&mut frame, renewals.get(1..).unwrap()).unwrap()
    };
    assert!(
        verified(undeclared)
            .unwrap_err()
            .to_string()
            .contains("declares pseudonyms")
    );
}

#[test]
fn derived_columns_take_part_in_the_search_and_are_held_to_the_number() {
    let columns = "[datasets.d.columns.birth_year]\nrole = \"quasi\"\nderive = { from = \"iin\", part = \"birth_year\" }\n\
        build = { kind = \"intervals\", widths = [10] }\n\
        [datasets.d.columns.sex]\nrole = \"quasi\"\nderive = { from = \"iin\", part = \"sex\" }\ntransform = \"keep\"\n";
    let release = release_of(columns, &key()).unwrap();
    let rows = rows_of(release.bytes());
    assert_eq!(
        rows,
        [
            ["1985", "female"],
            ["1985", "female"],
            ["1990", "male"],
            ["1990", "male"]
        ]
    );
    // A dataset that has such a column itself is no dataset to derive it in.
    let profile = profile(&format!("version = 1\nprivacy.k = 2\n{columns}"));
    let own = table("d", "iin,sex\n900101300017,female\n");
    let error = own
        .derived(profile.dataset("d").unwrap())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("name the derived column otherwise"),
        "{error}"
    );
}

#[test]
fn the_subject_joins_what_spelling_parts() {
    let csv = "id,surname\n1,Ахметов\n1,Ахмтов\n2,Ахметов\n2,Ахметов\n";
    let columns = "[datasets.d.columns.surname]\nrole = \"direct\"\ntransform = \"surrogate\"\nof = \"surname\"\nsubject = \"id\"\n";
    let profile = profile(&format!("version = 1\nprivacy.k = 2\n{columns}"));
    let table = table("d", csv);
    let release = depersonalize(
        &table,
        &profile,
        &Hierarchies::new(),
        &key(),
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap();
    let staged = rekey(release.bytes(), &["surname"], &PseudonymKey::new([2; 32])).unwrap();
    let names: BTreeMap<String, usize> =
        rows_of(&staged)
            .into_iter()
            .fold(BTreeMap::new(), |mut all, row| {
                *all.entry(row[0].clone()).or_default() += 1;
                all
            });
    assert_eq!(
        names.values().copied().collect::<Vec<_>>(),
        [2, 2],
        "{names:?}"
    );
}
