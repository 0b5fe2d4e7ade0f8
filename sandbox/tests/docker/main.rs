//! The sandbox against the real Docker engine, with a tiny image and real volumes.
//! Needs root and a running engine; `deploy/setup.sh test` sees to both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod attack;
mod barriers;
mod images;
mod init;
mod life;
mod limits;
mod support;
mod terminal;
