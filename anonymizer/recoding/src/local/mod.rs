//! Local recoding: every record gets the least generalization that its class allows.
//!
//! The records are divided into classes, and the value of a class in an attribute is the lowest permitted level on which its
//! members agree, or `*` where not even the last one joins them. Records with equal quasi-identifiers may stand in different classes.
//! What is made small is the arithmetic mean of Loss over the attributes.
//!
//! The fast mode specializes top-down; the thorough one searches on from there. Both meet all models, and depend on neither clock nor
//! the number of threads, unless [`Control::go_on`] ends the search early.

mod blocks;
mod carve;
mod classes;
mod hierarchy;
mod judge;
mod neighbours;
mod nodes;
mod people;
mod random;
mod release;
mod scale;
mod search;
mod space;
mod specialize;
mod suppress;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::blocks::Thorough;
use self::carve::Carver;
use self::judge::Judge;
use self::scale::Scale;
use self::space::{Member, Space, rows};
use self::specialize::Specializer;
use self::suppress::Start;
pub use crate::global::{Control, Failure};
use crate::models::{Models, Monotony};
use crate::problem::Problem;

/// How much is done for a small loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Top-down specialization alone.
    Fast,
    /// A local search from there.
    #[default]
    Thorough,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much is done.
    pub mode: Mode,
    /// Rows that may be suppressed. They are where models cannot be met otherwise, or where that makes the loss smaller.
    pub suppressible: u64,
    /// How long the thorough mode searches: a multiple of what is usual.
    pub effort: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            suppressible: 0,
            effort: 1.0,
        }
    }
}

/// The values released of a class. No two classes have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalClass {
    /// The level of each attribute, as a place in [`Attribute::levels`](crate::Attribute); their number means `*`.
    pub levels: Vec<u8>,
    /// The code on that level of each attribute; 0 for `*`.
    pub codes: Vec<u32>,
    /// Rows.
    pub rows: u64,
}

/// In which classes the rows of each record are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    starts: Vec<usize>,
    list: Vec<(u32, u32)>,
}

impl Members {
    fn new<'a>(records: usize, classes: impl Iterator<Item = &'a [Member]>) -> Self {
        let mut triples: Vec<(u32, u32, u32)> = (0_u32..)
            .zip(classes)
            .flat_map(|(class, members)| members.iter().map(move |m| (m.0, class, m.1)))
            .collect();
        triples.sort_unstable();
        let mut starts = Vec::with_capacity(records + 1);
        let mut at = 0;
        for record in 0..=records as u32 {
            at += triples
                .get(at..)
                .map_or(0, |rest| rest.iter().take_while(|m| m.0 < record).count());
            starts.push(at);
        }
        let list = triples.into_iter().map(|(_, class, rows)| (class, rows));
        Self {
            starts,
            list: list.collect(),
        }
    }

    /// The classes of a record's rows, ascending, each with how many of them it has. What is missing to the record's weight is suppressed.
    #[must_use]
    pub fn of(&self, record: usize) -> &[(u32, u32)] {
        let bounds = self.starts.get(record).zip(self.starts.get(record + 1));
        bounds
            .and_then(|(from, to)| self.list.get(*from..*to))
            .unwrap_or_default()
    }
}

/// A table recoded locally.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalSolution {
    /// The classes, in ascending order of levels, then codes.
    pub classes: Vec<LocalClass>,
    /// Where the rows of each record are.
    pub members: Members,
    /// Rows suppressed of each record.
    pub suppressed: Vec<u32>,
    /// Their sum.
    pub suppressed_rows: u64,
    /// ARX's Loss of each attribute, 0 to 1, suppressed rows counting 1.
    pub losses: Vec<f64>,
    /// The weighted arithmetic mean of the losses.
    pub arithmetic: f64,
    /// The weighted geometric mean of the losses: that of 1 + loss, less 1.
    pub geometric: f64,
}

/// Work that the thorough mode does for each record: members of classes looked at, about.
const EFFORT: f64 = 2500.0;

/// Recodes a table locally.
///
/// The problem has passed [`Problem::check`], and the models were made for it. [`Control::go_on`] may end the search of the thorough
/// mode before its time; the best found so far is returned.
///
/// # Errors
/// [`Failure::NoRows`], [`Failure::TooLarge`], [`Failure::Cancelled`], and [`Failure::Unreachable`] where not even the most general classes
/// meet the models.
pub fn recode(
    problem: &Problem,
    models: &Models,
    options: &Options,
    control: &mut Control<'_>,
) -> Result<LocalSolution, Failure> {
    if problem.records.weights.is_empty() {
        return Err(Failure::NoRows);
    }
    if problem
        .attributes
        .iter()
        .any(|attribute| attribute.levels.len() > 254)
    {
        return Err(Failure::TooLarge {
            what: "an attribute has more than 254 levels",
        });
    }
    let (scale, words) = Scale::new(problem).ok_or(Failure::TooLarge {
        what: "the paths through the hierarchy of an attribute take more than 64 bits",
    })?;
    let recoding = Recoding {
        problem,
        models,
        options,
        control,
    };
    match words {
        1 => recoding.run::<1>(scale),
        2 => recoding.run::<2>(scale),
        3..=4 => recoding.run::<4>(scale),
        5..=8 => recoding.run::<8>(scale),
        9..=32 => recoding.run::<32>(scale),
        _ => Err(Failure::TooLarge {
            what: "the paths through the hierarchies of all attributes take more than 2048 bits",
        }),
    }
}

