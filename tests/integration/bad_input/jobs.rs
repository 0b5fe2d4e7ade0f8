//! Jobs, grants and sandboxes that may not be.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_tests::work::{budget, shell};
use sandyq_tests::{Site, fields, images as archives, request_id};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::told;

/// What jobs could use.
pub struct World {
    version: String,
    sandbox: String,
    image: String,
}

impl World {
    /// A published version, an open sandbox, and an image that nobody has approved yet.
    pub async fn make(site: &Site) -> Self {
        let version = site.publish_register("people", 0..40).await;
        let sandbox = site.open_sandbox("box").await;
        let imported = archives::import(&site.user("developer"), &archives::busybox()).await;
        Self {
            version: version.name,
            sandbox,
            image: imported.unwrap().name,
        }
    }

    fn job(&self, purpose: &str) -> v1::Job {
        v1::Job {
            versions: vec![self.version.clone()],
            purpose: purpose.to_owned(),
            ..shell(&self.image, "true")
        }
    }
}

async fn refused(site: &Site, sandbox: &str, job: v1::Job) -> Status {
    site.submit(sandbox, job)
        .await
        .expect_err("the job was taken")
}

pub async fn images(site: &Site, world: &World) {
    let unknown = format!("images/{}", "0".repeat(64));
    for image in [unknown.as_str(), "busybox:latest", "", "images/latest"] {
        let status = refused(site, &world.sandbox, shell(image, "true")).await;
        told(
            &status,
            Code::FailedPrecondition,
            "IMAGE_UNKNOWN",
            &[image, "digest"],
        );
    }
    let status = refused(site, &world.sandbox, shell(&world.image, "true")).await;
    told(
        &status,
        Code::FailedPrecondition,
        "IMAGE_NOT_APPROVED",
        &[&world.image, "IMPORTED", "operator"],
    );
    let noise = vec![v1::ImportImageRequest {
        display_name: "noise".to_owned(),
        data: b"this is no archive".to_vec().into(),
        ..Default::default()
    }];
    let mut client = site.user("developer").image();
    let status = client
        .import_image(tokio_stream::iter(noise))
        .await
        .unwrap_err();
    told(
        &status,
        Code::InvalidArgument,
        "IMAGE_ARCHIVE_INVALID",
        &["docker save"],
    );
    assert_eq!(site.approved_image().await, world.image);
}

/// A job with other limits.
fn limited(world: &World, change: impl Fn(&mut v1::Limits)) -> v1::Job {
    let mut job = shell(&world.image, "true");
    change(job.limits.as_mut().unwrap());
    job
}

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

pub async fn budgets_and_limits(site: &Site, world: &World) {
    let most = budget();
    let over = [
        (
            limited(world, |l| l.memory_bytes = most.memory_bytes + 1),
            "job.limits.memory_bytes",
        ),
        (
            limited(world, |l| l.output_bytes = most.output_bytes + 1),
            "job.limits.output_bytes",
        ),
        (
            limited(world, |l| l.wall_clock_duration = seconds(100_001)),
            "job.limits.wall_clock_duration",
        ),
    ];
    for (job, field) in over {
        let status = refused(site, &world.sandbox, job).await;
        told(
            &status,
            Code::ResourceExhausted,
            "BUDGET_EXCEEDED",
            &[field, &world.sandbox, "leaves"],
        );
        let info = status.get_error_details().error_info().unwrap().clone();
        assert_eq!(info.metadata["field"], field);
    }
    let wrong = [
        (
            limited(world, |l| l.memory_bytes = -1),
            "job.limits.memory_bytes",
        ),
        (
            limited(world, |l| l.memory_bytes = 1 << 60),
            "job.limits.memory_bytes",
        ),
        (limited(world, |l| l.pids = -1), "job.limits.pids"),
        (
            limited(world, |l| l.wall_clock_duration = seconds(-1)),
            "job.limits.wall_clock_duration",
        ),
        (
            limited(world, |l| l.wall_clock_duration = seconds(1 << 40)),
            "job.limits.wall_clock_duration",
        ),
        (
            v1::Job {
                command: vec![],
                ..shell(&world.image, "true")
            },
            "job.command",
        ),
        (
            v1::Job {
                environment: [("LD_PRELOAD".to_owned(), "/out/x.so".to_owned())].into(),
                ..shell(&world.image, "true")
            },
            "job.environment",
        ),
    ];
    for (job, field) in wrong {
        let status = refused(site, &world.sandbox, job).await;
        told(&status, Code::InvalidArgument, "INVALID_FIELD", &[field]);
        let found = fields(&status);
        assert!(
            found.iter().any(|found| found.starts_with(field)),
            "{field}: {found:?}"
        );
    }
}

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
            Code::FailedPrecondition,
            "PURPOSE_NOT_DECLARED",
            &[purpose, "(research)"],
        );
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
    grant(site, world, "research", 2).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
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
    let short = site.open_sandbox_for("developer", "short", 2).await;
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
    tokio::time::sleep(Duration::from_millis(2100)).await;
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

pub async fn resources_of_others(site: &Site, world: &World) {
    let sandbox = site.open_sandbox_for("rival", "rival-box", 3600).await;
    let status = refused(site, &sandbox, shell(&world.image, "true")).await;
    told(&status, Code::NotFound, "RESOURCE_NOT_FOUND", &[&sandbox]);
    // A rival may see the published version, but has no grant for it.
    let request = v1::CreateJobRequest {
        parent: sandbox,
        job: Some(world.job("research")),
        request_id: request_id(),
    };
    let status = site
        .user("rival")
        .sandbox()
        .create_job(request)
        .await
        .unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "ACCESS_DENIED",
        &[&world.version],
    );
}

pub async fn revoked_people(site: &Site, world: &World) {
    let user = site.enrol("leaving", "lab", v1::Role::Developer).await;
    let request = v1::RevokeUserRequest {
        name: user.name.clone(),
        reason: "left".to_owned(),
        ..Default::default()
    };
    site.user("admin")
        .identity()
        .revoke_user(request)
        .await
        .unwrap();
    let request = v1::CreateJobRequest {
        parent: world.sandbox.clone(),
        job: Some(shell(&world.image, "true")),
        request_id: request_id(),
    };
    let status = user.sandbox().create_job(request).await.unwrap_err();
    told(
        &status,
        Code::Unauthenticated,
        "CERTIFICATE_NOT_ACCEPTED",
        &["revoked"],
    );
}

/// None of the refused jobs exists, and none of them holds a part of the budget.
pub async fn nothing_remains(site: &Site, world: &World) {
    let mut client = site.user("developer").sandbox();
    let request = v1::ListJobsRequest {
        parent: world.sandbox.clone(),
        ..Default::default()
    };
    let listed = client.list_jobs(request).await.unwrap().into_inner();
    assert!(listed.jobs.is_empty(), "{listed:?}");
    let request = v1::GetSandboxRequest {
        name: world.sandbox.clone(),
    };
    let sandbox = client
        .get_sandbox(request)
        .await
        .unwrap()
        .into_inner()
        .sandbox
        .unwrap();
    let none = v1::Budget {
        cpu_duration: seconds(0),
        ..Default::default()
    };
    assert_eq!(sandbox.used, Some(none));
    // The limits themselves are not too narrow: a job within them runs.
    let job = site
        .submit(&world.sandbox, shell(&world.image, "true"))
        .await
        .unwrap();
    assert_eq!(
        site.wait_job(&job.name).await.state(),
        v1::job::State::Succeeded
    );
}
