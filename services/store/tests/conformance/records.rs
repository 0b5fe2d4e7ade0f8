use std::sync::Arc;

use ring::rand::SystemRandom;
use sandyq_store::{
    Filter, Keyring, Kind, MasterKey, ObjectRecord, Page, Reads, Record, RequestKey, StoreError,
    Stored,
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Version {
    name: String,
    library: String,
}

impl Record for Version {
    const KIND: Kind = Kind::Version;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.library
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    name: String,
    version: String,
}

impl Record for Run {
    const KIND: Kind = Kind::Run;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.version
    }
}

pub async fn a_record_is_read_with_its_ancestors(database: &Database) {
    let store = database.open().await;
    let version = Version {
        name: "libraries/a/versions/1".to_owned(),
        library: "libraries/a".to_owned(),
    };
    let run = Run {
        name: "libraries/a/versions/1/runs/1".to_owned(),
        version: version.name.clone(),
    };
    let orphan = Run {
        name: "libraries/b/versions/1/runs/1".to_owned(),
        version: "libraries/b/versions/1".to_owned(),
    };
    let changes = change()
        .insert(&library("libraries/a"))
        .unwrap()
        .insert(&version)
        .unwrap()
        .insert(&run)
        .unwrap()
        .insert(&orphan)
        .unwrap();
    store.commit(changes, NOW).await.unwrap();

    let of = async |name: &str| {
        let mut reads = Reads::default();
        let [run, version, library] =
            reads.lineage([Run::KIND, Version::KIND, Library::KIND], name);
        let found = store.read(reads).await.unwrap();
        (
            found.first(run).unwrap().map(|s: Stored<Run>| s.record),
            found
                .first(version)
                .unwrap()
                .map(|s: Stored<Version>| s.record),
            found
                .first(library)
                .unwrap()
                .map(|s: Stored<Library>| s.record),
        )
    };
    let all = (
        Some(run.clone()),
        Some(version),
        Some(library("libraries/a")),
    );
    assert_eq!(of(&run.name).await, all);
    assert_eq!(of(&orphan.name).await, (Some(orphan), None, None));
    assert_eq!(of("runs/none").await, (None, None, None));
    store.close().await;
}

pub async fn one_query_reads_many_things_and_none_disturbs_another(database: &Database) {
    let store = database.open().await;
    let mut changes = change().insert(&library("libraries/a")).unwrap();
    for name in ["3", "1", "2"] {
        let version = Version {
            name: format!("libraries/a/versions/{name}"),
            library: "libraries/a".to_owned(),
        };
        changes = changes.insert(&version).unwrap();
    }
    store.commit(changes, NOW).await.unwrap();

    let mut reads = Reads::default();
    let two = reads.children_naming(Version::KIND, "libraries/a", "libraries/a", 2);
    let third = reads.children_naming(Version::KIND, "libraries/a", "versions/3", 2);
    let unnamed = reads.children_naming(Version::KIND, "libraries/a", "versions/4\\", 2);
    let absent = reads.one(Library::KIND, "libraries/b");
    let impossible = reads.one(Library::KIND, "libraries/\0a");
    let childless = reads.children_naming(Version::KIND, "libraries/\0a", "libraries/a", 2);
    let there = reads.one(Library::KIND, "libraries/a");
    let found = store.read(reads).await.unwrap();
    let two: Vec<Stored<Version>> = found.all(two).unwrap();
    let names: Vec<&str> = two.iter().map(|version| version.name.as_str()).collect();
    assert_eq!(names, ["libraries/a/versions/1", "libraries/a/versions/2"]);
    let same = store.get::<Library>("libraries/a").await.unwrap();
    assert_eq!(found.first(there).unwrap(), same);
    for number in [absent, impossible, 99] {
        assert_eq!(found.first::<Library>(number).unwrap(), None);
    }
    let third: Vec<Stored<Version>> = found.all(third).unwrap();
    assert_eq!(third.len(), 1);
    assert_eq!(third[0].name, "libraries/a/versions/3");
    for number in [childless, unnamed] {
        assert_eq!(found.all::<Version>(number).unwrap(), []);
    }
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

pub async fn lists_are_narrowed_and_paged_by_bytes(database: &Database) {
    let store = database.open().await;
    // The order of bytes, which is that of no language.
    let names = [
        "l/A", "l/B", "l/_", "l/a", "l/a-b", "l/a/b", "l/ab", "l/b", "l/ә",
    ];
    for (number, name) in names.iter().rev().enumerate() {
        let mut record = library(name);
        record.parent = if number % 2 == 0 { "p/even" } else { "p/odd" }.to_owned();
        record.owner = if number < 3 { "o/first" } else { "o/second" }.to_owned();
        record.guest = if number > 6 { "o/first" } else { "" }.to_owned();
        record.state = ["DRAFT", "ACTIVE", "RETIRED"][number % 3].to_owned();
        store
            .commit(change().insert(&record).unwrap(), NOW)
            .await
            .unwrap();
    }
    let list = async |filter: Filter<'_>, page: Page<'_>| -> Vec<String> {
        let records = store.list::<Library>(&filter, page).await.unwrap();
        records
            .into_iter()
            .map(|stored| stored.record.name)
            .collect()
    };
    let all = Filter::default();
    assert_eq!(list(all, Page::first(100)).await, names);
    assert_eq!(list(all, Page::first(4)).await, names[..4]);
    assert_eq!(
        list(
            all,
            Page {
                size: 4,
                after: Some("l/a")
            }
        )
        .await,
        names[4..8]
    );
    assert_eq!(
        list(
            all,
            Page {
                size: 4,
                after: Some("l/ә")
            }
        )
        .await,
        Vec::<String>::new()
    );

    let even = Filter {
        parent: Some("p/even"),
        ..all
    };
    assert_eq!(
        list(even, Page::first(9)).await,
        ["l/A", "l/_", "l/a-b", "l/ab", "l/ә"]
    );
    let owned = Filter {
        organization: Some("o/first"),
        ..all
    };
    assert_eq!(list(owned, Page::first(9)).await, ["l/ab", "l/b", "l/ә"]);
    let visible = Filter {
        visible_to: Some("o/first"),
        ..all
    };
    assert_eq!(
        list(visible, Page::first(9)).await,
        ["l/A", "l/B", "l/ab", "l/b", "l/ә"]
    );
    let states = Filter {
        states: &["DRAFT", "RETIRED"],
        visible_to: Some("o/first"),
        ..all
    };
    assert_eq!(list(states, Page::first(9)).await, ["l/A", "l/ab", "l/ә"]);
    let nobody = Filter {
        visible_to: Some("o/' OR ''='"),
        ..all
    };
    assert_eq!(list(nobody, Page::first(9)).await, Vec::<String>::new());
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
