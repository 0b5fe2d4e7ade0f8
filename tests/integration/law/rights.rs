//! Withdrawal of consent, objections, and their terms.

use std::io::Cursor;
use std::time::{Duration, Instant};

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use sandyq_proto::v1;
use sandyq_proto::v1::subject_request::{Kind, RefusalGround, State};
use sandyq_tests::register::{PROFILE, csv};
use sandyq_tests::rights::{self, SUBJECT, objection};
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, fields, reason, request_id, site};
use tonic::{Code, Status};

use crate::audit;

/// Code, reason, and an article in the message: what every refusal tells here.
fn told(status: &Status, code: Code, expected: &str, part: &str) {
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(reason(status), expected, "{status:?}");
    assert!(
        status.message().contains(part),
        "{part:?} is not in {:?}",
        status.message()
    );
    assert!(!status.message().contains(SUBJECT), "{status:?}");
}

async fn refuse(
    site: &Site,
    name: &str,
    ground: RefusalGround,
    why: &str,
) -> Result<v1::SubjectRequest, Status> {
    let request = v1::RefuseSubjectRequestRequest {
        name: name.to_owned(),
        ground: ground.into(),
        reason: why.to_owned(),
        request_id: request_id(),
    };
    let answer = site
        .user("owner")
        .subject()
        .refuse_subject_request(request)
        .await?;
    Ok(answer.into_inner().subject_request.unwrap())
}

async fn notify(site: &Site, name: &str) -> Result<v1::SubjectRequest, Status> {
    let request = v1::NotifySubjectRequest {
        name: name.to_owned(),
        channel: "letter 231".to_owned(),
        request_id: request_id(),
    };
    let answer = site
        .user("steward")
        .subject()
        .notify_subject(request)
        .await?;
    Ok(answer.into_inner().subject_request.unwrap())
}

async fn requests(site: &Site, who: &str, overdue_only: bool) -> Vec<v1::SubjectRequest> {
    let request = v1::ListSubjectRequestsRequest {
        overdue_only,
        ..Default::default()
    };
    let answer = site
        .user(who)
        .subject()
        .list_subject_requests(request)
        .await;
    answer.unwrap().into_inner().subject_requests
}

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
    let run = site
        .depersonalize(&again.name, PROFILE, vec![])
        .await
        .unwrap();
    assert_eq!(
        run.state(),
        v1::run::State::Verified,
        "{}",
        run.failure_message
    );
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

/// The end of the term as the calendar on this machine tells it.
fn calendar_end(date: &str, days: u32) -> i64 {
    let days = days.to_string();
    let said = site::run(&["calendar", "deadline", date, &days, "--output", "json"]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    said["end"].as_i64().unwrap()
}

/// Noon of a day in Almaty.
fn noon(date: &str) -> prost_types::Timestamp {
    format!("{date}T07:00:00Z").parse().unwrap()
}

/// The date of today less so many days, in Almaty.
fn days_ago(days: u64) -> String {
    let at = std::time::SystemTime::now() + Duration::from_secs(5 * 3600)
        - Duration::from_secs(days * 24 * 3600);
    prost_types::Timestamp::from(at).to_string()[..10].to_owned()
}

pub async fn answers(site: &Site) {
    let today = days_ago(0);
    for (kind, days) in [
        (Kind::Withdrawal, 15),
        (Kind::Objection, 3),
        (Kind::Question, 3),
    ] {
        let mut request = rights::withdrawal();
        request.set_kind(kind);
        let entered = site
            .request_of_subject("steward", request, SUBJECT)
            .await
            .unwrap();
        assert_eq!(
            entered.due_time.unwrap().seconds,
            calendar_end(&today, days),
            "{kind:?}"
        );
        assert_eq!(entered.working_days_left, i32::try_from(days).unwrap());
        assert!(!entered.overdue);
    }
    let asked = site
        .request_of_subject("steward", objection(), SUBJECT)
        .await
        .unwrap();
    let status = site
        .accept_request("owner", &asked.name, " ")
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), fields(&status)),
        (Code::InvalidArgument, vec!["reason".to_owned()])
    );
    let status = notify(site, &asked.name).await.unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "WRONG_STATE",
        "article 19-1",
    );
    let answered = site
        .accept_request("owner", &asked.name, "a person decides")
        .await
        .unwrap();
    assert_eq!(
        (answered.state(), answered.granted),
        (State::Fulfilled, true)
    );
    assert_eq!(answered.decision_reason, "a person decides");
    let status = refuse(site, &asked.name, RefusalGround::NoData, "no")
        .await
        .unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "WRONG_STATE",
        "article 19-1",
    );
    assert_eq!(
        notify(site, &asked.name).await.unwrap().state(),
        State::Closed
    );

    let asked = site
        .request_of_subject("steward", objection(), SUBJECT)
        .await
        .unwrap();
    let status = refuse(site, &asked.name, RefusalGround::Unspecified, "no")
        .await
        .unwrap_err();
    told(
        &status,
        Code::InvalidArgument,
        "INVALID_FIELD",
        "article 8.7",
    );
    assert_eq!(fields(&status), ["ground"]);
    let status = refuse(site, &asked.name, RefusalGround::NoData, "")
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["reason"]);
    let refused = refuse(site, &asked.name, RefusalGround::NoData, "nothing is held")
        .await
        .unwrap();
    assert_eq!((refused.state(), refused.granted), (State::Refused, false));
    let closed = notify(site, &asked.name).await.unwrap();
    assert_eq!(closed.refusal_ground(), RefusalGround::NoData);
}

