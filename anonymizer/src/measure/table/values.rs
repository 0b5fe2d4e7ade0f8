//! The values of the tables that a table is compared with.

use std::collections::HashMap;

use super::MeasureError;
use crate::prepare;
use crate::profile::ColumnRule;
use crate::table::Table;

/// The prepared values of a column of another table, each once, with their rows.
pub(super) struct Values {
    pub texts: Vec<Option<String>>,
    pub counts: Vec<u64>,
    /// By code of the column, the place of its prepared value.
    pub places: Vec<u32>,
}

impl Values {
    /// Different values that occur.
    pub(super) fn different(&self) -> u64 {
        self.counts.iter().filter(|count| **count > 0).count() as u64
    }
}

pub(super) fn values_of(
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
