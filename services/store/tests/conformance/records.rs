use std::sync::Arc;

use ring::rand::SystemRandom;
use sandyq_store::{
    Filter, Keyring, Kind, MasterKey, ObjectRecord, Page, Record, RequestKey, StoreError,
};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::{Database, Library, NOW, change, library};

pub async fn a_record_lives_and_dies(database: &Database) {
    let store = database.open().await;
    assert_eq!(store.get::<Library>("libraries/a").await.unwrap(), None);
    store
        .commit(change().insert(&library("libraries/a")).unwrap(), NOW)
        .await
        .unwrap();

    let mut stored = store.get::<Library>("libraries/a").await.unwrap().unwrap();
    assert_eq!(stored.record, library("libraries/a"));
    assert_eq!(
        (stored.revision, stored.create_time, stored.update_time),
        (1, NOW, NOW)
    );

    let later = NOW + Duration::minutes(5);
    stored.state = "RETIRED".to_owned();
    store
        .commit(change().update(&stored).unwrap(), later)
        .await
        .unwrap();
    let again = store.get::<Library>("libraries/a").await.unwrap().unwrap();
    assert_eq!(
        (again.revision, again.create_time, again.update_time),
        (2, NOW, later)
    );
    assert_eq!(
        (again.state.as_str(), again.etag().as_str()),
        ("RETIRED", "\"2\"")
    );

    let odd = store.get::<Library>("libraries/a\0").await.unwrap();
    assert_eq!(odd, None, "no name holds U+0000");
    let filter = Filter {
        organization: Some("\0"),
        ..Filter::default()
    };
    let none = store.list::<Library>(&filter, Page::first(10)).await;
    assert_eq!(none.unwrap(), Vec::new());

    store.commit(change().delete(&again), later).await.unwrap();
    assert_eq!(store.get::<Library>("libraries/a").await.unwrap(), None);
    store.close().await;
}

pub async fn what_does_not_fit_changes_nothing(database: &Database) {
    let store = database.open().await;
    let committed = store
        .commit(change().insert(&library("libraries/a")).unwrap(), NOW)
        .await
        .unwrap();
    assert_eq!(committed.first_seq, 0);
    let stale = store.get::<Library>("libraries/a").await.unwrap().unwrap();
    store
        .commit(change().update(&stale).unwrap(), NOW)
        .await
        .unwrap();
    let before = store.head().await.unwrap();

    let both = change()
        .insert(&library("libraries/b"))
        .unwrap()
        .insert(&library("libraries/a"))
        .unwrap();
    let error = store.commit(both, NOW).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Exists { kind: Kind::Library, name } if name == "libraries/a"),
        "{error}"
    );
    assert_eq!(store.get::<Library>("libraries/b").await.unwrap(), None);

    let error = store
        .commit(change().update(&stale).unwrap(), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    let error = store
        .commit(change().delete(&stale), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");

    let mut gone = stale.clone();
    gone.record.name = "libraries/gone".to_owned();
    let error = store
        .commit(change().update(&gone).unwrap(), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");

    assert_eq!(
        store.head().await.unwrap(),
        before,
        "a change that failed leaves no entry"
    );
    store.close().await;
}

pub async fn a_request_is_carried_out_once(database: &Database) {
    let store = database.open().await;
    let key = RequestKey {
        principal: "users/a".to_owned(),
        request_id: "7f".to_owned(),
        method: "LibraryService.CreateLibrary".to_owned(),
        fingerprint: "abc".to_owned(),
    };
    assert_eq!(store.find_request("users/a", "7f").await.unwrap(), None);
    let first = change()
        .insert(&library("libraries/a"))
        .unwrap()
        .request(key.clone(), vec![0, 1, 255]);
    store.commit(first, NOW).await.unwrap();
    let again = change()
        .insert(&library("libraries/b"))
        .unwrap()
        .request(key.clone(), vec![]);
    let error = store.commit(again, NOW).await.unwrap_err();
    assert!(
        matches!(error, StoreError::RequestReplayed { .. }),
        "{error}"
    );
    assert_eq!(store.get::<Library>("libraries/b").await.unwrap(), None);

    let saved = store.find_request("users/a", "7f").await.unwrap().unwrap();
    assert_eq!(
        (saved.response.as_slice(), saved.fingerprint.as_str()),
        (&[0, 1, 255][..], "abc")
    );
    assert_eq!(store.find_request("users/b", "7f").await.unwrap(), None);

    store
        .commit(change().forget_requests(NOW), NOW)
        .await
        .unwrap();
    assert!(store.find_request("users/a", "7f").await.unwrap().is_some());
    store
        .commit(change().forget_requests(NOW + Duration::seconds(1)), NOW)
        .await
        .unwrap();
    assert_eq!(store.find_request("users/a", "7f").await.unwrap(), None);
    store.close().await;
}

pub async fn an_object_is_kept_with_a_change(database: &Database) {
    let store = database.open().await;
    let begun = ObjectRecord {
        place: "libraries/a/versions/1".to_owned(),
        id: "0011".to_owned(),
        key_id: "k1".to_owned(),
        wrapped_key: "v1.k1.AAAA".to_owned(),
        segment_chunks: 16,
        segments: 0,
        bytes: 0,
        sha256: String::new(),
        complete: false,
        held: String::new(),
    };
    store
        .commit(change().keep_object(begun.clone()), NOW)
        .await
        .unwrap();
    let done = ObjectRecord {
        segments: 3,
        bytes: 1 << 40,
        sha256: "ab".repeat(32),
        complete: true,
        held: "U05EUU9CSjE".to_owned(),
        ..begun.clone()
    };
    store
        .commit(change().keep_object(done.clone()), NOW)
        .await
        .unwrap();
    assert_eq!(
        store.object(&begun.place).await.unwrap(),
        Some(done.clone())
    );

    let other = ObjectRecord {
        id: "0022".to_owned(),
        ..begun.clone()
    };
    let error = store
        .commit(change().keep_object(other), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::ObjectExists { .. }), "{error}");
    assert_eq!(
        store.objects_under_other_keys("k1", 10).await.unwrap(),
        vec![]
    );
    assert_eq!(
        store.objects_under_other_keys("k2", 10).await.unwrap(),
        vec![done]
    );
    assert!(store.object_ids().await.unwrap().contains("0011"));

    store
        .commit(change().drop_object(&begun.place), NOW)
        .await
        .unwrap();
    assert_eq!(store.object(&begun.place).await.unwrap(), None);
    let error = store
        .commit(change().drop_object(&begun.place), NOW)
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::ObjectNotFound { .. }),
        "{error}"
    );
    store.close().await;
}

