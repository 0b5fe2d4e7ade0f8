//! The first process of a job's container.
//!
//! The program `sandyq-init` is mounted read-only into every container and is its
//! entrypoint; the job's command follows `--`. It runs as the job's own user, without
//! capabilities, on a read-only file system, and under gVisor. It
//!
//! - kills everything at the deadline by a clock of its own ([`supervise`]), so that a
//!   job ends on time when nobody outside watches;
//! - passes signals on, reaps children, and kills what is left when the command ends;
//! - takes what the job prints through pipes, slows down a writer that is too fast and
//!   bounds what is kept ([`budget`]);
//! - forwards a Unix socket to the port that the job serves on, where it is to serve
//!   ([`forward`]);
//! - writes it to its own standard output as frames ([`frame`]), the last of which is
//!   its [`Report`] of how the command ended.
//!
//! The job cannot forge a frame: it has no descriptor of init's output, init is not
//! dumpable (so that no process of the same user may trace it or open its
//! `/proc/1/fd`), and what the job prints is escaped inside frames.
//!
//! Where the command is to have a terminal, init opens one, passes on what comes by its own
//! standard input ([`terminal`]), and closes it when nothing comes any more. The command
//! has no other way to init's input or output than before.
//!
//! Everything but [`supervise`] and [`forward`] is pure and used by the platform too, which reads the
//! frames back.

pub mod arguments;
pub mod budget;
pub mod counters;
pub mod forward;
pub mod frame;
mod login;
mod output;
mod pty;
mod report;
mod session;
mod signals;
pub mod supervise;
pub mod terminal;
mod tree;

pub use arguments::{ArgumentError, Plan};
pub use frame::{Decoder, Frame, Stream};
pub use report::{End, Report};

/// Exit code of a container whose deadline has passed. No job can choose it: its own
/// 124 becomes [`CODE_RESERVED`].
pub const CODE_DEADLINE: i32 = 124;
/// Exit code of a container whose init could not do its work.
pub const CODE_FAILED: i32 = 121;
/// Exit code of a container whose command ended with a code that means something else
/// here; the report has the command's own.
pub const CODE_RESERVED: i32 = 125;
