//! Raw data and releases.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};
use sandyq_proto::v1;
use sandyq_proto::v1::{run, version};
use sandyq_tests::register::{PROFILE, csv, iin, person_name};
use sandyq_tests::work::{csv_dataset, shell};
use sandyq_tests::{Site, fields, reason};
use tonic::{Code, Status};

async fn finalize(site: &Site, name: &str) -> Result<(), Status> {
    let request = v1::FinalizeVersionRequest {
        name: name.to_owned(),
        ..Default::default()
    };
    site.user("owner")
        .library()
        .finalize_version(request)
        .await
        .map(drop)
}

async fn publish(site: &Site, version: &str, run: &v1::Run) -> Result<(), Status> {
    let request = v1::PublishVersionRequest {
        name: version.to_owned(),
        run: run.name.clone(),
        profile_sha256: run.profile_sha256.clone(),
        report_sha256: run.report_sha256.clone(),
        ..Default::default()
    };
    let mut client = site.user("owner").depersonalization();
    client.publish_version(request).await.map(drop)
}

pub async fn versioned_as_a_whole(site: &Site) {
    let library = site.create_library("registers").await;
    let (people, staff) = (csv(0..40), csv(40..80));
    let datasets = vec![
        csv_dataset("people", &people, ","),
        csv_dataset("staff", &staff, ","),
    ];
    let version = site.create_version(&library.name, datasets).await.unwrap();
    let upload = |id: &str| {
        let dataset = version
            .datasets
            .iter()
            .find(|dataset| dataset.dataset_id == id);
        dataset.unwrap().upload.clone()
    };
    site.write(&upload("people"), &people).await.unwrap();
    let status = finalize(site, &version.name).await.unwrap_err();
    assert_eq!(reason(&status), "UPLOAD_INCOMPLETE", "{status:?}");
    assert!(status.message().contains("staff"), "{status:?}");
    site.write(&upload("staff"), &staff).await.unwrap();
    let taken = site.finalize(&version.name).await;
    assert_eq!(
        taken.state(),
        version::State::Classified,
        "{}",
        taken.failure_message
    );
    // What is done must be said of each of its data sets.
    let status = site
        .depersonalize(&version.name, PROFILE, vec![])
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["profile"], "{status:?}");
    assert!(status.message().contains("\"staff\""), "{status:?}");
    let both = PROFILE.to_owned()
        + &PROFILE[PROFILE.find("[datasets").unwrap()..]
            .replace("datasets.people", "datasets.staff");
    let run = site
        .depersonalize(&version.name, &both, vec![])
        .await
        .unwrap();
    assert_eq!(run.state(), run::State::Verified, "{}", run.failure_message);
    let reported: Vec<_> = run
        .reports
        .iter()
        .map(|report| report.dataset_id.as_str())
        .collect();
    assert_eq!(reported, ["people", "staff"]);
    publish(site, &version.name, &run).await.unwrap();
    // A published version stays as it is: no data set is added or changed.
    let status = site.write(&upload("staff"), &people).await.unwrap_err();
    assert_eq!(reason(&status), "VERSION_NOT_UPLOADING");
    let status = finalize(site, &version.name).await.unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE");
}

pub async fn nothing_is_published_unmeasured(site: &Site) {
    let library = site.create_library("unmeasured").await;
    let version = site
        .push_csv(&library.name, "people", &csv(0..40), ",")
        .await;
    let invented = v1::Run {
        name: format!("{}/runs/r1", version.name),
        ..Default::default()
    };
    let status = publish(site, &version.name, &invented).await.unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE", "{status:?}");
    let strict = PROFILE.replace("k = 5", "k = 11");
    let failed = site
        .depersonalize(&version.name, &strict, vec![])
        .await
        .unwrap();
    assert_eq!(failed.state(), run::State::Failed);
    let status = publish(site, &version.name, &failed).await.unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE", "{status:?}");
    // A run that was verified, and then superseded by another, is not published either.
    let first = site
        .depersonalize(&version.name, PROFILE, vec![])
        .await
        .unwrap();
    let second = site
        .depersonalize(&version.name, PROFILE, vec![])
        .await
        .unwrap();
    assert_eq!(
        second.state(),
        run::State::Verified,
        "{}",
        second.failure_message
    );
    let status = publish(site, &version.name, &first).await.unwrap_err();
    assert_eq!(reason(&status), "WRONG_STATE", "{status:?}");
    // The developer sees nothing of the version until then.
    let request = v1::GetVersionRequest {
        name: version.name.clone(),
    };
    let status = site
        .user("developer")
        .library()
        .get_version(request)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "{status:?}");
}

fn texts(frame: &DataFrame, column: &str) -> Vec<String> {
    let column = frame.column(column).unwrap();
    let texts = column.str().unwrap();
    (0..texts.len())
        .map(|row| texts.get(row).unwrap().to_owned())
        .collect()
}

