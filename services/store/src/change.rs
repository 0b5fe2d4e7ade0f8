//! Changes: everything that one transaction does, decided before anything is written.

use sandyq_audit::Decision;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::error::StoreError;
use crate::objects::ObjectRecord;
use crate::record::{Kind, Record, Stored};

/// What happened, for the audit log. It becomes an entry, with number and time, when the change is committed.
#[derive(Clone, Debug)]
pub struct Event {
    /// The user, or the part of the platform.
    pub actor: String,
    /// The actor's organization.
    pub organization: String,
    /// The RPC, such as `LibraryService.PublishVersion`, or the event, such as `system.JobFinished`.
    pub action: String,
    /// The name of what it was done to.
    pub resource: String,
    /// How it was decided.
    pub decision: Decision,
    /// Why it was decided so.
    pub reasons: Vec<String>,
    /// What else is to be known; never a secret.
    pub detail: Map<String, Value>,
}

/// Identifies a request that must be carried out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Who asked.
    pub principal: String,
    /// The id that the client chose.
    pub request_id: String,
    /// The RPC.
    pub method: String,
    /// A hash of the request, so that the id cannot be used for another.
    pub fingerprint: String,
}

/// A request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedRequest {
    /// The RPC.
    pub method: String,
    /// The hash of the request.
    pub fingerprint: String,
    /// The answer that was given.
    pub response: Vec<u8>,
}

/// A change that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The number of the change's first audit entry.
    pub first_seq: u64,
}

/// The columns of a record.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub kind: Kind,
    pub name: String,
    pub parent: String,
    pub organization: String,
    pub counterparty: String,
    pub state: String,
    pub body: String,
}

impl Row {
    fn of<R: Record>(record: &R) -> Result<Self, StoreError> {
        Ok(Self {
            kind: R::KIND,
            name: record.name().to_owned(),
            parent: record.parent().to_owned(),
            organization: record.organization().to_owned(),
            counterparty: record.counterparty().to_owned(),
            state: record.state().to_owned(),
            body: serde_json::to_string(record)?,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Insert(Row),
    Update(Row, i64),
    Delete {
        kind: Kind,
        name: String,
        revision: i64,
    },
    KeepObject(ObjectRecord),
    DropObject(String),
    Request(RequestKey, Vec<u8>),
    ForgetRequests(OffsetDateTime),
}

/// What is to be changed, together with the audit entries that say so: there is no change without an entry.
/// Its steps are carried out in order, all or none.
#[derive(Clone, Debug)]
pub struct Change {
    pub(crate) events: Vec<Event>,
    pub(crate) steps: Vec<Step>,
}

impl Change {
    /// A change that the event describes. Without further steps it only appends the entry.
    #[must_use]
    pub fn new(event: Event) -> Self {
        Self {
            events: vec![event],
            steps: Vec::new(),
        }
    }

    /// Appends one more entry.
    #[must_use]
    pub fn also(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    /// Inserts a record; the commit fails with [`StoreError::Exists`] when the name is taken.
    ///
    /// # Errors
    /// [`StoreError::Json`].
    pub fn insert<R: Record>(self, record: &R) -> Result<Self, StoreError> {
        Ok(self.step(Step::Insert(Row::of(record)?)))
    }

    /// Writes a changed record; the commit fails with [`StoreError::Conflict`] when another has written it since
    /// it was read, and with [`StoreError::NotFound`] when it was deleted.
    ///
    /// # Errors
    /// [`StoreError::Json`].
    pub fn update<R: Record>(self, stored: &Stored<R>) -> Result<Self, StoreError> {
        Ok(self.step(Step::Update(Row::of(&stored.record)?, stored.revision)))
    }

    /// Deletes a record; the commit fails as that of an update.
    #[must_use]
    pub fn delete<R: Record>(self, stored: &Stored<R>) -> Self {
        let (name, revision) = (stored.record.name().to_owned(), stored.revision);
        self.step(Step::Delete {
            kind: R::KIND,
            name,
            revision,
        })
    }

    /// Keeps an object's wrapped key, or writes anew what is known of the same object. The commit fails with
    /// [`StoreError::ObjectExists`] when another object is kept at the place.
    #[must_use]
    pub fn keep_object(self, object: ObjectRecord) -> Self {
        self.step(Step::KeepObject(object))
    }

    /// Drops an object's wrapped key, which shreds the object. The commit fails with
    /// [`StoreError::ObjectNotFound`] when nothing is kept there.
    #[must_use]
    pub fn drop_object(self, place: impl Into<String>) -> Self {
        self.step(Step::DropObject(place.into()))
    }

    /// Notes that the request was carried out and how it was answered. The commit fails with
    /// [`StoreError::RequestReplayed`] when the principal has used the id already.
    #[must_use]
    pub fn request(self, key: RequestKey, response: Vec<u8>) -> Self {
        self.step(Step::Request(key, response))
    }

    /// Forgets the requests that were carried out before a time.
    #[must_use]
    pub fn forget_requests(self, before: OffsetDateTime) -> Self {
        self.step(Step::ForgetRequests(before))
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl Change {
    /// The names of the records that it writes, for those who watch them.
    pub fn touched(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Insert(row) | Step::Update(row, _) => Some(row.name.as_str()),
            Step::Delete { name, .. } => Some(name.as_str()),
            _ => None,
        })
    }
}
