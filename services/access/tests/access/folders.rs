//! Folders of policies: what operators add, and what the platform refuses to start with.

use std::fs;

use sandyq_access::{Policies, PolicyError, Question, Resource, ResourceKind, builtin};
use tempfile::TempDir;

use crate::principals::principal;

/// The shipped files with some changed or added; an empty text removes the file.
fn folder(changes: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in builtin().iter().chain(changes) {
        fs::write(dir.path().join(name), text).unwrap();
    }
    for (name, _) in changes.iter().filter(|(_, text)| text.is_empty()) {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    dir
}

fn load(changes: &[(&str, &str)]) -> Result<Policies, PolicyError> {
    Policies::load(folder(changes).path())
}

/// Loads with one more file; the refusal must contain each of the texts.
#[track_caller]
fn check_refused(text: &str, expected: &[&str]) {
    let error = load(&[("extra.cedar", text)]).unwrap_err().to_string();
    for part in expected {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

fn decide(
    policies: &Policies,
    short: &str,
    action: &str,
    resource: Resource,
) -> (bool, String, Vec<String>) {
    let decision = policies.decide(&Question {
        principal: principal(short),
        action,
        resource,
    });
    (
        decision.allowed,
        decision.reasons.join("; "),
        decision.errors,
    )
}

fn owned(kind: ResourceKind, owner: &str) -> Resource {
    Resource {
        organization: Some(format!("organizations/{owner}")),
        ..Resource::new(kind, "records/1")
    }
}

#[test]
fn every_shipped_file_is_embedded() {
    let mut files: Vec<String> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut embedded: Vec<&str> = builtin().iter().map(|(name, _)| *name).collect();
    embedded.sort_unstable();
    assert_eq!(files, embedded);
}

#[test]
fn the_written_set_loads_and_decides_as_the_embedded_one() {
    let (written, embedded) = (load(&[]).unwrap(), crate::shipped());
    assert_eq!(
        written.actions().collect::<Vec<_>>(),
        embedded.actions().collect::<Vec<_>>()
    );
    let asked = (
        "AO",
        "LibraryService.UpdateLibrary",
        owned(ResourceKind::Library, "stat"),
    );
    let answers =
        [&written, embedded].map(|policies| decide(policies, asked.0, asked.1, asked.2.clone()));
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].0);
}

#[test]
fn operators_add_forbids() {
    let text = r#"
        @id("local.no-new-jobs") @reason("no jobs during the election week")
        forbid (principal is Principal, action == Action::"SandboxService.CreateJob", resource);"#;
    let policies = load(&[("local.cedar", text)]).unwrap();
    let sandbox = || owned(ResourceKind::Sandbox, "lab");
    let (allowed, reasons, _) = decide(&policies, "D", "SandboxService.CreateJob", sandbox());
    assert!(!allowed);
    assert_eq!(
        reasons,
        "local.no-new-jobs: no jobs during the election week"
    );
    assert!(decide(&policies, "D", "SandboxService.GetSandbox", sandbox()).0);
}

#[test]
fn forbids_hold_against_a_careless_permit() {
    let text = r#"@id("local.all") @reason("everyone may do everything") permit (principal, action, resource);"#;
    let policies = load(&[("local.cedar", text)]).unwrap();
    let output = |state: &str| Resource {
        state: Some(state.to_owned()),
        ..owned(ResourceKind::Output, "lab")
    };
    let own = Resource {
        user: Some("users/ao".to_owned()),
        ..owned(ResourceKind::Grant, "stat")
    };
    assert!(
        decide(
            &policies,
            "NO",
            "SandboxService.CancelJob",
            owned(ResourceKind::Job, "rival")
        )
        .0
    );
    for (short, action, resource, forbid) in [
        (
            "OA",
            "DepersonalizationService.PublishVersion",
            owned(ResourceKind::Version, "stat"),
            "libraries.only-the-owner",
        ),
        (
            "AO2",
            "DepersonalizationService.PublishVersion",
            owned(ResourceKind::Version, "stat"),
            "libraries.only-the-owner",
        ),
        (
            "OA",
            "DepersonalizationService.PublishVersion",
            owned(ResourceKind::Version, "operator"),
            "libraries.only-the-owner",
        ),
        (
            "OA",
            "LibraryService.Write",
            owned(ResourceKind::Version, "stat"),
            "libraries.only-the-owner",
        ),
        (
            "OA",
            "AccessService.ApproveGrant",
            owned(ResourceKind::Grant, "stat"),
            "libraries.only-the-owner",
        ),
        (
            "AO",
            "AccessService.ApproveGrant",
            own,
            "grants.not-ones-own-request",
        ),
        (
            "AO2",
            "LibraryService.GetVersion",
            owned(ResourceKind::Version, "stat"),
            "libraries.agencies-apart",
        ),
        (
            "OA",
            "AirlockService.DownloadOutput",
            output("RELEASED"),
            "airlock.closed",
        ),
        (
            "D",
            "AirlockService.DownloadOutput",
            output("IN_REVIEW"),
            "airlock.closed",
        ),
        (
            "OR",
            "AirlockService.DownloadOutput",
            output("CHECKED"),
            "airlock.closed",
        ),
        (
            "OR",
            "SandboxService.StreamLogs",
            owned(ResourceKind::Job, "lab"),
            "sandboxes.logs-stay-inside",
        ),
        (
            "AU",
            "SandboxService.CancelJob",
            owned(ResourceKind::Job, "lab"),
            "audit.auditor-changes-nothing",
        ),
    ] {
        let (allowed, reasons, errors) = decide(&policies, short, action, resource);
        assert!(
            !allowed && reasons.starts_with(forbid) && errors.is_empty(),
            "{short} {action}: {reasons}"
        );
    }
}

#[test]
fn an_evaluation_error_is_a_denial() {
    // Types are checked at start, but a number can overflow only when the policy is asked.
    let text = r#"
        @id("local.overflow") @reason("never decided")
        forbid (principal, action == Action::"use", resource) when { context.now + 9223372036854775807 < 0 };
        @id("local.overflow-call") @reason("never decided")
        forbid (principal, action == Action::"LibraryService.GetLibrary", resource)
        when { resource has state && 9223372036854775807 + 1 == 0 };"#;
    let policies = load(&[("local.cedar", text)]).unwrap();
    let library = owned(ResourceKind::Library, "stat");
    assert!(
        decide(
            &policies,
            "AO",
            "LibraryService.GetLibrary",
            library.clone()
        )
        .0
    );
    let library = Resource {
        state: Some("ACTIVE".to_owned()),
        ..library
    };
    for (short, reason) in [
        ("AO", "could not be evaluated in full"),
        ("AO2", "libraries.agencies-apart"),
    ] {
        let (allowed, reasons, errors) = decide(
            &policies,
            short,
            "LibraryService.GetLibrary",
            library.clone(),
        );
        assert!(!allowed);
        assert!(reasons.contains(reason), "{reasons}");
        assert!(
            !reasons.contains("libraries.owner"),
            "a permit that was not followed: {reasons}"
        );
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0].contains("local.overflow-call") && errors[0].contains("overflow"),
            "{errors:?}"
        );
    }
}

