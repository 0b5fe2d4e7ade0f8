//! Classes that records move between.

#![allow(
    clippy::indexing_slicing,
    reason = "classes and records are named by their places in lists that never shrink"
)]

use super::judge::{Desk, Judge};
use super::space::{Hull, Member, Space, rows};
use crate::models::Tally;

/// A class, or what is left of one.
#[derive(Clone, Debug)]
pub(super) struct Class<const W: usize> {
    pub(super) members: Vec<Member>,
    pub(super) rows: i64,
    pub(super) hull: Hull<W>,
    /// Of a row.
    pub(super) cost: i64,
    /// People of the population, as far as the whole table matters.
    population: u64,
}

impl<const W: usize> Class<W> {
    const EMPTY: Self = Self {
        members: Vec::new(),
        rows: 0,
        hull: Hull::EMPTY,
        cost: 0,
        population: 0,
    };

    pub(super) fn value(&self) -> i64 {
        self.rows * self.cost
    }

    /// Rows of a record.
    pub(super) fn count(&self, record: u32) -> u32 {
        self.members
            .iter()
            .find(|member| member.0 == record)
            .map_or(0, |member| member.1)
    }
}

/// A move that can be taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) record: u32,
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) rows: u32,
}

/// All classes of some records, and where each record is.
#[derive(Debug)]
pub(super) struct Classes<'a, const W: usize> {
    pub(super) space: &'a Space<W>,
    pub(super) judge: &'a Judge<'a, W>,
    pub(super) list: Vec<Class<W>>,
    /// By record the classes in which it has rows.
    homes: Vec<Vec<u32>>,
    /// Classes without members.
    vacant: Vec<u32>,
    /// Sums over these classes and all others, if the models look at the whole table.
    tally: Option<Tally>,
    desk: Desk,
    /// Steps since the last [`Self::begin`].
    log: Vec<Step>,
    /// Members that were looked at: what time it took.
    pub(super) work: u64,
}

impl<'a, const W: usize> Classes<'a, W> {
    pub(super) fn new(
        space: &'a Space<W>,
        judge: &'a Judge<'a, W>,
        classes: Vec<Vec<Member>>,
        tally: Option<Tally>,
    ) -> Self {
        let mut homes = vec![Vec::new(); space.len()];
        let mut list = Vec::with_capacity(classes.len());
        for (index, members) in (0_u32..).zip(classes) {
            for (record, _) in &members {
                homes[*record as usize].push(index);
            }
            let hull = space.hull_of(&members);
            list.push(Class {
                rows: rows(&members) as i64,
                cost: space.cost(&hull),
                population: tally.map_or(0, |_| judge.population(space, &hull)),
                hull,
                members,
            });
        }
        Self {
            space,
            judge,
            list,
            homes,
            vacant: Vec::new(),
            tally,
            desk: Desk::default(),
            log: Vec::new(),
            work: 0,
        }
    }

    #[inline]
    pub(super) fn class(&self, class: u32) -> &Class<W> {
        &self.list[class as usize]
    }

    /// The classes in which a record has rows, at least one.
    #[inline]
    pub(super) fn homes(&self, record: u32) -> &[u32] {
        &self.homes[record as usize]
    }

    pub(super) fn tally(&self) -> Option<Tally> {
        self.tally
    }

    /// Rows that a class can do without, as far as rows go.
    #[inline]
    pub(super) fn slack(&self, class: u32) -> i64 {
        self.class(class).rows - self.judge.least as i64
    }

    /// What a class has in common without one of its members.
    #[inline]
    pub(super) fn without(&mut self, class: u32, record: u32) -> Hull<W> {
        let members = &self.list[class as usize].members;
        self.work += members.len() as u64;
        let others = members.iter().map(|member| member.0);
        self.space.hull(others.filter(|member| *member != record))
    }

    /// Value of a class after rows of a record, of `of` there, left it.
    #[inline]
    pub(super) fn left(&mut self, class: u32, record: u32, leaving: u32, of: u32) -> i64 {
        let found = &self.list[class as usize];
        let remain = found.rows - i64::from(leaving);
        if remain == 0 || leaving < of {
            return remain * found.cost;
        }
        let hull = self.without(class, record);
        remain * self.space.cost(&hull)
    }

    /// Value of a class after rows of a record joined it.
    #[inline]
    pub(super) fn joined(&self, class: u32, record: u32, joining: u32) -> i64 {
        let found = self.class(class);
        (found.rows + i64::from(joining)) * self.space.cost_with(&found.hull, record)
    }

