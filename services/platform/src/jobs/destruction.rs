//! The certificate of a sandbox's destruction: what was destroyed, when, by whom, and what remains; signed with the key of the
//! audit log, written into the log, and verifiable without the platform.
//!
//! It is made once the last job has ended and nothing is staged any more, so that all that it says is true by then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ring::digest::{Context, SHA256};
use sandyq_audit::DESTRUCTION;
use sandyq_store::{Change, Filter, Page, Stored};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{MOST_ACTIVE, active, staging};
use crate::call::system_event;
use crate::error::{Error, Result};
use crate::platform::Platform;
use crate::records::airlock::Output;
use crate::records::job::Job;
use crate::records::sandbox::{Destruction, Sandbox, SandboxState};

/// Outputs and versions that are listed by name; a hash covers all. A signed note is at most 64 KiB long.
const MOST_LISTED: usize = 150;

/// Jobs that end now, of destroyed sandboxes, are waited for; the others get their certificates.
///
/// # Errors
/// The store's.
pub async fn certify_all(platform: &Arc<Platform>) -> Result<()> {
    let destroyed = Filter {
        states: &["DESTROYED"],
        ..Filter::default()
    };
    let page = Page::first(MOST_ACTIVE);
    for sandbox in platform.store.list::<Sandbox>(&destroyed, page).await? {
        if sandbox.certificate.is_empty() {
            certify(platform, &sandbox.name).await?;
        }
    }
    Ok(())
}

/// The certificate of a destroyed sandbox, made now where it was not yet and can be; `None` while something of the sandbox is
/// still being ended.
///
/// # Errors
/// The sandbox is not destroyed, or the store's.
pub async fn certify(platform: &Arc<Platform>, name: &str) -> Result<Option<String>> {
    let sandbox = platform.record::<Sandbox>(name).await?;
    if sandbox.state != SandboxState::Destroyed {
        let state = sandbox.state.as_str();
        let text = format!("{name} is {state}; a certificate is given of a DESTROYED sandbox");
        return Err(Error::precondition("SANDBOX_NOT_DESTROYED", text).with("state", state));
    }
    if !sandbox.certificate.is_empty() {
        return Ok(Some(sandbox.record.certificate));
    }
    if !active(platform, Some(name)).await?.is_empty() {
        return Ok(None);
    }
    staging::wipe_unused(platform, name).await?;
    if staging::is_staged(platform, name) {
        return Ok(None);
    }
    let certificate = write(platform, &sandbox).await?;
    let sandbox = platform
        .change::<Sandbox>(name, |sandbox| {
            if !sandbox.certificate.is_empty() {
                return Ok(None);
            }
            sandbox.certificate.clone_from(&certificate);
            let detail = [("certificate", json!(certificate))];
            let event = system_event(
                "SandboxDestructionCertified",
                name,
                &sandbox.organization,
                detail,
            );
            Ok(Some(Change::new(event)))
        })
        .await?;
    Ok(Some(sandbox.record.certificate))
}

async fn write(platform: &Platform, sandbox: &Sandbox) -> Result<String> {
    let of_sandbox = Filter {
        parent: Some(&sandbox.name),
        ..Filter::default()
    };
    let page = Page::first(MOST_ACTIVE);
    let jobs: Vec<Stored<Job>> = platform.store.list(&of_sandbox, page).await?;
    let mut outputs = Vec::new();
    for output in jobs.iter().filter_map(|job| job.output.as_ref()) {
        outputs.push(platform.record::<Output>(output).await?.record);
    }
    let time = |time: time::OffsetDateTime| time.format(&Rfc3339).unwrap_or_default();
    let destruction = sandbox.destruction.clone().unwrap_or_default();
    let keys: Vec<Value> = sandbox
        .shredded
        .iter()
        .map(|key| json!({"name": key.name, "sealed_sha256": key.sealed_sha256, "shred_time": time(key.time)}))
        .collect();
    let body = json!({
        "sandbox": sandbox.name,
        "system": sandbox.system,
        "organization": sandbox.organization,
        "destroyed_by": destruction.by,
        "reason": destruction.reason,
        "destroy_time": destruction.time.map(time),
        "certify_time": time(platform.now()),
        "keys": keys,
        "inputs": inputs(&jobs),
        "jobs": jobs_ended(&jobs),
        "outputs": outputs_kept(&outputs),
    });
    Ok(platform
        .log_key
        .sign_statement(DESTRUCTION, &body.to_string()))
}

/// What had been staged, all of which is gone.
fn inputs(jobs: &[Stored<Job>]) -> Value {
    let versions: BTreeSet<&String> = jobs.iter().flat_map(|job| job.grants.keys()).collect();
    let listed: Vec<_> = versions.iter().take(MOST_LISTED).collect();
    json!({
        "versions": listed,
        "number": versions.len(),
        "wiped": "the staged inputs were emptied and their memory given back; they were never written to a disk",
    })
}

fn jobs_ended(jobs: &[Stored<Job>]) -> Value {
    let mut by_state = BTreeMap::<&str, u64>::new();
    let mut lines = Vec::new();
    for job in jobs {
        *by_state.entry(job.state.as_str()).or_default() += 1;
        let cause = job.cause.as_ref().map_or("", |cause| cause.name());
        lines.push(format!("{} {} {cause}", job.name, job.state.as_str()));
    }
    json!({"number": jobs.len(), "by_state": by_state, "sha256": hash(lines)})
}

/// Outputs are not the sandbox's: they stay for the airlock, each in its state.
fn outputs_kept(outputs: &[Output]) -> Value {
    let lines = outputs.iter().map(|output| {
        format!(
            "{} {} {}",
            output.name,
            output.state.as_str(),
            output.manifest_sha256
        )
    });
    let listed: Vec<Value> = outputs
        .iter()
        .take(MOST_LISTED)
        .map(|output| json!({"output": output.name, "state": output.state.as_str(), "manifest_sha256": output.manifest_sha256}))
        .collect();
    json!({"number": outputs.len(), "kept": listed, "sha256": hash(lines.collect())})
}

/// Over the lines in order, each with its line break.
fn hash(mut lines: Vec<String>) -> String {
    lines.sort();
    let mut context = Context::new(&SHA256);
    for line in lines {
        context.update(line.as_bytes());
        context.update(b"\n");
    }
    hex::encode(context.finish())
}

/// Who destroys, and why.
pub fn begun(by: &str, reason: &str, now: time::OffsetDateTime) -> Destruction {
    Destruction {
        by: by.to_owned(),
        reason: reason.to_owned(),
        time: Some(now),
    }
}
