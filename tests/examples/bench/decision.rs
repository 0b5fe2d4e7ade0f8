//! An access decision through gRPC, at a steady rate whether or not earlier ones were answered; then the same with
//! few and with many grants in the database.

use std::future::Future;
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_tests::{Site, User};
use sqlx::{Connection as _, SqliteConnection};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::table::{Bar, Row, millis, quantile};

const RATE: u32 = 1000;
const SECONDS: u32 = 10;
const WARM_UP_SECONDS: u32 = 1;
/// A platform's callers are several; on one connection, each call waits for whatever holds up another.
const CONNECTIONS: u32 = 8;

/// Grants and libraries on a small platform, and on a large one.
const SMALL: (u32, u32) = (100, 10);
const LARGE: (u32, u32) = (100_000, 1000);
const GRANTS_OF_A_SANDBOX: u32 = 10;

/// A health check on the same connections, which finds out who calls but decides nothing, is the baseline.
pub async fn measure(site: &Site) -> Vec<Row> {
    let version = site.publish_adult("bench-decision").await;
    let sandbox = site.open_sandbox("bench-decision").await;
    site.grant(&version.name, &sandbox, "research.incomes", 1800)
        .await;
    let developer = site.user("developer");
    let question = v1::CheckAccessRequest {
        sandbox,
        version: version.name,
        purpose: "research.incomes".to_owned(),
    };
    let connections: Vec<User> = (0..CONNECTIONS).map(|_| developer.reconnected()).collect();
    let turn = |number: u32| &connections[(number % CONNECTIONS) as usize];
    let decide = |number| {
        let (mut client, question) = (turn(number).access(), question.clone());
        async move {
            let answer = client.check_access(question).await.unwrap();
            assert!(answer.into_inner().allowed);
        }
    };
    let check = |number| {
        let mut client = HealthClient::new(turn(number).channel());
        async move {
            client.check(HealthCheckRequest::default()).await.unwrap();
        }
    };
    paced(WARM_UP_SECONDS, check).await;
    let mut baseline = paced(SECONDS, check).await;
    paced(WARM_UP_SECONDS, decide).await;
    let mut ours = paced(SECONDS, decide).await;
    let mut row = |what, part, bar| Row {
        what,
        ours: quantile(&mut ours, part),
        baseline: Some((quantile(&mut baseline, part), "health check")),
        unit: "ms",
        bar,
    };
    vec![
        row("access decision at 1,000 a second, p50", 0.5, Bar::None),
        row(
            "access decision at 1,000 a second, p99",
            0.99,
            Bar::Below(2.0),
        ),
    ]
}

const START: Duration = Duration::from_secs(5);

/// Every question is about another grant, so that what was read for one serves no other.
pub async fn crowded(site: &mut Site) -> Vec<Row> {
    let version = site.publish_adult("bench-crowd").await.name;
    let sandbox = site.open_sandbox("bench-crowd").await;
    let grant = site
        .grant(&version, &sandbox, "research.incomes", 1800)
        .await
        .name;
    let template = Template {
        version,
        sandbox,
        grant,
    };
    let mut times = Vec::new();
    let mut before = (0, 0);
    for (grants, libraries) in [SMALL, LARGE] {
        site.kill();
        template.copy(site, before, (grants, libraries)).await;
        site.serve().await;
        before = (grants, libraries);
        // At its start the server reads the terms of all that is open.
        tokio::time::sleep(START).await;
        let developer = site.user("developer");
        let connections: Vec<User> = (0..CONNECTIONS).map(|_| developer.reconnected()).collect();
        let decide = |number: u32| {
            let mut client = connections[(number % CONNECTIONS) as usize].access();
            // A stride that visits every grant before it comes back.
            let (version, sandbox) = template.of((number * 7_919) % grants);
            async move {
                let question = v1::CheckAccessRequest {
                    sandbox,
                    version,
                    purpose: "research.incomes".to_owned(),
                };
                let answer = client.check_access(question).await.unwrap().into_inner();
                assert!(answer.allowed, "{answer:?}");
            }
        };
        paced(WARM_UP_SECONDS, decide).await;
        times.push(paced(SECONDS, decide).await);
    }
    let [small, large] = &mut times[..] else {
        unreachable!("two were measured")
    };
    let mut row = |what, part, bar| Row {
        what,
        ours: quantile(large, part),
        baseline: Some((quantile(small, part), "100 grants")),
        unit: "ms",
        bar,
    };
    vec![
        row(
            "the same with 100,000 grants, p50",
            0.5,
            Bar::RatioAtMost(1.3),
        ),
        row("the same with 100,000 grants, p99", 0.99, Bar::Below(3.0)),
    ]
}

