#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::*;

fn one(step: Step, value: &str) -> Result<String, PrepareFault> {
    apply(&[step], Some(value)).map(Option::unwrap)
}

#[test]
fn each_step_does_what_is_documented() {
    for (step, value, becomes) in [
        (Step::RoundTo(5.0), "47", "45"),
        (Step::RoundTo(5.0), "47.5", "50"),
        (Step::RoundTo(5.0), "-47.5", "-50"),
        (Step::RoundTo(0.1), "0.34", "0.3"),
        (Step::RoundTo(0.1), "0.25", "0.3"),
        (Step::RoundTo(1000.0), "499", "0"),
        (Step::RoundTo(1.0), "1e3", "1000"),
        (Step::TopCode(90.0), "91", "90"),
        (Step::TopCode(90.0), "90.0", "90"),
        (Step::TopCode(90.0), "89.50", "89.50"),
        (Step::BottomCode(17.5), "3", "17.5"),
        (Step::BottomCode(17.5), "18", "18"),
        (Step::Bin(10.0), "27", "[20-30["),
        (Step::Bin(10.0), "30", "[30-40["),
        (Step::Bin(10.0), "-1", "[-10-0["),
        (Step::Bin(0.1), "0.3", "[0.3-0.4["),
        (Step::Truncate(3), "Қазақстан", "Қаз"),
        (Step::Truncate(3), "ab", "ab"),
        (Step::Date(Unit::Month), "17.05.2024", "2024-05"),
        (Step::Date(Unit::Decade), "1999-12-31 23:59", "1990-1999"),
    ] {
        assert_eq!(
            one(step.clone(), value).unwrap(),
            becomes,
            "{step:?} of {value}"
        );
    }
}

#[test]
fn steps_follow_one_another_and_missing_stays_missing() {
    let steps = [
        Step::BottomCode(17.0),
        Step::TopCode(90.0),
        Step::RoundTo(5.0),
        Step::Truncate(1),
    ];
    assert_eq!(apply(&steps, Some("99")).unwrap().unwrap(), "9");
    assert_eq!(apply(&steps, None).unwrap(), None);
    assert_eq!(apply(&[], Some("x")).unwrap().unwrap(), "x");
}

#[test]
fn values_that_do_not_fit_are_named() {
    for value in ["NaN", "inf", "-inf", "", "12 000", "12,5"] {
        for step in [
            Step::RoundTo(5.0),
            Step::TopCode(5.0),
            Step::BottomCode(5.0),
            Step::Bin(5.0),
        ] {
            let shown = one(step.clone(), value).unwrap_err().to_string();
            assert_eq!(
                shown,
                format!("{value:?} is no number, which {} needs", step.name())
            );
        }
    }
    assert!(matches!(
        one(Step::Bin(1e-300), "1e300"),
        Err(PrepareFault::TooLarge { .. })
    ));
    assert!(matches!(
        one(Step::Date(Unit::Day), "2024-05"),
        Err(PrepareFault::NotDate { .. })
    ));
    let long = one(Step::Date(Unit::Day), &"x".repeat(1000)).unwrap_err();
    assert_eq!(
        long,
        PrepareFault::NotDate {
            value: format!("{}…", "x".repeat(24))
        }
    );
}

proptest! {
    #[test]
    fn any_value_is_prepared_or_refused(value in ".{0,40}", width in 1e-300_f64..1e300) {
        for step in [Step::RoundTo(width), Step::Bin(width), Step::Truncate(3), Step::Date(Unit::Quarter)] {
            let _ = one(step, &value);
        }
    }

    #[test]
    fn rounding_is_idempotent_and_moves_by_half_a_step(value in -1e9_f64..1e9, width in prop::sample::select(vec![0.01, 0.1, 0.25, 1.0, 5.0, 1000.0])) {
        let rounded = one(Step::RoundTo(width), &value.to_string()).unwrap();
        let moved = (rounded.parse::<f64>().unwrap() - value).abs();
        prop_assert!(moved <= width * 0.5 * (1.0 + 1e-6), "{value} moved by {moved}");
        prop_assert_eq!(one(Step::RoundTo(width), &rounded).unwrap(), rounded);
    }

    #[test]
    fn a_bin_holds_its_numbers(value in -1e9_f64..1e9, width in prop::sample::select(vec![0.1, 0.25, 1.0, 7.0, 1000.0])) {
        let bin = one(Step::Bin(width), &value.to_string()).unwrap();
        let times = number::times(value, width).unwrap();
        prop_assert!(times * width <= value + width * 1e-6 && value < (times + 1.0) * width + width * 1e-6, "{value} in {bin}");
    }
}
