//! Whether classes may be released.

#![allow(
    clippy::indexing_slicing,
    reason = "slots are below the width that the models give"
)]

use super::people::People;
use super::scale::Scale;
use super::space::{Hull, Member, Space, rows};
use crate::Problem;
use crate::models::{Class, Counts, Models, Monotony, Scratch, Tally};

/// Members from which counts of all values are worth more than a sorted list.
const DENSE: usize = 64;

/// What every class must meet.
#[derive(Debug)]
pub(super) struct Judge<'a, const W: usize> {
    pub(super) models: &'a Models,
    people: Option<People<W>>,
    /// Rows that each class needs at least, for the models or beyond.
    pub(super) least: u64,
    /// People that each class needs at least beyond what models ask.
    pub(super) least_people: u64,
    /// Whether nothing but the number of rows decides.
    pub(super) plain: bool,
    /// Whether a class that passes still passes when others join it.
    pub(super) upward: bool,
}

/// Buffers kept from one class to the next.
#[derive(Debug, Default)]
pub(super) struct Desk {
    scratch: Scratch,
    sparse: Vec<(u32, u32)>,
    dense: Vec<u32>,
}

impl<'a, const W: usize> Judge<'a, W> {
    pub(super) fn new(problem: &Problem, models: &'a Models, scale: &Scale) -> Self {
        let people = models
            .needs_population()
            .then(|| People::new(problem, scale));
        Self {
            models,
            plain: !models.needs_counts() && people.is_none(),
            people,
            least: models.min_rows().max(1),
            least_people: 0,
            upward: models.monotony() == Monotony::Upward,
        }
    }

    /// People of the population within the box of a class; 0 without a population or a class.
    pub(super) fn population(&self, space: &Space<W>, hull: &Hull<W>) -> u64 {
        self.people
            .as_ref()
            .filter(|_| !hull.is_empty())
            .map_or(0, |people| people.within(&space.scale, hull))
    }

    /// Whether members may be released as a class.
    pub(super) fn admits(&self, space: &Space<W>, members: &[Member], desk: &mut Desk) -> bool {
        let rows = rows(members);
        if rows < self.least || rows == 0 {
            return false;
        }
        let hull = space.hull_of(members);
        if space.scale.forbids(hull.differ(), space.codes(hull.any)) {
            return false;
        }
        self.plain || self.admits_hull(space, members, &hull, desk)
    }

    /// Whether members with this in common, rows enough and nothing forbidden may be released as a class.
    pub(super) fn admits_hull(
        &self,
        space: &Space<W>,
        members: &[Member],
        hull: &Hull<W>,
        desk: &mut Desk,
    ) -> bool {
        let rows = rows(members);
        let population = self.population(space, hull);
        if population.max(rows) < self.least_people {
            return false;
        }
        let mut scratch = std::mem::take(&mut desk.scratch);
        let class = Class {
            rows,
            population,
            counts: self.counts(space, members, desk),
        };
        let admits = self.models.admits(&class, &mut scratch);
        desk.scratch = scratch;
        admits
    }

    fn counts<'d>(&self, space: &Space<W>, members: &[Member], desk: &'d mut Desk) -> Counts<'d> {
        let slots = members
            .iter()
            .flat_map(|(record, rows)| space.slots(*record).iter().map(|slot| (*slot, *rows)));
        if members.len() > DENSE.max(self.models.width() / 8) {
            desk.dense.clear();
            desk.dense.resize(self.models.width(), 0);
            for (slot, rows) in slots {
                desk.dense[slot as usize] += rows;
            }
            return Counts::Dense(&desk.dense);
        }
        desk.sparse.clear();
        desk.sparse.extend(slots);
        desk.sparse.sort_unstable();
        desk.sparse.dedup_by(|next, first| {
            let same = next.0 == first.0;
            if same {
                first.1 += next.1;
            }
            same
        });
        Counts::Sparse(&desk.sparse)
    }

    /// Sums over classes, for the models that look at the table as a whole.
    pub(super) fn tally(&self, space: &Space<W>, classes: &[Vec<Member>]) -> Tally {
        let mut tally = Tally::default();
        for members in classes {
            let hull = space.hull_of(members);
            tally.add(rows(members), self.population(space, &hull));
        }
        tally
    }
}
