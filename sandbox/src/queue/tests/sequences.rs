//! Random sequences of events, decided by the scheduler and by the oracle.

use proptest::prelude::*;
use proptest::sample::Index;

use super::oracle::{Known, Oracle, Stand};
use super::*;

#[derive(Debug, Clone)]
enum Event {
    Submit {
        organization: u8,
        sandbox: u8,
        priority: i32,
        needs: Resources,
        minutes: u64,
    },
    /// A running job ends before its limit.
    End(Index),
    /// A waiting one is cancelled.
    Cancel(Index),
    /// A running one could not be started and waits again, for so many seconds.
    PutBack(Index, u64),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let needs = (1..9_u64, 1..9_u64, 0..5_u64).prop_map(|(cpu, memory, disk)| Resources {
        cpu_millis: cpu * 500,
        memory_bytes: memory,
        disk_bytes: disk,
        slots: 1,
    });
    let submit = (0..4_u8, 0..2_u8, -3..4_i32, needs, 1..40_u64).prop_map(
        |(organization, sandbox, priority, needs, minutes)| Event::Submit {
            organization,
            sandbox,
            priority,
            needs,
            minutes,
        },
    );
    prop_oneof![
        8 => submit,
        3 => any::<Index>().prop_map(Event::End),
        1 => any::<Index>().prop_map(Event::Cancel),
        1 => (any::<Index>(), 0..90_u64).prop_map(|(which, pause)| Event::PutBack(which, pause)),
        4 => (0..15 * MINUTE).prop_map(Event::Pass),
    ]
}

fn rules() -> impl Strategy<Value = Policy> {
    (2..6_u64, 1..5_u64, 1..4_u64, any::<bool>()).prop_map(|(slots, quota, sandbox, tight)| {
        let capacity = Resources {
            cpu_millis: 6000,
            memory_bytes: 10,
            disk_bytes: 8,
            slots,
        };
        let mut rules = policy(capacity);
        rules.aging = Duration::from_secs(300);
        if tight {
            rules.organization = Resources {
                slots: quota,
                memory_bytes: 9,
                ..Resources::UNLIMITED
            };
            rules.sandbox.slots = sandbox;
            let named = Resources {
                cpu_millis: 5000,
                ..Resources::UNLIMITED
            };
            rules.organizations.insert("o1".into(), named);
        }
        rules
    })
}

struct Trial {
    queue: Queue,
    oracle: Oracle,
    now: u64,
    submitted: u64,
}

impl Trial {
    fn new(policy: Policy) -> Self {
        Self {
            queue: Queue::new(policy.clone()),
            oracle: Oracle {
                policy,
                jobs: Vec::new(),
                turn: None,
            },
            now: 0,
            submitted: 0,
        }
    }

    fn pick(&self, which: Index, stand: impl Fn(&Stand) -> bool) -> Option<Arc<str>> {
        let those: Vec<&Known> = self
            .oracle
            .jobs
            .iter()
            .filter(|job| stand(&job.stand))
            .collect();
        (!those.is_empty()).then(|| Arc::clone(&which.get(&those).request.job))
    }

    fn remove(&mut self, job: &str) {
        self.queue.remove(job);
        self.oracle.jobs.retain(|known| &*known.request.job != job);
    }

    fn apply(&mut self, event: Event) {
        let runs = |stand: &Stand| matches!(stand, Stand::Running(_));
        match event {
            Event::Submit {
                organization,
                sandbox,
                priority,
                needs,
                minutes,
            } => {
                self.submitted += 1;
                let request = Request {
                    job: format!("j{}", self.submitted).into(),
                    organization: format!("o{organization}").into(),
                    sandbox: format!("o{organization}/s{sandbox}").into(),
                    priority,
                    needs,
                    wall_clock: Duration::from_secs(minutes * 60),
                    submitted: Moment(self.now),
                };
                if self.queue.submit(request.clone()).is_ok() {
                    let stand = Stand::Waiting;
                    self.oracle.jobs.push(Known { request, stand });
                }
            }
            Event::End(which) => {
                if let Some(job) = self.pick(which, runs) {
                    self.remove(&job);
                }
            }
            Event::Cancel(which) => {
                if let Some(job) = self.pick(which, |stand| *stand == Stand::Waiting) {
                    self.remove(&job);
                }
            }
            Event::PutBack(which, seconds) => {
                if let Some(job) = self.pick(which, runs) {
                    let until = self.now + seconds * SECOND;
                    self.queue.put_back(&job, Moment(until));
                    self.oracle.set(&job, Stand::Delayed(until));
                }
            }
            Event::Pass(millis) => {
                self.now += millis;
                self.end_at_limits();
            }
        }
    }

