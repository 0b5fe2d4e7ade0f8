//! Attacks from inside of a container, under each profile that the engine can give.
//! The numbers are those of docs/threat-model.md. Each test shows the attempt, its
//! refusal and the host unharmed.

mod abuse;
mod container;
mod files;

use std::process::Command;

use sandyq_sandbox::outcome::cause;
use sandyq_sandbox::{CauseOfDeath, Engine, Isolation, JobSpec, Limits, Observed, Usage};

use crate::support::{Bench, Job, MIB};

/// The profiles that this engine can give; the first is always there.
pub async fn profiles(bench: &Bench) -> Vec<Isolation> {
    let info = bench.engine.info().await.unwrap();
    Isolation::ALL
        .into_iter()
        .filter(|profile| match info.fault(*profile) {
            None => true,
            Some(why) => {
                println!("{profile:?} is not tried here: {why}");
                false
            }
        })
        .collect()
}

/// How an attack ended.
pub struct Ended {
    pub cause: CauseOfDeath,
    pub observed: Observed,
    pub usage: Usage,
    pub log: String,
}

impl Ended {
    #[track_caller]
    pub fn has(&self, wanted: &str) {
        assert!(
            self.log.contains(wanted),
            "missing {wanted:?} in:\n{}",
            self.log
        );
    }

    #[track_caller]
    pub fn lacks(&self, unwanted: &str) {
        assert!(
            !self.log.contains(unwanted),
            "found {unwanted:?} in:\n{}",
            self.log
        );
    }
}

/// Runs a shell script, both streams together, to its end.
pub async fn attack(bench: &Bench, isolation: Isolation, limits: Limits, script: &str) -> Ended {
    let job = bench
        .job(&format!("exec 2>&1\n{script}"))
        .with_limits(limits)
        .with_isolation(isolation);
    end(bench, &job, &job.spec()).await
}

/// Runs a job to its end.
pub async fn end(bench: &Bench, job: &Job, spec: &JobSpec) -> Ended {
    let (ending, usage) = bench.run(spec).await;
    let full = job.volume.is_full().unwrap();
    let log: String = bench
        .logs(spec)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    println!("--- {:?} {ending:?} {usage:?}\n{log}", spec.isolation());
    bench.engine.remove(spec.id()).await.unwrap();
    Ended {
        cause: cause(&ending, &usage, full),
        observed: ending.observed,
        usage,
        log,
    }
}

/// Little of everything, so that limits are met soon.
pub fn tight() -> Limits {
    Limits {
        memory_bytes: 96 * MIB,
        pids: 24,
        tmp_bytes: 4 * MIB,
        output_bytes: 2 * MIB,
        output_files: 32,
        ..Limits::default()
    }
}

/// The host after an attack: it has its name, its processes can be made, and a job
/// like any other runs.
pub async fn host_is_unharmed(bench: &Bench) {
    let mark = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_ne!(mark.trim(), "owned");
    assert!(Command::new("true").status().unwrap().success());
    let next = attack(bench, Isolation::Hardened, Limits::default(), "echo well").await;
    assert_eq!(next.cause, CauseOfDeath::Exit(0), "{:?}", next.observed);
    next.has("well");
}

/// `attack/probe.c`, compiled once; it inspects what a job was given.
pub fn probe() -> Vec<u8> {
    static BUILT: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BUILT
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join("probe");
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docker/attack/probe.c");
            let status = Command::new("cc")
                .args(["-static", "-O1", "-o"])
                .arg(&out)
                .arg(source)
                .status()
                .expect("these tests need a C compiler (run deploy/setup.sh test)");
            assert!(status.success());
            std::fs::read(out).unwrap()
        })
        .clone()
}
