//! How jobs end, and how they are held while they run.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_proto::v1::CauseOfDeath as Cause;
use sandyq_proto::v1::job::State;
use sandyq_tests::traces::inspect;
use sandyq_tests::work::shell;
use sandyq_tests::{reason, request_id};

use super::{cancel, ran_for, running, seconds, site_for};

/// A script and how it must end.
struct Case {
    script: &'static str,
    limits: v1::Limits,
    state: State,
    cause: Cause,
    exit_code: i32,
}

fn cases() -> Vec<Case> {
    let limits = v1::Limits {
        memory_bytes: 32 << 20,
        output_bytes: 4 << 20,
        wall_clock_duration: seconds(60),
        ..Default::default()
    };
    let failed = |script, cause, exit_code| Case {
        script,
        limits,
        state: State::Failed,
        cause,
        exit_code,
    };
    vec![
        Case {
            state: State::Succeeded,
            ..failed("echo fine > /out/fine", Cause::Exit, 0)
        },
        failed("exit 7", Cause::Exit, 7),
        failed("/no/such/program || exit 127", Cause::Exit, 127),
        failed(
            "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo ${#x}",
            Cause::OutOfMemory,
            0,
        ),
        failed(
            "dd if=/dev/zero of=/out/big bs=64k count=400 || exit 3",
            Cause::OutputQuota,
            0,
        ),
        Case {
            limits: v1::Limits { pids: 16, ..limits },
            ..failed(
                "(i=0; while [ $i -lt 60 ]; do sleep 30 & i=$((i+1)); done); \
                i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exit 4",
                Cause::PidsExhausted,
                0,
            )
        },
        Case {
            limits: v1::Limits {
                wall_clock_duration: seconds(2),
                ..limits
            },
            state: State::TimedOut,
            ..failed("trap '' TERM; sleep 60", Cause::TimedOut, 0)
        },
    ]
}

#[tokio::test]
async fn the_cause_of_a_jobs_end_is_exact() {
    let site = site_for(3).await;
    let sandbox = site.open_sandbox("ends").await;
    let image = site.approved_image().await;
    let mut submitted = Vec::new();
    for case in cases() {
        let job = v1::Job {
            limits: Some(case.limits),
            ..shell(&image, case.script)
        };
        submitted.push((site.submit(&sandbox, job).await.unwrap(), case));
    }
    for (job, case) in submitted {
        let job = site.wait_job(&job.name).await;
        let what = format!("{}: {job:?}", case.script);
        assert_eq!(job.state(), case.state, "{what}");
        assert_eq!(job.cause_of_death(), case.cause, "{what}");
        if case.cause == Cause::Exit {
            assert_eq!(job.exit_code, case.exit_code, "{what}");
        }
        assert!(!job.state_message.is_empty(), "{what}");
        if case.cause == Cause::TimedOut {
            // As the engine measured it.
            let ran = job.usage.unwrap().wall_clock_duration.unwrap();
            let ran = Duration::try_from(ran).unwrap();
            assert!(
                (Duration::from_secs(2)..Duration::from_secs(4)).contains(&ran),
                "{ran:?}"
            );
        }
    }
    site.wait_clean().await;
    // What was reserved was given back, what was used is kept.
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!(used.concurrent_jobs, 0);
    assert!(used.output_bytes < 5 << 20, "{used:?}");
    let cpu = used.cpu_duration.unwrap();
    assert!(cpu.seconds < 60, "{cpu:?}");
}

#[tokio::test]
async fn one_job_runs_another_waits_and_both_can_be_cancelled() {
    let site = site_for(1).await;
    let sandbox = site.open_sandbox("held").await;
    let image = site.approved_image().await;
    let job = shell(&image, "sleep 60");
    let first = site.submit(&sandbox, job.clone()).await.unwrap();
    assert_eq!(first.state(), State::Queued);
    running(&site, &first.name).await;
    let second = site.submit(&sandbox, job).await.unwrap();
    let waiting = site
        .wait_job_until(&second.name, |job| job.waiting_reason == "CAPACITY")
        .await;
    assert_eq!(waiting.state(), State::Queued);

    // Both have reserved what they may use: a processor for a minute and 4 MiB each.
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!(used.concurrent_jobs, 2);
    assert_eq!(used.cpu_duration, seconds(120));
    assert_eq!(used.output_bytes, 8 << 20);

    cancel(&site, &second.name, "not needed").await.unwrap();
    let second = site.wait_job(&second.name).await;
    assert_eq!(second.state(), State::Cancelled);
    assert_eq!(second.cause_of_death(), Cause::Cancelled);
    assert!(second.start_time.is_none(), "it never ran");
    assert!(second.state_message.contains("not needed"), "{second:?}");

    let containers = site.containers();
    assert_eq!(containers.len(), 1);
    assert_hardened(&inspect(&containers[0]));

    cancel(&site, &first.name, "").await.unwrap();
    let first = site.wait_job(&first.name).await;
    assert_eq!(first.state(), State::Cancelled);
    assert_eq!(first.cause_of_death(), Cause::Cancelled);
    assert!(ran_for(&first) < Duration::from_secs(30));
    let late = cancel(&site, &first.name, "").await.unwrap_err();
    assert_eq!(reason(&late), "WRONG_STATE");
    site.wait_clean().await;
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!((used.concurrent_jobs, used.output_bytes), (0, 0));
}