/// What is copied: a grant with its version, library and sandbox.
struct Template {
    version: String,
    sandbox: String,
    grant: String,
}

impl Template {
    /// Fills the database while no server runs on it.
    async fn copy(&self, site: &Site, before: (u32, u32), after: (u32, u32)) {
        let url = format!("sqlite:{}", site.dir.join("state.db").display());
        let mut database = SqliteConnection::connect(&url).await.unwrap();
        let (library, _) = self.version.split_once("/versions/").unwrap();
        let (sandbox, grant) = (self.sandbox.as_str(), self.grant.as_str());
        let (libraries, sandboxes) = (
            (before.1, after.1),
            (
                before.0 / GRANTS_OF_A_SANDBOX,
                after.0 / GRANTS_OF_A_SANDBOX,
            ),
        );
        let of_library = format!("(i % {})", after.1);
        let of_sandbox = format!("(i / {GRANTS_OF_A_SANDBOX})");
        for (table, record, range, renamed) in [
            ("libraries", library, libraries, vec![(library, "i")]),
            (
                "versions",
                self.version.as_str(),
                libraries,
                vec![(library, "i")],
            ),
            ("sandboxes", sandbox, sandboxes, vec![(sandbox, "i")]),
            (
                "grants",
                grant,
                (before.0, after.0),
                vec![(grant, "i"), (library, &of_library), (sandbox, &of_sandbox)],
            ),
        ] {
            copy(&mut database, table, record, range, &renamed).await;
        }
        database.close().await.unwrap();
    }

    /// Version and sandbox of a copied grant.
    fn of(&self, number: u32) -> (String, String) {
        let (library, id) = self.version.split_once("/versions/").unwrap();
        // Those of the small platform are copies for few libraries, and are kept.
        let libraries = if number < SMALL.0 { SMALL.1 } else { LARGE.1 };
        let library = format!("{library}-{}", number % libraries);
        (
            format!("{library}/versions/{id}"),
            format!("{}-{}", self.sandbox, number / GRANTS_OF_A_SANDBOX),
        )
    }
}

/// Copies a record, with a number appended to names wherever they stand.
async fn copy(
    database: &mut SqliteConnection,
    table: &str,
    record: &str,
    (from, to): (u32, u32),
    renamed: &[(&str, &str)],
) {
    let rename = |column: &str| {
        renamed.iter().fold(column.to_owned(), |text, (old, i)| {
            format!("replace({text}, '{old}', '{old}-' || {i})")
        })
    };
    let (name, parent, body) = (rename("name"), rename("parent"), rename("body"));
    let statement = format!(
        "WITH RECURSIVE numbers(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {to})
         INSERT INTO {table} SELECT {name}, {parent}, organization, counterparty, state, revision, create_time,
         update_time, {body} FROM {table}, numbers WHERE name = '{record}'"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(database)
        .await
        .unwrap();
}

/// Milliseconds of each call, counted from when it was due: a call that had to wait for the one before counts its wait.
async fn paced<F>(seconds: u32, call: impl Fn(u32) -> F + Sync) -> Vec<f64>
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    let count = RATE * seconds;
    // A task that is waited for keeps its memory until then. Thousands of them would make the sender wait for fresh
    // memory again and again, some milliseconds each time, and that would be counted as the server's.
    let (answered, mut times) = tokio::sync::mpsc::channel(count as usize);
    let send = move || {
        let begin = Instant::now();
        for number in 0..count {
            let due = begin + Duration::from_secs(1) * number / RATE;
            // A thread's sleep is precise to some ten microseconds, the runtime's timer to a millisecond.
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (call, answered) = (call(number), answered.clone());
            runtime.spawn(async move {
                call.await;
                answered.send(millis(due.elapsed())).await.unwrap();
            });
        }
    };
    tokio::task::block_in_place(send);
    let mut all = Vec::with_capacity(count as usize);
    while let Some(time) = times.recv().await {
        all.push(time);
    }
    assert_eq!(all.len(), count as usize, "a call failed");
    all
}
