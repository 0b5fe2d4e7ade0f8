#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::tests::{hierarchies, key, profile, rows_of, table};
use crate::{
    Cancel, Error, Hierarchies, KnownRecords, Profile, RelationError, Release, Table, Work,
    depersonalize, depersonalize_library, verify,
};

const REGIONS: &str = "r0;north;*\nr1;north;*\nr2;south;*\nr3;south;*\n";
const CLINICS: &str = "c0;city;*\nc1;city;*\nc2;village;*\n";

fn forest() -> Hierarchies {
    hierarchies(&[("region", REGIONS), ("clinic", CLINICS)])
}

fn written(relations: &str, limit: f64, citizens: &str) -> Profile {
    profile(&format!(
        r#"version = 1
[privacy]
k = 3
suppression_limit = {limit}
{relations}
[datasets.citizens]
subject = "iin"
[datasets.citizens.columns.iin]
role = "direct"
transform = "pseudonymize"
domain = "person"
[datasets.citizens.columns.region]
role = "quasi"
hierarchy = "region"
[datasets.citizens.columns.income]
role = "sensitive"
{citizens}
[datasets.visits]
subject = "patient"
[datasets.visits.columns.patient]
role = "direct"
transform = "pseudonymize"
domain = "person"
[datasets.visits.columns.clinic]
role = "quasi"
hierarchy = "clinic"
"#
    ))
}

fn csv(header: &str, rows: &[Vec<String>]) -> String {
    let rows = rows.iter().map(|row| row.join(","));
    [header.to_owned()]
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
        + "\n"
}

fn release(tables: &[Table], profile: &Profile) -> Result<Vec<Release>, Error> {
    depersonalize_library(
        tables,
        profile,
        &forest(),
        &key(),
        &Cancel::new(),
        &mut |_| {},
    )
}

/// By pseudonym the rows of both releases, without it: the first is the citizens', the second the visits'.
fn joined(releases: &[Release]) -> BTreeMap<String, Vec<Vec<Vec<String>>>> {
    let mut people: BTreeMap<String, Vec<Vec<Vec<String>>>> = BTreeMap::new();
    for (place, release) in releases.iter().enumerate() {
        for mut row in rows_of(release.bytes()) {
            let pseudonym = row.remove(0);
            let of = people
                .entry(pseudonym)
                .or_insert_with(|| vec![Vec::new(); releases.len()]);
            // What is sensitive is not known beforehand.
            row.truncate(1);
            of[place].push(row);
            of[place].sort();
        }
    }
    people
}

