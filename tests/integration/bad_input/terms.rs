//! Purposes, grants and sandboxes outside of which nothing is used.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, fields, request_id};
use tonic::Code;

use super::jobs::{World, refused};
use super::told;

async fn grant(site: &Site, world: &World, purpose: &str, seconds: u64) -> v1::Grant {
    site.grant(&world.version, &world.sandbox, purpose, seconds)
        .await
}

async fn revoke(site: &Site, grant: &v1::Grant) {
    let request = v1::RevokeGrantRequest {
        name: grant.name.clone(),
        reason: "no more".to_owned(),
        ..Default::default()
    };
    site.user("owner")
        .access()
        .revoke_grant(request)
        .await
        .unwrap();
}

pub async fn purposes(site: &Site, world: &World) {
    let ask =
        |purpose: &'static str| site.request_grant(&world.version, &world.sandbox, purpose, 60);
    for purpose in ["", "Research", "research..incomes", "research."] {
        let status = ask(purpose).await.unwrap_err();
        told(
            &status,
            Code::InvalidArgument,
            "INVALID_FIELD",
            &["research.health"],
        );
        assert_eq!(fields(&status), ["grant.purpose"]);
    }
    for purpose in ["marketing", "researcher"] {
        let status = ask(purpose).await.unwrap_err();
        told(
            &status,
            Code::InvalidArgument,
            "PURPOSE_NOT_DECLARED",
            &[purpose, "(research)"],
        );
        assert_eq!(fields(&status), ["grant.purpose"]);
    }
    let status = refused(site, &world.sandbox, world.job("research")).await;
    told(
        &status,
        Code::FailedPrecondition,
        "ACCESS_DENIED",
        &[&world.version, "no grant ties this version to this sandbox"],
    );
    let narrow = grant(site, world, "research.incomes", 600).await;
    for purpose in ["research", "research.income", "research.health"] {
        let status = refused(site, &world.sandbox, world.job(purpose)).await;
        told(
            &status,
            Code::FailedPrecondition,
            "ACCESS_DENIED",
            &[&world.version, purpose, "purpose"],
        );
    }
    let status = refused(site, &world.sandbox, world.job("Research")).await;
    assert_eq!(fields(&status), ["job.purpose"]);
    revoke(site, &narrow).await;
}

pub async fn ended_grants(site: &Site, world: &World) {
    let revoked = grant(site, world, "research", 600).await;
    revoke(site, &revoked).await;
    let status = refused(site, &world.sandbox, world.job("research")).await;
    told(
        &status,
        Code::FailedPrecondition,
        "ACCESS_DENIED",
        &[&world.version, "the grant is revoked"],
    );
    grant(site, world, "research", 3).await;
    tokio::time::sleep(Duration::from_millis(3100)).await;
    let status = refused(site, &world.sandbox, world.job("research")).await;
    told(
        &status,
        Code::FailedPrecondition,
        "ACCESS_DENIED",
        &[&world.version, "the grant's term has passed"],
    );
    let status = site
        .request_grant(&world.version, &world.sandbox, "research", 7200)
        .await
        .unwrap_err();
    told(
        &status,
        Code::InvalidArgument,
        "INVALID_FIELD",
        &["the end of the sandbox"],
    );
    assert_eq!(fields(&status), ["grant.expire_time"]);
    let past = v1::Grant {
        version: world.version.clone(),
        sandbox: world.sandbox.clone(),
        purpose: "research".to_owned(),
        justification: "late".to_owned(),
        expire_time: Some(prost_types::Timestamp {
            seconds: 1,
            nanos: 0,
        }),
        ..Default::default()
    };
    let request = v1::CreateGrantRequest {
        grant: Some(past),
        request_id: request_id(),
    };
    let status = site
        .user("developer")
        .access()
        .create_grant(request)
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["grant.expire_time"], "{status:?}");
}

pub async fn ended_sandboxes(site: &Site, world: &World) {
    let short = site.open_sandbox_for("developer", "short", 3).await;
    let destroyed = site.open_sandbox("destroyed").await;
    let request = v1::DestroySandboxRequest {
        name: destroyed.clone(),
        reason: "done".to_owned(),
        ..Default::default()
    };
    site.user("developer")
        .sandbox()
        .destroy_sandbox(request)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(3100)).await;
    for (sandbox, state) in [(short, "EXPIRED"), (destroyed, "DESTROYED")] {
        let status = refused(site, &sandbox, shell(&world.image, "true")).await;
        told(
            &status,
            Code::FailedPrecondition,
            "SANDBOX_NOT_ACTIVE",
            &[&sandbox, state],
        );
        let status = site
            .request_grant(&world.version, &sandbox, "research", 1)
            .await
            .unwrap_err();
        told(
            &status,
            Code::FailedPrecondition,
            "SANDBOX_NOT_ACTIVE",
            &[&sandbox],
        );
    }
}
