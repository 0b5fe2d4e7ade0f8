//! A kill while data comes in, is depersonalized, or is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use sandyq_proto::v1;
use sandyq_tests::traces::eventually;
use sandyq_tests::work::{adult, adult_hierarchies, csv_dataset, write_messages};
use sandyq_tests::{Site, images, request_id, sha256};
use tokio_stream::wrappers::ReceiverStream;

use crate::audit;

/// Bytes after which an upload is durable.
const SEGMENT: i64 = 16 << 20;

/// A CSV file of about this size, with few long cells.
fn long_csv(bytes: usize) -> Vec<u8> {
    let cell = "x".repeat(4000);
    let mut text = String::from("id,filler\n");
    let mut row = 0_usize;
    while text.len() < bytes {
        text.push_str(&format!("{row},{cell}\n"));
        row += 1;
    }
    text.into_bytes()
}

async fn committed(site: &Site, upload: &str) -> v1::QueryWriteStatusResponse {
    let request = v1::QueryWriteStatusRequest {
        resource_name: upload.to_owned(),
    };
    let answer = site
        .user("owner")
        .library()
        .query_write_status(request)
        .await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn an_upload_and_its_intake_survive_a_kill() {
    let mut site = Site::start().await;
    let library = site.create_library("long").await;
    let bytes = long_csv(36 << 20);
    let datasets = vec![csv_dataset("long", &bytes, ",")];
    let version = site.create_version(&library.name, datasets).await.unwrap();
    let upload = version.datasets[0].upload.clone();

    // The stream stays open with two whole segments and a part of a third on their way.
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let mut client = site.user("owner").library();
    let stream = tokio::spawn(async move { client.write(ReceiverStream::new(receiver)).await });
    let mut messages = write_messages(&upload, &bytes, 0, false);
    messages.truncate(35);
    for message in messages {
        sender.send(message).await.unwrap();
    }
    eventually("two segments are durable", || async {
        committed(&site, &upload).await.committed_size >= 2 * SEGMENT
    })
    .await;
    site.kill();
    let cut = stream.await.unwrap().unwrap_err();
    assert!(
        matches!(
            cut.code(),
            tonic::Code::Unavailable | tonic::Code::Unknown | tonic::Code::Internal
        ),
        "{cut:?}"
    );
    drop(sender);
    site.serve().await;

    let status = committed(&site, &upload).await;
    assert_eq!(status.committed_size, 2 * SEGMENT);
    assert!(!status.complete);
    let from = usize::try_from(status.committed_size).unwrap();
    let rest = write_messages(&upload, &bytes, from, true);
    let written = site
        .user("owner")
        .library()
        .write(tokio_stream::iter(rest))
        .await
        .unwrap()
        .into_inner();
    assert!(written.complete);
    assert_eq!(written.committed_size, i64::try_from(bytes.len()).unwrap());

    // Now in the middle of the intake.
    let request = v1::FinalizeVersionRequest {
        name: version.name.clone(),
        request_id: request_id(),
    };
    let taken = site
        .user("owner")
        .library()
        .finalize_version(request)
        .await
        .unwrap()
        .into_inner()
        .version
        .unwrap();
    assert_eq!(taken.state(), v1::version::State::Quarantined);
    site.kill();
    site.serve().await;
    let ends = [v1::version::State::Classified, v1::version::State::Refused];
    let version = site.wait_version(&version.name, &ends).await;
    assert_eq!(
        version.state(),
        v1::version::State::Classified,
        "{}",
        version.failure_message
    );
    let rows = bytes.iter().filter(|byte| **byte == b'\n').count() - 1;
    assert_eq!(version.datasets[0].row_count, i64::try_from(rows).unwrap());
    assert_eq!(version.datasets[0].sha256, sha256(&bytes));
    let log = audit::verified(&site).await;
    assert_eq!(
        audit::count(&log, "system.VersionClassified", &version.name),
        1
    );
}

#[tokio::test]
async fn a_depersonalization_run_is_done_again_after_a_kill() {
    let mut site = Site::start().await;
    let library = site.create_library("adult").await;
    let version = site
        .push_csv(&library.name, "adult", &adult("adult.csv"), ";")
        .await;
    let request = v1::CreateRunRequest {
        parent: version.name.clone(),
        profile: String::from_utf8(adult("profile.toml")).unwrap(),
        hierarchies: adult_hierarchies(),
        request_id: request_id(),
    };
    let created = site
        .user("owner")
        .depersonalization()
        .create_run(request.clone())
        .await
        .unwrap()
        .into_inner()
        .run
        .unwrap();
    assert_eq!(created.state(), v1::run::State::Running);
    tokio::time::sleep(Duration::from_millis(100)).await;
    site.kill();
    site.serve().await;
    let run = site.wait_run(&created.name).await;
    assert_eq!(
        run.state(),
        v1::run::State::Verified,
        "{}",
        run.failure_message
    );
    assert!(run.reports[0].measured_k >= 5);
    // The answer to a repeated request is still known; no second run is made.
    let again = site
        .user("owner")
        .depersonalization()
        .create_run(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.run.unwrap().name, run.name);
    let log = audit::verified(&site).await;
    assert_eq!(audit::count(&log, "system.RunVerified", &run.name), 1);
    let published = site.publish(&run).await;
    assert_eq!(published.state(), v1::version::State::Published);
}

#[tokio::test]
async fn an_image_import_that_was_cut_leaves_no_image() {
    let mut site = Site::start().await;
    let bytes = std::fs::read(images::busybox()).unwrap();
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let mut client = site.user("admin").image();
    let stream =
        tokio::spawn(async move { client.import_image(ReceiverStream::new(receiver)).await });
    let half = v1::ImportImageRequest {
        display_name: "half".to_owned(),
        data: bytes[..bytes.len() / 2].to_vec().into(),
        archive_sha256: sha256(&bytes),
    };
    sender.send(half).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.kill();
    stream.await.unwrap().unwrap_err();
    site.serve().await;
    let request = v1::ListImagesRequest::default();
    let answer = site.user("admin").image().list_images(request).await;
    assert!(answer.unwrap().into_inner().images.is_empty());
    site.wait_clean().await;
    let image = images::import(&site.user("admin"), &images::busybox()).await;
    assert_eq!(image.unwrap().state(), v1::image::State::Imported);
    audit::verified(&site).await;
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_can_be_sent_again() {
    let mut site = Site::start().await;
    let requests: Vec<v1::CreateLibraryRequest> = (0..60)
        .map(|number| v1::CreateLibraryRequest {
            library_id: format!("library-{number}"),
            library: Some(sandyq_tests::work::library(&number.to_string())),
            request_id: request_id(),
        })
        .collect();
    // Eight at a time, until the server is gone.
    let owner = site.user("owner");
    let (sent, answered) = (requests.clone(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&answered);
    let sending = tokio::spawn(async move {
        let calls = sent.into_iter().map(|request| {
            let (mut client, count) = (owner.library(), Arc::clone(&count));
            async move {
                let outcome = client.create_library(request).await;
                count.fetch_add(usize::from(outcome.is_ok()), Ordering::SeqCst);
                outcome.is_ok()
            }
        });
        let outcomes: Vec<bool> = futures::stream::iter(calls).buffered(8).collect().await;
        outcomes
    });
    eventually("some are answered", || async {
        answered.load(Ordering::SeqCst) >= 20
    })
    .await;
    site.kill();
    let outcomes = sending.await.unwrap();
    assert!(outcomes.contains(&false), "the kill came too late");
    site.serve().await;
    let known = audit::verified(&site).await;
    for (request, answered) in requests.into_iter().zip(outcomes) {
        let name = format!("libraries/{}", request.library_id);
        let action = "LibraryService.CreateLibrary";
        // What was answered is durable; what was not may have happened or not, but never by half.
        let before = audit::count(&known, action, &name);
        assert!(before == 1 || (before == 0 && !answered), "{name}");
        let mut client = site.user("owner").library();
        let again = client.create_library(request).await.unwrap().into_inner();
        assert_eq!(again.library.unwrap().name, name);
    }
    let log = audit::verified(&site).await;
    for number in 0..60 {
        let name = format!("libraries/library-{number}");
        assert_eq!(
            audit::count(&log, "LibraryService.CreateLibrary", &name),
            1,
            "{name}"
        );
    }
}
