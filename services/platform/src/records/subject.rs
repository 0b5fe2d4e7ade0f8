//! Requests of subjects, the list of those who withdrew consent, and what each version holds of whom.

use sandyq_store::{Kind, Record};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::machine;
use super::system::Evidence;

machine! {
    /// Life of a request.
    SubjectRequestState, SubjectRequestEvent, "request of a subject",
    states {
        Received = "RECEIVED",
        Accepted = "ACCEPTED",
        Fulfilled = "FULFILLED",
        Refused = "REFUSED",
        Closed = "CLOSED",
    }
    events { Accept, Fulfil, Refuse, Notify }
    Received + Accept => Accepted;
    Accepted + Fulfil => Fulfilled;
    Received + Refuse => Refused;
    Fulfilled + Notify => Closed;
    Refused + Notify => Closed;
}

/// What a subject asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubjectRequestKind {
    /// Consent is withdrawn.
    Withdrawal,
    /// Automated processing is objected to.
    Objection,
    /// What is done with the data.
    Question,
}

impl SubjectRequestKind {
    /// The name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawal => "WITHDRAWAL",
            Self::Objection => "OBJECTION",
            Self::Question => "QUESTION",
        }
    }

    /// The term of the answer in working days: 15 by article 8.7 of the law on personal data, 3 by article 19-1. The law names none for a
    /// question, so the shorter one holds.
    pub fn term(self) -> u32 {
        match self {
            Self::Withdrawal => 15,
            Self::Objection | Self::Question => 3,
        }
    }

    /// The article that gives the right, for messages.
    pub fn article(self) -> &'static str {
        match self {
            Self::Withdrawal => "law on personal data, article 8.7",
            Self::Objection | Self::Question => "law on personal data, article 19-1",
        }
    }
}

/// Why a request may be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefusalGround {
    /// A law requires the processing.
    RequiredByLaw,
    /// The subject has an obligation.
    UnfulfilledObligation,
    /// The agency holds nothing of the subject.
    NoData,
    /// It may have come from another.
    IdentityNotShown,
    /// Nothing is processed automatically.
    NotAutomated,
}

/// That the subject was told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubjectNotice {
    /// The way.
    pub channel: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// `users/{user}` who noted it.
    pub sender: String,
}

/// A version that holds the subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldVersion {
    /// `libraries/{library}/versions/{version}`.
    pub version: String,
    /// Retired by this request.
    pub retired: bool,
}

/// What a job made of versions that hold the subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainedOutput {
    /// `outputs/{output}`.
    pub output: String,
    /// `sandboxes/{sandbox}/jobs/{job}`.
    pub job: String,
    /// `systems/{system}`.
    pub system: String,
    /// The developer's organization.
    pub organization: String,
    /// Those of the versions that the job read.
    pub versions: Vec<String>,
    /// Released to the developer.
    pub released: bool,
}

/// A request of a subject.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubjectRequest {
    /// `subjectRequests/{request}`.
    pub name: String,
    /// The agency.
    pub organization: String,
    /// What is asked for.
    pub kind: SubjectRequestKind,
    /// Life.
    pub state: SubjectRequestState,
    /// The subject: the keyed hash of the personal number, hexadecimal. Never shown.
    pub subject: String,
    /// `users/{user}` who entered it.
    pub recorder: String,
    /// What the subject says.
    pub statement: String,
    /// The subject's statement itself.
    pub evidence: Evidence,
    /// When the agency received it.
    #[serde(with = "time::serde::rfc3339")]
    pub receive_time: OffsetDateTime,
    /// The last moment to answer.
    #[serde(with = "time::serde::rfc3339")]
    pub due_time: OffsetDateTime,
    /// When the log got a reminder.
    #[serde(with = "time::serde::rfc3339::option")]
    pub reminder_time: Option<OffsetDateTime>,
    /// When the log got that it is overdue.
    #[serde(with = "time::serde::rfc3339::option")]
    pub overdue_time: Option<OffsetDateTime>,
    /// `users/{user}` who decided.
    pub decider: String,
    /// The answer, or the reasons of the refusal.
    pub decision_reason: String,
    /// With a refusal.
    pub refusal_ground: Option<RefusalGround>,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339::option")]
    pub decide_time: Option<OffsetDateTime>,
    /// When all that follows was done.
    #[serde(with = "time::serde::rfc3339::option")]
    pub fulfil_time: Option<OffsetDateTime>,
    /// Once the subject was told.
    pub notice: Option<SubjectNotice>,
    /// Versions that hold the subject.
    pub versions: Vec<HeldVersion>,
    /// Jobs that were ended.
    pub ended_jobs: Vec<String>,
    /// What was trained.
    pub outputs: Vec<TrainedOutput>,
}

impl SubjectRequest {
    /// States in which the subject was not told of a result yet.
    pub const OPEN: [&'static str; 4] = ["RECEIVED", "ACCEPTED", "FULFILLED", "REFUSED"];

    /// Whether the time has passed and the subject was not told.
    pub fn overdue(&self, now: OffsetDateTime) -> bool {
        self.state != SubjectRequestState::Closed && self.due_time < now
    }
}

impl Record for SubjectRequest {
    const KIND: Kind = Kind::SubjectRequest;
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

/// A subject of whom nothing is released any more. There is no call, no event and no statement that takes one away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exclusion {
    /// `exclusions/{keyed hash}`; the hash is that of the subject within the agency.
    pub name: String,
    /// The agency.
    pub organization: String,
    /// `subjectRequests/{request}` that asked for it.
    pub request: String,
}

/// What a version holds of whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubjectIndex {
    /// `libraries/{library}/versions/{version}/subjects`.
    pub name: String,
    /// `libraries/{library}/versions/{version}`.
    pub version: String,
    /// The agency.
    pub organization: String,
    /// Columns with personal numbers: data set and column.
    pub columns: Vec<(String, String)>,
    /// Different subjects.
    pub subjects: u64,
    /// The object with their keyed hashes in ascending order, if there are any.
    pub place: Option<String>,
}

impl SubjectIndex {
    /// The name of the index of a version.
    pub fn name_of(version: &str) -> String {
        format!("{version}/subjects")
    }
}

impl Record for SubjectIndex {
    const KIND: Kind = Kind::SubjectIndex;
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

impl Record for Exclusion {
    const KIND: Kind = Kind::Exclusion;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.request
    }
    fn organization(&self) -> &str {
        &self.organization
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Once a withdrawal is accepted, no event leads back, nor to a refusal.
    #[test]
    fn nothing_undoes_an_acceptance() {
        use SubjectRequestEvent as Event;
        use SubjectRequestState as State;
        let mut reached = vec![State::Accepted];
        let mut index = 0;
        while let Some(state) = reached.get(index).copied() {
            for event in [Event::Accept, Event::Fulfil, Event::Refuse, Event::Notify] {
                match state.after(event) {
                    Ok(next) if !reached.contains(&next) => reached.push(next),
                    _ => {}
                }
            }
            index += 1;
        }
        assert_eq!(reached, [State::Accepted, State::Fulfilled, State::Closed]);
    }
}
