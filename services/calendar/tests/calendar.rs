//! The shipped calendar against a table made by hand, and properties of counting.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;
use sandyq_calendar::{Basis, Calendar, CalendarError};
use time::macros::{date, datetime};
use time::{Date, Duration, Month};

/// From a day, so many working days, to a day: counted by hand on a wall calendar with the holidays marked.
const TERMS: &str = "
2026-01-01   1  2026-01-05  over New Year
2026-01-01   2  2026-01-06
2026-01-01   3  2026-01-08  over Christmas
2026-01-05   1  2026-01-06
2026-01-06   1  2026-01-08  over Christmas
2026-01-06   3  2026-01-12
2026-01-07  15  2026-01-28
2026-03-02   3  2026-03-05
2026-03-05   1  2026-03-06
2026-03-05   2  2026-03-10  9 March in place of Sunday 8
2026-03-05   3  2026-03-11
2026-03-06   1  2026-03-10
2026-03-08   1  2026-03-10
2026-03-13   1  2026-03-16  no Constitution Day in March yet
2026-03-19   1  2026-03-20
2026-03-19   2  2026-03-26  Nauryz, with 24 and 25 in place of 21 and 22
2026-03-20   1  2026-03-26
2026-03-20   3  2026-03-30
2026-03-23   1  2026-03-26
2026-03-10  15  2026-04-03
2026-04-24  15  2026-05-20  over three holidays of May
2026-04-30   1  2026-05-04
2026-04-30   3  2026-05-06
2026-04-30   4  2026-05-08
2026-05-06   1  2026-05-08
2026-05-06   2  2026-05-12  11 May in place of Saturday 9
2026-05-08   1  2026-05-12
2026-05-26   1  2026-05-28  over Kurban Ait
2026-05-26   3  2026-06-01
2026-07-03   1  2026-07-07
2026-07-03   3  2026-07-09
2026-08-10  15  2026-08-31  31 August is worked
2026-08-28   1  2026-08-31
2026-08-28   2  2026-09-01
2026-10-05  15  2026-10-27
2026-10-23   1  2026-10-27  26 October in place of Sunday 25
2026-10-23   3  2026-10-29
2026-11-23   3  2026-11-26
2026-11-23  15  2026-12-14
2026-12-11  15  2027-01-06  over the year's end
2026-12-15   1  2026-12-17
2026-12-15   3  2026-12-21
2026-12-30   3  2027-01-06
2026-12-31   1  2027-01-05  4 January in place of Saturday 2
2026-12-31   2  2027-01-06
2026-12-31   3  2027-01-08
2027-01-01   1  2027-01-05
2027-01-04  15  2027-01-26
2027-01-06   1  2027-01-08
2027-01-08   1  2027-01-11
2027-03-01  15  2027-03-29  over four holidays of March
2027-03-05   1  2027-03-09
2027-03-05   3  2027-03-11
2027-03-12   1  2027-03-16  Constitution Day on 15 March
2027-03-19   1  2027-03-25  24 March in place of Sunday 21, past 22 and 23
2027-03-19   3  2027-03-29
2027-04-19  15  2027-05-13
2027-04-30   1  2027-05-04  3 May in place of Saturday 1
2027-04-30   3  2027-05-06
2027-04-30   4  2027-05-11  10 May in place of Sunday 9
2027-05-06   1  2027-05-11
2027-05-13   3  2027-05-18
2027-05-14   1  2027-05-17  nothing in place of Kurban Ait on a Sunday
2027-07-05   1  2027-07-07
2027-07-05   3  2027-07-09
2027-08-27   1  2027-08-30  no Constitution Day in August any more
2027-10-22   1  2027-10-26
2027-10-22   3  2027-10-28
2027-12-09  15  2027-12-31
2027-12-15   1  2027-12-17
2027-12-15   3  2027-12-21
";

fn calendar() -> Calendar {
    Calendar::kazakhstan().unwrap()
}

fn day(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap());
    let (year, month, day) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let month = Month::try_from(u8::try_from(month).unwrap()).unwrap();
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).unwrap()).unwrap()
}

