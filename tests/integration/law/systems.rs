//! The registry of AI systems: what is declared, what is prohibited, and how a system is stopped.

use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_tests::work::{evidence, in_seconds, shell, system};
use sandyq_tests::{Site, fields, reason, request_id};
use tonic::{Code, Status};

async fn create(site: &Site, id: &str, system: v1::System) -> Result<v1::System, Status> {
    let request = v1::CreateSystemRequest {
        system_id: id.to_owned(),
        system: Some(system),
        request_id: request_id(),
    };
    let answer = site
        .user("developer")
        .system()
        .create_system(request)
        .await?;
    Ok(answer.into_inner().system.unwrap())
}

async fn update(site: &Site, system: v1::System) -> Result<v1::System, Status> {
    let request = v1::UpdateSystemRequest {
        system: Some(system),
        request_id: request_id(),
    };
    let answer = site
        .user("developer")
        .system()
        .update_system(request)
        .await?;
    Ok(answer.into_inner().system.unwrap())
}

async fn submit(site: &Site, who: &str, name: &str) -> Result<v1::System, Status> {
    let request = v1::SubmitSystemRequest {
        name: name.to_owned(),
        request_id: request_id(),
    };
    let answer = site.user(who).system().submit_system(request).await?;
    Ok(answer.into_inner().system.unwrap())
}

async fn register(site: &Site, name: &str) -> v1::System {
    let request = v1::RegisterSystemRequest {
        name: name.to_owned(),
        reason: "complete".to_owned(),
        request_id: request_id(),
    };
    let answer = site.user("admin").system().register_system(request).await;
    answer.unwrap().into_inner().system.unwrap()
}

async fn get(site: &Site, name: &str) -> v1::System {
    let request = v1::GetSystemRequest {
        name: name.to_owned(),
    };
    let answer = site.user("admin").system().get_system(request).await;
    answer.unwrap().into_inner().system.unwrap()
}

/// The refusal names the field and cites the article.
#[track_caller]
fn check<T: std::fmt::Debug>(outcome: Result<T, Status>, field: &str, article: &str) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(fields(&status), [field], "{status:?}");
    assert!(status.message().contains(article), "{status:?}");
}

