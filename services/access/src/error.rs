//! Why a set of policies is refused. Each error names the file and, where there is one, the line and the policy.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A set of policies that the platform does not start with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file or the folder could not be read.
    #[error("cannot read {}; make it readable, or write the shipped policies with `sandyq init`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The folder has no schema.
    #[error("{} has no schema.cedarschema; copy the one that `sandyq init` writes", dir.display())]
    MissingSchema {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder has no policies, so that nobody could do anything.
    #[error("{} has no *.cedar file; copy those that `sandyq init` writes", dir.display())]
    NoPolicies {
        /// The folder.
        dir: PathBuf,
    },
    /// A file does not parse.
    #[error("{file}, line {line}: {message}")]
    Syntax {
        /// The file's name.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What was wrong.
        message: String,
    },
    /// The schema does not describe what the platform asks about.
    #[error(
        "{file} does not fit this version of the platform: {message}; restore the schema that `sandyq init` writes"
    )]
    SchemaMismatch {
        /// The file's name.
        file: String,
        /// What is absent or different.
        message: String,
    },
    /// A policy lacks an annotation, or has an empty one.
    #[error(
        "{file}, line {line}: policy {policy} has no @{annotation}(\"...\"); every policy has an id and a reason"
    )]
    MissingAnnotation {
        /// The file's name.
        file: String,
        /// Where the policy begins, counted from 1.
        line: usize,
        /// The policy's id, or its place in the file.
        policy: String,
        /// `id` or `reason`.
        annotation: &'static str,
    },
    /// Two policies have the same id.
    #[error(
        "{file}, line {line}: policy `{policy}` is already defined in {other}; give it another id"
    )]
    DuplicateId {
        /// The file's name.
        file: String,
        /// Where the second policy begins, counted from 1.
        line: usize,
        /// The id.
        policy: String,
        /// The file with the first one.
        other: String,
    },
    /// A policy has slots.
    #[error(
        "{file}, line {line}: policy `{policy}` is a template; name the principal and the resource instead"
    )]
    Template {
        /// The file's name.
        file: String,
        /// Where the policy begins, counted from 1.
        line: usize,
        /// The policy's id, or its place in the file.
        policy: String,
    },
    /// A policy of the operator's permits what the law's policies do not.
    #[error(
        "{file}, line {line}: policy `{policy}` is a permit; the operator's policies only forbid, they never loosen what the law asks"
    )]
    Loosens {
        /// The file's name.
        file: String,
        /// Where the policy begins, counted from 1.
        line: usize,
        /// The policy's id.
        policy: String,
    },
    /// A policy does not fit the schema, or can never apply.
    #[error("{file}, line {line}: policy `{policy}`: {message}")]
    Invalid {
        /// The file's name.
        file: String,
        /// Counted from 1.
        line: usize,
        /// The policy's id.
        policy: String,
        /// What was wrong.
        message: String,
    },
}

/// A library's error with all that it says about its causes, each once.
pub(crate) fn with_causes<E: StdError>(error: E) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}
