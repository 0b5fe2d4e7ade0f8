//! What a job used.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One look at a running container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// Processor time since the start, of all processes together.
    pub cpu: Duration,
    /// Memory in use now, in bytes, with page cache and tmpfs.
    pub memory_bytes: u64,
    /// The most memory in use at any time, when the kernel keeps it.
    pub peak_memory_bytes: Option<u64>,
    /// Processes and threads now.
    pub pids: Option<u64>,
    /// Processes killed by the kernel at the memory limit, when its control group
    /// could be read.
    pub oom_kills: Option<u64>,
    /// Forks refused at the pids limit, when its control group could be read.
    pub pids_refused: Option<u64>,
}

/// What a job used from start to end, kept up by [`Usage::add`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Seconds from the container's start to its end (or to now).
    #[serde(rename = "wall_ms", with = "crate::spec::milliseconds")]
    pub wall: Duration,
    /// Processor time of all processes, as last seen.
    #[serde(rename = "cpu_ms", with = "crate::spec::milliseconds")]
    pub cpu: Duration,
    /// The most memory seen, in bytes.
    pub peak_memory_bytes: u64,
    /// Processes that the kernel killed at the memory limit, as last seen.
    pub oom_kills: u64,
    /// Forks refused at the pids limit, as last seen.
    pub pids_refused: u64,
}

impl Usage {
    /// Takes a sample in. Counters never go back: a late or failed reading
    /// cannot hide what an earlier one saw.
    pub fn add(&mut self, sample: &Sample) {
        self.cpu = self.cpu.max(sample.cpu);
        let peak = sample
            .peak_memory_bytes
            .unwrap_or(0)
            .max(sample.memory_bytes);
        self.peak_memory_bytes = self.peak_memory_bytes.max(peak);
        self.oom_kills = self.oom_kills.max(sample.oom_kills.unwrap_or(0));
        self.pids_refused = self.pids_refused.max(sample.pids_refused.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_never_go_back() {
        let mut usage = Usage::default();
        usage.add(&Sample {
            cpu: Duration::from_secs(2),
            memory_bytes: 100,
            peak_memory_bytes: Some(500),
            oom_kills: Some(1),
            pids_refused: Some(7),
            pids: Some(3),
        });
        usage.add(&Sample {
            cpu: Duration::from_secs(1),
            memory_bytes: 600,
            ..Sample::default()
        });
        assert_eq!(usage.cpu, Duration::from_secs(2));
        assert_eq!(usage.peak_memory_bytes, 600);
        assert_eq!((usage.oom_kills, usage.pids_refused), (1, 7));
    }
}
