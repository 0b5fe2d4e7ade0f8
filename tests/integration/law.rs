//! Each rule of the law that the platform enforces: the breach is tried, and refused. `docs/law.md` lists them.

mod data;
mod declaring;
mod granting;
mod incidents;
mod lending;
mod rights;
mod systems;
mod withdrawal;

pub use granting::sandbox_of_high_risk;

use std::time::Duration;

use bytes::Bytes;
use prost_reflect::DescriptorPool;
use sandyq_proto::v1;
use sandyq_tests::engine::{PrivateEngine, has_gvisor};
use sandyq_tests::work::{in_seconds, shell};
use sandyq_tests::{Options, Site, fields, raw, reason, repository, request_id};
use tonic::Code;

#[tokio::test]
async fn law_01_a_sandbox_has_a_stage_and_an_end_and_nothing_outlives_it() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    let asked = v1::Sandbox {
        display_name: "endless".to_owned(),
        system: "systems/none".to_owned(),
        stage: v1::Stage::Training.into(),
        expire_time: in_seconds(600),
        budget: Some(sandyq_tests::work::budget()),
        ..Default::default()
    };
    site.open_sandbox("first").await;
    let system = "systems/first-system".to_owned();
    let wrong = [
        (
            v1::Sandbox {
                stage: 0,
                ..asked.clone()
            },
            "sandbox.stage",
        ),
        (
            v1::Sandbox {
                expire_time: None,
                ..asked.clone()
            },
            "sandbox.expire_time",
        ),
        (
            v1::Sandbox {
                expire_time: in_seconds(366 * 24 * 3600),
                ..asked.clone()
            },
            "sandbox.expire_time",
        ),
        (
            v1::Sandbox {
                budget: None,
                ..asked
            },
            "sandbox.budget",
        ),
    ];
    for (sandbox, field) in wrong {
        let request = v1::CreateSandboxRequest {
            sandbox_id: "endless".to_owned(),
            sandbox: Some(v1::Sandbox {
                system: system.clone(),
                ..sandbox
            }),
            request_id: request_id(),
        };
        let status = site
            .user("developer")
            .sandbox()
            .create_sandbox(request)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), fields(&status)),
            (Code::InvalidArgument, vec![field.to_owned()]),
            "{status:?}"
        );
    }

    // A job that would go on for a minute is ended with its sandbox, and what it read is gone.
    let sandbox = site.open_sandbox_for("developer", "short", 10).await;
    let end = site.sandbox(&sandbox).await.expire_time;
    let request = v1::CreateGrantRequest {
        grant: Some(v1::Grant {
            version: version.name.clone(),
            sandbox: sandbox.clone(),
            purpose: "research".to_owned(),
            justification: "a study".to_owned(),
            expire_time: end,
            ..Default::default()
        }),
        request_id: request_id(),
    };
    let asked = site
        .user("developer")
        .access()
        .create_grant(request)
        .await
        .unwrap();
    let request = v1::ApproveGrantRequest {
        name: asked.into_inner().grant.unwrap().name,
        ..Default::default()
    };
    site.user("owner")
        .access()
        .approve_grant(request)
        .await
        .unwrap();
    let job = v1::Job {
        versions: vec![version.name],
        ..shell(
            &image,
            "cat /data/people/people.parquet > /out/copy; sleep 60",
        )
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let running = site
        .wait_job_until(&job.name, |job| job.state() == v1::job::State::Running)
        .await;
    assert!(running.output.is_empty());
    let ended = site.wait_job(&job.name).await;
    let ended_at = std::time::SystemTime::now();
    assert_eq!(ended.state(), v1::job::State::Cancelled, "{ended:?}");
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Revoked);
    assert!(ended.output.is_empty(), "nothing of it is kept: {ended:?}");
    let end = std::time::SystemTime::try_from(end.unwrap()).unwrap();
    assert!(ended_at >= end, "its time was cut short: {ended:?}");
    // Whoever sees first that the term is over ends the job; the sandbox follows at once.
    for _ in 0..100 {
        if site.sandbox(&sandbox).await.state() == v1::sandbox::State::Expired {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        site.sandbox(&sandbox).await.state(),
        v1::sandbox::State::Expired
    );
    let status = site
        .submit(&sandbox, shell(&image, "true"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "SANDBOX_NOT_ACTIVE");
    let staged = || {
        let below = site.dir.join("work");
        site.files()
            .into_iter()
            .filter(|file| file.starts_with(&below))
            .count()
    };
    for _ in 0..100 {
        if staged() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(staged(), 0, "{:?}", site.files());
}

#[tokio::test]
async fn law_02_a_library_is_versioned_as_a_whole() {
    data::versioned_as_a_whole(&Site::start().await).await;
}

/// `Service.Method` paths of every call.
fn calls() -> Vec<String> {
    let pool = DescriptorPool::decode(sandyq_proto::DESCRIPTOR_SET).unwrap();
    let mut out = Vec::new();
    for service in pool.services() {
        for method in service.methods() {
            out.push(format!("/{}/{}", service.full_name(), method.name()));
        }
    }
    out
}

#[tokio::test]
async fn law_06_what_no_policy_permits_is_denied() {
    let mut site = Site::start().await;
    site.kill();
    // The operator forbids everything, and can permit nothing that the law's policies do not.
    let own = site.dir.join("policies/own.cedar");
    let policy = |effect: &str| {
        format!(r#"@id("own.all") @reason("all") {effect} (principal, action, resource);"#)
    };
    std::fs::write(&own, policy("permit")).unwrap();
    let said = site.serve_in_vain();
    assert!(
        said.contains("own.cedar, line 1: policy `own.all` is a permit"),
        "{said}"
    );
    std::fs::write(&own, policy("forbid")).unwrap();
    site.serve().await;
    for who in ["admin", "owner", "developer", "auditor"] {
        for path in calls() {
            let outcome = raw::call(site.user(who).channel(), &path, vec![Bytes::new()]).await;
            let status = outcome.expect_err(&path);
            assert!(
                matches!(status.code(), Code::PermissionDenied | Code::NotFound),
                "{who} {path}: {status:?}"
            );
        }
    }
    // With the policies as delivered, every call is closed to somebody, those aside that are about oneself or public.
    let golden = std::fs::read_to_string(repository().join("tests/golden/roles.txt")).unwrap();
    let open: Vec<&str> = golden
        .lines()
        .skip(1)
        .filter(|line| {
            line.matches("PERMISSION_DENIED/PERMISSION_DENIED").count() == 0
                && !line.contains("NOT_FOUND")
        })
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        open,
        [
            "AuditService.GetCheckpoint",
            "AuditService.GetConsistencyProof",
            "IdentityService.Enroll",
            "IdentityService.GetOrganization",
            "IdentityService.ListOrganizations",
            "IdentityService.RenewCertificate",
            "IdentityService.WhoAmI",
        ]
    );
}

#[tokio::test]
async fn law_07_use_stays_within_declared_purposes_and_conditions() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("box").await;
    granting::only_the_owner_decides(&site, &version.name, &sandbox).await;
    granting::a_job_stays_within_its_grant(&site, &version.name, &sandbox, &image).await;
    granting::a_purpose_that_is_withdrawn_ends_use(&site, &version.name, &sandbox, &image).await;
}

#[tokio::test]
async fn law_09_a_system_of_high_risk_does_not_run_without_a_kernel_of_its_own() {
    let site = Site::start().await;
    let image = site.approved_image().await;
    let sandbox = granting::sandbox_of_high_risk(&site).await;
    // Its kernel is not the host's, which the job tells by its exit code.
    let ours = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let script = format!("[ $(uname -r) != {} ]", ours.trim());
    let submitted = site.submit(&sandbox, shell(&image, &script)).await;
    if has_gvisor() {
        let job = site.wait_job(&submitted.unwrap().name).await;
        assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    } else {
        refused_for_its_isolation(submitted);
    }
    let minimal = site.open_sandbox("minimal").await;
    let job = site.submit(&minimal, shell(&image, &script)).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Failed, "the host's: {job:?}");

    let bare = PrivateEngine::start();
    let options = Options {
        environment: vec![("DOCKER_HOST".to_owned(), bare.host())],
        ..Options::default()
    };
    let site = Site::start_with(options).await;
    let image = site.approved_image().await;
    let sandbox = granting::sandbox_of_high_risk(&site).await;
    refused_for_its_isolation(site.submit(&sandbox, shell(&image, "true")).await);
}

