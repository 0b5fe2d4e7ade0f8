//! Jobs from submission to their end. `sandyq-sandbox` decides and runs; this joins it to records, grants and objects.

mod advance;
mod collecting;
pub mod destruction;
pub mod driven;
mod driver;
pub mod exits;
pub mod logs;
pub mod queue;
mod reconcile;
mod retry;
mod schedule;
pub mod shell;
mod spec;
mod staging;
pub mod stop;
pub mod submit;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandyq_sandbox::engine::host;
use sandyq_sandbox::serve::ServeFolder;
use sandyq_sandbox::volume::OutputVolume;
use sandyq_sandbox::{ContainerId, Input, JobState, Model, RawJob, Serve};
use sandyq_store::{Filter, Page, Stored};

use crate::error::Result;
use crate::names;
use crate::platform::Platform;
use crate::records::job::{Job, Shell};
use crate::records::library::ReleasedDataset;
use crate::records::sandbox::Sandbox;

pub use advance::sentence;
pub use driver::changed;
pub use reconcile::run as run_reconciler;
pub use schedule::{run as run_scheduler, still_covered};
pub use staging::sandbox_key;

/// Jobs that can wait or run at one time.
const MOST_ACTIVE: u32 = 100_000;

/// States in which a job still takes part.
const ACTIVE: [&str; 4] = ["QUEUED", "STAGING", "RUNNING", "COLLECTING"];

/// Those of them in which it has taken a place on the node.
const OCCUPYING: [&str; 3] = ["STAGING", "RUNNING", "COLLECTING"];

/// The secret with which a sandbox's pseudonyms are re-keyed.
pub fn sandbox_secret(sandbox: &str) -> String {
    format!("secrets/sandbox-{}", names::last_id(sandbox))
}

/// Jobs that wait or run, of one sandbox or of all.
async fn active(platform: &Platform, sandbox: Option<&str>) -> Result<Vec<Stored<Job>>> {
    in_states(platform, sandbox, &ACTIVE).await
}

/// Jobs that have taken a place on the node, of one sandbox or of all: thousands may wait beside them.
async fn occupying(platform: &Platform, sandbox: Option<&str>) -> Result<Vec<Stored<Job>>> {
    in_states(platform, sandbox, &OCCUPYING).await
}

async fn in_states(
    platform: &Platform,
    sandbox: Option<&str>,
    states: &[&str],
) -> Result<Vec<Stored<Job>>> {
    let filter = Filter {
        parent: sandbox,
        states,
        ..Filter::default()
    };
    Ok(platform
        .store
        .list(&filter, Page::first(MOST_ACTIVE))
        .await?)
}

/// Agencies whose libraries are granted, or asked for, in sandboxes of a system.
///
/// # Errors
/// The store's.
pub async fn viewers_of_system(platform: &Platform, system: &str) -> Result<Vec<String>> {
    let filter = Filter {
        parent: Some(system),
        ..Filter::default()
    };
    let sandboxes: Vec<Stored<Sandbox>> = platform.store.list(&filter, Page::first(1000)).await?;
    let viewers: BTreeSet<String> = sandboxes
        .into_iter()
        .flat_map(|sandbox| sandbox.record.viewers)
        .collect();
    Ok(viewers.into_iter().collect())
}

/// The folder of a job's volume.
fn job_folder(platform: &Platform, job: &Job) -> PathBuf {
    platform.config.work.join("jobs").join(&job.id)
}

/// The folder of all staged inputs of a sandbox.
fn staging_folder(platform: &Platform, sandbox: &str) -> PathBuf {
    platform
        .config
        .work
        .join("staging")
        .join(names::last_id(sandbox))
}

/// Where a data set is staged. The hash in the name keeps releases apart.
fn staged_path(
    platform: &Platform,
    job: &Job,
    dataset: &str,
    release: &ReleasedDataset,
) -> PathBuf {
    let hash = release.sha256.get(..16).unwrap_or_default();
    staging_folder(platform, &job.sandbox).join(format!("{dataset}.{hash}.parquet"))
}

/// Where a file of a released output is staged: by its hash, which is what was reviewed.
fn staged_model(platform: &Platform, job: &Job, sha256: &str) -> PathBuf {
    staging_folder(platform, &job.sandbox).join(format!("{sha256}.model"))
}

