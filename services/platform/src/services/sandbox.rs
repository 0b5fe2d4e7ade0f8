//! Sandboxes and their jobs.

mod life;

use std::sync::Arc;

use futures::StreamExt as _;
use sandyq_access::{OrganizationKind, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::sandbox_service_server::SandboxService;
use sandyq_sandbox::{CauseOfDeath, JobState};
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tonic::{Request, Response, Status, Streaming};

use super::{Services, text};
use crate::call::{Call, required_reason};
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::jobs::{self, destruction, logs, shell, submit};
use crate::objects;
use crate::records::job::{Job, Stop};
use crate::records::sandbox::{Sandbox, SandboxEvent};
use crate::watch::{Answers, Watched, until, watch_pulsing};

impl Services {
    async fn cancel(
        &self,
        mut call: Call,
        message: v1::CancelJobRequest,
    ) -> Result<v1::CancelJobResponse> {
        let job = call.fetch::<Job>(&message.name).await?;
        call.authorize(job.resource()).await?;
        let reason = text("reason", &message.reason, false, 2000)?;
        let by = &call.principal.user;
        let wish = Stop {
            cause: CauseOfDeath::Cancelled,
            reason: match reason.as_str() {
                "" => format!("cancelled by {by}"),
                reason => format!("cancelled by {by}: {reason}"),
            },
        };
        // The job goes on changing while it is cancelled.
        loop {
            if let Some(done) = call.replayed(&message, &message.request_id).await? {
                return Ok(done);
            }
            let mut job = call.fetch::<Job>(&message.name).await?;
            if job.state.is_terminal() {
                let state = job.state.as_str();
                let text = format!("{} has ended: {state}", job.name);
                return Err(Error::precondition("WRONG_STATE", text).with("state", state));
            }
            if job.stop.is_none() {
                job.stop = Some(wish.clone());
            }
            let event = call.event(&job.name, [("reason", json!(reason))]);
            let change = Change::new(event).update(&job)?;
            let answer = v1::CancelJobResponse {
                job: Some(jobs::shown(&self.0, &job)),
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
impl SandboxService for Services {
    type WatchJobStream = Answers<v1::WatchJobResponse>;
    type StreamLogsStream = Answers<v1::StreamLogsResponse>;
    type OpenShellStream = Answers<v1::OpenShellResponse>;
    type DownloadShellRecordStream = Answers<v1::DownloadShellRecordResponse>;

    async fn create_sandbox(
        &self,
        request: Request<v1::CreateSandboxRequest>,
    ) -> Result<Response<v1::CreateSandboxResponse>, Status> {
        let call = self
            .0
            .enter("SandboxService.CreateSandbox", &request)
            .await?;
        Ok(Response::new(
            self.new_sandbox(call, request.into_inner()).await?,
        ))
    }

    async fn get_sandbox(
        &self,
        request: Request<v1::GetSandboxRequest>,
    ) -> Result<Response<v1::GetSandboxResponse>, Status> {
        let mut call = self.0.enter("SandboxService.GetSandbox", &request).await?;
        let sandbox = call.fetch::<Sandbox>(&request.get_ref().name).await?;
        call.authorize(sandbox.resource()).await?;
        Ok(Response::new(v1::GetSandboxResponse {
            sandbox: Some(jobs::exits::shown(&self.0, &sandbox)),
        }))
    }

    async fn list_sandboxes(
        &self,
        request: Request<v1::ListSandboxesRequest>,
    ) -> Result<Response<v1::ListSandboxesResponse>, Status> {
        let mut call = self
            .0
            .enter("SandboxService.ListSandboxes", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let own = call.principal.kind == OrganizationKind::Developer;
        let filter = Filter {
            organization: own.then_some(call.principal.organization.as_str()),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Sandbox>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListSandboxesResponse {
            sandboxes: found
                .iter()
                .map(|sandbox| jobs::exits::shown(&self.0, sandbox))
                .collect(),
            next_page_token,
        }))
    }

    async fn approve_sandbox(
        &self,
        request: Request<v1::ApproveSandboxRequest>,
    ) -> Result<Response<v1::ApproveSandboxResponse>, Status> {
        let call = self
            .0
            .enter("SandboxService.ApproveSandbox", &request)
            .await?;
        Ok(Response::new(
            self.approve_sandbox_request(call, request.into_inner())
                .await?,
        ))
    }

    async fn deny_sandbox(
        &self,
        request: Request<v1::DenySandboxRequest>,
    ) -> Result<Response<v1::DenySandboxResponse>, Status> {
        let mut call = self.0.enter("SandboxService.DenySandbox", &request).await?;
        let message = request.into_inner();
        let mut sandbox = call.fetch::<Sandbox>(&message.name).await?;
        call.authorize(sandbox.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        required_reason(&message.reason)?;
        sandbox.state = sandbox
            .state
            .after(SandboxEvent::Deny)
            .map_err(Error::from)?;
        sandbox.decision_reason.clone_from(&message.reason);
        let event = call.event(&sandbox.name, [("reason", json!(message.reason))]);
        let change = Change::new(event).update(&sandbox).map_err(Error::from)?;
        let answer = v1::DenySandboxResponse {
            sandbox: Some(jobs::exits::shown(&self.0, &sandbox)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn destroy_sandbox(
        &self,
        request: Request<v1::DestroySandboxRequest>,
    ) -> Result<Response<v1::DestroySandboxResponse>, Status> {
        let call = self
            .0
            .enter("SandboxService.DestroySandbox", &request)
            .await?;
        Ok(Response::new(
            self.destroy(call, request.into_inner()).await?,
        ))
    }

    async fn get_destruction_certificate(
        &self,
        request: Request<v1::GetDestructionCertificateRequest>,
    ) -> Result<Response<v1::GetDestructionCertificateResponse>, Status> {
        let mut call = self
            .0
            .enter("SandboxService.GetDestructionCertificate", &request)
            .await?;
        let sandbox = call.fetch::<Sandbox>(&request.get_ref().name).await?;
        call.authorize(sandbox.resource()).await?;
        let certificate = destruction::certify(&self.0, &sandbox.name).await?;
        let waits = || {
            let text = format!("jobs of {} are still being ended; ask again", sandbox.name);
            Error::precondition("CERTIFICATE_NOT_READY", text)
        };
        Ok(Response::new(v1::GetDestructionCertificateResponse {
            certificate: certificate.ok_or_else(waits)?,
        }))
    }

    async fn create_job(
        &self,
        request: Request<v1::CreateJobRequest>,
    ) -> Result<Response<v1::CreateJobResponse>, Status> {
        let call = self.0.enter("SandboxService.CreateJob", &request).await?;
        Ok(Response::new(
            submit::submit(call, request.into_inner()).await?,
        ))
    }

    async fn get_job(
        &self,
        request: Request<v1::GetJobRequest>,
    ) -> Result<Response<v1::GetJobResponse>, Status> {
        let mut call = self.0.enter("SandboxService.GetJob", &request).await?;
        let job = call.fetch::<Job>(&request.get_ref().name).await?;
        call.authorize(job.resource()).await?;
        Ok(Response::new(v1::GetJobResponse {
            job: Some(jobs::shown(&self.0, &job)),
        }))
    }

    async fn list_jobs(
        &self,
        request: Request<v1::ListJobsRequest>,
    ) -> Result<Response<v1::ListJobsResponse>, Status> {
        let mut call = self.0.enter("SandboxService.ListJobs", &request).await?;
        let message = request.get_ref();
        let sandbox = call.fetch::<Sandbox>(&message.parent).await?;
        call.authorize(sandbox.resource()).await?;
        let filter = Filter {
            parent: Some(&sandbox.name),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Job>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListJobsResponse {
            jobs: found.iter().map(|job| jobs::shown(&self.0, job)).collect(),
            next_page_token,
        }))
    }

    async fn cancel_job(
        &self,
        request: Request<v1::CancelJobRequest>,
    ) -> Result<Response<v1::CancelJobResponse>, Status> {
        let call = self.0.enter("SandboxService.CancelJob", &request).await?;
        Ok(Response::new(
            self.cancel(call, request.into_inner()).await?,
        ))
    }

    async fn watch_job(
        &self,
        request: Request<v1::WatchJobRequest>,
    ) -> Result<Response<Self::WatchJobStream>, Status> {
        let mut call = self.0.enter("SandboxService.WatchJob", &request).await?;
        let job = call.fetch::<Job>(&request.get_ref().name).await?;
        call.authorize(job.resource()).await?;
        let platform = Arc::clone(&self.0);
        let convert = move |job: &Stored<Job>| v1::WatchJobResponse {
            job: Some(jobs::shown(&platform, job)),
        };
        let watched = Watched {
            ended: |job: &Job| job.state.is_terminal(),
            pulsing: |job: &Job| matches!(job.state, JobState::Queued(_)),
        };
        Ok(Response::new(watch_pulsing(call, job, convert, watched)))
    }

    async fn stream_logs(
        &self,
        request: Request<v1::StreamLogsRequest>,
    ) -> Result<Response<Self::StreamLogsStream>, Status> {
        let mut call = self.0.enter("SandboxService.StreamLogs", &request).await?;
        let message = request.get_ref();
        let job = call.fetch::<Job>(&message.name).await?;
        call.authorize(job.resource()).await?;
        let offset = convert::uncount("offset", message.offset)?;
        let dismissed = call.dismissed();
        let answers = logs::stream(call, job, offset).await?;
        Ok(Response::new(until(dismissed, answers)))
    }

    async fn open_shell(
        &self,
        request: Request<Streaming<v1::OpenShellRequest>>,
    ) -> Result<Response<Self::OpenShellStream>, Status> {
        let call = self.0.enter("SandboxService.OpenShell", &request).await?;
        Ok(Response::new(
            shell::open(call, request.into_inner()).await?,
        ))
    }

    async fn download_shell_record(
        &self,
        request: Request<v1::DownloadShellRecordRequest>,
    ) -> Result<Response<Self::DownloadShellRecordStream>, Status> {
        let mut call = self
            .0
            .enter("SandboxService.DownloadShellRecord", &request)
            .await?;
        let job = call.fetch::<Job>(&request.get_ref().name).await?;
        call.authorize(job.resource()).await?;
        let recorded = job.record.shell.and_then(|shell| shell.record);
        let recorded = recorded.ok_or_else(|| {
            let text = "the job has no terminal, or its session has not ended in order";
            Error::precondition("NO_SHELL_RECORD", text)
        })?;
        // Who looked at it is a decision worth an entry.
        let event = call.event(&job.record.name, [("sha256", json!(recorded.sha256))]);
        self.0.commit(Change::new(event)).await?;
        let answers = objects::streamed(&self.0, &recorded.place).await?;
        let answers = answers.map(|data| Ok(v1::DownloadShellRecordResponse { data: data? }));
        Ok(Response::new(until(call.dismissed(), answers.boxed())))
    }
}