fn refused_for_its_isolation(submitted: Result<v1::Job, tonic::Status>) {
    let status = submitted.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    assert_eq!(reason(&status), "ISOLATION_NOT_AVAILABLE");
}

#[tokio::test]
async fn law_10_a_fully_autonomous_system_cannot_be_declared() {
    granting::autonomy(&Site::start().await).await;
}

#[tokio::test]
async fn law_16_a_withdrawal_of_consent_ends_processing_for_good() {
    withdrawal::withdrawal(&Site::start().await).await;
}

#[tokio::test]
async fn law_16_a_release_made_before_a_withdrawal_is_not_published() {
    withdrawal::releases_under_way(&Site::start().await).await;
}

#[tokio::test]
async fn law_05_a_system_is_documented_for_its_risk_class_before_it_is_submitted() {
    systems::documented(&Site::start().await).await;
}

#[tokio::test]
async fn law_10_prohibited_functions_need_their_lawful_exception() {
    systems::prohibited_functions(&Site::start().await).await;
}

#[tokio::test]
async fn law_11_risks_are_reviewed_and_a_system_can_be_stopped() {
    let options = Options {
        config: vec![(
            "governance.risk_review_grace_days".to_owned(),
            "0".to_owned(),
        )],
        ..Options::default()
    };
    let site = Site::start_with(options).await;
    let image = site.approved_image().await;
    systems::suspended_and_ended(&site, &image).await;
    let version = site.publish_register("people", 0..40).await;
    systems::risks_are_reviewed(&site, &image, &version.name).await;
}

