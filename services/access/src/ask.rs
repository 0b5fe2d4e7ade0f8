//! One action, and the policies that can determine a decision on it.

use cedar_policy::{
    ActionConstraint, Authorizer, Effect, Entities, Entity, EntityUid, Policy, PolicySet,
    PrincipalConstraint, Request, ResourceConstraint, Response,
};
use serde_json::Value;

use crate::entities::action_entity;
use crate::error::with_causes;

/// From so many prohibitions on, a permission is found sooner by one policy that unites them than a denial is delayed by it.
const MANY: usize = 8;

/// An action, with only those policies whose scope it matches: the others could not determine the decision.
pub(crate) struct Ask {
    pub(crate) action: Entity,
    policies: PolicySet,
    /// The same in fewer policies, as far as they permit: see [`united`].
    united: Option<PolicySet>,
}

impl Ask {
    pub(crate) fn new(
        action: &EntityUid,
        declared: &Entities,
        policies: &[Policy],
    ) -> Result<Ask, String> {
        if declared.get(action).is_none() {
            return Err(format!("it does not declare {action}"));
        }
        let matching: Vec<Policy> = policies
            .iter()
            .filter(|policy| matches(policy, action, declared))
            .cloned()
            .collect();
        Ok(Ask {
            action: action_entity(action, declared),
            united: united(&matching)?,
            policies: PolicySet::from_policies(matching).map_err(with_causes)?,
        })
    }

    /// What the policies say.
    pub(crate) fn response(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
    ) -> Response {
        if let Some(united) = &self.united {
            let response = authorizer.is_authorized(request, united, entities);
            let clean = response.diagnostics().errors().next().is_none();
            if clean && response.decision() == cedar_policy::Decision::Allow {
                return response;
            }
        }
        // A denial names each policy that determined it.
        self.in_full(authorizer, request, entities)
    }

    fn in_full(&self, authorizer: &Authorizer, request: &Request, entities: &Entities) -> Response {
        authorizer.is_authorized(request, &self.policies, entities)
    }
}

fn matches(policy: &Policy, action: &EntityUid, declared: &Entities) -> bool {
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(named) => named == *action,
        ActionConstraint::In(named) => named
            .iter()
            .any(|named| named == action || declared.is_ancestor_of(named, action)),
    }
}

/// The only permit of an action with, as further conditions, that none of its prohibitions holds. When it is satisfied, so is the
/// permit, and every prohibition was evaluated, without an error, and did not hold: the decision is the same. What a policy costs
/// Cedar is mostly that it is one more. Prohibitions that are more than one condition stay beside it as they are.
fn united(policies: &[Policy]) -> Result<Option<PolicySet>, String> {
    let (permits, forbids): (Vec<&Policy>, Vec<&Policy>) = policies
        .iter()
        .partition(|policy| policy.effect() == Effect::Permit);
    let ([permit], MANY..) = (&permits[..], forbids.len()) else {
        return Ok(None);
    };
    let mut whole = permit.to_json().map_err(with_causes)?;
    let mut apart = Vec::new();
    for forbid in forbids {
        let json = forbid.to_json().map_err(with_causes)?;
        match (only_condition(forbid, &json), conditions(&mut whole)) {
            (Some(condition), Some(all)) => all.push(turned(condition)),
            _ => apart.push(forbid.clone()),
        }
    }
    let whole = Policy::from_json(Some(permit.id().clone()), whole).map_err(with_causes)?;
    let set = PolicySet::from_policies(apart.into_iter().chain([whole])).map_err(with_causes)?;
    Ok(Some(set))
}

fn conditions(policy: &mut Value) -> Option<&mut Vec<Value>> {
    policy.get_mut("conditions")?.as_array_mut()
}

/// The condition of a policy that looks at nothing else.
fn only_condition<'a>(policy: &Policy, json: &'a Value) -> Option<&'a Value> {
    let anybody = matches!(policy.principal_constraint(), PrincipalConstraint::Any);
    let anything = matches!(policy.resource_constraint(), ResourceConstraint::Any);
    match json.get("conditions")?.as_array()?.as_slice() {
        [only] if anybody && anything => Some(only),
        _ => None,
    }
}

