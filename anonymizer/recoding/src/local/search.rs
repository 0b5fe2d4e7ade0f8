//! The local search over classes: simulated annealing (Kirkpatrick et al. 1983) with moves of single records and of whole classes.
//!
//! A move changes few classes, and only classes near to one another: those of a record and of its neighbours. What it costs is
//! known exactly. One that costs nothing is made; one that costs something is made by chance, ever more seldom as the heat falls.

use super::classes::{Class, Classes, Step};
use super::neighbours::Neighbours;
use super::random::Random;

/// Moves at one heat.
const PACE: u32 = 1024;
/// Work that a move counts beside the members it looks at.
const MOVE: u64 = 8;

/// Of 1000 moves so many dissolve a class, ...
const DISSOLVE: usize = 60;
/// ... begin a class, ...
const OPEN: usize = 120;
/// ... or bring a neighbour in.
const PULL: usize = 220;

/// Where the neighbour is in the same class, of 1000 moves so many begin a class, which may divide theirs.
const DIVIDE: usize = 120;

/// Members above which a class is not dissolved at one stroke.
const DISSOLVABLE: usize = 64;

/// From what heat to what, in costs of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cooling {
    pub(super) from: f64,
    pub(super) to: f64,
}

/// A search over the classes of some records.
pub(super) struct Search<'a, const W: usize> {
    pub(super) classes: Classes<'a, W>,
    pub(super) near: &'a Neighbours,
    pub(super) random: Random,
    /// What a move may cost in the mean.
    heat: f64,
}

/// The cheapest way found so far.
#[derive(Clone, Copy)]
struct Best {
    cost: i64,
    record: u32,
    class: u32,
    rows: u32,
}

impl<'a, const W: usize> Search<'a, W> {
    pub(super) fn new(classes: Classes<'a, W>, near: &'a Neighbours, random: Random) -> Self {
        Self {
            classes,
            near,
            random,
            heat: 0.0,
        }
    }

    /// Searches until so much work is done, or the caller stops it.
    pub(super) fn run(&mut self, work: u64, cooling: Cooling, stop: &dyn Fn() -> bool) {
        let active = self.active();
        if active.is_empty() {
            return;
        }
        let end = self.classes.work + work;
        let start = self.classes.work;
        while self.classes.work < end && !stop() {
            let done = (self.classes.work - start) as f64 / work as f64;
            self.heat = cooling.from * (cooling.to / cooling.from).powf(done);
            for _ in 0..PACE {
                if let Some(record) = active.get(self.random.below(active.len())) {
                    self.classes.work += MOVE;
                    self.turn(*record);
                }
            }
        }
    }

    /// Records in classes that cost something: the others are in their place, though they may be called from it.
    fn active(&self) -> Vec<u32> {
        let costly = |record: &u32| {
            let mut homes = self.classes.homes(*record).iter();
            homes.any(|class| self.classes.class(*class).cost > 0)
        };
        (0..self.classes.space.len() as u32)
            .filter(costly)
            .collect()
    }

    /// One of the classes of a record.
    fn home(&mut self, record: u32) -> Option<u32> {
        let homes = self.classes.homes(record);
        match homes {
            [only] => Some(*only),
            _ => homes.get(self.random.below(homes.len().max(1))).copied(),
        }
    }

    /// What a move may cost now.
    fn limit(&mut self) -> i64 {
        (self.heat * self.random.exponential()) as i64
    }

    fn turn(&mut self, record: u32) {
        let Some(own) = self.home(record) else { return };
        if self.classes.class(own).cost == 0 {
            return;
        }
        let near = self.near.of(record);
        let place = self
            .random
            .below(near.len())
            .min(self.random.below(near.len()));
        let Some(neighbour) = near.get(place).copied() else {
            return;
        };
        let Some(other) = self.home(neighbour) else {
            return;
        };
        let kind = self.random.below(1000);
        if own == other {
            if kind < DIVIDE {
                self.open(record, own);
            }
        } else if kind < DISSOLVE {
            self.dissolve(own);
        } else if kind < DISSOLVE + OPEN {
            self.open(record, own);
        } else if kind < DISSOLVE + OPEN + PULL {
            self.pull(neighbour, other, own);
        } else {
            self.push(record, own, other);
        }
    }

