//! Writes a library and tells how long it took: `library ROWS SEED FOLDER`.

use std::path::Path;
use std::time::Instant;

use sandyq_synth::library::{Options, write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rows, seed, folder] = arguments.as_slice() else {
        return Err("usage: library ROWS SEED FOLDER".into());
    };
    let begun = Instant::now();
    let tables = write(
        Path::new(folder),
        Options {
            rows: rows.parse()?,
            seed: seed.parse()?,
        },
    )?;
    for table in &tables {
        println!("{:<16} {:>9} rows", table.file, table.rows);
    }
    println!("{:.2} s", begun.elapsed().as_secs_f64());
    Ok(())
}
