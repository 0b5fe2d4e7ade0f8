//! Jobs that wait, in buckets of those that ask for the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::{Moment, PRIORITIES, Request, Resources};

/// The order of submission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(pub u64);

/// What tells whether a job can start: those of one sandbox with the same shape
/// can, or cannot, all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Shape {
    pub needs: Resources,
    pub wall_clock: Duration,
}

impl Shape {
    pub fn of(request: &Request) -> Self {
        Self {
            needs: request.needs,
            wall_clock: request.wall_clock,
        }
    }
}

/// The place of a job among those of its organization; the smallest is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub Reverse<i32>, pub Ticket);

/// The priority of a job, raised by one for each `aging` that it has waited, but
/// never above the highest: there the oldest is first, so that nothing starves.
pub(super) fn rank(
    priority: i32,
    submitted: Moment,
    ticket: Ticket,
    now: Moment,
    aging: Duration,
) -> Rank {
    let waited = now.0.saturating_sub(submitted.0);
    let step = u64::try_from(aging.as_millis()).unwrap_or(u64::MAX).max(1);
    let raised = i32::try_from(waited / step).unwrap_or(i32::MAX);
    let level = priority.saturating_add(raised).min(*PRIORITIES.end());
    Rank(Reverse(level), ticket)
}

/// Jobs of one sandbox and one shape.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    priorities: BTreeMap<i32, BTreeMap<Ticket, Moment>>,
}

impl Bucket {
    pub fn insert(&mut self, priority: i32, ticket: Ticket, submitted: Moment) {
        let line = self.priorities.entry(priority).or_default();
        line.insert(ticket, submitted);
    }

    pub fn remove(&mut self, priority: i32, ticket: Ticket) {
        if let Some(line) = self.priorities.get_mut(&priority) {
            line.remove(&ticket);
            if line.is_empty() {
                self.priorities.remove(&priority);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.priorities.is_empty()
    }

    pub fn len(&self) -> usize {
        self.priorities.values().map(BTreeMap::len).sum()
    }

    /// Who is first. Within one priority the oldest ticket always is, because no
    /// later one is older; so the first of each priority are all that is looked at.
    pub fn first(&self, now: Moment, aging: Duration) -> Option<Rank> {
        let firsts = self.priorities.iter().filter_map(|(priority, line)| {
            let (ticket, submitted) = line.first_key_value()?;
            Some(rank(*priority, *submitted, *ticket, now, aging))
        });
        firsts.min()
    }

    /// Everybody, for forecasts, in no order.
    pub fn all(&self, now: Moment, aging: Duration) -> impl Iterator<Item = Rank> + '_ {
        self.priorities.iter().flat_map(move |(priority, line)| {
            line.iter()
                .map(move |(ticket, submitted)| rank(*priority, *submitted, *ticket, now, aging))
        })
    }
}
