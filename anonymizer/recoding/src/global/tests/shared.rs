//! Roll-ups that threads share.

use super::*;
use crate::global::outline::Outline;
use crate::global::space::{Space, dense};
use crate::metric::histograms;
use crate::problem::{Population, Sensitive};

/// More combinations than have a slot each on the lowest levels, in more records than one thread is given.
fn wide() -> Problem {
    let mut random = 7_u64;
    let mut draw = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((random >> 33) % below) as u32
    };
    let sizes = [200, 150, 60];
    let mut rows: Vec<[u32; 3]> = (0..30_000)
        .map(|_| sizes.map(|size| draw(size as u64)))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    let column = |place: usize| rows.iter().map(|row| row[place]).collect::<Vec<_>>();
    let level = |values: u32, size: u32| Level {
        codes: (0..values).map(|value| value / size).collect(),
        leaves: vec![u64::from(size); values.div_ceil(size) as usize],
    };
    let weights: Vec<u32> = rows.iter().map(|_| 1 + draw(3)).collect();
    let values: Vec<u32> = rows.iter().map(|_| draw(40)).collect();
    let mut totals = vec![0; 40];
    for (value, weight) in values.iter().zip(&weights) {
        totals[*value as usize] += u64::from(*weight);
    }
    Problem {
        attributes: sizes
            .iter()
            .map(|size| Attribute {
                domain: *size as u64,
                weight: 1.0,
                levels: vec![level(*size, 1), level(*size, 5), level(*size, *size)],
                suppressible: false,
            })
            .collect(),
        population: Some(Population {
            quasi: (0..3).map(column).collect(),
            weights: weights.iter().map(|rows| 2 * u64::from(*rows)).collect(),
        }),
        records: Records {
            quasi: (0..3).map(column).collect(),
            sensitive: vec![values],
            weights,
        },
        sensitive: vec![Sensitive {
            values: 40,
            totals,
            ..Sensitive::default()
        }],
    }
}

#[test]
fn classes_are_the_same_whoever_counts_them() {
    let problem = wide();
    problem.check().unwrap();
    let models = [
        Model::KMap { k: 2 },
        Model::DistinctDiversity { attribute: 0, l: 2 },
    ];
    let models = Models::new(&models, &problem).unwrap();
    let dense = dense(&problem, &histograms(&problem));
    let space = Space::<1>::new(&problem, &dense).unwrap();
    let records = Classes::records(&space, &models);
    let rolled = |outline: Outline<'_>| {
        let targets = outline.targets.clone();
        (targets, outline.complete(&records, &space, &models))
    };
    for to in [
        [0, 0, 0],
        [0, 0, 1],
        [1, 0, 0],
        [1, 1, 0],
        [0, 2, 1],
        [1, 2, 2],
        [2, 2, 2],
    ] {
        let (targets, one) = rolled(records.outline(&space, &to, true, 1));
        assert_eq!(
            one.rows.iter().map(|rows| u64::from(*rows)).sum::<u64>(),
            problem.rows()
        );
        assert_eq!(one.people.iter().sum::<u64>(), 2 * problem.rows());
        // Numbers are given as classes turn up.
        let fresh = targets.iter().scan(0, |next, target| {
            let fits = *target <= *next;
            *next = (*next).max(target + 1);
            Some(fits)
        });
        assert!(fresh.into_iter().all(|fits| fits));
        for threads in [2, 3] {
            let (others, several) = rolled(records.outline(&space, &to, true, threads));
            assert_eq!(targets, others, "{to:?}");
            assert_eq!(format!("{one:?}"), format!("{several:?}"), "{to:?}");
        }
    }
}
