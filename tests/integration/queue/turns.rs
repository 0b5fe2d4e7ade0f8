//! Fair share, priorities, quotas and backfill.

use std::time::SystemTime;

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::fields;

use super::{cancel, get, job, runs, site_with, submit, waits_for};

fn started(job: &v1::Job) -> SystemTime {
    SystemTime::try_from(job.start_time.expect("it was started")).unwrap()
}

#[tokio::test]
async fn organizations_share_and_priorities_order_within_one() {
    let site = site_with(&[("jobs.concurrent", "2")]).await;
    let image = site.approved_image().await;
    let lab = site.open_sandbox("share-lab").await;
    let rival = site.open_sandbox_for("rival", "share-rival", 3600).await;
    let long = job(&image, "sleep 4", 500, 60);
    let mut holders = Vec::new();
    for _ in 0..2 {
        let held = submit(&site, "developer", &lab, long.clone())
            .await
            .unwrap();
        holders.push(held.name);
    }
    for name in &holders {
        runs(&site, name).await;
    }
    let short = job(&image, "true", 500, 20);
    let usual = submit(&site, "developer", &lab, short.clone())
        .await
        .unwrap();
    let urgent = v1::Job {
        priority: 7,
        ..short.clone()
    };
    let urgent = submit(&site, "developer", &lab, urgent).await.unwrap();
    assert_eq!((usual.priority, urgent.priority), (0, 7));
    let other = submit(&site, "rival", &rival, short.clone()).await.unwrap();
    let other = waits_for(&site, &other.name, "CAPACITY").await;
    let urgent = waits_for(&site, &urgent.name, "CAPACITY").await;
    let usual = get(&site, &usual.name).await;
    let positions = [&other, &urgent, &usual].map(|job| job.queue_position);
    assert_eq!(
        positions,
        [1, 2, 3],
        "who has nothing is first, then who is urgent"
    );
    for job in [&other, &urgent, &usual] {
        let estimate = SystemTime::try_from(job.estimated_start_time.unwrap()).unwrap();
        assert!(
            estimate > SystemTime::now(),
            "it waits until a limit passes"
        );
    }
    let other = site.wait_job(&other.name).await;
    let urgent = site.wait_job(&urgent.name).await;
    let usual = site.wait_job(&usual.name).await;
    assert!(started(&other) <= started(&usual) && started(&urgent) <= started(&usual));
    assert_eq!(usual.state(), State::Succeeded);
    assert_eq!((usual.queue_position, usual.attempts), (0, 1));
    assert_eq!(usual.estimated_start_time, None);

    let refused = v1::Job {
        priority: 11,
        ..short
    };
    let refused = submit(&site, "developer", &lab, refused).await.unwrap_err();
    assert_eq!(fields(&refused), ["job.priority"]);
}

#[tokio::test]
async fn quotas_hold_an_organization_and_a_sandbox_back() {
    let site = site_with(&[
        ("jobs.concurrent", "4"),
        ("jobs.memory_bytes", "1073741824"),
        ("jobs.organization.concurrent", "2"),
        ("jobs.organization.memory_bytes", "536870912"),
        ("jobs.sandbox.concurrent", "1"),
    ])
    .await;
    let image = site.approved_image().await;
    let one = site.open_sandbox("quota-one").await;
    let two = site.open_sandbox("quota-two").await;
    let three = site.open_sandbox("quota-three").await;
    let rival = site.open_sandbox_for("rival", "quota-rival", 3600).await;
    let long = job(&image, "sleep 60", 500, 120);
    let mut names = Vec::new();
    for sandbox in [&one, &two, &one, &three] {
        let job = submit(&site, "developer", sandbox, long.clone())
            .await
            .unwrap();
        names.push(job.name);
    }
    runs(&site, &names[0]).await;
    runs(&site, &names[1]).await;
    waits_for(&site, &names[2], "SANDBOX_BUSY").await;
    waits_for(&site, &names[3], "ORGANIZATION_QUOTA").await;
    let other = submit(&site, "rival", &rival, long.clone()).await.unwrap();
    runs(&site, &other.name).await;
    // Room in the organization goes to the one whose sandbox is free.
    cancel(&site, &names[1]).await;
    runs(&site, &names[3]).await;
    assert_eq!(get(&site, &names[2]).await.state(), State::Queued);

    let mut greedy = long;
    greedy.limits.as_mut().unwrap().memory_bytes = 600 << 20;
    let refused = submit(&site, "rival", &rival, greedy).await.unwrap_err();
    assert_eq!(fields(&refused), ["job.limits.memory_bytes"]);
    for name in [&names[0], &names[2], &names[3], &other.name] {
        cancel(&site, name).await;
    }
}

#[tokio::test]
async fn a_small_job_passes_a_big_one_that_it_does_not_delay() {
    let site = site_with(&[("jobs.concurrent", "4"), ("jobs.cpu_millis", "2000")]).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("backfill").await;
    let mut names = Vec::new();
    for wanted in [
        job(&image, "sleep 8", 1000, 60),
        job(&image, "true", 2000, 60),
        job(&image, "true", 500, 120),
        job(&image, "true", 500, 5),
    ] {
        let job = submit(&site, "developer", &sandbox, wanted).await.unwrap();
        names.push(job.name);
    }
    let small = site.wait_job(&names[3]).await;
    assert_eq!(small.state(), State::Succeeded);
    let big = get(&site, &names[1]).await;
    assert_eq!(
        (big.state(), &*big.waiting_reason),
        (State::Queued, "CAPACITY")
    );
    waits_for(&site, &names[2], "RESERVED").await;
    let long = site.wait_job(&names[2]).await;
    let big = site.wait_job(&names[1]).await;
    assert!(started(&small) < started(&big) && started(&big) <= started(&long));
}
