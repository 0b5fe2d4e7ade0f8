//! The system calls that a job may make, as one table.
//!
//! The profile permits by name and refuses the rest, as the engine's default one
//! does. It is stricter: what `WITHHELD` names is permitted there, in whole or
//! in part. It has no 32-bit and no x32 calls either: a job that makes one is killed.
//! Format: the engine's `--security-opt seccomp=` file, which takes the fields of
//! the OCI runtime specification, "Seccomp"; call names are those of libseccomp.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Isolation;

/// Calls that are permitted with any arguments, and what programs do with them.
const PERMITTED: &[(&str, &str)] = &[
    (
        "read and write what is open",
        "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek \
         sendfile copy_file_range splice tee close close_range dup dup2 dup3 fcntl flock ioctl \
         fsync fdatasync syncfs sync_file_range fadvise64 readahead ftruncate truncate fallocate",
    ),
    (
        "find, make and remove files",
        "open openat openat2 creat access faccessat faccessat2 stat lstat fstat newfstatat statx \
         statfs fstatfs getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir \
         unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat readlink \
         readlinkat chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat umask utime utimes \
         utimensat futimesat getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr \
         lsetxattr fsetxattr removexattr lremovexattr fremovexattr memfd_create inotify_init \
         inotify_init1 inotify_add_watch inotify_rm_watch",
    ),
    (
        "memory",
        "brk mmap mmap2 munmap mremap mprotect madvise mincore msync mlock mlock2 munlock mlockall \
         munlockall membarrier pkey_alloc pkey_free pkey_mprotect cachestat map_shadow_stack mseal",
    ),
    (
        "threads and processes (clone: see `profile`)",
        "fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid getpgid \
         getpgrp setpgid getsid setsid set_tid_address set_robust_list get_robust_list futex \
         futex_waitv futex_wait futex_wake futex_requeue rseq arch_prctl prctl getrlimit setrlimit \
         prlimit64 ugetrlimit getrusage times getcpu pidfd_open pidfd_send_signal restart_syscall \
         seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
    ),
    (
        "scheduling of the job's own threads",
        "sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam \
         sched_getscheduler sched_setscheduler sched_getattr sched_setattr \
         sched_get_priority_max sched_get_priority_min sched_rr_get_interval getpriority \
         setpriority ioprio_get ioprio_set",
    ),
    (
        "who the job is; without capabilities it can become nobody else",
        "getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid \
         setregid setresuid setresgid setgroups setfsuid setfsgid capget capset",
    ),
    (
        "signals",
        "kill tkill tgkill rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn rt_sigsuspend \
         rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo sigaltstack signalfd signalfd4 pause",
    ),
    (
        "time",
        "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time alarm getitimer \
         setitimer timer_create timer_settime timer_gettime timer_getoverrun timer_delete \
         timerfd_create timerfd_settime timerfd_gettime",
    ),
    (
        "wait for several things",
        "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait \
         epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 pipe pipe2 io_setup io_destroy \
         io_submit io_cancel io_getevents io_pgetevents",
    ),
    (
        "sockets of the families below, which lead no further than the container",
        "bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt shutdown \
         send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg",
    ),
    (
        "what the machine is, and randomness",
        "uname sysinfo getrandom",
    ),
];

