#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod held;
mod tampering;

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path as FilePath;

use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::*;
use crate::keys::MasterKey;

const MIB: usize = CHUNK_BYTES;
const PLACE: &str = "libraries/births/versions/1/datasets/mothers";

fn keyring(current: &str, old: &[&str]) -> Keyring {
    let key = |byte: &&str| MasterKey::parse(&byte.repeat(32)).unwrap();
    Keyring::new(
        key(&current),
        old.iter().map(key).collect(),
        Arc::new(SystemRandom::new()),
    )
}

/// A folder and a store over it, with segments of two chunks.
fn objects() -> (TempDir, ObjectStore) {
    let folder = tempfile::tempdir().unwrap();
    let objects = open(&folder, keyring("01", &[]));
    (folder, objects)
}

fn open(folder: &TempDir, keyring: Keyring) -> ObjectStore {
    ObjectStore::local(folder.path(), keyring)
        .unwrap()
        .with_segment_chunks(2)
}

/// Bytes that no two chunks have in common, with a mark that would be seen in them.
fn bytes(length: usize) -> Vec<u8> {
    let lines =
        (0..).flat_map(|line: u32| format!("marriage;{line:09};IIN 900101300123\n").into_bytes());
    lines.take(length).collect()
}

async fn write(objects: &ObjectStore, place: &str, bytes: &[u8]) -> ObjectRecord {
    let mut writer = objects.create(place).await.unwrap();
    // Pieces as a connection would bring them, which fit neither chunks nor segments.
    for piece in bytes.chunks(300_007) {
        writer.write(piece).await.unwrap();
    }
    writer.finish().await.unwrap()
}

async fn read(objects: &ObjectStore, record: &ObjectRecord) -> Result<Vec<u8>, ObjectError> {
    objects.reader(record)?.read_all(u64::MAX).await
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

fn file(folder: &TempDir, record: &ObjectRecord, segment: u32) -> PathBuf {
    folder
        .path()
        .join(segment_path(&record.id, segment).to_string())
}

fn files(folder: &FilePath) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test]
async fn objects_of_every_length_come_back() {
    let (_folder, objects) = objects();
    for length in [
        0,
        1,
        MIB - 1,
        MIB,
        MIB + 1,
        2 * MIB,
        2 * MIB + 1,
        4 * MIB,
        5 * MIB + 77,
    ] {
        let bytes = bytes(length);
        let record = write(&objects, PLACE, &bytes).await;
        assert_eq!(
            (record.bytes, record.sha256.as_str()),
            (length as u64, sha256(&bytes).as_str())
        );
        assert_eq!(record.segments as usize, length / (2 * MIB) + 1);
        assert!(
            read(&objects, &record).await.unwrap() == bytes,
            "{length} bytes"
        );
    }
}

#[tokio::test]
async fn a_range_is_read_from_the_chunks_that_have_it_alone() {
    let (folder, objects) = objects();
    let bytes = bytes(5 * MIB + 77);
    let record = write(&objects, PLACE, &bytes).await;
    let range = async |from: usize, to: usize| {
        let reader = objects.reader(&record).unwrap();
        reader.read_range(from as u64..to as u64, u64::MAX).await
    };
    let end = bytes.len();
    for (from, to) in [
        (0, 0),
        (0, 1),
        (5, 300),
        (MIB - 1, MIB),
        (MIB, 2 * MIB),
        (MIB - 3, 3 * MIB + 9),
        (end - 1, end),
        (5 * MIB, end),
        (end, end),
        (0, end),
    ] {
        assert!(
            range(from, to).await.unwrap() == bytes[from..to],
            "{from}..{to}"
        );
    }
    assert!(matches!(
        range(0, end + 1).await,
        Err(ObjectError::OutOfRange { .. })
    ));
    let reader = objects.reader(&record).unwrap();
    assert!(matches!(
        reader.read_range(0..3, 2).await,
        Err(ObjectError::TooLarge { bytes: 3, .. })
    ));
    // What lies in another chunk may be damaged; what lies in this one may not, wherever in it.
    let path = file(&folder, &record, 1);
    let mut bad = std::fs::read(&path).unwrap();
    bad[format::HEADER_LEN + 500_000] ^= 1;
    std::fs::write(&path, bad).unwrap();
    assert!(range(0, 2 * MIB).await.is_ok() && range(3 * MIB, end).await.is_ok());
    let found = range(2 * MIB + 7, 2 * MIB + 8).await;
    assert!(matches!(found, Err(ObjectError::Tampered { chunk: 2, .. })));
}

