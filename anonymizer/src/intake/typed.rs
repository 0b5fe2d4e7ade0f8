//! Frames, a part at a time, into coded columns that keep the types of their values.

use hashbrown::HashMap;
use polars::prelude::*;

use super::builder::Coding;
use crate::table::{Coded, Codes, Dictionary, PhysicalType};

/// A column in the making whose values have the type of the file.
pub(super) enum TypedColumn {
    /// Text, and what is held as text.
    Text(Coding),
    /// Everything else, by its physical value.
    Other(Box<Values>),
}

/// Different values of a type other than text.
pub(super) struct Values {
    kind: PhysicalType,
    index: HashMap<i128, u32>,
    /// The different values in the order of their first appearance.
    values: Series,
    codes: Codes,
}

impl TypedColumn {
    /// A column of a type that [`PhysicalType::of`] knows.
    pub(super) fn new(name: &str, dtype: &DataType, kind: PhysicalType) -> Self {
        match kind {
            PhysicalType::String => Self::Text(Coding::default()),
            kind => Self::Other(Box::new(Values {
                kind,
                index: HashMap::new(),
                values: Series::new_empty(name.into(), dtype),
                codes: Codes::default(),
            })),
        }
    }

    /// Appends the values of more rows.
    pub(super) fn append(&mut self, more: &Series) -> PolarsResult<()> {
        match self {
            Self::Text(coding) => {
                let more = more.cast(&DataType::String)?;
                for text in more.str()?.iter() {
                    coding.push_text(text);
                }
                coding.settle();
                Ok(())
            }
            Self::Other(values) => values.append(more),
        }
    }

    pub(super) fn finish(self, name: &str) -> PolarsResult<Coded> {
        match self {
            Self::Text(coding) => Ok(coding.finish(name)),
            Self::Other(values) => values.finish(name),
        }
    }
}

impl Values {
    fn append(&mut self, more: &Series) -> PolarsResult<()> {
        let (mut codes, mut new) = (Vec::with_capacity(more.len()), Vec::new());
        for (key, row) in keys(more)?.into_iter().zip(0..) {
            let Some(key) = key else {
                codes.push(0);
                continue;
            };
            let next = self.index.len() as u32 + 1;
            let code = *self.index.entry(key).or_insert_with(|| {
                new.push(row);
                next
            });
            codes.push(code);
        }
        let new = IdxCa::from_vec("".into(), new);
        self.values.append(&more.take(&new)?)?;
        self.codes.extend(self.index.len() + 1, codes.into_iter());
        Ok(())
    }

    fn finish(self, name: &str) -> PolarsResult<Coded> {
        let (dictionary, ranks) = Dictionary::of_values(&self.values.rechunk())?;
        let map: Vec<u32> = std::iter::once(0).chain(ranks).collect();
        Ok(Coded::new(name, self.kind, self.codes, &map, dictionary))
    }
}

/// A number for each value that tells different values apart. All that is no number counts as one value.
fn keys(values: &Series) -> PolarsResult<Vec<Option<i128>>> {
    let physical = values.to_physical_repr();
    let bits = |value: f64| {
        let bits = if value.is_nan() {
            f64::NAN.to_bits()
        } else {
            value.to_bits()
        };
        i128::from(bits)
    };
    Ok(match physical.dtype() {
        dtype if dtype.is_float() => {
            let floats = physical.cast(&DataType::Float64)?;
            floats.f64()?.iter().map(|value| value.map(bits)).collect()
        }
        DataType::Int128 => physical.i128()?.iter().collect(),
        DataType::UInt64 => {
            let numbers = physical.u64()?.iter();
            numbers.map(|value| value.map(i128::from)).collect()
        }
        _ => {
            let numbers = physical.cast(&DataType::Int64)?;
            let numbers = numbers.i64()?.iter();
            numbers.map(|value| value.map(i128::from)).collect()
        }
    })
}

/// The coded form of a whole column.
pub(super) fn coded(column: &Column) -> PolarsResult<Coded> {
    let kind = PhysicalType::of(column.dtype()).unwrap_or(PhysicalType::String);
    let mut typed = TypedColumn::new(column.name(), column.dtype(), kind);
    typed.append(column.as_materialized_series())?;
    typed.finish(column.name())
}
