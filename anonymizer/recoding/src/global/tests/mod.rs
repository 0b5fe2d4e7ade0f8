#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod adult;
mod oracle;
mod random;
mod shared;

use super::*;
use crate::models::Model;
use crate::problem::{Attribute, Level, Records};

fn found(
    problem: &Problem,
    models: &[Model],
    options: &Options,
) -> Result<GlobalSolution, Failure> {
    problem.check().unwrap();
    let models = Models::new(models, problem).unwrap();
    let mut control = Control {
        cancelled: &|| false,
        go_on: &|| true,
        progress: &mut |_, _| {},
    };
    search(problem, &models, options, &mut control)
}

/// Values under groups of two under one root, each once or as often as said.
fn pairs(weights: &[u32]) -> Problem {
    let values = weights.len() as u32;
    let level = |size: u32| Level {
        codes: (0..values).map(|value| value / size).collect(),
        leaves: vec![u64::from(size.min(values)); values.div_ceil(size.max(1)) as usize],
    };
    Problem {
        attributes: vec![Attribute {
            domain: u64::from(values),
            weight: 1.0,
            levels: vec![level(1), level(2), level(values)],
            suppressible: false,
        }],
        records: Records {
            quasi: vec![(0..values).collect()],
            sensitive: Vec::new(),
            weights: weights.to_vec(),
        },
        ..Problem::default()
    }
}

#[test]
fn what_is_released_and_left_out_adds_up() {
    let options = Options {
        suppressible: 1,
        ..Options::default()
    };
    let solution = found(
        &pairs(&[3, 2, 3, 1]),
        &[Model::KAnonymity { k: 2 }],
        &options,
    )
    .unwrap();
    assert_eq!(solution.levels, [0]);
    assert_eq!(
        (solution.suppressed, solution.classes, solution.smallest),
        (1, 3, 2)
    );
    assert_eq!(solution.class_of, [1, 2, 3, 0]);
    // One row of nine has lost all.
    assert!((solution.score - 1.0 / 9.0).abs() < 1e-15);
    assert!((solution.losses[0] - 1.0 / 9.0).abs() < 1e-15);
    assert!(solution.optimal);
    assert_eq!(solution.bound, solution.score);
    assert_eq!((solution.nodes, solution.settled), (3, 3));
}

#[test]
fn a_failure_says_what_would_be_needed() {
    let mut problem = pairs(&[3, 2, 3, 1]);
    problem.attributes[0].levels.pop();
    let failure = found(&problem, &[Model::KAnonymity { k: 6 }], &Options::default()).unwrap_err();
    let expected = Failure::Unreachable {
        needed: 9,
        rows: 9,
        suppressible: 0,
        largest_k: 4,
    };
    assert_eq!(failure, expected);
    let everything = Options {
        suppressible: 9,
        ..Options::default()
    };
    let failure = found(&problem, &[Model::KAnonymity { k: 10 }], &everything).unwrap_err();
    assert!(
        matches!(
            failure,
            Failure::Unreachable {
                needed: 9,
                largest_k: 5,
                ..
            }
        ),
        "{failure:?}"
    );
}

#[test]
fn odd_tables_are_defined() {
    let k = [Model::KAnonymity { k: 2 }];
    let none = found(&pairs(&[]), &k, &Options::default());
    assert_eq!(none.unwrap_err(), Failure::NoRows);
    let one = found(&pairs(&[1]), &k, &Options::default());
    assert!(matches!(
        one.unwrap_err(),
        Failure::Unreachable { needed: 1, .. }
    ));
    let alike = found(&pairs(&[7]), &k, &Options::default()).unwrap();
    assert_eq!(
        (alike.levels.as_slice(), alike.score),
        ([0].as_slice(), 0.0)
    );
    let different = found(&pairs(&[1; 100]), &k, &Options::default()).unwrap();
    assert_eq!(
        (different.levels.as_slice(), different.classes),
        ([1].as_slice(), 50)
    );
    // Without quasi-identifiers all rows are one class.
    let bare = Problem {
        records: Records {
            weights: vec![5],
            ..Records::default()
        },
        ..Problem::default()
    };
    let bare = found(&bare, &k, &Options::default()).unwrap();
    assert_eq!((bare.classes, bare.smallest, bare.score), (1, 5, 0.0));
}

#[test]
fn a_search_is_given_up_when_asked() {
    let problem = pairs(&[1; 100]);
    let models = Models::new(&[Model::KAnonymity { k: 2 }], &problem).unwrap();
    let mut control = Control {
        cancelled: &|| true,
        go_on: &|| true,
        progress: &mut |_, _| {},
    };
    let stopped = search(&problem, &models, &Options::default(), &mut control);
    assert_eq!(stopped.unwrap_err(), Failure::Cancelled);
}

/// Keys of several words, and places that do not fit a number.
#[test]
fn many_attributes_of_many_values_are_packed() {
    for attributes in [2, 9, 20, 40] {
        let values = 3_000_u32;
        let one = pairs(&vec![1; values as usize]);
        let mut problem = Problem {
            attributes: vec![one.attributes[0].clone(); attributes],
            ..one.clone()
        };
        // Neighbours in the first attribute are neighbours in all others, in another order.
        let column = |shift: u32| (0..values).map(|v| (v + 2 * shift) % values).collect();
        problem.records.quasi = (0..attributes as u32).map(column).collect();
        for attribute in &mut problem.attributes[1..] {
            attribute.levels.remove(0);
            attribute.levels.remove(1);
        }
        let solution = found(&problem, &[Model::KAnonymity { k: 2 }], &Options::default()).unwrap();
        assert_eq!(
            (solution.levels[0], solution.classes),
            (1, 1_500),
            "{attributes}"
        );
    }
    let mut wide = pairs(&[1; 3_000]);
    wide.attributes = vec![wide.attributes[0].clone(); 200];
    wide.records.quasi = vec![wide.records.quasi[0].clone(); 200];
    let refused = found(&wide, &[Model::KAnonymity { k: 2 }], &Options::default());
    assert!(matches!(refused.unwrap_err(), Failure::TooLarge { .. }));
}

/// Forty attributes of three levels are more nodes than could ever be looked at.
#[test]
fn a_search_without_end_tells_how_far_it_got() {
    let mut problem = pairs(&[1; 64]);
    problem.attributes = vec![problem.attributes[0].clone(); 40];
    problem.records.quasi = (0..40)
        .map(|shift| {
            (0..64)
                .map(|value| (value * (2 * shift + 1) + value / 8) % 64)
                .collect()
        })
        .collect();
    let models = Models::new(&[Model::KAnonymity { k: 2 }], &problem).unwrap();
    let rounds = std::sync::atomic::AtomicU32::new(0);
    let mut told = 0;
    let mut control = Control {
        cancelled: &|| false,
        go_on: &|| rounds.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 20,
        progress: &mut |settled, nodes| {
            assert!(settled <= nodes);
            told += 1;
        },
    };
    let options = Options {
        suppressible: 20,
        ..Options::default()
    };
    let solution = search(&problem, &models, &options, &mut control).unwrap();
    assert_eq!(solution.nodes, 3_u128.pow(40));
    assert!(!solution.optimal && solution.settled < solution.nodes);
    assert!(0.0 < solution.bound && solution.bound < solution.score && solution.score < 1.0);
    assert!((1..=20).contains(&told), "{told}");
}
