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
pub(crate) mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use super::*;

    pub(crate) fn raw() -> RawJob {
        RawJob {
            id: "job-1".to_owned(),
            sandbox: "box-1".to_owned(),
            image: format!("sha256:{}", "ab".repeat(32)),
            command: vec!["python3".to_owned(), "-c".to_owned(), "print(1)".to_owned()],
            environment: BTreeMap::from([("EPOCHS".to_owned(), "3".to_owned())]),
            inputs: vec![Input {
                host_path: "/srv/sandyq/staging/job-1/adult.parquet".into(),
                library: "census".to_owned(),
                dataset: "adult".to_owned(),
            }],
            models: Vec::new(),
            serve: None,
            output_path: "/srv/sandyq/staging/job-1/out".into(),
            limits: Limits::default(),
            isolation: Isolation::Hardened,
            terminal: None,
        }
    }

    fn fields(raw: RawJob) -> Vec<String> {
        raw.validate()
            .unwrap_err()
            .violations
            .into_iter()
            .map(|v| v.field)
            .collect()
    }

    #[test]
    fn a_sound_job_passes_and_survives_serde() {
        let spec = raw().validate().unwrap();
        assert_eq!(spec.inputs()[0].target(), "/data/census/adult.parquet");
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<JobSpec>(&json).unwrap(), spec);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let empty = RawJob::default();
        assert_eq!(
            fields(empty),
            ["id", "sandbox", "image", "command", "output_path"]
        );
    }

    #[test]
    fn a_spec_cannot_be_deserialized_around_the_checks() {
        let mut bad = raw();
        bad.environment
            .insert("LD_PRELOAD".to_owned(), "/out/x.so".to_owned());
        let json = serde_json::to_string(&bad).unwrap();
        let error = serde_json::from_str::<JobSpec>(&json)
            .unwrap_err()
            .to_string();
        assert!(error.contains("environment[\"LD_PRELOAD\"]"), "{error}");
    }

    #[test]
    fn commands_are_real_arguments() {
        for command in [
            vec![],
            vec![String::new()],
            vec!["a\0b".to_owned()],
            vec!["x".repeat(200_000)],
        ] {
            assert_eq!(fields(RawJob { command, ..raw() }).len(), 1);
        }
    }

    #[test]
    fn the_loader_and_the_interpreter_are_not_steered() {
        for name in [
            "LD_PRELOAD",
            "LD_X",
            "ld_audit",
            "PATH",
            "GCONV_PATH",
            "PYTHONHOME",
            "BASH_ENV",
            "HOME",
            "SANDYQ_X",
            "A=B",
            "",
            "1A",
            "Ä",
        ] {
            let environment = BTreeMap::from([(name.to_owned(), "x".to_owned())]);
            assert_eq!(
                fields(RawJob {
                    environment,
                    ..raw()
                }),
                [format!("environment[{name:?}]")]
            );
        }
        let environment = BTreeMap::from([("A".to_owned(), "x\0y".to_owned())]);
        assert_eq!(
            fields(RawJob {
                environment,
                ..raw()
            }),
            ["environment[\"A\"]"]
        );
    }

    #[test]
    fn only_plain_host_paths_are_mounted() {
        for path in [
            "",
            "relative/x",
            "/srv/../etc/shadow",
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/proc/1/root",
            "/sys/x",
            "/dev/sda",
            "/etc/shadow",
            "/",
            "/srv/a\nb",
            "/srv/./x",
            "/srv//x",
        ] {
            let mut job = raw();
            job.inputs[0].host_path = path.into();
            assert_eq!(fields(job), ["inputs[0].host_path"], "{path:?}");
            assert_eq!(
                fields(RawJob {
                    output_path: path.into(),
                    ..raw()
                }),
                ["output_path"],
                "{path:?}"
            );
        }
    }

    #[test]
    fn mount_targets_stay_in_place_and_apart() {
        for name in ["", "..", ".x", "a/b", "a b", "a:b", "é"] {
            let mut job = raw();
            job.inputs[0].library = name.to_owned();
            assert_eq!(fields(job), ["inputs[0].library"], "{name:?}");
        }
        let mut twice = raw();
        twice.inputs.push(twice.inputs[0].clone());
        assert_eq!(fields(twice), ["inputs[1]"]);
        let mut inside = raw();
        inside.inputs[0].host_path = inside.output_path.join("x");
        assert_eq!(fields(inside), ["inputs[0].host_path"]);
    }

    pub(crate) fn serving() -> RawJob {
        let model = Model {
            host_path: "/srv/sandyq/staging/box-1/model-00".into(),
            output: "o1".to_owned(),
            path: "weights/first layer.bin".to_owned(),
        };
        RawJob {
            models: vec![model],
            serve: Some(Serve {
                port: 8080,
                host_path: "/srv/sandyq/staging/job-1/serve".into(),
            }),
            ..raw()
        }
    }

    #[test]
    fn released_files_and_the_way_in_have_their_places() {
        let spec = serving().validate().unwrap();
        assert_eq!(
            spec.models()[0].target(),
            "/models/o1/weights/first layer.bin"
        );
        for path in [
            "",
            "/a",
            "a/../b",
            "./a",
            "a//b",
            "a/",
            "a\nb",
            "a\u{202e}b",
        ] {
            let mut job = serving();
            job.models[0].path = path.to_owned();
            assert_eq!(fields(job), ["models[0].path"], "{path:?}");
        }
        let mut job = serving();
        job.models[0].output = "../x".to_owned();
        assert_eq!(fields(job), ["models[0].output"]);
        let mut job = serving();
        job.models.push(job.models[0].clone());
        assert_eq!(fields(job), ["models[1]"]);
        let mut job = serving();
        job.models[0].host_path = job.output_path.join("x");
        assert_eq!(fields(job), ["models[0].host_path"]);
        for (port, host_path) in [
            (80, "/srv/x"),
            (8080, "/run/x"),
            (8080, "/srv/sandyq/staging/job-1/out/x"),
        ] {
            let host_path = host_path.into();
            let serve = Some(Serve { port, host_path });
            assert_eq!(fields(RawJob { serve, ..serving() }).len(), 1, "{port}");
        }
    }

    #[test]
    fn limits_have_a_floor_and_a_ceiling() {
        let limits = Limits {
            cpu_millis: 0,
            memory_bytes: 1,
            pids: u32::MAX,
            output_bytes: 0,
            ..Limits::default()
        };
        let found = fields(RawJob { limits, ..raw() });
        assert_eq!(
            found,
            [
                "limits.cpu_millis",
                "limits.memory_bytes",
                "limits.pids",
                "limits.output_bytes",
                "limits.tmp_bytes"
            ]
        );
        let limits = Limits {
            wall_clock: std::time::Duration::ZERO,
            ..Limits::default()
        };
        assert_eq!(fields(RawJob { limits, ..raw() }), ["limits.wall_clock"]);
        let limits = Limits {
            memory_bytes: 32 << 20,
            tmp_bytes: 1 << 20,
            ..Limits::default()
        };
        let small = RawJob { limits, ..raw() };
        assert!(small.clone().validate().is_ok());
        let isolation = Isolation::Gvisor;
        let small = RawJob { isolation, ..small };
        assert_eq!(
            fields(small),
            ["limits.memory_bytes"],
            "no room for the kernel"
        );
    }
}
