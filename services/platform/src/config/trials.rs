//! The gateway to trials, and what each trial may be asked.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// A message of gRPC has at most 8 MiB.
const MOST_BYTES: u64 = 7 << 20;

/// The gateway to trials, and what each trial may be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawTrials {
    /// Address and port of the gateway, or nothing.
    pub listen: String,
    /// Requests a second of one user to one trial.
    pub requests_per_second: u32,
    /// Requests that may come at once before that counts.
    pub burst: u32,
    /// Requests that a trial answers at one time.
    pub concurrent_requests: usize,
    /// Most bytes of a request.
    pub max_request_bytes: u64,
    /// Most bytes of an answer.
    pub max_answer_bytes: u64,
    /// Longest that an answer may take, seconds.
    pub request_seconds: u64,
}

impl Default for RawTrials {
    fn default() -> Self {
        Self {
            listen: String::new(),
            requests_per_second: 10,
            burst: 20,
            concurrent_requests: 16,
            max_request_bytes: 1 << 20,
            max_answer_bytes: 4 << 20,
            request_seconds: 30,
        }
    }
}

impl RawTrials {
    /// Where the gateway listens; `None` when it is off.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn address(&self) -> Result<Option<SocketAddr>, (&'static str, String)> {
        let within = |field, value: u64, most: u64| {
            let text = || format!("must be 1 to {most}");
            (1..=most)
                .contains(&value)
                .then_some(())
                .ok_or_else(|| (field, text()))
        };
        within(
            "trials.requests_per_second",
            self.requests_per_second.into(),
            10_000,
        )?;
        within("trials.burst", self.burst.into(), 100_000)?;
        // What init forwards at one time, but for health checks.
        within(
            "trials.concurrent_requests",
            self.concurrent_requests as u64,
            30,
        )?;
        within(
            "trials.max_request_bytes",
            self.max_request_bytes,
            MOST_BYTES,
        )?;
        within("trials.max_answer_bytes", self.max_answer_bytes, MOST_BYTES)?;
        within("trials.request_seconds", self.request_seconds, 600)?;
        if self.listen.is_empty() {
            return Ok(None);
        }
        let wrong = |_| {
            let text = format!(
                "{:?} is not an address and port such as 0.0.0.0:7444",
                self.listen
            );
            ("trials.listen", text)
        };
        self.listen.parse().map(Some).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::RawTrials;

    #[test]
    fn the_gateway_is_off_unless_it_has_an_address() {
        assert_eq!(RawTrials::default().address(), Ok(None));
        let with = |text: &str| toml::from_str::<RawTrials>(text).unwrap().address();
        assert!(matches!(with("listen = \"0.0.0.0:7444\""), Ok(Some(_))));
        for (text, field) in [
            ("listen = \"localhost\"", "trials.listen"),
            ("burst = 0", "trials.burst"),
            ("concurrent_requests = 31", "trials.concurrent_requests"),
            ("max_answer_bytes = 8388608", "trials.max_answer_bytes"),
            ("request_seconds = 0", "trials.request_seconds"),
        ] {
            assert_eq!(with(text).unwrap_err().0, field, "{text}");
        }
    }
}
