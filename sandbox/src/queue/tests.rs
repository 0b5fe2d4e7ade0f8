#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod oracle;
mod sequences;

use super::*;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

fn resources(cpu_millis: u64, memory_bytes: u64, slots: u64) -> Resources {
    Resources {
        cpu_millis,
        memory_bytes,
        disk_bytes: 0,
        slots,
    }
}

fn policy(capacity: Resources) -> Policy {
    Policy {
        capacity,
        organization: Resources::UNLIMITED,
        organizations: BTreeMap::new(),
        sandbox: Resources::UNLIMITED,
        aging: Duration::from_secs(600),
    }
}

/// A job `organization/sandbox/number` that asks for processors and memory.
fn job(name: &str, cpu_millis: u64, memory_bytes: u64, minutes: u64) -> Request {
    let parts: Vec<&str> = name.split('/').collect();
    Request {
        job: name.into(),
        organization: parts[0].into(),
        sandbox: parts[1].into(),
        priority: 0,
        needs: resources(cpu_millis, memory_bytes, 1),
        wall_clock: Duration::from_secs(minutes * 60),
        submitted: Moment(0),
    }
}

/// Every job that starts now, in order.
fn starts(queue: &mut Queue, now: u64) -> Vec<String> {
    std::iter::from_fn(|| queue.next(Moment(now)))
        .map(|start| start.job.to_string())
        .collect()
}

fn fill(queue: &mut Queue, jobs: &[(&str, u64, u64, u64)]) {
    for (name, cpu, memory, minutes) in jobs {
        queue.submit(job(name, *cpu, *memory, *minutes)).unwrap();
    }
}

/// The example of section 4.1 of Ghodsi et al. (2011): with 9 CPUs and 18 GB, tasks
/// of <1 CPU, 4 GB> and <3 CPU, 1 GB> get three and two places.
#[test]
fn the_example_of_the_paper_is_divided_as_there() {
    let mut queue = Queue::new(policy(resources(9000, 18, 100)));
    for number in 0..10 {
        queue
            .submit(job(&format!("a/s/{number}"), 1000, 4, 10))
            .unwrap();
        queue
            .submit(job(&format!("b/s/{number}"), 3000, 1, 10))
            .unwrap();
    }
    let started = starts(&mut queue, 0);
    let of = |name: &str| started.iter().filter(|job| job.starts_with(name)).count();
    assert_eq!((of("a/"), of("b/")), (3, 2), "{started:?}");
}

#[test]
fn an_organization_with_many_jobs_takes_no_more_than_its_share() {
    let mut queue = Queue::new(policy(resources(4000, 100, 4)));
    for number in 0..100 {
        queue
            .submit(job(&format!("many/s/{number}"), 1000, 1, 10))
            .unwrap();
    }
    fill(
        &mut queue,
        &[("few/s/1", 1000, 1, 10), ("few/s/2", 1000, 1, 10)],
    );
    let started = starts(&mut queue, 0);
    assert_eq!(started, ["many/s/0", "few/s/1", "many/s/1", "few/s/2"]);
    assert_eq!(queue.reason("many/s/2"), Some(WaitingReason::Capacity));
}

#[test]
fn priority_counts_within_an_organization_and_age_raises_it() {
    let mut queue = Queue::new(policy(resources(1000, 100, 1)));
    let urgent = |name: &str, submitted| Request {
        priority: 5,
        submitted: Moment(submitted),
        ..job(name, 1000, 1, 10)
    };
    fill(&mut queue, &[("a/s/old", 1000, 1, 10)]);
    queue.submit(urgent("a/s/urgent", 0)).unwrap();
    assert_eq!(starts(&mut queue, 0), ["a/s/urgent"]);
    queue.remove("a/s/urgent");
    // After fifty minutes the old one counts as much, and it is older.
    queue.submit(urgent("a/s/later", 50 * MINUTE)).unwrap();
    assert_eq!(starts(&mut queue, 50 * MINUTE), ["a/s/old"]);
}

#[test]
fn a_small_job_passes_a_big_one_only_where_it_does_not_delay_it() {
    let mut queue = Queue::new(policy(resources(4000, 100, 10)));
    fill(&mut queue, &[("a/s/runs", 3000, 1, 10)]);
    assert_eq!(starts(&mut queue, 0), ["a/s/runs"]);
    fill(
        &mut queue,
        &[
            ("b/s/big", 4000, 1, 10),
            ("c/s/long", 1000, 1, 11),
            ("c/s/short", 1000, 1, 10),
        ],
    );
    let start = queue.next(Moment(0)).unwrap();
    assert_eq!((&*start.job, start.way), ("c/s/short", Way::Backfill));
    assert_eq!(queue.next(Moment(0)), None);
    assert_eq!(
        queue.reserved(Moment(0)),
        Some(("b/s/big".into(), Moment(10 * MINUTE)))
    );
    queue.remove("c/s/short");
    assert_eq!(queue.reason("c/s/long"), Some(WaitingReason::Reserved));
    assert_eq!(queue.reason("b/s/big"), Some(WaitingReason::Capacity));
    queue.remove("a/s/runs");
    assert_eq!(starts(&mut queue, 5 * MINUTE), ["b/s/big"]);
}

