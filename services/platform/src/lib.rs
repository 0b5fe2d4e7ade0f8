//! The platform's server: thin gRPC services over the domain crates.
//!
//! A call goes through `gate` (is there a certificate?), `call` (who is it, may they?), one of `services` (check, change,
//! answer) and ends in one committed change with its audit entry. What takes longer than a call is done by `pipeline` (intake,
//! depersonalization) and `jobs`, which a restart finds again by the states in the store.

mod call;
pub mod config;
mod connections;
mod convert;
mod decisions;
mod engine;
mod error;
mod expiry;
pub mod failpoint;
mod gate;
mod governance;
mod governed;
mod incidents;
mod init;
mod jobs;
mod metrics;
mod names;
mod objects;
mod outputs;
mod pipeline;
mod pki;
mod platform;
mod records;
mod secrets;
mod server;
mod services;
mod status;
mod subjects;
mod traces;
mod trials;
mod usage;
mod watch;

pub use init::{InitError, InitOptions, Initialized, InvitationFile, init};
pub use server::{ServeError, serve};
pub use traces::{TraceError, Traces, traces};
