//! Two hundred jobs of one line, eight at a time, beside a loop that does the same by the engine's own interface.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream;
use sandyq_proto::v1;
use sandyq_tests::Site;

use crate::raw::Raw;
use crate::site::{self, job};
use crate::table::{Bar, Row};

const JOBS: usize = 200;
const AT_ONCE: usize = 8;
const LONGEST: Duration = Duration::from_secs(120);

/// What all jobs of a side took.
#[derive(Default)]
struct Took {
    wall: f64,
    /// Of the whole machine.
    processor: f64,
}

/// Jobs a second, and processor time of the machine for each. Both sides do all jobs twice, the engine first and last, for what else the
/// machine does.
pub async fn measure() -> Vec<Row> {
    let site = site::with(&[("jobs.concurrent", "8")]).await;
    let image = site.approved_image().await;
    let sandbox = site::roomy(&site, "developer", "bench").await;
    let engine = Raw::of(&site);
    let line = job(&image, "echo done", 60);
    let (mut ours, mut raw) = (Took::default(), Took::default());
    for by_us in [false, true, true, false] {
        let (begin, before) = (Instant::now(), busy_seconds());
        if by_us {
            by_platform(&site, &sandbox, &line).await;
        } else {
            by_engine(&engine, &line).await;
        }
        let side = if by_us { &mut ours } else { &mut raw };
        side.wall += begin.elapsed().as_secs_f64();
        side.processor += busy_seconds() - before;
    }
    let jobs = f64::from(u32::try_from(2 * JOBS).unwrap());
    vec![
        Row {
            what: "200 jobs of one line, eight at a time",
            ours: jobs / ours.wall,
            baseline: Some((jobs / raw.wall, "the engine in a loop")),
            unit: "jobs/s",
            bar: Bar::RatioAtLeast(0.9),
        },
        Row {
            what: "processor time of the machine for each",
            ours: ours.processor / jobs * 1e3,
            baseline: Some((raw.processor / jobs * 1e3, "the engine in a loop")),
            unit: "ms",
            bar: Bar::None,
        },
    ]
}

/// Processor time that the machine has spent (proc_stat(5): all but idle, waiting and stolen time, in hundredths of a second).
fn busy_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/stat").unwrap();
    let fields: Vec<f64> = text
        .lines()
        .next()
        .unwrap()
        .split_whitespace()
        .skip(1)
        .map(|field| field.parse().unwrap())
        .collect();
    let [user, nice, system, _idle, _waiting, irq, softirq] = fields[..7] else {
        panic!("{text}")
    };
    (user + nice + system + irq + softirq) / 100.0
}

/// All jobs: submitted, waited for, and nothing of them left.
async fn by_platform(site: &Site, sandbox: &str, line: &v1::Job) {
    let mut names = Vec::new();
    for _ in 0..JOBS {
        names.push(site::submit(site, "developer", sandbox, line.clone()).await);
    }
    for name in &names {
        let ended = site.wait_job(name).await;
        assert_eq!(ended.exit_code, 0, "{ended:?}");
    }
    let begin = Instant::now();
    // The container goes first, then the folder.
    let jobs = site.dir.join("work/jobs");
    while std::fs::read_dir(&jobs).unwrap().next().is_some() {
        assert!(begin.elapsed() < LONGEST, "the jobs are not removed");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The same: created, started, waited for, removed.
async fn by_engine(engine: &Raw, line: &v1::Job) {
    let running = (0..JOBS).map(|_| async move {
        let id = format!("bench-{}", &sandyq_tests::request_id()[..12]);
        let out = engine.out(&id);
        let name = engine.launch(line, &id, &out).await;
        engine.wait(&name).await;
        engine.remove(&name).await;
        std::fs::remove_dir(&out).unwrap();
    });
    stream::iter(running)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<()>>()
        .await;
}
