//! Which job starts next: a pure scheduler, told of every event and of the time.
//!
//! Between organizations, dominant resource fairness decides (A. Ghodsi et al.,
//! "Dominant Resource Fairness: Fair Allocation of Multiple Resource Types",
//! NSDI 2011): whose largest share of any one resource is the smallest has the
//! turn. Within an organization it is priority, raised by age, and then the order
//! of submission. A job whose turn it is and that finds no room gets a
//! reservation: the moment by which enough running jobs are over, at the latest,
//! by their wall clock limits. Others may pass it only where that cannot delay it
//! (EASY backfill: D. Lifka, "The ANL/IBM SP Scheduling System", JSSPP 1995).
//!
//! Nothing starves: a turn is kept until it is used, an organization that gets
//! nothing falls to a share of zero, where the oldest job goes first, and within
//! an organization age lifts every job to the highest level, where the oldest
//! goes first too.
//!
//! Invariants: capacity and quotas are never exceeded by a start; a start never
//! puts off a reservation; the same events at the same times give the same
//! decisions. There is no clock, no randomness and no input or output here.
//!
//! A decision looks at kinds of jobs rather than at jobs: those of one sandbox
//! that ask for the same stand in one bucket, of which only the first can be
//! next. It costs the number of buckets, and nothing while no slot is free.

mod decide;
mod domain;
mod forecast;
mod resources;
mod waiting;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub use decide::{Start, Way};
pub use forecast::{Forecast, Place};
pub use resources::{Resources, Share};

use crate::state::WaitingReason;
use domain::Domain;
use waiting::{Bucket, Shape, Ticket};

/// A moment: milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// So much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

/// The lowest and the highest priority of a job; 0 is the usual one.
pub const PRIORITIES: std::ops::RangeInclusive<i32> = -10..=10;

/// What the scheduler goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// What all jobs together may take.
    pub capacity: Resources,
    /// What the jobs of one organization may take.
    pub organization: Resources,
    /// The same for organizations named here.
    pub organizations: BTreeMap<Arc<str>, Resources>,
    /// What the jobs of one sandbox may take.
    pub sandbox: Resources,
    /// For each such time that a job has waited, its priority counts one more.
    pub aging: Duration,
}

impl Policy {
    /// What the jobs of an organization may take.
    #[must_use]
    pub fn quota(&self, organization: &str) -> Resources {
        let own = self.organizations.get(organization);
        own.copied().unwrap_or(self.organization)
    }

    /// The most that one job of an organization can ever be given.
    #[must_use]
    pub fn most(&self, organization: &str) -> Resources {
        let quota = self.quota(organization);
        self.capacity.least(&quota).least(&self.sandbox)
    }
}

/// A job, as the scheduler sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its name, unique.
    pub job: Arc<str>,
    /// Whose turn it takes, and whose quota.
    pub organization: Arc<str>,
    /// Its sandbox.
    pub sandbox: Arc<str>,
    /// One of [`PRIORITIES`].
    pub priority: i32,
    /// What it takes while it runs.
    pub needs: Resources,
    /// The longest it can run.
    pub wall_clock: Duration,
    /// When it was submitted.
    pub submitted: Moment,
}

/// A job asks for more than it can ever be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("asks for {asked} {resource}; one job of its organization is given at most {most}")]
pub struct NeverFits {
    /// The resource, such as `memory_bytes`.
    pub resource: &'static str,
    /// What it asks for.
    pub asked: u64,
    /// What can be had.
    pub most: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    request: Request,
    stand: Stand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Waiting,
    /// Not to be looked at before this moment.
    Delayed(Moment),
    /// Takes its needs until this moment at the latest.
    Running(Moment),
}

#[derive(Debug, Clone, Default)]
struct Sandbox {
    domain: Domain,
    buckets: BTreeMap<Shape, Bucket>,
    /// Jobs of it that the queue knows.
    jobs: usize,
}

#[derive(Debug, Clone, Default)]
struct Organization {
    domain: Domain,
    sandboxes: BTreeMap<Arc<str>, Sandbox>,
}

/// All jobs that wait or run.
#[derive(Debug, Clone)]
pub struct Queue {
    policy: Policy,
    node: Domain,
    organizations: BTreeMap<Arc<str>, Organization>,
    entries: HashMap<Ticket, Entry>,
    tickets: HashMap<Arc<str>, Ticket>,
    delayed: BTreeSet<(Moment, Ticket)>,
    /// The organization whose job waits for room with a reservation.
    turn: Option<Arc<str>>,
    last: (Ticket, Moment),
    revision: u64,
}

