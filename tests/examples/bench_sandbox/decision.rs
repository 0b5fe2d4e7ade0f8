//! The scheduler by itself, with 10,000 jobs that wait: one event, and then what starts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sandyq_sandbox::queue::{Moment, Policy, Queue, Request, Resources};

use crate::table::{Bar, Row};

const WAITING: u64 = 10_000;
const EVENTS: u64 = 2_000;
const GIB: u64 = 1 << 30;

/// The slowest of a hundred decisions where every job asks for the same, and where no two do.
pub fn measure() -> Vec<Row> {
    let row = |what, ours| Row {
        what,
        ours,
        baseline: None,
        unit: "ms",
        bar: Bar::Below(10.0),
    };
    let (alike, _) = decisions(|_| 60);
    let (distinct, forecast) = decisions(|number| 60 + number);
    vec![
        row(
            "a decision with 10,000 that wait, alike: 99th percentile",
            alike,
        ),
        row(
            "a decision with 10,000 that wait, all different: 99th percentile",
            distinct,
        ),
        Row {
            bar: Bar::None,
            ..row("all positions and estimates of 10,000, once", forecast)
        },
    ]
}

fn request(number: u64, seconds: u64) -> Request {
    let organization = number % 50;
    let name = |text: String| -> Arc<str> { text.into() };
    Request {
        job: name(format!("sandboxes/s{}/jobs/{number}", number % 500)),
        organization: name(format!("organizations/o{organization}")),
        sandbox: name(format!("sandboxes/s{}", number % 500)),
        priority: 0,
        needs: Resources {
            cpu_millis: 500 + 250 * (number % 4),
            memory_bytes: GIB / 4 * (1 + number % 5),
            disk_bytes: GIB,
            slots: 1,
        },
        wall_clock: Duration::from_secs(seconds),
        submitted: Moment(number),
    }
}

fn decisions(seconds: impl Fn(u64) -> u64) -> (f64, f64) {
    let capacity = Resources {
        cpu_millis: 64_000,
        memory_bytes: 128 * GIB,
        disk_bytes: 1000 * GIB,
        slots: 100,
    };
    let mut queue = Queue::new(Policy {
        capacity,
        organization: Resources::UNLIMITED,
        organizations: BTreeMap::new(),
        sandbox: Resources::UNLIMITED,
        aging: Duration::from_secs(600),
    });
    let mut running = std::collections::VecDeque::new();
    let mut number = 0;
    let mut times = Vec::new();
    let mut start_all = |queue: &mut Queue, now: u64, times: &mut Vec<f64>| loop {
        let begin = Instant::now();
        let start = queue.next(Moment(now));
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        match start {
            Some(start) => running.push_back(start.job),
            None => break running.pop_front(),
        }
    };
    while (queue.waiting() as u64) < WAITING {
        number += 1;
        queue.submit(request(number, seconds(number))).unwrap();
        if number.is_multiple_of(1000)
            && let Some(ended) = start_all(&mut queue, number, &mut Vec::new())
        {
            queue.remove(&ended);
        }
    }
    for _ in 0..EVENTS {
        number += 1;
        queue.submit(request(number, seconds(number))).unwrap();
        if let Some(ended) = start_all(&mut queue, number, &mut times) {
            queue.remove(&ended);
        }
    }
    let begin = Instant::now();
    let forecast = queue.forecast(Moment(number));
    let took = begin.elapsed().as_secs_f64() * 1e3;
    assert_eq!(forecast.len(), queue.waiting());
    assert!(queue.waiting() as u64 > WAITING * 9 / 10);
    times.sort_by(f64::total_cmp);
    (times[times.len() * 99 / 100], took)
}
