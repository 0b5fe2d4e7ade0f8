//! Line 23: what people outside can observe of a job is closed, bounded or reviewed, however many jobs there are.

use sandyq_proto::v1;
use sandyq_proto::v1::log_tail::Mode;
use sandyq_tests::work::{library, shell};
use sandyq_tests::{Options, Site, reason, request_id};

use crate::audit;

/// The whole of what is shown of a log: text, and the last message.
pub async fn log(site: &Site, job: &str) -> (String, v1::StreamLogsResponse) {
    let request = v1::StreamLogsRequest {
        name: job.to_owned(),
        ..Default::default()
    };
    let answer = site.user("developer").sandbox().stream_logs(request).await;
    let mut stream = answer.unwrap().into_inner();
    let (mut text, mut last) = (Vec::new(), None);
    while let Some(message) = stream.message().await.unwrap() {
        assert_eq!(usize::try_from(message.offset).unwrap(), text.len());
        text.extend_from_slice(&message.data);
        last = Some(message);
    }
    (String::from_utf8(text).unwrap(), last.unwrap())
}

fn conditions(mode: Mode, max_bytes: i64, daily_bytes: i64) -> v1::GrantConditions {
    v1::GrantConditions {
        log_tail: Some(v1::LogTail {
            max_bytes,
            mode: mode.into(),
            daily_bytes,
        }),
        ..Default::default()
    }
}

async fn ended(site: &Site, sandbox: &str, job: v1::Job) -> v1::Job {
    let job = site.submit(sandbox, job).await.unwrap();
    site.wait_job(&job.name).await
}

async fn shown(site: &Site, sandbox: &str) -> i64 {
    site.sandbox(sandbox).await.exits.unwrap().log_bytes
}

fn on(version: &v1::Version, job: v1::Job) -> v1::Job {
    v1::Job {
        versions: vec![version.name.clone()],
        ..job
    }
}

