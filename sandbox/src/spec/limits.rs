//! What a job may use, with the range in which each limit can be enforced.

use std::fmt::Display;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rules::Findings;
use crate::isolation::Isolation;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// What a job may use. Every limit is enforced by the kernel, except the wall
/// clock, which the platform enforces by killing the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Processor time, in thousandths of one core: 100 to 256,000.
    pub cpu_millis: u32,
    /// Memory with page cache and tmpfs, without swap: 16 MiB to 4 TiB; at least
    /// 64 MiB where the job's kernel lives in it ([`Isolation::Gvisor`]).
    pub memory_bytes: u64,
    /// Processes and threads: 4 to 32,768.
    pub pids: u32,
    /// Bytes in `/out`: 1 MiB to 1 TiB.
    pub output_bytes: u64,
    /// Files and directories in `/out`: 16 to 1,000,000.
    pub output_files: u32,
    /// Bytes of log that are kept: 64 KiB to 256 MiB.
    pub log_bytes: u64,
    /// Bytes in `/tmp`, counted as memory: 1 MiB to `memory_bytes`.
    pub tmp_bytes: u64,
    /// Time from the container's start to its end: 1 second to 30 days.
    #[serde(rename = "wall_clock_ms", with = "milliseconds")]
    pub wall_clock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu_millis: 1000,
            memory_bytes: GIB,
            pids: 128,
            output_bytes: 64 * MIB,
            output_files: 1000,
            log_bytes: 4 * MIB,
            tmp_bytes: 64 * MIB,
            wall_clock: Duration::from_secs(600),
        }
    }
}

impl Limits {
    /// No job runs for longer.
    pub const LONGEST_WALL_CLOCK: Duration = Duration::from_secs(30 * 86_400);

    /// The size of `/dev/shm`, which counts as memory too. Python's
    /// multiprocessing wants some; no limit asks for it by name.
    #[must_use]
    pub fn shm_bytes(&self) -> u64 {
        self.tmp_bytes.min(64 * MIB)
    }

    pub(super) fn check(&self, found: &mut Findings, isolation: Isolation) {
        within(found, "limits.cpu_millis", self.cpu_millis, 100, 256_000);
        within(
            found,
            "limits.memory_bytes",
            self.memory_bytes,
            isolation.least_memory_bytes().max(16 * MIB),
            4 * TIB,
        );
        within(found, "limits.pids", self.pids, 4, 32_768);
        within(found, "limits.output_bytes", self.output_bytes, MIB, TIB);
        within(
            found,
            "limits.output_files",
            self.output_files,
            16,
            1_000_000,
        );
        within(
            found,
            "limits.log_bytes",
            self.log_bytes,
            64 << 10,
            256 * MIB,
        );
        within(
            found,
            "limits.tmp_bytes",
            self.tmp_bytes,
            MIB,
            self.memory_bytes.max(MIB),
        );
        let (least, most) = (Duration::from_secs(1), Self::LONGEST_WALL_CLOCK);
        if !(least..=most).contains(&self.wall_clock) {
            found.add(
                "limits.wall_clock",
                format!("{:?} is outside 1 second to 30 days", self.wall_clock),
            );
        }
    }
}

fn within<T: PartialOrd + Display>(found: &mut Findings, field: &str, value: T, least: T, most: T) {
    if value < least || value > most {
        found.add(field, format!("{value} is outside {least} to {most}"));
    }
}

/// A duration as whole milliseconds.
pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
