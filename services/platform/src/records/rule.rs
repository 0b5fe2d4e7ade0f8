//! What the owner of a library declares about its data, what is asked of every use, and who has used it.

use sandyq_sandbox::logs::LogOpening;
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::sandbox::Stage;
use super::system::{Evidence, LawfulGround, RiskClass};

/// Why the owner may hold and lend the data (law on personal data, article 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LegalBasis {
    /// A law provides for it.
    Law,
    /// The subjects have consented.
    Consent,
    /// A contract with the subjects.
    Contract,
    /// Nobody's personal data.
    NotPersonal,
}

/// How the data came to the owner. Untargeted extraction is not among them: it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Provenance {
    /// A register kept by law.
    StateRegister,
    /// Collected from the subjects themselves.
    FromSubjects,
    /// Made in the course of services.
    ServiceRecords,
    /// Surveys, measurements, research.
    Research,
    /// Published by others under a licence.
    Licensed,
    /// Invented or generated.
    Generated,
}

/// Biometric data, and what makes it lawful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Biometric {
    /// Consent, or a law.
    pub ground: LawfulGround,
    /// The consents or the law.
    pub evidence: Evidence,
}

/// What the owner asks of every use; what is empty or absent does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRule {
    /// Organizations to which it is lent.
    pub organizations: Vec<String>,
    /// Users who may use it.
    pub developers: Vec<String>,
    /// Stages for which it is lent.
    pub stages: Vec<Stage>,
    /// Highest risk class.
    pub max_risk_class: Option<RiskClass>,
    /// Smallest equivalence class.
    pub min_k: u64,
    /// No job reads rows.
    pub aggregate_only: bool,
    /// What of logs its grants open at most.
    #[serde(default)]
    pub log: Option<LogOpening>,
    /// Bytes of a job's log that its grants open at most.
    pub log_tail_bytes: Option<u64>,
    /// Bytes of a sandbox's logs within a day that its grants open at most.
    #[serde(default)]
    pub log_daily_bytes: Option<u64>,
    /// A person may look at it in an interactive workspace.
    pub interactive_viewing: bool,
    /// Lent for trial operation.
    pub trial_use: bool,
    /// Longest term of a grant, seconds.
    pub max_term_seconds: Option<u64>,
    /// Two people must approve a grant.
    pub two_approvals: bool,
}

/// What the owner declares. Libraries that were made before it was asked for have nothing here, and keep what they lend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// Why the owner may lend it.
    pub legal_basis: Option<LegalBasis>,
    /// The law and article, the form of consent, the contract.
    pub legal_reference: String,
    /// How the data came to the owner.
    pub provenance: Option<Provenance>,
    /// End of the subjects' consent.
    #[serde(with = "time::serde::rfc3339::option")]
    pub consent_expire_time: Option<OffsetDateTime>,
    /// End of the purposes.
    #[serde(with = "time::serde::rfc3339::option")]
    pub purpose_expire_time: Option<OffsetDateTime>,
    /// Biometric data in it.
    pub biometric: Option<Biometric>,
    /// The rightsholder forbids training.
    pub training_reserved: bool,
    /// The reservation as it was made.
    pub reservation: String,
    /// What is asked of every use.
    pub access: AccessRule,
    /// The own initiative of a special state body.
    pub own_initiative: Option<Evidence>,
}

impl Declared {
    /// When no grant can be in force any more, and why.
    pub fn end(&self) -> Option<(OffsetDateTime, &'static str)> {
        let consent = self
            .consent_expire_time
            .map(|time| (time, "the end of the subjects' consent"));
        let purpose = self
            .purpose_expire_time
            .map(|time| (time, "the end of the declared purposes"));
        consent
            .into_iter()
            .chain(purpose)
            .min_by_key(|(time, _)| *time)
    }
}

/// A job that uses or has used a library (law "On artificial intelligence", article 17.1(3)). Kept for good.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LibraryUse {
    /// `libraries/{library}/uses/{use}`; the use is the job's id, which sorts by time.
    pub name: String,
    /// `libraries/{library}`.
    pub library: String,
    /// Owner of the library.
    pub owner: String,
    /// `libraries/{library}/versions/{version}`.
    pub version: String,
    /// `systems/{system}`.
    pub system: String,
    /// Who ran the job.
    pub organization: String,
    /// `sandboxes/{sandbox}/jobs/{job}`.
    pub job: String,
    /// Of the sandbox.
    pub stage: Stage,
    /// Dotted.
    pub purpose: String,
    /// `grants/{grant}`.
    pub grant: String,
}

impl Record for LibraryUse {
    const KIND: Kind = Kind::LibraryUse;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.library
    }
    #[expect(
        clippy::misnamed_getters,
        reason = "the record is the owner's; the organization that used the library may see it"
    )]
    fn organization(&self) -> &str {
        &self.owner
    }
    fn counterparty(&self) -> &str {
        &self.organization
    }
}
