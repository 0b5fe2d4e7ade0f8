use sandyq_store::{Filter, Page, Reads, Record as _, Store, StoreError};

use crate::{Database, Library, NOW, change, library};

pub async fn many_writers_share_commits_and_harm_none(database: &Database) {
    let store = database.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut done = 0;
            for number in 0..10 {
                // Every third change cannot be: the name is taken by the writer's first record, or holds what one of
                // the databases refuses with an error.
                let name = match number % 6 {
                    2 => format!("libraries/{writer}-0"),
                    5 => format!("libraries/{writer}-\0"),
                    _ => format!("libraries/{writer}-{number}"),
                };
                let record = library(&name);
                let outcome = store.commit(change().insert(&record).unwrap(), NOW).await;
                match number % 6 {
                    2 => assert!(
                        matches!(outcome, Err(StoreError::Exists { .. })),
                        "{outcome:?}"
                    ),
                    5 => done += u64::from(outcome.is_ok()),
                    _ => done += u64::from(outcome.map(|_| true).unwrap()),
                }
            }
            done
        });
    }
    let done: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(store.head().await.unwrap().size, done);
    let kept = store
        .list::<Library>(&Filter::default(), Page::first(1000))
        .await
        .unwrap();
    assert_eq!(kept.len() as u64, done);
    assert!(done >= 16 * 7);
    store.close().await;
}

pub async fn of_two_updates_one_wins(database: &Database) {
    let store = database.open().await;
    store
        .commit(change().insert(&library("libraries/a")).unwrap(), NOW)
        .await
        .unwrap();
    let stored = store.get::<Library>("libraries/a").await.unwrap().unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (store, mut stored) = (store.clone(), stored.clone());
        stored.note = number.to_string();
        tasks.spawn(async move { store.commit(change().update(&stored).unwrap(), NOW).await });
    }
    let outcomes = tasks.join_all().await;
    let conflicts = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(StoreError::Conflict { .. })))
        .count();
    assert_eq!(
        (
            outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
            conflicts
        ),
        (1, 9)
    );
    assert_eq!(
        store
            .get::<Library>("libraries/a")
            .await
            .unwrap()
            .unwrap()
            .revision,
        2
    );
    store.close().await;
}

pub async fn closing_carries_out_what_waits(database: &Database) {
    let url = database.url();
    let store = Store::open(&url).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let store = store.clone();
        tasks.spawn(async move {
            store
                .commit(
                    change()
                        .insert(&library(&format!("libraries/{number:03}")))
                        .unwrap(),
                    NOW,
                )
                .await
        });
    }
    tokio::task::yield_now().await;
    store.close().await;
    let outcomes = tasks.join_all().await;
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(StoreError::Closed)))
        .count();
    assert_eq!(done + refused as u64, 200, "{outcomes:?}");
    assert!(matches!(
        store.commit(change(), NOW).await,
        Err(StoreError::Closed)
    ));

    let store = Store::open(&url).await.unwrap();
    assert_eq!(
        store.head().await.unwrap().size,
        done,
        "what was answered is there, and nothing else"
    );
    store.close().await;
}

pub async fn one_server_at_a_time_claims_the_database(database: &Database) {
    let url = database.url();
    let (first, second) = (
        Store::open(&url).await.unwrap(),
        Store::open(&url).await.unwrap(),
    );
    first.claim().await.unwrap();
    let error = second.claim().await.unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    first.close().await;
    second.claim().await.unwrap();
    second.close().await;
}

/// Readers and writers at once: whoever asks after a change was answered sees it, however often it was asked before.
pub async fn what_is_read_is_never_older_than_the_last_change(database: &Database) {
    let store = database.open().await;
    store.claim().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let store = store.clone();
        tasks.spawn(async move {
            let name = format!("libraries/{writer}");
            let read = async || {
                let mut reads = Reads::default();
                let number = reads.one(Library::KIND, &name);
                let found = store.read(reads).await.unwrap();
                found.first::<Library>(number).unwrap()
            };
            assert_eq!(read().await, None);
            store
                .commit(change().insert(&library(&name)).unwrap(), NOW)
                .await
                .unwrap();
            for number in 0..50 {
                let mut record = read().await.unwrap();
                assert_eq!(record.revision, number + 1);
                assert_eq!(read().await.as_ref(), Some(&record));
                record.note = number.to_string();
                let change = change().update(&record).unwrap();
                store.commit(change, NOW).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    store.close().await;
}
