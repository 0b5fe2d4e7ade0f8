//! A container engine whose calls are timed.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use sandyq_sandbox::engine::{
    ArchiveStream, Attached, Engine, EngineError, EngineInfo, ImportedImage, LastWord, Listed,
    LogFrames, LogRequest, Observed,
};
use sandyq_sandbox::serve::Connection;
use sandyq_sandbox::{ContainerId, ImageDigest, JobId, JobSpec, Sample};
use tracing::Instrument;

use super::Metrics;

/// An engine, and where its calls are counted.
pub struct Measured {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// Where its calls are counted.
    pub metrics: Arc<Metrics>,
}

impl Measured {
    async fn timed<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, EngineError>> + Send,
    ) -> Result<T, EngineError> {
        let begin = Instant::now();
        let span = tracing::debug_span!("engine", call);
        let outcome = work.instrument(span).await;
        let word = match &outcome {
            Ok(_) => "ok",
            Err(error) if error.is_transient() => "away",
            Err(_) => "failed",
        };
        self.metrics.engine_called(call, word, begin.elapsed());
        outcome
    }
}

#[async_trait]
impl Engine for Measured {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        self.timed("info", self.engine.info()).await
    }

    async fn import_image(
        &self,
        archive: ArchiveStream,
    ) -> Result<Vec<ImportedImage>, EngineError> {
        self.timed("import_image", self.engine.import_image(archive))
            .await
    }

    async fn image_exists(&self, image: &ImageDigest) -> Result<bool, EngineError> {
        self.timed("image_exists", self.engine.image_exists(image))
            .await
    }

    async fn remove_image(&self, image: &ImageDigest) -> Result<(), EngineError> {
        self.timed("remove_image", self.engine.remove_image(image))
            .await
    }

    async fn create(&self, spec: &JobSpec) -> Result<ContainerId, EngineError> {
        self.timed("create", self.engine.create(spec)).await
    }

    async fn start(&self, job: &JobId) -> Result<(), EngineError> {
        self.timed("start", self.engine.start(job)).await
    }

    async fn observe(&self, job: &JobId) -> Result<Observed, EngineError> {
        self.timed("observe", self.engine.observe(job)).await
    }

    // Takes as long as the job, which says nothing of the engine.
    async fn wait(&self, job: &JobId) -> Result<Option<i32>, EngineError> {
        self.engine.wait(job).await
    }

    async fn kill(&self, job: &JobId) -> Result<(), EngineError> {
        self.timed("kill", self.engine.kill(job)).await
    }

    async fn sample(&self, job: &JobId) -> Result<Option<Sample>, EngineError> {
        self.timed("sample", self.engine.sample(job)).await
    }

    async fn logs(&self, job: &JobId, request: LogRequest) -> Result<LogFrames, EngineError> {
        self.timed("logs", self.engine.logs(job, request)).await
    }

    async fn connect(&self, job: &JobId) -> Result<Connection, EngineError> {
        self.timed("connect", self.engine.connect(job)).await
    }

    async fn attach(&self, job: &JobId) -> Result<Attached, EngineError> {
        self.timed("attach", self.engine.attach(job)).await
    }

    async fn last_word(&self, job: &JobId) -> Result<LastWord, EngineError> {
        self.timed("last_word", self.engine.last_word(job)).await
    }

    async fn remove(&self, job: &JobId) -> Result<(), EngineError> {
        self.timed("remove", self.engine.remove(job)).await
    }

    async fn list(&self) -> Result<Vec<Listed>, EngineError> {
        self.timed("list", self.engine.list()).await
    }
}
