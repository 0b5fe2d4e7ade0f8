#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;
use crate::problem::{Problem, Sensitive};

fn sensitive(totals: &[u64]) -> Sensitive {
    Sensitive {
        values: totals.len() as u32,
        totals: totals.to_vec(),
        ..Sensitive::default()
    }
}

fn problem(sensitive: Sensitive) -> Problem {
    Problem {
        sensitive: vec![sensitive],
        ..Problem::default()
    }
}

fn admits(model: Model, sensitive: Sensitive, counts: &[u32]) -> bool {
    let models = Models::new(&[model], &problem(sensitive)).unwrap();
    let sparse: Vec<_> = (0..)
        .zip(counts.iter().copied())
        .filter(|(_, c)| *c > 0)
        .collect();
    let class = |counts| Class {
        rows: u64::from(match counts {
            Counts::Dense(counts) => counts.iter().sum::<u32>(),
            Counts::Sparse(entries) => entries.iter().map(|(_, c)| c).sum(),
        }),
        population: 0,
        counts,
    };
    let mut scratch = Scratch::default();
    let dense = models.admits(&class(Counts::Dense(counts)), &mut scratch);
    let again = models.admits(&class(Counts::Sparse(&sparse)), &mut scratch);
    assert_eq!(dense, again, "dense and sparse counts tell the same");
    if dense {
        assert_eq!(
            models.unreleasable(&class(Counts::Dense(counts)), &mut scratch),
            0
        );
    }
    dense
}

#[test]
fn diversity_counts_values_entropy_and_tails() {
    let all = || sensitive(&[10, 10, 10, 10]);
    let distinct = |l| Model::DistinctDiversity { attribute: 0, l };
    assert!(admits(distinct(2), all(), &[3, 1, 0, 0]));
    assert!(!admits(distinct(3), all(), &[3, 1, 0, 0]));
    let entropy = |l| Model::EntropyDiversity { attribute: 0, l };
    // Three values alike have exactly the entropy log(3).
    assert!(admits(entropy(3.0), all(), &[2, 2, 2, 0]));
    assert!(!admits(entropy(3.0), all(), &[3, 2, 2, 0]));
    assert!(admits(entropy(2.8), all(), &[3, 2, 2, 0]));
    let recursive = |c, l| Model::RecursiveDiversity { attribute: 0, c, l };
    // The largest count must be below, not equal to, c times the tail.
    assert!(!admits(recursive(2.0, 2), all(), &[4, 1, 1, 0]));
    assert!(admits(recursive(2.1, 2), all(), &[4, 1, 1, 0]));
    assert!(!admits(recursive(4.0, 3), all(), &[4, 3, 1, 0]));
    assert!(admits(recursive(4.0, 3), all(), &[4, 3, 1, 1]));
    assert!(!admits(recursive(9.0, 3), all(), &[4, 3, 0, 0]));
    assert!(!admits(recursive(1.0, 1), all(), &[4, 0, 0, 0]));
    assert!(admits(recursive(1.0, 1), all(), &[4, 1, 0, 0]));
}

/// The salaries 3k to 11k of Li et al. 2007, section 4.2: {3k, 4k, 5k} is 0.375 and {6k, 8k, 11k} is 0.167 from all nine.
#[test]
fn the_ordered_distance_is_that_of_the_paper() {
    let salaries = || Sensitive {
        ranks: (0..9).collect(),
        ..sensitive(&[1; 9])
    };
    let close = |t, counts: &[u32]| {
        let distance = Distance::Ordered;
        let model = Model::TCloseness {
            attribute: 0,
            t,
            distance,
        };
        admits(model, salaries(), counts)
    };
    let low = [1, 1, 1, 0, 0, 0, 0, 0, 0];
    assert!(close(0.375, &low));
    assert!(!close(0.374, &low));
    let wide = [0, 0, 0, 1, 0, 1, 0, 0, 1];
    assert!(close(1.0 / 6.0, &wide));
    assert!(!close(0.166, &wide));
}