struct Recoding<'a, 'c> {
    problem: &'a Problem,
    models: &'a Models,
    options: &'a Options,
    control: &'a mut Control<'c>,
}

impl Recoding<'_, '_> {
    fn run<const W: usize>(self, scale: Scale) -> Result<LocalSolution, Failure> {
        let space = Space::<W>::new(self.problem, self.models, Arc::new(scale));
        let mut judge = Judge::new(self.problem, self.models, &space.scale);
        let start = Start::new(&space, &judge, self.options.suppressible)?;
        let mut fast = self.specialize(&space, &mut judge, &start.classes)?;
        // In a table of a few rows the greedy way may be worse than one level for each attribute.
        let cost = |classes: &[Vec<Member>]| -> i64 {
            classes.iter().map(|class| space.value(class)).sum()
        };
        let kept: Vec<Member> = start.classes.iter().flatten().copied().collect();
        if let Some(node) = nodes::best(&space, &judge, &kept)
            && cost(&node) < cost(&fast)
            && self.models.holds(&judge.tally(&space, &node))
        {
            fast = node;
        }
        let mut found = None;
        if self.options.mode == Mode::Thorough {
            let thorough = Thorough {
                space: &space,
                judge: &judge,
                cancelled: self.control.cancelled,
                go_on: self.control.go_on,
                effort: (EFFORT * self.options.effort) as u64,
            };
            let begin = self.carved(&space, &judge, &fast);
            let searched = thorough.run(begin, self.control.progress)?;
            found = Some(self.finish(&space, &judge, searched, &start));
        }
        // What is suppressed at the end may help the other result more, and mergers may spoil one where two good classes may fail together.
        let open = self.options.suppressible > 0 || self.models.monotony() == Monotony::None;
        if found.is_none() || open {
            let fast = self.finish(&space, &judge, fast, &start);
            found = found
                .filter(|found| found.arithmetic <= fast.arithmetic)
                .or(Some(fast));
        }
        found.ok_or(Failure::Cancelled)
    }

    /// What the thorough mode begins with: the classes of the fast one, or parts of them where more than the number of rows decides.
    fn carved<const W: usize>(
        &self,
        space: &Space<W>,
        judge: &Judge<'_, W>,
        fast: &[Vec<Member>],
    ) -> Vec<Vec<Member>> {
        if judge.plain {
            return fast.to_vec();
        }
        let (cancelled, go_on) = (self.control.cancelled, self.control.go_on);
        let carver = Carver {
            space,
            judge,
            stop: &|| cancelled() || !go_on(),
        };
        let carved = carver.run(fast);
        if self.models.holds(&judge.tally(space, &carved)) {
            carved
        } else {
            fast.to_vec()
        }
    }

    /// What is released in the end of classes found.
    fn finish<const W: usize>(
        &self,
        space: &Space<W>,
        judge: &Judge<'_, W>,
        classes: Vec<Vec<Member>>,
        start: &Start,
    ) -> LocalSolution {
        let limit = self.options.suppressible;
        let mut suppressed = start.suppressed.clone();
        let trimmed = suppress::trim(space, judge, classes, limit, &mut suppressed);
        if let Some(merged) = release::merge(space, judge, trimmed) {
            return release::solution(self.problem, space, &merged, &suppressed);
        }
        release::solution(self.problem, space, &start.classes, &start.suppressed)
    }

    /// The fast mode. Where the models limit an average over the whole table, classes are held larger than each of them needs to be, by as
    /// little as meets it.
    fn specialize<const W: usize>(
        &self,
        space: &Space<W>,
        judge: &mut Judge<'_, W>,
        start: &[Vec<Member>],
    ) -> Result<Vec<Vec<Member>>, Failure> {
        let mut found = self.descend(space, judge, start)?;
        if !self.models.limits_averages() {
            return Ok(found);
        }
        let own = judge.least;
        let rows: u64 = start.iter().map(|class| rows(class)).sum();
        // The largest bound known to fail, the least known to do.
        let (mut fails, mut does) = (own.saturating_sub(1), None);
        let mut bound = own;
        loop {
            if self.models.holds(&judge.tally(space, &found)) {
                does = Some((bound, found));
            } else {
                fails = bound;
            }
            bound = match &does {
                Some((does, _)) if *does <= fails + 1 => break,
                Some((does, _)) => fails.midpoint(*does),
                None if bound > rows => break,
                None => bound.saturating_mul(2),
            };
            if self.models.averages_people() {
                judge.least_people = bound;
            } else {
                judge.least = bound;
            }
            found = self.descend(space, judge, start)?;
        }
        judge.least = own;
        judge.least_people = 0;
        Ok(does.map_or_else(|| start.to_vec(), |(_, found)| found))
    }

    fn descend<const W: usize>(
        &self,
        space: &Space<W>,
        judge: &Judge<'_, W>,
        start: &[Vec<Member>],
    ) -> Result<Vec<Vec<Member>>, Failure> {
        let specializer = Specializer {
            space,
            judge,
            cancelled: self.control.cancelled,
        };
        let classes = start
            .iter()
            .flat_map(|class| specializer.run(class.clone()));
        let classes = classes.collect();
        if (self.control.cancelled)() {
            return Err(Failure::Cancelled);
        }
        Ok(classes)
    }
}
