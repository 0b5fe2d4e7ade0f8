//! Repeated requests and pages.

use std::collections::BTreeSet;

use sandyq_proto::v1;
use sandyq_tests::{Site, fields, reason, request_id};
use tonic::{Code, Status};

fn library(id: &str, request_id: &str) -> v1::CreateLibraryRequest {
    v1::CreateLibraryRequest {
        library_id: id.to_owned(),
        library: Some(sandyq_tests::work::library(id)),
        request_id: request_id.to_owned(),
    }
}

async fn create(
    site: &Site,
    who: &str,
    request: v1::CreateLibraryRequest,
) -> Result<v1::Library, Status> {
    let answer = site.user(who).library().create_library(request).await?;
    Ok(answer.into_inner().library.unwrap())
}

fn refused(status: &Status) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(
        (reason(status).as_str(), fields(status)),
        ("INVALID_FIELD", vec!["request_id".to_owned()])
    );
}

pub async fn a_repeated_request_gets_the_same_answer(site: &Site) {
    let id = request_id();
    let first = create(site, "owner", library("repeated", &id))
        .await
        .unwrap();
    let again = create(site, "owner", library("repeated", &id))
        .await
        .unwrap();
    assert_eq!(first, again);
    // The answer is that of the first time, even when the library has changed since.
    let changed = v1::Library {
        display_name: "changed".to_owned(),
        ..first.clone()
    };
    let request = v1::UpdateLibraryRequest {
        library: Some(changed),
        request_id: request_id(),
    };
    site.user("owner")
        .library()
        .update_library(request)
        .await
        .unwrap();
    assert_eq!(
        create(site, "owner", library("repeated", &id))
            .await
            .unwrap(),
        first
    );
    // Another message, or another method, with the same id is a mistake of the client.
    refused(
        &create(site, "owner", library("other", &id))
            .await
            .unwrap_err(),
    );
    let request = v1::CreateVersionRequest {
        parent: first.name,
        request_id: id.clone(),
        ..Default::default()
    };
    refused(
        &site
            .user("owner")
            .library()
            .create_version(request)
            .await
            .unwrap_err(),
    );
    // The ids of others are theirs.
    let theirs = create(site, "other-owner", library("theirs", &id))
        .await
        .unwrap();
    assert_eq!(theirs.organization, "organizations/health");
    for id in ["with space", "ә", &"x".repeat(65)] {
        refused(
            &create(site, "owner", library("never", id))
                .await
                .unwrap_err(),
        );
    }
    // What was refused may be put right under the same id.
    let id = request_id();
    let wrong = v1::CreateLibraryRequest {
        library_id: "Wrong".to_owned(),
        ..library("right", &id)
    };
    let status = create(site, "owner", wrong).await.unwrap_err();
    assert_eq!(fields(&status), ["library_id"]);
    create(site, "owner", library("right", &id)).await.unwrap();
}

pub async fn requests_at_the_same_time_are_carried_out_once(site: &Site) {
    let id = request_id();
    let calls = (0..8).map(|_| create(site, "owner", library("at-once", &id)));
    let answers = futures::future::join_all(calls).await;
    let answers: Vec<v1::Library> = answers.into_iter().map(Result::unwrap).collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    // Without an id the second one is told that there is such a library.
    let status = create(site, "owner", library("at-once", ""))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists, "{status:?}");
    assert_eq!(reason(&status), "ALREADY_EXISTS");
}

pub async fn a_secret_is_answered_once(site: &Site) {
    let request = v1::CreateInvitationRequest {
        organization: "organizations/lab".to_owned(),
        display_name: "Secret".to_owned(),
        roles: vec![v1::Role::Developer.into()],
        user_id: "secret".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let mut client = site.user("admin").identity();
    client.create_invitation(request.clone()).await.unwrap();
    let status = client.create_invitation(request).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists, "{status:?}");
    assert_eq!(reason(&status), "ANSWERED_ONCE");
}

pub async fn pages_hold_every_element_once(site: &Site) {
    let mut expected = BTreeSet::new();
    for number in 0..11 {
        let created = create(site, "owner", library(&format!("page-{number}"), ""))
            .await
            .unwrap();
        expected.insert(created.name);
    }
    for page_size in [1, 3, 7, 50, 2000] {
        let mut found = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListLibrariesRequest {
                page_size,
                page_token,
            };
            let answer = site
                .user("owner")
                .library()
                .list_libraries(request)
                .await
                .unwrap()
                .into_inner();
            assert!(answer.libraries.len() <= usize::try_from(page_size).unwrap());
            found.extend(answer.libraries.into_iter().map(|library| library.name));
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
        assert!(
            expected.iter().all(|name| found.contains(name)),
            "{found:?}"
        );
        assert!(!found.contains(&"libraries/theirs".to_owned()));
    }
}

pub async fn entries_of_the_log_are_paged(site: &Site) {
    let mut client = site.user("auditor").audit();
    let checkpoint = client
        .get_checkpoint(v1::GetCheckpointRequest {})
        .await
        .unwrap();
    let size = checkpoint.into_inner().tree_size;
    let mut page_token = String::new();
    let mut next = 0;
    while next < size {
        let request = v1::ListEntriesRequest {
            page_size: 7,
            page_token,
            ..Default::default()
        };
        let answer = client.list_entries(request).await.unwrap().into_inner();
        assert!(!answer.entries.is_empty() && answer.entries.len() <= 7);
        for entry in answer.entries {
            assert_eq!(entry.sequence, next);
            next += 1;
        }
        page_token = answer.next_page_token;
    }
}

pub async fn wrong_pages_are_refused(site: &Site) {
    for (page_size, page_token, field) in [
        (-1, "", "page_size"),
        (1, "zz", "page_token"),
        (1, "ff", "page_token"),
    ] {
        let request = v1::ListLibrariesRequest {
            page_size,
            page_token: page_token.to_owned(),
        };
        let status = site
            .user("owner")
            .library()
            .list_libraries(request)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), fields(&status)),
            (Code::InvalidArgument, vec![field.to_owned()]),
            "{status:?}"
        );
    }
}
