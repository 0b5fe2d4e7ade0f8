//! Encrypted values turned back for the owner of the data.

use sandyq_anonymizer::{PseudonymKey, RevealError, reveal_released};
use sandyq_proto::v1;
use sandyq_store::{Change, Stored};
use serde_json::json;

use super::Services;
use crate::call::{Call, required_reason};
use crate::error::{Class, Error, Result};
use crate::governed::Governed as _;
use crate::jobs::sandbox_key;
use crate::objects;
use crate::pipeline::runs::pseudonym_key;
use crate::records::library::{ReleasedDataset, Version, VersionState};
use crate::records::sandbox::{Sandbox, SandboxState};
use crate::usage;

/// Values of one call.
const MOST_VALUES: usize = 1000;
/// Bytes of one value; no identifier is as long.
const LONGEST_VALUE: usize = 1000;

impl Services {
    pub(super) async fn reveal(
        &self,
        mut call: Call,
        message: v1::RevealValuesRequest,
    ) -> Result<v1::RevealValuesResponse> {
        let version = call.fetch::<Version>(&message.name).await?;
        call.authorize(version.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        required_reason(&message.reason)?;
        let count = message.values.len();
        if count == 0 || count > MOST_VALUES {
            let why = format!("{count} were given; give 1 to {MOST_VALUES}");
            return Err(Error::invalid("values", why));
        }
        if let Some(at) = message.values.iter().position(|v| v.len() > LONGEST_VALUE) {
            let why = format!("is longer than {LONGEST_VALUE} bytes");
            return Err(Error::invalid(format!("values[{at}]"), why));
        }
        let release = released(&version, &message.dataset_id)?;
        let sandbox = self.layer(&version, &message.sandbox).await?;
        let event = call.event(
            &version.name,
            [
                ("reason", json!(message.reason)),
                ("dataset", json!(message.dataset_id)),
                ("column", json!(message.column)),
                ("sandbox", json!(message.sandbox)),
                ("values", json!(count)),
            ],
        );
        let answer = self.turned_back(release, message, sandbox).await?;
        call.commit_secret(Change::new(event), answer).await
    }

    /// The key under which a sandbox sees the values of a version.
    async fn layer(&self, version: &Version, sandbox: &str) -> Result<Option<PseudonymKey>> {
        if sandbox.is_empty() {
            return Ok(None);
        }
        let unknown = || {
            Error::invalid(
                "sandbox",
                "no sandbox of this name has had a grant of the version",
            )
        };
        let found: Option<Stored<Sandbox>> = self.0.store.get(sandbox).await?;
        let found = found.ok_or_else(unknown)?;
        if !usage::ever_granted(&self.0, &found, version).await? {
            return Err(unknown());
        }
        if found.state == SandboxState::Destroyed {
            return Err(Error::new(
                Class::Precondition,
                "SANDBOX_DESTROYED",
                "the sandbox is destroyed and its key with it: what it saw can no longer be turned back",
            ));
        }
        Ok(Some(sandbox_key(&self.0, sandbox).await?))
    }

    async fn turned_back(
        &self,
        release: &ReleasedDataset,
        message: v1::RevealValuesRequest,
        sandbox: Option<PseudonymKey>,
    ) -> Result<v1::RevealValuesResponse> {
        let key = pseudonym_key(&self.0).await?;
        let record = objects::stored(&self.0, &release.place).await?;
        let most = self.0.config.raw.jobs.staging_bytes;
        let _held = self.0.revealing.lock().await;
        let bytes = self.0.objects.reader(&record)?.read_all(most).await?;
        let turning = tokio::task::spawn_blocking(move || {
            let (column, values) = (&message.column, &message.values);
            reveal_released(&bytes, column, values, &key, sandbox.as_ref())
        });
        let turned = turning
            .await
            .map_err(|error| Error::internal("turn values back", error))?;
        match turned {
            Ok(values) => Ok(v1::RevealValuesResponse { values }),
            Err(error @ RevealError::NotReleased { .. }) => {
                Err(Error::invalid("column", error.to_string()))
            }
            Err(RevealError::Foreign { number, in_sandbox }) => Err(Error::invalid(
                format!("values[{}]", number - 1),
                if in_sandbox {
                    "does not stand in this column of the release as the sandbox sees it; nothing was turned back"
                } else {
                    "does not stand in this column of the release; if it comes from a sandbox, name the sandbox; nothing was turned back"
                },
            )),
            Err(error) => Err(Error::internal("turn values back", error)),
        }
    }
}

/// The release of a data set of a published version.
fn released<'a>(version: &'a Version, dataset: &str) -> Result<&'a ReleasedDataset> {
    let Some(found) = version.datasets.iter().find(|d| d.id == dataset) else {
        let known: Vec<&str> = version.datasets.iter().map(|d| d.id.as_str()).collect();
        let why = format!(
            "the version has no such data set; it has: {}",
            known.join(", ")
        );
        return Err(Error::invalid("dataset_id", why));
    };
    match &found.release {
        Some(release) if version.state == VersionState::Published => Ok(release),
        _ => Err(Error::new(
            Class::Precondition,
            "VERSION_NOT_PUBLISHED",
            "values are turned back only while the version is published: before there is no release, and afterwards it is shredded",
        )),
    }
}
