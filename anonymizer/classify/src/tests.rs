#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod made;
mod values;

use proptest::prelude::*;

use super::*;

pub(crate) fn of(text: &str) -> Classification {
    classify(text.as_bytes(), Reading::default()).unwrap()
}

#[test]
fn the_adult_example_is_understood() {
    let file = include_bytes!("../../../examples/adult/adult.csv");
    let found = classify(&file[..], Reading::default()).unwrap();
    let types: Vec<_> = found
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.semantic))
        .collect();
    use SemanticType::*;
    assert_eq!(
        types,
        [
            ("sex", Sex),
            ("age", Age),
            ("race", Nationality),
            ("marital-status", Category),
            ("education", Category),
            ("native-country", Citizenship),
            ("workclass", Category),
            ("occupation", Category),
            ("salary-class", Salary),
        ]
    );
    assert!(
        found.columns.iter().all(|column| !column.mixed),
        "{found:#?}"
    );
}

fn personal(seed: u64, rows: usize) -> (String, Vec<String>) {
    let mut numbers = values::Numbers(seed);
    let (mut text, mut values) = ("ИИН;ФИО;тегі;Должность\n".to_owned(), Vec::new());
    for row in 0..rows {
        let (iin, full, surname) = (numbers.iin(), numbers.full(), numbers.one(values::SURNAMES));
        let post = if row == rows / 2 {
            full.clone()
        } else {
            "учитель".to_owned()
        };
        text.push_str(&format!("{iin};{full};{surname};{post}\n"));
        values.extend([iin, full, surname.to_owned()]);
    }
    (text, values)
}

#[test]
fn no_value_of_a_person_is_shown() {
    let (text, values) = personal(7, 300);
    for text in [
        text.clone(),
        text.lines()
            .skip(1)
            .map(|line| format!("{line}\n"))
            .collect(),
    ] {
        let found = of(&text);
        let shown = [
            serde_json::to_string(&found).unwrap(),
            found.profile("people"),
            format!("{found:?}"),
        ]
        .join("\n");
        for value in values.iter().filter(|value| value.chars().count() > 3) {
            assert!(
                !shown.contains(value.as_str()),
                "a value is shown:\n{shown}"
            );
        }
        let types: Vec<_> = found.columns.iter().map(|column| column.semantic).collect();
        assert_eq!(
            types,
            [
                SemanticType::Iin,
                SemanticType::FullName,
                SemanticType::Surname,
                SemanticType::Category
            ]
        );
        let post = &found.columns[3];
        assert!(
            post.mixed
                && post.hidden[0].semantic == SemanticType::FullName
                && post.hidden[0].count == 1
        );
        assert_eq!(post.suggestion.transform, "drop");
    }
}

#[test]
fn an_identifier_late_in_a_large_file_is_found() {
    let mut text = String::from("профессия;отдел\n");
    for row in 0..900_000 {
        text.push_str(if row == 899_990 {
            "900101300017;1\n"
        } else {
            "повар;2\n"
        });
    }
    let found = of(&text);
    let column = &found.columns[0];
    assert_eq!(
        column.hidden,
        [Hidden {
            semantic: SemanticType::Iin,
            count: 1,
            first_row: 899_991
        }]
    );
    assert!(column.mixed);
    assert_eq!(
        (
            column.suggestion.role.as_str(),
            column.suggestion.transform.as_str()
        ),
        ("direct", "drop")
    );
    assert!(found.columns[1].hidden.is_empty());
}

#[test]
fn numbers_that_pass_by_chance_are_no_identifiers() {
    let mut numbers = values::Numbers(3);
    let mut text = String::from("сумма\n");
    for _ in 0..60_000 {
        text.push_str(&format!(
            "{:012}\n",
            100_000_000_000 + numbers.below(800_000_000_000)
        ));
    }
    let found = of(&text);
    assert!(found.columns[0].hidden.is_empty(), "{:?}", found.columns[0]);
    assert_ne!(found.columns[0].semantic, SemanticType::Iin);
}

