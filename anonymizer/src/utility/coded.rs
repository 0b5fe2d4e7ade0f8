//! A column as numbers.

use std::collections::HashMap;

/// A column: its different values, and for each row the place of its value among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coded {
    /// Each different value once; `None` is a missing value.
    pub labels: Vec<Option<String>>,
    /// For each row the place of its value in `labels`.
    pub codes: Vec<u32>,
}

impl Coded {
    /// Numbers values in the order in which they appear.
    pub fn of<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut places: HashMap<Option<&'a str>, u32> = HashMap::new();
        let mut labels = Vec::new();
        let codes = values.into_iter().map(|value| {
            *places.entry(value).or_insert_with(|| {
                labels.push(value.map(str::to_owned));
                labels.len() as u32 - 1
            })
        });
        let codes = codes.collect();
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
        let mut counts = vec![0; self.labels.len()];
        for code in &self.codes {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        counts
    }

    /// The code of a row.
    pub(super) fn code(&self, row: usize) -> usize {
        self.codes.get(row).map_or(0, |code| *code as usize)
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
        assert_eq!(coded.codes, [0, 1, 2, 0, 1]);
        assert_eq!(coded.counts(), [2, 2, 1]);
        assert_eq!(Coded::of([]), Coded::default());
    }
}