    /// Brings a neighbour's rows in, as far as its class can do without them.
    fn pull(&mut self, record: u32, from: u32, to: u32) {
        let slack = self.classes.slack(from);
        if slack <= 0 {
            return;
        }
        let count = self.classes.class(from).count(record);
        let rows = if i64::from(count) <= slack { count } else { 1 };
        self.shift(record, from, to, rows, count);
    }

    /// Moves a record to another class, in exchange if its own cannot do without it.
    fn push(&mut self, record: u32, from: u32, to: u32) {
        let count = self.classes.class(from).count(record);
        let slack = self.classes.slack(from);
        if slack >= i64::from(count) || i64::from(count) == self.classes.class(from).rows {
            self.shift(record, from, to, count, count);
        } else {
            self.swap(record, count, from, to);
        }
    }

    fn shift(&mut self, record: u32, from: u32, to: u32, rows: u32, count: u32) {
        let before = self.classes.class(from).value() + self.classes.class(to).value();
        let grown = self.classes.joined(to, record, rows);
        let limit = self.limit();
        if grown - before > limit {
            return;
        }
        let after = grown + self.classes.left(from, record, rows, count);
        if after - before <= limit {
            self.classes.begin();
            self.classes.step(Step {
                record,
                from,
                to,
                rows,
            });
            self.keep_if_sound();
        }
    }

    fn keep_if_sound(&mut self) {
        if !self.classes.all_sound() {
            self.classes.undo();
        }
    }

    /// Exchanges a record for the best of another class.
    fn swap(&mut self, record: u32, count: u32, from: u32, to: u32) {
        let before = self.classes.class(from).value() + self.classes.class(to).value();
        let limit = self.limit();
        let Some(best) = self.partner(record, count, from, to) else {
            return;
        };
        if best.cost - before > limit {
            return;
        }
        self.classes.begin();
        let step = Step {
            record,
            from,
            to,
            rows: count,
        };
        self.classes.step(step);
        self.classes.step(Step {
            record: best.record,
            from: to,
            to: from,
            rows: best.rows,
        });
        self.keep_if_sound();
    }

    /// Whom a class gives in exchange for a record, and what both classes cost then.
    fn partner(&mut self, record: u32, count: u32, from: u32, to: u32) -> Option<Best> {
        let rest = self.classes.without(from, record);
        let needed = i64::from(count) - self.classes.slack(from);
        let rows_from = self.classes.class(from).rows - i64::from(count);
        let rows_to = self.classes.class(to).rows + i64::from(count);
        let members = self.classes.class(to).members.len();
        let start = self.random.below(members.max(1));
        let mut best: Option<Best> = None;
        for turn in 0..members.min(8) {
            let at = (start + turn) % members;
            let Some((other, held)) = self.classes.class(to).members.get(at).copied() else {
                continue;
            };
            let rows = held.min(count);
            if other == record || i64::from(rows) < needed {
                continue;
            }
            let coming = i64::from(rows);
            let own = (rows_from + coming) * self.classes.space.cost_with(&rest, other);
            if best.is_some_and(|best| own >= best.cost) {
                continue;
            }
            let hull = if rows < held {
                self.classes.class(to).hull
            } else {
                self.classes.without(to, other)
            };
            let cost = own + (rows_to - coming) * self.classes.space.cost_with(&hull, record);
            if best.is_none_or(|best| cost < best.cost) {
                best = Some(Best {
                    cost,
                    record: other,
                    class: to,
                    rows,
                });
            }
        }
        best
    }

