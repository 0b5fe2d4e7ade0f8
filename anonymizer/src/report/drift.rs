//! What differs between two releases of one library that were made by the same plan.

use serde::{Deserialize, Serialize};

use super::{ColumnReport, Report};
use crate::utility::{Bar, jensen_shannon};

/// From this Jensen-Shannon distance on, the distribution of a column is said to have changed.
const NOTABLE_DISTANCE: f64 = 0.1;

/// From this difference on, a share or a loss is said to have changed.
const NOTABLE_SHARE: f64 = 0.02;

/// What differs between an old release and a new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Rows of the old dataset and of the new one.
    pub rows: (u64, u64),
    /// Share of records suppressed.
    pub suppressed: (f64, f64),
    /// Equivalence classes.
    pub classes: (u64, u64),
    /// Records of the smallest class.
    pub smallest_class: (u64, u64),
    /// Geometric loss.
    pub loss: (f64, f64),
    /// The prosecutor risk of the record most at risk.
    pub highest_risk: (f64, f64),
    /// The released columns of either.
    pub columns: Vec<ColumnDrift>,
}

/// What differs in one column. Distances are those of Jensen and Shannon, base 2, over the values that the reports show; they are `None`
/// where one report does not have the column or did not measure its distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// The column.
    pub name: String,
    /// Whether the old release has it.
    pub old: bool,
    /// Whether the new release has it.
    pub new: bool,
    /// Between the old dataset and the new one.
    pub dataset_distance: Option<f64>,
    /// Between the old release and the new one.
    pub release_distance: Option<f64>,
    /// Loss of the old release and of the new one, if it is a quasi-identifier in both.
    pub loss: Option<(f64, f64)>,
}

/// Compares the reports of two releases.
#[must_use]
pub fn drift(old: &Report, new: &Report) -> Drift {
    let share = |report: &Report| report.rows.suppressed as f64 / report.rows.input.max(1) as f64;
    let mut names: Vec<&str> = old
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    for column in &new.columns {
        if !names.contains(&column.name.as_str()) {
            names.push(&column.name);
        }
    }
    Drift {
        rows: (old.rows.input, new.rows.input),
        suppressed: (share(old), share(new)),
        classes: (old.rows.classes, new.rows.classes),
        smallest_class: (old.rows.smallest_class, new.rows.smallest_class),
        loss: (old.loss.geometric, new.loss.geometric),
        highest_risk: (
            old.privacy.highest_prosecutor_risk,
            new.privacy.highest_prosecutor_risk,
        ),
        columns: names
            .into_iter()
            .map(|name| column(name, old, new))
            .collect(),
    }
}

fn column(name: &str, old: &Report, new: &Report) -> ColumnDrift {
    fn find<'a>(report: &'a Report, name: &str) -> Option<&'a ColumnReport> {
        report.columns.iter().find(|column| column.name == name)
    }
    fn bars<'a>(report: &'a Report, name: &str) -> Option<&'a [Bar]> {
        let columns = &report.utility.as_ref()?.columns;
        let column = columns.iter().find(|column| column.name == name)?;
        Some(&column.distribution)
    }
    let (first, second) = (find(old, name), find(new, name));
    let both = bars(old, name).zip(bars(new, name));
    let distance = |share: fn(&Bar) -> f64| {
        both.map(|(old, new)| {
            let (old, new) = common(old, new, share);
            jensen_shannon(&old, &new)
        })
    };
    ColumnDrift {
        name: name.to_owned(),
        old: first.is_some(),
        new: second.is_some(),
        dataset_distance: distance(|bar| bar.before),
        release_distance: distance(|bar| bar.after),
        loss: first.and_then(|c| c.loss).zip(second.and_then(|c| c.loss)),
    }
}

/// The shares of two reports on common ground: intervals of numbers cut at the ends of either, everything else by its label. What
/// either report shows as "other values" counts as one value.
fn common(old: &[Bar], new: &[Bar], share: fn(&Bar) -> f64) -> (Vec<f64>, Vec<f64>) {
    let ground = Ground::of(old, new);
    let shares = |bars: &[Bar]| {
        let mut shares = vec![0.0; ground.size()];
        for bar in bars {
            for (place, part) in ground.places(bar) {
                if let Some(sum) = shares.get_mut(place) {
                    *sum += share(bar) * part;
                }
            }
        }
        shares
    };
    (shares(old), shares(new))
}

/// What the bars of two reports are compared on.
struct Ground {
    /// Ends of intervals in ascending order, each once.
    ends: Vec<f64>,
    labels: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq)]
enum Key {
    Missing,
    Rest,
    Label(String),
}

impl Key {
    fn of(bar: &Bar) -> Self {
        match &bar.label {
            None => Self::Missing,
            Some(_) if bar.values > 1 => Self::Rest,
            Some(label) => Self::Label(label.clone()),
        }
    }
}

impl Ground {
    fn of(old: &[Bar], new: &[Bar]) -> Self {
        let all = || old.iter().chain(new);
        let ranges = || all().filter_map(|bar| bar.range);
        // Numbers that are all shown one by one are labels like any other.
        let wide = ranges().any(|(start, end)| start < end);
        let mut ends: Vec<f64> = ranges().flat_map(|(start, end)| [start, end]).collect();
        ends.retain(|_| wide);
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        let mut labels = Vec::new();
        for bar in all() {
            let key = Key::of(bar);
            if (bar.range.is_none() || !wide) && !labels.contains(&key) {
                labels.push(key);
            }
        }
        Self { ends, labels }
    }

    fn size(&self) -> usize {
        self.ends.len() + self.labels.len()
    }