fn library() -> impl Strategy<Value = (Table, Table)> {
    let person = (
        0..4_usize,
        0..3_usize,
        prop::collection::vec(0..3_usize, 0..3),
    );
    prop::collection::vec(person, 12..40).prop_map(|people| {
        let (mut citizens, mut visits) = (Vec::new(), Vec::new());
        for (number, (region, income, clinics)) in people.iter().enumerate() {
            let iin = format!("p{number}");
            citizens.push(vec![
                iin.clone(),
                format!("r{region}"),
                format!("i{income}"),
            ]);
            visits.extend(
                clinics
                    .iter()
                    .map(|clinic| vec![iin.clone(), format!("c{clinic}")]),
            );
        }
        // Somebody's visit is there in any case.
        visits.push(vec!["p0".to_owned(), "c0".to_owned()]);
        (
            table("citizens", &csv("iin,region,income", &citizens)),
            table("visits", &csv("patient,clinic", &visits)),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whoever holds both files and knows all of a person's rows finds k people or none.
    #[test]
    fn joined_people_are_k_or_none((citizens, visits) in library(), limit in 0.2..0.7) {
        let tables = [citizens, visits];
        let made = match release(&tables, &written("", limit, "")) {
            Ok(made) => made,
            Err(Error::Relation(RelationError::NotReachable { .. }) | Error::Plan(_)) => return Ok(()),
            Err(other) => panic!("{other}"),
        };
        let people = joined(&made);
        let mut alike: BTreeMap<_, u64> = BTreeMap::new();
        for rows in people.values() {
            *alike.entry(rows).or_default() += 1;
        }
        let smallest = *alike.values().min().unwrap();
        prop_assert!(smallest >= 3, "{alike:?}");
        for (release, table) in made.iter().zip(&tables) {
            let report = release.report();
            let relation = report.relation.as_ref().unwrap();
            prop_assert_eq!(relation.joined_k, Some(smallest));
            prop_assert_eq!(relation.joined_classes, Some(alike.len() as u64));
            prop_assert_eq!(report.rows.input, table.rows() as u64);
            prop_assert_eq!(report.rows.output + report.rows.suppressed, report.rows.input);
            prop_assert!(report.rows.suppressed as f64 <= limit * table.rows() as f64 + 1e-9);
        }
    }

    #[test]
    fn two_known_records_are_had_by_k_people((citizens, visits) in library()) {
        let relations = "[relations]\nknown_records = 2\n";
        let made = match release(&[citizens, visits], &written(relations, 0.5, "")) {
            Ok(made) => made,
            Err(Error::Relation(RelationError::NotReachable { .. }) | Error::Plan(_)) => return Ok(()),
            Err(other) => panic!("{other}"),
        };
        let people = joined(&made);
        let contains = |all: &[Vec<String>], some: &[&Vec<String>]| {
            let mut rest: Vec<&Vec<String>> = all.iter().collect();
            some.iter().all(|row| match rest.iter().position(|other| other == row) {
                Some(place) => { rest.remove(place); true }
                None => false,
            })
        };
        for rows in people.values() {
            let visits = &rows[1];
            for first in 0..visits.len() {
                for second in first + 1..visits.len() {
                    let known = [&visits[first], &visits[second]];
                    let others = people.values().filter(|other| {
                        contains(&other[0], &rows[0].iter().collect::<Vec<_>>()) && contains(&other[1], &known)
                    });
                    prop_assert!(others.count() >= 3);
                }
            }
        }
    }
}

fn town() -> (Table, Table) {
    let mut citizens = Vec::new();
    let mut visits = Vec::new();
    for person in 0..40 {
        let iin = format!("p{person}");
        citizens.push(vec![
            iin.clone(),
            format!("r{}", person % 4),
            format!("i{}", person % 5),
        ]);
        for visit in 0..person % 2 {
            visits.push(vec![iin.clone(), format!("c{}", visit % 3)]);
        }
    }
    // One person with twelve visits to a clinic where nobody else goes.
    visits.extend((0..12).map(|_| vec!["p0".to_owned(), "c2".to_owned()]));
    (
        table("citizens", &csv("iin,region,income", &citizens)),
        table("visits", &csv("patient,clinic", &visits)),
    )
}

#[test]
fn joins_are_kept_and_one_person_with_twelve_visits_is_one_subject() {
    let (citizens, visits) = town();
    let made = release(&[citizens.clone(), visits.clone()], &written("", 0.4, "")).unwrap();
    let subjects = |release: &Release| -> BTreeSet<String> {
        rows_of(release.bytes())
            .into_iter()
            .map(|mut row| row.remove(0))
            .collect()
    };
    let (in_citizens, in_visits) = (subjects(&made[0]), subjects(&made[1]));
    assert_eq!(in_visits.len(), 20, "those who went once");
    assert!(
        in_visits.is_subset(&in_citizens),
        "visits join with citizens"
    );
    // The twelve visits would be a class of twelve rows, of one person.
    assert_eq!(rows_of(made[1].bytes()).len(), 20);
    let relation = made[1].report().relation.as_ref().unwrap();
    assert_eq!((relation.subjects, relation.withheld_rows), (21, 12));
    assert!(relation.joined_k.unwrap() >= 3);
    assert_eq!(relation.known_records, KnownRecords::All);
    // The same again gives the same bytes.
    let again = release(&[citizens, visits], &written("", 0.4, "")).unwrap();
    assert_eq!(again[0].bytes(), made[0].bytes());
    let page = made[1].report().to_html();
    assert!(page.contains("People behind the rows") && page.contains("citizens"));
}

#[test]
fn what_is_withheld_is_bounded_and_nothing_of_it_is_written() {
    let (citizens, visits) = town();
    let refused = release(&[citizens, visits], &written("", 0.05, "")).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("12 of 32 rows (1 may be)"), "{text}");
    assert!(!text.contains("p0"), "{text}");
}

#[test]
fn models_of_a_dataset_hold_beside_joined_subjects() {
    let (citizens, visits) = town();
    let model = "models = [ { model = \"distinct_diversity\", l = 3 } ]";
    let made = release(&[citizens, visits], &written("", 0.4, model)).unwrap();
    let mut classes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows_of(made[0].bytes()) {
        classes
            .entry(row[1].clone())
            .or_default()
            .insert(row[2].clone());
    }
    assert!(
        classes.values().all(|values| values.len() >= 3),
        "{classes:?}"
    );
    let people = joined(&made);
    let mut alike: BTreeMap<_, u64> = BTreeMap::new();
    people
        .values()
        .for_each(|rows| *alike.entry(rows).or_default() += 1);
    assert!(alike.values().all(|people| *people >= 3), "{alike:?}");
}

#[test]
fn without_pseudonyms_a_class_holds_k_people() {
    let text = r#"version = 1
privacy = { k = 3, suppression_limit = 0.5 }
[datasets.visits]
subject = "patient"
[datasets.visits.columns.patient]
role = "direct"
[datasets.visits.columns.clinic]
role = "quasi"
hierarchy = "clinic"
"#;
    let (_, visits) = town();
    let made = depersonalize(
        &visits,
        &profile(text),
        &forest(),
        &key(),
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap();
    let relation = made.report().relation.as_ref().unwrap();
    assert!(relation.smallest_class_subjects >= 3);
    assert_eq!((relation.linked, relation.joined_k), (false, None));
    // Twelve rows of one person in a village are not a class of their own.
    assert!(
        rows_of(made.bytes())
            .iter()
            .all(|row| row[0] != "c2" && row[0] != "village")
    );
}

#[test]
fn rows_about_nobody_hide_among_people() {
    let mut rows: Vec<Vec<String>> = (0..9)
        .map(|person| vec![format!("p{person}"), "c0".into()])
        .collect();
    rows.push(vec![String::new(), "c0".into()]);
    rows.push(vec![String::new(), "c2".into()]);
    let visits = table("visits", &csv("patient,clinic", &rows));
    let citizens: Vec<Vec<String>> = (0..9)
        .map(|person| vec![format!("p{person}"), "r0".into(), "i0".into()])
        .collect();
    let citizens = table("citizens", &csv("iin,region,income", &citizens));
    let made = release(&[citizens, visits], &written("", 0.2, "")).unwrap();
    let relation = made[1].report().relation.as_ref().unwrap();
    assert_eq!(
        (relation.rows_without_subject, relation.withheld_rows),
        (1, 1)
    );
}

#[test]
fn a_dataset_with_subjects_is_released_with_its_library_only() {
    let (citizens, visits) = town();
    let text = written("", 0.4, "");
    let forest = forest();
    let alone = depersonalize(
        &citizens,
        &text,
        &forest,
        &key(),
        &Cancel::new(),
        &mut |_| {},
    );
    let alone = alone.unwrap_err().to_string();
    assert!(
        alone.contains("\"visits\" joins with the others"),
        "{alone}"
    );
    let dataset = text.dataset("citizens").unwrap();
    assert!(Work::new(&citizens, dataset, &forest, None).is_err());
    let plan = crate::plan(&citizens, dataset, &forest, &Cancel::new(), &mut |_| {}).unwrap();
    let bytes = crate::tests::bytes_of(&citizens, &text, &forest, &plan);
    let refused = verify(&citizens, dataset, &forest, &plan, &key(), bytes).unwrap_err();
    assert!(matches!(refused, crate::VerifyError::Subjects));
    drop(visits);
}

#[test]
fn work_on_a_library_is_cancelled() {
    let (citizens, visits) = town();
    let cancel = Cancel::new();
    cancel.cancel();
    let stopped = depersonalize_library(
        &[citizens, visits],
        &written("", 0.4, ""),
        &forest(),
        &key(),
        &cancel,
        &mut |_| {},
    );
    assert!(stopped.unwrap_err().is_cancelled());
}

/// The measure does not trust the search: files that the search would not have made are refused.
#[test]
fn a_release_in_which_somebody_stands_out_is_refused() {
    use super::measure::{Measuring, measure};
    let (citizens, visits) = town();
    let strict = written("", 0.4, "");
    let made = release(&[citizens.clone(), visits.clone()], &strict).unwrap();
    let stricter = written("[relations]\nk = 30\n", 0.4, "");
    let of = |profile: &Profile| {
        measure(&Measuring {
            profile,
            hierarchies: &forest(),
            originals: &[&citizens, &visits],
            releases: &made,
        })
    };
    assert!(of(&strict).is_ok());
    let refused = of(&stricter).unwrap_err().to_string();
    assert!(refused.contains("k = 30 is required"), "{refused}");
}
