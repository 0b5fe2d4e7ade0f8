//! The server's configuration: `sandyq.toml` as written by people, and what it means once checked.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sandyq_calendar::Calendar;
use sandyq_sandbox::Power;
use sandyq_sandbox::engine::beside;
use serde::{Deserialize, Serialize};

use crate::incidents::exposure;

mod exits;
mod incidents;
mod jobs;
mod observe;
mod trials;

pub use exits::RawExits;
pub use incidents::{RawCategory, RawIncidents};
pub use jobs::{RawJobs, RawQuota};
pub use observe::{RawMetrics, RawTraces};
pub use trials::RawTrials;

/// `sandyq.toml` as it stands. Every field has a comment in the sample (`docs/sandyq.sample.toml`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Host names and addresses of the server's certificate.
    pub public_names: Vec<String>,
    /// `sqlite:FILE` (relative to the folder) or `postgres://...`.
    pub database_url: String,
    /// Folder of encrypted objects, relative to the folder of the configuration.
    pub objects: PathBuf,
    /// Folder of policies.
    pub policies: PathBuf,
    /// File with the master key.
    pub master_key: PathBuf,
    /// Folder for volumes and staged inputs of jobs.
    pub work: PathBuf,
    /// Name of this installation, for labels of containers and as origin of the audit log.
    pub platform_id: String,
    /// File with the working days; empty for the calendar that is shipped.
    pub calendar: PathBuf,
    /// Limits of uploads and data sets.
    pub intake: RawIntake,
    /// How many jobs run at once and what they may use.
    pub jobs: RawJobs,
    /// What may be seen of jobs without a review.
    pub exits: RawExits,
    /// The gateway to trials, and what each may be asked.
    pub trials: RawTrials,
    /// Where metrics can be read.
    pub metrics: RawMetrics,
    /// Where traces are sent.
    pub traces: RawTraces,
    /// Fines of article 641-1.
    pub exposure: exposure::Table,
    /// Kinds of incidents.
    pub incidents: RawIncidents,
    /// What the operator asks of systems and libraries beyond the law's letter.
    pub governance: RawGovernance,
    /// How containers begin.
    pub sandbox: RawSandbox,
    /// What the machine draws.
    pub energy: RawEnergy,
}

/// What the operator asks of systems and libraries.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawGovernance {
    /// Kinds of documents that a system of minimal risk needs.
    pub documents_minimal: Vec<String>,
    /// Kinds of documents that a system of medium risk needs.
    pub documents_medium: Vec<String>,
    /// Kinds of documents that a system of high risk needs.
    pub documents_high: Vec<String>,
    /// Days after which the overdue review of a risk blocks new jobs.
    pub risk_review_grace_days: u32,
    /// File with the vocabulary of purposes; `purposes.toml`, or the shipped one, when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purposes: Option<PathBuf>,
}

impl Default for RawGovernance {
    fn default() -> Self {
        let kinds = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Self {
            documents_minimal: Vec::new(),
            documents_medium: kinds(&["technical-description", "user-information"]),
            documents_high: kinds(&[
                "technical-description",
                "user-information",
                "risk-assessment",
                "human-oversight",
                "security-conformity",
            ]),
            risk_review_grace_days: 30,
            purposes: None,
        }
    }
}

/// How containers begin.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSandbox {
    /// The program `sandyq-init`; beside `sandyq` when empty.
    pub init: PathBuf,
}

/// What the machine draws, for the estimate of a job's energy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawEnergy {
    /// Watts of one busy core, beyond what it draws idle.
    pub watts_per_core: f64,
    /// Watts of the idle machine, divided by its cores.
    pub idle_watts_per_core: f64,
}

/// Limits of what comes in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawIntake {
    /// Most bytes of one data set.
    pub max_dataset_bytes: u64,
    /// Most bytes of one image archive.
    pub max_image_bytes: u64,
}

