//! Local recoding: every record gets the least generalization that its class allows.

use std::time::{Duration, Instant};

use sandyq_recoding::global::Control;
use sandyq_recoding::local::{LocalSolution, Mode, Options, recode};
use sandyq_recoding::models::Models;

use super::{PlanError, Searched, global};
use crate::cancel::{Cancel, Progress, Stage};
use crate::division::{Cell, Division};
use crate::input::Input;
use crate::profile::Recoding;

/// The classes found, and the lowest level of each attribute in them.
pub(super) fn search(
    input: &Input<'_>,
    models: &Models,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Division, Vec<usize>, Searched), PlanError> {
    let privacy = input.profile.privacy();
    let options = Options {
        mode: match privacy.recoding {
            Recoding::LocalFast => Mode::Fast,
            _ => Mode::Thorough,
        },
        suppressible: privacy.suppressible(input.rows()),
        ..Options::default()
    };
    let begun = Instant::now();
    let budget = Duration::try_from_secs_f64(privacy.time_budget_seconds).unwrap_or(Duration::MAX);
    let mut tell = |done, total| {
        progress(Progress {
            stage: Stage::Plan,
            done: global::narrowed(done),
            total: global::narrowed(total),
        });
    };
    let mut control = Control {
        cancelled: &|| cancel.is_cancelled(),
        go_on: &|| begun.elapsed() < budget,
        progress: &mut tell,
    };
    let found = recode(&input.problem, models, &options, &mut control)
        .map_err(|failure| global::refused(input, failure))?;
    let division = division(input, &found);
    let lowest = division.lowest();
    let searched = Searched {
        nodes: 0,
        examined: 0,
        score: found.arithmetic,
        bound: None,
        optimal: false,
    };
    Ok((division, lowest, searched))
}

fn division(input: &Input<'_>, found: &LocalSolution) -> Division {
    let cells = input
        .attributes
        .iter()
        .enumerate()
        .map(|(place, attribute)| {
            let cell = |class: &sandyq_recoding::local::LocalClass| {
                let level = class.levels.get(place).copied().unwrap_or_default();
                let code = class.codes.get(place).copied().unwrap_or_default();
                if (level as usize) < attribute.levels.len() {
                    Cell::Level(level, code)
                } else {
                    Cell::Star
                }
            };
            found.classes.iter().map(cell).collect()
        });
    let mut division = Division {
        cells: cells.collect(),
        sizes: found.classes.iter().map(|class| class.rows).collect(),
        suppressed: found.suppressed_rows,
        ..Division::default()
    };
    for record in 0..input.problem.records.weights.len() {
        let left_out = found.suppressed.get(record).copied().unwrap_or_default();
        match (found.members.of(record), left_out) {
            ([(class, _)], 0) => division.class_of.push(class + 1),
            ([], _) => division.class_of.push(0),
            (classes, _) => {
                division.class_of.push(0);
                let mut parts: Vec<_> = classes
                    .iter()
                    .map(|(class, rows)| (class + 1, *rows))
                    .collect();
                if left_out > 0 {
                    parts.push((0, left_out));
                }
                division.split.push((record as u32, parts));
            }
        }
    }
    division
}
