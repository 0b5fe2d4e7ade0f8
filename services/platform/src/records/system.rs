//! AI systems and container images.

use sandyq_sandbox::Isolation;
use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;

machine! {
    /// Life of an AI system.
    SystemState, SystemEvent, "AI system",
    states {
        Draft = "DRAFT",
        Submitted = "SUBMITTED",
        Registered = "REGISTERED",
        Refused = "REFUSED",
        Suspended = "SUSPENDED",
        Terminated = "TERMINATED",
    }
    events { Revise, Submit, Register, Refuse, Suspend, Resume, Terminate }
    Draft + Revise => Draft;
    Registered + Revise => Draft;
    Refused + Revise => Draft;
    Draft + Submit => Submitted;
    Submitted + Register => Registered;
    Submitted + Refuse => Refused;
    Registered + Suspend => Suspended;
    Suspended + Resume => Registered;
    Draft + Terminate => Terminated;
    Submitted + Terminate => Terminated;
    Registered + Terminate => Terminated;
    Refused + Terminate => Terminated;
    Suspended + Terminate => Terminated;
}

/// Risk class (law "On artificial intelligence", article 18). The order is that of the risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RiskClass {
    /// Minimal.
    Minimal,
    /// Medium.
    Medium,
    /// High: its jobs need a kernel of their own.
    High,
}

impl RiskClass {
    /// What stands between the system's jobs and the host.
    pub fn isolation(self) -> Isolation {
        match self {
            Self::Minimal | Self::Medium => Isolation::Hardened,
            Self::High => Isolation::Gvisor,
        }
    }

    /// The name that policies know.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minimal => "MINIMAL",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }
}

/// Degree of autonomy (article 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Autonomy {
    /// A person decides with its help.
    Assistant,
    /// It decides within limits.
    SemiAutonomous,
}

/// The eight functions that article 18.3 prohibits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProhibitedFunction {
    /// Subliminal or manipulative techniques.
    Manipulation,
    /// Use of a person's vulnerability.
    Vulnerability,
    /// Social scoring.
    SocialScoring,
    /// Face or identity databases by untargeted scraping.
    UntargetedScraping,
    /// Classifying people by biometrics for discrimination.
    BiometricClassification,
    /// Inferring emotions.
    EmotionInference,
    /// Remote biometric identification in public places in real time.
    RemoteIdentification,
    /// Making or spreading what the law forbids.
    ForbiddenContent,
}

impl ProhibitedFunction {
    /// Every function.
    pub const ALL: [Self; 8] = [
        Self::Manipulation,
        Self::Vulnerability,
        Self::SocialScoring,
        Self::UntargetedScraping,
        Self::BiometricClassification,
        Self::EmotionInference,
        Self::RemoteIdentification,
        Self::ForbiddenContent,
    ];

    /// What the law says of it, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Manipulation => "subliminal or manipulative techniques that distort behaviour",
            Self::Vulnerability => {
                "use of a person's vulnerability from age, disability or social position"
            }
            Self::SocialScoring => "social scoring",
            Self::UntargetedScraping => {
                "databases of faces or identities by untargeted scraping of the internet or of cameras"
            }
            Self::BiometricClassification => {
                "classifying people by biometrics to infer race, political views, religion and the like"
            }
            Self::EmotionInference => "inferring emotions",
            Self::RemoteIdentification => {
                "remote biometric identification in public places in real time"
            }
            Self::ForbiddenContent => "making or spreading results that the law forbids",
        }
    }

    /// The grounds on which it is lawful all the same; none for five of them.
    pub fn exceptions(self) -> &'static [LawfulGround] {
        match self {
            Self::SocialScoring | Self::RemoteIdentification => &[LawfulGround::Law],
            Self::EmotionInference => &[LawfulGround::Law, LawfulGround::Consent],
            _ => &[],
        }
    }
}

/// What makes lawful that which is otherwise not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LawfulGround {
    /// A law provides for it.
    Law,
    /// Those concerned have consented.
    Consent,
}

/// A document that proves something: the platform keeps its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is and where it can be found.
    pub reference: String,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// A prohibited function under its lawful exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredFunction {
    /// Which.
    pub function: ProhibitedFunction,
    /// The exception.
    pub ground: LawfulGround,
    /// The law or the consents.
    pub evidence: Evidence,
}

/// A document of a system (article 15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Such as `risk-assessment`.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// The document.
    pub evidence: Evidence,
}

