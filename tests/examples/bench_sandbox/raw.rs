//! The engine's own interface, with the very container that the platform makes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    CreateContainerOptions, RemoveContainerOptions, StartContainerOptions, WaitContainerOptions,
};
use futures::StreamExt;
use sandyq_proto::v1;
use sandyq_sandbox::spec::{ContainerContext, GID, Limits, RawJob, UID, container};
use sandyq_sandbox::{JobSpec, PlatformId};
use sandyq_tests::Site;

/// The engine, and what its containers are labelled with.
pub struct Raw {
    engine: Docker,
    platform: PlatformId,
    folder: PathBuf,
}

impl Raw {
    pub fn of(site: &Site) -> Self {
        Self {
            engine: Docker::connect_with_local_defaults().unwrap(),
            platform: PlatformId::new(site.platform_id.clone()).unwrap(),
            folder: site.dir.parent().unwrap().to_owned(),
        }
    }

    /// A folder in place of the output volume.
    pub fn out(&self, name: &str) -> PathBuf {
        let out = self.folder.join(name);
        std::fs::create_dir(&out).unwrap();
        std::os::unix::fs::chown(&out, Some(UID), Some(GID)).unwrap();
        out
    }

    /// Creates and starts the container of a job; returns its name.
    pub async fn launch(&self, job: &v1::Job, id: &str, out: &Path) -> String {
        let spec = spec(job, id, out);
        let context = ContainerContext {
            platform: &self.platform,
            init: &sandyq_sandbox::engine::beside(&sandyq_tests::site::program()),
            image_variables: &[],
        };
        let body = container(&spec, &context);
        let name = spec.id().container_name();
        let options = CreateContainerOptions {
            name: Some(name.clone()),
            ..CreateContainerOptions::default()
        };
        let engine = &self.engine;
        engine.create_container(Some(options), body).await.unwrap();
        engine
            .start_container(&name, None::<StartContainerOptions>)
            .await
            .unwrap();
        name
    }

    /// Waits for the end of a container.
    pub async fn wait(&self, name: &str) {
        let options = None::<WaitContainerOptions>;
        let mut ends = self.engine.wait_container(name, options);
        while ends.next().await.is_some_and(|end| end.is_ok()) {}
    }

    pub async fn remove(&self, name: &str) {
        let options = RemoveContainerOptions {
            force: true,
            ..RemoveContainerOptions::default()
        };
        self.engine
            .remove_container(name, Some(options))
            .await
            .unwrap();
    }
}

/// What the platform makes of a job.
fn spec(job: &v1::Job, id: &str, out: &Path) -> JobSpec {
    let default = Limits::default();
    let asked = job.limits.unwrap();
    let memory_bytes = u64::try_from(asked.memory_bytes).unwrap();
    let seconds = asked.wall_clock_duration.unwrap().seconds;
    let cpu_millis = match asked.cpu_millis {
        0 => default.cpu_millis,
        millis => u32::try_from(millis).unwrap(),
    };
    RawJob {
        id: id.to_owned(),
        sandbox: "bench".to_owned(),
        image: format!("sha256:{}", job.image.trim_start_matches("images/")),
        command: job.command.clone(),
        output_path: out.to_owned(),
        limits: Limits {
            cpu_millis,
            memory_bytes,
            output_bytes: u64::try_from(asked.output_bytes).unwrap(),
            tmp_bytes: default.tmp_bytes.min(memory_bytes),
            wall_clock: Duration::from_secs(u64::try_from(seconds).unwrap()),
            ..default
        },
        ..RawJob::default()
    }
    .validate()
    .unwrap()
}
