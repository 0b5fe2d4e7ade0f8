//! Between records and messages. Nothing else knows both.

mod exits;
mod governance;
mod incident;
mod library;
mod rule;
mod sandbox;
mod subject;
mod system;
mod trial;

pub use exits::*;
pub use governance::*;
pub use incident::*;
pub use library::*;
pub use rule::*;
pub use sandbox::*;
pub use subject::*;
pub use system::*;
pub use trial::*;

use prost_types::{Duration, Timestamp};
use time::OffsetDateTime;

use crate::error::{Error, Result};

/// A SHA-256 that a client sent, in lower-case hexadecimal; nothing where it is none.
pub fn sha256(sent: &str) -> Option<String> {
    let sha256 = sent.to_ascii_lowercase();
    (sha256.len() == 64 && hex::decode(&sha256).is_ok()).then_some(sha256)
}

/// SHA-256 of nothing.
const OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The hash of a document that proves something, which an empty file does not.
///
/// # Errors
/// It is no SHA-256, or that of an empty file.
pub fn document_sha256(field: &str, sent: &str) -> Result<String> {
    match sha256(sent) {
        None => Err(Error::invalid(
            field,
            "must be the SHA-256 of the document's file, 64 hexadecimal digits",
        )),
        Some(hash) if hash == OF_NOTHING => Err(Error::invalid(
            field,
            "is that of an empty file, which proves nothing; name the document itself",
        )),
        Some(hash) => Ok(hash),
    }
}

/// A time as protobuf has it.
pub fn timestamp(time: OffsetDateTime) -> Timestamp {
    Timestamp {
        seconds: time.unix_timestamp(),
        nanos: i32::try_from(time.nanosecond()).unwrap_or_default(),
    }
}

/// A duration as protobuf has it.
pub fn duration_millis(millis: u64) -> Duration {
    Duration {
        seconds: i64::try_from(millis / 1000).unwrap_or(i64::MAX),
        nanos: i32::try_from(millis % 1000).unwrap_or_default() * 1_000_000,
    }
}

/// Milliseconds of a duration that a client sent.
///
/// # Errors
/// Negative, or not a protobuf duration.
pub fn millis(field: &str, duration: &Duration) -> Result<u64> {
    let bad = || Error::invalid(field, "must be a duration that is not negative");
    let seconds = u64::try_from(duration.seconds).map_err(|_| bad())?;
    let nanos = u64::try_from(duration.nanos)
        .ok()
        .filter(|n| *n < 1_000_000_000)
        .ok_or_else(bad)?;
    seconds
        .checked_mul(1000)
        .and_then(|ms| ms.checked_add(nanos / 1_000_000))
        .ok_or_else(bad)
}

/// A time that a client sent.
///
/// # Errors
/// Outside of what a calendar has.
pub fn time(field: &str, timestamp: &Timestamp) -> Result<OffsetDateTime> {
    let bad = |_| Error::invalid(field, "must be a time between the years 1 and 9999");
    let seconds = OffsetDateTime::from_unix_timestamp(timestamp.seconds).map_err(bad)?;
    Ok(seconds + time::Duration::nanoseconds(i64::from(timestamp.nanos)))
}

/// A time that a client must send and that must lie ahead.
///
/// # Errors
/// Absent, malformed or past.
pub fn future_time(
    field: &str,
    timestamp: Option<&Timestamp>,
    now: OffsetDateTime,
) -> Result<OffsetDateTime> {
    let timestamp = timestamp.ok_or_else(|| Error::invalid(field, "is required"))?;
    let time = time(field, timestamp)?;
    if time <= now {
        return Err(Error::invalid(field, "must lie in the future"));
    }
    Ok(time)
}

/// A count as protobuf has it.
pub fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A count that a client sent.
///
/// # Errors
/// Negative.
pub fn uncount(field: &str, value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::invalid(field, "must not be negative"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn durations_come_back() {
        for ms in [0, 1, 999, 1000, 90_061_001] {
            assert_eq!(millis("f", &duration_millis(ms)).unwrap(), ms);
        }
        assert!(
            millis(
                "f",
                &Duration {
                    seconds: -1,
                    nanos: 0
                }
            )
            .is_err()
        );
        assert!(
            millis(
                "f",
                &Duration {
                    seconds: i64::MAX,
                    nanos: 0
                }
            )
            .is_err()
        );
    }

    #[test]
    fn wild_times_are_refused() {
        assert!(
            time(
                "f",
                &Timestamp {
                    seconds: i64::MAX,
                    nanos: 0
                }
            )
            .is_err()
        );
        let now = OffsetDateTime::UNIX_EPOCH;
        assert!(
            future_time(
                "f",
                Some(&Timestamp {
                    seconds: 0,
                    nanos: 0
                }),
                now
            )
            .is_err()
        );
        assert!(
            future_time(
                "f",
                Some(&Timestamp {
                    seconds: 1,
                    nanos: 0
                }),
                now
            )
            .is_ok()
        );
    }
}
