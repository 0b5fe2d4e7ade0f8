//! What leaves, and what does not.

use sandyq_proto::v1;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, reason, request_id, sha256};

use super::site_for;

async fn output_as(site: &Site, user: &str, name: &str) -> v1::Output {
    let request = v1::GetOutputRequest {
        name: name.to_owned(),
        ..Default::default()
    };
    let answer = site.user(user).airlock().get_output(request).await;
    answer.unwrap().into_inner().output.unwrap()
}

async fn start_review(site: &Site, name: &str) -> v1::Output {
    let request = v1::StartReviewRequest {
        name: name.to_owned(),
        request_id: request_id(),
    };
    let answer = site.user("reviewer").airlock().start_review(request).await;
    answer.unwrap().into_inner().output.unwrap()
}

/// Nothing of an output can be seen by its developer; a file that is there looks like one that is not.
async fn assert_closed(site: &Site, output: &str) {
    let seen = output_as(site, "developer", output).await;
    assert!(seen.files.is_empty() && seen.refused.is_empty(), "{seen:?}");
    assert_eq!(seen.manifest_sha256, "");
    let request = v1::ListOutputsRequest::default();
    let answer = site.user("developer").airlock().list_outputs(request).await;
    let listed = answer.unwrap().into_inner().outputs;
    let listed = listed.iter().find(|o| o.name == output).unwrap();
    assert!(listed.files.is_empty());
    for path in ["model.bin", "no-such-file"] {
        let denied = site.download("developer", output, path).await.unwrap_err();
        assert_eq!(denied.code(), tonic::Code::PermissionDenied, "{path}");
        assert_eq!(reason(&denied), "PERMISSION_DENIED", "{path}");
        assert!(!denied.message().contains(path), "{denied:?}");
    }
}

#[tokio::test]
async fn what_is_downloaded_is_what_was_reviewed() {
    let site = site_for(2).await;
    let sandbox = site.open_sandbox("airlock").await;
    let image = site.approved_image().await;
    let script = "head -c 3000000 /dev/urandom > /out/model.bin; mkdir /out/sub; \
        echo '{\"accuracy\": 0.8}' > /out/sub/metrics.json; ln -s /etc/passwd /out/link; mkfifo /out/pipe";
    let mut outputs = Vec::new();
    for _ in 0..2 {
        let job = site.submit(&sandbox, shell(&image, script)).await.unwrap();
        let job = site.wait_job(&job.name).await;
        assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
        assert_eq!(job.usage.unwrap().output_bytes, 3_000_018);
        outputs.push(job.output);
    }
    let (released, rejected) = (&outputs[0], &outputs[1]);
    for output in &outputs {
        assert_closed(&site, output).await;
    }

    // The reviewer sees names, sizes, hashes and what was left behind, and reads the very bytes.
    let reviewed = start_review(&site, released).await;
    assert_eq!(reviewed.state(), v1::output::State::InReview);
    let paths: Vec<_> = reviewed.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, [".sandyq/job.log", "model.bin", "sub/metrics.json"]);
    let refused: Vec<_> = reviewed.refused.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(refused, ["link", "pipe"], "{:?}", reviewed.refused);
    assert_closed(&site, released).await;
    let mut read = Vec::new();
    for file in &reviewed.files {
        let bytes = site
            .download("reviewer", released, &file.path)
            .await
            .unwrap();
        assert_eq!(sha256(&bytes), file.sha256, "{}", file.path);
        assert_eq!(file.size_bytes, i64::try_from(bytes.len()).unwrap());
        read.push(bytes);
    }

    // Another manifest is not the one that was reviewed.
    let request = v1::ReleaseOutputRequest {
        name: released.clone(),
        manifest_sha256: sha256(b"another"),
        reason: "fine".to_owned(),
        request_id: request_id(),
    };
    let mut client = site.user("reviewer").airlock();
    let other = client.release_output(request.clone()).await.unwrap_err();
    assert_eq!(other.code(), tonic::Code::InvalidArgument);
    let request = v1::ReleaseOutputRequest {
        manifest_sha256: reviewed.manifest_sha256.clone(),
        request_id: request_id(),
        ..request
    };
    client.release_output(request).await.unwrap();
    let seen = output_as(&site, "developer", released).await;
    assert_eq!(seen.files, reviewed.files);
    assert_eq!(seen.manifest_sha256, reviewed.manifest_sha256);
    for (file, bytes) in reviewed.files.iter().zip(&read) {
        let had = site.released_file(released, &file.path).await;
        assert!(
            had == *bytes,
            "{} differs from what was reviewed",
            file.path
        );
    }
    let stranger = site
        .download("rival", released, "model.bin")
        .await
        .unwrap_err();
    assert_eq!(stranger.code(), tonic::Code::NotFound);

    // The other one is kept, for good.
    start_review(&site, rejected).await;
    let request = v1::RejectOutputRequest {
        name: rejected.clone(),
        reason: "holds records of people".to_owned(),
        request_id: request_id(),
    };
    let kept = client
        .reject_output(request)
        .await
        .unwrap()
        .into_inner()
        .output
        .unwrap();
    assert_eq!(kept.state(), v1::output::State::Rejected);
    assert_closed(&site, rejected).await;
    let request = v1::ReleaseOutputRequest {
        name: rejected.clone(),
        manifest_sha256: kept.manifest_sha256,
        reason: "after all".to_owned(),
        request_id: request_id(),
    };
    let late = client.release_output(request).await.unwrap_err();
    assert_eq!(late.code(), tonic::Code::FailedPrecondition);
    site.wait_clean().await;
}
