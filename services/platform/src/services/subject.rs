//! Requests of subjects: entered, decided, answered.

use sandyq_access::{OrganizationKind, Resource};
use sandyq_detect::identifier::Iin;
use sandyq_proto::v1;
use sandyq_proto::v1::subject_service_server::SubjectService;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{Services, required, text};
use crate::call::Call;
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::names;
use crate::records::library::VersionState;
use crate::records::subject::{
    RefusalGround, SubjectNotice, SubjectRequest, SubjectRequestEvent, SubjectRequestKind,
    SubjectRequestState,
};
use crate::subjects::key::{SubjectHash, SubjectKey};
use crate::subjects::{deadline, due, evidence, holdings, withdrawal};

/// A request may be entered so long after the agency received it: a paper that lay about is still a request.
const OLDEST: Duration = Duration::days(366);

/// How often a change is tried again when another got in first.
const ATTEMPTS: usize = 8;

/// A decision that came too late or on the wrong request.
fn article<T>(
    outcome: std::result::Result<T, crate::records::TransitionError>,
    kind: SubjectRequestKind,
) -> Result<T> {
    outcome.map_err(|error| {
        let state = error.state;
        let message = format!("{error} ({})", kind.article());
        Error::precondition("WRONG_STATE", message).with("state", state)
    })
}

/// The number of a subject, which is forgotten as soon as it is hashed.
fn number(text: &str) -> Result<Iin> {
    Iin::parse(text).map_err(|invalid| {
        Error::invalid(
            "iin",
            format!(
                "is not an individual identification number: {invalid}; a request is entered for one person, whose identity was checked (law on \
                 personal data, article 8)"
            ),
        )
    })
}

fn receive_time(
    sent: Option<&prost_types::Timestamp>,
    now: OffsetDateTime,
) -> Result<OffsetDateTime> {
    let field = "subject_request.receive_time";
    let Some(sent) = sent else { return Ok(now) };
    let time = convert::time(field, sent)?;
    if time > now {
        return Err(Error::invalid(field, "must not lie in the future"));
    }
    if time < now - OLDEST {
        return Err(Error::invalid(
            field,
            "lies more than a year back; enter the request as received today and say so in the statement",
        ));
    }
    Ok(time)
}

impl Services {
    fn shown(&self, request: &Stored<SubjectRequest>) -> v1::SubjectRequest {
        let left = due::days_left(&self.0, request.due_time);
        convert::subject_request(request, self.0.now(), left)
    }

    /// The request as it will be, once written.
    fn written(&self, mut request: Stored<SubjectRequest>) -> Option<v1::SubjectRequest> {
        request.revision += 1;
        Some(self.shown(&request))
    }

    async fn enter_request(
        &self,
        call: &Call,
        wanted: v1::SubjectRequest,
        subject: std::result::Result<SubjectHash, Error>,
    ) -> Result<SubjectRequest> {
        let kind = convert::subject_request_kind(&wanted)?;
        let subject = subject?;
        let receive_time = receive_time(wanted.receive_time.as_ref(), call.now)?;
        Ok(SubjectRequest {
            name: format!("subjectRequests/{}", names::fresh_id('s')),
            organization: call.principal.organization.clone(),
            kind,
            state: SubjectRequestState::Received,
            subject: subject.to_hex(),
            recorder: call.principal.user.clone(),
            statement: text(
                "subject_request.statement",
                &wanted.statement,
                false,
                10_000,
            )?,
            evidence: evidence(
                "subject_request.evidence",
                wanted.evidence.as_ref(),
                kind.article(),
            )?,
            receive_time,
            due_time: deadline(
                &self.0,
                "subject_request.receive_time",
                receive_time,
                kind.term(),
                kind.article(),
            )?,
            reminder_time: None,
            overdue_time: None,
            decider: String::new(),
            decision_reason: String::new(),
            refusal_ground: None,
            decide_time: None,
            fulfil_time: None,
            notice: None,
            versions: Vec::new(),
            ended_jobs: Vec::new(),
            outputs: Vec::new(),
        })
    }

