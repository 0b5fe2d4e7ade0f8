//! What ends a trial, and what does not.

use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::trial::State;
use sandyq_tests::trials::{Asker, trial};
use sandyq_tests::work::shell;
use sandyq_tests::{Site, reason, request_id};

#[tokio::test]
async fn a_container_that_is_not_well_is_replaced_and_not_for_ever() {
    let (site, _) = Site::start_with_gateway(&[]).await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    let wanted = v1::Trial {
        max_restarts: 1,
        ..trial(&image, "serve")
    };
    let first = site.serving_trial(&sandbox, "sick", wanted.clone()).await;
    let mut jobs = vec![first.job.clone()];
    for _ in 0..2 {
        let sick = site.ask_trial("developer", &first.name, "/sick").await;
        assert_eq!(sick.unwrap().0, 200);
        let replaced = |trial: &v1::Trial| {
            trial.state() == State::Failed
                || (trial.state() == State::Serving && !jobs.contains(&trial.job))
        };
        let (now, _) = site.wait_trial_until(&first.name, replaced).await;
        jobs.push(now.job);
    }
    let failed = site.trial(&first.name).await;
    assert_eq!(
        (failed.state(), failed.restarts),
        (State::Failed, 1),
        "{failed:?}"
    );
    assert!(
        failed.state_message.contains("the answer was 5xx"),
        "{failed:?}"
    );
    assert_eq!(jobs[1], jobs[2], "the second is the last");

    // A program that ends at once never serves.
    let short = v1::Trial {
        max_restarts: 1,
        ..trial(&image, "exit 3")
    };
    let short = site.start_trial(&sandbox, "short", short).await.unwrap();
    let (failed, _) = site.wait_trial(&short.name, State::Failed).await;
    assert!(
        failed.state_message.contains("ended by itself"),
        "{failed:?}"
    );
    let unserved = site.ask_trial("developer", &short.name, "/").await;
    assert_eq!(reason(&unserved.unwrap_err()), "TRIAL_NOT_SERVING");
    site.wait_clean().await;
}

#[tokio::test]
async fn suspension_cancellation_and_terms_end_a_trial_within_five_seconds() {
    let (site, port) = Site::start_with_gateway(&[("jobs.concurrent", "4")]).await;
    let image = site.approved_image().await;
    let (suspended, system) = site.open_trial_sandbox("suspended", 3600).await;
    let (lasting, _) = site.open_trial_sandbox("lasting", 3600).await;
    let one = site
        .serving_trial(&suspended, "one", trial(&image, "serve"))
        .await;
    let two = site
        .serving_trial(&lasting, "two", trial(&image, "serve"))
        .await;
    let three = v1::Trial {
        limits: Some(v1::Limits {
            wall_clock_duration: Some(prost_types::Duration {
                seconds: 6,
                nanos: 0,
            }),
            ..trial(&image, "").limits.unwrap()
        }),
        ..trial(&image, "serve")
    };
    let three = site.start_trial(&lasting, "three", three).await.unwrap();
    let (short, _) = site.open_trial_sandbox("short", 5).await;
    let four = site.start_trial(&short, "four", trial(&image, "serve"));
    let four = four.await.unwrap();

    // What is being answered is cut off, too.
    let asker = Asker::new(&site, &site.user("developer"), port);
    let path = format!("{}/slow", one.name);
    let (answer, ()) = tokio::join!(asker.get(&path, &[]), async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let request = v1::SuspendSystemRequest {
            name: system.clone(),
            reason: "a complaint".to_owned(),
            request_id: request_id(),
        };
        let begin = Instant::now();
        let admin = site.user("admin");
        admin.system().suspend_system(request).await.unwrap();
        site.wait_trial(&one.name, State::Revoked).await;
        assert!(begin.elapsed() < Duration::from_secs(5));
    });
    assert_eq!(answer.status, 503, "{answer:?}");
    let begin = Instant::now();
    let request = v1::CancelJobRequest {
        name: two.job.clone(),
        reason: "wrong seed".to_owned(),
        request_id: request_id(),
    };
    let cancelled = site.user("junior").sandbox().cancel_job(request).await;
    cancelled.unwrap();
    let (two, _) = site.wait_trial(&two.name, State::Stopped).await;
    assert!(two.state_message.contains("wrong seed"), "{two:?}");
    assert!(begin.elapsed() < Duration::from_secs(5));
    let (three, _) = site.wait_trial(&three.name, State::Expired).await;
    assert_eq!(three.restarts, 0, "{three:?}");
    // With its sandbox or, by its own clock, a moment before.
    let over = |trial: &v1::Trial| matches!(trial.state(), State::Revoked | State::Expired);
    let (four, _) = site.wait_trial_until(&four.name, over).await;
    let time = |time: &Option<prost_types::Timestamp>| time.unwrap().seconds;
    let (end, expire) = (time(&four.end_time), time(&four.expire_time));
    assert!(end - expire < 5, "{four:?}");
    let refused = site.start_trial(&short, "five", trial(&image, "serve"));
    assert_eq!(reason(&refused.await.unwrap_err()), "SANDBOX_NOT_ACTIVE");
    site.wait_clean().await;
}

#[tokio::test]
async fn a_trial_ends_at_its_term_however_long_its_container_waited() {
    let (site, _) = Site::start_with_gateway(&[("jobs.concurrent", "1")]).await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    let training = site.open_sandbox("training").await;
    let holder = site
        .submit(&training, shell(&image, "sleep 5"))
        .await
        .unwrap();
    let wanted = v1::Trial {
        limits: Some(v1::Limits {
            wall_clock_duration: Some(prost_types::Duration {
                seconds: 8,
                nanos: 0,
            }),
            ..trial(&image, "").limits.unwrap()
        }),
        ..trial(&image, "serve")
    };
    let started = site.start_trial(&sandbox, "t", wanted).await.unwrap();
    let (ended, _) = site.wait_trial(&started.name, State::Expired).await;
    let seconds = |time: &Option<prost_types::Timestamp>| time.unwrap().seconds;
    let late = seconds(&ended.end_time) - seconds(&ended.expire_time);
    assert!((0..3).contains(&late), "{ended:?}");
    let (waited, served) = (
        site.wait_job(&holder.name).await,
        site.wait_job(&started.job).await,
    );
    assert!(seconds(&served.start_time) >= seconds(&waited.end_time) - 1);
    site.wait_clean().await;
}

#[tokio::test]
async fn a_trial_goes_on_when_the_server_is_killed() {
    let (mut site, port) = Site::start_with_gateway(&[]).await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    let before = site
        .serving_trial(&sandbox, "t", trial(&image, "serve"))
        .await;
    site.kill();
    site.serve().await;
    let asker = Asker::new(&site, &site.user("developer"), port);
    let answer = asker.get(&format!("{}/echo", before.name), &[]).await;
    assert_eq!(
        (answer.status, answer.body.trim_end()),
        (200, "GET /echo"),
        "{answer:?}"
    );
    let after = site.trial(&before.name).await;
    assert_eq!((&after.job, after.restarts), (&before.job, 0));
    site.stop_trial("admin", &before.name).await.unwrap();
    site.wait_clean().await;
}