/// The file in a job's folder that names its container, for when the engine does not answer, or does not know it any more.
fn container_file(folder: &Path) -> PathBuf {
    folder.join("container")
}

/// A job's container, as it was noted in the job's folder.
async fn noted_container(folder: &Path) -> Option<ContainerId> {
    let text = tokio::fs::read_to_string(container_file(folder))
        .await
        .ok()?;
    ContainerId::new(text.trim()).ok()
}

/// Ends what an engine that was killed may have left of a job: a process that waits to become the container's program holds the
/// job's volume, and the engine that comes after does not know it.
async fn end_remains(folder: &Path) {
    let Some(container) = noted_container(folder).await else {
        return;
    };
    let ended = tokio::task::spawn_blocking(move || host::kill_all(&container)).await;
    if !ended.unwrap_or(false) {
        tracing::error!(folder = %folder.display(), "processes of a job's container are left");
    }
}

/// The folder of the socket of a job that serves.
fn serve_folder(folder: &Path) -> PathBuf {
    folder.join("serve")
}

/// A job as people see it: what it waits for is known to the queue alone.
pub fn shown(platform: &Platform, job: &Stored<Job>) -> sandyq_proto::v1::Job {
    let mut message = crate::convert::job(job);
    if let JobState::Queued(_) = job.state
        && let Some(waiting) = platform.queue.waiting(&job.name, platform.now())
    {
        crate::convert::waiting(&mut message, waiting);
    }
    message
}

/// The job as the sandbox crate takes it.
fn raw_job(platform: &Platform, job: &Job, inputs: Vec<Input>, models: Vec<Model>) -> RawJob {
    let serve = job.serving.as_ref().map(|serving| Serve {
        port: serving.port,
        host_path: serve_folder(&job_folder(platform, job)),
    });
    RawJob {
        id: job.id.clone(),
        sandbox: names::last_id(&job.sandbox).to_owned(),
        image: format!("sha256:{}", names::last_id(&job.image)),
        command: job.command.clone(),
        environment: job.environment.clone(),
        inputs,
        models,
        serve,
        output_path: job_folder(platform, job).join("out"),
        limits: job.limits,
        isolation: job.isolation,
        terminal: job.shell.as_ref().map(Shell::terminal),
    }
}

/// Drives every job that an earlier process left in the middle.
///
/// # Errors
/// The store's.
pub async fn resume(platform: &Arc<Platform>) -> Result<()> {
    for job in active(platform, None).await? {
        // Whoever asked for its terminal went with the process; one that runs ends with its connection.
        let waits = matches!(job.state, JobState::Queued(_) | JobState::Staging);
        if job.shell.is_some() && waits {
            let why = "the server that was to carry its terminal has ended";
            stop::cancel(platform, &job.name, why).await?;
        }
    }
    for job in occupying(platform, None).await? {
        // The process may have ended after a grant or a sandbox did, and before it could tell their jobs.
        if !schedule::still_covered(platform, &job).await? {
            stop::revoke(platform, &job, stop::NOT_COVERED).await?;
        }
        driver::start(platform, job.record.name);
    }
    Ok(())
}

/// Asks again for the jobs that use a library, whose rule has changed, or any library when none is named; those that it permits no
/// longer end.
///
/// # Errors
/// The store's.
pub async fn recheck(platform: &Arc<Platform>, library: &str) -> Result<()> {
    let prefix = if library.is_empty() {
        String::new()
    } else {
        format!("{library}/")
    };
    for job in active(platform, None).await? {
        let uses = job
            .grants
            .keys()
            .any(|version| version.starts_with(&prefix));
        if uses && let Some(why) = schedule::uncovered(platform, &job).await? {
            stop::revoke(platform, &job, &why).await?;
        }
    }
    Ok(())
}

/// Unmounts and removes a job's volume, the way into it where it served, and its folder.
async fn remove_volume(folder: PathBuf) -> Result<()> {
    let failed = |error: std::io::Error| crate::error::Error::internal("remove a volume", error);
    tokio::task::spawn_blocking(move || {
        ServeFolder::at(&serve_folder(&folder))
            .remove()
            .map_err(std::io::Error::other)?;
        OutputVolume::at(&folder)
            .remove()
            .map_err(std::io::Error::other)?;
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    })
    .await
    .map_err(|error| failed(std::io::Error::other(error)))?
    .map_err(failed)
}