    /// Accepts a withdrawal: the list, the versions and the request in one change, then what follows from it.
    async fn accept_withdrawal(
        &self,
        call: &Call,
        mut request: Stored<SubjectRequest>,
        reason: String,
    ) -> Result<v1::AcceptSubjectRequestResponse> {
        // An acceptance that was cut off after it took effect goes on from there.
        if request.state != SubjectRequestState::Accepted {
            request.state = article(
                request.state.after(SubjectRequestEvent::Accept),
                request.kind,
            )?;
            request.decider.clone_from(&call.principal.user);
            request.decide_time = Some(call.now);
            request.decision_reason = reason;
            let event = call.event(&request.name, [("kind", json!(request.kind.as_str()))]);
            let change = Change::new(event);
            let (change, held) = withdrawal::take_effect(&self.0, change, &request).await?;
            request.versions = held;
            self.0.commit(change.update(&request)?).await?;
            request.revision += 1;
        }
        let name = request.name.clone();
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match self.follow_up(call, request).await {
                Err(error) if error.class == Class::Aborted => last = Some(error),
                outcome => return outcome,
            }
            // A reminder may have been written between.
            request = call.fetch::<SubjectRequest>(&name).await?;
        }
        Err(last.unwrap_or_else(|| Error::not_found(&name)))
    }

    async fn follow_up(
        &self,
        call: &Call,
        mut request: Stored<SubjectRequest>,
    ) -> Result<v1::AcceptSubjectRequestResponse> {
        withdrawal::follow_up(&self.0, &mut request).await?;
        let detail = [
            ("versions", json!(request.versions)),
            ("ended_jobs", json!(request.ended_jobs)),
            ("outputs", json!(request.outputs.len())),
        ];
        let change = Change::new(call.event(&request.name, detail)).update(&request)?;
        let answer = v1::AcceptSubjectRequestResponse {
            subject_request: self.written(request),
        };
        call.commit(change, answer).await
    }

    async fn accept(
        &self,
        mut call: Call,
        message: v1::AcceptSubjectRequestRequest,
    ) -> Result<v1::AcceptSubjectRequestResponse> {
        let mut request = call.fetch::<SubjectRequest>(&message.name).await?;
        call.authorize(request.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        let needed = request.kind != SubjectRequestKind::Withdrawal;
        let reason = text("reason", &message.reason, needed, 10_000)?;
        if !needed {
            return self.accept_withdrawal(&call, request, reason).await;
        }
        let kind = request.kind;
        request.state = article(request.state.after(SubjectRequestEvent::Accept), kind)?;
        request.state = article(request.state.after(SubjectRequestEvent::Fulfil), kind)?;
        request.decider.clone_from(&call.principal.user);
        request.decide_time = Some(call.now);
        request.fulfil_time = Some(call.now);
        request.decision_reason = reason;
        let event = call.event(&request.name, [("kind", json!(kind.as_str()))]);
        let change = Change::new(event).update(&request)?;
        let answer = v1::AcceptSubjectRequestResponse {
            subject_request: self.written(request),
        };
        call.commit(change, answer).await
    }

    async fn refuse(
        &self,
        mut call: Call,
        message: v1::RefuseSubjectRequestRequest,
    ) -> Result<v1::RefuseSubjectRequestResponse> {
        let mut request = call.fetch::<SubjectRequest>(&message.name).await?;
        call.authorize(request.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        request.state = article(
            request.state.after(SubjectRequestEvent::Refuse),
            request.kind,
        )?;
        let ground = convert::refusal_ground(message.ground())?;
        request.decision_reason = text("reason", &message.reason, true, 10_000)?;
        if ground == RefusalGround::NoData {
            self.nothing_held(&request).await?;
        }
        request.refusal_ground = Some(ground);
        request.decider.clone_from(&call.principal.user);
        request.decide_time = Some(call.now);
        let detail = [
            ("kind", json!(request.kind.as_str())),
            ("ground", json!(request.refusal_ground)),
        ];
        let change = Change::new(call.event(&request.name, detail)).update(&request)?;
        let answer = v1::RefuseSubjectRequestResponse {
            subject_request: self.written(request),
        };
        call.commit(change, answer).await
    }

    /// Refuses where a version that is not retired holds the subject of a request.
    async fn nothing_held(&self, request: &SubjectRequest) -> Result<()> {
        let subject = SubjectHash::from_hex(&request.subject)?;
        let mut held = holdings::holding(&self.0, &request.organization, subject).await?;
        held.retain(|version| version.state != VersionState::Retired);
        if held.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = held.iter().map(|version| version.name.as_str()).collect();
        let text = format!(
            "data of the subject is held, in {}; another ground is needed, or the request is accepted ({})",
            names.join(", "),
            request.kind.article()
        );
        Err(Error::precondition("DATA_HELD", text))
    }
}

#[tonic::async_trait]
impl SubjectService for Services {
    async fn create_subject_request(
        &self,
        request: Request<v1::CreateSubjectRequestRequest>,
    ) -> Result<Response<v1::CreateSubjectRequestResponse>, Status> {
        let mut call = self
            .0
            .enter("SubjectService.CreateSubjectRequest", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let mut message = request.into_inner();
        // Nothing beyond this line knows the number: not even the hash of the request, by which repetitions are recognized.
        let iin = Zeroizing::new(std::mem::take(&mut message.iin));
        let key = SubjectKey::of(&self.0, &call.principal.organization).await?;
        let subject = number(&iin).map(|iin| key.subject(&iin));
        if let Ok(subject) = &subject {
            message.iin = subject.to_hex();
        }
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let wanted = required("subject_request", message.subject_request)?;
        let entered = self.enter_request(&call, wanted, subject).await?;
        let detail = [
            ("kind", json!(entered.kind.as_str())),
            ("due_time", json!(entered.due_time.unix_timestamp())),
        ];
        let event = call.event(&entered.name, detail);
        let change = Change::new(event).insert(&entered).map_err(Error::from)?;
        let answer = v1::CreateSubjectRequestResponse {
            subject_request: Some(self.shown(&call.inserted(entered))),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn get_subject_request(
        &self,
        request: Request<v1::GetSubjectRequestRequest>,
    ) -> Result<Response<v1::GetSubjectRequestResponse>, Status> {
        let mut call = self
            .0
            .enter("SubjectService.GetSubjectRequest", &request)
            .await?;
        let found = call
            .fetch::<SubjectRequest>(&request.get_ref().name)
            .await?;
        call.authorize(found.resource()).await?;
        Ok(Response::new(v1::GetSubjectRequestResponse {
            subject_request: Some(self.shown(&found)),
        }))
    }

    async fn list_subject_requests(
        &self,
        request: Request<v1::ListSubjectRequestsRequest>,
    ) -> Result<Response<v1::ListSubjectRequestsResponse>, Status> {
        let mut call = self
            .0
            .enter("SubjectService.ListSubjectRequests", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let agency = call.principal.kind == OrganizationKind::Agency;
        let state = message.state().as_str_name().trim_start_matches("STATE_");
        let one = [state];
        let states: &[&str] = match message.state() {
            v1::subject_request::State::Unspecified if message.overdue_only => {
                &SubjectRequest::OPEN
            }
            v1::subject_request::State::Unspecified => &[],
            _ => &one,
        };
        let filter = Filter {
            organization: agency.then_some(call.principal.organization.as_str()),
            states,
            ..Filter::default()
        };
        let (size, token) = (message.page_size, message.page_token.as_str());
        let (found, next_page_token) = if message.overdue_only {
            let now = self.0.now();
            let overdue = |request: &SubjectRequest| request.overdue(now);
            self.page_where(&filter, size, token, overdue).await?
        } else {
            self.page::<SubjectRequest>(&filter, size, token).await?
        };
        Ok(Response::new(v1::ListSubjectRequestsResponse {
            subject_requests: found.iter().map(|request| self.shown(request)).collect(),
            next_page_token,
        }))
    }

    async fn accept_subject_request(
        &self,
        request: Request<v1::AcceptSubjectRequestRequest>,
    ) -> Result<Response<v1::AcceptSubjectRequestResponse>, Status> {
        let call = self
            .0
            .enter("SubjectService.AcceptSubjectRequest", &request)
            .await?;
        Ok(Response::new(
            self.accept(call, request.into_inner()).await?,
        ))
    }

    async fn refuse_subject_request(
        &self,
        request: Request<v1::RefuseSubjectRequestRequest>,
    ) -> Result<Response<v1::RefuseSubjectRequestResponse>, Status> {
        let call = self
            .0
            .enter("SubjectService.RefuseSubjectRequest", &request)
            .await?;
        Ok(Response::new(
            self.refuse(call, request.into_inner()).await?,
        ))
    }

    async fn notify_subject(
        &self,
        request: Request<v1::NotifySubjectRequest>,
    ) -> Result<Response<v1::NotifySubjectResponse>, Status> {
        let mut call = self
            .0
            .enter("SubjectService.NotifySubject", &request)
            .await?;
        let message = request.into_inner();
        let mut found = call.fetch::<SubjectRequest>(&message.name).await?;
        call.authorize(found.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        found.state = article(found.state.after(SubjectRequestEvent::Notify), found.kind)?;
        let channel = text("channel", &message.channel, true, 500)?;
        let event = call.event(&found.name, [("channel", json!(channel))]);
        found.notice = Some(SubjectNotice {
            channel,
            time: call.now,
            sender: call.principal.user.clone(),
        });
        let change = Change::new(event).update(&found).map_err(Error::from)?;
        let answer = v1::NotifySubjectResponse {
            subject_request: self.written(found),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }
}
