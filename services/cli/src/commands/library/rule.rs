//! What the owner declares of a library, and asks of every use.

use clap::{Args, ValueEnum};
use sandyq_proto::v1::{self, BiometricContent, LawfulGround, Library, RightsReservation};
use time::OffsetDateTime;

use crate::commands::access::LogOptions;
use crate::commands::sandbox::Stage;
use crate::commands::system::{EvidenceArg, Risk};
use crate::parse;
use crate::parse::Term;

/// Why the owner may lend the data.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Basis {
    /// A law provides for it.
    Law,
    /// The subjects have consented.
    Consent,
    /// A contract with the subjects.
    Contract,
    /// Nobody's personal data.
    NotPersonal,
}

/// How the data came to the owner.
#[derive(Clone, Copy, Debug, ValueEnum)]
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
    /// Untargeted extraction from public sources; refused by law.
    UntargetedExtraction,
}

/// What makes biometric data lawful.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Ground {
    /// A law provides for it.
    Law,
    /// The subjects have consented.
    Consent,
}

/// Declaration and rule; what is not given stays.
#[derive(Debug, Args)]
pub struct Declared {
    /// Why the data may be lent; needed for a new library.
    #[arg(long, value_enum)]
    basis: Option<Basis>,
    /// The law and article, the form of consent, the contract.
    #[arg(long, value_name = "TEXT")]
    basis_reference: Option<String>,
    /// How the data came to you; needed for a new library.
    #[arg(long, value_enum)]
    provenance_kind: Option<Provenance>,
    /// End of the subjects' consent; no grant outlasts it.
    #[arg(long, value_parser = parse::term, value_name = "TERM")]
    consent_until: Option<Term>,
    /// End of the time for which the purposes are declared.
    #[arg(long, value_parser = parse::term, value_name = "TERM")]
    purposes_until: Option<Term>,
    /// It holds biometric data, lawful by this ground.
    #[arg(long, value_enum, requires = "biometric_evidence")]
    biometric: Option<Ground>,
    /// The consents or the law.
    #[arg(long, value_name = "FILE[:REFERENCE]", requires = "biometric")]
    biometric_evidence: Option<EvidenceArg>,
    /// The decision of a special state body to lend.
    #[arg(long, value_name = "FILE[:REFERENCE]")]
    own_initiative: Option<EvidenceArg>,
    /// The rightsholder forbids training in machine-readable form.
    #[arg(long, value_name = "BOOL")]
    training_reserved: Option<bool>,
    /// The reservation as it was made.
    #[arg(long, value_name = "TEXT")]
    rights_statement: Option<String>,
    /// An organization to which it is lent; may be given more than once. Any when none was given.
    #[arg(long = "lend-to", value_parser = parse::organization, value_name = "ORG")]
    organizations: Vec<String>,
    /// A developer who may use it; may be given more than once. Any when none was given.
    #[arg(long = "developer", value_parser = parse::user, value_name = "USER")]
    developers: Vec<String>,
    /// A stage for which it is lent; may be given more than once. Any when none was given.
    #[arg(long = "lend-stage", value_enum, value_name = "STAGE")]
    stages: Vec<Stage>,
    /// Highest risk class of a system that uses it.
    #[arg(long, value_enum)]
    max_risk: Option<Risk>,
    /// Smallest equivalence class that a version may have.
    #[arg(long)]
    min_k: Option<i64>,
    /// Lent for aggregate queries only.
    #[arg(long, value_name = "BOOL")]
    aggregate_only: Option<bool>,
    #[command(flatten)]
    log: LogOptions,
    /// A person may look at it in an interactive workspace.
    #[arg(long, value_name = "BOOL")]
    interactive_viewing: Option<bool>,
    /// Lent for trial operation.
    #[arg(long, value_name = "BOOL")]
    trial_use: Option<bool>,
    /// Longest term of a grant.
    #[arg(long, value_parser = parse::proto_duration, value_name = "DURATION")]
    max_term: Option<prost_types::Duration>,
    /// Two people must approve a grant. Who lifts it does not approve while it is lifted: another does.
    #[arg(long, value_name = "BOOL")]
    two_approvals: Option<bool>,
}

