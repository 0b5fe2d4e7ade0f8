//! How the values of a column are distributed before and after.

use serde::{Deserialize, Serialize};

use super::attribute::{Attribute, range_label};

/// Bars of a picture.
const BARS: usize = 16;

/// Characters of a label.
const LONGEST: usize = 100;

/// The share of rows with a value, or with values that are shown as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// The value; `None` for missing values.
    pub label: Option<String>,
    /// The numbers that the value stands for, from the first to the last; `None` for other values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// Values shown as one, 1 or more.
    pub values: u64,
    /// Share of the rows of the dataset, 0 to 1.
    pub before: f64,
    /// Share of the rows of the release, 0 to 1.
    pub after: f64,
}

/// For each value of the domain the share of rows, before and after. The rows of a released value that stands for several are spread
/// evenly over them: this is what can be said by whoever knows the hierarchy and the release alone.
pub(super) fn shares(attribute: &Attribute<'_>) -> (Vec<f64>, Vec<f64>) {
    let mut before = vec![0.0; attribute.size()];
    let mut after = before.clone();
    let add = |shares: &mut Vec<f64>, place: u32, rows: f64| {
        if let Some(share) = shares.get_mut(place as usize) {
            *share += rows;
        }
    };
    for (count, place) in attribute.before.counts().iter().zip(&attribute.places) {
        add(&mut before, *place, *count as f64);
    }
    for (count, span) in attribute.after.counts().iter().zip(&attribute.spans) {
        for place in span {
            add(&mut after, *place, *count as f64 / span.len() as f64);
        }
    }
    scale(&mut before, attribute.before.rows());
    scale(&mut after, attribute.after.rows());
    (before, after)
}

fn scale(shares: &mut [f64], rows: usize) {
    let rows = rows.max(1) as f64;
    shares.iter_mut().for_each(|share| *share /= rows);
}

/// The Jensen-Shannon distance (Endres and Schindelin 2003) in base 2: 0 where two distributions are the same, 1 where they have no
/// value in common. A table without rows has no distribution: the distance to it is 1.
pub(crate) fn jensen_shannon(before: &[f64], after: &[f64]) -> f64 {
    let part = |own: f64, other: f64| {
        let mean = f64::midpoint(own, other);
        if own > 0.0 {
            own * (own / mean).log2()
        } else {
            0.0
        }
    };
    if before.iter().sum::<f64>() == 0.0 || after.iter().sum::<f64>() == 0.0 {
        return 1.0;
    }
    let pairs = before.iter().zip(after);
    let divergence: f64 = pairs.map(|(p, q)| part(*p, *q) + part(*q, *p)).sum();
    (divergence / 2.0).clamp(0.0, 1.0).sqrt()
}

/// The bars of a picture: all values if they are few, otherwise intervals of numbers, or the most frequent values and the rest.
///
/// What fewer than `rare` rows of the dataset have is not told apart: a report may be shown to more people than the dataset.
pub(super) fn bars(
    attribute: &Attribute<'_>,
    before: &[f64],
    after: &[f64],
    rare: u64,
) -> Vec<Bar> {
    let bars: Vec<Bar> = attribute
        .domain
        .iter()
        .zip(before.iter().zip(after))
        .map(|(label, (before, after))| Bar {
            label: label.as_deref().map(cut),
            range: None,
            values: 1,
            before: *before,
            after: *after,
        })
        .collect();
    let least = rare as f64 / attribute.before.rows().max(1) as f64 - 1e-12;
    let is_rare = |bar: &Bar| bar.before > 0.0 && bar.before < least;
    match &attribute.ranges {
        Some(ranges) => without_rare(ordered(bars, ranges), is_rare),
        None => ranked(bars, is_rare),
    }
}

