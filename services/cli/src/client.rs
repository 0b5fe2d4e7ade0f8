//! The connection to the platform: mutual TLS with the context's key, and what is done when it breaks.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Response, Status, Streaming};

use crate::context::Context;
use crate::errors::{Failure, Result, is_transient};
use crate::output::{human_duration, note};

pub use sandyq_proto::v1::access_service_client::AccessServiceClient;
pub use sandyq_proto::v1::airlock_service_client::AirlockServiceClient;
pub use sandyq_proto::v1::audit_service_client::AuditServiceClient;
pub use sandyq_proto::v1::depersonalization_service_client::DepersonalizationServiceClient;
pub use sandyq_proto::v1::identity_service_client::IdentityServiceClient;
pub use sandyq_proto::v1::image_service_client::ImageServiceClient;
pub use sandyq_proto::v1::incident_service_client::IncidentServiceClient;
pub use sandyq_proto::v1::library_service_client::LibraryServiceClient;
pub use sandyq_proto::v1::sandbox_service_client::SandboxServiceClient;
pub use sandyq_proto::v1::subject_service_client::SubjectServiceClient;
pub use sandyq_proto::v1::system_service_client::SystemServiceClient;
pub use sandyq_proto::v1::trial_service_client::TrialServiceClient;

/// Bytes on their way that the other side has not yet read; a slow round trip must not bound a transfer.
const WINDOW: u32 = 8 << 20;
/// How long a short call is tried again.
const SHORT: Duration = Duration::from_secs(5);
/// How long a transfer or a stream is taken up again, counted from its last progress.
const LONG: Duration = Duration::from_secs(120);
/// A page of a list.
pub const PAGE: i32 = 200;
/// A page of jobs carries their whole commands.
pub const LARGEST_ANSWER: usize = 64 << 20;

/// Calls a method and, where the connection fails, calls it again with the same request, so with the same `request_id`.
macro_rules! rpc {
    ($client:expr, $service:ident, $method:ident, $request:expr) => {{
        let client = &$client;
        let request = $request;
        client
            .retry(|| {
                let (channel, request) = (client.channel(), request.clone());
                async move {
                    $crate::client::$service::new(channel)
                        .max_decoding_message_size($crate::client::LARGEST_ANSWER)
                        .$method(request)
                        .await
                }
            })
            .await
    }};
}
pub(crate) use rpc;

/// A connection, made at the first call and made again when it is lost.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    patience: Option<Duration>,
}

impl Client {
    /// The connection of a context.
    pub fn new(context: &Context, patience: Option<Duration>) -> Result<Self> {
        let settings = context.settings()?;
        let identity = Identity::from_pem(context.read("cert.pem")?, context.read("key.pem")?);
        let tls = tls(&context.read("ca.pem")?).identity(identity);
        Self::over(&settings.server, tls, patience)
    }

    /// A connection without a certificate, good for Enroll only.
    pub fn anonymous(server: &str, ca_pem: &str, patience: Option<Duration>) -> Result<Self> {
        Self::over(server, tls(ca_pem), patience)
    }

    fn over(server: &str, tls: ClientTlsConfig, patience: Option<Duration>) -> Result<Self> {
        if !server.starts_with("https://") {
            return Err(Failure::usage(format!(
                "the server's address `{server}` must begin with https://"
            )));
        }
        let broken = |error: tonic::transport::Error| {
            let cause = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            Failure::general(format!("no connection to {server} can be set up: {cause}"))
        };
        let endpoint = Endpoint::from_shared(server.to_owned())
            .and_then(|endpoint| endpoint.tls_config(tls))
            .map_err(broken)?
            .connect_timeout(Duration::from_secs(10))
            .tcp_nodelay(true)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW * 2)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(20));
        Ok(Self {
            channel: endpoint.connect_lazy(),
            patience,
        })
    }

    /// The channel for a service's client.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Patience for a short call.
    pub fn short_backoff(&self) -> Backoff {
        Backoff::new(self.patience.unwrap_or(SHORT))
    }

    /// Patience for a transfer or a stream.
    pub fn long_backoff(&self) -> Backoff {
        Backoff::new(self.patience.unwrap_or(LONG))
    }

    /// Calls until there is an answer or patience ends.
    pub async fn retry<T>(
        &self,
        attempt: impl AsyncFn() -> std::result::Result<Response<T>, Status>,
    ) -> Result<T> {
        let mut backoff = self.short_backoff();
        loop {
            match attempt().await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => backoff.wait(status).await?,
            }
        }
    }

    /// Reads a stream until `each` has what it wants, and takes it up again where it breaks.
    pub async fn follow<M, T>(
        &self,
        mut open: impl AsyncFnMut() -> std::result::Result<Response<Streaming<M>>, Status>,
        mut each: impl FnMut(M) -> Result<ControlFlow<T>>,
    ) -> Result<T> {
        let mut backoff = self.long_backoff();
        loop {
            let status = match open().await {
                Err(status) => status,
                Ok(response) => {
                    match drain(response.into_inner(), &mut each, &mut backoff).await? {
                        Ok(done) => return Ok(done),
                        Err(status) => status,
                    }
                }
            };
            backoff.wait(status).await?;
        }
    }
}