#[test]
fn quotas_hold_back_their_own_jobs_alone() {
    let mut rules = policy(resources(10_000, 100, 10));
    rules
        .organizations
        .insert("a".into(), resources(10_000, 100, 2));
    rules.sandbox = resources(10_000, 100, 1);
    let mut queue = Queue::new(rules);
    fill(
        &mut queue,
        &[
            ("a/s/1", 1000, 1, 10),
            ("a/s/2", 1000, 1, 10),
            ("a/t/1", 1000, 1, 10),
            ("a/u/1", 1000, 1, 10),
            ("b/s/1", 1000, 1, 10),
        ],
    );
    assert_eq!(starts(&mut queue, 0), ["a/s/1", "b/s/1", "a/t/1"]);
    assert_eq!(queue.reason("a/s/2"), Some(WaitingReason::SandboxBusy));
    assert_eq!(
        queue.reason("a/u/1"),
        Some(WaitingReason::OrganizationQuota)
    );
    assert_eq!(queue.reasons()["SANDBOX_BUSY"], 1);
    queue.remove("a/t/1");
    assert_eq!(starts(&mut queue, SECOND), ["a/u/1"]);
}

#[test]
fn a_job_that_can_never_start_is_refused() {
    let mut queue = Queue::new(policy(resources(4000, 100, 10)));
    let refused = queue.submit(job("a/s/1", 4001, 1, 1)).unwrap_err();
    assert_eq!(
        refused,
        NeverFits {
            resource: "cpu_millis",
            asked: 4001,
            most: 4000
        }
    );
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn a_job_that_is_put_back_keeps_its_place_and_waits_a_moment() {
    let mut queue = Queue::new(policy(resources(1000, 100, 1)));
    fill(
        &mut queue,
        &[("a/s/1", 1000, 1, 10), ("a/s/2", 1000, 1, 10)],
    );
    assert_eq!(starts(&mut queue, 0), ["a/s/1"]);
    queue.put_back("a/s/1", Moment(5 * SECOND));
    assert_eq!(queue.reason("a/s/1"), Some(WaitingReason::Retry));
    assert_eq!(queue.next_look(), Some(Moment(5 * SECOND)));
    let forecast = queue.forecast(Moment(0));
    let place = forecast.place("a/s/1").unwrap();
    assert_eq!((place.position, place.start), (1, Moment(5 * SECOND)));
    queue.remove("a/s/2");
    assert_eq!(starts(&mut queue, 4 * SECOND), [] as [&str; 0]);
    assert_eq!(starts(&mut queue, 5 * SECOND), ["a/s/1"]);
    assert!(queue.runs("a/s/1") && queue.reason("a/s/1").is_none());
}

#[test]
fn positions_and_starts_are_foretold() {
    let mut queue = Queue::new(policy(resources(1000, 100, 1)));
    for (number, minutes) in [(1, 10), (2, 20), (3, 30)] {
        queue
            .submit(job(&format!("a/s/{number}"), 1000, 1, minutes))
            .unwrap();
    }
    queue.submit(job("b/s/1", 1000, 1, 5)).unwrap();
    assert_eq!(starts(&mut queue, 0), ["a/s/1"]);
    let forecast = queue.forecast(Moment(MINUTE));
    let told = |name| {
        let place = forecast.place(name).unwrap();
        (place.position, place.start.0 / MINUTE)
    };
    assert_eq!(told("b/s/1"), (1, 10));
    assert_eq!(told("a/s/2"), (2, 15));
    assert_eq!(told("a/s/3"), (3, 35));
    assert_eq!(forecast.place("a/s/1"), None);
}

#[test]
fn what_was_running_before_is_counted_and_nothing_stays_behind() {
    let mut queue = Queue::new(policy(resources(1000, 100, 1)));
    queue.adopt(job("a/s/1", 2000, 1, 10), Moment(MINUTE));
    fill(&mut queue, &[("b/s/1", 1000, 1, 10)]);
    assert_eq!(starts(&mut queue, 0), [] as [&str; 0]);
    assert_eq!(
        queue.forecast(Moment(0)).place("b/s/1").unwrap().start,
        Moment(MINUTE)
    );
    queue.ends("a/s/1", Moment(2 * MINUTE));
    assert_eq!(
        queue.forecast(Moment(0)).place("b/s/1").unwrap().start,
        Moment(2 * MINUTE)
    );
    queue.remove("a/s/1");
    assert_eq!(starts(&mut queue, SECOND), ["b/s/1"]);
    queue.remove("b/s/1");
    assert_eq!((queue.waiting(), queue.running()), (0, 0));
    assert!(queue.organizations.is_empty() && queue.entries.is_empty());
    assert_eq!(queue.used(), Resources::default());
}
