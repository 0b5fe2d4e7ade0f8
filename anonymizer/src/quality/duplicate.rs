//! Rows and subjects that occur more than once.

use super::report::Duplicates;
use crate::group::{Groups, Key};
use crate::table::{Coded, Table};

pub(super) fn duplicates(table: &Table, subject: Option<&str>) -> Duplicates {
    let keys: Vec<Key<'_>> = table.columns().iter().map(key).collect();
    let groups = Groups::of(&keys, table.rows(), None, false);
    let different = groups.weights.len() as u64;
    let rows = (table.rows() as u64).saturating_sub(different);
    let counts = subject
        .and_then(|name| table.column(name))
        .map(Coded::counts);
    let people = |least: u64| {
        let counts = counts.as_ref()?;
        let people = counts.iter().skip(1).filter(|rows| **rows >= least).count();
        Some(people as u64)
    };
    Duplicates {
        rows,
        share: if table.rows() == 0 {
            0.0
        } else {
            rows as f64 / table.rows() as f64
        },
        subjects: people(1),
        repeated_subjects: people(2),
    }
}

fn key(column: &Coded) -> Key<'_> {
    Key {
        rows: &column.codes,
        map: None,
        cardinality: column.dictionary.len(),
        lowest: 0,
    }
}
