//! The part of a job's log that its developer sees.

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, reason};

use super::site_for;

async fn open(
    site: &Site,
    job: &str,
    offset: i64,
) -> Result<tonic::Streaming<v1::StreamLogsResponse>, tonic::Status> {
    let request = v1::StreamLogsRequest {
        name: job.to_owned(),
        offset,
    };
    let answer = site
        .user("developer")
        .sandbox()
        .stream_logs(request)
        .await?;
    Ok(answer.into_inner())
}

/// The rest of a stream: text, and what its last message says of lines left out.
async fn rest(mut stream: tonic::Streaming<v1::StreamLogsResponse>, from: usize) -> (String, bool) {
    let (mut text, mut truncated) = (Vec::new(), false);
    while let Some(message) = stream.message().await.unwrap() {
        let at = usize::try_from(message.offset).unwrap();
        assert_eq!(at, from + text.len(), "no gap and no overlap");
        text.extend_from_slice(&message.data);
        truncated = message.truncated;
    }
    (String::from_utf8(text).unwrap(), truncated)
}

#[tokio::test]
async fn a_log_is_streamed_filtered_and_bounded_by_the_strictest_grant() {
    let site = site_for(2).await;
    let a = site.publish_register("a", 0..40).await;
    let b = site.publish_register("b", 0..40).await;
    let c = site.publish_register("c", 0..40).await;
    let sandbox = site.open_sandbox("logs").await;
    site.grant_with_log(&a.name, &sandbox, 4096).await;
    site.grant_with_log(&b.name, &sandbox, 1000).await;
    site.grant_with_log(&c.name, &sandbox, 0).await;
    let image = site.approved_image().await;

    live_and_filtered(&site, &sandbox, &image, &a).await;
    bounded(&site, &sandbox, &image, &[&a, &b]).await;

    // One grant that opens nothing closes the log.
    let job = v1::Job {
        versions: vec![a.name.clone(), c.name.clone()],
        ..shell(&image, "echo secret")
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let closed = open(&site, &job.name, 0).await.unwrap_err();
    assert_eq!(reason(&closed), "LOG_CLOSED");
    site.wait_job(&job.name).await;
    let closed = open(&site, &job.name, 0).await.unwrap_err();
    assert_eq!(reason(&closed), "LOG_CLOSED");
}

async fn live_and_filtered(site: &Site, sandbox: &str, image: &str, version: &v1::Version) {
    let script = "echo first; printf 'iin 900101300017 mail a.serik@example.kz \\033[31mred\\033[0m\\a\\n'; \
        sleep 2; echo last";
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(image, script)
    };
    // The stream is opened before the job runs, so it follows the job from its queue to its end.
    let job = site.submit(sandbox, job).await.unwrap();
    let mut stream = open(site, &job.name, 0).await.unwrap();
    let first = stream.message().await.unwrap().unwrap();
    assert!(first.data.starts_with(b"first\n"), "{first:?}");
    assert_eq!((first.offset, first.budget_bytes), (0, 4096));
    let now = site.job(&job.name).await;
    assert_eq!(now.state(), State::Running, "the log is live");
    let begin = String::from_utf8(first.data).unwrap();
    let (text, truncated) = rest(stream, begin.len()).await;
    let whole = begin + &text;
    assert_eq!(whole, "first\niin *** mail *** red\nlast\n");
    assert!(!truncated);
    let job = site.wait_job(&job.name).await;

    // After the end the same bytes are there, from any offset on.
    for offset in [0, 3, 6, whole.len() - 1, whole.len()] {
        let stream = open(site, &job.name, i64::try_from(offset).unwrap()).await;
        let (text, _) = rest(stream.unwrap(), offset).await;
        assert_eq!(text, whole[offset..], "from {offset}");
    }
    // The whole log, unfiltered, is an output for the airlock.
    site.release(&job.output).await;
    let log = site.released_file(&job.output, ".sandyq/job.log").await;
    assert!(String::from_utf8(log).unwrap().contains("900101300017"));
}

async fn bounded(site: &Site, sandbox: &str, image: &str, versions: &[&v1::Version]) {
    let script =
        "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; sleep 1; echo the end";
    let job = v1::Job {
        versions: versions.iter().map(|v| v.name.clone()).collect(),
        ..shell(image, script)
    };
    let job = site.submit(sandbox, job).await.unwrap();
    let mut stream = open(site, &job.name, 0).await.unwrap();
    let first = stream.message().await.unwrap().unwrap();
    assert_eq!(first.budget_bytes, 1000, "the strictest grant rules");
    let begin = String::from_utf8(first.data.to_vec()).unwrap();
    let (text, truncated) = rest(stream, begin.len()).await;
    let live = begin + &text;
    assert!(live.len() <= 1000, "{} bytes", live.len());
    assert!(live.starts_with("line 0\nline 1\n"), "{live}");
    assert!(live.ends_with("line 1999\nthe end\n"), "{live}");
    assert!(live.contains("lines are not shown]\n"), "{live}");
    assert!(truncated, "the last message says that something is missing");
    site.wait_job(&job.name).await;
    let (after, truncated) = rest(open(site, &job.name, 0).await.unwrap(), 0).await;
    assert_eq!(after, live);
    assert!(truncated);
    let (after, _) = rest(open(site, &job.name, 700).await.unwrap(), 700).await;
    assert_eq!(after, live[700..]);
}
