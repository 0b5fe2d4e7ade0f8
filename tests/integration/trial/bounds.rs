//! What those who ask may do, and no more.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_tests::trials::{Asker, trial};
use sandyq_tests::{Site, reason};

#[tokio::test]
async fn those_who_ask_are_held_to_their_bounds() {
    let (site, port) = Site::start_with_gateway(&[
        ("trials.requests_per_second", "1"),
        ("trials.burst", "12"),
        ("trials.max_request_bytes", "1000"),
        ("trials.concurrent_requests", "2"),
    ])
    .await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    let trial = site
        .serving_trial(&sandbox, "t", trial(&image, "serve"))
        .await;
    let developer = Asker::new(&site, &site.user("developer"), port);
    let junior = Asker::new(&site, &site.user("junior"), port);
    let url = |path: &str| format!("{}{path}", trial.name);

    let large = "x".repeat(2000);
    let refused = developer.get(&url("/echo"), &["--data", &large]).await;
    assert_eq!(refused.status, 413, "{refused:?}");
    assert!(refused.body.contains("REQUEST_TOO_LARGE"), "{refused:?}");
    let chunked = ["--data", &large, "-H", "Transfer-Encoding: chunked"];
    assert_eq!(developer.get(&url("/echo"), &chunked).await.status, 413);
    for method in ["OPTIONS", "TRACE", "X"] {
        let refused = developer.get(&url("/echo"), &["-X", method]).await;
        assert_eq!(refused.status, 400, "{refused:?}");
    }

    // Two are answered at one time; the third is told so at once.
    let slow = [(); 2].map(|()| {
        let slow = Asker::new(&site, &site.user("junior"), port);
        let url = url("/slow");
        tokio::spawn(async move { slow.get(&url, &["--max-time", "4"]).await })
    });
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let busy = junior.get(&url("/echo"), &[]).await;
    assert!(busy.body.contains("TRIAL_BUSY"), "{busy:?}");
    for slow in slow {
        assert_eq!(slow.await.unwrap().status, 0, "nobody waits so long");
    }
    let answer = junior.get(&url("/echo"), &[]).await;
    assert_eq!(
        answer.status, 200,
        "their places are free again: {answer:?}"
    );

    // By whatever way one asks too often.
    let mut refused = None;
    for _ in 0..5 {
        let too_often = async || loop {
            let asked = site.ask_trial("developer", &trial.name, "/health").await;
            if let Err(status) = asked {
                return reason(&status);
            }
        };
        let told = tokio::time::timeout(Duration::from_secs(60), too_often()).await;
        assert_eq!(told.unwrap(), "RATE_LIMITED");
        let answer = developer.get(&url("/health"), &[]).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the gateway counts what gRPC counts");
    assert!(refused.body.contains("RATE_LIMITED"), "{refused:?}");
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    let others = junior.get(&url("/health"), &[]).await;
    assert_eq!(others.status, 200, "others are not held to it: {others:?}");
    site.stop_trial("developer", &trial.name).await.unwrap();
    site.wait_clean().await;
}

/// Writes bytes on a connection, waits, and gives what came back until the end.
async fn written(asker: &Asker, parts: Vec<String>, pause: Duration) -> (String, Duration) {
    let mut child = asker.raw();
    tokio::task::spawn_blocking(move || {
        let begin = Instant::now();
        let mut to = child.stdin.take().unwrap();
        let writing = std::thread::spawn(move || {
            for part in parts {
                if to
                    .write_all(part.as_bytes())
                    .and_then(|()| to.flush())
                    .is_err()
                {
                    return;
                }
                std::thread::sleep(pause);
            }
            // Open until the other side has had enough.
            std::thread::sleep(Duration::from_secs(13));
        });
        let mut text = String::new();
        let mut from = child.stdout.take().unwrap();
        from.read_to_string(&mut text).unwrap();
        let took = begin.elapsed();
        let _ = child.kill();
        child.wait().unwrap();
        drop(writing);
        (text, took)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn attack_30_slow_clients_and_ambiguous_headers_reach_no_trial() {
    let (site, port) = Site::start_with_gateway(&[]).await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    let trial = site
        .serving_trial(&sandbox, "t", trial(&image, "serve"))
        .await;
    let asker = Asker::new(&site, &site.user("developer"), port);
    let begin = |more: &str| format!("POST /{}/echo HTTP/1.1\r\nHost: x\r\n{more}", trial.name);

    // A byte of a header each second, and of a body.
    let drip: Vec<String> = "X-Slow: yes, very slow indeed"
        .chars()
        .map(String::from)
        .collect();
    let head = [vec![begin("")], drip.clone()].concat();
    let body = [vec![begin("Content-Length: 100\r\n\r\n")], drip].concat();
    // Two lengths; a length beside pieces, with a second request in what follows the pieces; a line that is folded.
    let inner = format!(
        "GET /{}/echo?smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        trial.name
    );
    let twice = begin("Content-Length: 1\r\nContent-Length: 50\r\n\r\nx");
    let both = format!(
        "{}0\r\n\r\n{inner}",
        begin("Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n")
    );
    let folded = begin("Accept: a\r\n b\r\nContent-Length: 0\r\n\r\n");
    let spaced = begin("Content-Length : 1\r\n\r\nx");
    let moment = Duration::from_millis(50);
    let (head, body, twice, both, folded, spaced) = tokio::join!(
        written(&asker, head, Duration::from_secs(1)),
        written(&asker, body, Duration::from_secs(1)),
        written(&asker, vec![twice], moment),
        written(&asker, vec![both], moment),
        written(&asker, vec![folded], moment),
        written(&asker, vec![spaced], moment),
    );
    for (what, (text, took)) in [("head", &head), ("body", &body)] {
        assert!(*took < Duration::from_secs(13), "{what}: {took:?}");
        assert!(!text.contains("200 OK"), "{what}: {text}");
    }
    for (what, (text, _)) in [("twice", &twice), ("folded", &folded), ("spaced", &spaced)] {
        assert!(text.contains("400 Bad Request"), "{what}: {text}");
    }
    // Each request is one: the first has the empty body of its pieces, whatever length it claims.
    let answers: Vec<&str> = both
        .0
        .lines()
        .filter(|line| line.contains("/echo"))
        .collect();
    assert!(
        answers.iter().all(|line| !line.contains("POST /echo GET")),
        "{both:?}"
    );
    assert!(both.0.contains("POST /echo"), "{both:?}");
    let usage = site.trial(&trial.name).await.usage.unwrap();
    assert!(usage.requests <= 2, "{usage:?}");
    site.stop_trial("developer", &trial.name).await.unwrap();
    site.wait_clean().await;
}

#[tokio::test]
async fn the_bytes_of_answers_are_taken_from_the_sandboxs_budget() {
    let (site, port) = Site::start_with_gateway(&[]).await;
    let image = site.approved_image().await;
    let (wide, system) = site.open_trial_sandbox("wide", 3600).await;
    let narrow = v1::Sandbox {
        budget: Some(v1::Budget {
            answer_bytes: 5000,
            ..sandyq_tests::work::budget()
        }),
        ..site.sandbox(&wide).await
    };
    let narrow = v1::Sandbox { system, ..narrow };
    let sandbox = site.open_described("developer", "narrow", narrow).await;
    let trial = site
        .serving_trial(&sandbox, "t", trial(&image, "serve"))
        .await;
    let asker = Asker::new(&site, &site.user("developer"), port);
    let get = async |bytes: u32| {
        asker
            .get(&format!("{}/bytes/{bytes}", trial.name), &[])
            .await
    };
    assert_eq!(get(2000).await.body.len(), 2000);
    assert_eq!(get(2000).await.status, 200);
    let refused = get(2000).await;
    assert_eq!(refused.status, 502, "{refused:?}");
    assert!(
        refused.body.contains("TRIAL_ANSWER_TOO_LARGE"),
        "{refused:?}"
    );
    assert_eq!(get(700).await.status, 200, "what is left may be answered");
    let spent = get(900).await;
    assert!(spent.status >= 429, "{spent:?}");
    // A status tells something too, so that it is no way around the budget.
    let mut told = 0;
    loop {
        let answer = asker.get(&format!("{}/status/222", trial.name), &[]).await;
        if answer.body.contains("ANSWER_BUDGET_USED_UP") {
            break;
        }
        if answer.status == 222 {
            told += 1;
            assert_eq!(answer.body, "");
        }
        assert!(told < 40, "it goes on for ever");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(told > 0, "there was something left");
    site.stop_trial("developer", &trial.name).await.unwrap();
    site.wait_clean().await;
    // What was set aside and not answered is given back.
    let answered = site.trial(&trial.name).await.usage.unwrap().answer_bytes;
    let begin = Instant::now();
    while site.sandbox(&sandbox).await.used.unwrap().answer_bytes != answered {
        assert!(begin.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
