//! Global recoding: one level for each quasi-identifier.

use std::time::{Duration, Instant};

use sandyq_recoding::Problem;
use sandyq_recoding::global::{Control, Failure, GlobalSolution, Options, search as optimum};
use sandyq_recoding::metric;
use sandyq_recoding::models::Models;

use super::{PlanError, Searched};
use crate::cancel::{Cancel, Progress, Stage};
use crate::division::Division;
use crate::input::Input;
use crate::profile::{Aggregate, Metric, Privacy};

/// The best levels, as places among the permitted ones, and the classes they make.
pub(super) fn search(
    input: &Input<'_>,
    models: &Models,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Division, Vec<usize>, Searched), PlanError> {
    let found = solve(input, &input.problem, models, cancel, progress)?;
    let searched = searched(&found);
    let division = Division::of_levels(input, &found.levels, found.class_of);
    Ok((division, found.levels, searched))
}

fn solve(
    input: &Input<'_>,
    problem: &Problem,
    models: &Models,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<GlobalSolution, PlanError> {
    let privacy = input.profile.privacy();
    let options = Options {
        suppressible: privacy.suppressible(input.rows()),
        metric: metric(privacy),
        aggregate: aggregate(privacy),
        ..Options::default()
    };
    let begun = Instant::now();
    let budget = Duration::try_from_secs_f64(privacy.time_budget_seconds).unwrap_or(Duration::MAX);
    let mut tell = |done, total| {
        progress(Progress {
            stage: Stage::Plan,
            done: narrowed(done),
            total: narrowed(total),
        });
    };
    let mut control = Control {
        cancelled: &|| cancel.is_cancelled(),
        go_on: &|| begun.elapsed() < budget,
        progress: &mut tell,
    };
    let found = optimum(problem, models, &options, &mut control);
    let found = found.map_err(|failure| refused(input, failure))?;
    tell(found.nodes, found.nodes);
    Ok(found)
}

/// The classes at these levels.
pub(super) fn fixed(
    input: &Input<'_>,
    models: &Models,
    levels: &[usize],
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Division, Searched), PlanError> {
    let mut problem = input.problem.clone();
    for (attribute, level) in problem.attributes.iter_mut().zip(levels) {
        attribute.levels = attribute.levels.get(*level).cloned().into_iter().collect();
    }
    let found = solve(input, &problem, models, cancel, progress)?;
    let searched = searched(&found);
    Ok((Division::of_levels(input, levels, found.class_of), searched))
}

fn searched(found: &GlobalSolution) -> Searched {
    Searched {
        nodes: narrowed(found.nodes),
        examined: found.examined,
        score: found.score,
        bound: Some(found.bound),
        optimal: found.optimal,
    }
}

pub(super) fn narrowed(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn metric(privacy: &Privacy) -> metric::Metric {
    match privacy.metric {
        Metric::Loss => metric::Metric::Loss,
        Metric::Discernibility => metric::Metric::Discernibility,
        Metric::AverageClassSize => metric::Metric::AverageClassSize,
        Metric::NonUniformEntropy => metric::Metric::NonUniformEntropy,
        Metric::Precision => metric::Metric::Precision,
    }
}

fn aggregate(privacy: &Privacy) -> metric::Aggregate {
    match privacy.aggregate {
        Aggregate::Geometric => metric::Aggregate::Geometric,
        Aggregate::Arithmetic => metric::Aggregate::Arithmetic,
    }
}

pub(super) fn refused(input: &Input<'_>, failure: Failure) -> PlanError {
    let privacy = input.profile.privacy();
    let dataset = input.table.name().to_owned();
    match failure {
        Failure::Cancelled => PlanError::Cancelled { dataset },
        Failure::NoRows => PlanError::EmptyTable { dataset },
        Failure::Unreachable {
            needed,
            rows,
            suppressible,
            largest_k,
        } if input.asks_only_for_k() => PlanError::KNotReachable {
            dataset,
            k: privacy.k,
            rows,
            suppressible,
            needed,
            largest_k,
        },
        source => PlanError::Search { dataset, source },
    }
}
