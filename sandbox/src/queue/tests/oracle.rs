//! The same scheduler by brute force: every job in one list, every question asked
//! of all of them. What "delays" means is tried out here rather than computed.

use super::*;

#[derive(Debug, Clone, PartialEq)]
pub enum Stand {
    Waiting,
    Delayed(u64),
    Running(u64),
}

#[derive(Debug, Clone)]
pub struct Known {
    pub request: Request,
    pub stand: Stand,
}

#[derive(Debug, Clone)]
pub struct Oracle {
    pub policy: Policy,
    /// In the order of submission.
    pub jobs: Vec<Known>,
    pub turn: Option<Arc<str>>,
}

fn ends(job: &Known) -> Option<u64> {
    match job.stand {
        Stand::Running(ends) => Some(ends),
        _ => None,
    }
}

impl Oracle {
    fn same(&self, one: &Request, other: &Request, depth: usize) -> bool {
        depth == 0
            || (one.organization == other.organization
                && (depth == 1 || one.sandbox == other.sandbox))
    }

    fn limit(&self, of: &Request, depth: usize) -> Resources {
        match depth {
            0 => self.policy.capacity,
            1 => self.policy.quota(&of.organization),
            _ => self.policy.sandbox,
        }
    }

    /// Whether there is room for a job in its machine (0), organization (1), sandbox
    /// (2) at a later time, when what runs now has ended at its limit.
    fn room(&self, job: &Request, depth: usize, at: u64) -> bool {
        let runs = self.jobs.iter().filter(|known| {
            self.same(&known.request, job, depth) && ends(known).is_some_and(|ends| ends > at)
        });
        let used = runs.fold(Resources::default(), |sum, known| {
            sum.plus(&known.request.needs)
        });
        job.needs.plus(&used).fits(&self.limit(job, depth))
    }

    /// Whether there is room now, with all that runs.
    pub fn fits(&self, job: &Request, depth: usize) -> bool {
        let runs = self
            .jobs
            .iter()
            .filter(|known| self.same(&known.request, job, depth) && ends(known).is_some());
        let used = runs.fold(Resources::default(), |sum, known| {
            sum.plus(&known.request.needs)
        });
        job.needs.plus(&used).fits(&self.limit(job, depth))
    }

    pub fn within_quotas(&self, job: &Request) -> bool {
        self.fits(job, 1) && self.fits(job, 2)
    }

    /// The earliest time at which a job has room in these domains.
    pub fn earliest(&self, job: &Request, depths: &[usize], now: u64) -> u64 {
        if depths.iter().all(|depth| self.fits(job, *depth)) {
            return now;
        }
        let mut times: Vec<u64> = self
            .jobs
            .iter()
            .filter_map(ends)
            .map(|ends| ends.max(now))
            .collect();
        times.sort_unstable();
        let fits = |at: &u64| depths.iter().all(|depth| self.room(job, *depth, *at));
        times.into_iter().find(fits).unwrap()
    }

    /// Whether starting a job now would put off another one.
    fn delays(&self, job: &Request, other: &Request, depths: &[usize], now: u64) -> bool {
        let mut then = self.clone();
        then.set(
            &job.job,
            Stand::Running(now + job.wall_clock.as_millis() as u64),
        );
        then.earliest(other, depths, now) > self.earliest(other, depths, now)
    }

    pub fn set(&mut self, job: &str, stand: Stand) {
        let known = self
            .jobs
            .iter_mut()
            .find(|known| &*known.request.job == job);
        known.unwrap().stand = stand;
    }

    fn level(&self, job: &Request, now: u64) -> i32 {
        let raised = (now - job.submitted.0) / self.policy.aging.as_millis() as u64;
        (job.priority + raised as i32).min(10)
    }

    /// The waiting jobs of an organization, the first one first.
    pub fn line(&self, organization: &str, now: u64) -> Vec<Request> {
        let waits = |known: &&Known| {
            known.stand == Stand::Waiting && &*known.request.organization == organization
        };
        let mut line: Vec<Request> = self
            .jobs
            .iter()
            .filter(waits)
            .map(|known| known.request.clone())
            .collect();
        line.sort_by_key(|job| -self.level(job, now));
        line
    }

    pub fn share(&self, organization: &str) -> Share {
        let runs = self
            .jobs
            .iter()
            .filter(|known| ends(known).is_some() && &*known.request.organization == organization);
        let used = runs.fold(Resources::default(), |sum, known| {
            sum.plus(&known.request.needs)
        });
        used.share_of(&self.policy.capacity)
    }

    fn place(&self, job: &Request) -> usize {
        self.jobs
            .iter()
            .position(|known| known.request.job == job.job)
            .unwrap()
    }

    pub fn next(&mut self, now: u64) -> Option<Start> {
        for known in &mut self.jobs {
            if matches!(known.stand, Stand::Delayed(until) if until <= now) {
                known.stand = Stand::Waiting;
            }
        }
        let running = self
            .jobs
            .iter()
            .filter(|known| ends(known).is_some())
            .count();
        if running as u64 >= self.policy.capacity.slots {
            return None;
        }
        let names: BTreeSet<Arc<str>> = self
            .jobs
            .iter()
            .map(|known| Arc::clone(&known.request.organization))
            .collect();
        let mut candidates: Vec<Request> = Vec::new();
        let held_back = |job: &Request| {
            let line = self.line(&job.organization, now);
            let head = line.first().unwrap();
            !self.within_quotas(head) && head.job != job.job && self.delays(job, head, &[1, 2], now)
        };
        for name in &names {
            let line = self.line(name, now);
            let open = line
                .iter()
                .find(|job| self.within_quotas(job) && !held_back(job));
            candidates.extend(open.cloned());
        }
        candidates.sort_by_key(|job| (self.share(&job.organization), self.place(job)));
        let first = candidates
            .iter()
            .find(|job| Some(&job.organization) == self.turn.as_ref())
            .or(candidates.first());
        let Some(first) = first.cloned() else {
            self.turn = None;
            return None;
        };
        let (chosen, way) = if self.fits(&first, 0) {
            (Some(first.clone()), Way::Turn)
        } else {
            let passes = |job: &Request| {
                self.fits(job, 0)
                    && self.within_quotas(job)
                    && !held_back(job)
                    && !self.delays(job, &first, &[0, 1, 2], now)
            };
            let lines = candidates
                .iter()
                .map(|one| self.line(&one.organization, now));
            (lines.flatten().find(passes), Way::Backfill)
        };
        self.turn = (way == Way::Backfill).then(|| Arc::clone(&first.organization));
        let job = chosen?;
        self.set(
            &job.job,
            Stand::Running(now + job.wall_clock.as_millis() as u64),
        );
        Some(Start { job: job.job, way })
    }
}
