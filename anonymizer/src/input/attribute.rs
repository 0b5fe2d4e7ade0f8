//! A quasi-identifier as numbers.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::{InputError, LISTED, SUPPRESSED, Source};
use crate::hierarchy::{Hierarchies, Hierarchy, resolve};
use crate::profile::{HierarchySource, Transform, Unknown};

/// What the values of a quasi-identifier become on each permitted level.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub name: String,
    /// Its place among the released columns.
    pub place: usize,
    /// |D|: leaves of the hierarchy, or different values where there is none.
    pub domain: u64,
    /// How much its loss counts.
    pub weight: f64,
    /// Whether local recoding may turn a single value into `*`.
    pub suppressible: bool,
    /// The number of the first of `levels` in its hierarchy.
    pub first_level: u32,
    pub levels: Vec<Level>,
}

/// What the values of an attribute become on one level.
#[derive(Clone, Debug, Default)]
pub(crate) struct Level {
    /// The code on this level, by the code of the value.
    pub codes: Vec<u32>,
    /// Leaves under the level's value, by the code on this level.
    pub leaves: Vec<u64>,
    /// The released text, by the code on this level.
    pub labels: Vec<Option<String>>,
}

impl Level {
    /// The text of a code on this level.
    pub(crate) fn label(&self, code: u32) -> Option<&str> {
        self.labels.get(code as usize)?.as_deref()
    }

    fn push<'v>(
        &mut self,
        label: Option<&'v str>,
        leaves: u64,
        seen: &mut HashMap<Option<&'v str>, u32>,
    ) {
        let next = seen.len() as u32;
        let code = *seen.entry(label).or_insert_with(|| {
            self.labels.push(label.map(str::to_owned));
            self.leaves.push(leaves);
            next
        });
        self.codes.push(code);
    }
}

impl Attribute {
    /// Number of values: codes are below it.
    pub(super) fn values(&self) -> usize {
        self.levels.first().map_or(0, |level| level.codes.len())
    }

    /// `others` are values of the population that the table does not have. Their codes follow those of the table.
    pub(super) fn new(
        dataset: &str,
        place: usize,
        source: &Source<'_>,
        others: &[&str],
        hierarchies: &Hierarchies,
    ) -> Result<Self, InputError> {
        let values = &*source.dictionary;
        let texts = || values.texts().chain(others.iter().map(|text| Some(*text)));
        let mut attribute = Self {
            name: source.name.to_owned(),
            place,
            domain: values.values() as u64 + u64::from(source.has_missing()),
            weight: 1.0,
            suppressible: false,
            first_level: 0,
            levels: Vec::new(),
        };
        match &source.rule.transform {
            Transform::Generalize(rule) => {
                let place = Place { dataset, source };
                let hierarchy = place.hierarchy(hierarchies, &rule.hierarchy, rule.unknown)?;
                let hierarchy = &*hierarchy;
                let max_level = rule.max_level.unwrap_or(hierarchy.levels() as u32 - 1);
                place.check_level(hierarchy, max_level.max(rule.min_level))?;
                let mut leaves = place.leaves(hierarchy)?;
                leaves.extend(others.iter().map(|other| hierarchy.leaf(other)));
                attribute.levels = (rule.min_level..=max_level)
                    .map(|level| generalized(hierarchy, level as usize, texts().zip(&leaves)))
                    .collect();
                attribute.domain = hierarchy.len() as u64;
                attribute.first_level = rule.min_level;
                attribute.weight = rule.weight;
                let single = hierarchy.values(max_level as usize).len() == 1;
                attribute.suppressible = rule
                    .suppress_cells
                    .unwrap_or(single || rule.max_level.is_none());
            }
            Transform::Suppress => attribute
                .levels
                .push(starred(texts().count(), attribute.domain)),
            _ => attribute.levels.push(kept(texts())),
        }
        Ok(attribute)
    }
}

fn kept<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> Level {
    let labels: Vec<_> = texts.map(|text| text.map(str::to_owned)).collect();
    Level {
        codes: (0..labels.len() as u32).collect(),
        leaves: vec![1; labels.len()],
        labels,
    }
}

fn starred(values: usize, domain: u64) -> Level {
    Level {
        codes: vec![0; values],
        leaves: vec![domain],
        labels: vec![Some(SUPPRESSED.to_owned())],
    }
}

