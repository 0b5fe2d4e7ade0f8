#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use sandyq_audit::Decision;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, SqliteConnection};
use time::macros::datetime;

use super::*;
use crate::change::{Change, Event};
use crate::reads::Reads;
use crate::record::{Record, Stored};
use crate::store::Store;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

macro_rules! record {
    ($name:ident, $kind:ident) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        struct $name {
            name: String,
            parent: String,
            note: u64,
        }

        impl Record for $name {
            const KIND: Kind = Kind::$kind;
            fn name(&self) -> &str {
                &self.name
            }
            fn parent(&self) -> &str {
                &self.parent
            }
        }
    };
}

record!(Sandbox, Sandbox);
record!(Grant, Grant);
record!(Job, Job);

fn change() -> Change {
    Change::new(Event {
        actor: "system".to_owned(),
        organization: String::new(),
        action: "system.Test".to_owned(),
        resource: String::new(),
        decision: Decision::System,
        reasons: vec![],
        detail: serde_json::Map::new(),
    })
}

fn sandbox(number: u64, note: u64) -> Sandbox {
    Sandbox {
        name: format!("sandboxes/{number}"),
        parent: String::new(),
        note,
    }
}

fn grant(number: u64, of: u64, note: u64) -> Grant {
    Grant {
        name: format!("grants/{number}"),
        parent: format!("sandboxes/{of}"),
        note,
    }
}

/// Two stores on one database: the first has it for itself and remembers, the second asks it every time.
async fn stores() -> (tempfile::TempDir, Store, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("db").display());
    let (first, second) = (
        Store::open(&url).await.unwrap(),
        Store::open(&url).await.unwrap(),
    );
    first.claim().await.unwrap();
    (folder, first, second)
}

type Seen = (
    Vec<Option<Stored<Sandbox>>>,
    Vec<Option<Stored<Grant>>>,
    Vec<Option<Stored<Sandbox>>>,
    Vec<Vec<Stored<Grant>>>,
);

async fn seen(store: &Store) -> Seen {
    let mut seen = Seen::default();
    for number in 0..4 {
        let name = format!("sandboxes/{number}");
        let mut reads = Reads::default();
        let [own, parent] =
            reads.lineage([Kind::Grant, Kind::Sandbox], &format!("grants/{number}"));
        let children = reads.children_naming(Kind::Grant, &name, "grants/", 2);
        let found = store.read(reads).await.unwrap();
        seen.0.push(store.get(&name).await.unwrap());
        seen.1.push(found.first(own).unwrap());
        seen.2.push(found.first(parent).unwrap());
        seen.3.push(found.all(children).unwrap());
    }
    seen
}

fn knows(store: &Store) -> bool {
    store.inner.resident.with(|_| Some(())).is_some()
}

/// Numbers from a seed (Knuth's multiplier for 64 bits).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }
}

/// One to three steps, of which any may not fit.
async fn some_change(store: &Store, random: &mut Random) -> Change {
    let mut made = change();
    for _ in 0..=random.below(3) {
        let (number, of, note) = (random.below(4), random.below(4), random.below(1000));
        let known: Option<Stored<Grant>> = store.get(&format!("grants/{number}")).await.unwrap();
        made = match (random.below(5), known) {
            (0, _) => made.insert(&sandbox(number, note)).unwrap(),
            (1, _) | (_, None) => made.insert(&grant(number, of, note)).unwrap(),
            (2, Some(known)) => made.delete(&known),
            (3, Some(mut known)) => {
                known.revision -= i64::from(note % 4 == 0);
                made.update(&known).unwrap()
            }
            (_, Some(mut known)) => {
                known.record = grant(number, of, note);
                made.update(&known).unwrap()
            }
        };
    }
    made
}

#[tokio::test]
async fn what_is_remembered_is_what_the_database_holds() {
    let (_folder, first, second) = stores().await;
    let mut random = Random(7);
    let (mut done, mut refused) = (0, 0);
    for _ in 0..400 {
        let changes = [
            some_change(&first, &mut random).await,
            some_change(&first, &mut random).await,
        ];
        let [one, other] = changes.map(|change| first.commit(change, NOW));
        let (one, other) = tokio::join!(one, other);
        for outcome in [one, other] {
            *(if outcome.is_ok() {
                &mut done
            } else {
                &mut refused
            }) += 1;
        }
        assert!(knows(&first) && !knows(&second));
        assert_eq!(seen(&first).await, seen(&second).await);
    }
    assert!(done > 100 && refused > 100, "{done} {refused}");
    let bytes = first.inner.resident.with(|memory| Some(memory.bytes));
    let mut connection = first.inner.pools.writer().await.unwrap();
    first.inner.resident.load(&mut connection).await.unwrap();
    let anew = first.inner.resident.with(|memory| Some(memory.bytes));
    assert_eq!(bytes, anew, "what was counted on the way is what there is");
    drop(connection);
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn what_somebody_else_writes_is_noticed() {
    let (folder, store, _) = stores().await;
    store
        .commit(change().insert(&sandbox(1, 1)).unwrap(), NOW)
        .await
        .unwrap();
    let url = format!("sqlite:{}", folder.path().join("db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE sandboxes SET body = json_set(body, '$.note', 2)")
        .execute(&mut other)
        .await
        .unwrap();
    other.close().await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let now: Stored<Sandbox> = store.get("sandboxes/1").await.unwrap().unwrap();
            if now.note == 2 {
                break;
            }
            tokio::time::sleep(LOOKS / 10).await;
        }
    })
    .await
    .unwrap();
    assert!(knows(&store));
    store.close().await;
    assert!(!knows(&store));
}

