//! The engine by Docker's API, over its local socket.

mod create;
mod image;
mod log;
mod mounts;
mod own;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bollard::errors::Error as Bollard;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    AttachContainerOptions, KillContainerOptions, ListContainersOptions, LogsOptions,
    RemoveContainerOptions, StartContainerOptions, StatsOptions, WaitContainerOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::StreamExt;
use sandyq_init::forward;

use self::own::Own;
use super::cgroup::Cgroup;
use super::{
    ArchiveStream, Attached, Engine, EngineError, EngineInfo, ImportedImage, LastWord, Listed,
    LogFrames, LogRequest, Observed, host, observe,
};
use crate::id::{ContainerId, ImageDigest, JobId, PlatformId};
use crate::serve::{Connection, ServeFolder};
use crate::spec::{JobSpec, LABEL_JOB, LABEL_PLATFORM};
use crate::usage::Sample;

const DEFAULT_SOCKET: &str = "unix:///var/run/docker.sock";
/// For one answer. The engine is on the same machine; more means that it hangs.
const CALL_SECONDS: u64 = 60;
/// For a whole image, or for a job to end.
const LONG_SECONDS: u64 = 40 * 86_400;

/// How to reach the engine.
#[derive(Debug, Clone)]
pub struct DockerOptions {
    /// `unix:///path/to/docker.sock`.
    pub address: String,
    /// Whose containers to touch.
    pub platform: PlatformId,
    /// The program `sandyq-init`, which begins every container.
    pub init: PathBuf,
}

impl DockerOptions {
    /// The address from `DOCKER_HOST`, or the usual socket.
    #[must_use]
    pub fn from_environment(platform: PlatformId, init: PathBuf) -> Self {
        let address = std::env::var("DOCKER_HOST")
            .ok()
            .filter(|host| !host.is_empty());
        Self {
            address: address.unwrap_or_else(|| DEFAULT_SOCKET.to_owned()),
            platform,
            init,
        }
    }
}

/// A Docker engine. Cheap to make; every call opens its own connection, so the
/// engine may be restarted meanwhile.
#[derive(Debug)]
pub struct DockerEngine {
    docker: Docker,
    /// The same, without a time limit for the answer's beginning.
    patient: Docker,
    address: String,
    platform: PlatformId,
    init: PathBuf,
    gaps: Vec<String>,
    host_has_swap: bool,
    /// One import at a time, so that a tag means the image that was just loaded.
    importing: tokio::sync::Mutex<()>,
    /// The containers that are known to be the jobs' own, so that they need not be looked at before each call.
    own: Mutex<HashMap<JobId, Own>>,
    /// Images that jobs may run, which their digests say will never change: the names of the variables that each sets.
    runnable: Mutex<HashMap<ImageDigest, Arc<[String]>>>,
}

impl DockerEngine {
    /// Connects, agrees on a protocol version and learns what the engine can enforce.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`] when nobody answers; [`EngineError::NotLocal`].
    pub async fn connect(options: DockerOptions) -> Result<Self, EngineError> {
        let DockerOptions {
            address,
            platform,
            init,
        } = options;
        if !address.starts_with("unix://") && !address.starts_with('/') {
            return Err(EngineError::NotLocal { address });
        }
        let absent = |source| failed("connect", &address, source);
        let docker = Docker::connect_with_unix(&address, CALL_SECONDS, API_DEFAULT_VERSION)
            .map_err(absent)?;
        let docker = docker.negotiate_version().await.map_err(absent)?;
        let info = docker.info().await.map_err(absent)?;
        let patient = docker
            .clone()
            .with_timeout(Duration::from_secs(LONG_SECONDS));
        let host_has_swap = mounts::host_has_swap();
        let gaps = observe::gaps(&info, host_has_swap);
        Ok(Self {
            docker,
            patient,
            address,
            platform,
            init,
            gaps,
            host_has_swap,
            importing: tokio::sync::Mutex::new(()),
            own: Mutex::default(),
            runnable: Mutex::default(),
        })
    }

    async fn begin(&self, container: &str) -> Result<(), Bollard> {
        let options = None::<StartContainerOptions>;
        self.docker.start_container(container, options).await
    }

    fn failed(&self, step: &'static str) -> impl Fn(Bollard) -> EngineError {
        move |source| failed(step, &self.address, source)
    }
}

