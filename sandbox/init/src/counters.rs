//! What the kernel counted for the container, read from inside it at its end: nobody
//! outside sees a short job's control group before it is gone.
//!
//! Formats: Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.

use std::path::Path;
use std::time::Duration;

/// What the kernel counted; `None` where it does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Processor time of all processes.
    pub cpu: Option<Duration>,
    /// The most memory in use at any time, with page cache and tmpfs.
    pub peak_memory_bytes: Option<u64>,
    /// Processes that the kernel killed at the memory limit.
    pub oom_kills: Option<u64>,
    /// Forks refused at the limit of processes.
    pub pids_refused: Option<u64>,
}

impl Counters {
    /// Reads them from the control groups of the container. A kernel inside, such as
    /// gVisor's, has none, and its own figures are not the host's: it counts a process
    /// that is held back as if it ran.
    #[must_use]
    pub fn read() -> Self {
        let read = |file: &str| std::fs::read_to_string(Path::new("/sys/fs/cgroup").join(file));
        Self::of_control_group(&|file| read(file).ok())
    }

    fn of_control_group(read: &dyn Fn(&str) -> Option<String>) -> Self {
        let single = |file: &str| read(file)?.trim().parse::<u64>().ok();
        let keyed = |file: &str, key: &str| {
            read(file)?
                .lines()
                .filter_map(|line| line.split_once(' '))
                .find(|(name, _)| *name == key)
                .and_then(|(_, value)| value.trim().parse::<u64>().ok())
        };
        let version_1 = || single("cpuacct/cpuacct.usage").map(Duration::from_nanos);
        Self {
            cpu: keyed("cpu.stat", "usage_usec")
                .map(Duration::from_micros)
                .or_else(version_1),
            peak_memory_bytes: single("memory.peak")
                .or_else(|| single("memory/memory.max_usage_in_bytes")),
            oom_kills: keyed("memory.events", "oom_kill")
                .or_else(|| keyed("memory/memory.oom_control", "oom_kill")),
            pids_refused: keyed("pids.events", "max").or_else(|| keyed("pids/pids.events", "max")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Counters = Counters {
        cpu: Some(Duration::from_millis(1500)),
        peak_memory_bytes: Some(8192),
        oom_kills: Some(2),
        pids_refused: Some(7),
    };

    #[test]
    fn both_versions_of_control_groups_are_read() {
        let version_1 = |file: &str| {
            let text = match file {
                "memory/memory.max_usage_in_bytes" => "8192\n",
                "memory/memory.oom_control" => "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
                "cpuacct/cpuacct.usage" => "1500000000\n",
                "pids/pids.events" => "max 7\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        assert_eq!(Counters::of_control_group(&version_1), EXPECTED);
        let version_2 = |file: &str| {
            let text = match file {
                "memory.peak" => "8192\n",
                "memory.events" => "low 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n",
                "cpu.stat" => "usage_usec 1500000\nuser_usec 1\n",
                "pids.events" => "max 7\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        assert_eq!(Counters::of_control_group(&version_2), EXPECTED);
        assert_eq!(
            Counters::of_control_group(&|_| None),
            Counters::default(),
            "under a kernel that has none"
        );
    }
}
