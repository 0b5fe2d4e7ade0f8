//! What can go wrong between the platform and an engine.

use std::path::PathBuf;

use crate::cause::CauseOfDeath;
use crate::id::{ImageDigest, JobId};

/// A step that the engine could not take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Nobody answers at the engine's socket.
    #[error(
        "the Docker engine is not running: nothing answers at {address}; start it with `systemctl start docker` (without systemd: `sudo deploy/setup.sh`)"
    )]
    NotRunning {
        /// The socket that was tried.
        address: String,
        /// What the system said.
        source: Box<bollard::errors::Error>,
    },
    /// The engine's address is not a local socket, so files cannot be mounted.
    #[error(
        "DOCKER_HOST is {address:?}; only a local socket (`unix:///...`) can be used, because data is mounted from this machine"
    )]
    NotLocal {
        /// The refused address.
        address: String,
    },
    /// The engine did not answer in time.
    #[error("the Docker engine did not answer in time while it was to {step}")]
    Hung {
        /// What was asked.
        step: &'static str,
    },
    /// The engine refused or failed a step.
    #[error("the Docker engine could not {step}")]
    Call {
        /// What was asked.
        step: &'static str,
        /// Its answer.
        source: Box<bollard::errors::Error>,
    },
    /// The engine answered without something that it always sends.
    #[error("the Docker engine's answer to {step} lacks {field}")]
    Answer {
        /// What was asked.
        step: &'static str,
        /// What is missing or cannot be read.
        field: &'static str,
    },
    /// Something that must be enforced is not.
    #[error("a limit cannot be enforced here, so no job is run: {}", gaps.join("; "))]
    Unenforced {
        /// Each gap.
        gaps: Vec<String>,
    },
    /// The engine cannot give the profile that the job needs.
    #[error("the job's isolation is not to be had: {reason}")]
    Isolation {
        /// Why, and what to do.
        reason: String,
    },
    /// The image was not imported.
    #[error("image {image} is not on this node; import it first")]
    ImageMissing {
        /// Its digest.
        image: ImageDigest,
    },
    /// The image asks for something that a job may not have.
    #[error("image {image} is refused: {reason}")]
    ImageUnsafe {
        /// Its digest.
        image: ImageDigest,
        /// What it asks for.
        reason: String,
    },
    /// The bytes are no image archive.
    #[error("the image archive is refused: {reason}; make it with `docker save`")]
    Archive {
        /// What the engine said.
        reason: String,
    },
    /// An input is not a plain file, or the output is not a bounded volume.
    #[error("{} cannot be mounted: {reason}", path.display())]
    Mount {
        /// The path on this machine.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A container of that name exists and is not this job's.
    #[error(
        "container sandyq-{job} exists and belongs to something else; remove it or submit the job under another id"
    )]
    NameTaken {
        /// The job.
        job: JobId,
    },
    /// The job has no container.
    #[error("job {job} has no container")]
    NoContainer {
        /// The job.
        job: JobId,
    },
    /// Nobody listens where the job is to serve.
    #[error("job {job} cannot be reached: {reason}")]
    NotServing {
        /// The job.
        job: JobId,
        /// What stands in the way.
        reason: String,
    },
    /// The program that begins every container cannot be used.
    #[error(
        "{} cannot begin a container: {reason}; build it with `make init`, put it beside `sandyq` or name it as `init` under [sandbox] in sandyq.toml",
        path.display()
    )]
    Init {
        /// Where it was looked for.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl EngineError {
    /// Whether trying again later may help, because the engine was away.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::NotRunning { .. } | Self::Hung { .. })
    }

    /// Whether nothing was asked of the engine at all, because it took no connection.
    #[must_use]
    pub fn never_reached(&self) -> bool {
        let Self::NotRunning { source, .. } = self else {
            return false;
        };
        match source.as_ref() {
            bollard::errors::Error::SocketNotFoundError(_) => true,
            bollard::errors::Error::HyperLegacyError { err } => err.is_connect(),
            _ => false,
        }
    }

    /// The cause of death of a job that this error ends.
    #[must_use]
    pub fn cause(&self) -> CauseOfDeath {
        match self {
            Self::ImageMissing { .. } | Self::ImageUnsafe { .. } => {
                CauseOfDeath::ImageRefused(self.to_string())
            }
            _ => CauseOfDeath::EngineError(self.to_string()),
        }
    }
}
