//! Trials.

use sandyq_proto::v1;
use sandyq_proto::v1::trial_service_server::TrialService;
use sandyq_sandbox::CauseOfDeath;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::{Services, text};
use crate::call::Call;
use crate::convert;
use crate::error::{Class, Result};
use crate::governed::Governed;
use crate::records::job::{Job, Stop};
use crate::records::sandbox::Sandbox;
use crate::records::trial::{Trial, TrialEvent};
use crate::trials::{Asked, CALL, call, start};

impl Services {
    /// As people see it: with what was asked since it was last written down.
    fn shown_trial(&self, mut stored: Stored<Trial>) -> v1::Trial {
        if let Some(meter) = self.0.trials.known(&stored.name) {
            meter.fresh().add_to(&mut stored);
        }
        convert::trial(&stored)
    }

    async fn stop(
        &self,
        mut call: Call,
        message: v1::StopTrialRequest,
    ) -> Result<v1::StopTrialResponse> {
        let trial = call.fetch::<Trial>(&message.name).await?;
        call.authorize(trial.resource()).await?;
        // Its container goes on changing meanwhile.
        loop {
            if let Some(done) = call.replayed(&message, &message.request_id).await? {
                return Ok(done);
            }
            let why = text("reason", &message.reason, false, 2000)?;
            let mut trial = call.fetch::<Trial>(&message.name).await?;
            trial.state = trial.state.after(TrialEvent::Stop)?;
            let by = format!("stopped by {}", call.principal.user);
            trial.message = match why.as_str() {
                "" => by,
                why => format!("{by}: {why}"),
            };
            trial.end_time = Some(call.now);
            let mut job = call.fetch::<Job>(&trial.job).await?;
            let event = call.event(&trial.name, [("reason", json!(why))]);
            let mut change = Change::new(event).update(&trial)?;
            if !job.state.is_terminal() && job.stop.is_none() {
                job.stop = Some(Stop {
                    cause: CauseOfDeath::Cancelled,
                    reason: format!("the trial was {}", trial.message),
                });
                change = change.update(&job)?;
            }
            let answer = v1::StopTrialResponse {
                trial: Some(self.shown_trial(trial)),
            };
            match call.commit(change, answer).await {
                Err(error) if error.class == Class::Aborted => {}
                outcome => {
                    self.0.wake.notify_one();
                    return outcome;
                }
            }
        }
    }
}

#[tonic::async_trait]
impl TrialService for Services {
    async fn create_trial(
        &self,
        request: Request<v1::CreateTrialRequest>,
    ) -> Result<Response<v1::CreateTrialResponse>, Status> {
        let call = self.0.enter("TrialService.CreateTrial", &request).await?;
        Ok(Response::new(
            start::create(call, request.into_inner()).await?,
        ))
    }

    async fn get_trial(
        &self,
        request: Request<v1::GetTrialRequest>,
    ) -> Result<Response<v1::GetTrialResponse>, Status> {
        let mut call = self.0.enter("TrialService.GetTrial", &request).await?;
        let trial = call.fetch::<Trial>(&request.get_ref().name).await?;
        call.authorize(trial.resource()).await?;
        Ok(Response::new(v1::GetTrialResponse {
            trial: Some(self.shown_trial(trial)),
        }))
    }

    async fn list_trials(
        &self,
        request: Request<v1::ListTrialsRequest>,
    ) -> Result<Response<v1::ListTrialsResponse>, Status> {
        let mut call = self.0.enter("TrialService.ListTrials", &request).await?;
        let message = request.get_ref();
        let sandbox = call.fetch::<Sandbox>(&message.parent).await?;
        call.authorize(sandbox.resource()).await?;
        let filter = Filter {
            parent: Some(&sandbox.name),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Trial>(&filter, message.page_size, &message.page_token)
            .await?;
        let shown = |trial| self.shown_trial(trial);
        Ok(Response::new(v1::ListTrialsResponse {
            trials: found.into_iter().map(shown).collect(),
            next_page_token,
        }))
    }

    async fn stop_trial(
        &self,
        request: Request<v1::StopTrialRequest>,
    ) -> Result<Response<v1::StopTrialResponse>, Status> {
        let call = self.0.enter("TrialService.StopTrial", &request).await?;
        Ok(Response::new(self.stop(call, request.into_inner()).await?))
    }

    async fn call_trial(
        &self,
        request: Request<v1::CallTrialRequest>,
    ) -> Result<Response<v1::CallTrialResponse>, Status> {
        let call = self.0.enter(CALL, &request).await?;
        let message = request.into_inner();
        let admitted = call::admit(call, &message.name).await?;
        let fields = message.headers.iter();
        let fields = fields.map(|field| (field.name.as_str(), field.value.as_str()));
        let asked = Asked::of_texts(&message.method, &message.path, fields, message.body.clone())?;
        let answer = admitted.answer(asked).await?;
        let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| v1::Header {
            name: name.as_str().to_owned(),
            // Only visible characters are passed on.
            value: value.to_str().unwrap_or_default().to_owned(),
        };
        Ok(Response::new(v1::CallTrialResponse {
            status: answer.status.as_u16().into(),
            headers: answer.headers.iter().map(field).collect(),
            body: answer.body,
        }))
    }
}