#[test]
fn syntax_errors_name_file_and_line() {
    check_refused(
        "\n\npermit (principal, action resource);",
        &["extra.cedar, line 3: ", "unexpected token"],
    );
    check_refused(
        "@id(\"a\") @reason(\"b\")\npermit (principal, action, resource)",
        &["extra.cedar, line "],
    );
    check_refused("Ð", &["extra.cedar, line 1: "]);
    let error = load(&[("schema.cedarschema", "entity A;\nentity B in [")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("schema.cedarschema, line 2: "), "{error}");
}

#[test]
fn policies_that_do_not_fit_the_schema_are_refused() {
    let with = |scope: &str, rest: &str| {
        format!("@id(\"x.y\")\n@reason(\"z\")\nforbid (\n{scope}\n)\n{rest};")
    };
    let job = "principal, action == Action::\"SandboxService.GetJob\", resource";
    let place = "extra.cedar, line 6: policy `x.y`: ";
    check_refused(
        &with(job, "when { resource.colour == \"red\" }"),
        &[place, "attribute `colour`"],
    );
    check_refused(
        &with(job, "when { resource.state == \"RUNNING\" }"),
        &[place, "optional attribute `state`"],
    );
    check_refused(&with(job, "when { resource.published == 1 }"), &[place]);
    check_refused(
        &with(job, "when { principal in Role::\"OPERATOR\" }"),
        &["`x.y`", "OPERATOR"],
    );
    check_refused(
        &with(
            "principal, action == Action::\"SandboxService.Open\", resource",
            "",
        ),
        &["line ", "SandboxService.Open"],
    );
    check_refused(
        &with("principal is Robot, action, resource", ""),
        &["line ", "Robot"],
    );
    let never = "principal is Principal, action == Action::\"use\", resource";
    check_refused(&with(never, ""), &["line ", "`x.y`", "action"]);
    check_refused(
        &with(
            job,
            "when { resource.published && !resource.published && false }",
        ),
        &["`x.y`", "false"],
    );
}

#[test]
fn every_policy_has_an_id_of_its_own_and_a_reason() {
    let rest = "permit (principal, action, resource);";
    check_refused(
        &format!("\n@reason(\"b\")\n{rest}"),
        &["extra.cedar, line 2: ", "no @id"],
    );
    check_refused(
        &format!("@id(\"\") @reason(\"b\")\n{rest}"),
        &["extra.cedar, line 1: ", "no @id"],
    );
    check_refused(
        &format!("\n\n@id(\"x.y\")\n{rest}"),
        &["extra.cedar, line 3: ", "`x.y`", "no @reason"],
    );
    let twice = format!("@id(\"use.granted\") @reason(\"b\")\n{rest}");
    check_refused(
        &twice,
        &[
            "use.cedar, line ",
            "`use.granted`",
            "already defined in",
            "extra.cedar",
        ],
    );
    let template =
        "@id(\"x.y\") @reason(\"b\")\npermit (principal == ?principal, action, resource);";
    check_refused(template, &["extra.cedar, line 1: ", "`x.y`", "template"]);
}

#[test]
fn a_schema_of_another_version_is_refused() {
    let shipped = builtin()
        .iter()
        .find(|(name, _)| *name == "schema.cedarschema")
        .unwrap()
        .1;
    for (from, to, expected) in [
        (
            "  published: Bool,\n};\n\n// Reads",
            "  published: Bool,\n  colour: String,\n};\n\n// Reads",
            "colour",
        ),
        (
            "      now: Long,",
            "      now: Long,\n      weather: String,",
            "is not valid for `Action::\"use\"`",
        ),
        ("entity Purpose in [Purpose];", "entity Purpose;", "Purpose"),
    ] {
        assert!(shipped.contains(from), "{from}");
        // Without policies that the change itself would break, only the check against the program can find it.
        let error = load(&[
            ("schema.cedarschema", &shipped.replace(from, to)),
            ("use.cedar", ""),
        ]);
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("schema.cedarschema does not fit") && error.contains(expected),
            "{error}"
        );
    }
}

