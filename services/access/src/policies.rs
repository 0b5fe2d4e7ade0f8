//! A validated set of policies.

use std::path::Path;

use crate::{Decision, PolicyError, Question, UseQuestion};

/// The shipped schema and policies: file name and text.
pub fn builtin() -> &'static [(&'static str, &'static str)] {
    &[]
}

/// A validated set of policies. Until it reads files, it denies everything.
#[derive(Clone, Debug)]
pub struct Policies;

impl Policies {
    /// Reads `schema.cedarschema` and every `*.cedar` of a folder.
    pub fn load(dir: &Path) -> Result<Policies, PolicyError> {
        Err(PolicyError::NoPolicies {
            dir: dir.to_owned(),
        })
    }

    /// The shipped set.
    pub fn builtin() -> Result<Policies, PolicyError> {
        Ok(Policies)
    }

    /// The calls that policies decide on, such as `LibraryService.CreateVersion`, in order.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// Decides on a call.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        deny(&format!("no policy permits {}", question.action))
    }

    /// Decides on the use of a version in a sandbox.
    pub fn decide_use(&self, question: &UseQuestion) -> Decision {
        deny(&format!(
            "no policy permits the use of {}",
            question.version.name
        ))
    }
}

fn deny(reason: &str) -> Decision {
    Decision {
        allowed: false,
        reasons: vec![reason.to_owned()],
        errors: Vec::new(),
    }
}
