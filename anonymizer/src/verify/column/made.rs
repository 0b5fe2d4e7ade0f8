//! What the values of a column become under its rule.

use std::borrow::Cow;
use std::collections::BTreeSet;

use polars::prelude::DataType;

use super::super::label::Labels;
use super::{Becomes, Column, Generalizer, Key, canonical};
use crate::hierarchy::Hierarchy;
use crate::input::SUPPRESSED;
use crate::measure::{Grade, Scale};
use crate::profile::{Transform, ValueType};
use crate::pseudonym::{PseudonymKey, pseudonym};

impl<'a> Column<'a> {
    pub(super) fn keep(&mut self, prepared: Option<Vec<Option<String>>>, cast: Option<ValueType>) {
        if prepared.is_none() && cast.is_none() {
            self.labels = Labels::of_dictionary(&self.source.dictionary);
            if let Some(values) = self.source.dictionary.typed() {
                self.dtype = values.dtype().clone();
            }
            return;
        }
        self.dtype = match cast {
            Some(ValueType::Integer) => DataType::Int64,
            Some(ValueType::Float) => DataType::Float64,
            Some(ValueType::Boolean) => DataType::Boolean,
            Some(ValueType::String) | None => DataType::String,
        };
        let texts = self.texts(prepared.as_ref());
        let texts = texts
            .map(|text| match cast {
                Some(cast) => text.map(|text| Cow::Owned(canonical(text, cast))),
                None => text.map(|text| Cow::Owned(text.to_owned())),
            })
            .collect();
        self.one(texts, cast);
    }

    pub(super) fn pseudonymize(&mut self, key: &PseudonymKey, domain: &str) {
        let key = key.hmac();
        let made = self.source.dictionary.texts();
        let made = made.map(|text| text.map(|text| Cow::Owned(pseudonym(&key, domain, text))));
        self.one(made.collect(), None);
    }

    pub(super) fn generalize(
        &mut self,
        prepared: &Option<Vec<Option<String>>>,
        by: &Generalizer<'_>,
    ) {
        let values: Vec<Vec<Option<Cow<'_, str>>>> = self
            .texts(prepared.as_ref())
            .map(|text| {
                let above = by
                    .levels()
                    .map(|level| generalized(by.hierarchy, text, level));
                let star = by.suppresses().then_some(Some(Cow::Borrowed(SUPPRESSED)));
                above.chain(star).collect()
            })
            .collect();
        let all: BTreeSet<&str> = values
            .iter()
            .flatten()
            .flatten()
            .map(|text| &**text)
            .collect();
        let labels = Labels::of_texts(all.into_iter());
        let code = |text: &Option<Cow<'_, str>>| labels.code(text.as_deref()).unwrap_or_default();
        let mut codes: Vec<Vec<u32>> = values
            .iter()
            .map(|above| above.iter().map(code).collect())
            .collect();
        self.becomes = match by.level {
            Some(_) => Becomes::One(
                codes
                    .iter()
                    .filter_map(|one| one.first().copied())
                    .collect(),
            ),
            None => {
                codes.iter_mut().for_each(|some| {
                    some.sort_unstable();
                    some.dedup();
                });
                Becomes::Some(codes)
            }
        };
        self.labels = labels;
    }

    /// What a prepared value, of the dataset or not, may become: codes of the column.
    pub(in crate::verify) fn may_become(
        &self,
        by: Option<&Generalizer<'_>>,
        text: Option<&str>,
    ) -> Vec<u32> {
        let some = match (&self.rule.transform, by) {
            (Transform::Suppress, _) => vec![self.labels.code(Some(SUPPRESSED))],
            (_, Some(by)) => {
                let above = by
                    .levels()
                    .map(|level| generalized(by.hierarchy, text, level));
                let star = by.suppresses().then_some(Some(Cow::Borrowed(SUPPRESSED)));
                let all = above.chain(star);
                all.map(|text| self.labels.code(text.as_deref())).collect()
            }
            _ => vec![self.labels.code(text)],
        };
        let mut some: Vec<u32> = some.into_iter().flatten().collect();
        some.sort_unstable();
        some.dedup();
        some
    }

