//! What the kernel of this machine says of a container, and does to it, without the engine: an engine that hangs must
//! neither keep a job alive nor move its deadline.

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Observed;
use crate::id::ContainerId;

/// Times of processes are in hundredths of a second on every Linux that runs containers (proc(5), USER_HZ).
const TICKS_PER_SECOND: u64 = 100;

/// The first process of a container is made some hundredths of a second before its command begins, on a busy machine some
/// tenths. A deadline is never early, so they are not counted.
const BEFORE_THE_COMMAND: Duration = Duration::from_millis(300);

/// How often a container's processes are killed anew: some may have been born meanwhile.
const ROUNDS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// Names the present run of the machine (random(4)): another one after each boot. `None` where the kernel does not tell.
#[must_use]
pub fn boot() -> Option<&'static str> {
    static BOOT: LazyLock<Option<String>> = LazyLock::new(|| {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let id = id.trim();
        (!id.is_empty()).then(|| id.to_owned())
    });
    BOOT.as_deref()
}

/// Counts a running container's time by the machine's boot clock instead of the engine's notes: nobody sets that clock.
/// `since` is then that long before the present wall clock, whatever the wall clock said at the start.
pub(super) fn by_boot_clock(observed: Observed, pid: Option<i64>) -> Observed {
    let ran = pid.filter(|pid| *pid > 0).and_then(ran);
    let ran = ran.map(|ran| ran.saturating_sub(BEFORE_THE_COMMAND));
    match (&observed, ran) {
        (Observed::Running { .. }, Some(ran)) => Observed::Running {
            since: SystemTime::now()
                .checked_sub(ran)
                .unwrap_or(SystemTime::UNIX_EPOCH),
        },
        _ => observed,
    }
}

/// How long a process has run.
fn ran(pid: i64) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    elapsed(&stat, &uptime)
}

/// From `/proc/<pid>/stat` (field 22) and `/proc/uptime`.
fn elapsed(stat: &str, uptime: &str) -> Option<Duration> {
    // The second field is a name in brackets, which may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let began: u64 = after_name.split_whitespace().nth(19)?.parse().ok()?;
    let now: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    let now = Duration::try_from_secs_f64(now).ok()?;
    let began = Duration::from_millis(began.saturating_mul(1000 / TICKS_PER_SECOND));
    Some(now.saturating_sub(began))
}

/// How long an engine may take over what it finds when it begins.
const BEGINNING: Duration = Duration::from_secs(10);

/// Says of a container that ended with the engine's own beginning that the engine ended it, or lost its exit code: what
/// it notes then reads as if the program had ended so, also as code 0 for one that had failed.
pub(super) async fn with_engine(observed: Observed, address: &str) -> Observed {
    let Observed::Exited {
        code,
        oom: false,
        started: Some(started),
        finished: Some(finished),
        error: None,
    } = observed
    else {
        return observed;
    };
    let began = engine_start(address).await;
    let by_engine = began.is_some_and(|began| {
        // The two clocks agree to some hundredths of a second.
        let after = finished + Duration::from_millis(500) >= began;
        started < began && after && finished < began + BEGINNING
    });
    Observed::Exited {
        code,
        oom: false,
        started: Some(started),
        finished: Some(finished),
        error: by_engine.then(|| "the engine was restarted and ended the container".to_owned()),
    }
}

/// When the process began that listens at the engine's socket; `None` where that is not the engine itself.
async fn engine_start(address: &str) -> Option<SystemTime> {
    let path = address.strip_prefix("unix://").unwrap_or(address);
    let stream = tokio::net::UnixStream::connect(path).await.ok()?;
    let pid = stream.peer_cred().ok()?.pid().filter(|pid| *pid > 1)?;
    SystemTime::now().checked_sub(ran(i64::from(pid))?)
}

/// The processes of a container, by their control groups.
fn processes(container: &ContainerId) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pid = |entry: fs::DirEntry| -> Option<Pid> {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let groups = fs::read_to_string(entry.path().join("cgroup")).ok()?;
        groups
            .contains(container.as_str())
            .then(|| Pid::from_raw(pid))
    };
    // A process that has ended and was not waited for yet does nothing any more.
    let lives = |pid: &Pid| {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
            let state = stat
                .rsplit_once(')')
                .map_or("", |(_, rest)| rest.trim_start());
            !state.starts_with(['Z', 'X'])
        })
    };
    entries.flatten().filter_map(pid).filter(lives).collect()
}

/// Whether a process of the container lives.
#[must_use]
pub fn lives(container: &ContainerId) -> bool {
    !processes(container).is_empty()
}

/// Kills every process of a container; tells whether none is left. Blocks for up to a second.
#[must_use]
pub fn kill_all(container: &ContainerId) -> bool {
    for _ in 0..ROUNDS {
        let processes = processes(container);
        if processes.is_empty() {
            return true;
        }
        for process in processes {
            // One that has just ended is what was wanted.
            let _ = kill(process, Signal::SIGKILL);
        }
        std::thread::sleep(PAUSE);
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn time_is_counted_from_the_boot() {
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 1 1";
        let ran = elapsed(stat, "200.50 1.00\n").unwrap();
        assert_eq!(ran, Duration::from_millis(200_500 - 123_450));
        assert_eq!(elapsed("nonsense", "1.0 1.0"), None);
        let me = i64::from(std::process::id());
        assert!(super::ran(me).unwrap() < Duration::from_secs(600));
    }

    #[test]
    fn the_wall_clock_moves_no_deadline() {
        // The engine noted a start in a year that the clock has left since.
        let noted = Observed::Running {
            since: SystemTime::UNIX_EPOCH,
        };
        let me = i64::from(std::process::id());
        let Observed::Running { since } = by_boot_clock(noted.clone(), Some(me)) else {
            unreachable!()
        };
        assert!(since.elapsed().unwrap() < Duration::from_secs(600));
        assert_eq!(by_boot_clock(noted.clone(), None), noted);
        assert_eq!(by_boot_clock(Observed::Absent, Some(me)), Observed::Absent);
    }

    #[test]
    fn nothing_runs_in_a_container_that_never_was() {
        let nobody = ContainerId::new("ef".repeat(32)).unwrap();
        assert!(!lives(&nobody) && kill_all(&nobody));
    }
}
