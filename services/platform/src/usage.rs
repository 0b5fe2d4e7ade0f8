//! Whether a sandbox may use a library version for a purpose, now: asks the policies with each grant that might permit it.

use std::sync::Arc;

use sandyq_access::{Decision, UseGrant, UseQuestion, UseRule, UseSandbox, UseSystem, UseVersion};
use sandyq_store::{Reads, Record, Stored};
use time::OffsetDateTime;

use crate::error::Result;
use crate::governance::purposes::Purposes;
use crate::platform::Platform;
use crate::records::access::{Grant, GrantState};
use crate::records::library::{Library, Version};
use crate::records::rule::Declared;
use crate::records::sandbox::{Sandbox, Stage};
use crate::records::system::{RiskClass, System};

/// Of the grants of a sandbox that name a version, all are looked at.
pub const ALL_GRANTS: u32 = u32::MAX;

/// A decision on use.
pub struct UseAnswer {
    /// Allowed or not, and why.
    pub decision: Decision,
    /// The grant that permits it.
    pub grant: Option<Stored<Grant>>,
    /// What was asked, with the grant that was looked at.
    pub question: Arc<UseQuestion>,
}

/// All that a use is about, but for the grant.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// Where.
    pub sandbox: &'a Sandbox,
    /// For which system.
    pub system: &'a System,
    /// What.
    pub version: &'a Version,
    /// Under whose rule.
    pub library: &'a Library,
    /// `users/{user}` who asks, or has asked.
    pub requester: &'a str,
    /// For what, dotted.
    pub purpose: &'a str,
}

fn risk(class: RiskClass) -> i64 {
    match class {
        RiskClass::Minimal => 1,
        RiskClass::Medium => 2,
        RiskClass::High => 3,
    }
}

/// The owner's rule as policies see it.
fn rule(declared: &Declared) -> UseRule {
    let access = &declared.access;
    UseRule {
        organizations: access.organizations.clone(),
        developers: access.developers.clone(),
        stages: access
            .stages
            .iter()
            .map(|stage| stage.as_str().to_owned())
            .collect(),
        most_risk: access.max_risk_class.map_or(i64::MAX, risk),
        least_k: i64::try_from(access.min_k).unwrap_or(i64::MAX),
        aggregate_only: access.aggregate_only,
        trial_use: access.trial_use,
        training_reserved: declared.training_reserved,
        consent_expire_time: declared.consent_expire_time.map(millis),
        purpose_expire_time: declared.purpose_expire_time.map(millis),
    }
}

/// A time as policies compare it: whole seconds would end a term up to a second before its time.
fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

/// What the policies are asked.
pub fn question(
    facts: Facts<'_>,
    purposes: &Purposes,
    grant: Option<&Grant>,
    now: OffsetDateTime,
) -> UseQuestion {
    let Facts {
        sandbox, version, ..
    } = facts;
    UseQuestion {
        now: millis(now),
        sandbox: UseSandbox {
            name: sandbox.name.clone(),
            organization: sandbox.organization.clone(),
            state: sandbox.state.as_str().to_owned(),
            stage: sandbox.stage.as_str().to_owned(),
            expire_time: millis(sandbox.expire_time),
        },
        version: UseVersion {
            name: version.name.clone(),
            state: version.state.as_str().to_owned(),
            organization: version.organization.clone(),
            measured_k: i64::try_from(version.measured_k).unwrap_or(i64::MAX),
        },
        requester: facts.requester.to_owned(),
        purpose: facts.purpose.to_owned(),
        training: sandbox.stage == Stage::Training || purposes.is_training(facts.purpose),
        system: UseSystem {
            state: facts.system.state.as_str().to_owned(),
            risk: risk(facts.system.risk_class),
        },
        grant: grant.map(|grant| UseGrant {
            name: grant.name.clone(),
            state: grant.state.as_str().to_owned(),
            sandbox: grant.sandbox.clone(),
            version: grant.version.clone(),
            purpose: grant.purpose.clone(),
            expire_time: millis(grant.expire_time),
        }),
        library_purposes: facts.library.purposes.clone(),
        rule: rule(&facts.library.declared),
    }
}

/// Asks about one grant, or about none.
fn ask(
    platform: &Platform,
    facts: Facts<'_>,
    grant: Option<&Grant>,
) -> (Arc<UseQuestion>, Decision) {
    let now = platform.now();
    let question = question(facts, &platform.purposes, grant, now);
    let question = Arc::new(question);
    let decision = platform.policies.decide_use(&question);
    let remembered = Arc::clone(&question);
    platform.decisions.usage(now, remembered, decision.allowed);
    (question, decision)
}

/// The library and the system that a use is about.
async fn behind(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
) -> Result<(Stored<Library>, Stored<System>)> {
    let library = platform.record(&version.library).await?;
    Ok((library, platform.record(&sandbox.system).await?))
}

/// Asks about one grant.
///
/// # Errors
/// The store's.
pub async fn decide_by(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
    (requester, purpose): (&str, &str),
    grant: &Grant,
) -> Result<Decision> {
    let (library, system) = behind(platform, sandbox, version).await?;
    let facts = Facts {
        sandbox,
        system: &system,
        version,
        library: &library,
        requester,
        purpose,
    };
    Ok(ask(platform, facts, Some(grant)).1)
}

/// Looks for a grant that permits the use. When none does, the answer tells why for the newest one.
///
/// # Errors
/// The store's.
pub async fn decide(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
    (requester, purpose): (&str, &str),
) -> Result<UseAnswer> {
    let (library, system) = behind(platform, sandbox, version).await?;
    let facts = Facts {
        sandbox,
        system: &system,
        version,
        library: &library,
        requester,
        purpose,
    };
    let grants = grants_of(platform, sandbox, version).await?;
    Ok(decide_among(platform, facts, grants))
}

/// The grants of a version in a sandbox, in the order in which they were asked for.
async fn grants_of(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
) -> Result<Vec<Stored<Grant>>> {
    let mut reads = Reads::default();
    let naming = reads.children_naming(Grant::KIND, &sandbox.name, &version.name, ALL_GRANTS);
    let mut grants: Vec<Stored<Grant>> = platform.store.read(reads).await?.all(naming)?;
    // Another version's name may begin with this one's.
    grants.retain(|grant| grant.version == version.name);
    Ok(grants)
}

/// As [`decide`], where everything was read already.
pub fn decide_among(
    platform: &Platform,
    facts: Facts<'_>,
    grants: Vec<Stored<Grant>>,
) -> UseAnswer {
    // Why one in force does not serve tells more than that a later one was refused.
    let mut denial = None;
    let mut in_force = false;
    for grant in grants
        .into_iter()
        .rev()
        .filter(|grant| grant.version == facts.version.name)
    {
        let (question, decision) = ask(platform, facts, Some(&grant));
        if decision.allowed {
            return UseAnswer {
                decision,
                grant: Some(grant),
                question,
            };
        }
        let active = grant.state == GrantState::Active;
        if denial.is_none() || (active && !in_force) {
            denial = Some((question, decision));
            in_force = active;
        }
    }
    let (question, decision) = denial.unwrap_or_else(|| ask(platform, facts, None));
    UseAnswer {
        decision,
        grant: None,
        question,
    }
}

/// True when a version was ever granted in a sandbox, so that its existence is no secret there.
///
/// # Errors
/// The store's.
pub async fn ever_granted(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
) -> Result<bool> {
    Ok(!grants_of(platform, sandbox, version).await?.is_empty())
}
