//! Measuring a table as it was read, whoever made it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::classes::{Classes, Counter};
use super::cover::{candidates, covered};
use super::sensitive::sensitive;
use super::subject::{Measurement, Subject};
use super::utility::{Grade, Measured, Originals, Scale};
use crate::hierarchy::{Hierarchies, Hierarchy, HierarchyError, resolve};
use crate::input::{InputError, SUPPRESSED};
use crate::prepare::{self, PrepareFault};
use crate::profile::{
    ColumnRule, DatasetProfile, HierarchySource, Missing, Role, Transform, Unknown,
};
use crate::table::{Coded, Table};

/// How many values a message lists.
const LISTED: usize = 10;

/// Why a table was not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// Table, profile and hierarchies do not fit one another.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A hierarchy could not be made.
    #[error(transparent)]
    Hierarchy(#[from] HierarchyError),
    /// A hierarchy that is made over the values that occur needs the values of the original table.
    #[error(
        "column {column:?}: its hierarchy is made over the original values; give the original table, or the hierarchy as a file"
    )]
    NeedsOriginal {
        /// The column.
        column: String,
    },
    /// A model compares with a population that was not given.
    #[error("the profile compares with a population; give its table")]
    NeedsPopulation,
    /// Another table lacks a column.
    #[error("the {which} {table:?} has no column {column:?}, which is needed to compare with it")]
    AbsentColumn {
        /// Which table: original or population.
        which: &'static str,
        /// Its name.
        table: String,
        /// The column.
        column: String,
    },
    /// The original table is smaller than what is said to be made of it.
    #[error("the table has {rows} rows, the original only {original}")]
    MoreThanOriginal {
        /// Rows of the table.
        rows: u64,
        /// Rows of the original.
        original: u64,
    },
    /// A value cannot be prepared as the profile says.
    #[error("column {column:?} of the {which} cannot be prepared as the profile says")]
    Prepare {
        /// The column.
        column: String,
        /// Which table: original or population.
        which: &'static str,
        /// What is wrong with the value.
        #[source]
        source: PrepareFault,
    },
}

/// What a table is measured with.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// The hierarchies that the profile names.
    pub hierarchies: &'a Hierarchies,
    /// The table that it was made of, if that is known.
    pub original: Option<&'a Table>,
    /// The population, if it is known.
    pub population: Option<&'a Table>,
}

/// Measures a table as it stands by the quasi-identifiers, sensitive columns and models of a profile.
///
/// Values may stand on any level of their hierarchies. Rows that have `*` in every quasi-identifier are suppressed records; so are rows that
/// the original has and the table has not. Sensitive models compare with the original, or without one with the table itself. The
/// `prepare` steps of the profile are taken as done in the table, and are done to the others.
///
/// # Errors
/// See [`MeasureError`]; a value that is in no level of its hierarchy is one.
pub fn measure(
    table: &Table,
    profile: &DatasetProfile,
    beside: &Beside<'_>,
) -> Result<Measurement, MeasureError> {
    let columns = columns(table, profile)?;
    if beside.population.is_none() && profile.privacy().looks_at_population() {
        return Err(MeasureError::NeedsPopulation);
    }
    let keys: Vec<_> = columns.iter().filter(|(_, rule)| is_key(rule)).collect();
    let watched: Vec<_> = columns
        .iter()
        .filter(|(_, rule)| rule.role == Role::Sensitive && rule.transform != Transform::Drop)
        .collect();
    let (classes, starred) = classes(table, &keys, &watched);
    let removed = match beside.original {
        Some(original) => (original.rows() as u64)
            .checked_sub(table.rows() as u64)
            .ok_or(MeasureError::MoreThanOriginal {
                rows: table.rows() as u64,
                original: original.rows() as u64,
            })?,
        None => 0,
    };
    let graded = keys
        .iter()
        .map(|(column, rule)| Graded::new(table.name(), column, rule, beside));
    let graded = graded.collect::<Result<Vec<_>, _>>()?;
    let mut sensitive_columns = Vec::new();
    for (column, rule) in &watched {
        sensitive_columns.push(prior(column, rule, beside)?);
    }
    let sensitive = watched
        .iter()
        .zip(&sensitive_columns)
        .map(|((column, rule), prior)| {
            let values: Vec<Option<&str>> = prior.values.iter().map(Option::as_deref).collect();
            sensitive(
                &column.name,
                &rule.models,
                &values,
                prior.counts.clone(),
                beside.hierarchies,
            )
        });
    let labels: Vec<usize> = keys
        .iter()
        .map(|(column, _)| column.dictionary.len())
        .collect();
    let subject = Subject {
        suppressed: starred + removed,
        attributes: graded.iter().map(Graded::measured).collect(),
        sensitive: sensitive.collect::<Result<Vec<_>, _>>()?,
        candidates: (profile.privacy().missing == Missing::Any)
            .then(|| candidates(&classes, &labels)),
        people: match beside.population {
            Some(population) => Some(people(&classes, &graded, population)?),
            None => None,
        },
        classes,
    };
    Ok(subject.measure(profile.privacy()))
}

