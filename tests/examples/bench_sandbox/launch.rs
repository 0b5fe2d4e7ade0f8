//! From a submitted job to the first thing that its container does, beside the same container made and started by the
//! engine's own interface; with an empty queue, and while a thousand jobs of others wait.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sandyq_tests::Site;

use crate::raw::Raw;
use crate::site::{self, job};
use crate::table::{Bar, Row, median};

const ROUNDS: usize = 50;
const WARM_UP: usize = 2;
const WAITING: usize = 1000;
const SANDBOXES: usize = 8;
/// The shell tells microseconds since 1970 by the clock that the host has too; the pause lets the file be read.
const SCRIPT: &str = "echo $EPOCHREALTIME > /out/first; sleep 0.4";
const LONGEST: Duration = Duration::from_secs(60);

/// One of ours and one of the engine's take turns.
pub async fn measure() -> Vec<Row> {
    let site = site::with(&[
        ("jobs.concurrent", "2"),
        ("jobs.organization.concurrent", "1"),
    ])
    .await;
    let image = site.approved_image().await;
    let sandbox = site::roomy(&site, "developer", "bench").await;
    let alone = rounds(&site, &sandbox, &image).await;

    let mut others = Vec::new();
    for number in 0..SANDBOXES {
        others.push(site::roomy(&site, "rival", &format!("others-{number}")).await);
    }
    let holder = job(&image, "sleep 3000", 3600);
    let holder = site::submit(&site, "rival", &others[0], holder).await;
    site::running(&site, &holder).await;
    let waiting = job(&image, "true", 60);
    site::submit_many(&site, "rival", &others, &waiting, WAITING / SANDBOXES).await;
    let among = rounds(&site, &sandbox, &image).await;
    let row = |what, (ours, raw): (Vec<f64>, Vec<f64>)| Row {
        what,
        ours: median(ours),
        baseline: Some((median(raw), "create and start by the engine")),
        unit: "ms",
        bar: Bar::RatioAtMost(1.2),
    };
    vec![
        row("submit to the first instruction, median of 50", alone),
        row("the same while 1,000 jobs wait", among),
    ]
}

async fn rounds(site: &Site, sandbox: &str, image: &str) -> (Vec<f64>, Vec<f64>) {
    let engine = Raw::of(site);
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        let by_engine = launch_raw(&engine, image).await;
        let by_platform = launch(site, sandbox, image).await;
        if round >= WARM_UP {
            raw.push(by_engine);
            ours.push(by_platform);
        }
    }
    (ours, raw)
}

fn folders(jobs: &Path) -> HashSet<PathBuf> {
    let listed = std::fs::read_dir(jobs).into_iter().flatten().flatten();
    listed.map(|folder| folder.path()).collect()
}

/// Milliseconds from the call to the container's first act.
async fn launch(site: &Site, sandbox: &str, image: &str) -> f64 {
    let jobs = site.dir.join("work/jobs");
    let before = folders(&jobs);
    let begin = SystemTime::now();
    let name = site::submit(site, "developer", sandbox, job(image, SCRIPT, 60)).await;
    let first = first_act(|| {
        let folder = folders(&jobs)
            .into_iter()
            .find(|one| !before.contains(one))?;
        Some(folder.join("out/first"))
    })
    .await;
    let ended = site.wait_job(&name).await;
    assert_eq!(ended.exit_code, 0, "{ended:?}");
    // The next one must not meet this one's removal.
    let from = Instant::now();
    while folders(&jobs) != before {
        assert!(from.elapsed() < LONGEST, "the job is not removed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    since(begin, first)
}

async fn launch_raw(engine: &Raw, image: &str) -> f64 {
    let id = format!("bench-{}", &sandyq_tests::request_id()[..12]);
    let out = engine.out(&id);
    let begin = SystemTime::now();
    let name = engine.launch(&job(image, SCRIPT, 60), &id, &out).await;
    let first = first_act(|| Some(out.join("first"))).await;
    engine.wait(&name).await;
    engine.remove(&name).await;
    std::fs::remove_dir_all(&out).unwrap();
    since(begin, first)
}

/// What the container wrote, once it has.
async fn first_act(path: impl Fn() -> Option<PathBuf>) -> Duration {
    let from = Instant::now();
    loop {
        let text = path().and_then(|path| std::fs::read_to_string(path).ok());
        if let Some(seconds) = text.filter(|text| text.ends_with('\n')) {
            return Duration::from_secs_f64(seconds.trim().parse().unwrap());
        }
        assert!(from.elapsed() < LONGEST, "the container does not begin");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn since(begin: SystemTime, first: Duration) -> f64 {
    let begin = begin.duration_since(UNIX_EPOCH).unwrap();
    (first.as_secs_f64() - begin.as_secs_f64()) * 1e3
}