/// Calls that the engine's default profile permits, in whole or with some
/// arguments, and this one does not. The tests hold it true.
#[cfg(test)]
const WITHHELD: &[(&str, &str)] = &[
    (
        "a second interface to most of the kernel, that no filter sees into, with a history of escapes",
        "io_uring_setup io_uring_enter io_uring_register",
    ),
    (
        "another process's memory and descriptors",
        "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_getfd",
    ),
    (
        "new namespaces: capabilities inside one open much of the kernel",
        "unshare setns",
    ),
    (
        "its flags lie in memory, where no filter can look; answered as an old kernel would, so that clone is used",
        "clone3",
    ),
    (
        "key rings are shared by all containers of the user",
        "keyctl add_key request_key",
    ),
    (
        "programs in the kernel, and measuring it",
        "bpf perf_event_open",
    ),
    (
        "holds the kernel at a page fault, which turns small races into large ones",
        "userfaultfd",
    ),
    (
        "mounts, roots and swap",
        "mount umount umount2 mount_setattr move_mount open_tree fsopen fsconfig fsmount fspick \
         pivot_root chroot swapon swapoff quotactl quotactl_fd",
    ),
    (
        "files by handle reach outside of the container's root",
        "name_to_handle_at open_by_handle_at",
    ),
    (
        "another kernel, modules, restart, ports and the kernel's log",
        "kexec_load kexec_file_load init_module finit_module delete_module reboot iopl ioperm \
         syslog acct sethostname setdomainname vhangup",
    ),
    (
        "the machine's clock",
        "settimeofday stime clock_settime clock_settime64 adjtimex clock_adjtime clock_adjtime64",
    ),
    ("flushes every file system of the host", "sync"),
    (
        "objects that outlive their processes, outside of the size of /dev/shm",
        "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl \
         ipc mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr",
    ),
    (
        "rare paths of the memory management with a history of faults",
        "vmsplice remap_file_pages modify_ldt memfd_secret mbind set_mempolicy \
         set_mempolicy_home_node get_mempolicy migrate_pages move_pages",
    ),
    (
        "watching whole file systems, and interfaces that nothing uses any more",
        "fanotify_init fanotify_mark lookup_dcookie nfsservctl sysfs ustat uselib _sysctl \
         socketcall",
    ),
];

/// `CLONE_NEWNS`, `NEWCGROUP`, `NEWUTS`, `NEWIPC`, `NEWUSER`, `NEWPID` and `NEWNET`.
const NAMESPACES: u64 = 0x7E02_0000;
/// What `socket` ors into the type, `SOCK_CLOEXEC` and `SOCK_NONBLOCK`, is not in it.
const SOCKET_TYPE: u64 = 0xf;
const ENOSYS: u32 = 38;

/// The part of a file's mode that says its kind, and kinds that need no driver:
/// none given, regular, FIFO and socket.
const FILE_KIND: u64 = 0o170_000;
const PLAIN_KINDS: [u64; 4] = [0, 0o100_000, 0o010_000, 0o140_000];

/// Sockets: family, type and protocol; `None` stands for any. All else, such as
/// `AF_ALG`, `AF_PACKET`, `AF_VSOCK`, SCTP and DCCP, makes the kernel load modules
/// that few look after.
const SOCKETS: &[(u64, Option<u64>, Option<u64>)] = &[
    (AF_UNIX, None, None),
    // What the machine's interfaces are: `getaddrinfo` and `if_nameindex` ask it.
    (AF_NETLINK, None, Some(0)),
    (AF_INET, Some(SOCK_STREAM), Some(0)),
    (AF_INET, Some(SOCK_STREAM), Some(TCP)),
    (AF_INET, Some(SOCK_DGRAM), Some(0)),
    (AF_INET, Some(SOCK_DGRAM), Some(UDP)),
    (AF_INET6, Some(SOCK_STREAM), Some(0)),
    (AF_INET6, Some(SOCK_STREAM), Some(TCP)),
    (AF_INET6, Some(SOCK_DGRAM), Some(0)),
    (AF_INET6, Some(SOCK_DGRAM), Some(UDP)),
];

const AF_UNIX: u64 = 1;
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const AF_NETLINK: u64 = 16;
const SOCK_STREAM: u64 = 1;
const SOCK_DGRAM: u64 = 2;
const TCP: u64 = 6;
const UDP: u64 = 17;

/// The profile, as `security_opt` takes it. gVisor applies it to its own kernel's
/// calls when it is registered with `--oci-seccomp`.
#[must_use]
pub fn profile(isolation: Isolation) -> &'static str {
    static HARDENED: LazyLock<String> = LazyLock::new(|| build(Isolation::Hardened).to_string());
    static GVISOR: LazyLock<String> = LazyLock::new(|| build(Isolation::Gvisor).to_string());
    match isolation {
        Isolation::Hardened => &HARDENED,
        Isolation::Gvisor => &GVISOR,
    }
}