fn is_key(rule: &ColumnRule) -> bool {
    let apart = !matches!(
        rule.transform,
        Transform::Drop | Transform::Microaggregate { .. }
    );
    rule.role == Role::Quasi && apart
}

/// The columns of the table that the profile says something of. Those that it drops need not be there.
fn columns<'a>(
    table: &'a Table,
    profile: &'a DatasetProfile,
) -> Result<Vec<(&'a Coded, &'a ColumnRule)>, InputError> {
    let needed = |rule: &ColumnRule| {
        let asked = rule.role == Role::Quasi || !rule.models.is_empty();
        asked && rule.transform != Transform::Drop
    };
    let absent = profile
        .columns()
        .find(|(name, rule)| needed(rule) && table.column(name).is_none());
    if let Some((column, _)) = absent {
        return Err(InputError::AbsentColumn {
            dataset: table.name().to_owned(),
            column: column.to_owned(),
        });
    }
    let ruled = table.columns().iter();
    Ok(ruled
        .filter_map(|column| Some((column, profile.column(&column.name)?)))
        .collect())
}

/// Counts the rows; those of `*` in every quasi-identifier apart.
fn classes(
    table: &Table,
    keys: &[&(&Coded, &ColumnRule)],
    watched: &[&(&Coded, &ColumnRule)],
) -> (Classes, u64) {
    let star = |column: &Coded| {
        let mut texts = column.dictionary.texts().zip(0..);
        texts
            .find(|(text, _)| *text == Some(SUPPRESSED))
            .map(|(_, code)| code)
    };
    let stars: Option<Vec<u32>> = keys.iter().map(|(column, _)| star(column)).collect();
    let stars = stars.filter(|stars| !stars.is_empty());
    let mut counter = Counter::new(keys.len(), watched.len());
    let (mut key, mut values) = (vec![0; keys.len()], vec![0; watched.len()]);
    let mut suppressed = 0;
    for row in 0..table.rows() {
        for (slot, (column, _)) in key.iter_mut().zip(keys) {
            *slot = column.codes.get(row);
        }
        if stars.as_ref() == Some(&key) {
            suppressed += 1;
            continue;
        }
        for (slot, (column, _)) in values.iter_mut().zip(watched) {
            *slot = column.codes.get(row);
        }
        counter.add(&key, &values, 1);
    }
    (counter.finish(), suppressed)
}

/// How general the values of a quasi-identifier are.
struct Graded<'a> {
    column: &'a Coded,
    rule: &'a ColumnRule,
    hierarchy: Option<Cow<'a, Hierarchy>>,
    scale: Scale,
    /// By code.
    grades: Vec<Grade>,
    originals: Option<Originals>,
}