#[test]
fn a_file_without_a_header_is_recognized() {
    for (text, header) in [
        (
            "900101300017;Иванов;12.05.1990\n850615400125;Петров;12.05.1985\n",
            false,
        ),
        (
            "x;y;z\n900101300017;Иванов;12.05.1990\n850615400125;Петров;12.05.1985\n",
            true,
        ),
        (
            "М;учитель\nЖ;врач\nМ;учитель\nЖ;врач\nМ;учитель\nЖ;врач\n",
            false,
        ),
        ("регион;2019;2020\nАлматы;12;13\nАстана;17;18\n", true),
        ("1;2;3\n4;5;6\n7;8;9\n", false),
        ("列;名\nМ;1\nЖ;2\n", true),
    ] {
        let found = of(text);
        assert_eq!(found.header, header, "{text}");
        assert_eq!(found.rows, text.lines().count() as u64 - u64::from(header));
    }
}

#[test]
fn odd_headers_and_columns_are_described() {
    let found = of("a;a;;ИИН;пусто;регион;900101300017\n1;2;3;;;x;5\n2;3;4;;;x;6\n3;4;5;;;x;7\n");
    let names: Vec<_> = found
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["a", "a", "column_3", "ИИН", "пусто", "регион", "column_7"]
    );
    // A column without values is believed to be what its header says.
    assert_eq!(found.columns[3].semantic, SemanticType::Iin);
    assert_eq!(found.columns[3].suggestion.role, "direct");
    assert_eq!(found.columns[4].semantic, SemanticType::Empty);
    assert_eq!(found.columns[5].semantic, SemanticType::Region);
    assert_eq!(found.columns[5].distinct, 1);
}

#[test]
fn neighbours_tell_what_coded_columns_are() {
    let mut numbers = values::Numbers(11);
    let mut text = String::from("n1;n2;n3;n4\n");
    for _ in 0..400 {
        let iin = numbers.iin();
        let century = iin.as_bytes()[6] - b'0';
        let year = if century >= 5 { 2000 } else { 1900 } + iin[..2].parse::<i32>().unwrap();
        let (sex, age) = (u32::from(century % 2 == 1), 2024 - year);
        text.push_str(&format!(
            "{iin};{sex};{age};{year}-{}-{}\n",
            &iin[2..4],
            &iin[4..6]
        ));
    }
    let found = of(&text);
    let types: Vec<_> = found.columns.iter().map(|column| column.semantic).collect();
    use SemanticType::*;
    assert_eq!(types, [Iin, Sex, Age, BirthDate], "{found:#?}");
}

#[test]
fn a_mixed_column_says_so() {
    let mut numbers = values::Numbers(5);
    let mut text = String::from("contact\n");
    for row in 0..5000 {
        let line = match row {
            ..1500 => format!("a{row}@mail.kz"),
            _ => format!(
                "+7 701 {:03} {:02} {:02}",
                numbers.below(1000),
                numbers.below(100),
                numbers.below(100)
            ),
        };
        text.push_str(&line);
        text.push('\n');
    }
    let found = of(&text);
    let column = &found.columns[0];
    assert_eq!(column.semantic, SemanticType::Phone);
    assert!(column.mixed);
    assert_eq!(
        column.hidden,
        [Hidden {
            semantic: SemanticType::Email,
            count: 1500,
            first_row: 1
        }]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn anything_can_be_classified(text in "[a-zА-яё0-9;,\"\n\r@+. -]{1,300}", bytes in proptest::collection::vec(any::<u8>(), 1..300), seed in any::<u64>()) {
        for source in [text.as_bytes(), &bytes] {
            if let Ok(found) = classify(source, Reading::default()) {
                prop_assert!(found.columns.iter().all(|column| (0.0..=1.0).contains(&column.confidence)));
                let _ = found.profile("d");
            }
        }
        let (text, values) = personal(seed, 30);
        let found = of(&text);
        let shown = format!("{}{}", serde_json::to_string(&found).unwrap(), found.profile("d"));
        for value in values.iter().filter(|value| value.chars().count() > 3) {
            prop_assert!(!shown.contains(value.as_str()));
        }
    }
}
