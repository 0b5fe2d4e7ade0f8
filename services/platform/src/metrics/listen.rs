//! The page that Prometheus reads, on a loopback address: it is the only thing that is served without TLS.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::platform::Platform;

const CONTENT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Who opens connections and says nothing is let go after this.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections at one time.
const MOST: usize = 16;

/// Serves `GET /metrics` until the server shuts down.
pub async fn serve(platform: Arc<Platform>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
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
        let platform = Arc::clone(&platform);
        platform.tasks.clone().spawn(async move {
            let answer = service_fn(|request: Request<Incoming>| {
                let answer = answer(&platform, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answer);
            tokio::select! {
                () = platform.shutdown.cancelled() => {}
                // The reader may have gone away.
                _ = connection => {}
            }
            drop(place);
        });
    }
}

fn answer(platform: &Platform, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => match platform.metrics.text(platform.queue.counts()) {
            Ok(text) => (StatusCode::OK, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
        _ => (
            StatusCode::NOT_FOUND,
            "here is only GET /metrics\n".to_owned(),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let content = header::HeaderValue::from_static(CONTENT);
    response.headers_mut().insert(header::CONTENT_TYPE, content);
    response
}
