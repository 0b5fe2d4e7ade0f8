//! Microaggregation: how the values of an equivalence class become one.

use std::collections::BTreeMap;

use sandyq_classify::told;

use super::{PrepareFault, number};
use crate::profile::AggregateFunction;

/// What stands for the values of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Aggregated<'v> {
    /// No row has a value.
    Missing,
    /// The mean or the median.
    Number(f64),
    /// The mode.
    Text(&'v str),
}

/// The value that stands for a class, given its values with how many rows have each. Missing values do not count.
///
/// The result depends on which values there are and how often, not on their order.
///
/// # Errors
/// [`PrepareFault::NotNumber`] if a mean or median is asked for and a value is no number.
pub(crate) fn aggregate<'v>(
    function: AggregateFunction,
    values: impl IntoIterator<Item = (Option<&'v str>, u64)>,
) -> Result<Aggregated<'v>, PrepareFault> {
    let present = values.into_iter().filter(|(_, rows)| *rows > 0);
    let present = present.filter_map(|(value, rows)| Some((value?, rows)));
    match function {
        AggregateFunction::Mode => Ok(mode(present)),
        AggregateFunction::Mean => Ok(mean(&sorted(present, "mean")?)),
        AggregateFunction::Median => Ok(median(&sorted(present, "median")?)),
    }
}

/// The numbers in ascending order.
fn sorted<'v>(
    values: impl Iterator<Item = (&'v str, u64)>,
    step: &'static str,
) -> Result<Vec<(f64, u64)>, PrepareFault> {
    let parsed = values.map(|(value, rows)| match number::parse(value) {
        // Of the two zeros, one.
        Some(number) => Ok((number + 0.0, rows)),
        None => Err(PrepareFault::NotNumber {
            value: told(value),
            step,
        }),
    });
    let mut numbers = parsed.collect::<Result<Vec<_>, _>>()?;
    numbers.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    Ok(numbers)
}

/// Summed in ascending order with the rounding errors kept (Neumaier 1974). Numbers so large that their sum might overflow are divided first.
fn mean(numbers: &[(f64, u64)]) -> Aggregated<'static> {
    let rows: u64 = numbers.iter().map(|(_, rows)| rows).sum();
    let (Some((least, _)), true) = (numbers.first(), rows > 0) else {
        return Aggregated::Missing;
    };
    let mut merged: Vec<(f64, u64)> = Vec::with_capacity(numbers.len());
    for (number, rows) in numbers {
        match merged.last_mut().filter(|(last, _)| last == number) {
            Some((_, sum)) => *sum += rows,
            None => merged.push((*number, *rows)),
        }
    }
    if let [(only, _)] = merged.as_slice() {
        return Aggregated::Number(*only);
    }
    let scale = 1.0 / rows as f64;
    let greatest = merged.last().map_or(*least, |(greatest, _)| *greatest);
    let large = least.abs().max(greatest.abs()) > f64::MAX / rows as f64 / 4.0;
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for (number, count) in merged {
        let part = if large {
            number * (count as f64 * scale)
        } else {
            number * count as f64
        };
        let next = sum + part;
        lost += if sum.abs() >= part.abs() {
            (sum - next) + part
        } else {
            (part - next) + sum
        };
        sum = next;
    }
    let mean = if large {
        sum + lost
    } else {
        (sum + lost) / rows as f64
    };
    Aggregated::Number(mean.clamp(*least, greatest) + 0.0)
}

fn median(numbers: &[(f64, u64)]) -> Aggregated<'static> {
    let rows: u64 = numbers.iter().map(|(_, rows)| rows).sum();
    if rows == 0 {
        return Aggregated::Missing;
    }
    let at = |place: u64| {
        let mut before = 0;
        let found = numbers.iter().find(|(_, rows)| {
            before += rows;
            place < before
        });
        found.map_or(0.0, |(number, _)| *number)
    };
    let (low, high) = (at((rows - 1) / 2), at(rows / 2));
    let median = if low == high {
        low
    } else {
        low / 2.0 + high / 2.0
    };
    Aggregated::Number(median + 0.0)
}

