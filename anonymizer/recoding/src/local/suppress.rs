//! What is suppressed, where that is permitted: records that no class may have, and those that cost others more than themselves.

use std::collections::BTreeMap;

use super::classes::{Classes, Step};
use super::judge::{Desk, Judge};
use super::scale::ONE;
use super::space::{Member, Space, rows};
use crate::global::Failure;
use crate::models::Tally;

/// Where the search begins: classes as large as the permitted levels allow.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub(super) classes: Vec<Vec<Member>>,
    pub(super) suppressed: Vec<Member>,
}

impl Start {
    /// All records in one class, or one for each combination of values that no permitted level joins and that may not become `*`.
    pub(super) fn new<const W: usize>(
        space: &Space<W>,
        judge: &Judge<'_, W>,
        suppressible: u64,
    ) -> Result<Self, Failure> {
        let mut start = Self::default();
        let mut desk = Desk::default();
        let groups = groups(space);
        for group in &groups {
            if judge.admits(space, group, &mut desk) {
                start.classes.push(group.clone());
            } else {
                start.salvage(space, judge, group.clone(), &mut desk);
            }
        }
        let needed = rows(&start.suppressed);
        let tally = judge.tally(space, &start.classes);
        let holds = !start.classes.is_empty() && judge.models.holds(&tally);
        if needed <= suppressible && holds {
            return Ok(start);
        }
        let all = groups.iter().map(|group| rows(group)).sum();
        Err(Failure::Unreachable {
            needed: if holds { needed } else { all },
            rows: all,
            suppressible,
            largest_k: largest_k(&groups, suppressible),
        })
    }

    /// Divides a class that may not be released so that the most can be, and suppresses the rest.
    fn salvage<const W: usize>(
        &mut self,
        space: &Space<W>,
        judge: &Judge<'_, W>,
        group: Vec<Member>,
        desk: &mut Desk,
    ) {
        let differ = space.hull_of(&group).differ();
        let mut best: Option<(u64, [Vec<Vec<Member>>; 2])> = None;
        // Fewer rows than any class needs hold nothing that can be.
        let large = rows(&group) >= judge.least;
        for segment in space.scale.decisive(differ).filter(|_| large) {
            let mut parts: BTreeMap<u64, Vec<Member>> = BTreeMap::new();
            for member in &group {
                if let Some(path) = space.paths.get(member.0 as usize) {
                    parts.entry(segment.place(path)).or_default().push(*member);
                }
            }
            let (kept, left): (Vec<_>, Vec<_>) = parts
                .into_values()
                .partition(|part| judge.admits(space, part, desk));
            let sum = kept.iter().map(|part| rows(part)).sum();
            if sum > best.as_ref().map_or(0, |best| best.0) {
                best = Some((sum, [kept, left]));
            }
        }
        let Some((_, [kept, left])) = best else {
            self.suppressed.extend(group);
            return;
        };
        self.classes.extend(kept);
        for part in left {
            self.salvage(space, judge, part, desk);
        }
    }
}

/// The records by what no permitted level joins.
fn groups<const W: usize>(space: &Space<W>) -> Vec<Vec<Member>> {
    let fixed = space.scale.forbidding();
    let mut groups: BTreeMap<Vec<u64>, Vec<Member>> = BTreeMap::new();
    for (member, path) in space.all().into_iter().zip(&space.paths) {
        let key = fixed.iter().map(|segment| segment.place(path)).collect();
        groups.entry(key).or_default().push(member);
    }
    groups.into_values().collect()
}

/// The largest k for which k-anonymity is within reach: the size of the smallest group that need not be suppressed.
fn largest_k(groups: &[Vec<Member>], suppressible: u64) -> u64 {
    let mut sizes: Vec<u64> = groups.iter().map(|group| rows(group)).collect();
    sizes.sort_unstable();
    let mut sum = 0;
    let kept = sizes.iter().find(|size| {
        sum += **size;
        sum > suppressible
    });
    kept.or(sizes.last()).copied().unwrap_or(1)
}

/// Suppresses records without which their classes lose so much less that the whole loses less, those that gain most by the row first, up
/// to so many rows.
pub(super) fn trim<const W: usize>(
    space: &Space<W>,
    judge: &Judge<'_, W>,
    classes: Vec<Vec<Member>>,
    suppressible: u64,
    suppressed: &mut Vec<Member>,
) -> Vec<Vec<Member>> {
    let mut left = suppressible.saturating_sub(rows(suppressed));
    if left == 0 || judge.models.limits_averages() {
        return classes;
    }
    let mut classes = Classes::new(space, judge, classes, None::<Tally>);
    let mut gains = Vec::new();
    for class in 0..classes.list.len() as u32 {
        for (record, count) in classes.class(class).members.clone() {
            let gain = gain(&mut classes, class, record, count);
            if gain > 0 {
                gains.push((
                    std::cmp::Reverse(gain / i64::from(count)),
                    class,
                    record,
                    count,
                ));
            }
        }
    }
    gains.sort_unstable();
    let limbo = classes.vacant();
    for (_, class, record, count) in gains {
        let fits = u64::from(count) <= left && gain(&mut classes, class, record, count) > 0;
        if !fits {
            continue;
        }
        classes.begin();
        classes.step(Step {
            record,
            from: class,
            to: limbo,
            rows: count,
        });
        if classes.sound(class) {
            left -= u64::from(count);
        } else {
            classes.undo();
        }
    }
    suppressed.extend(classes.class(limbo).members.iter().copied());
    if let Some(limbo) = classes.list.get_mut(limbo as usize) {
        limbo.members.clear();
    }
    classes.into_members()
}

/// What is gained when a record of a class is suppressed.
fn gain<const W: usize>(classes: &mut Classes<'_, W>, class: u32, record: u32, count: u32) -> i64 {
    if classes.slack(class) < i64::from(count) {
        return 0;
    }
    let before = classes.class(class).value();
    before - classes.left(class, record, count, count) - ONE * i64::from(count)
}
