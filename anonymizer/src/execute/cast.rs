//! The values of a column in another type.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::profile::ValueType;
use crate::table::Dictionary;

/// Why a column cannot be cast.
pub(super) enum CastFault {
    /// Values that are not of the type: their codes.
    Values(Vec<u32>),
    /// The values cannot be held.
    Frame(PolarsError),
}

impl From<PolarsError> for CastFault {
    fn from(error: PolarsError) -> Self {
        Self::Frame(error)
    }
}

/// The dictionary in the type, and for each code the code in it. Texts that are the same
/// value, such as `1` and `01`, get one code.
pub(super) fn cast(
    dictionary: &Dictionary,
    to: ValueType,
) -> Result<(Dictionary, Vec<u32>), CastFault> {
    match to {
        ValueType::String => {
            let texts = dictionary.texts().flatten().collect();
            let (dictionary, ranks) = Dictionary::of_texts(&texts);
            Ok((dictionary, std::iter::once(0).chain(ranks).collect()))
        }
        ValueType::Integer => {
            let values = parsed(dictionary, |text| text.parse::<i64>().ok())?;
            typed(
                &values,
                |value| *value,
                |values| Series::new("".into(), values),
            )
        }
        ValueType::Float => {
            let values = parsed(dictionary, finite)?;
            // Ordered as numbers: the bits of negative ones descend.
            let order = |value: &f64| {
                let bits = value.to_bits() as i64;
                bits ^ (((bits >> 63) as u64) >> 1) as i64
            };
            typed(&values, order, |values| Series::new("".into(), values))
        }
        ValueType::Boolean => {
            let values = parsed(dictionary, boolean)?;
            typed(
                &values,
                |value| *value,
                |values| Series::new("".into(), values),
            )
        }
    }
}

fn parsed<T>(
    dictionary: &Dictionary,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, CastFault> {
    let (mut values, mut wrong) = (Vec::new(), Vec::new());
    for (text, code) in dictionary.texts().zip(0..) {
        match text.map(&parse) {
            Some(Some(value)) => values.push(value),
            Some(None) => wrong.push(code),
            None => {}
        }
    }
    if wrong.is_empty() {
        Ok(values)
    } else {
        Err(CastFault::Values(wrong))
    }
}

fn typed<T: Copy, O: Ord>(
    values: &[T],
    order: impl Fn(&T) -> O,
    series: impl Fn(Vec<T>) -> Series,
) -> Result<(Dictionary, Vec<u32>), CastFault> {
    let mut places: BTreeMap<O, u32> = BTreeMap::new();
    let mut different = Vec::new();
    let mut place_of = Vec::new();
    for value in values {
        let next = different.len() as u32;
        let place = *places.entry(order(value)).or_insert(next);
        if place == next {
            different.push(*value);
        }
        place_of.push(place as usize);
    }
    let (dictionary, ranks) = Dictionary::of_values(&series(different))?;
    let rank = |place: &usize| ranks.get(*place).copied().unwrap_or_default();
    let map = std::iter::once(0)
        .chain(place_of.iter().map(rank))
        .collect();
    Ok((dictionary, map))
}

fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}
