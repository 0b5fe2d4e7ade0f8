//! Withdrawals of consent.

use std::io::Cursor;
use std::time::{Duration, Instant};

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use sandyq_proto::v1;
use sandyq_proto::v1::subject_request::{RefusalGround, State};
use sandyq_tests::register::{PROFILE, csv};
use sandyq_tests::rights::{self, SUBJECT};
use sandyq_tests::work::shell;
use sandyq_tests::{Site, request_id};
use tonic::Code;

use super::rights::{notify, refuse, requests, told};
use crate::audit;

/// The `code` of every row: who is in the release.
fn codes(parquet: &[u8]) -> Vec<String> {
    let frame: DataFrame = ParquetReader::new(Cursor::new(parquet)).finish().unwrap();
    let column = frame.column("code").unwrap().str().unwrap();
    column.iter().flatten().map(str::to_owned).collect()
}

/// A job that copies the release out, released by the airlock.
async fn copied(site: &Site, sandbox: &str, image: &str, version: &str) -> (v1::Job, Vec<u8>) {
    let library = version.split('/').nth(1).unwrap();
    let job = v1::Job {
        versions: vec![version.to_owned()],
        ..shell(
            image,
            &format!("cp /data/{library}/people.parquet /out/model"),
        )
    };
    let job = site.submit(sandbox, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    site.release(&job.output).await;
    let file = site.released_file(&job.output, "model").await;
    (job, file)
}

/// From the release that holds a person to the release that does not, with all that must end on the way.
pub async fn withdrawal(site: &Site) {
    let version = site.publish_register("people", 0..60).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("box").await;
    site.grant(&version.name, &sandbox, "research", 600).await;
    let (model, before) = copied(site, &sandbox, &image, &version.name).await;
    assert!(codes(&before).contains(&"c17".to_owned()));
    assert_eq!(codes(&before).len(), 60);
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(&image, "sleep 50")
    };
    let running = site.submit(&sandbox, job).await.unwrap();
    site.wait_job_until(&running.name, |job| job.state() == v1::job::State::Running)
        .await;

    let asked = site
        .request_of_subject("steward", rights::withdrawal(), SUBJECT)
        .await
        .unwrap();
    assert_eq!(
        (asked.state(), asked.working_days_left),
        (State::Received, 15)
    );
    // Neither another agency nor who entered it nor the operator decides.
    for (who, code) in [
        ("other-owner", Code::NotFound),
        ("developer", Code::NotFound),
        ("steward", Code::PermissionDenied),
        ("admin", Code::PermissionDenied),
    ] {
        let status = site.accept_request(who, &asked.name, "").await.unwrap_err();
        assert_eq!(status.code(), code, "{who}: {status:?}");
    }
    let own = site
        .request_of_subject("owner", rights::withdrawal(), SUBJECT)
        .await
        .unwrap();
    let status = site
        .accept_request("owner", &own.name, "")
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");

    let nothing = RefusalGround::NoData;
    let status = refuse(site, &asked.name, nothing, "nothing is held").await;
    let status = status.unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "DATA_HELD",
        &version.name,
    );

    let from = Instant::now();
    let done = site.accept_request("owner", &asked.name, "").await.unwrap();
    let ended = site.wait_job(&running.name).await;
    let took = from.elapsed();
    assert!(
        took < Duration::from_secs(5),
        "the job ended after {took:?}"
    );
    assert_eq!(
        ended.cause_of_death(),
        v1::CauseOfDeath::Revoked,
        "{ended:?}"
    );
    assert!(ended.output.is_empty(), "{ended:?}");
    assert_eq!(done.state(), State::Fulfilled);
    assert!(done.granted && done.decider == "users/owner" && done.fulfil_time.is_some());
    let held = v1::subject_request::HeldVersion {
        version: version.name.clone(),
        retired: true,
    };
    assert_eq!(done.versions, [held]);
    assert_eq!(done.ended_jobs, [running.name.as_str()]);
    let [output] = done.outputs.as_slice() else {
        panic!("{:?}", done.outputs)
    };
    assert_eq!((&output.output, output.released), (&model.output, true));
    assert_eq!(
        (output.system.as_str(), output.organization.as_str()),
        ("systems/box-system", "organizations/lab")
    );
    let retired = site
        .wait_version(&version.name, &[v1::version::State::Retired])
        .await;
    assert!(retired.name == version.name);
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(&image, "true")
    };
    assert!(site.submit(&sandbox, job).await.is_err());

    no_way_back(site, &asked.name).await;
    left_out_of_the_next(site, &sandbox, &image).await;
    the_log_shows_when(site, &asked.name, &version.name, &running.name).await;
    nothing_tells_the_number(site).await;
}