#[test]
fn the_equal_distance_is_half_the_sum_of_differences() {
    let close = |t, counts: &[u32]| {
        let distance = Distance::Equal;
        let model = Model::TCloseness {
            attribute: 0,
            t,
            distance,
        };
        admits(model, sensitive(&[50, 30, 20]), counts)
    };
    // Shares .8 .2 0 against .5 .3 .2.
    assert!(close(0.3, &[4, 1, 0]));
    assert!(!close(0.2999, &[4, 1, 0]));
    assert!(close(0.0, &[5, 3, 2]));
}

/// Values a b | c d under two groups: moving within a group costs a half, across groups one.
#[test]
fn the_hierarchical_distance_moves_within_groups_first() {
    let grouped = || Sensitive {
        above: vec![vec![0, 0, 1, 1], vec![0; 4]],
        ..sensitive(&[1, 1, 1, 1])
    };
    let close = |t, counts: &[u32]| {
        let distance = Distance::Hierarchical;
        let model = Model::TCloseness {
            attribute: 0,
            t,
            distance,
        };
        admits(model, grouped(), counts)
    };
    // All of a: a quarter stays, a quarter goes to b at 1/2, a half across at 1.
    assert!(close(0.625, &[4, 0, 0, 0]));
    assert!(!close(0.6249, &[4, 0, 0, 0]));
    // Half a and half c: each gives a half of itself to its neighbour.
    assert!(close(0.25, &[2, 0, 2, 0]));
    assert!(!close(0.2499, &[2, 0, 2, 0]));
}

#[test]
fn shares_stay_near_those_of_the_table() {
    let table = || sensitive(&[50, 25, 25]);
    let delta = |delta| Model::DeltaDisclosure {
        attribute: 0,
        delta,
    };
    // A share twice that of the table is refused at delta 1 and so is one of half of it.
    assert!(!admits(delta(1.0), table(), &[2, 2, 0]));
    assert!(admits(delta(1.01), table(), &[2, 2, 0]));
    assert!(!admits(delta(1.0), table(), &[4, 8, 4]));
    assert!(!admits(delta(1.0), table(), &[5, 1, 2]));
    let basic = |beta| Model::BasicBeta { attribute: 0, beta };
    assert!(admits(basic(1.0), table(), &[2, 2, 0]));
    assert!(!admits(basic(0.99), table(), &[2, 2, 0]));
    let enhanced = |beta| Model::EnhancedBeta { attribute: 0, beta };
    // -ln(1/4) is 1.386, -ln(1/2) is 0.693: the first value may rise to .8466 at most.
    assert!(admits(enhanced(9.0), table(), &[84, 8, 8]));
    assert!(!admits(enhanced(9.0), table(), &[85, 8, 7]));
    assert!(!admits(enhanced(0.5), table(), &[80, 10, 10]));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let table = problem(sensitive(&[5, 5, 0]));
    let refused = |model| Models::new(&[model], &table).unwrap_err().to_string();
    let distinct = Model::DistinctDiversity { attribute: 0, l: 3 };
    assert!(refused(distinct).contains("the whole table has 2"));
    let attribute = Model::DistinctDiversity { attribute: 1, l: 2 };
    assert!(refused(attribute).contains("there are 1"));
    let close = |t, distance| Model::TCloseness {
        attribute: 0,
        t,
        distance,
    };
    assert!(refused(close(1.5, Distance::Equal)).contains("between 0 and 1"));
    assert!(refused(close(f64::NAN, Distance::Equal)).contains("between 0 and 1"));
    assert!(refused(close(0.5, Distance::Hierarchical)).contains("hierarchy"));
    assert!(refused(close(0.5, Distance::Ordered)).contains("place"));
    assert!(refused(Model::KMap { k: 3 }).contains("none is given"));
    assert!(refused(Model::KAnonymity { k: 0 }).contains("1 or more"));
    assert!(refused(Model::ProsecutorAverage { risk: 0.0 }).contains("above 0"));
}

#[test]
fn a_risk_becomes_a_number_of_rows() {
    let rows = |risk| {
        let model = Model::ProsecutorHighest { risk };
        Models::new(&[model], &Problem::default())
            .unwrap()
            .min_rows()
    };
    assert_eq!(rows(0.2), 5);
    assert_eq!(rows(0.09), 12);
    assert_eq!(rows(0.1), 10);
    assert_eq!(rows(1.0), 1);
    assert_eq!(rows(1.0 / 3.0), 3);
}

