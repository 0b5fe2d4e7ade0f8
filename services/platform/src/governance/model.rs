//! Random lives of libraries, systems, sandboxes and grants, with the real records, transitions and policies, beside a second
//! implementation of the rules that is as plain as can be: no job may ever run where the plain one says no.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use sandyq_access::Policies;
use time::{Duration, OffsetDateTime};

use self::made::{Random, library, rule, sandbox, system, version};
use super::libraries::{lendable_purpose, within_terms};
use super::purposes::Purposes;
use crate::records::access::{Conditions, Grant, GrantEvent, GrantState};
use crate::records::library::{Library, Version, VersionEvent, VersionState};
use crate::records::sandbox::{Sandbox, SandboxEvent, SandboxState, Stage};
use crate::records::system::{RiskClass, System, SystemEvent, SystemState};
use crate::usage::{self, Facts};

mod made;

const SEQUENCES: u64 = 2000;
const STEPS: usize = 25;
/// Jobs that run at one time.
const MOST_RUNNING: usize = 2;
const PURPOSES: [&str; 6] = [
    "research",
    "research.health",
    "research.health.lungs",
    "statistics",
    "development.training",
    "researching",
];
const LENT: [&str; 4] = ["research", "research", "statistics", "development.training"];
const STAGES: [Stage; 3] = [Stage::Development, Stage::Training, Stage::TrialOperation];
const RISKS: [RiskClass; 3] = [RiskClass::Minimal, RiskClass::Medium, RiskClass::High];
const USERS: [&str; 3] = ["users/a", "users/b", "users/c"];
const ORGANIZATIONS: [&str; 2] = ["organizations/lab", "organizations/rival"];

#[derive(Clone)]
struct Run {
    sandbox: usize,
    version: usize,
    grant: usize,
    requester: &'static str,
    purpose: &'static str,
}

struct World {
    now: OffsetDateTime,
    libraries: Vec<Library>,
    versions: Vec<Version>,
    systems: Vec<System>,
    sandboxes: Vec<Sandbox>,
    grants: Vec<Grant>,
    running: Vec<Run>,
    purposes: Purposes,
}

impl World {
    fn new(random: &mut Random) -> Self {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        Self {
            now,
            libraries: (0..2).map(|n| library(n, random, now)).collect(),
            versions: (0..4).map(|n| version(n, random)).collect(),
            systems: (0..3).map(|n| system(n, random)).collect(),
            sandboxes: (0..3).map(|n| sandbox(n, random, now)).collect(),
            grants: Vec::new(),
            running: Vec::new(),
            purposes: Purposes::load(std::path::Path::new("/nowhere"), None).unwrap(),
        }
    }

    /// As the policies say.
    fn allowed(&self, policies: &Policies, run: &Run) -> bool {
        let version = &self.versions[run.version];
        let facts = Facts {
            sandbox: &self.sandboxes[run.sandbox],
            system: &self.systems[run.sandbox],
            version,
            library: &self.libraries[run.version / 2],
            requester: run.requester,
            purpose: run.purpose,
        };
        let grant = self.grants.get(run.grant);
        let question = usage::question(facts, &self.purposes, grant, self.now);
        policies.decide_use(&question).allowed
    }

