//! Requests of subjects. Nothing here knows who the subject is.

use sandyq_proto::v1;
use sandyq_store::Stored;
use time::OffsetDateTime;

use super::timestamp;
use crate::error::{Error, Result};
use crate::records::subject::{
    RefusalGround, SubjectRequest, SubjectRequestKind, SubjectRequestState,
};

/// What is asked for.
///
/// # Errors
/// It is not said.
pub fn subject_request_kind(wanted: &v1::SubjectRequest) -> Result<SubjectRequestKind> {
    use v1::subject_request::Kind;
    match wanted.kind() {
        Kind::Withdrawal => Ok(SubjectRequestKind::Withdrawal),
        Kind::Objection => Ok(SubjectRequestKind::Objection),
        Kind::Question => Ok(SubjectRequestKind::Question),
        Kind::Unspecified => Err(Error::invalid(
            "subject_request.kind",
            "name WITHDRAWAL, OBJECTION or QUESTION (law on personal data, articles 8 and 19-1)",
        )),
    }
}

/// The ground of a refusal.
///
/// # Errors
/// There is none: a refusal must be reasoned.
pub fn refusal_ground(ground: v1::subject_request::RefusalGround) -> Result<RefusalGround> {
    use v1::subject_request::RefusalGround as Ground;
    match ground {
        Ground::RequiredByLaw => Ok(RefusalGround::RequiredByLaw),
        Ground::UnfulfilledObligation => Ok(RefusalGround::UnfulfilledObligation),
        Ground::NoData => Ok(RefusalGround::NoData),
        Ground::IdentityNotShown => Ok(RefusalGround::IdentityNotShown),
        Ground::NotAutomated => Ok(RefusalGround::NotAutomated),
        Ground::Unspecified => Err(Error::invalid(
            "ground",
            "name the ground of the refusal, which must be reasoned (law on personal data, article 8.7)",
        )),
    }
}

fn ground(ground: RefusalGround) -> v1::subject_request::RefusalGround {
    use v1::subject_request::RefusalGround as Ground;
    match ground {
        RefusalGround::RequiredByLaw => Ground::RequiredByLaw,
        RefusalGround::UnfulfilledObligation => Ground::UnfulfilledObligation,
        RefusalGround::NoData => Ground::NoData,
        RefusalGround::IdentityNotShown => Ground::IdentityNotShown,
        RefusalGround::NotAutomated => Ground::NotAutomated,
    }
}

fn kind(kind: SubjectRequestKind) -> v1::subject_request::Kind {
    use v1::subject_request::Kind;
    match kind {
        SubjectRequestKind::Withdrawal => Kind::Withdrawal,
        SubjectRequestKind::Objection => Kind::Objection,
        SubjectRequestKind::Question => Kind::Question,
    }
}

fn state(state: SubjectRequestState) -> v1::subject_request::State {
    use v1::subject_request::State;
    match state {
        SubjectRequestState::Received => State::Received,
        SubjectRequestState::Accepted => State::Accepted,
        SubjectRequestState::Fulfilled => State::Fulfilled,
        SubjectRequestState::Refused => State::Refused,
        SubjectRequestState::Closed => State::Closed,
    }
}

/// A request, with the working days that are left of its term.
pub fn subject_request(
    stored: &Stored<SubjectRequest>,
    now: OffsetDateTime,
    days_left: i64,
) -> v1::SubjectRequest {
    let closed = stored.state == SubjectRequestState::Closed;
    let days_left = if closed { 0 } else { days_left };
    v1::SubjectRequest {
        name: stored.name.clone(),
        kind: kind(stored.kind).into(),
        state: state(stored.state).into(),
        organization: stored.organization.clone(),
        recorder: stored.recorder.clone(),
        statement: stored.statement.clone(),
        evidence: Some(super::evidence_message(&stored.evidence)),
        receive_time: Some(timestamp(stored.receive_time)),
        due_time: Some(timestamp(stored.due_time)),
        working_days_left: i32::try_from(days_left).unwrap_or_default(),
        overdue: stored.due_time < stored.notice.as_ref().map_or(now, |notice| notice.time),
        reminder_time: stored.reminder_time.map(timestamp),
        granted: stored.decide_time.is_some() && stored.refusal_ground.is_none(),
        decision_reason: stored.decision_reason.clone(),
        refusal_ground: stored.refusal_ground.map_or(0, |of| ground(of).into()),
        decider: stored.decider.clone(),
        decide_time: stored.decide_time.map(timestamp),
        fulfil_time: stored.fulfil_time.map(timestamp),
        notice: stored
            .notice
            .as_ref()
            .map(|notice| v1::subject_request::Notice {
                channel: notice.channel.clone(),
                send_time: Some(timestamp(notice.time)),
                sender: notice.sender.clone(),
            }),
        versions: stored
            .versions
            .iter()
            .map(|held| v1::subject_request::HeldVersion {
                version: held.version.clone(),
                retired: held.retired,
            })
            .collect(),
        ended_jobs: stored.ended_jobs.clone(),
        outputs: stored
            .outputs
            .iter()
            .map(|output| v1::subject_request::TrainedOutput {
                output: output.output.clone(),
                job: output.job.clone(),
                system: output.system.clone(),
                organization: output.organization.clone(),
                versions: output.versions.clone(),
                released: output.released,
            })
            .collect(),
        create_time: Some(timestamp(stored.create_time)),
        etag: stored.etag(),
    }
}
