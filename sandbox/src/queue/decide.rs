//! One decision: which job starts now, if any.

use std::sync::Arc;

use super::domain::Domain;
use super::resources::Share;
use super::waiting::{Rank, Shape, Ticket};
use super::{Moment, Organization, Queue, Resources, Sandbox, Stand};

/// A job that starts now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its name.
    pub job: Arc<str>,
    /// Why it, and not another.
    pub way: Way,
}

/// How a job came to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It was its turn.
    Turn,
    /// It passes the job whose turn it is, which has no room yet and is not delayed.
    Backfill,
}

/// Room that is kept for a job from a moment on.
#[derive(Debug, Clone)]
struct Reservation<'a> {
    at: Moment,
    organization: &'a str,
    sandbox: &'a str,
    /// What is left then beside the job; of the machine only when it has the turn.
    node: Option<Resources>,
    of_organization: Resources,
    of_sandbox: Resources,
}

impl Reservation<'_> {
    /// Whether a job that starts now leaves the room untouched: because it is over
    /// by then, or because there is enough for both.
    fn allows(&self, pick: &Pick<'_>, now: Moment) -> bool {
        let needs = &pick.shape.needs;
        if now.after(pick.shape.wall_clock) <= self.at {
            return true;
        }
        let same_organization = *self.organization == **pick.organization;
        let same_sandbox = same_organization && self.sandbox == pick.sandbox;
        self.node.is_none_or(|spare| needs.fits(&spare))
            && (!same_organization || needs.fits(&self.of_organization))
            && (!same_sandbox || needs.fits(&self.of_sandbox))
    }
}

/// The first job of a bucket.
#[derive(Debug, Clone, Copy)]
struct Pick<'a> {
    rank: Rank,
    organization: &'a Arc<str>,
    sandbox: &'a str,
    shape: &'a Shape,
    home: (&'a Organization, &'a Sandbox),
}

impl<'a> Pick<'a> {
    fn within_quotas(&self) -> bool {
        let needs = &self.shape.needs;
        needs.fits(&self.home.1.domain.free()) && needs.fits(&self.home.0.domain.free())
    }

    /// The room that is kept for it within its quotas, and on the machine if given.
    fn reservation(&self, node: Option<&Domain>, now: Moment) -> Reservation<'a> {
        let needs = &self.shape.needs;
        let (organization, sandbox) = (&self.home.0.domain, &self.home.1.domain);
        let domains = [Some(organization), Some(sandbox), node];
        let opens = domains.into_iter().flatten().map(|d| d.opens(needs, now));
        let at = opens.max().unwrap_or(now);
        Reservation {
            at,
            organization: self.organization,
            sandbox: self.sandbox,
            node: node.map(|node| node.free_at(at).minus(needs)),
            of_organization: organization.free_at(at).minus(needs),
            of_sandbox: sandbox.free_at(at).minus(needs),
        }
    }
}

/// An organization that has a job which its quotas would let start.
struct Contender<'a> {
    share: Share,
    candidate: Pick<'a>,
    picks: Vec<Pick<'a>>,
    /// Kept for its first job, when that one waits for a quota.
    guard: Option<Reservation<'a>>,
}

impl Queue {
    /// Starts one more job, if one can start now; call it until it says `None`.
    pub fn next(&mut self, now: Moment) -> Option<Start> {
        self.look_again(now);
        if self.node.free().slots == 0 {
            return None;
        }
        let mut turn = self.turn.clone();
        let chosen = self.choose(&mut turn, now);
        self.turn = turn;
        let (ticket, way) = chosen?;
        let request = &self.entries.get(&ticket)?.request;
        let (job, ends) = (Arc::clone(&request.job), now.after(request.wall_clock));
        self.leave(ticket);
        self.occupy(ticket, ends);
        Some(Start { job, way })
    }

    /// The moment by which the job whose turn it is has room at the latest.
    #[must_use]
    pub fn reserved(&self, now: Moment) -> Option<(Arc<str>, Moment)> {
        let turn = self.turn.as_ref()?;
        let (name, organization) = self.organizations.get_key_value(turn)?;
        let contender = self.contender(name, organization, now)?;
        let at = contender.candidate.reservation(Some(&self.node), now).at;
        let entry = self.entries.get(&contender.candidate.rank.1)?;
        Some((Arc::clone(&entry.request.job), at))
    }

    fn look_again(&mut self, now: Moment) {
        while let Some((until, ticket)) = self.delayed.first().copied()
            && until <= now
        {
            self.delayed.remove(&(until, ticket));
            self.set(ticket, Stand::Waiting);
            self.stand_in(ticket);
        }
    }

    fn choose(&self, turn: &mut Option<Arc<str>>, now: Moment) -> Option<(Ticket, Way)> {
        let mut contenders: Vec<Contender<'_>> = self
            .organizations
            .iter()
            .filter_map(|(name, organization)| self.contender(name, organization, now))
            .collect();
        contenders.sort_by_key(|one| (one.share, one.candidate.rank.1));
        let kept = contenders
            .iter()
            .find(|one| turn.as_ref() == Some(one.candidate.organization));
        let first = kept.or_else(|| contenders.first());
        let Some(first) = first.map(|one| one.candidate) else {
            *turn = None;
            return None;
        };
        let free = self.node.free();
        if first.shape.needs.fits(&free) {
            *turn = None;
            return Some((first.rank.1, Way::Turn));
        }
        *turn = Some(Arc::clone(first.organization));
        let held = first.reservation(Some(&self.node), now);
        contenders.iter().find_map(|one| {
            let passes = one.picks.iter().filter(|pick| {
                pick.shape.needs.fits(&free)
                    && pick.within_quotas()
                    && held.allows(pick, now)
                    && one
                        .guard
                        .as_ref()
                        .is_none_or(|guard| guard.allows(pick, now))
            });
            let best = passes.min_by_key(|pick| pick.rank)?;
            Some((best.rank.1, Way::Backfill))
        })
    }

    fn contender<'a>(
        &'a self,
        name: &'a Arc<str>,
        organization: &'a Organization,
        now: Moment,
    ) -> Option<Contender<'a>> {
        let aging = self.policy.aging;
        let picks: Vec<Pick<'a>> = organization
            .sandboxes
            .iter()
            .flat_map(|(sandbox, inner)| {
                inner.buckets.iter().filter_map(move |(shape, bucket)| {
                    Some(Pick {
                        rank: bucket.first(now, aging)?,
                        organization: name,
                        sandbox,
                        shape,
                        home: (organization, inner),
                    })
                })
            })
            .collect();
        let head = picks.iter().min_by_key(|pick| pick.rank)?;
        let guard = (!head.within_quotas()).then(|| head.reservation(None, now));
        let free = picks.iter().filter(|pick| {
            pick.within_quotas() && guard.as_ref().is_none_or(|guard| guard.allows(pick, now))
        });
        let candidate = *free.min_by_key(|pick| pick.rank)?;
        Some(Contender {
            share: organization.domain.used().share_of(&self.policy.capacity),
            candidate,
            picks,
            guard,
        })
    }
}
