//! One request, or a few, for each RPC.

use bytes::Bytes;
use prost::Message;
use sandyq_proto::v1;
use sandyq_proto::v1::open_shell_request::Step;

use super::world::World;

/// Refused by whoever looks at it, which is done after the policies were asked.
const MALFORMED: &str = "not an id";

type Request = Box<dyn Fn(&str) -> Vec<Bytes> + Send + Sync>;

/// A row of the table: a call about a resource.
pub struct Row {
    /// `Service.Method`.
    pub rpc: &'static str,
    /// Tells rows of one RPC apart.
    pub note: &'static str,
    /// The resource; empty when the call is about none.
    pub name: String,
    /// The messages that name a resource.
    pub request: Request,
}

impl Row {
    /// As in the table's first column.
    pub fn title(&self) -> String {
        if self.note.is_empty() {
            self.rpc.to_owned()
        } else {
            format!("{} ({})", self.rpc, self.note)
        }
    }
}

/// The messages of a call with a single one.
pub fn one(message: &impl Message) -> Vec<Bytes> {
    vec![message.encode_to_vec().into()]
}

fn row<M: Message>(
    rpc: &'static str,
    name: &str,
    make: impl Fn(String) -> M + Send + Sync + 'static,
) -> Row {
    Row {
        rpc,
        note: "",
        name: name.to_owned(),
        request: Box::new(move |name| one(&make(name.to_owned()))),
    }
}

fn note(note: &'static str, row: Row) -> Row {
    Row { note, ..row }
}

/// `row!(Service, Method(name) { field: value })`: the request of a method, all other fields left out.
macro_rules! row {
    ($service:ident, $method:literal, $request:ident, $name:expr, |$n:ident| { $($fields:tt)* }) => {
        row(concat!(stringify!($service), ".", $method), $name, move |$n| v1::$request { $($fields)* })
    };
}

fn malformed() -> String {
    MALFORMED.to_owned()
}

fn reason() -> String {
    "because".to_owned()
}

/// Rows about an image before anybody has approved it.
pub fn unapproved_image(world: &World) -> Vec<Row> {
    let read = row!(
        ImageService,
        "GetImage",
        GetImageRequest,
        &world.image,
        |name| { name }
    );
    vec![note("not approved", read)]
}

/// All other rows.
pub fn rows(world: &World) -> Vec<Row> {
    let mut rows = identity();
    rows.extend(libraries(world));
    rows.extend(versions(&world.version, &world.upload, "published"));
    rows.extend(versions(
        &world.draft_version,
        &world.draft_upload,
        "unpublished",
    ));
    rows.extend(runs(world));
    rows.extend(grants(world));
    rows.extend(systems(&world.system));
    rows.extend(sandboxes(&world.sandbox));
    rows.extend(jobs(world));
    rows.extend(trials(world));
    rows.extend(images(&world.image));
    rows.extend(airlock(world));
    rows.extend(rights(world));
    rows.extend(audit());
    rows
}

#[rustfmt::skip]
fn identity() -> Vec<Row> {
    let agency = "organizations/statistics";
    let user = "users/steward";
    vec![
        row!(IdentityService, "Enroll", EnrollRequest, "", |_n| { token: "sandyq-unknown".to_owned(), csr_pem: String::new() }),
        row!(IdentityService, "RenewCertificate", RenewCertificateRequest, "", |_n| { csr_pem: "none".to_owned() }),
        row!(IdentityService, "WhoAmI", WhoAmIRequest, "", |_n| {}),
        row!(IdentityService, "CreateOrganization", CreateOrganizationRequest, "", |_n| { request_id: malformed(), ..Default::default() }),
        row!(IdentityService, "GetOrganization", GetOrganizationRequest, agency, |name| { name }),
        row!(IdentityService, "ListOrganizations", ListOrganizationsRequest, "", |_n| { ..Default::default() }),
        row!(IdentityService, "CreateInvitation", CreateInvitationRequest, agency, |organization| { organization, request_id: malformed(), ..Default::default() }),
        row!(IdentityService, "GetUser", GetUserRequest, user, |name| { name }),
        row!(IdentityService, "ListUsers", ListUsersRequest, agency, |organization| { organization, ..Default::default() }),
        row!(IdentityService, "RevokeUser", RevokeUserRequest, user, |name| { name, reason: reason(), request_id: malformed() }),
    ]
}

