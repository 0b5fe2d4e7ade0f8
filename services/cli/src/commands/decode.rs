//! Decoding of an untrusted file in a process that may die of it.

use nix::sys::resource::{Resource, setrlimit};
use sandyq_anonymizer::{Format, Limits, intake};

use crate::errors::{Failure, Result};

/// Room for the decoder beside the table and its compressed bytes.
const ROOM: u64 = 4 << 30;

/// Seconds of processor time.
const TIME: u64 = 900;

/// `sandyq decode-parquet`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandyq decode-parquet < people.parquet")]
pub struct DecodeParquet {}

/// Decodes standard input under limits. An ordinary error of the file is a success: the caller asks whether a process survives it.
pub fn run(_: &DecodeParquet) -> Result<()> {
    let limits = Limits::default();
    let memory = limits
        .max_table_bytes
        .saturating_mul(3)
        .saturating_add(ROOM);
    for (resource, most) in [
        (Resource::RLIMIT_AS, memory),
        (Resource::RLIMIT_CPU, TIME),
        (Resource::RLIMIT_CORE, 0),
    ] {
        setrlimit(resource, most, most)
            .map_err(|error| Failure::general(format!("cannot limit the decoder: {error}")))?;
    }
    drop(intake::validate(
        std::io::stdin().lock(),
        &Format::Parquet,
        &limits,
    ));
    Ok(())
}
