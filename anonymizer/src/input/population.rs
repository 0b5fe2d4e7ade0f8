//! The population from which a table is a sample, as numbers.

use std::collections::HashMap;

use sandyq_recoding as recoding;

use super::{Attribute, InputError, Source};
use crate::group::{Groups, Key};
use crate::prepare;
use crate::table::{Coded, Table};

/// A quasi-identifier in the population.
pub(super) struct Known<'a> {
    column: &'a Coded,
    /// The text of each of its codes, prepared as in the table.
    prepared: Vec<Option<String>>,
}

impl<'a> Known<'a> {
    /// The column of the population that is what `source` is in the table.
    pub(super) fn new(population: &'a Table, source: &Source<'_>) -> Result<Self, InputError> {
        let column = population
            .column(source.name)
            .ok_or_else(|| InputError::AbsentColumn {
                dataset: population.name().to_owned(),
                column: source.name.to_owned(),
            })?;
        let mut prepared = Vec::new();
        for (text, code) in column.dictionary.texts().zip(0_u32..) {
            let text = prepare::apply(&source.rule.prepare, text);
            prepared.push(text.map_err(|fault| {
                InputError::Prepare {
                    dataset: population.name().to_owned(),
                    column: source.name.to_owned(),
                    row: column
                        .codes
                        .iter()
                        .position(|other| other == code)
                        .unwrap_or_default() as u64
                        + 1,
                    source: fault,
                }
            })?);
        }
        Ok(Self { column, prepared })
    }

    /// The values that the table does not have.
    pub(super) fn others(&self, source: &Source<'_>) -> Vec<&str> {
        let known: HashMap<&str, ()> = source
            .dictionary
            .texts()
            .flatten()
            .map(|text| (text, ()))
            .collect();
        let texts = self.prepared.iter().flatten().map(String::as_str);
        let mut others: Vec<&str> = texts.filter(|text| !known.contains_key(text)).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// The code in the attribute of each code in the population.
    fn map(&self, source: &Source<'_>) -> Vec<u32> {
        let others = self.others(source);
        let own = source.dictionary.texts().zip(0_u32..);
        let more = others
            .iter()
            .map(|text| Some(*text))
            .zip(source.dictionary.len() as u32..);
        let codes: HashMap<Option<&str>, u32> = own.chain(more).collect();
        let code = |text: &Option<String>| codes.get(&text.as_deref()).copied().unwrap_or_default();
        self.prepared.iter().map(code).collect()
    }
}

/// The people of a population by different combinations of quasi-identifiers. `known` belongs to `attributes`, one by one.
pub(super) fn people(
    population: &Table,
    columns: &[Source<'_>],
    attributes: &[Attribute],
    known: &[Known<'_>],
) -> recoding::Population {
    let sources = attributes
        .iter()
        .filter_map(|attribute| columns.get(attribute.place));
    let maps: Vec<_> = known
        .iter()
        .zip(sources)
        .map(|(known, source)| known.map(source))
        .collect();
    let keys: Vec<_> = known
        .iter()
        .zip(&maps)
        .zip(attributes)
        .map(|((known, map), attribute)| Key {
            rows: &known.column.codes,
            map: Some(map),
            cardinality: attribute.values(),
            lowest: 0,
        })
        .collect();
    let groups = Groups::of(&keys, population.rows(), None, false);
    recoding::Population {
        quasi: (0..keys.len())
            .map(|column| groups.column(column))
            .collect(),
        weights: groups
            .weights
            .iter()
            .map(|weight| u64::from(*weight))
            .collect(),
    }
}
