//! Whom each row is about.

use std::collections::HashMap;

use crate::profile::{DatasetProfile, Transform};
use crate::table::Table;

/// A row that does not say whom it is about.
pub(super) const NOBODY: u32 = u32::MAX;

/// Where rows of a person can be found together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link<'a> {
    /// In all datasets with pseudonyms of this domain.
    Domain(&'a str),
    /// Nowhere: the dataset does not release its subjects.
    None(&'a str),
}

/// How the subjects of a dataset are linked; `None` if it has none.
pub(super) fn link(profile: &DatasetProfile) -> Option<Link<'_>> {
    let rule = profile.column(profile.subject()?)?;
    Some(match &rule.transform {
        Transform::Pseudonymize { domain } => Link::Domain(domain),
        _ => Link::None(profile.name()),
    })
}

/// The rows of a dataset by subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Rows about each subject, in ascending order.
    rows: Vec<u32>,
    /// Where those of a subject end.
    ends: Vec<u32>,
    /// Rows about nobody that is known.
    pub nobody: Vec<u32>,
}

impl Rows {
    /// Sorts rows by whom they are about, one of `subjects`, or [`NOBODY`].
    pub(super) fn new(of_row: &[u32], subjects: usize) -> Self {
        let mut ends = vec![0_u32; subjects];
        for subject in of_row {
            if let Some(end) = ends.get_mut(*subject as usize) {
                *end += 1;
            }
        }
        let mut total = 0;
        for end in &mut ends {
            total += std::mem::replace(end, total);
        }
        let (mut rows, mut nobody) = (vec![0_u32; total as usize], Vec::new());
        for (subject, row) in of_row.iter().zip(0_u32..) {
            // Each begins where those before it end, and is moved on to its own end.
            match ends.get_mut(*subject as usize) {
                Some(next) => {
                    if let Some(slot) = rows.get_mut(*next as usize) {
                        *slot = row;
                    }
                    *next += 1;
                }
                None => nobody.push(row),
            }
        }
        Self { rows, ends, nobody }
    }

    /// The rows about a subject.
    pub(super) fn of(&self, subject: usize) -> &[u32] {
        let start = subject
            .checked_sub(1)
            .map_or(Some(&0), |before| self.ends.get(before));
        let span = start.zip(self.ends.get(subject));
        span.and_then(|(start, end)| self.rows.get(*start as usize..*end as usize))
            .unwrap_or_default()
    }

    /// How many subjects there are in all datasets that are joined.
    pub(super) fn subjects(&self) -> usize {
        self.ends.len()
    }
}

/// The rows of each of the tables, which are joined, by subject. Equal texts are one subject, as they are one pseudonym.
pub(super) fn rows(tables: &[(&Table, &str)]) -> Vec<Rows> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut of_rows = Vec::new();
    for (table, column) in tables {
        let Some(column) = table.column(column) else {
            of_rows.push(Vec::new());
            continue;
        };
        let mut codes = Vec::with_capacity(column.dictionary.len());
        for text in column.dictionary.texts() {
            codes.push(text.map_or(NOBODY, |text| {
                let next = numbers.len() as u32;
                *numbers.entry(text).or_insert(next)
            }));
        }
        let subject = |code: u32| codes.get(code as usize).copied().unwrap_or(NOBODY);
        of_rows.push(column.codes.iter().map(subject).collect());
    }
    let subjects = numbers.len();
    of_rows
        .iter()
        .map(|of_row| Rows::new(of_row, subjects))
        .collect()
}
