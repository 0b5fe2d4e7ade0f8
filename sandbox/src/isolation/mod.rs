//! How strongly a job is kept from the host.
//!
//! | profile | kernel | for |
//! | --- | --- | --- |
//! | [`Isolation::Hardened`] | the host's, behind namespaces, no capability and a strict filter of system calls | minimal and medium risk |
//! | [`Isolation::Gvisor`] | one of its own in user space (`runsc`), the host's behind that | high risk |

pub mod seccomp;

use bollard::models::{Runtime, SystemInfo};
use serde::{Deserialize, Serialize};

/// What stands between a job and the host's kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Isolation {
    /// The engine's default runtime, with everything closed that can be.
    #[default]
    Hardened,
    /// gVisor: the job's system calls end in a kernel of its own.
    Gvisor,
}

/// Name under which gVisor is registered with the engine.
pub const GVISOR_RUNTIME: &str = "runsc";

/// Name under which gVisor is registered for jobs that serve.
pub const GVISOR_SERVING_RUNTIME: &str = "runsc-serve";
/// The argument that it has and the other has not: a socket that the job makes in a folder of the host's appears there.
/// It opens no socket of the host's to the job.
const SERVING: &str = "host-uds=create";

/// Arguments of `runsc` that open what this profile closes: host networking and
/// sockets, no control groups, and logs that hold what the job reads.
const OPENING: [&str; 9] = [
    "network=host",
    "host-uds",
    "fsgofer-host-uds",
    "host-fifo",
    "ignore-cgroups",
    "rootless",
    "debug",
    "strace",
    "TESTONLY-unsafe-nonroot",
];

/// Threads of `runsc` itself, at most, beside those that stand for the job's.
const GVISOR_OWN_TASKS: u32 = 256;
/// Threads of the host that one process of the job takes: 8.6 were measured with
/// 50 processes and the ptrace platform.
const GVISOR_TASKS_EACH: u32 = 12;
/// The kernel in user space takes 14 MiB before the job begins, and about 1 MiB
/// for each process, of the job's own memory.
const GVISOR_LEAST_MEMORY: u64 = 64 << 20;

impl Isolation {
    /// Every profile, the weakest first.
    pub const ALL: [Self; 2] = [Self::Hardened, Self::Gvisor];

    /// The engine's name of the runtime; `None` is its default.
    #[must_use]
    pub fn runtime(self) -> Option<&'static str> {
        match self {
            Self::Hardened => None,
            Self::Gvisor => Some(GVISOR_RUNTIME),
        }
    }

    /// The same for a job that serves.
    #[must_use]
    pub fn serving_runtime(self) -> Option<&'static str> {
        match self {
            Self::Hardened => None,
            Self::Gvisor => Some(GVISOR_SERVING_RUNTIME),
        }
    }

    /// The limit of the control group for a job that may have so many processes.
    ///
    /// gVisor counts in its own kernel (`RLIMIT_NPROC`), and its threads on the host
    /// are more than the job's. At the host's limit it dies as a whole.
    #[must_use]
    pub fn host_pids(self, pids: u32) -> u32 {
        match self {
            Self::Hardened => pids,
            Self::Gvisor => pids
                .saturating_mul(GVISOR_TASKS_EACH)
                .saturating_add(GVISOR_OWN_TASKS),
        }
    }

    /// The limit on processes of the job's user inside, where the control group does
    /// not count them. Elsewhere there is none: it would count over all containers.
    #[must_use]
    pub fn guest_pids(self, pids: u32) -> Option<u32> {
        (self == Self::Gvisor).then_some(pids)
    }

    /// The least memory that a job can be given.
    #[must_use]
    pub fn least_memory_bytes(self) -> u64 {
        match self {
            Self::Hardened => 0,
            Self::Gvisor => GVISOR_LEAST_MEMORY,
        }
    }
}

/// Why an engine cannot give a profile; `None` when it can.
#[must_use]
pub fn fault(isolation: Isolation, info: &SystemInfo) -> Option<String> {
    runtime_fault(isolation.runtime()?, None, info)
}

/// Why an engine cannot give a profile to a job that serves; `None` when it can.
#[must_use]
pub fn serving_fault(isolation: Isolation, info: &SystemInfo) -> Option<String> {
    runtime_fault(isolation.serving_runtime()?, Some(SERVING), info)
}