#[tokio::test]
async fn after_a_failed_transaction_everything_is_read_anew() {
    let (_folder, store, _) = stores().await;
    let mut connection = store.inner.pools.writer().await.unwrap();
    connection
        .execute("PRAGMA max_page_count = 1", &[])
        .await
        .unwrap();
    drop(connection);
    let mut number = 0;
    while store
        .commit(change().insert(&sandbox(number, 0)).unwrap(), NOW)
        .await
        .is_ok()
    {
        number += 1;
    }
    assert!(!knows(&store), "nobody knows what the database holds");
    assert_eq!(
        store
            .get::<Sandbox>(&sandbox(number, 0).name)
            .await
            .unwrap(),
        None
    );
    tokio::time::timeout(Duration::from_secs(20), async {
        while !knows(&store) {
            tokio::time::sleep(LOOKS).await;
        }
    })
    .await
    .unwrap();
    store.close().await;
}

#[tokio::test]
async fn too_many_records_are_not_remembered() {
    let (_folder, store, _) = stores().await;
    let made = change().insert(&sandbox(1, 1)).unwrap();
    store.commit(made, NOW).await.unwrap();
    let small = Resident::of(100);
    let mut connection = store.inner.pools.writer().await.unwrap();
    small.load(&mut connection).await.unwrap();
    assert!(small.with(|_| Some(())).is_none(), "more than is allowed");
    let growing = Resident::of(1000);
    growing.load(&mut connection).await.unwrap();
    assert!(growing.with(|_| Some(())).is_some());
    drop(connection);
    let made = change().insert(&sandbox(2, 2)).unwrap();
    let many: Vec<_> = (2..20)
        .flat_map(|number| change().insert(&sandbox(number, 2)).unwrap().steps)
        .collect();
    growing.apply(many.iter().map(|step| (step, NOW)));
    assert!(growing.with(|_| Some(())).is_none(), "grown above it");
    store.commit(made, NOW).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn the_last_jobs_are_remembered_as_the_database_holds_them() {
    let (_folder, store, reading) = stores().await;
    let job = |number: u64, note: u64| Job {
        name: format!("jobs/{number}"),
        parent: "sandboxes/1".to_owned(),
        note,
    };
    let held = |name: &str| {
        let one = |memory: &Memory| memory.one(Kind::Job, name).map(|row| row.is_some());
        store.inner.resident.with(one)
    };
    let commit = async |change: Change| store.commit(change, NOW).await;
    for number in 0..300 {
        commit(change().insert(&job(number, 0)).unwrap())
            .await
            .unwrap();
    }
    assert_eq!(held("jobs/299"), Some(true));
    assert_eq!(held("jobs/0"), None, "it is asked of the database");
    let mut first = store.get::<Job>("jobs/0").await.unwrap().unwrap();
    assert_eq!(held("jobs/0"), Some(true), "it was read");
    let stale = first.clone();
    for note in 1..4 {
        first.record.note = note;
        commit(change().update(&first).unwrap()).await.unwrap();
        first = store.get("jobs/0").await.unwrap().unwrap();
        assert_eq!(held("jobs/0"), Some(true));
        assert_eq!(first.record.note, note);
        let stored = reading.get::<Job>("jobs/0").await.unwrap().unwrap();
        assert_eq!(stored.record, first.record);
        assert_eq!(
            (stored.revision, stored.create_time, stored.update_time),
            (first.revision, first.create_time, first.update_time)
        );
    }
    let refused = commit(change().update(&stale).unwrap()).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    assert_eq!(
        store.get::<Job>("jobs/0").await.unwrap().unwrap().record,
        first.record
    );
    commit(change().delete(&first)).await.unwrap();
    assert!(store.get::<Job>("jobs/0").await.unwrap().is_none());
    // What was read before something was written is not kept.
    let before = store.inner.resident.before_reading();
    commit(change().insert(&job(1000, 0)).unwrap())
        .await
        .unwrap();
    let old = Fetched {
        name: "jobs/1".to_owned(),
        revision: 1,
        create_time: 0,
        update_time: 0,
        body: String::new(),
        parsed: Parsed::new(),
    };
    store.inner.resident.keep(Kind::Job, old, before);
    assert_eq!(held("jobs/1"), None);
}