    fn end_at_limits(&mut self) {
        let over = |known: &&Known| matches!(known.stand, Stand::Running(ends) if ends <= self.now);
        let names: Vec<Arc<str>> = self
            .oracle
            .jobs
            .iter()
            .filter(over)
            .map(|known| Arc::clone(&known.request.job))
            .collect();
        for name in names {
            self.remove(&name);
        }
    }

    /// Starts what can start, and looks at every decision.
    fn decide(&mut self) -> Vec<Start> {
        let mut started = Vec::new();
        loop {
            let before = self.queue.reserved(Moment(self.now));
            let expected = self.oracle.next(self.now);
            let start = self.queue.next(Moment(self.now));
            assert_eq!(start, expected, "at {} after {started:?}", self.now);
            let after = self.queue.reserved(Moment(self.now));
            if let (Some((one, at)), Some((other, then))) = (before, after)
                && one == other
            {
                assert!(
                    then <= at,
                    "the reservation of {one} went from {at:?} to {then:?}"
                );
            }
            self.within_limits();
            let Some(start) = start else { return started };
            started.push(start);
        }
    }

    fn within_limits(&self) {
        let sum = |of: &dyn Fn(&Request) -> bool| {
            let runs = self
                .oracle
                .jobs
                .iter()
                .filter(|known| self.queue.runs(&known.request.job) && of(&known.request));
            runs.fold(Resources::default(), |sum, known| {
                sum.plus(&known.request.needs)
            })
        };
        let policy = &self.oracle.policy;
        assert!(sum(&|_| true).fits(&policy.capacity));
        assert_eq!(sum(&|_| true), self.queue.used());
        for known in &self.oracle.jobs {
            let (one, sandbox) = (&known.request.organization, &known.request.sandbox);
            assert!(sum(&|job| job.organization == *one).fits(&policy.quota(one)));
            assert!(sum(&|job| job.sandbox == *sandbox).fits(&policy.sandbox));
        }
    }

