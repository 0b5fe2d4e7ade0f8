//! The gateway: plain HTTPS for those who ask trials. The client shows the certificate that it has for gRPC, before a byte of HTTP
//! is read; every request is authorized as a call of gRPC is, and put as one.
//!
//! `https://HOST:PORT/sandboxes/SANDBOX/trials/TRIAL/PATH?QUERY`

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
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
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sandyq_store::Reads;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tonic::Status;

use super::call::{admit, request_too_large};
use super::{Answered, Asked, CALL};
use crate::error::{Class, Error, Result};
use crate::names;
use crate::pki::{Pair, certificate_name};
use crate::platform::Platform;

/// Connections at one time, of all and of one certificate.
const MOST: usize = 256;
const MOST_OF_ONE: usize = 16;
/// For the handshake, for a header, and for a body: who is slower than that is let go.
const PATIENCE: Duration = Duration::from_secs(10);
/// For everything on one connection: who reads an answer slowly is let go too.
const LONGEST: Duration = Duration::from_secs(600);
const HEAD_BYTES: usize = 32 << 10;
const HEAD_FIELDS: usize = 64;

/// What the gateway needs for TLS: the server's own pair, and the authority whose certificates it takes.
///
/// # Errors
/// They are none.
pub fn tls(pair: &Pair, authority_pem: &str) -> Result<TlsAcceptor> {
    let failed = |error: rustls::Error| Error::internal("prepare the gateway's TLS", error);
    let unread = |error| {
        Error::internal(
            "read the gateway's certificates",
            std::io::Error::other(error),
        )
    };
    let unread_pem = |error: rustls::pki_types::pem::Error| unread(error.to_string());
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(authority_pem.as_bytes()).map_err(unread_pem)?;
    roots.add(authority).map_err(failed)?;
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pair.certificate_pem.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).map_err(unread_pem)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| unread(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.map_err(unread_pem)?, key)
        .map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Connections by certificate.
#[derive(Debug, Default)]
struct Places(Mutex<HashMap<String, usize>>);

struct Place(Arc<Places>, String);

impl Places {
    fn take(self: &Arc<Self>, certificate: String) -> Option<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = places.entry(certificate.clone()).or_default();
        if *taken >= MOST_OF_ONE {
            return None;
        }
        *taken += 1;
        Some(Place(Arc::clone(self), certificate))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = places.get_mut(&self.1) {
            *taken -= 1;
            if *taken == 0 {
                places.remove(&self.1);
            }
        }
    }
}

/// Serves until the server shuts down.
pub async fn serve(platform: Arc<Platform>, listener: TcpListener, tls: TlsAcceptor) {
    let (room, places) = (Arc::new(Semaphore::new(MOST)), Arc::new(Places::default()));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            () = platform.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (platform, tls, places) = (Arc::clone(&platform), tls.clone(), Arc::clone(&places));
        platform.tasks.clone().spawn(async move {
            tokio::select! {
                () = platform.shutdown.cancelled() => {}
                () = connection(&platform, stream, tls, &places) => {}
                () = tokio::time::sleep(LONGEST) => {}
            }
            drop(permit);
        });
    }
}

/// One connection; what goes wrong with it is the client's to see.
async fn connection(
    platform: &Arc<Platform>,
    stream: TcpStream,
    tls: TlsAcceptor,
    places: &Arc<Places>,
) {
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, tls.accept(stream)).await else {
        return;
    };
    let shown = stream.get_ref().1.peer_certificates();
    let Some(der) = shown.and_then(<[_]>::first).map(|der| der.to_vec()) else {
        return;
    };
    let Some(_place) = places.take(certificate_name(&der)) else {
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
        .serve_connection(TokioIo::new(stream), answer)
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

    #[test]
    fn one_certificate_does_not_take_all_places() {
        let places = Arc::new(Places::default());
        let held: Vec<_> = (0..MOST_OF_ONE)
            .map(|_| places.take("a".to_owned()).unwrap())
            .collect();
        assert!(places.take("a".to_owned()).is_none());
        assert!(places.take("b".to_owned()).is_some());
        drop(held);
        assert!(places.take("a".to_owned()).is_some());
    }
}
