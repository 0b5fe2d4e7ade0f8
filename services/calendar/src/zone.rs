//! The days of Almaty, by which terms are counted.
//!
//! Kazakhstan has had one time, UTC+5, since 1 March 2024. Before that Almaty
//! had UTC+6; terms from before the platform's time are not counted more finely.

use time::{Date, OffsetDateTime, Time, UtcOffset, macros};

/// Midnight of 1 March 2024 in Almaty, by the clock that was set back then.
const ONE_TIME: OffsetDateTime = macros::datetime!(2024-03-01 00:00:00 +06:00);
const SINCE: UtcOffset = macros::offset!(+05:00);
const BEFORE: UtcOffset = macros::offset!(+06:00);
const LAST_SECOND: Time = macros::time!(23:59:59);

/// The date in Almaty at a moment.
#[must_use]
pub fn almaty_date(at: OffsetDateTime) -> Date {
    let offset = if at < ONE_TIME { BEFORE } else { SINCE };
    // Out of the range of dates only at the edges of time, where the date in UTC does as well.
    at.checked_to_offset(offset).unwrap_or(at).date()
}

/// The last second of a day in Almaty.
#[must_use]
pub fn end_of_day_in_almaty(date: Date) -> OffsetDateTime {
    let offset = if date < ONE_TIME.date() {
        BEFORE
    } else {
        SINCE
    };
    date.with_time(LAST_SECOND).assume_offset(offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use macros::{date, datetime};

    #[test]
    fn a_day_begins_at_nineteen_hours_of_utc() {
        assert_eq!(
            almaty_date(datetime!(2026-11-22 18:59:59 UTC)),
            date!(2026 - 11 - 22)
        );
        assert_eq!(
            almaty_date(datetime!(2026-11-22 19:00:00 UTC)),
            date!(2026 - 11 - 23)
        );
        assert_eq!(
            almaty_date(datetime!(2026-12-31 19:00:00 UTC)),
            date!(2027 - 01 - 01)
        );
        // The clock of before: an hour more.
        assert_eq!(
            almaty_date(datetime!(2024-02-28 18:00:00 UTC)),
            date!(2024 - 02 - 29)
        );
        assert_eq!(
            almaty_date(datetime!(2024-02-29 18:00:00 UTC)),
            date!(2024 - 02 - 29)
        );
        assert_eq!(
            almaty_date(datetime!(2024-02-29 19:00:00 UTC)),
            date!(2024 - 03 - 01)
        );
    }

    #[test]
    fn a_day_ends_in_its_own_time() {
        assert_eq!(
            end_of_day_in_almaty(date!(2026 - 12 - 31)),
            datetime!(2026-12-31 18:59:59 UTC)
        );
        for day in [
            date!(2024 - 02 - 28),
            date!(2024 - 03 - 01),
            date!(2027 - 12 - 31),
        ] {
            assert_eq!(almaty_date(end_of_day_in_almaty(day)), day);
        }
    }
}
