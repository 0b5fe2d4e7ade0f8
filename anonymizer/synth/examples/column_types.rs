//! How many columns of an invented library, and of Adult, sandyq-classify names right: `column_types FOLDER ADULT.CSV`.

use std::error::Error;
use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path;

use sandyq_classify::{Classification, Reading, classify};
use sandyq_synth::label::{Column, Table};

/// The share of columns that has to be right.
const BAR: f64 = 0.98;

/// What Adult's columns are.
const ADULT: [(&str, &[&str]); 9] = [
    ("sex", &["SEX"]),
    ("age", &["AGE"]),
    ("race", &["NATIONALITY"]),
    ("marital-status", &["CATEGORY"]),
    ("education", &["CATEGORY"]),
    ("native-country", &["CITIZENSHIP"]),
    ("workclass", &["CATEGORY"]),
    ("occupation", &["CATEGORY"]),
    ("salary-class", &["CATEGORY", "SALARY"]),
];

/// Counts of columns.
#[derive(Default)]
struct Count {
    columns: usize,
    right: usize,
    missed: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, adult] = arguments.as_slice() else {
        return Err("usage: column_types FOLDER ADULT.CSV".into());
    };
    let folder = Path::new(folder);
    let tables: Vec<Table> =
        serde_json::from_reader(File::open(folder.join("labels/library.json"))?)?;
    let (mut named, mut nameless) = (Count::default(), Count::default());
    for table in &tables {
        let file = folder.join(&table.file);
        let found = classify(File::open(&file)?, Reading::default())?;
        named.add(&table.file, &table.columns, &found);
        if table.format == "csv" {
            nameless.add(
                &format!("{} without its header", table.file),
                &table.columns,
                &classify(without_header(&file)?, Reading::default())?,
            );
        }
    }
    let columns = ADULT.map(|(name, kinds)| {
        let mut kinds = kinds.iter().map(|kind| (*kind).to_owned());
        Column {
            name: name.to_owned(),
            kind: kinds.next().unwrap_or_default(),
            also: kinds.collect(),
            direct: false,
            spans: None,
        }
    });
    named.add(
        "adult.csv",
        &columns,
        &classify(File::open(adult)?, Reading::default())?,
    );
    nameless.print("columns right without headers", None);
    named.print("columns right", Some(BAR));
    let verdict = if named.missed == 0 { "met" } else { "MISSED" };
    println!(
        "direct identifiers missed: {}   bar 0: {verdict}",
        named.missed
    );
    Ok(())
}

/// The file with a header that tells nothing.
fn without_header(file: &Path) -> Result<Cursor<Vec<u8>>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    File::open(file)?.read_to_end(&mut bytes)?;
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or("a table without lines")?;
    let first = String::from_utf8_lossy(bytes.get(..end).unwrap_or(&[])).into_owned();
    let delimiter = if first.contains(';') { ";" } else { "," };
    // A header's quoted names hold delimiters, so the first record tells how many columns there are.
    let mut quoted = false;
    let mut columns = 1;
    for letter in first.chars() {
        quoted ^= letter == '"';
        columns += usize::from(!quoted && delimiter.starts_with(letter));
    }
    let names: Vec<String> = (1..=columns).map(|number| format!("c{number}")).collect();
    let mut out = format!("{}\r\n", names.join(delimiter)).into_bytes();
    out.extend_from_slice(bytes.get(end + 1..).unwrap_or(&[]));
    Ok(Cursor::new(out))
}

impl Count {
    fn add(&mut self, table: &str, columns: &[Column], found: &Classification) {
        for (place, column) in columns.iter().enumerate() {
            self.columns += 1;
            let Some(class) = found.columns.get(place) else {
                println!("  {table}: {} was not read", column.name);
                self.missed += usize::from(column.direct);
                continue;
            };
            let kind = class.semantic.as_str();
            if kind == column.kind || column.also.iter().any(|also| also == kind) {
                self.right += 1;
            } else {
                println!(
                    "  {table}: {} is {}, was taken for {kind} ({:.2})",
                    column.name, column.kind, class.confidence
                );
            }
            if column.direct && !class.semantic.is_direct() {
                println!(
                    "  {table}: {} identifies people, and was missed",
                    column.name
                );
                self.missed += 1;
            }
        }
    }

    fn print(&self, what: &str, bar: Option<f64>) {
        let share = self.right as f64 / self.columns.max(1) as f64;
        let verdict = bar.map_or(String::new(), |bar| {
            format!(
                "   bar {bar}: {}",
                if share >= bar { "met" } else { "MISSED" }
            )
        });
        println!("{what}: {share:.4} of {}{verdict}", self.columns);
    }
}
