//! The main job: a library goes in, a depersonalized version is granted, a container uses it, the result leaves through review.

use sandyq_proto::v1;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, sha256};

#[tokio::test]
async fn a_library_goes_in_and_a_reviewed_result_comes_out() {
    let site = Site::start().await;
    carry_out(&site).await;
}

/// From the upload of the Adult data set to the download of a result that was reviewed; returns the job.
pub async fn carry_out(site: &Site) -> v1::Job {
    let version = site.publish_adult("adult").await;
    assert_eq!(version.state(), v1::version::State::Published);
    let sandbox = site.open_sandbox("incomes").await;
    let grant = site
        .grant(&version.name, &sandbox, "research.incomes", 600)
        .await;
    assert_eq!(grant.state(), v1::grant::State::Active);
    let image = site.approved_image().await;
    let script = "ls -l /data/adult; head -c 4 /data/adult/adult.parquet > /out/magic; echo iin 900101300017; echo done";
    let job = v1::Job {
        versions: vec![version.name.clone()],
        purpose: "research.incomes.brackets".to_owned(),
        ..shell(&image, script)
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    assert_eq!(job.cause_of_death(), v1::CauseOfDeath::Exit);
    assert!(job.usage.as_ref().unwrap().input_bytes > 0);

    // Before release nothing of the output can be seen or had.
    let denied = site
        .download("developer", &job.output, "magic")
        .await
        .unwrap_err();
    assert_eq!(denied.code(), tonic::Code::PermissionDenied, "{denied:?}");
    let released = site.release(&job.output).await;
    assert_eq!(released.state(), v1::output::State::Released);
    let magic = site
        .download("developer", &job.output, "magic")
        .await
        .unwrap();
    assert_eq!(magic, b"PAR1");
    let listed = released
        .files
        .iter()
        .find(|file| file.path == "magic")
        .unwrap();
    assert_eq!(listed.sha256, sha256(&magic));
    let log = site
        .download("developer", &job.output, ".sandyq/job.log")
        .await
        .unwrap();
    assert!(String::from_utf8(log).unwrap().contains("done"));
    job
}
