//! Chance, and the records that it makes.

use time::{Duration, OffsetDateTime};

use super::{LENT, ORGANIZATIONS, RISKS, STAGES, USERS};
use crate::governance::systems::tests::system as registered;
use crate::records::library::{Library, Version, VersionState};
use crate::records::rule::Declared;
use crate::records::sandbox::{Budget, Exits, Sandbox, SandboxState};
use crate::records::system::System;

/// A generator that needs nothing (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

pub fn library(number: usize, random: &mut Random, now: OffsetDateTime) -> Library {
    Library {
        name: format!("libraries/l{number}"),
        display_name: String::new(),
        description: String::new(),
        organization: "organizations/agency".to_owned(),
        purposes: vec![random.of(&LENT).to_owned()],
        versions: 2,
        published_version: None,
        two_approvals_lifted_by: None,
        declared: rule(random, now),
    }
}

/// A rule that narrows one thing or another.
pub fn rule(random: &mut Random, now: OffsetDateTime) -> Declared {
    let mut declared = Declared::default();
    let access = &mut declared.access;
    access.trial_use = !random.one_in(3);
    if random.one_in(8) {
        access.organizations = vec![random.of(&ORGANIZATIONS).to_owned()];
    }
    if random.one_in(8) {
        access.developers = vec![random.of(&USERS).to_owned()];
    }
    if random.one_in(8) {
        access.stages = vec![random.of(&STAGES)];
    }
    if random.one_in(6) {
        access.max_risk_class = Some(random.of(&RISKS));
    }
    if random.one_in(10) {
        access.min_k = 6;
    }
    access.aggregate_only = random.one_in(20);
    if random.one_in(6) {
        access.max_term_seconds = Some(40);
    }
    declared.training_reserved = random.one_in(8);
    if random.one_in(5) {
        let seconds = 10 + random.below(90) as i64;
        declared.consent_expire_time = Some(now + Duration::seconds(seconds));
    }
    if random.one_in(6) {
        let seconds = 10 + random.below(90) as i64;
        declared.purpose_expire_time = Some(now + Duration::seconds(seconds));
    }
    declared
}

pub fn version(number: usize, random: &mut Random) -> Version {
    Version {
        name: format!("libraries/l{}/versions/v{}", number / 2, number % 2),
        library: format!("libraries/l{}", number / 2),
        organization: "organizations/agency".to_owned(),
        state: random.of(&[
            VersionState::Published,
            VersionState::Published,
            VersionState::Published,
            VersionState::Verified,
        ]),
        datasets: Vec::new(),
        provenance: String::new(),
        failure: String::new(),
        publish_time: None,
        published_run: None,
        runs: 1,
        owner_depersonalized: false,
        measured_k: random.of(&[5, 7]),
    }
}

pub fn system(number: usize, random: &mut Random) -> System {
    System {
        name: format!("systems/s{number}"),
        organization: ORGANIZATIONS[number % 2].to_owned(),
        ..registered(random.of(&RISKS))
    }
}

pub fn sandbox(number: usize, random: &mut Random, now: OffsetDateTime) -> Sandbox {
    Sandbox {
        name: format!("sandboxes/b{number}"),
        display_name: String::new(),
        system: format!("systems/s{number}"),
        organization: ORGANIZATIONS[number % 2].to_owned(),
        stage: random.of(&STAGES),
        expire_time: now + Duration::seconds(30 + random.below(120) as i64),
        budget: Budget::default(),
        used: Budget::default(),
        exits: Exits::default(),
        requester: String::new(),
        state: SandboxState::Active,
        decision_reason: String::new(),
        viewers: Vec::new(),
        jobs: 0,
        shredded: Vec::new(),
        destruction: None,
        certificate: String::new(),
    }
}
