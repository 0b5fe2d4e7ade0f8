//! Drives the real server through real gRPC, mTLS and a real container engine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod attack;
mod audit;
mod bad_input;
mod cli;
mod crash;
mod exits;
mod identity;
mod law;
mod leaks;
mod lifecycle;
mod main_job;
mod many_files;
mod policies;
mod postgres;
mod premises;
mod python;
mod queue;
mod relations;
mod reveal;
mod roles;
mod shell;
mod soak;
mod staging;
mod text;
mod trial;
