//! Versions of libraries: opened, taken in as a whole, retired.

use sandyq_access::OrganizationKind;
use sandyq_proto::v1;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;

use super::{Services, text};
use crate::call::{Call, required_reason};
use crate::convert;
use crate::error::{Error, Result};
use crate::governed::Governed;
use crate::names;
use crate::pipeline::{intake, runs};
use crate::platform::Platform;
use crate::records::library::{Dataset, Library, Upload, Version, VersionEvent, VersionState};

const MOST_DATASETS: usize = 100;

/// Checks the data sets that a client declares, and gives each an upload.
fn datasets(message: &v1::CreateVersionRequest, most_bytes: u64) -> Result<Vec<Dataset>> {
    if message.datasets.is_empty() || message.datasets.len() > MOST_DATASETS {
        return Err(Error::invalid("datasets", "declare 1 to 100 data sets"));
    }
    let mut out: Vec<Dataset> = Vec::new();
    for (index, wanted) in message.datasets.iter().enumerate() {
        let field = format!("datasets[{index}]");
        if !names::is_dataset_id(&wanted.dataset_id) {
            return Err(Error::invalid(
                format!("{field}.dataset_id"),
                "must be 1-63 of a-z, 0-9, dash and underscore, beginning with a letter",
            ));
        }
        if out.iter().any(|known| known.id == wanted.dataset_id) {
            return Err(Error::invalid(
                format!("{field}.dataset_id"),
                "is declared twice",
            ));
        }
        let sha256 = convert::sha256(&wanted.sha256).ok_or_else(|| {
            Error::invalid(
                format!("{field}.sha256"),
                "must be the SHA-256 of the file, 64 hexadecimal digits",
            )
        })?;
        let declared_bytes = convert::uncount(&format!("{field}.size_bytes"), wanted.size_bytes)?;
        if declared_bytes > most_bytes {
            return Err(Error::invalid(
                format!("{field}.size_bytes"),
                format!("is above this server's limit of {most_bytes} bytes a data set"),
            ));
        }
        out.push(Dataset {
            id: wanted.dataset_id.clone(),
            format: convert::format(&field, wanted)?,
            upload: format!("uploads/{}", names::fresh_id('u')),
            sha256,
            declared_bytes,
            complete: false,
            rows: 0,
            columns: Vec::new(),
            classification: None,
            release: None,
        });
    }
    out.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(out)
}

/// What each kind of organization sees of a version.
pub(super) fn version_view(kind: OrganizationKind) -> fn(v1::Version) -> v1::Version {
    match kind {
        OrganizationKind::Agency => |version| version,
        OrganizationKind::Developer => convert::published_view,
        OrganizationKind::Operator | OrganizationKind::Auditor => convert::overseen_view,
    }
}

impl Services {
    pub(super) async fn new_version(
        &self,
        mut call: Call,
        message: v1::CreateVersionRequest,
    ) -> Result<v1::CreateVersionResponse> {
        let mut library = call.fetch::<Library>(&message.parent).await?;
        call.authorize(library.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        library.versions += 1;
        let version = Version {
            name: format!("{}/versions/v{}", library.name, library.versions),
            library: library.name.clone(),
            organization: library.organization.clone(),
            state: VersionState::Uploading,
            datasets: datasets(&message, self.0.config.raw.intake.max_dataset_bytes)?,
            provenance: text("provenance", &message.provenance, true, 4000)?,
            failure: String::new(),
            publish_time: None,
            published_run: None,
            runs: 0,
            owner_depersonalized: message.owner_depersonalized,
            measured_k: 0,
        };
        let ids: Vec<_> = version.datasets.iter().map(|dataset| &dataset.id).collect();
        let mut change = Change::new(call.event(&version.name, [("datasets", json!(ids))]))
            .update(&library)?
            .insert(&version)?;
        for dataset in &version.datasets {
            change = change.insert(&Upload {
                name: dataset.upload.clone(),
                version: version.name.clone(),
                dataset: dataset.id.clone(),
                organization: version.organization.clone(),
                place: None,
                complete: false,
            })?;
        }
        let answer = v1::CreateVersionResponse {
            version: Some(convert::version(&call.inserted(version))),
        };
        call.commit(change, answer).await
    }

    /// A version as the caller may see it.
    pub(super) fn version_for(call: &Call, stored: &Stored<Version>) -> v1::Version {
        version_view(call.principal.kind)(convert::version(stored))
    }

    pub(super) async fn finalize(
        &self,
        mut call: Call,
        message: v1::FinalizeVersionRequest,
    ) -> Result<v1::FinalizeVersionResponse> {
        let mut version = call.fetch::<Version>(&message.name).await?;
        call.authorize(version.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        version.state = version.state.after(VersionEvent::Finalize)?;
        let open: Vec<_> = version
            .datasets
            .iter()
            .filter(|dataset| !dataset.complete)
            .map(|dataset| dataset.id.as_str())
            .collect();
        if !open.is_empty() {
            return Err(Error::precondition(
                "UPLOAD_INCOMPLETE",
                format!(
                    "not all bytes are in of data set {}; resume its upload",
                    open.join(", ")
                ),
            ));
        }
        let change = Change::new(call.event(&version.name, [])).update(&version)?;
        version.revision += 1;
        let answer = v1::FinalizeVersionResponse {
            version: Some(convert::version(&version)),
        };
        let answer = call.commit(change, answer).await?;
        intake::start(&self.0, version.record.name);
        Ok(answer)
    }

    pub(super) async fn retire(
        &self,
        mut call: Call,
        message: v1::RetireVersionRequest,
    ) -> Result<v1::RetireVersionResponse> {
        let mut version = call.fetch::<Version>(&message.name).await?;
        call.authorize(version.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        required_reason(&message.reason)?;
        let event = call.event(&version.name, [("reason", json!(message.reason))]);
        let change = retirement(&self.0, Change::new(event), &mut version).await?;
        version.revision += 1;
        let answer = v1::RetireVersionResponse {
            version: Some(convert::version(&version)),
        };
        let answer = call.commit(change, answer).await?;
        crate::jobs::stop::version_retired(&self.0, &version.name).await?;
        Ok(answer)
    }
}

/// Adds to a change the retirement of a version and all that goes with it: nobody can use it any more, its raw bytes and its releases are
/// shredded.
///
/// # Errors
/// The version cannot be retired in its state; the store's.
pub async fn retirement(
    platform: &Platform,
    mut change: Change,
    version: &mut Stored<Version>,
) -> Result<Change> {
    version.state = version.state.after(VersionEvent::Retire)?;
    change = change.update(version)?;
    let mut library = platform.record::<Library>(&version.library).await?;
    if library.published_version.as_ref() == Some(&version.name) {
        library.published_version = None;
        change = change.update(&library)?;
    }
    // The raw bytes and the release have no use any more: dropping their keys shreds them.
    for upload in uploads(platform, &version.name).await? {
        if let Some(place) = &upload.place {
            change = change.drop_object(place.clone());
        }
        change = change.delete(&upload);
    }
    for place in version.datasets.iter().filter_map(|d| d.release.as_ref()) {
        change = change.drop_object(place.place.clone());
    }
    // Nor has the release of a run that waited for approval.
    runs::supersede(platform, change, &version.name).await
}

async fn uploads(platform: &Platform, version: &str) -> Result<Vec<Stored<Upload>>> {
    let filter = Filter {
        parent: Some(version),
        ..Filter::default()
    };
    let most = u32::try_from(MOST_DATASETS).unwrap_or(u32::MAX);
    let page = sandyq_store::Page::first(most);
    Ok(platform.store.list(&filter, page).await?)
}
