//! What must be true of every job, and of all of them together.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::CauseOfDeath as Cause;
use sandyq_proto::v1::job::State;

use super::{Kind, Soak, Submitted};
use crate::audit;

/// States in the order in which a job passes them.
const WAY: [&str; 4] = ["QUEUED", "STAGING", "RUNNING", "COLLECTING"];

/// A job ended as it would have, or by what was done to it.
pub fn outcome(job: &Submitted, ended: &v1::Job) {
    let own = match job.kind {
        Kind::Fine => (State::Succeeded, Cause::Exit),
        Kind::Fails => (State::Failed, Cause::Exit),
        Kind::Overdue => (State::TimedOut, Cause::TimedOut),
        Kind::Cancelled => (State::Cancelled, Cause::Cancelled),
    };
    let found = (ended.state(), ended.cause_of_death());
    let lost = job.fault.takes_containers() && found == (State::Lost, Cause::NodeFailed);
    let broken = job.fault.breaks_calls() && found == (State::Failed, Cause::EngineError);
    assert!(found == own || lost || broken, "{job:?} ended as {ended:?}");
    if found == (State::Failed, Cause::Exit) {
        assert_eq!(ended.exit_code, 3, "{job:?} ended as {ended:?}");
    }
}

/// No job was lost or ran twice, what was used adds up, the log is whole, and nothing is left behind.
pub async fn the_whole(soak: &Soak, all: &[Submitted]) {
    soak.site.wait_clean().await;
    no_loop_devices(soak).await;
    let jobs = listed(soak).await;
    let names: BTreeSet<&str> = all.iter().map(|job| job.name.as_str()).collect();
    let found: BTreeSet<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, found, "each was submitted once");
    for job in &jobs {
        assert!(
            job.end_time.is_some() && !job.state_message.is_empty(),
            "{job:?}"
        );
        if !job.output.is_empty() {
            marked_once(soak, job).await;
        }
    }
    let text = std::fs::read_to_string(&soak.starts).unwrap();
    let mut starts = BTreeMap::<&str, u32>::new();
    for job in text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
    {
        *starts.entry(job).or_default() += 1;
    }
    assert!(starts.len() >= all.len() / 3, "starts were seen: {text}");
    let twice: Vec<_> = starts.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "ran twice: {twice:?}");
    adds_up(soak, &jobs).await;
    ways(soak, all).await;
}

async fn listed(soak: &Soak) -> Vec<v1::Job> {
    let request = v1::ListJobsRequest {
        parent: soak.sandbox.clone(),
        page_size: 1000,
        ..Default::default()
    };
    let answer = soak.site.user("admin").sandbox().list_jobs(request).await;
    answer.unwrap().into_inner().jobs
}

/// The command began once, by what it wrote itself. A job that was killed at its beginning may have written nothing.
async fn marked_once(soak: &Soak, job: &v1::Job) {
    let request = v1::GetOutputRequest {
        name: job.output.clone(),
        ..Default::default()
    };
    let answer = soak
        .site
        .user("reviewer")
        .airlock()
        .get_output(request)
        .await;
    let output = answer.unwrap().into_inner().output.unwrap();
    let marks = output.files.iter().find(|file| file.path == "starts");
    match marks {
        Some(file) => assert_eq!(file.size_bytes, 1, "{job:?}"),
        None => assert_ne!(job.state(), State::Succeeded, "{job:?}"),
    }
}

async fn adds_up(soak: &Soak, jobs: &[v1::Job]) {
    let used = soak.site.sandbox(&soak.sandbox).await.used.unwrap();
    assert_eq!(used.concurrent_jobs, 0);
    let usage = |job: &v1::Job| job.usage.unwrap_or_default();
    let bytes: i64 = jobs.iter().map(|job| usage(job).output_bytes).sum();
    assert_eq!(used.output_bytes, bytes);
    let nanos = |duration: Option<prost_types::Duration>| {
        duration.map_or(0, |d| {
            i128::from(d.seconds) * 1_000_000_000 + i128::from(d.nanos)
        })
    };
    let cpu: i128 = jobs.iter().map(|job| nanos(usage(job).cpu_duration)).sum();
    assert_eq!(nanos(used.cpu_duration), cpu);
}

/// The log verifies, and tells of each job a way through the states, each passed once.
async fn ways(soak: &Soak, all: &[Submitted]) {
    let log = audit::verified(&soak.site).await;
    for job in all {
        assert_eq!(audit::count(&log, "SandboxService.CreateJob", &job.name), 1);
        let advanced = log.iter().filter(|entry| {
            entry["action"] == "system.JobAdvanced" && entry["resource"] == job.name
        });
        let states: Vec<&str> = advanced
            .map(|entry| entry["detail"]["state"].as_str().unwrap())
            .collect();
        let rank = |state: &&str| {
            WAY.iter()
                .position(|known| known == state)
                .unwrap_or(WAY.len())
        };
        let ranks: Vec<usize> = states.iter().map(rank).collect();
        // A job that could not be started waits again; a cause that is overruled while the job is collected is written too.
        let in_order = ranks
            .windows(2)
            .all(|pair| pair[0] < pair[1] || matches!(pair, [1, 0] | [3, 3]));
        assert!(in_order, "{job:?} went {states:?}");
        assert_eq!(ranks.last(), Some(&WAY.len()), "{job:?} went {states:?}");
    }
}

/// A device goes with the last process that sees what is mounted from it, which has been killed by then.
async fn no_loop_devices(soak: &Soak) {
    let from = Instant::now();
    loop {
        let ours = loop_devices(soak);
        if ours.is_empty() {
            return;
        }
        let waits = from.elapsed() < Duration::from_secs(3);
        assert!(waits, "loop devices are left: {ours:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn loop_devices(soak: &Soak) -> Vec<String> {
    let out = Command::new("losetup")
        .args(["-l", "-n", "-O", "NAME,BACK-FILE"])
        .output();
    let text = String::from_utf8(out.unwrap().stdout).unwrap();
    let folder = soak.site.dir.display().to_string();
    let ours = text.lines().filter(|line| line.contains(&folder));
    ours.map(str::to_owned).collect()
}
