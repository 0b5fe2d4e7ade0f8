//! Which rows cannot be released, given what each row shows.
//!
//! Over numbers alone: each row of each dataset is about a subject or nobody, and shows a combination. Rows are only ever taken away from
//! those that are kept, so that each rule here ends.

mod any;
mod whole;

use super::collect::Rows;
use crate::profile::KnownRecords;

/// A dataset: whom its rows are about, and the combination that each shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub rows: &'a Rows,
    pub shown: &'a [u32],
}

impl View<'_> {
    fn shows(&self, row: u32) -> u32 {
        self.shown.get(row as usize).copied().unwrap_or_default()
    }

    /// The rows about a subject that are kept.
    fn kept<'k>(&'k self, subject: usize, kept: &'k [bool]) -> impl Iterator<Item = u32> + 'k {
        let rows = self.rows.of(subject).iter().copied();
        rows.filter(|row| kept.get(*row as usize) == Some(&true))
    }
}

/// There are more combinations of records than can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// Combinations of records that can be counted.
pub(super) const MOST_COMBINATIONS: usize = 4_000_000;

/// Takes rows away from datasets that join until every subject that has rows left shares what is known of it with `k` subjects. A row
/// about nobody stays where rows of `k` subjects show the same.
pub(super) fn joined(
    views: &[View<'_>],
    k: u64,
    known: KnownRecords,
    kept: &mut [Vec<bool>],
) -> Result<(), TooMany> {
    match known {
        KnownRecords::All => whole::withhold(views, k, kept),
        KnownRecords::AtMost(most) => any::withhold(views, k, most as usize, kept)?,
    }
    for (view, kept) in views.iter().zip(kept) {
        let crowd = crowd(*view, kept);
        drop_rows(&view.rows.nobody, kept, |row| {
            crowd
                .get(view.shows(row) as usize)
                .is_some_and(|subjects| *subjects >= k)
        });
    }
    Ok(())
}

/// Takes rows away from a dataset that does not release its subjects until every combination is shown by rows of `k` subjects.
pub(super) fn single(view: View<'_>, k: u64, kept: &mut [bool]) {
    let crowd = crowd(view, kept);
    for (row, kept) in (0_u32..).zip(kept) {
        let subjects = crowd.get(view.shows(row) as usize);
        *kept = *kept && subjects.is_some_and(|subjects| *subjects >= k);
    }
}

fn drop_rows(rows: &[u32], kept: &mut [bool], stays: impl Fn(u32) -> bool) {
    for row in rows {
        if let Some(kept) = kept.get_mut(*row as usize) {
            *kept = *kept && stays(*row);
        }
    }
}

/// The number of subjects who have rows that show each combination.
fn crowd(view: View<'_>, kept: &[bool]) -> Vec<u64> {
    let most = view
        .shown
        .iter()
        .copied()
        .max()
        .map_or(0, |most| most as usize + 1);
    let (mut crowd, mut shown) = (vec![0_u64; most], Vec::new());
    for subject in 0..view.rows.subjects() {
        shown.clear();
        shown.extend(view.kept(subject, kept).map(|row| view.shows(row)));
        shown.sort_unstable();
        shown.dedup();
        for combination in &shown {
            if let Some(subjects) = crowd.get_mut(*combination as usize) {
                *subjects += 1;
            }
        }
    }
    crowd
}

/// A combination of a dataset as one number among those of all datasets.
fn item(dataset: usize, combination: u32) -> u64 {
    ((dataset as u64) << 32) | u64::from(combination)
}

#[cfg(test)]
mod tests;
