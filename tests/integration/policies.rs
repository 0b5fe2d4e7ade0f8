//! The operator's own prohibitions: read anew, tried on past decisions, never loosening the law.

use sandyq_proto::v1;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, reason};
use tonic::Code;

const CLOSED: &str = r#"@id("own.closed") @reason("closed for the census")
forbid (principal is Principal, action == Action::"SandboxService.CreateJob", resource);"#;

const NO_INCOME: &str = r#"@id("own.no-income") @reason("incomes are closed for the census")
forbid (principal, action == Action::"use", resource) when { context.purpose in Purpose::"research.income" };"#;

async fn reload(site: &Site) -> Result<v1::ReloadPoliciesResponse, tonic::Status> {
    let mut admin = site.user("admin").access();
    let request = v1::ReloadPoliciesRequest::default();
    Ok(admin.reload_policies(request).await?.into_inner())
}

#[tokio::test]
async fn prohibitions_are_tried_read_anew_and_taken_back() {
    let site = Site::start().await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("box").await;
    let job = site.submit(&sandbox, shell(&image, "true")).await.unwrap();
    site.wait_job(&job.name).await;

    // Which decisions would turn, before anything is changed.
    let mut admin = site.user("admin").access();
    let request = |text: &str| v1::TryPoliciesRequest {
        files: vec![v1::PolicyFile {
            name: "own.cedar".to_owned(),
            text: text.to_owned(),
        }],
        last: 0,
    };
    let tried = admin.try_policies(request(CLOSED)).await.unwrap();
    let tried = tried.into_inner();
    assert!(tried.tried_count > 5, "{tried:?}");
    let [turned] = tried.turned.as_slice() else {
        panic!("one decision turns: {tried:?}");
    };
    assert_eq!(
        (
            turned.principal.as_str(),
            turned.action.as_str(),
            turned.resource.as_str()
        ),
        (
            "users/developer",
            "SandboxService.CreateJob",
            sandbox.as_str()
        )
    );
    assert!(turned.allowed_before && !turned.allowed_after);
    assert!(turned.reasons[0].contains("closed for the census"));
    let loosening = CLOSED.replace("forbid", "permit");
    let status = admin.try_policies(request(&loosening)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");

    let own = site.dir.join("policies/own.cedar");
    let before = reload(&site).await.unwrap().policy_count;
    std::fs::write(&own, CLOSED).unwrap();
    assert_eq!(reload(&site).await.unwrap().policy_count, before + 1);
    let status = site.submit(&sandbox, shell(&image, "true")).await;
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    assert!(status.message().contains("census"), "{status:?}");

    // What is at fault changes nothing.
    for wrong in [
        loosening.as_str(),
        "forbid (principal",
        "forbid (principal, action, resource);",
    ] {
        std::fs::write(&own, wrong).unwrap();
        let status = reload(&site).await.unwrap_err();
        assert_eq!(reason(&status), "POLICIES_INVALID", "{status:?}");
        assert!(status.message().contains("own.cedar, line"), "{status:?}");
        let status = site.submit(&sandbox, shell(&image, "true")).await;
        assert_eq!(status.unwrap_err().code(), Code::PermissionDenied);
    }

    // A signal does the same as the call.
    std::fs::remove_file(&own).unwrap();
    let pid = site.pid().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &pid])
        .status();
    assert!(sent.unwrap().success());
    let mut open = false;
    for _ in 0..100 {
        if site.submit(&sandbox, shell(&image, "true")).await.is_ok() {
            open = true;
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(open, "{}", site.log());
}

#[tokio::test]
async fn a_job_and_a_grant_that_the_operator_forbids_are_told_whose_policy_it_is() {
    let site = Site::start().await;
    let image = site.approved_image().await;
    let version = site.publish_register("people", 0..40).await;
    let sandbox = site.open_sandbox("box").await;
    site.grant(&version.name, &sandbox, "research.income", 600)
        .await;
    let job = v1::Job {
        versions: vec![version.name.clone()],
        purpose: "research.income".to_owned(),
        ..shell(&image, "sleep 60")
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    site.wait_job_until(&job.name, |job| job.state() == v1::job::State::Running)
        .await;
    let own = site.dir.join("policies/own.cedar");
    std::fs::write(&own, NO_INCOME).unwrap();
    reload(&site).await.unwrap();
    let ended = site.wait_job(&job.name).await;
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Revoked);
    let told = format!("{ended:?}");
    assert!(
        told.contains("own.no-income") && told.contains("a policy of the operator"),
        "{told}"
    );
    let status = site
        .request_grant(&version.name, &sandbox, "research.income", 600)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "POLICY_FORBIDS", "{status:?}");
    let message = status.message();
    assert!(
        message.contains("own.no-income") && message.contains("operator"),
        "{status:?}"
    );
    assert!(
        !message.contains("17.1"),
        "it is no owner's rule: {status:?}"
    );
    let request = v1::ExplainAccessRequest {
        sandbox,
        version: version.name,
        purpose: "research.income".to_owned(),
    };
    let explained = site
        .user("developer")
        .access()
        .explain_access(request)
        .await;
    let explained = explained.unwrap().into_inner();
    let [finding] = explained.findings.as_slice() else {
        panic!("one finding: {explained:?}");
    };
    assert!(finding.operator_policy, "{finding:?}");
}
