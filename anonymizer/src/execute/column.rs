//! One released column.

use std::borrow::Cow;

use polars::prelude::Series;
use rayon::prelude::*;

use super::ExecuteError;
use super::cast::{CastFault, cast};
use super::replaced::Replaced;
use crate::division::Division;
use crate::group::{Groups, Key};
use crate::input::{Input, SUPPRESSED, Source};
use crate::prepare::{Aggregated, aggregate};
use crate::profile::{AggregateFunction, SuppressedRecords, Transform, ValueType};
use crate::pseudonym::{PseudonymKey, pseudonym};
use crate::table::{Codes, Dictionary};

/// A released column before its rows are put in order.
pub(super) struct Made<'a> {
    /// What stands in each row,
    rows: &'a Codes,
    /// and the code in the dictionary of each of those; `None` for the same.
    map: Option<Vec<u32>>,
    pub dictionary: Dictionary,
    /// What rows that are left out show where they stay as stars: the code of `*` or 0, the missing value.
    pub star: u32,
}

impl Made<'_> {
    pub(super) fn key(&self) -> Key<'_> {
        Key {
            rows: self.rows,
            map: self.map.as_deref(),
            cardinality: self.dictionary.len(),
            lowest: 0,
        }
    }
}

/// What released columns are made of.
pub(super) struct Maker<'a> {
    pub input: &'a Input<'a>,
    pub division: &'a Division,
    /// What decides about the class of each row,
    pub rows: &'a Codes,
    /// and by that, the class, counted from 1.
    pub classes: &'a [u32],
    pub key: &'a PseudonymKey,
    /// What replaces the values of columns, by place.
    pub replaced: &'a [Option<Replaced>],
}

impl<'a> Maker<'a> {
    /// The released column of a place.
    pub(super) fn column(&self, place: usize) -> Result<Made<'a>, ExecuteError> {
        let Some(source) = self.input.columns.get(place) else {
            return Err(ExecuteError::WrongPlan {
                dataset: self.input.table.name().to_owned(),
                what: "it names other columns".to_owned(),
            });
        };
        let attributes = &self.input.attributes;
        let quasi = attributes
            .iter()
            .position(|attribute| attribute.place == place);
        match (&source.rule.transform, quasi) {
            // A quasi-identifier that is kept has the type of the file, unless stars have to stand in it.
            (Transform::Keep { .. }, Some(_)) if !self.stars() => Ok(same(source)),
            (_, Some(attribute)) => Ok(self.generalized(attribute)),
            (Transform::Keep { cast: Some(cast) }, _) => self.recast(source, *cast),
            (Transform::Pseudonymize { domain }, _) => Ok(self.pseudonymized(source, domain)),
            (Transform::Microaggregate { function }, _) => self.aggregated(source, *function),
            (Transform::Suppress, _) => {
                let stars = vec![Some(SUPPRESSED); source.dictionary.len()];
                Ok(labelled(source.codes, &source.through_labels(&stars)))
            }
            (Transform::Replace(_), _) => match self.replaced.get(place) {
                Some(Some(replaced)) => Ok(Made {
                    rows: replaced.rows.as_ref().unwrap_or(source.codes),
                    map: Some(replaced.map.clone()),
                    dictionary: replaced.dictionary.clone(),
                    star: 0,
                }),
                _ => Err(ExecuteError::WrongPlan {
                    dataset: self.input.table.name().to_owned(),
                    what: "it replaces other columns".to_owned(),
                }),
            },
            _ => Ok(same(source)),
        }
    }

    fn stars(&self) -> bool {
        self.input.profile.privacy().suppressed_records == SuppressedRecords::Star
    }

    fn generalized(&self, attribute: usize) -> Made<'a> {
        let classes: Vec<Option<&str>> = self.division.labels(self.input, attribute).collect();
        let (dictionary, codes) = Dictionary::of_labels(
            classes
                .iter()
                .copied()
                .chain(self.stars().then_some(Some(SUPPRESSED))),
        );
        let code = |class: &u32| {
            let class = (*class as usize).checked_sub(1);
            class
                .and_then(|class| codes.get(class).copied())
                .unwrap_or_default()
        };
        Made {
            rows: self.rows,
            map: Some(self.classes.iter().map(code).collect()),
            star: codes
                .last()
                .copied()
                .filter(|_| self.stars())
                .unwrap_or_default(),
            dictionary,
        }
    }

    fn recast(&self, source: &Source<'a>, value_type: ValueType) -> Result<Made<'a>, ExecuteError> {
        match cast(&source.dictionary, value_type) {
            Ok((dictionary, map)) => Ok(Made {
                rows: source.codes,
                map: Some(source.through(&map)),
                dictionary,
                star: 0,
            }),
            Err(CastFault::Frame(source)) => Err(self.failed(source)),
            Err(CastFault::Values(wrong)) => {
                // Values are looked at in their order, rows in that of the file: the message names the first row.
                let code = |code: u32| match &source.map {
                    Some(map) => map.get(code as usize).copied().unwrap_or_default(),
                    None => code,
                };
                let row = source
                    .codes
                    .iter()
                    .position(|found| wrong.contains(&code(found)));
                Err(ExecuteError::Cast {
                    dataset: self.input.table.name().to_owned(),
                    row: row.unwrap_or_default() as u64 + 1,
                    column: source.name.to_owned(),
                    value_type,
                })
            }
        }
    }

    fn pseudonymized(&self, source: &Source<'a>, domain: &str) -> Made<'a> {
        let key = self.key.hmac();
        let values: Vec<Option<&str>> = source.dictionary.texts().collect();
        let pseudonyms: Vec<Option<String>> = values
            .into_par_iter()
            .map(|value| Some(pseudonym(&key, domain, value?)))
            .collect();
        let labels: Vec<Option<&str>> = pseudonyms.iter().map(Option::as_deref).collect();
        labelled(source.codes, &source.through_labels(&labels))
    }

    /// Each class shows one value for those of its rows.
    fn aggregated(
        &self,
        source: &Source<'a>,
        function: AggregateFunction,
    ) -> Result<Made<'a>, ExecuteError> {
        let class = Key {
            rows: self.rows,
            map: Some(self.classes),
            cardinality: self.division.sizes.len() + 1,
            lowest: 0,
        };
        let groups = Groups::of(&[class, source.key()], self.input.table.rows(), None, false);
        let mut shown: Vec<Aggregated<'_>> = vec![Aggregated::Missing; class.cardinality];
        let classes = groups.column(0);
        let mut from = 0;
        for run in classes.chunk_by(|a, b| a == b) {
            let members = from..from + run.len();
            from += run.len();
            let values = members.map(|group| {
                let rows = groups.weights.get(group).copied().unwrap_or_default();
                (
                    source.dictionary.text(groups.code(group, 1)),
                    u64::from(rows),
                )
            });
            let value = aggregate(function, values).map_err(|fault| ExecuteError::Aggregate {
                dataset: self.input.table.name().to_owned(),
                column: source.name.to_owned(),
                source: fault,
            })?;
            let class = run.first().map_or(0, |class| *class as usize);
            if let Some(slot) = shown.get_mut(class) {
                *slot = value;
            }
        }
        let (dictionary, of_class) = match function {
            AggregateFunction::Mode => {
                Dictionary::of_labels(shown.iter().map(|shown| match shown {
                    Aggregated::Text(text) => Some(*text),
                    _ => None,
                }))
            }
            _ => numbers(&shown).map_err(|source| self.failed(source))?,
        };
        let code = |class: &u32| of_class.get(*class as usize).copied().unwrap_or_default();
        Ok(Made {
            rows: self.rows,
            map: Some(self.classes.iter().map(code).collect()),
            dictionary,
            star: 0,
        })
    }

    fn failed(&self, source: polars::prelude::PolarsError) -> ExecuteError {
        ExecuteError::Frame {
            dataset: self.input.table.name().to_owned(),
            source,
        }
    }
}

