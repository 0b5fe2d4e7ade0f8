//! Measures how fast an encrypted object is written and read, beside a plain file of the same bytes that is written and
//! fsynced. The three take turns; what is printed are medians.
//!
//! ```text
//! cargo run --release -p sandyq-store --example object_rate -- [FOLDER] [MIB] [ROUNDS]
//! ```

#![allow(
    clippy::unwrap_used,
    reason = "a measurement ends at the first failure"
)]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt as _;
use ring::rand::{SecureRandom as _, SystemRandom};
use sandyq_store::{Keyring, MasterKey, ObjectRecord, ObjectStore};

/// What a connection brings at a time.
const PIECE: usize = 64 << 10;
const MIB: usize = 1 << 20;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().unwrap_or_else(|| ".".to_owned());
    let size: usize = arguments.next().map_or(256, |size| size.parse().unwrap());
    let rounds: u32 = arguments.next().map_or(3, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir_in(parent).unwrap();
    let random = SystemRandom::new();
    let mut block = vec![0; MIB];
    random.fill(&mut block).unwrap();
    let keyring = Keyring::new(
        MasterKey::generate(&random).unwrap(),
        vec![],
        Arc::new(random),
    );
    let objects = ObjectStore::local(folder.path(), keyring).unwrap();

    let (mut plain, mut written, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        plain.push(
            rate(size, async || write_plain(folder.path(), &block, size))
                .await
                .0,
        );
        let place = format!("round/{round}");
        let (pace, record) = rate(size, async || {
            write_object(&objects, &place, &block, size).await
        })
        .await;
        written.push(pace);
        read.push(
            rate(size, async || read_object(&objects, &record).await)
                .await
                .0,
        );
        objects.remove(&record).await.unwrap();
    }
    let (plain, written, read) = (median(plain), median(written), median(read));
    println!("{plain:>7.0} MiB a second into a plain file with fsync");
    println!(
        "{written:>7.0} MiB a second into an encrypted object, {:.2} of the plain file",
        written / plain
    );
    println!("{read:>7.0} MiB a second out of an encrypted object");
}

/// MiB a second.
async fn rate<T>(size: usize, work: impl AsyncFnOnce() -> T) -> (f64, T) {
    let begin = Instant::now();
    let result = work().await;
    (size as f64 / begin.elapsed().as_secs_f64(), result)
}

fn write_plain(folder: &Path, block: &[u8], size: usize) {
    let path = folder.join("plain");
    let mut file = File::create(&path).unwrap();
    for _ in 0..size {
        file.write_all(block).unwrap();
    }
    file.sync_all().unwrap();
    std::fs::remove_file(path).unwrap();
}

async fn write_object(
    objects: &ObjectStore,
    place: &str,
    block: &[u8],
    size: usize,
) -> ObjectRecord {
    let mut writer = objects.create(place).await.unwrap();
    for _ in 0..size {
        for piece in block.chunks(PIECE) {
            writer.write(piece).await.unwrap();
        }
    }
    writer.finish().await.unwrap()
}

async fn read_object(objects: &ObjectStore, record: &ObjectRecord) {
    let mut stream = std::pin::pin!(objects.reader(record).unwrap().stream());
    let mut bytes = 0;
    while let Some(piece) = stream.next().await {
        bytes += piece.unwrap().len() as u64;
    }
    assert_eq!(bytes, record.bytes);
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}
