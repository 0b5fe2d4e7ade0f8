//! The registry of AI systems.

use sandyq_access::{OrganizationKind, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::system_service_server::SystemService;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::{Services, client_id, required, text};
use crate::call::{Call, check_etag, required_reason};
use crate::convert;
use crate::error::{Error, Result};
use crate::governance::libraries::known_purpose;
use crate::governance::systems::complete;
use crate::governed::Governed;
use crate::records::system::{Declaration, Risk, System, SystemEvent, SystemState};

/// Risks of one system.
const MOST_RISKS: usize = 200;
/// Documents of one system.
const MOST_DOCUMENTS: usize = 200;

/// Takes over what a client says of a system.
fn describe(system: &mut System, wanted: &v1::System, call: &Call) -> Result<()> {
    system.display_name = text("system.display_name", &wanted.display_name, true, 200)?;
    system.description = text("system.description", &wanted.description, true, 10_000)?;
    // What a system was for when the vocabulary had it so may stay.
    if wanted.purpose != system.purpose || wanted.purpose.is_empty() {
        system.purpose = known_purpose("system.purpose", &wanted.purpose, &call.platform.purposes)?;
    }
    (system.risk_class, system.autonomy) = convert::classes(wanted)?;
    system.risk_reasons = text("system.risk_reasons", &wanted.risk_reasons, false, 10_000)?;
    system.functions = convert::functions(&wanted.functions)?;
    system.alters_biometrics = wanted.alters_biometrics;
    system.biometric_consent = match &wanted.biometric_consent {
        None => None,
        given => Some(convert::evidence(
            "system.biometric_consent",
            given.as_ref(),
        )?),
    };
    if wanted.documents.len() > MOST_DOCUMENTS {
        return Err(Error::invalid("system.documents", "name at most 200"));
    }
    system.documents = convert::documents(&wanted.documents)?;
    system.risks = risks("system.risks", &wanted.risks, &system.risks, call)?;
    Ok(())
}

fn risks(field: &str, wanted: &[v1::Risk], known: &[Risk], call: &Call) -> Result<Vec<Risk>> {
    if wanted.len() > MOST_RISKS {
        return Err(Error::invalid(field, "name at most 200"));
    }
    let mut out: Vec<Risk> = Vec::new();
    for (index, wanted) in wanted.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let risk = convert::risk(&field, wanted, known, call.now)?;
        if out.iter().any(|other| other.id == risk.id) {
            return Err(Error::invalid(format!("{field}.risk_id"), "is named twice"));
        }
        out.push(risk);
    }
    Ok(out)
}

/// What a declaration says, for the log.
fn declared(call: &Call, system: &System) -> sandyq_store::Event {
    call.event(
        &system.name,
        [
            ("risk_class", json!(system.risk_class)),
            ("functions", json!(system.functions)),
            ("alters_biometrics", json!(system.alters_biometrics)),
            ("documents", json!(system.documents)),
            ("risks", json!(system.risks.len())),
        ],
    )
}

/// Moves a system on, with the reason in the record and in the log.
fn moved(
    call: &Call,
    system: &mut Stored<System>,
    event: SystemEvent,
    reason: &str,
) -> Result<Change> {
    system.state = system.state.after(event)?;
    system.decision_reason = text("reason", reason, false, 2000)?;
    system.decider.clone_from(&call.principal.user);
    system.decide_time = Some(call.now);
    let logged = call.event(&system.name, [("reason", json!(system.decision_reason))]);
    Ok(Change::new(logged).update(system)?)
}

impl Services {
    /// The operator's or the owner's decision on a system; a repeated request gets the first answer.
    async fn decide_system<M, R>(
        &self,
        mut call: Call,
        message: &M,
        (name, reason, request_id): (&str, &str, &str),
        event: SystemEvent,
        answer: impl Fn(v1::System) -> R,
    ) -> Result<(R, Stored<System>)>
    where
        M: prost::Message,
        R: prost::Message + Default,
    {
        let mut system = call.fetch::<System>(name).await?;
        call.authorize(system.resource()).await?;
        if let Some(done) = call.replayed(message, request_id).await? {
            return Ok((done, system));
        }
        if event != SystemEvent::Register {
            required_reason(reason)?;
        }
        if matches!(event, SystemEvent::Register | SystemEvent::Refuse) {
            system.reviewer.clone_from(&call.principal.user);
            system.review_time = Some(call.now);
        }
        let change = moved(&call, &mut system, event, reason)?;
        system.revision += 1;
        let answer = answer(convert::system(&system, call.now));
        Ok((call.commit(change, answer).await?, system))
    }
}

/// Name, reason and request id, which every message about a decision has.
macro_rules! about {
    ($message:expr) => {
        (
            $message.name.as_str(),
            $message.reason.as_str(),
            $message.request_id.as_str(),
        )
    };
}

