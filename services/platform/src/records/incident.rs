//! Incidents.

use std::collections::BTreeMap;

use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;
use super::system::Evidence;

machine! {
    /// Life of an incident.
    IncidentState, IncidentEvent, "incident",
    states {
        Recorded = "RECORDED",
        Classified = "CLASSIFIED",
        Notified = "NOTIFIED",
        Closed = "CLOSED",
    }
    events { Classify, Notify, Close }
    Recorded + Classify => Classified;
    Classified + Classify => Classified;
    Notified + Classify => Classified;
    Classified + Notify => Notified;
    Notified + Close => Closed;
}

/// Who may be fined (Code on Administrative Offences, article 641-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OffenderCategory {
    /// A natural person.
    NaturalPerson,
    /// A small business, or an organization without profit.
    SmallBusiness,
    /// A medium business.
    MediumBusiness,
    /// A large business.
    LargeBusiness,
}

/// For what (article 641-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Offence {
    /// Users were not informed of synthetic results.
    UsersNotInformed,
    /// Risks were not managed, with harm.
    RisksNotManaged,
    /// Prohibited or false information, discrimination, other harm.
    HarmfulResults,
}

/// How what a version holds was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Counted {
    /// Different personal numbers.
    Subjects,
    /// Rows.
    Rows,
}

/// A version that is touched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AffectedVersion {
    /// `libraries/{library}/versions/{version}`.
    pub version: String,
    /// The agency.
    pub organization: String,
    /// How many.
    pub count: u64,
    /// Of what.
    pub counted: Counted,
}

/// Somebody who is to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentNotice {
    /// As the category names it.
    pub recipient: String,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    pub due_time: OffsetDateTime,
    /// When it was done.
    #[serde(with = "time::serde::rfc3339::option")]
    pub send_time: Option<OffsetDateTime>,
    /// By what.
    pub reference: String,
    /// When the log got that it is overdue.
    #[serde(with = "time::serde::rfc3339::option")]
    pub overdue_time: Option<OffsetDateTime>,
}

/// Who may be fined, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offender {
    /// `organizations/{organization}`.
    pub organization: String,
    /// What it is.
    pub category: OffenderCategory,
    /// For what.
    pub offence: Offence,
}

/// The fine, at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Monthly calculation indices.
    pub mrp: u64,
    /// The index, tenge.
    pub mrp_tenge: u64,
    /// Both multiplied.
    pub amount_tenge: u64,
    /// An incident of the same offender and offence within a year before, which makes it a repetition.
    pub previous: Option<String>,
    /// The year of the index.
    pub year: i32,
}

/// A class that an incident had before it got another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reclassification {
    /// The category that it had.
    pub category: String,
    /// Why it got another.
    pub reason: String,
    /// `users/{user}` who gave it.
    pub user: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// Who was still to be told by the earlier class, and is not by the later one.
    pub dropped: Vec<String>,
}

/// An incident.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Incident {
    /// `incidents/{incident}`.
    pub name: String,
    /// The operator.
    pub organization: String,
    /// In a few words.
    pub display_name: String,
    /// What happened.
    pub description: String,
    /// When it was found.
    #[serde(with = "time::serde::rfc3339")]
    pub detect_time: OffsetDateTime,
    /// Life.
    pub state: IncidentState,
    /// As configured; empty before it is classified.
    pub category: String,
    /// Personal data was breached.
    pub breach: bool,
    /// `users/{user}` who entered it.
    pub recorder: String,
    /// `libraries/{library}`.
    pub libraries: Vec<String>,
    /// `libraries/{library}/versions/{version}`.
    pub versions: Vec<String>,
    /// `systems/{system}`.
    pub systems: Vec<String>,
    /// The versions of all of these.
    pub affected: Vec<AffectedVersion>,
    /// Subjects in all of them.
    pub subjects: u64,
    /// Subjects in those of each agency.
    #[serde(default)]
    pub own_subjects: BTreeMap<String, u64>,
    /// Agencies whose libraries are touched.
    pub viewers: Vec<String>,
    /// Who is to be told.
    pub notices: Vec<IncidentNotice>,
    /// The classes that it had before.
    #[serde(default)]
    pub reclassifications: Vec<Reclassification>,
    /// Who may be fined.
    pub offender: Option<Offender>,
    /// The fine.
    pub exposure: Option<Exposure>,
    /// What was done.
    pub measures: String,
    /// What shows it.
    pub evidence: Option<Evidence>,
    /// When it was closed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub close_time: Option<OffsetDateTime>,
}

impl Incident {
    /// States in which somebody may still have to be told.
    pub const OPEN: [&'static str; 2] = ["RECORDED", "CLASSIFIED"];
}

impl Record for Incident {
    const KIND: Kind = Kind::Incident;
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
