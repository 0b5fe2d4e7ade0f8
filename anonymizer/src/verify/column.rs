//! The columns of a release, and what each value of the dataset may become in them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use polars::prelude::DataType;

use super::VerifyError;
use super::account::mix;
use super::label::Labels;
use crate::hierarchy::Hierarchy;
use crate::input::SUPPRESSED;
use crate::measure::{Grade, Scale};
use crate::prepare;
use crate::profile::{
    AggregateFunction, ColumnRule, Role, SuppressedRecords, Transform, ValueType,
};
use crate::pseudonym::{PseudonymKey, Renewal, pseudonym};
use crate::table::Coded;

/// A column of the release.
pub(super) struct Column<'a> {
    pub name: &'a str,
    pub rule: &'a ColumnRule,
    /// The column of the dataset.
    pub source: &'a Coded,
    /// Its type in a file that has types.
    pub dtype: DataType,
    /// What it may hold.
    pub labels: Labels<'a>,
    /// What each value of the dataset may become.
    pub becomes: Becomes,
    /// The code of `*`, if it stands for a suppressed quasi-identifier.
    pub star: Option<u32>,
    /// What its values say about loss, if it is a quasi-identifier that classes are told apart by.
    pub key: Option<Key>,
    /// The only level that is planned for it.
    pub level: Option<u32>,
    /// What becomes of it when the release is staged.
    pub renewal: Option<Renewal>,
    salt: u64,
}

/// How general the released values of a quasi-identifier are.
pub(super) struct Key {
    pub domain: u64,
    pub height: u32,
    pub weight: f64,
    /// By code.
    pub grades: Vec<Grade>,
}

/// What the values of the dataset may become in a column, by their codes.
pub(super) enum Becomes {
    /// Themselves.
    Same,
    /// One thing each.
    One(Vec<u32>),
    /// One of several things.
    Some(Vec<Vec<u32>>),
    /// What their class tells.
    OfClass(AggregateFunction),
}

/// What columns are made from.
pub(super) struct Maker<'a> {
    pub key: &'a PseudonymKey,
    pub suppressed: SuppressedRecords,
}

/// What a generalized column is generalized by.
pub(super) struct Generalizer<'a> {
    pub hierarchy: &'a Hierarchy,
    /// The level of all values; `None` if each may have its own.
    pub level: Option<u32>,
    pub max_level: u32,
    pub min_level: u32,
    pub weight: f64,
    /// Whether a single value may become `*`.
    pub suppressible: bool,
}

impl Generalizer<'_> {
    /// The levels of its values.
    fn levels(&self) -> impl Iterator<Item = u32> {
        match self.level {
            Some(level) => level..=level,
            None => self.min_level..=self.max_level,
        }
    }

    /// Whether a single value may become `*`.
    fn suppresses(&self) -> bool {
        self.level.is_none() && self.suppressible
    }
}

impl<'a> Column<'a> {
    /// What the rule of a column lets into the release.
    pub(super) fn new(
        maker: &Maker<'a>,
        source: &'a Coded,
        rule: &'a ColumnRule,
        generalizer: Option<&Generalizer<'_>>,
    ) -> Result<Self, VerifyError> {
        let mut column = Self {
            name: &source.name,
            rule,
            source,
            dtype: DataType::String,
            labels: Labels::of_texts(std::iter::empty()),
            becomes: Becomes::Same,
            star: None,
            key: None,
            level: generalizer.and_then(|generalizer| generalizer.level),
            renewal: Renewal::of(&rule.transform, maker.key),
            salt: salt(&source.name),
        };
        let prepared = prepared(source, rule)?;
        match &rule.transform {
            Transform::Drop => {
                return Err(VerifyError::WrongPlan {
                    what: format!("it releases {:?}, which is dropped", source.name),
                });
            }
            Transform::Keep { cast } => column.keep(prepared, *cast),
            Transform::Pseudonymize { domain } => column.pseudonymize(maker.key, domain),
            // What is expected was worked out before.
            Transform::Replace(_) => column.labels = Labels::of_dictionary(&source.dictionary),
            Transform::Suppress => column.one(
                vec![Some(Cow::Borrowed(SUPPRESSED)); source.dictionary.len()],
                None,
            ),
            Transform::Microaggregate { function } => {
                column.becomes = Becomes::OfClass(*function);
                if *function != AggregateFunction::Mode {
                    column.dtype = DataType::Float64;
                }
            }
            Transform::Generalize(_) => match generalizer {
                Some(generalizer) => column.generalize(&prepared, generalizer),
                None => {
                    return Err(VerifyError::WrongPlan {
                        what: format!("it has no level for {:?}", source.name),
                    });
                }
            },
        }
        if rule.role == Role::Quasi && !matches!(column.becomes, Becomes::OfClass(_)) {
            column.grade(generalizer);
            if maker.suppressed == SuppressedRecords::Star {
                column.add_star();
            }
        }
        Ok(column)
    }

    /// Whether classes are told apart by the column.
    pub(super) fn is_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether its values are counted in each class.
    pub(super) fn is_counted(&self) -> bool {
        !self.rule.models.is_empty() || matches!(self.becomes, Becomes::OfClass(_))
    }