/// The most frequent values in the order of the dataset, then the rest as one.
fn ranked(bars: Vec<Bar>, is_rare: impl Fn(&Bar) -> bool) -> Vec<Bar> {
    let (rare, mut bars): (Vec<Bar>, Vec<Bar>) = bars.into_iter().partition(is_rare);
    let weight = |bar: &Bar| bar.before.max(bar.after);
    // Equal weights keep the order of the domain, which is that of the data.
    bars.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let own = if rare.is_empty() {
        keep(bars.len())
    } else {
        BARS - 1
    };
    let rest = bars.split_off(bars.len().min(own));
    bars.sort_by(|a, b| b.before.total_cmp(&a.before));
    let rest: Vec<Bar> = rest.into_iter().chain(rare).collect();
    let label = match rest.len() {
        1 => "1 other value".to_owned(),
        many => format!("{many} other values"),
    };
    bars.extend(joined(rest, None).map(|bar| Bar {
        label: Some(label),
        ..bar
    }));
    bars
}

/// Joins each rare interval with the one before it, or the first with the one after.
fn without_rare(bars: Vec<Bar>, is_rare: impl Fn(&Bar) -> bool) -> Vec<Bar> {
    let mut kept: Vec<Bar> = Vec::new();
    for bar in bars {
        match kept.last_mut() {
            Some(last) if is_rare(&bar) || is_rare(last) => {
                let range = last
                    .range
                    .zip(bar.range)
                    .map(|(a, b)| (a.0, b.1))
                    .or(last.range);
                let label = range.map_or_else(|| "other values".to_owned(), range_label);
                if let Some(both) = joined([last.clone(), bar], Some(label)) {
                    *last = Bar { range, ..both };
                }
            }
            _ => kept.push(bar),
        }
    }
    kept
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// How many of so many values have a bar of their own.
fn keep(values: usize) -> usize {
    if values <= BARS { BARS } else { BARS - 1 }
}

/// Numbers in ascending order, joined to intervals if they are many; missing values last.
fn ordered(bars: Vec<Bar>, ranges: &[(f64, f64)]) -> Vec<Bar> {
    let (present, missing): (Vec<Bar>, Vec<Bar>) =
        bars.into_iter().partition(|bar| bar.label.is_some());
    let mut present: Vec<((f64, f64), Bar)> = ranges.iter().copied().zip(present).collect();
    present.sort_by(|a, b| a.0.0.total_cmp(&b.0.0));
    let width = present.len().div_ceil(BARS).max(1);
    let mut bars: Vec<Bar> = Vec::new();
    for group in present.chunks(width) {
        let ends = group.first().zip(group.last());
        let range = ends.map(|(first, last)| (first.0.0, last.0.1));
        let bar = joined(
            group.iter().map(|(_, bar)| bar.clone()),
            range.map(range_label),
        );
        bars.extend(bar.map(|bar| Bar { range, ..bar }));
    }
    bars.extend(missing);
    bars
}

/// Several bars as one.
fn joined(bars: impl IntoIterator<Item = Bar>, label: Option<String>) -> Option<Bar> {
    let mut bars = bars.into_iter();
    let mut all = bars.next()?;
    for bar in bars {
        all.values += bar.values;
        all.before += bar.before;
        all.after += bar.after;
    }
    if all.values > 1 {
        all.label = Some(label.unwrap_or_else(|| format!("{} other values", all.values)));
    }
    Some(all)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use proptest::prelude::*;

    use super::super::coded::Coded;
    use super::*;

    fn texts(values: &[&str]) -> Coded<'static> {
        Coded::of(values.iter().map(|value| Some(*value)))
    }

    #[test]
    fn a_generalized_value_is_spread_evenly_over_its_leaves() {
        let attribute = Attribute::new(
            "a",
            true,
            texts(&["x", "x", "x", "y"]),
            texts(&["x", "*", "*", "*"]),
            |label| (label == "*").then(|| ["x", "y", "z"].map(str::to_owned).to_vec()),
        );
        let (before, after) = shares(&attribute);
        assert_eq!(before, [0.75, 0.25, 0.0]);
        assert_eq!(after, [0.5, 0.25, 0.25]);
    }

    #[test]
    fn the_distance_is_that_of_the_definition() {
        assert!((jensen_shannon(&[0.5, 0.5], &[0.5, 0.5])).abs() < 1e-12);
        assert!((jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]) - 1.0).abs() < 1e-12);
        // P = (1, 0), Q = (1/2, 1/2), M = (3/4, 1/4):
        // JSD = (log2(4/3) + (log2(2/3) + log2(2)) / 2) / 2 = 0.311278124...
        let expected = 0.311_278_124_459_132_9_f64.sqrt();
        assert!((jensen_shannon(&[1.0, 0.0], &[0.5, 0.5]) - expected).abs() < 1e-12);
        assert!((jensen_shannon(&[1.0], &[0.0]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn many_values_are_shown_as_the_most_frequent_and_the_rest() {
        let values: Vec<String> = (0..40).map(|i| format!("v{i}")).collect();
        let mut rows: Vec<&str> = values.iter().map(String::as_str).collect();
        rows.extend(["v39", "v39"]);
        let attribute = Attribute::new("a", false, texts(&rows), texts(&rows), |_| None);
        let (before, after) = shares(&attribute);
        let bars = bars(&attribute, &before, &after, 1);
        assert_eq!(bars.len(), BARS);
        assert_eq!(bars[0].label.as_deref(), Some("v39"));
        assert_eq!(bars[15].label.as_deref(), Some("25 other values"));
        assert!((bars.iter().map(|bar| bar.after).sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn numbers_are_shown_in_order_and_missing_ones_last() {
        let rows: Vec<String> = (17..91).map(|age| age.to_string()).collect();
        let mut rows: Vec<Option<&str>> = rows.iter().map(|age| Some(age.as_str())).collect();
        rows.push(None);
        // With a hierarchy, ages keep their own places.
        let attribute = Attribute::new(
            "age",
            true,
            Coded::of(rows.clone()),
            Coded::of(rows),
            |label| Some(vec![if label == "17" { "17" } else { "18" }.to_owned()]),
        );
        let (before, after) = shares(&attribute);
        let bars = bars(&attribute, &before, &after, 1);
        assert_eq!(bars[0].label.as_deref(), Some("17 to 21"));
        assert_eq!(bars[0].range, Some((17.0, 21.0)));
        assert_eq!(bars.last().unwrap().label, None);
        assert!(bars.len() <= BARS + 1);
    }

    #[test]
    fn what_few_rows_have_is_not_told_apart() {
        let shown = |rows: &[String], rare| {
            let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
            let attribute = Attribute::new("a", true, texts(&rows), texts(&rows), |_| None);
            let (before, after) = shares(&attribute);
            let bars = bars(&attribute, &before, &after, rare);
            let labels = bars.into_iter().filter_map(|bar| bar.label);
            labels.collect::<Vec<_>>()
        };
        let words: Vec<String> = ["x", "x", "x", "y", "z"].map(str::to_owned).to_vec();
        assert_eq!(shown(&words, 3), ["x", "2 other values"]);
        assert_eq!(shown(&words, 1), ["x", "y", "z"]);
        let ones: Vec<String> = ["x", "x", "y"].map(str::to_owned).to_vec();
        assert_eq!(shown(&ones, 2), ["x", "1 other value"]);
        let numbers: Vec<String> = [1, 2, 2, 3, 9, 9].map(|n: i32| n.to_string()).to_vec();
        assert_eq!(shown(&numbers, 2), ["1 to 3", "9"]);
    }

    proptest! {
        #[test]
        fn the_distance_is_symmetric_and_within_0_and_1(
            p in prop::collection::vec(0_u32..50, 5), q in prop::collection::vec(0_u32..50, 5),
        ) {
            prop_assume!(p.iter().sum::<u32>() > 0 && q.iter().sum::<u32>() > 0);
            let scaled = |counts: &[u32]| -> Vec<f64> {
                let sum = f64::from(counts.iter().sum::<u32>());
                counts.iter().map(|count| f64::from(*count) / sum).collect()
            };
            let (p, q) = (scaled(&p), scaled(&q));
            let distance = jensen_shannon(&p, &q);
            prop_assert!((0.0..=1.0).contains(&distance));
            prop_assert!((distance - jensen_shannon(&q, &p)).abs() < 1e-12);
            prop_assert!(jensen_shannon(&p, &p) < 1e-6);
        }
    }
}
