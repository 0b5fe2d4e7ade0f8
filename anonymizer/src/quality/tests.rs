#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::tests::table;

const TODAY: &str = "2026-01-31";

fn types(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(column, kind)| (column.to_string(), kind.to_string()))
        .collect()
}

fn measured(
    csv: &str,
    kinds: &[(&str, &str)],
    subject: Option<&str>,
    thresholds: &Thresholds,
) -> QualityReport {
    let (table, types) = (table("people", csv), types(kinds));
    let reference = Reference::builtin("kazakhstan").unwrap();
    let examined = Examined {
        table: &table,
        types: &types,
        subject,
    };
    let standard = Standard {
        reference: Some(&reference),
        today: TODAY,
        thresholds,
    };
    quality(&[examined], &standard)
}

fn column(csv: &str, kind: &str) -> ColumnQuality {
    let none = Thresholds::default();
    measured(csv, &[("c", kind)], None, &none).datasets[0].columns[0].clone()
}

fn lines(header: &str, rows: impl IntoIterator<Item = String>) -> String {
    let rows: Vec<String> = rows.into_iter().collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

#[test]
fn missing_values_and_spaces_are_no_values() {
    let found = column("c,d\na,1\n,1\n  ,1\nb,1\n", "GIVEN_NAME");
    assert_eq!((found.missing, found.completeness), (2, 0.5));
    assert_eq!(found.validity.unwrap().checked, 2);
}

#[test]
fn values_are_held_to_their_types() {
    for (kind, valid, wrong) in [
        ("IIN", "900101300017", "900101300018"),
        ("birth_date", "1990-01-31", "2026-02-01"),
        ("BIRTH_DATE", "31.01.1990", "31.02.1990"),
        ("AGE", "37", "210"),
        ("EMAIL", "a.b@example.kz", "a.b@example"),
        ("PHONE", "+7 701 123 45 67", "12345"),
        ("SEX", "Ж", "?"),
        ("ICD10", "J06.9 ОРВИ", "простуда"),
        ("DIAGNOSIS", "простуда", "06.9"),
        ("POSTAL_CODE", "050000", "5000"),
        ("KATO", "711000000", "999999999"),
        ("FULL_NAME", "Айгүл Сәрсенова", "A1gul"),
        ("IBAN", "KZ86125KZT5004100100", "KZ87125KZT5004100100"),
    ] {
        let found = column(&format!("c,d\n{valid},1\n{wrong},2\n"), kind).validity;
        let found = found.unwrap_or_else(|| panic!("{kind} has no validator"));
        assert_eq!((found.checked, found.valid), (2, 1), "{kind}");
    }
    assert!(column("c,d\nx,1\n", "NOTHING_KNOWN").validity.is_none());
}

#[test]
fn equal_rows_and_subjects_are_counted() {
    let csv = "iin,visit\n1,a\n1,a\n1,b\n2,a\n,c\n";
    let report = measured(csv, &[], Some("iin"), &Thresholds::default());
    let duplicates = &report.datasets[0].duplicates;
    assert_eq!((duplicates.rows, duplicates.share), (1, 0.2));
    assert_eq!(
        (duplicates.subjects, duplicates.repeated_subjects),
        (Some(2), Some(1))
    );
}

#[test]
fn numbers_and_dates_far_off_are_outliers() {
    let incomes = (0..100)
        .map(|n| format!("{}", 200_000 + n * 1_000))
        .chain(["99000000".to_owned()]);
    let found = column(&lines("c", incomes), "SALARY").outliers.unwrap();
    assert_eq!(
        (found.method, found.count, found.checked),
        (OutlierMethod::RobustZ, 1, 101)
    );
    // More than half equal: the spread is that of the quartiles.
    let mut ages: Vec<String> = (0..60).map(|_| "30".to_owned()).collect();
    ages.extend((0..39).map(|n| format!("{}", 31 + n % 4)));
    ages.push("500".to_owned());
    let found = column(&lines("c", ages), "AGE").outliers.unwrap();
    assert_eq!((found.method, found.count), (OutlierMethod::Quartiles, 1));
    let dates = "c\n1850-01-01\n1990-01-01\n2027-01-01\nnever\n";
    let found = column(dates, "BIRTH_DATE").outliers.unwrap();
    assert_eq!(
        (found.method, found.count, found.checked),
        (OutlierMethod::Range, 2, 3)
    );
    // Codes are no numbers.
    let codes = (0..50).map(|n| format!("{:09}", 711_000_000 + n));
    let report = measured(&lines("c", codes), &[], None, &Thresholds::default());
    assert!(report.datasets[0].columns[0].outliers.is_none());
}

#[test]
fn people_are_compared_with_the_population_once_each() {
    let csv = "iin,region\n900101300017,71\n900101300017,71\n850615400125,город Алматы\n051231500070,711000000\n1,?\n";
    let kinds = [("iin", "IIN"), ("region", "REGION")];
    let report = measured(csv, &kinds, Some("iin"), &Thresholds::default());
    let found = &report.datasets[0].distributions;
    let of = |name: &str| found.iter().find(|found| found.dimension == name).unwrap();
    let sex = of("sex");
    assert_eq!((sex.people, sex.unknown), (3, 1));
    assert!(
        (sex.shares[0].observed - 2.0 / 3.0).abs() < 1e-12,
        "two men of three"
    );
    let expected = (2.0 / 3.0 - sex.shares[0].reference).abs();
    assert!((sex.distance - expected).abs() < 1e-12);
    let age = of("age_group");
    let groups: Vec<(&str, f64)> = age
        .shares
        .iter()
        .map(|share| (share.category.as_str(), share.observed))
        .collect();
    // Born 1990 and 1985; and on the last day of 2005, so aged 20.
    assert_eq!(groups[1], ("18-44", 1.0));
    let region = of("region");
    assert_eq!((region.people, region.unknown), (3, 1));
    let share = |code: &str| {
        region
            .shares
            .iter()
            .find(|share| share.category == code)
            .unwrap()
            .observed
    };
    assert!((share("71") - 2.0 / 3.0).abs() < 1e-12 && (share("75") - 1.0 / 3.0).abs() < 1e-12);
}

#[test]
fn birthdays_count_from_the_day() {
    let csv = "born\n2008-01-31\n2008-02-01\n";
    let report = measured(csv, &[("born", "BIRTH_DATE")], None, &Thresholds::default());
    let age = &report.datasets[0].distributions[0];
    assert_eq!((age.shares[0].observed, age.shares[1].observed), (0.5, 0.5));
}

#[test]
fn the_languages_of_texts_are_told_by_fragment() {
    let csv = "note\n\
        Пациент жалуется на сильную боль в груди и одышку\n\
        Науқас бас ауруына және әлсіздікке шағымданады\n\
        Жалобы на кашель и температуру. Дәрігерге қайта келу ұсынылды\n";
    let report = measured(
        csv,
        &[("note", "HEALTH_TEXT")],
        None,
        &Thresholds::default(),
    );
    let mix = &report.datasets[0].languages[0];
    assert_eq!(mix.fragments, 4);
    assert_eq!((mix.kazakh, mix.russian, mix.english), (0.5, 0.5, 0.0));
    assert!((mix.mixed - 1.0 / 3.0).abs() < 1e-12);
}

#[test]
fn thresholds_name_what_does_not_hold() {
    let thresholds = Thresholds::parse(
        "completeness = 0.9\nvalidity = 0.9\nduplicate_rows = 0.1\ndistance = 0.2\n\
         [columns.\"people.phone\"]\ncompleteness = 0.4\n[columns.\"people.fax\"]\nvalidity = 0.5\n",
    )
    .unwrap();
    let csv =
        "iin,phone,sex\n900101300017,,м\n900101300018,87011234567,м\n900101300018,87011234567,м\n";
    let kinds = [("iin", "IIN"), ("phone", "PHONE"), ("sex", "SEX")];
    let report = measured(csv, &kinds, None, &thresholds);
    let said: Vec<String> = report.breaches.iter().map(Breach::to_string).collect();
    let begins = [
        "validity of people.iin is 0.3333, at least 0.9 is required",
        "duplicate_rows of people is 0.3333, at most 0.1 is required",
        "distance of people.sex is 0.5119, at most 0.2 is required",
        "distance of people.age_group is 0.6347",
        "validity of people.fax cannot be measured",
    ];
    for begin in begins {
        assert!(
            said.iter().any(|said| said.starts_with(begin)),
            "{begin} in {said:?}"
        );
    }
    // Two of three phones are enough for the column's own threshold.
    assert!(!said.iter().any(|said| said.contains("phone")), "{said:?}");
    assert!(
        measured(csv, &kinds, None, &Thresholds::default())
            .breaches
            .is_empty()
    );
}

#[test]
fn what_cannot_be_compared_does_not_hold() {
    let thresholds = Thresholds {
        distance: Some(0.5),
        ..Thresholds::default()
    };
    let report = measured("c\na\n", &[], None, &thresholds);
    assert_eq!(report.breaches.len(), 1);
    assert!(
        report.breaches[0]
            .to_string()
            .contains("cannot be measured")
    );
}

#[test]
fn thresholds_and_references_that_are_wrong_are_refused() {
    for (text, says) in [
        ("completeness = 1.5", "field completeness: must be a share"),
        ("completness = 0.5", "unknown field"),
        (
            "reference = \"atlantis\"",
            "none of those known: kazakhstan",
        ),
        ("[columns.phone]\nvalidity = 0.5", "`dataset.column`"),
        ("= ", "line 1"),
    ] {
        let error = Thresholds::parse(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    for (text, says) in [
        ("a,b\n", "first line"),
        (
            "dimension,category,people\nshoe_size,42,7\n",
            "line 2: the dimension",
        ),
        ("dimension,category,people\nsex,male,none\n", "above 0"),
        (
            "dimension,category,people\nage_group,old,5\n",
            "18-44 or 75+",
        ),
        (
            "dimension,category,people\nsex,male,5\nsex,male,5\n",
            "line 3: the category or a name of it occurs twice",
        ),
    ] {
        let error = Reference::parse(text).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}

/// The sample adds up to the same people whichever way they are divided.
#[test]
fn the_reference_of_kazakhstan_adds_up() {
    let reference = Reference::builtin("kazakhstan").unwrap();
    let people = |name: &str| -> f64 {
        let dimension = reference.dimension(name).unwrap();
        dimension.categories.iter().map(|(_, people)| people).sum()
    };
    assert_eq!(people("sex"), 19_766_807.0);
    assert_eq!(people("age_group"), 19_766_807.0);
    assert!((people("region") / 19_766_807.0 - 1.0).abs() < 0.001);
    assert_eq!(reference.dimension("region").unwrap().categories.len(), 20);
}

#[test]
fn no_value_stands_in_a_report_or_its_page() {
    let csv =
        "iin,name,note\n900101300018,Плейнтекст,Пациент Плейнтекст жалуется на головную боль\n";
    let kinds = [("iin", "IIN"), ("name", "SURNAME"), ("note", "FREE_TEXT")];
    let strict = Thresholds {
        validity: Some(1.0),
        ..Thresholds::default()
    };
    let report = measured(csv, &kinds, Some("iin"), &strict);
    for artefact in [report.to_json().unwrap(), crate::quality_html(&report)] {
        for value in ["900101300018", "Плейнтекст", "жалуется"] {
            assert!(!artefact.contains(value), "{value}");
        }
    }
    let page = crate::quality_html(&report);
    assert!(page.contains("validity of people.iin") && page.contains("Languages of the texts"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Counts agree with counting one by one, and shares are shares.
    #[test]
    fn any_table_can_be_measured(rows in prop::collection::vec(("[a-zА-Я0-9.,@+ -]{0,12}", "[0-9]{0,12}"), 1..30)) {
        let quoted = rows.iter().map(|(a, b)| format!("\"{a}\",\"{b}\""));
        let csv = lines("a,b", quoted);
        for kind in ["IIN", "PHONE", "EMAIL", "BIRTH_DATE", "DATE", "AGE", "KATO", "CARD", "PLATE", "SEX", "REGION"] {
            let report = measured(&csv, &[("a", kind), ("b", kind)], Some("b"), &Thresholds::default());
            let found = &report.datasets[0];
            let blank = |text: &str| u64::from(text.trim().is_empty());
            prop_assert_eq!(found.columns[0].missing, rows.iter().map(|(a, _)| blank(a)).sum::<u64>());
            let mut different = rows.clone();
            different.sort();
            different.dedup();
            prop_assert_eq!(found.duplicates.rows as usize, rows.len() - different.len());
            for column in &found.columns {
                prop_assert!((0.0..=1.0).contains(&column.completeness));
                prop_assert!(column.validity.is_none_or(|v| v.valid <= v.checked));
            }
            prop_assert!(found.distributions.iter().all(|d| (0.0..=1.0).contains(&d.distance)));
        }
    }
}