pub async fn a_job_sees_the_release_only(site: &Site) {
    let version = site.publish_register("people", 0..40).await;
    let request = v1::GetRunRequest {
        name: version.published_run.clone(),
    };
    let run = site
        .user("owner")
        .depersonalization()
        .get_run(request)
        .await
        .unwrap();
    let report = run.into_inner().run.unwrap().reports.remove(0);
    assert_eq!(
        (report.input_rows, report.released_rows, report.measured_k),
        (40, 40, 10)
    );
    let sandbox = site.open_sandbox("box").await;
    site.grant(&version.name, &sandbox, "research", 600).await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(
            &image,
            "find /data -type f > /out/files; cp /data/people/people.parquet /out/",
        )
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    site.release(&job.output).await;
    let files = site
        .download("developer", &job.output, "files")
        .await
        .unwrap();
    assert_eq!(
        String::from_utf8(files).unwrap(),
        "/data/people/people.parquet\n"
    );
    let bytes = site
        .download("developer", &job.output, "people.parquet")
        .await
        .unwrap();
    let frame = ParquetReader::new(Cursor::new(bytes)).finish().unwrap();
    let columns: BTreeSet<&str> = frame
        .get_column_names()
        .into_iter()
        .map(|name| name.as_str())
        .collect();
    assert_eq!(columns, BTreeSet::from(["code", "iin", "region"]));
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    for region in texts(&frame, "region") {
        *classes.entry(region).or_default() += 1;
    }
    assert_eq!(classes.values().min(), Some(&10));
    let known: BTreeSet<String> = (0..40).map(iin).collect();
    for pseudonym in texts(&frame, "iin") {
        assert!(!known.contains(&pseudonym));
        assert!(
            pseudonym.len() == 32 && pseudonym.bytes().all(|b| b.is_ascii_hexdigit()),
            "{pseudonym}"
        );
    }
}

/// Fields of type `bytes` in a message and all it holds.
fn byte_fields(
    message: &MessageDescriptor,
    out: &mut BTreeSet<String>,
    seen: &mut BTreeSet<String>,
) {
    if !seen.insert(message.full_name().to_owned()) {
        return;
    }
    for field in message.fields() {
        match field.kind() {
            Kind::Bytes => {
                out.insert(
                    field
                        .full_name()
                        .trim_start_matches("sandyq.v1.")
                        .to_owned(),
                );
            }
            Kind::Message(inner) => byte_fields(&inner, out, seen),
            _ => {}
        }
    }
}

pub async fn no_call_answers_with_raw_bytes(site: &Site) {
    let pool = DescriptorPool::decode(sandyq_proto::DESCRIPTOR_SET).unwrap();
    let mut found = BTreeSet::new();
    for service in pool.services() {
        for method in service.methods() {
            byte_fields(&method.output(), &mut found, &mut BTreeSet::new());
        }
    }
    // Outputs by way of the airlock, answers of trials, the filtered log, terminals and their records, the audit log and its
    // proofs; nothing of libraries.
    let known = [
        "CallTrialResponse.body",
        "DownloadOutputResponse.data",
        "DownloadShellRecordResponse.data",
        "ExportLogResponse.data",
        "GetConsistencyProofResponse.hashes",
        "GetInclusionProofResponse.hashes",
        "OpenShellResponse.output",
        "StreamLogsResponse.data",
    ];
    assert_eq!(found, known.map(str::to_owned).into());

    let library = site.create_library("quarantined").await;
    let version = site
        .push_csv(&library.name, "people", &csv(0..40), ",")
        .await;
    let upload = version.datasets[0].upload.clone();
    for who in [
        "admin",
        "reviewer",
        "owner",
        "steward",
        "developer",
        "auditor",
    ] {
        for name in [&upload, &version.name] {
            let status = site.download(who, name, "people").await.unwrap_err();
            assert_eq!(reason(&status), "RESOURCE_NOT_FOUND", "{who} {name}");
        }
    }
    // Nor can a job be given data that was not published.
    let sandbox = site.open_sandbox("early").await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(&image, "cat /data/quarantined/people.parquet")
    };
    let status = site.submit(&sandbox, job).await.unwrap_err();
    assert_eq!(reason(&status), "RESOURCE_NOT_FOUND");
    let status = site
        .request_grant(&version.name, &sandbox, "research", 60)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "RESOURCE_NOT_FOUND");
}

/// Looks through every file of the platform.
fn found_in(site: &Site, needle: &str) -> Vec<String> {
    let mut out = Vec::new();
    for file in site.files() {
        let Ok(bytes) = std::fs::read(&file) else {
            continue;
        };
        if bytes
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
        {
            out.push(file.display().to_string());
        }
    }
    out
}

pub async fn nothing_raw_lies_on_the_disk(site: &Site) {
    let version = site.publish_register("people", 0..40).await;
    // The search finds what is there: the name of the version is no secret.
    assert!(!found_in(site, &version.name).is_empty());
    for person in [0, 7, 39] {
        assert_eq!(found_in(site, &person_name(person)), Vec::<String>::new());
        assert_eq!(found_in(site, &iin(person)), Vec::<String>::new());
    }
    let log = site.export_log().await;
    let log = String::from_utf8(log).unwrap();
    assert!(log.contains(&version.name));
    assert!(!log.contains("Plaintext-Serikova") && !log.contains(&iin(7)));
    assert!(!site.log().contains("Plaintext-Serikova") && !site.log().contains(&iin(7)));
}

pub async fn messages_that_may_quote_raw_values_are_the_owners(site: &Site) {
    let library = site.create_library("quoted").await;
    let version = site
        .push_csv(&library.name, "people", &csv(0..40), ",")
        .await;
    let strict = PROFILE.replace("k = 5", "k = 12");
    let run = site
        .depersonalize(&version.name, &strict, vec![])
        .await
        .unwrap();
    assert!(
        run.failure_message.contains("k = 12"),
        "{}",
        run.failure_message
    );
    for who in ["admin", "auditor"] {
        let request = v1::GetVersionRequest {
            name: version.name.clone(),
        };
        let seen = site.user(who).library().get_version(request).await.unwrap();
        let version = seen.into_inner().version.unwrap();
        let request = v1::GetRunRequest {
            name: run.name.clone(),
        };
        let seen = site
            .user(who)
            .depersonalization()
            .get_run(request)
            .await
            .unwrap();
        let run = seen.into_inner().run.unwrap();
        for message in [version.failure_message, run.failure_message] {
            assert!(
                !message.is_empty() && !message.contains("k = 12"),
                "{who}: {message}"
            );
        }
    }
}
