//! The engine as a whole.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod adult;
mod cases;
mod pipeline;
mod replaced;
mod reuse;
mod transforms;

use std::path::PathBuf;

use polars::prelude::*;

use crate::intake::{self, Format, Limits};
use crate::{
    Cancel, Hierarchies, Hierarchy, Plan, PlanError, Profile, PseudonymKey, Table, parquet,
};

pub(crate) const CSV: Format = Format::Csv {
    delimiter: None,
    encoding: intake::Encoding::Utf8,
};

pub(crate) fn table(name: &str, csv: &str) -> Table {
    intake::read(name, csv.as_bytes(), &CSV, &Limits::default()).unwrap()
}

pub(crate) fn profile(text: &str) -> Profile {
    Profile::parse(text).unwrap()
}

pub(crate) fn hierarchies(files: &[(&str, &str)]) -> Hierarchies {
    files
        .iter()
        .map(|(name, text)| {
            (
                name.to_string(),
                Hierarchy::parse(name, text.as_bytes()).unwrap(),
            )
        })
        .collect()
}

pub(crate) fn key() -> PseudonymKey {
    PseudonymKey::new([1; 32])
}

pub(crate) fn plan_of(
    table: &Table,
    profile: &Profile,
    hierarchies: &Hierarchies,
) -> Result<Plan, PlanError> {
    crate::plan(
        table,
        profile.dataset(table.name()).unwrap(),
        hierarchies,
        &Cancel::new(),
        &mut |_| {},
    )
}

pub(crate) fn bytes_of(
    table: &Table,
    profile: &Profile,
    hierarchies: &Hierarchies,
    plan: &Plan,
) -> Vec<u8> {
    let profile = profile.dataset(table.name()).unwrap();
    crate::execute(
        table,
        profile,
        hierarchies,
        plan,
        &key(),
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap()
}

/// The rows of a release as text, missing values as `?`.
pub(crate) fn rows_of(bytes: &[u8]) -> Vec<Vec<String>> {
    let frame = parquet::decode(bytes).unwrap();
    let columns: Vec<_> = frame
        .columns()
        .iter()
        .map(|column| crate::table::texts(column).unwrap())
        .collect();
    let cell = |column: &StringChunked, row| column.get(row).unwrap_or("?").to_owned();
    (0..frame.height())
        .map(|row| columns.iter().map(|column| cell(column, row)).collect())
        .collect()
}

/// The file with one change to its frame, in order again and with its metadata.
pub(crate) fn spoilt(bytes: &[u8], change: impl FnOnce(&mut DataFrame)) -> Vec<u8> {
    let pseudonyms = crate::pseudonym_columns(bytes).unwrap();
    let mut frame = parquet::decode(bytes).unwrap();
    change(&mut frame);
    parquet::encode(&mut parquet::sort_by_content(frame).unwrap(), &pseudonyms).unwrap()
}

/// Writes `value` into one cell of a text column.
pub(crate) fn set_cell(frame: &mut DataFrame, column: &str, row: usize, value: Option<&str>) {
    let texts = frame.column(column).unwrap().str().unwrap();
    let mut values: Vec<Option<&str>> = texts.iter().collect();
    values[row] = value;
    let replaced = Column::new(column.into(), values);
    frame.replace(column, replaced).unwrap();
}

pub(crate) fn example(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/adult")
        .join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