    /// Where the share of a bar belongs, and which part of it.
    fn places(&self, bar: &Bar) -> Vec<(usize, f64)> {
        match bar.range.filter(|_| !self.ends.is_empty()) {
            None => {
                let key = Key::of(bar);
                let place = self.labels.iter().position(|label| *label == key);
                place
                    .map(|place| (self.ends.len() + place, 1.0))
                    .into_iter()
                    .collect()
            }
            // A single number belongs to the piece that begins at it.
            Some((start, end)) if start >= end => {
                let place = self.ends.iter().position(|end| *end == start);
                place.map(|place| (place, 1.0)).into_iter().collect()
            }
            Some((start, end)) => {
                let pieces = self.ends.iter().zip(self.ends.iter().skip(1)).enumerate();
                let inside = pieces.filter(|(_, (from, to))| **from >= start && **to <= end);
                inside
                    .map(|(place, (from, to))| (place, (to - from) / (end - start)))
                    .collect()
            }
        }
    }
}

impl Drift {
    /// What a person should look at before publishing, a sentence each. Empty if nothing changed to speak of.
    #[must_use]
    pub fn notable(&self) -> Vec<String> {
        let mut notable = Vec::new();
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        let mut changed = |what: &str, (old, new): (f64, f64)| {
            if (new - old).abs() >= NOTABLE_SHARE {
                notable.push(format!(
                    "{what} went from {} to {}",
                    percent(old),
                    percent(new)
                ));
            }
        };
        changed("the share of suppressed records", self.suppressed);
        changed("the loss", self.loss);
        changed("the highest risk of a record", self.highest_risk);
        for column in &self.columns {
            let name = &column.name;
            match (column.old, column.new) {
                (true, false) => notable.push(format!("column {name:?} is no longer released")),
                (false, true) => {
                    notable.push(format!("column {name:?} is released for the first time"))
                }
                _ => {}
            }
            if let Some(distance) = column.dataset_distance.filter(|d| *d >= NOTABLE_DISTANCE) {
                notable.push(format!(
                    "the values of column {name:?} are distributed otherwise (distance {distance:.3})"
                ));
            }
        }
        notable
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use super::*;
    use crate::profile::{Role, Transform};
    use crate::utility::{ColumnUtility, UtilityReport};

    fn bar(label: &str, range: Option<(f64, f64)>, share: f64) -> Bar {
        Bar {
            label: Some(label.to_owned()),
            range,
            values: 1,
            before: share,
            after: share,
        }
    }

    fn report(suppressed: u64, columns: &[(&str, Vec<Bar>)]) -> Report {
        let mut report = Report::default();
        report.rows.input = 100;
        report.rows.suppressed = suppressed;
        for (name, _) in columns {
            report.columns.push(ColumnReport {
                name: (*name).to_owned(),
                role: Role::Quasi,
                transform: Transform::Suppress,
                level: None,
                loss: Some(0.5),
            });
        }
        report.utility = Some(UtilityReport {
            columns: columns
                .iter()
                .map(|(name, bars)| ColumnUtility {
                    name: (*name).to_owned(),
                    distance: 0.0,
                    values_before: 0,
                    values_after: 0,
                    generalized: 0.0,
                    distribution: bars.clone(),
                })
                .collect(),
            ..UtilityReport::default()
        });
        report
    }

    #[test]
    fn a_report_does_not_differ_from_itself() {
        let bars = vec![bar("x", None, 0.25), bar("y", None, 0.75)];
        let same = report(3, &[("a", bars)]);
        let drift = drift(&same, &same);
        assert_eq!(drift.columns[0].dataset_distance, Some(0.0));
        assert_eq!(drift.columns[0].loss, Some((0.5, 0.5)));
        assert!(drift.notable().is_empty());
    }

    #[test]
    fn what_changed_is_told() {
        let old = report(0, &[("a", vec![bar("x", None, 1.0)]), ("gone", Vec::new())]);
        let new = report(5, &[("a", vec![bar("y", None, 1.0)]), ("come", Vec::new())]);
        let drift = drift(&old, &new);
        assert_eq!(drift.columns[0].dataset_distance, Some(1.0));
        assert_eq!(drift.suppressed, (0.0, 0.05));
        let notable = drift.notable().join("\n");
        for part in [
            "0.0% to 5.0%",
            "\"a\"",
            "\"gone\" is no longer",
            "\"come\" is released",
        ] {
            assert!(notable.contains(part), "{part} is not in {notable}");
        }
    }

    #[test]
    fn intervals_of_numbers_are_compared_where_they_overlap() {
        // The old one is even over 0 to 10, the new one even over 0 to 20: half of it is where the old one is.
        let old = report(0, &[("n", vec![bar("0 to 10", Some((0.0, 10.0)), 1.0)])]);
        let new = report(0, &[("n", vec![bar("0 to 20", Some((0.0, 20.0)), 1.0)])]);
        let distance = drift(&old, &new).columns[0].dataset_distance.unwrap();
        // That of (1, 0) and (1/2, 1/2).
        assert!((distance - 0.311_278_124_459_132_9_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_rest_is_compared_with_the_rest_and_numbers_one_by_one() {
        let rest = |count: u64, share: f64| Bar {
            values: count,
            ..bar(&format!("{count} other values"), None, share)
        };
        let old = report(0, &[("a", vec![bar("x", None, 0.5), rest(3, 0.5)])]);
        let new = report(0, &[("a", vec![bar("x", None, 0.5), rest(4, 0.5)])]);
        assert_eq!(drift(&old, &new).columns[0].dataset_distance, Some(0.0));
        let one = |number: f64| vec![bar(&number.to_string(), Some((number, number)), 1.0)];
        let old = report(0, &[("n", one(1.0))]);
        let new = report(0, &[("n", one(2.0))]);
        assert_eq!(drift(&old, &new).columns[0].dataset_distance, Some(1.0));
    }
}
