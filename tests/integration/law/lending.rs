//! Libraries under their owner's rule, and who has used them.

use sandyq_proto::v1;
use sandyq_tests::work::{in_seconds, library, shell};
use sandyq_tests::{Site, fields, reason, request_id};
use tonic::{Code, Status};

pub(super) async fn update(site: &Site, library: v1::Library) -> Result<v1::Library, Status> {
    let request = v1::UpdateLibraryRequest {
        library: Some(library),
        request_id: request_id(),
    };
    let answer = site.user("owner").library().update_library(request).await?;
    Ok(answer.into_inner().library.unwrap())
}

/// The library `people` of the tests, with another rule.
fn people(access: v1::AccessRule) -> v1::Library {
    v1::Library {
        name: "libraries/people".to_owned(),
        access: Some(access),
        ..library("people")
    }
}

async fn approve(site: &Site, who: &str, name: &str) -> Result<v1::Grant, Status> {
    let request = v1::ApproveGrantRequest {
        name: name.to_owned(),
        ..Default::default()
    };
    let answer = site.user(who).access().approve_grant(request).await?;
    Ok(answer.into_inner().grant.unwrap())
}

/// The refusal names the field and cites the article.
#[track_caller]
pub(super) fn check<T: std::fmt::Debug>(outcome: Result<T, Status>, field: &str, article: &str) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(fields(&status), [field], "{status:?}");
    assert!(status.message().contains(article), "{status:?}");
}

