//! Incidents: what they touch, who is to be told, and fines.

use sandyq_proto::v1;
use sandyq_proto::v1::incident::{Counted, Offender, State};
use sandyq_proto::v1::{Offence, OffenderCategory};
use sandyq_tests::register::csv;
use sandyq_tests::{Site, fields, reason, request_id, rights};
use tonic::{Code, Status};

async fn classify(
    site: &Site,
    name: &str,
    category: &str,
    offender: Option<Offender>,
) -> Result<v1::Incident, Status> {
    let request = v1::ClassifyIncidentRequest {
        name: name.to_owned(),
        category: category.to_owned(),
        offender,
        request_id: request_id(),
        ..Default::default()
    };
    let answer = site
        .user("admin")
        .incident()
        .classify_incident(request)
        .await?;
    Ok(answer.into_inner().incident.unwrap())
}

async fn link(
    site: &Site,
    name: &str,
    libraries: &[&str],
    systems: &[&str],
) -> Result<v1::Incident, Status> {
    let request = v1::LinkIncidentRequest {
        name: name.to_owned(),
        libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
        systems: systems.iter().map(|name| (*name).to_owned()).collect(),
        request_id: request_id(),
        ..Default::default()
    };
    let answer = site.user("admin").incident().link_incident(request).await?;
    Ok(answer.into_inner().incident.unwrap())
}

async fn notice(site: &Site, name: &str, recipient: &str) -> Result<v1::Incident, Status> {
    let request = v1::RecordIncidentNoticeRequest {
        name: name.to_owned(),
        recipient: recipient.to_owned(),
        reference: "letter 12".to_owned(),
        request_id: request_id(),
    };
    let answer = site
        .user("admin")
        .incident()
        .record_incident_notice(request)
        .await?;
    Ok(answer.into_inner().incident.unwrap())
}

async fn close(
    site: &Site,
    name: &str,
    evidence: Option<v1::Evidence>,
) -> Result<v1::Incident, Status> {
    let request = v1::CloseIncidentRequest {
        name: name.to_owned(),
        measures: "locks were changed".to_owned(),
        evidence,
        request_id: request_id(),
    };
    let answer = site
        .user("admin")
        .incident()
        .close_incident(request)
        .await?;
    Ok(answer.into_inner().incident.unwrap())
}

async fn get(site: &Site, who: &str, name: &str) -> Result<v1::Incident, Status> {
    let request = v1::GetIncidentRequest {
        name: name.to_owned(),
    };
    let answer = site.user(who).incident().get_incident(request).await?;
    Ok(answer.into_inner().incident.unwrap())
}

async fn a_lesser_class_needs_a_reason_and_is_remembered(site: &Site, name: &str) {
    let status = classify(site, name, "security-event", None)
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["reason"], "{status:?}");
    let reclassify = |category: &str| v1::ClassifyIncidentRequest {
        name: name.to_owned(),
        category: category.to_owned(),
        reason: "the disk was encrypted".to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    let mut admin = site.user("admin").incident();
    let lesser = admin.classify_incident(reclassify("security-event")).await;
    let lesser = lesser.unwrap().into_inner().incident.unwrap();
    let told = |incident: &v1::Incident| {
        let mut sent = incident.notices.iter().filter(|of| of.send_time.is_some());
        sent.any(|of| of.recipient == "authority" && of.reference == "letter 12")
    };
    assert!(told(&lesser), "{lesser:?}");
    let again = admin
        .classify_incident(reclassify("personal-data-breach"))
        .await;
    let again = again.unwrap().into_inner().incident.unwrap();
    assert!(told(&again) && again.state() == State::Classified);
    let [first, second] = &again.reclassifications[..] else {
        panic!("{again:?}")
    };
    assert_eq!(first.category, "personal-data-breach");
    assert_eq!(first.reason, "the disk was encrypted");
    assert!(first.dropped_recipients.contains(&"subjects".to_owned()));
    assert_eq!(second.category, "security-event");
    let seen = get(site, "owner", name).await.unwrap();
    assert_eq!(seen.reclassifications, again.reclassifications);
}

