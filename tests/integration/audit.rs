//! The log: nothing happens without an entry, and no entry can be changed, dropped or rewritten unseen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sandyq_audit::{
    Hash, VerifierKey, leaf_hash, verify_consistency, verify_export, verify_inclusion,
};
use sandyq_proto::v1;
use sandyq_tests::site::program;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, request_id};
use serde_json::Value;
use sqlx::Connection as _;

/// Exit code of `sandyq audit verify` for a log that is not to be believed.
const NOT_VERIFIED: i32 = 7;

/// The entries of a platform's log, after the whole was verified with nothing but the public key.
pub async fn verified(site: &Site) -> Vec<Value> {
    let export = site.export_log().await;
    let key = VerifierKey::parse(&site.verifier_key).unwrap();
    let verified = verify_export(export.as_slice(), &key, None).unwrap();
    let entries = entries(&export);
    assert_eq!(verified.size, entries.len() as u64);
    entries
}

/// How often an action on a resource was logged.
pub fn count(entries: &[Value], action: &str, resource: &str) -> usize {
    entries
        .iter()
        .filter(|entry| entry["action"] == action && entry["resource"] == resource)
        .count()
}

/// The entries of an export, without its checkpoint.
pub fn entries(export: &[u8]) -> Vec<Value> {
    let mut lines: Vec<Value> = std::str::from_utf8(export)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = lines.pop().unwrap();
    assert!(last["checkpoint"].is_string(), "{last}");
    lines
}

/// Runs `sandyq audit verify` as an auditor would, with the exported file and the key and nothing else.
fn audit_verify(file: &Path, key: &str, checkpoint: Option<&Path>) -> Output {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    command
        .args(["audit", "verify"])
        .arg(file)
        .args(["--key", key])
        .env("SANDYQ_HOME", nowhere.path())
        .env_remove("SANDYQ_CONTEXT");
    if let Some(path) = checkpoint {
        command.arg("--checkpoint").arg(path);
    }
    command.output().unwrap()
}

