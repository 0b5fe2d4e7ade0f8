//! Control groups: what the kernel itself counted for a container.
//!
//! Docker's `OOMKilled` flag is set or missed by chance when a child of the main
//! process is killed; the kernel's counters are exact, but vanish with the
//! container. Parsing is apart from reading, so that both versions of the
//! kernel interface are tested on text.
//! Formats: Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::id::ContainerId;
use crate::usage::Sample;

/// Where the kernel's interface is mounted.
const MOUNT: &str = "/sys/fs/cgroup";

/// Where a container's control groups are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cgroup {
    /// One folder for each controller.
    V1 {
        /// `memory`.
        memory: PathBuf,
        /// `pids`.
        pids: Option<PathBuf>,
        /// `cpuacct`.
        cpuacct: Option<PathBuf>,
    },
    /// One folder for all.
    V2(PathBuf),
}

impl Cgroup {
    /// Reads `/proc/<pid>/cgroup`. `None` when the process is not one of the
    /// container (its number was given to another meanwhile).
    #[must_use]
    pub fn parse(proc_cgroup: &str, mount: &Path, container: &ContainerId) -> Option<Self> {
        let lines: Vec<(&str, &str)> = proc_cgroup.lines().filter_map(parse_line).collect();
        let find = |wanted: &str| {
            let (controllers, path) = lines
                .iter()
                .find(|(controllers, _)| controllers.split(',').any(|c| c == wanted))?;
            path.contains(container.as_str())
                .then(|| mount.join(controllers).join(path.trim_start_matches('/')))
        };
        if let Some(memory) = find("memory") {
            return Some(Self::V1 {
                memory,
                pids: find("pids"),
                cpuacct: find("cpuacct"),
            });
        }
        let (_, path) = lines.iter().find(|(controllers, path)| {
            controllers.is_empty() && path.contains(container.as_str())
        })?;
        Some(Self::V2(mount.join(path.trim_start_matches('/'))))
    }

    /// Finds the control groups of a running container by its first process.
    #[must_use]
    pub fn find(pid: i64, container: &ContainerId) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        Self::parse(&text, Path::new(MOUNT), container)
    }

    /// Finds them where engines put them unless they are told otherwise (below `/docker` with cgroupfs, in a scope of
    /// `system.slice` with systemd), without asking the engine for a process. `None` where they are not there.
    #[must_use]
    pub fn usual(container: &ContainerId) -> Option<Self> {
        let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
        let places = [
            format!("/docker/{container}"),
            format!("/system.slice/docker-{container}.scope"),
        ];
        places
            .iter()
            .filter_map(|place| Self::parse(&moved(&own, place), Path::new(MOUNT), container))
            .find(|cgroup| cgroup.sample().is_some())
    }

    /// Reads the counters; `None` when the container has just gone.
    #[must_use]
    pub fn sample(&self) -> Option<Sample> {
        self.sample_with(&|path| std::fs::read_to_string(path).ok())
    }

    fn sample_with(&self, read: &dyn Fn(&Path) -> Option<String>) -> Option<Sample> {
        let number = |folder: &Path, file: &str| single(&read(&folder.join(file))?);
        let keyed =
            |folder: &Path, file: &str, key: &str| flat_keyed(&read(&folder.join(file))?, key);
        match self {
            Self::V1 {
                memory,
                pids,
                cpuacct,
            } => Some(Sample {
                cpu: Duration::from_nanos(
                    cpuacct
                        .as_deref()
                        .and_then(|f| number(f, "cpuacct.usage"))
                        .unwrap_or(0),
                ),
                memory_bytes: number(memory, "memory.usage_in_bytes")?,
                peak_memory_bytes: number(memory, "memory.max_usage_in_bytes"),
                pids: pids.as_deref().and_then(|f| number(f, "pids.current")),
                oom_kills: keyed(memory, "memory.oom_control", "oom_kill"),
                pids_refused: pids.as_deref().and_then(|f| keyed(f, "pids.events", "max")),
            }),
            Self::V2(folder) => Some(Sample {
                cpu: Duration::from_micros(keyed(folder, "cpu.stat", "usage_usec").unwrap_or(0)),
                memory_bytes: number(folder, "memory.current")?,
                peak_memory_bytes: number(folder, "memory.peak"),
                pids: number(folder, "pids.current"),
                oom_kills: keyed(folder, "memory.events", "oom_kill"),
                pids_refused: keyed(folder, "pids.events", "max"),
            }),
        }
    }
}