/// `when` for `unless`, and the other way round.
fn turned(condition: &Value) -> Value {
    let mut turned = condition.clone();
    if let Some(kind) = turned.get_mut("kind") {
        let now = if *kind == "when" { "unless" } else { "when" };
        *kind = Value::from(now);
    }
    turned
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::entities::Vocabulary;
    use crate::files::Sources;
    use crate::{UseGrant, UseQuestion, UseRule, UseSandbox, UseSystem, UseVersion};

    fn ask(sources: Sources) -> Ask {
        let compiled = sources.compile().unwrap();
        let declared = compiled.schema.action_entities().unwrap();
        let action: EntityUid = r#"Action::"use""#.parse().unwrap();
        Ask::new(&action, &declared, &compiled.policies).unwrap()
    }

    /// Mostly what permits, so that permissions and each reason for a denial come up.
    fn often<T: Clone + std::fmt::Debug + 'static>(good: T, others: &[T]) -> BoxedStrategy<T> {
        prop_oneof![9 => Just(good), 1 => select(others.to_vec())].boxed()
    }

    fn text(good: &'static str, others: &'static [&'static str]) -> BoxedStrategy<String> {
        often(good, others).prop_map(str::to_owned).boxed()
    }

    fn names(good: &'static str) -> BoxedStrategy<Vec<String>> {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        often(
            Vec::new(),
            &[named(&[good]), named(&["other"]), named(&["other", good])],
        )
    }

    prop_compose! {
        fn grant()(
            state in text("ACTIVE", &["REQUESTED", "REVOKED", "EXPIRED", "DENIED"]),
            sandbox in text("sandboxes/s", &["sandboxes/t"]),
            version in text("libraries/l/versions/v", &["libraries/l/versions/w"]),
            purpose in text("research", &["research.health", "research.health.heart", "tax"]),
            expire_time in often(200, &[99, 100, 101]),
        ) -> UseGrant {
            UseGrant { name: "grants/g".to_owned(), state, sandbox, version, purpose, expire_time }
        }
    }

    prop_compose! {
        fn rule()(
            organizations in names("organizations/o"),
            developers in names("users/u"),
            stages in names("TRAINING"),
            most_risk in often(3, &[0, 1, 2]),
            least_k in often(0, &[5, 6]),
            switches in prop::array::uniform3(often(false, &[true])),
            terms in prop::array::uniform2(often(None, &[Some(100), Some(101)])),
        ) -> UseRule {
            let [aggregate_only, trial_use, training_reserved] = switches;
            let [consent_expire_time, purpose_expire_time] = terms;
            UseRule {
                organizations, developers, stages, most_risk, least_k, aggregate_only, trial_use,
                training_reserved, consent_expire_time, purpose_expire_time,
            }
        }
    }

    prop_compose! {
        fn question()(
            states in (
                text("ACTIVE", &["REQUESTED", "EXPIRED"]),
                text("PUBLISHED", &["RETIRED", "VERIFIED"]),
                text("REGISTERED", &["SUSPENDED", ""]),
            ),
            stage in text("TRAINING", &["DEVELOPMENT", "TRIAL_OPERATION", "OTHER"]),
            expire_time in often(200, &[100]),
            measured_k in often(5, &[2]),
            risk in often(1, &[2, 3]),
            training in any::<bool>(),
            purpose in text("research.health", &["research", "tax.audit"]),
            grant in prop_oneof![9 => grant().prop_map(Some), 1 => Just(None)],
            library_purposes in often(vec!["research".to_owned()], &[vec![], vec!["tax".to_owned()]]),
            rule in rule(),
        ) -> UseQuestion {
            let (sandbox, version, system) = states;
            UseQuestion {
                now: 100,
                sandbox: UseSandbox {
                    name: "sandboxes/s".to_owned(),
                    organization: "organizations/o".to_owned(),
                    state: sandbox,
                    stage,
                    expire_time,
                },
                version: UseVersion {
                    name: "libraries/l/versions/v".to_owned(),
                    state: version,
                    organization: "organizations/a".to_owned(),
                    measured_k,
                },
                requester: "users/u".to_owned(),
                training,
                system: UseSystem { state: system, risk },
                rule,
                purpose,
                grant,
                library_purposes,
            }
        }
    }

    fn agree(ask: &Ask, question: &UseQuestion) -> Result<bool, TestCaseError> {
        let vocabulary = Vocabulary::new().unwrap();
        let (request, entities) = vocabulary.use_of_version(question, &ask.action).unwrap();
        let authorizer = Authorizer::new();
        let full = ask.in_full(&authorizer, &request, &entities);
        let clean = full.diagnostics().errors().next().is_none();
        let allowed = full.decision() == cedar_policy::Decision::Allow && clean;
        let answer = ask.response(&authorizer, &request, &entities);
        let clean = answer.diagnostics().errors().next().is_none();
        prop_assert_eq!(
            answer.decision() == cedar_policy::Decision::Allow && clean,
            allowed
        );
        let reasons = |response: &Response| {
            let mut ids: Vec<String> = response
                .diagnostics()
                .reason()
                .map(ToString::to_string)
                .collect();
            ids.sort();
            ids
        };
        prop_assert_eq!(reasons(&answer), reasons(&full));
        Ok(allowed)
    }

    #[test]
    fn the_united_policy_decides_as_all_of_them() {
        // Two prohibitions look at the principals of calls alone, and stay beside it.
        let shipped = ask(Sources::builtin());
        assert_eq!(shipped.united.as_ref().unwrap().policies().count(), 3);
        // An operator's prohibitions: one that unites, one that fails to be evaluated where it overflows, and one of its own scope.
        let own = [
            r#"@id("own.k") @reason("r") forbid (principal, action == Action::"use", resource) when { resource.measured_k * 4611686018427387904 < 0 };"#,
            r#"@id("own.night") @reason("r") forbid (principal, action == Action::"use", resource) when { context.now > 1 } unless { principal.stage == "TRAINING" };"#,
            r#"@id("own.one") @reason("r") forbid (principal == SandboxInUse::"sandboxes/t", action, resource);"#,
        ];
        let own = own
            .iter()
            .enumerate()
            .map(|(number, text)| (format!("{number}.cedar"), (*text).to_owned()));
        let mixed = ask(Sources::adding(own.collect()));
        assert_eq!(mixed.united.as_ref().unwrap().policies().count(), 5);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(4000));
        let allowed = std::cell::Cell::new(0);
        runner
            .run(&question(), |question| {
                allowed.set(allowed.get() + u32::from(agree(&shipped, &question)?));
                agree(&mixed, &question).map(drop)
            })
            .unwrap();
        let share = f64::from(allowed.get()) / 4000.0;
        assert!(
            (0.05..0.95).contains(&share),
            "{share} of the questions were allowed"
        );
    }
}
