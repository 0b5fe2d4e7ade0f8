//! One suite for both databases.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod audit;
mod concurrency;
mod reading;
mod records;

use std::sync::atomic::{AtomicU32, Ordering};

use sandyq_store::testing::PostgresServer;
use sandyq_store::{Change, Decision, Event, Kind, Record, Store};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;

/// Makes an empty database for each case.
enum Database {
    Sqlite(tempfile::TempDir),
    Postgres(PostgresServer),
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Database {
    fn url(&self) -> String {
        let name = format!("case_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join(name).display()),
            Self::Postgres(server) => server.create_database(&name).unwrap(),
        }
    }

    async fn open(&self) -> Store {
        Store::open(&self.url()).await.unwrap()
    }
}

async fn suite(database: &Database) {
    records::a_record_lives_and_dies(database).await;
    reading::a_record_is_read_with_its_ancestors(database).await;
    reading::one_query_reads_many_things_and_none_disturbs_another(database).await;
    records::what_does_not_fit_changes_nothing(database).await;
    reading::lists_are_narrowed_and_paged_by_bytes(database).await;
    records::a_request_is_carried_out_once(database).await;
    records::an_object_is_kept_with_a_change(database).await;
    records::every_kind_has_its_table(database).await;
    records::an_exclusion_stays(database).await;
    records::the_master_key_is_recognized(database).await;
    audit::entries_make_a_log_that_verifies(database).await;
    audit::proofs_hold(database).await;
    audit::time_does_not_go_backwards(database).await;
    audit::the_log_goes_on_after_reopening(database).await;
    audit::two_servers_share_one_log(database).await;
    concurrency::many_writers_share_commits_and_harm_none(database).await;
    concurrency::of_two_updates_one_wins(database).await;
    concurrency::closing_carries_out_what_waits(database).await;
    concurrency::one_server_at_a_time_claims_the_database(database).await;
    concurrency::what_is_read_is_never_older_than_the_last_change(database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    suite(&Database::Sqlite(tempfile::tempdir().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let server = PostgresServer::start().unwrap_or_else(|error| panic!("{error}"));
    suite(&Database::Postgres(server)).await;
}

#[tokio::test]
async fn another_database_is_refused_without_telling_the_password() {
    let error = Store::open("mysql://user:hunter2@host/db")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("mysql") && !error.contains("hunter2"),
        "{error}"
    );
}

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00:00.123456 UTC);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Library {
    name: String,
    parent: String,
    owner: String,
    guest: String,
    state: String,
    note: String,
}

impl Record for Library {
    const KIND: Kind = Kind::Library;
    fn name(&self) -> &str {
        &self.name
    }
    fn parent(&self) -> &str {
        &self.parent
    }
    fn organization(&self) -> &str {
        &self.owner
    }
    fn counterparty(&self) -> &str {
        &self.guest
    }
    fn state(&self) -> &str {
        &self.state
    }
}

fn library(name: &str) -> Library {
    Library {
        name: name.to_owned(),
        parent: String::new(),
        owner: "organizations/health".to_owned(),
        guest: String::new(),
        state: "ACTIVE".to_owned(),
        note: "туған жылы \u{1f33e}".to_owned(),
    }
}

fn event(action: &str) -> Event {
    Event {
        actor: "users/aigerim".to_owned(),
        organization: "organizations/health".to_owned(),
        action: action.to_owned(),
        resource: "libraries/births".to_owned(),
        decision: Decision::Allow,
        reasons: vec!["policy owner".to_owned()],
        detail: serde_json::Map::new(),
    }
}

fn change() -> Change {
    Change::new(event("LibraryService.Test"))
}
