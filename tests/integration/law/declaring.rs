//! What an agency declares of a library.

use sandyq_proto::v1;
use sandyq_tests::work::{evidence, in_seconds, library};
use sandyq_tests::{Site, reason, request_id};
use tonic::Status;

use super::lending::{check, update};

async fn create(
    site: &Site,
    who: &str,
    id: &str,
    library: v1::Library,
) -> Result<v1::Library, Status> {
    let request = v1::CreateLibraryRequest {
        library_id: id.to_owned(),
        library: Some(library),
        request_id: request_id(),
    };
    let answer = site.user(who).library().create_library(request).await?;
    Ok(answer.into_inner().library.unwrap())
}

pub async fn special_state_body(site: &Site) {
    let special = |kind: v1::OrganizationKind| v1::CreateOrganizationRequest {
        organization_id: "guard".to_owned(),
        organization: Some(v1::Organization {
            display_name: "State guard".to_owned(),
            kind: kind.into(),
            special_state_body: true,
            ..Default::default()
        }),
        request_id: request_id(),
    };
    let mut admin = site.user("admin").identity();
    let request = special(v1::OrganizationKind::Developer);
    let outcome = admin.create_organization(request).await;
    check(outcome, "organization.special_state_body", "article 13.2");
    let request = special(v1::OrganizationKind::Agency);
    admin.create_organization(request).await.unwrap();
    let keeper = site.enrol("keeper", "guard", v1::Role::AgencyOwner).await;
    let request = |own_initiative| v1::CreateLibraryRequest {
        library_id: "posts".to_owned(),
        library: Some(v1::Library {
            own_initiative,
            ..library("posts")
        }),
        request_id: request_id(),
    };
    let outcome = keeper.library().create_library(request(None)).await;
    check(outcome, "library.own_initiative", "article 13.2");
    let taken = keeper
        .library()
        .create_library(request(Some(evidence())))
        .await;
    taken.unwrap();
}

pub async fn declared_lawfully(site: &Site) {
    let with = |change: &dyn Fn(&mut v1::Library)| {
        let mut library = library("odd");
        change(&mut library);
        library
    };
    let consent = |library: &mut v1::Library| {
        library.legal_basis = Some(v1::LegalBasis {
            kind: v1::legal_basis::Kind::Consent.into(),
            reference: "form No. 3".to_owned(),
        });
    };
    let wrong: [(v1::Library, &str, &str); 9] = [
        (
            with(&|l| {
                l.provenance_kind = v1::ProvenanceKind::UntargetedExtraction.into();
            }),
            "library.provenance_kind",
            "article 7.11",
        ),
        (
            with(&|l| l.provenance_kind = 0),
            "library.provenance_kind",
            "article 7.11",
        ),
        (
            with(&|l| l.legal_basis = None),
            "library.legal_basis",
            "article 7.8",
        ),
        (
            with(&|l| l.legal_basis.as_mut().unwrap().reference.clear()),
            "library.legal_basis.reference",
            "article 7.8",
        ),
        (
            with(&|l| consent(l)),
            "library.consent_expire_time",
            "articles 8.5-8.6",
        ),
        (
            with(&|l| {
                consent(l);
                l.consent_expire_time = in_seconds(0);
            }),
            "library.consent_expire_time",
            "articles 8.5-8.6",
        ),
        (
            with(&|l| l.biometric = Some(v1::BiometricContent::default())),
            "library.biometric.ground",
            "7.12",
        ),
        (
            with(&|l| {
                l.biometric = Some(v1::BiometricContent {
                    ground: v1::LawfulGround::Consent.into(),
                    evidence: None,
                });
            }),
            "library.biometric.evidence",
            "7.12",
        ),
        (
            with(&|l| l.purposes = vec!["marketing".to_owned()]),
            "library.purposes[0]",
            "article 7.8",
        ),
    ];
    for (library, field, article) in wrong {
        check(create(site, "owner", "odd", library).await, field, article);
    }
    let request = v1::GetLibraryRequest {
        name: "libraries/odd".to_owned(),
    };
    let absent = site.user("owner").library().get_library(request).await;
    assert_eq!(reason(&absent.unwrap_err()), "RESOURCE_NOT_FOUND");

    // Biometric data that intake finds needs evidence before anything is done with it.
    let faces = create(site, "owner", "faces", library("faces"))
        .await
        .unwrap();
    let mut csv = "photo_path,region\n".to_owned();
    for row in 0..40 {
        csv.push_str(&format!("photos/{:05}.jpg,r{}\n", row * 977, row % 4));
    }
    let version = site
        .push_csv(&faces.name, "faces", csv.as_bytes(), ",")
        .await;
    assert_eq!(
        version.state(),
        v1::version::State::Classified,
        "{version:?}"
    );
    let profile = "version = 1\n[privacy]\nk = 2\n[datasets.faces.columns.region]\nrole = \"quasi\"\ntransform = \"keep\"\n";
    let status = site
        .depersonalize(&version.name, profile, vec![])
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "BIOMETRIC_EVIDENCE_MISSING", "{status:?}");
    assert!(status.message().contains("7.12"), "{status:?}");
    let declared = v1::Library {
        name: faces.name.clone(),
        biometric: Some(v1::BiometricContent {
            ground: v1::LawfulGround::Consent.into(),
            evidence: Some(evidence()),
        }),
        ..library("faces")
    };
    update(site, declared).await.unwrap();
    let run = site.depersonalize(&version.name, profile, vec![]).await;
    assert_eq!(run.unwrap().state(), v1::run::State::Verified);
}