#[test]
fn terms_end_as_counted_by_hand() {
    let calendar = calendar();
    let rows: Vec<&str> = TERMS.lines().filter(|line| !line.is_empty()).collect();
    assert!(rows.len() >= 60, "{}", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.split_whitespace().collect();
        let (from, days, until) = (day(cells[0]), cells[1].parse().unwrap(), day(cells[2]));
        assert_eq!(calendar.add_working_days(from, days), Ok(until), "{row}");
        assert_eq!(
            calendar.working_days_between(from, until),
            Ok(i64::from(days)),
            "{row}"
        );
        assert_eq!(
            calendar.working_days_between(until, from),
            Ok(-i64::from(days)),
            "{row}"
        );
    }
}

/// The ministry's balance of working time for 2026 has 246 working days, 19 of them in January; the 31st of August came back in March.
#[test]
fn a_year_has_as_many_working_days_as_was_published() {
    let calendar = calendar();
    let count = |from, until| calendar.working_days_between(from, until).unwrap();
    assert_eq!(count(date!(2026 - 01 - 01), date!(2026 - 12 - 31)), 246 + 1);
    assert_eq!(count(date!(2026 - 01 - 01), date!(2026 - 01 - 31)), 19);
    assert_eq!(count(date!(2026 - 03 - 01), date!(2026 - 03 - 31)), 22 - 4);
    let bases: Vec<_> = calendar
        .years()
        .map(|year| (year.year, year.basis))
        .collect();
    assert_eq!(bases, [(2026, Basis::Published), (2027, Basis::ByRule)]);
    assert!(calendar.years().all(|year| !year.sources.is_empty()));
}

#[test]
fn a_year_that_is_missing_is_an_error() {
    let calendar = calendar();
    for (from, days, missing) in [
        (date!(2027 - 12 - 10), 15, 2028),
        (date!(2027 - 12 - 31), 1, 2028),
        (date!(2025 - 12 - 31), 1, 2025),
        (date!(2028 - 01 - 01), 0, 2028),
    ] {
        let error = calendar.add_working_days(from, days).unwrap_err();
        let CalendarError::MissingYear { date } = error else {
            panic!("{error}")
        };
        assert_eq!(date.year(), missing);
        assert!(error.to_string().contains(&missing.to_string()), "{error}");
    }
    assert!(calendar.is_working_day(date!(2028 - 01 - 03)).is_err());
    assert!(
        calendar
            .working_days_between(date!(2026 - 01 - 01), date!(2028 - 01 - 03))
            .is_err()
    );
    assert_eq!(
        calendar.add_working_days(date!(2026 - 01 - 01), 1001),
        Err(CalendarError::Term { days: 1001 })
    );
}

#[test]
fn a_deadline_is_the_end_of_a_day_in_almaty() {
    let calendar = calendar();
    // Half past eleven at night of a Sunday in Almaty, and half an hour later: Monday.
    let sunday = datetime!(2026-11-22 18:30:00 UTC);
    let monday = datetime!(2026-11-22 19:00:00 UTC);
    assert_eq!(
        calendar.deadline(sunday, 3),
        Ok(datetime!(2026-11-25 18:59:59 UTC))
    );
    assert_eq!(
        calendar.deadline(monday, 3),
        Ok(datetime!(2026-11-26 18:59:59 UTC))
    );
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..500).prop_map(|days| date!(2026 - 01 - 01) + Duration::days(days))
}

proptest! {
    #[test]
    fn adding_and_counting_are_inverse(from in any_day(), days in 0_u32..100) {
        let calendar = calendar();
        let until = calendar.add_working_days(from, days).unwrap();
        prop_assert_eq!(calendar.working_days_between(from, until), Ok(i64::from(days)));
        prop_assert!(days == 0 || calendar.is_working_day(until).unwrap());
    }

    #[test]
    fn later_and_longer_never_end_earlier(from in any_day(), gap in 0_i64..20, days in 0_u32..80, more in 0_u32..20) {
        let calendar = calendar();
        let end = calendar.add_working_days(from, days).unwrap();
        prop_assert!(calendar.add_working_days(from, days + more).unwrap() >= end);
        let later = calendar.add_working_days(from + Duration::days(gap), days).unwrap();
        prop_assert!(later >= end || days == 0);
        prop_assert_eq!(more == 0, calendar.add_working_days(from, days + more).unwrap() == end);
    }

    #[test]
    fn terms_add_up(from in any_day(), one in 0_u32..50, other in 0_u32..50) {
        let calendar = calendar();
        let halfway = calendar.add_working_days(from, one).unwrap();
        prop_assert_eq!(calendar.add_working_days(halfway, other), calendar.add_working_days(from, one + other));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _ = Calendar::parse(&text);
    }
}
