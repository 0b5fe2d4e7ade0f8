//! Containers from jobs: what the engine must give for one, and what it made of it.

use std::time::Duration;

use bollard::query_parameters::CreateContainerOptions;

use super::own::Own;
use super::{DockerEngine, container_id, mounts, status};
use crate::engine::{Engine, EngineError, init, observe};
use crate::id::ContainerId;
use crate::spec::{ContainerContext, JobSpec, container};

/// For a call whose caller went away to be carried out or undone.
const SETTLES: Duration = Duration::from_secs(10);
/// Pause before a name that is taken is tried again.
const AGAIN: Duration = Duration::from_millis(50);

impl DockerEngine {
    /// As [`Engine::create`].
    pub(super) async fn make(&self, spec: &JobSpec) -> Result<ContainerId, EngineError> {
        if !self.gaps.is_empty() {
            return Err(EngineError::Unenforced {
                gaps: self.gaps.clone(),
            });
        }
        self.check_isolation(spec).await?;
        let image_variables = self.runnable_image(spec.image()).await?;
        mounts::check_inputs(spec)?;
        init::check(&self.init)?;
        let body = container(
            spec,
            &ContainerContext {
                platform: &self.platform,
                init: &self.init,
                image_variables: &image_variables,
            },
        );
        let options = CreateContainerOptions {
            name: Some(spec.id().container_name()),
            ..CreateContainerOptions::default()
        };
        let writable = body.host_config.clone().unwrap_or_default();
        let until = tokio::time::Instant::now() + SETTLES;
        let created = loop {
            let call = self
                .docker
                .create_container(Some(options.clone()), body.clone());
            match call.await {
                // The name exists: an earlier call succeeded, perhaps without our hearing of it.
                Err(error) if status(&error) == Some(409) => match self.adopt(spec).await {
                    // Or it is still being carried out, or undone because its caller went away.
                    Err(EngineError::NoContainer { .. }) if tokio::time::Instant::now() < until => {
                        tokio::time::sleep(AGAIN).await;
                    }
                    adopted => return adopted,
                },
                // The container's only part that the engine looks for.
                Err(error) if status(&error) == Some(404) => {
                    self.runnable_images().remove(spec.image());
                    return Err(EngineError::ImageMissing {
                        image: spec.image().clone(),
                    });
                }
                other => break other.map_err(self.failed("create a container"))?,
            }
        };
        let gaps = observe::dropped_limits(created.warnings, self.host_has_swap);
        if !gaps.is_empty() {
            self.remove(spec.id()).await?;
            return Err(EngineError::Unenforced { gaps });
        }
        let container = container_id(Some(created.id), "create a container")?;
        let own = Own {
            id: container.clone(),
            fresh: Some(mounts::writable(&writable)),
            serve: spec.serve().map(|serve| serve.host_path.clone()),
            cgroup: None,
        };
        self.known().insert(spec.id().clone(), own);
        Ok(container)
    }

    /// A runtime can be registered and taken away while the engine runs, so it is
    /// asked for each job. The default one is always there.
    async fn check_isolation(&self, spec: &JobSpec) -> Result<(), EngineError> {
        let isolation = spec.isolation();
        if isolation.runtime().is_none() {
            return Ok(());
        }
        let info = self.info().await?;
        let fault = match spec.serve() {
            None => info.fault(isolation),
            Some(_) => info.serving_fault(isolation),
        };
        match fault {
            None => Ok(()),
            Some(reason) => Err(EngineError::Isolation {
                reason: reason.to_owned(),
            }),
        }
    }

    /// The container that an earlier call created, if it is of the same image.
    async fn adopt(&self, spec: &JobSpec) -> Result<ContainerId, EngineError> {
        let found = self
            .inspect(spec.id())
            .await?
            .ok_or_else(|| EngineError::NoContainer {
                job: spec.id().clone(),
            })?;
        if found.image.as_deref() != Some(spec.image().as_str()) {
            return Err(EngineError::NameTaken {
                job: spec.id().clone(),
            });
        }
        container_id(found.id, "inspect a container")
    }
}
