//! Local recoding against what is plain to see.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod adult;
mod cases;
mod oracle;
mod properties;
mod tables;

use super::*;
use crate::models::Model;

/// Recodes without watching.
fn run(problem: &Problem, models: &[Model], options: &Options) -> Result<LocalSolution, Failure> {
    problem.check().unwrap();
    let models = Models::new(models, problem).unwrap();
    let mut control = Control {
        cancelled: &|| false,
        go_on: &|| true,
        progress: &mut |_, _| (),
    };
    recode(problem, &models, options, &mut control)
}

fn options(mode: Mode, suppressible: u64) -> Options {
    Options {
        mode,
        suppressible,
        ..Options::default()
    }
}
