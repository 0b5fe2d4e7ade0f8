//! A plan that was saved, applied to a later version of the same data.

use super::{Plan, PlanError, Searched, boxes, global, models};
use crate::cancel::{Cancel, Progress};
use crate::hierarchy::Hierarchies;
use crate::input::Input;

/// The plan for the input that does as `saved` did: the same levels, or the same classes.
pub(crate) fn reuse(
    input: &Input<'_>,
    hierarchies: &Hierarchies,
    saved: &Plan,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Plan, PlanError> {
    fits(input, hierarchies, saved)?;
    super::check(input)?;
    let models = models::models(input).map_err(|source| super::unfit(input, source))?;
    let (division, levels, searched) = match &saved.boxes {
        Some(saved_boxes) => {
            let division = boxes::division(input, saved_boxes, &models)?;
            let levels = division.lowest();
            let losses = division.losses(input);
            let score = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
            let searched = Searched {
                nodes: 0,
                examined: 0,
                score,
                bound: None,
                optimal: false,
            };
            (division, levels, searched)
        }
        None => {
            let levels = levels(input, saved)?;
            let (division, mut searched) =
                global::fixed(input, &models, &levels, cancel, progress)?;
            // Only the levels of the plan were looked at.
            searched.optimal = false;
            searched.bound = None;
            (division, levels, searched)
        }
    };
    Ok(super::assemble(
        input,
        hierarchies,
        division,
        &levels,
        searched,
    ))
}

fn other(input: &Input<'_>, what: &str) -> PlanError {
    PlanError::OtherPlan {
        dataset: input.table.name().to_owned(),
        what: what.to_owned(),
    }
}

fn fits(input: &Input<'_>, hierarchies: &Hierarchies, saved: &Plan) -> Result<(), PlanError> {
    let same_hierarchies = saved.hierarchies.iter().all(|(name, sha256)| {
        let given = hierarchies.get(name);
        given.is_some_and(|given| given.sha256() == sha256)
    });
    let names = input
        .attributes
        .iter()
        .map(|attribute| attribute.name.as_str());
    let planned = saved.columns.iter().map(|column| column.column.as_str());
    let checks = [
        (saved.dataset == input.table.name(), "another dataset"),
        (
            saved.profile_sha256 == input.profile.profile_sha256,
            "another profile",
        ),
        (same_hierarchies, "other hierarchies"),
        (names.eq(planned), "other quasi-identifiers"),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(other(input, what)),
        None => Ok(()),
    }
}

fn levels(input: &Input<'_>, saved: &Plan) -> Result<Vec<usize>, PlanError> {
    let pairs = input.attributes.iter().zip(&saved.columns);
    let levels = pairs.map(|(attribute, column)| {
        let index = column.level.checked_sub(attribute.first_level);
        let index = index.map(|index| index as usize);
        index
            .filter(|index| *index < attribute.levels.len())
            .ok_or_else(|| other(input, "levels that are not permitted"))
    });
    levels.collect()
}