/// A request that lay about for a month is overdue at once, until the subject is told, and the log says so once.
pub async fn overdue(site: &Site) {
    let received = days_ago(30);
    let late = v1::SubjectRequest {
        receive_time: Some(noon(&received)),
        ..objection()
    };
    let late = site
        .request_of_subject("steward", late, SUBJECT)
        .await
        .unwrap();
    assert_eq!(late.due_time.unwrap().seconds, calendar_end(&received, 3));
    assert!(late.overdue && late.working_days_left < 0, "{late:?}");
    let names = |requests: Vec<v1::SubjectRequest>| -> Vec<String> {
        requests.into_iter().map(|request| request.name).collect()
    };
    for who in ["owner", "admin", "auditor"] {
        assert_eq!(
            names(requests(site, who, true).await),
            std::slice::from_ref(&late.name),
            "{who}"
        );
    }
    assert!(requests(site, "other-owner", false).await.is_empty());
    for attempt in 0.. {
        let entries = audit::verified(site).await;
        if audit::count(&entries, "system.SubjectRequestOverdue", &late.name) == 1
            && audit::count(&entries, "system.SubjectRequestReminder", &late.name) == 1
        {
            break;
        }
        assert!(attempt < 100, "the log does not say that it is overdue");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    site.accept_request("owner", &late.name, "too late, but answered")
        .await
        .unwrap();
    assert_eq!(
        names(requests(site, "owner", true).await),
        std::slice::from_ref(&late.name)
    );
    notify(site, &late.name).await.unwrap();
    assert!(requests(site, "owner", true).await.is_empty());
}

pub async fn bad_requests(site: &Site) {
    let before = requests(site, "owner", false).await.len();
    for iin in [
        "900101300018",
        "900230300019",
        "90010130001",
        "",
        "900101000157",
    ] {
        let status = site
            .request_of_subject("steward", objection(), iin)
            .await
            .unwrap_err();
        told(
            &status,
            Code::InvalidArgument,
            "INVALID_FIELD",
            "law on personal data, article 8",
        );
        assert_eq!(fields(&status), ["iin"]);
        assert!(
            iin.is_empty() || !status.message().contains(iin),
            "{status:?}"
        );
    }
    let evidence = |document: &str, sha256: &str| {
        Some(v1::Evidence {
            reference: document.to_owned(),
            sha256: sha256.to_owned(),
        })
    };
    let hash = sandyq_tests::sha256(b"statement");
    let number = format!("statement of {SUBJECT}");
    for (request, field) in [
        (
            v1::SubjectRequest {
                kind: 0,
                ..objection()
            },
            "subject_request.kind",
        ),
        (
            v1::SubjectRequest {
                evidence: None,
                ..objection()
            },
            "subject_request.evidence",
        ),
        (
            v1::SubjectRequest {
                evidence: evidence("", &hash),
                ..objection()
            },
            "subject_request.evidence.reference",
        ),
        (
            v1::SubjectRequest {
                evidence: evidence("letter", "12"),
                ..objection()
            },
            "subject_request.evidence.sha256",
        ),
        (
            v1::SubjectRequest {
                evidence: evidence(&number, &hash),
                ..objection()
            },
            "subject_request.evidence.reference",
        ),
        (
            v1::SubjectRequest {
                statement: number.clone(),
                ..objection()
            },
            "subject_request.statement",
        ),
    ] {
        let status = site
            .request_of_subject("steward", request, SUBJECT)
            .await
            .unwrap_err();
        told(
            &status,
            Code::InvalidArgument,
            "INVALID_FIELD",
            "law on personal data, article",
        );
        assert_eq!(fields(&status), [field]);
    }
    for time in [noon("2100-01-01"), noon("2001-01-01")] {
        let request = v1::SubjectRequest {
            receive_time: Some(time),
            ..objection()
        };
        let status = site
            .request_of_subject("steward", request, SUBJECT)
            .await
            .unwrap_err();
        assert_eq!(fields(&status), ["subject_request.receive_time"]);
    }
    // The same request twice is one request, and the number cannot be told from what is kept of it.
    let twice = v1::CreateSubjectRequestRequest {
        subject_request: Some(objection()),
        iin: SUBJECT.to_owned(),
        request_id: request_id(),
    };
    let mut client = site.user("steward").subject();
    let one = client
        .create_subject_request(twice.clone())
        .await
        .unwrap()
        .into_inner();
    let other = client
        .create_subject_request(twice.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(one, other);
    let of_another = v1::CreateSubjectRequestRequest {
        iin: "850615400125".to_owned(),
        ..twice
    };
    let status = client.create_subject_request(of_another).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id"]);
    assert_eq!(requests(site, "owner", false).await.len(), before + 1);
}

/// A calendar that ends before the term does: the request is refused and nothing is entered.
pub async fn calendar_without_the_year() {
    let mut site = Site::init(Options {
        config: vec![("calendar".to_owned(), "\"ours.toml\"".to_owned())],
        ..Options::default()
    });
    let calendar = "version = 1\n[[year]]\nyear = 2020\nbasis = \"BY_RULE\"\nsources = [\"ours\"]\n\
                    [[year.holiday]]\ndate = 2020-01-01\nname = \"New Year\"\n";
    std::fs::write(
        site.dir.join("ours.toml"),
        calendar.replace("2020-01-01", "2021-01-01"),
    )
    .unwrap();
    let said = site.serve_in_vain();
    assert!(
        said.contains("calendar") && said.contains("2021-01-01"),
        "{said}"
    );
    std::fs::write(site.dir.join("ours.toml"), calendar).unwrap();
    site.serve().await;
    site.enrol_everybody().await;
    let status = site
        .request_of_subject("steward", objection(), SUBJECT)
        .await
        .unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "CALENDAR_YEAR_MISSING",
        "article 19-1",
    );
    assert_eq!(fields(&status), ["subject_request.receive_time"]);
    assert!(requests(&site, "owner", false).await.is_empty());
}
