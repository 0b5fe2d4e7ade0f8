//! Traces of calls, jobs and the engine's work, for a collector on this machine. Off unless one is configured.
//!
//! They go out as OTLP in protobuf over plain HTTP, and therefore to a loopback address alone: they name methods, jobs and
//! times. A collector there passes them on as it is told.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

/// A collector that does not answer is given up after this; what it missed is lost, and nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most bytes of a collector's answer.
const MOST: usize = 64 << 10;

/// Traces are not sent.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent to {address}")]
pub struct TraceError {
    address: SocketAddr,
    source: opentelemetry_otlp::ExporterBuildError,
}

/// What sends traces; closed at the end, so that the last ones go out.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends what is left.
    pub async fn close(self) {
        let closed = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if !matches!(closed, Ok(Ok(()))) {
            tracing::warn!("the last traces were not sent");
        }
    }
}

/// The layer of a subscriber that sends spans to a collector; call it within the runtime.
///
/// # Errors
/// [`TraceError`].
pub fn traces<S>(
    address: SocketAddr,
    platform_id: &str,
) -> Result<(OpenTelemetryLayer<S, SdkTracer>, Traces), TraceError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Plain::new())
        .with_endpoint(format!("http://{address}/v1/traces"))
        .with_timeout(PATIENCE)
        .build()
        .map_err(|source| TraceError { address, source })?;
    let about = Resource::builder_empty()
        .with_service_name("sandyq")
        .with_attribute(opentelemetry::KeyValue::new(
            "service.instance.id",
            platform_id.to_owned(),
        ))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(about)
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("sandyq"))
        .with_location(false)
        .with_threads(false);
    Ok((layer, Traces(provider)))
}

/// HTTP without TLS. Batches are sent from a thread of their own, so requests are handed to the runtime.
#[derive(Debug)]
struct Plain {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
}

impl Plain {
    fn new() -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            runtime: Handle::current(),
        }
    }
}

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sending = async move {
            let answer = client.request(request.map(Full::new)).await?;
            let (parts, body) = answer.into_parts();
            let bytes = Limited::new(body, MOST).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, bytes))
        };
        // The timer, too, belongs to the runtime.
        let bounded = async move { tokio::time::timeout(PATIENCE, sending).await };
        self.runtime.spawn(bounded).await??
    }
}
