//! The last decisions with all the facts that they looked at, so that changed policies can be tried on them. They are kept in
//! memory, since the start of the server; the audit log keeps what was decided for good.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sandyq_access::{Decision, Policies, Question, UseQuestion, UseRule};
use time::OffsetDateTime;

/// Decisions that are remembered.
pub const MOST: usize = 10_000;
/// Bytes that they take, about: an owner may name a thousand developers, which each decision on its library repeats.
const MOST_BYTES: usize = 64 << 20;

/// What was asked.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "most of what is asked is calls, which another box each would cost"
)]
enum Asked {
    Call(Question<'static>),
    Use(Arc<UseQuestion>),
}

#[derive(Debug, Clone)]
struct Made {
    time: OffsetDateTime,
    asked: Asked,
    allowed: bool,
}

impl Made {
    fn bytes(&self) -> usize {
        let lists: [&[String]; 4] = match &self.asked {
            Asked::Call(question) => [&question.resource.viewers, &[], &[], &[]],
            Asked::Use(question) => {
                let UseRule {
                    organizations,
                    developers,
                    stages,
                    ..
                } = &question.rule;
                [
                    organizations,
                    developers,
                    stages,
                    &question.library_purposes,
                ]
            }
        };
        let names = lists.into_iter().flatten();
        let names: usize = names.map(|name| size_of::<String>() + name.len()).sum();
        size_of::<Self>() + size_of::<UseQuestion>() + names
    }
}

/// What is remembered, and how many bytes it takes.
#[derive(Debug, Default)]
struct Remembered {
    made: VecDeque<Made>,
    bytes: usize,
}

/// The last decisions.
#[derive(Debug, Default)]
pub struct Decisions(Mutex<Remembered>);

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
    pub fn call(&self, time: OffsetDateTime, question: Question<'static>, allowed: bool) {
        self.keep(Made {
            time,
            asked: Asked::Call(question),
            allowed,
        });
    }

    /// Remembers a decision on the use of a version.
    pub fn usage(&self, time: OffsetDateTime, question: Arc<UseQuestion>, allowed: bool) {
        self.keep(Made {
            time,
            asked: Asked::Use(question),
            allowed,
        });
    }

    fn all(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, made: Made) {
        let mut all = self.all();
        all.bytes += made.bytes();
        all.made.push_back(made);
        while all.made.len() > MOST || (all.bytes > MOST_BYTES && all.made.len() > 1) {
            let oldest = all.made.pop_front().as_ref().map_or(0, Made::bytes);
            all.bytes = all.bytes.saturating_sub(oldest);
        }
    }

    /// Puts the last decisions to other policies: how many were put, and which would turn, the latest first.
    pub fn turned(&self, policies: &Policies, last: usize) -> (usize, Vec<Turned>) {
        let made: Vec<Made> = {
            let all = self.all();
            all.made.iter().rev().take(last).cloned().collect()
        };
        let turned = made.iter().filter_map(|made| turn(policies, made));
        (made.len(), turned.collect())
    }
}

fn turn(policies: &Policies, made: &Made) -> Option<Turned> {
    let (after, principal, action, resource) = match &made.asked {
        Asked::Call(question) => (
            policies.decide(question),
            &question.principal.user,
            question.action,
            &question.resource.name,
        ),
        Asked::Use(question) => (
            policies.decide_use(question),
            &question.sandbox.name,
            "use",
            &question.version.name,
        ),
    };
    (after.allowed != made.allowed).then_some(Turned {
        time: made.time,
        principal: principal.clone(),
        action: action.to_owned(),
        resource: resource.clone(),
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
    use sandyq_access::{OrganizationKind, Principal, Resource, ResourceKind, Role};

    use super::*;

    fn developer() -> Principal {
        Principal {
            user: "users/d".to_owned(),
            organization: "organizations/lab".to_owned(),
            kind: OrganizationKind::Developer,
            roles: vec![Role::Developer],
        }
    }

    #[test]
    fn what_would_turn_is_told_and_the_oldest_is_forgotten() {
        let decisions = Decisions::default();
        let shipped = Policies::builtin().unwrap();
        let question = |number: usize| Question {
            principal: developer(),
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
            decisions.call(OffsetDateTime::UNIX_EPOCH, question, allowed);
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
            decisions.call(OffsetDateTime::UNIX_EPOCH, question(number + 3), true);
        }
        assert_eq!(decisions.all().made.len(), MOST);
    }

    #[test]
    fn what_is_remembered_is_bounded_in_bytes_too() {
        let decisions = Decisions::default();
        let viewers: Vec<String> = (0..1000)
            .map(|n| format!("organizations/of-a-long-name-{n:040}"))
            .collect();
        let question = Question {
            principal: developer(),
            action: "SandboxService.CreateJob",
            resource: Resource {
                viewers,
                ..Resource::new(ResourceKind::Sandbox, "sandboxes/s")
            },
        };
        for _ in 0..2000 {
            decisions.call(OffsetDateTime::UNIX_EPOCH, question.clone(), true);
        }
        let all = decisions.all();
        assert!(all.bytes <= MOST_BYTES, "{}", all.bytes);
        assert!((100..2000).contains(&all.made.len()), "{}", all.made.len());
        assert_eq!(all.made.iter().map(Made::bytes).sum::<usize>(), all.bytes);
    }
}
