//! What is asked: who, what, on which record, with the facts that policies look at.

use serde::{Deserialize, Serialize};

/// What an organization is on the platform. It bounds the roles that its users can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrganizationKind {
    /// Runs the platform.
    Operator,
    /// Owns data libraries.
    Agency,
    /// Develops AI systems.
    Developer,
    /// Reads everything, changes nothing.
    Auditor,
}

impl OrganizationKind {
    /// Every kind.
    pub const ALL: [OrganizationKind; 4] = [
        OrganizationKind::Operator,
        OrganizationKind::Agency,
        OrganizationKind::Developer,
        OrganizationKind::Auditor,
    ];

    /// The name in policies and in the database, such as `AGENCY`.
    pub const fn as_str(self) -> &'static str {
        match self {
            OrganizationKind::Operator => "OPERATOR",
            OrganizationKind::Agency => "AGENCY",
            OrganizationKind::Developer => "DEVELOPER",
            OrganizationKind::Auditor => "AUDITOR",
        }
    }
}

/// What a user may do within the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Organizations, invitations, systems, sandboxes, images.
    OperatorAdmin,
    /// Reviews outputs in the airlock.
    OperatorReviewer,
    /// Decides on libraries, publication and grants of the agency.
    AgencyOwner,
    /// Uploads data and prepares versions; decides nothing.
    AgencySteward,
    /// AI systems, sandboxes, grant requests, jobs.
    Developer,
    /// Reads.
    Auditor,
    /// A developer who answers for the organization's AI systems.
    DeveloperLead,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 7] = [
        Role::OperatorAdmin,
        Role::OperatorReviewer,
        Role::AgencyOwner,
        Role::AgencySteward,
        Role::Developer,
        Role::Auditor,
        Role::DeveloperLead,
    ];

    /// The name in policies and in the database, such as `AGENCY_OWNER`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::OperatorAdmin => "OPERATOR_ADMIN",
            Role::OperatorReviewer => "OPERATOR_REVIEWER",
            Role::AgencyOwner => "AGENCY_OWNER",
            Role::AgencySteward => "AGENCY_STEWARD",
            Role::Developer => "DEVELOPER",
            Role::Auditor => "AUDITOR",
            Role::DeveloperLead => "DEVELOPER_LEAD",
        }
    }

    /// The role whose permissions it has beside its own.
    pub const fn includes(self) -> Option<Role> {
        match self {
            Role::DeveloperLead => Some(Role::Developer),
            _ => None,
        }
    }

    /// The only kind of organization whose users can hold the role.
    pub const fn kind(self) -> OrganizationKind {
        match self {
            Role::OperatorAdmin | Role::OperatorReviewer => OrganizationKind::Operator,
            Role::AgencyOwner | Role::AgencySteward => OrganizationKind::Agency,
            Role::Developer | Role::DeveloperLead => OrganizationKind::Developer,
            Role::Auditor => OrganizationKind::Auditor,
        }
    }

    /// Whether users of an organization of this kind can hold the role.
    pub fn fits(self, kind: OrganizationKind) -> bool {
        self.kind() == kind
    }
}

