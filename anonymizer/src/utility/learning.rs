//! How well a classifier that learnt from the release does on the original, beside one that learnt from the original.
//!
//! The classifier is a categorical naive Bayes, simple and the same every time. A quarter of the dataset, chosen without a pattern, is
//! kept aside and predicted by both; the first learns from the other three quarters, the second from the release. Released rows
//! cannot be told from one another, so that those of the quarter kept aside are among them, generalized: a classifier of so few
//! parameters gains little by that.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::naive_bayes::categorical::CategoricalNB;

use super::association::WIDEST;
use super::attribute::Attribute;
use super::draw;
use super::{Sample, UtilityError};

/// A target with more different values than this is none: there would be too few rows of each to learn from.
const CLASSES: usize = 50;

/// One row of so many is kept aside.
const PARTS: usize = 4;

const SPLIT: u64 = 0x5350_4C49;

/// How well a classifier predicts a column of the original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearningReport {
    /// The column that is predicted.
    pub target: String,
    /// The columns that it is predicted from.
    pub features: Vec<String>,
    /// The kind of classifier.
    pub classifier: String,
    /// Different values of the target.
    pub classes: u64,
    /// Rows of the original that were learnt from.
    pub original_rows: u64,
    /// Rows of the release that were learnt from.
    pub released_rows: u64,
    /// Rows of the original that were predicted by both.
    pub test_rows: u64,
    /// Share of right answers if the most frequent value is always the answer.
    pub baseline_accuracy: f64,
    /// Share of right answers after learning from the original.
    pub original_accuracy: f64,
    /// Share of right answers after learning from the release.
    pub released_accuracy: f64,
}

/// Rows with a class and features, all as places in the domains.
#[derive(Default)]
struct Rows {
    classes: Vec<u32>,
    features: Vec<Vec<u32>>,
}

