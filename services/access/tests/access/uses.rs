//! May this sandbox use this version for this purpose now, by this grant?

use sandyq_access::{UseGrant, UseQuestion, UseRule, UseSandbox, UseSystem, UseVersion};

use crate::shipped;

const NOW: i64 = 1_000;

fn grant() -> UseGrant {
    UseGrant {
        name: "grants/1".to_owned(),
        state: "ACTIVE".to_owned(),
        sandbox: "sandboxes/trial".to_owned(),
        version: "libraries/adult/versions/1".to_owned(),
        purpose: "research.health".to_owned(),
        expire_time: NOW + 1,
    }
}

/// A question to which the answer is yes.
fn question() -> UseQuestion {
    UseQuestion {
        now: NOW,
        sandbox: UseSandbox {
            name: "sandboxes/trial".to_owned(),
            organization: "organizations/lab".to_owned(),
            state: "ACTIVE".to_owned(),
            stage: "TRAINING".to_owned(),
            expire_time: NOW + 1,
        },
        version: UseVersion {
            name: "libraries/adult/versions/1".to_owned(),
            state: "PUBLISHED".to_owned(),
            organization: "organizations/stat".to_owned(),
            measured_k: 5,
        },
        requester: "users/d".to_owned(),
        training: true,
        system: UseSystem {
            state: "REGISTERED".to_owned(),
            risk: 1,
        },
        rule: UseRule {
            trial_use: true,
            ..UseRule::default()
        },
        purpose: "research.health.screening".to_owned(),
        grant: Some(grant()),
        library_purposes: vec!["statistics".to_owned(), "research".to_owned()],
    }
}

/// Changes one thing; compares the ids of the policies that then determine the decision.
#[track_caller]
fn check(change: impl FnOnce(&mut UseQuestion), determining: &str) {
    let mut question = question();
    change(&mut question);
    let decision = shipped().decide_use(&question);
    let ids: Vec<&str> = decision
        .reasons
        .iter()
        .map(|reason| reason.split(':').next().unwrap())
        .collect();
    assert_eq!(ids.join(" "), determining, "{:?}", decision.reasons);
    assert_eq!(decision.allowed, determining == "use.granted");
    assert_eq!(decision.errors, Vec::<String>::new());
}

#[track_caller]
fn check_grant(change: impl FnOnce(&mut UseGrant), determining: &str) {
    check(
        |question| change(question.grant.as_mut().unwrap()),
        determining,
    );
}

#[test]
fn a_fitting_grant_permits() {
    check(|_| (), "use.granted");
    check(
        |question| question.purpose = "research.health".to_owned(),
        "use.granted",
    );
    check(
        |question| question.purpose = "research.health.screening.lungs".to_owned(),
        "use.granted",
    );
    for stage in ["DEVELOPMENT", "TRAINING", "TRIAL_OPERATION"] {
        check(
            |question| question.sandbox.stage = stage.to_owned(),
            "use.granted",
        );
    }
}

#[test]
fn without_a_grant_nothing_is_used() {
    check(|question| question.grant = None, "use.no-grant");
}

#[test]
fn a_grant_ends() {
    check_grant(
        |grant| grant.state = "REVOKED".to_owned(),
        "use.grant-revoked",
    );
    check_grant(
        |grant| grant.state = "EXPIRED".to_owned(),
        "use.grant-expired",
    );
    check_grant(|grant| grant.expire_time = NOW, "use.grant-expired");
    check_grant(|grant| grant.expire_time = i64::MIN, "use.grant-expired");
    check_grant(|grant| grant.expire_time = i64::MAX, "use.granted");
}

#[test]
fn a_grant_not_approved_permits_nothing() {
    for state in ["REQUESTED", "DENIED", "", "active"] {
        check_grant(
            |grant| grant.state = state.to_owned(),
            "use.grant-not-active",
        );
    }
}

#[test]
fn a_grant_is_for_one_sandbox_and_one_version() {
    check_grant(
        |grant| grant.sandbox = "sandboxes/other".to_owned(),
        "use.grant-of-another-sandbox",
    );
    check_grant(
        |grant| grant.version = "libraries/adult/versions/2".to_owned(),
        "use.grant-of-another-version",
    );
}

#[test]
fn a_purpose_lies_within_the_grant_and_the_library() {
    for purpose in [
        "research",
        "research.healthcare",
        "research.transport",
        "statistics",
    ] {
        check(
            |question| question.purpose = purpose.to_owned(),
            "use.purpose-outside-grant",
        );
    }
    check(
        |question| question.library_purposes = vec!["statistics".to_owned()],
        "use.purpose-outside-library",
    );
    check(
        |question| question.library_purposes.clear(),
        "use.purpose-outside-library",
    );
    let outside_both = "use.purpose-outside-grant use.purpose-outside-library";
    check(
        |question| question.purpose = "marketing".to_owned(),
        outside_both,
    );
}

#[test]
fn only_a_published_version_is_used() {
    check(
        |question| question.version.state = "RETIRED".to_owned(),
        "use.version-retired",
    );
    for state in [
        "UPLOADING",
        "QUARANTINED",
        "CLASSIFIED",
        "DEPERSONALIZING",
        "VERIFIED",
        "REFUSED",
        "",
    ] {
        check(
            |question| question.version.state = state.to_owned(),
            "use.version-not-published",
        );
    }
}

