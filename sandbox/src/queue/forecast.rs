//! Where each job stands in the queue, and when it will start at the latest if
//! nothing else is submitted and every job runs to its limit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

use super::domain::Domain;
use super::resources::Share;
use super::waiting::{Rank, Ticket, rank};
use super::{Moment, Queue, Request, Resources};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 1 for the job that is next.
    pub position: u32,
    /// When it starts, estimated.
    pub start: Moment,
}

/// The places of all jobs that wait, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Forecast {
    places: HashMap<Arc<str>, Place>,
}

impl Forecast {
    /// The place of a job.
    #[must_use]
    pub fn place(&self, job: &str) -> Option<Place> {
        self.places.get(job).copied()
    }

    /// How many jobs have one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// A domain whose jobs are taken to end at their limits, one after another.
struct Course {
    limit: Resources,
    used: Resources,
    clock: Moment,
    ends: BinaryHeap<Reverse<(Moment, Resources)>>,
}

impl Course {
    fn of(domain: &Domain, now: Moment) -> Self {
        Self {
            limit: domain.limit(),
            used: domain.used(),
            clock: now,
            ends: domain.taken().map(Reverse).collect(),
        }
    }

    /// The earliest moment with room, not before the last one.
    fn opens(&mut self, needs: &Resources) -> Moment {
        while !needs.fits(&self.limit.minus(&self.used)) {
            let Some(Reverse((ends, given))) = self.ends.pop() else {
                break;
            };
            self.used = self.used.minus(&given);
            self.clock = self.clock.max(ends);
        }
        self.clock
    }

    fn take(&mut self, needs: Resources, ends: Moment) {
        self.used = self.used.plus(&needs);
        self.ends.push(Reverse((ends, needs)));
    }
}

impl Queue {
    /// The order is that of turns: the organization with the smallest dominant share
    /// is next, and each job adds to the share of its own. It costs the number of
    /// jobs, so it is made when somebody asks, and kept for a while.
    #[must_use]
    pub fn forecast(&self, now: Moment) -> Forecast {
        let mut courses = Courses::of(self, now);
        let mut places = HashMap::new();
        for (position, request) in (1..).zip(self.in_order(now)) {
            let not_before = match self.entry(&request.job) {
                Some((_, entry)) => match entry.stand {
                    super::Stand::Delayed(until) => until.max(now),
                    _ => now,
                },
                None => now,
            };
            let start = courses.start(request, not_before);
            places.insert(Arc::clone(&request.job), Place { position, start });
        }
        Forecast { places }
    }

    fn in_order(&self, now: Moment) -> Vec<&Request> {
        let mut lines = self.lines(now);
        let capacity = &self.policy.capacity;
        let mut used: BTreeMap<&Arc<str>, Resources> = BTreeMap::new();
        let mut heap: BinaryHeap<Reverse<(Share, Ticket, &Arc<str>)>> = BinaryHeap::new();
        for (name, line) in &lines {
            let domain = self.organizations.get(*name).map(|known| &known.domain);
            let taken = domain.map(Domain::used).unwrap_or_default();
            used.insert(name, taken);
            if let Some(Rank(_, ticket)) = line.last() {
                // Who has the turn is next, whatever it has.
                let first = match self.turn.as_ref() {
                    Some(turn) if turn == *name => (Share(0), Ticket(0)),
                    _ => (taken.share_of(capacity), *ticket),
                };
                heap.push(Reverse((first.0, first.1, name)));
            }
        }
        let mut order = Vec::with_capacity(self.waiting());
        while let Some(Reverse((_, _, name))) = heap.pop() {
            let Some(line) = lines.get_mut(name) else {
                continue;
            };
            let next = line.pop().and_then(|rank| self.entries.get(&rank.1));
            let Some(entry) = next else { continue };
            order.push(&entry.request);
            let taken = used.entry(name).or_default();
            *taken = taken.plus(&entry.request.needs);
            if let Some(Rank(_, ticket)) = line.last() {
                heap.push(Reverse((taken.share_of(capacity), *ticket, name)));
            }
        }
        order
    }

    /// The jobs of each organization, the first one last.
    fn lines(&self, now: Moment) -> BTreeMap<&Arc<str>, Vec<Rank>> {
        let aging = self.policy.aging;
        let mut lines: BTreeMap<&Arc<str>, Vec<Rank>> = BTreeMap::new();
        for (name, organization) in &self.organizations {
            let buckets = organization
                .sandboxes
                .values()
                .flat_map(|s| s.buckets.values());
            let line: Vec<Rank> = buckets.flat_map(|b| b.all(now, aging)).collect();
            lines.insert(name, line);
        }
        for (_, ticket) in &self.delayed {
            if let Some(entry) = self.entries.get(ticket) {
                let request = &entry.request;
                let place = rank(request.priority, request.submitted, *ticket, now, aging);
                lines.entry(&request.organization).or_default().push(place);
            }
        }
        for line in lines.values_mut() {
            line.sort_unstable_by(|one, other| other.cmp(one));
        }
        lines
    }
}

/// The courses of the machine, of organizations and of sandboxes.
struct Courses<'a> {
    queue: &'a Queue,
    now: Moment,
    node: Course,
    organizations: HashMap<&'a str, Course>,
    sandboxes: HashMap<(&'a str, &'a str), Course>,
}

impl<'a> Courses<'a> {
    fn of(queue: &'a Queue, now: Moment) -> Self {
        Self {
            queue,
            now,
            node: Course::of(&queue.node, now),
            organizations: HashMap::new(),
            sandboxes: HashMap::new(),
        }
    }

    fn start(&mut self, request: &'a Request, not_before: Moment) -> Moment {
        let (queue, now) = (self.queue, self.now);
        let Some(home) = queue.organizations.get(&request.organization) else {
            return not_before;
        };
        let Some(inner) = home.sandboxes.get(&request.sandbox) else {
            return not_before;
        };
        let organization = self
            .organizations
            .entry(&request.organization)
            .or_insert_with(|| Course::of(&home.domain, now));
        let sandbox = self
            .sandboxes
            .entry((&request.organization, &request.sandbox))
            .or_insert_with(|| Course::of(&inner.domain, now));
        let needs = &request.needs;
        let opens = [
            self.node.opens(needs),
            organization.opens(needs),
            sandbox.opens(needs),
        ];
        let start = opens.into_iter().fold(not_before, Moment::max);
        let ends = start.after(request.wall_clock);
        for course in [&mut self.node, organization, sandbox] {
            course.take(*needs, ends);
        }
        start
    }
}
