//! A file of one GiB through TLS into an encrypted, fsynced object, beside a copy of the same file on the same disk.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use bytes::Bytes;
use ring::digest::{Context, SHA256};
use sandyq_proto::v1;
use sandyq_tests::Site;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::server::memory;
use crate::table::{Bar, Row, median};

const GIB: u64 = 1 << 30;
const MIB: f64 = 1_048_576.0;
/// Bytes of one message, and messages read ahead of the network, as in the command line client.
const MESSAGE: usize = 1 << 20;
const READ_AHEAD: usize = 4;
const ROUNDS: usize = 3;

/// Copies and uploads take turns.
pub async fn measure(site: &Site) -> Vec<Row> {
    let folder = site.dir.parent().unwrap();
    let (source, size, sha256) = make_csv(folder);
    let library = site.create_library("bench-upload").await;
    let (mut copies, mut uploads) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        copies.push(size as f64 / MIB / copy(&source, &folder.join("copy.csv")));
        let seconds = upload(site, &library.name, &source, size, &sha256).await;
        uploads.push(size as f64 / MIB / seconds);
    }
    let peak = memory(site.pid(), "VmHWM");
    std::fs::remove_file(source).unwrap();
    vec![
        Row {
            what: "upload of 1 GiB: TLS, encryption, fsync",
            ours: median(uploads),
            baseline: Some((median(copies), "cp and fsync")),
            unit: "MiB/s",
            bar: Bar::RatioAtLeast(0.4),
        },
        Row {
            what: "memory of the server at its peak, after the uploads",
            ours: peak,
            baseline: None,
            unit: "MiB",
            bar: Bar::Below(200.0),
        },
    ]
}

/// Rows until the size is reached; returns the file, its size and its hash.
fn make_csv(folder: &Path) -> (PathBuf, u64, String) {
    let path = folder.join("source.csv");
    let file = File::create(&path).unwrap();
    let mut out = BufWriter::with_capacity(MESSAGE, file);
    let mut digest = Context::new(&SHA256);
    let mut line = String::from("id,age,region,income,note\n");
    let (mut size, mut state, mut id) = (0_u64, 0x2545_f491_4f6c_dd1d_u64, 0_u64);
    loop {
        out.write_all(line.as_bytes()).unwrap();
        digest.update(line.as_bytes());
        size += line.len() as u64;
        if size >= GIB {
            break;
        }
        // Xorshift (Marsaglia 2003): cheap, and the same file in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        id += 1;
        line.clear();
        use std::fmt::Write as _;
        writeln!(
            line,
            "{id},{},{},{},{state:016x}",
            18 + state % 80,
            state >> 60,
            (state >> 20) % 900_000
        )
        .unwrap();
    }
    out.into_inner().unwrap().sync_all().unwrap();
    (path, size, hex::encode(digest.finish()))
}

fn copy(from: &Path, to: &Path) -> f64 {
    let begin = Instant::now();
    let status = Command::new("cp")
        .arg("--reflink=never")
        .args([from, to])
        .status()
        .unwrap();
    assert!(status.success());
    File::open(to).unwrap().sync_all().unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    std::fs::remove_file(to).unwrap();
    seconds
}

/// Seconds of one Write stream, from its first byte to the answer that all is durable.
async fn upload(site: &Site, library: &str, source: &Path, size: u64, sha256: &str) -> f64 {
    let dataset = v1::Dataset {
        dataset_id: "large".to_owned(),
        format: v1::DatasetFormat::Csv.into(),
        delimiter: ",".to_owned(),
        sha256: sha256.to_owned(),
        size_bytes: i64::try_from(size).unwrap(),
        ..Default::default()
    };
    let version = site.create_version(library, vec![dataset]).await.unwrap();
    let resource = version.datasets[0].upload.clone();
    let mut client = site.user("owner").library();
    let source = source.to_owned();
    let begin = Instant::now();
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let reading = tokio::task::spawn_blocking(move || read(&source, &resource, size, &sender));
    let answer = client
        .write(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    let seconds = begin.elapsed().as_secs_f64();
    reading.await.unwrap();
    assert!(answer.complete, "{answer:?}");
    seconds
}

fn read(source: &Path, resource: &str, size: u64, sender: &mpsc::Sender<v1::WriteRequest>) {
    let mut file = File::open(source).unwrap();
    let mut at = 0;
    while at < size {
        let length = usize::try_from(size - at).unwrap().min(MESSAGE);
        let mut data = Vec::with_capacity(length);
        let read = (&mut file).take(length as u64).read_to_end(&mut data);
        assert_eq!(read.unwrap(), length);
        let message = v1::WriteRequest {
            resource_name: if at == 0 {
                resource.to_owned()
            } else {
                String::new()
            },
            write_offset: i64::try_from(at).unwrap(),
            finish_write: at + length as u64 == size,
            data: Bytes::from(data),
        };
        at += length as u64;
        if sender.blocking_send(message).is_err() {
            return;
        }
    }
}
