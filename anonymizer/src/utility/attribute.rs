//! A column before and after, on common ground: what each released value may stand for.

use std::collections::HashMap;

use super::association::WIDEST;
use super::coded::Coded;

/// Columns of numbers with more different values than this, and no hierarchy, are compared in intervals.
const NUMBERS: usize = 50;

/// Intervals that numbers are compared in.
pub(super) const INTERVALS: usize = 16;

/// A column of the dataset and of its release.
///
/// The domain is what both are compared on: the values of the dataset and of its hierarchy, or intervals of numbers. A value of the
/// release stands for one value of the domain or for several; the rows of the two tables need not correspond.
#[derive(Clone, Debug)]
pub struct Attribute<'a> {
    /// The column.
    pub name: String,
    /// Whether it is a quasi-identifier.
    pub quasi: bool,
    /// The column of the dataset.
    pub before: Coded<'a>,
    /// The column of the release.
    pub after: Coded<'a>,
    /// Labels of the domain; `None` is a missing value.
    pub(super) domain: Vec<Option<String>>,
    /// For each value of the dataset its place in the domain.
    pub(super) places: Vec<u32>,
    /// For each value of the release the places in the domain that it may stand for: one or more.
    pub(super) spans: Vec<Vec<u32>>,
    /// The values of the domain as numbers, missing ones aside, if all are: from the first to the last.
    pub(super) ranges: Option<Vec<(f64, f64)>>,
}

impl<'a> Attribute<'a> {
    /// Puts a column before and after on common ground.
    ///
    /// `covers` tells which values of the dataset a released value stands for, whether or not they occur; `None` where it stands for
    /// itself.
    #[must_use]
    pub fn new(
        name: &str,
        quasi: bool,
        before: Coded<'a>,
        after: Coded<'a>,
        covers: impl Fn(&str) -> Option<Vec<String>>,
    ) -> Self {
        let attribute = Self {
            name: name.to_owned(),
            quasi,
            before,
            after,
            domain: Vec::new(),
            places: Vec::new(),
            spans: Vec::new(),
            ranges: None,
        };
        let covered: Vec<_> = occurring(&attribute.after)
            .map(|(label, occurs)| label.filter(|_| occurs).and_then(&covers))
            .collect();
        if let Some(intervals) = attribute.intervals(&covered) {
            return attribute.on_intervals(&intervals);
        }
        let attribute = attribute.on_values(&covered);
        // Numbers of which very many differ are compared in intervals, even if some stand for others.
        match attribute.domain_numbers() {
            Some(numbers) if numbers.len() > WIDEST => match Intervals::over(&numbers) {
                Some(intervals) => attribute.joined(&intervals),
                None => attribute,
            },
            _ => attribute,
        }
    }

    /// The intervals to compare in, if these are numbers of which many differ or the release has numbers of its own.
    fn intervals(&self, covered: &[Option<Vec<String>>]) -> Option<Intervals> {
        if covered.iter().any(Option::is_some) {
            return None;
        }
        let numbers = |coded| {
            let occur = occurring(coded).filter(|(_, occurs)| *occurs);
            numbers(occur.map(|(label, _)| label))
        };
        let (before, after) = (numbers(&self.before)?, numbers(&self.after)?);
        let known = |value: &f64| before.iter().any(|other| other == value);
        if before.len() <= NUMBERS && after.iter().all(known) {
            return None;
        }
        Intervals::over(&before)
    }

    fn on_intervals(mut self, intervals: &Intervals) -> Self {
        let place = |label: Option<&str>| intervals.place_of(label);
        let places = |coded| occurring(coded).map(|(label, _)| place(label)).collect();
        self.places = places(&self.before);
        let after: Vec<u32> = places(&self.after);
        self.spans = after.into_iter().map(|place| vec![place]).collect();
        let missing = |coded| occurring(coded).any(|(label, occurs)| occurs && label.is_none());
        let missing = missing(&self.before) || missing(&self.after);
        self.in_domain(intervals, missing)
    }

