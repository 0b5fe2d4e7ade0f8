//! Access decisions. Everything is denied unless a policy permits it (law "On artificial intelligence", articles 16, 17
//! and 21); a decision carries its reasons, and one that could not be evaluated in full is a denial.
//!
//! Policies are Cedar files beside a schema, `schema.cedarschema`. Those of the law are part of the program; an operator adds
//! prohibitions of their own ([`Policies::with_forbids`]) and can loosen nothing. A file in which any policy does not parse, does
//! not fit the schema, permits, or lacks its `@id` and `@reason` is refused as a whole.

mod ask;
mod conformance;
mod entities;
mod error;
mod explain;
mod files;
mod policies;
mod purpose;
mod question;

pub use error::PolicyError;
pub use explain::{Fact, Finding};
pub use files::builtin;
pub use policies::Policies;
pub use purpose::{Purpose, PurposeError};
pub use question::{
    Decision, OrganizationKind, Principal, Question, Resource, ResourceKind, Role, UseGrant,
    UseQuestion, UseRule, UseSandbox, UseSystem, UseVersion,
};

/// Calls made before there is a user to decide about; no policy is asked.
pub const UNAUTHENTICATED: &[&str] = &["IdentityService.Enroll"];