impl Default for RawConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7443)),
            public_names: vec![
                "localhost".to_owned(),
                "127.0.0.1".to_owned(),
                "::1".to_owned(),
            ],
            database_url: "sqlite:state.db".to_owned(),
            objects: "objects".into(),
            policies: "policies".into(),
            master_key: "master.key".into(),
            work: "work".into(),
            platform_id: "sandyq".to_owned(),
            calendar: PathBuf::new(),
            intake: RawIntake::default(),
            jobs: RawJobs::default(),
            exits: RawExits::default(),
            trials: RawTrials::default(),
            metrics: RawMetrics::default(),
            traces: RawTraces::default(),
            exposure: exposure::Table::default(),
            incidents: RawIncidents::default(),
            governance: RawGovernance::default(),
            sandbox: RawSandbox::default(),
            energy: RawEnergy::default(),
        }
    }
}

impl Default for RawIntake {
    fn default() -> Self {
        Self {
            max_dataset_bytes: 64 << 30,
            max_image_bytes: 16 << 30,
        }
    }
}

/// A server of two processors with 64 cores, 150 W idle and 342 W busy: sound enough to compare jobs,
/// to be replaced by a measurement.
impl Default for RawEnergy {
    fn default() -> Self {
        Self {
            watts_per_core: 3.0,
            idle_watts_per_core: 2.5,
        }
    }
}

/// The configuration, checked, with all paths made absolute.
#[derive(Debug, Clone)]
pub struct Config {
    /// As written.
    pub raw: RawConfig,
    /// The folder that it was read from.
    pub dir: PathBuf,
    /// The database.
    pub database_url: String,
    /// Encrypted objects.
    pub objects: PathBuf,
    /// Policies.
    pub policies: PathBuf,
    /// Master key.
    pub master_key: PathBuf,
    /// Volumes and staged inputs.
    pub work: PathBuf,
    /// The gateway to trials.
    pub gateway: Option<SocketAddr>,
    /// Where metrics can be read.
    pub metrics: Option<SocketAddr>,
    /// Where traces are sent.
    pub collector: Option<SocketAddr>,
    /// Working days, by which terms are counted.
    pub calendar: Calendar,
    /// The program `sandyq-init`.
    pub init: PathBuf,
    /// What the machine draws.
    pub power: Power,
}

