//! What becomes of the rows of datasets that join, at given levels.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::collect::Rows;
use super::error::RelationError;
use super::remainder::remainder;
use super::withhold::{MOST_COMBINATIONS, View, joined, single};
use crate::Error;
use crate::cancel::{Cancel, Progress};
use crate::group::{Groups, Key};
use crate::hierarchy::Hierarchies;
use crate::input::{Attribute, Input};
use crate::plan::{self, PlanError};
use crate::profile::KnownRecords;

/// One dataset of those that join.
pub(super) struct Member<'a> {
    /// Its place among the tables.
    pub table: usize,
    input: Input<'a>,
    rows: Rows,
    /// Rows that may be withheld.
    allowed: u64,
    /// By quasi-identifier and level, how much is lost.
    losses: Vec<Vec<f64>>,
    /// What rows show, by levels: neighbours in the search differ in one dataset only.
    shown: RefCell<HashMap<Vec<usize>, Rc<Vec<u32>>>>,
}

/// Levels of one dataset whose combinations are remembered.
const REMEMBERED: usize = 16;

impl<'a> Member<'a> {
    pub(super) fn new(table: usize, input: Input<'a>, rows: Rows) -> Self {
        let allowed = input.profile.privacy().suppressible(input.rows());
        let losses = input
            .attributes
            .iter()
            .map(|attribute| losses(&input, attribute))
            .collect();
        Self {
            table,
            input,
            rows,
            allowed,
            losses,
            shown: RefCell::default(),
        }
    }

    /// The combination that each row shows.
    fn shown(&self, levels: &[usize]) -> Rc<Vec<u32>> {
        if let Some(known) = self.shown.borrow().get(levels) {
            return Rc::clone(known);
        }
        let chosen: Vec<_> = self
            .input
            .attributes
            .iter()
            .zip(levels)
            .filter_map(|(attribute, level)| {
                let source = self.input.columns.get(attribute.place)?;
                let level = attribute.levels.get(*level)?;
                Some((source, source.through(&level.codes), level.labels.len()))
            })
            .collect();
        let keys: Vec<_> = chosen
            .iter()
            .map(|(source, map, cardinality)| Key {
                rows: source.codes,
                map: Some(map),
                cardinality: *cardinality,
                lowest: 0,
            })
            .collect();
        let mut of_row = Groups::of(&keys, self.input.table.rows(), None, true).of_row;
        // Without quasi-identifiers all rows show the same.
        of_row.resize(self.input.table.rows(), 0);
        let shown = Rc::new(of_row);
        let mut known = self.shown.borrow_mut();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(levels.to_vec(), Rc::clone(&shown));
        shown
    }
}

/// ARX's Loss of a quasi-identifier on each of its levels.
fn losses(input: &Input<'_>, attribute: &Attribute) -> Vec<f64> {
    let counts = input
        .columns
        .get(attribute.place)
        .map_or(&[][..], |source| &source.counts);
    let rows = input.rows() as f64;
    let domain = attribute.domain.saturating_sub(1) as f64;
    let of_level = attribute.levels.iter().map(|level| {
        let lost = counts.iter().zip(&level.codes).map(|(rows, code)| {
            let leaves = level.leaves.get(*code as usize).copied().unwrap_or(1);
            rows * leaves.saturating_sub(1)
        });
        let lost = lost.sum::<u64>() as f64;
        if domain > 0.0 && rows > 0.0 {
            attribute.weight * lost / (rows * domain)
        } else {
            0.0
        }
    });
    of_level.collect()
}

/// Datasets that join.
pub(super) struct Problem<'a> {
    pub members: Vec<Member<'a>>,
    pub hierarchies: &'a Hierarchies,
    /// Subjects who must share what is known of each.
    pub k: u64,
    pub known: KnownRecords,
    /// There is one dataset, which does not release its subjects.
    pub single: bool,
    pub cancel: &'a Cancel,
}

/// What becomes of the rows.
pub(super) struct Outcome {
    /// By dataset, the rows that are not withheld.
    pub kept: Vec<Vec<bool>>,
    /// Rows that are withheld beyond what is allowed.
    pub excess: u64,
}

