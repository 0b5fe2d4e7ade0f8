//! Checks of the host's side that only the host can answer.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bollard::models::{ContainerInspectResponse, HostConfig, Mount};

use crate::engine::EngineError;
use crate::spec::{JobSpec, UID};

/// Inputs are plain files, and so are models.
pub(super) fn check_inputs(spec: &JobSpec) -> Result<(), EngineError> {
    let inputs = spec.inputs().iter().map(|input| &input.host_path);
    let models = spec.models().iter().map(|model| &model.host_path);
    for path in inputs.chain(models) {
        let about =
            std::fs::symlink_metadata(path).map_err(|error| refused(path, &error.to_string()))?;
        if let Some(reason) = input_fault(&about) {
            return Err(refused(path, reason));
        }
    }
    Ok(())
}

/// What a container that is about to start can write to is a file system of its
/// own: a folder of the host's disk has no quota.
pub(super) fn check_outputs(outputs: &[PathBuf]) -> Result<(), EngineError> {
    outputs.iter().try_for_each(|output| check_output(output))
}

/// What of this machine a container can write to.
pub(super) fn writable_of(found: &ContainerInspectResponse) -> Vec<PathBuf> {
    found.host_config.as_ref().map(writable).unwrap_or_default()
}

/// What of this machine a container that is made so can write to.
pub(super) fn writable(host: &HostConfig) -> Vec<PathBuf> {
    let mounts = host.mounts.iter().flatten();
    let writable = mounts.filter(|mount| mount.read_only != Some(true));
    let source = |mount: &Mount| PathBuf::from(mount.source.as_deref().unwrap_or_default());
    writable.map(source).collect()
}

fn mounts(found: &ContainerInspectResponse) -> impl Iterator<Item = &Mount> {
    let host = found.host_config.iter();
    host.flat_map(|host| &host.mounts).flatten()
}

/// What of this machine a container has at a place.
pub(super) fn source(found: &ContainerInspectResponse, target: &str) -> Option<PathBuf> {
    mounts(found)
        .find(|mount| mount.target.as_deref() == Some(target))
        .and_then(|mount| mount.source.clone())
        .map(PathBuf::from)
}

fn check_output(output: &Path) -> Result<(), EngineError> {
    if is_mount_point(output).map_err(|error| refused(output, &error.to_string()))? {
        Ok(())
    } else {
        Err(refused(
            output,
            "it is not a mounted volume, so its size cannot be limited",
        ))
    }
}

fn input_fault(about: &std::fs::Metadata) -> Option<&'static str> {
    if !about.is_file() {
        Some("an input must be a regular file")
    } else if about.mode() & 0o111 != 0 {
        Some("an input must not be executable (mode 0444)")
    } else if about.mode() & 0o004 == 0 && about.uid() != UID {
        Some("an input must be readable by the job's user (mode 0444)")
    } else {
        None
    }
}

fn is_mount_point(path: &Path) -> std::io::Result<bool> {
    let about = std::fs::symlink_metadata(path)?;
    let parent = path.parent().unwrap_or(Path::new("/"));
    Ok(about.is_dir() && about.dev() != std::fs::symlink_metadata(parent)?.dev())
}

fn refused(path: &Path, reason: &str) -> EngineError {
    EngineError::Mount {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// `/proc/swaps` has a heading and a line for each swap area; when it cannot be
/// read, there may be swap.
pub(super) fn host_has_swap() -> bool {
    std::fs::read_to_string("/proc/swaps").map_or(true, |text| text.lines().count() > 1)
}
