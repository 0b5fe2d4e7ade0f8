//! The last decisions with all the facts that they looked at, so that changed policies can be tried on them. They are kept in
//! memory, since the start of the server; the audit log keeps what was decided for good.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sandyq_access::{Decision, Policies, Question, UseQuestion, UseRule};
use time::OffsetDateTime;

/// Decisions that are remembered.
pub const MOST: usize = 10_000;
/// Bytes that they take, about: an owner may name a thousand developers, which each decision on its library repeats.
const MOST_BYTES: usize = 64 << 20;

/// What was asked, but for the time. The same is asked again and again: fresh memory for each would cost more than
/// the decision does.
#[derive(Debug, Clone)]
enum Asked {
    Call(Arc<Question<'static>>),
    Use(Arc<UseQuestion>),
}

impl PartialEq for Asked {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Call(one), Self::Call(other)) => one == other,
            (Self::Use(one), Self::Use(other)) => one.is_same_but_for_time(other),
            _ => false,
        }
    }
}

impl Eq for Asked {}

impl Hash for Asked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Call(asked) => {
                (asked.action, &asked.principal.user, &asked.resource.name).hash(state);
            }
            Self::Use(asked) => {
                let grant = asked.grant.as_ref().map(|grant| &grant.name);
                (grant, &asked.sandbox.name, &asked.version.name).hash(state);
            }
        }
    }
}

impl Asked {
    /// About so many.
    fn bytes(&self) -> usize {
        let lists: [&[String]; 4] = match self {
            Self::Call(question) => [&question.resource.viewers, &[], &[], &[]],
            Self::Use(question) => {
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
        2 * size_of::<UseQuestion>() + names
    }
}

#[derive(Debug, Clone)]
struct Made {
    time: OffsetDateTime,
    /// As the policies compared it with the ends of terms.
    now: i64,
    asked: Asked,
    allowed: bool,
}

/// What is remembered, and how many bytes it takes.
#[derive(Debug, Default)]
struct Remembered {
    made: VecDeque<Made>,
    /// How often each is among them.
    asked: HashMap<Asked, usize>,
    bytes: usize,
}

impl Remembered {
    fn keep(&mut self, mut made: Made) {
        match self.asked.entry(made.asked.clone()) {
            Entry::Occupied(mut known) => {
                made.asked = known.key().clone();
                *known.get_mut() += 1;
            }
            Entry::Vacant(new) => {
                self.bytes += made.asked.bytes();
                new.insert(1);
            }
        }
        self.made.push_back(made);
        while self.made.len() > MOST || (self.bytes > MOST_BYTES && self.made.len() > 1) {
            self.forget_the_oldest();
        }
    }

    fn forget_the_oldest(&mut self) {
        let Some(Made { asked, .. }) = self.made.pop_front() else {
            return;
        };
        let bytes = asked.bytes();
        if let Entry::Occupied(mut known) = self.asked.entry(asked) {
            *known.get_mut() -= 1;
            if *known.get() == 0 {
                known.remove();
                self.bytes = self.bytes.saturating_sub(bytes);
            }
        }
    }
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
        self.all().keep(Made {
            time,
            now: 0,
            asked: Asked::Call(Arc::new(question)),
            allowed,
        });
    }

    /// Remembers a decision on the use of a version.
    pub fn usage(&self, time: OffsetDateTime, question: Arc<UseQuestion>, allowed: bool) {
        self.all().keep(Made {
            time,
            now: question.now,
            asked: Asked::Use(question),
            allowed,
        });
    }

    fn all(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

fn asked_at(question: &UseQuestion, now: i64) -> UseQuestion {
    UseQuestion {
        now,
        ..question.clone()
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
            policies.decide_use(&asked_at(question, made.now)),
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
    use sandyq_access::{
        OrganizationKind, Principal, Resource, ResourceKind, Role, UseSandbox, UseSystem,
        UseVersion,
    };

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
        assert_eq!(decisions.all().asked.len(), MOST);
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
        // The same is kept once, however often it is asked.
        assert_eq!(decisions.all().made.len(), 2000);
        assert_eq!(decisions.all().asked.len(), 1);
        for number in 0..2000 {
            let mut question = question.clone();
            question.resource.name = format!("sandboxes/{number}");
            decisions.call(OffsetDateTime::UNIX_EPOCH, question, true);
        }
        let all = decisions.all();
        assert!(all.bytes <= MOST_BYTES, "{}", all.bytes);
        assert!((100..2000).contains(&all.made.len()), "{}", all.made.len());
        assert_eq!(all.asked.len(), all.made.len());
        assert_eq!(all.asked.keys().map(Asked::bytes).sum::<usize>(), all.bytes);
    }
    #[test]
    fn a_use_is_tried_at_the_time_at_which_it_was_asked() {
        let decisions = Decisions::default();
        let asked = |now| {
            let [name, organization, state, stage] =
                ["sandboxes/s", "organizations/lab", "ACTIVE", "TRAINING"].map(str::to_owned);
            Arc::new(UseQuestion {
                now,
                sandbox: UseSandbox {
                    name,
                    organization,
                    state,
                    stage,
                    expire_time: 10,
                },
                version: UseVersion {
                    name: "libraries/l/versions/v".to_owned(),
                    state: "PUBLISHED".to_owned(),
                    organization: "organizations/stat".to_owned(),
                    measured_k: 5,
                },
                requester: "users/d".to_owned(),
                purpose: "research".to_owned(),
                training: false,
                system: UseSystem {
                    state: "REGISTERED".to_owned(),
                    risk: 1,
                },
                grant: None,
                library_purposes: Vec::new(),
                rule: UseRule::default(),
            })
        };
        for now in [5, 15] {
            decisions.usage(OffsetDateTime::UNIX_EPOCH, asked(now), false);
        }
        assert_eq!(decisions.all().asked.len(), 1);
        let shipped = Policies::builtin().unwrap();
        let told = |now| shipped.decide_use(&asked(now)).reasons;
        assert_ne!(told(5), told(15));
        let made = decisions.all().made.clone();
        let put = made.iter().map(|made| match &made.asked {
            Asked::Use(asked) => shipped.decide_use(&asked_at(asked, made.now)).reasons,
            Asked::Call(_) => Vec::new(),
        });
        assert_eq!(put.collect::<Vec<_>>(), [told(5), told(15)]);
    }
}
