//! Invitations, certificates and their end.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_proto::v1::identity_service_client::IdentityServiceClient;
use sandyq_tests::people::{channel, key_and_request};
use sandyq_tests::traces::eventually;
use sandyq_tests::work::csv_dataset;
use sandyq_tests::{Site, User, fields, reason};
use tonic::{Code, Status};

fn invitation(organization: &str, id: &str, role: v1::Role) -> v1::CreateInvitationRequest {
    v1::CreateInvitationRequest {
        organization: format!("organizations/{organization}"),
        display_name: id.to_owned(),
        roles: vec![role.into()],
        user_id: id.to_owned(),
        ..Default::default()
    }
}

async fn invite(site: &Site, request: v1::CreateInvitationRequest) -> Result<String, Status> {
    let mut client = site.user("admin").identity();
    Ok(client.create_invitation(request).await?.into_inner().token)
}

async fn enroll(site: &Site, token: &str) -> Result<User, Status> {
    User::enroll(&site.address, &site.ca_pem, token).await
}

fn refused(outcome: Result<User, Status>) {
    let status = outcome.expect_err("the token was taken");
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    assert_eq!(reason(&status), "INVITATION_NOT_ACCEPTED");
}

async fn who(user: &User) -> Result<v1::WhoAmIResponse, Status> {
    let answer = user.identity().who_am_i(v1::WhoAmIRequest {}).await;
    Ok(answer?.into_inner())
}

async fn revoke(site: &Site, by: &str, name: &str) -> Result<v1::User, Status> {
    let request = v1::RevokeUserRequest {
        name: name.to_owned(),
        reason: "left".to_owned(),
        ..Default::default()
    };
    let answer = site.user(by).identity().revoke_user(request).await?;
    Ok(answer.into_inner().user.unwrap())
}

pub async fn a_token_works_once(site: &Site) {
    let token = invite(site, invitation("lab", "once", v1::Role::Developer))
        .await
        .unwrap();
    // Of several at the same time one wins.
    let (a, b, c) = tokio::join!(
        enroll(site, &token),
        enroll(site, &token),
        enroll(site, &token)
    );
    let (won, lost): (Vec<_>, Vec<_>) = [a, b, c].into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    lost.into_iter().for_each(refused);
    refused(enroll(site, &token).await);
    let me = who(won[0].as_ref().unwrap()).await.unwrap();
    assert_eq!(me.user.unwrap().name, "users/once");
    assert_eq!(me.organization.unwrap().name, "organizations/lab");
}

