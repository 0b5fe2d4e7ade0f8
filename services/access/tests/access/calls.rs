//! Who may make which call on whose record: every call, every role, own and other organizations.

use std::collections::BTreeSet;

use sandyq_access::ResourceKind::{
    Grant, Image, Job, Library, Output, Platform, Sandbox, User, Version,
};
use sandyq_access::{OrganizationKind, Policies, Question, Resource, Role, UNAUTHENTICATED};

use crate::principals::{EVERYONE, principal};
use crate::shipped;
use crate::table::{Row, asked_by, of, rows, state, user};

/// Asks as every user and compares with the row.
#[track_caller]
fn check(policies: &Policies, (action, resource, permitted): &Row) {
    for short in EVERYONE.split(' ') {
        let question = Question {
            principal: principal(short),
            action,
            resource: resource.clone(),
        };
        let decision = policies.decide(&question);
        let expected = permitted.split(' ').any(|name| name == short)
            // A lead does whatever a developer does; rows about users name everybody.
            || short == "DL" && resource.kind != User && permitted.split(' ').any(|name| name == "D");
        assert_eq!(
            decision.allowed, expected,
            "{short} {action} {resource:?}: {:?}",
            decision.reasons
        );
        assert!(!decision.reasons.is_empty(), "{short} {action}");
        assert_eq!(decision.errors, Vec::<String>::new(), "{short} {action}");
    }
}

#[test]
fn each_call_is_open_to_its_roles_and_tenants_only() {
    rows().iter().for_each(|row| check(shipped(), row));
}

#[test]
fn no_call_is_missing_from_the_table() {
    let tested: BTreeSet<&str> = rows().iter().map(|(action, ..)| *action).collect();
    let decided: BTreeSet<String> = shipped().actions().collect();
    let decided: BTreeSet<&str> = decided.iter().map(String::as_str).collect();
    assert_eq!(tested, decided);
    assert!(
        UNAUTHENTICATED
            .iter()
            .all(|action| !decided.contains(action))
    );
}

#[test]
fn an_auditor_reads_everything_and_changes_nothing() {
    for action in &shipped().actions().collect::<Vec<_>>() {
        let (_, method) = action.split_once('.').unwrap();
        let harmless = [
            "WhoAmI",
            "RenewCertificate",
            "CheckAccess",
            "ExplainAccess",
            "ExportLog",
            "DownloadShellRecord",
        ]
        .contains(&method);
        let reads = ["Get", "List", "Watch"]
            .iter()
            .any(|verb| method.starts_with(verb));
        for kind in shipped().asked_on(action) {
            let own_certificate = kind == User && !reads;
            let resource = state(kind, "stat", "RELEASED");
            let decision = shipped().decide(&Question {
                principal: principal("AU"),
                action,
                resource,
            });
            assert_eq!(
                decision.allowed,
                (reads || harmless) && !own_certificate,
                "{action} on {kind:?}"
            );
        }
    }
}

#[track_caller]
fn check_reason(short: &str, action: &str, resource: Resource, reason: &str) {
    let decision = shipped().decide(&Question {
        principal: principal(short),
        action,
        resource,
    });
    let text = decision.reasons.join("; ");
    assert!(text.contains(reason), "{short} {action}: {text}");
}

