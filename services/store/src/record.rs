//! Records: the shape that all state has.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $table:literal,)*) => {
        /// The kinds of record; each has a table of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The table that holds the kind, which is also the collection in resource names.
            #[must_use]
            pub const fn table(self) -> &'static str {
                match self { $(Self::$kind => $table,)* }
            }
        }
    };
}

kinds! {
    /// Operators, agencies, developers, auditors.
    Organization => "organizations",
    /// People and services that hold certificates.
    User => "users",
    /// Issued certificates and their revocation.
    Certificate => "certificates",
    /// One-time tokens for enrolment.
    Invitation => "invitations",
    /// Data libraries.
    Library => "libraries",
    /// Versions of libraries.
    Version => "versions",
    /// Runs of the depersonalization.
    Run => "runs",
    /// Permissions to use a version in a sandbox.
    Grant => "grants",
    /// AI systems.
    System => "systems",
    /// Sandboxes.
    Sandbox => "sandboxes",
    /// Jobs in sandboxes.
    Job => "jobs",
    /// Trials, whose containers answer requests.
    Trial => "trials",
    /// Container images.
    Image => "images",
    /// Outputs of jobs in the airlock.
    Output => "outputs",
    /// Uploads under way.
    Upload => "uploads",
    /// Sealed secrets.
    Secret => "secrets",
    /// Requests of subjects.
    SubjectRequest => "subject_requests",
    /// Subjects of whom nothing is released any more; never deleted.
    Exclusion => "exclusions",
    /// What each version holds of whom.
    SubjectIndex => "subject_indexes",
    /// Incidents.
    Incident => "incidents",
    /// What AI systems declared when they were submitted.
    Declaration => "declarations",
    /// Jobs that use, or have used, a library.
    LibraryUse => "library_uses",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table())
    }
}

/// State that the store keeps. Everything is in the record's JSON; what the methods say is also a column, to be
/// searched by. The empty string stands for none.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The kind, hence the table.
    const KIND: Kind;
    /// The resource name, which is the primary key.
    fn name(&self) -> &str;
    /// The name of the parent resource.
    fn parent(&self) -> &str {
        ""
    }
    /// The organization that owns it.
    fn organization(&self) -> &str {
        ""
    }
    /// The other organization that may see it.
    fn counterparty(&self) -> &str {
        ""
    }
    /// The state, as a word.
    fn state(&self) -> &str {
        ""
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<R> {
    /// The record; change it and give the whole to [`crate::Change::update`].
    pub record: R,
    /// How often it was written, from 1. An update fails when it has moved.
    pub revision: i64,
    /// When it was inserted, to the microsecond.
    pub create_time: OffsetDateTime,
    /// When it was last written, to the microsecond.
    pub update_time: OffsetDateTime,
}

impl<R> Stored<R> {
    /// The revision as an opaque tag for clients.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.revision)
    }
}

impl<R> Deref for Stored<R> {
    type Target = R;
    fn deref(&self) -> &R {
        &self.record
    }
}

impl<R> DerefMut for Stored<R> {
    fn deref_mut(&mut self) -> &mut R {
        &mut self.record
    }
}

/// Which records to list; what is `None` or empty does not narrow the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Only children of this resource.
    pub parent: Option<&'a str>,
    /// Only those that this organization owns.
    pub organization: Option<&'a str>,
    /// Only those that this organization owns or may see.
    pub visible_to: Option<&'a str>,
    /// Only those in one of these states.
    pub states: &'a [&'a str],
}

/// Which part of a list to read, in the order of names (bytewise).
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// At most so many.
    pub size: u32,
    /// Only names after this one: the last name of the page before.
    pub after: Option<&'a str>,
}

impl Page<'_> {
    /// The first page.
    #[must_use]
    pub fn first(size: u32) -> Self {
        Self { size, after: None }
    }
}
