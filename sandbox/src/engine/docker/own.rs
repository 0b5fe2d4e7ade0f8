//! Which container is a job's own: found by its name, told by its labels, and remembered.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{MutexGuard, PoisonError};

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::InspectContainerOptions;
use sandyq_init::forward;

use super::{DockerEngine, container_id, mounts, status};
use crate::engine::EngineError;
use crate::engine::cgroup::Cgroup;
use crate::id::{ContainerId, JobId};
use crate::spec::{LABEL_JOB, LABEL_PLATFORM};
use crate::usage::Sample;

/// A container that is a job's own.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub id: ContainerId,
    /// What it can write to, where it was made by this process and nobody asked for its start yet.
    pub fresh: Option<Vec<PathBuf>>,
    /// The folder of its socket, where it serves.
    pub serve: Option<PathBuf>,
    /// Its control groups, where they were seen.
    pub cgroup: Option<Cgroup>,
}

impl DockerEngine {
    /// The job's own container; one is looked for where none is known.
    pub(super) async fn own(&self, job: &JobId) -> Result<Option<ContainerId>, EngineError> {
        if let Some(known) = self.known().get(job) {
            return Ok(Some(known.id.clone()));
        }
        let found = self.inspect(job).await?;
        found
            .map(|found| container_id(found.id, "inspect a container"))
            .transpose()
    }

    pub(super) fn known(&self) -> MutexGuard<'_, HashMap<JobId, Own>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The container that was just made and its outputs; once, so that nothing is begun twice without a look at it.
    pub(super) fn take_fresh(&self, job: &JobId) -> Option<(ContainerId, Vec<PathBuf>)> {
        let mut known = self.known();
        let own = known.get_mut(job)?;
        own.fresh.take().map(|outputs| (own.id.clone(), outputs))
    }

    /// What the kernel counted for a known container whose groups are where they usually are: the engine, for which each question is
    /// work, is not asked. `Some(None)` once they are gone, and the container with them; `None` where the engine has to be asked.
    pub(super) fn counted(&self, job: &JobId) -> Option<Option<Sample>> {
        let own = self.known().get(job).cloned()?;
        if let Some(seen) = own.cgroup {
            return Some(seen.sample());
        }
        let cgroup = Cgroup::usual(&own.id)?;
        let sample = cgroup.sample()?;
        if let Some(known) = self.known().get_mut(job) {
            known.cgroup = Some(cgroup);
        }
        Some(Some(sample))
    }

    /// What the engine answers of a container that it does not know any more.
    pub(super) fn forget(&self, job: &JobId) {
        self.known().remove(job);
    }

    /// The job's container, if there is one and it is ours.
    pub(super) async fn inspect(
        &self,
        job: &JobId,
    ) -> Result<Option<ContainerInspectResponse>, EngineError> {
        let found = match self
            .docker
            .inspect_container(&job.container_name(), None::<InspectContainerOptions>)
            .await
        {
            Err(error) if status(&error) == Some(404) => {
                self.forget(job);
                return Ok(None);
            }
            other => other.map_err(self.failed("inspect a container"))?,
        };
        let labels = found
            .config
            .as_ref()
            .and_then(|config| config.labels.as_ref());
        let is = |label: &str, value: &str| {
            labels
                .and_then(|labels| labels.get(label))
                .is_some_and(|found| found == value)
        };
        if is(LABEL_JOB, job.as_str()) && is(LABEL_PLATFORM, self.platform.as_str()) {
            if let Some(id) = found.id.clone().and_then(|id| ContainerId::new(id).ok()) {
                let own = Own {
                    id,
                    fresh: None,
                    serve: mounts::source(&found, forward::FOLDER),
                    cgroup: None,
                };
                self.known().insert(job.clone(), own);
            }
            Ok(Some(found))
        } else {
            Err(EngineError::NameTaken { job: job.clone() })
        }
    }
}