#[tokio::test]
async fn law_04_a_special_state_body_lends_on_its_own_initiative_alone() {
    declaring::special_state_body(&Site::start().await).await;
}

#[tokio::test]
async fn law_08_owners_learn_which_systems_used_their_libraries() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    lending::uses_are_told(&site, &version.name, &image).await;
}

#[tokio::test]
async fn law_13_14_15_a_library_is_declared_lawfully() {
    declaring::declared_lawfully(&Site::start().await).await;
}

#[tokio::test]
async fn law_07_the_owners_rule_binds_grants_and_jobs() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    lending::the_rule_binds(&site, &version.name).await;
    lending::two_people_approve_and_a_renewal_is_a_request(&site, &version.name).await;
    lending::a_tightened_rule_ends_what_runs(&site, &version.name, &image).await;
}

#[tokio::test]
async fn law_15_no_grant_outlasts_consent() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    lending::consent_bounds_grants(&site, &version.name).await;
}

#[tokio::test]
async fn law_17_what_an_owner_declares_as_depersonalized_is_measured_all_the_same() {
    declaring::owner_depersonalized(&Site::start().await).await;
}

#[tokio::test]
async fn law_22_a_reservation_of_rights_blocks_training() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    lending::reserved_for_training(&site, &version.name).await;
}

#[tokio::test]
async fn law_25_likeness_and_voice_are_altered_only_with_consent() {
    systems::likeness(&Site::start().await).await;
}

#[tokio::test]
async fn law_17_only_what_was_depersonalized_and_measured_is_lent() {
    let site = Site::start().await;
    data::nothing_is_published_unmeasured(&site).await;
    data::a_job_sees_the_release_only(&site).await;
}

#[tokio::test]
async fn law_18_objections_are_answered_in_three_working_days() {
    let site = Site::start().await;
    rights::answers(&site).await;
    rights::overdue(&site).await;
    rights::bad_requests(&site).await;
}

#[tokio::test]
async fn law_18_a_term_outside_of_the_calendar_is_refused() {
    rights::calendar_without_the_year().await;
}

#[tokio::test]
async fn law_19_raw_data_cannot_be_read_back() {
    let site = Site::start().await;
    data::no_call_answers_with_raw_bytes(&site).await;
    data::nothing_raw_lies_on_the_disk(&site).await;
    data::messages_that_may_quote_raw_values_are_the_owners(&site).await;
}

#[tokio::test]
async fn law_21_a_breach_tells_whose_data_it_was_and_who_is_to_be_told() {
    let site = Site::start().await;
    incidents::breach(&site).await;
}

#[tokio::test]
async fn law_24_an_incident_tells_the_fine_that_it_exposes_to() {
    incidents::exposure(&Site::start().await).await;
}
