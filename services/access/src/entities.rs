//! From questions to Cedar's entities, by its typed API and with the names parsed once.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, ParseErrors, Request,
    RestrictedExpression as Value,
};

use crate::error::with_causes;
use crate::purpose::Purpose;
use crate::{
    OrganizationKind, Principal, Question, Resource, ResourceKind, Role, UseGrant, UseQuestion,
    UseRule, UseSystem,
};

/// A question in Cedar's terms, or what was wrong with it.
pub(crate) type Asked = Result<(Request, Entities), String>;

/// The entity types and literals of the schema.
pub(crate) struct Vocabulary {
    pub(crate) principal: EntityTypeName,
    pub(crate) resources: HashMap<ResourceKind, EntityTypeName>,
    roles: HashMap<Role, EntityUid>,
    kinds: HashMap<OrganizationKind, EntityUid>,
    organization: EntityTypeName,
    user: EntityTypeName,
    use_sandbox: EntityTypeName,
    use_version: EntityTypeName,
    purpose: EntityTypeName,
}

impl Vocabulary {
    pub(crate) fn new() -> Result<Vocabulary, String> {
        let (role, kind) = (type_name("Role")?, type_name("Kind")?);
        let mut resources = HashMap::new();
        for resource in ResourceKind::ALL {
            resources.insert(resource, type_name(resource.as_str())?);
        }
        Ok(Vocabulary {
            principal: type_name("Principal")?,
            resources,
            roles: Role::ALL
                .into_iter()
                .map(|name| (name, uid(&role, name.as_str())))
                .collect(),
            kinds: OrganizationKind::ALL
                .into_iter()
                .map(|name| (name, uid(&kind, name.as_str())))
                .collect(),
            organization: type_name("Organization")?,
            user: type_name("User")?,
            use_sandbox: type_name("SandboxInUse")?,
            use_version: type_name("VersionInUse")?,
            purpose: type_name("Purpose")?,
        })
    }

    /// A call, for the action whose entity carries the groups it belongs to.
    pub(crate) fn call(&self, question: &Question<'_>, action: &Entity) -> Asked {
        let principal = self.principal(&question.principal)?;
        let resource = self.resource(&question.resource)?;
        let request = request(&principal, action, &resource, Context::empty())?;
        Ok((request, entities([principal, action.clone(), resource])?))
    }

    /// The use of a version.
    pub(crate) fn use_of_version(&self, question: &UseQuestion, action: &Entity) -> Asked {
        let purpose = Purpose::parse(&question.purpose).map_err(with_causes)?;
        let sandbox = self.sandbox(question)?;
        let version = self.version(question)?;
        let request = request(&sandbox, action, &version, self.context(question)?)?;
        let purpose = self.purpose(&purpose);
        Ok((
            request,
            entities([purpose, sandbox, action.clone(), version])?,
        ))
    }

    fn principal(&self, principal: &Principal) -> Result<Entity, String> {
        let user = uid(&self.user, &principal.user);
        let organization = uid(&self.organization, &principal.organization);
        let kind = self
            .kinds
            .get(&principal.kind)
            .cloned()
            .ok_or("unknown kind of organization")?;
        let roles = principal
            .roles
            .iter()
            .flat_map(|role| [Some(*role), role.includes()])
            .flatten()
            .filter_map(|role| self.roles.get(&role).cloned());
        let attributes = [
            ("user", user),
            ("organization", organization),
            ("kind", kind),
        ];
        let attributes =
            attributes.map(|(name, value)| (name.to_owned(), Value::new_entity_uid(value)));
        entity(uid(&self.principal, &principal.user), attributes, roles)
    }

    fn resource(&self, resource: &Resource) -> Result<Entity, String> {
        let kind = self
            .resources
            .get(&resource.kind)
            .ok_or("unknown kind of record")?;
        let viewers = resource
            .viewers
            .iter()
            .map(|viewer| Value::new_entity_uid(uid(&self.organization, viewer)));
        let mut attributes = vec![
            ("viewers".to_owned(), Value::new_set(viewers)),
            ("published".to_owned(), Value::new_bool(resource.published)),
        ];
        if let Some(state) = &resource.state {
            attributes.push(("state".to_owned(), Value::new_string(state.clone())));
        }
        let own_name = (resource.kind == ResourceKind::User).then_some(&resource.name);
        if let Some(user) = resource.user.as_ref().or(own_name) {
            attributes.push((
                "user".to_owned(),
                Value::new_entity_uid(uid(&self.user, user)),
            ));
        }
        // An organization is not owned: `in` holds for it by its name.
        let owner = resource
            .organization
            .as_ref()
            .filter(|_| resource.kind != ResourceKind::Organization);
        entity(
            uid(kind, &resource.name),
            attributes,
            owner.map(|owner| uid(&self.organization, owner)),
        )
    }

    fn sandbox(&self, question: &UseQuestion) -> Result<Entity, String> {
        let sandbox = &question.sandbox;
        let attributes = [
            (
                "organization".to_owned(),
                Value::new_entity_uid(uid(&self.organization, &sandbox.organization)),
            ),
            ("state".to_owned(), Value::new_string(sandbox.state.clone())),
            ("stage".to_owned(), Value::new_string(sandbox.stage.clone())),
            (
                "expire_time".to_owned(),
                Value::new_long(sandbox.expire_time),
            ),
        ];
        entity(uid(&self.use_sandbox, &sandbox.name), attributes, None)
    }

