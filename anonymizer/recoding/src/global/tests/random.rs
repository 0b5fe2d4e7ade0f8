//! The search against the naive way on small random lattices.

use proptest::prelude::*;

use super::oracle::solutions;
use super::*;
use crate::models::Distance;
use crate::problem::{Population, Sensitive};

const VALUES: u32 = 5;

/// Levels of five values, each joining neighbours of the one before.
fn attribute() -> impl Strategy<Value = Attribute> {
    let joins = prop::collection::vec(prop::collection::vec(any::<bool>(), VALUES as usize), 0..3);
    (joins, prop_oneof![Just(1.0), Just(0.5), Just(3.0)]).prop_map(|(joins, weight)| {
        let mut levels = vec![Level {
            codes: (0..VALUES).collect(),
            leaves: vec![1; VALUES as usize],
        }];
        for join in joins {
            let finer = levels.last().unwrap();
            let mut above = Vec::new();
            let mut next = 0;
            for (code, join) in join.iter().enumerate().take(finer.leaves.len()) {
                next += u32::from(code > 0 && !join);
                above.push(next);
            }
            let mut leaves = vec![0; next as usize + 1];
            for (parent, own) in above.iter().zip(&finer.leaves) {
                leaves[*parent as usize] += own;
            }
            let codes = finer
                .codes
                .iter()
                .map(|code| above[*code as usize])
                .collect();
            levels.push(Level { codes, leaves });
        }
        Attribute {
            domain: u64::from(VALUES),
            weight,
            levels,
            suppressible: false,
        }
    })
}

fn problem(even: bool) -> impl Strategy<Value = Problem> {
    let attributes = prop::collection::vec(attribute(), 1..4);
    let record = (
        prop::array::uniform3(0..VALUES),
        prop::array::uniform2(0..4_u32),
        1..4_u32,
    );
    let records = prop::collection::vec(record, 1..25);
    let others = prop::collection::vec((prop::array::uniform3(0..VALUES), 0..6_u64), 0..12);
    (attributes, records, others).prop_map(move |(mut attributes, records, others)| {
        if even {
            attributes
                .iter_mut()
                .for_each(|attribute| attribute.weight = 1.0);
        }
        let number = attributes.len();
        let mut table: Vec<(Vec<u32>, u32)> = Vec::new();
        for (quasi, sensitive, weight) in &records {
            let row = [&quasi[..number], sensitive].concat();
            match table.iter_mut().find(|(known, _)| *known == row) {
                Some((_, rows)) => *rows += weight,
                None => table.push((row, *weight)),
            }
        }
        table.sort_unstable();
        let column = |place: usize| table.iter().map(|(row, _)| row[place]).collect::<Vec<_>>();
        // The population holds every row of the table, and others.
        let mut people: Vec<(Vec<u32>, u64)> = table
            .iter()
            .map(|(row, weight)| (row[..number].to_vec(), u64::from(*weight)))
            .collect();
        people.extend(
            others
                .iter()
                .map(|(quasi, weight)| (quasi[..number].to_vec(), *weight)),
        );
        let sensitive = |place: usize| {
            let mut totals = vec![0; 4];
            table
                .iter()
                .for_each(|(row, rows)| totals[row[place] as usize] += u64::from(*rows));
            Sensitive {
                values: 4,
                totals,
                ranks: vec![2, 0, 3, 1],
                above: vec![vec![0, 0, 1, 1], vec![0; 4]],
            }
        };
        Problem {
            attributes,
            records: Records {
                quasi: (0..number).map(column).collect(),
                sensitive: (number..number + 2).map(column).collect(),
                weights: table.iter().map(|(_, rows)| *rows).collect(),
            },
            sensitive: (number..number + 2).map(sensitive).collect(),
            population: Some(Population {
                quasi: (0..number)
                    .map(|place| people.iter().map(|(row, _)| row[place]).collect())
                    .collect(),
                weights: people.iter().map(|(_, weight)| *weight).collect(),
            }),
        }
    })
}

fn model() -> impl Strategy<Value = Model> {
    let distance = prop_oneof![
        Just(Distance::Equal),
        Just(Distance::Hierarchical),
        Just(Distance::Ordered)
    ];
    let attribute = || 0..2_usize;
    let risk = || 0.05..1.0_f64;
    prop_oneof![
        (1..8_u64).prop_map(|k| Model::KAnonymity { k }),
        (1..9_u64).prop_map(|k| Model::KMap { k }),
        ((0.0..0.4), (0.4..1.0)).prop_map(|(min, max)| Model::DeltaPresence { min, max }),
        (0.4..1.0).prop_map(|max| Model::DeltaPresence { min: 0.0, max }),
        risk().prop_map(|risk| Model::ProsecutorHighest { risk }),
        risk().prop_map(|risk| Model::JournalistHighest { risk }),
        risk().prop_map(|risk| Model::ProsecutorAverage { risk }),
        risk().prop_map(|risk| Model::JournalistAverage { risk }),
        risk().prop_map(|risk| Model::Marketer { risk }),
        (attribute(), 1..4_u32)
            .prop_map(|(attribute, l)| Model::DistinctDiversity { attribute, l }),
        (attribute(), 1.0..4.0).prop_map(|(attribute, l)| Model::EntropyDiversity { attribute, l }),
        (attribute(), 0.5..5.0, 1..4_u32).prop_map(|(attribute, c, l)| Model::RecursiveDiversity {
            attribute,
            c,
            l
        }),
        (attribute(), 0.0..0.8, distance).prop_map(|(attribute, t, distance)| Model::TCloseness {
            attribute,
            t,
            distance
        }),
        (attribute(), 0.2..3.0)
            .prop_map(|(attribute, delta)| Model::DeltaDisclosure { attribute, delta }),
        (attribute(), 0.2..3.0).prop_map(|(attribute, beta)| Model::BasicBeta { attribute, beta }),
        (attribute(), 0.2..3.0)
            .prop_map(|(attribute, beta)| Model::EnhancedBeta { attribute, beta }),
    ]
}

