//! Another attempt, where the platform failed and the command has not run.

use std::path::Path;
use std::process::Command;

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::Site;

use super::{job, site_with, submit, waits_for};

/// A disk that the kernel has made read-only, as it does after an error: no volume can be made on it.
fn break_disk(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let options = ["-t", "tmpfs", "-o", "ro", "tmpfs"];
    let status = Command::new("mount").args(options).arg(folder).status();
    assert!(status.unwrap().success());
}

fn mend_disk(folder: &Path) {
    let status = Command::new("umount").arg(folder).status();
    assert!(status.unwrap().success());
}

async fn on_a_broken_disk(site: &Site) -> v1::Job {
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("retries").await;
    break_disk(&site.dir.join("work/jobs"));
    let wanted = job(&image, "echo once >> /out/runs", 500, 60);
    submit(site, "developer", &sandbox, wanted).await.unwrap()
}

#[tokio::test]
async fn a_job_that_could_not_be_prepared_is_tried_again() {
    let site = site_with(&[]).await;
    let submitted = on_a_broken_disk(&site).await;
    let waiting = waits_for(&site, &submitted.name, "RETRY").await;
    assert_eq!((waiting.state(), waiting.attempts), (State::Queued, 1));
    assert!(!waiting.state_message.is_empty(), "it says what failed");
    mend_disk(&site.dir.join("work/jobs"));
    let ended = site.wait_job(&submitted.name).await;
    assert_eq!(ended.state(), State::Succeeded, "{}", ended.state_message);
    assert!(ended.attempts >= 2, "{} attempts", ended.attempts);
}

#[tokio::test]
async fn attempts_are_bounded() {
    let site = site_with(&[("jobs.retries", "1")]).await;
    let submitted = on_a_broken_disk(&site).await;
    let ended = site.wait_job(&submitted.name).await;
    assert_eq!(ended.state(), State::Failed);
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::EngineError);
    assert_eq!(ended.attempts, 2);
    mend_disk(&site.dir.join("work/jobs"));
    // One whose command has run is never tried again, however it ends.
    let image = ended.image;
    let wanted = job(&image, "exit 3", 500, 60);
    let sandbox = submitted.name.rsplit_once("/jobs/").unwrap().0;
    let ran = submit(&site, "developer", sandbox, wanted).await.unwrap();
    let ran = site.wait_job(&ran.name).await;
    assert_eq!((ran.exit_code, ran.attempts), (3, 1));
}