    fn version(&self, question: &UseQuestion) -> Result<Entity, String> {
        let version = &question.version;
        let attributes = [
            (
                "organization".to_owned(),
                Value::new_entity_uid(uid(&self.organization, &version.organization)),
            ),
            ("state".to_owned(), Value::new_string(version.state.clone())),
            ("measured_k".to_owned(), Value::new_long(version.measured_k)),
        ];
        entity(uid(&self.use_version, &version.name), attributes, None)
    }

    /// The purpose, below all those that it lies in.
    fn purpose(&self, purpose: &Purpose) -> Entity {
        let mut upwards = purpose.upwards().map(|name| uid(&self.purpose, name));
        let lowest = upwards.next().unwrap_or_else(|| uid(&self.purpose, ""));
        Entity::new_no_attrs(lowest, upwards.collect())
    }

    fn context(&self, question: &UseQuestion) -> Result<Context, String> {
        let purpose = |name: &String| Value::new_entity_uid(uid(&self.purpose, name));
        let mut pairs = vec![
            ("now".to_owned(), Value::new_long(question.now)),
            (
                "requester".to_owned(),
                Value::new_entity_uid(uid(&self.user, &question.requester)),
            ),
            ("purpose".to_owned(), purpose(&question.purpose)),
            ("training".to_owned(), Value::new_bool(question.training)),
            ("system".to_owned(), system(&question.system)?),
            ("library".to_owned(), self.rule(&question.rule)?),
            (
                "library_purposes".to_owned(),
                Value::new_set(question.library_purposes.iter().map(purpose)),
            ),
        ];
        if let Some(grant) = &question.grant {
            pairs.push(("grant".to_owned(), self.grant(grant)?));
        }
        Context::from_pairs(pairs).map_err(with_causes)
    }

    fn rule(&self, rule: &UseRule) -> Result<Value, String> {
        let all = |kind: &EntityTypeName, names: &[String]| {
            Value::new_set(
                names
                    .iter()
                    .map(|name| Value::new_entity_uid(uid(kind, name)))
                    .collect::<Vec<_>>(),
            )
        };
        let stages = rule.stages.iter().cloned().map(Value::new_string);
        let mut fields = vec![
            (
                "organizations".to_owned(),
                all(&self.organization, &rule.organizations),
            ),
            ("developers".to_owned(), all(&self.user, &rule.developers)),
            ("stages".to_owned(), Value::new_set(stages)),
            ("most_risk".to_owned(), Value::new_long(rule.most_risk)),
            ("least_k".to_owned(), Value::new_long(rule.least_k)),
            (
                "aggregate_only".to_owned(),
                Value::new_bool(rule.aggregate_only),
            ),
            ("trial_use".to_owned(), Value::new_bool(rule.trial_use)),
            (
                "training_reserved".to_owned(),
                Value::new_bool(rule.training_reserved),
            ),
        ];
        for (name, time) in [
            ("consent_expire_time", rule.consent_expire_time),
            ("purpose_expire_time", rule.purpose_expire_time),
        ] {
            fields.extend(time.map(|time| (name.to_owned(), Value::new_long(time))));
        }
        Value::new_record(fields).map_err(with_causes)
    }

    fn grant(&self, grant: &UseGrant) -> Result<Value, String> {
        let fields = [
            ("name".to_owned(), Value::new_string(grant.name.clone())),
            ("state".to_owned(), Value::new_string(grant.state.clone())),
            (
                "sandbox".to_owned(),
                Value::new_entity_uid(uid(&self.use_sandbox, &grant.sandbox)),
            ),
            (
                "version".to_owned(),
                Value::new_entity_uid(uid(&self.use_version, &grant.version)),
            ),
            (
                "purpose".to_owned(),
                Value::new_entity_uid(uid(&self.purpose, &grant.purpose)),
            ),
            ("expire_time".to_owned(), Value::new_long(grant.expire_time)),
        ];
        Value::new_record(fields).map_err(with_causes)
    }
}

fn type_name(name: &str) -> Result<EntityTypeName, String> {
    name.parse().map_err(with_causes::<ParseErrors>)
}

fn uid(kind: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(name))
}

fn entity(
    uid: EntityUid,
    attributes: impl IntoIterator<Item = (String, Value)>,
    parents: impl IntoIterator<Item = EntityUid>,
) -> Result<Entity, String> {
    Entity::new_with_tags(uid, attributes, parents, []).map_err(with_causes)
}

fn entities(entities: impl IntoIterator<Item = Entity>) -> Result<Entities, String> {
    Entities::from_entities(entities, None).map_err(with_causes)
}

fn system(system: &UseSystem) -> Result<Value, String> {
    let fields = [
        ("state".to_owned(), Value::new_string(system.state.clone())),
        ("risk".to_owned(), Value::new_long(system.risk)),
    ];
    Value::new_record(fields).map_err(with_causes)
}

fn request(
    principal: &Entity,
    action: &Entity,
    resource: &Entity,
    context: Context,
) -> Result<Request, String> {
    Request::new(principal.uid(), action.uid(), resource.uid(), context, None).map_err(with_causes)
}

/// The entity of an action, with all its groups as parents, so that `action in` holds for each of its groups.
pub(crate) fn action_entity(action: &EntityUid, declared: &Entities) -> Entity {
    let groups: HashSet<EntityUid> = declared
        .ancestors(action)
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    Entity::new_no_attrs(action.clone(), groups)
}