/// The groups of a process as they are of one in another place of each hierarchy.
fn moved(proc_cgroup: &str, place: &str) -> String {
    let line = |line: &str| {
        let mut parts = line.splitn(3, ':');
        Some(format!("{}:{}:{place}\n", parts.next()?, parts.next()?))
    };
    proc_cgroup.lines().filter_map(line).collect()
}

/// `4:cpu,cpuacct:/docker/<id>` as (controllers, path).
fn parse_line(line: &str) -> Option<(&str, &str)> {
    let mut parts = line.splitn(3, ':');
    let _hierarchy = parts.next()?;
    Some((parts.next()?, parts.next()?))
}

fn single(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn flat_keyed(text: &str, key: &str) -> Option<u64> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| single(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn container() -> ContainerId {
        ContainerId::new("ab".repeat(32)).unwrap()
    }

    fn files(path: &Path) -> Option<String> {
        let text = match path.file_name()?.to_str()? {
            "memory.usage_in_bytes" | "memory.current" => "4096\n",
            "memory.max_usage_in_bytes" | "memory.peak" => "8192\n",
            "memory.oom_control" => "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
            "memory.events" => "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0\n",
            "cpuacct.usage" => "1500000000\n",
            "cpu.stat" => "usage_usec 1500000\nuser_usec 1\n",
            "pids.current" => "5\n",
            "pids.events" => "max 7\n",
            _ => return None,
        };
        Some(text.to_owned())
    }

    const EXPECTED: Sample = Sample {
        cpu: Duration::from_millis(1500),
        memory_bytes: 4096,
        peak_memory_bytes: Some(8192),
        pids: Some(5),
        oom_kills: Some(2),
        pids_refused: Some(7),
    };

    #[test]
    fn the_groups_of_this_process_tell_where_those_of_a_container_are() {
        let id = container();
        let own = "9:memory:/some/where\n4:cpu,cpuacct:/\n0::/some/where\n";
        let text = moved(own, &format!("/docker/{id}"));
        let cgroup = Cgroup::parse(&text, Path::new("/c"), &id).unwrap();
        let folder = |name: &str| PathBuf::from(format!("/c/{name}/docker/{id}"));
        assert_eq!(
            cgroup,
            Cgroup::V1 {
                memory: folder("memory"),
                pids: None,
                cpuacct: Some(folder("cpu,cpuacct")),
            }
        );
        let text = moved("0::/\n", &format!("/system.slice/docker-{id}.scope"));
        let scope = format!("/c/system.slice/docker-{id}.scope");
        assert_eq!(
            Cgroup::parse(&text, Path::new("/c"), &id),
            Some(Cgroup::V2(scope.into()))
        );
        assert_eq!(Cgroup::usual(&id), None);
    }

    #[test]
    fn version_1_is_read() {
        let id = container();
        let text = format!(
            "12:pids:/docker/{id}\n9:memory:/docker/{id}\n4:cpu,cpuacct:/docker/{id}\n0::/docker/{id}\n"
        );
        let cgroup = Cgroup::parse(&text, Path::new("/c"), &id).unwrap();
        let Cgroup::V1 { cpuacct, .. } = &cgroup else {
            unreachable!()
        };
        assert_eq!(
            cpuacct.as_deref(),
            Some(Path::new(&format!("/c/cpu,cpuacct/docker/{id}")))
        );
        assert_eq!(cgroup.sample_with(&files), Some(EXPECTED));
    }

    #[test]
    fn version_2_is_read() {
        let id = container();
        let cgroup = Cgroup::parse(
            &format!("0::/system.slice/docker-{id}.scope\n"),
            Path::new("/c"),
            &id,
        )
        .unwrap();
        assert_eq!(
            cgroup,
            Cgroup::V2(format!("/c/system.slice/docker-{id}.scope").into())
        );
        assert_eq!(cgroup.sample_with(&files), Some(EXPECTED));
        assert_eq!(cgroup.sample_with(&|_| None), None);
    }

    #[test]
    fn another_process_is_not_the_container() {
        let other = format!("9:memory:/docker/{}\n0::/\n", "cd".repeat(32));
        assert_eq!(Cgroup::parse(&other, Path::new("/c"), &container()), None);
        assert_eq!(
            Cgroup::parse("nonsense", Path::new("/c"), &container()),
            None
        );
    }
}
