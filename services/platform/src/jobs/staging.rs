//! Staging: decrypted inputs, with pseudonyms and surrogates of the sandbox's own, in memory of the sandbox's own and only
//! while jobs of the sandbox need them. Jobs of the same version share them.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sandyq_anonymizer::{PseudonymKey, rekey};
use sandyq_sandbox::stage::{InputMount, StageError, UNFINISHED, room_for};

use super::{occupying, sandbox_secret, spec, staged_model, staged_path, staging_folder};
use crate::error::{Error, Result};
use crate::objects;
use crate::outputs;
use crate::platform::Platform;
use crate::records::job::Job;
use crate::records::library::ReleasedDataset;

/// Lays out the inputs of a job.
///
/// # Errors
/// A version is no longer published, an object cannot be read, or the inputs do not fit.
pub async fn stage(platform: &Arc<Platform>, job: &Job) -> Result<()> {
    if job.grants.is_empty() && job.serving.is_none() {
        return Ok(());
    }
    let _held = platform.staging.lock().await;
    let folder = staging_folder(platform, &job.sandbox);
    on_disk(move || InputMount::at(&folder).drop_unfinished()).await?;
    for set in spec::wanted(platform, job).await? {
        let path = staged_path(platform, job, &set.dataset, &set.release);
        if !path.exists() {
            lay_out(platform, job, &set.release, &path).await?;
        }
    }
    let most = platform.config.raw.jobs.staging_bytes;
    for (_, file) in spec::released_files(platform, job).await? {
        let path = staged_model(platform, job, &file.sha256);
        if !path.exists() {
            let bytes = outputs::read(platform, &file, most).await?;
            keep(platform, job, &path, bytes).await?;
        }
    }
    Ok(())
}

/// Bytes of a job's staged inputs; of those that are not there, or no longer published or released, none.
pub async fn bytes(platform: &Platform, job: &Job) -> u64 {
    let Ok(job) = spec::of(platform, job).await else {
        return 0;
    };
    let inputs = job.inputs.iter().map(|input| &input.host_path);
    let models = job.models.iter().map(|model| &model.host_path);
    inputs
        .chain(models)
        .filter_map(|path| std::fs::metadata(path).ok())
        .map(|about| about.len())
        .sum()
}

async fn lay_out(
    platform: &Arc<Platform>,
    job: &Job,
    release: &ReleasedDataset,
    path: &Path,
) -> Result<()> {
    let most = platform.config.raw.jobs.staging_bytes;
    let record = objects::stored(platform, &release.place).await?;
    let bytes = platform.objects.reader(&record)?.read_all(most).await?;
    let bytes = if release.pseudonyms.is_empty() {
        bytes
    } else {
        let key = sandbox_key(platform, &job.sandbox).await?;
        let columns = release.pseudonyms.clone();
        tokio::task::spawn_blocking(move || {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            rekey(&bytes, &columns, &key)
        })
        .await
        .map_err(|error| Error::internal("stage a data set", error))?
        .map_err(|error| {
            Error::internal(
                "give a data set the sandbox's pseudonyms and surrogates",
                error,
            )
        })?
    };
    keep(platform, job, path, bytes).await
}

/// Writes a staged file where there is room for it.
async fn keep(platform: &Arc<Platform>, job: &Job, path: &Path, bytes: Vec<u8>) -> Result<()> {
    let most = platform.config.raw.jobs.staging_bytes;
    platform.metrics.staged(bytes.len());
    let folder = staging_folder(platform, &job.sandbox);
    let wanted = room_for(bytes.len() as u64);
    within_limit(&mounts(platform), wanted, most)?;
    on_disk(move || InputMount::at(&folder).make_room(wanted)).await?;
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || write(&path, &bytes))
        .await
        .map_err(|error| Error::internal("stage a data set", error))?
        .map_err(|error| Error::internal("stage a data set", error))
}

/// The mounts of all sandboxes.
fn mounts(platform: &Platform) -> Vec<PathBuf> {
    let Ok(folders) = std::fs::read_dir(platform.config.work.join("staging")) else {
        return Vec::new();
    };
    folders.flatten().map(|folder| folder.path()).collect()
}

/// Memory is not promised twice.
fn within_limit(mounts: &[PathBuf], wanted: u64, most: u64) -> Result<()> {
    let mut used = 0_u64;
    for folder in mounts {
        used += InputMount::at(folder).size().map_err(failed)?;
    }
    if used.saturating_add(wanted) <= most {
        return Ok(());
    }
    Err(Error::precondition(
        "STAGING_FULL",
        format!(
            "a data set of {wanted} bytes does not fit beside {used} bytes of staged inputs in jobs.staging_bytes = {most}; submit the job again when others have ended, or have the operator raise the setting"
        ),
    ))
}

/// Writes beside and renames, so that a job never sees half a file.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension(UNFINISHED);
    // The job's user must be able to read it; the folder keeps everyone else out.
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o444)
        .open(&beside)?;
    file.write_all(bytes)?;
    std::fs::rename(beside, path)
}

/// The key under which a sandbox sees pseudonyms, surrogates and encrypted values.
///
/// # Errors
/// It cannot be read.
pub async fn sandbox_key(platform: &Platform, sandbox: &str) -> Result<PseudonymKey> {
    platform.pseudonym_key(&sandbox_secret(sandbox)).await
}

/// Wipes the staged inputs of a sandbox when no job of it needs them any more.
///
/// # Errors
/// The store's, or the mount cannot be taken down.
pub async fn wipe_unused(platform: &Arc<Platform>, sandbox: &str) -> Result<()> {
    // A job that begins to stage something now is one that needs it.
    if !is_staged(platform, sandbox) {
        return Ok(());
    }
    let _held = platform.staging.lock().await;
    if !occupying(platform, Some(sandbox)).await?.is_empty() {
        return Ok(());
    }
    let folder = staging_folder(platform, sandbox);
    on_disk(move || InputMount::at(&folder).wipe()).await
}

/// Whether anything of a sandbox is staged.
pub fn is_staged(platform: &Platform, sandbox: &str) -> bool {
    staging_folder(platform, sandbox).exists()
}

async fn on_disk(work: impl FnOnce() -> Result<(), StageError> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("stage inputs", error))?
        .map_err(failed)
}

fn failed(error: StageError) -> Error {
    Error::internal("stage inputs", error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn memory_is_not_promised_twice() {
        let temp = tempfile::tempdir().unwrap();
        let one = temp.path().join("one");
        InputMount::at(&one).make_room(1 << 20).unwrap();
        let mounts = [one.clone(), temp.path().join("absent")];
        assert!(within_limit(&mounts, 1 << 20, 3 << 20).is_ok());
        let refused = within_limit(&mounts, 2 << 20, 3 << 20).unwrap_err();
        assert_eq!(refused.reason, "STAGING_FULL");
        InputMount::at(&one).wipe().unwrap();
    }
}
