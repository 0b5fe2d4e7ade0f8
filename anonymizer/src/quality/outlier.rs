//! Values far from the others.

use super::report::{OutlierMethod, Outliers};
use super::share;
use crate::prepare::Unit;
use crate::prepare::calendar::Date;

/// A number and the rows that have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighted {
    pub value: f64,
    pub rows: u64,
}

/// Deviations from the median that are too many.
const ROBUST_Z: f64 = 3.5;

/// The standard deviation of a normal distribution by its median absolute deviation.
const NORMAL: f64 = 1.4826;

/// Interquartile ranges beyond a quartile that are too many.
const RANGES: f64 = 3.0;

/// Fewer rows than these say nothing of what is far from the others.
const FEWEST: u64 = 10;

/// Nobody in the data was born earlier.
const EARLIEST: &str = "1900-01-01";

/// Dates of anything but births may be ahead.
const LATEST: &str = "2100-01-01";

pub(super) fn numbers(mut values: Vec<Weighted>) -> Option<Outliers> {
    let checked: u64 = values.iter().map(|value| value.rows).sum();
    if checked < FEWEST {
        return None;
    }
    sort(&mut values);
    let median = quantile(&values, checked, 2)?;
    let mut deviations: Vec<Weighted> = values
        .iter()
        .map(|value| Weighted {
            value: (value.value - median).abs(),
            rows: value.rows,
        })
        .collect();
    sort(&mut deviations);
    let deviation = quantile(&deviations, checked, 2)? * NORMAL;
    let (method, low, high) = if deviation > 0.0 {
        let far = ROBUST_Z * deviation;
        (OutlierMethod::RobustZ, median - far, median + far)
    } else {
        let (first, third) = (
            quantile(&values, checked, 1)?,
            quantile(&values, checked, 3)?,
        );
        let far = RANGES * (third - first);
        // Where nearly all values are one, the others are merely rare.
        let far = if far > 0.0 { far } else { f64::INFINITY };
        (OutlierMethod::Quartiles, first - far, third + far)
    };
    let outside = values
        .iter()
        .filter(|value| value.value < low || value.value > high);
    let count = outside.map(|value| value.rows).sum();
    Some(Outliers {
        method,
        checked,
        count,
        share: share(count, checked),
    })
}

fn sort(values: &mut [Weighted]) {
    values.sort_by(|a, b| a.value.total_cmp(&b.value));
}

/// The value below which so many quarters of the rows are.
fn quantile(sorted: &[Weighted], rows: u64, quarters: u64) -> Option<f64> {
    let place = (rows - 1) * quarters / 4;
    let mut before = 0;
    sorted
        .iter()
        .find(|value| {
            before += value.rows;
            before > place
        })
        .map(|value| value.value)
}

/// Dates that cannot be. What is no date is not valid, which is another matter.
pub(super) fn dates<'v>(
    values: impl Iterator<Item = (&'v str, u64)>,
    kind: Option<&str>,
    today: &str,
) -> Outliers {
    let latest = if kind == Some("BIRTHDATE") {
        today
    } else {
        LATEST
    };
    let (mut checked, mut count) = (0, 0);
    for (text, rows) in values {
        let Some(date) = Date::parse(text) else {
            continue;
        };
        let units = [Unit::Day, Unit::Month, Unit::Year];
        let Some(shown) = units.into_iter().find_map(|unit| date.within(unit)) else {
            continue;
        };
        checked += rows;
        let upto = |limit: &'static str| limit.get(..shown.len()).unwrap_or(limit);
        if shown.as_str() < upto(EARLIEST)
            || shown.as_str() > latest.get(..shown.len()).unwrap_or(latest)
        {
            count += rows;
        }
    }
    Outliers {
        method: OutlierMethod::Range,
        checked,
        count,
        share: if checked == 0 {
            0.0
        } else {
            share(count, checked)
        },
    }
}
