//! People, not rows: a library of two data sets whose subjects join, and the quality that gates its publication.

use std::collections::BTreeMap;
use std::io::Cursor;

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use sandyq_proto::v1;
use sandyq_proto::v1::{run, version};
use sandyq_tests::work::{csv_dataset, shell};
use sandyq_tests::{Site, reason};
use serde_json::Value;
use tonic::Code;

const PROFILE: &str = r#"version = 1

[privacy]
k = 5
suppression_limit = 0.3

[quality]
validity = 0.9
completeness = 0.9

[datasets.citizens]
subject = "iin"
types = { iin = "ROW_KEY", sex = "SEX" }

[datasets.citizens.columns.iin]
role = "direct"
transform = "pseudonymize"
domain = "person"

[datasets.citizens.columns.region]
role = "quasi"
transform = "keep"

[datasets.citizens.columns.sex]
role = "quasi"
transform = "keep"

[datasets.visits]
subject = "patient"
types = { patient = "ROW_KEY" }

[datasets.visits.columns.patient]
role = "direct"
transform = "pseudonymize"
domain = "person"

[datasets.visits.columns.clinic]
role = "quasi"
transform = "keep"
"#;

fn iin(person: usize) -> String {
    format!("{:012}", 900_101_300_000_usize + person)
}

/// Eighty citizens; half of them went to a clinic once, and the first of them twelve times more to one where nobody else goes.
fn library(sexes: [&str; 2]) -> [(&'static str, Vec<u8>); 2] {
    let (mut citizens, mut visits) = ("iin,region,sex\n".to_owned(), "patient,clinic\n".to_owned());
    for person in 0..80 {
        let (region, sex) = (person % 2, sexes[person / 2 % 2]);
        citizens += &format!("{},r{region},{sex}\n", iin(person));
        if person % 4 < 2 {
            visits += &format!("{},c{}\n", iin(person), person / 4 % 2);
        }
    }
    visits += &format!("{},c9\n", iin(0)).repeat(12);
    [
        ("citizens", citizens.into_bytes()),
        ("visits", visits.into_bytes()),
    ]
}

async fn push(site: &Site, library: &str, datasets: &[(&str, Vec<u8>)]) -> v1::Version {
    let declared = datasets
        .iter()
        .map(|(id, bytes)| csv_dataset(id, bytes, ","));
    site.push_datasets(library, declared.collect(), datasets)
        .await
}

async fn verified(site: &Site, version: &v1::Version) -> v1::Run {
    let run = site
        .depersonalize(&version.name, PROFILE, vec![])
        .await
        .unwrap();
    assert_eq!(run.state(), run::State::Verified, "{}", run.failure_message);
    run
}

/// What a job reads of a data set, by pseudonym.
fn rows(parquet: &[u8], key: &str) -> BTreeMap<String, Vec<String>> {
    let frame: DataFrame = ParquetReader::new(Cursor::new(parquet)).finish().unwrap();
    let texts = |name: &str| -> Vec<String> {
        let column = frame.column(name).unwrap().str().unwrap();
        column
            .iter()
            .map(|value| value.unwrap_or("?").to_owned())
            .collect()
    };
    let others: Vec<Vec<String>> = frame
        .get_column_names()
        .into_iter()
        .filter(|name| name.as_str() != key)
        .map(|name| texts(name))
        .collect();
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (row, pseudonym) in texts(key).into_iter().enumerate() {
        let shown: Vec<&str> = others.iter().map(|column| column[row].as_str()).collect();
        rows.entry(pseudonym).or_default().push(shown.join("|"));
    }
    rows.values_mut().for_each(|rows| rows.sort());
    rows
}

#[tokio::test]
async fn people_of_a_library_are_k_by_all_that_can_be_joined_of_them() {
    let site = Site::start().await;
    let library_record = site.create_library("people").await;
    let version = push(&site, &library_record.name, &library(["м", "ж"])).await;
    let run = verified(&site, &version).await;
    let relation = |id: &str| -> Value {
        let report = run
            .reports
            .iter()
            .find(|report| report.dataset_id == id)
            .unwrap();
        let json: Value = serde_json::from_str(&report.report_json).unwrap();
        json["relation"].clone()
    };
    let (citizens, visits) = (relation("citizens"), relation("visits"));
    assert_eq!(
        citizens["datasets"],
        serde_json::json!(["citizens", "visits"])
    );
    assert!(citizens["joined_k"].as_u64().unwrap() >= 5, "{citizens}");
    assert_eq!(citizens["joined_k"], visits["joined_k"]);
    assert_eq!(
        (
            visits["subjects"].as_u64(),
            visits["withheld_rows"].as_u64()
        ),
        (Some(40), Some(13))
    );
    assert!(
        run.quality_breaches.is_empty(),
        "{:?}",
        run.quality_breaches
    );
    let published = site.publish(&run).await;

    let sandbox = site.open_sandbox("lab").await;
    site.grant(&published.name, &sandbox, "research", 600).await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![published.name.clone()],
        ..shell(&image, "cp /data/*/*.parquet /out/")
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    site.release(&job.output).await;
    let citizens = rows(
        &site.released_file(&job.output, "citizens.parquet").await,
        "iin",
    );
    let visits = rows(
        &site.released_file(&job.output, "visits.parquet").await,
        "patient",
    );
    assert_eq!((citizens.len(), visits.len()), (79, 39));
    let mut known: BTreeMap<(&[String], &[String]), usize> = BTreeMap::new();
    for (pseudonym, own) in &citizens {
        let visited = visits.get(pseudonym).map_or(&[][..], Vec::as_slice);
        *known.entry((own, visited)).or_default() += 1;
    }
    assert!(
        visits
            .keys()
            .all(|pseudonym| citizens.contains_key(pseudonym)),
        "joins are kept"
    );
    assert!(known.values().all(|people| *people >= 5), "{known:?}");
}

#[tokio::test]
async fn law_03_data_below_the_thresholds_of_its_profile_is_not_published() {
    let site = Site::start().await;
    let library_record = site.create_library("people").await;
    let version = push(&site, &library_record.name, &library(["м", "unclear"])).await;
    let run = verified(&site, &version).await;
    assert_eq!(
        run.quality_breaches,
        ["validity of citizens.sex is 0.5000, at least 0.9 is required"]
    );
    let quality: Value = serde_json::from_str(&run.quality_json).unwrap();
    assert_eq!(quality["datasets"][0]["dataset"], "citizens");
    assert_eq!(quality["datasets"][1]["duplicates"]["rows"], 11);
    assert!(!run.quality_json.contains(&iin(0)) && !run.quality_json.contains("unclear"));
    let request = v1::PublishVersionRequest {
        name: version.name.clone(),
        run: run.name.clone(),
        profile_sha256: run.profile_sha256.clone(),
        report_sha256: run.report_sha256.clone(),
        ..Default::default()
    };
    let mut owner = site.user("owner").depersonalization();
    let refused = owner.publish_version(request).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "QUALITY_BELOW_THRESHOLD")
    );
    assert!(
        refused
            .message()
            .contains("validity of citizens.sex is 0.5000"),
        "{}",
        refused.message()
    );
    // Another profile may ask for less, and is approved by its own hash.
    let lenient = PROFILE.replace("validity = 0.9", "validity = 0.5");
    let run = site
        .depersonalize(&version.name, &lenient, vec![])
        .await
        .unwrap();
    assert!(
        run.quality_breaches.is_empty(),
        "{:?}",
        run.quality_breaches
    );
    let published = site.publish(&run).await;
    assert_eq!(published.state(), version::State::Published);
}
