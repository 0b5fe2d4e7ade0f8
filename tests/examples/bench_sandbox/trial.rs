//! A request to a trial by the gateway, beside the same request at the socket of the trial's container.

use std::process::Stdio;

use sandyq_proto::v1;
use sandyq_tests::Site;
use sandyq_tests::trials::{Asker, trial};
use tokio::process::Command;

use crate::table::{Bar, Row};

const REQUESTS: usize = 1000;
const WARM_UP: usize = 50;
/// Of ours and of the container's alone by turns, for what else the machine does.
const TURNS: usize = 4;
/// A server of one small program, which answers from a file.
const SERVE: &str = "mkdir /tmp/www; echo well > /tmp/www/health; exec httpd -f -p 127.0.0.1:$SANDYQ_PORT -h /tmp/www";

/// Milliseconds of each request on a connection to the gateway that stays, and of each at the socket, as curl tells them. The gateway
/// connects to the container anew for each.
pub async fn measure() -> Vec<Row> {
    let (site, port) = Site::start_with_gateway(&[
        ("trials.requests_per_second", "10000"),
        ("trials.burst", "100000"),
    ])
    .await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("latency", 3600).await;
    let wanted: v1::Trial = trial(&image, SERVE);
    let serving = site.serving_trial(&sandbox, "latency", wanted).await;
    let asker = Asker::new(&site, &site.user("developer"), port);
    let (mut ours, mut alone) = (Vec::new(), Vec::new());
    for turn in 0..=TURNS {
        let requests = if turn == 0 { WARM_UP } else { REQUESTS / TURNS };
        let by_gateway = asker.command(&format!("{}/health", serving.name));
        let at_socket = at_socket(&site);
        let (one, other) = (
            times(by_gateway, requests).await,
            times(at_socket, requests).await,
        );
        if turn > 0 {
            ours.extend(one);
            alone.extend(other);
        }
    }
    site.stop_trial("developer", &serving.name).await.unwrap();
    let row = |what, share| Row {
        what,
        ours: quantile(&mut ours.clone(), share),
        baseline: Some((
            quantile(&mut alone.clone(), share),
            "the container's socket",
        )),
        unit: "ms",
        bar: Bar::None,
    };
    vec![
        row("a request to a trial by the gateway, p50", 0.5),
        row("the same, p99", 0.99),
    ]
}

fn at_socket(site: &Site) -> Command {
    let jobs = site.dir.join("work/jobs");
    let folder = std::fs::read_dir(jobs).unwrap().flatten().next().unwrap();
    let folder = folder.path().join("serve");
    let socket = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .next()
        .unwrap();
    let mut command = Command::new("curl");
    // The path of a socket may be longer than the kernel takes; its name is not.
    command.current_dir(folder);
    command.arg("--unix-socket").arg(socket.file_name());
    command.arg("http://trial/health");
    command
}

/// Asks so many times by one program; its address is the last argument.
async fn times(mut command: Command, requests: usize) -> Vec<f64> {
    let address = command.as_std().get_args().last().unwrap().to_owned();
    for _ in 1..requests {
        command.arg(&address);
    }
    command
        .args(["-sS", "--fail", "-w", "took %{time_total}\n"])
        .stderr(Stdio::inherit());
    let out = command.output().await.unwrap();
    assert!(out.status.success(), "{out:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    let seconds = text.lines().filter_map(|line| line.strip_prefix("took "));
    let times: Vec<f64> = seconds.map(|s| s.parse::<f64>().unwrap() * 1e3).collect();
    assert_eq!(times.len(), requests);
    times
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values[rank.clamp(1, values.len()) - 1]
}