fn options() -> impl Strategy<Value = (f64, Metric, Aggregate)> {
    let metric = prop_oneof![
        3 => Just(Metric::Loss),
        1 => Just(Metric::Discernibility),
        1 => Just(Metric::AverageClassSize),
        1 => Just(Metric::NonUniformEntropy),
        1 => Just(Metric::Precision),
    ];
    let aggregate = prop_oneof![Just(Aggregate::Geometric), Just(Aggregate::Arithmetic)];
    let limit = prop_oneof![Just(0.0), 0.0..1.0, Just(1.0)];
    (limit, metric, aggregate)
}

fn check(
    problem: &Problem,
    models: &[Model],
    (limit, metric, aggregate): (f64, Metric, Aggregate),
) -> Result<(), TestCaseError> {
    let Ok(_) = Models::new(models, problem) else {
        // More values asked for than there are.
        return Ok(());
    };
    let options = Options {
        suppressible: (limit * problem.rows() as f64) as u64,
        metric,
        aggregate,
        ..Options::default()
    };
    let naive = solutions(problem, models, &options);
    let best = naive
        .iter()
        .map(|node| node.score)
        .fold(f64::INFINITY, f64::min);
    match found(problem, models, &options) {
        Err(failure) => {
            prop_assert!(
                matches!(failure, Failure::Unreachable { .. }),
                "{failure:?}"
            );
            prop_assert!(naive.is_empty(), "{:?}", naive);
        }
        Ok(solution) => {
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
            let own = naive.iter().find(|node| node.levels == solution.levels);
            prop_assert!(own.is_some(), "{:?} is none of {:?}", solution, naive);
            let own = own.unwrap();
            prop_assert!(near(solution.score, own.score), "{solution:?} {own:?}");
            prop_assert_eq!(solution.suppressed, own.suppressed);
            prop_assert!(near(own.score, best), "{:?} of {:?}", solution, naive);
            prop_assert!(solution.optimal);
            prop_assert_eq!(solution.bound, solution.score);
            if metric != Metric::NonUniformEntropy && best == 0.0 {
                // Among nodes that lose nothing at all, the tie rule shows.
                let tied = naive.iter().filter(|node| node.score == best);
                let first = tied.min_by_key(|node| {
                    (
                        node.suppressed,
                        node.levels.iter().sum::<usize>(),
                        node.levels.clone(),
                    )
                });
                prop_assert_eq!(&solution.levels, &first.unwrap().levels);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_search_finds_what_the_naive_way_finds(
        problem in problem(true),
        models in prop::collection::vec(model(), 1..4),
        options in options(),
    ) {
        check(&problem, &models, options)?;
    }

    /// A search that is ended early knows between what the optimum lies.
    #[test]
    fn an_unfinished_search_bounds_the_optimum(
        problem in problem(true),
        models in prop::collection::vec(model(), 1..3),
        (limit, metric, aggregate) in options(),
        rounds in 0..4_u32,
    ) {
        let Ok(ready) = Models::new(&models, &problem) else {
            return Ok(());
        };
        let options = Options {
            suppressible: (limit * problem.rows() as f64) as u64,
            metric,
            aggregate,
            exact_nodes: 0,
        };
        let scores = solutions(&problem, &models, &options);
        let best = scores.iter().map(|node| node.score).fold(f64::INFINITY, f64::min);
        let asked = std::sync::atomic::AtomicU32::new(0);
        let mut control = Control {
            cancelled: &|| false,
            go_on: &|| asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < rounds,
            progress: &mut |_, _| {},
        };
        match search(&problem, &ready, &options, &mut control) {
            Ok(solution) => {
                let slack = 1e-6 * best.abs().max(1.0);
                prop_assert!(solution.bound <= best + slack, "{solution:?} {best}");
                prop_assert!(solution.score >= best - slack, "{solution:?} {best}");
                prop_assert!(!solution.optimal || solution.score <= best + slack);
                prop_assert_eq!(solution.optimal, solution.bound == solution.score);
            }
            Err(Failure::Unreachable { .. }) => prop_assert!(best == f64::INFINITY),
            Err(failure) => {
                let late = matches!(failure, Failure::OutOfTime { .. });
                prop_assert!(late, "{failure:?}");
            }
        }
    }

    #[test]
    fn weights_make_no_difference_to_that(
        problem in problem(false),
        models in prop::collection::vec(model(), 1..3),
        options in options(),
    ) {
        check(&problem, &models, options)?;
    }
}
