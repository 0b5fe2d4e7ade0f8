//! An access decision through gRPC, at a steady rate whether or not earlier ones were answered.

use std::future::Future;
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_tests::{Site, User};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::table::{Bar, Row, millis, quantile};

const RATE: u32 = 1000;
const SECONDS: u32 = 10;
const WARM_UP_SECONDS: u32 = 1;
/// A platform's callers are several; on one connection, each call waits for whatever holds up another.
const CONNECTIONS: u32 = 8;

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

/// Milliseconds of each call, counted from when it was due: a call that had to wait for the one before counts its wait.
async fn paced<F>(seconds: u32, call: impl Fn(u32) -> F + Sync) -> Vec<f64>
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    let send = || {
        let begin = Instant::now();
        let calls: Vec<_> = (0..RATE * seconds)
            .map(|number| {
                let due = begin + Duration::from_secs(1) * number / RATE;
                // A thread's sleep is precise to some ten microseconds, the runtime's timer to a millisecond.
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let call = call(number);
                runtime.spawn(async move {
                    call.await;
                    millis(due.elapsed())
                })
            })
            .collect();
        calls
    };
    let calls = tokio::task::block_in_place(send);
    let mut times = Vec::with_capacity(calls.len());
    for call in calls {
        times.push(call.await.unwrap());
    }
    times
}
