//! Lines 24 and 26 to 28: the platform itself dies, its engine hangs, its disk is full, its clock is set.

mod disk;
mod engine;

use std::time::{Duration, Instant};

use sandyq_platform::failpoint::{STEPS, VARIABLE};
use sandyq_proto::v1;
use sandyq_proto::v1::CauseOfDeath as Cause;
use sandyq_proto::v1::job::State;
use sandyq_tests::traces::eventually;
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, reason, request_id};

use crate::audit;

/// A sandbox's or grant's end must end its jobs within this time.
const AT_ONCE: Duration = Duration::from_secs(5);

const ENDLESS: &str = "trap '' TERM; (sleep 600 &) ; sleep 600";

async fn site_for(jobs: usize) -> Site {
    Site::start_with(Options {
        config: vec![
            ("jobs.concurrent".into(), jobs.to_string()),
            ("jobs.orphan_grace_seconds".into(), "1".into()),
        ],
        ..Options::default()
    })
    .await
}

fn seconds(job: &mut v1::Job, seconds: i64) {
    let limits = job.limits.as_mut().unwrap();
    limits.wall_clock_duration = Some(prost_types::Duration { seconds, nanos: 0 });
}

async fn running(site: &Site, job: &str) {
    site.wait_job_until(job, |job| job.state() == State::Running)
        .await;
}

/// Every transaction of a job's life is cut before and after, and every step between two of them.
#[tokio::test]
async fn attack_24_the_server_is_killed_at_every_edge() {
    let mut site = site_for(2).await;
    let sandbox = site.open_sandbox("edges").await;
    let image = site.approved_image().await;
    let mut places: Vec<String> = STEPS.map(str::to_owned).to_vec();
    for state in ["STAGING", "RUNNING", "COLLECTING", "SUCCEEDED", "TIMED_OUT"] {
        places.extend([format!("before {state}"), format!("after {state}")]);
    }
    let mut jobs = Vec::new();
    for place in &places {
        site.set_environment(&[(VARIABLE, place)]);
        site.kill();
        site.serve().await;
        let overdue = place == "killed" || place.ends_with("TIMED_OUT");
        let script = if overdue {
            "printf x >> /out/starts; sleep 60"
        } else {
            "printf x >> /out/starts; sleep 0.2"
        };
        let mut job = shell(&image, script);
        seconds(&mut job, if overdue { 1 } else { 60 });
        let request = v1::CreateJobRequest {
            parent: sandbox.clone(),
            job: Some(job),
            request_id: request_id(),
        };
        let mut client = site.user("developer").sandbox();
        // The answer may be cut off too: the job is admitted as soon as it is there.
        let _ = client.create_job(request.clone()).await;
        site.wait_ended().await;
        site.set_environment(&[]);
        site.kill();
        site.serve().await;
        let mut client = site.user("developer").sandbox();
        let job = client.create_job(request).await.unwrap().into_inner();
        let job = job.job.unwrap();
        let ended = site.wait_job(&job.name).await;
        let expected = if overdue {
            State::TimedOut
        } else {
            State::Succeeded
        };
        assert_eq!(ended.state(), expected, "{place}: {ended:?}");
        assert_eq!(starts(&site, &ended).await, 1, "{place}: {ended:?}");
        jobs.push(job.name);
    }
    site.wait_clean().await;
    assert_eq!(
        site.sandbox(&sandbox).await.used.unwrap().concurrent_jobs,
        0
    );
    let log = audit::verified(&site).await;
    for job in jobs {
        assert_eq!(audit::count(&log, "SandboxService.CreateJob", &job), 1);
    }
}

/// How often the command of a job began.
async fn starts(site: &Site, job: &v1::Job) -> i64 {
    let request = v1::GetOutputRequest {
        name: job.output.clone(),
        ..Default::default()
    };
    let answer = site.user("reviewer").airlock().get_output(request).await;
    let files = answer.unwrap().into_inner().output.unwrap().files;
    let marks = files.iter().find(|file| file.path == "starts");
    marks.map_or(0, |file| file.size_bytes)
}

