//! The columns of a release, and what each value of the dataset may become in them.

mod made;

use std::borrow::Cow;

use polars::prelude::DataType;

use super::VerifyError;
use super::account::mix;
use super::label::Labels;
use crate::hierarchy::Hierarchy;
use crate::input::SUPPRESSED;
use crate::measure::Grade;
use crate::prepare;
use crate::profile::{
    AggregateFunction, ColumnRule, Role, SuppressedRecords, Transform, ValueType,
};
use crate::pseudonym::{PseudonymKey, Renewal};
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

    /// Whether its values are those of a class, told by all rows of the class.
    pub(super) fn is_of_class(&self) -> bool {
        matches!(self.becomes, Becomes::OfClass(_))
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

    /// As [`Self::code`], of the bytes of a text, which need not be one: `None` also where only a text can be looked up.
    pub(super) fn code_of_bytes(&self, text: &[u8]) -> Option<u32> {
        match self.dtype {
            DataType::Float64 => None,
            _ => self.labels.code_of_bytes(text),
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
