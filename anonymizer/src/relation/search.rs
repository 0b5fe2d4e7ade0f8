//! Levels for the datasets that join, at which few enough rows must be withheld.
//!
//! Each dataset begins at the levels that are best for it alone. While too many rows would be withheld, the one level is raised that
//! brings the most rows back for the loss it costs; in the end levels that need not be so high are lowered again. The same input
//! gives the same levels.

use super::collect::{Link, link, rows};
use super::error::RelationError;
use super::solve::{Member, Problem};
use crate::Error;
use crate::cancel::{Cancel, Progress};
use crate::hierarchy::Hierarchies;
use crate::input::Input;
use crate::plan;
use crate::profile::{KnownRecords, Profile};
use crate::table::Table;

/// Datasets whose subjects are joined, solved.
pub(super) struct Solved {
    pub members: Vec<SolvedMember>,
}

/// How a dataset is to be released.
pub(super) struct SolvedMember {
    /// Its place among the tables.
    pub table: usize,
    /// For each quasi-identifier a place among its permitted levels.
    pub levels: Vec<usize>,
    /// The rows that are not withheld.
    pub kept: Vec<bool>,
}

/// The people who must share what is known of each, among datasets that join.
pub(super) fn required_k(profile: &Profile, datasets: &[&str]) -> u64 {
    let own = datasets
        .iter()
        .filter_map(|name| profile.dataset(name).ok());
    let largest = own.map(|dataset| dataset.privacy().k).max().unwrap_or(1);
    profile.relations().k.map_or(largest, |k| k.max(largest))
}

/// The tables that join, by their places; each that does not release its subjects is by itself.
pub(super) fn links(tables: &[Table], profile: &Profile) -> Vec<Vec<usize>> {
    let mut links: Vec<(Link<'_>, Vec<usize>)> = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        let Some(link) = profile.dataset(table.name()).ok().and_then(link) else {
            continue;
        };
        match links.iter_mut().find(|(known, _)| *known == link) {
            Some((_, places)) => places.push(place),
            None => links.push((link, vec![place])),
        }
    }
    links.into_iter().map(|(_, places)| places).collect()
}

/// Solves all datasets that have subjects.
pub(super) fn search(
    tables: &[Table],
    profile: &Profile,
    hierarchies: &Hierarchies,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Solved>, Error> {
    let mut solved = Vec::new();
    for places in links(tables, profile) {
        solved.push(solve(
            tables,
            &places,
            profile,
            hierarchies,
            cancel,
            progress,
        )?);
    }
    Ok(solved)
}

fn solve(
    tables: &[Table],
    places: &[usize],
    profile: &Profile,
    hierarchies: &Hierarchies,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Solved, Error> {
    let of_link: Vec<&Table> = places
        .iter()
        .filter_map(|place| tables.get(*place))
        .collect();
    let mut subjects = Vec::new();
    for table in &of_link {
        subjects.push((
            *table,
            profile.dataset(table.name())?.subject().unwrap_or_default(),
        ));
    }
    let (mut members, mut levels, mut single) = (Vec::new(), Vec::new(), false);
    for ((table, rows), place) in of_link.iter().zip(rows(&subjects)).zip(places) {
        let dataset = profile.dataset(table.name())?;
        single = matches!(link(dataset), Some(Link::None(_)));
        let input = Input::new(table, dataset, hierarchies, None).map_err(plan::PlanError::from)?;
        let best = plan::plan_of(&input, hierarchies, cancel, progress)?;
        let own = best.columns.iter().zip(&input.attributes);
        levels.push(
            own.map(|(column, attribute)| (column.level - attribute.first_level) as usize)
                .collect(),
        );
        members.push(Member::new(*place, input, rows));
    }
    let names: Vec<&str> = of_link.iter().map(|table| table.name()).collect();
    let problem = Problem {
        members,
        hierarchies,
        k: required_k(profile, &names),
        known: match single {
            true => KnownRecords::AtMost(1),
            false => profile.relations().known_records,
        },
        single,
        cancel,
    };
    let levels = climb(&problem, levels, progress)?;
    let levels = descend(&problem, levels, progress)?;
    let outcome = problem.settled(&levels, progress)?;
    let of_member = problem.members.iter().zip(levels).zip(outcome.kept);
    Ok(Solved {
        members: of_member
            .map(|((member, levels), kept)| SolvedMember {
                table: member.table,
                levels,
                kept,
            })
            .collect(),
    })
}

type Levels = Vec<Vec<usize>>;

/// Raises levels until few enough rows are withheld.
fn climb(
    problem: &Problem<'_>,
    mut levels: Levels,
    progress: &mut dyn FnMut(Progress),
) -> Result<Levels, Error> {
    loop {
        let now = problem.settled(&levels, progress)?;
        if now.excess == 0 {
            return Ok(levels);
        }
        let mut best: Option<(f64, f64, Levels)> = None;
        for higher in problem.neighbours(&levels, true) {
            let then = problem.settled(&higher, progress)?;
            let cost = (problem.loss(&higher) - problem.loss(&levels)).max(1e-9);
            let gain = now.excess.saturating_sub(then.excess) as f64;
            // Where no single level brings rows back, the cheapest one is raised.
            let score = (gain / cost, -cost);
            let better = |(a, b, _): &(f64, f64, Levels)| score > (*a, *b);
            if best.as_ref().is_none_or(better) {
                best = Some((score.0, score.1, higher));
            }
        }
        match best {
            Some((_, _, higher)) => levels = higher,
            None => {
                return Err(RelationError::NotReachable {
                    k: problem.k,
                    datasets: problem.datasets(),
                    withheld: problem.withheld(&now),
                }
                .into());
            }
        }
    }
}

/// Lowers levels, the one first that saves the most loss, as long as few enough rows are withheld.
fn descend(
    problem: &Problem<'_>,
    mut levels: Levels,
    progress: &mut dyn FnMut(Progress),
) -> Result<Levels, Error> {
    loop {
        let mut lower = problem.neighbours(&levels, false);
        lower.retain(|lower| problem.loss(lower) < problem.loss(&levels));
        lower.sort_by(|a, b| problem.loss(a).total_cmp(&problem.loss(b)));
        let mut found = None;
        for lower in lower {
            if problem.settled(&lower, progress)?.excess == 0 {
                found = Some(lower);
                break;
            }
        }
        match found {
            Some(lower) => levels = lower,
            None => return Ok(levels),
        }
    }
}
