//! From classes to what is released.

use std::collections::{BTreeMap, BTreeSet};

use super::judge::{Desk, Judge};
use super::random::Random;
use super::scale::{Scale, Segment, Word};
use super::space::{Member, Space, rows};
use super::specialize::united;
use super::{LocalClass, LocalSolution, Members};
use crate::Problem;

/// Neighbours of a class that may not be released which are looked at for a merger, in each order and direction.
const NEAR: usize = 16;

/// Orders in which neighbours are looked for.
const ORDERS: u64 = 3;

/// Merges classes whose released values are the same: to an attacker they are one. One that may not be released is merged on with what is
/// cheapest. None if not even all together may be.
pub(super) fn merge<const W: usize>(
    space: &Space<W>,
    judge: &Judge<'_, W>,
    classes: Vec<Vec<Member>>,
) -> Option<Vec<Vec<Member>>> {
    let mut pool = Pool::new(space, judge);
    for class in classes {
        pool.add(class, 0);
    }
    pool.settle()
}

/// A class by its place in a pool.
type Place = u32;

/// The classes in an order in which neighbours have much in common.
struct Order<const W: usize> {
    segments: Vec<Segment>,
    places: BTreeSet<(Word<W>, Place)>,
}

/// Classes of which no two have the same box.
struct Pool<'a, const W: usize> {
    space: &'a Space<W>,
    judge: &'a Judge<'a, W>,
    /// The members of each class, in order; none of one that was merged.
    list: Vec<Vec<Member>>,
    boxes: BTreeMap<(Word<W>, Word<W>), Place>,
    orders: Vec<Order<W>>,
    /// Classes that were not looked at yet, and how often each was merged in vain.
    open: Vec<(Place, u32)>,
}

impl<'a, const W: usize> Pool<'a, W> {
    fn new(space: &'a Space<W>, judge: &'a Judge<'a, W>) -> Self {
        let order = |seed| {
            let spread = if seed == 0 { 0.0 } else { 0.7 };
            Order {
                segments: space.scale.shuffled(spread, &mut Random::new(seed)),
                places: BTreeSet::new(),
            }
        };
        Self {
            space,
            judge,
            list: Vec::new(),
            boxes: BTreeMap::new(),
            orders: (0..ORDERS).map(order).collect(),
            open: Vec::new(),
        }
    }

    /// The box of a class, and its keys in the orders.
    fn keys(&self, class: &[Member]) -> ((Word<W>, Word<W>), Vec<Word<W>>) {
        let hull = self.space.hull_of(class);
        let free = self.space.scale.free(hull.differ());
        let mut fixed = *hull.common();
        fixed
            .iter_mut()
            .zip(&free)
            .for_each(|(fixed, free)| *fixed &= !free);
        let orders = self.orders.iter();
        let keys = orders.map(|order| Scale::arranged(&fixed, &order.segments));
        ((fixed, free), keys.collect())
    }

    /// Adds a class, with the one that has the same box.
    fn add(&mut self, class: Vec<Member>, tried: u32) {
        let (own, keys) = self.keys(&class);
        if let Some(place) = self.boxes.get(&own).copied() {
            let known = self.list.get_mut(place as usize);
            if let Some(known) = known {
                known.extend(class);
            }
            self.open.push((place, tried));
            return;
        }
        let place = self.list.len() as Place;
        self.boxes.insert(own, place);
        for (order, key) in self.orders.iter_mut().zip(keys) {
            order.places.insert((key, place));
        }
        self.list.push(class);
        self.open.push((place, tried));
    }

    /// Takes a class out.
    fn take(&mut self, place: Place) -> Vec<Member> {
        let class = self.list.get_mut(place as usize);
        let class = class.map(std::mem::take).unwrap_or_default();
        if class.is_empty() {
            return class;
        }
        let (own, keys) = self.keys(&class);
        self.boxes.remove(&own);
        for (order, key) in self.orders.iter_mut().zip(keys) {
            order.places.remove(&(key, place));
        }
        class
    }

    /// Merges until every class may be released.
    fn settle(mut self) -> Option<Vec<Vec<Member>>> {
        let mut desk = Desk::default();
        while let Some((place, tried)) = self.open.pop() {
            let Some(class) = self.list.get_mut(place as usize) else {
                continue;
            };
            *class = united(std::mem::take(class));
            if class.is_empty() || self.judge.admits(self.space, class, &mut desk) {
                continue;
            }
            let class = self.take(place);
            self.repair(class, tried, &mut desk)?;
        }
        let classes = self.list.into_iter();
        Some(classes.filter(|class| !class.is_empty()).collect())
    }

