//! A hundred jobs whose server is dead: each ends at its limit, not before and not much later.

use std::process::Command;
use std::time::Duration;

use crate::recovery::containers;
use crate::site::{self, job};
use crate::table::{Bar, Row};

const JOBS: usize = 100;
const LIMIT: i64 = 90;
/// The engine notes the start of a container after the fact.
const NOTED_LATE: f64 = 0.1;
const LATEST: Duration = Duration::from_secs(20);

/// The largest and the smallest difference between what a job ran and its limit, in seconds, by the engine's own record.
pub async fn measure() -> Vec<Row> {
    let settings = [
        ("jobs.concurrent", "100"),
        ("jobs.memory_bytes", "17179869184"),
    ];
    let mut site = site::with(&settings).await;
    let image = site.approved_image().await;
    let sandbox = site::roomy(&site, "developer", "deadline").await;
    let sleeping = job(&image, "sleep 3000", LIMIT);
    let names = site::submit_many(&site, "developer", &[sandbox], &sleeping, JOBS).await;
    for name in &names {
        site::running(&site, name).await;
    }
    let ids = containers(&site);
    assert_eq!(
        ids.len(),
        JOBS,
        "all run at once; a slower machine needs a longer limit"
    );
    site.kill();
    let until = Duration::from_secs(LIMIT.unsigned_abs()) + LATEST;
    tokio::time::sleep(until).await;
    let errors: Vec<f64> = ids.iter().map(|id| ran(id) - LIMIT as f64).collect();
    let latest = errors.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let early = errors.iter().filter(|error| **error < -NOTED_LATE).count();
    vec![
        Row {
            what: "latest end of 100 jobs after their limits, the server dead",
            ours: latest,
            baseline: None,
            unit: "s",
            bar: Bar::Below(1.0),
        },
        Row {
            what: "of them, ended more than 0.1 s before their limits",
            ours: f64::from(u32::try_from(early).unwrap()),
            baseline: None,
            unit: "jobs",
            bar: Bar::Below(1.0),
        },
    ]
}

/// Seconds that a container ran; without an end, as long as can be.
fn ran(id: &str) -> f64 {
    let format = "{{.State.Running}} {{.State.StartedAt}} {{.State.FinishedAt}}";
    let mut inspect = Command::new("docker");
    let out = inspect
        .args(["inspect", "--format", format, id])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let [running, started, finished] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{id} is gone: {text}");
    };
    if running == "true" {
        return f64::INFINITY;
    }
    let seconds = |time: &str| {
        let mut date = Command::new("date");
        let out = date.args(["-u", "-d", time, "+%s.%N"]).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.trim().parse::<f64>().unwrap()
    };
    seconds(finished) - seconds(started)
}