    /// A waiting job has a reason that is true, and a place of its own.
    fn told(&self) {
        let forecast = self.queue.forecast(Moment(self.now));
        let mut positions = Vec::new();
        for known in &self.oracle.jobs {
            let job = &known.request;
            let place = forecast.place(&job.job);
            assert_eq!(place.is_none(), matches!(known.stand, Stand::Running(_)));
            let Some(place) = place else { continue };
            positions.push(place.position);
            assert!(place.start.0 >= self.now);
            let expected = if matches!(known.stand, Stand::Delayed(_)) {
                WaitingReason::Retry
            } else if !self.oracle.fits(job, 2) {
                WaitingReason::SandboxBusy
            } else if !self.oracle.fits(job, 1) {
                WaitingReason::OrganizationQuota
            } else if !self.oracle.fits(job, 0) {
                WaitingReason::Capacity
            } else {
                WaitingReason::Reserved
            };
            assert_eq!(self.queue.reason(&job.job), Some(expected));
        }
        positions.sort_unstable();
        let all: Vec<u32> = (1..).take(positions.len()).collect();
        assert_eq!(positions, all);
        assert_eq!(self.queue.waiting(), all.len());
        assert_eq!(self.queue.reasons().values().sum::<usize>(), all.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Every decision is the one that looking at everything comes to; nothing
    /// exceeds what there is; nothing puts off a reservation; places are true.
    #[test]
    fn decisions_are_those_of_the_oracle(
        policy in rules(),
        events in proptest::collection::vec(event(), 1..50),
    ) {
        let mut trial = Trial::new(policy.clone());
        let mut again = Queue::new(policy);
        for event in events {
            trial.apply(event);
            trial.decide();
            trial.told();
        }
        // From scratch, with the same jobs in the same order, the same are known.
        for known in &trial.oracle.jobs {
            match known.stand {
                Stand::Running(ends) => again.adopt(known.request.clone(), Moment(ends)),
                _ => again.submit(known.request.clone()).unwrap(),
            }
        }
        prop_assert_eq!(again.used(), trial.queue.used());
        prop_assert_eq!(again.waiting(), trial.queue.waiting());
    }

    /// The turn goes to the smallest dominant share, and what starts by turn where
    /// no reservation is kept belongs to it.
    #[test]
    fn the_smallest_dominant_share_goes_first(
        events in proptest::collection::vec(event(), 1..40),
    ) {
        let capacity = Resources { cpu_millis: 6000, memory_bytes: 10, disk_bytes: 8, slots: 4 };
        let mut trial = Trial::new(policy(capacity));
        for event in events {
            trial.apply(event);
            loop {
                let kept = trial.queue.turn.is_some();
                let shares: BTreeMap<Arc<str>, Share> = trial.oracle.jobs.iter()
                    .map(|known| &known.request.organization)
                    .map(|name| (Arc::clone(name), trial.oracle.share(name)))
                    .collect();
                let waits: BTreeSet<Arc<str>> = trial.oracle.jobs.iter()
                    .filter(|known| !matches!(known.stand, Stand::Running(_) | Stand::Delayed(_)))
                    .map(|known| Arc::clone(&known.request.organization))
                    .collect();
                trial.oracle.next(trial.now);
                let Some(start) = trial.queue.next(Moment(trial.now)) else { break };
                if start.way == Way::Turn && !kept {
                    let job = trial.oracle.jobs.iter().find(|known| known.request.job == start.job);
                    let own = shares[&job.unwrap().request.organization];
                    prop_assert!(waits.iter().all(|name| shares[name] >= own));
                }
            }
        }
    }
}

/// A big job of low priority starts although small ones of the highest priority, of
/// its own organization and of others, keep coming and would fit before it.
#[test]
fn nothing_starves() {
    for seed in 0..20_u64 {
        let mut rules = policy(resources(4000, 100, 4));
        rules.aging = Duration::from_secs(60);
        let mut queue = Queue::new(rules);
        let big = Request {
            priority: -10,
            ..job("a/s/big", 4000, 1, 30)
        };
        queue.submit(big).unwrap();
        let mut running: Vec<(u64, Arc<str>)> = Vec::new();
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut draw = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        // Twenty levels of a minute each, what runs then, and a turn of each organization.
        let bound = 120 * MINUTE;
        let mut now = 0;
        for number in 0_u64.. {
            assert!(
                now <= bound,
                "seed {seed}: the big job did not start by {now}"
            );
            let name = format!("{}/s/{number}", ["a", "b", "c", "d"][draw(4) as usize]);
            let small = Request {
                priority: 10,
                submitted: Moment(now),
                ..job(&name, 1000 + draw(2) * 1000, 1, 1 + draw(10))
            };
            queue.submit(small).unwrap();
            let over: Vec<Arc<str>> = running
                .extract_if(.., |(ends, _)| *ends <= now)
                .map(|(_, name)| name)
                .collect();
            over.iter().for_each(|name| queue.remove(name));
            while let Some(start) = queue.next(Moment(now)) {
                let request = &queue.entry(&start.job).unwrap().1.request;
                running.push((Moment(now).after(request.wall_clock).0, start.job));
            }
            if queue.runs("a/s/big") {
                break;
            }
            now += 20 * SECOND;
        }
    }
}