#[test]
fn incomplete_folders_are_refused() {
    let error = load(&[("schema.cedarschema", "")]).unwrap_err();
    assert!(
        matches!(error, PolicyError::MissingSchema { .. }),
        "{error}"
    );
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("schema.cedarschema"), builtin()[0].1).unwrap();
    let error = Policies::load(dir.path()).unwrap_err();
    assert!(matches!(error, PolicyError::NoPolicies { .. }), "{error}");
    let absent = dir.path().join("absent");
    let error = Policies::load(&absent).unwrap_err();
    assert!(
        matches!(error, PolicyError::Read { .. }) && error.to_string().contains("absent"),
        "{error}"
    );
    let policies = folder(&[]);
    fs::write(policies.path().join("bytes.cedar"), [0xff, 0xfe]).unwrap();
    let error = Policies::load(policies.path()).unwrap_err();
    assert!(error.to_string().contains("bytes.cedar"), "{error}");
}

fn adding(text: &str) -> Result<Policies, PolicyError> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("own.cedar"), text).unwrap();
    Policies::with_forbids(dir.path())
}

#[test]
fn the_operator_forbids_and_never_permits() {
    let empty = tempfile::tempdir().unwrap();
    let shipped = Policies::with_forbids(empty.path()).unwrap();
    let policies = adding(
        r#"@id("own.no-jobs") @reason("closed for the census")
        forbid (principal is Principal, action == Action::"SandboxService.CreateJob", resource);"#,
    )
    .unwrap();
    assert_eq!(policies.count(), shipped.count() + 1);
    let sandbox = || owned(ResourceKind::Sandbox, "lab");
    assert!(decide(&shipped, "D", "SandboxService.CreateJob", sandbox()).0);
    let (allowed, reasons, _) = decide(&policies, "D", "SandboxService.CreateJob", sandbox());
    assert!(
        !allowed && reasons.contains("closed for the census"),
        "{reasons}"
    );
    for loosening in [
        r#"@id("own.all") @reason("all may do all") permit (principal, action, resource);"#,
        r#"@id("own.a") @reason("a")
        forbid (principal is Principal, action == Action::"SandboxService.CreateJob", resource);
        @id("own.use") @reason("use is free") permit (principal is SandboxInUse, action == Action::"use", resource);"#,
    ] {
        let error = adding(loosening).unwrap_err();
        assert!(matches!(error, PolicyError::Loosens { .. }), "{error}");
        assert!(error.to_string().contains("own.cedar, line"), "{error}");
    }
    // Nor by the name of a policy of the law, nor by a schema of one's own.
    let error = adding(
        r#"@id("use.granted") @reason("other")
        forbid (principal is SandboxInUse, action == Action::"use", resource);"#,
    );
    assert!(matches!(error, Err(PolicyError::DuplicateId { .. })));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("schema.cedarschema"), "entity A;").unwrap();
    let policies = Policies::with_forbids(dir.path()).unwrap();
    assert_eq!(policies.count(), shipped.count());
}