#[test]
fn a_sandbox_is_active_within_its_term_and_stage() {
    check(
        |question| question.sandbox.expire_time = NOW,
        "use.sandbox-expired",
    );
    check(
        |question| question.sandbox.state = "EXPIRED".to_owned(),
        "use.sandbox-expired",
    );
    for state in ["REQUESTED", "DENIED", "SUSPENDED", "DESTROYED", ""] {
        check(
            |question| question.sandbox.state = state.to_owned(),
            "use.sandbox-not-active",
        );
    }
    for stage in ["", "PRODUCTION"] {
        check(
            |question| question.sandbox.stage = stage.to_owned(),
            "use.stage",
        );
    }
}

#[test]
fn every_fact_that_denies_is_named() {
    check(
        |question| {
            question.sandbox.state = "SUSPENDED".to_owned();
            question.version.state = "RETIRED".to_owned();
            question.grant.as_mut().unwrap().state = "REVOKED".to_owned();
        },
        "use.grant-revoked use.sandbox-not-active use.version-retired",
    );
}

#[test]
fn a_malformed_purpose_is_an_error_and_a_denial() {
    for purpose in [
        "",
        "research.health.",
        "research.health..screening",
        "Research",
        "research.health\"]",
    ] {
        let decision = shipped().decide_use(&UseQuestion {
            purpose: purpose.to_owned(),
            ..question()
        });
        assert!(!decision.allowed, "{purpose:?}");
        assert!(
            decision.errors[0].contains("is not a purpose"),
            "{:?}",
            decision.errors
        );
    }
}

#[track_caller]
fn check_rule(change: impl FnOnce(&mut UseRule), determining: &str) {
    check(|question| change(&mut question.rule), determining);
}

#[test]
fn the_owners_rule_narrows_the_use() {
    let names = |names: &[&str]| -> Vec<String> { names.iter().map(|n| (*n).to_owned()).collect() };
    check_rule(
        |rule| rule.organizations = names(&["organizations/lab"]),
        "use.granted",
    );
    check_rule(
        |rule| rule.organizations = names(&["organizations/rival"]),
        "use.organization-not-named",
    );
    check_rule(|rule| rule.developers = names(&["users/d"]), "use.granted");
    check_rule(
        |rule| rule.developers = names(&["users/e"]),
        "use.developer-not-named",
    );
    check_rule(|rule| rule.stages = names(&["TRAINING"]), "use.granted");
    check_rule(
        |rule| rule.stages = names(&["DEVELOPMENT"]),
        "use.stage-not-lent",
    );
    check_rule(|rule| rule.least_k = 5, "use.granted");
    check_rule(|rule| rule.least_k = 6, "use.k-too-small");
    check_rule(|rule| rule.most_risk = 1, "use.granted");
    check_rule(|rule| rule.most_risk = 0, "use.risk-too-high");
    check_rule(|rule| rule.aggregate_only = true, "use.aggregate-only");
    check_rule(
        |rule| rule.training_reserved = true,
        "use.training-reserved",
    );
    check_rule(
        |rule| rule.consent_expire_time = Some(NOW + 1),
        "use.granted",
    );
    check_rule(
        |rule| rule.consent_expire_time = Some(NOW),
        "use.consent-ended",
    );
    check_rule(
        |rule| rule.purpose_expire_time = Some(NOW),
        "use.purpose-fulfilled",
    );
    check(
        |question| {
            question.rule.trial_use = false;
            question.sandbox.stage = "TRIAL_OPERATION".to_owned();
        },
        "use.trial-not-lent",
    );
    check(
        |question| {
            question.rule.training_reserved = true;
            question.training = false;
        },
        "use.granted",
    );
    for state in ["DRAFT", "SUBMITTED", "SUSPENDED", "TERMINATED", ""] {
        check(
            |question| question.system.state = state.to_owned(),
            "use.system-not-in-force",
        );
    }
}

#[test]
fn a_decision_is_explained_by_its_policies_facts_and_remedies() {
    let mut question = question();
    question.system.risk = 3;
    question.rule.most_risk = 2;
    question.grant.as_mut().unwrap().expire_time = NOW;
    let decision = shipped().decide_use(&question);
    let findings = shipped().explain_use(&question, &decision);
    let told: Vec<(&str, Vec<(&str, &str)>)> = findings
        .iter()
        .map(|finding| {
            let facts = finding.facts.iter();
            (
                finding.policy.as_str(),
                facts
                    .map(|fact| (fact.name.as_str(), fact.value.as_str()))
                    .collect(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "use.grant-expired",
                vec![
                    ("grant", "grants/1"),
                    ("grant.expire_time", "1970-01-01T00:00:01Z"),
                    ("now", "1970-01-01T00:00:01Z"),
                ]
            ),
            (
                "use.risk-too-high",
                vec![("system.risk", "HIGH"), ("library.most_risk", "MEDIUM")]
            ),
        ]
    );
    assert!(findings.iter().all(|finding| !finding.remedy.is_empty()));
}

/// Every prohibition of use names facts that there are, and what would have to change.
#[test]
fn every_prohibition_can_be_explained() {
    let (_, text) = sandyq_access::builtin()
        .iter()
        .find(|(name, _)| *name == "use.cedar")
        .unwrap();
    let annotated = |name: &str| text.matches(&format!("@{name}(\"")).count();
    let policies = annotated("id");
    assert_eq!(annotated("facts"), policies);
    assert_eq!(annotated("remedy"), text.matches("\nforbid (").count());
    for facts in text
        .lines()
        .filter_map(|line| line.strip_prefix("@facts(\""))
    {
        for name in facts.trim_end_matches("\")").split(", ") {
            assert!(UseQuestion::FACTS.contains(&name), "{name}");
        }
    }
}
