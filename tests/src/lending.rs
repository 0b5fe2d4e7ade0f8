//! The steps of the main job after publication: sandbox, grant, image, job, review.

use sandyq_proto::v1;

use crate::site::Site;
use crate::work::{PATIENCE, budget, in_seconds, system};
use crate::{images, request_id};

impl Site {
    /// The developer's registered system with an active sandbox; returns `sandboxes/{id}`.
    pub async fn open_sandbox(&self, id: &str) -> String {
        self.open_sandbox_for("developer", id, 3600).await
    }

    /// The developer's registered system with an active sandbox in a stage; returns `sandboxes/{id}`.
    pub async fn open_sandbox_in(&self, id: &str, stage: v1::Stage) -> String {
        let system = format!("{id}-system");
        let system = self
            .register_system("developer", &system, v1::RiskClass::Minimal)
            .await;
        self.open_sandbox_of("developer", &system, id, stage, 3600)
            .await
    }

    /// A registered system with an active sandbox of somebody, for so many seconds.
    pub async fn open_sandbox_for(&self, developer: &str, id: &str, seconds: u64) -> String {
        let system = self
            .register_system(developer, &format!("{id}-system"), v1::RiskClass::Minimal)
            .await;
        let stage = v1::Stage::Training;
        self.open_sandbox_of(developer, &system, id, stage, seconds)
            .await
    }

    /// A registered system of somebody; returns `systems/{id}`.
    pub async fn register_system(
        &self,
        developer: &str,
        id: &str,
        risk_class: v1::RiskClass,
    ) -> String {
        let (user, admin) = (self.user(developer), self.user("admin"));
        let (system, system_id) = (system(risk_class), id.to_owned());
        let request = v1::CreateSystemRequest {
            system_id,
            system: Some(system),
            request_id: request_id(),
        };
        let system = user
            .system()
            .create_system(request)
            .await
            .unwrap()
            .into_inner()
            .system
            .unwrap();
        let request = v1::SubmitSystemRequest {
            name: system.name.clone(),
            request_id: request_id(),
        };
        user.system().submit_system(request).await.unwrap();
        let request = v1::RegisterSystemRequest {
            name: system.name.clone(),
            ..Default::default()
        };
        admin.system().register_system(request).await.unwrap();
        system.name
    }

    /// An active sandbox of a system, for so many seconds.
    pub async fn open_sandbox_of(
        &self,
        developer: &str,
        system: &str,
        id: &str,
        stage: v1::Stage,
        seconds: u64,
    ) -> String {
        let sandbox = v1::Sandbox {
            display_name: id.to_owned(),
            system: system.to_owned(),
            stage: stage.into(),
            expire_time: in_seconds(seconds),
            budget: Some(budget()),
            ..Default::default()
        };
        self.open_described(developer, id, sandbox).await
    }

    /// An active sandbox for as many jobs as are asked for.
    pub async fn open_roomy_sandbox(&self, developer: &str, system: &str, id: &str) -> String {
        let sandbox = v1::Sandbox {
            display_name: id.to_owned(),
            system: system.to_owned(),
            stage: v1::Stage::Training.into(),
            expire_time: in_seconds(3600),
            budget: Some(v1::Budget {
                cpu_duration: Some(prost_types::Duration {
                    seconds: 1_000_000_000,
                    nanos: 0,
                }),
                concurrent_jobs: 1_000_000,
                output_bytes: 1 << 50,
                ..budget()
            }),
            ..Default::default()
        };
        self.open_described(developer, id, sandbox).await
    }

    /// An active sandbox as it is described.
    pub async fn open_described(&self, developer: &str, id: &str, sandbox: v1::Sandbox) -> String {
        let (user, admin) = (self.user(developer), self.user("admin"));
        let request = v1::CreateSandboxRequest {
            sandbox_id: id.to_owned(),
            sandbox: Some(sandbox),
            request_id: request_id(),
        };
        let made = user.sandbox().create_sandbox(request).await.unwrap();
        let name = made.into_inner().sandbox.unwrap().name;
        let request = v1::ApproveSandboxRequest {
            name: name.clone(),
            ..Default::default()
        };
        admin.sandbox().approve_sandbox(request).await.unwrap();
        name
    }