pub async fn a_malformed_request_leaves_the_token_good(site: &Site) {
    let token = invite(site, invitation("lab", "clumsy", v1::Role::Developer))
        .await
        .unwrap();
    let mut client = IdentityServiceClient::new(channel(&site.address, &site.ca_pem, None));
    let long = "x".repeat(20_000);
    for csr_pem in [
        "",
        "hello",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        &long,
    ] {
        let request = v1::EnrollRequest {
            token: token.clone(),
            csr_pem: csr_pem.to_owned(),
        };
        let status = client.enroll(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert_eq!(
            (reason(&status).as_str(), fields(&status)),
            ("INVALID_FIELD", vec!["csr_pem".to_owned()])
        );
    }
    enroll(site, &token).await.unwrap();
}

pub async fn expired_and_invented_tokens_are_refused(site: &Site) {
    let short = v1::CreateInvitationRequest {
        ttl_duration: Some(prost_types::Duration {
            seconds: 0,
            nanos: 1_000_000,
        }),
        ..invitation("lab", "late", v1::Role::Developer)
    };
    let token = invite(site, short).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    refused(enroll(site, &token).await);
    for token in ["", "sandyq-0", &format!("sandyq-{}", "0".repeat(64))] {
        refused(enroll(site, token).await);
    }
    for seconds in [0, -1, 31 * 24 * 3600] {
        let request = v1::CreateInvitationRequest {
            ttl_duration: Some(prost_types::Duration { seconds, nanos: 0 }),
            ..invitation("lab", "never", v1::Role::Developer)
        };
        let status = invite(site, request).await.unwrap_err();
        assert_eq!(fields(&status), ["ttl_duration"], "{status:?}");
    }
}

pub async fn a_revoked_invitation_is_worth_nothing(site: &Site) {
    let token = invite(site, invitation("lab", "uninvited", v1::Role::Developer))
        .await
        .unwrap();
    revoke(site, "admin", "users/uninvited").await.unwrap();
    refused(enroll(site, &token).await);
}

pub async fn roles_fit_the_kind_of_organization(site: &Site) {
    use v1::Role;
    for (organization, role) in [
        ("statistics", Role::Developer),
        ("statistics", Role::OperatorAdmin),
        ("lab", Role::AgencyOwner),
        ("lab", Role::Auditor),
        ("audit", Role::OperatorReviewer),
        ("operator", Role::AgencySteward),
        ("lab", Role::Unspecified),
    ] {
        let status = invite(site, invitation(organization, "misfit", role))
            .await
            .unwrap_err();
        assert_eq!(
            status.code(),
            Code::InvalidArgument,
            "{organization} {role:?}"
        );
        assert_eq!(fields(&status), ["roles[0]"], "{status:?}");
    }
    let none = v1::CreateInvitationRequest {
        roles: vec![],
        ..invitation("lab", "misfit", Role::Developer)
    };
    let status = invite(site, none).await.unwrap_err();
    assert_eq!(fields(&status), ["roles"], "{status:?}");
    // An agency's owner invites into the own agency only.
    let request = invitation("health", "spy", Role::AgencySteward);
    let status = site
        .user("owner")
        .identity()
        .create_invitation(request)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
}

pub async fn a_certificate_is_renewed(site: &Site) {
    let old = site.enrol("renewing", "lab", v1::Role::Developer).await;
    let (key_pem, csr_pem) = key_and_request();
    let request = v1::RenewCertificateRequest { csr_pem };
    let answer = old.identity().renew_certificate(request).await.unwrap();
    let renewed = answer.into_inner().certificate_pem;
    assert_ne!(renewed, old.certificate_pem);
    let new = User::with(&site.address, &site.ca_pem, &old.name, &renewed, &key_pem);
    assert_eq!(
        who(&new).await.unwrap().user.unwrap().name,
        "users/renewing"
    );
    let request = v1::RenewCertificateRequest {
        csr_pem: "none".to_owned(),
    };
    let status = new.identity().renew_certificate(request).await.unwrap_err();
    assert_eq!(fields(&status), ["csr_pem"], "{status:?}");
    // Revocation is the user's, so it ends all certificates.
    revoke(site, "admin", "users/renewing").await.unwrap();
    for user in [&old, &new] {
        let status = who(user).await.unwrap_err();
        assert_eq!(reason(&status), "CERTIFICATE_NOT_ACCEPTED");
    }
}

pub async fn a_reason_is_a_text(site: &Site) {
    let user = site.enrol("staying", "lab", v1::Role::Developer).await;
    for reason in ["", "  ", "\u{1b}[2J", "a\0b", &"x".repeat(2001)] {
        let request = v1::RevokeUserRequest {
            name: user.name.clone(),
            reason: reason.to_owned(),
            ..Default::default()
        };
        let status = site
            .user("admin")
            .identity()
            .revoke_user(request)
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), fields(&status)),
            (Code::InvalidArgument, vec!["reason".to_owned()])
        );
    }
    who(&user).await.unwrap();
}

pub async fn nobody_revokes_oneself(site: &Site) {
    for (by, name) in [
        ("admin", site.user("admin").name),
        ("owner", site.user("owner").name),
    ] {
        let status = revoke(site, by, &name).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
        assert_eq!(reason(&status), "PERMISSION_DENIED");
        assert!(
            status.message().contains("nobody revokes oneself"),
            "{status:?}"
        );
        who(&site.user(by)).await.unwrap();
    }
}

