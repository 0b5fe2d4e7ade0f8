//! What can be observed of a job from outside beside its outputs: made coarse here, or counted.
//!
//! A job that reads data can tell something by anything that it influences: its exit code, what it used, how much it prints. None of
//! that can be closed, because people run jobs to learn how they end; each is therefore reduced to what people need of it.

use serde::{Deserialize, Serialize};

/// Exit codes by which programs and shells say what a person has to know: success, failure, not executable, not found, and the
/// usual signals (abort, kill, memory fault, end).
const TOLD: [i32; 8] = [0, 1, 126, 127, 134, 137, 139, 143];

/// An exit code in three bits: a failure that says more than that it is one becomes 1.
#[must_use]
pub fn coarse_code(code: i32) -> i32 {
    if TOLD.contains(&code) { code } else { 1 }
}

/// The number rounded up to two significant digits, so that it tells some six bits beside its magnitude.
#[must_use]
pub fn coarse(value: u64) -> u64 {
    let mut unit = 1_u64;
    while value / unit >= 100 {
        unit = unit.saturating_mul(10);
    }
    value.div_ceil(unit).saturating_mul(unit)
}

const HOUR: i64 = 3600;
/// Hours that are remembered: what was shown within a day lies in the present one or in one of the 24 before it.
const HOURS: i64 = 25;

/// How much was shown to people of a sandbox's jobs, by hours, for as long as it counts: a day and up to an hour more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shown {
    /// Hours since 1970-01-01 UTC, ascending, each with the bytes shown in it.
    hours: Vec<(i64, u64)>,
}

impl Shown {
    /// Bytes that count at a time, in seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn bytes(&self, now: i64) -> u64 {
        let counts = |hour: i64| hour > now.div_euclid(HOUR) - HOURS;
        self.hours
            .iter()
            .filter(|(hour, _)| counts(*hour))
            .fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// What may still be shown of so many bytes a day.
    #[must_use]
    pub fn left(&self, now: i64, most: u64) -> u64 {
        most.saturating_sub(self.bytes(now))
    }

    /// Counts bytes that are about to be shown. A clock that was set back frees nothing.
    pub fn add(&mut self, now: i64, bytes: u64) {
        let last = self.hours.last().map_or(i64::MIN, |(hour, _)| *hour);
        let hour = now.div_euclid(HOUR).max(last);
        self.hours.retain(|(past, _)| *past > hour - HOURS);
        match self.hours.last_mut() {
            Some((present, shown)) if *present == hour => *shown = shown.saturating_add(bytes),
            _ => self.hours.push((hour, bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_and_numbers_are_coarse() {
        for (code, told) in [
            (0, 0),
            (1, 1),
            (2, 1),
            (77, 1),
            (127, 127),
            (137, 137),
            (255, 1),
        ] {
            assert_eq!(coarse_code(code), told, "{code}");
        }
        for (exact, told) in [
            (0, 0),
            (7, 7),
            (99, 99),
            (100, 100),
            (101, 110),
            (3_000_018, 3_100_000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(coarse(exact), told, "{exact}");
        }
    }

    #[test]
    fn what_was_shown_counts_for_a_day() {
        let mut shown = Shown::default();
        let begin = 1_000 * HOUR + 59 * 60;
        shown.add(begin, 70);
        shown.add(begin + 120, 5);
        assert_eq!(shown.left(begin + 120, 100), 25);
        assert_eq!(shown.left(begin + 24 * HOUR, 100), 25);
        assert_eq!(shown.bytes(begin + 25 * HOUR), 5);
        assert_eq!(shown.bytes(begin + 26 * HOUR), 0);
        // A clock that is set back brings nothing back.
        shown.add(begin - 40 * HOUR, 1);
        assert_eq!(shown.bytes(begin - 40 * HOUR), 76);
    }

    proptest! {
        #[test]
        fn no_day_shows_more_than_the_budget(asked in proptest::collection::vec((0_i64..20_000, 0_u64..100), 1..200)) {
            let (mut shown, mut now, mut log) = (Shown::default(), 0, Vec::new());
            for (pause, bytes) in asked {
                now += pause;
                let given = bytes.min(shown.left(now, 300));
                shown.add(now, given);
                log.push((now, given));
                prop_assert!(shown.hours.len() <= usize::try_from(HOURS).unwrap_or(0));
            }
            for (end, _) in &log {
                let day = log.iter().filter(|(time, _)| (end - 24 * HOUR..=*end).contains(time));
                prop_assert!(day.map(|(_, bytes)| bytes).sum::<u64>() <= 300);
            }
        }
    }
}
