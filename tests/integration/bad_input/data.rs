//! Faults of the bytes themselves.

use std::io::{Cursor, Write as _};
use std::process::{Command, Stdio};

use polars::prelude::{Column, DataFrame, ParquetCompression, ParquetWriter};
use sandyq_proto::v1;
use sandyq_proto::v1::version::State;
use sandyq_tests::register::PROFILE;
use sandyq_tests::site::program;
use sandyq_tests::work::csv_dataset;
use sandyq_tests::{Site, fields, reason, request_id};
use tonic::Code;

use super::told;

fn dataset(id: &str, format: v1::DatasetFormat, bytes: &[u8]) -> v1::Dataset {
    v1::Dataset {
        format: format.into(),
        delimiter: if format == v1::DatasetFormat::Csv {
            ",".to_owned()
        } else {
            String::new()
        },
        ..csv_dataset(id, bytes, "")
    }
}

fn parquet() -> Vec<u8> {
    let numbers = Column::new("number".into(), (0..1000).collect::<Vec<i64>>());
    let mut frame = DataFrame::new(1000, vec![numbers]).unwrap();
    let mut out = Cursor::new(Vec::new());
    ParquetWriter::new(&mut out).finish(&mut frame).unwrap();
    out.into_inner()
}

async fn push(site: &Site, library: &str, datasets: Vec<(v1::Dataset, &[u8])>) -> v1::Version {
    let declared = datasets
        .iter()
        .map(|(dataset, _)| dataset.clone())
        .collect();
    let version = site.create_version(library, declared).await.unwrap();
    for opened in &version.datasets {
        let (_, bytes) = datasets
            .iter()
            .find(|(d, _)| d.dataset_id == opened.dataset_id)
            .unwrap();
        assert!(site.write(&opened.upload, bytes).await.unwrap().complete);
    }
    site.finalize(&version.name).await
}

/// A refused version can neither be worked on nor be seen by those who may see what is published.
async fn leads_nowhere(site: &Site, version: &v1::Version) {
    assert_eq!(version.state(), State::Refused);
    assert!(
        version
            .datasets
            .iter()
            .all(|dataset| dataset.columns.is_empty())
    );
    let run = site
        .depersonalize(&version.name, PROFILE, vec![])
        .await
        .unwrap_err();
    told(&run, Code::FailedPrecondition, "WRONG_STATE", &["REFUSED"]);
    let request = v1::PublishVersionRequest {
        name: version.name.clone(),
        ..Default::default()
    };
    let mut client = site.user("owner").depersonalization();
    let status = client.publish_version(request).await.unwrap_err();
    told(
        &status,
        Code::FailedPrecondition,
        "WRONG_STATE",
        &["REFUSED"],
    );
    let request = v1::GetVersionRequest {
        name: version.name.clone(),
    };
    let status = site
        .user("developer")
        .library()
        .get_version(request)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "RESOURCE_NOT_FOUND");
}

pub async fn every_fault_is_named_with_its_place(site: &Site) {
    use v1::DatasetFormat::{Csv, Ndjson, Parquet};
    let library = site.create_library("faults").await;
    let whole = parquet();
    let taken = push(
        site,
        &library.name,
        vec![(dataset("rows", Parquet, &whole), &whole)],
    )
    .await;
    assert_eq!(
        taken.state(),
        State::Classified,
        "{}",
        taken.failure_message
    );
    let faults: [(_, &[u8], &[&str]); 10] = [
        (
            Csv,
            b"a,b\n1,2\n3\n",
            &["row 2", "line 3", "found 1 columns", "has 2"],
        ),
        (
            Csv,
            b"a,b\n1,2,3\n",
            &["row 1", "line 2", "found 3 columns", "has 2"],
        ),
        (Csv, b"a,b\n1,\xff\n", &["offset 6", "UTF-8"]),
        (Csv, b"", &["empty"]),
        (Csv, b"a,b,a\n1,2,3\n", &["columns 1 and 3", "\"a\""]),
        (Csv, b"a,b\n1,\"2\n", &["never closed", "column 2"]),
        (Csv, b"a,b\n1,\x00\n", &["NUL", "column 2"]),
        (Ndjson, b"{\"a\":1}\n{\"a\":\n", &["line 2"]),
        (
            Parquet,
            &whole[..whole.len() / 2],
            &["Parquet", "truncated"],
        ),
        (Parquet, b"", &["empty"]),
    ];
    for (format, bytes, named) in faults {
        let version = push(
            site,
            &library.name,
            vec![(dataset("rows", format, bytes), bytes)],
        )
        .await;
        let message = &version.failure_message;
        for part in ["rows"].iter().chain(named) {
            assert!(message.contains(part), "{part:?} is not in {message:?}");
        }
        leads_nowhere(site, &version).await;
    }
}

