//! Speed and memory of the release program, each beside a baseline that is measured in the same run, because a time
//! without one tells only of the machine.
//!
//! ```text
//! make bench                          # all of it
//! deploy/bench.sh decision launch     # some of it
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

mod append;
mod decision;
mod launch;
mod server;
mod table;
mod upload;

use sandyq_tests::Site;
use table::Row;

/// The one of the command line client, for which this program stands in.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In the order in which they are measured: the memory of a server that has done nothing comes first.
const PARTS: [&str; 6] = ["server", "upload", "decision", "launch", "append", "crowd"];

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
    let mut site = Site::start().await;
    for part in PARTS.into_iter().filter(|part| wanted(part)) {
        eprintln!("measuring: {part} (load {})", table::load());
        rows.extend(match part {
            "server" => server::measure(&mut site).await,
            "upload" => upload::measure(&site).await,
            "decision" => decision::measure(&site).await,
            "launch" => launch::measure(&site).await,
            "append" => append::measure(),
            _ => decision::crowded(&mut site).await,
        });
    }
    drop(site);
    println!("{}", table::render(&rows));
    let missed = rows.iter().any(|row| row.met() == Some(false));
    let strict = std::env::var("BENCH_STRICT").is_ok_and(|value| value == "1");
    u8::from(missed && strict).into()
}
