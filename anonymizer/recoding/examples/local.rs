use sandyq_recoding::*;
use std::collections::HashMap;
fn main() {
    let mut args = std::env::args().skip(1);
    let (file, folder) = (args.next().unwrap(), args.next().unwrap());
    let quasi: Vec<String> = args.next().unwrap().split(',').map(str::to_owned).collect();
    let sensitive = args.next().filter(|s| !s.is_empty());
    let problem = load(&file, &folder, &quasi, sensitive.as_deref());
    println!(
        "{} records {} rows",
        problem.records.weights.len(),
        problem.rows()
    );
    problem.check().unwrap();
    let mut list = vec![models::Model::KAnonymity { k: 5 }];
    for model in args {
        let (name, value) = model.split_once('=').unwrap();
        let value: f64 = value.parse().unwrap();
        list.push(match name {
            "distinct" => models::Model::DistinctDiversity {
                attribute: 0,
                l: value as u32,
            },
            "entropy" => models::Model::EntropyDiversity {
                attribute: 0,
                l: value,
            },
            "recursive" => models::Model::RecursiveDiversity {
                attribute: 0,
                c: 4.0,
                l: value as u32,
            },
            "t" => models::Model::TCloseness {
                attribute: 0,
                t: value,
                distance: models::Distance::Equal,
            },
            "average" => models::Model::ProsecutorAverage { risk: value },
            "delta" => models::Model::DeltaDisclosure {
                attribute: 0,
                delta: value,
            },
            "beta" => models::Model::EnhancedBeta {
                attribute: 0,
                beta: value,
            },
            _ => panic!(),
        });
    }
    let models = models::Models::new(&list, &problem).unwrap();
    let effort = std::env::var("EFFORT")
        .ok()
        .map_or(1.0, |v| v.parse().unwrap());
    for mode in [local::Mode::Fast, local::Mode::Thorough] {
        let mut best = f64::INFINITY;
        let mut cpus = f64::INFINITY;
        let repeats = std::env::var("REPEATS")
            .ok()
            .map_or(if mode == local::Mode::Fast { 10 } else { 3 }, |v| {
                v.parse().unwrap()
            });
        for i in 0..repeats {
            let start = std::time::Instant::now();
            let before = cpu();
            let mut progress = |_, _| ();
            let mut control = local::Control {
                cancelled: &|| false,
                go_on: &|| true,
                progress: &mut progress,
            };
            let found = local::recode(
                &problem,
                &models,
                &local::Options {
                    mode,
                    effort,
                    suppressible: 0,
                },
                &mut control,
            )
            .unwrap();
            best = best.min(start.elapsed().as_secs_f64());
            cpus = cpus.min(cpu() - before);
            if i + 1 == repeats {
                println!(
                    "{mode:?} {best:.4} s, cpu/2 {:.3}, arithmetic {:.6} geometric {:.6} classes {} smallest {}",
                    found.arithmetic,
                    found.geometric,
                    found.classes.len(),
                    found.classes.iter().map(|c| c.rows).min().unwrap()
                );
            }
        }
    }
}
fn load(file: &str, folder: &str, quasi: &[String], sensitive: Option<&str>) -> Problem {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_path(file)
        .unwrap();
    let header = reader.headers().unwrap().clone();
    let place: Vec<usize> = quasi
        .iter()
        .map(|q| header.iter().position(|h| h == q).unwrap())
        .collect();
    let mut attributes = Vec::new();
    let mut codes = Vec::new();
    for q in quasi {
        let text = std::fs::read_to_string(format!("{folder}/{q}.csv")).unwrap();
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter(|l| !l.is_empty())
            .map(|l| l.split(';').collect())
            .collect();
        let mut levels = Vec::new();
        for level in 0..rows[0].len() {
            let mut names: HashMap<&str, u32> = HashMap::new();
            let mut leaves = Vec::new();
            let codes = rows
                .iter()
                .map(|r| {
                    let n = names.len() as u32;
                    let c = *names.entry(r[level]).or_insert(n);
                    if c == n {
                        leaves.push(0)
                    }
                    leaves[c as usize] += 1;
                    c
                })
                .collect();
            levels.push(Level { codes, leaves });
        }
        codes.push(
            rows.iter()
                .enumerate()
                .map(|(i, r)| (r[0].to_owned(), i as u32))
                .collect::<HashMap<_, _>>(),
        );
        attributes.push(Attribute {
            domain: rows.len() as u64,
            weight: 1.0,
            levels,
            suppressible: true,
        });
    }
    let mut names: HashMap<String, u32> = HashMap::new();
    let mut totals: Vec<u64> = Vec::new();
    let sensitive = sensitive.map(|s| header.iter().position(|h| h == s).unwrap());
    let mut tuples: std::collections::BTreeMap<(Vec<u32>, Option<u32>), u32> = Default::default();
    for row in reader.records() {
        let row = row.unwrap();
        let tuple = place.iter().zip(&codes).map(|(p, c)| c[&row[*p]]).collect();
        let value = sensitive.map(|p| {
            let next = names.len() as u32;
            let code = *names.entry(row[p].to_owned()).or_insert(next);
            if code == next {
                totals.push(0);
            }
            totals[code as usize] += 1;
            code
        });
        *tuples.entry((tuple, value)).or_default() += 1;
    }
    let mut records = Records {
        quasi: vec![Vec::new(); quasi.len()],
        sensitive: vec![Vec::new(); usize::from(sensitive.is_some())],
        weights: vec![],
    };
    for ((tuple, value), weight) in tuples {
        for (c, v) in records.quasi.iter_mut().zip(tuple) {
            c.push(v);
        }
        if let Some(value) = value {
            records.sensitive[0].push(value);
        }
        records.weights.push(weight);
    }
    let sensitive = sensitive.map(|_| Sensitive {
        values: names.len() as u32,
        totals,
        ranks: vec![],
        above: vec![],
    });
    Problem {
        attributes,
        records,
        sensitive: sensitive.into_iter().collect(),
        population: None,
    }
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split(' ').collect();
    (fields[12].parse::<f64>().unwrap() + fields[13].parse::<f64>().unwrap()) / 100.0
}
