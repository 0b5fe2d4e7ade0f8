//! How good and how fast local recoding is: `local TABLE.csv HIERARCHIES QUASI,QUASI,... [SENSITIVE [MODEL=VALUE]...]`.
//!
//! k is 5. Models are distinct, entropy, recursive (with c = 4), t, average, delta and beta. EFFORT in the environment multiplies the work of the
//! thorough mode, REPEATS says how often each mode is run; the least time counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark fails by panicking"
)]

use std::path::Path;
use std::time::Instant;

use sandyq_recoding::local::{self, Control, Mode, Options};
use sandyq_recoding::models::{Distance, Model, Models};
use sandyq_recoding::{Attribute, Level, Problem, Records, Sensitive};

mod table;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder, quasi, rest @ ..] = arguments.as_slice() else {
        panic!("local TABLE.csv HIERARCHIES QUASI,QUASI,... [SENSITIVE [MODEL=VALUE]...]");
    };
    let quasi: Vec<&str> = quasi.split(',').collect();
    let sensitive = rest.first().map(String::as_str);
    let problem = table::load(Path::new(file), Path::new(folder), &quasi, sensitive);
    problem.check().unwrap();
    let mut list = vec![Model::KAnonymity { k: 5 }];
    list.extend(rest.iter().skip(1).map(|text| model(text)));
    let models = Models::new(&list, &problem).unwrap();
    println!(
        "{} records, {} rows",
        problem.records.weights.len(),
        problem.rows()
    );
    measure(&problem, &models, Mode::Fast);
    measure(&problem, &models, Mode::Thorough);
}

fn model(text: &str) -> Model {
    let (name, value) = text.split_once('=').expect("MODEL=VALUE");
    let value: f64 = value.parse().unwrap();
    let (attribute, l) = (0, value as u32);
    match name {
        "distinct" => Model::DistinctDiversity { attribute, l },
        "entropy" => Model::EntropyDiversity {
            attribute,
            l: value,
        },
        "recursive" => Model::RecursiveDiversity {
            attribute,
            c: 4.0,
            l,
        },
        "t" => Model::TCloseness {
            attribute,
            t: value,
            distance: Distance::Equal,
        },
        "average" => Model::ProsecutorAverage { risk: value },
        "delta" => Model::DeltaDisclosure {
            attribute,
            delta: value,
        },
        "beta" => Model::EnhancedBeta {
            attribute,
            beta: value,
        },
        _ => panic!("no such model: {name}"),
    }
}

fn measure(problem: &Problem, models: &Models, mode: Mode) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<f64>().ok();
    let options = Options {
        mode,
        effort: number("EFFORT").unwrap_or(1.0),
        ..Options::default()
    };
    let (mut wall, mut busy) = (f64::INFINITY, f64::INFINITY);
    let mut last = None;
    for _ in 0..number("REPEATS").unwrap_or(5.0) as usize {
        let (start, before) = (Instant::now(), processor_seconds());
        let mut control = Control {
            cancelled: &|| false,
            go_on: &|| true,
            progress: &mut |_, _| (),
        };
        last = Some(local::recode(problem, models, &options, &mut control).unwrap());
        wall = wall.min(start.elapsed().as_secs_f64());
        busy = busy.min(processor_seconds() - before);
    }
    let found = last.unwrap();
    println!(
        "{mode:?}: {wall:.4} s ({busy:.2} s of processors), arithmetic {:.6}, geometric {:.6}, {} classes, smallest {}",
        found.arithmetic,
        found.geometric,
        found.classes.len(),
        found.classes.iter().map(|class| class.rows).min().unwrap()
    );
}

/// Time that all threads of this process were running, in hundredths of seconds; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split(' ');
    let ticks = fields
        .skip(12)
        .take(2)
        .filter_map(|f| f.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}
