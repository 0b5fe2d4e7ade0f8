//! What the server counts of itself, for Prometheus. Labels name methods, states, reasons and causes: nothing of people,
//! organizations or data.

mod engine;
mod listen;

use std::collections::HashSet;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use prost::Message;
use sandyq_proto::DESCRIPTOR_SET;

pub use engine::Measured;
pub use listen::serve;

use crate::error::{Error, Result};
use crate::jobs::queue::Counts;

type One = [(&'static str, &'static str); 1];
type Two = [(&'static str, &'static str); 2];
type Rpc = [(&'static str, String); 1];
type RpcCode = [(&'static str, String); 2];

/// From a millisecond to a minute.
const LATENCIES: [f64; 12] = [
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 10.0, 60.0,
];

/// From a hundredth of a second to a day: jobs wait longer than calls.
const WAITS: [f64; 10] = [
    0.01, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0, 600.0, 3600.0, 86_400.0,
];

/// The counters of a server.
pub struct Metrics {
    registry: Registry,
    methods: HashSet<String>,
    queue: Family<One, Gauge>,
    states: Family<One, Gauge>,
    starts: Family<One, Counter>,
    ends: Family<One, Counter>,
    retries: Counter,
    admission: Histogram,
    engine: Family<Two, Histogram>,
    staged: Counter,
    rpcs: Family<RpcCode, Counter>,
    rpc_seconds: Family<Rpc, Histogram>,
}

fn latencies() -> Histogram {
    Histogram::new(LATENCIES)
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("sandyq"),
            methods: methods(),
            queue: Family::default(),
            states: Family::default(),
            starts: Family::default(),
            ends: Family::default(),
            retries: Counter::default(),
            admission: Histogram::new(WAITS),
            engine: Family::new_with_constructor(latencies),
            staged: Counter::default(),
            rpcs: Family::default(),
            rpc_seconds: Family::new_with_constructor(latencies),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "queue_jobs",
            "Jobs that wait, by reason",
            self.queue.clone(),
        );
        registry.register(
            "jobs",
            "Jobs that have not ended, by state",
            self.states.clone(),
        );
        registry.register(
            "job_starts",
            "Jobs admitted, by turn or by backfill",
            self.starts.clone(),
        );
        registry.register("job_ends", "Jobs ended, by cause", self.ends.clone());
        registry.register(
            "job_retries",
            "Jobs that wait again because the platform failed to start them",
            self.retries.clone(),
        );
        registry.register_with_unit(
            "job_admission",
            "From submission to admission",
            Unit::Seconds,
            self.admission.clone(),
        );
        registry.register_with_unit(
            "engine_call",
            "Calls of the container engine, by call and outcome",
            Unit::Seconds,
            self.engine.clone(),
        );
        registry.register_with_unit(
            "staged",
            "Data laid out for jobs",
            Unit::Bytes,
            self.staged.clone(),
        );
        registry.register(
            "rpcs",
            "Calls answered, by method and status",
            self.rpcs.clone(),
        );
        registry.register_with_unit(
            "rpc",
            "From a call to its answer, or to the beginning of its stream",
            Unit::Seconds,
            self.rpc_seconds.clone(),
        );
    }

    /// A job was admitted after it had waited so long.
    pub fn started(&self, way: &'static str, waited: Duration) {
        self.starts.get_or_create(&[("way", way)]).inc();
        self.admission.observe(waited.as_secs_f64());
    }

    /// A job has ended.
    pub fn ended(&self, cause: &'static str) {
        self.ends.get_or_create(&[("cause", cause)]).inc();
    }

    /// A job waits again.
    pub fn retried(&self) {
        self.retries.inc();
    }

    /// Bytes were laid out for jobs.
    pub fn staged(&self, bytes: usize) {
        self.staged.inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// The engine was called.
    pub fn engine_called(&self, call: &'static str, outcome: &'static str, took: Duration) {
        let labels = [("call", call), ("outcome", outcome)];
        self.engine
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// A call was answered. Methods that do not exist count as one, so that nobody can fill the memory with names.
    pub fn answered(&self, path: &str, code: tonic::Code, took: Duration) {
        let method = match path.strip_prefix('/') {
            Some(known) if self.methods.contains(known) => known,
            _ => "unknown",
        };
        let labels = [("method", method.to_owned()), ("code", format!("{code:?}"))];
        self.rpcs.get_or_create(&labels).inc();
        let [method, _] = labels;
        self.rpc_seconds
            .get_or_create(&[method])
            .observe(took.as_secs_f64());
    }

    /// Everything, in the text format of Prometheus.
    ///
    /// # Errors
    /// None that is known of.
    pub fn text(&self, counts: Counts) -> Result<String> {
        for (reason, jobs) in counts.reasons {
            set(&self.queue, "reason", reason, jobs);
        }
        for (state, jobs) in counts.states {
            set(&self.states, "state", state, jobs);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)
            .map_err(|error| Error::internal("tell its metrics", error))?;
        Ok(text)
    }
}

fn set(family: &Family<One, Gauge>, label: &'static str, value: &'static str, jobs: usize) {
    let jobs = i64::try_from(jobs).unwrap_or(i64::MAX);
    family.get_or_create(&[(label, value)]).set(jobs);
}

/// `package.Service/Method` of every call there is.
fn methods() -> HashSet<String> {
    let described = prost_types::FileDescriptorSet::decode(DESCRIPTOR_SET).unwrap_or_default();
    let files = described.file.iter();
    let services = files.flat_map(|file| file.service.iter().map(move |service| (file, service)));
    services
        .flat_map(|(file, service)| {
            service.method.iter().map(move |method| {
                let (package, service) = (file.package(), service.name());
                format!("{package}.{service}/{}", method.name())
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn unknown_methods_are_counted_as_one() {
        let metrics = Metrics::new();
        let took = Duration::from_millis(3);
        metrics.answered("/sandyq.v1.SandboxService/GetJob", tonic::Code::Ok, took);
        metrics.answered(
            "/sandyq.v1.SandboxService/Nonsense1",
            tonic::Code::Unimplemented,
            took,
        );
        metrics.answered("/x/y", tonic::Code::Unimplemented, took);
        let text = metrics.text(Counts::default()).unwrap();
        let line = r#"sandyq_rpcs_total{method="sandyq.v1.SandboxService/GetJob",code="Ok"} 1"#;
        assert!(text.contains(line), "{text}");
        let line = r#"sandyq_rpcs_total{method="unknown",code="Unimplemented"} 2"#;
        assert!(text.contains(line), "{text}");
        assert!(!text.contains("Nonsense"));
    }

    #[test]
    fn what_was_counted_is_told() {
        let metrics = Metrics::new();
        metrics.started("turn", Duration::from_secs(2));
        metrics.ended("EXIT");
        metrics.engine_called("start", "ok", Duration::from_millis(40));
        metrics.staged(7);
        let counts = Counts {
            reasons: vec![("CAPACITY", 3)],
            states: vec![("RUNNING", 2)],
        };
        let text = metrics.text(counts).unwrap();
        for line in [
            r#"sandyq_queue_jobs{reason="CAPACITY"} 3"#,
            r#"sandyq_jobs{state="RUNNING"} 2"#,
            r#"sandyq_job_starts_total{way="turn"} 1"#,
            r#"sandyq_job_ends_total{cause="EXIT"} 1"#,
            r#"sandyq_job_admission_seconds_bucket{le="10.0"} 1"#,
            r#"sandyq_engine_call_seconds_count{call="start",outcome="ok"} 1"#,
            "sandyq_staged_bytes_total 7",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
