//! What is left of a dataset without the rows that are withheld.

use crate::table::{Coded, Codes, Schema, Table};

/// The table without the rows whose flag is not set. Dictionaries stay whole, so that hierarchies made of them stay as they were; no
/// value is released that no row has.
pub(super) fn remainder(table: &Table, kept: &[bool]) -> Table {
    let columns: Vec<Coded> = table
        .columns()
        .iter()
        .map(|column| cut(column, kept))
        .collect();
    let schema = Schema {
        rows: kept.iter().filter(|kept| **kept).count() as u64,
        columns: columns.iter().map(Coded::schema).collect(),
    };
    let rest = Table::new(table.name(), columns, schema);
    match table.delimiter() {
        Some(delimiter) => rest.with_delimiter(delimiter),
        None => rest,
    }
}

fn cut(column: &Coded, kept: &[bool]) -> Coded {
    let bound = column.dictionary.len();
    let rows = column.codes.iter().zip(kept).filter(|(_, kept)| **kept);
    let mut codes = Codes::default();
    codes.extend(bound, rows.map(|(code, _)| code));
    let map: Vec<u32> = (0..bound as u32).collect();
    Coded::new(
        &column.name,
        column.kind,
        codes,
        &map,
        column.dictionary.clone(),
    )
}
