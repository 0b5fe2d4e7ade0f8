//! Every case of the benchmark: score and suppression beside those of ARX 3.9.2.

use std::collections::HashMap;

use super::adult::{adult, adult_hierarchies};
use super::*;
use crate::depersonalize;

/// What a released file scores, knowing only the file and the hierarchies.
struct Score {
    geometric: f64,
    arithmetic: f64,
    suppressed: usize,
    smallest: usize,
    rows: usize,
}

/// Leaves under each value as a share of all leaves.
fn shares(hierarchy: &str) -> (HashMap<String, f64>, f64) {
    let file = String::from_utf8(example(&format!("hierarchies/{hierarchy}.csv"))).unwrap();
    let rows: Vec<Vec<&str>> = file.lines().map(|line| line.split(';').collect()).collect();
    let leaves = rows.len() as f64;
    let mut shares = HashMap::new();
    for level in 0..rows[0].len() {
        let mut counts: HashMap<&str, f64> = HashMap::new();
        rows.iter()
            .for_each(|row| *counts.entry(row[level]).or_default() += 1.0);
        for (value, count) in counts {
            shares.entry(value.to_owned()).or_insert(count / leaves);
        }
    }
    shares.insert("*".to_owned(), 1.0);
    (shares, leaves)
}

fn score(bytes: &[u8], quasi: &[&str]) -> Score {
    let names = parquet::footer(bytes).unwrap().columns;
    let place = |name: &&str| names.iter().position(|(other, _)| other == name).unwrap();
    let places: Vec<usize> = quasi.iter().map(place).collect();
    let mut classes: HashMap<Vec<String>, usize> = HashMap::new();
    for row in rows_of(bytes) {
        let key = places.iter().map(|place| row[*place].clone()).collect();
        *classes.entry(key).or_default() += 1;
    }
    let rows: usize = classes.values().sum();
    let losses: Vec<f64> = quasi
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let (shares, leaves) = shares(name);
            let sum: f64 = classes
                .iter()
                .map(|(key, size)| shares[&key[index]] * *size as f64)
                .sum();
            (sum / rows as f64 - 1.0 / leaves) / (1.0 - 1.0 / leaves)
        })
        .collect();
    let n = losses.len() as f64;
    let starred = |key: &Vec<String>| key.iter().all(|value| value == "*");
    let kept = classes.iter().filter(|(key, _)| !starred(key));
    Score {
        geometric: (losses.iter().map(|loss| loss.ln_1p()).sum::<f64>() / n).exp_m1(),
        arithmetic: losses.iter().sum::<f64>() / n,
        suppressed: rows - kept.clone().map(|(_, size)| size).sum::<usize>(),
        smallest: *kept.map(|(_, size)| size).min().unwrap(),
        rows,
    }
}

fn released(case: &str) -> Score {
    let text = String::from_utf8(example(&format!("case-{case}.toml"))).unwrap();
    let release = depersonalize(
        &adult(),
        &profile(&text),
        &adult_hierarchies(),
        &key(),
        &Cancel::new(),
        &mut |_| {},
    );
    let release = release.unwrap();
    let nine = case.starts_with("adult9");
    let quasi: Vec<&str> = release
        .columns()
        .filter(|name| nine || *name != "occupation")
        .collect();
    let score = score(release.bytes(), &quasi);
    assert_eq!(score.rows, 30_162);
    assert!(score.smallest >= 5);
    assert!((score.geometric - release.loss()).abs() < 1e-9);
    score
}

/// At most ARX's score, and at an equal score at most as many suppressed rows.
fn at_least_as_good(case: &str, geometric: f64, arithmetic: f64, suppressed: usize) {
    let score = released(case);
    let found = format!(
        "{case}: {:.6} {:.6} {}",
        score.geometric, score.arithmetic, score.suppressed
    );
    assert!(score.geometric < geometric + 1e-6, "{found}");
    if score.geometric > geometric - 1e-6 {
        assert!(score.suppressed <= suppressed, "{found}");
        assert!((score.arithmetic - arithmetic).abs() < 1e-6, "{found}");
    }
}

#[test]
fn k_anonymity_is_as_good_as_arx() {
    at_least_as_good("a", 0.542211, 0.625000, 0);
    at_least_as_good("b", 0.170123, 0.178339, 1346);
    at_least_as_good("b100", 0.162133, 0.169130, 2184);
}

#[test]
fn diversity_is_as_good_as_arx() {
    at_least_as_good("c", 0.171702, 0.179877, 1400);
    at_least_as_good("cr", 0.209361, 0.219773, 1408);
    at_least_as_good("ce", 0.215449, 0.225725, 1180);
}

#[test]
fn closeness_is_as_good_as_arx() {
    at_least_as_good("d", 0.815003, 0.839694, 235);
    at_least_as_good("dh", 0.612806, 0.674946, 1384);
}

#[test]
fn nine_quasi_identifiers_are_as_good_as_arx() {
    at_least_as_good("adult9-b", 0.241932, 0.269635, 1346);
    at_least_as_good("adult9-b100", 0.220412, 0.227700, 2553);
}

#[test]
fn local_recoding_is_better_than_arx() {
    for (case, arithmetic) in [("local", 0.0293), ("adult9-local", 0.0550)] {
        let score = released(case);
        assert!(
            score.arithmetic <= arithmetic,
            "{case}: {}",
            score.arithmetic
        );
        assert_eq!(score.suppressed, 0);
    }
}