pub async fn documented(site: &Site) {
    for class in [v1::RiskClass::Medium, v1::RiskClass::High] {
        let id = class.as_str_name().to_lowercase().replace('_', "-");
        let whole = system(class);
        let bare = v1::System {
            documents: whole.documents[1..].to_vec(),
            ..whole.clone()
        };
        let draft = create(site, &id, bare).await.unwrap();
        let outcome = submit(site, "developer", &draft.name).await;
        check(outcome, "system.documents", "articles 7 and 15");
        let no_risks = v1::System {
            name: draft.name.clone(),
            risks: vec![],
            ..whole.clone()
        };
        update(site, no_risks).await.unwrap();
        let outcome = submit(site, "developer", &draft.name).await;
        check(outcome, "system.risks", "article 19");
        let no_reasons = v1::System {
            name: draft.name.clone(),
            risk_reasons: String::new(),
            ..whole.clone()
        };
        update(site, no_reasons).await.unwrap();
        let outcome = submit(site, "developer", &draft.name).await;
        check(outcome, "system.risk_reasons", "article 18.1");
        assert_eq!(
            get(site, &draft.name).await.state(),
            v1::system::State::Draft,
            "refusals change nothing"
        );
        let present = v1::System {
            name: draft.name.clone(),
            ..whole
        };
        update(site, present.clone()).await.unwrap();
        // A developer describes; a lead answers for it.
        let status = submit(site, "junior", &draft.name).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
        let submitted = submit(site, "developer", &draft.name).await.unwrap();
        assert_eq!(submitted.declaration, 1);
        let registered = register(site, &draft.name).await;
        assert_eq!(
            registered.reviewer,
            site.user("admin").name,
            "the operator's review is kept: {registered:?}"
        );
        assert_eq!(registered.decider, registered.reviewer);
        // What is changed is reviewed anew, and what was declared before stays on record.
        let changed = v1::System {
            description: "Estimates incomes to the tenge".to_owned(),
            ..present
        };
        let changed = update(site, changed).await.unwrap();
        assert_eq!(changed.state(), v1::system::State::Draft);
        let again = submit(site, "developer", &draft.name).await.unwrap();
        assert_eq!(
            (again.decision_reason.as_str(), again.reviewer.as_str()),
            ("", ""),
            "nobody has decided on this declaration: {again:?}"
        );
        let request = v1::ListDeclarationsRequest {
            parent: draft.name.clone(),
            ..Default::default()
        };
        let mut auditor = site.user("auditor").system();
        let listed = auditor.list_declarations(request).await.unwrap();
        let listed = listed.into_inner().declarations;
        let described: Vec<_> = listed
            .iter()
            .map(|declaration| declaration.system.as_ref().unwrap().description.as_str())
            .collect();
        assert_eq!(
            described,
            [
                "Estimates income brackets",
                "Estimates incomes to the tenge"
            ]
        );
    }
    let no_hash = v1::Document {
        kind: "risk-assessment".to_owned(),
        title: "risks".to_owned(),
        evidence: Some(v1::Evidence {
            sha256: "beef".to_owned(),
            ..evidence()
        }),
    };
    let wrong = v1::System {
        documents: vec![no_hash],
        ..system(v1::RiskClass::Minimal)
    };
    let status = create(site, "hashless", wrong).await.unwrap_err();
    assert_eq!(fields(&status), ["system.documents[0].evidence.sha256"]);
    let empty = v1::Document {
        kind: "risk-assessment".to_owned(),
        title: "risks".to_owned(),
        evidence: Some(v1::Evidence {
            sha256: sandyq_tests::sha256(b""),
            ..evidence()
        }),
    };
    let proves_nothing = v1::System {
        documents: vec![empty],
        ..system(v1::RiskClass::Minimal)
    };
    let status = create(site, "empty", proves_nothing).await.unwrap_err();
    assert_eq!(fields(&status), ["system.documents[0].evidence.sha256"]);
    assert!(status.message().contains("empty file"), "{status:?}");
    let military = v1::System {
        purpose: "military".to_owned(),
        ..system(v1::RiskClass::Minimal)
    };
    check(
        create(site, "military", military).await,
        "system.purpose",
        "7.8",
    );
    let told = v1::System {
        description: "for 900101300017".to_owned(),
        ..system(v1::RiskClass::Minimal)
    };
    check(
        create(site, "told", told).await,
        "system.description",
        "article 8",
    );
}

pub async fn prohibited_functions(site: &Site) {
    use v1::{LawfulGround as Ground, ProhibitedFunction as Function};
    let with = |function: Function, ground: Ground, evidence| v1::System {
        functions: vec![v1::FunctionDeclaration {
            function: function.into(),
            ground: ground.into(),
            evidence,
        }],
        ..system(v1::RiskClass::Minimal)
    };
    for function in [
        Function::Manipulation,
        Function::Vulnerability,
        Function::UntargetedScraping,
        Function::BiometricClassification,
        Function::ForbiddenContent,
    ] {
        for ground in [Ground::Unspecified, Ground::Law, Ground::Consent] {
            let outcome = create(site, "never", with(function, ground, Some(evidence()))).await;
            check(outcome, "system.functions[0]", "article 18.3");
        }
    }
    for (function, ground) in [
        (Function::SocialScoring, Ground::Consent),
        (Function::RemoteIdentification, Ground::Consent),
        (Function::SocialScoring, Ground::Unspecified),
        (Function::EmotionInference, Ground::Unspecified),
    ] {
        let outcome = create(site, "unlawful", with(function, ground, Some(evidence()))).await;
        check(outcome, "system.functions[0].ground", "article 18.3");
    }
    for (index, (function, ground)) in [
        (Function::SocialScoring, Ground::Law),
        (Function::RemoteIdentification, Ground::Law),
        (Function::EmotionInference, Ground::Consent),
        (Function::EmotionInference, Ground::Law),
    ]
    .into_iter()
    .enumerate()
    {
        let outcome = create(site, "bare", with(function, ground, None)).await;
        check(outcome, "system.functions[0].evidence", "article 18.3");
        let id = format!("lawful-{index}");
        let lawful = create(site, &id, with(function, ground, Some(evidence()))).await;
        assert_eq!(lawful.unwrap().functions.len(), 1);
    }
    for id in ["never", "unlawful", "bare"] {
        let name = format!("systems/{id}");
        let outcome = site
            .user("admin")
            .system()
            .get_system(v1::GetSystemRequest { name })
            .await;
        assert_eq!(reason(&outcome.unwrap_err()), "RESOURCE_NOT_FOUND", "{id}");
    }
}

