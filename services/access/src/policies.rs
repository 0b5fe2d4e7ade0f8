//! A validated set of policies, and decisions by it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use cedar_policy::{Authorizer, EntityUid, Policy, PolicyId, Response};

use crate::ask::Ask;
use crate::conformance;
use crate::entities::{Asked, Vocabulary};
use crate::error::with_causes;
use crate::explain::{Finding, Note};
use crate::files::{Compiled, Sources};
use crate::{Decision, PolicyError, Question, ResourceKind, Role, UseQuestion};

/// The action of [`Policies::decide_use`].
const USE: &str = r#"Action::"use""#;

/// A validated set of policies. Cloning shares it, and a replacement by [`Policies::replace`] with it.
#[derive(Clone)]
pub struct Policies {
    inner: Arc<RwLock<Arc<Inner>>>,
}

struct Inner {
    vocabulary: Vocabulary,
    calls: BTreeMap<String, Call>,
    use_of_version: Ask,
    authorizer: Authorizer,
    /// `policy-id: sentence` of each policy, made once: Cedar parses an annotation's key at every look.
    reasons: HashMap<PolicyId, String>,
    /// What else each policy says of itself, for those who ask why.
    notes: HashMap<PolicyId, Note>,
    /// The sentences of the operator's own policies, as decisions tell them.
    own: Arc<HashSet<String>>,
}

/// A call and the kinds of records on which it is asked.
pub(crate) struct Call {
    pub(crate) ask: Ask,
    pub(crate) resources: HashSet<ResourceKind>,
}

impl Policies {
    /// Reads `schema.cedarschema` and every `*.cedar` of a folder, and validates them.
    ///
    /// # Errors
    /// Names the file, and the line and policy where there is one. Nothing is loaded in part.
    pub fn load(dir: &Path) -> Result<Policies, PolicyError> {
        Policies::new(Sources::read(dir)?.compile()?)
    }

    /// The shipped set.
    ///
    /// # Errors
    /// None that a release can have: its tests load it.
    pub fn builtin() -> Result<Policies, PolicyError> {
        Policies::new(Sources::builtin().compile()?)
    }

    /// The shipped set, and the prohibitions in every `*.cedar` of a folder.
    ///
    /// # Errors
    /// Names the file, and the line and policy where there is one; a permit is refused. Nothing is loaded in part.
    pub fn with_forbids(dir: &Path) -> Result<Policies, PolicyError> {
        Policies::new(Sources::with_forbids(dir)?.compile()?)
    }

    /// The shipped set, and the prohibitions in these files, each with its name.
    ///
    /// # Errors
    /// As [`Policies::with_forbids`].
    pub fn adding(files: Vec<(String, String)>) -> Result<Policies, PolicyError> {
        Policies::new(Sources::adding(files).compile()?)
    }

    /// Puts another set in the place of this one, for everyone who shares it. Decisions under way end by the old one.
    pub fn replace(&self, other: &Policies) {
        let other = other.now();
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = other;
    }

    /// How many policies there are.
    pub fn count(&self) -> usize {
        self.now().reasons.len()
    }

    /// The sentences of the operator's own prohibitions, as [`Decision::reasons`] tells them: what is none of these is of the law or
    /// of an owner's rule.
    pub fn own(&self) -> Arc<HashSet<String>> {
        Arc::clone(&self.now().own)
    }

