//! What a job runs under ends before the job does.

use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::CauseOfDeath as Cause;
use sandyq_proto::v1::job::State;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, reason, request_id};
use sqlx::Connection as _;

use super::{running, site_for};

const ENDLESS: &str = "echo half > /out/half; echo working; sleep 100";

fn assert_revoked(job: &v1::Job) {
    assert_eq!(job.state(), State::Cancelled, "{job:?}");
    assert_eq!(job.cause_of_death(), Cause::Revoked, "{job:?}");
    assert_eq!(job.output, "", "nothing of a revoked job is kept");
}

async fn sandbox_secrets(site: &Site) -> i64 {
    let url = format!("sqlite:{}", site.dir.join("state.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let found = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM secrets WHERE name LIKE 'secrets/sandbox-%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    found
}

#[tokio::test]
async fn a_job_ends_with_its_grant_and_with_its_sandbox() {
    let site = site_for(3).await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    let granted = site.open_sandbox("granted").await;
    let destroyed = site.open_sandbox("destroyed").await;
    let grant = site.grant(&version.name, &granted, "research", 600).await;
    assert_eq!(sandbox_secrets(&site).await, 2);
    let with_data = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(&image, ENDLESS)
    };
    let under_grant = site.submit(&granted, with_data.clone()).await.unwrap();
    let in_sandbox = site
        .submit(&destroyed, shell(&image, ENDLESS))
        .await
        .unwrap();
    let short = site.open_sandbox_for("developer", "short", 6).await;
    let in_short = site.submit(&short, shell(&image, ENDLESS)).await.unwrap();
    for job in [&under_grant, &in_sandbox, &in_short] {
        running(&site, &job.name).await;
    }

    let begin = Instant::now();
    let request = v1::RevokeGrantRequest {
        name: grant.name.clone(),
        reason: "misuse".to_owned(),
        request_id: request_id(),
    };
    site.user("owner")
        .access()
        .revoke_grant(request)
        .await
        .unwrap();
    assert_revoked(&site.wait_job(&under_grant.name).await);
    assert!(begin.elapsed() < Duration::from_secs(5));
    let denied = site.submit(&granted, with_data).await.unwrap_err();
    assert_eq!(reason(&denied), "ACCESS_DENIED");

    let begin = Instant::now();
    let request = v1::DestroySandboxRequest {
        name: destroyed.clone(),
        reason: "abandoned".to_owned(),
        request_id: request_id(),
    };
    site.user("admin")
        .sandbox()
        .destroy_sandbox(request)
        .await
        .unwrap();
    assert_revoked(&site.wait_job(&in_sandbox.name).await);
    assert!(begin.elapsed() < Duration::from_secs(5));

    assert_revoked(&site.wait_job(&in_short.name).await);
    for (sandbox, state) in [
        (&destroyed, v1::sandbox::State::Destroyed),
        (&short, v1::sandbox::State::Expired),
    ] {
        assert_eq!(site.sandbox(sandbox).await.state(), state);
        let refused = site
            .submit(sandbox, shell(&image, "true"))
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "SANDBOX_NOT_ACTIVE");
    }
    // The keys of the two sandboxes are gone; that of the third is still there.
    assert_eq!(sandbox_secrets(&site).await, 1);
    let request = v1::ListOutputsRequest::default();
    let answer = site.user("admin").airlock().list_outputs(request).await;
    assert!(answer.unwrap().into_inner().outputs.is_empty());
    site.wait_clean().await;
}

#[tokio::test]
async fn a_job_ends_with_the_term_of_its_grant_and_with_its_version() {
    let site = site_for(2).await;
    let lent = site.publish_register("lent", 0..40).await;
    let retired = site.publish_register("retired", 0..40).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("terms").await;
    site.grant(&retired.name, &sandbox, "research", 600).await;
    site.grant(&lent.name, &sandbox, "research", 6).await;
    let mut jobs = Vec::new();
    for version in [&lent, &retired] {
        let job = v1::Job {
            versions: vec![version.name.clone()],
            ..shell(&image, ENDLESS)
        };
        jobs.push((version, site.submit(&sandbox, job).await.unwrap()));
    }
    for (_, job) in &jobs {
        running(&site, &job.name).await;
    }
    let begin = Instant::now();
    let request = v1::RetireVersionRequest {
        name: retired.name.clone(),
        reason: "collected in error".to_owned(),
        request_id: request_id(),
    };
    site.user("owner")
        .library()
        .retire_version(request)
        .await
        .unwrap();
    assert_revoked(&site.wait_job(&jobs[1].1.name).await);
    assert!(begin.elapsed() < Duration::from_secs(5));
    // The other grant ends by itself, and is shown as what it is.
    assert_revoked(&site.wait_job(&jobs[0].1.name).await);
    let request = v1::ListGrantsRequest {
        sandbox: sandbox.clone(),
        state: v1::grant::State::Expired.into(),
        ..Default::default()
    };
    let answer = site.user("owner").access().list_grants(request).await;
    let expired = answer.unwrap().into_inner().grants;
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].version, lent.name);
    for (version, _) in jobs {
        let job = v1::Job {
            versions: vec![version.name.clone()],
            ..shell(&image, "true")
        };
        let refused = site.submit(&sandbox, job).await.unwrap_err();
        assert_eq!(reason(&refused), "ACCESS_DENIED", "{}", version.name);
    }
    site.wait_clean().await;
}

/// The grant is ended while the container is about to be made, runs, or has just ended.
#[tokio::test]
async fn nothing_is_kept_of_a_job_whose_grant_ended_at_any_moment_of_it() {
    let site = site_for(2).await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("moments").await;
    // Much output, so that collecting it takes a while.
    let job = v1::Job {
        versions: vec![version.name.clone()],
        limits: Some(v1::Limits {
            memory_bytes: 64 << 20,
            output_bytes: 64 << 20,
            ..Default::default()
        }),
        ..shell(&image, "head -c 40000000 /dev/urandom > /out/large")
    };
    for state in [
        State::Queued,
        State::Staging,
        State::Running,
        State::Collecting,
        State::Collecting,
        State::Collecting,
    ] {
        let grant = site.grant(&version.name, &sandbox, "research", 600).await;
        let job = site.submit(&sandbox, job.clone()).await.unwrap();
        site.wait_job_until(&job.name, |job| job.state() >= state)
            .await;
        let request = v1::RevokeGrantRequest {
            name: grant.name,
            reason: "misuse".to_owned(),
            request_id: request_id(),
        };
        let mut client = site.user("owner").access();
        client.revoke_grant(request).await.unwrap();
        // Once the owner has the answer, only a job that had ended before may have left something.
        let had_ended = site.job(&job.name).await;
        let ended = site.wait_job(&job.name).await;
        if had_ended.end_time.is_some() && had_ended.state() >= State::Succeeded {
            assert_eq!(had_ended.output, ended.output);
        } else {
            assert_revoked(&ended);
        }
    }
    site.wait_clean().await;
}