impl Problem<'_> {
    /// The names of the datasets.
    pub(super) fn datasets(&self) -> Vec<String> {
        self.members
            .iter()
            .map(|member| member.input.table.name().to_owned())
            .collect()
    }

    /// The loss of all quasi-identifiers together.
    pub(super) fn loss(&self, levels: &[Vec<usize>]) -> f64 {
        let of_member = |(member, levels): (&Member<'_>, &Vec<usize>)| -> f64 {
            let losses = member.losses.iter().zip(levels);
            losses
                .filter_map(|(losses, level)| losses.get(*level))
                .sum()
        };
        self.members.iter().zip(levels).map(of_member).sum()
    }

    /// The levels that differ by one step up or down in one place.
    pub(super) fn neighbours(&self, levels: &[Vec<usize>], up: bool) -> Vec<Vec<Vec<usize>>> {
        let mut neighbours = Vec::new();
        for (place, member) in self.members.iter().enumerate() {
            for (index, attribute) in member.input.attributes.iter().enumerate() {
                let mut other = levels.to_vec();
                let Some(level) = other
                    .get_mut(place)
                    .and_then(|levels| levels.get_mut(index))
                else {
                    continue;
                };
                let next = if up {
                    level.checked_add(1)
                } else {
                    level.checked_sub(1)
                };
                if let Some(next) = next.filter(|next| *next < attribute.levels.len()) {
                    *level = next;
                    neighbours.push(other);
                }
            }
        }
        neighbours
    }

    /// For each dataset the rows withheld, those that may be, and all.
    pub(super) fn withheld(&self, outcome: &Outcome) -> Vec<(u64, u64, u64)> {
        let members = self.members.iter().zip(&outcome.kept);
        members
            .map(|(member, kept)| (missing(kept), member.allowed, kept.len() as u64))
            .collect()
    }

    fn excess(&self, kept: &[Vec<bool>]) -> u64 {
        let members = self.members.iter().zip(kept);
        members
            .map(|(member, kept)| {
                let withheld = missing(kept);
                // A dataset without a row is no release.
                let empty = u64::from(withheld == kept.len() as u64);
                withheld.saturating_sub(member.allowed).max(empty)
            })
            .sum()
    }

    /// What is left at these levels when subjects share what is known of them, and every dataset has what its profile asks for besides.
    ///
    /// # Errors
    /// Work that was cancelled; too many combinations; a model that does not fit its dataset.
    pub(super) fn settled(
        &self,
        levels: &[Vec<usize>],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Outcome, Error> {
        let of_member = self.members.iter().zip(levels);
        let shown: Vec<_> = of_member
            .map(|(member, levels)| member.shown(levels))
            .collect();
        let mut kept: Vec<Vec<bool>> = shown.iter().map(|shown| vec![true; shown.len()]).collect();
        loop {
            if self.cancel.is_cancelled() {
                let dataset = self.datasets().into_iter().next().unwrap_or_default();
                return Err(PlanError::Cancelled { dataset }.into());
            }
            self.withhold(&shown, &mut kept)?;
            let excess = self.excess(&kept);
            if excess > 0 {
                return Ok(Outcome { kept, excess });
            }
            let (mut changed, mut excess) = (false, 0);
            for ((member, levels), kept) in self.members.iter().zip(levels).zip(&mut kept) {
                if member.input.asks_only_for_k() {
                    continue;
                }
                match self.unmet(member, levels, kept, progress)? {
                    Some(gone) => changed = changed || gone,
                    // How many rows are too many is not known; all of them are more than any other levels need.
                    None => excess += kept.len() as u64,
                }
            }
            if excess > 0 {
                return Ok(Outcome { kept, excess });
            }
            if !changed {
                return Ok(Outcome { kept, excess: 0 });
            }
        }
    }

    fn withhold(
        &self,
        shown: &[Rc<Vec<u32>>],
        kept: &mut [Vec<bool>],
    ) -> Result<(), RelationError> {
        let views: Vec<View<'_>> = self
            .members
            .iter()
            .zip(shown)
            .map(|(member, shown)| View {
                rows: &member.rows,
                shown,
            })
            .collect();
        if self.single {
            if let (Some(view), Some(kept)) = (views.first(), kept.first_mut()) {
                single(*view, self.k, kept);
            }
            return Ok(());
        }
        joined(&views, self.k, self.known, kept).map_err(|_| RelationError::TooManyCombinations {
            datasets: self.datasets(),
            limit: MOST_COMBINATIONS,
        })
    }

    /// Takes away the rows of classes that do not have what the profile of a dataset asks for, and says whether there were any; `None` if there
    /// are too many.
    fn unmet(
        &self,
        member: &Member<'_>,
        levels: &[usize],
        kept: &mut [bool],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<bool>, Error> {
        let rest = remainder(member.input.table, kept);
        let input = Input::new(&rest, member.input.profile, self.hierarchies, None);
        let input = input.map_err(PlanError::from)?;
        let plan = match plan::at(&input, self.hierarchies, levels, self.cancel, progress) {
            Ok(plan) => plan,
            Err(
                PlanError::KNotReachable { .. }
                | PlanError::KAboveRows { .. }
                | PlanError::EmptyTable { .. },
            ) => return Ok(None),
            Err(PlanError::Search { source, .. }) if unreachable(&source) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        let Some(division) = plan.division.filter(|division| division.suppressed > 0) else {
            return Ok(Some(false));
        };
        let (of_row, classes) = division.class_of_rows(&input);
        let remaining = kept.iter_mut().filter(|kept| **kept);
        for (kept, row) in remaining.zip(of_row.iter()) {
            *kept = classes.get(row as usize).is_some_and(|class| *class > 0);
        }
        Ok(Some(true))
    }
}

fn unreachable(failure: &sandyq_recoding::global::Failure) -> bool {
    matches!(
        failure,
        sandyq_recoding::global::Failure::Unreachable { .. }
    )
}

fn missing(kept: &[bool]) -> u64 {
    kept.iter().filter(|kept| !**kept).count() as u64
}
