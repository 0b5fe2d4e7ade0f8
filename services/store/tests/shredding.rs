//! Dropping a wrapped key shreds the object: neither the disk nor the database gives it back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use ring::rand::SystemRandom;
use sandyq_store::{Change, Decision, Event, Keyring, MasterKey, ObjectStore, Store};
use time::macros::datetime;

fn change(action: &str) -> Change {
    Change::new(Event {
        actor: "system".to_owned(),
        organization: String::new(),
        action: action.to_owned(),
        resource: "libraries/a/versions/1".to_owned(),
        decision: Decision::System,
        reasons: vec![],
        detail: serde_json::Map::new(),
    })
}

fn occurs(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        if entry.path().is_dir() {
            return occurs(&entry.path(), needle);
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test]
async fn a_dropped_key_is_gone_from_the_disk() {
    let now = datetime!(2026-03-01 12:00 UTC);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("state.db").display());
    let store = Store::open(&url).await.unwrap();
    let key = MasterKey::generate(&SystemRandom::new()).unwrap();
    let keyring = Keyring::new(key, vec![], Arc::new(SystemRandom::new()));
    let objects = ObjectStore::local(folder.path(), keyring).unwrap();

    let mut writer = objects.create("libraries/a/versions/1").await.unwrap();
    writer.write(b"born 1990-01-01").await.unwrap();
    let record = writer.finish().await.unwrap();
    store
        .commit(change("system.Kept").keep_object(record.clone()), now)
        .await
        .unwrap();
    let kept = store
        .object("libraries/a/versions/1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        objects.reader(&kept).unwrap().read_all(100).await.unwrap(),
        b"born 1990-01-01"
    );
    assert!(occurs(folder.path(), record.wrapped_key.as_bytes()));

    store
        .commit(
            change("system.Dropped").drop_object("libraries/a/versions/1"),
            now,
        )
        .await
        .unwrap();
    assert_eq!(store.object("libraries/a/versions/1").await.unwrap(), None);
    // Closing writes the log back into the file and deletes it.
    store.close().await;
    assert!(!occurs(folder.path(), record.wrapped_key.as_bytes()));
    assert!(
        occurs(folder.path(), b"system.Dropped"),
        "the audit log tells of it"
    );
}