pub async fn a_revoked_user_is_refused_at_once(site: &Site) {
    let leaving = site
        .enrol("leaving", "statistics", v1::Role::AgencySteward)
        .await;
    let library = site.create_library("watched").await;
    let datasets = vec![csv_dataset("rows", b"a\n1\n", ",")];
    let version = site.create_version(&library.name, datasets).await.unwrap();
    let request = v1::WatchVersionRequest { name: version.name };
    let mut watch = leaving
        .library()
        .watch_version(request)
        .await
        .unwrap()
        .into_inner();
    watch.message().await.unwrap().unwrap();
    revoke(site, "owner", &leaving.name).await.unwrap();
    let next = tokio::time::timeout(Duration::from_secs(10), watch.message());
    let status = next.await.expect("the watch goes on").unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    assert_eq!(reason(&status), "CERTIFICATE_NOT_ACCEPTED");
    let status = who(&leaving).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    let status = revoke(site, "owner", &leaving.name).await.unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE");
}

pub async fn an_upload_of_a_revoked_user_does_not_end_well(site: &Site) {
    let leaving = site
        .enrol("uploading", "statistics", v1::Role::AgencySteward)
        .await;
    let library = site.create_library("interrupted").await;
    let bytes = b"a\n1\n";
    let datasets = vec![csv_dataset("rows", bytes, ",")];
    let version = site.create_version(&library.name, datasets).await.unwrap();
    let resource_name = version.datasets[0].upload.clone();
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let mut client = leaving.library();
    let writing = tokio::spawn(async move {
        let messages = tokio_stream::wrappers::ReceiverStream::new(receiver);
        client.write(messages).await
    });
    let first = v1::WriteRequest {
        resource_name: resource_name.clone(),
        data: bytes.as_slice().into(),
        ..Default::default()
    };
    sender.send(first).await.unwrap();
    eventually("the upload has begun", || async {
        let log = String::from_utf8(site.export_log().await).unwrap();
        log.lines()
            .any(|line| line.contains(&version.name) && line.contains("begun"))
    })
    .await;
    let request = v1::QueryWriteStatusRequest {
        resource_name: resource_name.clone(),
    };
    revoke(site, "owner", &leaving.name).await.unwrap();
    let last = v1::WriteRequest {
        write_offset: 4,
        finish_write: true,
        ..Default::default()
    };
    sender.send(last).await.unwrap();
    let status = writing.await.unwrap().unwrap_err();
    assert_eq!(reason(&status), "CERTIFICATE_NOT_ACCEPTED", "{status:?}");
    let mut owner = site.user("owner").library();
    let kept = owner
        .query_write_status(request)
        .await
        .unwrap()
        .into_inner();
    assert!(!kept.complete);
    assert!(site.write(&resource_name, bytes).await.unwrap().complete);
}

pub async fn roles_are_read_from_the_database(site: &Site) {
    let user = site
        .enrol("promoted", "statistics", v1::Role::AgencySteward)
        .await;
    let request = |id: &str| invitation("statistics", id, v1::Role::AgencySteward);
    let status = user
        .identity()
        .create_invitation(request("first"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "PERMISSION_DENIED");
    let url = format!("sqlite:{}", site.dir.join("state.db").display());
    let database = sqlx::SqlitePool::connect(&url).await.unwrap();
    let text =
        "UPDATE users SET body = replace(body, 'AGENCY_STEWARD', 'AGENCY_OWNER') WHERE name = $1";
    let done = sqlx::query(text)
        .bind(&user.name)
        .execute(&database)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1);
    database.close().await;
    // The server reads again what was changed behind its back.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let me = who(&user).await.unwrap().user.unwrap();
    assert_eq!(me.roles, [i32::from(v1::Role::AgencyOwner)]);
    user.identity()
        .create_invitation(request("second"))
        .await
        .unwrap();
}

pub async fn an_expired_certificate_is_refused(site: &Site) {
    let user = site.enrol("elapsed", "lab", v1::Role::Developer).await;
    who(&user).await.unwrap();
    let url = format!("sqlite:{}", site.dir.join("state.db").display());
    let database = sqlx::SqlitePool::connect(&url).await.unwrap();
    let text = "UPDATE certificates SET body = json_set(body, '$.expire_time', '2026-01-18T00:00:00Z') WHERE parent = $1";
    let done = sqlx::query(text)
        .bind(&user.name)
        .execute(&database)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1);
    database.close().await;
    // The server reads again what was changed behind its back.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let status = who(&user).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    assert_eq!(reason(&status), "CERTIFICATE_NOT_ACCEPTED");
}