#[tokio::test]
async fn attack_27_a_request_that_is_sent_twice_makes_one_job() {
    let site = site_for(2).await;
    let sandbox = site.open_sandbox("twice").await;
    let image = site.approved_image().await;
    let request = v1::CreateJobRequest {
        parent: sandbox.clone(),
        job: Some(shell(&image, "true")),
        request_id: request_id(),
    };
    let send = || {
        let (mut client, request) = (site.user("developer").sandbox(), request.clone());
        async move {
            client
                .create_job(request)
                .await
                .unwrap()
                .into_inner()
                .job
                .unwrap()
        }
    };
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    assert!([&b, &c, &d].iter().all(|other| other.name == a.name));
    site.wait_job(&a.name).await;
    assert_eq!(send().await.name, a.name, "also after its end");
    let other = v1::CreateJobRequest {
        job: Some(shell(&image, "exit 1")),
        ..request.clone()
    };
    let refused = site
        .user("developer")
        .sandbox()
        .create_job(other)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "INVALID_FIELD", "{refused:?}");
    let log = audit::verified(&site).await;
    assert_eq!(audit::count(&log, "SandboxService.CreateJob", &a.name), 1);
}

/// Several jobs under one grant, each with children that ignore signals; one of them waits.
#[tokio::test]
async fn attack_27_a_grant_is_revoked_in_mid_run() {
    let site = site_for(3).await;
    let version = site.publish_register("people", 0..20).await.name;
    let sandbox = site.open_sandbox("revoked").await;
    let grant = site.grant(&version, &sandbox, "research", 600).await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![version],
        ..shell(&image, ENDLESS)
    };
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(site.submit(&sandbox, job.clone()).await.unwrap().name);
    }
    for job in &jobs[..3] {
        running(&site, job).await;
    }
    let begin = Instant::now();
    let request = v1::RevokeGrantRequest {
        name: grant.name,
        reason: "misuse".to_owned(),
        request_id: request_id(),
    };
    site.user("owner")
        .access()
        .revoke_grant(request)
        .await
        .unwrap();
    for name in &jobs {
        let ended = site.wait_job(name).await;
        assert_eq!(ended.cause_of_death(), Cause::Revoked, "{ended:?}");
        assert!(ended.output.is_empty(), "nothing of it is kept: {ended:?}");
    }
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    let refused = site.submit(&sandbox, job).await.unwrap_err();
    assert_eq!(reason(&refused), "ACCESS_DENIED");
    site.wait_clean().await;
}

/// Nobody's setting of the clock shortens or lengthens what a job may run, or turns the log's time back.
#[tokio::test]
async fn attack_27_the_clock_jumps() {
    let mut site = site_for(2).await;
    let clock = site.dir.with_extension("clock");
    std::fs::write(&clock, "0").unwrap();
    site.set_environment(&[("SANDYQ_CLOCK", clock.to_str().unwrap())]);
    site.kill();
    site.serve().await;
    let sandbox = site.open_sandbox("clock").await;
    let image = site.approved_image().await;
    let mut short = shell(&image, "sleep 50");
    seconds(&mut short, 5);
    for (jump, adopted) in [("-1800", false), ("600", true)] {
        let long = site
            .submit(&sandbox, shell(&image, "sleep 8"))
            .await
            .unwrap();
        let short = site.submit(&sandbox, short.clone()).await.unwrap();
        running(&site, &short.name).await;
        std::fs::write(&clock, jump).unwrap();
        if adopted {
            site.kill();
            site.serve().await;
        }
        let ended = site.wait_job(&short.name).await;
        assert_eq!(ended.state(), State::TimedOut, "{jump}: {ended:?}");
        let ran = Duration::try_from(ended.usage.unwrap().wall_clock_duration.unwrap()).unwrap();
        let near = Duration::from_secs(5)..Duration::from_millis(7500);
        assert!(near.contains(&ran), "{jump}: {ran:?}");
        let ended = site.wait_job(&long.name).await;
        assert_eq!(ended.state(), State::Succeeded, "{jump}: {ended:?}");
    }
    // The sandbox's term was an hour: past it nothing runs, however the clock got there.
    let last = site
        .submit(&sandbox, shell(&image, "sleep 60"))
        .await
        .unwrap();
    running(&site, &last.name).await;
    let begin = Instant::now();
    std::fs::write(&clock, "7200").unwrap();
    let ended = site.wait_job(&last.name).await;
    assert_eq!(ended.cause_of_death(), Cause::Revoked, "{ended:?}");
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    site.wait_clean().await;
    audit::verified(&site).await;
}