#[tokio::test]
async fn another_master_key_is_named_and_keys_rotate() {
    let (folder, objects) = objects();
    let bytes = bytes(MIB + 5);
    let record = write(&objects, PLACE, &bytes).await;
    let stranger = open(&folder, keyring("02", &[]));
    let error = read(&stranger, &record).await.unwrap_err();
    assert!(
        matches!(error, ObjectError::Key(KeyringError::WrongMasterKey { .. })),
        "{error}"
    );

    let rotating = open(&folder, keyring("02", &["01"]));
    assert!(read(&rotating, &record).await.unwrap() == bytes);
    let rewrapped = rotating.rewrap(&record).unwrap();
    assert_ne!(rewrapped.key_id, record.key_id);
    assert!(read(&stranger, &rewrapped).await.unwrap() == bytes);
    assert!(read(&objects, &rewrapped).await.is_err());
}

#[tokio::test]
async fn an_upload_resumes_at_the_last_durable_segment() {
    let (_folder, objects) = objects();
    let bytes = bytes(7 * MIB + 3);
    let mut writer = objects.create(PLACE).await.unwrap();
    let record = writer.record().clone();
    writer.write(&bytes[..5 * MIB + 1000]).await.unwrap();
    assert!(matches!(
        objects.reader(&record),
        Err(ObjectError::Incomplete(_))
    ));
    drop(writer);

    // The writer that takes over waits for the last segment of the one before.
    let mut writer = objects.resume(&record, 0).await.unwrap();
    assert_eq!(writer.offset(), 0);
    drop(writer);
    let segments = objects.durable_segments(&record).await.unwrap();
    assert!((1..=2).contains(&segments), "{segments}");
    writer = objects.resume(&record, segments).await.unwrap();
    assert_eq!(writer.offset(), u64::from(segments) * 2 * MIB as u64);
    assert_eq!(writer.durable(), writer.offset());
    let offset = usize::try_from(writer.offset()).unwrap();
    writer.write(&bytes[offset..]).await.unwrap();
    let finished = writer.finish().await.unwrap();
    assert_eq!(
        (finished.id.as_str(), finished.sha256),
        (record.id.as_str(), sha256(&bytes))
    );
    let finished = ObjectRecord {
        sha256: String::new(),
        ..finished
    };
    assert!(read(&objects, &finished).await.unwrap() == bytes);
    assert!(matches!(
        objects.resume(&finished, 1).await,
        Err(ObjectError::Complete(_))
    ));
}

#[tokio::test]
async fn a_finished_object_that_was_never_committed_resumes() {
    let (_folder, objects) = objects();
    let bytes = bytes(3 * MIB);
    let mut writer = objects.create(PLACE).await.unwrap();
    let record = writer.record().clone();
    writer.write(&bytes).await.unwrap();
    writer.finish().await.unwrap();

    let segments = objects.durable_segments(&record).await.unwrap();
    assert_eq!(segments, 2);
    let mut writer = objects.resume(&record, segments).await.unwrap();
    assert_eq!(
        writer.offset(),
        2 * MIB as u64,
        "the segment with the last chunk is written again"
    );
    writer.write(&bytes[2 * MIB..]).await.unwrap();
    let finished = writer.finish().await.unwrap();
    assert!(read(&objects, &finished).await.unwrap() == bytes);
}

