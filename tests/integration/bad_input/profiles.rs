//! Faults of profiles, and what is approved.

use sandyq_proto::v1;
use sandyq_proto::v1::{run, version};
use sandyq_tests::register::{PROFILE, csv};
use sandyq_tests::{Site, fields};
use tonic::Code;

use super::told;

/// Forty people in four regions of ten.
pub async fn classified(site: &Site) -> String {
    let library = site.create_library("profiled").await;
    let version = site
        .push_csv(&library.name, "people", &csv(0..40), ",")
        .await;
    assert_eq!(
        version.state(),
        version::State::Classified,
        "{}",
        version.failure_message
    );
    version.name
}

async fn read(site: &Site, name: &str) -> v1::Version {
    let request = v1::GetVersionRequest {
        name: name.to_owned(),
    };
    let answer = site
        .user("owner")
        .library()
        .get_version(request)
        .await
        .unwrap();
    answer.into_inner().version.unwrap()
}

pub async fn faults_are_named(site: &Site, version: &str) {
    let generalized = PROFILE.replace(
        "role = \"quasi\"\ntransform = \"keep\"",
        "role = \"quasi\"\ntransform = \"generalize\"\nhierarchy = \"region\"",
    );
    assert_ne!(generalized, PROFILE);
    let faults: [(String, &str, &[&str]); 9] = [
        (
            PROFILE.replace("columns.code", "columns.salary"),
            "profile",
            &["\"people\"", "no column \"salary\""],
        ),
        (
            PROFILE.replace("datasets.people", "datasets.staff"),
            "profile",
            &["\"staff\"", "does not have"],
        ),
        (PROFILE.replace("k = 5", "k = five"), "profile", &["line 4"]),
        (
            PROFILE.replace("k = 5", "k = 1"),
            "profile",
            &["line 4", "k"],
        ),
        (
            PROFILE.replace("\"quasi\"", "\"quazi\""),
            "profile",
            &["line 13", "role"],
        ),
        (
            PROFILE.replace("domain =", "domian ="),
            "profile",
            &["line 10", "domian"],
        ),
        (
            PROFILE.replace("limit = 0.05", "limit = 5"),
            "profile",
            &["line 5", "suppression_limit"],
        ),
        (
            PROFILE.replace("\"pseudonymize\"", "\"keep\""),
            "profile",
            &["line 9", "iin"],
        ),
        (
            generalized.clone(),
            "hierarchies",
            &["\"region\"", "was not sent"],
        ),
    ];
    let before = read(site, version).await;
    for (profile, field, named) in faults {
        assert_ne!(profile, PROFILE);
        let request = v1::ValidateProfileRequest {
            parent: version.to_owned(),
            profile: profile.clone(),
            ..Default::default()
        };
        let mut client = site.user("steward").depersonalization();
        let status = client.validate_profile(request).await.unwrap_err();
        told(&status, Code::InvalidArgument, "INVALID_FIELD", named);
        assert!(
            fields(&status).iter().all(|found| found == field),
            "{status:?}"
        );
        let started = site
            .depersonalize(version, &profile, vec![])
            .await
            .unwrap_err();
        assert_eq!(started.message(), status.message());
    }
    let crooked = v1::Hierarchy {
        hierarchy_id: "region".to_owned(),
        csv: b"r0;north;*\nr1;*\n".to_vec(),
    };
    let status = site
        .depersonalize(version, &generalized, vec![crooked])
        .await
        .unwrap_err();
    told(&status, Code::InvalidArgument, "INVALID_FIELD", &["region"]);
    assert_eq!(fields(&status), ["hierarchies[0]"]);
    // None of it left a run behind.
    assert_eq!(read(site, version).await, before);
}

pub async fn k_out_of_reach_says_what_is_in_reach(site: &Site, version: &str) {
    let strict = PROFILE.replace("k = 5", "k = 12");
    let failed = site.depersonalize(version, &strict, vec![]).await.unwrap();
    assert_eq!(failed.state(), run::State::Failed);
    for part in [
        "\"people\"",
        "k = 12",
        "40 rows",
        "the largest k reachable within the limit is 10",
    ] {
        assert!(
            failed.failure_message.contains(part),
            "{part}: {}",
            failed.failure_message
        );
    }
    assert!(failed.reports.is_empty());
    let after = read(site, version).await;
    assert_eq!(after.state(), version::State::Classified);
    assert!(
        after.failure_message.contains("k = 12"),
        "{}",
        after.failure_message
    );
    let request = v1::PublishVersionRequest {
        name: version.to_owned(),
        run: failed.name,
        ..Default::default()
    };
    let mut client = site.user("owner").depersonalization();
    let status = client.publish_version(request).await.unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "WRONG_STATE",
        &["CLASSIFIED"],
    );
    // Hierarchies that lack a value fail the run with the place, not the platform.
    let generalized = PROFILE.replace(
        "role = \"quasi\"\ntransform = \"keep\"",
        "role = \"quasi\"\ntransform = \"generalize\"\nhierarchy = \"region\"",
    );
    let short = v1::Hierarchy {
        hierarchy_id: "region".to_owned(),
        csv: b"r0;*\nr1;*\nr2;*\n".to_vec(),
    };
    let failed = site
        .depersonalize(version, &generalized, vec![short])
        .await
        .unwrap();
    assert_eq!(failed.state(), run::State::Failed);
    assert!(
        failed.failure_message.contains("region"),
        "{}",
        failed.failure_message
    );
}

pub async fn only_what_was_read_is_published(site: &Site, version: &str) {
    let run = site.depersonalize(version, PROFILE, vec![]).await.unwrap();
    assert_eq!(run.state(), run::State::Verified, "{}", run.failure_message);
    let request = v1::PublishVersionRequest {
        name: version.to_owned(),
        run: run.name.clone(),
        profile_sha256: run.profile_sha256.clone(),
        report_sha256: run.report_sha256.clone(),
        ..Default::default()
    };
    let mut client = site.user("owner").depersonalization();
    let other = "0".repeat(64);
    let wrong = [
        v1::PublishVersionRequest {
            profile_sha256: other.clone(),
            ..request.clone()
        },
        v1::PublishVersionRequest {
            report_sha256: other,
            ..request.clone()
        },
    ];
    for (request, field) in wrong.into_iter().zip(["profile_sha256", "report_sha256"]) {
        let status = client.publish_version(request).await.unwrap_err();
        told(
            &status,
            Code::InvalidArgument,
            "INVALID_FIELD",
            &["read the run again"],
        );
        assert_eq!(fields(&status), [field]);
    }
    assert_eq!(read(site, version).await.state(), version::State::Verified);
    client.publish_version(request).await.unwrap();
    let again = site
        .depersonalize(version, PROFILE, vec![])
        .await
        .unwrap_err();
    told(
        &again,
        Code::FailedPrecondition,
        "WRONG_STATE",
        &["PUBLISHED"],
    );
}
