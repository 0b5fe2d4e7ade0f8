//! Measuring a table as it was read, whoever made it.

mod graded;
mod values;

use std::collections::HashMap;

use self::graded::Graded;
use self::values::values_of;
use super::classes::{Classes, Counter};
use super::cover::{candidates, covered};
use super::sensitive::sensitive;
use super::subject::{Measurement, Subject};
use crate::hierarchy::{Hierarchies, HierarchyError};
use crate::input::{InputError, SUPPRESSED};
use crate::prepare::PrepareFault;
use crate::profile::{ColumnRule, DatasetProfile, Missing, Role, Transform};
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