pub(super) fn learning(
    attributes: &[Attribute<'_>],
    target: &str,
    sample: &Sample,
) -> Result<Option<LearningReport>, UtilityError> {
    let goal = attributes
        .iter()
        .find(|attribute| attribute.name == target)
        .ok_or_else(|| UtilityError::UnknownTarget {
            target: target.to_owned(),
            columns: attributes.iter().map(|a| a.name.clone()).collect(),
        })?;
    let classes = goal.domain.iter().flatten().count();
    if !(2..=CLASSES).contains(&classes) {
        return Err(UtilityError::TargetWidth {
            target: target.to_owned(),
            values: classes as u64,
        });
    }
    let features: Vec<&Attribute<'_>> = attributes
        .iter()
        .filter(|attribute| attribute.name != target && attribute.size() <= WIDEST)
        .collect();
    let (learn, test): (Vec<usize>, Vec<usize>) = sample
        .before
        .iter()
        .partition(|row| draw::below(PARTS, SPLIT, **row) > 0);
    let before = |rows: &[usize]| {
        gather(goal, &features, rows, |attribute, row| {
            attribute.place_before(row)
        })
    };
    let (learn, test) = (before(&learn), before(&test));
    let released = gather(goal, &features, &sample.after, |attribute, row| {
        attribute.place_after(row, super::stream(&attribute.name))
    });
    if features.is_empty()
        || [&learn, &test, &released]
            .iter()
            .any(|rows| rows.is_empty())
    {
        return Ok(None);
    }
    let majority = mode(&learn.classes);
    let right = test.classes.iter().filter(|class| **class == majority);
    Ok(Some(LearningReport {
        target: target.to_owned(),
        features: features.iter().map(|a| a.name.clone()).collect(),
        classifier: "categorical naive Bayes".to_owned(),
        classes: classes as u64,
        original_rows: learn.len() as u64,
        released_rows: released.len() as u64,
        test_rows: test.len() as u64,
        baseline_accuracy: right.count() as f64 / test.len() as f64,
        original_accuracy: accuracy(&learn, &test)?,
        released_accuracy: accuracy(&released, &test)?,
    }))
}

/// The rows whose target is not missing.
fn gather(
    goal: &Attribute<'_>,
    features: &[&Attribute<'_>],
    rows: &[usize],
    place: impl Fn(&Attribute<'_>, usize) -> u32,
) -> Rows {
    let known = |row: &&usize| {
        let label = goal.domain.get(place(goal, **row) as usize);
        label.is_some_and(Option::is_some)
    };
    let rows: Vec<usize> = rows.iter().filter(known).copied().collect();
    let column =
        |attribute: &Attribute<'_>| rows.iter().map(|row| place(attribute, *row)).collect();
    Rows {
        classes: column(goal),
        features: features.iter().map(|feature| column(feature)).collect(),
    }
}

impl Rows {
    fn len(&self) -> usize {
        self.classes.len()
    }

    fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }
}

/// The most frequent value, the first of them.
fn mode(values: &[u32]) -> u32 {
    let mut counts: HashMap<u32, u64> = HashMap::new();
    for value in values {
        *counts.entry(*value).or_default() += 1;
    }
    let most = counts
        .into_iter()
        .max_by_key(|(value, count)| (*count, std::cmp::Reverse(*value)));
    most.map_or(0, |(value, _)| value)
}

/// The share of rows that a classifier predicts rightly after learning from others.
fn accuracy(learn: &Rows, test: &Rows) -> Result<f64, UtilityError> {
    let coding = Coding::of(learn);
    let failed = |error: smartcore::error::Failed| UtilityError::Classifier {
        what: error.to_string(),
    };
    let classes: Vec<u32> = learn
        .classes
        .iter()
        .map(|class| coding.class(*class).unwrap_or_default())
        .collect();
    let bayes =
        CategoricalNB::fit(&coding.matrix(learn)?, &classes, Default::default()).map_err(failed)?;
    let answers: Vec<u32> = bayes.predict(&coding.matrix(test)?).map_err(failed)?;
    let right = answers
        .iter()
        .zip(&test.classes)
        .filter(|(answer, class)| coding.class(**class) == Some(**answer));
    Ok(right.count() as f64 / test.len() as f64)
}

/// Numbers for what a classifier learns from: classes from 0; values from 1, and 0 for a value that it has not seen.
struct Coding {
    classes: HashMap<u32, u32>,
    features: Vec<HashMap<u32, u32>>,
}

impl Coding {
    fn of(rows: &Rows) -> Self {
        Self {
            classes: numbered(&rows.classes, 0),
            features: rows
                .features
                .iter()
                .map(|feature| numbered(feature, 1))
                .collect(),
        }
    }

    fn class(&self, class: u32) -> Option<u32> {
        self.classes.get(&class).copied()
    }

    fn matrix(&self, rows: &Rows) -> Result<DenseMatrix<u32>, UtilityError> {
        let columns = rows.features.iter().zip(&self.features);
        let values = columns.flat_map(|(feature, numbers)| {
            let number = |value: &u32| numbers.get(value).copied().unwrap_or(0);
            feature.iter().map(number)
        });
        let matrix = DenseMatrix::new(rows.len(), self.features.len(), values.collect(), true);
        matrix.map_err(|error| UtilityError::Classifier {
            what: error.to_string(),
        })
    }
}

fn numbered(values: &[u32], first: u32) -> HashMap<u32, u32> {
    let mut numbers = HashMap::new();
    for value in values {
        let next = first + numbers.len() as u32;
        numbers.entry(*value).or_insert(next);
    }
    numbers
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]
mod tests {
    use super::super::coded::Coded;
    use super::*;

    fn column(name: &str, before: &[String], after: &[String]) -> Attribute<'static> {
        fn coded(values: &[String]) -> Coded<'static> {
            Coded::of(values.iter().map(|value| Some(value.as_str())))
        }
        Attribute::new(name, true, coded(before), coded(after), |label| {
            (label == "*").then(|| ["0", "1", "2", "3"].map(str::to_owned).to_vec())
        })
    }

    /// `y` is 1 where `x` is 2 or 3; the release keeps or hides `x`.
    fn learnt(hide: bool) -> LearningReport {
        let x: Vec<String> = (0..400)
            .map(|row: usize| (row * 7 / 5 % 4).to_string())
            .collect();
        let y: Vec<String> = x
            .iter()
            .map(|x| u8::from(x.as_str() > "1").to_string())
            .collect();
        let hidden = vec!["*".to_owned(); x.len()];
        let attributes = [
            column("x", &x, if hide { &hidden } else { &x }),
            column("y", &y, &y),
        ];
        let sample = Sample::of(&attributes, 1_000);
        learning(&attributes, "y", &sample).unwrap().unwrap()
    }

    #[test]
    fn what_the_release_keeps_is_learnt_and_what_it_hides_is_not() {
        let kept = learnt(false);
        assert_eq!(kept.original_accuracy, 1.0);
        assert_eq!(kept.released_accuracy, 1.0);
        assert!((0.4..0.6).contains(&kept.baseline_accuracy), "{kept:?}");
        assert_eq!(kept.original_rows + kept.test_rows, 400);
        let hidden = learnt(true);
        assert_eq!(hidden.original_accuracy, 1.0);
        assert!((0.2..0.8).contains(&hidden.released_accuracy), "{hidden:?}");
        assert_eq!(hidden, learnt(true));
    }

    #[test]
    fn a_target_must_be_a_column_of_some_values() {
        let rows: Vec<String> = (0..100).map(|row: u32| format!("r{row}")).collect();
        let attributes = [column("id", &rows, &rows)];
        let sample = Sample::of(&attributes, 1_000);
        let Err(UtilityError::UnknownTarget { columns, .. }) = learning(&attributes, "y", &sample)
        else {
            panic!("an unknown target was accepted");
        };
        assert_eq!(columns, ["id"]);
        assert!(matches!(
            learning(&attributes, "id", &sample),
            Err(UtilityError::TargetWidth { values: 100, .. })
        ));
    }
}
