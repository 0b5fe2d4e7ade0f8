//! The thorough mode: the search, on blocks of classes at once.
//!
//! Blocks are cut by a rule that knows nothing of threads, differently in each round, so that every class meets others than those that
//! shared its block before. The result is the same whatever the number of threads.

use rayon::prelude::*;

use super::classes::Classes;
use super::judge::Judge;
use super::neighbours::Neighbours;
use super::random::Random;
use super::scale::{Scale, Word};
use super::search::{Cooling, Search};
use super::space::{Member, Space};
use crate::global::Failure;
use crate::models::Tally;

/// Members of a block.
const BLOCK: usize = 4096;
/// Rounds, each with its own blocks.
const ROUNDS: u32 = 3;
/// Where the heat begins and ends, in the mean cost of a class that costs something.
const HOT: f64 = 0.25;
const COLD: f64 = 0.003;

/// Records up to which each gets the full effort. Beyond, so many share it that the time stays the same, down to a quarter.
const SHARED: u64 = 25_000;

/// Improves classes by search.
pub(super) struct Thorough<'a, const W: usize> {
    pub(super) space: &'a Space<W>,
    pub(super) judge: &'a Judge<'a, W>,
    pub(super) cancelled: &'a (dyn Fn() -> bool + Sync),
    pub(super) go_on: &'a (dyn Fn() -> bool + Sync),
    /// Work for each record.
    pub(super) effort: u64,
}

impl<const W: usize> Thorough<'_, W> {
    /// The classes after the search, or as they were if it found none better.
    pub(super) fn run(
        &self,
        classes: Vec<Vec<Member>>,
        progress: &mut dyn FnMut(u128, u128),
    ) -> Result<Vec<Vec<Member>>, Failure> {
        let (before, mean) = self.measure(&classes);
        if mean == 0.0 {
            return Ok(classes);
        }
        let mut found = classes.clone();
        for round in 0..ROUNDS {
            if (self.cancelled)() {
                return Err(Failure::Cancelled);
            }
            if !(self.go_on)() {
                break;
            }
            let heat =
                |round: u32| mean * HOT * (COLD / HOT).powf(f64::from(round) / f64::from(ROUNDS));
            let cooling = Cooling {
                from: heat(round),
                to: heat(round + 1),
            };
            found = self.round(round, found, cooling);
            progress(u128::from(round) + 1, u128::from(ROUNDS));
        }
        if (self.cancelled)() {
            return Err(Failure::Cancelled);
        }
        let (after, _) = self.measure(&found);
        Ok(if after <= before && self.holds(&found) {
            found
        } else {
            classes
        })
    }

    /// The cost of all classes, and its mean over those that cost something.
    fn measure(&self, classes: &[Vec<Member>]) -> (i64, f64) {
        let values: Vec<i64> = classes
            .iter()
            .map(|class| self.space.value(class))
            .collect();
        let costly = values.iter().filter(|value| **value > 0).count();
        let sum = values.iter().sum();
        (sum, sum as f64 / costly.max(1) as f64)
    }

    fn holds(&self, classes: &[Vec<Member>]) -> bool {
        !self.judge.models.limits_averages()
            || self
                .judge
                .models
                .holds(&self.judge.tally(self.space, classes))
    }

    fn round(&self, round: u32, classes: Vec<Vec<Member>>, cooling: Cooling) -> Vec<Vec<Member>> {
        let mut random = Random::new(u64::from(round));
        let tally = self
            .judge
            .models
            .limits_averages()
            .then(|| self.judge.tally(self.space, &classes));
        let blocks = self.blocks(classes, &mut random);
        let seeds: Vec<Random> = blocks.iter().map(|_| Random::new(random.next())).collect();
        let work = blocks.into_iter().zip(seeds);
        let found: Vec<Vec<Vec<Member>>> = match tally {
            // What the whole table must meet lets a block do only what all others leave it to do.
            Some(mut tally) => work
                .map(|(block, seed)| {
                    let (found, after) = self.block(block, seed, cooling, Some(tally));
                    tally = after.unwrap_or(tally);
                    found
                })
                .collect(),
            None => {
                let work: Vec<_> = work.collect();
                work.into_par_iter()
                    .map(|(block, seed)| self.block(block, seed, cooling, None).0)
                    .collect()
            }
        };
        found.into_iter().flatten().collect()
    }

    /// Cuts the classes, in an order in which neighbours have much in common, into blocks of about the same size.
    fn blocks(&self, classes: Vec<Vec<Member>>, random: &mut Random) -> Vec<Vec<Vec<Member>>> {
        let order = self.space.scale.shuffled(1.0, random);
        let mut keyed: Vec<(Word<W>, Vec<Member>)> = classes
            .into_iter()
            .map(|class| {
                let hull = self.space.hull_of(&class);
                (Scale::arranged(hull.common(), &order), class)
            })
            .collect();
        keyed.sort_unstable();
        let members: usize = keyed.iter().map(|(_, class)| class.len()).sum();
        let size = members.div_ceil(members.div_ceil(BLOCK).max(1));
        let mut blocks: Vec<Vec<Vec<Member>>> = Vec::new();
        let mut filled = usize::MAX;
        for (_, class) in keyed {
            if filled >= size {
                blocks.push(Vec::new());
                filled = 0;
            }
            filled += class.len();
            if let Some(block) = blocks.last_mut() {
                block.push(class);
            }
        }
        blocks
    }

    /// Searches one block, whose records are numbered anew for it.
    fn block(
        &self,
        block: Vec<Vec<Member>>,
        mut random: Random,
        cooling: Cooling,
        tally: Option<Tally>,
    ) -> (Vec<Vec<Member>>, Option<Tally>) {
        let stop = || (self.cancelled)() || !(self.go_on)();
        if stop() {
            return (block, tally);
        }
        let records = super::specialize::united(block.iter().flatten().copied().collect());
        let space = self.space.part(&records);
        let place = |record: u32| records.binary_search_by_key(&record, |member| member.0);
        let own: Vec<Vec<Member>> = block
            .iter()
            .map(|class| {
                let members = class.iter();
                members
                    .filter_map(|(record, rows)| Some((place(*record).ok()? as u32, *rows)))
                    .collect()
            })
            .collect();
        let near = Neighbours::new(&space, &mut random);
        let classes = Classes::new(&space, self.judge, own, tally);
        let mut search = Search::new(classes, &near, random);
        let all = self.space.len().max(1) as u64;
        let effort = (self.effort * SHARED / all).clamp(self.effort / 4, self.effort);
        let work = effort * records.len() as u64 / u64::from(ROUNDS);
        search.run(work, cooling, &stop);
        let tally = search.classes.tally();
        let found = search.classes.into_members().into_iter();
        let back = |(record, rows): Member| Some((records.get(record as usize)?.0, rows));
        let found = found.map(|class| class.into_iter().filter_map(back).collect());
        (found.collect(), tally)
    }
}
