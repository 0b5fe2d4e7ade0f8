//! What bounds a group of jobs: the machine, an organization, a sandbox.

use std::collections::BTreeMap;

use super::waiting::Ticket;
use super::{Moment, Resources};

/// A limit, and what is taken of it until when.
#[derive(Debug, Clone, Default)]
pub(super) struct Domain {
    limit: Resources,
    used: Resources,
    /// In the order in which they are over at the latest.
    running: BTreeMap<(Moment, Ticket), Resources>,
}

impl Domain {
    pub fn new(limit: Resources) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub fn used(&self) -> Resources {
        self.used
    }

    pub fn running(&self) -> usize {
        self.running.len()
    }

    pub fn free(&self) -> Resources {
        self.limit.minus(&self.used)
    }

    pub fn take(&mut self, ticket: Ticket, needs: Resources, ends: Moment) {
        self.used = self.used.plus(&needs);
        self.running.insert((ends, ticket), needs);
    }

    pub fn give_back(&mut self, ticket: Ticket, ends: Moment) {
        if let Some(needs) = self.running.remove(&(ends, ticket)) {
            self.used = self.used.minus(&needs);
        }
    }

    /// The moment from which on there is room at the latest, when nothing else is
    /// started; a job that should be over already is taken to end any moment.
    pub fn opens(&self, needs: &Resources, now: Moment) -> Moment {
        let mut used = self.used;
        let mut at = now;
        let mut running = self.running.iter();
        while !needs.fits(&self.limit.minus(&used)) {
            let Some(((ends, _), given)) = running.next() else {
                return Moment(u64::MAX);
            };
            used = used.minus(given);
            at = at.max(*ends);
        }
        at
    }

    /// What is free at a moment, when nothing else is started.
    pub fn free_at(&self, at: Moment) -> Resources {
        let over = self.running.iter().take_while(|((ends, _), _)| *ends <= at);
        let used = over.fold(self.used, |used, (_, needs)| used.minus(needs));
        self.limit.minus(&used)
    }

    /// For forecasts: what is taken, with the moments at which it is given back.
    pub fn taken(&self) -> impl Iterator<Item = (Moment, Resources)> + '_ {
        self.running
            .iter()
            .map(|((ends, _), needs)| (*ends, *needs))
    }

    pub fn limit(&self) -> Resources {
        self.limit
    }
}