pub async fn owner_depersonalized(site: &Site) {
    let library = site.create_library("own").await;
    let push = async |csv: &str| {
        let request = v1::CreateVersionRequest {
            parent: library.name.clone(),
            provenance: "a register kept by law".to_owned(),
            datasets: vec![sandyq_tests::work::csv_dataset(
                "people",
                csv.as_bytes(),
                ",",
            )],
            owner_depersonalized: true,
            request_id: request_id(),
        };
        let mut owner = site.user("owner").library();
        let version = owner.create_version(request).await.unwrap();
        let version = version.into_inner().version.unwrap();
        site.write(&version.datasets[0].upload, csv.as_bytes())
            .await
            .unwrap();
        site.finalize(&version.name).await
    };
    let profile = "version = 1\n[privacy]\nk = 5\nsuppression_limit = 0.9\n\
        [datasets.people.columns.region]\nrole = \"quasi\"\ntransform = \"keep\"\n\
        [datasets.people.columns.code]\nrole = \"insensitive\"\ntransform = \"keep\"\n";
    // What identifies persons by itself is not depersonalized, whatever its owner says.
    let raw = String::from_utf8(sandyq_tests::register::csv(0..40)).unwrap();
    let version = push(&raw).await;
    let status = site
        .depersonalize(&version.name, profile, vec![])
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "NOT_DEPERSONALIZED", "{status:?}");
    assert!(status.message().contains("article 17.3"), "{status:?}");
    let rows = |count: usize, alone: &str| {
        let mut csv = "region,code\n".to_owned();
        for row in 0..count {
            csv.push_str(&format!("r{},low\n", row % 4));
        }
        csv + alone
    };
    // One record alone in its class: the verifier finds it.
    let version = push(&rows(40, "r99,low\n")).await;
    let run = site
        .depersonalize(&version.name, profile, vec![])
        .await
        .unwrap();
    assert_eq!(run.state(), v1::run::State::Failed, "{run:?}");
    assert!(
        run.failure_message.contains("article 17.3"),
        "{}",
        run.failure_message
    );
    let version = push(&rows(40, "")).await;
    let run = site.verified(&version.name, profile, vec![]).await;
    let published = site.publish(&run).await;
    assert!(published.owner_depersonalized && published.measured_k >= 5);
}
