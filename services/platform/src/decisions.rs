//! The last decisions with all the facts that they looked at, so that changed policies can be tried on them. They are kept in
//! memory, since the start of the server; the audit log keeps what was decided for good.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use sandyq_access::{Decision, Policies, Principal, Question, Resource, UseQuestion};
use time::OffsetDateTime;

/// Decisions that are remembered.
pub const MOST: usize = 10_000;

/// What was asked.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "most of what is asked is calls, which another box each would cost"
)]
enum Asked {
    Call {
        principal: Principal,
        action: &'static str,
        resource: Resource,
    },
    Use(Box<UseQuestion>),
}

#[derive(Debug, Clone)]
struct Made {
    time: OffsetDateTime,
    asked: Asked,
    allowed: bool,
}

/// The last decisions.
#[derive(Debug, Default)]
pub struct Decisions {
    made: Mutex<VecDeque<Made>>,
}

/// A decision that other policies would turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    /// When it was made.
    pub time: OffsetDateTime,
    /// The user, or the sandbox.
    pub principal: String,
    /// The call, or `use`.
    pub action: String,
    /// What it was about.
    pub resource: String,
    /// Allowed then.
    pub before: bool,
    /// Allowed under the other policies, and why.
    pub after: Decision,
}

impl Decisions {
    /// Remembers a decision on a call.
    pub fn call(&self, time: OffsetDateTime, question: &Question<'static>, allowed: bool) {
        let asked = Asked::Call {
            principal: question.principal.clone(),
            action: question.action,
            resource: question.resource.clone(),
        };
        self.keep(Made {
            time,
            asked,
            allowed,
        });
    }

    /// Remembers a decision on the use of a version.
    pub fn usage(&self, time: OffsetDateTime, question: UseQuestion, allowed: bool) {
        self.keep(Made {
            time,
            asked: Asked::Use(Box::new(question)),
            allowed,
        });
    }

    fn keep(&self, made: Made) {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back(made);
    }

    /// Puts the last decisions to other policies: how many were put, and which would turn, the latest first.
    pub fn turned(&self, policies: &Policies, last: usize) -> (usize, Vec<Turned>) {
        let made: Vec<Made> = {
            let all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().rev().take(last).cloned().collect()
        };
        let turned = made.iter().filter_map(|made| turn(policies, made));
        (made.len(), turned.collect())
    }
}

fn turn(policies: &Policies, made: &Made) -> Option<Turned> {
    let (after, principal, action, resource) = match &made.asked {
        Asked::Call {
            principal,
            action,
            resource,
        } => {
            let action: &'static str = action;
            let question = Question {
                principal: principal.clone(),
                action,
                resource: resource.clone(),
            };
            let after = policies.decide(&question);
            (
                after,
                principal.user.clone(),
                action.to_owned(),
                resource.name.clone(),
            )
        }
        Asked::Use(question) => (
            policies.decide_use(question),
            question.sandbox.name.clone(),
            "use".to_owned(),
            question.version.name.clone(),
        ),
    };
    (after.allowed != made.allowed).then_some(Turned {
        time: made.time,
        principal,
        action,
        resource,
        before: made.allowed,
        after,
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use sandyq_access::{OrganizationKind, ResourceKind, Role};

    use super::*;

    #[test]
    fn what_would_turn_is_told_and_the_oldest_is_forgotten() {
        let decisions = Decisions::default();
        let shipped = Policies::builtin().unwrap();
        let question = |number: usize| Question {
            principal: Principal {
                user: "users/d".to_owned(),
                organization: "organizations/lab".to_owned(),
                kind: OrganizationKind::Developer,
                roles: vec![Role::Developer],
            },
            action: "SandboxService.CreateJob",
            resource: Resource {
                organization: Some("organizations/lab".to_owned()),
                ..Resource::new(ResourceKind::Sandbox, format!("sandboxes/{number}"))
            },
        };
        for number in 0..3 {
            let question = question(number);
            let allowed = shipped.decide(&question).allowed;
            assert!(allowed);
            decisions.call(OffsetDateTime::UNIX_EPOCH, &question, allowed);
        }
        assert_eq!(decisions.turned(&shipped, 10), (3, vec![]));
        let text = r#"@id("own.one") @reason("not in this one")
            forbid (principal is Principal, action == Action::"SandboxService.CreateJob", resource)
            when { resource == Sandbox::"sandboxes/1" };"#;
        let other = Policies::adding(vec![("own.cedar".to_owned(), text.to_owned())]).unwrap();
        let (tried, turned) = decisions.turned(&other, 10);
        assert_eq!((tried, turned.len()), (3, 1));
        assert_eq!(turned[0].resource, "sandboxes/1");
        assert!(turned[0].before && !turned[0].after.allowed);
        assert_eq!(decisions.turned(&other, 1), (1, vec![]));
        for number in 0..MOST {
            decisions.call(OffsetDateTime::UNIX_EPOCH, &question(number + 3), true);
        }
        assert_eq!(decisions.made.lock().unwrap().len(), MOST);
    }
}