/// What each value, of which the leaf is given, becomes on a level. A missing value is not in the hierarchy: it stays missing and loses nothing until the level
/// has a single value, which then covers it too. So does a value of the population that the hierarchy does not have.
fn generalized<'t>(
    hierarchy: &Hierarchy,
    level: usize,
    texts: impl Iterator<Item = (Option<&'t str>, &'t Option<u32>)>,
) -> Level {
    let (values, above) = (hierarchy.values(level), hierarchy.above(level));
    let mut under = vec![0_u64; values.len()];
    for value in above {
        if let Some(count) = under.get_mut(*value as usize) {
            *count += 1;
        }
    }
    let root = values.first().filter(|_| values.len() == 1);
    let (mut result, mut seen) = (Level::default(), HashMap::new());
    for (text, leaf) in texts {
        let value = leaf
            .and_then(|leaf| above.get(leaf as usize))
            .map(|value| *value as usize);
        let label = value
            .and_then(|value| values.get(value))
            .or(root)
            .map(String::as_str);
        let leaves = match value {
            // Whoever reads `*` learns nothing, whatever stands under it.
            _ if label == Some(SUPPRESSED) => hierarchy.len() as u64,
            Some(value) => under.get(value).copied().unwrap_or(1),
            None if root.is_some() => hierarchy.len() as u64,
            None => 1,
        };
        result.push(label.or(text), leaves, &mut seen);
    }
    result
}

/// Where a hierarchy is needed.
pub(super) struct Place<'a> {
    pub dataset: &'a str,
    pub source: &'a Source<'a>,
}

impl Place<'_> {
    pub(super) fn hierarchy<'h>(
        &self,
        hierarchies: &'h Hierarchies,
        source: &HierarchySource,
        unknown: Unknown,
    ) -> Result<Cow<'h, Hierarchy>, InputError> {
        let (dataset, column) = (self.dataset.to_owned(), self.source.name.to_owned());
        let values: Vec<&str> = self.source.dictionary.texts().flatten().collect();
        match resolve(source, unknown, self.source.name, hierarchies, values) {
            Ok(Some(hierarchy)) => Ok(hierarchy),
            Ok(None) => Err(InputError::AbsentHierarchy {
                dataset,
                column,
                hierarchy: match source {
                    HierarchySource::Named(name) => name.clone(),
                    HierarchySource::Built(build) => build.kind().to_owned(),
                },
            }),
            Err(source) => Err(InputError::Hierarchy {
                dataset,
                column,
                source: Box::new(source),
            }),
        }
    }

    fn check_level(&self, hierarchy: &Hierarchy, level: u32) -> Result<(), InputError> {
        let highest = hierarchy.levels() as u32 - 1;
        if level <= highest {
            return Ok(());
        }
        let (dataset, column) = (self.dataset.to_owned(), self.source.name.to_owned());
        Err(InputError::AbsentLevel {
            dataset,
            column,
            hierarchy: hierarchy.name().to_owned(),
            level,
            highest,
        })
    }

    /// The leaf of each value, by code; `None` for the missing value.
    pub(super) fn leaves(&self, hierarchy: &Hierarchy) -> Result<Vec<Option<u32>>, InputError> {
        let values = &self.source.dictionary;
        let leaves: Vec<_> = values.texts().map(|value| hierarchy.leaf(value?)).collect();
        let unknown = values
            .texts()
            .zip(&leaves)
            .any(|(value, leaf)| value.is_some() && leaf.is_none());
        if !unknown {
            return Ok(leaves);
        }
        let counted = values.texts().zip(&leaves).zip(&self.source.counts);
        let mut missing: Vec<_> = counted
            .filter(|((_, leaf), _)| leaf.is_none())
            .filter_map(|((value, _), rows)| Some((value?.to_owned(), *rows)))
            .collect();
        missing.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        let (distinct, rows) = (
            missing.len() as u64,
            missing.iter().map(|(_, rows)| rows).sum(),
        );
        missing.truncate(LISTED);
        Err(InputError::NotInHierarchy {
            dataset: self.dataset.to_owned(),
            column: self.source.name.to_owned(),
            hierarchy: hierarchy.name().to_owned(),
            values: missing,
            distinct,
            rows,
        })
    }
}