impl Declared {
    /// Takes over what was given.
    pub fn apply(self, library: &mut Library) {
        let now = OffsetDateTime::now_utc();
        self.access(library);
        if self.basis.is_some() || self.basis_reference.is_some() {
            let mut basis = library.legal_basis.take().unwrap_or_default();
            if let Some(kind) = self.basis {
                basis.set_kind(kind.into());
            }
            basis.reference = self.basis_reference.unwrap_or(basis.reference);
            library.legal_basis = Some(basis);
        }
        if let Some(kind) = self.provenance_kind {
            library.set_provenance_kind(kind.into());
        }
        if let Some(term) = self.consent_until {
            library.consent_expire_time = Some(term.end(now));
        }
        if let Some(term) = self.purposes_until {
            library.purpose_expire_time = Some(term.end(now));
        }
        if let Some(ground) = self.biometric {
            library.biometric = Some(BiometricContent {
                ground: LawfulGround::from(ground).into(),
                evidence: self.biometric_evidence.map(|evidence| evidence.0),
            });
        }
        if let Some(evidence) = self.own_initiative {
            library.own_initiative = Some(evidence.0);
        }
        if self.training_reserved.is_some() || self.rights_statement.is_some() {
            let rights = library.rights.take().unwrap_or_default();
            library.rights = Some(RightsReservation {
                training_reserved: self.training_reserved.unwrap_or(rights.training_reserved),
                statement: self.rights_statement.unwrap_or(rights.statement),
            });
        }
    }

    fn access(&self, library: &mut Library) {
        let mut rule = library.access.take().unwrap_or_default();
        if !self.organizations.is_empty() {
            rule.organizations.clone_from(&self.organizations);
        }
        if !self.developers.is_empty() {
            rule.developers.clone_from(&self.developers);
        }
        if !self.stages.is_empty() {
            let stages = self
                .stages
                .iter()
                .map(|stage| v1::Stage::from(*stage).into());
            rule.stages = stages.collect();
        }
        if let Some(class) = self.max_risk {
            rule.set_max_risk_class(class.into());
        }
        rule.min_k = self.min_k.unwrap_or(rule.min_k);
        rule.aggregate_only = self.aggregate_only.unwrap_or(rule.aggregate_only);
        rule.log_tail = self.log.over(rule.log_tail);
        rule.interactive_viewing = self.interactive_viewing.unwrap_or(rule.interactive_viewing);
        rule.trial_use = self.trial_use.unwrap_or(rule.trial_use);
        rule.max_term = self.max_term.or(rule.max_term);
        rule.two_approvals = self.two_approvals.unwrap_or(rule.two_approvals);
        library.access = Some(rule);
    }
}

impl From<Basis> for v1::legal_basis::Kind {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Law => Self::Law,
            Basis::Consent => Self::Consent,
            Basis::Contract => Self::Contract,
            Basis::NotPersonal => Self::NotPersonal,
        }
    }
}

impl From<Provenance> for v1::ProvenanceKind {
    fn from(kind: Provenance) -> Self {
        match kind {
            Provenance::StateRegister => Self::StateRegister,
            Provenance::FromSubjects => Self::FromSubjects,
            Provenance::ServiceRecords => Self::ServiceRecords,
            Provenance::Research => Self::Research,
            Provenance::Licensed => Self::Licensed,
            Provenance::Generated => Self::Generated,
            Provenance::UntargetedExtraction => Self::UntargetedExtraction,
        }
    }
}

impl From<Ground> for LawfulGround {
    fn from(ground: Ground) -> Self {
        match ground {
            Ground::Law => Self::Law,
            Ground::Consent => Self::Consent,
        }
    }
}
