//! From files to a validated schema and policy set.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use cedar_policy::{
    Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, ValidationWarning, Validator,
};
use miette::Diagnostic;

use crate::PolicyError;

/// Name of the schema's file in a folder of policies.
const SCHEMA: &str = "schema.cedarschema";

/// The shipped schema and policies: file name and text. They are part of the program; operators add prohibitions in files of
/// their own.
pub fn builtin() -> &'static [(&'static str, &'static str)] {
    &[
        (SCHEMA, include_str!("../policies/schema.cedarschema")),
        ("airlock.cedar", include_str!("../policies/airlock.cedar")),
        ("audit.cedar", include_str!("../policies/audit.cedar")),
        ("grants.cedar", include_str!("../policies/grants.cedar")),
        ("identity.cedar", include_str!("../policies/identity.cedar")),
        ("images.cedar", include_str!("../policies/images.cedar")),
        (
            "incidents.cedar",
            include_str!("../policies/incidents.cedar"),
        ),
        (
            "libraries.cedar",
            include_str!("../policies/libraries.cedar"),
        ),
        (
            "sandboxes.cedar",
            include_str!("../policies/sandboxes.cedar"),
        ),
        ("subjects.cedar", include_str!("../policies/subjects.cedar")),
        ("systems.cedar", include_str!("../policies/systems.cedar")),
        ("trials.cedar", include_str!("../policies/trials.cedar")),
        ("use.cedar", include_str!("../policies/use.cedar")),
    ]
}

/// One file; `name` is what errors call it.
struct SourceFile {
    name: String,
    text: String,
    /// Added by the operator: it may forbid, and nothing else.
    added: bool,
}

/// The files of one set of policies.
pub(crate) struct Sources {
    schema: SourceFile,
    policies: Vec<SourceFile>,
}

/// What the files say, validated strictly.
pub(crate) struct Compiled {
    pub(crate) schema: Schema,
    pub(crate) schema_file: String,
    pub(crate) policies: Vec<Policy>,
    /// Those that the operator added.
    pub(crate) own: HashSet<PolicyId>,
}

impl Sources {
    pub(crate) fn builtin() -> Sources {
        let file = |&(name, text): &(&str, &str)| SourceFile {
            name: name.to_owned(),
            text: text.to_owned(),
            added: false,
        };
        let (schema, policies) = builtin()
            .iter()
            .map(file)
            .partition(|file: &SourceFile| file.name == SCHEMA);
        let schema: Vec<SourceFile> = schema;
        let schema = schema.into_iter().next().unwrap_or_else(|| SourceFile {
            name: SCHEMA.to_owned(),
            text: String::new(),
            added: false,
        });
        Sources { schema, policies }
    }

    /// The shipped files and every `*.cedar` of a folder, which may hold prohibitions only. Copies of shipped files are passed
    /// over when they are unchanged.
    pub(crate) fn with_forbids(dir: &Path) -> Result<Sources, PolicyError> {
        let mut texts = Vec::new();
        for path in cedar_files(dir)? {
            let file = read(&path)?;
            let name = path.file_name().unwrap_or_default();
            let shipped = |(known, text): &(&str, &str)| name == *known && file.text == *text;
            if !builtin().iter().any(shipped) {
                texts.push((file.name, file.text));
            }
        }
        Ok(Sources::adding(texts))
    }

    /// The shipped files and these, which may hold prohibitions only.
    pub(crate) fn adding(texts: Vec<(String, String)>) -> Sources {
        let mut sources = Sources::builtin();
        let added = texts.into_iter().map(|(name, text)| SourceFile {
            name,
            text,
            added: true,
        });
        sources.policies.extend(added);
        sources
    }

