#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;
use crate::problem::{Level, Records};

/// Values a b | c d under two groups under one root; a occurs twice, c and d once.
fn problem() -> Problem {
    let level = |codes: [u32; 4], leaves: &[u64]| Level {
        codes: codes.to_vec(),
        leaves: leaves.to_vec(),
    };
    Problem {
        attributes: vec![Attribute {
            domain: 4,
            weight: 1.0,
            levels: vec![
                level([0, 1, 2, 3], &[1, 1, 1, 1]),
                level([0, 0, 1, 1], &[2, 2]),
                level([0, 0, 0, 0], &[4]),
            ],
            suppressible: false,
        }],
        records: Records {
            quasi: vec![vec![0, 2, 3]],
            sensitive: Vec::new(),
            weights: vec![2, 1, 1],
        },
        ..Problem::default()
    }
}

fn losses(metric: Metric) -> Vec<f64> {
    let measure = Measure::new(&problem(), metric, Aggregate::Arithmetic).unwrap();
    (0..3).map(|level| measure.loss(0, level, 0)).collect()
}

#[test]
fn losses_go_from_0_for_unchanged_to_1_for_the_root() {
    assert_eq!(losses(Metric::Loss), [0.0, 1.0 / 3.0, 1.0]);
    assert_eq!(losses(Metric::Precision), [0.0, 0.5, 1.0]);
    // Of log2(4) for two rows each ... the table holds 2 * 1 + 2 * 2 bits; joining c and d loses 2 * 1 of these 6.
    let entropy = losses(Metric::NonUniformEntropy);
    assert_eq!((entropy[0], entropy[2]), (0.0, 1.0));
    assert!((entropy[1] - 1.0 / 3.0).abs() < 1e-6, "{entropy:?}");
}

#[test]
fn a_suppressed_row_costs_as_much_as_the_root() {
    for metric in [Metric::Loss, Metric::Precision, Metric::NonUniformEntropy] {
        let measure = Measure::new(&problem(), metric, Aggregate::Geometric).unwrap();
        for level in 0..2 {
            let spare = measure.spare(0, level);
            let codes = &problem().attributes[0].levels[level].codes;
            let all = [0, 0, 2, 3].map(|value: usize| spare[codes[value] as usize]);
            assert_eq!(measure.loss(0, level, all.iter().sum()), 1.0, "{metric:?}");
        }
    }
}

#[test]
fn weights_draw_the_score_to_the_heavier_attribute() {
    let mut problem = problem();
    problem.attributes.push(problem.attributes[0].clone());
    problem.records.quasi.push(problem.records.quasi[0].clone());
    let score = |problem: &Problem, aggregate| {
        let measure = Measure::new(problem, Metric::Loss, aggregate).unwrap();
        measure.score(measure.rank([1.0, 0.0].into_iter()))
    };
    assert_eq!(score(&problem, Aggregate::Arithmetic), 0.5);
    assert!((score(&problem, Aggregate::Geometric) - (2.0_f64.sqrt() - 1.0)).abs() < 1e-15);
    problem.attributes[0].weight = 3.0;
    assert_eq!(score(&problem, Aggregate::Arithmetic), 0.75);
    assert!((score(&problem, Aggregate::Geometric) - (2.0_f64.powf(0.75) - 1.0)).abs() < 1e-15);
    problem.attributes[0].weight = -1.0;
    assert!(Measure::new(&problem, Metric::Loss, Aggregate::Arithmetic).is_err());
    problem.attributes[0].weight = 0.0;
    problem.attributes[1].weight = 0.0;
    let refused = Measure::new(&problem, Metric::Loss, Aggregate::Arithmetic);
    assert_eq!(refused.unwrap_err(), MetricError::NoWeight);
}

#[test]
fn metrics_by_class_count_suppressed_rows_as_the_papers_do() {
    let sums = ClassSums {
        squares: 4,
        classes: 1,
        suppressed: 2,
    };
    let rank = |metric| {
        let measure = Measure::new(&problem(), metric, Aggregate::Geometric).unwrap();
        let bound = measure.bound_classes([1].into_iter(), 2, 2);
        assert!(bound <= measure.rank_classes(&sums), "{metric:?} {bound}");
        measure.score(measure.rank_classes(&sums))
    };
    assert_eq!(rank(Metric::Discernibility), 4.0 + 2.0 * 4.0);
    assert_eq!(rank(Metric::AverageClassSize), 4.0 / 2.0);
}