async fn site() -> Site {
    Site::start_with(Options {
        config: vec![("jobs.concurrent".into(), "4".into())],
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn attack_23_many_jobs_tell_no_more_by_their_logs_than_one_budget() {
    let mut site = site().await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("leaky").await;
    let grant = site
        .grant_on(&version.name, &sandbox, conditions(Mode::Text, 4096, 6000))
        .await;
    // Each tells a part of the data: letters that stand for it, so that no filter sees a number.
    let script = "i=0; while [ $i -lt 60 ]; do echo abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz; i=$((i+1)); done; exit 77";
    let mut jobs = Vec::new();
    for _ in 0..4 {
        let job = on(&version, shell(&image, script));
        jobs.push(site.submit(&sandbox, job).await.unwrap().name);
    }
    let mut codes = Vec::new();
    for job in &jobs {
        codes.push(site.wait_job(job).await.exit_code);
    }
    assert_eq!(codes, [77; 4], "where text is open, so is the code");
    assert_eq!(shown(&site, &sandbox).await, 4, "a byte each");

    // Two read the first log at the same time: the same bytes count once.
    let ((first, last), (again, _)) = tokio::join!(log(&site, &jobs[0]), log(&site, &jobs[0]));
    assert_eq!(first.len(), 3180);
    assert_eq!((&first, last.truncated), (&again, false));
    assert_eq!(shown(&site, &sandbox).await, 3184);
    let mut total = first.len();
    for (job, left) in jobs[1..].iter().zip([2816, 0, 0]) {
        let (text, last) = log(&site, job).await;
        assert_eq!(text.len(), left, "{job}");
        assert!(
            last.held_back()
                .any(|why| why == v1::HeldBack::SandboxBudget)
        );
        assert_eq!(last.sandbox_log_bytes, 6000);
        total += text.len();
    }
    assert!(total <= 6000, "{total} bytes were shown");

    // What is counted is kept, and what was shown may be shown again.
    site.kill();
    site.serve().await;
    assert_eq!(shown(&site, &sandbox).await, 6000);
    assert_eq!(log(&site, &jobs[0]).await.0, first);
    assert_eq!(log(&site, &jobs[3]).await.0, "");
    // With the budget the rest of an exit code is closed too.
    let late = ended(&site, &sandbox, on(&version, shell(&image, "exit 77"))).await;
    assert_eq!((late.exit_code, late.state()), (1, v1::job::State::Failed));
    // A job without data has nothing to tell.
    let free = ended(&site, &sandbox, shell(&image, "exit 77")).await;
    assert_eq!(free.exit_code, 77);

    let entries = audit::verified(&site).await;
    let counted: i64 = entries
        .iter()
        .filter(|entry| {
            entry["action"] == "SandboxService.StreamLogs" && entry["detail"]["to_byte"].is_i64()
        })
        .map(|entry| {
            let byte = |name: &str| entry["detail"][name].as_i64().unwrap();
            byte("to_byte") - byte("from_byte")
        })
        .sum();
    assert_eq!(counted, 5996, "who saw how much is in the audit log");

    // What the owner opens no more is closed, also of logs that were open before.
    let tail = |mode: Mode| v1::LogTail {
        max_bytes: 4096,
        mode: mode.into(),
        daily_bytes: 6000,
    };
    for (mode, is_open) in [(Mode::Metrics, false), (Mode::Text, true)] {
        let access = v1::AccessRule {
            log_tail: Some(tail(mode)),
            ..Default::default()
        };
        let request = v1::UpdateLibraryRequest {
            library: Some(v1::Library {
                name: "libraries/people".to_owned(),
                access: Some(access),
                ..library("people")
            }),
            request_id: request_id(),
        };
        let mut client = site.user("owner").library();
        client.update_library(request).await.unwrap();
        let request = v1::StreamLogsRequest {
            name: jobs[0].clone(),
            ..Default::default()
        };
        let mut client = site.user("developer").sandbox();
        let opened = client.stream_logs(request).await;
        match is_open {
            true => drop(opened.unwrap()),
            false => assert_eq!(reason(&opened.unwrap_err()), "LOG_CLOSED"),
        }
    }

    // With the grant goes what was open under it.
    let request = v1::RevokeGrantRequest {
        name: grant.name,
        reason: "misuse".to_owned(),
        request_id: request_id(),
    };
    let mut client = site.user("owner").access();
    client.revoke_grant(request).await.unwrap();
    let request = v1::StreamLogsRequest {
        name: jobs[0].clone(),
        ..Default::default()
    };
    let mut client = site.user("developer").sandbox();
    let closed = client.stream_logs(request).await.unwrap_err();
    assert_eq!(reason(&closed), "LOG_CLOSED");
    audit::verified(&site).await;
}

/// By the names of metrics, by the digits of numbers, by lines that are none, by the exit code and by what was used.
#[tokio::test]
async fn attack_23_metric_lines_carry_figures_and_nothing_else() {
    let site = site().await;
    let version = site.publish_register("people", 0..40).await;
    let other = site.publish_register("others", 0..40).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("figures").await;
    let metrics = conditions(Mode::Metrics, 4096, 8192);
    let grant = site.grant_on(&version.name, &sandbox, metrics).await;
    let tail = grant.conditions.unwrap().log_tail.unwrap();
    assert_eq!((tail.mode(), tail.max_bytes), (Mode::Metrics, 4096));
    site.grant_on(&other.name, &sandbox, conditions(Mode::Text, 4096, 0))
        .await;
    let script = r#"
        echo "epoch=1 loss=0.43219876 acc=0.85"
        echo "Plaintext-Serikova-0001 900101300017"
        echo "name=Serikova"
        echo "n900101300017=1"
        echo "iin=900101300017"
        echo "iin_a=900101 iin_b=300017"
        printf 'loss=0.25\033]0;900101300017\007\n'
        i=0; while [ $i -lt 100 ]; do echo "$(printf 'a%.0s' $(seq 1 60)).x$i=1"; i=$((i+1)); done
        head -c 12345 /dev/zero | tr '\0' b
        head -c 123456 /dev/zero > /out/x
        exit 42"#;
    // One of two grants opens text; the strictest rules.
    let job = v1::Job {
        versions: vec![version.name.clone(), other.name.clone()],
        ..shell(&image, script)
    };
    let job = ended(&site, &sandbox, job).await;
    let open = job.conditions.unwrap().log_tail.unwrap();
    assert_eq!(open.mode(), Mode::Metrics, "{open:?}");
    let (text, last) = log(&site, &job.name).await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "epoch=1 loss=0.4322 acc=0.85",
            "iin=9.001e11",
            "iin_a=900100 iin_b=300000",
            "loss=0.25",
        ]
    );
    assert!(lines[4..].iter().all(|line| line.ends_with("=1")), "{text}");
    assert_eq!(lines.len(), 4 + 58, "64 names, of which six came before");
    assert!(
        !text.contains("Serikova") && !text.contains("90010130"),
        "{text}"
    );
    let why: Vec<v1::HeldBack> = last.held_back().collect();
    assert_eq!(why, [v1::HeldBack::OtherLines]);
    assert_eq!(shown(&site, &sandbox).await, text.len() as i64);

    // What else is told of it is coarse.
    assert_eq!(job.exit_code, 1);
    assert!(!job.state_message.contains("42"), "{job:?}");
    let usage = job.usage.unwrap();
    assert_eq!(usage.output_bytes, 130_000, "123,456");
    for number in [
        usage.peak_memory_bytes,
        usage.log_bytes,
        usage.energy_millijoules,
    ] {
        let digits = number.to_string();
        assert!(digits.trim_end_matches('0').len() <= 2, "{usage:?}");
    }
    for time in [job.start_time, job.end_time] {
        assert_eq!(time.unwrap().nanos, 0, "{time:?}");
    }
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!(used.output_bytes, 130_000, "sums tell no more");
    // The exact figures and the whole log are for the reviewer.
    let mut client = site.user("reviewer").airlock();
    let request = v1::GetOutputRequest {
        name: job.output,
        ..Default::default()
    };
    let output = client.get_output(request).await.unwrap().into_inner();
    let files = output.output.unwrap().files;
    assert!(
        files.iter().any(|file| file.size_bytes == 123_456),
        "{files:?}"
    );
}
