//! A release as Parquet, by row groups.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use hashbrown::HashMap;
use polars::prelude::*;

use super::super::account::{Account, At, Fault, What};
use super::super::column::Column as Expected;
use super::super::{VerifyError, Written};
use super::{Parts, unreadable};
use crate::parquet::ParquetFault;
use crate::table::texts;

/// Rows that are decoded at a time; a row group may have more.
const ROWS: usize = 1 << 18;

/// The rows of a file, in parts.
pub(super) struct Groups<'a, O> {
    output: &'a O,
    columns: &'a [Expected<'a>],
    /// First row and number of rows of each part, the next one last.
    parts: Mutex<Vec<(usize, usize, usize)>>,
}

impl<'a, O: Written> Groups<'a, O> {
    /// Reads how many rows there are.
    pub(super) fn new(output: &'a O, columns: &'a [Expected<'a>]) -> Result<Self, VerifyError> {
        let groups: Vec<usize> = guarded(|| {
            let mut reader = ParquetReader::new(output.parquet()?);
            let metadata = reader.get_metadata()?;
            Ok(metadata
                .row_groups
                .iter()
                .map(|group| group.num_rows())
                .collect())
        })?;
        let (mut parts, mut from) = (Vec::new(), 0_usize);
        for rows in groups {
            let mut left = rows;
            while left > 0 {
                let some = left.min(ROWS);
                parts.push((parts.len(), from, some));
                from += some;
                left -= some;
            }
        }
        parts.reverse();
        Ok(Self {
            output,
            columns,
            parts: Mutex::new(parts),
        })
    }
}

impl<O: Written> Parts for Groups<'_, O> {
    type Part = (usize, usize);

    fn next(&self) -> Result<Option<(usize, Self::Part)>, Fault> {
        let next = self.parts.lock().ok().and_then(|mut parts| parts.pop());
        Ok(next.map(|(place, from, rows)| (place, (from, rows))))
    }

    fn count(
        &self,
        part: Self::Part,
        place: usize,
        account: &mut Account<'_>,
    ) -> Result<(), Fault> {
        let frame = guarded(|| {
            ParquetReader::new(self.output.parquet()?)
                .with_slice(Some(part))
                .read_parallel(ParallelStrategy::None)
                .finish()
        });
        let frame = frame.map_err(|error| unreadable(place, error))?;
        let mut columns = Vec::new();
        let mut fault: Option<(usize, usize)> = None;
        for (index, (column, expected)) in frame.columns().iter().zip(self.columns).enumerate() {
            let (codes, wrong) = coded(column, expected)
                .map_err(|error| unreadable(place, ParquetFault::Refused(error.to_string())))?;
            fault = fault.into_iter().chain(wrong.map(|row| (row, index))).min();
            columns.push(codes);
        }
        if let Some((row, column)) = fault {
            let row = row as u64;
            let at = At { part: place, row };
            return Err(Fault {
                at,
                what: What::Value(column),
            });
        }
        runs(&columns, frame.height(), place, account)
    }
}

/// Hands on rows that are alike and stand together as one.
fn runs(
    columns: &[Vec<u32>],
    rows: usize,
    part: usize,
    account: &mut Account<'_>,
) -> Result<(), Fault> {
    let mut begins = vec![false; rows];
    if let Some(first) = begins.first_mut() {
        *first = true;
    }
    for codes in columns {
        let pairs = codes.iter().zip(codes.iter().skip(1));
        for (begin, (before, code)) in begins.iter_mut().skip(1).zip(pairs) {
            *begin |= before != code;
        }
    }
    let mut row = vec![0; columns.len()];
    let mut starts = (0..rows).filter(|place| begins.get(*place).copied().unwrap_or_default());
    let mut start = starts.next();
    while let Some(from) = start {
        start = starts.next();
        for (slot, codes) in row.iter_mut().zip(columns) {
            *slot = codes.get(from).copied().unwrap_or_default();
        }
        let at = At {
            part,
            row: from as u64,
        };
        account.run(&row, (start.unwrap_or(rows) - from) as u64, at)?;
    }
    Ok(())
}