    /// Merges a class with the cheapest of its neighbours with which it may be released, or else with ever more of them.
    fn repair(&mut self, class: Vec<Member>, tried: u32, desk: &mut Desk) -> Option<()> {
        let near = self.near(&class);
        let both = |other: &[Member]| united([class.as_slice(), other].concat());
        for other in &near {
            let merged = both(self.list.get(*other as usize)?);
            if self.judge.admits(self.space, &merged, desk) {
                self.take(*other);
                self.add(merged, 0);
                return Some(());
            }
        }
        let mut merged = class;
        for other in near.iter().take(1 << tried.min(16)) {
            merged.extend(self.take(*other));
        }
        (!near.is_empty()).then(|| self.add(merged, tried + 1))
    }

    /// The classes near to one, those with which a merger costs least first.
    fn near(&self, class: &[Member]) -> Vec<Place> {
        let (_, keys) = self.keys(class);
        let mut places = BTreeSet::new();
        for (order, key) in self.orders.iter().zip(keys) {
            let order = &order.places;
            places.extend(order.range(..(key, 0)).rev().take(NEAR).map(|near| near.1));
            places.extend(order.range((key, 0)..).take(NEAR).map(|near| near.1));
        }
        let own = self.space.hull_of(class);
        let cost = |place: &Place| {
            let other = self
                .list
                .get(*place as usize)
                .map_or(&[][..], Vec::as_slice);
            let hull = self.space.hull_of(other);
            let before = rows(other) as i64 * self.space.cost(&hull);
            let both = (rows(other) + rows(class)) as i64;
            both * self.space.cost(&own.with(&hull)) - before
        };
        let mut near: Vec<(i64, Place)> =
            places.iter().map(|place| (cost(place), *place)).collect();
        near.sort_unstable();
        near.into_iter().map(|(_, place)| place).collect()
    }
}

/// What is released of classes, and what of records is suppressed.
pub(super) fn solution<const W: usize>(
    problem: &Problem,
    space: &Space<W>,
    classes: &[Vec<Member>],
    suppressed: &[Member],
) -> LocalSolution {
    let mut released: Vec<(LocalClass, &Vec<Member>)> = classes
        .iter()
        .map(|members| (released(problem, space, members), members))
        .collect();
    released.sort_by(|(a, _), (b, _)| (&a.levels, &a.codes).cmp(&(&b.levels, &b.codes)));
    let records = problem.records.weights.len();
    let mut left_out = vec![0; records];
    for (record, rows) in suppressed {
        if let Some(slot) = left_out.get_mut(*record as usize) {
            *slot += rows;
        }
    }
    let members = Members::new(
        records,
        released.iter().map(|(_, members)| members.as_slice()),
    );
    let classes: Vec<LocalClass> = released.into_iter().map(|(class, _)| class).collect();
    let losses = losses(problem, &classes, suppressed);
    let weights: Vec<f64> = problem.attributes.iter().map(|a| a.weight).collect();
    let sum: f64 = weights.iter().sum();
    let mean = |value: &dyn Fn(f64) -> f64| {
        let terms = losses.iter().zip(&weights);
        let total: f64 = terms.map(|(loss, weight)| value(*loss) * weight).sum();
        if sum > 0.0 { total / sum } else { 0.0 }
    };
    LocalSolution {
        arithmetic: mean(&|loss| loss),
        geometric: mean(&|loss| loss.ln_1p()).exp_m1(),
        losses,
        suppressed_rows: rows(suppressed),
        suppressed: left_out,
        members,
        classes,
    }
}

/// The values of a class.
fn released<const W: usize>(problem: &Problem, space: &Space<W>, members: &[Member]) -> LocalClass {
    let hull = space.hull_of(members);
    let levels = space.scale.levels(hull.differ());
    let codes = levels
        .iter()
        .zip(&problem.attributes)
        .zip(&problem.records.quasi)
        .map(|((level, attribute), values)| {
            let value = values.get(hull.any as usize).copied().unwrap_or_default();
            let level = attribute.levels.get(usize::from(*level));
            level.map_or(0, |level| level.code(value))
        })
        .collect();
    LocalClass {
        levels,
        codes,
        rows: rows(members),
    }
}

/// ARX's Loss of each attribute: the mean share of leaves, from 0 where each value is a leaf to 1 where it is `*` or suppressed.
fn losses(problem: &Problem, classes: &[LocalClass], suppressed: &[Member]) -> Vec<f64> {
    let rows = problem.rows().max(1) as f64;
    let left_out = super::space::rows(suppressed) as f64;
    let attributes = problem.attributes.iter().enumerate();
    attributes
        .map(|(index, attribute)| {
            let domain = attribute.domain.max(1) as f64;
            let mut leaves = left_out * domain;
            for class in classes {
                let level = class.levels.get(index).copied().unwrap_or_default();
                let code = class.codes.get(index).copied().unwrap_or_default();
                let level = attribute.levels.get(usize::from(level));
                let own = level.and_then(|level| level.leaves.get(code as usize));
                leaves += own.map_or(domain, |own| *own as f64) * class.rows as f64;
            }
            if domain > 1.0 {
                (leaves / rows - 1.0) / (domain - 1.0)
            } else {
                0.0
            }
        })
        .collect()
}