    fn on_values(mut self, covered: &[Option<Vec<String>>]) -> Self {
        let mut domain = Domain::default();
        // Values without rows have no place; it is never asked for.
        self.places = occurring(&self.before)
            .map(|(label, occurs)| if occurs { domain.place(label) } else { 0 })
            .collect();
        let spans = occurring(&self.after).zip(covered);
        self.spans = spans
            .map(|((label, occurs), covered)| match covered {
                _ if !occurs => Vec::new(),
                Some(leaves) if !leaves.is_empty() => {
                    leaves.iter().map(|leaf| domain.place(Some(leaf))).collect()
                }
                _ => vec![domain.place(label)],
            })
            .collect();
        self.domain = domain.labels;
        let numbers = self.domain_numbers();
        self.ranges =
            numbers.map(|numbers| numbers.into_iter().map(|number| (number, number)).collect());
        self
    }

    /// The same in intervals. A place that stands in a span twice counts twice.
    fn joined(mut self, intervals: &Intervals) -> Self {
        let renamed: Vec<u32> = self
            .domain
            .iter()
            .map(|label| intervals.place_of(label.as_deref()))
            .collect();
        let rename = |place: &mut u32| {
            *place = renamed.get(*place as usize).copied().unwrap_or_default();
        };
        self.places.iter_mut().for_each(rename);
        self.spans.iter_mut().flatten().for_each(rename);
        let missing = self.domain.contains(&None);
        self.in_domain(intervals, missing)
    }

    fn in_domain(mut self, intervals: &Intervals, missing: bool) -> Self {
        self.domain = intervals.labels().map(Some).collect();
        self.domain.extend(missing.then_some(None));
        self.ranges = Some(intervals.ranges().collect());
        self
    }

    fn domain_numbers(&self) -> Option<Vec<f64>> {
        numbers(self.domain.iter().map(Option::as_deref))
    }

    /// Values of the domain.
    pub(super) fn size(&self) -> usize {
        self.domain.len()
    }

    /// The place in the domain of a row of the dataset.
    pub(super) fn place_before(&self, row: usize) -> u32 {
        let place = self.places.get(self.before.code(row));
        place.copied().unwrap_or_default()
    }

    /// A place in the domain for a row of the release: one of those that its value may stand for, each as likely as the other.
    pub(super) fn place_after(&self, row: usize, stream: u64) -> u32 {
        let span = self.spans.get(self.after.code(row));
        let span = span.map_or(&[][..], Vec::as_slice);
        let choice = super::draw::below(span.len(), stream, row);
        span.get(choice).copied().unwrap_or_default()
    }
}

/// Each value of a column, and whether it has rows.
fn occurring<'c>(coded: &'c Coded<'_>) -> impl Iterator<Item = (Option<&'c str>, bool)> {
    let counted = coded.labels.iter().zip(coded.counts());
    counted.map(|(label, rows)| (label.as_deref(), rows > 0))
}

/// All values but missing ones as numbers; `None` if one is no finite number or there is none.
fn numbers<'v>(labels: impl Iterator<Item = Option<&'v str>>) -> Option<Vec<f64>> {
    let values = labels.flatten().map(|label| {
        let number = label.parse::<f64>().ok();
        number.filter(|number| number.is_finite())
    });
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    (!values.is_empty()).then_some(values)
}

#[derive(Default)]
struct Domain {
    labels: Vec<Option<String>>,
    places: HashMap<Option<String>, u32>,
}

impl Domain {
    fn place(&mut self, label: Option<&str>) -> u32 {
        let label = label.map(str::to_owned);
        if let Some(place) = self.places.get(&label) {
            return *place;
        }
        let place = self.labels.len() as u32;
        self.labels.push(label.clone());
        self.places.insert(label, place);
        place
    }
}

/// Intervals of one width from the least to the greatest number of the dataset. What lies outside counts to the first or the last.
#[derive(Clone, Copy, Debug)]
struct Intervals {
    start: f64,
    width: f64,
}

impl Intervals {
    fn over(numbers: &[f64]) -> Option<Self> {
        let start = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let end = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let width = (end - start) / INTERVALS as f64;
        (width > 0.0 && width.is_finite()).then_some(Self { start, width })
    }

    /// The place of a value; that after the last interval for a missing one.
    fn place_of(&self, label: Option<&str>) -> u32 {
        let number = label.and_then(|label| label.parse().ok());
        number.map_or(INTERVALS as u32, |number| self.place(number))
    }

    fn place(&self, number: f64) -> u32 {
        let place = ((number - self.start) / self.width).floor();
        place.clamp(0.0, (INTERVALS - 1) as f64) as u32
    }

