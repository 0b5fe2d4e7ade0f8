//! Images: loaded from an archive, named by digest, never pulled.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError};

use bollard::errors::Error as Bollard;
use bollard::models::ImageInspect;
use bollard::query_parameters::{ImportImageOptions, RemoveImageOptions};
use futures::{StreamExt, TryStreamExt};

use super::{DockerEngine, status};
use crate::engine::{ArchiveStream, EngineError, ImportedImage, observe};
use crate::id::ImageDigest;

/// The engine names one line for each image it loaded; an archive with more is
/// no honest one.
const MOST_IMAGES: usize = 100;
/// Images of which is known that jobs may run them.
const MOST_KNOWN: usize = 1000;

impl DockerEngine {
    pub(super) async fn load(
        &self,
        archive: ArchiveStream,
    ) -> Result<Vec<ImportedImage>, EngineError> {
        let options = ImportImageOptions {
            quiet: true,
            ..ImportImageOptions::default()
        };
        let broken = Arc::new(OnceLock::new());
        let archive = archive.inspect_err({
            let broken = Arc::clone(&broken);
            move |error| drop(broken.set(error.to_string()))
        });
        let mut answers = self
            .patient
            .import_image_stream(options, archive, None)
            .boxed();
        let mut names = Vec::new();
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|error| self.archive_error(error, broken.get()))?;
            names.extend(answer.stream.iter().flat_map(|text| loaded(text)));
            if names.len() > MOST_IMAGES {
                return Err(EngineError::Archive {
                    reason: format!("it holds more than {MOST_IMAGES} images"),
                });
            }
        }
        if names.is_empty() {
            return Err(EngineError::Archive {
                reason: "it holds no image".to_owned(),
            });
        }
        let mut images = BTreeMap::new();
        for name in names {
            let image = self
                .docker
                .inspect_image(&name)
                .await
                .map_err(self.failed("inspect an image"))?;
            let image = imported(image)?;
            images.insert(image.digest.clone(), image);
        }
        Ok(images.into_values().collect())
    }

    /// The engine answers 400 or 500 for a bad archive alike; when the archive's own
    /// source failed, the engine has nothing to do with it.
    fn archive_error(&self, error: Bollard, broken: Option<&String>) -> EngineError {
        if let Some(reason) = broken {
            return EngineError::Archive {
                reason: format!("it ended early ({reason})"),
            };
        }
        match error {
            Bollard::DockerResponseServerError { message, .. } => {
                EngineError::Archive { reason: message }
            }
            Bollard::DockerStreamError { error } => EngineError::Archive { reason: error },
            other => self.failed("load an image archive")(other),
        }
    }

    pub(super) async fn find_image(
        &self,
        image: &ImageDigest,
    ) -> Result<Option<ImageInspect>, EngineError> {
        match self.docker.inspect_image(image.as_str()).await {
            Err(error) if status(&error) == Some(404) => Ok(None),
            // The engine also finds images by the digest of a registry's manifest.
            Ok(found) if found.id.as_deref() != Some(image.as_str()) => Ok(None),
            other => other.map(Some).map_err(self.failed("inspect an image")),
        }
    }

    /// The names of the variables the image sets, if a job may run it. One that was removed meanwhile is noticed when a
    /// container is made of it.
    pub(super) async fn runnable_image(
        &self,
        image: &ImageDigest,
    ) -> Result<Arc<[String]>, EngineError> {
        if let Some(known) = self.runnable_images().get(image) {
            return Ok(Arc::clone(known));
        }
        let found = self
            .find_image(image)
            .await?
            .ok_or_else(|| EngineError::ImageMissing {
                image: image.clone(),
            })?;
        match observe::image_refusal(&found) {
            Some(reason) => Err(EngineError::ImageUnsafe {
                image: image.clone(),
                reason,
            }),
            None => {
                let variables: Arc<[String]> = observe::image_variables(&found).into();
                let mut known = self.runnable_images();
                if known.len() >= MOST_KNOWN {
                    known.clear();
                }
                known.insert(image.clone(), Arc::clone(&variables));
                Ok(variables)
            }
        }
    }

    pub(super) fn runnable_images(&self) -> MutexGuard<'_, HashMap<ImageDigest, Arc<[String]>>> {
        let known = self.runnable.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn delete_image(&self, image: &ImageDigest) -> Result<(), EngineError> {
        self.runnable_images().remove(image);
        if self.find_image(image).await?.is_none() {
            return Ok(());
        }
        // Forced, because an image with several tags is otherwise only untagged.
        let options = RemoveImageOptions {
            force: true,
            ..RemoveImageOptions::default()
        };
        match self
            .docker
            .remove_image(image.as_str(), Some(options), None)
            .await
        {
            Err(error) if status(&error) == Some(404) => Ok(()),
            other => other.map(drop).map_err(self.failed("remove an image")),
        }
    }
}

/// `Loaded image: name:tag` or `Loaded image ID: sha256:...`, one a line.
fn loaded(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| {
        let name = line
            .strip_prefix("Loaded image ID: ")
            .or_else(|| line.strip_prefix("Loaded image: "))?;
        Some(name.trim().to_owned())
    })
}

fn imported(image: ImageInspect) -> Result<ImportedImage, EngineError> {
    let refusal = observe::image_refusal(&image);
    let digest = image.id.and_then(|id| ImageDigest::new(id).ok());
    Ok(ImportedImage {
        digest: digest.ok_or(EngineError::Answer {
            step: "inspect an image",
            field: "the image's digest",
        })?,
        tags: image.repo_tags.unwrap_or_default(),
        size_bytes: image
            .size
            .and_then(|size| u64::try_from(size).ok())
            .unwrap_or(0),
        refusal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loaded_images_are_named() {
        let text = "Loaded image: a/b:1\nnoise\nLoaded image ID: sha256:00\n";
        assert_eq!(loaded(text).collect::<Vec<_>>(), ["a/b:1", "sha256:00"]);
    }
}
