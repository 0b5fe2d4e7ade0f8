//! The quality of one column, from its different values.

use super::outlier::{self, Weighted};
use super::report::{ColumnQuality, Outliers, Validity};
use super::{share, validity};
use crate::prepare::number;
use crate::table::{Coded, PhysicalType};

/// Texts whose length is that of codes are not taken for numbers, though they may look like some.
const CODE: usize = 6;

pub(super) fn quality(column: &Coded, kind: Option<String>, today: &str) -> ColumnQuality {
    let counts = column.counts();
    let values: Vec<(&str, u64)> = column
        .dictionary
        .texts()
        .zip(counts.iter().copied())
        .filter_map(|(text, rows)| Some((text?, rows)))
        .filter(|(_, rows)| *rows > 0)
        .collect();
    // Spaces alone are no value.
    let blank: u64 = values
        .iter()
        .filter(|(text, _)| text.trim().is_empty())
        .map(|(_, rows)| rows)
        .sum();
    let present: u64 = values.iter().map(|(_, rows)| rows).sum::<u64>() - blank;
    let missing = column.nulls() + blank;
    ColumnQuality {
        column: column.name.clone(),
        missing,
        completeness: share(present, present + missing),
        validity: valid(&values, present, kind.as_deref(), today),
        outliers: outliers(column, &values, kind.as_deref(), today),
        kind,
    }
}

fn filled<'v>(values: &'v [(&'v str, u64)]) -> impl Iterator<Item = (&'v str, u64)> {
    let trimmed = values.iter().map(|(text, rows)| (text.trim(), *rows));
    trimmed.filter(|(text, _)| !text.is_empty())
}

fn valid(
    values: &[(&str, u64)],
    checked: u64,
    kind: Option<&str>,
    today: &str,
) -> Option<Validity> {
    let validator = validity::validator(kind?, today)?;
    let valid = filled(values)
        .filter(|(text, _)| validator(text))
        .map(|(_, rows)| rows)
        .sum();
    Some(Validity {
        checked,
        valid,
        share: share(valid, checked),
    })
}

fn outliers(
    column: &Coded,
    values: &[(&str, u64)],
    kind: Option<&str>,
    today: &str,
) -> Option<Outliers> {
    match kind {
        Some("BIRTHDATE" | "DATE") => return Some(outlier::dates(filled(values), kind, today)),
        Some("AGE" | "SALARY" | "NUMBER" | "PLAINNUMBER") => {}
        Some(_) => return None,
        None => match column.kind {
            PhysicalType::Date | PhysicalType::Datetime => {
                return Some(outlier::dates(filled(values), kind, today));
            }
            PhysicalType::Integer | PhysicalType::Float | PhysicalType::Decimal => {}
            PhysicalType::String if looks_numeric(values) => {}
            _ => return None,
        },
    }
    let numbers = filled(values).filter_map(|(text, rows)| {
        Some(Weighted {
            value: number::parse(&text.replace(',', "."))?,
            rows,
        })
    });
    outlier::numbers(numbers.collect())
}

/// Whether texts are numbers that measure something: nearly all can be read as numbers, and they are not as long as one another like codes.
fn looks_numeric(values: &[(&str, u64)]) -> bool {
    let (mut all, mut numbers) = (0, 0);
    let (mut shortest, mut longest) = (usize::MAX, 0);
    for (text, rows) in filled(values) {
        all += rows;
        if number::parse(text).is_some() {
            numbers += rows;
            shortest = shortest.min(text.len());
            longest = longest.max(text.len());
        }
    }
    let codes = shortest == longest && longest >= CODE;
    all > 0 && numbers * 100 >= all * 99 && !codes
}
