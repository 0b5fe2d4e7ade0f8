//! How long classification takes beside reading the same file with polars.
//!
//!     cargo run --release -p sandyq-classify --features rate --example classify_rate -- 1000
//!
//! The argument is the size of the made file in megabytes (default 200), or the path of a CSV file. Both read the file from
//! the page cache with all cores; the best of three rounds counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measuring program may stop at the first surprise"
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use polars::prelude::*;
use sandyq_classify::{Reading, classify};

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "200".to_owned());
    let (path, made) = match argument.parse::<u64>() {
        Ok(megabytes) => {
            let path =
                std::env::temp_dir().join(format!("classify-rate-{}.csv", std::process::id()));
            make(&path, megabytes * 1_000_000);
            (path, true)
        }
        Err(_) => (PathBuf::from(argument), false),
    };
    let bytes = path.metadata().unwrap().len() as f64;
    let (mut ours, mut polars) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        polars = polars.min(timed(|| read_with_polars(&path)));
        ours = ours.min(timed(|| classify_file(&path)));
    }
    let rate = |time: Duration| bytes / 1e6 / time.as_secs_f64();
    println!("{:.0} MB, {} rows", bytes / 1e6, classify_file(&path));
    println!(
        "polars   {:6.2} s  {:6.0} MB/s",
        polars.as_secs_f64(),
        rate(polars)
    );
    println!(
        "classify {:6.2} s  {:6.0} MB/s",
        ours.as_secs_f64(),
        rate(ours)
    );
    println!("ratio    {:6.2}", ours.as_secs_f64() / polars.as_secs_f64());
    if made {
        std::fs::remove_file(path).unwrap();
    }
}

fn timed(work: impl FnOnce() -> u64) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn classify_file(path: &Path) -> u64 {
    classify(File::open(path).unwrap(), Reading::default())
        .unwrap()
        .rows
}

fn read_with_polars(path: &Path) -> u64 {
    let options =
        CsvReadOptions::default().map_parse_options(|options| options.with_separator(b';'));
    let reader = options
        .try_into_reader_with_file_path(Some(path.to_owned()))
        .unwrap();
    reader.finish().unwrap().height() as u64
}

/// A register of invented people with a note on each.
fn make(path: &Path, bytes: u64) {
    const SURNAMES: [&str; 8] = [
        "Ахметов",
        "Иванов",
        "Серикбаев",
        "Петров",
        "Нурланов",
        "Оспанов",
        "Ким",
        "Абдрахманов",
    ];
    const GIVEN: [&str; 8] = [
        "Айгуль",
        "Нурсултан",
        "Иван",
        "Мария",
        "Ерлан",
        "Данияр",
        "Асель",
        "Динара",
    ];
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    writeln!(
        out,
        "id;iin;surname;given;birth_date;sex;phone;email;address;kato;salary;diagnosis;note"
    )
    .unwrap();
    let (mut state, mut row, mut written) = (1_u64, 0_u64, 0);
    let mut below = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    while written < bytes {
        let line = format!(
            "{row};{:012};{};{};{:02}.{:02}.{};{};+7 70{} {:03} {:02} {:02};a{}@mail.kz;г. Алматы, ул. Абая, д. {}, кв. {};{};{};{}{:02}.{};Пациент жалуется на головную боль, принимает лекарства {} дней, обратился повторно\n",
            below(1 << 31) * 465,
            SURNAMES[below(8) as usize],
            GIVEN[below(8) as usize],
            1 + below(28),
            1 + below(12),
            1940 + below(70),
            if below(2) == 0 { "М" } else { "Ж" },
            below(3),
            below(1000),
            below(100),
            below(100),
            below(1_000_000),
            below(200),
            below(100),
            ["711010000", "751110000", "191010000"][below(3) as usize],
            below(900) * 1000,
            ["A", "B", "I", "J"][below(4) as usize],
            below(99),
            below(9),
            below(30),
        );
        out.write_all(line.as_bytes()).unwrap();
        written += line.len() as u64;
        row += 1;
    }
    out.flush().unwrap();
}