    fn now(&self) -> Arc<Inner> {
        Arc::clone(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The calls that policies decide on, such as `LibraryService.CreateVersion`, in order.
    pub fn actions(&self) -> impl Iterator<Item = String> {
        self.now()
            .calls
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The kinds of records on which a call is asked, in no order; none for an unknown call.
    pub fn asked_on(&self, action: &str) -> impl Iterator<Item = ResourceKind> {
        self.now()
            .calls
            .get(action)
            .map(|call| call.resources.clone())
            .into_iter()
            .flatten()
    }

    /// May this user make this call on this record?
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let inner = self.now();
        let Some(call) = inner.calls.get(question.action) else {
            return Decision::denied(format!(
                "no policy permits {}: there is no such call",
                question.action.escape_debug()
            ));
        };
        let kind = question.resource.kind;
        if !call.resources.contains(&kind) {
            return Decision::failed(format!(
                "{} is not asked on a {}",
                question.action,
                kind.as_str()
            ));
        }
        let asked = inner.vocabulary.call(question, &call.ask.action);
        inner.answer(&call.ask, asked, || no_permit(question))
    }

    /// May this sandbox use this version for this purpose now, by this grant?
    pub fn decide_use(&self, question: &UseQuestion) -> Decision {
        let inner = self.now();
        let ask = &inner.use_of_version;
        let asked = inner.vocabulary.use_of_version(question, &ask.action);
        inner.answer(ask, asked, || {
            format!(
                "no policy permits the use of {} in {}",
                question.version.name, question.sandbox.name
            )
        })
    }

    /// What determined a decision on use: each policy with the facts that it looks at and what would have to change.
    pub fn explain_use(&self, question: &UseQuestion, decision: &Decision) -> Vec<Finding> {
        let inner = self.now();
        let mut findings: Vec<Finding> = inner
            .reasons
            .iter()
            .filter(|(_, sentence)| decision.reasons.contains(sentence))
            .filter_map(|(id, sentence)| {
                let finding = inner.notes.get(id)?.finding(id, question);
                let own = inner.own.contains(sentence);
                Some(Finding { own, ..finding })
            })
            .collect();
        findings.sort_by(|a, b| a.policy.cmp(&b.policy));
        findings
    }

    fn new(compiled: Compiled) -> Result<Policies, PolicyError> {
        let mismatch = |message| PolicyError::SchemaMismatch {
            file: compiled.schema_file.clone(),
            message,
        };
        let vocabulary = Vocabulary::new().map_err(mismatch)?;
        let declared = compiled
            .schema
            .action_entities()
            .map_err(|error| mismatch(with_causes(error)))?;
        let ask =
            |action: &EntityUid| Ask::new(action, &declared, &compiled.policies).map_err(mismatch);
        let mut calls = BTreeMap::new();
        for (action, resources) in
            conformance::calls(&compiled.schema, &vocabulary).map_err(mismatch)?
        {
            let call = Call {
                ask: ask(&action)?,
                resources,
            };
            calls.insert(action.id().unescaped().to_owned(), call);
        }
        let use_action: EntityUid = USE
            .parse()
            .map_err(|error: cedar_policy::ParseErrors| mismatch(with_causes(error)))?;
        let use_of_version = ask(&use_action)?;
        conformance::check(&compiled.schema, &vocabulary, &calls, &use_of_version)
            .map_err(mismatch)?;
        let reasons: HashMap<PolicyId, String> = compiled.policies.iter().map(reason).collect();
        let own = compiled.own.iter().filter_map(|id| reasons.get(id));
        let inner = Inner {
            own: Arc::new(own.cloned().collect()),
            vocabulary,
            calls,
            use_of_version,
            authorizer: Authorizer::new(),
            reasons,
            notes: compiled
                .policies
                .iter()
                .map(|policy| (policy.id().clone(), Note::of(policy)))
                .collect(),
        };
        Ok(Policies {
            inner: Arc::new(RwLock::new(Arc::new(inner))),
        })
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Policies")
            .field("policies", &self.count())
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn answer(&self, ask: &Ask, asked: Asked, no_permit: impl Fn() -> String) -> Decision {
        match asked {
            Err(error) => Decision::failed(error),
            Ok((request, entities)) => {
                let response = ask.response(&self.authorizer, &request, &entities);
                Decision::new(&self.reasons, &response, no_permit)
            }
        }
    }
}

impl Decision {
    fn denied(reason: String) -> Decision {
        Decision {
            allowed: false,
            reasons: vec![reason],
            errors: Vec::new(),
        }
    }

    /// A question that could not be put to the policies.
    fn failed(error: String) -> Decision {
        Decision {
            allowed: false,
            reasons: vec![UNDECIDED.to_owned()],
            errors: vec![error],
        }
    }

    /// Cedar skips a policy that it cannot evaluate; a skipped forbid must not open a door, so any error denies.
    fn new(
        sentences: &HashMap<PolicyId, String>,
        response: &Response,
        no_permit: impl Fn() -> String,
    ) -> Decision {
        let diagnostics = response.diagnostics();
        let errors: Vec<String> = diagnostics.errors().map(ToString::to_string).collect();
        let permitted = response.decision() == cedar_policy::Decision::Allow;
        let determining = diagnostics.reason();
        let mut reasons: Vec<String> = determining
            .filter_map(|id| sentences.get(id).cloned())
            .collect();
        reasons.sort();
        if !errors.is_empty() {
            // The permits found would read as if they had been followed.
            if permitted {
                reasons.clear();
            }
            reasons.push(UNDECIDED.to_owned());
        } else if reasons.is_empty() {
            reasons.push(no_permit());
        }
        Decision {
            allowed: permitted && errors.is_empty(),
            reasons,
            errors,
        }
    }
}

const UNDECIDED: &str = "the policies could not be evaluated in full, which is a denial";

fn reason(policy: &Policy) -> (PolicyId, String) {
    let sentence = policy.annotation("reason").unwrap_or_default();
    (policy.id().clone(), format!("{}: {sentence}", policy.id()))
}

fn no_permit(question: &Question<'_>) -> String {
    let roles: Vec<&str> = question
        .principal
        .roles
        .iter()
        .copied()
        .map(Role::as_str)
        .collect();
    let roles = if roles.is_empty() {
        "a user without roles".to_owned()
    } else {
        roles.join(", ")
    };
    format!(
        "no policy permits {} to {roles} on this {}",
        question.action,
        question.resource.kind.as_str()
    )
}
