//! Faults on the way in.

use bytes::Bytes;
use sandyq_proto::v1;
use sandyq_tests::work::{csv_dataset, write_messages};
use sandyq_tests::{Site, fields, raw, sha256};
use tonic::Code;
use tonic_types::StatusExt;

use super::told;

/// Opens a version with one data set; returns the version and its upload.
async fn open(site: &Site, library: &str, bytes: &[u8]) -> (String, String) {
    let library = site.create_library(library).await;
    let datasets = vec![csv_dataset("rows", bytes, ",")];
    let version = site.create_version(&library.name, datasets).await.unwrap();
    (version.name, version.datasets[0].upload.clone())
}

async fn status(site: &Site, upload: &str) -> v1::QueryWriteStatusResponse {
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

async fn send(
    site: &Site,
    messages: Vec<v1::WriteRequest>,
) -> Result<v1::WriteResponse, tonic::Status> {
    let mut client = site.user("owner").library();
    Ok(client
        .write(tokio_stream::iter(messages))
        .await?
        .into_inner())
}

async fn finalize(site: &Site, version: &str) -> Result<(), tonic::Status> {
    let request = v1::FinalizeVersionRequest {
        name: version.to_owned(),
        ..Default::default()
    };
    site.user("owner")
        .library()
        .finalize_version(request)
        .await
        .map(drop)
}

/// Nothing is kept of the upload, and the right bytes still go in.
async fn begins_anew(site: &Site, version: &str, upload: &str, right: &[u8]) {
    let kept = status(site, upload).await;
    assert_eq!((kept.committed_size, kept.complete), (0, false));
    let early = finalize(site, version).await.unwrap_err();
    told(
        &early,
        Code::FailedPrecondition,
        "UPLOAD_INCOMPLETE",
        &["rows"],
    );
    let done = site.write(upload, right).await.unwrap();
    assert!(done.complete);
    assert_eq!(done.committed_size, i64::try_from(right.len()).unwrap());
}

pub async fn the_wrong_hash(site: &Site) {
    let (right, wrong): (&[u8], &[u8]) = (b"a\n1\n", b"a\n2\n");
    let (version, upload) = open(site, "hash", right).await;
    let refused = site.write(&upload, wrong).await.unwrap_err();
    let hashes = [sha256(right), sha256(wrong)];
    told(
        &refused,
        Code::FailedPrecondition,
        "HASH_MISMATCH",
        &["rows", &hashes[0], &hashes[1]],
    );
    begins_anew(site, &version, &upload, right).await;
    finalize(site, &version).await.unwrap();
    let again = finalize(site, &version).await.unwrap_err();
    told(&again, Code::FailedPrecondition, "WRONG_STATE", &[]);
}

pub async fn resumed_with_other_bytes(site: &Site) {
    const SEGMENT: usize = 16 << 20;
    let right = vec![b'a'; SEGMENT + (1 << 20)];
    let (version, upload) = open(site, "resumed", &right).await;
    let cut = send(site, write_messages(&upload, &right, 0, false))
        .await
        .unwrap();
    assert!(!cut.complete);
    assert_eq!(cut.committed_size, i64::try_from(SEGMENT).unwrap());
    assert_eq!(
        status(site, &upload).await.committed_size,
        cut.committed_size
    );
    let mut other = right.clone();
    other[SEGMENT] = b'b';
    let refused = send(site, write_messages(&upload, &other, SEGMENT, true))
        .await
        .unwrap_err();
    told(
        &refused,
        Code::FailedPrecondition,
        "HASH_MISMATCH",
        &["rows", &sha256(&other)],
    );
    begins_anew(site, &version, &upload, &right).await;
}

pub async fn wrong_offsets_and_sizes(site: &Site) {
    let right: &[u8] = b"a\n1\n2\n";
    let (version, upload) = open(site, "offsets", right).await;
    for offset in [1, 4, i64::MAX] {
        let mut messages = write_messages(&upload, right, 0, true);
        messages[0].write_offset = offset;
        let refused = send(site, messages).await.unwrap_err();
        told(
            &refused,
            Code::OutOfRange,
            "WRONG_OFFSET",
            &["expected was 0"],
        );
        let info = refused.get_error_details().error_info().unwrap().clone();
        assert_eq!(info.metadata["committed_size"], "0");
    }
    let mut messages = write_messages(&upload, right, 0, true);
    messages[0].write_offset = -1;
    assert_eq!(
        fields(&send(site, messages).await.unwrap_err()),
        ["write_offset"]
    );
    let more = send(site, write_messages(&upload, b"a\n1\n2\n3\n", 0, true))
        .await
        .unwrap_err();
    told(&more, Code::OutOfRange, "MORE_THAN_DECLARED", &["6 bytes"]);
    let fewer = send(site, write_messages(&upload, b"a\n1\n", 0, true))
        .await
        .unwrap_err();
    told(&fewer, Code::FailedPrecondition, "HASH_MISMATCH", &[]);
    let nothing = send(site, vec![]).await.unwrap_err();
    assert_eq!(fields(&nothing), ["resource_name"]);
    begins_anew(site, &version, &upload, right).await;
}

pub async fn to_a_version_that_is_closed(site: &Site) {
    let published = site.publish_register("closed", 0..40).await;
    let upload = &published.datasets[0].upload;
    let before = status(site, upload).await;
    let refused = site.write(upload, b"a\n1\n").await.unwrap_err();
    told(
        &refused,
        Code::FailedPrecondition,
        "VERSION_NOT_UPLOADING",
        &[&published.name, "PUBLISHED"],
    );
    assert_eq!(status(site, upload).await, before);
    let request = v1::GetVersionRequest {
        name: published.name.clone(),
    };
    let now = site
        .user("owner")
        .library()
        .get_version(request)
        .await
        .unwrap();
    let now = now.into_inner().version.unwrap();
    assert_eq!(now.datasets, published.datasets);
}

pub async fn messages_that_are_too_large(site: &Site) {
    let (version, upload) = open(site, "large", b"a\n1\n").await;
    for mebibytes in [3, 9] {
        let message = v1::WriteRequest {
            resource_name: upload.clone(),
            data: vec![b'a'; mebibytes << 20].into(),
            ..Default::default()
        };
        let refused = send(site, vec![message]).await.unwrap_err();
        told(&refused, Code::InvalidArgument, "INVALID_FIELD", &["2 MiB"]);
        assert_eq!(fields(&refused), ["data"]);
    }
    let request = v1::ValidateProfileRequest {
        parent: version.clone(),
        profile: "#".repeat(9 << 20),
        ..Default::default()
    };
    let mut client = site.user("owner").depersonalization();
    let refused = client.validate_profile(request).await.unwrap_err();
    told(&refused, Code::OutOfRange, "MESSAGE_TOO_LARGE", &[]);
    // Bytes that are no message at all.
    let path = "/sandyq.v1.LibraryService/GetVersion";
    let noise = vec![Bytes::from_static(b"\xff\xff\xff\xff")];
    let refused = raw::call(site.user("owner").channel(), path, noise)
        .await
        .unwrap_err();
    told(&refused, Code::InvalidArgument, "MESSAGE_MALFORMED", &[]);
    begins_anew(site, &version, &upload, b"a\n1\n").await;
}