    /// Reads the schema and every `*.cedar` of a folder, in the order of their names.
    pub(crate) fn read(dir: &Path) -> Result<Sources, PolicyError> {
        let paths = cedar_files(dir)?;
        let schema = match read(&dir.join(SCHEMA)) {
            Err(PolicyError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(PolicyError::MissingSchema {
                    dir: dir.to_owned(),
                });
            }
            read => read?,
        };
        if paths.is_empty() {
            return Err(PolicyError::NoPolicies {
                dir: dir.to_owned(),
            });
        }
        let policies = paths
            .iter()
            .map(|path| read(path))
            .collect::<Result<_, _>>()?;
        Ok(Sources { schema, policies })
    }

    /// Parses everything, names each policy by its `@id` and validates all of them against the schema.
    pub(crate) fn compile(self) -> Result<Compiled, PolicyError> {
        let (schema, _) = Schema::from_cedarschema_str(&self.schema.text)
            .map_err(|error| self.schema.syntax(&error))?;
        let mut policies: Vec<(usize, Policy)> = Vec::new();
        let mut defined: HashMap<PolicyId, usize> = HashMap::new();
        for (index, file) in self.policies.iter().enumerate() {
            for policy in file.parse()? {
                if let Some(first) = defined.insert(policy.id().clone(), index) {
                    return Err(file.duplicate(&policy, self.policies.get(first)));
                }
                policies.push((index, policy));
            }
        }
        let set = PolicySet::from_policies(policies.iter().map(|(_, policy)| policy.clone()))
            .map_err(|error| PolicyError::SchemaMismatch {
                file: self.schema.name.clone(),
                message: error.to_string(),
            })?;
        self.validate(&schema, &set, &defined)?;
        let added = |index: &usize| self.policies.get(*index).is_some_and(|file| file.added);
        let own = defined.into_iter().filter(|(_, index)| added(index));
        let own = own.map(|(id, _)| id).collect();
        let policies = policies.into_iter().map(|(_, policy)| policy).collect();
        Ok(Compiled {
            schema,
            schema_file: self.schema.name,
            policies,
            own,
        })
    }

    fn validate(
        &self,
        schema: &Schema,
        set: &PolicySet,
        files: &HashMap<PolicyId, usize>,
    ) -> Result<(), PolicyError> {
        let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
        let errors = result
            .validation_errors()
            .map(|error| (error.policy_id(), error as &dyn Diagnostic));
        // A policy that can never apply is most likely a misspelt forbid, which would forbid nothing.
        let warnings = result
            .validation_warnings()
            .filter(|warning| is_grave(warning));
        let warnings = warnings.map(|warning| (warning.policy_id(), warning as &dyn Diagnostic));
        let found: Vec<(&PolicyId, &dyn Diagnostic)> = errors.chain(warnings).collect();
        let first = found
            .iter()
            .map(|(id, _)| *id)
            .min_by_key(|id| (files.get(*id), set.policy(id).and_then(start)));
        let Some(id) = first else { return Ok(()) };
        let file = files.get(id).and_then(|index| self.policies.get(*index));
        let of_first = found
            .iter()
            .filter(|(other, _)| *other == id)
            .map(|(_, diagnostic)| *diagnostic);
        let of_first: Vec<&dyn Diagnostic> = of_first.collect();
        Err(file
            .unwrap_or(&self.schema)
            .invalid(id, set.policy(id), &of_first))
    }
}

/// Every `*.cedar` of a folder, in the order of names.
fn cedar_files(dir: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let unreadable = |source| PolicyError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "cedar")
    });
    paths.sort();
    Ok(paths)
}

fn is_grave(warning: &ValidationWarning) -> bool {
    matches!(
        warning,
        ValidationWarning::ImpossiblePolicy(_)
            | ValidationWarning::InvalidActionApplication(_)
            | ValidationWarning::BidiCharsInString(_)
            | ValidationWarning::BidiCharsInIdentifier(_)
    )
}

