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
use crate::governed::Governed;
use crate::records::system::{System, SystemEvent, SystemState};

/// Takes over what a client says of a system.
fn describe(system: &mut System, wanted: &v1::System) -> Result<()> {
    system.display_name = text("system.display_name", &wanted.display_name, true, 200)?;
    system.description = text("system.description", &wanted.description, true, 10_000)?;
    system.purpose = text("system.purpose", &wanted.purpose, true, 2000)?;
    (system.risk_class, system.autonomy) = convert::classes(wanted)?;
    Ok(())
}

/// Moves a system on, with the reason in the record and in the log.
async fn decide(
    call: &Call,
    mut system: Stored<System>,
    event: SystemEvent,
    reason: &str,
) -> Result<(Change, Stored<System>)> {
    system.state = system.state.after(event)?;
    system.decision_reason = text("reason", reason, false, 2000)?;
    let logged = call.event(&system.name, [("reason", json!(system.decision_reason))]);
    let change = Change::new(logged).update(&system)?;
    system.revision += 1;
    Ok((change, system))
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
        };
        describe(&mut system, &wanted)?;
        let event = call.event(&system.name, [("risk_class", json!(system.risk_class))]);
        let change = Change::new(event).insert(&system).map_err(Error::from)?;
        let answer = v1::CreateSystemResponse {
            system: Some(convert::system(&call.inserted(system))),
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
            system: Some(convert::system(&system)),
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
            systems: found.iter().map(convert::system).collect(),
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
        if system.state != SystemState::Draft {
            return Err(Error::precondition(
                "WRONG_STATE",
                format!(
                    "{name} is {}; only a DRAFT can be changed",
                    system.state.as_str()
                ),
            )
            .into());
        }
        describe(&mut system, &wanted)?;
        let event = call.event(&system.name, [("risk_class", json!(system.risk_class))]);
        let change = Change::new(event).update(&system).map_err(Error::from)?;
        system.revision += 1;
        let answer = v1::UpdateSystemResponse {
            system: Some(convert::system(&system)),
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
        let (change, system) = decide(&call, system, SystemEvent::Submit, "").await?;
        let answer = v1::SubmitSystemResponse {
            system: Some(convert::system(&system)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn register_system(
        &self,
        request: Request<v1::RegisterSystemRequest>,
    ) -> Result<Response<v1::RegisterSystemResponse>, Status> {
        let mut call = self
            .0
            .enter("SystemService.RegisterSystem", &request)
            .await?;
        let message = request.into_inner();
        let system = call.fetch::<System>(&message.name).await?;
        call.authorize(system.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let (change, system) =
            decide(&call, system, SystemEvent::Register, &message.reason).await?;
        let answer = v1::RegisterSystemResponse {
            system: Some(convert::system(&system)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn refuse_system(
        &self,
        request: Request<v1::RefuseSystemRequest>,
    ) -> Result<Response<v1::RefuseSystemResponse>, Status> {
        let mut call = self.0.enter("SystemService.RefuseSystem", &request).await?;
        let message = request.into_inner();
        let system = call.fetch::<System>(&message.name).await?;
        call.authorize(system.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        required_reason(&message.reason)?;
        let (change, system) = decide(&call, system, SystemEvent::Refuse, &message.reason).await?;
        let answer = v1::RefuseSystemResponse {
            system: Some(convert::system(&system)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }
}