fn assert_code(out: &Output, code: i32, what: &str) {
    assert_eq!(
        out.status.code(),
        Some(code),
        "{what}: {}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

async fn checkpoint(site: &Site) -> v1::GetCheckpointResponse {
    let request = v1::GetCheckpointRequest {};
    let answer = site.user("auditor").audit().get_checkpoint(request).await;
    answer.unwrap().into_inner()
}

/// The whole main job, once.
async fn main_job(site: &Site) {
    let version = site.publish_register("people", 0..40).await;
    let sandbox = site.open_sandbox("audited").await;
    let grant = site.grant(&version.name, &sandbox, "research", 600).await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(&image, "echo 1 > /out/result")
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    site.release(&job.output).await;
    site.released_file(&job.output, "result").await;
    let request = v1::RevokeGrantRequest {
        name: grant.name,
        reason: "the study is over".to_owned(),
        request_id: request_id(),
    };
    site.user("owner")
        .access()
        .revoke_grant(request)
        .await
        .unwrap();
    let request = v1::DestroySandboxRequest {
        name: sandbox,
        reason: "the study is over".to_owned(),
        request_id: request_id(),
    };
    site.user("admin")
        .sandbox()
        .destroy_sandbox(request)
        .await
        .unwrap();
}

/// Every change and decision of the main job.
const ACTIONS: [&str; 35] = [
    "IdentityService.Enroll",
    "IdentityService.CreateOrganization",
    "IdentityService.CreateInvitation",
    "LibraryService.CreateLibrary",
    "LibraryService.CreateVersion",
    "LibraryService.Write",
    "LibraryService.FinalizeVersion",
    "system.VersionClassified",
    "DepersonalizationService.CreateRun",
    "system.RunVerified",
    "DepersonalizationService.PublishVersion",
    "SystemService.CreateSystem",
    "SystemService.SubmitSystem",
    "SystemService.RegisterSystem",
    "SandboxService.CreateSandbox",
    "SandboxService.ApproveSandbox",
    "AccessService.CreateGrant",
    "AccessService.ApproveGrant",
    "ImageService.ImportImage",
    "ImageService.ApproveImage",
    "SandboxService.CreateJob",
    "system.JobAdvanced STAGING",
    "system.JobAdvanced RUNNING",
    "system.JobAdvanced COLLECTING",
    "system.JobAdvanced SUCCEEDED",
    "system.OutputCollected",
    "AirlockService.StartReview",
    "AirlockService.ReleaseOutput",
    "AirlockService.DownloadOutput",
    "AccessService.RevokeGrant",
    "SandboxService.DestroySandbox",
    "Write begun",
    "Write complete",
    "allowed with reasons",
    "denied with reasons",
];

fn seen(entries: &[Value]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for entry in entries {
        let action = entry["action"].as_str().unwrap();
        seen.insert(action.to_owned());
        if let Some(state) = entry["detail"]["state"].as_str() {
            seen.insert(format!("{action} {state}"));
        }
        if let Some(step) = entry["detail"]["step"].as_str() {
            seen.insert(format!("Write {step}"));
        }
        let reasons = entry["reasons"].as_array().is_some_and(|r| !r.is_empty());
        match entry["decision"].as_str() {
            Some("allow") if reasons => seen.insert("allowed with reasons".to_owned()),
            Some("deny") if reasons => seen.insert("denied with reasons".to_owned()),
            _ => false,
        };
    }
    seen
}

#[tokio::test]
async fn every_change_of_the_main_job_is_in_a_log_that_cannot_be_altered() {
    let site = Site::start().await;
    let early = checkpoint(&site).await;
    main_job(&site).await;
    // A denial is a decision too.
    let request = v1::CreateLibraryRequest {
        library_id: "not-mine".to_owned(),
        library: Some(v1::Library {
            display_name: "not mine".to_owned(),
            purposes: vec!["research".to_owned()],
            ..Default::default()
        }),
        request_id: request_id(),
    };
    site.user("developer")
        .library()
        .create_library(request)
        .await
        .unwrap_err();

    let log = verified(&site).await;
    let seen = seen(&log);
    let missing: Vec<_> = ACTIONS.iter().filter(|a| !seen.contains(**a)).collect();
    assert!(
        missing.is_empty(),
        "not logged: {missing:?}\nlogged: {seen:#?}"
    );

    proofs_hold(&site, &early, &log).await;
    alterations_are_found(&site, &early).await;
}

async fn proofs_hold(site: &Site, early: &v1::GetCheckpointResponse, log: &[Value]) {
    let key = VerifierKey::parse(&site.verifier_key).unwrap();
    let late = checkpoint(site).await;
    assert_eq!(late.verifier_key, site.verifier_key);
    let (first, second) = (
        key.open(&early.checkpoint).unwrap(),
        key.open(&late.checkpoint).unwrap(),
    );
    assert!(first.size < second.size);
    let hashes = |raw: &[Vec<u8>]| -> Vec<Hash> {
        raw.iter().map(|h| Hash::from_slice(h).unwrap()).collect()
    };
    let mut client = site.user("auditor").audit();
    let request = v1::GetConsistencyProofRequest {
        first_tree_size: early.tree_size,
        second_tree_size: late.tree_size,
    };
    let proof = client
        .get_consistency_proof(request)
        .await
        .unwrap()
        .into_inner();
    let proof = hashes(&proof.hashes);
    verify_consistency(first.size, &first.root, second.size, &second.root, &proof).unwrap();
    let forged = leaf_hash(b"forged");
    verify_consistency(first.size, &forged, second.size, &second.root, &proof).unwrap_err();
    for (size, root) in [(first.size, first.root), (second.size, second.root)] {
        for sequence in [0, 1, size / 2, size - 1] {
            let request = v1::GetInclusionProofRequest {
                sequence: i64::try_from(sequence).unwrap(),
                tree_size: i64::try_from(size).unwrap(),
            };
            let answer = client
                .get_inclusion_proof(request)
                .await
                .unwrap()
                .into_inner();
            let entry = answer.entry.unwrap().entry_json;
            let read: Value = serde_json::from_str(&entry).unwrap();
            assert_eq!(read, log[usize::try_from(sequence).unwrap()]);
            let proof = hashes(&answer.hashes);
            let leaf = leaf_hash(entry.as_bytes());
            verify_inclusion(&leaf, sequence, size, &root, &proof).unwrap();
            verify_inclusion(&forged, sequence, size, &root, &proof).unwrap_err();
        }
    }
}

async fn alterations_are_found(site: &Site, early: &v1::GetCheckpointResponse) {
    let folder = tempfile::tempdir().unwrap();
    let key = &site.verifier_key;
    let export = site.export_log().await;
    let good = write(folder.path(), "log.ndjson", &export);
    let kept = write(folder.path(), "early", early.checkpoint.as_bytes());
    assert_code(&audit_verify(&good, key, None), 0, "the export as it is");
    assert_code(
        &audit_verify(&good, key, Some(&kept)),
        0,
        "with the earlier checkpoint",
    );

    let mut flipped = export.clone();
    let at = export.len() / 2;
    flipped[at] ^= 1;
    let path = write(folder.path(), "flipped", &flipped);
    assert_code(
        &audit_verify(&path, key, None),
        NOT_VERIFIED,
        "a flipped bit",
    );

    let lines: Vec<&[u8]> = export.split_inclusive(|byte| *byte == b'\n').collect();
    for dropped in [0, lines.len() / 2, lines.len() - 2, lines.len() - 1] {
        let mut left = lines.clone();
        left.remove(dropped);
        let path = write(folder.path(), "dropped", &left.concat());
        let what = format!("line {dropped} of {} dropped", lines.len());
        assert_code(&audit_verify(&path, key, None), NOT_VERIFIED, &what);
    }
    let other = Site::init(sandyq_tests::Options::default());
    assert_code(
        &audit_verify(&good, &other.verifier_key, None),
        NOT_VERIFIED,
        "the key of another platform",
    );
}

async fn tamper(site: &Site, sql: &'static str) -> u64 {
    let url = format!("sqlite:{}", site.dir.join("state.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    done.rows_affected()
}

fn databases(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    all.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("state.db")
    })
    .collect()
}

#[tokio::test]
async fn who_holds_the_database_cannot_rewrite_history_unseen() {
    let mut site = Site::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = site.verifier_key.clone();

    // The whole database is put back to an earlier day, and history goes on otherwise, signed with the true key.
    site.kill();
    let saved = tempfile::tempdir().unwrap();
    for file in databases(&site.dir) {
        std::fs::copy(&file, saved.path().join(file.file_name().unwrap())).unwrap();
    }
    site.serve().await;
    site.create_library("true-history").await;
    let kept = checkpoint(&site).await;
    let kept = write(folder.path(), "kept", kept.checkpoint.as_bytes());
    site.kill();
    for file in databases(&site.dir) {
        std::fs::remove_file(file).unwrap();
    }
    for file in databases(saved.path()) {
        std::fs::copy(&file, site.dir.join(file.file_name().unwrap())).unwrap();
    }
    site.serve().await;
    for id in ["false-history", "false-history-too", "and-more"] {
        site.create_library(id).await;
    }
    let rewritten = write(folder.path(), "rewritten", &site.export_log().await);
    assert_code(
        &audit_verify(&rewritten, &key, None),
        0,
        "a rewritten log is in itself well signed",
    );
    assert_code(
        &audit_verify(&rewritten, &key, Some(&kept)),
        NOT_VERIFIED,
        "an earlier checkpoint gives it away",
    );

    // One entry is edited behind the server's back.
    site.kill();
    let changed = tamper(
        &site,
        "UPDATE audit_entries SET leaf = replace(leaf, 'false-history-too', 'true-history-too')",
    )
    .await;
    assert!(changed > 0);
    site.serve().await;
    site.create_library("afterwards").await;
    let edited = write(folder.path(), "edited", &site.export_log().await);
    let out = audit_verify(&edited, &key, None);
    assert_code(&out, NOT_VERIFIED, "an edited entry");

    // The last entries are cut off, so that the log and its head no longer fit together.
    site.kill();
    let cut = tamper(
        &site,
        "DELETE FROM audit_entries WHERE seq > (SELECT max(seq) - 2 FROM audit_entries)",
    )
    .await;
    assert_eq!(cut, 2);
    site.serve().await;
    let export = site.export_log().await;
    let shortened = write(folder.path(), "shortened", &export);
    assert_code(
        &audit_verify(&shortened, &key, None),
        NOT_VERIFIED,
        "entries cut off",
    );
}
