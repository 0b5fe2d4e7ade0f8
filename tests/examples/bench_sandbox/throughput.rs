//! Two hundred jobs of one line, eight at a time, beside a loop that does the same by the engine's own interface.

use std::time::Instant;

use futures::StreamExt;
use futures::stream;

use crate::raw::Raw;
use crate::site::{self, job};
use crate::table::{Bar, Row};

const JOBS: usize = 200;
const AT_ONCE: usize = 8;

/// Jobs a second; the engine's loop in two halves, one before and one after ours, for what else the machine does.
pub async fn measure() -> Vec<Row> {
    let site = site::with(&[("jobs.concurrent", "8")]).await;
    let image = site.approved_image().await;
    let sandbox = site::roomy(&site, "developer", "bench").await;
    let engine = Raw::of(&site);
    let line = job(&image, "echo done", 60);
    let first = by_engine(&engine, &line, 0).await;

    let begin = Instant::now();
    let mut names = Vec::new();
    for _ in 0..JOBS {
        names.push(site::submit(&site, "developer", &sandbox, line.clone()).await);
    }
    for name in &names {
        let ended = site.wait_job(name).await;
        assert_eq!(ended.exit_code, 0, "{ended:?}");
    }
    let ours = begin.elapsed().as_secs_f64();
    let second = by_engine(&engine, &line, JOBS / 2).await;
    let jobs = f64::from(u32::try_from(JOBS).unwrap());
    vec![Row {
        what: "200 jobs of one line, eight at a time",
        ours: jobs / ours,
        baseline: Some((jobs / (first + second), "the engine in a loop")),
        unit: "jobs/s",
        bar: Bar::RatioAtLeast(0.9),
    }]
}

/// Seconds for half of the jobs: created, started, waited for, removed.
async fn by_engine(engine: &Raw, line: &sandyq_proto::v1::Job, from: usize) -> f64 {
    let begin = Instant::now();
    let running = (from..from + JOBS / 2).map(|number| async move {
        let id = format!("bench-{}", &sandyq_tests::request_id()[..12]);
        let out = engine.out(&format!("throughput-{number}"));
        let name = engine.launch(line, &id, &out).await;
        engine.wait(&name).await;
        engine.remove(&name).await;
    });
    stream::iter(running)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
    begin.elapsed().as_secs_f64()
}