pub async fn likeness(site: &Site) {
    let fake = v1::System {
        alters_biometrics: true,
        ..system(v1::RiskClass::Minimal)
    };
    let draft = create(site, "voice", fake.clone()).await.unwrap();
    let outcome = submit(site, "developer", &draft.name).await;
    check(outcome, "system.biometric_consent", "7.12");
    let with_consent = v1::System {
        name: draft.name.clone(),
        biometric_consent: Some(evidence()),
        ..fake
    };
    update(site, with_consent).await.unwrap();
    submit(site, "developer", &draft.name).await.unwrap();
}

/// A registered system with an active sandbox.
async fn open(site: &Site, id: &str, described: v1::System) -> (String, String) {
    let system = create(site, id, described).await.unwrap().name;
    submit(site, "developer", &system).await.unwrap();
    register(site, &system).await;
    let stage = v1::Stage::Training;
    let name = site
        .open_sandbox_of("developer", &system, id, stage, 3600)
        .await;
    (system, name)
}

async fn wait_running(site: &Site, job: &str) {
    site.wait_job_until(job, |job| job.state() == v1::job::State::Running)
        .await;
}

pub async fn suspended_and_ended(site: &Site, image: &str) {
    let (system, sandbox) = open(site, "stopped", system(v1::RiskClass::Minimal)).await;
    let job = site
        .submit(&sandbox, shell(image, "sleep 60"))
        .await
        .unwrap();
    wait_running(site, &job.name).await;
    // What changes nothing takes nothing out of force.
    let present = get(site, &system).await;
    let status = update(site, present).await.unwrap_err();
    assert_eq!(
        sandyq_tests::reason(&status),
        "NOTHING_CHANGED",
        "{status:?}"
    );
    assert_eq!(
        get(site, &system).await.state(),
        v1::system::State::Registered
    );
    let reasonless = v1::SuspendSystemRequest {
        name: system.clone(),
        ..Default::default()
    };
    let admin = site.user("admin");
    let status = admin.system().suspend_system(reasonless.clone()).await;
    assert_eq!(fields(&status.unwrap_err()), ["reason"]);
    let request = v1::SuspendSystemRequest {
        reason: "complaints of discrimination".to_owned(),
        ..reasonless
    };
    let from = Instant::now();
    admin.system().suspend_system(request).await.unwrap();
    let ended = site.wait_job(&job.name).await;
    assert!(
        from.elapsed() < Duration::from_secs(5),
        "{:?}",
        from.elapsed()
    );
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Revoked);
    let status = site
        .submit(&sandbox, shell(image, "true"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "SYSTEM_SUSPENDED");
    assert!(status.message().contains("article 19"), "{status:?}");

    // Whom it was taken from cannot take it back.
    let resume = v1::ResumeSystemRequest {
        name: system.clone(),
        reason: "retrained".to_owned(),
        request_id: request_id(),
    };
    let mut lead = site.user("developer").system();
    let status = lead.resume_system(resume.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    admin.system().resume_system(resume).await.unwrap();
    let job = site
        .submit(&sandbox, shell(image, "sleep 60"))
        .await
        .unwrap();
    wait_running(site, &job.name).await;

    let request = v1::TerminateSystemRequest {
        name: system.clone(),
        reason: "the study is over".to_owned(),
        request_id: request_id(),
    };
    let from = Instant::now();
    let lead = site.user("developer");
    lead.system()
        .terminate_system(request.clone())
        .await
        .unwrap();
    let ended = site.wait_job(&job.name).await;
    assert!(
        from.elapsed() < Duration::from_secs(5),
        "{:?}",
        from.elapsed()
    );
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Revoked);
    let shown = get(site, &system).await;
    assert_eq!(
        (shown.decision_reason.as_str(), shown.decider.as_str()),
        ("the study is over", lead.name.as_str())
    );
    assert_eq!(shown.reviewer, admin.name, "who reviewed it is another");
    let status = site
        .submit(&sandbox, shell(image, "true"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "SYSTEM_TERMINATED");
    let again = v1::TerminateSystemRequest {
        request_id: request_id(),
        ..request
    };
    let status = lead.system().terminate_system(again).await.unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE");
}

/// The policies permit the use, and no job would be taken: both questions say so.
async fn overdue_is_explained(site: &Site, sandbox: &str, version: &str) {
    site.grant(version, sandbox, "research", 600).await;
    let request = v1::CheckAccessRequest {
        sandbox: sandbox.to_owned(),
        version: version.to_owned(),
        purpose: "research".to_owned(),
    };
    let mut developer = site.user("developer").access();
    let checked = developer.check_access(request.clone()).await.unwrap();
    let checked = checked.into_inner();
    assert!(!checked.allowed, "{checked:?}");
    assert!(checked.reasons[0].contains("RISK_REVIEW_OVERDUE"));
    let request = v1::ExplainAccessRequest {
        sandbox: request.sandbox,
        version: request.version,
        purpose: request.purpose,
    };
    let explained = developer.explain_access(request).await.unwrap();
    let explained = explained.into_inner();
    assert!(!explained.allowed, "{explained:?}");
    let policies: Vec<&str> = explained
        .findings
        .iter()
        .map(|finding| finding.policy.as_str())
        .collect();
    assert_eq!(policies, ["RISK_REVIEW_OVERDUE"]);
}

pub async fn risks_are_reviewed(site: &Site, image: &str, version: &str) {
    let mut described = system(v1::RiskClass::Medium);
    described.risks[0].review_time = in_seconds(0);
    let outcome = create(site, "past", described.clone()).await.unwrap_err();
    assert_eq!(fields(&outcome), ["system.risks[0].review_time"]);
    described.risks[0].review_time = in_seconds(3600);
    let (system, sandbox) = open(site, "reviewed", described).await;
    let job = site.submit(&sandbox, shell(image, "true")).await.unwrap();
    site.wait_job(&job.name).await;
    let present = get(site, &system).await;
    assert!(present.warnings.is_empty(), "{present:?}");
    let lead = site.user("developer");
    let mut risks = present.risks;
    risks[0].review_time = in_seconds(2);
    let request = v1::UpdateRiskRegisterRequest {
        name: system.clone(),
        risks,
        etag: present.etag,
        ..Default::default()
    };
    lead.system().update_risk_register(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let status = site
        .submit(&sandbox, shell(image, "true"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "RISK_REVIEW_OVERDUE", "{status:?}");
    assert!(status.message().contains("article 19"), "{status:?}");
    assert!(
        status
            .message()
            .contains("sandyq system risk set reviewed bias"),
        "{status:?}"
    );
    let overdue = get(site, &system).await;
    assert!(overdue.warnings[0].contains("bias"), "{overdue:?}");
    assert!(overdue.risks[0].overdue, "{overdue:?}");
    overdue_is_explained(site, &sandbox, version).await;
    let mut risks = overdue.risks;
    risks[0].review_time = in_seconds(3600);
    let request = v1::UpdateRiskRegisterRequest {
        name: system.clone(),
        risks,
        ..Default::default()
    };
    let updated = lead.system().update_risk_register(request.clone()).await;
    assert!(
        updated
            .unwrap()
            .into_inner()
            .system
            .unwrap()
            .warnings
            .is_empty()
    );
    let job = site.submit(&sandbox, shell(image, "true")).await.unwrap();
    site.wait_job(&job.name).await;
    let none = v1::UpdateRiskRegisterRequest {
        risks: vec![],
        ..request
    };
    let outcome = lead.system().update_risk_register(none).await;
    check(outcome, "system.risks", "article 19");
}
