//! What this machine is, as far as its files tell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::sys::statvfs::statvfs;
use sandyq_sandbox::volume::OutputVolume;

use super::{Finding, Status};

const GIB: u64 = 1 << 30;
/// Less is a failure, and less than this many times that a warning.
const LEAST_FREE_BYTES: u64 = GIB;
const AMPLE: u64 = 10;
/// Nobody has this program before the first of January 2025.
const NOT_BEFORE: Duration = Duration::from_secs(1_735_689_600);
/// What the trial volume may hold, and what is written to it.
const TRIAL_BYTES: u64 = 1 << 20;

/// All checks of the host.
pub fn findings(dir: &Path) -> Vec<Finding> {
    let dir = existing(dir);
    vec![
        root(),
        quota(&dir),
        disk(&dir),
        clock(&dir, SystemTime::now()),
        synchronization(Path::new("/")),
        init(),
        controllers(
            &read("/proc/cgroups"),
            &read("/sys/fs/cgroup/cgroup.controllers"),
        ),
        core_dumps(&read("/proc/sys/kernel/core_pattern")),
        swap(&read("/proc/swaps")),
    ]
}

/// Files below `/proc` that are not there read as empty.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The nearest folder that is there: that of a platform yet to be made has the same disk.
fn existing(dir: &Path) -> PathBuf {
    let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let found = whole.ancestors().find(|path| path.is_dir());
    found.unwrap_or(Path::new("/")).to_owned()
}

fn root() -> Finding {
    if nix::unistd::geteuid().is_root() {
        return Finding::ok("rights", "root");
    }
    Finding::bad(
        "rights",
        Status::Failed,
        format!("user {}", nix::unistd::geteuid()),
        "run the server (and this) as root: it mounts the volumes of jobs",
    )
}

/// Makes a volume as a job gets it, fills it past its end, and removes it.
fn quota(dir: &Path) -> Finding {
    let place = dir.join(format!(".doctor-{}", std::process::id()));
    let tried = try_volume(&place);
    let removed = OutputVolume::at(&place).remove();
    let _ = fs::remove_dir_all(&place);
    let what = "a file system by loop device";
    match (tried, removed) {
        (Ok(()), Ok(())) => Finding::ok("output quota", format!("{what} ended where it should")),
        (Err(error), _) => Finding::bad(
            "output quota",
            Status::Failed,
            format!("{what} cannot be had: {error}"),
            "install e2fsprogs and mount, load the module `loop`, and run as root",
        ),
        (_, Err(error)) => Finding::bad(
            "output quota",
            Status::Failed,
            format!("{what} cannot be removed: {error}"),
            format!("unmount what is below {}", place.display()),
        ),
    }
}

fn try_volume(place: &Path) -> std::result::Result<(), String> {
    let volume = OutputVolume::create(place, TRIAL_BYTES, 16).map_err(|error| error.to_string())?;
    let file = volume.mount_point().join("fill");
    let too_much = vec![1_u8; 64 << 20];
    match fs::write(&file, &too_much) {
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => Ok(()),
        Err(error) => Err(error.to_string()),
        Ok(()) => Err("it took more than it may hold".to_owned()),
    }
}

fn disk(dir: &Path) -> Finding {
    let free = match statvfs(dir) {
        Ok(about) => about
            .blocks_available()
            .saturating_mul(about.fragment_size()),
        Err(error) => {
            return Finding::bad(
                "disk",
                Status::Failed,
                format!("{}: {error}", dir.display()),
                "name a folder with --dir that can be read",
            );
        }
    };
    let found = format!("{} GiB free at {}", free / GIB, dir.display());
    let mend = "volumes and releases of jobs need room: free some, or move the folder";
    if free < LEAST_FREE_BYTES {
        Finding::bad("disk", Status::Failed, found, mend)
    } else if free < LEAST_FREE_BYTES * AMPLE {
        Finding::bad("disk", Status::Warning, found, mend)
    } else {
        Finding::ok("disk", found)
    }
}

/// Deadlines, terms of grants and the audit log go by the clock. It must not be behind what this platform wrote before.
fn clock(dir: &Path, now: SystemTime) -> Finding {
    let written = ["state.db", "sandyq.toml", "master.key"]
        .iter()
        .filter_map(|name| fs::metadata(dir.join(name)).ok()?.modified().ok())
        .max();
    let behind = written.and_then(|written| written.duration_since(now).ok());
    let mend = "set the clock, and have it kept by chrony or systemd-timesyncd";
    if now < SystemTime::UNIX_EPOCH + NOT_BEFORE {
        Finding::bad("clock", Status::Failed, "it is years behind", mend)
    } else if let Some(behind) = behind.filter(|behind| *behind > Duration::from_secs(5)) {
        let found = format!("{} s behind the platform's own files", behind.as_secs());
        Finding::bad("clock", Status::Failed, found, mend)
    } else {
        Finding::ok("clock", "not behind the platform's own files")
    }
}

