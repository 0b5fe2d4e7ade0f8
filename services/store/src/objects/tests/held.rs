//! Objects that lie in their records.

use super::*;
use crate::objects::held::MOST;

const PLACE: &str = "outputs/o/pack";

async fn hold(objects: &ObjectStore, place: &str, bytes: &[u8]) -> ObjectRecord {
    let mut writer = objects.create(place).await.unwrap();
    writer.write(bytes).await.unwrap();
    writer.finish_held().await.unwrap()
}

fn files(folder: &TempDir) -> usize {
    let objects = std::fs::read_dir(folder.path().join("objects"));
    objects.map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_small_object_lies_in_its_record_and_a_larger_one_in_files() {
    let (folder, objects) = objects();
    let most = MOST - format::HEADER_LEN - format::TAG_LEN;
    for length in [0, 1, 1000, most] {
        let given = bytes(length);
        let record = hold(&objects, PLACE, &given).await;
        assert!(!record.held.is_empty() && record.complete, "{length}");
        assert_eq!((record.segments, record.bytes), (1, length as u64));
        assert_eq!(record.sha256, sha256(&given));
        assert!(!record.held.contains("marriage"), "it is sealed");
        assert_eq!(read(&objects, &record).await.unwrap(), given, "{length}");
        let rewrapped = objects.rewrap(&record).unwrap();
        assert_eq!(read(&objects, &rewrapped).await.unwrap(), given);
        assert_eq!(files(&folder), 0, "{length}");
    }
    for length in [most + 1, 3 * MIB] {
        let given = bytes(length);
        let record = hold(&objects, PLACE, &given).await;
        assert_eq!(record.held, "", "{length}");
        assert_eq!(read(&objects, &record).await.unwrap(), given);
    }
    assert_eq!(files(&folder), 2);
}

#[tokio::test]
async fn what_a_record_holds_cannot_be_changed_cut_or_moved() {
    let (_folder, objects) = objects();
    let record = hold(&objects, PLACE, &bytes(300)).await;
    let other = hold(&objects, "outputs/p/pack", &bytes(300)).await;
    let with = |held: String| ObjectRecord {
        held,
        ..record.clone()
    };
    for at in 0..record.held.len() {
        let mut held = record.held.clone().into_bytes();
        held[at] = if held[at] == b'A' { b'B' } else { b'A' };
        let changed = with(String::from_utf8(held).unwrap());
        assert!(read(&objects, &changed).await.is_err(), "at {at}");
        let cut = with(record.held[..at].to_owned());
        assert!(read(&objects, &cut).await.is_err(), "cut at {at}");
    }
    assert!(read(&objects, &with(other.held)).await.is_err());
    assert!(
        read(&objects, &with("not base64!".to_owned()))
            .await
            .is_err()
    );
    assert!(read(&objects, &record).await.is_ok());
}
