//! The different values of a column.

use polars::prelude::*;

use super::texts;

/// Many texts in one allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn span(&self, index: usize) -> Option<(usize, usize)> {
        let end = *self.ends.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        Some((start, end))
    }

    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let (start, end) = self.span(index)?;
        self.text.get(start..end)
    }

    pub(crate) fn bytes(&self, index: usize) -> &[u8] {
        let span = self.span(index);
        span.and_then(|(start, end)| self.text.as_bytes().get(start..end))
            .unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<T: IntoIterator<Item = &'a str>>(texts: T) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text));
        all
    }
}

/// The different values of a column in ascending order. Code 0 is the missing value, whether or not it occurs; value `i` in
/// order, from 0, has code `i + 1`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    texts: Texts,
    /// The values as the file typed them; `None` for text.
    typed: Option<Series>,
}

impl Dictionary {
    /// A dictionary of texts in any order, each once, and the code of each.
    pub(crate) fn of_texts(values: &Texts) -> (Self, Vec<u32>) {
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        order.sort_unstable_by(|a, b| values.bytes(*a as usize).cmp(values.bytes(*b as usize)));
        let texts = order
            .iter()
            .filter_map(|index| values.get(*index as usize))
            .collect();
        (Self { texts, typed: None }, ranks(&order))
    }

    /// A dictionary of the texts that codes become, and the code in it of each.
    pub(crate) fn of_labels<'t>(
        labels: impl Iterator<Item = Option<&'t str>> + Clone,
    ) -> (Self, Vec<u32>) {
        let mut different: Vec<&str> = labels.clone().flatten().collect();
        different.sort_unstable();
        different.dedup();
        let code = |label: Option<&str>| {
            let place = label.and_then(|label| different.binary_search(&label).ok());
            place.map_or(0, |place| place as u32 + 1)
        };
        let codes = labels.map(code).collect();
        let texts = different.into_iter().collect();
        (Self { texts, typed: None }, codes)
    }

    /// A dictionary of typed values in any order, each once, none missing, and the code of each.
    pub(crate) fn of_values(values: &Series) -> PolarsResult<(Self, Vec<u32>)> {
        let order = values.arg_sort(SortOptions {
            maintain_order: true,
            ..SortOptions::default()
        });
        let sorted = values.take(&order)?;
        let order: Vec<u32> = order.into_no_null_iter().collect();
        let spelt = texts(&sorted.clone().into_column())?;
        let texts = spelt.iter().map(Option::unwrap_or_default).collect();
        let dictionary = Self {
            texts,
            typed: Some(sorted),
        };
        Ok((dictionary, ranks(&order)))
    }

    /// A dictionary of the values whose codes are flagged, and the code in it of each of the present codes; 0 for those that are gone.
    pub(crate) fn only(&self, used: &[bool]) -> PolarsResult<(Self, Vec<u32>)> {
        let value_is_used = |value: &u32| used.get(*value as usize + 1) == Some(&true);
        let kept: Vec<u32> = (0..self.values() as u32).filter(value_is_used).collect();
        let texts = kept
            .iter()
            .filter_map(|value| self.texts.get(*value as usize));
        let texts = texts.collect();
        let typed = match &self.typed {
            Some(values) => Some(values.take(&IdxCa::from_vec("".into(), kept.clone()))?),
            None => None,
        };
        let mut map = vec![0; self.len()];
        for (value, code) in kept.iter().zip(1..) {
            if let Some(slot) = map.get_mut(*value as usize + 1) {
                *slot = code;
            }
        }
        Ok((Self { texts, typed }, map))
    }

    /// Number of codes: the values and the missing one.
    pub(crate) fn len(&self) -> usize {
        self.texts.len() + 1
    }

    /// Number of values.
    pub(crate) fn values(&self) -> usize {
        self.texts.len()
    }

    /// The text of a code; `None` for the missing value.
    pub(crate) fn text(&self, code: u32) -> Option<&str> {
        self.texts.get((code as usize).checked_sub(1)?)
    }

    /// The text of each code, the missing value first.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        std::iter::once(None).chain(self.texts.iter().map(Some))
    }

    /// The values as typed by the file, by code less one; `None` for text.
    pub(crate) fn typed(&self) -> Option<&Series> {
        self.typed.as_ref()
    }

    /// The values as a series, by code less one.
    pub(crate) fn series(&self, name: &str) -> Series {
        match &self.typed {
            Some(values) => values.clone().with_name(name.into()),
            None => {
                let texts = self.texts.iter().map(Some);
                StringChunked::from_iter_options(name.into(), texts).into_series()
            }
        }
    }
}

/// The code of each value, given the values' indices in ascending order.
fn ranks(order: &[u32]) -> Vec<u32> {
    let mut codes = vec![0; order.len()];
    for (index, code) in order.iter().zip(1..) {
        if let Some(slot) = codes.get_mut(*index as usize) {
            *slot = code;
        }
    }
    codes
}