#[rustfmt::skip]
fn libraries(world: &World) -> Vec<Row> {
    let mut rows = vec![
        row!(LibraryService, "CreateLibrary", CreateLibraryRequest, "", |_n| { request_id: malformed(), ..Default::default() }),
        row!(LibraryService, "ListLibraries", ListLibrariesRequest, "", |_n| { ..Default::default() }),
    ];
    for (name, state) in [(&world.library, "published"), (&world.draft_library, "unpublished")] {
        rows.extend([
            row!(LibraryService, "GetLibrary", GetLibraryRequest, name, |name| { name }),
            row!(LibraryService, "UpdateLibrary", UpdateLibraryRequest, name, |name| { library: Some(v1::Library { name, ..Default::default() }), request_id: malformed() }),
            row!(LibraryService, "CreateVersion", CreateVersionRequest, name, |parent| { parent, request_id: malformed(), ..Default::default() }),
            row!(LibraryService, "ListVersions", ListVersionsRequest, name, |parent| { parent, ..Default::default() }),
            row!(LibraryService, "ListLibraryUses", ListLibraryUsesRequest, name, |parent| { parent, ..Default::default() }),
        ].map(|row| note(state, row)));
    }
    rows
}

#[rustfmt::skip]
fn versions(name: &str, upload: &str, state: &'static str) -> Vec<Row> {
    [
        row!(LibraryService, "Write", WriteRequest, upload, |resource_name| { resource_name, ..Default::default() }),
        row!(LibraryService, "QueryWriteStatus", QueryWriteStatusRequest, upload, |resource_name| { resource_name }),
        row!(LibraryService, "FinalizeVersion", FinalizeVersionRequest, name, |name| { name, request_id: malformed() }),
        row!(LibraryService, "GetVersion", GetVersionRequest, name, |name| { name }),
        row!(LibraryService, "WatchVersion", WatchVersionRequest, name, |name| { name }),
        row!(LibraryService, "GetClassification", GetClassificationRequest, name, |name| { name }),
        row!(LibraryService, "RetireVersion", RetireVersionRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(LibraryService, "RevealValues", RevealValuesRequest, name, |name| { name, reason: reason(), request_id: malformed(), ..Default::default() }),
        row!(DepersonalizationService, "ValidateProfile", ValidateProfileRequest, name, |parent| { parent, ..Default::default() }),
        row!(DepersonalizationService, "CreateRun", CreateRunRequest, name, |parent| { parent, request_id: malformed(), ..Default::default() }),
        row!(DepersonalizationService, "ListRuns", ListRunsRequest, name, |parent| { parent, ..Default::default() }),
        row!(DepersonalizationService, "PublishVersion", PublishVersionRequest, name, |name| { name, request_id: malformed(), ..Default::default() }),
    ].into_iter().map(|row| note(state, row)).collect()
}

#[rustfmt::skip]
fn runs(world: &World) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, state) in [(&world.run, "published"), (&world.draft_run, "unpublished")] {
        rows.push(note(state, row!(DepersonalizationService, "GetRun", GetRunRequest, name, |name| { name })));
        rows.push(note(state, row!(DepersonalizationService, "WatchRun", WatchRunRequest, name, |name| { name })));
    }
    rows
}

#[rustfmt::skip]
fn grants(world: &World) -> Vec<Row> {
    let (version, grant) = (world.version.clone(), &world.grant);
    let explained = version.clone();
    vec![
        row!(AccessService, "CreateGrant", CreateGrantRequest, &world.sandbox, |sandbox| { grant: Some(v1::Grant { sandbox, ..Default::default() }), request_id: malformed() }),
        row!(AccessService, "GetGrant", GetGrantRequest, grant, |name| { name }),
        row!(AccessService, "ListGrants", ListGrantsRequest, "", |_n| { ..Default::default() }),
        row!(AccessService, "ApproveGrant", ApproveGrantRequest, grant, |name| { name, request_id: malformed(), ..Default::default() }),
        row!(AccessService, "DenyGrant", DenyGrantRequest, grant, |name| { name, reason: reason(), request_id: malformed() }),
        row!(AccessService, "RevokeGrant", RevokeGrantRequest, grant, |name| { name, reason: reason(), request_id: malformed() }),
        row!(AccessService, "RenewGrant", RenewGrantRequest, grant, |name| { name, request_id: malformed(), ..Default::default() }),
        row!(AccessService, "ExplainAccess", ExplainAccessRequest, &world.sandbox, |sandbox| { sandbox, version: explained.clone(), purpose: "research".to_owned() }),
        row!(AccessService, "ReloadPolicies", ReloadPoliciesRequest, "", |_n| { request_id: malformed() }),
        row!(AccessService, "TryPolicies", TryPoliciesRequest, "", |_n| { ..Default::default() }),
        row!(AccessService, "CheckAccess", CheckAccessRequest, &world.sandbox, |sandbox| { sandbox, version: version.clone(), purpose: "research".to_owned() }),
    ]
}

