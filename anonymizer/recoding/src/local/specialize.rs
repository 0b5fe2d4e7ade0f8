//! Greedy top-down specialization: the fast mode, and where the thorough one starts.
//!
//! All records begin as one class. A class is specialized in the attribute in which that gains most: each value of the next
//! finer level that can stand alone becomes a class, and values too rare for it stay together at the coarser level. Where they
//! do not suffice even jointly, they borrow rows from values that have more than they need, or else the smallest of the others join them.

#![allow(
    clippy::indexing_slicing,
    reason = "parts are counted before they are cut, and places within them come from walking them"
)]

use rayon::prelude::*;

use super::judge::{Desk, Judge};
use super::scale::Segment;
use super::space::{Member, Space, rows};

/// Members from which the parts of a class are worth specializing in parallel.
const PARALLEL: usize = 1024;

/// What a value of the finer level holds of a class.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    place: u64,
    rows: u64,
    /// What each row gains.
    gain: i64,
}

/// A way to specialize a class.
struct Choice {
    segment: Segment,
    /// Values that become classes as far as rows go, in ascending order of their places, with their rows.
    apart: Vec<(u64, u64)>,
    /// Rows that the others lack to be a class.
    lack: u64,
    gain: i64,
}

/// Specializes classes, each of which is admitted.
pub(super) struct Specializer<'a, const W: usize> {
    pub(super) space: &'a Space<W>,
    pub(super) judge: &'a Judge<'a, W>,
    pub(super) cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl<const W: usize> Specializer<'_, W> {
    /// The classes that come of specializing one until nothing more is gained. A class is left as it is once cancelled.
    pub(super) fn run(&self, members: Vec<Member>) -> Vec<Vec<Member>> {
        let mut classes = Vec::new();
        self.descend(members, &mut classes, &mut Desk::default());
        classes
    }

    fn descend(&self, members: Vec<Member>, classes: &mut Vec<Vec<Member>>, desk: &mut Desk) {
        let large = members.len() > PARALLEL;
        if large && (self.cancelled)() {
            classes.push(members);
            return;
        }
        let mut parts = self.split(members, desk);
        if parts.len() < 2 {
            classes.append(&mut parts);
        } else if large {
            let found: Vec<_> = parts.into_par_iter().map(|part| self.run(part)).collect();
            classes.extend(found.into_iter().flatten());
        } else {
            for part in parts {
                self.descend(part, classes, desk);
            }
        }
    }

    /// The parts that the best specialization makes; the class itself if there is nothing to gain.
    fn split(&self, members: Vec<Member>, desk: &mut Desk) -> Vec<Vec<Member>> {
        let mut choices = self.choices(&members);
        choices.sort_by_key(|choice| std::cmp::Reverse(choice.gain));
        for choice in choices {
            let parts = self.cut(&choice, &members);
            if let Some(parts) = self.settle(parts, desk) {
                return parts;
            }
        }
        vec![members]
    }

    /// Makes classes of parts, of which the first holds what stays together: those that may not be released stay with it, and if that may
    /// not be released either, the smallest of the others join it. None if fewer than two are left.
    fn settle(&self, mut parts: Vec<Vec<Member>>, desk: &mut Desk) -> Option<Vec<Vec<Member>>> {
        if self.judge.plain {
            parts.retain(|part| !part.is_empty());
            let least = self.judge.least;
            return (parts.len() > 1 && parts.iter().all(|part| rows(part) >= least))
                .then_some(parts);
        }
        let mut rest = if parts.is_empty() {
            Vec::new()
        } else {
            parts.remove(0)
        };
        let mut apart = Vec::new();
        for part in parts {
            if self.judge.admits(self.space, &part, desk) {
                apart.push(part);
            } else {
                rest.extend(part);
            }
        }
        apart.sort_by_key(|part| std::cmp::Reverse(rows(part)));
        while !rest.is_empty() && !self.judge.admits(self.space, &rest, desk) {
            rest.extend(apart.pop()?);
        }
        if apart.is_empty() || rest.is_empty() && apart.len() < 2 {
            return None;
        }
        if !rest.is_empty() {
            apart.push(united(rest));
        }
        Some(apart)
    }

    /// Every attribute in which something is gained.
    fn choices(&self, members: &[Member]) -> Vec<Choice> {
        if members.len() < 2 || rows(members) < 2 * self.judge.least {
            return Vec::new();
        }
        let differ = self.space.hull_of(members).differ();
        self.space
            .scale
            .decisive(differ)
            .filter_map(|segment| self.choice(segment, members))
            .filter(|choice| choice.gain > 0)
            .collect()
    }

    fn choice(&self, segment: &Segment, members: &[Member]) -> Option<Choice> {
        let mut parts = self.parts(segment, members);
        let least = self.judge.least;
        parts.sort_unstable_by_key(|part| (part.rows, part.place));
        let rare = parts.partition_point(|part| part.rows < least);
        let rest: u64 = parts.iter().take(rare).map(|part| part.rows).sum();
        let spare: u64 = parts.iter().skip(rare).map(|part| part.rows - least).sum();
        let poor = rest > 0 && rest < least;
        let lends = poor && rest + spare >= least;
        let lack = if lends { least - rest } else { 0 };
        let joined = rare + usize::from(poor && !lends);
        let apart = parts.get(joined..)?;
        if apart.len() + usize::from(joined > 0) < 2 {
            return None;
        }
        let gain: i64 = apart.iter().map(|part| part.gain * part.rows as i64).sum();
        let dearest = apart.iter().map(|part| part.gain).max().unwrap_or_default();
        let mut apart: Vec<_> = apart.iter().map(|part| (part.place, part.rows)).collect();
        apart.sort_unstable();
        Some(Choice {
            segment: *segment,
            apart,
            lack,
            gain: gain - dearest * lack as i64,
        })
    }

    fn parts(&self, segment: &Segment, members: &[Member]) -> Vec<Part> {
        let place = |record: u32| segment.place(&self.space.paths[record as usize]);
        let gain = |record: u32| self.space.scale.gain(segment, self.space.codes(record));
        let mut parts: Vec<Part> = Vec::new();
        if let Some(places) = segment.few_places() {
            parts.resize(places, Part::default());
            for (record, count) in members {
                let place = place(*record);
                let part = &mut parts[place as usize];
                if part.rows == 0 {
                    part.place = place;
                    part.gain = gain(*record);
                }
                part.rows += u64::from(*count);
            }
            parts.retain(|part| part.rows > 0);
            return parts;
        }
        let mut sorted: Vec<_> = members.iter().map(|m| (place(m.0), m.0, m.1)).collect();
        sorted.sort_unstable();
        for (place, record, count) in sorted {
            match parts.last_mut() {
                Some(part) if part.place == place => part.rows += u64::from(count),
                _ => parts.push(Part {
                    place,
                    rows: u64::from(count),
                    gain: gain(record),
                }),
            }
        }
        parts
    }

    /// The members that stay together, then those of each value that becomes a class.
    fn cut(&self, choice: &Choice, members: &[Member]) -> Vec<Vec<Member>> {
        let mut parts: Vec<Vec<Member>> = vec![Vec::new(); choice.apart.len() + 1];
        for member in members {
            let place = choice.segment.place(&self.space.paths[member.0 as usize]);
            let part = choice.apart.binary_search_by_key(&place, |part| part.0);
            parts[part.map_or(0, |part| part + 1)].push(*member);
        }
        if choice.lack > 0 {
            self.borrow(choice, &mut parts);
        }
        parts
    }

    /// Moves the rows that the first part lacks from the others, those nearest to it first.
    fn borrow(&self, choice: &Choice, parts: &mut [Vec<Member>]) {
        let Some((poor, rich)) = parts.split_first_mut() else {
            return;
        };
        let least = self.judge.least;
        let mut spare: Vec<u64> = choice.apart.iter().map(|part| part.1 - least).collect();
        let mut lack = choice.lack;
        let own = poor.len();
        while lack > 0 {
            let near = self.nearest(poor, rich, &spare, lack as usize);
            if near.is_empty() {
                return;
            }
            for (_, from, at) in near {
                let member = &mut rich[from][at];
                let taken = lack.min(u64::from(member.1)).min(spare[from]);
                if taken > 0 {
                    member.1 -= taken as u32;
                    // A record may be called on again when others could not give enough.
                    match poor[own..].iter_mut().find(|known| known.0 == member.0) {
                        Some(known) => known.1 += taken as u32,
                        None => poor.push((member.0, taken as u32)),
                    }
                    spare[from] -= taken;
                    lack -= taken;
                }
            }
        }
        for part in rich {
            part.retain(|(_, count)| *count > 0);
        }
    }

    /// The members of parts with rows to spare that fit best to the poor one: cost, part, place in it. As many as rows are lacking.
    fn nearest(
        &self,
        poor: &[Member],
        rich: &[Vec<Member>],
        spare: &[u64],
        lack: usize,
    ) -> Vec<(i64, usize, usize)> {
        let hull = self.space.hull_of(poor);
        let mut best: Vec<(i64, usize, usize)> = Vec::with_capacity(lack + 1);
        for (from, part) in rich.iter().enumerate().filter(|(from, _)| spare[*from] > 0) {
            for (at, (record, _)) in part.iter().enumerate().filter(|(_, m)| m.1 > 0) {
                let found = (self.space.cost_with(&hull, *record), from, at);
                if best.len() == lack && best.last().is_some_and(|last| *last <= found) {
                    continue;
                }
                best.insert(best.partition_point(|known| *known < found), found);
                best.truncate(lack);
            }
        }
        best
    }
}

/// The members with each record named once.
pub(super) fn united(mut members: Vec<Member>) -> Vec<Member> {
    members.sort_unstable();
    members.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            first.1 += next.1;
        }
        same
    });
    members
}