#[tonic::async_trait]
impl SystemService for Services {
    async fn create_system(
        &self,
        request: Request<v1::CreateSystemRequest>,
    ) -> Result<Response<v1::CreateSystemResponse>, Status> {
        let mut call = self.0.enter("SystemService.CreateSystem", &request).await?;
        call.authorize(Resource::platform()).await?;
        let message = request.into_inner();
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let wanted = required("system", message.system)?;
        let (risk_class, autonomy) = convert::classes(&wanted)?;
        let mut system = System {
            name: format!("systems/{}", client_id("system_id", &message.system_id)?),
            display_name: String::new(),
            description: String::new(),
            purpose: String::new(),
            risk_class,
            autonomy,
            organization: call.principal.organization.clone(),
            requester: call.principal.user.clone(),
            state: SystemState::Draft,
            decision_reason: String::new(),
            decider: String::new(),
            decide_time: None,
            risk_reasons: String::new(),
            functions: Vec::new(),
            alters_biometrics: false,
            biometric_consent: None,
            documents: Vec::new(),
            risks: Vec::new(),
            declaration: 0,
            reviewer: String::new(),
            review_time: None,
        };
        describe(&mut system, &wanted, &call)?;
        let change = Change::new(declared(&call, &system))
            .insert(&system)
            .map_err(Error::from)?;
        let answer = v1::CreateSystemResponse {
            system: Some(convert::system(&call.inserted(system), call.now)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn get_system(
        &self,
        request: Request<v1::GetSystemRequest>,
    ) -> Result<Response<v1::GetSystemResponse>, Status> {
        let mut call = self.0.enter("SystemService.GetSystem", &request).await?;
        let system = call.fetch::<System>(&request.get_ref().name).await?;
        let mut resource = system.resource();
        resource.viewers = crate::jobs::viewers_of_system(&self.0, &system.name).await?;
        call.authorize(resource).await?;
        Ok(Response::new(v1::GetSystemResponse {
            system: Some(convert::system(&system, call.now)),
        }))
    }

    async fn list_systems(
        &self,
        request: Request<v1::ListSystemsRequest>,
    ) -> Result<Response<v1::ListSystemsResponse>, Status> {
        let mut call = self.0.enter("SystemService.ListSystems", &request).await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let own = call.principal.kind == OrganizationKind::Developer;
        let filter = Filter {
            organization: own.then_some(call.principal.organization.as_str()),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<System>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListSystemsResponse {
            systems: found
                .iter()
                .map(|system| convert::system(system, call.now))
                .collect(),
            next_page_token,
        }))
    }

    async fn update_system(
        &self,
        request: Request<v1::UpdateSystemRequest>,
    ) -> Result<Response<v1::UpdateSystemResponse>, Status> {
        let mut call = self.0.enter("SystemService.UpdateSystem", &request).await?;
        let message = request.into_inner();
        let name = message
            .system
            .as_ref()
            .map(|s| s.name.clone())
            .unwrap_or_default();
        let mut system = call.fetch::<System>(&name).await?;
        call.authorize(system.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let wanted = required("system", message.system)?;
        check_etag(&system, &wanted.etag)?;
        let before = system.record.clone();
        system.state = system
            .state
            .after(SystemEvent::Revise)
            .map_err(Error::from)?;
        describe(&mut system, &wanted, &call)?;
        if system.says_as_much_as(&before) {
            return Err(Error::precondition(
                "NOTHING_CHANGED",
                "the system says of itself what it said before; a revision would end its registration, and its jobs, for nothing",
            )
            .into());
        }
        system.requester.clone_from(&call.principal.user);
        let change = Change::new(declared(&call, &system))
            .update(&system)
            .map_err(Error::from)?;
        system.revision += 1;
        let answer = v1::UpdateSystemResponse {
            system: Some(convert::system(&system, call.now)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn submit_system(
        &self,
        request: Request<v1::SubmitSystemRequest>,
    ) -> Result<Response<v1::SubmitSystemResponse>, Status> {
        let mut call = self.0.enter("SystemService.SubmitSystem", &request).await?;
        let message = request.into_inner();
        let system = call.fetch::<System>(&message.name).await?;
        call.authorize(system.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let mut system = system;
        let after = system
            .state
            .after(SystemEvent::Submit)
            .map_err(Error::from)?;
        complete(&system, &self.0.config.raw.governance)?;
        system.state = after;
        system.declaration += 1;
        // Who hands it in answers for it, and is not the one who decides on it.
        system.requester.clone_from(&call.principal.user);
        // What was decided on the declaration before says nothing of this one.
        system.decision_reason.clear();
        system.decider.clear();
        system.decide_time = None;
        system.reviewer.clear();
        system.review_time = None;
        let declaration = Declaration {
            name: format!("{}/declarations/{:08}", system.name, system.declaration),
            system: system.record.clone(),
            requester: call.principal.user.clone(),
        };
        let change = Change::new(declared(&call, &system))
            .update(&system)
            .map_err(Error::from)?
            .insert(&declaration)
            .map_err(Error::from)?;
        system.revision += 1;
        let answer = v1::SubmitSystemResponse {
            system: Some(convert::system(&system, call.now)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn register_system(
        &self,
        request: Request<v1::RegisterSystemRequest>,
    ) -> Result<Response<v1::RegisterSystemResponse>, Status> {
        let call = self
            .0
            .enter("SystemService.RegisterSystem", &request)
            .await?;
        let message = request.into_inner();
        let about = about!(message);
        let (answer, _) = self
            .decide_system(call, &message, about, SystemEvent::Register, |system| {
                v1::RegisterSystemResponse {
                    system: Some(system),
                }
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn refuse_system(
        &self,
        request: Request<v1::RefuseSystemRequest>,
    ) -> Result<Response<v1::RefuseSystemResponse>, Status> {
        let call = self.0.enter("SystemService.RefuseSystem", &request).await?;
        let message = request.into_inner();
        let about = about!(message);
        let (answer, _) = self
            .decide_system(call, &message, about, SystemEvent::Refuse, |system| {
                v1::RefuseSystemResponse {
                    system: Some(system),
                }
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn suspend_system(
        &self,
        request: Request<v1::SuspendSystemRequest>,
    ) -> Result<Response<v1::SuspendSystemResponse>, Status> {
        let call = self
            .0
            .enter("SystemService.SuspendSystem", &request)
            .await?;
        let message = request.into_inner();
        let about = about!(message);
        let (answer, system) = self
            .decide_system(call, &message, about, SystemEvent::Suspend, |system| {
                v1::SuspendSystemResponse {
                    system: Some(system),
                }
            })
            .await?;
        crate::jobs::stop::system_ended(&self.0, &system.name, "its AI system was suspended")
            .await?;
        Ok(Response::new(answer))
    }

    async fn resume_system(
        &self,
        request: Request<v1::ResumeSystemRequest>,
    ) -> Result<Response<v1::ResumeSystemResponse>, Status> {
        let call = self.0.enter("SystemService.ResumeSystem", &request).await?;
        let message = request.into_inner();
        let about = about!(message);
        let (answer, _) = self
            .decide_system(call, &message, about, SystemEvent::Resume, |system| {
                v1::ResumeSystemResponse {
                    system: Some(system),
                }
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn terminate_system(
        &self,
        request: Request<v1::TerminateSystemRequest>,
    ) -> Result<Response<v1::TerminateSystemResponse>, Status> {
        let call = self
            .0
            .enter("SystemService.TerminateSystem", &request)
            .await?;
        let message = request.into_inner();
        let about = about!(message);
        let (answer, system) = self
            .decide_system(call, &message, about, SystemEvent::Terminate, |system| {
                v1::TerminateSystemResponse {
                    system: Some(system),
                }
            })
            .await?;
        crate::jobs::stop::system_ended(&self.0, &system.name, "its AI system was ended").await?;
        Ok(Response::new(answer))
    }

    async fn update_risk_register(
        &self,
        request: Request<v1::UpdateRiskRegisterRequest>,
    ) -> Result<Response<v1::UpdateRiskRegisterResponse>, Status> {
        let mut call = self
            .0
            .enter("SystemService.UpdateRiskRegister", &request)
            .await?;
        let message = request.into_inner();
        let mut system = call.fetch::<System>(&message.name).await?;
        call.authorize(system.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        check_etag(&system, &message.etag)?;
        if system.state == SystemState::Terminated {
            crate::governance::systems::in_force(&system)?;
        }
        system.risks = risks("risks", &message.risks, &system.risks, &call)?;
        let kept = system.risks.len();
        // A registered system goes on only while its class is still accounted for.
        if system.state == SystemState::Registered {
            complete(&system, &self.0.config.raw.governance)?;
        }
        let event = call.event(
            &system.name,
            [("risks", json!(system.risks)), ("count", json!(kept))],
        );
        let change = Change::new(event).update(&system).map_err(Error::from)?;
        system.revision += 1;
        let answer = v1::UpdateRiskRegisterResponse {
            system: Some(convert::system(&system, call.now)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn list_declarations(
        &self,
        request: Request<v1::ListDeclarationsRequest>,
    ) -> Result<Response<v1::ListDeclarationsResponse>, Status> {
        let mut call = self
            .0
            .enter("SystemService.ListDeclarations", &request)
            .await?;
        let message = request.get_ref();
        let system = call.fetch::<System>(&message.parent).await?;
        call.authorize(system.resource()).await?;
        let filter = Filter {
            parent: Some(&system.name),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Declaration>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListDeclarationsResponse {
            declarations: found.iter().map(convert::declaration).collect(),
            next_page_token,
        }))
    }
}
