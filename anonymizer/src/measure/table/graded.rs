//! How general the values of a quasi-identifier of a table are.

use std::borrow::Cow;
use std::collections::HashMap;

use super::values::{Values, values_of};
use super::{Beside, LISTED, MeasureError};
use crate::hierarchy::{Hierarchies, Hierarchy, resolve};
use crate::input::{InputError, SUPPRESSED};
use crate::measure::utility::{Grade, Measured, Originals, Scale};
use crate::profile::{ColumnRule, HierarchySource, Transform, Unknown};
use crate::table::Coded;

/// How general the values of a quasi-identifier are.
pub(super) struct Graded<'a> {
    pub column: &'a Coded,
    pub rule: &'a ColumnRule,
    hierarchy: Option<Cow<'a, Hierarchy>>,
    scale: Scale,
    /// By code.
    grades: Vec<Grade>,
    originals: Option<Originals>,
}

impl<'a> Graded<'a> {
    pub(super) fn new(
        dataset: &str,
        column: &'a Coded,
        rule: &'a ColumnRule,
        beside: &Beside<'a>,
    ) -> Result<Self, MeasureError> {
        let original = match beside.original {
            Some(original) => Some(values_of("original", original, &column.name, rule)?),
            None => None,
        };
        let hierarchy = hierarchy(dataset, column, rule, beside.hierarchies, original.as_ref())?;
        let scale = match (&hierarchy, &original) {
            (Some(hierarchy), _) => Scale::of(hierarchy, 0..hierarchy.levels()),
            (None, Some(original)) => Scale::flat(original.different()),
            (None, None) => {
                let missing = u64::from(column.nulls() > 0);
                Scale::flat(column.dictionary.values() as u64 + missing)
            }
        };
        let mut graded = Self {
            column,
            rule,
            hierarchy,
            scale,
            grades: Vec::new(),
            originals: None,
        };
        graded.grade(dataset)?;
        graded.originals = original.map(|original| graded.originals(&original));
        Ok(graded)
    }

    fn grade(&mut self, dataset: &str) -> Result<(), InputError> {
        let column = self.column;
        let grades: Vec<Option<Grade>> = column
            .dictionary
            .texts()
            .map(|text| self.scale.grade(text))
            .collect();
        let exact = Grade {
            leaves: 1,
            level: 0,
        };
        let lenient = match &self.rule.transform {
            Transform::Generalize(by) => by.unknown != Unknown::Error,
            _ => true,
        };
        if !lenient && grades.contains(&None) {
            let counted = column.dictionary.texts().zip(&grades).zip(column.counts());
            let mut unknown: Vec<(String, u64)> = counted
                .filter(|((_, grade), _)| grade.is_none())
                .filter_map(|((text, _), rows)| Some((text?.to_owned(), rows)))
                .collect();
            unknown.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
            let (distinct, rows) = (unknown.len() as u64, unknown.iter().map(|(_, n)| n).sum());
            unknown.truncate(LISTED);
            return Err(InputError::NotInHierarchy {
                dataset: dataset.to_owned(),
                column: column.name.clone(),
                hierarchy: self.hierarchy.as_ref().map_or("", |h| h.name()).to_owned(),
                values: unknown,
                distinct,
                rows,
            });
        }
        self.grades = grades
            .into_iter()
            .map(|grade| grade.unwrap_or(exact))
            .collect();
        Ok(())
    }

    pub(super) fn measured(&self) -> Measured<'_> {
        Measured {
            column: &self.column.name,
            weight: match &self.rule.transform {
                Transform::Generalize(by) => by.weight,
                _ => 1.0,
            },
            domain: self.scale.domain,
            height: self.scale.height,
            grades: &self.grades,
            originals: self.originals.as_ref(),
        }
    }

    /// The codes of all values of the table that a prepared value may stand under.
    pub(super) fn above(&self, text: Option<&str>, codes: &HashMap<&str, u32>) -> Vec<u32> {
        let mut above = Vec::new();
        match text {
            Some(text) => above.extend(codes.get(text)),
            None => above.push(0),
        }
        above.extend(codes.get(SUPPRESSED));
        if let Some(hierarchy) = &self.hierarchy {
            let leaf = text.and_then(|text| hierarchy.leaf(text));
            for level in 0..hierarchy.levels() {
                let values = hierarchy.values(level);
                let place = leaf.and_then(|leaf| hierarchy.above(level).get(leaf as usize));
                let value = place.and_then(|place| values.get(*place as usize));
                // A single value covers what the hierarchy does not have, too.
                let value = value.or(values.first().filter(|_| values.len() == 1));
                above.extend(value.and_then(|value| codes.get(value.as_str())));
            }
        }
        above.sort_unstable();
        above.dedup();
        above
    }

    pub(super) fn codes(&self) -> HashMap<&str, u32> {
        let texts = self.column.dictionary.texts().zip(0..);
        texts
            .filter_map(|(text, code)| Some((text?, code)))
            .collect()
    }

    fn originals(&self, original: &Values) -> Originals {
        let codes = self.codes();
        let mut under = vec![Vec::new(); self.grades.len()];
        for (text, count) in original.texts.iter().zip(&original.counts) {
            for code in self.above(text.as_deref(), &codes) {
                if let Some(counts) = under.get_mut(code as usize).filter(|_| *count > 0) {
                    counts.push(*count);
                }
            }
        }
        Originals {
            all: original.counts.clone(),
            under,
        }
    }
}

fn hierarchy<'a>(
    dataset: &str,
    column: &Coded,
    rule: &ColumnRule,
    hierarchies: &'a Hierarchies,
    original: Option<&Values>,
) -> Result<Option<Cow<'a, Hierarchy>>, MeasureError> {
    let Transform::Generalize(by) = &rule.transform else {
        return Ok(None);
    };
    let built = matches!(by.hierarchy, HierarchySource::Built(_));
    if built && original.is_none() {
        return Err(MeasureError::NeedsOriginal {
            column: column.name.clone(),
        });
    }
    let texts: Vec<&str> = original
        .iter()
        .flat_map(|original| original.texts.iter().flatten().map(String::as_str))
        .collect();
    let found = resolve(&by.hierarchy, by.unknown, &column.name, hierarchies, texts)?;
    found.map(Some).ok_or_else(|| {
        let hierarchy = match &by.hierarchy {
            HierarchySource::Named(name) => name.clone(),
            HierarchySource::Built(build) => build.kind().to_owned(),
        };
        let absent = InputError::AbsentHierarchy {
            dataset: dataset.to_owned(),
            column: column.name.clone(),
            hierarchy,
        };
        absent.into()
    })
}
