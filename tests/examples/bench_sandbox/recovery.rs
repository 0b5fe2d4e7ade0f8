//! A restart with a hundred containers that run, half of which end while the server is dead.

use std::process::Command;
use std::time::{Duration, Instant};

use sandyq_proto::v1::job::State;
use sandyq_tests::Site;

use crate::site::{self, job};
use crate::table::{Bar, Row};

const RUNNING: usize = 100;
const LONGEST: Duration = Duration::from_secs(120);

/// Seconds from the first answer until every job that ended is known to have ended.
pub async fn measure() -> Vec<Row> {
    let settings = [
        ("jobs.concurrent", "100"),
        ("jobs.memory_bytes", "17179869184"),
    ];
    let mut site = site::with(&settings).await;
    let image = site.approved_image().await;
    let sandbox = site::roomy(&site, "developer", "recovery").await;
    let sleeping = job(&image, "sleep 3000", 3600);
    let names = site::submit_many(
        &site,
        "developer",
        std::slice::from_ref(&sandbox),
        &sleeping,
        RUNNING,
    )
    .await;
    for name in &names {
        site::running(&site, name).await;
    }
    site.kill();
    let containers = containers(&site);
    assert_eq!(containers.len(), RUNNING);
    let (ended, left) = containers.split_at(RUNNING / 2);
    let mut kill = Command::new("docker");
    kill.arg("kill")
        .args(ended)
        .stdout(std::process::Stdio::null());
    assert!(kill.status().unwrap().success());
    site.serve().await;
    let ready = Instant::now();
    loop {
        let all = site::jobs(&site, &sandbox).await;
        let running = all.iter().filter(|job| job.state() == State::Running);
        let running = running.count();
        if running == left.len() {
            break;
        }
        assert!(running > left.len(), "only {running} of {} run", left.len());
        assert!(ready.elapsed() < LONGEST, "{running} jobs still run");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    vec![Row {
        what: "true states of 100 jobs after a restart, from the first answer",
        ours: ready.elapsed().as_secs_f64(),
        baseline: None,
        unit: "s",
        bar: Bar::Below(3.0),
    }]
}

/// The containers of a platform that run.
pub fn containers(site: &Site) -> Vec<String> {
    let filter = format!("label=sandyq.platform={}", site.platform_id);
    let mut list = Command::new("docker");
    let out = list
        .args(["ps", "-q", "--filter", &filter])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}