    /// As the plain rules say; shares nothing with the policies but the records.
    fn plainly(&self, run: &Run) -> Result<(), &'static str> {
        let (sandbox, system) = (&self.sandboxes[run.sandbox], &self.systems[run.sandbox]);
        let version = &self.versions[run.version];
        let declared = &self.libraries[run.version / 2].declared;
        let rule = &declared.access;
        let Some(grant) = self.grants.get(run.grant) else {
            return Err("no grant");
        };
        let below = |purpose: &str, above: &str| {
            purpose == above || purpose.starts_with(&format!("{above}."))
        };
        let lent = &self.libraries[run.version / 2].purposes;
        let training = sandbox.stage == Stage::Training || run.purpose == "development.training";
        let held = [
            (grant.state == GrantState::Active, "grant not active"),
            (grant.expire_time > self.now, "grant over"),
            (grant.sandbox == sandbox.name, "another sandbox"),
            (grant.version == version.name, "another version"),
            (below(run.purpose, &grant.purpose), "outside the grant"),
            (
                lent.iter().any(|above| below(run.purpose, above)),
                "outside the library",
            ),
            (version.state == VersionState::Published, "version"),
            (sandbox.state == SandboxState::Active, "sandbox"),
            (sandbox.expire_time > self.now, "sandbox over"),
            (system.state == SystemState::Registered, "system"),
            (
                rule.organizations.is_empty() || rule.organizations.contains(&sandbox.organization),
                "organization",
            ),
            (
                rule.developers.is_empty() || rule.developers.iter().any(|d| d == run.requester),
                "developer",
            ),
            (
                rule.stages.is_empty() || rule.stages.contains(&sandbox.stage),
                "stage",
            ),
            (
                rule.trial_use || sandbox.stage != Stage::TrialOperation,
                "trial",
            ),
            (
                rule.max_risk_class
                    .is_none_or(|most| system.risk_class <= most),
                "risk",
            ),
            (version.measured_k >= rule.min_k, "k"),
            (!rule.aggregate_only, "aggregate"),
            (!(declared.training_reserved && training), "training"),
            (
                declared
                    .consent_expire_time
                    .is_none_or(|end| end > self.now),
                "consent",
            ),
            (
                declared
                    .purpose_expire_time
                    .is_none_or(|end| end > self.now),
                "purpose over",
            ),
        ];
        match held.into_iter().find(|(holds, _)| !holds) {
            Some((_, why)) => Err(why),
            None => Ok(()),
        }
    }

    fn request(&mut self, random: &mut Random) {
        let (sandbox, version) = (random.below(3), random.below(4));
        let library = &self.libraries[version / 2];
        // Mostly what could be given, now and then what could not.
        let mut purpose = random.of(&PURPOSES);
        for _ in 0..4 {
            if !purpose.starts_with(library.purposes[0].as_str()) {
                purpose = random.of(&PURPOSES);
            }
        }
        let end = self.now + Duration::seconds(random.below(45) as i64 - 3);
        let asked = lendable_purpose("purpose", purpose, library, &self.purposes)
            .and_then(|_| within_terms("end", end, &library.declared, self.now));
        let declared = &library.declared;
        if asked.is_ok() {
            // What was taken in never outlasts consent, purposes or the owner's longest term.
            let ends = [declared.consent_expire_time, declared.purpose_expire_time];
            assert!(ends.into_iter().flatten().all(|last| end <= last));
            let longest = declared.access.max_term_seconds.unwrap_or(u64::MAX);
            assert!((end - self.now).whole_seconds() <= i64::try_from(longest).unwrap_or(i64::MAX));
        }
        let sandbox = &self.sandboxes[sandbox];
        if asked.is_err() || end <= self.now || end > sandbox.expire_time {
            return;
        }
        self.grants.push(Grant {
            name: format!("grants/g{}", self.grants.len()),
            version: self.versions[version].name.clone(),
            sandbox: sandbox.name.clone(),
            purpose: purpose.to_owned(),
            justification: String::new(),
            expire_time: end,
            conditions: Conditions::default(),
            state: GrantState::Requested,
            decision_reason: String::new(),
            requester: random.of(&USERS).to_owned(),
            decider: String::new(),
            owner_organization: String::new(),
            requesting_organization: sandbox.organization.clone(),
            approvals: Vec::new(),
            renewal: None,
            denied_renewal: None,
        });
    }

    fn decide(&mut self, random: &mut Random) {
        if self.grants.is_empty() {
            return;
        }
        let grant = random.below(self.grants.len());
        let event = random.of(&[
            GrantEvent::Approve,
            GrantEvent::Approve,
            GrantEvent::Approve,
            GrantEvent::Approve,
            GrantEvent::Deny,
            GrantEvent::Revoke,
        ]);
        // Who waits longest is often answered first.
        let waiting = self
            .grants
            .iter()
            .position(|g| g.state == GrantState::Requested);
        let grant = waiting.filter(|_| !random.one_in(3)).unwrap_or(grant);
        let grant = &mut self.grants[grant];
        if let Ok(state) = grant.state.after(event) {
            grant.state = state;
        }
    }

    /// Time passes; terms end as `expiry` ends them.
    fn pass(&mut self, time: Duration) {
        self.now += time;
        for grant in &mut self.grants {
            if grant.expire_time <= self.now
                && let Ok(state) = grant.state.after(GrantEvent::Expire)
            {
                grant.state = state;
            }
        }
        for sandbox in &mut self.sandboxes {
            if sandbox.expire_time <= self.now
                && let Ok(state) = sandbox.state.after(SandboxEvent::Expire)
            {
                sandbox.state = state;
            }
        }
    }

    fn change(&mut self, random: &mut Random) {
        match random.below(5) {
            0 => {
                let version = &mut self.versions[random.below(4)];
                if let Ok(state) = version.state.after(VersionEvent::Retire)
                    && random.one_in(3)
                {
                    version.state = state;
                }
            }
            1 | 2 => {
                let event = random.of(&[
                    SystemEvent::Suspend,
                    SystemEvent::Resume,
                    SystemEvent::Resume,
                    SystemEvent::Revise,
                    SystemEvent::Submit,
                    SystemEvent::Register,
                    SystemEvent::Register,
                ]);
                let system = &mut self.systems[random.below(3)];
                if let Ok(state) = system.state.after(event) {
                    system.state = state;
                }
            }
            3 => {
                let declared = rule(random, self.now);
                self.libraries[random.below(2)].declared = declared;
            }
            _ => {
                let sandbox = &mut self.sandboxes[random.below(3)];
                if random.one_in(4)
                    && let Ok(state) = sandbox.state.after(SandboxEvent::Destroy)
                {
                    sandbox.state = state;
                }
            }
        }
    }

    /// A job of anybody, anywhere, under any grant: even under those of others.
    fn job(&self, random: &mut Random) -> Run {
        let grant = random.below(self.grants.len() + 1);
        // The latest grants are the likeliest to be in force.
        let grant = match self.grants.len() {
            0 => grant,
            _ if random.one_in(3) => grant,
            many => many - 1 - random.below(many.min(3)),
        };
        let fitting = self.grants.get(grant).filter(|_| !random.one_in(5));
        let named = fitting.filter(|_| !random.one_in(4)).and_then(|grant| {
            let named = |purpose: &&&str| **purpose == grant.purpose;
            PURPOSES.iter().find(named).copied()
        });
        let place = |names: Vec<&String>, wanted: &String| names.iter().position(|n| *n == wanted);
        let sandboxes = self.sandboxes.iter().map(|sandbox| &sandbox.name).collect();
        let versions = self.versions.iter().map(|version| &version.name).collect();
        Run {
            sandbox: fitting
                .and_then(|grant| place(sandboxes, &grant.sandbox))
                .unwrap_or_else(|| random.below(3)),
            version: fitting
                .and_then(|grant| place(versions, &grant.version))
                .unwrap_or_else(|| random.below(4)),
            grant,
            requester: random.of(&USERS),
            purpose: named.unwrap_or_else(|| random.of(&PURPOSES)),
        }
    }
}