/// What is wrong with a runtime, which is to open what is named and nothing else.
fn runtime_fault(name: &str, opened: Option<&str>, info: &SystemInfo) -> Option<String> {
    let runtimes = info.runtimes.as_ref();
    let Some(runtime) = runtimes.and_then(|runtimes| runtimes.get(name)) else {
        return Some(format!(
            "the engine has no runtime {name:?}; install gVisor and register it (deploy/setup.sh does both)"
        ));
    };
    let arguments = || argument_names(runtime);
    if let Some(missing) = opened.filter(|wanted| !arguments().any(|given| given == *wanted)) {
        return Some(format!(
            "the engine's runtime {name:?} is registered without --{missing}; add it in daemon.json"
        ));
    }
    let open = arguments().find(|argument| Some(*argument) != opened && is_opening(argument));
    if let Some(argument) = open {
        return Some(format!(
            "the engine's runtime {name:?} is registered with --{argument}, which opens what it is to close; take it out of daemon.json"
        ));
    }
    let path = runtime.path.as_deref().unwrap_or_default();
    (path.starts_with('/') && !std::path::Path::new(path).is_file()).then(|| {
        format!("the engine's runtime {name:?} is registered as {path}, which is not there")
    })
}

fn argument_names(runtime: &Runtime) -> impl Iterator<Item = &str> {
    let arguments = runtime.runtime_args.iter().flatten();
    arguments.map(|argument| argument.trim_start_matches('-'))
}

fn is_opening(argument: &str) -> bool {
    let (name, value) = argument.split_once('=').unwrap_or((argument, "true"));
    if ["false", "none", ""].contains(&value) {
        return false;
    }
    OPENING
        .iter()
        .any(|opening| *opening == name || *opening == argument)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn engine(path: &str, arguments: &[&str]) -> SystemInfo {
        let runtime = Runtime {
            path: Some(path.to_owned()),
            runtime_args: Some(arguments.iter().map(|a| (*a).to_owned()).collect()),
            ..Runtime::default()
        };
        SystemInfo {
            runtimes: Some(HashMap::from([(GVISOR_RUNTIME.to_owned(), runtime)])),
            ..SystemInfo::default()
        }
    }

    #[test]
    fn a_profile_is_there_when_its_runtime_is_registered_and_closed() {
        let none = SystemInfo::default();
        assert_eq!(fault(Isolation::Hardened, &none), None);
        assert!(fault(Isolation::Gvisor, &none).is_some_and(|why| why.contains("setup.sh")));
        let closed = ["--platform=ptrace", "--network=none", "--debug=false"];
        assert_eq!(fault(Isolation::Gvisor, &engine("/bin/sh", &closed)), None);
        assert_eq!(fault(Isolation::Gvisor, &engine("runsc", &closed)), None);
        assert!(
            fault(Isolation::Gvisor, &engine("/nonexistent/runsc", &closed))
                .is_some_and(|why| why.contains("is not there"))
        );
        for opening in [
            "--network=host",
            "-network=host",
            "--host-uds=all",
            "--fsgofer-host-uds",
            "--ignore-cgroups",
            "--debug",
            "--strace=true",
        ] {
            let why = fault(Isolation::Gvisor, &engine("runsc", &[opening]));
            assert!(
                why.is_some_and(|why| why.contains("which opens")),
                "{opening}"
            );
        }
    }

    #[test]
    fn a_runtime_for_jobs_that_serve_opens_their_own_sockets_alone() {
        let none = SystemInfo::default();
        assert_eq!(serving_fault(Isolation::Hardened, &none), None);
        assert!(serving_fault(Isolation::Gvisor, &none).is_some());
        let with = |arguments: &[&str]| {
            let mut info = engine("runsc", arguments);
            let runtimes = info.runtimes.iter_mut().flatten();
            let runtimes = runtimes.map(|(_, runtime)| runtime.clone());
            let named = runtimes.map(|runtime| (GVISOR_SERVING_RUNTIME.to_owned(), runtime));
            info.runtimes = Some(named.collect());
            serving_fault(Isolation::Gvisor, &info)
        };
        assert_eq!(with(&["--network=none", "--host-uds=create"]), None);
        for wrong in [
            vec![],
            vec!["--host-uds=all"],
            vec!["--host-uds=open"],
            vec!["--host-uds=create", "--network=host"],
            vec!["--host-uds=create", "--host-uds=all"],
        ] {
            assert!(with(&wrong).is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn the_kernel_in_user_space_has_room_beside_the_job() {
        assert_eq!(Isolation::Hardened.host_pids(128), 128);
        assert_eq!(Isolation::Hardened.guest_pids(128), None);
        assert_eq!(Isolation::Gvisor.host_pids(128), 1792);
        assert_eq!(Isolation::Gvisor.guest_pids(128), Some(128));
    }
}