pub async fn breach(site: &Site) {
    // The same people twice: in two versions of one library.
    let first = site.publish_register("people", 0..60).await;
    let second = site
        .push_csv("libraries/people", "people", &csv(30..70), ",")
        .await;
    let incident = site.record_incident(rights::incident()).await.unwrap();
    assert_eq!(
        (incident.state(), incident.subject_count),
        (State::Recorded, 0)
    );

    let status = classify(site, &incident.name, "personal-data-breach", None)
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status)),
        (Code::FailedPrecondition, "NOTHING_AFFECTED".to_owned())
    );
    assert!(
        status
            .message()
            .contains("law on informatization, article 7-2"),
        "{status:?}"
    );
    let status = classify(site, &incident.name, "bad-luck", None)
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["category"]);
    assert!(
        status.message().contains("personal-data-breach"),
        "{status:?}"
    );
    let status = link(site, &incident.name, &["libraries/none"], &[])
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["libraries[0]"]);
    let status = notice(site, &incident.name, "authority").await.unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE");

    let linked = link(site, &incident.name, &["libraries/people"], &[])
        .await
        .unwrap();
    let counts: Vec<_> = linked
        .affected
        .iter()
        .map(|of| (of.version.as_str(), of.subject_count, of.counted()))
        .collect();
    assert_eq!(
        counts,
        [
            (first.name.as_str(), 60, Counted::Subjects),
            (second.name.as_str(), 40, Counted::Subjects)
        ]
    );
    assert_eq!(linked.subject_count, 70, "thirty people are in both");
    let breach = classify(site, &incident.name, "personal-data-breach", None)
        .await
        .unwrap();
    assert!(breach.breach && breach.state() == State::Classified);
    let recipients: Vec<&str> = breach
        .notices
        .iter()
        .map(|notice| notice.recipient.as_str())
        .collect();
    assert_eq!(recipients, ["authority", "owners", "subjects"]);
    assert!(
        breach
            .notices
            .iter()
            .all(
                |notice| notice.due_time.unwrap().seconds > breach.detect_time.unwrap().seconds
                    && !notice.overdue
            )
    );

    // The agency whose data it was can read it, to inform the subjects; others are not told that it is there.
    let seen = get(site, "owner", &incident.name).await.unwrap();
    assert_eq!((seen.affected.len(), seen.subject_count), (2, 70));
    for who in ["other-owner", "developer"] {
        assert_eq!(
            get(site, who, &incident.name).await.unwrap_err().code(),
            Code::NotFound
        );
    }
    for (who, count) in [("other-owner", 0), ("owner", 1), ("auditor", 1)] {
        let request = v1::ListIncidentsRequest::default();
        let mut client = site.user(who).incident();
        let listed = client.list_incidents(request).await.unwrap();
        assert_eq!(listed.into_inner().incidents.len(), count, "{who}");
    }

    let status = close(site, &incident.name, rights::evidence())
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE");
    assert!(
        status.message().contains("authority, owners, subjects"),
        "{status:?}"
    );
    let status = notice(site, &incident.name, "the press").await.unwrap_err();
    assert_eq!(fields(&status), ["recipient"]);
    notice(site, &incident.name, "authority").await.unwrap();
    a_lesser_class_needs_a_reason_and_is_remembered(site, &incident.name).await;
    for (recipient, state) in [("owners", State::Classified), ("subjects", State::Notified)] {
        assert_eq!(
            notice(site, &incident.name, recipient)
                .await
                .unwrap()
                .state(),
            state
        );
    }
    let status = close(site, &incident.name, None).await.unwrap_err();
    assert_eq!(fields(&status), ["evidence"]);
    assert!(status.message().contains("article 7-2"), "{status:?}");
    assert_eq!(
        close(site, &incident.name, rights::evidence())
            .await
            .unwrap()
            .state(),
        State::Closed
    );
    for status in [
        classify(site, &incident.name, "security-event", None)
            .await
            .unwrap_err(),
        link(site, &incident.name, &["libraries/people"], &[])
            .await
            .unwrap_err(),
        close(site, &incident.name, rights::evidence())
            .await
            .unwrap_err(),
    ] {
        assert_eq!(reason(&status), "WRONG_STATE", "{status:?}");
    }

    // Notices that nobody gave for a month are overdue, and the log says so.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(30 * 24 * 3600);
    let late = v1::Incident {
        detect_time: Some(old.into()),
        versions: vec![first.name.clone()],
        ..rights::incident()
    };
    let late = site.record_incident(late).await.unwrap();
    let late = classify(site, &late.name, "personal-data-breach", None)
        .await
        .unwrap();
    assert!(late.notices.iter().all(|notice| notice.overdue), "{late:?}");
    for attempt in 0.. {
        let entries = crate::audit::verified(site).await;
        if crate::audit::count(&entries, "system.IncidentNoticeOverdue", &late.name) == 1 {
            break;
        }
        assert!(
            attempt < 100,
            "the log does not say that notices are overdue"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

fn offender(category: OffenderCategory, offence: Offence) -> Option<Offender> {
    Some(Offender {
        organization: "organizations/lab".to_owned(),
        category: category.into(),
        offence: offence.into(),
    })
}

pub async fn exposure(site: &Site) {
    let event = "security-event";
    let record = async |date: &str| {
        let incident = v1::Incident {
            detect_time: Some(format!("{date}T07:00:00Z").parse().unwrap()),
            ..rights::incident()
        };
        site.record_incident(incident).await.unwrap().name
    };
    let medium = || offender(OffenderCategory::MediumBusiness, Offence::RisksNotManaged);

    let name = record("2026-05-04").await;
    for (wrong, field) in [
        (
            offender(OffenderCategory::Unspecified, Offence::RisksNotManaged),
            "offender.category",
        ),
        (
            offender(OffenderCategory::SmallBusiness, Offence::Unspecified),
            "offender.offence",
        ),
    ] {
        let status = classify(site, &name, event, wrong).await.unwrap_err();
        assert_eq!(fields(&status), [field]);
        assert!(status.message().contains("article 641-1"), "{status:?}");
    }
    let stranger = Some(Offender {
        organization: "organizations/none".to_owned(),
        ..medium().unwrap()
    });
    let status = classify(site, &name, event, stranger).await.unwrap_err();
    assert_eq!(fields(&status), ["offender.organization[0]"]);
    assert_eq!(
        get(site, "admin", &name).await.unwrap().state(),
        State::Recorded,
        "nothing changed"
    );

    let first = classify(site, &name, event, medium())
        .await
        .unwrap()
        .exposure
        .unwrap();
    assert_eq!(
        (first.mrp, first.mrp_tenge, first.amount_tenge),
        (30, 4325, 129_750)
    );
    assert!(
        !first.repeated && first.basis.contains("article 641-1"),
        "{first:?}"
    );
    let again = classify(site, &record("2026-06-01").await, event, medium())
        .await
        .unwrap()
        .exposure
        .unwrap();
    assert_eq!(
        (again.mrp, again.amount_tenge, again.repeated),
        (70, 302_750, true)
    );
    assert_eq!(again.previous, name);
    let other = offender(OffenderCategory::LargeBusiness, Offence::UsersNotInformed);
    let other = classify(site, &record("2026-06-02").await, event, other)
        .await
        .unwrap()
        .exposure
        .unwrap();
    assert_eq!((other.mrp, other.repeated), (100, false));

    // A year without an index is not guessed from another.
    let old = record("2019-06-01").await;
    let status = classify(site, &old, event, medium()).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status)),
        (
            Code::FailedPrecondition,
            "EXPOSURE_NOT_CONFIGURED".to_owned()
        )
    );
    assert!(
        status.message().contains("2019") && status.message().contains("641-1"),
        "{status:?}"
    );
    assert_eq!(
        get(site, "admin", &old).await.unwrap().state(),
        State::Recorded
    );
    let seen = get(site, "auditor", &name).await.unwrap();
    assert_eq!(seen.exposure.unwrap().amount_tenge, 129_750);
}
