//! What the platform asks of a container engine.
//!
//! Operations name a job, not a container: after a restart the job is all that
//! the platform remembers. Each is idempotent.

pub mod cgroup;
mod docker;
mod error;
pub mod host;
mod init;
mod observe;

use std::pin::Pin;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::io::AsyncWrite;

pub use docker::{DockerEngine, DockerOptions};
pub use error::EngineError;
pub use init::{INIT, beside, check as check_init};

use crate::id::{ContainerId, ImageDigest, JobId};
use crate::isolation::Isolation;
use crate::serve::Connection;
use crate::spec::JobSpec;
use crate::usage::Sample;
use sandyq_init::Report;

/// An image archive as it arrives.
pub type ArchiveStream = BoxStream<'static, std::io::Result<Bytes>>;
/// A job's log as it is written.
pub type LogFrames = BoxStream<'static, Result<LogFrame, EngineError>>;

/// The two ways of a job's terminal.
pub struct Attached {
    /// To its first process.
    pub input: Pin<Box<dyn AsyncWrite + Send>>,
    /// What it shows, as a log is given.
    pub output: LogFrames,
}

/// Runs containers. The Docker implementation is [`DockerEngine`].
#[async_trait]
pub trait Engine: Send + Sync {
    /// What the engine is and which limits it cannot enforce.
    async fn info(&self) -> Result<EngineInfo, EngineError>;

    /// Loads an archive as `docker save` writes it, and says which images it held.
    /// Nothing is ever pulled.
    async fn import_image(&self, archive: ArchiveStream)
    -> Result<Vec<ImportedImage>, EngineError>;

    /// Whether the image is there.
    async fn image_exists(&self, image: &ImageDigest) -> Result<bool, EngineError>;

    /// Removes the image; `Ok` when it is already gone.
    async fn remove_image(&self, image: &ImageDigest) -> Result<(), EngineError>;

    /// Creates the job's container, or adopts the one that was created before. The
    /// inputs must be there; of the output, only the folder it is to be mounted on.
    async fn create(&self, spec: &JobSpec) -> Result<ContainerId, EngineError>;

    /// Starts a container that has never run, and whose output is mounted by now.
    /// One that runs or has run is left as it is: no command runs twice.
    async fn start(&self, job: &JobId) -> Result<(), EngineError>;

    /// How the container stands now.
    async fn observe(&self, job: &JobId) -> Result<Observed, EngineError>;

    /// Returns when the container no longer runs (or is not there), with its exit code where the engine told it.
    async fn wait(&self, job: &JobId) -> Result<Option<i32>, EngineError>;

    /// Kills every process of the job at once; `Ok` when none runs.
    async fn kill(&self, job: &JobId) -> Result<(), EngineError>;

    /// What the job uses now; `None` when it does not run.
    async fn sample(&self, job: &JobId) -> Result<Option<Sample>, EngineError>;

    /// What the job prints, from the beginning of what is kept.
    async fn logs(&self, job: &JobId, request: LogRequest) -> Result<LogFrames, EngineError>;

    /// Opens a connection to the port that the job serves on. There is no way but this one, and it leads inwards.
    async fn connect(&self, job: &JobId) -> Result<Connection, EngineError>;

    /// Joins the terminal of a job that has one and runs: what is written goes to its first process as messages of
    /// [`sandyq_init::terminal`], the first size starts its command, and what it shows comes back. To be done once: the terminal is
    /// closed when the input is shut down, or its holder dies.
    async fn attach(&self, job: &JobId) -> Result<Attached, EngineError>;

    /// What the container's init said at its end, once the container no longer runs.
    async fn last_word(&self, job: &JobId) -> Result<LastWord, EngineError>;

    /// Kills and removes the container; `Ok` when it is not there.
    async fn remove(&self, job: &JobId) -> Result<(), EngineError>;

