//! What a program might do with the socket through which it is reached, and with its answers.

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::trial::State;
use sandyq_tests::engine::PrivateEngine;
use sandyq_tests::trials::{Asker, trial};
use sandyq_tests::{Options, Site, reason};

/// A trial that serves for a while, and then does something to its socket and tells by a file in /out that it did.
fn after_a_while(image: &str, deed: &str) -> v1::Trial {
    let script = format!("(sleep 4; cd /.sandyq/serve; {deed}; touch /out/done) & serve");
    v1::Trial {
        max_restarts: 0,
        health_check: Some(v1::HealthCheck {
            failures: 100,
            ..trial(image, "").health_check.unwrap()
        }),
        ..trial(image, &script)
    }
}

#[tokio::test]
async fn attack_06_nothing_that_stands_in_place_of_the_socket_is_followed() {
    let (site, _) = Site::start_with_gateway(&[("jobs.concurrent", "8")]).await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    // A socket of the host's that somebody would like to be led to.
    let precious = site.dir.join("precious.sock");
    let listener = UnixListener::bind(&precious).unwrap();
    listener.set_nonblocking(true).unwrap();
    let link = format!("ln -sf {} http", precious.display());
    let deeds = [
        ("link", link.as_str()),
        ("docker", "ln -sf /var/run/docker.sock http"),
        ("pipe", "rm http; mkfifo http"),
        ("file", "rm http; echo x > http"),
        ("folder", "rm http; mkdir http"),
        (
            "nothing",
            "rm http; i=0; while echo x > f$i; do i=$((i+1)); done; head -c 1000000 /dev/zero > f0",
        ),
    ];
    let mut trials = Vec::new();
    for (id, deed) in deeds {
        let wanted = after_a_while(&image, deed);
        trials.push(site.start_trial(&sandbox, id, wanted).await.unwrap());
    }
    for trial in &trials {
        site.wait_trial(&trial.name, State::Serving).await;
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    for (trial, (id, _)) in trials.iter().zip(deeds) {
        let begin = Instant::now();
        let refused = site.ask_trial("developer", &trial.name, "/echo").await;
        assert_eq!(reason(&refused.unwrap_err()), "TRIAL_NOT_LISTENING", "{id}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{id} waited");
        assert_eq!(
            site.trial(&trial.name).await.state(),
            State::Serving,
            "{id}"
        );
    }
    assert!(listener.accept().is_err(), "nobody was led to it");
    for trial in &trials {
        site.stop_trial("developer", &trial.name).await.unwrap();
    }
    site.wait_clean().await;
    assert!(site.serve_folders().is_empty());
}

#[tokio::test]
async fn attack_06_the_way_in_is_no_way_out() {
    let site = Site::start().await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    // What the container has of a network.
    let look = "ip addr > /tmp/look; nc -w 2 1.1.1.1 80 </dev/null >> /tmp/look 2>&1; cat /proc/net/route >> /tmp/look
        ANSWER='read -r line; text=$(cat /tmp/look); printf \"HTTP/1.1 200 OK\\r\\ncontent-length: %s\\r\\n\\r\\n%s\" ${#text} \"$text\"'; serve";
    let wanted = v1::Trial {
        environment: Default::default(),
        ..trial(&image, look)
    };
    let one = site.serving_trial(&sandbox, "look", wanted).await;
    let (status, seen) = site.ask_trial("developer", &one.name, "/").await.unwrap();
    assert_eq!(status, 200);
    assert!(seen.contains("lo") && !seen.contains("eth0"), "{seen}");
    assert!(
        seen.contains("unreachable") || seen.contains("can't connect"),
        "{seen}"
    );
    site.stop_trial("developer", &one.name).await.unwrap();
    site.wait_clean().await;
}

#[tokio::test]
async fn attack_30_answers_without_end_are_cut_off() {
    let (site, port) = Site::start_with_gateway(&[
        ("trials.request_seconds", "3"),
        ("trials.max_answer_bytes", "2000000"),
    ])
    .await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    let trial = site
        .serving_trial(&sandbox, "t", trial(&image, "serve"))
        .await;
    let asker = Asker::new(&site, &site.user("developer"), port);
    for (path, status, told) in [
        ("endless", 502, "TRIAL_ANSWER_TOO_LARGE"),
        ("slow", 504, "TRIAL_TOO_SLOW"),
        ("trickle", 504, "TRIAL_TOO_SLOW"),
        ("nonsense", 502, "TRIAL_ANSWER_REFUSED"),
    ] {
        let begin = Instant::now();
        let answer = asker.get(&format!("{}/{path}", trial.name), &[]).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(answer.body.contains(told), "{path}: {answer:?}");
        assert!(begin.elapsed() < Duration::from_secs(6), "{path}");
    }
    let answer = asker.get(&format!("{}/two", trial.name), &[]).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, "ok"),
        "{answer:?}"
    );
    let usage = site.trial(&trial.name).await.usage.unwrap();
    assert_eq!((usage.requests, usage.failures), (1, 4), "{usage:?}");
    assert!(
        (8 * 5..200).contains(&usage.answer_bytes),
        "what was not passed on was not answered: {usage:?}"
    );
    site.stop_trial("developer", &trial.name).await.unwrap();
    site.wait_clean().await;
}

#[tokio::test]
async fn attack_11_a_trial_of_high_risk_has_a_kernel_of_its_own_or_does_not_run() {
    let installed = std::path::Path::new("/usr/bin/runsc").exists();
    let engine = match installed {
        true => PrivateEngine::start_with_gvisor(),
        false => PrivateEngine::start(),
    };
    let site = Site::start_with(Options {
        environment: vec![("DOCKER_HOST".to_owned(), engine.host())],
        ..Options::default()
    })
    .await;
    let image = site.approved_image().await;
    let risk = v1::RiskClass::High;
    let system = site.register_system("developer", "doctor", risk).await;
    let stage = v1::Stage::TrialOperation;
    let sandbox = site
        .open_sandbox_of("developer", &system, "pilot", stage, 600)
        .await;
    // A kernel of its own takes its time to begin, and a place for a socket of the host's to be led to.
    let script = "cp /proc/version /tmp/version; serve";
    let mut wanted = trial(&image, script);
    let answer = wanted.environment.get_mut("ANSWER").unwrap();
    *answer = answer.replace(
        "/model) text=$(cat /models/*/model.txt)",
        "/kernel) text=$(cat /tmp/version)",
    );
    wanted.limits.as_mut().unwrap().memory_bytes = 256 << 20;
    wanted.health_check.as_mut().unwrap().grace_duration = Some(prost_types::Duration {
        seconds: 60,
        nanos: 0,
    });
    let started = site.start_trial(&sandbox, "t", wanted).await;
    if !installed {
        assert_eq!(reason(&started.unwrap_err()), "ISOLATION_NOT_AVAILABLE");
        return;
    }
    let started = started.unwrap();
    site.wait_trial(&started.name, State::Serving).await;
    let (status, kernel) = site
        .ask_trial("developer", &started.name, "/kernel")
        .await
        .unwrap();
    assert_eq!(status, 200);
    let ours = std::fs::read_to_string("/proc/version").unwrap();
    assert!(
        kernel.contains("Linux version") && !ours.contains(kernel.trim()),
        "{kernel}"
    );
    site.stop_trial("developer", &started.name).await.unwrap();
    site.wait_clean().await;
}