    /// The class, not this one, that is cheapest for a record to join, of those where it and its neighbours are.
    fn refuge(&mut self, record: u32, rows: u32, from: u32) -> Option<Best> {
        let mut best: Option<Best> = None;
        for near in self.near.of(record).iter().chain(std::iter::once(&record)) {
            for class in self.classes.homes(*near) {
                if *class == from {
                    continue;
                }
                let cost =
                    self.classes.joined(*class, record, rows) - self.classes.class(*class).value();
                if best.is_none_or(|best| cost < best.cost) {
                    best = Some(Best {
                        cost,
                        record,
                        class: *class,
                        rows,
                    });
                }
            }
        }
        self.classes.work += 8;
        best
    }

    /// Sends each member of a class to the class where it costs least.
    fn dissolve(&mut self, class: u32) {
        if self.classes.class(class).members.len() > DISSOLVABLE {
            return;
        }
        let limit = self.limit();
        self.classes.begin();
        let delta = self.clear(class, limit);
        if delta.is_none_or(|delta| delta > limit) {
            self.classes.undo();
        } else {
            self.keep_if_sound();
        }
    }

    /// Sends all members of a class away and gives what that costs; None once it is clear that it costs more than the limit.
    fn clear(&mut self, class: u32, limit: i64) -> Option<i64> {
        let mut delta = 0;
        while let Some((record, rows)) = self.classes.class(class).members.last().copied() {
            let best = self.refuge(record, rows, class)?;
            if delta + best.cost - self.classes.class(class).value() > limit {
                return None;
            }
            delta += self.classes.step(Step {
                record,
                from: class,
                to: best.class,
                rows,
            });
        }
        Some(delta)
    }

    /// Begins a class with a record, gathering its neighbours.
    fn open(&mut self, record: u32, from: u32) {
        let limit = self.limit();
        self.classes.begin();
        let class = self.classes.vacant();
        let rows = self.classes.class(from).count(record);
        let mut delta = self.classes.step(Step {
            record,
            from,
            to: class,
            rows,
        });
        delta += self.gather(record, from, class);
        // Where the record came from there may be too few left: they go elsewhere.
        if self.classes.sound(class) && !self.classes.sound(from) {
            match self.clear(from, limit - delta) {
                Some(more) => delta += more,
                None => return self.classes.undo(),
            }
        }
        if delta > limit || !self.classes.sound(class) {
            self.classes.undo();
        } else {
            self.keep_if_sound();
        }
    }

    /// Moves neighbours of a record to its new class until that may be released, and gives what that costs.
    fn gather(&mut self, record: u32, from: u32, class: u32) -> i64 {
        let mut delta = 0;
        // Now and then one of the nearest is passed over.
        let chance = self.random.below(4);
        for (place, near) in self.near.of(record).iter().enumerate() {
            if self.classes.sound(class) {
                break;
            }
            if place < chance && self.random.below(2) == 0 {
                continue;
            }
            if let Some(best) = self.recruit(*near, from, class) {
                delta += self.classes.step(Step {
                    record: *near,
                    from: best.class,
                    to: class,
                    rows: best.rows,
                });
            }
        }
        delta
    }

    /// The cheapest way for a record to come to a new class: all of its rows in the class that is given up for it, or those that another can
    /// do without.
    fn recruit(&mut self, record: u32, given_up: u32, class: u32) -> Option<Best> {
        let want = self.classes.judge.least as i64 - self.classes.class(class).rows;
        let mut best: Option<Best> = None;
        for at in 0..self.classes.homes(record).len() {
            let Some(home) = self.classes.homes(record).get(at).copied() else {
                continue;
            };
            let slack = self.classes.slack(home);
            if home == class || home != given_up && slack <= 0 {
                continue;
            }
            let count = self.classes.class(home).count(record);
            let rows = if home == given_up || i64::from(count) <= slack {
                count
            } else {
                slack.min(want.max(1)) as u32
            };
            let values = |classes: &Classes<'_, W>| {
                [class, home].map(|class| Class::value(classes.class(class)))
            };
            let before: i64 = values(&self.classes).iter().sum();
            let cost = self.classes.joined(class, record, rows)
                + self.classes.left(home, record, rows, count)
                - before;
            if best.is_none_or(|best| cost < best.cost) {
                best = Some(Best {
                    cost,
                    record,
                    class: home,
                    rows,
                });
            }
        }
        best
    }
}