#[tokio::test]
async fn an_object_has_one_writer() {
    let (_folder, objects) = objects();
    let objects = objects.with_patience(std::time::Duration::from_millis(20));
    let writer = objects.create(PLACE).await.unwrap();
    let error = objects.resume(writer.record(), 0).await.unwrap_err();
    assert!(matches!(error, ObjectError::Busy(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocking_reader_reads_and_seeks() {
    let (_folder, objects) = objects();
    let bytes = bytes(3 * MIB + 10);
    let record = write(&objects, PLACE, &bytes).await;
    let runtime = tokio::runtime::Handle::current();
    let mut reader = objects.reader(&record).unwrap().blocking(runtime);
    tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert!(all == bytes);
        for at in [3 * MIB, 0, MIB - 2, 3 * MIB + 9] {
            assert_eq!(reader.seek(SeekFrom::Start(at as u64)).unwrap(), at as u64);
            let mut part = Vec::new();
            reader.by_ref().take(4).read_to_end(&mut part).unwrap();
            assert_eq!(part, bytes[at..bytes.len().min(at + 4)]);
        }
        reader.seek(SeekFrom::End(-3)).unwrap();
        assert_eq!(
            reader.seek(SeekFrom::Current(1)).unwrap(),
            bytes.len() as u64 - 2
        );
        assert!(reader.seek(SeekFrom::Current(-i64::MAX)).is_err());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let (_folder, objects) = objects();
    let record = write(&objects, PLACE, &bytes(11)).await;
    let error = objects
        .reader(&record)
        .unwrap()
        .read_all(10)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            ObjectError::TooLarge {
                bytes: 11,
                limit: 10,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(
        objects
            .reader(&record)
            .unwrap()
            .read_all(11)
            .await
            .unwrap()
            .len(),
        11
    );
}

#[tokio::test]
async fn a_sweep_takes_only_what_nobody_owns() {
    let (folder, objects) = objects();
    let kept = write(&objects, "kept", &bytes(3 * MIB)).await;
    let removed = write(&objects, "removed", &bytes(3 * MIB)).await;
    let orphan = write(&objects, "orphan", &bytes(3 * MIB)).await;
    let mut writing = objects.create("writing").await.unwrap();
    writing.write(&bytes(5 * MIB)).await.unwrap();
    writing.settle().await.unwrap();

    objects.remove(&removed).await.unwrap();
    assert!(matches!(
        read(&objects, &removed).await,
        Err(ObjectError::Missing { .. })
    ));
    objects.remove(&removed).await.unwrap();
    let half = format!("{}#1", file(&folder, &kept, 0).display());
    std::fs::write(&half, b"half a segment").unwrap();

    let owned = HashSet::from([kept.id.clone()]);
    let (past, future) = (
        OffsetDateTime::UNIX_EPOCH,
        OffsetDateTime::now_utc() + time::Duration::hours(1),
    );
    assert_eq!(
        objects.sweep(&owned, past).await.unwrap(),
        0,
        "what was just written is left alone"
    );
    assert_eq!(objects.sweep(&owned, future).await.unwrap(), 3);
    assert!(!FilePath::new(&half).exists());
    assert!(!file(&folder, &orphan, 0).exists());
    let finished = writing.finish().await.unwrap();
    assert!(read(&objects, &finished).await.unwrap() == bytes(5 * MIB));
    read(&objects, &kept).await.unwrap();
}

#[test]
fn a_full_disk_is_told_from_other_failures() {
    /// The storage's own errors wrap the system's as this does.
    #[derive(Debug, thiserror::Error)]
    #[error("cannot write")]
    struct Wrapped(#[source] io::Error);

    let failed = |kind: io::ErrorKind| {
        let source = Box::new(Wrapped(io::Error::from(kind)));
        ObjectError::from(object_store::Error::Generic {
            store: "local",
            source,
        })
    };
    assert!(matches!(
        failed(io::ErrorKind::StorageFull),
        ObjectError::Full(_)
    ));
    assert!(matches!(
        failed(io::ErrorKind::PermissionDenied),
        ObjectError::Storage(_)
    ));
}