/// The causes that the programs themselves bring about are in `lifecycle::ends`.
#[tokio::test]
async fn attack_28_what_is_done_to_a_job_is_its_cause_of_death() {
    let site = site_for(3).await;
    let sandbox = site.open_sandbox("causes").await;
    let image = site.approved_image().await;
    let removed = site
        .submit(&sandbox, shell(&image, "sleep 60"))
        .await
        .unwrap();
    running(&site, &removed.name).await;
    let container = site.containers().pop().unwrap();
    let gone = std::process::Command::new("docker")
        .args(["rm", "-f", &container])
        .output();
    assert!(gone.unwrap().status.success());
    let ended = site.wait_job(&removed.name).await;
    assert_eq!(ended.state(), State::Lost, "{ended:?}");
    assert_eq!(ended.cause_of_death(), Cause::NodeFailed);

    let cancelled = site.submit(&sandbox, shell(&image, ENDLESS)).await.unwrap();
    running(&site, &cancelled.name).await;
    let request = v1::CancelJobRequest {
        name: cancelled.name.clone(),
        reason: "enough".to_owned(),
        request_id: request_id(),
    };
    site.user("developer")
        .sandbox()
        .cancel_job(request)
        .await
        .unwrap();
    let ended = site.wait_job(&cancelled.name).await;
    assert_eq!(ended.cause_of_death(), Cause::Cancelled, "{ended:?}");

    // Killed by a signal that it sent itself, which is not the platform's doing.
    let signalled = site
        .submit(&sandbox, shell(&image, "sh -c 'kill -9 $$'; exit $?"))
        .await
        .unwrap();
    let ended = site.wait_job(&signalled.name).await;
    assert_eq!(
        (ended.cause_of_death(), ended.exit_code),
        (Cause::Exit, 137),
        "{ended:?}"
    );

    let request = v1::DestroySandboxRequest {
        name: sandbox.clone(),
        reason: "done".to_owned(),
        request_id: request_id(),
    };
    let last = site.submit(&sandbox, shell(&image, ENDLESS)).await.unwrap();
    running(&site, &last.name).await;
    let begin = Instant::now();
    site.user("admin")
        .sandbox()
        .destroy_sandbox(request)
        .await
        .unwrap();
    let ended = site.wait_job(&last.name).await;
    assert_eq!(ended.cause_of_death(), Cause::Revoked, "{ended:?}");
    assert!(begin.elapsed() < AT_ONCE);
    certified(&site, &sandbox, &[&removed, &cancelled, &signalled, &last]).await;
    site.wait_clean().await;
}

/// The certificate is there once the last job has ended, says what is true, and verifies without the platform.
async fn certified(site: &Site, sandbox: &str, jobs: &[&v1::Job]) {
    let request = || v1::GetDestructionCertificateRequest {
        name: sandbox.to_owned(),
    };
    let get = || async {
        let mut client = site.user("developer").sandbox();
        client.get_destruction_certificate(request()).await
    };
    eventually("the sandbox is certified", || async { get().await.is_ok() }).await;
    let note = get().await.unwrap().into_inner().certificate;
    let key = sandyq_audit::VerifierKey::parse(&site.verifier_key).unwrap();
    let line = key
        .open_statement(sandyq_audit::DESTRUCTION, &note)
        .unwrap();
    let body: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(body["sandbox"], sandbox);
    assert_eq!(body["destroyed_by"], site.user("admin").name);
    assert_eq!(body["reason"], "done");
    assert_eq!(body["keys"].as_array().unwrap().len(), 1);
    assert_eq!(body["jobs"]["number"], jobs.len());
    assert_eq!(body["jobs"]["by_state"]["CANCELLED"], 2);
    assert_eq!(
        body["outputs"]["number"], 1,
        "that of the job that ended by itself"
    );
    let log = audit::verified(site).await;
    let written = log
        .iter()
        .find(|entry| entry["action"] == "system.SandboxDestructionCertified")
        .unwrap();
    assert_eq!(written["detail"]["certificate"], note);
    offline(site, &note);
    let rival = site
        .user("rival")
        .sandbox()
        .get_destruction_certificate(request())
        .await;
    assert_eq!(reason(&rival.unwrap_err()), "RESOURCE_NOT_FOUND");
}

/// As somebody checks it who has the certificate, the key and nothing else.
fn offline(site: &Site, note: &str) {
    let nowhere = tempfile::tempdir().unwrap();
    let file = nowhere.path().join("certificate");
    let verify = |note: &str| {
        std::fs::write(&file, note).unwrap();
        let mut command = std::process::Command::new(sandyq_tests::site::program());
        command.args(["audit", "verify-certificate"]).arg(&file);
        command
            .args(["--key", &site.verifier_key])
            .env("SANDYQ_HOME", nowhere.path());
        command.output().unwrap()
    };
    let good = verify(note);
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(
        good.status.success() && said.contains("verifies"),
        "{good:?}"
    );
    let forged = verify(&note.replace("\"done\"", "\"lost\""));
    assert_eq!(forged.status.code(), Some(7), "{forged:?}");
}
