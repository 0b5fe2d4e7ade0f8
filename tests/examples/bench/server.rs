//! A server that has just started and does nothing.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sandyq_tests::Site;
use sandyq_tests::people::{User, channel};
use sandyq_tests::site::program;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::table::{Bar, Row, median, millis};

const STARTS: usize = 5;
/// By then everything that a start leaves to the background is done.
const IDLE: Duration = Duration::from_secs(3);

/// Starts the server several times, from `exec` to the first answered call; then lets the last one idle.
pub async fn measure(site: &mut Site) -> Vec<Row> {
    let admin = site.user("admin");
    site.kill();
    let (mut starts, mut nothing, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        nothing.push(version());
        let begin = Instant::now();
        let mut child = spawn(site);
        answered(&admin, &mut child).await;
        starts.push(begin.elapsed());
        tokio::time::sleep(IDLE).await;
        idle.push(memory(child.id(), "VmRSS"));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    site.serve().await;
    vec![
        Row {
            what: "start to ready, from exec to the first answered call",
            ours: median(starts.into_iter().map(millis).collect()),
            baseline: Some((
                median(nothing.into_iter().map(millis).collect()),
                "sandyq --version",
            )),
            unit: "ms",
            bar: Bar::Below(1000.0),
        },
        Row {
            what: "memory of an idle server",
            ours: median(idle),
            baseline: None,
            unit: "MiB",
            bar: Bar::Below(80.0),
        },
    ]
}

fn version() -> Duration {
    let begin = Instant::now();
    let status = Command::new(program())
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    begin.elapsed()
}

fn spawn(site: &Site) -> Child {
    Command::new(program())
        .args(["serve", "--dir"])
        .arg(&site.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Calls until there is an answer; each attempt is a connection of its own.
async fn answered(user: &User, child: &mut Child) {
    loop {
        let connection = channel(
            &user.address,
            &user.ca_pem,
            Some((&user.certificate_pem, &user.key_pem)),
        );
        let asked = HealthClient::new(connection)
            .check(HealthCheckRequest::default())
            .await;
        if asked.is_ok() {
            return;
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "the server ended: {asked:?}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A line of `/proc/PID/status`, in MiB.
pub fn memory(pid: u32, field: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .unwrap();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib / 1024.0
}
