//! Connections of strangers, and calls whose clients hang up.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sandyq_proto::v1;
use sandyq_tests::people::channel;
use sandyq_tests::trials::Asker;
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, raw, reason, request_id};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// What the server lets a stranger hold of one address.
const MOST_OF_ONE: usize = 32;

async fn connect_from(address: &str, to: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket
        .bind(format!("{address}:0").parse().unwrap())
        .unwrap();
    let connecting = timeout(Duration::from_secs(3), socket.connect(to));
    connecting.await.ok()?.ok()
}

/// Whether the other side has closed a connection before so long.
async fn closes(stream: &mut TcpStream, within: Duration) -> bool {
    timeout(within, stream.read(&mut [0])).await.is_ok()
}

#[tokio::test]
async fn attack_30_connections_of_strangers_lock_nobody_out() {
    let site = Site::start().await;
    let port: u16 = site.address.rsplit(':').next().unwrap().parse().unwrap();
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    // Few files, so that a stranger need not open thousands of connections to use them up.
    let limit = ["--pid", &site.pid().to_string(), "--nofile=200:200"];
    assert!(
        Command::new("prlimit")
            .args(limit)
            .status()
            .unwrap()
            .success()
    );

    let begin = Instant::now();
    let mut idle = Asker::new(&site, &site.user("admin"), port).raw();
    let mut held = Vec::new();
    for _ in 0..300 {
        held.extend(connect_from("127.0.0.2", to).await);
    }
    let person = site.user("admin").reconnected();
    let asked = person.identity();
    let asking = async { asked.clone().who_am_i(v1::WhoAmIRequest {}).await };
    let told = timeout(Duration::from_secs(5), asking).await;
    told.expect("somebody who is known gets in").unwrap();

    // Those who found no place have been sent away.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut open = Vec::new();
    for mut stream in held {
        if !closes(&mut stream, Duration::from_millis(20)).await {
            open.push(stream);
        }
    }
    assert!((1..=MOST_OF_ONE).contains(&open.len()), "{}", open.len());
    // Who says nothing is not waited for, with a certificate or without.
    for mut stream in open {
        assert!(closes(&mut stream, Duration::from_secs(13)).await);
    }
    let ended = loop {
        match idle.try_wait().unwrap() {
            None if begin.elapsed() < Duration::from_secs(20) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            ended => break ended,
        }
    };
    let _ = idle.kill();
    assert!(ended.is_some(), "a connection without a word is closed");
    let took = begin.elapsed();
    assert!((9..20).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test]
async fn attack_30_a_stranger_is_listened_to_for_a_few_bytes_only() {
    let site = Site::start().await;
    let stranger = || channel(&site.address, &site.ca_pem, None);
    for (service, reason_told) in [
        ("IdentityService/Enroll", "MESSAGE_TOO_LARGE"),
        ("LibraryService/CreateLibrary", "CERTIFICATE_REQUIRED"),
    ] {
        let path = format!("/sandyq.v1.{service}");
        let noise = vec![Bytes::from(vec![0_u8; 1 << 20])];
        let refused = raw::call(stranger(), &path, noise).await.unwrap_err();
        assert_eq!(reason(&refused), reason_told, "{refused:?}");
    }
}

#[tokio::test]
async fn attack_27_a_client_that_hangs_up_leaves_no_job_unheard_of() {
    let site = Site::start_with(Options {
        config: vec![("jobs.concurrent".to_owned(), "8".to_owned())],
        ..Options::default()
    })
    .await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("lab").await;
    for micros in (0..40).map(|n| n * 250) {
        let request = v1::CreateJobRequest {
            parent: sandbox.clone(),
            job: Some(shell(&image, "true")),
            request_id: request_id(),
        };
        let mut client = site.user("developer").sandbox();
        // Whether it was in time does not matter.
        let _ = timeout(Duration::from_micros(micros), client.create_job(request)).await;
    }
    let request = v1::ListJobsRequest {
        parent: sandbox,
        page_size: 100,
        ..Default::default()
    };
    let listed = site.user("developer").sandbox().list_jobs(request).await;
    let jobs = listed.unwrap().into_inner().jobs;
    assert!(!jobs.is_empty(), "some were taken in");
    for job in jobs {
        let ended = site.wait_job(&job.name).await;
        assert_eq!(ended.state(), v1::job::State::Succeeded, "{ended:?}");
    }
    site.wait_clean().await;
}
