//! What people may see of jobs without a review.

use serde::{Deserialize, Serialize};

/// Bounds that hold whatever grants say.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawExits {
    /// Bytes of the logs of all jobs of a sandbox within a day.
    pub log_daily_bytes: u64,
    /// Bytes of the terminals of a sandbox within a day.
    pub terminal_daily_bytes: u64,
    /// Bytes of one session at a terminal.
    pub terminal_session_bytes: u64,
    /// Bytes a second of a terminal.
    pub terminal_bytes_per_second: u64,
    /// A terminal is closed when nothing was typed for so many seconds.
    pub terminal_idle_seconds: u64,
}

impl Default for RawExits {
    fn default() -> Self {
        Self {
            log_daily_bytes: 4 << 20,
            terminal_daily_bytes: 16 << 20,
            terminal_session_bytes: 4 << 20,
            terminal_bytes_per_second: 64 << 10,
            terminal_idle_seconds: 900,
        }
    }
}

impl RawExits {
    /// The field that is out of bounds, with what is right.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if self.terminal_bytes_per_second < 1024 {
            return Some(("exits.terminal_bytes_per_second", "must be at least 1024"));
        }
        if self.terminal_session_bytes > 256 << 20 {
            return Some(("exits.terminal_session_bytes", "must be at most 256 MiB"));
        }
        if !(1..=86_400).contains(&self.terminal_idle_seconds) {
            return Some(("exits.terminal_idle_seconds", "must be from 1 to 86400"));
        }
        None
    }
}
