//! Small random tables.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::models::{Distance, Model};
use crate::{Attribute, Level, Population, Problem, Records, Sensitive};

/// Values of the one sensitive attribute.
const SENSITIVE: u32 = 3;

/// Values 0 to 5 (of 12, if each stands for two leaves), joined in twos or threes a level, perhaps up to one.
fn attribute() -> impl Strategy<Value = Attribute> {
    let shape = (
        1_u32..=6,
        prop::collection::vec(2_u32..=3, 0..3),
        any::<bool>(),
    );
    (shape, any::<bool>(), 1_u64..=2, 1_u32..=4).prop_map(
        |((values, joins, to_one), suppressible, leaves, weight)| {
            let mut levels = vec![level(values, 1, leaves)];
            let mut size = 1;
            for join in joins {
                size *= join;
                levels.push(level(values, size, leaves));
            }
            if to_one {
                levels.push(level(values, values, leaves));
            }
            Attribute {
                domain: (u64::from(values) * leaves).max(2),
                weight: f64::from(weight) / 2.0,
                levels,
                suppressible,
            }
        },
    )
}

fn level(values: u32, size: u32, leaves: u64) -> Level {
    let codes: Vec<u32> = (0..values).map(|value| value / size).collect();
    let count = |code: u32| codes.iter().filter(|c| **c == code).count() as u64 * leaves;
    let leaves = (0..values.div_ceil(size)).map(count).collect();
    Level { codes, leaves }
}

/// A table of 1 to 40 rows and a population that holds it.
pub(super) fn problem() -> impl Strategy<Value = Problem> {
    let attributes = prop::collection::vec(attribute(), 1..=4);
    let row = || (prop::collection::vec(0_u32..6, 4), 0..SENSITIVE);
    let rows = prop::collection::vec(row(), 1..=40);
    let others = prop::collection::vec(row(), 0..=40);
    (attributes, rows, others).prop_map(|(attributes, rows, others)| {
        let tuple = |values: &[u32]| -> Vec<u32> {
            let values = attributes.iter().zip(values);
            values.map(|(a, value)| value % a.values() as u32).collect()
        };
        let mut counted: BTreeMap<(Vec<u32>, u32), u32> = BTreeMap::new();
        let mut people: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
        for (values, sensitive) in &rows {
            *counted.entry((tuple(values), *sensitive)).or_default() += 1;
        }
        for (values, _) in rows.iter().chain(&others) {
            *people.entry(tuple(values)).or_default() += 1;
        }
        assemble(attributes, counted, people)
    })
}

fn assemble(
    attributes: Vec<Attribute>,
    counted: BTreeMap<(Vec<u32>, u32), u32>,
    people: BTreeMap<Vec<u32>, u64>,
) -> Problem {
    let columns = vec![Vec::new(); attributes.len()];
    let mut records = Records {
        quasi: columns.clone(),
        sensitive: vec![Vec::new()],
        weights: Vec::new(),
    };
    let mut totals = vec![0; SENSITIVE as usize];
    for ((tuple, value), weight) in counted {
        for (column, code) in records.quasi.iter_mut().zip(tuple) {
            column.push(code);
        }
        records.sensitive[0].push(value);
        records.weights.push(weight);
        totals[value as usize] += u64::from(weight);
    }
    let mut population = Population {
        quasi: columns,
        weights: Vec::new(),
    };
    for (tuple, weight) in people {
        for (column, code) in population.quasi.iter_mut().zip(tuple) {
            column.push(code);
        }
        population.weights.push(weight);
    }
    Problem {
        attributes,
        records,
        sensitive: vec![Sensitive {
            values: SENSITIVE,
            totals,
            ..Sensitive::default()
        }],
        population: Some(population),
    }
}

/// Any model, with a parameter that small tables have a chance to meet.
pub(super) fn model() -> impl Strategy<Value = Model> {
    let attribute = 0;
    let distance = Distance::Equal;
    prop_oneof![
        (1_u64..6).prop_map(|k| Model::KAnonymity { k }),
        (1_u64..9).prop_map(|k| Model::KMap { k }),
        (0.0..0.2, 0.4..1.0).prop_map(|(min, max)| Model::DeltaPresence { min, max }),
        (0.1..0.9).prop_map(|risk| Model::ProsecutorHighest { risk }),
        (0.1..0.9).prop_map(|risk| Model::JournalistHighest { risk }),
        (0.1..0.9).prop_map(|risk| Model::ProsecutorAverage { risk }),
        (0.1..0.9).prop_map(|risk| Model::JournalistAverage { risk }),
        (0.1..0.9).prop_map(|risk| Model::Marketer { risk }),
        Just(Model::DistinctDiversity { attribute, l: 2 }),
        (1.0..2.5).prop_map(move |l| Model::EntropyDiversity { attribute, l }),
        (1.0..4.0, 1_u32..3).prop_map(move |(c, l)| Model::RecursiveDiversity { attribute, c, l }),
        (0.0..0.6).prop_map(move |t| Model::TCloseness {
            attribute,
            t,
            distance
        }),
        (0.1..2.0).prop_map(move |delta| Model::DeltaDisclosure { attribute, delta }),
        (0.1..2.0).prop_map(move |beta| Model::BasicBeta { attribute, beta }),
        (0.1..2.0).prop_map(move |beta| Model::EnhancedBeta { attribute, beta }),
    ]
}
