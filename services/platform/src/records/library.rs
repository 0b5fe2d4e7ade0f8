//! Libraries, their versions, uploads and depersonalization runs.

use sandyq_anonymizer::classify::Classification;
use sandyq_anonymizer::intake::Format;
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;
use super::rule::Declared;

/// A data library.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Library {
    /// `libraries/{library}`.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// What is in it.
    pub description: String,
    /// `organizations/{organization}` that owns it.
    pub organization: String,
    /// Purposes for which it is lent, dotted.
    pub purposes: Vec<String>,
    /// Number of the last version that was opened.
    pub versions: u64,
    /// `libraries/{library}/versions/{version}` published last.
    pub published_version: Option<String>,
    /// What the owner declares about the data and asks of its use.
    #[serde(default)]
    pub declared: Declared,
    /// `users/{user}` who lifted the rule that two people approve, while it is lifted.
    #[serde(default)]
    pub two_approvals_lifted_by: Option<String>,
}

impl Record for Library {
    const KIND: Kind = Kind::Library;
    fn name(&self) -> &str {
        &self.name
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        if self.published_version.is_some() {
            "PUBLISHED"
        } else {
            ""
        }
    }
}

machine! {
    /// Life of a version.
    VersionState, VersionEvent, "version",
    states {
        Uploading = "UPLOADING",
        Quarantined = "QUARANTINED",
        Classified = "CLASSIFIED",
        Depersonalizing = "DEPERSONALIZING",
        Verified = "VERIFIED",
        Published = "PUBLISHED",
        Refused = "REFUSED",
        Retired = "RETIRED",
    }
    events { Finalize, Classify, Refuse, Start, Verify, Fail, Publish, Retire }
    Uploading + Finalize => Quarantined;
    Quarantined + Classify => Classified;
    Quarantined + Refuse => Refused;
    Classified + Start => Depersonalizing;
    Verified + Start => Depersonalizing;
    Depersonalizing + Verify => Verified;
    Depersonalizing + Fail => Classified;
    Verified + Publish => Published;
    Uploading + Retire => Retired;
    Classified + Retire => Retired;
    Verified + Retire => Retired;
    Published + Retire => Retired;
}

/// A column found at intake.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Column {
    /// As in the header.
    pub name: String,
    /// Physical type.
    pub kind: String,
    /// Cells without a value.
    pub nulls: u64,
}

/// A data set of a version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dataset {
    /// Name within the version.
    pub id: String,
    /// Format and encoding, as declared.
    pub format: Format,
    /// `uploads/{upload}`.
    pub upload: String,
    /// Declared SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// Declared size; 0 when not known.
    pub declared_bytes: u64,
    /// All bytes in and their hash right.
    pub complete: bool,
    /// Rows found at intake.
    pub rows: u64,
    /// Columns found at intake.
    pub columns: Vec<Column>,
    /// What the columns were found to be; of data sets taken in before there was a classification, nothing.
    #[serde(default)]
    pub classification: Option<Classification>,
    /// The published release: place and key of its object.
    pub release: Option<ReleasedDataset>,
}

/// A published data set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReleasedDataset {
    /// Place of the object that holds the release.
    pub place: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Columns that hold pseudonyms, to be re-keyed at staging.
    pub pseudonyms: Vec<String>,
}

/// A version of a library.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Version {
    /// `libraries/{library}/versions/{version}`.
    pub name: String,
    /// `libraries/{library}`.
    pub library: String,
    /// Owner.
    pub organization: String,
    /// Life.
    pub state: VersionState,
    /// Ordered by id.
    pub datasets: Vec<Dataset>,
    /// Where and how the data was collected.
    pub provenance: String,
    /// Why it was refused, or why the last run failed.
    pub failure: String,
    /// When it was published.
    #[serde(with = "time::serde::rfc3339::option")]
    pub publish_time: Option<OffsetDateTime>,
    /// The run whose release is published.
    pub published_run: Option<String>,
    /// Number of the last run.
    pub runs: u64,
    /// The owner says that the data is depersonalized already; it is measured all the same.
    #[serde(default)]
    pub owner_depersonalized: bool,
    /// Smallest equivalence class measured in the published release.
    #[serde(default)]
    pub measured_k: u64,
}

impl Record for Version {
    const KIND: Kind = Kind::Version;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.library
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}

/// The bytes of one data set on their way in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upload {
    /// `uploads/{upload}`.
    pub name: String,
    /// `libraries/{library}/versions/{version}`.
    pub version: String,
    /// Data set within the version.
    pub dataset: String,
    /// Owner.
    pub organization: String,
    /// Place of the encrypted object, once the first bytes came.
    pub place: Option<String>,
    /// All bytes in and their hash right.
    pub complete: bool,
}

impl Record for Upload {
    const KIND: Kind = Kind::Upload;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.version
    }
    fn organization(&self) -> &str {
        &self.organization
    }
}

machine! {
    /// Life of a run.
    RunState, RunEvent, "run",
    states {
        Running = "RUNNING",
        Verified = "VERIFIED",
        Failed = "FAILED",
        Published = "PUBLISHED",
        Superseded = "SUPERSEDED",
    }
    events { Verify, Fail, Publish, Supersede }
    Running + Verify => Verified;
    Running + Fail => Failed;
    Verified + Publish => Published;
    Verified + Supersede => Superseded;
}

/// What was measured of one data set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DatasetReport {
    /// Name of the data set.
    pub dataset: String,
    /// Rows that went in.
    pub input_rows: u64,
    /// Rows that came out.
    pub released_rows: u64,
    /// Records suppressed.
    pub suppressed_rows: u64,
    /// Rows taken out before, because their subjects withdrew consent.
    #[serde(default)]
    pub withdrawn_rows: u64,
    /// Smallest equivalence class.
    pub measured_k: u64,
    /// Equivalence classes.
    pub classes: u64,
    /// Loss, geometric mean.
    pub loss: f64,
    /// The object of the release.
    pub release: ReleasedDataset,
    /// The whole report, JSON.
    pub json: String,
}

/// One depersonalization of a version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// `libraries/{library}/versions/{version}/runs/{run}`.
    pub name: String,
    /// `libraries/{library}/versions/{version}`.
    pub version: String,
    /// Owner.
    pub organization: String,
    /// Life.
    pub state: RunState,
    /// The profile's text.
    pub profile: String,
    /// SHA-256 of the profile's text.
    pub profile_sha256: String,
    /// The hierarchies' texts by name.
    pub hierarchies: Vec<(String, String)>,
    /// What the verifier measured.
    pub reports: Vec<DatasetReport>,
    /// SHA-256 over all reports.
    pub report_sha256: String,
    /// The quality of the data, JSON; empty before it was measured.
    #[serde(default)]
    pub quality: String,
    /// What of the profile's thresholds does not hold.
    #[serde(default)]
    pub quality_breaches: Vec<String>,
    /// Why it failed.
    pub failure: String,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub end_time: Option<OffsetDateTime>,
}

impl Record for Run {
    const KIND: Kind = Kind::Run;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.version
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}
