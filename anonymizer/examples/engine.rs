//! What `make bench-anonymizer` measures from within: the search when it is warm, and larger tables made of a small one.
//!
//!     engine search TABLE PROFILE HIERARCHIES REPEATS     one line: encode and search, median seconds, scores
//!     engine verify TABLE PROFILE HIERARCHIES REPEATS OUT  one line: reading the table, writing its release OUT, reading and verifying it, median seconds
//!     engine resample TABLE ROWS OUT                      OUT.csv or OUT.parquet
//!
//! Resampled rows are drawn with replacement, and of each column one cell in twenty is drawn anew. The same table comes out every time.
#![allow(
    clippy::indexing_slicing,
    reason = "codes are drawn from the table they index"
)]

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use polars::prelude::*;
use sandyq_anonymizer::{
    Cancel, DatasetProfile, Format, Hierarchies, Hierarchy, Limits, OutputFormat, Profile,
    PseudonymKey, Sealing, Table, Work, intake,
};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Rows of a row group.
const GROUP: usize = 1 << 20;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["search", table, profile, hierarchies, repeats] => {
            search(table, profile, hierarchies, repeats.parse()?)
        }
        ["verify", table, profile, hierarchies, repeats, out] => {
            verify(table, profile, hierarchies, repeats.parse()?, out)
        }
        ["resample", table, rows, out] => resample(table, rows.parse()?, out),
        _ => Err(
            "usage: engine search TABLE PROFILE HIERARCHIES REPEATS | engine verify TABLE PROFILE HIERARCHIES REPEATS OUT | \
             engine resample TABLE ROWS OUT"
                .into(),
        ),
    }
}

fn read(path: &str, name: &str) -> Outcome<Table> {
    let limits = Limits {
        max_rows: u64::from(u32::MAX - 1),
        max_table_bytes: 1 << 40,
        ..Limits::default()
    };
    let format = if path.ends_with(".parquet") {
        Format::Parquet
    } else {
        Format::Csv {
            delimiter: None,
            encoding: intake::Encoding::Utf8,
        }
    };
    Ok(intake::read(name, File::open(path)?, &format, &limits)?)
}