fn build(isolation: Isolation) -> Value {
    let mut rules: Vec<Value> = PERMITTED
        .iter()
        .map(|(_, calls)| allow(&names(calls), &[]))
        .collect();
    rules.push(allow(&["clone"], &[masked(0, NAMESPACES, 0)]));
    rules.push(match isolation {
        Isolation::Hardened => {
            json!({ "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS })
        }
        // gVisor does not know `errnoRet`, and threads need this call or that very
        // answer. Namespaces made by it are of gVisor's kernel, not the host's.
        Isolation::Gvisor => allow(&["clone3"], &[]),
    });
    // Device nodes need a capability too, which gVisor does not ask for everywhere.
    for (call, mode) in [("mknod", 1), ("mknodat", 2)] {
        rules.extend(PLAIN_KINDS.map(|kind| allow(&[call], &[masked(mode, FILE_KIND, kind)])));
    }
    rules.extend(SOCKETS.iter().map(socket));
    rules.push(allow(&["socketpair"], &[equal(0, AF_UNIX)]));
    // Ordinary Linux, and the question which one it is; not the old address layouts.
    rules.extend([0, 0xffff_ffff].map(|value| allow(&["personality"], &[equal(0, value)])));
    json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "archMap": [
            { "architecture": "SCMP_ARCH_X86_64", "subArchitectures": [] },
            { "architecture": "SCMP_ARCH_AARCH64", "subArchitectures": [] },
        ],
        "syscalls": rules,
    })
}

fn names(calls: &str) -> Vec<&str> {
    calls.split_whitespace().collect()
}

fn socket((family, kind, protocol): &(u64, Option<u64>, Option<u64>)) -> Value {
    let mut arguments = vec![equal(0, *family)];
    arguments.extend(kind.map(|kind| masked(1, SOCKET_TYPE, kind)));
    arguments.extend(protocol.map(|protocol| equal(2, protocol)));
    allow(&["socket"], &arguments)
}

fn allow(calls: &[&str], arguments: &[Value]) -> Value {
    json!({ "names": calls, "action": "SCMP_ACT_ALLOW", "args": arguments })
}

fn equal(index: u32, value: u64) -> Value {
    json!({ "index": index, "value": value, "op": "SCMP_CMP_EQ" })
}

fn masked(index: u32, mask: u64, value: u64) -> Value {
    json!({ "index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ" })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use std::collections::BTreeSet;

    use super::*;

    fn all(table: &'static [(&str, &str)]) -> Vec<&'static str> {
        table.iter().flat_map(|(_, calls)| names(calls)).collect()
    }

    /// Rewritten by `UPDATE_GOLDEN=1 cargo test -p sandyq-sandbox`.
    #[test]
    fn the_profile_is_the_golden_one() {
        let path =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/seccomp.json");
        let actual = build(Isolation::Hardened);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, serde_json::to_string_pretty(&actual).unwrap() + "\n").unwrap();
        }
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(golden, actual, "review, then run with UPDATE_GOLDEN=1");
    }

    #[test]
    fn what_is_withheld_is_permitted_by_no_rule() {
        let built = build(Isolation::Hardened);
        let permitted: BTreeSet<&str> = built["syscalls"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|rule| rule["action"] == "SCMP_ACT_ALLOW")
            .flat_map(|rule| rule["names"].as_array().unwrap())
            .map(|name| name.as_str().unwrap())
            .collect();
        for call in all(WITHHELD) {
            assert!(!permitted.contains(call), "{call}");
        }
        assert!(permitted.contains("read") && permitted.contains("clone"));
    }

    #[test]
    fn gvisor_differs_in_one_rule() {
        let rules = |isolation| build(isolation)["syscalls"].as_array().unwrap().clone();
        let (hardened, gvisor) = (rules(Isolation::Hardened), rules(Isolation::Gvisor));
        let different: Vec<&Value> = gvisor
            .iter()
            .filter(|rule| !hardened.contains(rule))
            .collect();
        assert_eq!(gvisor.len(), hardened.len());
        assert_eq!(different, [&allow(&["clone3"], &[])]);
    }

    #[test]
    fn each_call_is_named_once() {
        let calls = [all(PERMITTED), all(WITHHELD)].concat();
        let different: BTreeSet<&str> = calls.iter().copied().collect();
        assert_eq!(different.len(), calls.len());
    }

    #[test]
    fn only_plain_sockets_can_be_made() {
        for (family, kind, protocol) in SOCKETS {
            assert!([AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].contains(family));
            let inet = [AF_INET, AF_INET6].contains(family);
            assert!(!inet || kind.is_some() && protocol.is_some());
        }
    }
}
