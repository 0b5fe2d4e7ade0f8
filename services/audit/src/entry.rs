//! What one entry of the log says.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::merkle::{Hash, leaf_hash};

/// The longest entry, in bytes of its JSON. It keeps every line of an export within what a verifier reads.
pub const MAX_ENTRY_BYTES: usize = 1 << 20;

/// How it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The policies permitted it.
    Allow,
    /// It was denied.
    Deny,
    /// Nobody asked: the platform itself did it.
    System,
}

impl Decision {
    /// The word that the entry writes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::System => "system",
        }
    }
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 0 without gaps.
    pub seq: u64,
    /// When it was appended: RFC 3339 in UTC with microseconds. It never goes backwards.
    pub time: String,
    /// The leaf hash of the entry before, in base64, so that damage can be traced to an entry. Empty in the first.
    pub previous: String,
    /// The user who did it, or the part of the platform.
    pub actor: String,
    /// The actor's organization.
    pub organization: String,
    /// The RPC, such as `LibraryService.PublishVersion`, or the event, such as `system.JobFinished`.
    pub action: String,
    /// The name of what it was done to.
    pub resource: String,
    /// How it was decided.
    pub decision: Decision,
    /// Why it was decided so: policies, rules, errors.
    pub reasons: Vec<String>,
    /// What else is to be known; never a secret.
    pub detail: Map<String, Value>,
}

/// Why an entry cannot be a leaf.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The JSON would be longer than a verifier reads.
    #[error(
        "the audit entry for {action} on {resource:?} is {bytes} bytes long; at most {MAX_ENTRY_BYTES} are allowed"
    )]
    TooLong {
        /// The entry's action.
        action: String,
        /// The entry's resource.
        resource: String,
        /// The length.
        bytes: usize,
    },
    /// The entry has no JSON form.
    #[error("the audit entry cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Entry {
    /// The leaf: the entry's JSON in its one canonical form, which is stored, hashed and exported verbatim.
    /// It is compact, the fields stand in the order of this structure, and the keys within `detail` are sorted.
    ///
    /// # Errors
    /// [`EntryError::TooLong`] past [`MAX_ENTRY_BYTES`].
    pub fn to_leaf(&self) -> Result<String, EntryError> {
        let mut sorted = self.clone();
        sorted.detail = sort(std::mem::take(&mut sorted.detail));
        let leaf = serde_json::to_string(&sorted)?;
        if leaf.len() > MAX_ENTRY_BYTES {
            let (action, resource) = (self.action.clone(), self.resource.clone());
            return Err(EntryError::TooLong {
                action,
                resource,
                bytes: leaf.len(),
            });
        }
        Ok(leaf)
    }

    /// Reads an entry from its leaf.
    ///
    /// # Errors
    /// [`EntryError::Json`] when the text is not an entry.
    pub fn from_leaf(leaf: &str) -> Result<Self, EntryError> {
        Ok(serde_json::from_str(leaf)?)
    }

    /// The leaf and its hash.
    ///
    /// # Errors
    /// As [`Self::to_leaf`].
    pub fn hashed(&self) -> Result<(String, Hash), EntryError> {
        let leaf = self.to_leaf()?;
        let hash = leaf_hash(leaf.as_bytes());
        Ok((leaf, hash))
    }
}

fn sort(map: Map<String, Value>) -> Map<String, Value> {
    let mut pairs: Vec<_> = map
        .into_iter()
        .map(|(key, value)| (key, sort_value(value)))
        .collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs.into_iter().collect()
}

fn sort_value(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(sort(map)),
        Value::Array(items) => Value::Array(items.into_iter().map(sort_value).collect()),
        plain => plain,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use serde_json::json;

    use super::*;

    pub(crate) fn entry(seq: u64, previous: &str) -> Entry {
        let Value::Object(detail) = json!({"z": 1, "a": {"d": [1, {"y": 2, "x": 3}], "b": null}})
        else {
            unreachable!()
        };
        Entry {
            seq,
            time: format!("2026-01-01T00:00:{:02}.000000Z", seq % 60),
            previous: previous.to_owned(),
            actor: "users/aigerim".to_owned(),
            organization: "organizations/health".to_owned(),
            action: "LibraryService.PublishVersion".to_owned(),
            resource: format!("libraries/births/versions/{seq}"),
            decision: Decision::Allow,
            reasons: vec!["policy owner-publishes".to_owned()],
            detail,
        }
    }

    #[test]
    fn the_leaf_has_one_form() {
        let leaf = entry(3, "").to_leaf().unwrap();
        assert_eq!(
            leaf,
            r#"{"seq":3,"time":"2026-01-01T00:00:03.000000Z","previous":"","actor":"users/aigerim","organization":"organizations/health","action":"LibraryService.PublishVersion","resource":"libraries/births/versions/3","decision":"allow","reasons":["policy owner-publishes"],"detail":{"a":{"b":null,"d":[1,{"x":3,"y":2}]},"z":1}}"#
        );
        assert_eq!(Entry::from_leaf(&leaf).unwrap().to_leaf().unwrap(), leaf);
    }

    #[test]
    fn an_entry_that_no_verifier_would_read_is_refused() {
        let mut long = entry(0, "");
        long.reasons = vec!["x".repeat(MAX_ENTRY_BYTES)];
        assert!(matches!(long.to_leaf(), Err(EntryError::TooLong { .. })));
    }
}
