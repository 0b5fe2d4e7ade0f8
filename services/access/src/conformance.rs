//! Checks at start that a schema describes exactly what this program puts to the policies. A folder keeps its schema when the
//! program is replaced by a newer one; what would then fail at every decision is refused at once.

use std::collections::{BTreeMap, HashSet};

use cedar_policy::{Context, Entities, EntityUid, Request, Schema};

use crate::ask::Ask;
use crate::entities::Vocabulary;
use crate::error::with_causes;
use crate::policies::Call;
use crate::{
    OrganizationKind, Principal, Question, Resource, ResourceKind, Role, UseGrant, UseQuestion,
    UseRule, UseSandbox, UseSystem, UseVersion,
};

/// Every action that a user can ask for, with the kinds of records it is asked on.
pub(crate) fn calls(
    schema: &Schema,
    vocabulary: &Vocabulary,
) -> Result<Vec<(EntityUid, HashSet<ResourceKind>)>, String> {
    let mut calls = Vec::new();
    for action in schema.actions() {
        let mut principals = schema.principals_for_action(action).into_iter().flatten();
        if !principals.any(|principal| *principal == vocabulary.principal) {
            continue;
        }
        let mut kinds = HashSet::new();
        for resource in schema.resources_for_action(action).into_iter().flatten() {
            let kind = vocabulary
                .resources
                .iter()
                .find(|(_, name)| *name == resource);
            let (kind, _) =
                kind.ok_or_else(|| format!("{action} applies to {resource}, which no record is"))?;
            kinds.insert(*kind);
        }
        calls.push((action.clone(), kinds));
    }
    Ok(calls)
}

/// Puts every question, with the fewest facts and with the most, and validates it against the schema.
pub(crate) fn check(
    schema: &Schema,
    vocabulary: &Vocabulary,
    calls: &BTreeMap<String, Call>,
    use_of_version: &Ask,
) -> Result<(), String> {
    for (action, call) in calls {
        for kind in &call.resources {
            for resource in [bare(*kind), full(*kind)] {
                let question = Question {
                    principal: principal(),
                    action,
                    resource,
                };
                let (request, entities) = vocabulary.call(&question, &call.ask.action)?;
                validate(schema, &request, entities)?;
            }
        }
    }
    for grant in [None, Some(grant())] {
        let (request, entities) =
            vocabulary.use_of_version(&use_question(grant), &use_of_version.action)?;
        validate(schema, &request, entities)?;
    }
    Ok(())
}

fn validate(schema: &Schema, request: &Request, entities: Entities) -> Result<(), String> {
    Entities::from_entities(entities, Some(schema)).map_err(with_causes)?;
    let (Some(principal), Some(action), Some(resource)) =
        (request.principal(), request.action(), request.resource())
    else {
        return Err("a request is incomplete".to_owned());
    };
    let context = request.context().cloned().unwrap_or_else(Context::empty);
    Request::new(
        principal.clone(),
        action.clone(),
        resource.clone(),
        context,
        Some(schema),
    )
    .map(|_| ())
    .map_err(with_causes)
}

fn principal() -> Principal {
    Principal {
        user: "users/u".to_owned(),
        organization: "organizations/o".to_owned(),
        kind: OrganizationKind::Operator,
        roles: Role::ALL.to_vec(),
    }
}

fn bare(kind: ResourceKind) -> Resource {
    Resource::new(kind, "name")
}

fn full(kind: ResourceKind) -> Resource {
    // The platform and the log are owned by no one.
    let owned = !matches!(kind, ResourceKind::Platform | ResourceKind::AuditLog);
    Resource {
        organization: owned.then(|| "organizations/o".to_owned()),
        viewers: vec!["organizations/v".to_owned()],
        state: Some("ACTIVE".to_owned()),
        user: Some("users/r".to_owned()),
        published: true,
        ..bare(kind)
    }
}

fn use_question(grant: Option<UseGrant>) -> UseQuestion {
    UseQuestion {
        now: 0,
        sandbox: UseSandbox {
            name: "sandboxes/s".to_owned(),
            organization: "organizations/o".to_owned(),
            state: "ACTIVE".to_owned(),
            stage: "TRAINING".to_owned(),
            expire_time: 1,
        },
        version: UseVersion {
            name: "libraries/l/versions/v".to_owned(),
            state: "PUBLISHED".to_owned(),
            organization: "organizations/a".to_owned(),
            measured_k: 5,
        },
        requester: "users/u".to_owned(),
        purpose: "research.health".to_owned(),
        training: true,
        system: UseSystem {
            state: "REGISTERED".to_owned(),
            risk: 1,
        },
        // With the fewest facts where there is no grant, with the most where there is one.
        rule: if grant.is_none() {
            UseRule::default()
        } else {
            UseRule {
                organizations: vec!["organizations/o".to_owned()],
                developers: vec!["users/u".to_owned()],
                stages: vec!["TRAINING".to_owned()],
                consent_expire_time: Some(1),
                purpose_expire_time: Some(1),
                ..UseRule::default()
            }
        },
        grant,
        library_purposes: vec!["research".to_owned()],
    }
}

fn grant() -> UseGrant {
    UseGrant {
        name: "grants/g".to_owned(),
        state: "ACTIVE".to_owned(),
        sandbox: "sandboxes/s".to_owned(),
        version: "libraries/l/versions/v".to_owned(),
        purpose: "research".to_owned(),
        expire_time: 1,
    }
}
