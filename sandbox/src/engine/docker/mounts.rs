//! Checks of the host's side that only the host can answer.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bollard::models::ContainerInspectResponse;

use crate::engine::EngineError;
use crate::spec::{JobSpec, UID};

/// Inputs are plain files.
pub(super) fn check_inputs(spec: &JobSpec) -> Result<(), EngineError> {
    for input in spec.inputs() {
        let path = &input.host_path;
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
pub(super) fn check_outputs(found: &ContainerInspectResponse) -> Result<(), EngineError> {
    let mounts = found
        .host_config
        .as_ref()
        .and_then(|host| host.mounts.as_ref());
    let writable = mounts
        .into_iter()
        .flatten()
        .filter(|mount| mount.read_only != Some(true));
    for mount in writable {
        check_output(Path::new(mount.source.as_deref().unwrap_or_default()))?;
    }
    Ok(())
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
