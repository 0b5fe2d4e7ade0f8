//! The gateway: plain HTTPS for those who ask trials. The client shows the certificate that it has for gRPC, before a byte of HTTP
//! is read; every request is authorized as a call of gRPC is, and put as one.
//!
//! `https://HOST:PORT/sandboxes/SANDBOX/trials/TRIAL/PATH?QUERY`

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sandyq_store::Reads;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tonic::Status;

use super::call::{admit, request_too_large};
use super::{Answered, Asked, CALL};
use crate::connections::{Bounds, Guarded, Terms, accept};
use crate::error::{Class, Error, Result};
use crate::names;
use crate::platform::Platform;

/// Connections at one time.
const BOUNDS: Bounds = Bounds {
    all: 256,
    of_one: 16,
    strangers: 64,
    strangers_of_one: 16,
};
/// For a header, and for a body: who is slower than that is let go.
const PATIENCE: Duration = Duration::from_secs(10);
/// For everything on one connection: who reads an answer slowly is let go too.
const LONGEST: Duration = Duration::from_secs(600);
const HEAD_BYTES: usize = 32 << 10;
const HEAD_FIELDS: usize = 64;

/// How its TLS is spoken: nobody comes without a certificate.
pub const TERMS: Terms = Terms {
    protocol: b"http/1.1",
    strangers: false,
};

/// Serves until the server shuts down.
pub async fn serve(platform: Arc<Platform>, listener: TcpListener, tls: TlsAcceptor) {
    let mut connections = accept(&platform, listener, tls, BOUNDS);
    while let Some(Ok(guarded)) = connections.recv().await {
        let platform = Arc::clone(&platform);
        platform.tasks.clone().spawn(async move {
            tokio::select! {
                () = platform.shutdown.cancelled() => {}
                () = connection(&platform, guarded) => {}
                () = tokio::time::sleep(LONGEST) => {}
            }
        });
    }
}

/// One connection; what goes wrong with it is the client's to see.
async fn connection(platform: &Arc<Platform>, guarded: Guarded) {
    let Some(der) = guarded.certificate().map(<[u8]>::to_vec) else {
        return;
    };
    let answer = service_fn(|request| {
        let answering = answer(platform, &der, request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(HEAD_FIELDS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(guarded), answer)
        .await;
}

async fn answer(
    platform: &Arc<Platform>,
    der: &[u8],
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let begin = Instant::now();
    let outcome = put(platform, der, request).await;
    let (response, code) = match outcome {
        Ok(answer) => (told(answer), tonic::Code::Ok),
        Err(error) => {
            let response = refusal(&error);
            (response, Status::from(error).code())
        }
    };
    let path = format!("/sandyq.v1.{}", CALL.replace('.', "/"));
    platform.metrics.answered(&path, code, begin.elapsed());
    response
}

async fn put(platform: &Arc<Platform>, der: &[u8], request: Request<Incoming>) -> Result<Answered> {
    let (parts, body) = request.into_parts();
    let (call, _) = platform.enter_by(CALL, der, Reads::default()).await?;
    let (name, path) = place(&parts.uri)?;
    let admitted = admit(call, &name).await?;
    let body = read(body, admitted.most_bytes()).await?;
    let asked = Asked::new(parts.method, &path, &parts.headers, body)?;
    admitted.answer(asked).await
}

async fn read(body: Incoming, most: u64) -> Result<Bytes> {
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let whole = Limited::new(body, limit).collect();
    match tokio::time::timeout(PATIENCE, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(request_too_large(most)),
        Ok(Err(error)) => Err(Error::invalid("body", error.to_string())),
        Err(_) => {
            let text = format!("did not arrive within {} s", PATIENCE.as_secs());
            Err(Error::invalid("body", text))
        }
    }
}

/// The trial that a URI names, and what follows.
fn place(uri: &Uri) -> Result<(String, String)> {
    let unknown = || Error::not_found(uri.path());
    let mut parts = uri.path().splitn(6, '/');
    let ids = match [(); 5].map(|()| parts.next()) {
        [
            Some(""),
            Some("sandboxes"),
            Some(sandbox),
            Some("trials"),
            Some(trial),
        ] => [sandbox, trial],
        _ => return Err(unknown()),
    };
    if !ids.into_iter().all(names::is_client_id) {
        return Err(unknown());
    }
    let [sandbox, trial] = ids;
    let rest = parts.next().unwrap_or_default();
    let query = uri.query().map(|query| format!("?{query}"));
    let path = format!("/{rest}{}", query.unwrap_or_default());
    Ok((format!("sandboxes/{sandbox}/trials/{trial}"), path))
}

/// What a browser is told of every answer: a stranger wrote it. It is neither kept, nor guessed at, nor run.
fn guarded(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn told(answer: Answered) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    guarded(response)
}

/// Reason and message as JSON. Internal causes stay in the server's log.
fn refusal(error: &Error) -> Response<Full<Bytes>> {
    let body = json!({"error": {"reason": error.reason, "message": error.message}});
    let mut response = Response::new(Full::new(Bytes::from(format!("{body}\n"))));
    *response.status_mut() = status(error);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if error.class == Class::Exhausted {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    guarded(response)
}

fn status(error: &Error) -> StatusCode {
    match (error.class, error.reason) {
        (Class::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (Class::Denied, _) => StatusCode::FORBIDDEN,
        (Class::NotFound, _) => StatusCode::NOT_FOUND,
        (Class::Invalid, _) => StatusCode::BAD_REQUEST,
        (Class::OutOfRange, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (Class::Exhausted, _) => StatusCode::TOO_MANY_REQUESTS,
        (_, "TRIAL_TOO_SLOW") => StatusCode::GATEWAY_TIMEOUT,
        (_, "TRIAL_ANSWER_TOO_LARGE" | "TRIAL_ANSWER_REFUSED" | "TRIAL_NOT_LISTENING") => {
            StatusCode::BAD_GATEWAY
        }
        (Class::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn placed(uri: &str) -> Option<(String, String)> {
        place(&uri.parse().unwrap()).ok()
    }

    #[test]
    fn a_uri_names_a_trial_and_what_it_is_asked() {
        let trial = |path: &str| Some(("sandboxes/b/trials/t".to_owned(), path.to_owned()));
        for (uri, path) in [
            ("/sandboxes/b/trials/t", "/"),
            ("/sandboxes/b/trials/t/", "/"),
            ("/sandboxes/b/trials/t?x=1", "/?x=1"),
            ("/sandboxes/b/trials/t/p/q?x=/y", "/p/q?x=/y"),
            ("/sandboxes/b/trials/t//p", "//p"),
            ("https://host/sandboxes/b/trials/t/../u", "/../u"),
        ] {
            assert_eq!(placed(uri), trial(path), "{uri}");
        }
        for uri in [
            "/",
            "/sandboxes/b/trials",
            "/sandboxes/b/trials/",
            "/sandboxes/../trials/t",
            "/sandboxes/b/jobs/t",
            "/x/sandboxes/b/trials/t",
            "/sandboxes/B/trials/t",
        ] {
            assert_eq!(placed(uri), None, "{uri}");
        }
    }
}
