//! How long the columns of a file take to classify: `classify_rate FILE [ROUNDS]`.
//!
//! The file is read with all cores, from the page cache after the first round. Each round's seconds are a line; then come the rows.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::fs::File;
use std::time::Instant;

use sandyq_classify::{Reading, classify};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: classify_rate FILE [ROUNDS]")?;
    let rounds: usize = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let mut rows = 0;
    for _ in 0..rounds {
        let begun = Instant::now();
        rows = classify(File::open(&path)?, Reading::default())?.rows;
        println!("{:.3} s", begun.elapsed().as_secs_f64());
    }
    println!("{rows} rows");
    Ok(())
}