/// The first dataset of a profile, and its hierarchies, which are files of a folder.
fn first_dataset<'p>(
    profile: &'p Profile,
    folder: &str,
) -> Outcome<(&'p DatasetProfile, Hierarchies)> {
    let dataset = profile
        .datasets()
        .next()
        .ok_or("the profile has no dataset")?;
    let mut hierarchies = Hierarchies::new();
    for name in dataset.hierarchies() {
        let bytes = fs::read(Path::new(folder).join(format!("{name}.csv")))?;
        hierarchies.insert(name.to_owned(), Hierarchy::parse(name, &bytes)?);
    }
    Ok((dataset, hierarchies))
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Reads the table, writes its release, reads and verifies that, in turns, so that whatever else the machine does meets all of them alike. The
/// digest of the release is taken while it is written, as the program does.
fn verify(path: &str, profile: &str, folder: &str, repeats: usize, out: &str) -> Outcome<()> {
    let profile = Profile::parse(&fs::read_to_string(profile)?)?;
    let (dataset, hierarchies) = first_dataset(&profile, folder)?;
    let table = read(path, dataset.name())?;
    let work = Work::new(&table, dataset, &hierarchies, None)?;
    let cancel = Cancel::new();
    let plan = work.plan(&cancel, &mut |_| {})?;
    let key = PseudonymKey::new([7; 32]);
    let output = work.execute(&plan, &key, &cancel, &mut |_| {})?;
    let delimiter = table.delimiter().unwrap_or(b',');
    let format = OutputFormat::Csv { delimiter };
    let (mut reads, mut rereads) = (Vec::new(), Vec::new());
    let (mut writes, mut verifies) = (Vec::new(), Vec::new());
    for _ in 0..repeats.max(1) {
        let begun = Instant::now();
        let again = read(path, dataset.name())?;
        reads.push(begun.elapsed().as_secs_f64());
        drop(again);
        let begun = Instant::now();
        let mut sink = Sealing::new(BufWriter::with_capacity(1 << 20, File::create(out)?));
        output.write_csv(&mut sink, delimiter, &cancel)?;
        let (sink, seal) = sink.finish();
        sink.into_inner()?;
        writes.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let again = read(out, dataset.name())?;
        rereads.push(begun.elapsed().as_secs_f64());
        drop(again);
        let begun = Instant::now();
        let written = seal.on(PathBuf::from(out));
        let release = work.verify(&plan, &key, format, written, &mut |_| {})?;
        verifies.push(begun.elapsed().as_secs_f64());
        drop(release);
    }
    let (read, verify) = (median(&mut reads), median(&mut verifies));
    let line = serde_json::json!({
        "rows": plan.rows,
        "read": read,
        "write": median(&mut writes),
        "read_release": median(&mut rereads),
        "verify": verify,
        "ratio": verify / read,
    });
    println!("{line}");
    Ok(())
}

fn search(path: &str, profile: &str, folder: &str, repeats: usize) -> Outcome<()> {
    let profile = Profile::parse(&fs::read_to_string(profile)?)?;
    let (dataset, hierarchies) = first_dataset(&profile, folder)?;
    let begun = Instant::now();
    let table = read(path, dataset.name())?;
    let reading = begun.elapsed().as_secs_f64();
    let (mut encodes, mut searches, mut plan) = (Vec::new(), Vec::new(), None);
    for _ in 0..repeats.max(1) {
        let begun = Instant::now();
        let work = Work::new(&table, dataset, &hierarchies, None)?;
        encodes.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        plan = Some(work.plan(&Cancel::new(), &mut |_| {})?);
        searches.push(begun.elapsed().as_secs_f64());
    }
    let plan = plan.ok_or("no plan")?;
    let (encode, search) = (median(&mut encodes), median(&mut searches));
    let line = serde_json::json!({
        "rows": plan.rows,
        "read": reading,
        "encode": encode,
        "search": search,
        "geometric": plan.geometric_loss,
        "arithmetic": plan.arithmetic_loss,
        "suppressed": plan.suppressed,
        "classes": plan.classes,
        "examined": plan.candidates_examined,
    });
    println!("{line}");
    Ok(())
}

/// A generator of pseudorandom numbers (Steele, Lea, Flood 2014: SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

/// A small delimited file without quotes, by columns: the name, the different values, and the value of each row.
struct Column {
    name: String,
    values: Vec<String>,
    rows: Vec<u32>,
}

fn columns(path: &str) -> Outcome<Vec<Column>> {
    let text = fs::read_to_string(path)?;
    let mut lines = text.lines();
    let header = lines.next().ok_or("the table is empty")?;
    let mut columns: Vec<Column> = header
        .split(';')
        .map(|name| Column {
            name: name.to_owned(),
            values: Vec::new(),
            rows: Vec::new(),
        })
        .collect();
    let mut known: Vec<HashMap<&str, u32>> = vec![HashMap::new(); columns.len()];
    for line in lines {
        for ((cell, column), known) in line.split(';').zip(&mut columns).zip(&mut known) {
            let next = known.len() as u32;
            let code = *known.entry(cell).or_insert_with(|| {
                column.values.push(cell.to_owned());
                next
            });
            column.rows.push(code);
        }
    }
    Ok(columns)
}

fn resample(path: &str, rows: usize, out: &str) -> Outcome<()> {
    let columns = columns(path)?;
    let height = columns.first().map_or(0, |column| column.rows.len());
    let mut random = Random(40);
    let mut draw = |count: usize| -> Vec<Vec<u32>> {
        let mut drawn = vec![Vec::with_capacity(count); columns.len()];
        for _ in 0..count {
            let row = random.below(height);
            for (column, drawn) in columns.iter().zip(&mut drawn) {
                let row = if random.below(20) == 0 {
                    random.below(height)
                } else {
                    row
                };
                drawn.push(column.rows[row]);
            }
        }
        drawn
    };
    if out.ends_with(".csv") {
        let mut sink = BufWriter::new(File::create(out)?);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        writeln!(sink, "{}", names.join(";"))?;
        let drawn = draw(rows);
        for row in 0..rows {
            for (place, (column, codes)) in columns.iter().zip(&drawn).enumerate() {
                let separator = if place > 0 { ";" } else { "" };
                write!(sink, "{separator}{}", column.values[codes[row] as usize])?;
            }
            writeln!(sink)?;
        }
        return Ok(sink.flush()?);
    }
    let fields = columns
        .iter()
        .map(|column| (PlSmallStr::from_str(&column.name), DataType::String));
    let mut writer = ParquetWriter::new(File::create(out)?).batched(&fields.collect())?;
    let mut left = rows;
    while left > 0 {
        let count = left.min(GROUP);
        let drawn = draw(count);
        let frame = columns.iter().zip(drawn).map(|(column, codes)| {
            let values = Series::new(PlSmallStr::from_str(&column.name), &column.values);
            Ok(values
                .take(&IdxCa::from_vec("".into(), codes))?
                .into_column())
        });
        let frame = DataFrame::new(count, frame.collect::<PolarsResult<_>>()?)?;
        writer.write_batch(&frame)?;
        left -= count;
    }
    writer.finish()?;
    Ok(())
}
