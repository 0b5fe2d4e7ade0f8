//! What grants open of jobs, and what people saw of them.

use sandyq_proto::v1;
use sandyq_sandbox::logs::LogOpening;

use super::{count, duration_millis, millis, uncount};
use crate::error::{Error, Result};
use crate::records::access::{
    Conditions, DEFAULT_LOG_DAILY_BYTES, DEFAULT_LOG_TAIL_BYTES, MAX_LOG_TAIL_BYTES,
};

/// What of logs is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogTail {
    /// Which lines.
    pub opening: LogOpening,
    /// Bytes of one job.
    pub bytes: u64,
    /// Bytes of all jobs of a sandbox within a day.
    pub daily_bytes: u64,
}

/// What a client named of logs.
///
/// # Errors
/// Out of bounds.
pub fn log_tail(field: &str, message: &v1::LogTail) -> Result<LogTail> {
    use v1::log_tail::Mode;
    let bounded = |name: &str, value: i64, default: u64, most: u64| {
        let name = format!("{field}.{name}");
        match uncount(&name, value)? {
            0 => Ok(default),
            bytes if bytes > most => Err(Error::invalid(name, format!("must be at most {most}"))),
            bytes => Ok(bytes),
        }
    };
    let bytes = bounded(
        "max_bytes",
        message.max_bytes,
        DEFAULT_LOG_TAIL_BYTES,
        MAX_LOG_TAIL_BYTES,
    )?;
    let daily_bytes = bounded(
        "daily_bytes",
        message.daily_bytes,
        DEFAULT_LOG_DAILY_BYTES,
        i64::MAX.unsigned_abs(),
    )?;
    let opening = match message.mode() {
        Mode::Unspecified if message.max_bytes == 0 => LogOpening::None,
        Mode::None => LogOpening::None,
        Mode::Metrics => LogOpening::Metrics,
        Mode::Unspecified | Mode::Text => LogOpening::Text,
    };
    Ok(LogTail {
        opening,
        bytes: if opening == LogOpening::None {
            0
        } else {
            bytes
        },
        daily_bytes,
    })
}

/// What is open of logs.
pub fn log_tail_message(tail: LogTail) -> v1::LogTail {
    use v1::log_tail::Mode;
    let mode = match tail.opening {
        _ if tail.bytes == 0 => Mode::None,
        LogOpening::None => Mode::None,
        LogOpening::Metrics => Mode::Metrics,
        LogOpening::Text => Mode::Text,
    };
    v1::LogTail {
        max_bytes: count(tail.bytes),
        mode: mode.into(),
        daily_bytes: count(tail.daily_bytes),
    }
}

/// Conditions that a client named; defaults where nothing is said.
///
/// # Errors
/// Out of bounds.
pub fn conditions(field: &str, message: Option<&v1::GrantConditions>) -> Result<Conditions> {
    let mut out = Conditions::default();
    let Some(message) = message else {
        return Ok(out);
    };
    if let Some(tail) = &message.log_tail {
        let tail = log_tail(&format!("{field}.log_tail"), tail)?;
        out.log = tail.opening;
        out.log_tail_bytes = tail.bytes;
        out.log_daily_bytes = tail.daily_bytes;
    }
    if let Some(longest) = &message.max_job_duration {
        let name = format!("{field}.max_job_duration");
        let seconds = millis(&name, longest)? / 1000;
        if seconds == 0 {
            return Err(Error::invalid(name, "must be at least one second"));
        }
        out.max_job_seconds = Some(seconds);
    }
    out.interactive_viewing = message.interactive_viewing.unwrap_or(true);
    out.trial_use = message.trial_use.unwrap_or(true);
    Ok(out)
}

/// Conditions of a grant, or of all grants of a job.
pub fn conditions_message(conditions: &Conditions) -> v1::GrantConditions {
    v1::GrantConditions {
        log_tail: Some(log_tail_message(LogTail {
            opening: conditions.log,
            bytes: conditions.log_tail_bytes,
            daily_bytes: conditions.log_daily_bytes,
        })),
        max_job_duration: conditions
            .max_job_seconds
            .map(|seconds| duration_millis(seconds.saturating_mul(1000))),
        interactive_viewing: Some(conditions.interactive_viewing),
        trial_use: Some(conditions.trial_use),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn read(max_bytes: i64, mode: v1::log_tail::Mode) -> (LogOpening, u64) {
        let message = v1::LogTail {
            max_bytes,
            mode: mode.into(),
            daily_bytes: 0,
        };
        let tail = log_tail("log_tail", &message).unwrap();
        assert_eq!(tail.daily_bytes, DEFAULT_LOG_DAILY_BYTES);
        (tail.opening, tail.bytes)
    }

    #[test]
    fn what_is_open_of_a_log_is_read() {
        use v1::log_tail::Mode;
        assert_eq!(read(0, Mode::Unspecified), (LogOpening::None, 0));
        assert_eq!(read(9, Mode::Unspecified), (LogOpening::Text, 9));
        assert_eq!(read(9, Mode::None), (LogOpening::None, 0));
        assert_eq!(read(0, Mode::Metrics), (LogOpening::Metrics, 64 << 10));
        assert_eq!(read(0, Mode::Text), (LogOpening::Text, 64 << 10));
        let large = v1::LogTail {
            max_bytes: (1 << 20) + 1,
            ..v1::LogTail::default()
        };
        let error = log_tail("log_tail", &large).unwrap_err().to_string();
        assert!(error.contains("1048576"), "{error}");
    }
}
