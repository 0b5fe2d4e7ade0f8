//! Columns in the making: a description always, the values when they are wanted.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use polars::prelude::*;

use super::{IntakeError, Limits, Purpose};
use crate::table::{ColumnSchema, DISTINCT_CAP, Distinct, PhysicalType};

/// What a cell costs in a frame beside its text.
const CELL_BYTES: u64 = 16;

/// Counts different values up to the cap. Hashes stand for values, so that long ones cost nothing.
#[derive(Debug, Default)]
pub(super) struct Tally {
    nulls: u64,
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Tally {
    pub(super) fn null(&mut self) {
        self.nulls += 1;
    }

    pub(super) fn nulls(&mut self, count: u64) {
        self.nulls += count;
    }

    pub(super) fn value(&mut self, value: &[u8]) {
        if self.seen.len() < DISTINCT_CAP as usize {
            self.seen.insert(self.hasher.hash_one(value));
        }
    }

    pub(super) fn describe(&self, name: &str, physical_type: PhysicalType) -> ColumnSchema {
        let distinct = Distinct::of(self.seen.len());
        ColumnSchema {
            name: name.to_owned(),
            physical_type,
            nulls: self.nulls,
            distinct,
        }
    }
}

/// A text column in the making.
pub(super) struct TextColumn {
    name: String,
    tally: Tally,
    values: Option<StringChunkedBuilder>,
}

impl TextColumn {
    pub(super) fn new(name: String, purpose: Purpose) -> Self {
        let keep = purpose == Purpose::Keep;
        let values = keep.then(|| StringChunkedBuilder::new(name.as_str().into(), 0));
        Self {
            name,
            tally: Tally::default(),
            values,
        }
    }

    pub(super) fn push(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.tally.value(text.as_bytes()),
            None => self.tally.null(),
        }
        if let Some(values) = &mut self.values {
            values.append_option(text);
        }
    }

    pub(super) fn finish(self) -> (ColumnSchema, Option<Column>) {
        let schema = self.tally.describe(&self.name, PhysicalType::String);
        (
            schema,
            self.values.map(|values| values.finish().into_column()),
        )
    }
}

/// What the dataset may still take.
#[derive(Debug)]
pub(super) struct Budget {
    limits: Limits,
    bytes: u64,
    rows: u64,
}

impl Budget {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: *limits,
            bytes: 0,
            rows: 0,
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn row(&mut self, columns: usize) -> Result<(), IntakeError> {
        self.rows += 1;
        if self.rows > self.limits.max_rows {
            return Err(IntakeError::TooManyRows {
                limit: self.limits.max_rows,
            });
        }
        self.take(CELL_BYTES.saturating_mul(columns as u64))
    }

    pub(super) fn column(&mut self, columns: usize) -> Result<(), IntakeError> {
        if columns > self.limits.max_columns {
            return Err(IntakeError::TooManyColumns {
                limit: self.limits.max_columns,
            });
        }
        self.take(CELL_BYTES.saturating_mul(self.rows))
    }

    pub(super) fn take(&mut self, bytes: u64) -> Result<(), IntakeError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.max_table_bytes {
            return Err(IntakeError::TooManyBytes {
                limit: self.limits.max_table_bytes,
            });
        }
        Ok(())
    }
}

/// Checks the names of a header: none empty, none twice.
pub(super) fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), IntakeError> {
    let mut seen = std::collections::HashMap::new();
    for (index, name) in names.enumerate() {
        let position = index + 1;
        if name.trim().is_empty() {
            return Err(IntakeError::EmptyHeaderName { position });
        }
        if let Some(first) = seen.insert(name, position) {
            return Err(IntakeError::DuplicateHeader {
                name: name.to_owned(),
                first,
                second: position,
            });
        }
    }
    Ok(())
}
