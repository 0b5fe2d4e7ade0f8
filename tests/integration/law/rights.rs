//! Objections and questions of subjects, and their terms.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_proto::v1::subject_request::{Kind, RefusalGround, State};
use sandyq_tests::rights::{self, SUBJECT, objection};
use sandyq_tests::{Options, Site, fields, reason, request_id, site};
use tonic::{Code, Status};

use crate::audit;

/// Code, reason, and an article in the message: what every refusal tells here.
pub(super) fn told(status: &Status, code: Code, expected: &str, part: &str) {
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(reason(status), expected, "{status:?}");
    assert!(
        status.message().contains(part),
        "{part:?} is not in {:?}",
        status.message()
    );
    assert!(!status.message().contains(SUBJECT), "{status:?}");
}

pub(super) async fn refuse(
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

pub(super) async fn notify(site: &Site, name: &str) -> Result<v1::SubjectRequest, Status> {
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

pub(super) async fn requests(
    site: &Site,
    who: &str,
    overdue_only: bool,
) -> Vec<v1::SubjectRequest> {
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
    let told = notify(site, &late.name).await.unwrap();
    assert!(told.overdue, "it was late, and stays so: {told:?}");
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
