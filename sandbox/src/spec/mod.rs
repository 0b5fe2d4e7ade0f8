//! What is to be run: a raw request, checked once, then never doubted again.

mod container;
mod limits;
mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use container::{ContainerContext, GID, UID, container};
pub(crate) use container::{LABEL_JOB, LABEL_PLATFORM};
pub use limits::Limits;
pub(crate) use limits::milliseconds;
pub use rules::MOST_MODELS;

use crate::id::{ImageDigest, JobId, SandboxId};
use crate::isolation::Isolation;

/// A dataset for the job to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The Parquet file on this machine, absolute.
    pub host_path: PathBuf,
    /// The library's name: letters, digits, `_`, `-` and `.`, 1 to 63.
    pub library: String,
    /// The dataset's name, with the same rule.
    pub dataset: String,
}

impl Input {
    /// Where the job finds it: `/data/<library>/<dataset>.parquet`.
    #[must_use]
    pub fn target(&self) -> String {
        format!("/data/{}/{}.parquet", self.library, self.dataset)
    }
}

/// A file that another job has left and that was released, for the job to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The file on this machine, absolute.
    pub host_path: PathBuf,
    /// The output that it belongs to: letters, digits, `_`, `-` and `.`, 1 to 63.
    pub output: String,
    /// Where it lay in the output: plain names with `/` between them.
    pub path: String,
}

impl Model {
    /// Where the job finds it: `/models/<output>/<path>`.
    #[must_use]
    pub fn target(&self) -> String {
        format!("/models/{}/{}", self.output, self.path)
    }
}

/// A port that is led into the container; see [`crate::serve`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Of the container's own loopback: 1024 to 65535, because the job is not root.
    pub port: u16,
    /// The folder of the socket on this machine, absolute: a file system of its own.
    pub host_path: PathBuf,
}

/// A request as it arrives. Everything left out is denied: no inputs, no
/// environment, the smallest useful limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawJob {
    /// The job's id; see [`JobId`].
    pub id: String,
    /// The sandbox it belongs to; see [`SandboxId`].
    pub sandbox: String,
    /// `sha256:<64 hex>`.
    pub image: String,
    /// The program and its arguments. The image's own entrypoint never runs.
    pub command: Vec<String>,
    /// Environment variables beside the platform's own.
    pub environment: BTreeMap<String, String>,
    /// Data to mount, read-only.
    pub inputs: Vec<Input>,
    /// Released files to mount, read-only.
    pub models: Vec<Model>,
    /// The way in, where the job serves.
    pub serve: Option<Serve>,
    /// The mounted output volume on this machine, absolute.
    pub output_path: PathBuf,
    /// What the job may use.
    pub limits: Limits,
    /// What stands between it and the host.
    pub isolation: Isolation,
    /// A terminal for the command, when a person works with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Terminal>,
}

/// A terminal for the command, held by the container's first process. The command starts when its size is known
/// ([`Engine::attach`](crate::Engine::attach)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    /// It is closed when nothing was typed for so long.
    #[serde(rename = "idle_ms", with = "milliseconds")]
    pub idle: std::time::Duration,
    /// Bytes a second that it shows; what prints faster is slowed down.
    pub bytes_per_second: u64,
}

/// One field that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The field, with its place in a list or map: `inputs[2].dataset`.
    pub field: String,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

/// A request that cannot be accepted, with every fault found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the job is refused: {}", shown(violations))]
pub struct SpecError {
    /// At least one.
    pub violations: Vec<Violation>,
}

fn shown(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(|v| format!("{}: {}", v.field, v.reason))
        .collect::<Vec<_>>()
        .join("; ")
}

/// A job that may be run. Made by [`RawJob::validate`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawJob", into = "RawJob")]
pub struct JobSpec {
    id: JobId,
    sandbox: SandboxId,
    image: ImageDigest,
    command: Vec<String>,
    environment: BTreeMap<String, String>,
    inputs: Vec<Input>,
    models: Vec<Model>,
    serve: Option<Serve>,
    output_path: PathBuf,
    limits: Limits,
    isolation: Isolation,
    terminal: Option<Terminal>,
}

impl RawJob {
    /// Checks every field.
    ///
    /// # Errors
    /// [`SpecError`] with all violations, not only the first.
    pub fn validate(self) -> Result<JobSpec, SpecError> {
        let mut found = rules::Findings::default();
        let id = found.take("id", JobId::new(&self.id));
        let sandbox = found.take("sandbox", SandboxId::new(&self.sandbox));
        let image = found.take("image", ImageDigest::new(&self.image));
        rules::command(&mut found, &self.command);
        rules::environment(&mut found, &self.environment);
        rules::inputs(&mut found, &self.inputs);
        rules::host_path(&mut found, "output_path", &self.output_path);
        rules::apart(&mut found, &self.inputs, &self.output_path);
        rules::models(&mut found, &self.models, &self.output_path);
        rules::serve(&mut found, self.serve.as_ref(), &self.output_path);
        self.limits.check(&mut found, self.isolation);
        rules::terminal(&mut found, self.terminal);
        let violations = found.into_violations();
        match (id, sandbox, image) {
            (Some(id), Some(sandbox), Some(image)) if violations.is_empty() => Ok(JobSpec {
                id,
                sandbox,
                image,
                command: self.command,
                environment: self.environment,
                inputs: self.inputs,
                models: self.models,
                serve: self.serve,
                output_path: self.output_path,
                limits: self.limits,
                isolation: self.isolation,
                terminal: self.terminal,
            }),
            _ => Err(SpecError { violations }),
        }
    }
}

impl JobSpec {
    /// The job's id.
    #[must_use]
    pub fn id(&self) -> &JobId {
        &self.id
    }

    /// The sandbox it belongs to.
    #[must_use]
    pub fn sandbox(&self) -> &SandboxId {
        &self.sandbox
    }

    /// The image's digest.
    #[must_use]
    pub fn image(&self) -> &ImageDigest {
        &self.image
    }

    /// The program and its arguments; never empty.
    #[must_use]
    pub fn command(&self) -> &[String] {
        &self.command
    }

    /// Environment variables beside the platform's own.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// Data to mount, read-only.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Released files to mount, read-only.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The way in, where the job serves.
    #[must_use]
    pub fn serve(&self) -> Option<&Serve> {
        self.serve.as_ref()
    }

    /// The mounted output volume on this machine.
    #[must_use]
    pub fn output_path(&self) -> &Path {
        &self.output_path
    }

    /// What the job may use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What stands between it and the host.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        self.isolation
    }

    /// The command's terminal, when it has one.
    #[must_use]
    pub fn terminal(&self) -> Option<Terminal> {
        self.terminal
    }
}

impl TryFrom<RawJob> for JobSpec {
    type Error = SpecError;
    fn try_from(raw: RawJob) -> Result<Self, SpecError> {
        raw.validate()
    }
}

impl From<JobSpec> for RawJob {
    fn from(spec: JobSpec) -> Self {
        Self {
            id: spec.id.into(),
            sandbox: spec.sandbox.into(),
            image: spec.image.into(),
            command: spec.command,
            environment: spec.environment,
            inputs: spec.inputs,
            models: spec.models,
            serve: spec.serve,
            output_path: spec.output_path,
            limits: spec.limits,
            isolation: spec.isolation,
            terminal: spec.terminal,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
