use ring::rand::SystemRandom;
use sandyq_audit::{
    Frontier, LogKey, ProofError, checkpoint_line, leaf_hash, verify_consistency, verify_export,
    verify_inclusion,
};
use sandyq_store::{Entry, Hash, Store, StoreError};
use time::Duration;

use crate::{Database, NOW, change, event, library};

async fn fill(store: &Store, changes: u64) {
    for number in 0..changes {
        let more = change()
            .also(event("system.Second"))
            .insert(&library(&format!("libraries/{number}")));
        store
            .commit(more.unwrap(), NOW + Duration::seconds(number.cast_signed()))
            .await
            .unwrap();
    }
}

/// The whole log as it is exported.
async fn export(store: &Store, key: &LogKey) -> String {
    let head = store.head().await.unwrap();
    let mut text = String::new();
    let mut from = 0;
    while from < head.size {
        for line in store.entries(from, 7).await.unwrap() {
            assert_eq!(line.seq, from);
            from += 1;
            text += &line.leaf;
            text.push('\n');
        }
    }
    text + &checkpoint_line(&key.sign(head.size, head.root)).unwrap() + "\n"
}

pub async fn entries_make_a_log_that_verifies(database: &Database) {
    let store = database.open().await;
    let (key, _) = LogKey::generate("sandyq.example/log", &SystemRandom::new()).unwrap();
    let verified =
        verify_export(export(&store, &key).await.as_bytes(), &key.verifier(), None).unwrap();
    assert_eq!(verified.size, 0);

    fill(&store, 20).await;
    let head = store.head().await.unwrap();
    assert_eq!(*store.watch().borrow(), head);
    let earlier = key.sign(head.size, head.root);
    let text = export(&store, &key).await;
    let verified = verify_export(text.as_bytes(), &key.verifier(), None).unwrap();
    assert_eq!((verified.size, verified.root), (40, head.root));
    assert_eq!(verified.first_time, "2026-03-01T12:00:00.123456Z");
    let entry = Entry::from_leaf(&store.entries(1, 1).await.unwrap()[0].leaf).unwrap();
    assert_eq!((entry.seq, entry.action.as_str()), (1, "system.Second"));
    assert_eq!(
        (entry.actor.as_str(), entry.reasons),
        ("users/aigerim", vec!["policy owner".to_owned()])
    );

    store.commit(change(), NOW).await.unwrap();
    let text = export(&store, &key).await;
    verify_export(text.as_bytes(), &key.verifier(), Some(&earlier)).unwrap();
    store.close().await;
}

pub async fn proofs_hold(database: &Database) {
    let store = database.open().await;
    fill(&store, 35).await;
    let leaves: Vec<Hash> = store
        .entries(0, 1000)
        .await
        .unwrap()
        .iter()
        .map(|line| leaf_hash(line.leaf.as_bytes()))
        .collect();
    let roots: Vec<Hash> = (0..=leaves.len())
        .map(|size| {
            let mut frontier = Frontier::new();
            leaves[..size]
                .iter()
                .for_each(|leaf| drop(frontier.append(*leaf)));
            frontier.root()
        })
        .collect();
    for (index, size) in [
        (0, 1),
        (0, 70),
        (69, 70),
        (33, 70),
        (63, 64),
        (12, 13),
        (40, 66),
    ] {
        let proof = store.inclusion_proof(index, size).await.unwrap();
        verify_inclusion(
            &leaves[index as usize],
            index,
            size,
            &roots[size as usize],
            &proof,
        )
        .unwrap();
    }
    for (first, second) in [(0, 70), (1, 70), (64, 70), (69, 70), (70, 70), (33, 65)] {
        let proof = store.consistency_proof(first, second).await.unwrap();
        verify_consistency(
            first,
            &roots[first as usize],
            second,
            &roots[second as usize],
            &proof,
        )
        .unwrap();
    }
    let error = store.inclusion_proof(70, 70).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Proof(ProofError::NoSuchEntry { .. })),
        "{error}"
    );
    let error = store.inclusion_proof(3, 100).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Proof(ProofError::MissingNode(_))),
        "{error}"
    );
    store.close().await;
}

pub async fn time_does_not_go_backwards(database: &Database) {
    let url = database.url();
    let store = Store::open(&url).await.unwrap();
    store.commit(change(), NOW).await.unwrap();
    store
        .commit(change(), NOW - Duration::hours(1))
        .await
        .unwrap();
    store.close().await;
    let store = Store::open(&url).await.unwrap();
    store
        .commit(change(), NOW - Duration::hours(2))
        .await
        .unwrap();
    for line in store.entries(0, 9).await.unwrap() {
        assert_eq!(
            Entry::from_leaf(&line.leaf).unwrap().time,
            "2026-03-01T12:00:00.123456Z"
        );
    }
    store.close().await;
}

pub async fn the_log_goes_on_after_reopening(database: &Database) {
    let url = database.url();
    let (key, _) = LogKey::generate("log", &SystemRandom::new()).unwrap();
    for round in 0..5 {
        let store = Store::open(&url).await.unwrap();
        assert_eq!(store.head().await.unwrap().size, round * 3);
        for _ in 0..3 {
            store.commit(change(), NOW).await.unwrap();
        }
        verify_export(export(&store, &key).await.as_bytes(), &key.verifier(), None).unwrap();
        store.close().await;
    }
}

pub async fn two_servers_share_one_log(database: &Database) {
    let url = database.url();
    let (one, two) = (
        Store::open(&url).await.unwrap(),
        Store::open(&url).await.unwrap(),
    );
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = if number % 2 == 0 {
            one.clone()
        } else {
            two.clone()
        };
        tasks.spawn(async move { store.commit(change(), NOW).await.unwrap().first_seq });
    }
    let mut numbers = tasks.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
    let (key, _) = LogKey::generate("log", &SystemRandom::new()).unwrap();
    verify_export(export(&one, &key).await.as_bytes(), &key.verifier(), None).unwrap();
    one.close().await;
    two.close().await;
}