#[test]
fn the_attackers_averages_are_those_of_el_emam() {
    let mut tally = Tally::default();
    tally.add(2, 4);
    tally.add(6, 8);
    assert_eq!(tally.prosecutor(), 0.25);
    assert_eq!(tally.marketer(), (0.5 + 0.75) / 8.0);
    assert_eq!(tally.journalist(), 2.0_f64 / 12.0);
    tally.remove(2, 4);
    assert_eq!(tally.prosecutor(), 1.0 / 6.0);
    let models = Models::new(
        &[Model::ProsecutorAverage { risk: 0.25 }],
        &Problem::default(),
    )
    .unwrap();
    assert!(models.holds(&Tally {
        classes: 2,
        rows: 8,
        people: 8,
        shares: 2.0
    }));
    assert!(!models.holds(&Tally {
        classes: 2,
        rows: 7,
        people: 7,
        shares: 2.0
    }));
}

mod random {
    use proptest::prelude::*;

    use super::*;

    fn models() -> impl Strategy<Value = Model> {
        let attribute = 0;
        let distance = prop_oneof![
            Just(Distance::Equal),
            Just(Distance::Hierarchical),
            Just(Distance::Ordered)
        ];
        prop_oneof![
            (1..5_u64).prop_map(|k| Model::KAnonymity { k }),
            (1..4_u32).prop_map(move |l| Model::DistinctDiversity { attribute, l }),
            (1.0..4.0).prop_map(move |l| Model::EntropyDiversity { attribute, l }),
            ((0.3..5.0), (1..4_u32)).prop_map(move |(c, l)| Model::RecursiveDiversity {
                attribute,
                c,
                l
            }),
            ((0.0..0.7), distance).prop_map(move |(t, distance)| Model::TCloseness {
                attribute,
                t,
                distance
            }),
            (0.3..2.0).prop_map(move |beta| Model::BasicBeta { attribute, beta }),
            (0.3..2.0).prop_map(move |beta| Model::EnhancedBeta { attribute, beta }),
        ]
    }

    fn table() -> Sensitive {
        Sensitive {
            ranks: vec![2, 0, 1, 3],
            above: vec![vec![0, 0, 1, 1], vec![0; 4]],
            ..sensitive(&[9, 4, 6, 1])
        }
    }

    fn class(counts: &[u32]) -> Class<'_> {
        Class {
            rows: u64::from(counts.iter().sum::<u32>()),
            population: 0,
            counts: Counts::Dense(counts),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// What the search prunes by: classes that pass also pass together, and a class never gives up more rows than the
        /// bound allows.
        #[test]
        fn passing_classes_pass_together_and_bound_what_a_class_releases(
            model in models(),
            a in prop::array::uniform4(0..7_u32),
            b in prop::array::uniform4(0..7_u32),
            rest in prop::array::uniform4(0..7_u32),
        ) {
            prop_assume!(a.iter().sum::<u32>() > 0 && b.iter().sum::<u32>() > 0);
            let models = Models::new(&[model], &problem(table())).unwrap();
            let mut scratch = Scratch::default();
            let both: Vec<u32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            let all: Vec<u32> = both.iter().zip(&rest).map(|(both, rest)| both + rest).collect();
            let passed = [&a, &b].map(|counts| models.admits(&class(counts), &mut scratch));
            let left_out = models.unreleasable(&class(&all), &mut scratch);
            for (counts, passes) in [(&a, passed[0]), (&b, passed[1])] {
                let rest = class(&all).rows - class(counts).rows;
                prop_assert!(!passes || left_out <= rest, "{model:?} {counts:?} of {all:?}: {left_out}");
            }
            if passed == [true, true] {
                prop_assert!(models.admits(&class(&both), &mut scratch), "{model:?} {a:?} {b:?}");
            }
            if passed[0] && model.monotony() == Monotony::Upward {
                prop_assert!(models.admits(&class(&both), &mut scratch));
            }
        }
    }
}
