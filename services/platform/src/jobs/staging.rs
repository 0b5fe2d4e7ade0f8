//! Staging: decrypted inputs, with pseudonyms and surrogates of the sandbox's own, on this machine only while jobs of the sandbox need them.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use sandyq_anonymizer::{PseudonymKey, rekey};

use super::{occupying, sandbox_secret, staged_path, staging_folder};
use crate::error::{Error, Result};
use crate::names;
use crate::objects;
use crate::platform::Platform;
use crate::records::job::Job;
use crate::records::library::{ReleasedDataset, Version};

/// Most bytes of one release; larger ones are refused rather than read into memory.
const MOST_RELEASE_BYTES: u64 = 16 << 30;

/// Lays out the inputs of a job.
///
/// # Errors
/// A version is no longer published, or an object cannot be read.
pub async fn stage(platform: &Arc<Platform>, job: &Job) -> Result<()> {
    let _held = platform.staging.lock().await;
    for name in job.grants.keys() {
        let version = platform.record::<Version>(name).await?;
        for dataset in &version.datasets {
            let release = dataset.release.as_ref().ok_or_else(|| {
                Error::precondition(
                    "VERSION_NOT_PUBLISHED",
                    format!("{name} is no longer published"),
                )
            })?;
            let path = staged_path(platform, job, &dataset.id, release);
            if !path.exists() {
                lay_out(platform, job, release, &path).await?;
            }
        }
    }
    Ok(())
}

/// Bytes of a job's staged inputs; of those that are not there, or no longer published, none.
pub async fn bytes(platform: &Platform, job: &Job) -> u64 {
    let inputs = super::submit::inputs(platform, job)
        .await
        .unwrap_or_default();
    inputs
        .iter()
        .filter_map(|input| std::fs::metadata(&input.host_path).ok())
        .map(|about| about.len())
        .sum()
}

async fn lay_out(
    platform: &Arc<Platform>,
    job: &Job,
    release: &ReleasedDataset,
    path: &Path,
) -> Result<()> {
    let record = objects::stored(platform, &release.place).await?;
    let bytes = platform
        .objects
        .reader(&record)?
        .read_all(MOST_RELEASE_BYTES)
        .await?;
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
    platform.metrics.staged(bytes.len());
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || write(&path, &bytes))
        .await
        .map_err(|error| Error::internal("stage a data set", error))?
        .map_err(|error| Error::internal("stage a data set", error))
}

/// Writes beside and renames, so that a job never sees half a file.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let beside = path.with_extension(names::fresh_id('t'));
    // The job's user must be able to read it; the folder keeps everyone else out.
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o444)
        .open(&beside)?;
    file.write_all(bytes)?;
    std::fs::rename(beside, path)
}

async fn sandbox_key(platform: &Platform, sandbox: &str) -> Result<PseudonymKey> {
    let bytes = platform.secret(&sandbox_secret(sandbox)).await?;
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
        Error::internal(
            "read the sandbox's key",
            std::io::Error::other("it has not 32 bytes"),
        )
    })?;
    Ok(PseudonymKey::new(key))
}

/// Wipes the staged inputs of a sandbox when no job of it needs them any more.
///
/// # Errors
/// The store's.
pub async fn wipe_unused(platform: &Arc<Platform>, sandbox: &str) -> Result<()> {
    let _held = platform.staging.lock().await;
    if !occupying(platform, Some(sandbox)).await?.is_empty() {
        return Ok(());
    }
    match std::fs::remove_dir_all(staging_folder(platform, sandbox)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::internal("wipe staged inputs", error))
        }
        _ => Ok(()),
    }
}
