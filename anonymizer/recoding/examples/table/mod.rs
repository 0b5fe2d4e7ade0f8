//! Reads a CSV file and ARX's hierarchies into a problem, as far as a benchmark needs it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::{Attribute, Level, Problem, Records, Sensitive};

/// A table with `;` between its columns. Each quasi-identifier has its hierarchy in `NAME.csv` of the folder, `;`-delimited, leaf
/// first, of which each level is permitted.
#[allow(dead_code, reason = "not every program reads whole tables")]
pub fn load(file: &Path, hierarchies: &Path, quasi: &[&str], sensitive: Option<&str>) -> Problem {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_path(file)
        .expect("the table");
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|h| h == name).expect("a column");
    let places: Vec<usize> = quasi.iter().map(|name| place(name)).collect();
    let mut leaves = Vec::new();
    let mut attributes = Vec::new();
    for name in quasi {
        let (attribute, values) = hierarchy(&hierarchies.join(format!("{name}.csv")));
        attributes.push(attribute);
        leaves.push(values);
    }
    let sensitive = sensitive.map(place);
    let mut names: HashMap<String, u32> = HashMap::new();
    let mut rows: BTreeMap<(Vec<u32>, Option<u32>), u32> = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("a row");
        let tuple = places.iter().zip(&leaves).map(|(p, codes)| codes[&row[*p]]);
        let value = sensitive.map(|p| {
            let next = names.len() as u32;
            *names.entry(row[p].to_owned()).or_insert(next)
        });
        *rows.entry((tuple.collect(), value)).or_default() += 1;
    }
    problem(attributes, rows, names.len())
}

/// Rows by their quasi-identifiers and sensitive value, of which there are `values`; none where there is no sensitive attribute.
pub fn problem(
    attributes: Vec<Attribute>,
    rows: BTreeMap<(Vec<u32>, Option<u32>), u32>,
    values: usize,
) -> Problem {
    let sensitive = usize::from(values > 0);
    let mut totals = vec![0; values];
    let mut records = Records {
        quasi: vec![Vec::new(); attributes.len()],
        sensitive: vec![Vec::new(); sensitive],
        weights: Vec::new(),
    };
    for ((tuple, value), weight) in rows {
        for (column, code) in records.quasi.iter_mut().zip(tuple) {
            column.push(code);
        }
        if let Some(value) = value {
            records.sensitive[0].push(value);
            totals[value as usize] += u64::from(weight);
        }
        records.weights.push(weight);
    }
    let found = Sensitive {
        values: values as u32,
        totals,
        ..Sensitive::default()
    };
    Problem {
        attributes,
        records,
        sensitive: std::iter::repeat_n(found, sensitive).collect(),
        population: None,
    }
}

/// A hierarchy, and the codes of its leaves.
pub fn hierarchy(file: &Path) -> (Attribute, HashMap<String, u32>) {
    let text = std::fs::read_to_string(file).expect("a hierarchy");
    let lines = text.lines().filter(|line| !line.is_empty());
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
    let level = |level: usize| {
        let mut names: HashMap<&str, u32> = HashMap::new();
        let mut leaves = Vec::new();
        let mut codes = Vec::new();
        for row in &rows {
            let next = names.len() as u32;
            let code = *names.entry(row[level]).or_insert(next);
            if code == next {
                leaves.push(0);
            }
            leaves[code as usize] += 1;
            codes.push(code);
        }
        Level { codes, leaves }
    };
    let attribute = Attribute {
        domain: rows.len() as u64,
        weight: 1.0,
        levels: (0..rows[0].len()).map(level).collect(),
        suppressible: true,
    };
    let leaves = (0..)
        .zip(&rows)
        .map(|(code, row)| (row[0].to_owned(), code));
    (attribute, leaves.collect())
}