impl<'a> Graded<'a> {
    fn new(
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

    fn measured(&self) -> Measured<'_> {
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
    fn above(&self, text: Option<&str>, codes: &HashMap<&str, u32>) -> Vec<u32> {
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

    fn codes(&self) -> HashMap<&str, u32> {
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

/// The prepared values of a column of another table, each once, with their rows.
struct Values {
    texts: Vec<Option<String>>,
    counts: Vec<u64>,
    /// By code of the column, the place of its prepared value.
    places: Vec<u32>,
}

impl Values {
    /// Different values that occur.
    fn different(&self) -> u64 {
        self.counts.iter().filter(|count| **count > 0).count() as u64
    }
}

fn values_of(
    which: &'static str,
    table: &Table,
    name: &str,
    rule: &ColumnRule,
) -> Result<Values, MeasureError> {
    let column = table
        .column(name)
        .ok_or_else(|| MeasureError::AbsentColumn {
            which,
            table: table.name().to_owned(),
            column: name.to_owned(),
        })?;
    let mut values = Values {
        texts: Vec::new(),
        counts: Vec::new(),
        places: Vec::new(),
    };
    let mut seen: HashMap<Option<String>, u32> = HashMap::new();
    for (text, rows) in column.dictionary.texts().zip(column.counts()) {
        let prepared = prepare::apply(&rule.prepare, text);
        let prepared = prepared.map_err(|source| MeasureError::Prepare {
            column: name.to_owned(),
            which,
            source,
        })?;
        let next = values.texts.len() as u32;
        let place = *seen.entry(prepared.clone()).or_insert(next);
        if place == next {
            values.texts.push(prepared);
            values.counts.push(0);
        }
        if let Some(count) = values.counts.get_mut(place as usize) {
            *count += rows;
        }
        values.places.push(place);
    }
    Ok(values)
}

/// The people of the population under each class.
fn people(
    classes: &Classes,
    graded: &[Graded<'_>],
    population: &Table,
) -> Result<Vec<u64>, MeasureError> {
    let (mut sources, mut above) = (Vec::new(), Vec::new());
    for graded in graded {
        let name = &graded.column.name;
        let values = values_of("population", population, name, graded.rule)?;
        let codes = graded.codes();
        let labels = values
            .texts
            .iter()
            .map(|text| graded.above(text.as_deref(), &codes));
        above.push(labels.collect());
        sources.extend(
            population
                .column(name)
                .map(|column| (column, values.places)),
        );
    }
    let mut counter = Counter::new(sources.len(), 0);
    let mut key = vec![0; sources.len()];
    for row in 0..population.rows() {
        for (slot, (column, places)) in key.iter_mut().zip(&sources) {
            let place = places.get(column.codes.get(row) as usize);
            *slot = place.copied().unwrap_or_default();
        }
        counter.add(&key, &[], 1);
    }
    Ok(covered(classes, &above, &counter.finish()))
}

/// The values of a sensitive column by code of the table, then those that only the original has, with what is known beforehand of each.
struct Known {
    values: Vec<Option<String>>,
    counts: Vec<u64>,
}

fn prior(column: &Coded, rule: &ColumnRule, beside: &Beside<'_>) -> Result<Known, MeasureError> {
    let mut known = Known {
        values: column
            .dictionary
            .texts()
            .map(|text| text.map(str::to_owned))
            .collect(),
        counts: column.counts(),
    };
    let comparable = matches!(rule.transform, Transform::Keep { .. });
    let Some(original) = beside.original.filter(|_| comparable) else {
        return Ok(known);
    };
    let original = values_of("original", original, &column.name, rule)?;
    known.counts.fill(0);
    let mut codes: HashMap<Option<String>, usize> = known.values.iter().cloned().zip(0..).collect();
    for (text, rows) in original.texts.into_iter().zip(original.counts) {
        let code = *codes.entry(text.clone()).or_insert(known.values.len());
        if code == known.values.len() {
            known.values.push(text);
            known.counts.push(0);
        }
        if let Some(count) = known.counts.get_mut(code) {
            *count += rows;
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests;
