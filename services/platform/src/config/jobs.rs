//! What jobs may use, and in which order they get it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sandyq_sandbox::queue::{Policy, Resources};
use serde::{Deserialize, Serialize};

/// What jobs may use. Of an amount that can be left out, zero means none was set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawJobs {
    /// Jobs that run at once.
    pub concurrent: usize,
    /// Processors of all running jobs together, in thousandths; 0: one for each job that runs at once.
    pub cpu_millis: u64,
    /// Memory of all running jobs together, bytes.
    pub memory_bytes: u64,
    /// Output volumes of all running jobs together, bytes.
    pub disk_bytes: u64,
    /// Longest a job may run, seconds.
    pub max_wall_clock_seconds: u64,
    /// Longest term of a sandbox, days.
    pub max_sandbox_days: i64,
    /// Memory of all staged inputs together, bytes.
    pub staging_bytes: u64,
    /// How long something that belongs to no job is left before it is removed, seconds.
    pub orphan_grace_seconds: u64,
    /// For each such time that a job has waited, its priority counts one more; seconds.
    pub aging_seconds: u64,
    /// How often a job is tried again when the platform failed before its command could start.
    pub retries: u32,
    /// What the jobs of one organization may take at once.
    pub organization: RawQuota,
    /// What the jobs of one sandbox may take at once.
    pub sandbox: RawQuota,
    /// The same for single organizations, by their id.
    pub organizations: BTreeMap<String, RawQuota>,
}

/// What some jobs may take together; 0 is no bound of its own.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawQuota {
    /// Jobs that run at once.
    pub concurrent: u64,
    /// Processors, in thousandths.
    pub cpu_millis: u64,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// Output volumes, bytes.
    pub disk_bytes: u64,
}

impl Default for RawJobs {
    fn default() -> Self {
        Self {
            concurrent: std::thread::available_parallelism().map_or(1, usize::from),
            cpu_millis: 0,
            memory_bytes: 8 << 30,
            disk_bytes: 256 << 30,
            max_wall_clock_seconds: 7 * 24 * 3600,
            max_sandbox_days: 365,
            staging_bytes: 4 << 30,
            orphan_grace_seconds: 5,
            aging_seconds: 600,
            retries: 2,
            organization: RawQuota::default(),
            sandbox: RawQuota::default(),
            organizations: BTreeMap::new(),
        }
    }
}

impl RawQuota {
    fn resources(&self) -> Resources {
        let bound = |value| if value == 0 { u64::MAX } else { value };
        Resources {
            cpu_millis: bound(self.cpu_millis),
            memory_bytes: bound(self.memory_bytes),
            disk_bytes: bound(self.disk_bytes),
            slots: bound(self.concurrent),
        }
    }
}

impl RawJobs {
    /// What the scheduler goes by.
    pub fn policy(&self) -> Policy {
        let slots = u64::try_from(self.concurrent).unwrap_or(u64::MAX);
        let named = self.organizations.iter().map(|(id, quota)| {
            let name: Arc<str> = format!("organizations/{id}").into();
            (name, quota.resources())
        });
        Policy {
            capacity: Resources {
                cpu_millis: match self.cpu_millis {
                    0 => slots.saturating_mul(1000),
                    millis => millis,
                },
                memory_bytes: self.memory_bytes,
                disk_bytes: self.disk_bytes,
                slots,
            },
            organization: self.organization.resources(),
            organizations: named.collect(),
            sandbox: self.sandbox.resources(),
            aging: Duration::from_secs(self.aging_seconds.max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn an_organization_named_has_a_quota_of_its_own() {
        let text = "concurrent = 4\n[organization]\nconcurrent = 2\n[organizations.lab]\nmemory_bytes = 5\n";
        let policy = toml::from_str::<RawJobs>(text).unwrap().policy();
        assert_eq!(
            (policy.capacity.slots, policy.capacity.cpu_millis),
            (4, 4000)
        );
        assert_eq!(policy.quota("organizations/other").slots, 2);
        let lab = policy.quota("organizations/lab");
        assert_eq!((lab.slots, lab.memory_bytes), (u64::MAX, 5));
        assert_eq!(policy.most("organizations/lab").slots, 4);
    }
}