fn read(path: &Path) -> Result<SourceFile, PolicyError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(SourceFile {
            name: path.display().to_string(),
            text,
            added: false,
        }),
        Err(source) => Err(PolicyError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

impl SourceFile {
    /// The policies of the file, each under its `@id`.
    fn parse(&self) -> Result<Vec<Policy>, PolicyError> {
        let set: PolicySet = self
            .text
            .parse()
            .map_err(|error: cedar_policy::ParseErrors| self.syntax(&error))?;
        if let Some(template) = set.templates().next() {
            let line = self.line(template.as_ref().loc().map(|loc| loc.start()));
            let policy = template.annotation("id").unwrap_or("without id").to_owned();
            return Err(PolicyError::Template {
                file: self.name.clone(),
                line,
                policy,
            });
        }
        let mut policies: Vec<&Policy> = set.policies().collect();
        policies.sort_by_key(|policy| start(policy));
        policies
            .into_iter()
            .map(|policy| self.named(policy))
            .collect()
    }

    fn named(&self, policy: &Policy) -> Result<Policy, PolicyError> {
        let missing = |annotation, policy_name: &str| PolicyError::MissingAnnotation {
            file: self.name.clone(),
            line: self.line(start(policy)),
            policy: policy_name.to_owned(),
            annotation,
        };
        let annotation = |name| {
            policy
                .annotation(name)
                .filter(|text| !text.trim().is_empty())
        };
        let id = annotation("id").ok_or_else(|| missing("id", "without id"))?;
        annotation("reason").ok_or_else(|| missing("reason", &format!("`{id}`")))?;
        if self.added && policy.effect() == Effect::Permit {
            return Err(PolicyError::Loosens {
                file: self.name.clone(),
                line: self.line(start(policy)),
                policy: id.to_owned(),
            });
        }
        Ok(policy.new_id(PolicyId::new(id)))
    }

    fn syntax(&self, error: &dyn Diagnostic) -> PolicyError {
        PolicyError::Syntax {
            file: self.name.clone(),
            line: self.line(offset(error)),
            message: message(error),
        }
    }

    fn duplicate(&self, policy: &Policy, first: Option<&SourceFile>) -> PolicyError {
        PolicyError::DuplicateId {
            file: self.name.clone(),
            line: self.line(start(policy)),
            policy: policy.id().to_string(),
            other: first.map_or_else(|| self.name.clone(), |file| file.name.clone()),
        }
    }

    /// Everything that is wrong with one policy, at the first line that is known.
    fn invalid(
        &self,
        id: &PolicyId,
        policy: Option<&Policy>,
        found: &[&dyn Diagnostic],
    ) -> PolicyError {
        let prefix = format!("for policy `{id}`, ");
        let mut messages: Vec<String> = Vec::new();
        for text in found.iter().map(|diagnostic| message(*diagnostic)) {
            let text = text.strip_prefix(&prefix).unwrap_or(&text).to_owned();
            if !messages.contains(&text) {
                messages.push(text);
            }
        }
        let place = found
            .iter()
            .filter_map(|diagnostic| offset(*diagnostic))
            .min();
        PolicyError::Invalid {
            file: self.name.clone(),
            line: self.line(place.or_else(|| policy.and_then(start))),
            policy: id.to_string(),
            message: messages.join("; "),
        }
    }

    /// The line of a byte offset, counted from 1.
    fn line(&self, offset: Option<usize>) -> usize {
        let before = self.text.get(..offset.unwrap_or(0)).unwrap_or(&self.text);
        before.matches('\n').count() + 1
    }
}

/// Where a policy begins in its file.
fn start(policy: &Policy) -> Option<usize> {
    policy.as_ref().loc().map(|loc| loc.start())
}

/// The first place that a diagnostic points at.
fn offset(diagnostic: &dyn Diagnostic) -> Option<usize> {
    diagnostic.labels()?.map(|label| label.offset()).min()
}

fn message(diagnostic: &dyn Diagnostic) -> String {
    match diagnostic.help() {
        Some(help) => format!("{diagnostic} ({help})"),
        None => diagnostic.to_string(),
    }
}
