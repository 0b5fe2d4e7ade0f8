//! Records read with their ancestors, many at once, and in lists.

use sandyq_store::{Filter, Kind, Page, Reads, Record, Stored};
use serde::{Deserialize, Serialize};

use crate::{Database, Library, NOW, change, library};

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
