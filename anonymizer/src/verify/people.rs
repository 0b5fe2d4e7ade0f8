//! The people of a population under each released class.

use super::VerifyError;
use super::column::{Column, Generalizer};
use crate::measure::{Classes, Counter, covered};
use crate::prepare;
use crate::table::{Coded, Table};

/// For each class, the people whose every value may stand under the class's.
pub(super) fn people(
    columns: &[Column<'_>],
    generalizers: &[Option<Generalizer<'_>>],
    classes: &Classes,
    population: &Table,
) -> Result<Vec<u64>, VerifyError> {
    let (mut sources, mut above) = (Vec::new(), Vec::new());
    for (column, generalizer) in columns.iter().zip(generalizers).filter(|(c, _)| c.is_key()) {
        let source = population
            .column(column.name)
            .ok_or_else(|| VerifyError::WrongPlan {
                what: format!(
                    "the population {:?} has no column {:?}",
                    population.name(),
                    column.name
                ),
            })?;
        above.push(labels(column, generalizer.as_ref(), source)?);
        sources.push(source);
    }
    let mut counter = Counter::new(sources.len(), 0);
    let mut key = vec![0; sources.len()];
    for row in 0..population.rows() {
        for (slot, source) in key.iter_mut().zip(&sources) {
            *slot = source.codes.get(row);
        }
        counter.add(&key, &[], 1);
    }
    Ok(covered(classes, &above, &counter.finish()))
}

/// What each value of a column of the population may become in the release.
fn labels(
    column: &Column<'_>,
    generalizer: Option<&Generalizer<'_>>,
    source: &Coded,
) -> Result<Vec<Vec<u32>>, VerifyError> {
    let labels = source.dictionary.texts().map(|text| {
        let prepared = prepare::apply(&column.rule.prepare, text);
        let prepared = prepared.map_err(|error| VerifyError::WrongPlan {
            what: format!(
                "the population's column {:?} cannot be prepared: {error}",
                column.name
            ),
        })?;
        Ok(column.may_become(generalizer, prepared.as_deref()))
    });
    labels.collect()
}
