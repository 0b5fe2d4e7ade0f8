//! What a release is still good for: its distributions, associations and what can be learnt from it, beside those of the original; and
//! how many records stand out.
//!
//! Columns come as [`Attribute`]s: numbers and labels, whatever file they were read from. A released value that stands for several
//! values of the original ("20 to 39", `*`) is spread evenly over them, or, where rows are looked at one by one, replaced
//! by one of them that is chosen without a pattern. That is what whoever has only the release and its hierarchies can do.
//!
//! Everything is the same every time, whatever the number of threads.

mod association;
mod attribute;
mod coded;
mod distribution;
mod draw;
mod learning;
mod uniques;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use attribute::Attribute;
pub use coded::Coded;
pub use distribution::Bar;
pub(crate) use distribution::jensen_shannon;
pub use learning::LearningReport;
pub use uniques::{ColumnUniques, Uniques};

use crate::cancel::Cancel;

/// Columns that are paired, at most.
const PAIRED: usize = 30;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtilityLimits {
    /// Rows of either table that pairs and classifiers look at; more are sampled. Distributions look at all.
    pub rows: usize,
    /// Values that fewer rows of the dataset have are not shown.
    pub rare: u64,
    /// Cells that the search for records that stand out looks at, for each size of set.
    pub unique_cells: u64,
}

impl Default for UtilityLimits {
    fn default() -> Self {
        Self {
            rows: 100_000,
            rare: 5,
            unique_cells: 500_000_000,
        }
    }
}

/// Why utility was not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UtilityError {
    /// The target is no column that is released and measured.
    #[error("the target {target:?} is no column of the release that can be predicted; there are {}", columns.join(", "))]
    UnknownTarget {
        /// The target.
        target: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// The target has one value or too many.
    #[error("the target {target:?} has {values} different values; choose a column with 2 to 50")]
    TargetWidth {
        /// The target.
        target: String,
        /// Its different values.
        values: u64,
    },
    /// The classifier refused the data.
    #[error("the classifier could not be trained: {what}")]
    Classifier {
        /// What it says.
        what: String,
    },
    /// The work was stopped.
    #[error("measuring the utility was cancelled")]
    Cancelled,
}

/// What a release is still good for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UtilityReport {
    /// Rows that pairs and the classifier looked at.
    pub sample: SampleReport,
    /// Each column before and after.
    pub columns: Vec<ColumnUtility>,
    /// Each pair of columns before and after.
    pub pairs: Vec<PairUtility>,
    /// The mean over the pairs of 1 - |before - after|; 1 without pairs.
    pub association_kept: f64,
    /// Columns that are in no pair, having too many values or being too many.
    pub unpaired: Vec<String>,
    /// Records that stood out.
    pub uniques_before: Uniques,
    /// Records that still stand out.
    pub uniques_after: Uniques,
    /// What can be learnt, if a target was chosen.
    pub learning: Option<LearningReport>,
}

/// Rows looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleReport {
    /// Rows of the original that were looked at.
    pub original: u64,
    /// Rows of the original.
    pub original_of: u64,
    /// Rows of the release that were looked at.
    pub released: u64,
    /// Rows of the release.
    pub released_of: u64,
}

/// A column before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnUtility {
    /// The column.
    pub name: String,
    /// Jensen-Shannon distance of its distributions, base 2: 0 the same, 1 nothing in common.
    pub distance: f64,
    /// Different values of the original, missing ones aside.
    pub values_before: u64,
    /// Different values of the release, missing ones aside.
    pub values_after: u64,
    /// The share of released values that stand for several values of the original.
    pub generalized: f64,
    /// The distributions, for a picture.
    pub distribution: Vec<Bar>,
}

/// A pair of columns before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairUtility {
    /// One column.
    pub first: String,
    /// The other.
    pub second: String,
    /// Bias-corrected Cramér's V in the original, 0 to 1.
    pub before: f64,
    /// The same in the release.
    pub after: f64,
}