fn status(error: &Bollard) -> Option<u16> {
    match error {
        Bollard::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

fn failed(step: &'static str, address: &str, source: Bollard) -> EngineError {
    match source {
        Bollard::RequestTimeoutError => EngineError::Hung { step },
        Bollard::SocketNotFoundError(_)
        | Bollard::HyperLegacyError { .. }
        | Bollard::IOError { .. } => EngineError::NotRunning {
            address: address.to_owned(),
            source: Box::new(source),
        },
        source => EngineError::Call {
            step,
            source: Box::new(source),
        },
    }
}

fn container_id(id: Option<String>, step: &'static str) -> Result<ContainerId, EngineError> {
    id.and_then(|id| ContainerId::new(id).ok())
        .ok_or(EngineError::Answer {
            step,
            field: "the container's id",
        })
}

fn state_of(found: &ContainerInspectResponse) -> Observed {
    found.state.as_ref().map_or(Observed::Absent, |state| {
        host::by_boot_clock(observe::observed(state), state.pid)
    })
}

#[async_trait]
impl Engine for DockerEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        let info = self
            .docker
            .info()
            .await
            .map_err(self.failed("describe itself"))?;
        let count = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        let version = self.docker.client_version();
        Ok(EngineInfo {
            gaps: observe::gaps(&info, self.host_has_swap),
            unavailable: observe::unavailable(&info),
            serving_unavailable: observe::serving_unavailable(&info),
            runtimes: observe::runtimes(&info),
            remaps_users: observe::remaps_users(&info),
            cgroup_version: info
                .cgroup_version
                .map(|version| version.to_string())
                .unwrap_or_default(),
            clock: info.system_time.as_deref().and_then(observe::instant),
            cpus: count(info.ncpu),
            memory_bytes: count(info.mem_total),
            version: info.server_version.unwrap_or_default(),
            api_version: format!("{}.{}", version.major_version, version.minor_version),
        })
    }

    async fn import_image(
        &self,
        archive: ArchiveStream,
    ) -> Result<Vec<ImportedImage>, EngineError> {
        let _alone = self.importing.lock().await;
        self.load(archive).await
    }

    async fn image_exists(&self, image: &ImageDigest) -> Result<bool, EngineError> {
        Ok(self.find_image(image).await?.is_some())
    }

    async fn remove_image(&self, image: &ImageDigest) -> Result<(), EngineError> {
        self.delete_image(image).await
    }

    async fn create(&self, spec: &JobSpec) -> Result<ContainerId, EngineError> {
        self.make(spec).await
    }

    async fn start(&self, job: &JobId) -> Result<(), EngineError> {
        if let Some((own, outputs)) = self.take_fresh(job) {
            mounts::check_outputs(&outputs)?;
            match self.begin(own.as_str()).await {
                Err(error) if status(&error) == Some(404) => {}
                begun => return begun.map_err(self.failed("start a container")),
            }
        }
        let found = self
            .inspect(job)
            .await?
            .ok_or_else(|| EngineError::NoContainer { job: job.clone() })?;
        if state_of(&found) != Observed::Created {
            return Ok(());
        }
        mounts::check_outputs(&mounts::writable_of(&found))?;
        self.begin(&job.container_name())
            .await
            .map_err(self.failed("start a container"))
    }

    async fn observe(&self, job: &JobId) -> Result<Observed, EngineError> {
        let found = self.inspect(job).await?;
        let observed = found.as_ref().map_or(Observed::Absent, state_of);
        Ok(host::with_engine(observed, &self.address).await)
    }

    async fn wait(&self, job: &JobId) -> Result<Option<i32>, EngineError> {
        loop {
            let options = WaitContainerOptions {
                condition: "not-running".to_owned(),
            };
            let mut ends = self
                .patient
                .wait_container(&job.container_name(), Some(options));
            match ends.next().await {
                Some(Ok(end)) if end.error.is_none() => {
                    return Ok(i32::try_from(end.status_code).ok());
                }
                Some(Err(Bollard::DockerContainerWaitError { error, code }))
                    if error.is_empty() =>
                {
                    return Ok(i32::try_from(code).ok());
                }
                Some(Err(error))
                    if !matches!(error, Bollard::DockerContainerWaitError { .. })
                        && status(&error) != Some(404) =>
                {
                    return Err(self.failed("wait for a container")(error));
                }
                // It has to be looked at again.
                _ => {}
            }
            if !matches!(self.observe(job).await?, Observed::Running { .. }) {
                return Ok(None);
            }
        }
    }

    async fn kill(&self, job: &JobId) -> Result<(), EngineError> {
        if self.inspect(job).await?.is_none() {
            return Ok(());
        }
        let options = KillContainerOptions {
            signal: "SIGKILL".to_owned(),
        };
        match self
            .docker
            .kill_container(&job.container_name(), Some(options))
            .await
        {
            Err(error) if matches!(status(&error), Some(404 | 409)) => Ok(()),
            other => other.map_err(self.failed("kill a container")),
        }
    }

    async fn sample(&self, job: &JobId) -> Result<Option<Sample>, EngineError> {
        if let Some(counted) = self.counted(job) {
            return Ok(counted);
        }
        let Some(found) = self.inspect(job).await? else {
            return Ok(None);
        };
        if !matches!(state_of(&found), Observed::Running { .. }) {
            return Ok(None);
        }
        let id = container_id(found.id.clone(), "inspect a container")?;
        let pid = found
            .state
            .as_ref()
            .and_then(|state| state.pid)
            .filter(|pid| *pid > 0);
        if let Some(sample) = pid
            .and_then(|pid| Cgroup::find(pid, &id))
            .and_then(|cgroup| cgroup.sample())
        {
            return Ok(Some(sample));
        }
        let options = StatsOptions {
            stream: false,
            one_shot: true,
        };
        match self
            .docker
            .stats(&job.container_name(), Some(options))
            .next()
            .await
        {
            Some(Ok(stats)) => Ok(Some(observe::sample(&stats))),
            Some(Err(error)) if matches!(status(&error), Some(404 | 409)) => Ok(None),
            Some(Err(error)) => Err(self.failed("measure a container")(error)),
            None => Ok(None),
        }
    }

    async fn logs(&self, job: &JobId, request: LogRequest) -> Result<LogFrames, EngineError> {
        let own = self.own(job).await?;
        let own = own.ok_or_else(|| EngineError::NoContainer { job: job.clone() })?;
        let options = LogsOptions {
            follow: request.follow,
            stdout: true,
            stderr: true,
            since: request.since.unwrap_or(0),
            ..LogsOptions::default()
        };
        let outputs = self.patient.logs(own.as_str(), Some(options));
        Ok(self.frames("read a log", outputs))
    }

    async fn attach(&self, job: &JobId) -> Result<Attached, EngineError> {
        if self.inspect(job).await?.is_none() {
            return Err(EngineError::NoContainer { job: job.clone() });
        }
        let options = AttachContainerOptions {
            stdin: true,
            stdout: true,
            stderr: true,
            stream: true,
            ..AttachContainerOptions::default()
        };
        let step = "join a terminal";
        let attached = self
            .patient
            .attach_container(&job.container_name(), Some(options))
            .await
            .map_err(self.failed(step))?;
        Ok(Attached {
            input: attached.input,
            output: self.frames(step, attached.output),
        })
    }

    async fn connect(&self, job: &JobId) -> Result<Connection, EngineError> {
        let unreached = |reason: String| EngineError::NotServing {
            job: job.clone(),
            reason,
        };
        // Whoever accepts a connection runs. Where nobody does, the engine is asked why.
        let known = self.known().get(job).and_then(|own| own.serve.clone());
        if let Some(folder) = known
            && let Ok(stream) = ServeFolder::at(&folder).connect().await
        {
            return Ok(Box::new(stream));
        }
        let found = self
            .inspect(job)
            .await?
            .ok_or_else(|| EngineError::NoContainer { job: job.clone() })?;
        if !matches!(state_of(&found), Observed::Running { .. }) {
            return Err(unreached("its container does not run".to_owned()));
        }
        let folder = mounts::source(&found, forward::FOLDER)
            .ok_or_else(|| unreached("it was not made to serve".to_owned()))?;
        match ServeFolder::at(&folder).connect().await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(unreached(error.to_string())),
        }
    }

    async fn last_word(&self, job: &JobId) -> Result<LastWord, EngineError> {
        let Some(own) = self.own(job).await? else {
            return Ok(LastWord::default());
        };
        let read = match self.small_log(&own).await {
            Ok(Some(word)) => return Ok(word),
            Ok(None) => self.report(&own).await,
            Err(error) => Err(error),
        };
        match read {
            Err(error) if status(&error) == Some(404) => {
                self.forget(job);
                Ok(LastWord::default())
            }
            read => read
                .map(|report| LastWord { report, log: None })
                .map_err(self.failed("read a log")),
        }
    }

    async fn remove(&self, job: &JobId) -> Result<(), EngineError> {
        // A removal that is already under way answers 409; it is over soon.
        for _ in 0..100 {
            let Some(own) = self.own(job).await? else {
                return Ok(());
            };
            let options = RemoveContainerOptions {
                v: true,
                force: true,
                link: false,
            };
            let removal = self.docker.remove_container(own.as_str(), Some(options));
            let removed = removal.await;
            // Whatever is there now has to be looked for.
            self.forget(job);
            match removed {
                Err(error) if matches!(status(&error), Some(404 | 409)) => {}
                other => return other.map_err(self.failed("remove a container")),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(EngineError::Hung {
            step: "remove a container",
        })
    }

    async fn list(&self) -> Result<Vec<Listed>, EngineError> {
        let label = format!("{LABEL_PLATFORM}={}", self.platform);
        let options = ListContainersOptions {
            all: true,
            filters: Some(HashMap::from([("label".to_owned(), vec![label])])),
            ..ListContainersOptions::default()
        };
        let summaries = self
            .docker
            .list_containers(Some(options))
            .await
            .map_err(self.failed("list containers"))?;
        let mut listed = Vec::new();
        for summary in summaries {
            let labels = summary.labels.unwrap_or_default();
            let Some(job) = labels.get(LABEL_JOB).and_then(|job| JobId::new(job).ok()) else {
                continue;
            };
            let name = format!("/{}", job.container_name());
            if !summary.names.unwrap_or_default().contains(&name) {
                continue;
            }
            listed.push(Listed {
                job,
                container: container_id(summary.id, "list containers")?,
                runs: observe::may_run(summary.state),
            });
        }
        Ok(listed)
    }
}