/// The code of each cell, and the first row with a value that may not be released.
fn coded(column: &Column, expected: &Expected<'_>) -> PolarsResult<(Vec<u32>, Option<usize>)> {
    let mut codes = Codes {
        expected,
        codes: Vec::with_capacity(column.len()),
        wrong: None,
    };
    let series = column.as_materialized_series();
    match series.dtype() {
        DataType::String => codes.texts(series.str()?),
        _ => codes.values(series)?,
    }
    Ok((codes.codes, codes.wrong))
}

struct Codes<'a> {
    expected: &'a Expected<'a>,
    codes: Vec<u32>,
    wrong: Option<usize>,
}

impl Codes<'_> {
    fn push(&mut self, code: Option<u32>) {
        if code.is_none() && self.wrong.is_none() {
            self.wrong = Some(self.codes.len());
        }
        self.codes.push(code.unwrap_or_default());
    }

    /// Texts that come from one entry of the file's dictionary share their view, so that most are looked up once.
    fn texts(&mut self, texts: &StringChunked) {
        for array in texts.downcast_iter() {
            let (mut known, mut last) = (HashMap::new(), None);
            for (text, view) in array.iter().zip(array.views().iter()) {
                let Some(text) = text else {
                    self.push(self.expected.code(None));
                    continue;
                };
                let view = view.as_u128();
                let code = match last {
                    Some((same, code)) if same == view => code,
                    _ => *known
                        .entry(view)
                        .or_insert_with(|| self.expected.code(Some(text))),
                };
                last = Some((view, code));
                self.push(code);
            }
        }
    }

    /// Values of other types are spelt out once each.
    fn values(&mut self, series: &Series) -> PolarsResult<()> {
        let mut seen: HashMap<AnyValueKey, u32> = HashMap::new();
        let (mut firsts, mut places) = (Vec::new(), Vec::with_capacity(series.len()));
        for (row, value) in keys(series)?.into_iter().enumerate() {
            places.push(value.map(|value| {
                *seen.entry(value).or_insert_with(|| {
                    firsts.push(row as IdxSize);
                    firsts.len() as u32 - 1
                })
            }));
        }
        let firsts = IdxCa::from_vec("".into(), firsts);
        let spelt = texts(&series.take(&firsts)?.into_column())?;
        let codes: Vec<Option<u32>> = spelt.iter().map(|text| self.expected.code(text)).collect();
        for place in places {
            let code = match place {
                None => self.expected.code(None),
                Some(place) => codes.get(place as usize).copied().flatten(),
            };
            self.push(code);
        }
        Ok(())
    }
}

type AnyValueKey = u128;

/// The bits of each value.
fn keys(series: &Series) -> PolarsResult<Vec<Option<AnyValueKey>>> {
    let physical = series.to_physical_repr();
    Ok(match physical.dtype() {
        DataType::Boolean => {
            let values = physical.bool()?;
            values.iter().map(|value| value.map(u128::from)).collect()
        }
        dtype if dtype.is_float() => {
            let values = physical.cast(&DataType::Float64)?;
            let values = values.f64()?;
            let bits = |value: f64| u128::from(value.to_bits());
            values.iter().map(|value| value.map(bits)).collect()
        }
        _ => {
            let values = physical.cast(&DataType::Int128)?;
            let values = values.i128()?;
            values
                .iter()
                .map(|value| value.map(|value| value as u128))
                .collect()
        }
    })
}

fn guarded<T>(work: impl FnOnce() -> PolarsResult<T>) -> Result<T, ParquetFault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ParquetFault::Refused(error.to_string())),
        Err(_) => Err(ParquetFault::Panicked),
    }
}
