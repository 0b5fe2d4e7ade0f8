//! What holds by the container's own first process: log, deadline, word of the end.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::traces::{eventually, inspect};
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site};

use crate::audit;

fn seconds(text: &serde_json::Value) -> f64 {
    let text = text.as_str().unwrap();
    let time = text.split('T').nth(1).unwrap().trim_end_matches('Z');
    time.split(':')
        .fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap())
}

/// Seconds between a container's start and its end, as the engine noted them.
fn lived(container: &str) -> f64 {
    let state = &inspect(container)["State"];
    let lived = seconds(&state["FinishedAt"]) - seconds(&state["StartedAt"]);
    // Over midnight.
    lived.rem_euclid(86_400.0)
}

fn within(image: &str, script: &str, wall_clock: i64) -> v1::Job {
    let mut job = shell(image, script);
    job.limits.as_mut().unwrap().wall_clock_duration = Some(prost_types::Duration {
        seconds: wall_clock,
        nanos: 0,
    });
    job
}

/// The server is killed and stays dead until every deadline has passed.
#[tokio::test]
async fn attack_25_deadlines_hold_while_the_server_is_dead() {
    let mut site = Site::start_with(Options {
        config: vec![("jobs.concurrent".into(), "4".into())],
        ..Options::default()
    })
    .await;
    let sandbox = site.open_sandbox("deadline").await;
    let image = site.approved_image().await;
    let mut late = Vec::new();
    for script in [
        "trap '' TERM; (setsid sleep 600 &); while :; do sleep 1; done",
        "echo half > /out/half; echo begun; sleep 600",
    ] {
        late.push(
            site.submit(&sandbox, within(&image, script, 4))
                .await
                .unwrap(),
        );
    }
    let in_time = within(&image, "sleep 2; echo done", 4);
    let in_time = site.submit(&sandbox, in_time).await.unwrap();
    let chosen = within(&image, "sleep 2; exit 124", 4);
    let chosen = site.submit(&sandbox, chosen).await.unwrap();
    for job in late.iter().chain([&in_time, &chosen]) {
        site.wait_job_until(&job.name, |job| job.state() >= State::Running)
            .await;
    }
    site.kill();
    let containers = site.containers();
    assert_eq!(containers.len(), 4);
    eventually("every container has ended without the server", || async {
        let ended = |id: &&String| inspect(id)["State"]["Running"] == false;
        containers.iter().filter(ended).count() == 4
    })
    .await;
    let longest = containers.iter().filter(|id| lived(id) > 3.0);
    let longest: Vec<f64> = longest.map(|id| lived(id)).collect();
    assert_eq!(longest.len(), 2, "{longest:?}");
    for lived in longest {
        assert!((4.0..5.0).contains(&lived), "{lived} s of 4");
    }

    site.serve().await;
    for job in late {
        let job = site.wait_job(&job.name).await;
        assert_eq!(job.state(), State::TimedOut, "{job:?}");
        assert_eq!(job.cause_of_death(), v1::CauseOfDeath::TimedOut);
        assert_ne!(job.output, "", "what it left is kept");
        assert!(job.usage.unwrap().cpu_duration.is_some());
    }
    // What ended by itself is not taken for late, although it is looked at after its deadline.
    let in_time = site.wait_job(&in_time.name).await;
    assert_eq!(in_time.state(), State::Succeeded, "{in_time:?}");
    let chosen = site.wait_job(&chosen.name).await;
    assert_eq!(chosen.state(), State::Failed, "{chosen:?}");
    assert_eq!(chosen.cause_of_death(), v1::CauseOfDeath::Exit);
    assert_eq!(chosen.exit_code, 124);
    site.wait_clean().await;
    audit::verified(&site).await;
}

#[tokio::test]
async fn attack_10_a_flooded_log_is_bounded_up_to_the_reviewer() {
    let site = Site::start().await;
    let sandbox = site.open_sandbox("flood").await;
    let image = site.approved_image().await;
    let mut job = shell(
        &image,
        "echo first; head -c 100000000 /dev/zero; echo; echo last; exit 3",
    );
    job.limits.as_mut().unwrap().log_bytes = 128 << 10;
    let job = site.submit(&sandbox, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.exit_code, 3, "{job:?}");
    let usage = job.usage.unwrap();
    assert!(usage.log_bytes <= 128 << 10, "{usage:?}");
    assert!(usage.log_dropped_bytes > 99_000_000, "{usage:?}");
    assert!(usage.energy_millijoules > 0, "{usage:?}");
    assert!(usage.peak_memory_bytes > 0, "{usage:?}");
    site.release(&job.output).await;
    let log = site.released_file(&job.output, ".sandyq/job.log").await;
    assert_eq!(log.len() as i64, usage.log_bytes);
    assert!(log.starts_with(b"first\n"));
    assert!(log.ends_with(b"last\n"), "where an error would stand");
    site.wait_clean().await;
}

#[tokio::test]
async fn a_server_without_init_runs_no_job_and_says_what_to_do() {
    let site = Site::start_with(Options {
        config: vec![("sandbox.init".into(), "\"no-such-file\"".into())],
        ..Options::default()
    })
    .await;
    let sandbox = site.open_sandbox("no-init").await;
    let image = site.approved_image().await;
    let job = site.submit(&sandbox, shell(&image, "true")).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), State::Failed, "{job:?}");
    assert_eq!(job.cause_of_death(), v1::CauseOfDeath::EngineError);
    assert!(
        job.state_message.contains("no-such-file") && job.state_message.contains("make init"),
        "{}",
        job.state_message
    );
    site.wait_clean().await;
}

#[tokio::test]
async fn attack_21_nothing_of_a_job_outlives_it() {
    let site = Site::start().await;
    let sandbox = site.open_sandbox("survivors").await;
    let image = site.approved_image().await;
    let daemon = "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done'";
    let script = format!("({daemon} &); ({daemon} &); sleep 0.2; echo gone; exit 0");
    let job = site.submit(&sandbox, shell(&image, &script)).await.unwrap();
    let begin = std::time::Instant::now();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), State::Succeeded, "{job:?}");
    assert!(begin.elapsed() < Duration::from_secs(20));
    site.wait_clean().await;
}
