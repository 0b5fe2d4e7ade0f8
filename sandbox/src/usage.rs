//! What a job used.

use std::time::Duration;

use sandyq_init::Report;
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
    /// Bytes of log that were kept.
    #[serde(default)]
    pub log_bytes: u64,
    /// Bytes that the job printed beyond its log limit.
    #[serde(default)]
    pub log_dropped_bytes: u64,
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

    /// Takes the last word of the container's init in, which counted to the very end.
    pub fn settle(&mut self, report: &Report) {
        let counters = &report.counters;
        self.add(&Sample {
            cpu: counters.cpu.unwrap_or_default(),
            memory_bytes: 0,
            peak_memory_bytes: counters.peak_memory_bytes,
            pids: None,
            oom_kills: counters.oom_kills,
            pids_refused: counters.pids_refused,
        });
        self.wall = self.wall.max(report.wall);
        self.log_bytes = report.log_bytes;
        self.log_dropped_bytes = report.log_dropped_bytes;
    }

    /// What the job's energy is estimated at, in millijoules.
    #[must_use]
    pub fn energy_millijoules(&self, power: &Power, cpu_millis: u32) -> u64 {
        let cores = f64::from(cpu_millis) / 1000.0;
        let busy = power.watts_per_core * self.cpu.as_secs_f64();
        let idle = power.idle_watts_per_core * cores * self.wall.as_secs_f64();
        // A negative or absurd figure becomes the nearest number.
        ((busy + idle) * 1000.0).round() as u64
    }
}

/// What the node draws, by measurement or by its maker's word.
///
/// The estimate has two parts: what the processor time of the job drew beyond the idle
/// node, and the job's share of what the node draws anyway, by the cores that were
/// reserved for it as long as it ran.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// Watts of one busy core, beyond what it draws idle.
    pub watts_per_core: f64,
    /// Watts of the idle node, divided by its cores.
    pub idle_watts_per_core: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_is_that_of_the_work_and_of_the_reservation() {
        let power = Power {
            watts_per_core: 10.0,
            idle_watts_per_core: 3.0,
        };
        let usage = Usage {
            cpu: Duration::from_secs(90),
            wall: Duration::from_secs(60),
            ..Usage::default()
        };
        // 90 s x 10 W, and 60 s x 2 cores x 3 W.
        assert_eq!(usage.energy_millijoules(&power, 2000), 900_000 + 360_000);
        assert_eq!(Usage::default().energy_millijoules(&power, 2000), 0);
    }

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
