//! Thousands of jobs that wait.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::Site;

use super::{cancel, get, job, runs, site_with, submit};

const SANDBOXES: usize = 8;
const EACH: usize = 250;

async fn median_get(site: &Site, name: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..41 {
        let begin = Instant::now();
        get(site, name).await;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn two_thousand_waiting_jobs_slow_nothing() {
    let site = site_with(&[("jobs.concurrent", "1")]).await;
    let image = site.approved_image().await;
    let first = site.open_sandbox("many").await;
    let holder = submit(
        &site,
        "developer",
        &first,
        job(&image, "sleep 600", 500, 900),
    )
    .await;
    let holder = holder.unwrap().name;
    runs(&site, &holder).await;
    let waiting = submit(&site, "developer", &first, job(&image, "true", 500, 60)).await;
    let waiting = waiting.unwrap().name;
    let alone = median_get(&site, &waiting).await;

    let mut sandboxes = Vec::new();
    for number in 0..SANDBOXES {
        sandboxes.push(
            site.open_roomy_sandbox(
                "developer",
                "systems/many-system",
                &format!("many-{number}"),
            )
            .await,
        );
    }
    let wanted = job(&image, "true", 500, 60);
    let filling = sandboxes.iter().map(|sandbox| async {
        let mut last = String::new();
        for _ in 0..EACH {
            let job = submit(&site, "developer", sandbox, wanted.clone()).await;
            last = job.unwrap().name;
        }
        last
    });
    let lasts = join_all(filling).await;

    let among = median_get(&site, &waiting).await;
    assert!(
        among < (alone * 3).max(Duration::from_millis(30)),
        "GetJob takes {among:?} among 2,000 jobs, {alone:?} without"
    );
    let told = site
        .wait_job_until(&lasts[0], |job| job.queue_position > 1000)
        .await;
    assert_eq!(
        (told.state(), &*told.waiting_reason),
        (State::Queued, "CAPACITY")
    );
    let wait = prost_types::Timestamp::from(std::time::SystemTime::now()).seconds;
    let estimate = told.estimated_start_time.unwrap().seconds;
    assert!(
        estimate > wait + 900,
        "after a thousand jobs of a minute each"
    );

    let begin = Instant::now();
    cancel(&site, &lasts[0]).await;
    let ended = site.wait_job(&lasts[0]).await;
    assert_eq!(ended.state(), State::Cancelled);
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    // The next one starts as soon as there is room.
    cancel(&site, &holder).await;
    let ended = site.wait_job(&waiting).await;
    assert_eq!(ended.state(), State::Succeeded);
}

/// What waited before a restart waits after it, in the same order.
#[tokio::test]
async fn the_queue_is_the_same_after_a_restart() {
    let mut site = site_with(&[("jobs.concurrent", "1")]).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("again").await;
    let holder = submit(
        &site,
        "developer",
        &sandbox,
        job(&image, "sleep 600", 500, 900),
    )
    .await;
    let holder = holder.unwrap().name;
    runs(&site, &holder).await;
    let mut names = Vec::new();
    for priority in [0, 3, -2] {
        let wanted = v1::Job {
            priority,
            ..job(&image, "true", 500, 60)
        };
        let job = submit(&site, "developer", &sandbox, wanted).await.unwrap();
        names.push(job.name);
    }
    site.kill();
    site.serve().await;
    let mut positions = Vec::new();
    for name in &names {
        let job = site
            .wait_job_until(name, |job| job.queue_position > 0)
            .await;
        assert_eq!(job.waiting_reason, "CAPACITY");
        positions.push(job.queue_position);
    }
    assert_eq!(positions, [2, 1, 3]);
    cancel(&site, &holder).await;
    for name in &names {
        assert_eq!(site.wait_job(name).await.state(), State::Succeeded);
    }
}
