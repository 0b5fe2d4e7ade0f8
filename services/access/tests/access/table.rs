//! The rules as a table: call, record, and who may.

use sandyq_access::ResourceKind::{
    AuditLog, Grant, Incident, Library, Organization, Platform, Run, Sandbox, SubjectRequest, User,
    Version,
};
use sandyq_access::{Resource, ResourceKind};

use crate::principals::EVERYONE;

mod developers;

/// Those who may list the records of their own organization or of all.
const AGENCIES_DEVELOPERS_OVERSIGHT: &str = "OA AO AS AO2 AS2 D D2 AU";

/// A row: call, record, short names of all those who are permitted.
pub type Row = (&'static str, Resource, &'static str);

pub fn of(kind: ResourceKind, owner: &str) -> Resource {
    let organization = (!owner.is_empty()).then(|| format!("organizations/{owner}"));
    let name = if kind == Organization {
        format!("organizations/{owner}")
    } else {
        format!("records/{owner}")
    };
    Resource {
        organization,
        ..Resource::new(kind, name)
    }
}

fn published(kind: ResourceKind) -> Resource {
    Resource {
        published: true,
        ..of(kind, "stat")
    }
}

pub fn state(kind: ResourceKind, owner: &str, state: &str) -> Resource {
    Resource {
        state: Some(state.to_owned()),
        ..of(kind, owner)
    }
}

fn seen_by(kind: ResourceKind, owner: &str, viewer: &str) -> Resource {
    Resource {
        viewers: vec![format!("organizations/{viewer}")],
        ..of(kind, owner)
    }
}

pub fn asked_by(user: &str, resource: Resource) -> Resource {
    Resource {
        user: Some(format!("users/{user}")),
        ..resource
    }
}

pub fn user(name: &str, owner: &str) -> Resource {
    Resource {
        name: format!("users/{name}"),
        ..of(User, owner)
    }
}

fn identity() -> Vec<Row> {
    vec![
        (
            "IdentityService.RenewCertificate",
            of(Platform, ""),
            EVERYONE,
        ),
        ("IdentityService.RenewCertificate", user("d", "lab"), "D"),
        ("IdentityService.WhoAmI", of(Platform, ""), EVERYONE),
        ("IdentityService.CreateOrganization", of(Platform, ""), "OA"),
        (
            "IdentityService.GetOrganization",
            of(Organization, "stat"),
            EVERYONE,
        ),
        (
            "IdentityService.ListOrganizations",
            of(Platform, ""),
            EVERYONE,
        ),
        (
            "IdentityService.CreateInvitation",
            of(Organization, "stat"),
            "OA AO",
        ),
        (
            "IdentityService.CreateInvitation",
            of(Organization, "lab"),
            "OA",
        ),
        ("IdentityService.RevokeUser", user("x", "stat"), "OA AO"),
        ("IdentityService.RevokeUser", user("x", "lab"), "OA"),
        ("IdentityService.RevokeUser", user("ao", "stat"), "OA"),
        ("IdentityService.RevokeUser", user("oa", "operator"), ""),
        ("IdentityService.GetUser", user("x", "stat"), "OA AO AS AU"),
        ("IdentityService.GetUser", user("x", "lab"), "OA D NO DL AU"),
        (
            "IdentityService.ListUsers",
            of(Organization, "stat"),
            "OA AO AS AU",
        ),
        (
            "IdentityService.ListUsers",
            of(Organization, "operator"),
            "OA OR AU",
        ),
    ]
}

fn libraries() -> Vec<Row> {
    let mut rows = vec![
        ("LibraryService.CreateLibrary", of(Platform, ""), "AO AO2"),
        (
            "LibraryService.CreateLibrary",
            of(Organization, "stat"),
            "AO",
        ),
        (
            "LibraryService.ListLibraries",
            of(Platform, ""),
            AGENCIES_DEVELOPERS_OVERSIGHT,
        ),
        ("LibraryService.UpdateLibrary", published(Library), "AO"),
        ("LibraryService.CreateVersion", published(Library), "AO AS"),
        ("LibraryService.Write", of(Version, "stat"), "AO AS"),
        ("LibraryService.Write", published(Version), "AO AS"),
        (
            "LibraryService.QueryWriteStatus",
            of(Version, "stat"),
            "AO AS",
        ),
        (
            "LibraryService.FinalizeVersion",
            of(Version, "stat"),
            "AO AS",
        ),
        (
            "LibraryService.GetClassification",
            of(Version, "stat"),
            "OA AO AS AU",
        ),
        (
            "LibraryService.GetClassification",
            published(Version),
            "OA AO AS AU",
        ),
        ("LibraryService.RetireVersion", published(Version), "AO"),
        ("LibraryService.RevealValues", published(Version), "AO"),
        (
            "LibraryService.ListLibraryUses",
            published(Library),
            "OA AO AU",
        ),
        (
            "DepersonalizationService.ValidateProfile",
            of(Version, "stat"),
            "AO AS",
        ),
        (
            "DepersonalizationService.CreateRun",
            of(Version, "stat"),
            "AO AS",
        ),
        (
            "DepersonalizationService.PublishVersion",
            of(Version, "stat"),
            "AO",
        ),
        (
            "DepersonalizationService.PublishVersion",
            published(Version),
            "AO",
        ),
        (
            "DepersonalizationService.PublishVersion",
            of(Version, ""),
            "",
        ),
        (
            "DepersonalizationService.PublishVersion",
            of(Version, "operator"),
            "",
        ),
        (
            "DepersonalizationService.ListRuns",
            published(Version),
            "OA AO AS AU",
        ),
        (
            "DepersonalizationService.WatchRun",
            published(Run),
            "OA AO AS AU",
        ),
    ];
    for (action, kind) in [
        ("LibraryService.GetLibrary", Library),
        ("LibraryService.ListVersions", Library),
        ("LibraryService.GetVersion", Version),
        ("LibraryService.WatchVersion", Version),
        ("DepersonalizationService.GetRun", Run),
    ] {
        rows.push((action, of(kind, "stat"), "OA AO AS AU"));
        rows.push((action, published(kind), "OA AO AS D D2 AU"));
    }
    rows
}