    /// Every container of this platform, running or not.
    async fn list(&self) -> Result<Vec<Listed>, EngineError>;
}

/// What an engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// The engine's version, e.g. `20.10.24`.
    pub version: String,
    /// The protocol version spoken with it, e.g. `1.41`.
    pub api_version: String,
    /// Processors of the node.
    pub cpus: u64,
    /// Memory of the node, in bytes.
    pub memory_bytes: u64,
    /// Limits and barriers that this engine cannot enforce. While there is one,
    /// [`Engine::create`] refuses every job.
    pub gaps: Vec<String>,
    /// Profiles that this engine cannot give, each with the reason. A job that needs
    /// one is refused.
    pub unavailable: Vec<(Isolation, String)>,
    /// The same for jobs that serve.
    pub serving_unavailable: Vec<(Isolation, String)>,
    /// Names of the runtimes that are registered, sorted.
    pub runtimes: Vec<String>,
    /// Whether users of containers are other users on the host.
    pub remaps_users: bool,
    /// Version of the kernel's control groups, 1 or 2, as the engine says it.
    pub cgroup_version: String,
    /// The engine's clock, when it tells it.
    pub clock: Option<SystemTime>,
}

impl EngineInfo {
    /// Why the engine cannot give a profile; `None` when it can.
    #[must_use]
    pub fn fault(&self, isolation: Isolation) -> Option<&str> {
        find(&self.unavailable, isolation)
    }

    /// Why the engine cannot give a profile to a job that serves; `None` when it can.
    #[must_use]
    pub fn serving_fault(&self, isolation: Isolation) -> Option<&str> {
        find(&self.serving_unavailable, isolation)
    }
}

fn find(unavailable: &[(Isolation, String)], isolation: Isolation) -> Option<&str> {
    unavailable
        .iter()
        .find(|(missing, _)| *missing == isolation)
        .map(|(_, why)| why.as_str())
}

/// An image that an archive held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedImage {
    /// Its digest, under which jobs name it.
    pub digest: ImageDigest,
    /// The tags it carries on this engine, for a person to recognise it.
    pub tags: Vec<String>,
    /// Its unpacked size in bytes.
    pub size_bytes: u64,
    /// Why no job may run it, when so; see [`EngineError::ImageUnsafe`].
    pub refusal: Option<String>,
}

/// A container as the engine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// There is none.
    Absent,
    /// It was created and has never run.
    Created,
    /// It runs.
    Running {
        /// Since when.
        since: SystemTime,
    },
    /// It ran, or could not be started, and will not run again.
    Exited {
        /// The exit code; 128 + signal when killed by a signal.
        code: i32,
        /// The engine's own (unreliable) word that memory ran out.
        oom: bool,
        /// When it started; `None` when it never did.
        started: Option<SystemTime>,
        /// When it ended.
        finished: Option<SystemTime>,
        /// Why it could not be started, when so.
        error: Option<String>,
    },
}

/// A container of this platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The job it belongs to.
    pub job: JobId,
    /// The engine's name for it.
    pub container: ContainerId,
    /// Whether a process of it may run.
    pub runs: bool,
}

/// The end of a container's log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastWord {
    /// The last word of its init; `None` when it was killed, or the container is not there.
    pub report: Option<Report>,
    /// The whole log, as [`Engine::logs`] gives it, where it is so small that it was read on the way.
    pub log: Option<Vec<LogFrame>>,
}

/// Which part of a log is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogRequest {
    /// Go on until the container ends.
    pub follow: bool,
    /// Only what was printed at or after this time, in whole seconds since 1970.
    pub since: Option<i32>,
}

/// Where a job printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Some bytes that a job printed, or a line that the platform says about its log; neither
/// whole lines nor whole characters. The order within a stream is exact, between the two
/// it is about right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFrame {
    /// Where to.
    pub stream: LogStream,
    /// At most 8,000 bytes with Docker.
    pub bytes: Bytes,
}