/// What the usual programs that keep the clock leave where they run.
fn synchronization(root: &Path) -> Finding {
    let signs = [
        ("run/systemd/timesync/synchronized", "systemd-timesyncd"),
        ("run/chrony/chronyd.pid", "chrony"),
        ("run/chronyd.pid", "chrony"),
        ("run/ntpd.pid", "ntpd"),
        ("run/openntpd.pid", "openntpd"),
    ];
    match signs.iter().find(|(file, _)| root.join(file).exists()) {
        Some((_, program)) => Finding::ok("clock synchronization", format!("by {program}")),
        None => Finding::bad(
            "clock synchronization",
            Status::Warning,
            "no sign of chrony, ntpd or systemd-timesyncd",
            "install chrony, unless the machine's host keeps its clock: the times in the audit log are this clock's",
        ),
    }
}

/// The first process of every container lies beside this program.
fn init() -> Finding {
    let path = std::env::current_exe()
        .map(|program| program.with_file_name("sandyq-init"))
        .unwrap_or_default();
    let mend = format!(
        "put sandyq-init, which comes with sandyq, at {} with mode 0755",
        path.display()
    );
    match fs::metadata(&path) {
        Ok(about) if about.is_file() && about.permissions().mode() & 0o005 == 0o005 => {
            Finding::ok("sandyq-init", path.display().to_string())
        }
        Ok(_) => Finding::bad(
            "sandyq-init",
            Status::Failed,
            format!("{} cannot be executed by everybody", path.display()),
            mend,
        ),
        Err(error) => Finding::bad(
            "sandyq-init",
            Status::Failed,
            format!("{}: {error}", path.display()),
            mend,
        ),
    }
}

/// `/proc/cgroups` has name, hierarchy, groups and "enabled"; version 2 has a line of names.
fn controllers(first: &str, second: &str) -> Finding {
    let enabled: Vec<&str> = if second.trim().is_empty() {
        first
            .lines()
            .filter(|line| line.ends_with("\t1"))
            .filter_map(|line| line.split('\t').next())
            .collect()
    } else {
        second.split_whitespace().collect()
    };
    let missing: Vec<&str> = ["memory", "pids", "cpu"]
        .into_iter()
        .filter(|wanted| !enabled.contains(wanted))
        .collect();
    if missing.is_empty() {
        return Finding::ok("controllers", "memory, pids and cpu");
    }
    Finding::bad(
        "controllers",
        Status::Failed,
        format!("the kernel lacks {}", missing.join(", ")),
        "boot with cgroup_enable=memory and without cgroup_disable",
    )
}

/// A pattern that begins with `|` starts a program as root with the memory of whatever crashed, whatever its limit on
/// core files (core(5)).
fn core_dumps(pattern: &str) -> Finding {
    let pattern = pattern.trim();
    if !pattern.starts_with('|') {
        return Finding::ok("core dumps", "of jobs and of the server: none");
    }
    Finding::bad(
        "core dumps",
        Status::Warning,
        format!("of every program that crashes, jobs too, are handed to {pattern}"),
        "sysctl -w kernel.core_pattern=core (and in /etc/sysctl.d), or make sure that nothing is kept",
    )
}

fn swap(swaps: &str) -> Finding {
    match swaps.lines().count() {
        0 | 1 => Finding::ok(
            "swap",
            "none, so nothing that is decrypted reaches a disk by it",
        ),
        lines => Finding::bad(
            "swap",
            Status::Warning,
            format!("{} areas", lines - 1),
            "swapoff -a, or encrypt them: what the server holds decrypted may be written there",
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use super::*;

    #[test]
    fn both_versions_of_control_groups_are_read() {
        let first = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t2\t1\t1\nmemory\t4\t1\t1\npids\t7\t1\t1\n";
        assert_eq!(controllers(first, "").status, Status::Ok);
        let without = first.replace("memory\t4\t1\t1", "memory\t4\t1\t0");
        assert!(controllers(&without, "").found.contains("lacks memory"));
        assert_eq!(
            controllers("", "cpuset cpu io memory pids\n").status,
            Status::Ok
        );
        assert_eq!(controllers("", "cpu io\n").status, Status::Failed);
        assert_eq!(controllers("", "").status, Status::Failed);
    }

    #[test]
    fn what_may_write_secrets_to_a_disk_is_found() {
        assert_eq!(core_dumps("core\n").status, Status::Ok);
        assert_eq!(
            core_dumps("|/usr/lib/systemd/systemd-coredump %P\n").status,
            Status::Warning
        );
        assert_eq!(swap("Filename\tType\n").status, Status::Ok);
        assert_eq!(
            swap("Filename\tType\n/dev/vdb partition\n").status,
            Status::Warning
        );
    }

    #[test]
    fn a_clock_that_went_back_is_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("state.db"), b"").unwrap();
        let now = SystemTime::now();
        assert_eq!(clock(folder.path(), now).status, Status::Ok);
        let back = now - Duration::from_secs(3600);
        assert!(
            clock(folder.path(), back)
                .found
                .contains("behind the platform")
        );
        let reset = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert!(clock(folder.path(), reset).found.contains("years"));
        assert_eq!(synchronization(folder.path()).status, Status::Warning);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_its_parents_disk() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().canonicalize().unwrap();
        assert_eq!(existing(&parent.join("a/b")), parent);
    }
}
