//! What a job finds at `/data`: pseudonyms of its sandbox's own; and what is found of raw data anywhere: nothing.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use sandyq_anonymizer::{
    Cancel, Encoding, Format, Hierarchies, Limits, Profile, PseudonymKey, depersonalize, intake,
};
use sandyq_proto::v1;
use sandyq_store::{Keyring, MasterKey};
use sandyq_tests::Site;
use sandyq_tests::register::{self, PROFILE, iin, person_name};
use sandyq_tests::work::shell;
use sqlx::{Connection as _, Row as _};

/// Pseudonym of each person by `code`, which tells who is who.
type Pseudonyms = BTreeMap<String, String>;

fn pseudonyms(parquet: &[u8]) -> Pseudonyms {
    let frame: DataFrame = ParquetReader::new(Cursor::new(parquet)).finish().unwrap();
    let column = |name: &str| -> Vec<String> {
        let strings = frame.column(name).unwrap().str().unwrap().clone();
        strings.iter().map(|v| v.unwrap().to_owned()).collect()
    };
    assert!(frame.column("name").is_err(), "names are dropped");
    column("code").into_iter().zip(column("iin")).collect()
}

/// Runs a job that takes its inputs out, and what the developer has of them after release.
async fn taken_out(
    site: &Site,
    sandbox: &str,
    image: &str,
    versions: &[&v1::Version],
) -> Vec<Pseudonyms> {
    let job = v1::Job {
        versions: versions.iter().map(|v| v.name.clone()).collect(),
        ..shell(
            image,
            "for d in /data/*; do cp $d/people.parquet /out/$(basename $d); done; sleep 1",
        )
    };
    let job = site.submit(sandbox, job).await.unwrap();
    site.wait_job_until(&job.name, |job| job.state() == v1::job::State::Running)
        .await;
    assert_no_raw_data_below(&site.dir);
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    site.release(&job.output).await;
    let mut out = Vec::new();
    for version in versions {
        let library = version.name.split('/').nth(1).unwrap();
        out.push(pseudonyms(&site.released_file(&job.output, library).await));
    }
    out
}

/// No personal number and no name of the registers stands in clear in any file.
fn assert_no_raw_data_below(folder: &Path) {
    let needles: Vec<String> = [0, 17, 35, 59]
        .into_iter()
        .flat_map(|person| [iin(person), person_name(person)])
        .collect();
    let mut waiting = vec![folder.to_owned()];
    let mut files = 0;
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_type().unwrap().is_dir() {
                waiting.push(entry.path());
                continue;
            }
            // Files come and go while the server works.
            let Ok(bytes) = std::fs::read(entry.path()) else {
                continue;
            };
            files += 1;
            for needle in &needles {
                let found = bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
                assert!(!found, "{needle} stands in {}", entry.path().display());
            }
        }
    }
    assert!(files > 5, "the platform's files were read");
}

/// The release as it was published, made again with the platform's own key.
async fn published(site: &Site, people: std::ops::Range<usize>) -> sandyq_anonymizer::Release {
    let url = format!("sqlite:{}", site.dir.join("state.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let row = sqlx::query("SELECT body FROM secrets WHERE name = 'secrets/pseudonyms'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let body: String = row.get("body");
    connection.close().await.unwrap();
    let secret: serde_json::Value = serde_json::from_str(&body).unwrap();
    let master = std::fs::read_to_string(site.dir.join("master.key")).unwrap();
    let random = std::sync::Arc::new(ring::rand::SystemRandom::new());
    let keyring = Keyring::new(MasterKey::parse(&master).unwrap(), vec![], random);
    let sealed = secret["sealed"].as_str().unwrap();
    let key = keyring.open("secrets/pseudonyms", sealed).unwrap();
    let key = PseudonymKey::new(key.as_slice().try_into().unwrap());
    let format = Format::Csv {
        delimiter: Some(b','),
        encoding: Encoding::Utf8,
    };
    let csv = register::csv(people);
    let table = intake::read_bytes("people", &csv, &format, &Limits::default()).unwrap();
    let profile = Profile::parse(PROFILE).unwrap();
    let hierarchies = Hierarchies::default();
    depersonalize(
        &table,
        &profile,
        &hierarchies,
        &key,
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap()
}

async fn release_sha256(site: &Site, version: &v1::Version) -> String {
    let request = v1::GetRunRequest {
        name: version.published_run.clone(),
    };
    let answer = site
        .user("owner")
        .depersonalization()
        .get_run(request)
        .await;
    answer.unwrap().into_inner().run.unwrap().reports[0]
        .release_sha256
        .clone()
}

#[tokio::test]
async fn libraries_join_in_one_sandbox_and_two_sandboxes_cannot_be_linked() {
    let site = Site::start().await;
    let clinic = site.publish_register("clinic", 0..40).await;
    let school = site.publish_register("school", 20..60).await;
    assert_no_raw_data_below(&site.dir);
    let one = site.open_sandbox("one").await;
    let two = site.open_sandbox("two").await;
    for sandbox in [&one, &two] {
        for version in [&clinic, &school] {
            site.grant(&version.name, sandbox, "research", 600).await;
        }
    }
    let image = site.approved_image().await;
    let in_one = taken_out(&site, &one, &image, &[&clinic, &school]).await;
    let in_two = taken_out(&site, &two, &image, &[&clinic, &school]).await;
    let (clinic_one, school_one) = (&in_one[0], &in_one[1]);
    assert_eq!((clinic_one.len(), school_one.len()), (40, 40));

    let mut joined = 0;
    for (code, pseudonym) in clinic_one {
        if let Some(other) = school_one.get(code) {
            assert_eq!(pseudonym, other, "{code} joins");
            joined += 1;
        }
        let known = school_one.iter().find(|(_, p)| *p == pseudonym);
        assert_eq!(known.is_some(), school_one.contains_key(code));
    }
    assert_eq!(joined, 20);

    let all = |sets: &[Pseudonyms]| -> std::collections::BTreeSet<String> {
        sets.iter().flat_map(|set| set.values().cloned()).collect()
    };
    let (all_one, all_two) = (all(&in_one), all(&in_two));
    assert_eq!((all_one.len(), all_two.len()), (60, 60));
    assert!(all_one.is_disjoint(&all_two), "two sandboxes can be linked");

    let release = published(&site, 0..40).await;
    assert_eq!(
        release.sha256(),
        release_sha256(&site, &clinic).await,
        "this is the published release"
    );
    let published = all(&[pseudonyms(release.bytes())]);
    assert!(published.is_disjoint(&all_one) && published.is_disjoint(&all_two));

    site.wait_clean().await;
    assert_no_raw_data_below(&site.dir);
}