    /// A class without members.
    pub(super) fn vacant(&mut self) -> u32 {
        if let Some(class) = self.vacant.last() {
            return *class;
        }
        let class = self.list.len() as u32;
        self.list.push(Class::EMPTY);
        self.vacant.push(class);
        class
    }

    /// Begins steps that may be taken back.
    pub(super) fn begin(&mut self) {
        self.log.clear();
    }

    /// Moves rows of a record and gives what that costs.
    pub(super) fn step(&mut self, step: Step) -> i64 {
        let before = self.class(step.from).value() + self.class(step.to).value();
        self.transfer(step);
        self.log.push(step);
        self.class(step.from).value() + self.class(step.to).value() - before
    }

    /// Takes back all steps since [`Self::begin`].
    pub(super) fn undo(&mut self) {
        while let Some(step) = self.log.pop() {
            let back = Step {
                from: step.to,
                to: step.from,
                ..step
            };
            self.transfer(back);
        }
    }

    /// Whether a class may be released or is empty.
    pub(super) fn sound(&mut self, class: u32) -> bool {
        let found = &self.list[class as usize];
        if found.rows == 0 {
            return true;
        }
        if found.rows < self.judge.least as i64 {
            return false;
        }
        if self.judge.plain {
            return true;
        }
        self.work += found.members.len() as u64;
        let (members, hull) = (&found.members, &found.hull);
        self.judge
            .admits_hull(self.space, members, hull, &mut self.desk)
    }

    /// Whether all classes touched since [`Self::begin`] may be released, and the whole table with them.
    pub(super) fn all_sound(&mut self) -> bool {
        if self
            .tally
            .is_some_and(|tally| !self.judge.models.holds(&tally))
        {
            return false;
        }
        (0..self.log.len()).all(|at| {
            let step = self.log[at];
            self.sound(step.from) && (self.judge.upward || self.sound(step.to))
        })
    }

    fn transfer(&mut self, step: Step) {
        self.untell(step);
        self.take(step);
        self.give(step);
        self.tell(step);
    }

    fn take(&mut self, step: Step) {
        let source = &mut self.list[step.from as usize];
        self.work += source.members.len() as u64;
        let Some(at) = source.members.iter().position(|m| m.0 == step.record) else {
            return;
        };
        source.members[at].1 -= step.rows;
        source.rows -= i64::from(step.rows);
        if source.members[at].1 > 0 {
            return;
        }
        source.members.swap_remove(at);
        source.hull = self.space.hull_of(&source.members);
        source.cost = self.space.cost(&source.hull);
        self.homes[step.record as usize].retain(|class| *class != step.from);
        if source.members.is_empty() {
            self.vacant.push(step.from);
        }
    }

    fn give(&mut self, step: Step) {
        let target = &mut self.list[step.to as usize];
        if target.members.is_empty() {
            self.vacant.retain(|class| *class != step.to);
        }
        target.rows += i64::from(step.rows);
        if let Some(member) = target.members.iter_mut().find(|m| m.0 == step.record) {
            member.1 += step.rows;
            return;
        }
        target.members.push((step.record, step.rows));
        target
            .hull
            .add(&self.space.paths[step.record as usize], step.record);
        target.cost = self.space.cost(&target.hull);
        self.homes[step.record as usize].push(step.to);
    }

    /// Takes the classes of a step out of the sums.
    fn untell(&mut self, step: Step) {
        let Some(tally) = &mut self.tally else { return };
        for class in [step.from, step.to] {
            let class = &self.list[class as usize];
            if class.rows > 0 {
                tally.remove(class.rows as u64, class.population);
            }
        }
    }

    /// Puts the classes of a step back into the sums.
    fn tell(&mut self, step: Step) {
        let Some(mut tally) = self.tally else { return };
        for class in [step.from, step.to] {
            let population = self.judge.population(self.space, &self.class(class).hull);
            let class = &mut self.list[class as usize];
            class.population = population;
            if class.rows > 0 {
                tally.add(class.rows as u64, population);
            }
        }
        self.tally = Some(tally);
    }

    /// The classes that have members.
    pub(super) fn into_members(self) -> Vec<Vec<Member>> {
        let members = self.list.into_iter().map(|class| class.members);
        members.filter(|members| !members.is_empty()).collect()
    }
}