/// The authenticated user, as the database has it at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `users/{user}`.
    pub user: String,
    /// `organizations/{organization}`, in the form that [`Resource::organization`] uses.
    pub organization: String,
    /// What the organization is.
    pub kind: OrganizationKind,
    /// The roles held; one that does not fit `kind` is a denial of everything.
    pub roles: Vec<Role>,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResourceKind {
    /// The platform as a whole: the parent of what has no other parent.
    Platform,
    /// An organization.
    Organization,
    /// A user.
    User,
    /// A data library.
    Library,
    /// A version of a library; also asked for its uploads.
    Version,
    /// A depersonalization run of a version.
    Run,
    /// A grant.
    Grant,
    /// An AI system.
    System,
    /// A sandbox.
    Sandbox,
    /// A job.
    Job,
    /// A trial.
    Trial,
    /// A container image.
    Image,
    /// An output held in the airlock.
    Output,
    /// A request of a subject.
    SubjectRequest,
    /// An incident.
    Incident,
    /// The audit log.
    AuditLog,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [ResourceKind; 16] = [
        ResourceKind::Platform,
        ResourceKind::Organization,
        ResourceKind::User,
        ResourceKind::Library,
        ResourceKind::Version,
        ResourceKind::Run,
        ResourceKind::Grant,
        ResourceKind::System,
        ResourceKind::Sandbox,
        ResourceKind::Job,
        ResourceKind::Trial,
        ResourceKind::Image,
        ResourceKind::Output,
        ResourceKind::SubjectRequest,
        ResourceKind::Incident,
        ResourceKind::AuditLog,
    ];

    /// The name of the entity type in the schema, such as `Library`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ResourceKind::Platform => "Platform",
            ResourceKind::Organization => "Organization",
            ResourceKind::User => "User",
            ResourceKind::Library => "Library",
            ResourceKind::Version => "Version",
            ResourceKind::Run => "Run",
            ResourceKind::Grant => "Grant",
            ResourceKind::System => "System",
            ResourceKind::Sandbox => "Sandbox",
            ResourceKind::Job => "Job",
            ResourceKind::Trial => "Trial",
            ResourceKind::Image => "Image",
            ResourceKind::Output => "Output",
            ResourceKind::SubjectRequest => "SubjectRequest",
            ResourceKind::Incident => "Incident",
            ResourceKind::AuditLog => "AuditLog",
        }
    }
}

/// The record that a call is about. List and Create calls are asked on the parent, or on the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its resource name, such as `libraries/l`; `platform` and `auditLog` for the two that have none.
    pub name: String,
    /// The organization that owns it. A grant is owned by the agency that decides on it.
    pub organization: Option<String>,
    /// Other organizations related to it: a grant's requesting organization, the agencies whose libraries a sandbox
    /// or system uses.
    pub viewers: Vec<String>,
    /// Its state without the `STATE_` prefix, such as `IN_REVIEW`.
    pub state: Option<String>,
    /// `users/{user}` who asked for it, or whose job made it. For a user, the user; taken from `name` when absent.
    pub user: Option<String>,
    /// A library with a published version, a published version, or a run of one.
    pub published: bool,
}

impl Resource {
    /// A record of which nothing but its kind and name is known yet.
    pub fn new(kind: ResourceKind, name: impl Into<String>) -> Resource {
        Resource {
            kind,
            name: name.into(),
            organization: None,
            viewers: Vec::new(),
            state: None,
            user: None,
            published: false,
        }
    }

    /// The platform.
    pub fn platform() -> Resource {
        Resource::new(ResourceKind::Platform, "platform")
    }

    /// The audit log.
    pub fn audit_log() -> Resource {
        Resource::new(ResourceKind::AuditLog, "auditLog")
    }
}

/// May this user make this call on this record?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Who asks.
    pub principal: Principal,
    /// The gRPC service without its package, and the method: `LibraryService.CreateVersion`.
    pub action: &'a str,
    /// The record.
    pub resource: Resource,
}

/// May this sandbox use this version for this purpose now, by this grant?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseQuestion {
    /// The present, in milliseconds since 1970-01-01 UTC.
    pub now: i64,
    /// The sandbox in which the data would be used.
    pub sandbox: UseSandbox,
    /// The version to be used.
    pub version: UseVersion,
    /// `users/{user}` who asks for the use, or has asked for it.
    pub requester: String,
    /// The purpose of the use, dotted: `research.health.screening` lies below `research.health`.
    pub purpose: String,
    /// It is training, by the stage of the sandbox or by the purpose.
    pub training: bool,
    /// The system of the sandbox.
    pub system: UseSystem,
    /// The grant put forward; none is a denial.
    pub grant: Option<UseGrant>,
    /// Purposes for which the owner lends the library.
    pub library_purposes: Vec<String>,
    /// The owner's rule for the library.
    pub rule: UseRule,
}

