//! Decoding of an untrusted file in a process that may die of it.

use nix::sys::resource::{Resource, setrlimit};
use sandyq_anonymizer::{Limits, intake};

use super::tables::own_limits;
use crate::errors::{Failure, Result};

/// Room for the decoder beside the table and its compressed bytes.
const ROOM: u64 = 4 << 30;

/// Seconds of processor time.
const TIME: u64 = 900;

/// `sandyq decode-parquet`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandyq decode-parquet < people.parquet")]
pub struct DecodeParquet {
    /// The file is the user's own, and only this machine bounds it.
    #[arg(long)]
    pub own: bool,
}

/// Decodes standard input under limits. An ordinary error of the file is a success: the caller asks whether a process survives it.
pub fn run(command: &DecodeParquet) -> Result<()> {
    let (limits, memory) = if command.own {
        // Memory is also reserved that is never used.
        (own_limits(), memory_of_machine().map(|bytes| 2 * bytes))
    } else {
        let limits = Limits::default();
        limit(Resource::RLIMIT_CPU, TIME)?;
        (limits, Some(limits.max_table_bytes.saturating_mul(3)))
    };
    if let Some(memory) = memory {
        limit(Resource::RLIMIT_AS, memory.saturating_add(ROOM))?;
    }
    limit(Resource::RLIMIT_CORE, 0)?;
    drop(intake::try_parquet(std::io::stdin().lock(), &limits));
    Ok(())
}

fn memory_of_machine() -> Option<u64> {
    let known = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = known
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1 << 10)
}

fn limit(resource: Resource, most: u64) -> Result<()> {
    setrlimit(resource, most, most)
        .map_err(|error| Failure::general(format!("cannot limit the decoder: {error}")))
}
