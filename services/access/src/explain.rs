//! Why a use is allowed or not: the policies that decided, the facts that they looked at, and what would have to change.

use cedar_policy::{Policy, PolicyId};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::UseQuestion;

/// A fact of a question, by the name that policies call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Such as `grant.expire_time`.
    pub name: String,
    /// As the policies saw it; `none` where it is absent.
    pub value: String,
}

/// A policy that determined a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its id.
    pub policy: String,
    /// Its sentence.
    pub reason: String,
    /// The facts that it looks at.
    pub facts: Vec<Fact>,
    /// What would have to change; empty where it permits.
    pub remedy: String,
    /// It is one of the operator's own, not of the law or of an owner's rule.
    pub own: bool,
}

/// What a policy says of itself.
pub(crate) struct Note {
    reason: String,
    facts: Vec<String>,
    remedy: String,
}

impl Note {
    pub(crate) fn of(policy: &Policy) -> Note {
        let text = |name| policy.annotation(name).unwrap_or_default();
        let facts = text("facts").split(',').map(str::trim);
        Note {
            reason: text("reason").to_owned(),
            facts: facts
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            remedy: text("remedy").to_owned(),
        }
    }

    pub(crate) fn finding(&self, id: &PolicyId, question: &UseQuestion) -> Finding {
        let fact = |name: &String| Fact {
            name: name.clone(),
            value: question.fact(name).unwrap_or_else(|| "none".to_owned()),
        };
        Finding {
            policy: id.to_string(),
            reason: self.reason.clone(),
            facts: self.facts.iter().map(fact).collect(),
            remedy: self.remedy.clone(),
            own: false,
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "any".to_owned()
    } else {
        names.join(", ")
    }
}

/// A time for people; what no calendar holds is told as the number of milliseconds that it is.
fn moment(millis: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    let text = time.ok().and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| millis.to_string())
}

fn risk(risk: i64) -> String {
    match risk {
        1 => "MINIMAL".to_owned(),
        2 => "MEDIUM".to_owned(),
        3 => "HIGH".to_owned(),
        _ => "any".to_owned(),
    }
}

impl UseQuestion {
    /// A fact by its name in policies; a time is as in RFC 3339. `None` where it is absent or there is no such name.
    pub fn fact(&self, name: &str) -> Option<String> {
        let grant = self.grant.as_ref();
        match name {
            "now" => Some(moment(self.now)),
            "requester" => Some(self.requester.clone()),
            "purpose" => Some(self.purpose.clone()),
            "training" => Some(self.training.to_string()),
            "sandbox" => Some(self.sandbox.name.clone()),
            "sandbox.organization" => Some(self.sandbox.organization.clone()),
            "sandbox.state" => Some(self.sandbox.state.clone()),
            "sandbox.stage" => Some(self.sandbox.stage.clone()),
            "sandbox.expire_time" => Some(moment(self.sandbox.expire_time)),
            "system.state" => Some(self.system.state.clone()),
            "system.risk" => Some(risk(self.system.risk)),
            "version" => Some(self.version.name.clone()),
            "version.state" => Some(self.version.state.clone()),
            "version.measured_k" => Some(self.version.measured_k.to_string()),
            "grant" => grant.map(|grant| grant.name.clone()),
            "grant.state" => grant.map(|grant| grant.state.clone()),
            "grant.sandbox" => grant.map(|grant| grant.sandbox.clone()),
            "grant.version" => grant.map(|grant| grant.version.clone()),
            "grant.purpose" => grant.map(|grant| grant.purpose.clone()),
            "grant.expire_time" => grant.map(|grant| moment(grant.expire_time)),
            "library.purposes" => Some(list(&self.library_purposes)),
            "library.organizations" => Some(list(&self.rule.organizations)),
            "library.developers" => Some(list(&self.rule.developers)),
            "library.stages" => Some(list(&self.rule.stages)),
            "library.most_risk" => Some(risk(self.rule.most_risk)),
            "library.least_k" => Some(self.rule.least_k.to_string()),
            "library.aggregate_only" => Some(self.rule.aggregate_only.to_string()),
            "library.trial_use" => Some(self.rule.trial_use.to_string()),
            "library.training_reserved" => Some(self.rule.training_reserved.to_string()),
            "library.consent_expire_time" => self.rule.consent_expire_time.map(moment),
            "library.purpose_expire_time" => self.rule.purpose_expire_time.map(moment),
            _ => None,
        }
    }

    /// Every name that [`UseQuestion::fact`] knows.
    pub const FACTS: [&'static str; 31] = [
        "now",
        "requester",
        "purpose",
        "training",
        "sandbox",
        "sandbox.organization",
        "sandbox.state",
        "sandbox.stage",
        "sandbox.expire_time",
        "system.state",
        "system.risk",
        "version",
        "version.state",
        "version.measured_k",
        "grant",
        "grant.state",
        "grant.sandbox",
        "grant.version",
        "grant.purpose",
        "grant.expire_time",
        "library.purposes",
        "library.organizations",
        "library.developers",
        "library.stages",
        "library.most_risk",
        "library.least_k",
        "library.aggregate_only",
        "library.trial_use",
        "library.training_reserved",
        "library.consent_expire_time",
        "library.purpose_expire_time",
    ];
}