async fn no_way_back(site: &Site, name: &str) {
    let status = refuse(
        site,
        name,
        RefusalGround::RequiredByLaw,
        "on second thought",
    )
    .await
    .unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "WRONG_STATE",
        "article 8.7",
    );
    let status = site.accept_request("owner", name, "").await.unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "WRONG_STATE",
        "article 8.7",
    );
    assert_eq!(notify(site, name).await.unwrap().state(), State::Closed);
    let status = notify(site, name).await.unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "WRONG_STATE",
        "article 8.7",
    );
}

/// The agency sends the same file again: the next release is without the subject, and its report says how many rows went.
async fn left_out_of_the_next(site: &Site, sandbox: &str, image: &str) {
    let again = site
        .push_csv("libraries/people", "people", &csv(0..60), ",")
        .await;
    let run = site.verified(&again.name, PROFILE, vec![]).await;
    let report = &run.reports[0];
    assert_eq!(
        (
            report.withdrawn_rows,
            report.input_rows,
            report.released_rows
        ),
        (1, 59, 59)
    );
    let json: serde_json::Value = serde_json::from_str(&report.report_json).unwrap();
    assert_eq!(json["withdrawn_rows"], 1, "{}", report.report_json);
    assert!(!report.report_json.contains(SUBJECT));
    let published = site.publish(&run).await;
    site.grant(&published.name, sandbox, "research", 600).await;
    let (_, file) = copied(site, sandbox, image, &published.name).await;
    let codes = codes(&file);
    assert_eq!(codes.len(), 59);
    assert!(!codes.contains(&"c17".to_owned()) && codes.contains(&"c16".to_owned()));
}

async fn the_log_shows_when(site: &Site, request: &str, version: &str, job: &str) {
    let entries = audit::verified(site).await;
    for (action, resource) in [
        ("SubjectService.CreateSubjectRequest", request),
        ("system.VersionRetired", version),
        ("system.JobRevoked", job),
        ("SubjectService.NotifySubject", request),
    ] {
        assert_eq!(
            audit::count(&entries, action, resource),
            1,
            "{action} {resource}"
        );
    }
    assert!(audit::count(&entries, "SubjectService.AcceptSubjectRequest", request) >= 2);
}

/// Not in the database, nor in any other file, nor in the server's log, nor in the audit log.
async fn nothing_tells_the_number(site: &Site) {
    let number = SUBJECT.as_bytes();
    for file in site.files() {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let found = bytes.windows(number.len()).any(|window| window == number);
        assert!(!found, "{} holds the number", file.display());
    }
    assert!(!site.log().contains(SUBJECT));
    let export = site.export_log().await;
    assert!(!export.windows(number.len()).any(|window| window == number));
    for request in requests(site, "owner", false).await {
        assert!(!format!("{request:?}").contains(SUBJECT));
    }
}

/// A run that was verified before the withdrawal cannot be published after it; the next one can.
pub async fn releases_under_way(site: &Site) {
    let library = site.create_library("drafts").await;
    let version = site
        .push_csv(&library.name, "people", &csv(0..60), ",")
        .await;
    let run = site
        .depersonalize(&version.name, PROFILE, vec![])
        .await
        .unwrap();
    assert_eq!(run.reports[0].withdrawn_rows, 0);
    let other = site.create_library("others").await;
    let without = site
        .push_csv(&other.name, "people", &csv(18..60), ",")
        .await;
    let unaffected = site
        .depersonalize(&without.name, PROFILE, vec![])
        .await
        .unwrap();
    let asked = site
        .request_of_subject("steward", rights::withdrawal(), SUBJECT)
        .await
        .unwrap();
    let done = site.accept_request("owner", &asked.name, "").await.unwrap();
    let held = v1::subject_request::HeldVersion {
        version: version.name.clone(),
        retired: false,
    };
    assert_eq!(done.versions, [held]);
    let request = v1::PublishVersionRequest {
        name: version.name.clone(),
        run: run.name.clone(),
        profile_sha256: run.profile_sha256.clone(),
        report_sha256: run.report_sha256.clone(),
        request_id: request_id(),
    };
    let refused = site
        .user("owner")
        .depersonalization()
        .publish_version(request)
        .await;
    told(
        &refused.unwrap_err(),
        Code::FailedPrecondition,
        "CONSENT_WITHDRAWN",
        "article 8.7",
    );
    let run = site
        .depersonalize(&version.name, PROFILE, vec![])
        .await
        .unwrap();
    assert_eq!(
        (run.reports[0].withdrawn_rows, run.reports[0].released_rows),
        (1, 59)
    );
    site.publish(&run).await;
    site.publish(&unaffected).await;
}