/// Threats 1 to 6 and 8, as the engine itself tells of a running container.
fn assert_hardened(container: &serde_json::Value) {
    let (config, host) = (&container["Config"], &container["HostConfig"]);
    let user = config["User"].as_str().unwrap();
    assert!(
        !user.is_empty() && !user.starts_with('0') && user != "root",
        "{user}"
    );
    assert_eq!(host["NetworkMode"], "none");
    assert_eq!(config["NetworkDisabled"], true);
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(host["Privileged"], false);
    assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]));
    assert!(host["CapAdd"].as_array().is_none_or(Vec::is_empty));
    let options = host["SecurityOpt"].as_array().unwrap();
    let has = |text: &str| {
        options
            .iter()
            .any(|o| o.as_str().unwrap().starts_with(text))
    };
    assert!(has("no-new-privileges"), "{options:?}");
    assert!(!has("seccomp=unconfined"), "{options:?}");
    assert_eq!(host["PidsLimit"], 129, "the job's 128 and init");
    assert_eq!(host["Memory"], 64 << 20);
    assert_eq!(host["MemorySwap"], 64 << 20);
    assert_eq!(host["NanoCpus"], 1_000_000_000_u64);
    for namespace in ["PidMode", "UTSMode", "UsernsMode"] {
        assert_eq!(host[namespace], "", "{namespace}");
    }
    for tmpfs in ["/tmp", "/dev/shm"] {
        let options = host["Tmpfs"][tmpfs].as_str().unwrap();
        for option in ["noexec", "nosuid", "nodev", "size=", "nr_inodes="] {
            assert!(options.contains(option), "{tmpfs}: {options}");
        }
    }
    for mount in container["Mounts"].as_array().unwrap() {
        let target = mount["Destination"].as_str().unwrap();
        let source = mount["Source"].as_str().unwrap();
        assert_eq!(mount["RW"], target == "/out", "{mount}");
        assert!(!source.contains("docker.sock"), "{mount}");
    }
    let secrets = container.to_string().to_lowercase();
    for word in ["token", "private key", "password", "master.key"] {
        assert!(!secrets.contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_watch_shows_the_states_in_their_order() {
    let site = site_for(1).await;
    let sandbox = site.open_sandbox("watched").await;
    let image = site.approved_image().await;
    let job = site
        .submit(&sandbox, shell(&image, "sleep 2; echo x > /out/x"))
        .await
        .unwrap();
    let request = v1::WatchJobRequest {
        name: job.name.clone(),
    };
    let mut stream = site
        .user("developer")
        .sandbox()
        .watch_job(request)
        .await
        .unwrap()
        .into_inner();
    let mut states = vec![State::Queued];
    let mut last = None;
    while let Some(message) = stream.message().await.unwrap() {
        let job = message.job.unwrap();
        if states.last() != Some(&job.state()) {
            states.push(job.state());
        }
        last = Some(job);
    }
    let order = [
        State::Queued,
        State::Staging,
        State::Running,
        State::Collecting,
        State::Succeeded,
    ];
    assert_eq!(states, order);
    let last = last.unwrap();
    assert!(!last.output.is_empty());
    let usage = last.usage.unwrap();
    assert!(usage.wall_clock_duration.unwrap().seconds >= 1);
    assert_eq!(usage.output_bytes, 2);
}

#[tokio::test]
async fn a_job_whose_container_vanished_is_lost_and_a_repeated_request_makes_no_second_job() {
    let site = site_for(1).await;
    let sandbox = site.open_sandbox("lost").await;
    let image = site.approved_image().await;
    let request = v1::CreateJobRequest {
        parent: sandbox.clone(),
        job: Some(shell(&image, "sleep 60")),
        request_id: request_id(),
    };
    let mut client = site.user("developer").sandbox();
    let mut names = Vec::new();
    for _ in 0..3 {
        let answer = client.create_job(request.clone()).await.unwrap();
        names.push(answer.into_inner().job.unwrap().name);
    }
    assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
    let request = v1::ListJobsRequest {
        parent: sandbox.clone(),
        ..Default::default()
    };
    let listed = client.list_jobs(request).await.unwrap().into_inner();
    assert_eq!(listed.jobs.len(), 1);

    running(&site, &names[0]).await;
    sandyq_tests::images::sweep(&site.platform_id, None);
    let job = site.wait_job(&names[0]).await;
    assert_eq!(job.state(), State::Lost, "{job:?}");
    assert_eq!(job.cause_of_death(), Cause::NodeFailed);
    assert_eq!(job.output, "");
    site.wait_clean().await;
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!(used.concurrent_jobs, 0);
}

#[tokio::test]
async fn jobs_submitted_at_once_do_not_overspend_the_budget() {
    let site = site_for(1).await;
    let sandbox = site.open_sandbox("crowded").await;
    let image = site.approved_image().await;
    let all = (0..14).map(|_| site.submit(&sandbox, shell(&image, "sleep 30")));
    let (taken, refused): (Vec<_>, Vec<_>) = futures::future::join_all(all)
        .await
        .into_iter()
        .partition(Result::is_ok);
    // The budget allows ten at a time.
    assert_eq!((taken.len(), refused.len()), (10, 4), "{refused:?}");
    for error in refused {
        let error = error.unwrap_err();
        assert_eq!(error.code(), tonic::Code::ResourceExhausted);
        assert_eq!(reason(&error), "BUDGET_EXCEEDED");
    }
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!(used.concurrent_jobs, 10);
    assert_eq!(used.cpu_duration, seconds(600));
    let jobs: Vec<v1::Job> = taken.into_iter().map(Result::unwrap).collect();
    let cancelled = jobs.iter().map(|job| cancel(&site, &job.name, "enough"));
    for job in futures::future::join_all(cancelled).await {
        job.unwrap();
    }
    for job in &jobs {
        assert_eq!(site.wait_job(&job.name).await.state(), State::Cancelled);
    }
    site.wait_clean().await;
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!((used.concurrent_jobs, used.output_bytes), (0, 0));
}
