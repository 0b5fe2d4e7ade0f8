//! Measures how many audit entries a second become durable, from one writer and from sixteen, beside the rate of
//! fsyncs of the same disk. The three take turns, so that a disk whose pace changes changes it for all; what is
//! printed are medians.
//!
//! ```text
//! cargo run --release -p sandyq-store --example append_rate -- [FOLDER] [ROUNDS]
//! ```

#![allow(
    clippy::unwrap_used,
    reason = "a measurement ends at the first failure"
)]

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use sandyq_store::{Change, Decision, Event, Store};
use time::OffsetDateTime;

const WRITERS: usize = 16;
/// How long each of the three runs in each round.
const TURN: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().unwrap_or_else(|| ".".to_owned());
    let rounds: u32 = arguments.next().map_or(7, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir_in(parent).unwrap();
    let store = Store::open(&format!(
        "sqlite:{}",
        folder.path().join("state.db").display()
    ))
    .await
    .unwrap();

    let (mut fsyncs, mut alone, mut together) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        fsyncs.push(fsync_rate(folder.path(), TURN));
        alone.push(append_rate(&store, 1, TURN).await);
        together.push(append_rate(&store, WRITERS, TURN).await);
    }
    store.close().await;

    let (fsyncs, alone, together) = (median(fsyncs), median(alone), median(together));
    println!("{fsyncs:>9.0} fsyncs a second on this disk (4 KiB each)");
    println!(
        "{alone:>9.0} entries a second alone, {:.2} of the fsync rate",
        alone / fsyncs
    );
    println!(
        "{together:>9.0} entries a second with {WRITERS} writers, {:.2} of the fsync rate, {:.2} of one writer's",
        together / fsyncs,
        together / alone
    );
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

fn fsync_rate(folder: &Path, duration: Duration) -> f64 {
    // Written over and over, as a write-ahead log is: a file that grows costs the file system's own journal too.
    let file = File::create(folder.join("fsync")).unwrap();
    file.write_all_at(&vec![0; 1 << 22], 0).unwrap();
    file.sync_all().unwrap();
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < duration {
        file.write_all_at(&[1; 4096], u64::from(count) % 1024 * 4096)
            .unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / begin.elapsed().as_secs_f64()
}

async fn append_rate(store: &Store, writers: usize, duration: Duration) -> f64 {
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let store = store.clone();
        tasks.spawn(async move {
            let mut count = 0;
            while begin.elapsed() < duration {
                store
                    .commit(Change::new(event(writer)), OffsetDateTime::now_utc())
                    .await
                    .unwrap();
                count += 1;
            }
            count
        });
    }
    let count: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(count) / begin.elapsed().as_secs_f64()
}

fn event(writer: usize) -> Event {
    Event {
        actor: format!("users/{writer}"),
        organization: "organizations/health".to_owned(),
        action: "AccessService.Decide".to_owned(),
        resource: "grants/7".to_owned(),
        decision: Decision::Allow,
        reasons: vec!["policy owner-grants".to_owned()],
        detail: serde_json::Map::new(),
    }
}
