//! Hostile code against the real server, engine and kernel. A test's number is that of its line in docs/threat-model.md;
//! it fails unless the attempt was made, was refused, and the host is unharmed.

mod abuse;
mod collecting;
mod connections;
mod container;
mod init;
mod orchestrator;