impl Queue {
    /// A queue with nothing in it.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            node: Domain::new(policy.capacity),
            policy,
            organizations: BTreeMap::new(),
            entries: HashMap::new(),
            tickets: HashMap::new(),
            delayed: BTreeSet::new(),
            turn: None,
            last: (Ticket(0), Moment(0)),
            revision: 0,
        }
    }

    /// Changes whenever what the queue holds does.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many jobs wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.entries.len() - self.running()
    }

    /// How many jobs run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.node.running()
    }

    /// What the jobs that run take together.
    #[must_use]
    pub fn used(&self) -> Resources {
        self.node.used()
    }

    /// Whether the job waits or runs here.
    #[must_use]
    pub fn knows(&self, job: &str) -> bool {
        self.tickets.contains_key(job)
    }

    /// Whether the job runs, as far as the queue knows.
    #[must_use]
    pub fn runs(&self, job: &str) -> bool {
        self.entry(job)
            .is_some_and(|(_, entry)| matches!(entry.stand, Stand::Running(_)))
    }

    /// Takes in a job that waits. One that is known already is left as it is.
    ///
    /// # Errors
    /// [`NeverFits`] when it would wait for ever.
    pub fn submit(&mut self, request: Request) -> Result<(), NeverFits> {
        if self.knows(&request.job) {
            return Ok(());
        }
        self.check(&request)?;
        let ticket = self.admit(request, Stand::Waiting);
        self.stand_in(ticket);
        Ok(())
    }

    /// Takes in a job that runs already and has to end at a moment. It is counted
    /// even where it exceeds what there is: it was started under other rules.
    pub fn adopt(&mut self, request: Request, ends: Moment) {
        if self.knows(&request.job) {
            return;
        }
        let ticket = self.admit(request, Stand::Waiting);
        self.occupy(ticket, ends);
    }

    /// Tells when a job that was started will have ended at the latest.
    pub fn ends(&mut self, job: &str, ends: Moment) {
        if let Some((ticket, entry)) = self.entry(job)
            && matches!(entry.stand, Stand::Running(known) if known != ends)
        {
            self.vacate(ticket);
            self.occupy(ticket, ends);
        }
    }

    /// Forgets a job, whether it waited or ran.
    pub fn remove(&mut self, job: &str) {
        let Some((ticket, entry)) = self.entry(job) else {
            return;
        };
        let organization = Arc::clone(&entry.request.organization);
        let sandbox = Arc::clone(&entry.request.sandbox);
        self.leave(ticket);
        self.entries.remove(&ticket);
        self.tickets.remove(job);
        self.sweep(&organization, &sandbox);
    }

    /// Lets a job that was started wait again, in its old place but not before a
    /// moment: what starts it failed, or is not there.
    pub fn put_back(&mut self, job: &str, not_before: Moment) {
        let Some((ticket, _)) = self.entry(job) else {
            return;
        };
        self.leave(ticket);
        self.delayed.insert((not_before, ticket));
        self.set(ticket, Stand::Delayed(not_before));
    }

    /// What a job waits for; `None` when it does not wait here.
    #[must_use]
    pub fn reason(&self, job: &str) -> Option<WaitingReason> {
        let (_, entry) = self.entry(job)?;
        match entry.stand {
            Stand::Running(_) => None,
            Stand::Delayed(_) => Some(WaitingReason::Retry),
            Stand::Waiting => Some(self.short_of(&entry.request)),
        }
    }

    /// How many jobs wait for what.
    #[must_use]
    pub fn reasons(&self) -> BTreeMap<&'static str, usize> {
        let mut counts: BTreeMap<&'static str, usize> = WaitingReason::ALL
            .into_iter()
            .map(|reason| (reason.as_str(), 0))
            .collect();
        let mut add = |reason: WaitingReason, number: usize| {
            *counts.entry(reason.as_str()).or_default() += number;
        };
        add(WaitingReason::Retry, self.delayed.len());
        for organization in self.organizations.values() {
            for sandbox in organization.sandboxes.values() {
                for (shape, bucket) in &sandbox.buckets {
                    let reason = self.short(organization, sandbox, &shape.needs);
                    add(reason, bucket.len());
                }
            }
        }
        counts
    }

    /// When the next job that is put off may be looked at again.
    #[must_use]
    pub fn next_look(&self) -> Option<Moment> {
        self.delayed.first().map(|(moment, _)| *moment)
    }

    fn check(&self, request: &Request) -> Result<(), NeverFits> {
        let most = self.policy.most(&request.organization);
        match request.needs.beyond(&most) {
            None => Ok(()),
            Some((resource, asked, most)) => Err(NeverFits {
                resource,
                asked,
                most,
            }),
        }
    }

    fn short_of(&self, request: &Request) -> WaitingReason {
        let organization = self.organizations.get(&request.organization);
        let sandbox = organization.and_then(|known| known.sandboxes.get(&request.sandbox));
        match (organization, sandbox) {
            (Some(organization), Some(sandbox)) => {
                self.short(organization, sandbox, &request.needs)
            }
            _ => WaitingReason::Accepted,
        }
    }

    fn short(
        &self,
        organization: &Organization,
        sandbox: &Sandbox,
        needs: &Resources,
    ) -> WaitingReason {
        if !needs.fits(&sandbox.domain.free()) {
            WaitingReason::SandboxBusy
        } else if !needs.fits(&organization.domain.free()) {
            WaitingReason::OrganizationQuota
        } else if !needs.fits(&self.node.free()) {
            WaitingReason::Capacity
        } else {
            WaitingReason::Reserved
        }
    }

    fn entry(&self, job: &str) -> Option<(Ticket, &Entry)> {
        let ticket = *self.tickets.get(job)?;
        Some((ticket, self.entries.get(&ticket)?))
    }

    /// Gives a ticket. Times of submission never go back from ticket to ticket,
    /// whatever the clock does: age orders jobs of one priority as tickets do.
    fn admit(&mut self, mut request: Request, stand: Stand) -> Ticket {
        let ticket = Ticket(self.last.0.0 + 1);
        request.submitted = request.submitted.max(self.last.1);
        request.priority = request
            .priority
            .clamp(*PRIORITIES.start(), *PRIORITIES.end());
        self.last = (ticket, request.submitted);
        let quota = self.policy.quota(&request.organization);
        let organization = self
            .organizations
            .entry(Arc::clone(&request.organization))
            .or_insert_with(|| Organization {
                domain: Domain::new(quota),
                sandboxes: BTreeMap::new(),
            });
        let sandbox = organization
            .sandboxes
            .entry(Arc::clone(&request.sandbox))
            .or_insert_with(|| Sandbox {
                domain: Domain::new(self.policy.sandbox),
                ..Sandbox::default()
            });
        sandbox.jobs += 1;
        self.tickets.insert(Arc::clone(&request.job), ticket);
        self.entries.insert(ticket, Entry { request, stand });
        self.revision += 1;
        ticket
    }

    fn set(&mut self, ticket: Ticket, stand: Stand) {
        if let Some(entry) = self.entries.get_mut(&ticket) {
            entry.stand = stand;
        }
        self.revision += 1;
    }

    /// Takes a job out of wherever it stands.
    fn leave(&mut self, ticket: Ticket) {
        match self.entries.get(&ticket).map(|entry| entry.stand) {
            Some(Stand::Waiting) => self.stand_out(ticket),
            Some(Stand::Running(_)) => self.vacate(ticket),
            Some(Stand::Delayed(until)) => {
                self.delayed.remove(&(until, ticket));
            }
            None => {}
        }
        self.revision += 1;
    }

    fn stand_in(&mut self, ticket: Ticket) {
        if let Some((entry, sandbox)) = self.home(ticket) {
            let bucket = sandbox.buckets.entry(Shape::of(&entry)).or_default();
            bucket.insert(entry.priority, ticket, entry.submitted);
        }
        self.set(ticket, Stand::Waiting);
    }

    fn stand_out(&mut self, ticket: Ticket) {
        if let Some((entry, sandbox)) = self.home(ticket) {
            let shape = Shape::of(&entry);
            if let Some(bucket) = sandbox.buckets.get_mut(&shape) {
                bucket.remove(entry.priority, ticket);
                if bucket.is_empty() {
                    sandbox.buckets.remove(&shape);
                }
            }
        }
    }

    fn home(&mut self, ticket: Ticket) -> Option<(Request, &mut Sandbox)> {
        let request = self.entries.get(&ticket)?.request.clone();
        let organization = self.organizations.get_mut(&request.organization)?;
        let sandbox = organization.sandboxes.get_mut(&request.sandbox)?;
        Some((request, sandbox))
    }

    fn occupy(&mut self, ticket: Ticket, ends: Moment) {
        self.each_domain(ticket, |domain, needs| domain.take(ticket, needs, ends));
        self.set(ticket, Stand::Running(ends));
    }

    fn vacate(&mut self, ticket: Ticket) {
        if let Some(Stand::Running(ends)) = self.entries.get(&ticket).map(|entry| entry.stand) {
            self.each_domain(ticket, |domain, _| domain.give_back(ticket, ends));
        }
    }

    fn each_domain(&mut self, ticket: Ticket, mut act: impl FnMut(&mut Domain, Resources)) {
        let Some(entry) = self.entries.get(&ticket) else {
            return;
        };
        let needs = entry.request.needs;
        act(&mut self.node, needs);
        let organization = self.organizations.get_mut(&entry.request.organization);
        if let Some(organization) = organization {
            act(&mut organization.domain, needs);
            if let Some(sandbox) = organization.sandboxes.get_mut(&entry.request.sandbox) {
                act(&mut sandbox.domain, needs);
            }
        }
    }

    /// Forgets a sandbox, and an organization, in which nothing is left.
    fn sweep(&mut self, organization: &str, sandbox: &str) {
        let Some(home) = self.organizations.get_mut(organization) else {
            return;
        };
        if let Some(inner) = home.sandboxes.get_mut(sandbox) {
            inner.jobs = inner.jobs.saturating_sub(1);
            if inner.jobs == 0 {
                home.sandboxes.remove(sandbox);
            }
        }
        if home.sandboxes.is_empty() {
            self.organizations.remove(organization);
        }
    }
}