/// How likely, or how bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// A risk of a system (article 19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// Names it within the register.
    pub id: String,
    /// What may happen, and to whom.
    pub description: String,
    /// How likely it is.
    pub likelihood: Level,
    /// How bad it would be.
    pub harm: Level,
    /// What is done against it.
    pub measures: String,
    /// When it is looked at again.
    #[serde(with = "time::serde::rfc3339")]
    pub review_time: OffsetDateTime,
}

/// An AI system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct System {
    /// `systems/{system}`.
    pub name: String,
    /// What people call it.
    pub display_name: String,
    /// What it does and for whom.
    pub description: String,
    /// What it is for.
    pub purpose: String,
    /// Risk class.
    pub risk_class: RiskClass,
    /// Degree of autonomy.
    pub autonomy: Autonomy,
    /// Owner.
    pub organization: String,
    /// `users/{user}` who described it.
    pub requester: String,
    /// Life.
    pub state: SystemState,
    /// Reason given with the last decision on it; empty once it is submitted anew.
    pub decision_reason: String,
    /// `users/{user}` who gave it.
    #[serde(default)]
    pub decider: String,
    /// When.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub decide_time: Option<OffsetDateTime>,
    /// Why it is of its risk class.
    #[serde(default)]
    pub risk_reasons: String,
    /// Prohibited functions under lawful exceptions.
    #[serde(default)]
    pub functions: Vec<DeclaredFunction>,
    /// It alters or imitates voices or likenesses.
    #[serde(default)]
    pub alters_biometrics: bool,
    /// Consent of those whose voice or likeness it alters.
    #[serde(default)]
    pub biometric_consent: Option<Evidence>,
    /// Its documents.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// Its risk register.
    #[serde(default)]
    pub risks: Vec<Risk>,
    /// Number of the declaration that was submitted last.
    #[serde(default)]
    pub declaration: u64,
    /// `users/{user}` of the operator who reviewed it last; empty once it is submitted anew.
    #[serde(default)]
    pub reviewer: String,
    /// When.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub review_time: Option<OffsetDateTime>,
}

impl System {
    /// Nothing that its owner declares is other than in the other.
    pub fn says_as_much_as(&self, other: &Self) -> bool {
        (&self.display_name, &self.description, &self.purpose)
            == (&other.display_name, &other.description, &other.purpose)
            && (self.risk_class, &self.risk_reasons, self.autonomy)
                == (other.risk_class, &other.risk_reasons, other.autonomy)
            && (&self.functions, &self.documents) == (&other.functions, &other.documents)
            && (self.alters_biometrics, &self.biometric_consent)
                == (other.alters_biometrics, &other.biometric_consent)
    }
}

impl Record for System {
    const KIND: Kind = Kind::System;
    fn name(&self) -> &str {
        &self.name
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}

/// What a system declared when it was submitted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Declaration {
    /// `systems/{system}/declarations/{number}`, the number with leading zeros, so that names sort by it.
    pub name: String,
    /// The system as it was.
    pub system: System,
    /// `users/{user}` who submitted it.
    pub requester: String,
}

impl Record for Declaration {
    const KIND: Kind = Kind::Declaration;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.system.name
    }
    fn organization(&self) -> &str {
        &self.system.organization
    }
}

machine! {
    /// Life of an image.
    ImageState, ImageEvent, "image",
    states { Imported = "IMPORTED", Approved = "APPROVED", Revoked = "REVOKED" }
    events { Approve, Revoke }
    Imported + Approve => Approved;
    Imported + Revoke => Revoked;
    Approved + Revoke => Revoked;
    Revoked + Approve => Approved;
}

/// A container image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Image {
    /// `images/{hexadecimal digest}`.
    pub name: String,
    /// `sha256:...` by which the engine runs it.
    pub digest: String,
    /// What people call it.
    pub display_name: String,
    /// Who imported it.
    pub organization: String,
    /// Life.
    pub state: ImageState,
    /// SHA-256 of the archive.
    pub archive_sha256: String,
    /// Reason given with the decision.
    pub decision_reason: String,
    /// `users/{user}` who decided last.
    #[serde(default)]
    pub decider: String,
}

impl Record for Image {
    const KIND: Kind = Kind::Image;
    fn name(&self) -> &str {
        &self.name
    }
    fn organization(&self) -> &str {
        &self.organization
    }
    fn state(&self) -> &str {
        self.state.as_str()
    }
}