#[rustfmt::skip]
fn systems(name: &str) -> Vec<Row> {
    vec![
        row!(SystemService, "CreateSystem", CreateSystemRequest, "", |_n| { request_id: malformed(), ..Default::default() }),
        row!(SystemService, "GetSystem", GetSystemRequest, name, |name| { name }),
        row!(SystemService, "ListSystems", ListSystemsRequest, "", |_n| { ..Default::default() }),
        row!(SystemService, "UpdateSystem", UpdateSystemRequest, name, |name| { system: Some(v1::System { name, ..Default::default() }), request_id: malformed() }),
        row!(SystemService, "SubmitSystem", SubmitSystemRequest, name, |name| { name, request_id: malformed() }),
        row!(SystemService, "RegisterSystem", RegisterSystemRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SystemService, "RefuseSystem", RefuseSystemRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SystemService, "UpdateRiskRegister", UpdateRiskRegisterRequest, name, |name| { name, request_id: malformed(), ..Default::default() }),
        row!(SystemService, "SuspendSystem", SuspendSystemRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SystemService, "ResumeSystem", ResumeSystemRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SystemService, "TerminateSystem", TerminateSystemRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SystemService, "ListDeclarations", ListDeclarationsRequest, name, |parent| { parent, ..Default::default() }),
    ]
}