pub async fn one_bad_data_set_refuses_the_version(site: &Site) {
    use v1::DatasetFormat::Csv;
    let library = site.create_library("mixed").await;
    let (good, bad): (&[u8], &[u8]) = (b"a,b\n1,2\n", b"a,b\n1\n");
    let datasets = vec![
        (dataset("good", Csv, good), good),
        (dataset("bad", Csv, bad), bad),
    ];
    let version = push(site, &library.name, datasets).await;
    assert!(
        version.failure_message.contains("data set bad: row 1"),
        "{}",
        version.failure_message
    );
    assert!(!version.failure_message.contains("data set good"));
    leads_nowhere(site, &version).await;
}

pub async fn declarations_are_checked_first(site: &Site) {
    let library = site.create_library("declared").await;
    let good = || csv_dataset("rows", b"a\n1\n", ",");
    let wrong: [(Vec<v1::Dataset>, &str); 8] = [
        (vec![], "datasets"),
        (
            vec![v1::Dataset {
                dataset_id: "No Name".to_owned(),
                ..good()
            }],
            "datasets[0].dataset_id",
        ),
        (vec![good(), good()], "datasets[1].dataset_id"),
        (
            vec![v1::Dataset {
                sha256: "abc".to_owned(),
                ..good()
            }],
            "datasets[0].sha256",
        ),
        (
            vec![v1::Dataset {
                size_bytes: -1,
                ..good()
            }],
            "datasets[0].size_bytes",
        ),
        (
            vec![v1::Dataset {
                size_bytes: i64::MAX,
                ..good()
            }],
            "datasets[0].size_bytes",
        ),
        (
            vec![v1::Dataset {
                format: 0,
                ..good()
            }],
            "datasets[0].format",
        ),
        (
            vec![v1::Dataset {
                delimiter: "ab".to_owned(),
                ..good()
            }],
            "datasets[0].delimiter",
        ),
    ];
    for (datasets, field) in wrong {
        let status = site
            .create_version(&library.name, datasets)
            .await
            .unwrap_err();
        told(&status, Code::InvalidArgument, "INVALID_FIELD", &[field]);
        assert_eq!(fields(&status), [field]);
    }
    let request = v1::CreateVersionRequest {
        parent: library.name.clone(),
        datasets: vec![good()],
        request_id: request_id(),
        ..Default::default()
    };
    let status = site
        .user("owner")
        .library()
        .create_version(request)
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["provenance"], "{status:?}");
    let request = v1::ListVersionsRequest {
        parent: library.name,
        ..Default::default()
    };
    let listed = site
        .user("owner")
        .library()
        .list_versions(request)
        .await
        .unwrap();
    assert!(listed.into_inner().versions.is_empty());
}

/// Bytes that end the process that decodes them: found by trying each byte of a good file, so that the test is of what the decoder of
/// today cannot bear.
pub fn deadly(options: &[&str]) -> Vec<u8> {
    let texts = Column::new("text".into(), ["x", "y", "z"]);
    let numbers = Column::new("number".into(), [1_i64, 2, 3]);
    let mut frame = DataFrame::new(3, vec![numbers, texts]).unwrap();
    let mut out = Cursor::new(Vec::new());
    ParquetWriter::new(&mut out)
        .with_compression(ParquetCompression::Uncompressed)
        .finish(&mut frame)
        .unwrap();
    let whole = out.into_inner();
    let kills = |bytes: &[u8]| {
        let mut decoder = Command::new(program())
            .arg("decode-parquet")
            .args(options)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A decoder that died reads no more.
        let _ = decoder.stdin.take().unwrap().write_all(bytes);
        !decoder.wait().unwrap().success()
    };
    assert!(!kills(&whole));
    // Lengths are written so that the lowest bit is the sign.
    let mut spoilt = (4..whole.len()).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    });
    spoilt.find(|bytes| kills(bytes)).unwrap()
}

pub async fn a_file_that_kills_its_decoder_does_not_kill_the_server(site: &Site) {
    let bytes = deadly(&[]);
    let library = site.create_library("deadly").await;
    let declared = dataset("rows", v1::DatasetFormat::Parquet, &bytes);
    let version = push(site, &library.name, vec![(declared, &bytes)]).await;
    let message = &version.failure_message;
    assert!(message.contains("the decoder gave up on it"), "{message}");
    leads_nowhere(site, &version).await;
}
