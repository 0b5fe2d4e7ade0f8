//! What people may see of jobs without a review.

use serde::{Deserialize, Serialize};

/// Bounds that hold whatever grants say.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawExits {
    /// Bytes of the logs of all jobs of a sandbox within a day.
    pub log_daily_bytes: u64,
}

impl Default for RawExits {
    fn default() -> Self {
        Self {
            log_daily_bytes: 4 << 20,
        }
    }
}
