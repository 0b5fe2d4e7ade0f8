//! A column as numbers.

use std::borrow::Cow;
#[cfg(test)]
use std::collections::HashMap;

use crate::table::Codes;

/// A column: its different values, and for each row the place of its value among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coded<'a> {
    /// Each different value once; `None` is a missing value. Some may have no rows.
    pub labels: Vec<Option<String>>,
    /// For each row the place of its value in `labels`.
    pub codes: Cow<'a, Codes>,
}

impl<'a> Coded<'a> {
    /// Values and codes that are known already.
    pub(crate) fn new(labels: Vec<Option<String>>, codes: &'a Codes) -> Self {
        let codes = Cow::Borrowed(codes);
        Self { labels, codes }
    }

    /// Numbers values in the order in which they appear.
    #[cfg(test)]
    pub(crate) fn of<'t>(values: impl IntoIterator<Item = Option<&'t str>>) -> Self {
        let mut places: HashMap<Option<&'t str>, u32> = HashMap::new();
        let mut labels = Vec::new();
        let codes = values.into_iter().map(|value| {
            *places.entry(value).or_insert_with(|| {
                labels.push(value.map(str::to_owned));
                labels.len() as u32 - 1
            })
        });
        let codes = Cow::Owned(Codes::U32(codes.collect()));
        Self { labels, codes }
    }

    /// Rows of the column.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.codes.len()
    }

    /// For each value the number of its rows.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        self.codes.counts(self.labels.len())
    }

    /// Different values that occur, missing ones aside.
    pub(super) fn values(&self) -> u64 {
        let counted = self.labels.iter().zip(self.counts());
        counted
            .filter(|(label, rows)| label.is_some() && *rows > 0)
            .count() as u64
    }

    /// The code of a row.
    pub(super) fn code(&self, row: usize) -> usize {
        self.codes.get(row) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_as_they_appear_and_missing_is_one_of_them() {
        let coded = Coded::of([Some("b"), None, Some("a"), Some("b"), None]);
        assert_eq!(
            coded.labels,
            [Some("b".to_owned()), None, Some("a".to_owned())]
        );
        assert_eq!(coded.codes.iter().collect::<Vec<_>>(), [0, 1, 2, 0, 1]);
        assert_eq!(coded.counts(), [2, 2, 1]);
        assert_eq!((coded.rows(), coded.values()), (5, 2));
        assert_eq!(Coded::of([]).rows(), 0);
    }
}