    /// The texts of the dataset's values after they were prepared, by code.
    fn texts<'t>(
        &self,
        prepared: Option<&'t Vec<Option<String>>>,
    ) -> Box<dyn Iterator<Item = Option<&'t str>> + 't>
    where
        'a: 't,
    {
        match prepared {
            Some(texts) => Box::new(texts.iter().map(Option::as_deref)),
            None => Box::new(self.source.dictionary.texts()),
        }
    }

    /// Every value becomes the text that stands in its place.
    pub(super) fn one(&mut self, texts: Vec<Option<Cow<'_, str>>>, cast: Option<ValueType>) {
        let mut order: Vec<&str> = texts.iter().flatten().map(|text| &**text).collect();
        match cast {
            Some(ValueType::Integer) => order.sort_by_cached_key(|text| text.parse::<i64>().ok()),
            Some(ValueType::Float) => order.sort_by(|a, b| {
                let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
                number(a).total_cmp(&number(b))
            }),
            _ => order.sort_unstable(),
        }
        order.dedup();
        let labels = Labels::of_texts(order.into_iter());
        let codes = texts.iter().map(|text| labels.code(text.as_deref()));
        self.becomes = Becomes::One(codes.map(Option::unwrap_or_default).collect());
        self.labels = labels;
    }

    pub(super) fn grade(&mut self, generalizer: Option<&Generalizer<'_>>) {
        let source = self.source;
        let scale = match generalizer {
            Some(by) => Scale::of(by.hierarchy, by.levels().map(|level| level as usize)),
            None => {
                let missing = u64::from(source.nulls() > 0);
                Scale::flat(source.dictionary.values() as u64 + missing)
            }
        };
        let exact = Grade {
            leaves: 1,
            level: 0,
        };
        let labels = (0..self.labels.len() as u32).map(|code| self.labels.text(code));
        self.key = Some(Key {
            domain: scale.domain,
            height: scale.height,
            weight: generalizer.map_or(1.0, |by| by.weight),
            grades: labels
                .map(|text| scale.grade(text).unwrap_or(exact))
                .collect(),
        });
        self.star = self.labels.code(Some(SUPPRESSED));
    }

    /// Suppressed records have `*` here, whatever else there is.
    pub(super) fn add_star(&mut self) {
        if self.star.is_some() {
            return;
        }
        // The column is one of texts then, and `*` has its place among them.
        let count = self.labels.len() as u32;
        let known: Vec<&str> = (1..count)
            .filter_map(|code| self.labels.text(code))
            .collect();
        let mut order = known.clone();
        order.push(SUPPRESSED);
        order.sort_unstable();
        let labels = Labels::of_texts(order.into_iter());
        let renamed: Vec<u32> = std::iter::once(0)
            .chain(
                known
                    .iter()
                    .map(|text| labels.code(Some(text)).unwrap_or_default()),
            )
            .collect();
        let rename = |code: &u32| renamed.get(*code as usize).copied().unwrap_or_default();
        self.becomes = match &self.becomes {
            Becomes::Same => Becomes::One(renamed.clone()),
            Becomes::One(codes) => Becomes::One(codes.iter().map(rename).collect()),
            Becomes::Some(codes) => {
                let renamed = |some: &Vec<u32>| {
                    let mut some: Vec<u32> = some.iter().map(rename).collect();
                    some.sort_unstable();
                    some
                };
                Becomes::Some(codes.iter().map(renamed).collect())
            }
            Becomes::OfClass(function) => Becomes::OfClass(*function),
        };
        self.star = labels.code(Some(SUPPRESSED));
        if let Some(key) = &mut self.key {
            let all = Grade {
                leaves: key.domain,
                level: key.height,
            };
            let mut grades = vec![all; labels.len()];
            for (grade, code) in key.grades.iter().zip(&renamed) {
                if let Some(slot) = grades.get_mut(*code as usize) {
                    *slot = *grade;
                }
            }
            key.grades = grades;
        }
        self.labels = labels;
        self.dtype = DataType::String;
    }
}

/// What a value becomes on a level. What the hierarchy does not have, a missing value among them, stays as it is until the level has a
/// single value, which then covers it too.
fn generalized<'t>(
    hierarchy: &'t Hierarchy,
    text: Option<&'t str>,
    level: u32,
) -> Option<Cow<'t, str>> {
    let values = hierarchy.values(level as usize);
    if let [root] = values {
        return Some(Cow::Borrowed(root));
    }
    let leaf = text.and_then(|text| hierarchy.leaf(text));
    let above = leaf.and_then(|leaf| hierarchy.above(level as usize).get(leaf as usize));
    match above.and_then(|place| values.get(*place as usize)) {
        Some(value) => Some(Cow::Borrowed(value)),
        None => text.map(Cow::Borrowed),
    }
}
