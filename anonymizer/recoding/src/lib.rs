//! How a table is recoded so that privacy models hold, over numbers alone: no files, text, frames, clock or network.
//!
//! A [`Problem`] is a table whose quasi-identifiers and sensitive attributes are dictionary codes, with the levels each
//! quasi-identifier may be generalized to. [`Models`](models::Models) decide whether an equivalence class may be released. Global
//! recoding finds one level for each attribute; local recoding gives each record the least generalization its class allows.

pub mod global;
pub mod local;
pub mod metric;
pub mod models;
mod problem;

pub use problem::{Attribute, Level, Population, Problem, ProblemError, Records, Sensitive};
