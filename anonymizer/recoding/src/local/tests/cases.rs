//! Single cases.

use super::*;
use crate::{Attribute, Level, Records};

/// Values 0 to 3 in pairs, then together, if `joined`.
fn attribute(joined: bool, suppressible: bool) -> Attribute {
    let level = |codes: [u32; 4], leaves: &[u64]| Level {
        codes: codes.to_vec(),
        leaves: leaves.to_vec(),
    };
    let mut levels = vec![level([0, 1, 2, 3], &[1; 4]), level([0, 0, 1, 1], &[2; 2])];
    if joined {
        levels.push(level([0; 4], &[4]));
    }
    Attribute {
        domain: 4,
        weight: 1.0,
        levels,
        suppressible,
    }
}

fn problem(attribute: Attribute, rows: &[(u32, u32)]) -> Problem {
    Problem {
        attributes: vec![attribute],
        records: Records {
            quasi: vec![rows.iter().map(|row| row.0).collect()],
            sensitive: Vec::new(),
            weights: rows.iter().map(|row| row.1).collect(),
        },
        ..Problem::default()
    }
}

fn k(k: u64) -> [Model; 1] {
    [Model::KAnonymity { k }]
}

#[test]
fn a_rare_value_borrows_from_a_common_one() {
    let problem = problem(attribute(true, true), &[(0, 9), (1, 2)]);
    for mode in [Mode::Fast, Mode::Thorough] {
        let found = run(&problem, &k(3), &options(mode, 0)).unwrap();
        let classes: Vec<_> = found
            .classes
            .iter()
            .map(|c| (c.levels[0], c.rows))
            .collect();
        assert_eq!(classes, [(0, 8), (1, 3)]);
        assert_eq!(found.members.of(0), [(0, 8), (1, 1)]);
        // Three rows of eleven lose (2 - 1) / (4 - 1).
        assert!((found.arithmetic - 3.0 / 11.0 / 3.0).abs() < 1e-12);
    }
}

#[test]
fn what_no_level_joins_becomes_a_star_or_stays_apart() {
    let rows = [(0, 1), (3, 1)];
    let starred = run(
        &problem(attribute(false, true), &rows),
        &k(2),
        &options(Mode::Fast, 0),
    );
    let starred = starred.unwrap();
    assert_eq!(starred.classes[0].levels, [2]);
    assert!((starred.arithmetic - 1.0).abs() < 1e-12);
    let apart = problem(attribute(false, false), &rows);
    let failed = Failure::Unreachable {
        needed: 2,
        rows: 2,
        suppressible: 0,
        largest_k: 1,
    };
    assert_eq!(run(&apart, &k(2), &options(Mode::Fast, 0)), Err(failed));
}

#[test]
fn what_no_class_can_have_is_suppressed_within_the_limit() {
    let problem = problem(attribute(false, false), &[(0, 3), (3, 1)]);
    let found = run(&problem, &k(2), &options(Mode::Thorough, 1)).unwrap();
    assert_eq!(found.suppressed, [0, 1]);
    assert!((found.arithmetic - 0.25).abs() < 1e-12);
    assert!(run(&problem, &k(2), &options(Mode::Thorough, 0)).is_err());
}

#[test]
fn an_outlier_is_suppressed_where_that_loses_less() {
    let problem = problem(attribute(true, true), &[(0, 4), (3, 1)]);
    let kept = run(&problem, &k(3), &options(Mode::Thorough, 0)).unwrap();
    let suppressed = run(&problem, &k(3), &options(Mode::Thorough, 1)).unwrap();
    assert_eq!(suppressed.suppressed_rows, 1);
    assert!(suppressed.arithmetic < kept.arithmetic);
}

#[test]
fn odd_tables_have_defined_results() {
    let empty = problem(attribute(true, true), &[]);
    assert_eq!(
        run(&empty, &k(1), &options(Mode::Fast, 0)),
        Err(Failure::NoRows)
    );
    let one = problem(attribute(true, true), &[(2, 1)]);
    assert_eq!(
        run(&one, &k(1), &options(Mode::Thorough, 0))
            .unwrap()
            .arithmetic,
        0.0
    );
    assert!(run(&one, &k(2), &options(Mode::Thorough, 0)).is_err());
    let alike = problem(attribute(true, true), &[(1, 1_000_000_000)]);
    let found = run(&alike, &k(5), &options(Mode::Thorough, 0)).unwrap();
    assert_eq!((found.classes.len(), found.arithmetic), (1, 0.0));
    let without = Problem {
        attributes: Vec::new(),
        records: Records {
            weights: vec![3],
            ..Records::default()
        },
        ..Problem::default()
    };
    assert_eq!(
        run(&without, &k(2), &options(Mode::Thorough, 0))
            .unwrap()
            .classes
            .len(),
        1
    );
}

#[test]
fn a_search_can_be_cancelled_or_cut_short() {
    let problem = problem(attribute(true, true), &[(0, 1), (1, 1), (2, 1), (3, 1)]);
    let models = Models::new(&k(2), &problem).unwrap();
    let with = |cancelled: bool| {
        let mut control = Control {
            cancelled: &|| cancelled,
            go_on: &|| false,
            progress: &mut |_, _| (),
        };
        recode(&problem, &models, &Options::default(), &mut control)
    };
    assert_eq!(with(true), Err(Failure::Cancelled));
    assert_eq!(with(false).unwrap().classes.len(), 2);
}