fn mode<'v>(values: impl Iterator<Item = (&'v str, u64)>) -> Aggregated<'v> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (value, rows) in values {
        *counts.entry(value).or_default() += rows;
    }
    let most = counts.values().copied().max();
    let numbers = counts.keys().all(|value| number::parse(value).is_some());
    let frequent = counts
        .iter()
        .filter(|(_, rows)| Some(**rows) == most)
        .map(|(value, _)| *value);
    let smallest = frequent.min_by(|a, b| {
        let by_number = number::parse(a).zip(number::parse(b)).filter(|_| numbers);
        by_number
            .map_or(std::cmp::Ordering::Equal, |(a, b)| a.total_cmp(&b))
            .then_with(|| a.cmp(b))
    });
    smallest.map_or(Aggregated::Missing, Aggregated::Text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn of(function: AggregateFunction, values: &[&'static str]) -> Aggregated<'static> {
        aggregate(
            function,
            values
                .iter()
                .map(|value| ((*value != "-").then_some(*value), 1)),
        )
        .unwrap()
    }

    #[test]
    fn means_medians_and_modes() {
        use AggregateFunction::{Mean, Median, Mode};
        assert_eq!(of(Mean, &["1", "2", "6", "-"]), Aggregated::Number(3.0));
        assert_eq!(of(Mean, &["17", "18"]), Aggregated::Number(17.5));
        assert_eq!(
            of(Mean, &["1e308", "1e308", "1e308"]),
            Aggregated::Number(1e308)
        );
        assert_eq!(of(Mean, &["0.1", "0.1", "0.1"]), Aggregated::Number(0.1));
        assert_eq!(of(Median, &["9", "1", "5"]), Aggregated::Number(5.0));
        assert_eq!(of(Median, &["9", "1", "5", "6"]), Aggregated::Number(5.5));
        assert_eq!(of(Mode, &["b", "a", "b", "a", "c"]), Aggregated::Text("a"));
        assert_eq!(of(Mode, &["10", "9"]), Aggregated::Text("9"));
        assert_eq!(of(Mode, &["10", "9", "x"]), Aggregated::Text("10"));
        for function in [Mean, Median, Mode] {
            assert_eq!(of(function, &["-", "-"]), Aggregated::Missing);
            assert_eq!(of(function, &[]), Aggregated::Missing);
        }
    }

    #[test]
    fn weights_are_rows() {
        let values = [(Some("1"), 3), (Some("9"), 1), (None, 7), (Some("4"), 0)];
        let of = |function| aggregate(function, values).unwrap();
        assert_eq!(of(AggregateFunction::Mean), Aggregated::Number(3.0));
        assert_eq!(of(AggregateFunction::Median), Aggregated::Number(1.0));
        assert_eq!(of(AggregateFunction::Mode), Aggregated::Text("1"));
    }

    #[test]
    fn what_is_no_number_has_no_mean() {
        for value in ["x", "NaN", "inf"] {
            let fault = aggregate(AggregateFunction::Mean, [(Some(value), 1)]).unwrap_err();
            assert_eq!(
                fault.to_string(),
                format!("{value:?} is no number, which mean needs")
            );
        }
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter(mut values in prop::collection::vec(-1e6_f64..1e6, 1..30)) {
            let texts = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<_>>();
            let of = |function, texts: &[String]| match aggregate(function, texts.iter().map(|text| (Some(text.as_str()), 1))).unwrap() {
                Aggregated::Number(number) => number,
                other => panic!("{other:?}"),
            };
            let forward = texts(&values);
            values.reverse();
            let backward = texts(&values);
            for function in [AggregateFunction::Mean, AggregateFunction::Median] {
                let (a, b) = (of(function, &forward), of(function, &backward));
                prop_assert_eq!(a.to_bits(), b.to_bits());
                let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
                prop_assert!(low <= a && a <= high);
            }
            let plain = values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!((of(AggregateFunction::Mean, &forward) - plain).abs() <= 1e-6);
        }
    }
}
