//! Jobs, grants and sandboxes that may not be.

use std::process::Command;
use std::time::Duration;

use sandyq_proto::v1;
use sandyq_tests::work::{budget, shell};
use sandyq_tests::{Site, fields, images as archives, request_id, sha256};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::told;

/// What jobs could use.
pub struct World {
    pub version: String,
    pub sandbox: String,
    pub image: String,
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

    /// A job that uses the version.
    pub fn job(&self, purpose: &str) -> v1::Job {
        v1::Job {
            versions: vec![self.version.clone()],
            purpose: purpose.to_owned(),
            ..shell(&self.image, "true")
        }
    }
}

pub async fn refused(site: &Site, sandbox: &str, job: v1::Job) -> Status {
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
    // The same archive under a wrong hash is refused, and takes nothing away from the image that is approved.
    let archive = std::fs::read(archives::busybox()).unwrap();
    let altered = vec![v1::ImportImageRequest {
        display_name: "altered".to_owned(),
        archive_sha256: sha256(b"other"),
        data: Default::default(),
    }];
    let parts = archive.chunks(1 << 20).map(|part| v1::ImportImageRequest {
        data: part.to_vec().into(),
        ..Default::default()
    });
    let messages: Vec<_> = altered.into_iter().chain(parts).collect();
    let status = client
        .import_image(tokio_stream::iter(messages))
        .await
        .unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "HASH_MISMATCH",
        &[&sha256(&archive), &sha256(b"other")],
    );
    let there = Command::new("docker")
        .args([
            "image",
            "inspect",
            &world.image.replace("images/", "sha256:"),
        ])
        .output()
        .unwrap();
    assert!(there.status.success(), "{there:?}");
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
                command: vec!["sh\0".to_owned()],
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

/// A revocation ends what the user listens to, not the organization's job.
pub async fn an_open_log_ends_with_its_reader(site: &Site, world: &World) {
    let reader = site.enrol("reading", "lab", v1::Role::Developer).await;
    let job = shell(&world.image, "echo first; sleep 50");
    let job = site.submit(&world.sandbox, job).await.unwrap();
    let request = v1::StreamLogsRequest {
        name: job.name.clone(),
        offset: 0,
    };
    let mut log = reader
        .sandbox()
        .stream_logs(request)
        .await
        .unwrap()
        .into_inner();
    let first = log.message().await.unwrap().unwrap();
    assert_eq!(first.data, b"first\n".as_slice());
    let request = v1::RevokeUserRequest {
        name: reader.name.clone(),
        reason: "left".to_owned(),
        ..Default::default()
    };
    site.user("admin")
        .identity()
        .revoke_user(request)
        .await
        .unwrap();
    let next = tokio::time::timeout(Duration::from_secs(10), log.message());
    let status = next.await.expect("the log goes on").unwrap_err();
    told(
        &status,
        Code::Unauthenticated,
        "CERTIFICATE_NOT_ACCEPTED",
        &["revoked"],
    );
    let request = v1::CancelJobRequest {
        name: job.name.clone(),
        ..Default::default()
    };
    site.user("developer")
        .sandbox()
        .cancel_job(request)
        .await
        .unwrap();
    assert_eq!(
        site.wait_job(&job.name).await.state(),
        v1::job::State::Cancelled
    );
}