#[test]
fn decisions_carry_their_reasons() {
    check_reason(
        "AO",
        "LibraryService.CreateVersion",
        of(Library, "stat"),
        "libraries.owner: the owner of a library",
    );
    check_reason(
        "OA",
        "DepersonalizationService.PublishVersion",
        of(Version, "stat"),
        "libraries.only-the-owner: ",
    );
    check_reason(
        "AS",
        "DepersonalizationService.PublishVersion",
        of(Version, "stat"),
        "libraries.only-the-owner-role-",
    );
    check_reason(
        "AO2",
        "LibraryService.GetLibrary",
        of(Library, "stat"),
        "libraries.agencies-apart: ",
    );
    check_reason(
        "AO",
        "AccessService.ApproveGrant",
        asked_by("ao", of(Grant, "stat")),
        "grants.not-ones-own-request: ",
    );
    check_reason(
        "OA",
        "AirlockService.DownloadOutput",
        state(Output, "lab", "RELEASED"),
        "airlock.closed: ",
    );
    check_reason(
        "OA",
        "SandboxService.StreamLogs",
        of(Job, "lab"),
        "sandboxes.logs-stay-inside: ",
    );
    check_reason(
        "OA",
        "IdentityService.RevokeUser",
        user("oa", "operator"),
        "identity.not-oneself: ",
    );
    check_reason(
        "AU",
        "SandboxService.CancelJob",
        of(Job, "lab"),
        "audit.auditor-changes-nothing: ",
    );
    let nobody = "no policy permits SandboxService.CreateJob to DEVELOPER on this Sandbox";
    check_reason("D2", "SandboxService.CreateJob", of(Sandbox, "lab"), nobody);
    let roleless =
        "no policy permits SandboxService.CreateJob to a user without roles on this Sandbox";
    check_reason(
        "NO",
        "SandboxService.CreateJob",
        of(Sandbox, "lab"),
        roleless,
    );
}

#[test]
fn unknown_calls_and_wrong_records_are_denied() {
    for action in [
        "LibraryService.ReadRows",
        "IdentityService.Enroll",
        "read",
        "use",
        "",
        "a\"b",
    ] {
        let decision = shipped().decide(&Question {
            principal: principal("OA"),
            action,
            resource: of(Platform, ""),
        });
        assert!(!decision.allowed, "{action}");
        assert!(
            decision.reasons[0].contains("there is no such call"),
            "{:?}",
            decision.reasons
        );
    }
    let question = Question {
        principal: principal("AO"),
        action: "LibraryService.CreateVersion",
        resource: of(Job, "stat"),
    };
    let decision = shipped().decide(&question);
    assert!(!decision.allowed);
    assert_eq!(
        decision.errors,
        ["LibraryService.CreateVersion is not asked on a Job"]
    );
}

#[test]
fn a_role_of_another_kind_of_organization_denies_everything() {
    for role in Role::ALL {
        for kind in OrganizationKind::ALL {
            let mut asker = principal("NO");
            (asker.kind, asker.roles) = (kind, vec![role]);
            let question = Question {
                principal: asker,
                action: "IdentityService.WhoAmI",
                resource: of(Platform, ""),
            };
            let decision = shipped().decide(&question);
            assert_eq!(decision.allowed, role.fits(kind), "{role:?} in {kind:?}");
            let named = decision
                .reasons
                .iter()
                .any(|reason| reason.starts_with("identity.role-fits-organization: "));
            assert_eq!(named, !role.fits(kind), "{:?}", decision.reasons);
        }
    }
}

#[test]
fn roles_add_up() {
    let mut both = principal("OA");
    both.roles.push(Role::OperatorReviewer);
    for (action, resource, allowed) in [
        ("ImageService.ApproveImage", of(Image, "lab"), true),
        ("AirlockService.ReleaseOutput", of(Output, "lab"), true),
        (
            "AirlockService.DownloadOutput",
            state(Output, "lab", "CHECKED"),
            false,
        ),
    ] {
        let decision = shipped().decide(&Question {
            principal: both.clone(),
            action,
            resource,
        });
        assert_eq!(
            decision.allowed, allowed,
            "{action}: {:?}",
            decision.reasons
        );
    }
}

#[test]
fn hostile_names_stay_names() {
    for name in [
        "\" || true || \"",
        "organizations/stat\"",
        "\0",
        "*",
        "organizations/",
        "organizations/STAT",
    ] {
        let mut asker = principal("AO");
        asker.organization = name.to_owned();
        let question = Question {
            principal: asker,
            action: "LibraryService.GetLibrary",
            resource: of(Library, "stat"),
        };
        assert!(!shipped().decide(&question).allowed, "{name:?}");
    }
}
