//! The server is killed as by a power cut and started again: nothing is lost, nothing is done twice.

mod data;
mod jobs;