fn grants() -> Vec<Row> {
    let grant = || seen_by(Grant, "stat", "lab");
    let sandbox = || seen_by(Sandbox, "lab", "stat");
    vec![
        ("AccessService.CreateGrant", sandbox(), "D"),
        ("AccessService.GetGrant", grant(), "OA AO AS D AU"),
        (
            "AccessService.ListGrants",
            of(Platform, ""),
            AGENCIES_DEVELOPERS_OVERSIGHT,
        ),
        ("AccessService.ListGrants", sandbox(), "OA AO AS D AU"),
        ("AccessService.ApproveGrant", asked_by("d", grant()), "AO"),
        ("AccessService.ApproveGrant", asked_by("ao", grant()), ""),
        ("AccessService.DenyGrant", grant(), "AO"),
        ("AccessService.DenyGrant", asked_by("ao", grant()), ""),
        ("AccessService.RevokeGrant", grant(), "OA AO"),
        ("AccessService.RenewGrant", grant(), "D"),
        (
            "AccessService.RenewGrant",
            seen_by(Grant, "stat", "rival"),
            "D2",
        ),
        ("AccessService.ReloadPolicies", of(Platform, ""), "OA"),
        ("AccessService.TryPolicies", of(Platform, ""), "OA"),
        ("AccessService.ExplainAccess", sandbox(), "OA AO D AU"),
        ("AccessService.ExplainAccess", of(Sandbox, "lab"), "OA D AU"),
        ("AccessService.CheckAccess", sandbox(), "OA AO D AU"),
        ("AccessService.CheckAccess", of(Sandbox, "lab"), "OA D AU"),
        ("AccessService.CheckAccess", published(Version), "OA AO AU"),
    ]
}

fn audit() -> Vec<Row> {
    vec![
        ("AuditService.GetCheckpoint", of(AuditLog, ""), EVERYONE),
        (
            "AuditService.GetConsistencyProof",
            of(AuditLog, ""),
            EVERYONE,
        ),
        ("AuditService.GetInclusionProof", of(AuditLog, ""), "OA AU"),
        ("AuditService.ListEntries", of(AuditLog, ""), "OA AU"),
        ("AuditService.ExportLog", of(AuditLog, ""), "OA AU"),
    ]
}

fn subjects() -> Vec<Row> {
    let request = || asked_by("as", of(SubjectRequest, "stat"));
    vec![
        (
            "SubjectService.CreateSubjectRequest",
            of(Platform, ""),
            "AO AS AO2 AS2",
        ),
        (
            "SubjectService.ListSubjectRequests",
            of(Platform, ""),
            "OA AO AS AO2 AS2 AU",
        ),
        ("SubjectService.GetSubjectRequest", request(), "OA AO AS AU"),
        ("SubjectService.AcceptSubjectRequest", request(), "AO"),
        (
            "SubjectService.AcceptSubjectRequest",
            asked_by("ao", of(SubjectRequest, "stat")),
            "",
        ),
        ("SubjectService.RefuseSubjectRequest", request(), "AO"),
        (
            "SubjectService.RefuseSubjectRequest",
            of(SubjectRequest, "operator"),
            "",
        ),
        ("SubjectService.NotifySubject", request(), "AO AS"),
    ]
}

fn incidents() -> Vec<Row> {
    let incident = || of(Incident, "operator");
    let mut rows = vec![
        ("IncidentService.CreateIncident", of(Platform, ""), "OA"),
        (
            "IncidentService.ListIncidents",
            of(Platform, ""),
            "OA AO AS AO2 AS2 AU",
        ),
        ("IncidentService.GetIncident", incident(), "OA AU"),
        (
            "IncidentService.GetIncident",
            seen_by(Incident, "operator", "stat"),
            "OA AO AS AU",
        ),
    ];
    for action in [
        "IncidentService.ClassifyIncident",
        "IncidentService.LinkIncident",
        "IncidentService.RecordIncidentNotice",
        "IncidentService.CloseIncident",
    ] {
        rows.push((action, seen_by(Incident, "operator", "stat"), "OA"));
    }
    rows
}

/// All of it.
pub fn rows() -> Vec<Row> {
    [
        identity(),
        libraries(),
        grants(),
        developers::systems(),
        developers::sandboxes(),
        developers::images(),
        developers::trials(),
        developers::airlock(),
        subjects(),
        incidents(),
        audit(),
    ]
    .concat()
}