/// Whatever the operator adds, no decision turns from no to yes: tried with every prohibition of the law as the question's breach.
#[test]
fn no_prohibition_of_the_operators_opens_anything() {
    let policies = adding(
        r#"@id("own.odd") @reason("odd")
        forbid (principal is SandboxInUse, action == Action::"use", resource)
        unless { principal.state == "DENIED" };
        @id("own.calls") @reason("calls")
        forbid (principal is Principal, action, resource)
        unless { principal in Role::"OPERATOR_ADMIN" };"#,
    )
    .unwrap();
    let shipped = Policies::builtin().unwrap();
    for (action, resource, _) in crate::table::rows() {
        for short in crate::principals::EVERYONE.split(' ') {
            let before = decide(&shipped, short, action, resource.clone()).0;
            let after = decide(&policies, short, action, resource.clone()).0;
            assert!(before || !after, "{short} {action}");
        }
    }
}

#[test]
fn a_copy_of_a_shipped_file_is_passed_over_only_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in builtin() {
        fs::write(dir.path().join(name), text).unwrap();
    }
    Policies::with_forbids(dir.path()).unwrap();
    let (name, text) = builtin()[1];
    fs::write(dir.path().join(name), format!("{text}\n// mine")).unwrap();
    assert!(Policies::with_forbids(dir.path()).is_err());
}

#[test]
fn policies_are_replaced_for_all_who_share_them() {
    let policies = Policies::builtin().unwrap();
    let shared = policies.clone();
    let other =
        adding(r#"@id("own.none") @reason("none") forbid (principal, action, resource);"#).unwrap();
    let library = || owned(ResourceKind::Library, "stat");
    assert!(decide(&shared, "AO", "LibraryService.GetLibrary", library()).0);
    policies.replace(&other);
    assert!(!decide(&shared, "AO", "LibraryService.GetLibrary", library()).0);
}
