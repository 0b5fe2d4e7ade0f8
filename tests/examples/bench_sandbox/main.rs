//! The sandbox against its bars, each beside a baseline that is measured in the same run.
//!
//! ```text
//! make bench-sandbox                              # all of it
//! deploy/bench-sandbox.sh decision launch         # some of it
//! ```
//!
//! Prints a table. With `BENCH_STRICT=1` a missed bar is exit code 1.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement ends at the first failure"
)]

mod collect;
mod deadline;
mod decision;
mod launch;
mod raw;
mod recovery;
mod site;
#[allow(dead_code, reason = "it is shared with another benchmark")]
#[path = "../bench/table.rs"]
mod table;
mod throughput;
mod trial;
mod waiting;

use table::Row;

/// The one of the command line client, for which this program stands in.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PARTS: [&str; 8] = [
    "decision",
    "launch",
    "throughput",
    "trial",
    "waiting",
    "recovery",
    "collect",
    "deadline",
];

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    for part in &asked {
        assert!(
            PARTS.contains(&part.as_str()),
            "no part {part}; parts: {PARTS:?}"
        );
    }
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|name| name == part);
    println!("{}", table::machine());
    let mut rows: Vec<Row> = Vec::new();
    for part in PARTS.into_iter().filter(|part| wanted(part)) {
        eprintln!("measuring: {part} (load {})", table::load());
        let measured = match part {
            "decision" => decision::measure(),
            "launch" => launch::measure().await,
            "throughput" => throughput::measure().await,
            "trial" => trial::measure().await,
            "waiting" => waiting::measure().await,
            "recovery" => recovery::measure().await,
            "collect" => collect::measure().await,
            _ => deadline::measure().await,
        };
        eprintln!("{}", table::render(&measured));
        rows.extend(measured);
    }
    println!("{}", table::render(&rows));
    let missed = rows.iter().any(|row| row.met() == Some(false));
    let strict = std::env::var("BENCH_STRICT").is_ok_and(|value| value == "1");
    u8::from(missed && strict).into()
}