pub async fn every_kind_has_its_table(database: &Database) {
    macro_rules! live {
        ($store:expr, $($kind:ident),*) => {{ $({
            #[derive(Clone, Serialize, Deserialize)]
            struct Any(String);
            impl Record for Any {
                const KIND: Kind = Kind::$kind;
                fn name(&self) -> &str { &self.0 }
            }
            let name = format!("{}/a", Kind::$kind);
            $store.commit(change().insert(&Any(name.clone())).unwrap(), NOW).await.unwrap();
            let stored = $store.get::<Any>(&name).await.unwrap().unwrap();
            assert_eq!($store.list::<Any>(&Filter::default(), Page::first(9)).await.unwrap().len(), 1);
            $store.commit(change().update(&stored).unwrap(), NOW).await.unwrap();
        })*
            [$(Kind::$kind),*]
        }};
    }
    let store = database.open().await;
    let lived = live!(
        store,
        Organization,
        User,
        Certificate,
        Invitation,
        Library,
        Version,
        Run,
        Grant,
        System,
        Sandbox,
        Job,
        Trial,
        Image,
        Output,
        Upload,
        Secret,
        SubjectRequest,
        Exclusion,
        SubjectIndex,
        Incident,
        Declaration,
        LibraryUse
    );
    assert_eq!(lived, Kind::ALL);
    store.close().await;
}

/// Who withdrew consent stays withdrawn: not even the platform's own code can take a subject from the list.
pub async fn an_exclusion_stays(database: &Database) {
    #[derive(Clone, Serialize, Deserialize)]
    struct Excluded(String);
    impl Record for Excluded {
        const KIND: Kind = Kind::Exclusion;
        fn name(&self) -> &str {
            &self.0
        }
    }
    let store = database.open().await;
    let name = "exclusions/00".to_owned();
    let insert = change().insert(&Excluded(name.clone())).unwrap();
    store.commit(insert, NOW).await.unwrap();
    let stored = store.get::<Excluded>(&name).await.unwrap().unwrap();
    let refused = store.commit(change().delete(&stored), NOW).await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(store.get::<Excluded>(&name).await.unwrap().is_some());
    store.close().await;
}

pub async fn the_master_key_is_recognized(database: &Database) {
    let url = database.url();
    let store = sandyq_store::Store::open(&url).await.unwrap();
    let key = |byte: &str| MasterKey::parse(&byte.repeat(32)).unwrap();
    let ring =
        |current, old: Vec<MasterKey>| Keyring::new(current, old, Arc::new(SystemRandom::new()));
    store.check_keyring(&ring(key("01"), vec![])).await.unwrap();
    store.check_keyring(&ring(key("01"), vec![])).await.unwrap();
    let error = store
        .check_keyring(&ring(key("02"), vec![]))
        .await
        .unwrap_err();
    let StoreError::Key(error) = error else {
        panic!("{error}")
    };
    assert!(error.to_string().contains(key("01").id()), "{error}");
    // A rotation is followed; from then on the old key alone does not do.
    store
        .check_keyring(&ring(key("02"), vec![key("01")]))
        .await
        .unwrap();
    store.check_keyring(&ring(key("02"), vec![])).await.unwrap();
    assert!(store.check_keyring(&ring(key("01"), vec![])).await.is_err());
    store.close().await;
}