#[rustfmt::skip]
fn sandboxes(name: &str) -> Vec<Row> {
    vec![
        row!(SandboxService, "CreateSandbox", CreateSandboxRequest, "", |_n| { request_id: malformed(), ..Default::default() }),
        row!(SandboxService, "GetSandbox", GetSandboxRequest, name, |name| { name }),
        row!(SandboxService, "GetDestructionCertificate", GetDestructionCertificateRequest, name, |name| { name }),
        row!(SandboxService, "ListSandboxes", ListSandboxesRequest, "", |_n| { ..Default::default() }),
        row!(SandboxService, "ApproveSandbox", ApproveSandboxRequest, name, |name| { name, request_id: malformed(), ..Default::default() }),
        row!(SandboxService, "DenySandbox", DenySandboxRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SandboxService, "DestroySandbox", DestroySandboxRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
    ]
}

#[rustfmt::skip]
fn jobs(world: &World) -> Vec<Row> {
    let (sandbox, job) = (&world.sandbox, &world.job);
    vec![
        row!(SandboxService, "CreateJob", CreateJobRequest, sandbox, |parent| { parent, request_id: malformed(), ..Default::default() }),
        row!(SandboxService, "OpenShell", OpenShellRequest, sandbox, |parent| { step: Some(Step::Opening(v1::ShellOpening { parent, ..Default::default() })) }),
        row!(SandboxService, "ListJobs", ListJobsRequest, sandbox, |parent| { parent, ..Default::default() }),
        row!(SandboxService, "GetJob", GetJobRequest, job, |name| { name }),
        row!(SandboxService, "CancelJob", CancelJobRequest, job, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SandboxService, "WatchJob", WatchJobRequest, job, |name| { name }),
        row!(SandboxService, "StreamLogs", StreamLogsRequest, job, |name| { name, offset: 0 }),
        row!(SandboxService, "DownloadShellRecord", DownloadShellRecordRequest, job, |name| { name }),
    ]
}

#[rustfmt::skip]
fn trials(world: &World) -> Vec<Row> {
    let (sandbox, trial) = (&world.trial_sandbox, &world.trial);
    vec![
        row!(TrialService, "CreateTrial", CreateTrialRequest, sandbox, |parent| { parent, request_id: malformed(), ..Default::default() }),
        row!(TrialService, "ListTrials", ListTrialsRequest, sandbox, |parent| { parent, ..Default::default() }),
        row!(TrialService, "GetTrial", GetTrialRequest, trial, |name| { name }),
        row!(TrialService, "StopTrial", StopTrialRequest, trial, |name| { name, reason: reason(), request_id: malformed() }),
        row!(TrialService, "CallTrial", CallTrialRequest, trial, |name| { name, path: "/".to_owned(), ..Default::default() }),
    ]
}

#[rustfmt::skip]
fn images(name: &str) -> Vec<Row> {
    vec![
        row!(ImageService, "ImportImage", ImportImageRequest, "", |_n| { ..Default::default() }),
        note("approved", row!(ImageService, "GetImage", GetImageRequest, name, |name| { name })),
        row!(ImageService, "ListImages", ListImagesRequest, "", |_n| { ..Default::default() }),
        row!(ImageService, "ApproveImage", ApproveImageRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
        row!(ImageService, "RevokeImage", RevokeImageRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
    ]
}

#[rustfmt::skip]
fn airlock(world: &World) -> Vec<Row> {
    let name = &world.in_review;
    let mut rows = vec![
        row!(AirlockService, "ListOutputs", ListOutputsRequest, "", |_n| { ..Default::default() }),
        row!(AirlockService, "StartReview", StartReviewRequest, name, |name| { name, request_id: malformed() }),
        row!(AirlockService, "ReleaseOutput", ReleaseOutputRequest, name, |name| { name, reason: reason(), request_id: malformed(), ..Default::default() }),
        row!(AirlockService, "RejectOutput", RejectOutputRequest, name, |name| { name, reason: reason(), request_id: malformed() }),
    ];
    for (name, state) in [(name, "in review"), (&world.released, "released")] {
        rows.push(note(state, row!(AirlockService, "GetOutput", GetOutputRequest, name, |name| { name, ..Default::default() })));
        rows.push(note(state, row!(AirlockService, "DownloadOutput", DownloadOutputRequest, name, |name| { name, path: ".sandyq/job.log".to_owned() })));
    }
    rows
}

#[rustfmt::skip]
fn rights(world: &World) -> Vec<Row> {
    let (request, incident) = (&world.subject_request, &world.incident);
    vec![
        row!(SubjectService, "CreateSubjectRequest", CreateSubjectRequestRequest, "", |_n| { request_id: malformed(), ..Default::default() }),
        row!(SubjectService, "ListSubjectRequests", ListSubjectRequestsRequest, "", |_n| { ..Default::default() }),
        row!(SubjectService, "GetSubjectRequest", GetSubjectRequestRequest, request, |name| { name }),
        row!(SubjectService, "AcceptSubjectRequest", AcceptSubjectRequestRequest, request, |name| { name, reason: reason(), request_id: malformed() }),
        row!(SubjectService, "RefuseSubjectRequest", RefuseSubjectRequestRequest, request, |name| { name, reason: reason(), request_id: malformed(), ..Default::default() }),
        row!(SubjectService, "NotifySubject", NotifySubjectRequest, request, |name| { name, channel: reason(), request_id: malformed() }),
        row!(IncidentService, "CreateIncident", CreateIncidentRequest, "", |_n| { request_id: malformed(), ..Default::default() }),
        row!(IncidentService, "ListIncidents", ListIncidentsRequest, "", |_n| { ..Default::default() }),
        row!(IncidentService, "GetIncident", GetIncidentRequest, incident, |name| { name }),
        row!(IncidentService, "ClassifyIncident", ClassifyIncidentRequest, incident, |name| { name, request_id: malformed(), ..Default::default() }),
        row!(IncidentService, "LinkIncident", LinkIncidentRequest, incident, |name| { name, request_id: malformed(), ..Default::default() }),
        row!(IncidentService, "RecordIncidentNotice", RecordIncidentNoticeRequest, incident, |name| { name, request_id: malformed(), ..Default::default() }),
        row!(IncidentService, "CloseIncident", CloseIncidentRequest, incident, |name| { name, request_id: malformed(), ..Default::default() }),
    ]
}

#[rustfmt::skip]
fn audit() -> Vec<Row> {
    vec![
        row!(AuditService, "ListEntries", ListEntriesRequest, "", |_n| { ..Default::default() }),
        row!(AuditService, "GetCheckpoint", GetCheckpointRequest, "", |_n| {}),
        row!(AuditService, "GetInclusionProof", GetInclusionProofRequest, "", |_n| { ..Default::default() }),
        row!(AuditService, "GetConsistencyProof", GetConsistencyProofRequest, "", |_n| { first_tree_size: 1, ..Default::default() }),
        row!(AuditService, "ExportLog", ExportLogRequest, "", |_n| {}),
    ]
}
