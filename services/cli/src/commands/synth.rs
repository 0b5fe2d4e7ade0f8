//! An invented library to practise on.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use sandyq_synth::library::{self, LibraryError, Options};
use serde_json::json;

use crate::Session;
use crate::errors::{Exit, Failure, Result, causes};
use crate::output::new_table;

/// `sandyq synth`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Synth {
    /// How many records of citizens; the other tables follow from them.
    #[arg(long, value_name = "N")]
    rows: u64,
    /// The same seed gives the same library.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder, new or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  sandyq synth --rows 100000 --seed 7 --out registry
  sandyq classify registry/citizens.csv

Makes citizens, clinic visits with notes, school records, staff and appeals, which share people, in Russian and Kazakh and with the
dirt of real files; labels/ says what each column is and where personal data is in each text. Nobody in it is real: its numbers
have valid check digits, but are of ranges in which nothing was issued.";

/// Makes a library.
pub fn run(command: &Synth, session: &Session) -> Result<()> {
    let begun = Instant::now();
    let options = Options {
        rows: command.rows,
        seed: command.seed,
    };
    let tables = library::write(&command.out, options).map_err(|error| {
        let exit = if matches!(error, LibraryError::NotEmpty(_)) {
            Exit::Usage
        } else {
            Exit::Failure
        };
        Failure::new(exit, causes(&error))
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let made = json!({
        "out": command.out.display().to_string(),
        "seed": command.seed,
        "seconds": (seconds * 1e3).round() / 1e3,
        "tables": tables.iter().map(|table| json!({ "file": table.file, "rows": table.rows, "encoding": table.encoding })).collect::<Vec<_>>(),
    });
    let mut shown = new_table(&["FILE", "ROWS", "COLUMNS", "ENCODING"].map(str::to_owned));
    for table in &tables {
        shown.add_row([
            &table.file,
            &table.rows.to_string(),
            &table.columns.len().to_string(),
            &table.encoding,
        ]);
    }
    session.printer.value(&made, &format!("{shown}"))?;
    session.printer.remark(&format!("{seconds:.2} s"));
    Ok(())
}
