//! Who may use what, and for what.

use sandyq_proto::v1;
use sandyq_tests::work::{budget, in_seconds, shell};
use sandyq_tests::{Site, fields, reason, request_id};
use tonic::Code;

fn job(version: &str, image: &str, purpose: &str) -> v1::Job {
    v1::Job {
        versions: vec![version.to_owned()],
        purpose: purpose.to_owned(),
        ..shell(image, "true")
    }
}

pub async fn only_the_owner_decides(site: &Site, version: &str, sandbox: &str) {
    let grant = site
        .request_grant(version, sandbox, "research", 600)
        .await
        .unwrap();
    let request = v1::ApproveGrantRequest {
        name: grant.name.clone(),
        ..Default::default()
    };
    for (who, code) in [
        ("developer", Code::PermissionDenied),
        ("admin", Code::PermissionDenied),
        ("steward", Code::PermissionDenied),
        ("auditor", Code::PermissionDenied),
        ("other-owner", Code::NotFound),
        ("rival", Code::NotFound),
    ] {
        let status = site
            .user(who)
            .access()
            .approve_grant(request.clone())
            .await
            .unwrap_err();
        assert_eq!(status.code(), code, "{who}: {status:?}");
    }
    let later = v1::ApproveGrantRequest {
        expire_time: in_seconds(700),
        ..request
    };
    let status = site
        .user("owner")
        .access()
        .approve_grant(later)
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["expire_time"], "{status:?}");
    let request = v1::DenyGrantRequest {
        name: grant.name,
        ..Default::default()
    };
    let status = site
        .user("owner")
        .access()
        .deny_grant(request.clone())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["reason"], "{status:?}");
    let request = v1::DenyGrantRequest {
        reason: "not for this".to_owned(),
        ..request
    };
    site.user("owner")
        .access()
        .deny_grant(request)
        .await
        .unwrap();
}

pub async fn a_job_stays_within_its_grant(site: &Site, version: &str, sandbox: &str, image: &str) {
    let asked = site
        .request_grant(version, sandbox, "research.health", 600)
        .await
        .unwrap();
    let status = site
        .submit(sandbox, job(version, image, "research.health"))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&status),
        "ACCESS_DENIED",
        "a request is no grant: {status:?}"
    );
    let request = v1::ApproveGrantRequest {
        name: asked.name,
        conditions: Some(v1::GrantConditions {
            max_job_duration: Some(prost_types::Duration {
                seconds: 30,
                nanos: 0,
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    site.user("owner")
        .access()
        .approve_grant(request)
        .await
        .unwrap();
    for purpose in ["research", "research.incomes", "research.healthy"] {
        let status = site
            .submit(sandbox, job(version, image, purpose))
            .await
            .unwrap_err();
        assert_eq!(reason(&status), "ACCESS_DENIED", "{purpose}: {status:?}");
    }
    let status = site
        .submit(sandbox, job(version, image, "research.health"))
        .await
        .unwrap_err();
    assert_eq!(
        fields(&status),
        ["job.limits.wall_clock_duration"],
        "{status:?}"
    );
    let other = site.open_sandbox("other").await;
    let status = site
        .submit(&other, job(version, image, "research.health"))
        .await
        .unwrap_err();
    assert_eq!(
        reason(&status),
        "ACCESS_DENIED",
        "another sandbox has no part in it: {status:?}"
    );
    let twice = v1::Job {
        versions: vec![version.to_owned(), version.to_owned()],
        ..job(version, image, "research.health")
    };
    let status = site.submit(sandbox, twice).await.unwrap_err();
    assert_eq!(fields(&status), ["job.versions[1]"], "{status:?}");
    let mut within = job(version, image, "research.health.screening");
    within.limits.as_mut().unwrap().wall_clock_duration = Some(prost_types::Duration {
        seconds: 30,
        nanos: 0,
    });
    let within = site.submit(sandbox, within).await.unwrap();
    assert_eq!(
        site.wait_job(&within.name).await.state(),
        v1::job::State::Succeeded
    );
}

pub async fn a_purpose_that_is_withdrawn_ends_use(
    site: &Site,
    version: &str,
    sandbox: &str,
    image: &str,
) {
    site.grant(version, sandbox, "research.incomes", 600).await;
    let library = v1::Library {
        name: "libraries/people".to_owned(),
        purposes: vec!["statistics".to_owned()],
        ..sandyq_tests::work::library("people")
    };
    let request = v1::UpdateLibraryRequest {
        library: Some(library),
        request_id: request_id(),
    };
    site.user("owner")
        .library()
        .update_library(request)
        .await
        .unwrap();
    let status = site
        .submit(sandbox, job(version, image, "research.incomes"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "ACCESS_DENIED", "{status:?}");
    let request = v1::CheckAccessRequest {
        sandbox: sandbox.to_owned(),
        version: version.to_owned(),
        purpose: "research.incomes".to_owned(),
    };
    let answer = site
        .user("owner")
        .access()
        .check_access(request)
        .await
        .unwrap()
        .into_inner();
    assert!(!answer.allowed && !answer.reasons.is_empty(), "{answer:?}");
}

fn system(risk_class: v1::RiskClass, autonomy: i32) -> v1::System {
    v1::System {
        autonomy,
        ..sandyq_tests::work::system(risk_class)
    }
}

pub async fn sandbox_of_high_risk(site: &Site) -> String {
    let (developer, admin) = (site.user("developer"), site.user("admin"));
    let request = v1::CreateSystemRequest {
        system_id: "doctor".to_owned(),
        system: Some(system(v1::RiskClass::High, v1::Autonomy::Assistant.into())),
        request_id: request_id(),
    };
    let created = developer.system().create_system(request).await.unwrap();
    let name = created.into_inner().system.unwrap().name;
    let sandbox = v1::CreateSandboxRequest {
        sandbox_id: "doctor".to_owned(),
        sandbox: Some(v1::Sandbox {
            display_name: "Doctor".to_owned(),
            system: name.clone(),
            stage: v1::Stage::Training.into(),
            expire_time: in_seconds(600),
            budget: Some(budget()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let status = developer
        .sandbox()
        .create_sandbox(sandbox.clone())
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "SYSTEM_NOT_REGISTERED");
    let request = v1::SubmitSystemRequest {
        name: name.clone(),
        ..Default::default()
    };
    developer.system().submit_system(request).await.unwrap();
    let request = v1::RegisterSystemRequest {
        name,
        ..Default::default()
    };
    admin.system().register_system(request).await.unwrap();
    let made = developer.sandbox().create_sandbox(sandbox).await.unwrap();
    let name = made.into_inner().sandbox.unwrap().name;
    let request = v1::ApproveSandboxRequest {
        name: name.clone(),
        ..Default::default()
    };
    admin.sandbox().approve_sandbox(request).await.unwrap();
    name
}

pub async fn autonomy(site: &Site) {
    for autonomy in [0, 3, 99] {
        let request = v1::CreateSystemRequest {
            system_id: "skynet".to_owned(),
            system: Some(system(v1::RiskClass::Minimal, autonomy)),
            request_id: request_id(),
        };
        let status = site
            .user("developer")
            .system()
            .create_system(request)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), fields(&status)),
            (Code::InvalidArgument, vec!["system.autonomy".to_owned()]),
            "{status:?}"
        );
    }
    let request = v1::GetSystemRequest {
        name: "systems/skynet".to_owned(),
    };
    let status = site
        .user("admin")
        .system()
        .get_system(request)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "RESOURCE_NOT_FOUND");
}
