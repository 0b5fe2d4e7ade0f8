//! The container engine, which may be down when the server starts and may come back.

use std::path::PathBuf;
use std::sync::Arc;

use sandyq_sandbox::{DockerEngine, DockerOptions, Engine, EngineError, PlatformId};
use tokio::sync::Mutex;

use crate::error::{Class, Error};
use crate::metrics::{Measured, Metrics};

/// Connects when first needed, and anew after the engine was away.
pub struct EngineSlot {
    platform: PlatformId,
    metrics: Arc<Metrics>,
    init: PathBuf,
    connected: Mutex<Option<Arc<dyn Engine>>>,
}

impl EngineSlot {
    /// A slot for the engine of this machine, whose containers begin with the program `init`.
    pub fn new(platform: PlatformId, init: PathBuf, metrics: Arc<Metrics>) -> Self {
        Self {
            platform,
            metrics,
            init,
            connected: Mutex::new(None),
        }
    }

    /// The engine.
    ///
    /// # Errors
    /// It does not run; the text says how to start it.
    pub async fn get(&self) -> Result<Arc<dyn Engine>, EngineError> {
        let mut slot = self.connected.lock().await;
        if let Some(engine) = slot.as_ref() {
            return Ok(Arc::clone(engine));
        }
        let options = DockerOptions::from_environment(self.platform.clone(), self.init.clone());
        let engine: Arc<dyn Engine> = Arc::new(Measured {
            engine: Arc::new(DockerEngine::connect(options).await?),
            metrics: Arc::clone(&self.metrics),
        });
        *slot = Some(Arc::clone(&engine));
        Ok(engine)
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        let (class, reason) = match &error {
            EngineError::NotRunning { .. } => (Class::Unavailable, "ENGINE_NOT_RUNNING"),
            EngineError::Hung { .. } => (Class::Unavailable, "ENGINE_HUNG"),
            EngineError::Unenforced { .. } => (Class::Precondition, "LIMIT_NOT_ENFORCEABLE"),
            EngineError::Isolation { .. } => (Class::Precondition, "ISOLATION_NOT_AVAILABLE"),
            EngineError::ImageMissing { .. } => (Class::Precondition, "IMAGE_MISSING"),
            EngineError::ImageUnsafe { .. } => (Class::Precondition, "IMAGE_UNSAFE"),
            EngineError::Init { .. } => (Class::Precondition, "INIT_UNUSABLE"),
            EngineError::Archive { .. } => (Class::Invalid, "IMAGE_ARCHIVE_INVALID"),
            _ => (Class::Internal, "ENGINE_FAILED"),
        };
        Self::new(class, reason, message).caused_by(error)
    }
}
