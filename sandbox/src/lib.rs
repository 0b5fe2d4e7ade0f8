//! Runs one untrusted job in a container with no way out.
//!
//! The crate knows nothing of gRPC, SQL or grants: it is told what to run and
//! says what happened. The way of a job through the modules:
//!
//! - [`spec`]: a raw request becomes a validated [`JobSpec`], and a pure function
//!   turns that into the container's whole configuration;
//! - [`stage`]: the file system in memory that holds a sandbox's inputs;
//! - [`isolation`]: what stands between it and the host's kernel;
//! - [`serve`]: the socket through which a job that serves is reached;
//! - [`volume`]: the file system with a hard quota that the job writes to;
//! - [`engine`]: creates, starts, observes, kills and removes the container;
//! - `sandyq-init`, a crate beside this one, begins every container: it holds the
//!   deadline, reaps, bounds the log and has the last word;
//! - [`outcome`]: follows it to its end and names the [`CauseOfDeath`];
//! - [`collect`]: takes what it left, once nothing can change it any more;
//! - [`logs`]: what it printed, whole for review or filtered for its author;
//! - [`exits`]: what else can be observed of it from outside, coarse or counted;
//! - [`queue`]: the pure scheduler that says which job starts next;
//! - [`state`]: the pure state machine that the caller drives all this by.
//!
//! Invariants: an image is run by digest and never pulled; a limit that the
//! engine cannot enforce is a refusal; a container that has run is never started
//! again; collection never follows a link and never blocks.

mod cause;
pub mod collect;
pub mod engine;
pub mod exits;
mod id;
pub mod isolation;
pub mod logs;
pub mod outcome;
pub mod queue;
pub mod serve;
pub mod spec;
pub mod stage;
pub mod state;
mod usage;
pub mod volume;

pub use cause::CauseOfDeath;
pub use engine::{DockerEngine, DockerOptions, Engine, EngineError, EngineInfo, Observed};
pub use id::{ContainerId, IdError, ImageDigest, JobId, PlatformId, SandboxId};
pub use isolation::Isolation;
pub use sandyq_init::{End, Report, terminal};
pub use spec::{Input, JobSpec, Limits, Model, RawJob, Serve, SpecError, Violation};
pub use state::{Action, JobEvent, JobState, TransitionError, WaitingReason, transition};
pub use usage::{Power, Sample, Usage};
