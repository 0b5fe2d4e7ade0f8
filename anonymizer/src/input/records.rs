//! A table as the numbers that recoding works on.

use sandyq_recoding as recoding;

use super::{Attribute, Sensitive, Source};
use crate::group::{Groups, Key};
use crate::table::Codes;

/// The problem, and the record that each row is like.
pub(super) fn problem(
    columns: &[Source<'_>],
    attributes: &[Attribute],
    sensitive: &[Sensitive],
    rows: usize,
) -> (recoding::Problem, Codes) {
    let quasi = attributes
        .iter()
        .filter_map(|attribute| columns.get(attribute.place));
    let maps: Vec<_> = sensitive
        .iter()
        .filter_map(|sensitive| {
            let source = columns.get(sensitive.place)?;
            Some((source, source.through(&sensitive.map), &sensitive.numbers))
        })
        .collect();
    let mut keys: Vec<_> = quasi.map(Source::key).collect();
    keys.extend(maps.iter().map(|(source, map, numbers)| Key {
        rows: source.codes,
        map: Some(map),
        cardinality: numbers.values as usize,
        lowest: 0,
    }));
    let mut groups = Groups::of(&keys, rows, None, true);
    let mut codes: Vec<_> = (0..keys.len())
        .map(|column| groups.column(column))
        .collect();
    let of_row = std::mem::take(&mut groups.of_row);
    let records = recoding::Records {
        sensitive: codes.split_off(attributes.len()),
        quasi: codes,
        weights: groups.weights,
    };
    let problem = recoding::Problem {
        attributes: attributes.iter().map(Attribute::numbers).collect(),
        records,
        sensitive: sensitive
            .iter()
            .map(|sensitive| sensitive.numbers.clone())
            .collect(),
        population: None,
    };
    (problem, Codes::U32(of_row))
}

impl Attribute {
    fn numbers(&self) -> recoding::Attribute {
        let levels = self.levels.iter().map(|level| recoding::Level {
            codes: level.codes.clone(),
            leaves: level.leaves.clone(),
        });
        recoding::Attribute {
            domain: self.domain,
            weight: self.weight,
            levels: levels.collect(),
            suppressible: self.suppressible,
        }
    }
}
