//! The server, with what it keeps.

use std::fs;

use sandyq_proto::v1;
use sandyq_tests::work::csv_dataset;
use sandyq_tests::{Site, sha256};

use super::Made;

#[tokio::test]
async fn nothing_that_the_platform_keeps_or_says_repeats_a_value() {
    let mut made = Made::registry();
    let site = Site::start().await;
    let library = site.create_library("registry").await;
    let file = |name: &str| fs::read(made.path(&format!("registry/{name}"))).unwrap();
    let ndjson = |id: &str, bytes: &[u8]| v1::Dataset {
        dataset_id: id.to_owned(),
        format: v1::DatasetFormat::Ndjson.into(),
        sha256: sha256(bytes),
        size_bytes: i64::try_from(bytes.len()).unwrap(),
        ..Default::default()
    };
    let data = [
        ("citizens", file("citizens.csv")),
        ("pupils", file("pupils.csv")),
        ("visits", file("visits.ndjson")),
        ("appeals", file("appeals.ndjson")),
    ];
    let declared = vec![
        csv_dataset("citizens", &data[0].1, ","),
        csv_dataset("pupils", &data[1].1, ";"),
        ndjson("visits", &data[2].1),
        ndjson("appeals", &data[3].1),
    ];
    let taken = site.push_datasets(&library.name, declared, &data).await;
    let request = v1::GetClassificationRequest {
        name: taken.name.clone(),
    };
    let found = site
        .user("owner")
        .library()
        .get_classification(request)
        .await;
    let found = found.unwrap().into_inner().classification.unwrap();
    made.keep("the version", format!("{taken:?}"));
    made.keep("the classification", format!("{found:?}"));
    let run = site
        .depersonalize(&taken.name, &found.draft_profile, vec![])
        .await;
    made.keep("the run", format!("{run:?}"));
    // A row is shifted, and another is cut: both are refused, with a message.
    let citizens = String::from_utf8(data[0].1.clone()).unwrap();
    let row = citizens.lines().nth(3).unwrap();
    let headless: Vec<&str> = citizens.lines().skip(1).collect();
    for (name, text) in [
        ("longer", format!("{citizens}{row},{row}\n")),
        ("unclosed", format!("{citizens}\"{row}\n")),
        ("headless", headless.join("\n")),
    ] {
        let refused = site
            .push_csv(&library.name, name, text.as_bytes(), ",")
            .await;
        assert_eq!(refused.state(), v1::version::State::Refused, "{name}");
        assert!(!refused.failure_message.is_empty());
        made.keep(name, format!("{refused:?}"));
    }
    made.keep("the log", site.log());
    let exported = site.export_log().await;
    made.keep(
        "the audit log",
        String::from_utf8_lossy(&exported).into_owned(),
    );
    // The database, and the objects, which are encrypted.
    for path in site.files() {
        if let Ok(bytes) = fs::read(&path) {
            let name = path.strip_prefix(&site.dir).unwrap().display().to_string();
            made.keep(&name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    assert!(
        made.artefacts.keys().any(|name| name == "state.db"),
        "{:?}",
        made.artefacts.keys()
    );
    made.check();
}