/// Measures what a release is good for.
///
/// # Errors
/// See [`UtilityError`].
pub fn utility(
    attributes: &[Attribute<'_>],
    target: Option<&str>,
    limits: &UtilityLimits,
    cancel: &Cancel,
) -> Result<UtilityReport, UtilityError> {
    let check = || {
        if cancel.is_cancelled() {
            Err(UtilityError::Cancelled)
        } else {
            Ok(())
        }
    };
    check()?;
    let columns = attributes
        .par_iter()
        .map(|attribute| column(attribute, limits.rare))
        .collect();
    check()?;
    let sample = Sample::of(attributes, limits.rows);
    let (pairs, unpaired) = pairs(attributes, &sample, cancel);
    check()?;
    let learning = match target {
        Some(target) => learning::learning(attributes, target, &sample)?,
        None => None,
    };
    check()?;
    let before = quasi(attributes, |attribute| &attribute.before);
    let uniques_before = uniques::uniques(&before, limits.unique_cells, cancel);
    check()?;
    let after = quasi(attributes, |attribute| &attribute.after);
    let uniques_after = uniques::uniques(&after, limits.unique_cells, cancel);
    check()?;
    let kept: f64 = pairs
        .iter()
        .map(|pair| 1.0 - (pair.before - pair.after).abs())
        .sum();
    Ok(UtilityReport {
        sample: sample.report(attributes),
        columns,
        association_kept: if pairs.is_empty() {
            1.0
        } else {
            kept / pairs.len() as f64
        },
        pairs,
        unpaired,
        uniques_before,
        uniques_after,
        learning,
    })
}

/// One side of each quasi-identifier.
fn quasi<'x, 'a>(
    attributes: &'x [Attribute<'a>],
    side: fn(&'x Attribute<'a>) -> &'x Coded<'a>,
) -> Vec<(&'x str, &'x Coded<'a>)> {
    let quasi = attributes.iter().filter(|attribute| attribute.quasi);
    quasi
        .map(|attribute| (attribute.name.as_str(), side(attribute)))
        .collect()
}

fn column(attribute: &Attribute<'_>, rare: u64) -> ColumnUtility {
    let (before, after) = distribution::shares(attribute);
    let counts = attribute.after.counts();
    let spread = counts
        .iter()
        .zip(&attribute.spans)
        .filter(|(_, span)| span.len() > 1);
    let spread: u64 = spread.map(|(count, _)| count).sum();
    ColumnUtility {
        name: attribute.name.clone(),
        distance: distribution::jensen_shannon(&before, &after),
        values_before: attribute.before.values(),
        values_after: attribute.after.values(),
        generalized: spread as f64 / attribute.after.rows().max(1) as f64,
        distribution: distribution::bars(attribute, &before, &after, rare),
    }
}

/// Each pair of columns, and the columns that are in none.
fn pairs(
    attributes: &[Attribute<'_>],
    sample: &Sample,
    cancel: &Cancel,
) -> (Vec<PairUtility>, Vec<String>) {
    let narrow = |attribute: &&Attribute<'_>| attribute.size() <= association::WIDEST;
    let paired: Vec<&Attribute<'_>> = attributes.iter().filter(narrow).take(PAIRED).collect();
    let unpaired = attributes
        .iter()
        .filter(|attribute| paired.iter().all(|other| other.name != attribute.name));
    let places: Vec<(Vec<u32>, Vec<u32>)> = paired
        .par_iter()
        .map(|attribute| sample.places(attribute))
        .collect();
    let columns: Vec<_> = paired.iter().zip(&places).collect();
    let mut both = Vec::new();
    for (index, first) in columns.iter().enumerate() {
        both.extend(
            columns
                .iter()
                .skip(index + 1)
                .map(|second| (*first, *second)),
        );
    }
    let pairs = both.into_par_iter().filter(|_| !cancel.is_cancelled());
    let pairs = pairs.map(|((first, one), (second, other))| {
        let sizes = (first.size(), second.size());
        PairUtility {
            first: first.name.clone(),
            second: second.name.clone(),
            before: association::cramers_v(&one.0, &other.0, sizes),
            after: association::cramers_v(&one.1, &other.1, sizes),
        }
    });
    (pairs.collect(), unpaired.map(|a| a.name.clone()).collect())
}

/// The rows of both tables that are looked at one by one.
struct Sample {
    before: Vec<usize>,
    after: Vec<usize>,
}

impl Sample {
    fn of(attributes: &[Attribute<'_>], most: usize) -> Self {
        let rows = |of: fn(&Attribute<'_>) -> usize| attributes.first().map_or(0, of);
        Self {
            before: draw::sample(rows(|a| a.before.rows()), most),
            after: draw::sample(rows(|a| a.after.rows()), most),
        }
    }

    /// The places in the domain of a column's rows, before and after.
    fn places(&self, attribute: &Attribute<'_>) -> (Vec<u32>, Vec<u32>) {
        let stream = stream(&attribute.name);
        let before = self.before.iter().map(|row| attribute.place_before(*row));
        let after = self
            .after
            .iter()
            .map(|row| attribute.place_after(*row, stream));
        (before.collect(), after.collect())
    }

    fn report(&self, attributes: &[Attribute<'_>]) -> SampleReport {
        let rows = |of: fn(&Attribute<'_>) -> usize| attributes.first().map_or(0, of) as u64;
        SampleReport {
            original: self.before.len() as u64,
            original_of: rows(|a| a.before.rows()),
            released: self.after.len() as u64,
            released_of: rows(|a| a.after.rows()),
        }
    }
}

/// The stream of choices of a column: FNV-1a of its name, so that it does not depend on the other columns.
fn stream(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests;
