//! Line 23: ways to tell something to the outside that are not outputs.

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, reason};

#[tokio::test]
async fn attack_23_what_is_told_on_the_side_is_closed_bounded_or_reviewed() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let sandbox = site.open_sandbox("box").await;
    site.grant_with_log(&version.name, &sandbox, 0).await;
    let image = site.approved_image().await;
    // By its log, its exit code, the name of a file, and a variable of its environment. The job makes the number itself,
    // as it would from data: its command is known to all who see the job.
    let script =
        "number=900101$((300000 + 17)); echo $number; echo $number >&2; export LEAK=$number
        echo x > /out/$number; echo x > \"/out/$(printf 'a\\nb')\"; echo x > /out/..hidden
        exit 300";
    let job = v1::Job {
        versions: vec![version.name],
        ..shell(&image, script)
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let request = v1::StreamLogsRequest {
        name: job.name.clone(),
        ..Default::default()
    };
    let closed = site
        .user("developer")
        .sandbox()
        .stream_logs(request)
        .await
        .unwrap_err();
    assert_eq!(reason(&closed), "LOG_CLOSED");
    let ended = site.wait_job(&job.name).await;
    assert_eq!(ended.state(), State::Failed);
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Exit);
    assert_eq!(
        ended.exit_code, 1,
        "that it failed, not the 44 that it chose"
    );
    // No field of the job holds what it printed, and a file's name leaves only with the reviewed output.
    assert!(!format!("{ended:?}").contains("900101300017"), "{ended:?}");
    for path in ["900101300017", ".sandyq/job.log"] {
        let refused = site.download("developer", &ended.output, path).await;
        assert!(refused.is_err(), "{path} left without a review");
    }
    assert!(!site.log().contains("900101300017"), "the server's log");
}