/// The numbers that classes show, as a dictionary, and the code of each class.
fn numbers(
    shown: &[Aggregated<'_>],
) -> Result<(Dictionary, Vec<u32>), polars::prelude::PolarsError> {
    let number = |shown: &Aggregated<'_>| match shown {
        Aggregated::Number(number) => Some(*number),
        _ => None,
    };
    let mut different: Vec<f64> = shown.iter().filter_map(number).collect();
    different.sort_by(f64::total_cmp);
    different.dedup();
    let place = |shown: &Aggregated<'_>| {
        let number = number(shown)?;
        different
            .binary_search_by(|other| other.total_cmp(&number))
            .ok()
    };
    let places: Vec<Option<usize>> = shown.iter().map(place).collect();
    let (dictionary, ranks) = Dictionary::of_values(&Series::from_iter(different))?;
    let code = |place: &Option<usize>| {
        place
            .and_then(|place| ranks.get(place).copied())
            .unwrap_or_default()
    };
    Ok((dictionary, places.iter().map(code).collect()))
}

fn same<'a>(source: &'a Source<'a>) -> Made<'a> {
    Made {
        rows: source.codes,
        map: source.map.clone(),
        dictionary: Cow::into_owned(source.dictionary.clone()),
        star: 0,
    }
}

/// A column that shows a text for each thing that stands in a row.
fn labelled<'a>(rows: &'a Codes, labels: &[Option<&str>]) -> Made<'a> {
    let (dictionary, map) = Dictionary::of_labels(labels.iter().copied());
    Made {
        rows,
        map: Some(map),
        dictionary,
        star: 0,
    }
}

impl<'a> Source<'a> {
    /// By what stands in a row, the text of its value out of those by code.
    fn through_labels<'t>(&self, labels: &[Option<&'t str>]) -> Vec<Option<&'t str>> {
        match &self.map {
            None => labels.to_vec(),
            Some(map) => map
                .iter()
                .map(|code| labels.get(*code as usize).copied().flatten())
                .collect(),
        }
    }
}
