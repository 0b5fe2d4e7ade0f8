//! What the container engine says of itself.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sandyq_sandbox::engine::{beside, check_init};
use sandyq_sandbox::{DockerEngine, DockerOptions, Engine, EngineInfo, Isolation, PlatformId};

use super::{Finding, Status};

/// The engine's clock is this machine's; more than this between question and answer is strange.
const CLOCK_APART: Duration = Duration::from_secs(60);

/// All checks that need the engine; one when it does not answer.
pub async fn findings() -> Vec<Finding> {
    match look().await {
        Ok(info) => {
            let mut findings = judge(&info, SystemTime::now());
            findings.push(first_process());
            findings
        }
        Err(error) => vec![Finding::bad(
            "engine",
            Status::Failed,
            "it does not answer",
            error,
        )],
    }
}

async fn look() -> Result<EngineInfo, String> {
    let platform = PlatformId::new("doctor").map_err(|error| error.to_string())?;
    let engine = DockerEngine::connect(DockerOptions::from_environment(platform, init()))
        .await
        .map_err(|error| error.to_string())?;
    engine.info().await.map_err(|error| error.to_string())
}

/// Where the server looks for it, unless its configuration says otherwise.
fn init() -> PathBuf {
    beside(&std::env::current_exe().unwrap_or_default())
}

/// The program that begins every container.
fn first_process() -> Finding {
    match check_init(&init()) {
        Ok(()) => Finding::ok("first process", init().display().to_string()),
        Err(error) => Finding::bad(
            "first process",
            Status::Failed,
            error.to_string(),
            "no job is run until then",
        ),
    }
}

fn judge(info: &EngineInfo, now: SystemTime) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(
        "engine",
        format!(
            "Docker {}, interface {}, {} processors, {} MiB",
            info.version,
            info.api_version,
            info.cpus,
            info.memory_bytes >> 20
        ),
    )];
    findings.push(if info.gaps.is_empty() {
        Finding::ok(
            "engine limits",
            "seccomp, memory, swap, processes and processor time are enforced",
        )
    } else {
        Finding::bad(
            "engine limits",
            Status::Failed,
            info.gaps.join("; "),
            "give the kernel and the engine what is missing; no job is run until then",
        )
    });
    findings.push(isolation(info));
    findings.push(if info.remaps_users {
        Finding::bad(
            "user namespaces",
            Status::Failed,
            "the engine maps users of containers to others of the host, who may not write output volumes",
            "take userns-remap out of /etc/docker/daemon.json; jobs run as user 10001 without capabilities",
        )
    } else {
        Finding::ok(
            "user namespaces",
            "none are used: jobs are user 10001 on the host, without capabilities, and may make none",
        )
    });
    findings.push(match info.cgroup_version.as_str() {
        "" => Finding::bad(
            "control groups",
            Status::Warning,
            "the engine does not tell their version",
            "use Docker 20.10 or later",
        ),
        version => Finding::ok("control groups", format!("version {version}")),
    });
    findings.extend(clock(info, now));
    findings
}

fn isolation(info: &EngineInfo) -> Finding {
    let runtimes = info.runtimes.join(", ");
    match info.fault(Isolation::Gvisor) {
        None => {
            let trials = info.serving_fault(Isolation::Gvisor);
            let trials = trials.map(|why| format!(", their trials are refused: {why}"));
            let trials = trials.unwrap_or_default();
            let text = format!("{runtimes}; jobs of high risk can run{trials}");
            Finding::ok("runtimes", text)
        }
        Some(why) => Finding::bad(
            "runtimes",
            Status::Warning,
            format!("{runtimes}; jobs of high risk are refused"),
            why,
        ),
    }
}

fn clock(info: &EngineInfo, now: SystemTime) -> Option<Finding> {
    let clock = info.clock?;
    let apart = now
        .duration_since(clock)
        .unwrap_or_else(|error| error.duration());
    Some(if apart <= CLOCK_APART {
        Finding::ok("engine clock", "it agrees with this machine's")
    } else {
        Finding::bad(
            "engine clock",
            Status::Failed,
            format!("{} s apart from this machine's", apart.as_secs()),
            "the engine must run on this machine: look at DOCKER_HOST",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> EngineInfo {
        EngineInfo {
            version: "27.0".to_owned(),
            api_version: "1.46".to_owned(),
            cpus: 2,
            memory_bytes: 1 << 30,
            gaps: Vec::new(),
            unavailable: Vec::new(),
            serving_unavailable: Vec::new(),
            runtimes: vec!["runc".to_owned(), "runsc".to_owned()],
            remaps_users: false,
            cgroup_version: "2".to_owned(),
            clock: Some(SystemTime::UNIX_EPOCH),
        }
    }

    fn bad(info: &EngineInfo) -> Vec<(&'static str, Status)> {
        judge(info, SystemTime::UNIX_EPOCH)
            .into_iter()
            .filter(|finding| finding.status != Status::Ok)
            .map(|finding| {
                assert!(!finding.mend.is_empty(), "{finding:?}");
                (finding.check, finding.status)
            })
            .collect()
    }

    #[test]
    fn each_lack_is_found_and_can_be_mended() {
        assert!(bad(&sound()).is_empty());
        let gaps = vec!["no pids limit".to_owned()];
        assert_eq!(
            bad(&EngineInfo { gaps, ..sound() }),
            [("engine limits", Status::Failed)]
        );
        let unavailable = vec![(Isolation::Gvisor, "no runsc".to_owned())];
        assert_eq!(
            bad(&EngineInfo {
                unavailable,
                ..sound()
            }),
            [("runtimes", Status::Warning)]
        );
        let clock = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(3600));
        assert_eq!(
            bad(&EngineInfo { clock, ..sound() }),
            [("engine clock", Status::Failed)]
        );
        assert_eq!(
            bad(&EngineInfo {
                remaps_users: true,
                cgroup_version: String::new(),
                ..sound()
            }),
            [
                ("user namespaces", Status::Failed),
                ("control groups", Status::Warning)
            ]
        );
    }
}
