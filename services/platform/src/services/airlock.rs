//! The airlock.

use futures::StreamExt;
use sandyq_access::{OrganizationKind, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::airlock_service_server::AirlockService;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::{Call, required_reason};
use crate::convert;
use crate::error::{Error, Result};
use crate::governed::Governed;
use crate::outputs;
use crate::records::airlock::{Output, OutputEvent, OutputState};
use crate::records::job::Job;
use crate::records::sandbox::Sandbox;
use crate::records::system::{Image, System};
use crate::watch::{Answers, until};

/// Names and hashes of files are an exit too, so the developers' side sees them only after release.
fn is_withheld(call: &Call, output: &Output) -> bool {
    let outside = call.principal.kind == OrganizationKind::Developer;
    outside && output.state != OutputState::Released
}

/// A page of an output's files, and the token of the next one.
async fn page_of(
    call: &Call,
    output: &Stored<Output>,
    token: &str,
) -> Result<(v1::Output, String)> {
    if is_withheld(call, output) {
        let nothing = convert::withheld(convert::output(output, Vec::new()));
        return Ok((nothing, String::new()));
    }
    let block = match token {
        "" => 0,
        token => token
            .parse::<usize>()
            .map_err(|_| Error::invalid("file_page_token", "is not one that this service gave"))?,
    };
    let (files, next) = outputs::page(&call.platform, output, block).await?;
    let next = next.map_or_else(String::new, |block| block.to_string());
    Ok((convert::output(output, files), next))
}

/// An output with the first of its files.
async fn with_first(call: &Call, output: &Stored<Output>) -> Result<v1::Output> {
    Ok(page_of(call, output, "").await?.0)
}

/// An output in a list of many.
fn in_list(call: &Call, stored: &Stored<Output>) -> v1::Output {
    let mut output = convert::output(stored, Vec::new());
    output.refused.clear();
    if is_withheld(call, stored) {
        convert::withheld(output)
    } else {
        output
    }
}

/// Decides on an output in review: only the one who took it into review may.
fn decide(
    call: &Call,
    output: &mut Stored<Output>,
    event: OutputEvent,
    reason: &str,
) -> Result<Change> {
    required_reason(reason)?;
    output.state = output.state.after(event)?;
    if output.reviewer != call.principal.user {
        return Err(Error::precondition(
            "REVIEWED_BY_ANOTHER",
            format!("{} is reviewing this output", output.reviewer),
        ));
    }
    output.decision_reason = reason.trim().to_owned();
    output.decide_time = Some(call.now);
    let logged = call.event(
        &output.name,
        [
            ("manifest_sha256", json!(output.manifest_sha256)),
            ("reason", json!(output.decision_reason)),
        ],
    );
    Ok(Change::new(logged).update(output)?)
}

/// What a system of high risk leaves is released by others than those who approved the image that made it.
async fn apart_from_the_image(call: &Call, output: &Output) -> Result<()> {
    let job = call.fetch::<Job>(&output.job).await?;
    let sandbox = call.fetch::<Sandbox>(&job.sandbox).await?;
    let system = call.fetch::<System>(&sandbox.system).await?;
    let image = call.fetch::<Image>(&job.image).await?;
    crate::governance::systems::apart(system.risk_class, &image.decider, &call.principal.user)
}

#[tonic::async_trait]
impl AirlockService for Services {
    type DownloadOutputStream = Answers<v1::DownloadOutputResponse>;

    async fn get_output(
        &self,
        request: Request<v1::GetOutputRequest>,
    ) -> Result<Response<v1::GetOutputResponse>, Status> {
        let mut call = self.0.enter("AirlockService.GetOutput", &request).await?;
        let output = call.fetch::<Output>(&request.get_ref().name).await?;
        call.authorize(output.resource()).await?;
        let token = &request.get_ref().file_page_token;
        let (output, next_file_page_token) = page_of(&call, &output, token).await?;
        Ok(Response::new(v1::GetOutputResponse {
            output: Some(output),
            next_file_page_token,
        }))
    }

    async fn list_outputs(
        &self,
        request: Request<v1::ListOutputsRequest>,
    ) -> Result<Response<v1::ListOutputsResponse>, Status> {
        let mut call = self.0.enter("AirlockService.ListOutputs", &request).await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let own = call.principal.kind == OrganizationKind::Developer;
        let state = message.state().as_str_name().trim_start_matches("STATE_");
        let states = [state];
        let filter = Filter {
            organization: own.then_some(call.principal.organization.as_str()),
            states: if state == "UNSPECIFIED" { &[] } else { &states },
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Output>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListOutputsResponse {
            outputs: found.iter().map(|output| in_list(&call, output)).collect(),
            next_page_token,
        }))
    }

    async fn start_review(
        &self,
        request: Request<v1::StartReviewRequest>,
    ) -> Result<Response<v1::StartReviewResponse>, Status> {
        let mut call = self.0.enter("AirlockService.StartReview", &request).await?;
        let message = request.into_inner();
        let mut output = call.fetch::<Output>(&message.name).await?;
        call.authorize(output.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        output.state = output
            .state
            .after(OutputEvent::StartReview)
            .map_err(Error::from)?;
        output.reviewer.clone_from(&call.principal.user);
        let event = call.event(
            &output.name,
            [("manifest_sha256", json!(output.manifest_sha256))],
        );
        let change = Change::new(event).update(&output).map_err(Error::from)?;
        let answer = v1::StartReviewResponse {
            output: Some(with_first(&call, &output).await?),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn release_output(
        &self,
        request: Request<v1::ReleaseOutputRequest>,
    ) -> Result<Response<v1::ReleaseOutputResponse>, Status> {
        let mut call = self
            .0
            .enter("AirlockService.ReleaseOutput", &request)
            .await?;
        let message = request.into_inner();
        let mut output = call.fetch::<Output>(&message.name).await?;
        call.authorize(output.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        if message.manifest_sha256 != output.manifest_sha256 {
            return Err(Error::invalid(
                "manifest_sha256",
                "is not that of this output; send the one you reviewed",
            )
            .into());
        }
        apart_from_the_image(&call, &output).await?;
        let change = decide(&call, &mut output, OutputEvent::Release, &message.reason)?;
        let answer = v1::ReleaseOutputResponse {
            output: Some(with_first(&call, &output).await?),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn reject_output(
        &self,
        request: Request<v1::RejectOutputRequest>,
    ) -> Result<Response<v1::RejectOutputResponse>, Status> {
        let mut call = self
            .0
            .enter("AirlockService.RejectOutput", &request)
            .await?;
        let message = request.into_inner();
        let mut output = call.fetch::<Output>(&message.name).await?;
        call.authorize(output.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let change = decide(&call, &mut output, OutputEvent::Reject, &message.reason)?;
        let answer = v1::RejectOutputResponse {
            output: Some(with_first(&call, &output).await?),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn download_output(
        &self,
        request: Request<v1::DownloadOutputRequest>,
    ) -> Result<Response<Self::DownloadOutputStream>, Status> {
        let mut call = self
            .0
            .enter("AirlockService.DownloadOutput", &request)
            .await?;
        let message = request.get_ref();
        let output = call.fetch::<Output>(&message.name).await?;
        call.authorize(output.resource()).await?;
        let file = outputs::find(&self.0, &output, &message.path)
            .await?
            .ok_or_else(|| Error::not_found(&format!("{}/{}", message.name, message.path)))?;
        // What leaves, and to whom, is a decision worth an entry.
        let event = call.event(
            &output.name,
            [("path", json!(file.path)), ("sha256", json!(file.sha256))],
        );
        self.0.commit(Change::new(event)).await?;
        let answers = outputs::streamed(&self.0, &file).await?;
        let answers = answers.map(|data| Ok(v1::DownloadOutputResponse { data: data? }));
        Ok(Response::new(until(call.dismissed(), answers.boxed())))
    }
}
