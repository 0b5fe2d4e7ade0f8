//! A server in which 10,000 jobs wait.

use std::time::{Duration, Instant};

use crate::site::{self, job};
use crate::table::{Bar, Row, median, millis};

const WAITING: usize = 10_000;
const SANDBOXES: usize = 16;
const IDLE: Duration = Duration::from_secs(20);

/// Memory, processor time while nothing happens, and what it costs to look at a job.
pub async fn measure() -> Vec<Row> {
    let site = site::with(&[("jobs.concurrent", "1")]).await;
    let image = site.approved_image().await;
    let mut sandboxes = Vec::new();
    for number in 0..SANDBOXES {
        sandboxes.push(site::roomy(&site, "developer", &format!("waiting-{number}")).await);
    }
    let holder = job(&image, "sleep 3000", 3600);
    let holder = site::submit(&site, "developer", &sandboxes[0], holder).await;
    site::running(&site, &holder).await;
    let begin = Instant::now();
    let line = job(&image, "true", 60);
    let names = site::submit_many(&site, "developer", &sandboxes, &line, WAITING / SANDBOXES).await;
    eprintln!(
        "{} jobs were submitted in {:?}",
        names.len(),
        begin.elapsed()
    );
    let mut looks = Vec::new();
    for name in names.iter().rev().step_by(names.len() / 100) {
        let begin = Instant::now();
        let request = sandyq_proto::v1::GetJobRequest { name: name.clone() };
        site.user("admin").sandbox().get_job(request).await.unwrap();
        looks.push(millis(begin.elapsed()));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = site::cpu_seconds(&site);
    tokio::time::sleep(IDLE).await;
    let cpu = (site::cpu_seconds(&site) - before) / IDLE.as_secs_f64() * 100.0;
    vec![
        Row {
            what: "memory of the server with 10,000 jobs that wait",
            ours: site::memory(&site),
            baseline: None,
            unit: "MiB",
            bar: Bar::Below(300.0),
        },
        Row {
            what: "processor time of the server meanwhile, idle",
            ours: cpu,
            baseline: None,
            unit: "%",
            bar: Bar::Below(1.0),
        },
        Row {
            what: "GetJob among them, median",
            ours: median(looks),
            baseline: None,
            unit: "ms",
            bar: Bar::None,
        },
    ]
}
