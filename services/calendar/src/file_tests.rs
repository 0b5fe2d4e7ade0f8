#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use time::macros::date;

use super::*;

fn year(body: &str) -> String {
    format!(
        "version = 1\n[[year]]\nyear = 2023\nbasis = \"PUBLISHED\"\nsources = [\"a source\"]\n{body}"
    )
}

const NEW_YEAR: &str = "[[year.holiday]]\ndate = 2023-01-02\nname = \"New Year\"\n";

fn refused(body: &str) -> String {
    read(&year(body)).unwrap_err().to_string()
}

#[test]
fn a_day_off_that_the_government_moved_is_worked_and_its_new_place_is_off() {
    // Resolution of the Government on the day off of 1 July 2023, moved to 7 July.
    let body = format!(
        "{NEW_YEAR}[[year.holiday]]\ndate = 2023-07-06\nname = \"Day of the Capital\"\n\
         [[year.moved]]\nfrom = 2023-07-01\nto = 2023-07-07\nsource = \"resolution of 2023\"\n"
    );
    let calendar = read(&year(&body)).unwrap();
    for (day, works) in [
        (date!(2023 - 06 - 30), true),
        (date!(2023 - 07 - 01), true),
        (date!(2023 - 07 - 02), false),
        (date!(2023 - 07 - 05), true),
        (date!(2023 - 07 - 06), false),
        (date!(2023 - 07 - 07), false),
        (date!(2023 - 07 - 08), false),
        (date!(2023 - 07 - 10), true),
    ] {
        assert_eq!(calendar.is_working_day(day), Ok(works), "{day}");
    }
    let last = calendar.add_working_days(date!(2023 - 06 - 30), 5).unwrap();
    assert_eq!(last, date!(2023 - 07 - 10));
    assert!(
        calendar
            .note(date!(2023 - 07 - 01))
            .unwrap()
            .unwrap()
            .contains("moved to 2023-07-07")
    );
}

#[test]
fn what_is_wrong_is_named_with_its_day() {
    for (body, part) in [
        ("", "no holidays"),
        (
            "[[year.holiday]]\ndate = 2024-01-01\nname = \"x\"\n",
            "2024-01-01 lies in another year",
        ),
        (
            "[[year.holiday]]\ndate = 2023-01-01T10:00:00\nname = \"x\"\n",
            "is not a date",
        ),
        (
            "[[year.holiday]]\ndate = 2023-01-02\nname = \"x\"\nreplacedby = 2023-01-03\n",
            "replacedby",
        ),
        (
            "[[year.holiday]]\ndate = 2023-01-01\nname = \"x\"\n",
            "replaced_by = 2023-01-02",
        ),
        (
            "[[year.holiday]]\ndate = 2023-01-01\nname = \"x\"\nreplaced_by = 2023-01-03\n",
            "replaced_by = 2023-01-02",
        ),
        (
            "[[year.holiday]]\ndate = 2023-01-02\nname = \"x\"\nreplaced_by = 2023-01-03\n",
            "falls on no day off",
        ),
        (
            "[[year.holiday]]\ndate = 2023-01-02\nname = \"x\"\n[[year.day_off]]\ndate = 2023-01-02\nname = \"y\"\n",
            "named twice (x, y)",
        ),
    ] {
        let said = refused(body);
        assert!(said.contains(part), "{body}: {said}");
    }
    for (moved, part) in [
        (
            "from = 2023-07-03\nto = 2023-07-07\nsource = \"r\"",
            "no Saturday",
        ),
        (
            "from = 2023-07-01\nto = 2023-07-08\nsource = \"r\"",
            "day off already",
        ),
        (
            "from = 2023-07-01\nto = 2023-01-02\nsource = \"r\"",
            "named twice",
        ),
        (
            "from = 2023-07-01\nto = 2023-07-07\nsource = \" \"",
            "no source",
        ),
    ] {
        let said = refused(&format!("{NEW_YEAR}[[year.moved]]\n{moved}\n"));
        assert!(said.contains(part), "{moved}: {said}");
    }
    let twice = year(NEW_YEAR) + &year(NEW_YEAR).replace("version = 1\n", "");
    assert_eq!(
        read(&twice),
        Err(CalendarError::RepeatedYear { year: 2023 })
    );
    assert_eq!(read("version = 1\n"), Err(CalendarError::Empty));
    assert_eq!(
        read("version = 2\n"),
        Err(CalendarError::Version { found: 2 })
    );
    let unsourced = year(NEW_YEAR).replace("[\"a source\"]", "[]");
    assert_eq!(
        read(&unsourced),
        Err(CalendarError::NoSources { year: 2023 })
    );
    assert!(matches!(
        read("version = "),
        Err(CalendarError::Syntax { .. })
    ));
}

/// A holiday on a weekend takes the next day that would be worked, past those that other holidays took.
#[test]
fn replacements_follow_one_another() {
    let body = "[[year.holiday]]\ndate = 2023-01-01\nname = \"a\"\nreplaced_by = 2023-01-03\n[[year.holiday]]\ndate = 2023-01-02\nname = \"b\"\n";
    let calendar = read(&year(body)).unwrap();
    let off: Vec<_> = calendar
        .years()
        .next()
        .unwrap()
        .days_off()
        .map(|(day, _)| day)
        .collect();
    assert_eq!(off, [date!(2023 - 01 - 02), date!(2023 - 01 - 03)]);
}
