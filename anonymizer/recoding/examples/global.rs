//! Times global recoding: `global TABLE.csv HIERARCHIES CASE...`.
//!
//! Cases are those of the Adult benchmark (a, b, b100, c, cr, ce, d, dh); a 9 before the case makes occupation a quasi-identifier, a w
//! adds four columns taken from other rows, which makes a lattice of 2.3 million nodes. With BOXES set, the lattice is searched as if it
//! were too large for the exact search; SECONDS limits that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a program to measure with"
)]

mod table;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use sandyq_recoding::global::{Control, Options, search};
use sandyq_recoding::models::{Distance, Model, Models};
use sandyq_recoding::{Attribute, Level, Problem, Records, Sensitive};

const QUASI: [&str; 8] = [
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "salary-class",
];

fn main() {
    let mut args = std::env::args().skip(1);
    let (file, folder) = (args.next().unwrap(), args.next().unwrap());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_path(&file)
        .unwrap();
    let header = reader.headers().unwrap().clone();
    let names: Vec<&str> = QUASI.into_iter().chain(["occupation"]).collect();
    let hierarchy = |name: &&str| table::hierarchy(&Path::new(&folder).join(format!("{name}.csv")));
    let hierarchies: Vec<_> = names.iter().map(hierarchy).collect();
    let places: Vec<usize> = names
        .iter()
        .map(|name| header.iter().position(|h| h == *name).unwrap())
        .collect();
    let mut row = csv::StringRecord::new();
    let mut table: Vec<[u32; 9]> = Vec::new();
    while reader.read_record(&mut row).unwrap() {
        table.push(std::array::from_fn(|j| hierarchies[j].1[&row[places[j]]]));
    }
    for case in args {
        let (case, columns): (&str, &[usize]) = if let Some(case) = case.strip_prefix('9') {
            (case, &[0, 1, 2, 3, 4, 5, 6, 7, 8])
        } else if let Some(case) = case.strip_prefix('w') {
            (case, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 4, 5, 3])
        } else {
            (&case, &[0, 1, 2, 3, 4, 5, 6, 7])
        };
        let quasi = columns.len();
        let value = |row: usize, (place, column): (usize, &usize)| {
            let shift = if place < 9 { 0 } else { 1_000 * place };
            table[(row + shift) % table.len()][*column]
        };
        let k = Model::KAnonymity { k: 5 };
        let attribute = 0;
        let close = |distance| Model::TCloseness {
            attribute,
            t: 0.2,
            distance,
        };
        let (limit, models) = match case {
            "a" => (0.0, vec![k]),
            "b" => (0.05, vec![k]),
            "b100" => (1.0, vec![k]),
            "c" => (0.05, vec![k, Model::DistinctDiversity { attribute, l: 3 }]),
            "cr" => (
                0.05,
                vec![
                    k,
                    Model::RecursiveDiversity {
                        attribute,
                        c: 4.0,
                        l: 3,
                    },
                ],
            ),
            "ce" => (0.05, vec![k, Model::EntropyDiversity { attribute, l: 3.0 }]),
            "d" => (0.05, vec![k, close(Distance::Equal)]),
            "dh" => (0.05, vec![k, close(Distance::Hierarchical)]),
            _ => panic!("no such case"),
        };
        let sensitive = models.len() > 1;
        let mut rows: BTreeMap<(Vec<u32>, Option<u32>), u32> = BTreeMap::new();
        for (place, row) in table.iter().enumerate() {
            let own = columns.iter().enumerate();
            let tuple = own.map(|column| value(place, column)).collect();
            *rows
                .entry((tuple, sensitive.then_some(row[8])))
                .or_default() += 1;
        }
        let attributes = columns.iter().map(|column| hierarchies[*column].0.clone());
        let (occupation, values) = &hierarchies[8];
        let values = if sensitive { values.len() } else { 0 };
        let mut problem = table::problem(attributes.collect(), rows, values);
        for known in &mut problem.sensitive {
            let above = occupation.levels[1..].iter();
            known.above = above.map(|level| level.codes.clone()).collect();
        }
        problem.check().unwrap();
        let models = Models::new(&models, &problem).unwrap();
        let options = Options {
            suppressible: (limit * table.len() as f64) as u64,
            exact_nodes: if std::env::var("BOXES").is_ok() {
                0
            } else {
                1 << 22
            },
            ..Options::default()
        };
        let seconds = std::env::var("SECONDS").map_or(f64::INFINITY, |n| n.parse().unwrap());
        let mut times = Vec::new();
        let mut last = None;
        for _ in 0..std::env::var("RUNS").map_or(7, |n| n.parse().unwrap()) {
            let start = Instant::now();
            let found = search(
                &problem,
                &models,
                &options,
                &mut Control {
                    cancelled: &|| false,
                    go_on: &|| start.elapsed().as_secs_f64() < seconds,
                    progress: &mut |_, _| {},
                },
            );
            times.push(start.elapsed().as_secs_f64());
            last = Some(found);
        }
        times.sort_by(f64::total_cmp);
        let found = last.unwrap().unwrap();
        println!(
            "{case}{quasi}: {} records, {:.5} s at least, {:.5} s at the median, levels {:?}, score {:.6}, arithmetic {:.6}, suppressed {}, examined {} of {}",
            problem.records.weights.len(),
            times[0],
            times[times.len() / 2],
            found.levels,
            found.score,
            found.losses.iter().sum::<f64>() / found.losses.len() as f64,
            found.suppressed,
            found.examined,
            found.nodes
        );
    }
}
