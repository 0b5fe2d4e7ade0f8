//! The Adult data set against ARX's local recoding, and the bars beyond it.

use std::path::Path;

use super::*;
use crate::models::Distance;
use crate::{Attribute, Level, Records, Sensitive};

#[path = "../../../examples/table/mod.rs"]
mod table;

const QUASI: [&str; 9] = [
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "salary-class",
    "occupation",
];

fn adult(quasi: usize, sensitive: Option<&str>) -> Problem {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/adult");
    let hierarchies = folder.join("hierarchies");
    table::load(
        &folder.join("adult.csv"),
        &hierarchies,
        &QUASI[..quasi],
        sensitive,
    )
}

/// Half of the usual effort: the bars leave room for it.
fn thorough() -> Options {
    Options {
        effort: 0.5,
        ..Options::default()
    }
}

fn check(problem: &Problem, models: &[Model], options: &Options, bar: f64) {
    let found = run(problem, models, options).unwrap();
    oracle::check(problem, models, 0, &found);
    assert!(found.arithmetic <= bar, "{} > {bar}", found.arithmetic);
}

const K: Model = Model::KAnonymity { k: 5 };

#[test]
fn adult_loses_less_than_the_bars() {
    let problem = adult(8, None);
    check(&problem, &[K], &options(Mode::Fast, 0), 0.0337);
    check(&problem, &[K], &thorough(), 0.0293);
}

#[test]
fn adult_with_occupation_loses_less_than_the_bars() {
    let problem = adult(9, None);
    check(&problem, &[K], &options(Mode::Fast, 0), 0.0627);
    check(&problem, &[K], &thorough(), 0.0550);
}

#[test]
fn adult_meets_models_of_a_sensitive_attribute() {
    let problem = adult(8, Some("occupation"));
    let (attribute, distance) = (0, Distance::Equal);
    let distinct = Model::DistinctDiversity { attribute, l: 3 };
    check(&problem, &[K, distinct], &thorough(), 0.0300);
    let close = Model::TCloseness {
        attribute,
        t: 0.2,
        distance,
    };
    check(&problem, &[K, close], &options(Mode::Fast, 0), 0.6377);
    check(&problem, &[K, close], &thorough(), 0.4950);
    let average = Model::ProsecutorAverage { risk: 0.09 };
    check(&problem, &[K, average], &thorough(), 0.0310);
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let problem = adult(8, Some("occupation"));
    let models = [K, Model::DistinctDiversity { attribute: 0, l: 2 }];
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let options = Options {
                effort: 0.05,
                ..Options::default()
            };
            run(&problem, &models, &options).unwrap()
        })
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(3));
}
