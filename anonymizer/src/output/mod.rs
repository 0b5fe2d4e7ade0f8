//! A release before it is a file: coded columns, and the rows that differ in ascending order with how often each occurs.
//!
//! Rows are ordered by what they hold, column by column, missing values first. What is equal is identical, so that nothing of
//! the order of the rows that came in is left.

mod csv;
mod parquet;

use crate::group::Groups;
use crate::pseudonym::Renewal;
use crate::table::Dictionary;

/// A released column.
#[derive(Clone, Debug)]
pub(crate) struct OutColumn {
    pub name: String,
    pub dictionary: Dictionary,
    /// What becomes of it when the release is staged.
    pub renewal: Option<Renewal>,
}

/// Rows that are all alike because nothing of them is released.
#[derive(Clone, Debug)]
struct Starred {
    /// The code of each column.
    codes: Vec<u32>,
    rows: u64,
    /// The group that they stand before.
    before: usize,
}

/// What is released.
#[derive(Clone, Debug)]
pub struct Output {
    columns: Vec<OutColumn>,
    groups: Groups,
    starred: Option<Starred>,
}

/// Rows that are alike.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The group; `None` for the starred rows.
    group: Option<usize>,
    rows: usize,
}

/// How many rows are made into bytes at a time.
const BATCH: usize = 1 << 18;

impl Output {
    pub(crate) fn new(columns: Vec<OutColumn>, groups: Groups) -> Self {
        Self {
            columns,
            groups,
            starred: None,
        }
    }

    /// Adds `rows` rows with these codes.
    pub(crate) fn with_starred(mut self, codes: Vec<u32>, rows: u64) -> Self {
        let (mut low, mut high) = (0, self.groups.len());
        while low < high {
            let middle = low.midpoint(high);
            let group = (0..self.columns.len()).map(|column| self.groups.code(middle, column));
            if group.lt(codes.iter().copied()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.starred = (rows > 0).then_some(Starred {
            codes,
            rows,
            before: low,
        });
        self
    }

    /// Rows released.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let grouped: u64 = self.groups.weights.iter().map(|w| u64::from(*w)).sum();
        grouped + self.starred.as_ref().map_or(0, |starred| starred.rows)
    }

    fn code(&self, run: Run, column: usize) -> u32 {
        match (run.group, &self.starred) {
            (Some(group), _) => self.groups.code(group, column),
            (None, Some(starred)) => starred.codes.get(column).copied().unwrap_or_default(),
            (None, None) => 0,
        }
    }

    /// The rows in order, in batches of at most [`BATCH`] rows.
    fn batches(&self) -> impl Iterator<Item = Vec<Run>> {
        let mut runs = self.runs().peekable();
        let mut left: Option<Run> = None;
        std::iter::from_fn(move || {
            let (mut batch, mut space) = (Vec::new(), BATCH);
            while space > 0 {
                let Some(run) = left.take().or_else(|| runs.next()) else {
                    break;
                };
                let rows = run.rows.min(space);
                batch.push(Run { rows, ..run });
                space -= rows;
                let rest = run.rows - rows;
                left = (rest > 0).then_some(Run { rows: rest, ..run });
            }
            (!batch.is_empty()).then_some(batch)
        })
    }

    fn runs(&self) -> impl Iterator<Item = Run> {
        let starred = self.starred.as_ref();
        let before = starred.map_or(usize::MAX, |starred| starred.before);
        let run = starred.map(|starred| Run {
            group: None,
            rows: starred.rows as usize,
        });
        let group = |(group, weight): (usize, &u32)| Run {
            group: Some(group),
            rows: *weight as usize,
        };
        let weights = &self.groups.weights;
        let (head, tail) = weights.split_at_checked(before).unwrap_or((weights, &[]));
        let tail = tail
            .iter()
            .enumerate()
            .map(move |(index, weight)| (before + index, weight));
        head.iter()
            .enumerate()
            .map(group)
            .chain(run)
            .chain(tail.map(group))
    }
}

#[cfg(test)]
mod tests;