impl UseQuestion {
    /// The other asks the same, whether or not at the same time.
    pub fn is_same_but_for_time(&self, other: &Self) -> bool {
        let Self {
            now: _,
            sandbox,
            version,
            requester,
            purpose,
            training,
            system,
            grant,
            library_purposes,
            rule,
        } = self;
        (sandbox, version, grant) == (&other.sandbox, &other.version, &other.grant)
            && (requester, purpose) == (&other.requester, &other.purpose)
            && (training, system, rule) == (&other.training, &other.system, &other.rule)
            && library_purposes == &other.library_purposes
    }
}

/// The AI system of a [`UseQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseSystem {
    /// Such as `REGISTERED`.
    pub state: String,
    /// 1 minimal, 2 medium, 3 high.
    pub risk: i64,
}

/// What the owner of a library asks of every use. The default narrows nothing, but for trial operation, which an owner opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseRule {
    /// Organizations to which it is lent; empty: any.
    pub organizations: Vec<String>,
    /// `users/{user}` who may use it; empty: any.
    pub developers: Vec<String>,
    /// Stages for which it is lent; empty: any.
    pub stages: Vec<String>,
    /// Highest risk of a system, as in [`UseSystem::risk`].
    pub most_risk: i64,
    /// Smallest equivalence class that a release may have.
    pub least_k: i64,
    /// No job reads rows.
    pub aggregate_only: bool,
    /// Lent for trial operation.
    pub trial_use: bool,
    /// The rightsholder forbids training.
    pub training_reserved: bool,
    /// End of the subjects' consent, in milliseconds since 1970-01-01 UTC.
    pub consent_expire_time: Option<i64>,
    /// End of the purposes, in milliseconds since 1970-01-01 UTC.
    pub purpose_expire_time: Option<i64>,
}

impl Default for UseRule {
    fn default() -> UseRule {
        UseRule {
            organizations: Vec::new(),
            developers: Vec::new(),
            stages: Vec::new(),
            most_risk: i64::MAX,
            least_k: 0,
            aggregate_only: false,
            trial_use: false,
            training_reserved: false,
            consent_expire_time: None,
            purpose_expire_time: None,
        }
    }
}

/// The sandbox of a [`UseQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseSandbox {
    /// `sandboxes/{sandbox}`.
    pub name: String,
    /// `organizations/{organization}` that owns it.
    pub organization: String,
    /// Such as `ACTIVE`.
    pub state: String,
    /// Such as `TRAINING`.
    pub stage: String,
    /// End of its term, in milliseconds since 1970-01-01 UTC.
    pub expire_time: i64,
}

/// The library version of a [`UseQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseVersion {
    /// `libraries/{library}/versions/{version}`.
    pub name: String,
    /// Such as `PUBLISHED`.
    pub state: String,
    /// `organizations/{organization}` that owns the library.
    pub organization: String,
    /// Smallest equivalence class that was measured in the release.
    pub measured_k: i64,
}

/// The grant of a [`UseQuestion`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseGrant {
    /// `grants/{grant}`.
    pub name: String,
    /// Such as `ACTIVE`.
    pub state: String,
    /// `sandboxes/{sandbox}` for which it was given.
    pub sandbox: String,
    /// `libraries/{library}/versions/{version}` for which it was given.
    pub version: String,
    /// The purpose for which it was given, dotted.
    pub purpose: String,
    /// End of its term, in milliseconds since 1970-01-01 UTC.
    pub expire_time: i64,
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// True only when a policy permits it, none forbids it and every policy could be evaluated.
    pub allowed: bool,
    /// `policy-id: sentence` of each policy that determined the decision, ordered by id; one sentence that says so when
    /// no policy permits. Never empty.
    pub reasons: Vec<String>,
    /// Which policy could not be evaluated and why, or what was wrong with the question; any makes it a denial.
    pub errors: Vec<String>,
}
