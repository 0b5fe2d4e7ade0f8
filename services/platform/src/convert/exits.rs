//! What grants open of jobs, and what people saw of them.

use sandyq_proto::v1;
use sandyq_sandbox::logs::LogOpening;

use super::{count, duration_millis, millis, uncount};
use crate::error::{Error, Result, Violation};
use crate::governance::law;
use crate::records::access::{
    Conditions, DEFAULT_LOG_DAILY_BYTES, DEFAULT_LOG_TAIL_BYTES, MAX_LOG_TAIL_BYTES,
};
use crate::records::rule::AccessRule;

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

/// Refuses conditions that a client names wider than the owner's rule for the library: what is cut in silence reads as if it were agreed.
///
/// # Errors
/// Each field that is wider, with what the rule allows.
pub fn within_rule(
    field: &str,
    message: Option<&v1::GrantConditions>,
    rule: &AccessRule,
) -> Result<()> {
    let Some(message) = message else {
        return Ok(());
    };
    let mut wider: Vec<(&str, String)> = Vec::new();
    if let Some(tail) = &message.log_tail {
        wider.extend(wider_log(tail, rule));
    }
    for (name, wanted, allowed) in [
        (
            "interactive_viewing",
            message.interactive_viewing,
            rule.interactive_viewing,
        ),
        ("trial_use", message.trial_use, rule.trial_use),
    ] {
        if wanted == Some(true) && !allowed {
            wider.push((name, "none".to_owned()));
        }
    }
    if wider.is_empty() {
        return Ok(());
    }
    let told = wider.into_iter().map(|(name, allowed)| Violation {
        field: format!("{field}.{name}"),
        description: format!(
            "is wider than the owner's rule for the library, which allows {allowed}"
        ),
    });
    Err(Error::invalid_fields(told.collect()).citing(law::AI_17_1))
}

fn wider_log(tail: &v1::LogTail, rule: &AccessRule) -> Option<(&'static str, String)> {
    use v1::log_tail::Mode;
    let most = rule.log.unwrap_or(LogOpening::Text);
    let wanted = match tail.mode() {
        Mode::None => return None,
        Mode::Metrics => LogOpening::Metrics,
        Mode::Text => LogOpening::Text,
        // Nothing is said: as the rule allows.
        Mode::Unspecified => LogOpening::None,
    };
    if wanted > most {
        let allowed = match most {
            LogOpening::None => "NONE",
            LogOpening::Metrics => "METRICS",
            LogOpening::Text => "TEXT",
        };
        return Some(("log_tail.mode", format!("{allowed} at most")));
    }
    let bounds = [
        ("log_tail.max_bytes", tail.max_bytes, rule.log_tail_bytes),
        (
            "log_tail.daily_bytes",
            tail.daily_bytes,
            rule.log_daily_bytes,
        ),
    ];
    let over = |(name, wanted, most): (&'static str, i64, Option<u64>)| {
        let most = most.filter(|most| u64::try_from(wanted).is_ok_and(|wanted| wanted > *most))?;
        Some((name, format!("{most} bytes at most")))
    };
    bounds.into_iter().find_map(over)
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

    #[test]
    fn what_is_wider_than_the_rule_is_told_by_its_field() {
        use v1::log_tail::Mode;
        let rule = AccessRule {
            log: Some(LogOpening::Metrics),
            log_tail_bytes: Some(1000),
            log_daily_bytes: Some(5000),
            trial_use: true,
            ..AccessRule::default()
        };
        let log = |mode: Mode, max_bytes, daily_bytes| v1::GrantConditions {
            log_tail: Some(v1::LogTail {
                max_bytes,
                mode: mode.into(),
                daily_bytes,
            }),
            ..v1::GrantConditions::default()
        };
        let open = |viewing, trial| v1::GrantConditions {
            interactive_viewing: viewing,
            trial_use: trial,
            ..v1::GrantConditions::default()
        };
        for (message, field) in [
            (log(Mode::Text, 0, 0), Some("c.log_tail.mode")),
            (log(Mode::Metrics, 1001, 0), Some("c.log_tail.max_bytes")),
            (
                log(Mode::Unspecified, 1001, 0),
                Some("c.log_tail.max_bytes"),
            ),
            (log(Mode::Metrics, 0, 5001), Some("c.log_tail.daily_bytes")),
            (log(Mode::Metrics, 1000, 5000), None),
            (log(Mode::Unspecified, 1000, 0), None),
            (log(Mode::None, 0, 0), None),
            (open(Some(true), None), Some("c.interactive_viewing")),
            (open(Some(false), Some(true)), None),
        ] {
            let refused = within_rule("c", Some(&message), &rule).err();
            let told = refused.map(|error| error.violations.first().unwrap().field.clone());
            assert_eq!(told.as_deref(), field, "{message:?}");
        }
        // A rule that says nothing of logs narrows none, and opens no workspace.
        let silent = AccessRule::default();
        within_rule("c", Some(&log(Mode::Text, 1 << 20, 0)), &silent).unwrap();
        assert!(within_rule("c", Some(&open(None, Some(true))), &silent).is_err());
        within_rule("c", None, &silent).unwrap();
    }

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