    fn ranges(&self) -> impl Iterator<Item = (f64, f64)> {
        let start = |place: usize| self.start + self.width * place as f64;
        (0..INTERVALS).map(move |place| (start(place), start(place + 1)))
    }

    fn labels(&self) -> impl Iterator<Item = String> {
        self.ranges().map(range_label)
    }
}

/// An interval in words.
pub(super) fn range_label((start, end): (f64, f64)) -> String {
    format!("{} to {}", shown(start), shown(end))
}

/// A number in at most six digits or so, for a label.
fn shown(number: f64) -> String {
    let digits = if number == 0.0 {
        0
    } else {
        number.abs().log10().floor() as i32
    };
    let decimals = (4 - digits).clamp(0, 12) as usize;
    let text = format!("{number:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use super::*;

    fn texts<const N: usize>(values: [&str; N]) -> Coded<'static> {
        Coded::of(values.map(Some))
    }

    #[test]
    fn a_released_value_stands_for_its_leaves_even_those_that_do_not_occur() {
        let attribute = Attribute::new(
            "a",
            true,
            texts(["x", "y", "x"]),
            texts(["*", "x"]),
            |label| (label == "*").then(|| ["x", "y", "z"].map(str::to_owned).to_vec()),
        );
        assert_eq!(attribute.size(), 3);
        assert_eq!(attribute.spans, [vec![0, 1, 2], vec![0]]);
        assert_eq!(attribute.places, [0, 1]);
        assert!(attribute.ranges.is_none());
    }

    #[test]
    fn numbers_are_compared_in_intervals_where_the_release_has_its_own() {
        let before = texts(["0", "10", "20"]);
        let attribute = Attribute::new("n", true, before.clone(), texts(["9.5", "25"]), |_| None);
        assert_eq!(attribute.size(), INTERVALS);
        assert_eq!(attribute.places, [0, 8, 15]);
        assert_eq!(attribute.spans, [vec![7], vec![15]]);
        // Numbers of which few differ stay as they are.
        let same = Attribute::new("n", true, before, texts(["10", "20"]), |_| None);
        assert_eq!(same.size(), 3);
        assert_eq!(
            same.ranges.unwrap(),
            [(0.0, 0.0), (10.0, 10.0), (20.0, 20.0)]
        );
    }

    #[test]
    fn missing_values_have_a_place_of_their_own() {
        let before = Coded::of([Some("1"), None, Some("99")]);
        let after = Coded::of([None, Some("50.5")]);
        let attribute = Attribute::new("n", false, before, after, |_| None);
        assert_eq!(attribute.places[1], INTERVALS as u32);
        assert_eq!(attribute.domain[INTERVALS], None);
    }

    #[test]
    fn very_many_numbers_that_stand_for_others_are_compared_in_intervals_too() {
        let rows: Vec<String> = (0..1_601).map(|number| number.to_string()).collect();
        let before = Coded::of(rows.iter().map(|row| Some(row.as_str())));
        let attribute = Attribute::new("n", false, before, texts(["0", "*"]), |label| {
            (label == "*").then(|| rows.clone())
        });
        assert_eq!(attribute.size(), INTERVALS);
        assert_eq!(attribute.places[100], 1);
        // All values stand in the span, a hundred of them in each interval, and one more in the last.
        assert_eq!(attribute.spans[1].len(), 1_601);
        assert_eq!(
            attribute.spans[1]
                .iter()
                .filter(|place| **place == 15)
                .count(),
            101
        );
    }

    #[test]
    fn values_without_rows_have_no_part() {
        let codes = crate::table::Codes::U8(vec![1, 1]);
        let labels = vec![None, Some("x".to_owned())];
        let coded = Coded::new(labels, &codes);
        let attribute = Attribute::new("a", false, coded.clone(), coded, |_| None);
        assert_eq!(attribute.domain, [Some("x".to_owned())]);
        assert_eq!(attribute.place_before(0), 0);
        assert_eq!(attribute.place_after(1, 7), 0);
    }

    #[test]
    fn numbers_are_shown_short() {
        assert_eq!(shown(0.0), "0");
        assert_eq!(shown(17.0), "17");
        assert_eq!(shown(1234.5678), "1234.6");
        assert_eq!(shown(1_230_000.0), "1230000");
        assert_eq!(shown(0.001_234_56), "0.0012346");
        assert_eq!(shown(-2.5), "-2.5");
    }
}