    /// A grant asked for and given.
    pub async fn grant(
        &self,
        version: &str,
        sandbox: &str,
        purpose: &str,
        seconds: u64,
    ) -> v1::Grant {
        let grant = self
            .request_grant(version, sandbox, purpose, seconds)
            .await
            .unwrap();
        let request = v1::ApproveGrantRequest {
            name: grant.name,
            ..Default::default()
        };
        self.user("owner")
            .access()
            .approve_grant(request)
            .await
            .unwrap()
            .into_inner()
            .grant
            .unwrap()
    }

    /// A grant asked for by the developer.
    pub async fn request_grant(
        &self,
        version: &str,
        sandbox: &str,
        purpose: &str,
        seconds: u64,
    ) -> Result<v1::Grant, tonic::Status> {
        let grant = v1::Grant {
            version: version.to_owned(),
            sandbox: sandbox.to_owned(),
            purpose: purpose.to_owned(),
            justification: "a study".to_owned(),
            expire_time: in_seconds(seconds),
            ..Default::default()
        };
        let request = v1::CreateGrantRequest {
            grant: Some(grant),
            request_id: request_id(),
        };
        let answer = self
            .user("developer")
            .access()
            .create_grant(request)
            .await?;
        Ok(answer.into_inner().grant.unwrap())
    }

    /// The busybox image, imported and approved.
    pub async fn approved_image(&self) -> String {
        let image = images::import(&self.user("admin"), &images::busybox())
            .await
            .unwrap();
        let request = v1::ApproveImageRequest {
            name: image.name.clone(),
            ..Default::default()
        };
        self.user("admin")
            .image()
            .approve_image(request)
            .await
            .unwrap();
        image.name
    }

    /// The developer submits a job.
    pub async fn submit(&self, sandbox: &str, job: v1::Job) -> Result<v1::Job, tonic::Status> {
        let request = v1::CreateJobRequest {
            parent: sandbox.to_owned(),
            job: Some(job),
            request_id: request_id(),
        };
        Ok(self
            .user("developer")
            .sandbox()
            .create_job(request)
            .await?
            .into_inner()
            .job
            .unwrap())
    }

    /// Waits until a job has ended.
    pub async fn wait_job(&self, name: &str) -> v1::Job {
        self.wait_job_until(name, |job| {
            job.end_time.is_some() && job.state() as i32 >= v1::job::State::Succeeded as i32
        })
        .await
    }

    /// Waits until a job is as it should be.
    pub async fn wait_job_until(&self, name: &str, reached: impl Fn(&v1::Job) -> bool) -> v1::Job {
        let request = v1::WatchJobRequest {
            name: name.to_owned(),
        };
        let mut stream = self
            .user("admin")
            .sandbox()
            .watch_job(request)
            .await
            .unwrap()
            .into_inner();
        let wait = async {
            let mut last = None;
            while let Some(message) = stream.message().await.unwrap() {
                let job = message.job.unwrap();
                if reached(&job) {
                    return job;
                }
                last = Some(job);
            }
            panic!("the job ended otherwise: {last:?}");
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the job does not get there")
    }

    /// Reviews and releases an output; returns it.
    pub async fn release(&self, output: &str) -> v1::Output {
        let mut client = self.user("reviewer").airlock();
        let request = v1::StartReviewRequest {
            name: output.to_owned(),
            ..Default::default()
        };
        let reviewed = client
            .start_review(request)
            .await
            .unwrap()
            .into_inner()
            .output
            .unwrap();
        let request = v1::ReleaseOutputRequest {
            name: output.to_owned(),
            manifest_sha256: reviewed.manifest_sha256,
            reason: "aggregates only".to_owned(),
            request_id: request_id(),
        };
        client
            .release_output(request)
            .await
            .unwrap()
            .into_inner()
            .output
            .unwrap()
    }

    /// Downloads one file of an output as somebody.
    pub async fn download(
        &self,
        user: &str,
        output: &str,
        path: &str,
    ) -> Result<Vec<u8>, tonic::Status> {
        let request = v1::DownloadOutputRequest {
            name: output.to_owned(),
            path: path.to_owned(),
        };
        let mut stream = self
            .user(user)
            .airlock()
            .download_output(request)
            .await?
            .into_inner();
        let mut bytes = Vec::new();
        while let Some(message) = stream.message().await? {
            bytes.extend_from_slice(&message.data);
        }
        Ok(bytes)
    }
}
