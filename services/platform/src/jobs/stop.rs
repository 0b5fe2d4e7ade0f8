//! Stopping jobs before their end: on request, or because what they run under has ended.

use std::sync::Arc;

use sandyq_sandbox::CauseOfDeath;
use sandyq_store::{Change, Filter, Page, Stored};
use serde_json::json;

use super::active;
use crate::call::system_event;
use crate::error::Result;
use crate::platform::Platform;
use crate::records::access::Grant;
use crate::records::job::{Job, Stop};
use crate::records::sandbox::Sandbox;

/// Why a job ends of which nobody was told in time that its right to run had ended.
pub const NOT_COVERED: &str =
    "a grant, a version, the AI system or the sandbox that it needs is no longer in force";

/// Writes into the job that it must end; whoever drives it obeys. A revocation outranks a cancellation: nothing of a revoked
/// job is kept.
///
/// # Errors
/// The store's.
pub async fn revoke(platform: &Platform, job: &Job, why: &str) -> Result<()> {
    let event = system_event(
        "JobRevoked",
        &job.name,
        &job.organization,
        [("reason", json!(why))],
    );
    platform
        .change::<Job>(&job.name, |job| {
            let known = job
                .stop
                .as_ref()
                .is_some_and(|stop| stop.cause == CauseOfDeath::Revoked);
            if job.state.is_terminal() || known {
                return Ok(None);
            }
            job.stop = Some(Stop {
                cause: CauseOfDeath::Revoked,
                reason: why.to_owned(),
            });
            Ok(Some(Change::new(event.clone())))
        })
        .await?;
    platform.wake.notify_one();
    Ok(())
}

/// Writes into a job that nobody wants it any more.
///
/// # Errors
/// The store's.
pub async fn cancel(platform: &Platform, name: &str, why: &str) -> Result<()> {
    platform
        .change::<Job>(name, |job| {
            if job.state.is_terminal() || job.stop.is_some() {
                return Ok(None);
            }
            job.stop = Some(Stop {
                cause: CauseOfDeath::Cancelled,
                reason: why.to_owned(),
            });
            let detail = [("reason", json!(why))];
            let event = system_event("JobCancelled", name, &job.organization, detail);
            Ok(Some(Change::new(event)))
        })
        .await?;
    platform.wake.notify_one();
    Ok(())
}

/// Stops the jobs that run under a grant.
///
/// # Errors
/// The store's.
pub async fn grant_ended(platform: &Arc<Platform>, grant: &Grant, why: &str) -> Result<()> {
    for job in active(platform, Some(&grant.sandbox)).await? {
        if job.grants.values().any(|name| *name == grant.name) {
            revoke(platform, &job, why).await?;
        }
    }
    Ok(())
}

/// Stops the jobs of a sandbox.
///
/// # Errors
/// The store's.
pub async fn sandbox_ended(platform: &Arc<Platform>, sandbox: &str, why: &str) -> Result<()> {
    for job in active(platform, Some(sandbox)).await? {
        revoke(platform, &job, why).await?;
    }
    Ok(())
}

/// Stops the jobs of every sandbox of an AI system. One that cannot be told does not keep the others from being told.
///
/// # Errors
/// The store's, of the first that could not be told; the reconciler tells them again.
pub async fn system_ended(platform: &Arc<Platform>, system: &str, why: &str) -> Result<()> {
    let filter = Filter {
        parent: Some(system),
        ..Filter::default()
    };
    let sandboxes: Vec<Stored<Sandbox>> =
        platform.store.list(&filter, Page::first(100_000)).await?;
    let mut outcome = Ok(());
    for sandbox in sandboxes {
        let told = sandbox_ended(platform, &sandbox.name, why).await;
        outcome = outcome.and(told);
    }
    outcome
}

/// Stops the jobs that use a version.
///
/// # Errors
/// The store's.
pub async fn version_retired(platform: &Arc<Platform>, version: &str) -> Result<()> {
    for job in active(platform, None).await? {
        if job.grants.contains_key(version) {
            revoke(platform, &job, "a library version that it uses was retired").await?;
        }
    }
    Ok(())
}