pub async fn uses_are_told(site: &Site, version: &str, image: &str) {
    let sandbox = site.open_sandbox("box").await;
    let grant = site.grant(version, &sandbox, "research", 600).await;
    let job = v1::Job {
        versions: vec![version.to_owned()],
        ..shell(image, "echo 1 > /out/count")
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let done = site.wait_job(&job.name).await;
    let request = v1::RevokeGrantRequest {
        name: grant.name.clone(),
        reason: "the study is over".to_owned(),
        ..Default::default()
    };
    site.user("owner")
        .access()
        .revoke_grant(request)
        .await
        .unwrap();
    let request = v1::ListLibraryUsesRequest {
        parent: "libraries/people".to_owned(),
        ..Default::default()
    };
    // Also after the grant has ended.
    let mut owner = site.user("owner").library();
    let listed = owner.list_library_uses(request.clone()).await.unwrap();
    let uses = listed.into_inner().uses;
    let [used] = uses.as_slice() else {
        panic!("one use: {uses:?}");
    };
    assert_eq!(
        (
            used.version.as_str(),
            used.system.as_str(),
            used.organization.as_str(),
            used.job.as_str(),
            used.grant.as_str(),
            used.output.as_str(),
            used.purpose.as_str(),
        ),
        (
            version,
            "systems/box-system",
            "organizations/lab",
            done.name.as_str(),
            grant.name.as_str(),
            done.output.as_str(),
            "research",
        )
    );
    assert_eq!(used.job_state(), v1::job::State::Succeeded);
    assert_ne!(used.output_state(), v1::output::State::Unspecified);
    for who in ["other-owner", "developer", "steward"] {
        let mut client = site.user(who).library();
        let outcome = client.list_library_uses(request.clone()).await;
        assert!(outcome.is_err(), "{who} learns of another's uses");
    }
}

pub async fn the_rule_binds(site: &Site, version: &str) {
    let sandbox = site.open_sandbox("bound").await;
    let day = prost_types::Duration {
        seconds: 300,
        nanos: 0,
    };
    let rules = [
        (
            v1::AccessRule {
                organizations: vec!["organizations/rival".to_owned()],
                ..Default::default()
            },
            "use.organization-not-named",
        ),
        (
            v1::AccessRule {
                developers: vec!["users/junior".to_owned()],
                ..Default::default()
            },
            "use.developer-not-named",
        ),
        (
            v1::AccessRule {
                stages: vec![v1::Stage::Development.into()],
                ..Default::default()
            },
            "use.stage-not-lent",
        ),
        (
            v1::AccessRule {
                min_k: 1000,
                ..Default::default()
            },
            "use.k-too-small",
        ),
        (
            v1::AccessRule {
                aggregate_only: true,
                ..Default::default()
            },
            "use.aggregate-only",
        ),
    ];
    for (rule, policy) in rules {
        update(site, people(rule)).await.unwrap();
        let status = site
            .request_grant(version, &sandbox, "research", 600)
            .await
            .unwrap_err();
        assert_eq!(reason(&status), "RULE_NOT_MET", "{status:?}");
        assert!(status.message().contains(policy), "{status:?}");
        assert!(status.message().contains("17.1"), "{status:?}");
    }
    for (rule, field) in [
        (
            v1::AccessRule {
                organizations: vec!["organizations/nosuch".to_owned()],
                ..Default::default()
            },
            "library.access.organizations",
        ),
        (
            v1::AccessRule {
                developers: vec!["users/owner".to_owned()],
                ..Default::default()
            },
            "library.access.developers",
        ),
    ] {
        check(update(site, people(rule)).await, field, "17.1");
    }
    let short = v1::AccessRule {
        max_term: Some(day),
        ..Default::default()
    };
    update(site, people(short)).await.unwrap();
    let outcome = site.request_grant(version, &sandbox, "research", 600).await;
    check(outcome, "grant.expire_time", "17.1");
    let quiet = v1::AccessRule {
        log_tail: Some(v1::LogTail {
            max_bytes: 100,
            ..Default::default()
        }),
        ..Default::default()
    };
    update(site, people(quiet)).await.unwrap();
    let grant = site.grant(version, &sandbox, "research", 600).await;
    let tail = grant.conditions.unwrap().log_tail.unwrap();
    assert_eq!(tail.max_bytes, 100, "the library's bound holds");
    let wanted = v1::Grant {
        version: version.to_owned(),
        sandbox: sandbox.clone(),
        purpose: "research".to_owned(),
        justification: "a study".to_owned(),
        expire_time: in_seconds(600),
        conditions: Some(v1::GrantConditions {
            trial_use: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = v1::CreateGrantRequest {
        grant: Some(wanted),
        request_id: request_id(),
    };
    let mut developer = site.user("developer").access();
    let outcome = developer.create_grant(request).await;
    check(outcome, "grant.conditions.trial_use", "17.1");

    // A later one was denied: it is not what stands in the way.
    let denied = site.request_grant(version, &sandbox, "research", 600).await;
    let deny = v1::DenyGrantRequest {
        name: denied.unwrap().name,
        reason: "there is one".to_owned(),
        ..Default::default()
    };
    site.user("owner").access().deny_grant(deny).await.unwrap();
    // The owner narrows the rule under a grant that is in force: what decides is told.
    let risky = v1::AccessRule {
        organizations: vec!["organizations/rival".to_owned()],
        ..Default::default()
    };
    update(site, people(risky)).await.unwrap();
    let request = v1::ExplainAccessRequest {
        sandbox: sandbox.clone(),
        version: version.to_owned(),
        purpose: "research".to_owned(),
    };
    let mut developer = site.user("developer").access();
    let explained = developer
        .explain_access(request)
        .await
        .unwrap()
        .into_inner();
    assert!(!explained.allowed);
    assert_eq!(explained.grant, grant.name);
    let [finding] = explained.findings.as_slice() else {
        panic!("one finding: {explained:?}");
    };
    assert_eq!(finding.policy, "use.organization-not-named");
    assert!(finding.reason.contains("17.1(2)"), "{finding:?}");
    assert!(finding.remedy.contains("--lend-to"), "{finding:?}");
    let facts: Vec<(&str, &str)> = finding
        .facts
        .iter()
        .map(|fact| (fact.name.as_str(), fact.value.as_str()))
        .collect();
    assert_eq!(
        facts,
        [
            ("sandbox.organization", "organizations/lab"),
            ("library.organizations", "organizations/rival"),
        ]
    );
    update(site, people(v1::AccessRule::default()))
        .await
        .unwrap();
}

pub async fn two_people_approve_and_a_renewal_is_a_request(site: &Site, version: &str) {
    let rule = v1::AccessRule {
        two_approvals: true,
        ..Default::default()
    };
    update(site, people(rule)).await.unwrap();
    let sandbox = site.open_sandbox("two").await;
    let second = site
        .enrol("second", "statistics", v1::Role::AgencyOwner)
        .await;
    let asked = site
        .request_grant(version, &sandbox, "research", 600)
        .await
        .unwrap();
    let first = approve(site, "owner", &asked.name).await.unwrap();
    assert_eq!(first.state(), v1::grant::State::Requested);
    let status = approve(site, "owner", &asked.name).await.unwrap_err();
    assert_eq!(reason(&status), "APPROVED_BEFORE", "{status:?}");
    let request = v1::ApproveGrantRequest {
        name: asked.name.clone(),
        reason: "the second agrees".to_owned(),
        ..Default::default()
    };
    let given = second.access().approve_grant(request.clone()).await;
    let given = given.unwrap().into_inner().grant.unwrap();
    assert_eq!(given.state(), v1::grant::State::Active);
    assert_eq!(given.approvals.len(), 2);
    assert_eq!(given.approvals[1].reason, "the second agrees");
    let status = second.access().approve_grant(request.clone()).await;
    assert_eq!(reason(&status.unwrap_err()), "WRONG_STATE");

    let renew = |seconds, justification: &str| v1::RenewGrantRequest {
        name: asked.name.clone(),
        expire_time: in_seconds(seconds),
        justification: justification.to_owned(),
        request_id: request_id(),
    };
    let mut developer = site.user("developer").access();
    for (request, field) in [
        (renew(60, "more"), "expire_time"),
        (renew(100_000, "more"), "expire_time"),
        (renew(1200, ""), "justification"),
    ] {
        let status = developer.renew_grant(request).await.unwrap_err();
        assert_eq!(fields(&status), [field], "{status:?}");
    }
    let waiting = developer.renew_grant(renew(1200, "one more season")).await;
    let waiting = waiting.unwrap().into_inner().grant.unwrap();
    assert_eq!(waiting.state(), v1::grant::State::Active);
    assert_eq!(waiting.expire_time, given.expire_time);
    assert_eq!(waiting.approvals, given.approvals);
    let status = developer.renew_grant(renew(1300, "and another")).await;
    assert_eq!(reason(&status.unwrap_err()), "RENEWAL_PENDING");
    let listed = v1::ListGrantsRequest {
        waiting_only: true,
        sandbox: sandbox.clone(),
        ..Default::default()
    };
    let listed = site.user("owner").access().list_grants(listed).await;
    assert_eq!(
        listed.unwrap().into_inner().grants,
        std::slice::from_ref(&waiting)
    );
    // One of the two opens nothing by himself, neither before the other nor after.
    let opening = |max_bytes| v1::ApproveGrantRequest {
        name: asked.name.clone(),
        conditions: Some(v1::GrantConditions {
            log_tail: Some(v1::LogTail {
                max_bytes,
                mode: v1::log_tail::Mode::Text.into(),
                daily_bytes: 100_000,
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let tail = |grant: &v1::Grant| {
        grant
            .conditions
            .as_ref()
            .unwrap()
            .log_tail
            .unwrap()
            .max_bytes
    };
    let mut owner = site.user("owner").access();
    let half = owner.approve_grant(opening(90_000)).await;
    let half = half.unwrap().into_inner().grant.unwrap();
    assert_eq!(tail(&half), tail(&given), "{half:?}");
    assert_eq!(half.approvals, given.approvals);
    assert_eq!(half.renewal.as_ref().unwrap().approvals.len(), 1);
    let renewed = second.access().approve_grant(opening(95_000)).await;
    let renewed = renewed.unwrap().into_inner().grant.unwrap();
    assert_eq!(tail(&renewed), 90_000, "{renewed:?}");
    assert_eq!(renewed.expire_time, waiting.renewal.unwrap().expire_time);
    assert!(renewed.renewal.is_none());
    assert_eq!(renewed.approvals[..2], given.approvals);
    assert_eq!(renewed.approvals.len(), 4);
    // A renewal that is refused leaves the grant as it is.
    let request = renew(1800, "and another");
    developer.renew_grant(request).await.unwrap();
    let deny = v1::DenyGrantRequest {
        name: asked.name.clone(),
        reason: "long enough".to_owned(),
        ..Default::default()
    };
    let denied = second.access().deny_grant(deny).await.unwrap();
    let denied = denied.into_inner().grant.unwrap();
    assert_eq!(denied.state(), v1::grant::State::Active);
    assert_eq!(denied.expire_time, renewed.expire_time);
    assert_eq!(denied.approvals, renewed.approvals);
    assert_eq!(denied.decision_reason, renewed.decision_reason);
    let trace = denied.denied_renewal.unwrap();
    assert_eq!(
        (trace.justification.as_str(), trace.deny_reason.as_str()),
        ("and another", "long enough")
    );
    // A request that one of two approved keeps that when the other refuses.
    let asked = site.request_grant(version, &sandbox, "research", 600).await;
    let asked = asked.unwrap();
    approve(site, "owner", &asked.name).await.unwrap();
    let deny = v1::DenyGrantRequest {
        name: asked.name,
        reason: "too wide".to_owned(),
        ..Default::default()
    };
    let denied = second.access().deny_grant(deny).await.unwrap();
    let denied = denied.into_inner().grant.unwrap();
    assert_eq!(denied.state(), v1::grant::State::Denied);
    assert_eq!(denied.approvals.len(), 1, "{denied:?}");

    // Who lifts the rule of two does not approve alone: another does, who then is the second.
    let lifted = v1::UpdateLibraryRequest {
        library: Some(people(v1::AccessRule::default())),
        request_id: request_id(),
    };
    second.library().update_library(lifted).await.unwrap();
    let asked = site
        .request_grant(version, &sandbox, "research", 600)
        .await
        .unwrap();
    let request = v1::ApproveGrantRequest {
        name: asked.name.clone(),
        ..Default::default()
    };
    let status = second.access().approve_grant(request).await.unwrap_err();
    assert_eq!(reason(&status), "TWO_APPROVALS_LIFTED", "{status:?}");
    let given = approve(site, "owner", &asked.name).await.unwrap();
    assert_eq!(given.state(), v1::grant::State::Active);
}

pub async fn a_tightened_rule_ends_what_runs(site: &Site, version: &str, image: &str) {
    let sandbox = site.open_sandbox("tight").await;
    site.grant(version, &sandbox, "research", 600).await;
    let job = v1::Job {
        versions: vec![version.to_owned()],
        ..shell(image, "sleep 60")
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    site.wait_job_until(&job.name, |job| job.state() == v1::job::State::Running)
        .await;
    let rule = v1::AccessRule {
        stages: vec![v1::Stage::Development.into()],
        ..Default::default()
    };
    let from = std::time::Instant::now();
    update(site, people(rule)).await.unwrap();
    let ended = site.wait_job(&job.name).await;
    assert!(from.elapsed().as_secs() < 5, "{:?}", from.elapsed());
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Revoked);
}

pub async fn consent_bounds_grants(site: &Site, version: &str) {
    let consent = |seconds| v1::Library {
        legal_basis: Some(v1::LegalBasis {
            kind: v1::legal_basis::Kind::Consent.into(),
            reference: "form No. 3".to_owned(),
        }),
        consent_expire_time: in_seconds(seconds),
        ..people(v1::AccessRule::default())
    };
    update(site, consent(900)).await.unwrap();
    let sandbox = site.open_sandbox("box").await;
    let outcome = site
        .request_grant(version, &sandbox, "research", 1200)
        .await;
    check(outcome, "grant.expire_time", "articles 8.5-8.6");
    let grant = site.grant(version, &sandbox, "research", 800).await;
    // Consent that ends sooner takes the grants with it.
    let sooner = update(site, consent(300)).await.unwrap();
    let request = v1::GetGrantRequest { name: grant.name };
    let mut developer = site.user("developer").access();
    let shortened = developer.get_grant(request).await.unwrap().into_inner();
    assert_eq!(
        shortened.grant.unwrap().expire_time,
        sooner.consent_expire_time
    );
}

pub async fn reserved_for_training(site: &Site, version: &str) {
    let reserved = v1::Library {
        rights: Some(v1::RightsReservation {
            training_reserved: true,
            statement: "tdm-reservation: 1".to_owned(),
        }),
        ..people(v1::AccessRule::default())
    };
    update(site, reserved).await.unwrap();
    let said_only = v1::Library {
        rights: Some(v1::RightsReservation {
            training_reserved: false,
            statement: "no training".to_owned(),
        }),
        ..people(v1::AccessRule::default())
    };
    let status = update(site, said_only).await.unwrap_err();
    assert_eq!(fields(&status), ["library.rights.training_reserved"]);
    let sandbox = site.open_sandbox("box").await;
    let status = site
        .request_grant(version, &sandbox, "research", 600)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "RULE_NOT_MET", "{status:?}");
    assert!(
        status.message().contains("use.training-reserved"),
        "{status:?}"
    );
}