#[test]
fn no_job_ever_runs_outside_what_was_granted() {
    let policies = Policies::builtin().unwrap();
    let (mut started, mut refused, mut stopped) = (0_u64, 0_u64, 0_u64);
    for seed in 0..SEQUENCES {
        let mut random = Random(seed);
        let mut world = World::new(&mut random);
        for step in 0..STEPS {
            match random.below(10) {
                0..=2 => world.request(&mut random),
                3 | 4 => world.decide(&mut random),
                5 => {
                    // Also within a second: no right ends before its time.
                    let quarters = random.below(36) as i64;
                    world.pass(Duration::milliseconds(250 * quarters));
                }
                6 => world.change(&mut random),
                _ => {
                    let run = world.job(&mut random);
                    let allowed = world.allowed(&policies, &run);
                    let plain = world.plainly(&run);
                    assert_eq!(
                        allowed,
                        plain.is_ok(),
                        "sequence {seed}, step {step}: the plain rules say {plain:?}"
                    );
                    if allowed {
                        started += 1;
                        if world.running.len() < MOST_RUNNING {
                            world.running.push(run);
                        }
                    } else {
                        refused += 1;
                    }
                    continue;
                }
            }
            // What changed is asked again for all that runs, as the platform does.
            let before = world.running.len();
            let running = std::mem::take(&mut world.running);
            world.running = running
                .into_iter()
                .filter(|run| world.allowed(&policies, run))
                .collect();
            stopped += (before - world.running.len()) as u64;
            for run in &world.running {
                let plain = world.plainly(run);
                assert!(plain.is_ok(), "sequence {seed}, step {step}: {plain:?}");
            }
        }
    }
    // The lives are not dull: jobs start, are refused and are stopped in numbers.
    assert!(
        started > 100 && refused > 1000 && stopped > 20,
        "{started} started, {refused} refused, {stopped} stopped"
    );
}