/// Reads one stream: the outer error is the caller's, the inner one the connection's.
async fn drain<M, T>(
    mut stream: Streaming<M>,
    each: &mut impl FnMut(M) -> Result<ControlFlow<T>>,
    backoff: &mut Backoff,
) -> Result<std::result::Result<T, Status>> {
    loop {
        match stream.message().await {
            Ok(Some(message)) => {
                backoff.reset();
                if let ControlFlow::Break(done) = each(message)? {
                    return Ok(Ok(done));
                }
            }
            Ok(None) => {
                return Ok(Err(Status::unavailable(
                    "the server ended the stream early",
                )));
            }
            Err(status) => return Ok(Err(status)),
        }
    }
}

fn tls(ca_pem: &str) -> ClientTlsConfig {
    ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca_pem))
}

/// All pages of a list.
pub async fn pages<T>(page: impl AsyncFn(String) -> Result<(Vec<T>, String)>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let (items, next) = page(token).await?;
        all.extend(items);
        if next.is_empty() {
            return Ok(all);
        }
        token = next;
    }
}

/// A new identity for a mutation.
pub fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Waits longer after each failure in a row, and gives up when there was no progress for too long.
#[derive(Debug)]
pub struct Backoff {
    patience: Duration,
    since: Option<Instant>,
    delay: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);

    fn new(patience: Duration) -> Self {
        Self {
            patience,
            since: None,
            delay: Self::FIRST,
        }
    }

    /// There was progress.
    pub fn reset(&mut self) {
        *self = Self::new(self.patience);
    }

    /// Waits before another attempt; returns the failure when it is not of the kind that passes, or patience has ended.
    pub async fn wait(&mut self, status: Status) -> Result<()> {
        if !is_transient(&status) {
            return Err(status.into());
        }
        let first = self.since.is_none();
        let waited = self.since.get_or_insert_with(Instant::now).elapsed();
        if waited.saturating_add(self.delay) > self.patience {
            return Err(status.into());
        }
        if first && self.patience > SHORT {
            note(&format!(
                "The server cannot be reached; trying again for up to {}.",
                human_duration(self.patience)
            ));
        }
        tokio::time::sleep(self.delay).await;
        self.delay = self.delay.saturating_mul(2).min(Self::LONGEST);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    #[tokio::test]
    async fn patience_ends_and_progress_restores_it() {
        let mut backoff = Backoff::new(Duration::from_millis(250));
        backoff.wait(Status::unavailable("1")).await.unwrap();
        assert!(backoff.wait(Status::unavailable("2")).await.is_err());
        backoff.reset();
        backoff.wait(Status::unavailable("3")).await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_is_not_asked_for_again() {
        let mut backoff = Backoff::new(Duration::from_secs(60));
        assert!(backoff.wait(Status::not_found("no")).await.is_err());
    }

    #[tokio::test]
    async fn pages_are_joined() {
        let numbers = pages(async |token: String| {
            let page: usize = token.parse().unwrap_or(0);
            let next = if page < 2 {
                (page + 1).to_string()
            } else {
                String::new()
            };
            Ok((vec![page * 2, page * 2 + 1], next))
        })
        .await
        .unwrap();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    }
}
