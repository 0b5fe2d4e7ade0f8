//! What is seen of the server from beside it: metrics and traces.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sandyq_proto::v1::job::State;
use sandyq_tests::{Options, Site};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{job, site_with, submit};

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Head and body of what stands at a path.
async fn read(port: u16, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series));
    let line = line.unwrap_or_else(|| panic!("{series} is not in\n{text}"));
    line.trim().parse().unwrap()
}

#[tokio::test]
async fn metrics_tell_of_jobs_calls_and_the_engine_and_of_nobody() {
    let port = free_port();
    let listen = format!("\"127.0.0.1:{port}\"");
    let site = site_with(&[("metrics.listen", &listen), ("jobs.concurrent", "1")]).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("seen").await;
    let failing = submit(&site, "developer", &sandbox, job(&image, "exit 4", 500, 60)).await;
    site.wait_job(&failing.unwrap().name).await;
    let holder = submit(
        &site,
        "developer",
        &sandbox,
        job(&image, "sleep 60", 500, 90),
    )
    .await;
    let holder = holder.unwrap().name;
    super::runs(&site, &holder).await;
    let queued = submit(&site, "developer", &sandbox, job(&image, "true", 500, 90)).await;
    super::waits_for(&site, &queued.unwrap().name, "CAPACITY").await;

    let (head, text) = read(port, "/metrics").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(value(&text, r#"sandyq_queue_jobs{reason="CAPACITY"}"#), 1.0);
    assert_eq!(value(&text, r#"sandyq_jobs{state="RUNNING"}"#), 1.0);
    assert_eq!(value(&text, r#"sandyq_jobs{state="QUEUED"}"#), 1.0);
    assert_eq!(value(&text, r#"sandyq_job_starts_total{way="turn"}"#), 2.0);
    assert_eq!(value(&text, r#"sandyq_job_ends_total{cause="EXIT"}"#), 1.0);
    assert_eq!(value(&text, "sandyq_job_admission_seconds_count"), 2.0);
    let started = r#"sandyq_engine_call_seconds_count{call="start",outcome="ok"}"#;
    assert_eq!(value(&text, started), 2.0);
    let calls = r#"sandyq_rpcs_total{method="sandyq.v1.SandboxService/CreateJob",code="Ok"}"#;
    assert_eq!(value(&text, calls), 3.0);
    for name in [
        "seen",
        "developer",
        "statistics",
        "busybox",
        "income",
        "sandboxes/",
        "organizations/",
        "users/",
    ] {
        assert!(!text.to_lowercase().contains(name), "{name} is in\n{text}");
    }
    assert!(read(port, "/").await.0.starts_with("HTTP/1.1 404"));
    super::cancel(&site, &holder).await;
}

#[tokio::test]
async fn nothing_is_served_without_tls_beyond_this_machine() {
    for (field, address) in [
        ("metrics.listen", "\"0.0.0.0:9464\""),
        ("traces.collector", "\"192.0.2.1:4318\""),
    ] {
        let mut site = Site::init(Options {
            config: vec![(field.to_owned(), address.to_owned())],
            ..Options::default()
        });
        let said = site.serve_in_vain();
        assert!(said.contains(field) && said.contains("loopback"), "{said}");
    }
}

/// Takes one request of the exporter, and answers it.
async fn collect(listener: &TcpListener) -> ExportTraceServiceRequest {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    let (head, length) = loop {
        let mut part = [0; 8192];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "the exporter went away");
        bytes.extend_from_slice(&part[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec())
            .unwrap()
            .to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().parse().unwrap();
        bytes.drain(..end + 4);
        break (head, length);
    };
    while bytes.len() < length {
        let mut part = [0; 8192];
        let read = stream.read(&mut part).await.unwrap();
        assert!(read > 0, "the exporter went away");
        bytes.extend_from_slice(&part[..read]);
    }
    assert!(head.starts_with("post /v1/traces"), "{head}");
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(answer.as_bytes()).await.unwrap();
    ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap()
}

#[tokio::test]
async fn traces_reach_a_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("\"{}\"", listener.local_addr().unwrap());
    let site = site_with(&[("traces.collector", &address)]).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("traced").await;
    let submitted = submit(&site, "developer", &sandbox, job(&image, "true", 500, 60)).await;
    let ended = site.wait_job(&submitted.unwrap().name).await;
    assert_eq!(ended.state(), State::Succeeded);
    let mut missing: Vec<&str> = vec!["rpc", "admit", "job", "engine"];
    let search = async {
        while !missing.is_empty() {
            let message = collect(&listener).await;
            let resources = message.resource_spans.iter();
            let scopes = resources.flat_map(|resource| &resource.scope_spans);
            for span in scopes.flat_map(|scope| &scope.spans) {
                missing.retain(|name| *name != span.name);
            }
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(60), search).await;
    assert!(found.is_ok(), "no span {missing:?} came");
}
