//! A dataset in memory, and the description of its columns.
//!
//! Every column is held as codes and a dictionary of its different values, so that a row costs a byte or two a column, and whoever looks at
//! values looks at each of them once.

mod codes;
mod derived;
mod dictionary;
mod without;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) use codes::{Codes, each};
pub(crate) use dictionary::{Dictionary, Texts};

/// Counting distinct values stops here, so that describing a column takes bounded memory.
pub const DISTINCT_CAP: u32 = 1_000;

/// One dataset as it was read: a name, coded columns and their description.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    columns: Vec<Coded>,
    schema: Schema,
    /// The byte between the cells of the CSV file.
    delimiter: Option<u8>,
}

/// One column: a code for each row, and what the codes stand for.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    pub name: String,
    pub kind: PhysicalType,
    /// By row; 0 is a missing value.
    pub codes: Codes,
    /// What the codes stand for. Codes ascend with the values.
    pub dictionary: Dictionary,
    /// Rows with each code.
    counts: Vec<u64>,
}

impl Coded {
    /// A column out of codes, each of which becomes what `map` gives for it in the dictionary.
    pub(crate) fn new(
        name: &str,
        kind: PhysicalType,
        mut codes: Codes,
        map: &[u32],
        dictionary: Dictionary,
    ) -> Self {
        let mut counts = vec![0; dictionary.len()];
        for (rows, code) in codes.counts(map.len()).into_iter().zip(map) {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += rows;
            }
        }
        codes.map(map);
        Self {
            name: name.to_owned(),
            kind,
            codes,
            dictionary,
            counts,
        }
    }

    /// The text of the value of a row.
    #[cfg(test)]
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        self.dictionary.text(self.codes.get(row))
    }

    /// Rows with each code.
    pub(crate) fn counts(&self) -> Vec<u64> {
        self.counts.clone()
    }

    /// Rows without a value.
    pub(crate) fn nulls(&self) -> u64 {
        self.counts.first().copied().unwrap_or_default()
    }

    pub(crate) fn schema(&self) -> ColumnSchema {
        ColumnSchema {
            name: self.name.clone(),
            physical_type: self.kind,
            nulls: self.nulls(),
            distinct: Distinct::of(self.dictionary.values()),
        }
    }
}

impl Table {
    pub(crate) fn new(name: &str, columns: Vec<Coded>, schema: Schema) -> Self {
        Self {
            name: name.to_owned(),
            columns,
            schema,
            delimiter: None,
        }
    }

    /// The name of the dataset, as the profile knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the columns are: the part of classification that needs no knowledge of meaning.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn with_delimiter(self, delimiter: u8) -> Self {
        Self {
            delimiter: Some(delimiter),
            ..self
        }
    }

    /// The byte between the cells of the CSV file that the table was read from.
    #[must_use]
    pub fn delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    /// Rows of data, without any header.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.schema.rows as usize
    }

    /// The different values of a column, the missing one aside; `None` if there is no such column.
    pub fn values(&self, column: &str) -> Option<impl Iterator<Item = &str>> {
        Some(self.column(column)?.dictionary.texts().flatten())
    }

    /// The columns in the order of the file.
    pub(crate) fn columns(&self) -> &[Coded] {
        &self.columns
    }

    /// A column by its name.
    pub(crate) fn column(&self, name: &str) -> Option<&Coded> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The columns of a dataset and its number of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Rows of data, without any header.
    pub rows: u64,
    /// Columns in the order of the file.
    pub columns: Vec<ColumnSchema>,
}

/// One column as found in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSchema {
    /// Name in the header.
    pub name: String,
    /// Type of the values.
    pub physical_type: PhysicalType,
    /// Rows without a value.
    pub nulls: u64,
    /// Different values, missing ones aside.
    pub distinct: Distinct,
}

/// A number of different values, counted up to [`DISTINCT_CAP`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distinct {
    /// The number counted.
    pub count: u32,
    /// True when counting stopped: there are at least `count` values.
    pub capped: bool,
}

impl Distinct {
    pub(crate) fn of(count: usize) -> Self {
        let capped = count >= DISTINCT_CAP as usize;
        let count = u32::try_from(count)
            .unwrap_or(DISTINCT_CAP)
            .min(DISTINCT_CAP);
        Self { count, capped }
    }
}

/// The kinds of scalar values that a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhysicalType {
    /// True or false.
    Boolean,
    /// Whole numbers of any width.
    Integer,
    /// Binary floating-point numbers.
    Float,
    /// Decimal numbers with a fixed scale.
    Decimal,
    /// Text. Every CSV column is text.
    String,
    /// A day.
    Date,
    /// A point in time.
    Datetime,
    /// A time of day.
    Time,
    /// A length of time.
    Duration,
}

impl PhysicalType {
    /// The kind of a polars type; `None` for nested, binary and other types that are no scalars.
    pub(crate) fn of(dtype: &DataType) -> Option<Self> {
        match dtype {
            DataType::Boolean => Some(Self::Boolean),
            dtype if dtype.is_integer() => Some(Self::Integer),
            dtype if dtype.is_float() => Some(Self::Float),
            DataType::Decimal(..) => Some(Self::Decimal),
            DataType::String | DataType::Null => Some(Self::String),
            DataType::Categorical(..) | DataType::Enum(..) => Some(Self::String),
            DataType::Date => Some(Self::Date),
            DataType::Datetime(..) => Some(Self::Datetime),
            DataType::Time => Some(Self::Time),
            DataType::Duration(_) => Some(Self::Duration),
            _ => None,
        }
    }
}

/// The text of every value of a column, by which values are looked up in hierarchies, grouped and made pseudonyms.
///
/// A float without a fraction reads like the integer: an identifier column with gaps often
/// arrives as floats, and must still join with the same column stored as integers or text.
pub(crate) fn texts(column: &Column) -> PolarsResult<StringChunked> {
    match column.dtype() {
        DataType::String => Ok(column.str()?.clone()),
        dtype if dtype.is_float() => {
            let floats = column.cast(&DataType::Float64)?;
            let floats = floats.f64()?;
            let mut builder = StringChunkedBuilder::new(column.name().clone(), floats.len());
            for value in floats.iter() {
                builder.append_option(value.map(|value| value.to_string()));
            }
            Ok(builder.finish())
        }
        _ => Ok(column.cast(&DataType::String)?.str()?.clone()),
    }
}
