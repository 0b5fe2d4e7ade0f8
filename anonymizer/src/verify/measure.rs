//! Counting equivalence classes and measuring loss on what is released.

use std::collections::{BTreeMap, HashMap, HashSet};

use polars::prelude::*;

use super::VerifyError;
use super::check::Expected;
use crate::digest::classes_sha256;
use crate::profile::Transform;
use crate::table::{Table, texts};

/// What was measured.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub rows_in: u64,
    pub rows_out: u64,
    pub classes: u64,
    pub smallest_class: u64,
    pub classes_sha256: String,
    /// The loss of each quasi-identifier, by name.
    pub losses: BTreeMap<String, f64>,
    pub geometric: f64,
    pub arithmetic: f64,
}

pub(super) fn measure(
    table: &Table,
    frame: &DataFrame,
    expected: &[Expected<'_>],
) -> Result<Measured, VerifyError> {
    let mut columns = Vec::new();
    for (column, expected) in frame.columns().iter().zip(expected) {
        if expected.is_quasi() {
            columns.push((expected, texts(column)?));
        }
    }
    let (rows_in, rows_out) = (table.rows() as u64, frame.height() as u64);
    let classes = classes(&columns, frame.height());
    let mut losses = Vec::new();
    for (expected, released) in &columns {
        losses.push((expected.name.to_owned(), loss(expected, released, rows_in)?));
    }
    let n = losses.len().max(1) as f64;
    let logarithms: f64 = losses.iter().map(|(_, loss)| loss.ln_1p()).sum();
    Ok(Measured {
        rows_in,
        rows_out,
        classes: classes.len() as u64,
        smallest_class: classes.values().copied().min().unwrap_or(0),
        classes_sha256: classes_sha256(&classes),
        geometric: (logarithms / n).exp_m1(),
        arithmetic: losses.iter().map(|(_, loss)| loss).sum::<f64>() / n,
        losses: losses.into_iter().collect(),
    })
}

/// Each combination of released quasi-identifiers with the number of rows that share it.
fn classes(
    columns: &[(&Expected<'_>, StringChunked)],
    rows: usize,
) -> BTreeMap<Vec<Option<String>>, u64> {
    let mut cells: Vec<_> = columns
        .iter()
        .map(|(_, released)| released.iter())
        .collect();
    let mut classes: HashMap<Vec<Option<&str>>, u64> = HashMap::new();
    for _ in 0..rows {
        let combination = cells
            .iter_mut()
            .map(|cells| cells.next().flatten())
            .collect();
        *classes.entry(combination).or_default() += 1;
    }
    let owned = |labels: Vec<Option<&str>>| {
        labels
            .into_iter()
            .map(|label| label.map(str::to_owned))
            .collect()
    };
    classes
        .into_iter()
        .map(|(labels, size)| (owned(labels), size))
        .collect()
}

/// ARX's Loss of one quasi-identifier: the mean over all rows of the share of the domain under the released value, a row left out
/// counting 1, moved and scaled from [1/|D|, 1] to [0, 1].
fn loss(
    expected: &Expected<'_>,
    released: &StringChunked,
    rows_in: u64,
) -> Result<f64, VerifyError> {
    let mut leaves: HashMap<&str, f64> = HashMap::new();
    let domain = match expected.level {
        Some((hierarchy, level)) => {
            for value in hierarchy.generalized(level) {
                *leaves.entry(value).or_default() += 1.0;
            }
            hierarchy.generalized(0).count() as f64
        }
        None => texts(expected.source)?.iter().collect::<HashSet<_>>().len() as f64,
    };
    if domain <= 1.0 {
        return Ok(0.0);
    }
    let share = |value: Option<&str>| match expected.rule.transform {
        Transform::Suppress => 1.0,
        _ => {
            value
                .and_then(|value| leaves.get(value))
                .copied()
                .unwrap_or(1.0)
                / domain
        }
    };
    let left_out = rows_in as f64 - released.len() as f64;
    let mean = (released.iter().map(share).sum::<f64>() + left_out) / rows_in as f64;
    Ok((mean - 1.0 / domain) / (1.0 - 1.0 / domain))
}