/// Name of the file.
pub const FILE: &str = "sandyq.toml";

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}; make a platform folder with `sandyq init`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The calendar cannot be read.
    #[error("cannot read the calendar {path}; leave `calendar` empty for the one that is shipped")]
    Calendar {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not as it should be; the text names line and field.
    #[error("{path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line and field.
        message: String,
    },
    /// A value is out of bounds.
    #[error("{path}: {field}: {reason}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The field.
        field: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl Config {
    /// Reads and checks `dir/sandyq.toml`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(dir: &Path) -> Result<Self, ConfigError> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read {
            path: path.clone(),
            source,
        })?;
        let raw: RawConfig = toml::from_str(&text).map_err(|error| ConfigError::Parse {
            path: path.clone(),
            message: error.to_string(),
        })?;
        Self::check(raw, dir, &path)
    }

    fn check(raw: RawConfig, dir: &Path, path: &Path) -> Result<Self, ConfigError> {
        let refuse = |field, reason: &str| {
            Err(ConfigError::Value {
                path: path.to_owned(),
                field,
                reason: reason.to_owned(),
            })
        };
        if raw.public_names.is_empty() {
            return refuse("public_names", "name at least one host or address");
        }
        if sandyq_sandbox::PlatformId::new(&raw.platform_id).is_err() {
            return refuse("platform_id", "must be 1-63 of a-z, 0-9 and dash");
        }
        if raw.jobs.concurrent == 0 {
            return refuse("jobs.concurrent", "must be at least 1");
        }
        if !(1..=3600).contains(&raw.jobs.orphan_grace_seconds) {
            return refuse("jobs.orphan_grace_seconds", "must be from 1 to 3600");
        }
        let gateway = match raw.trials.address() {
            Ok(address) => address,
            Err((field, reason)) => return refuse(field, &reason),
        };
        let metrics = match observe::loopback(&raw.metrics.listen) {
            Ok(address) => address,
            Err(reason) => return refuse("metrics.listen", &reason),
        };
        let collector = match observe::loopback(&raw.traces.collector) {
            Ok(address) => address,
            Err(reason) => return refuse("traces.collector", &reason),
        };
        if let Some((field, reason)) = raw.exits.fault() {
            return refuse(field, reason);
        }
        if let Some((field, reason)) = raw.exposure.fault() {
            return refuse(field, &reason);
        }
        let ids: BTreeSet<&str> = raw
            .incidents
            .category
            .iter()
            .map(|of| of.id.as_str())
            .collect();
        if ids.len() < raw.incidents.category.len() || ids.contains("") {
            return refuse("incidents.category", "give each category an id of its own");
        }
        let asked = [
            (
                "governance.documents_minimal",
                &raw.governance.documents_minimal,
            ),
            (
                "governance.documents_medium",
                &raw.governance.documents_medium,
            ),
            ("governance.documents_high", &raw.governance.documents_high),
        ];
        for (field, kinds) in asked {
            if !kinds.iter().all(|kind| crate::names::is_client_id(kind)) {
                return refuse(field, "kinds are 1-63 of a-z, 0-9 and dash");
            }
        }
        let power = Power {
            watts_per_core: raw.energy.watts_per_core,
            idle_watts_per_core: raw.energy.idle_watts_per_core,
        };
        let sound = |watts: f64| (0.0..=10_000.0).contains(&watts);
        if !sound(power.watts_per_core) || !sound(power.idle_watts_per_core) {
            return refuse("energy", "watts must be between 0 and 10000");
        }
        let init = if raw.sandbox.init.as_os_str().is_empty() {
            beside(&std::env::current_exe().unwrap_or_default())
        } else {
            dir.join(&raw.sandbox.init)
        };
        let dir = std::path::absolute(dir).map_err(|source| ConfigError::Read {
            path: dir.to_owned(),
            source,
        })?;
        let database_url = match raw.database_url.strip_prefix("sqlite:") {
            Some(file) => format!("sqlite:{}", dir.join(file).display()),
            None => raw.database_url.clone(),
        };
        let calendar = match raw.calendar.as_os_str().is_empty() {
            true => Calendar::kazakhstan(),
            false => {
                let path = dir.join(&raw.calendar);
                let text = std::fs::read_to_string(&path);
                Calendar::parse(&text.map_err(|source| ConfigError::Calendar { path, source })?)
            }
        };
        let calendar = match calendar {
            Ok(calendar) => calendar,
            Err(error) => return refuse("calendar", &error.to_string()),
        };
        Ok(Self {
            calendar,
            database_url,
            objects: dir.join(&raw.objects),
            policies: dir.join(&raw.policies),
            master_key: dir.join(&raw.master_key),
            work: dir.join(&raw.work),
            gateway,
            metrics,
            collector,
            init: std::path::absolute(&init).unwrap_or(init),
            power,
            raw,
            dir,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn an_unknown_field_is_an_error_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join(FILE),
            "platform_id = \"p\"\nlissten = \"x\"\n",
        )
        .unwrap();
        let error = Config::load(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("lissten"),
            "{error}"
        );
    }

    #[test]
    fn paths_are_relative_to_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "database_url = \"sqlite:a.db\"\n").unwrap();
        let config = Config::load(dir.path()).unwrap();
        assert_eq!(
            config.database_url,
            format!("sqlite:{}/a.db", dir.path().display())
        );
        assert!(config.objects.starts_with(dir.path()));
    }

    #[test]
    fn the_sample_in_the_docs_is_the_default() {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sandyq.sample.toml");
        let raw: RawConfig = toml::from_str(&std::fs::read_to_string(sample).unwrap()).unwrap();
        let mut default = RawConfig::default();
        default.jobs.concurrent = raw.jobs.concurrent;
        assert_eq!(
            toml::to_string(&raw).unwrap(),
            toml::to_string(&default).unwrap()
        );
    }
}
