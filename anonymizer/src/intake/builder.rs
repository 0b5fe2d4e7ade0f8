//! Columns in the making: a description always, the values when they are wanted.

use std::collections::HashSet;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{IntakeError, Limits, Purpose};
use crate::table::{
    Coded, Codes, ColumnSchema, DISTINCT_CAP, Dictionary, Distinct, PhysicalType, Texts,
};

/// What a cell is reckoned to cost beside its text.
const CELL_BYTES: u64 = 16;

/// Counts different values up to the cap. Hashes stand for values, so that long ones cost nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    nulls: u64,
    seen: HashSet<u64, DefaultHashBuilder>,
    hasher: DefaultHashBuilder,
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

    /// A tally of nothing whose hashes are those of this one.
    fn fresh(&self) -> Self {
        Self {
            hasher: self.hasher.clone(),
            ..Self::default()
        }
    }

    fn absorb(&mut self, other: &mut Self) {
        self.nulls += std::mem::take(&mut other.nulls);
        for hash in other.seen.drain() {
            if self.seen.len() < DISTINCT_CAP as usize {
                self.seen.insert(hash);
            }
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
#[derive(Clone, Debug)]
pub(super) enum TextColumn {
    /// Only described.
    Tally(Tally),
    /// Values are kept.
    Coding(Coding),
}

impl TextColumn {
    pub(super) fn new(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Describe => Self::Tally(Tally::default()),
            Purpose::Keep => Self::Coding(Coding::default()),
        }
    }

    /// An empty column that this one can absorb.
    pub(super) fn fresh(&self) -> Self {
        match self {
            Self::Tally(tally) => Self::Tally(tally.fresh()),
            Self::Coding(_) => Self::Coding(Coding::default()),
        }
    }

    /// Adds a cell, which must be UTF-8; an empty one is a missing value.
    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) {
        match self {
            Self::Coding(coding) => coding.push(text),
            Self::Tally(tally) if text.is_empty() => tally.null(),
            Self::Tally(tally) => tally.value(text),
        }
    }

    /// Appends what the other column holds, which is empty afterwards.
    pub(super) fn absorb(&mut self, other: &mut Self) {
        match (self, other) {
            (Self::Coding(coding), Self::Coding(other)) => coding.absorb(other),
            (Self::Tally(tally), Self::Tally(other)) => tally.absorb(other),
            _ => {}
        }
    }

    pub(super) fn finish(self, name: &str) -> (ColumnSchema, Option<Coded>) {
        match self {
            Self::Tally(tally) => (tally.describe(name, PhysicalType::String), None),
            Self::Coding(coding) => {
                let coded = coding.finish(name);
                (coded.schema(), Some(coded))
            }
        }
    }
}

/// Values as they are met, each with a number in the order of its first appearance. 0 is the missing value.
#[derive(Clone, Debug, Default)]
pub(super) struct Coding {
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    texts: Texts,
    codes: Codes,
    /// Codes that have not been narrowed yet.
    fresh: Vec<u32>,
}

impl Coding {
    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) {
        let code = if text.is_empty() { 0 } else { self.code(text) };
        self.fresh.push(code);
    }

    /// As [`Self::push`], where the empty text is a value.
    pub(super) fn push_text(&mut self, text: Option<&str>) {
        let code = text.map_or(0, |text| self.code(text.as_bytes()));
        self.fresh.push(code);
    }

    fn code(&mut self, text: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(text);
        let (texts, hasher) = (&self.texts, &self.hasher);
        let known = self
            .index
            .find(hash, |code| texts.bytes(*code as usize - 1) == text);
        if let Some(code) = known {
            return *code;
        }
        let rehash = |code: &u32| hasher.hash_one(texts.bytes(*code as usize - 1));
        let code = texts.len() as u32 + 1;
        self.index.insert_unique(hash, code, rehash);
        // Cells are cut at ASCII bytes out of what was found to be UTF-8.
        self.texts
            .push(std::str::from_utf8(text).unwrap_or_default());
        code
    }

    /// Stores what was pushed in as few bytes as it needs.
    pub(super) fn settle(&mut self) {
        let bound = self.texts.len() + 1;
        self.codes.extend(bound, self.fresh.drain(..));
    }

    fn absorb(&mut self, other: &mut Self) {
        self.settle();
        let mut map = vec![0];
        for index in 0..other.texts.len() {
            let code = self.code(other.texts.bytes(index));
            map.push(code);
        }
        let bound = self.texts.len() + 1;
        let renumbered = |code: u32| map.get(code as usize).copied().unwrap_or_default();
        self.codes.extend(bound, other.codes.iter().map(renumbered));
        self.codes
            .extend(bound, other.fresh.drain(..).map(renumbered));
        *other = Self::default();
    }

    pub(super) fn finish(mut self, name: &str) -> Coded {
        self.settle();
        let (dictionary, ranks) = Dictionary::of_texts(&self.texts);
        let map: Vec<u32> = std::iter::once(0).chain(ranks).collect();
        Coded::new(name, PhysicalType::String, self.codes, &map, dictionary)
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
        self.add(1, 0, columns)
    }

    /// More rows, and the bytes of text in them.
    pub(super) fn add(&mut self, rows: u64, text: u64, columns: usize) -> Result<(), IntakeError> {
        self.rows += rows;
        if self.rows > self.limits.max_rows {
            return Err(IntakeError::TooManyRows {
                limit: self.limits.max_rows,
            });
        }
        let cells = rows.saturating_mul(columns as u64);
        self.take(CELL_BYTES.saturating_mul(cells).saturating_add(text))
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
