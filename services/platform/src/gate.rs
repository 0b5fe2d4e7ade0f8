//! In front of every service: no certificate, no call, Enroll aside; and no error without details.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tower::{Layer, Service};
use tracing::Instrument;

use crate::call::certificate_required;
use crate::error::{Class, Error};
use crate::platform::Platform;
use crate::status::DOMAIN;

const ENROLL: &str = "/sandyq.v1.IdentityService/Enroll";

/// Calls that have something to do once their change is made: jobs are told that their right has ended, work begins. A call whose
/// client hangs up is dropped wherever it stands; these are carried to their end all the same.
const CARRIED: [&str; 12] = [
    "/sandyq.v1.AccessService/ReloadPolicies",
    "/sandyq.v1.AccessService/RevokeGrant",
    "/sandyq.v1.DepersonalizationService/CreateRun",
    "/sandyq.v1.LibraryService/FinalizeVersion",
    "/sandyq.v1.LibraryService/RetireVersion",
    "/sandyq.v1.LibraryService/UpdateLibrary",
    "/sandyq.v1.SandboxService/DestroySandbox",
    "/sandyq.v1.SandboxService/OpenShell",
    "/sandyq.v1.SubjectService/AcceptSubjectRequest",
    "/sandyq.v1.SystemService/SuspendSystem",
    "/sandyq.v1.SystemService/TerminateSystem",
    "/sandyq.v1.TrialService/CreateTrial",
];

/// Puts the gate in front of a service.
#[derive(Clone)]
pub struct GateLayer(pub Arc<Platform>);

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;
    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            platform: Arc::clone(&self.0),
            inner,
        }
    }
}

/// See [`GateLayer`].
#[derive(Clone)]
pub struct Gate<S> {
    platform: Arc<Platform>,
    inner: S,
}

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Error: Send,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let platform = Arc::clone(&self.platform);
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let path = request.uri().path().to_owned();
        let span = tracing::debug_span!("rpc", method = path);
        let metrics = Arc::clone(&self.platform.metrics);
        let answering = async move {
            let path = request.uri().path();
            let known = request.extensions().get::<TlsInfo>();
            if path != ENROLL && known.is_none_or(|info| info.peer_certs().is_none()) {
                // Before a byte of the message is read.
                return Ok(Status::from(certificate_required()).into_http());
            }
            // Services authenticate by themselves; what is not ours is done here.
            if !path.starts_with("/sandyq.v1.") {
                let (parts, body) = request.into_parts();
                let mut extensions = tonic::Extensions::default();
                if let Some(info) = parts.extensions.get::<TlsInfo>() {
                    extensions.insert(info.clone());
                }
                if let Err(error) = platform.enter_with("system", &extensions).await {
                    return Ok(Status::from(error).into_http());
                }
                return inner
                    .call(Request::from_parts(parts, body))
                    .await
                    .map(detailed);
            }
            if CARRIED.contains(&path) {
                let carried = async move { inner.call(request).await }.in_current_span();
                return match tokio::spawn(carried).await {
                    Ok(answer) => answer.map(detailed),
                    Err(error) => {
                        let error = Error::internal("carry a call to its end", error);
                        Ok(Status::from(error).into_http())
                    }
                };
            }
            inner.call(request).await.map(detailed)
        };
        let begin = Instant::now();
        Box::pin(
            async move {
                let answer = answering.await;
                if let Ok(response) = &answer {
                    // The status of a stream, or of a message, that began well comes after it.
                    let status = Status::from_header_map(response.headers());
                    let code = status.map_or(Code::Ok, |status| status.code());
                    metrics.answered(&path, code, begin.elapsed());
                }
                answer
            }
            .instrument(span),
        )
    }
}

type TlsInfo = tonic::transport::server::TlsConnectInfo<tonic::transport::server::TcpConnectInfo>;

/// Errors that the transport itself makes carry no details; they get some.
fn detailed(response: Response<Body>) -> Response<Body> {
    let headers = response.headers();
    let Some(status) = Status::from_header_map(headers) else {
        return response;
    };
    if status.code() == Code::Ok || headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    let (class, reason) = match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => (Class::OutOfRange, "MESSAGE_TOO_LARGE"),
        Code::InvalidArgument | Code::Internal => (Class::Invalid, "MESSAGE_MALFORMED"),
        Code::Unimplemented => return unimplemented(status.message()),
        _ => return response,
    };
    Status::from(Error::new(class, reason, status.message().to_owned())).into_http()
}

/// Without a message it is the method that is unknown; with one, something of the transport, such as a compression.
fn unimplemented(message: &str) -> Response<Body> {
    let (reason, message) = match message {
        "" => (
            "METHOD_UNKNOWN",
            "the platform has no such method; reflection lists those it has",
        ),
        message => ("NOT_SUPPORTED", message),
    };
    let details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    Status::with_error_details(Code::Unimplemented, message, details).into_http()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::CARRIED;

    #[test]
    fn what_is_carried_to_its_end_is_a_call() {
        let files = FileDescriptorSet::decode(sandyq_proto::DESCRIPTOR_SET).unwrap();
        let services = files.file.into_iter().flat_map(|file| file.service);
        let known: Vec<String> = services
            .flat_map(|service| {
                let path = |method: &str| format!("/sandyq.v1.{}/{method}", service.name());
                let methods = service.method.iter();
                methods
                    .map(|method| path(method.name()))
                    .collect::<Vec<_>>()
            })
            .collect();
        for path in CARRIED {
            assert!(known.iter().any(|known| known == path), "{path}");
        }
    }
}
