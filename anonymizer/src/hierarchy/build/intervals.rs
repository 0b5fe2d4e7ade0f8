//! Numbers by intervals.

use std::collections::{BTreeSet, HashMap};

use super::{Intervals, ROOT, Rows};
use crate::prepare::number;

impl Intervals {
    /// In ascending order of the numbers, then of their texts.
    pub(super) fn rows(&self, values: &BTreeSet<&str>) -> Rows {
        let mut rows = Rows::new(self.widths.len() + 2);
        let mut numbers: Vec<(f64, String)> = self.declared();
        let mut known: HashMap<String, ()> =
            numbers.iter().map(|(_, text)| (text.clone(), ())).collect();
        for value in values {
            match number::parse(value) {
                Some(number) if known.insert((*value).to_owned(), ()).is_none() => {
                    numbers.push((number, (*value).to_owned()))
                }
                Some(_) => {}
                None => rows.push(value, None, ROOT),
            }
        }
        numbers.sort_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| x.cmp(y)));
        for (number, text) in numbers {
            rows.push(&text, self.above(number), ROOT);
        }
        rows
    }

    /// The numbers that belong to the domain whether or not they occur.
    fn declared(&self) -> Vec<(f64, String)> {
        let (Some(lower), Some(upper), Some(step)) = (self.lower, self.upper, self.step) else {
            return Vec::new();
        };
        let decimals = number::decimals(lower).max(number::decimals(step));
        let count = number::times(upper - lower, step).unwrap_or_default() as u64;
        let numbers = (0..=count).map(|index| number::write(lower + index as f64 * step, decimals));
        numbers
            .filter_map(|text| Some((number::parse(&text)?, text)))
            .collect()
    }

    /// The interval of a number on each level; `None` if it is too far out to be counted.
    fn above(&self, number: f64) -> Option<Vec<String>> {
        let exact = |bound: f64| number::write(bound, number::decimals(bound));
        let beyond = match (self.lower, self.upper) {
            (Some(lower), _) if number < lower => Some(format!("<{}", exact(lower))),
            (_, Some(upper)) if number >= upper => Some(format!(">={}", exact(upper))),
            _ => None,
        };
        if let Some(open) = beyond {
            return Some(vec![open; self.widths.len()]);
        }
        let (origin, narrowest) = (self.lower.unwrap_or(0.0), *self.widths.first()?);
        let narrow = number::times(number - origin, narrowest)?;
        let labels = self.widths.iter().map(|width| {
            // Counted in the narrowest intervals, wide ones hold whole narrow ones exactly.
            let times = (narrow / (width / narrowest).round()).floor();
            let decimals = number::decimals(*width).max(number::decimals(origin));
            let from = number::write(origin + times * width, decimals);
            let to = origin + (times + 1.0) * width;
            let to = match self.upper.filter(|upper| *upper < to) {
                Some(upper) => exact(upper),
                None => number::write(to, decimals),
            };
            format!("[{from}-{to}[")
        });
        Some(labels.collect())
    }
}