    pub(super) fn is_pseudonym(&self) -> bool {
        matches!(self.rule.transform, Transform::Pseudonymize { .. })
    }

    /// The code of a released text; `None` if it must not be there.
    pub(super) fn code(&self, text: Option<&str>) -> Option<u32> {
        match (&self.dtype, text) {
            (DataType::Float64, Some(text)) => {
                self.labels.code(Some(&canonical(text, ValueType::Float)))
            }
            _ => self.labels.code(text),
        }
    }

    /// What a cell adds to the mark of its row. Equal cells of a column add the same; others add something else, but for one chance in 2^64.
    pub(super) fn mark(&self, code: u32) -> u64 {
        match self.becomes {
            Becomes::OfClass(_) => 0,
            _ => mix(self
                .salt
                .wrapping_add(u64::from(code).wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        }
    }

    /// What a value of the dataset may become, by its code.
    pub(super) fn each_label(&self, code: u32, mut each: impl FnMut(u32)) {
        match &self.becomes {
            Becomes::Same => each(code),
            Becomes::One(codes) => codes
                .get(code as usize)
                .into_iter()
                .for_each(|code| each(*code)),
            Becomes::Some(codes) => {
                let some = codes.get(code as usize);
                some.into_iter().flatten().for_each(|code| each(*code));
            }
            Becomes::OfClass(_) => {}
        }
    }

    /// The values that stand behind each code of the release, which is one each in a column that is kept or pseudonymized, and
    /// the rows of the dataset with each.
    pub(super) fn values(&self) -> (Vec<Option<&str>>, Vec<u64>) {
        let count = self.labels.len();
        let (mut values, mut counts) = (vec![None; count], vec![0; count]);
        for (rows, source) in self.source.counts().into_iter().zip(0..) {
            self.each_label(source, |label| {
                let text = match self.is_pseudonym() {
                    true => self.source.dictionary.text(source),
                    false => self.labels.text(label),
                };
                if let Some(value) = values.get_mut(label as usize) {
                    *value = text;
                }
                if let Some(count) = counts.get_mut(label as usize) {
                    *count += rows;
                }
            });
        }
        (values, counts)
    }

    /// Why a text must not be in the column.
    pub(super) fn refusal(&self) -> &'static str {
        match &self.rule.transform {
            Transform::Drop => "the column must not be released",
            Transform::Suppress => "the value must be *",
            Transform::Pseudonymize { .. } => "the value is no pseudonym of the dataset's column",
            Transform::Replace(_) => "the value does not replace one of the dataset's column",
            Transform::Generalize(_) if self.level.is_some() => {
                "the value is not of the planned level"
            }
            Transform::Generalize(_) => "the value is of no permitted level",
            Transform::Microaggregate { .. } => "the value stands for no class",
            Transform::Keep { .. } => "the value is not in the dataset's column",
        }
    }

    fn keep(&mut self, prepared: Option<Vec<Option<String>>>, cast: Option<ValueType>) {
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

    fn pseudonymize(&mut self, key: &PseudonymKey, domain: &str) {
        let key = key.hmac();
        let made = self.source.dictionary.texts();
        let made = made.map(|text| text.map(|text| Cow::Owned(pseudonym(&key, domain, text))));
        self.one(made.collect(), None);
    }

    fn generalize(&mut self, prepared: &Option<Vec<Option<String>>>, by: &Generalizer<'_>) {
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
    pub(super) fn may_become(&self, by: Option<&Generalizer<'_>>, text: Option<&str>) -> Vec<u32> {
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
    fn one(&mut self, texts: Vec<Option<Cow<'_, str>>>, cast: Option<ValueType>) {
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

    fn grade(&mut self, generalizer: Option<&Generalizer<'_>>) {
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
    fn add_star(&mut self) {
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

/// The values of the dataset after all steps of the rule, by code; `None` if there are no steps.
fn prepared(source: &Coded, rule: &ColumnRule) -> Result<Option<Vec<Option<String>>>, VerifyError> {
    if rule.prepare.is_empty() {
        return Ok(None);
    }
    let prepared: Result<Vec<_>, _> = source
        .dictionary
        .texts()
        .map(|text| prepare::apply(&rule.prepare, text))
        .collect();
    let what = |error| format!("column {:?} cannot be prepared: {error}", source.name);
    Ok(Some(prepared.map_err(|error| VerifyError::WrongPlan {
        what: what(error),
    })?))
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

/// The text by which the values of a cast column are the same before and after the cast.
pub(super) fn canonical(text: &str, cast: ValueType) -> String {
    let shown = match cast {
        ValueType::String => None,
        ValueType::Integer => text.parse::<i64>().ok().map(|value| value.to_string()),
        ValueType::Float => text.parse::<f64>().ok().map(|value| value.to_string()),
        ValueType::Boolean => match text {
            "1" => Some("true".to_owned()),
            "0" => Some("false".to_owned()),
            other => Some(other.to_lowercase()),
        },
    };
    shown.unwrap_or_else(|| text.to_owned())
}

/// A number of its own for each column, from its name (FNV-1a).
fn salt(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
