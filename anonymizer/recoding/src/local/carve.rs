//! Carving parts out of classes.
//!
//! Where models look at sensitive values, the rows of a class that share a value seldom may stand alone, and moving them one by one gains
//! nothing before the last has left. But those of them may whose sensitive values are about as frequent as in the whole class;
//! the others stay behind, in the class as it was.

#![allow(
    clippy::indexing_slicing,
    reason = "records are named by their place, and slots are below the width that the models give"
)]

use rayon::prelude::*;

use super::judge::{Desk, Judge};
use super::scale::Segment;
use super::space::{Member, Space, rows};

/// By how much a sensitive value may be more frequent in a part than in its class: the first that serves is taken.
const LOOSE: [f64; 4] = [1.0, 0.4, 0.15, 0.0];

/// How often the size of a part is brought in line with what it may hold.
const TURNS: usize = 5;

/// Parts of a class that are tried.
const TRIED: usize = 12;

/// Divides classes as long as that gains.
pub(super) struct Carver<'a, const W: usize> {
    pub(super) space: &'a Space<W>,
    pub(super) judge: &'a Judge<'a, W>,
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
}

/// Members that share a place in a segment.
struct Part {
    /// What their rows would gain apart.
    gain: i64,
    members: Vec<Member>,
}

impl<const W: usize> Carver<'_, W> {
    pub(super) fn run(&self, classes: &[Vec<Member>]) -> Vec<Vec<Member>> {
        let divided = classes.par_iter().map(|class| self.divide(class.clone()));
        divided.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn divide(&self, class: Vec<Member>) -> Vec<Vec<Member>> {
        let (mut open, mut done, mut desk) = (vec![class], Vec::new(), Desk::default());
        while let Some(class) = open.pop() {
            match self.carve(&class, &mut desk) {
                Some(both) => open.extend(both),
                None => done.push(class),
            }
        }
        done
    }

    /// A part of a class and what is left of it, if both may be released and lose less.
    fn carve(&self, class: &[Member], desk: &mut Desk) -> Option<[Vec<Member>; 2]> {
        if (self.stop)() || rows(class) < 2 * self.judge.least {
            return None;
        }
        let before = self.space.value(class);
        let differ = self.space.hull_of(class).differ();
        let segments = self.space.scale.decisive(differ);
        let mut parts: Vec<Part> = segments.flat_map(|s| self.parts(s, class)).collect();
        parts.sort_by_key(|part| std::cmp::Reverse(part.gain));
        let shares = self.counts(class);
        parts.iter().take(TRIED).find_map(|part| {
            let both = self.apart(part, class, &shares, desk)?;
            let after: i64 = both.iter().map(|class| self.space.value(class)).sum();
            (after < before).then_some(both)
        })
    }

    fn parts(&self, segment: &Segment, class: &[Member]) -> Vec<Part> {
        let place = |member: &Member| segment.place(&self.space.paths[member.0 as usize]);
        let mut sorted = class.to_vec();
        sorted.sort_by_key(place);
        let runs = sorted.chunk_by(|a, b| place(a) == place(b));
        let large = runs.filter(|run| rows(run) >= self.judge.least);
        let part = |members: &[Member]| Part {
            gain: rows(members) as i64 * self.gain(segment, members),
            members: members.to_vec(),
        };
        large.map(part).filter(|part| part.gain > 0).collect()
    }

    fn gain(&self, segment: &Segment, members: &[Member]) -> i64 {
        let gain = |member: &Member| self.space.scale.gain(segment, self.space.codes(member.0));
        members.first().map_or(0, gain)
    }

    /// Rows by slot.
    fn counts(&self, members: &[Member]) -> Vec<u64> {
        let mut counts = vec![0; self.judge.models.width()];
        for (record, rows) in members {
            for slot in self.space.slots(*record) {
                counts[*slot as usize] += u64::from(*rows);
            }
        }
        counts
    }

    /// The largest part found that may stand apart from the others.
    fn apart(
        &self,
        part: &Part,
        class: &[Member],
        counts: &[u64],
        desk: &mut Desk,
    ) -> Option<[Vec<Member>; 2]> {
        let all = rows(class) as f64;
        LOOSE.iter().find_map(|loose| {
            let quota = |size: u64| -> Vec<u64> {
                let share = |count: &u64| *count as f64 / all * (1.0 + loose) * size as f64;
                counts
                    .iter()
                    .map(|count| share(count).ceil() as u64)
                    .collect()
            };
            let mut own = part.members.clone();
            for _ in 0..TURNS {
                let size = rows(&own);
                own = self.within(&part.members, quota(size));
                if rows(&own) == size || size < self.judge.least {
                    break;
                }
            }
            if !self.judge.admits(self.space, &own, desk) {
                return None;
            }
            let rest = without(class, &own);
            self.judge
                .admits(self.space, &rest, desk)
                .then_some([own, rest])
        })
    }

    /// As many rows of members as the quotas of their slots leave.
    fn within(&self, members: &[Member], mut quotas: Vec<u64>) -> Vec<Member> {
        let mut taken = Vec::new();
        for (record, rows) in members {
            let slots = self.space.slots(*record);
            let room = slots.iter().map(|slot| quotas[*slot as usize]).min();
            let some = room.unwrap_or(u64::MAX).min(u64::from(*rows));
            if some > 0 {
                taken.push((*record, some as u32));
                slots.iter().for_each(|slot| quotas[*slot as usize] -= some);
            }
        }
        taken
    }
}

/// The rows of a class that are not among some of its members.
fn without(class: &[Member], some: &[Member]) -> Vec<Member> {
    let mut gone = some.to_vec();
    gone.sort_unstable();
    let left = class.iter().map(|(record, rows)| {
        let taken = gone.binary_search_by_key(record, |member| member.0);
        (*record, rows - taken.map_or(0, |place| gone[place].1))
    });
    left.filter(|(_, rows)| *rows > 0).collect()
}
