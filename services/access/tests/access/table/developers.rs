//! What developers do: systems, sandboxes and what runs in them, and what leaves.

use sandyq_access::ResourceKind::{
    Image, Job, Organization, Output, Platform, Sandbox, System, Trial,
};

use super::{Row, asked_by, of, seen_by, state};

pub fn systems() -> Vec<Row> {
    vec![
        ("SystemService.CreateSystem", of(Platform, ""), "D D2"),
        ("SystemService.CreateSystem", of(Organization, "lab"), "D"),
        ("SystemService.ListSystems", of(Platform, ""), "OA D D2 AU"),
        ("SystemService.GetSystem", of(System, "lab"), "OA OR D AU"),
        (
            "SystemService.GetSystem",
            seen_by(System, "lab", "stat"),
            "OA OR AO D AU",
        ),
        ("SystemService.UpdateSystem", of(System, "lab"), "D"),
        (
            "SystemService.SubmitSystem",
            seen_by(System, "lab", "rival"),
            "DL",
        ),
        ("SystemService.UpdateRiskRegister", of(System, "lab"), "DL"),
        ("SystemService.SuspendSystem", of(System, "lab"), "OA DL"),
        (
            "SystemService.SuspendSystem",
            asked_by("dl", of(System, "lab")),
            "OA DL",
        ),
        ("SystemService.ResumeSystem", of(System, "lab"), "OA"),
        ("SystemService.TerminateSystem", of(System, "lab"), "OA DL"),
        ("SystemService.TerminateSystem", of(System, "rival"), "OA"),
        (
            "SystemService.ListDeclarations",
            seen_by(System, "lab", "stat"),
            "OA D AU",
        ),
        (
            "SystemService.RegisterSystem",
            asked_by("d", of(System, "lab")),
            "OA",
        ),
        (
            "SystemService.RegisterSystem",
            asked_by("oa", of(System, "lab")),
            "",
        ),
        ("SystemService.RefuseSystem", of(System, "lab"), "OA"),
    ]
}

pub fn sandboxes() -> Vec<Row> {
    vec![
        ("SandboxService.CreateSandbox", of(Platform, ""), "D D2"),
        ("SandboxService.CreateSandbox", of(System, "lab"), "D"),
        (
            "SandboxService.ListSandboxes",
            of(Platform, ""),
            "OA OR D D2 AU",
        ),
        (
            "SandboxService.GetSandbox",
            of(Sandbox, "lab"),
            "OA OR D AU",
        ),
        (
            "SandboxService.GetSandbox",
            seen_by(Sandbox, "lab", "stat"),
            "OA OR AO D AU",
        ),
        (
            "SandboxService.GetDestructionCertificate",
            seen_by(Sandbox, "lab", "stat"),
            "OA OR AO D AU",
        ),
        (
            "SandboxService.ListJobs",
            seen_by(Sandbox, "lab", "stat"),
            "OA OR D AU",
        ),
        (
            "SandboxService.ApproveSandbox",
            asked_by("d", of(Sandbox, "lab")),
            "OA",
        ),
        (
            "SandboxService.ApproveSandbox",
            asked_by("oa", of(Sandbox, "lab")),
            "",
        ),
        ("SandboxService.DenySandbox", of(Sandbox, "lab"), "OA"),
        ("SandboxService.DestroySandbox", of(Sandbox, "lab"), "OA D"),
        ("SandboxService.CreateJob", of(Sandbox, "lab"), "D"),
        ("SandboxService.OpenShell", of(Sandbox, "lab"), "D"),
        (
            "SandboxService.DownloadShellRecord",
            of(Job, "lab"),
            "OA AU",
        ),
        ("SandboxService.GetJob", of(Job, "lab"), "OA OR D AU"),
        ("SandboxService.WatchJob", of(Job, "lab"), "OA OR D AU"),
        (
            "SandboxService.CancelJob",
            asked_by("d", of(Job, "lab")),
            "OA D",
        ),
        ("SandboxService.StreamLogs", of(Job, "lab"), "D"),
        (
            "SandboxService.StreamLogs",
            seen_by(Job, "lab", "stat"),
            "D",
        ),
    ]
}

pub fn images() -> Vec<Row> {
    vec![
        ("ImageService.ImportImage", of(Platform, ""), "OA D D2"),
        ("ImageService.ListImages", of(Platform, ""), "OA OR D D2 AU"),
        (
            "ImageService.GetImage",
            state(Image, "lab", "IMPORTED"),
            "OA OR D AU",
        ),
        (
            "ImageService.GetImage",
            state(Image, "lab", "APPROVED"),
            "OA OR D D2 AU",
        ),
        (
            "ImageService.GetImage",
            state(Image, "lab", "REVOKED"),
            "OA OR D AU",
        ),
        (
            "ImageService.ApproveImage",
            state(Image, "lab", "IMPORTED"),
            "OA",
        ),
        (
            "ImageService.RevokeImage",
            state(Image, "lab", "APPROVED"),
            "OA",
        ),
    ]
}

pub fn trials() -> Vec<Row> {
    let trial = || asked_by("d", of(Trial, "lab"));
    vec![
        ("TrialService.CreateTrial", of(Sandbox, "lab"), "D"),
        ("TrialService.ListTrials", of(Sandbox, "lab"), "OA OR D AU"),
        ("TrialService.GetTrial", trial(), "OA OR D AU"),
        ("TrialService.StopTrial", trial(), "OA D"),
        ("TrialService.CallTrial", trial(), "D"),
        ("TrialService.CallTrial", of(Trial, ""), ""),
        ("TrialService.CallTrial", seen_by(Trial, "lab", "stat"), "D"),
    ]
}

pub fn airlock() -> Vec<Row> {
    vec![
        (
            "AirlockService.ListOutputs",
            of(Platform, ""),
            "OA OR D D2 AU",
        ),
        ("AirlockService.GetOutput", of(Output, "lab"), "OA OR D AU"),
        (
            "AirlockService.StartReview",
            asked_by("d", of(Output, "lab")),
            "OR",
        ),
        (
            "AirlockService.ReleaseOutput",
            asked_by("d", of(Output, "lab")),
            "OR",
        ),
        (
            "AirlockService.ReleaseOutput",
            asked_by("or", of(Output, "lab")),
            "",
        ),
        ("AirlockService.RejectOutput", of(Output, "lab"), "OR"),
        ("AirlockService.DownloadOutput", of(Output, "lab"), ""),
        (
            "AirlockService.DownloadOutput",
            state(Output, "lab", "COLLECTED"),
            "",
        ),
        (
            "AirlockService.DownloadOutput",
            state(Output, "lab", "CHECKED"),
            "",
        ),
        (
            "AirlockService.DownloadOutput",
            state(Output, "lab", "IN_REVIEW"),
            "OR",
        ),
        (
            "AirlockService.DownloadOutput",
            state(Output, "lab", "RELEASED"),
            "D",
        ),
        (
            "AirlockService.DownloadOutput",
            state(Output, "lab", "REJECTED"),
            "",
        ),
    ]
}
