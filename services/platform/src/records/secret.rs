//! Keys of the platform, each sealed under the master key.

use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};

/// A sealed key. Deleting the record shreds what the key protects.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secret {
    /// `secrets/{secret}`, also the place that the seal is bound to.
    pub name: String,
    /// The sealed bytes, as the keyring writes them.
    pub sealed: String,
    /// What of it is public: a certificate, a verifier key; empty otherwise.
    pub public: String,
}

impl Record for Secret {
    const KIND: Kind = Kind::Secret;
    fn name(&self) -> &str {
        &self.name
    }
}
