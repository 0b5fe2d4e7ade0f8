//! What a release may hold.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use polars::prelude::*;

use super::VerifyError;
use super::measure::Measured;
use crate::hierarchy::{Hierarchies, Hierarchy};
use crate::input::{self, SUPPRESSED};
use crate::parquet::{self, Footer};
use crate::plan::Plan;
use crate::profile::{
    ColumnRule, DatasetProfile, Generalize, HierarchySource, Role, Transform, ValueType,
};
use crate::pseudonym::is_pseudonym;
use crate::table::{Table, texts};

/// A column that the profile lets into the release.
pub(super) struct Expected<'a> {
    pub name: &'a str,
    pub rule: &'a ColumnRule,
    /// The column of the dataset.
    pub source: &'a Column,
    /// The hierarchy and the planned level of a generalized column.
    pub level: Option<(&'a Hierarchy, usize)>,
}

impl Expected<'_> {
    pub(super) fn is_quasi(&self) -> bool {
        self.rule.role == Role::Quasi
    }

    pub(super) fn is_pseudonym(&self) -> bool {
        matches!(self.rule.transform, Transform::Pseudonymize { .. })
    }

    fn dtype(&self) -> DataType {
        match self.rule.transform {
            Transform::Keep { cast: None } => self.source.dtype().clone(),
            Transform::Keep {
                cast: Some(ValueType::Integer),
            } => DataType::Int64,
            Transform::Keep {
                cast: Some(ValueType::Float),
            } => DataType::Float64,
            Transform::Keep {
                cast: Some(ValueType::Boolean),
            } => DataType::Boolean,
            _ => DataType::String,
        }
    }
}

/// Holds the plan to the profile, the table and the hierarchies it claims to be of.
pub(super) fn plan(
    table: &Table,
    profile: &DatasetProfile,
    hierarchies: &Hierarchies,
    plan: &Plan,
) -> Result<(), VerifyError> {
    let named = profile.hierarchies();
    let same_hierarchies = plan.hierarchies.len() == named.len()
        && named.iter().all(|name| {
            let given = hierarchies.get(*name).map(Hierarchy::sha256);
            given.is_some() && given == plan.hierarchies.get(*name).map(String::as_str)
        });
    let checks = [
        (plan.dataset == profile.name(), "it is of another dataset"),
        (
            plan.profile_sha256 == profile.profile_sha256,
            "it is of another profile",
        ),
        (plan.k == profile.privacy().k, "it has another k"),
        (
            plan.rows == table.rows() as u64,
            "it is of a table with another number of rows",
        ),
        (same_hierarchies, "it is of other hierarchies"),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(VerifyError::WrongPlan {
            what: (*what).to_owned(),
        }),
        None => Ok(()),
    }
}

/// The columns that must be in the release, in their order.
pub(super) fn expected<'a>(
    table: &'a Table,
    profile: &'a DatasetProfile,
    hierarchies: &'a Hierarchies,
    plan: &Plan,
) -> Result<Vec<Expected<'a>>, VerifyError> {
    let mut expected = Vec::new();
    for (source, rule) in input::columns(table, profile)? {
        let Some(rule) = rule.filter(|rule| rule.transform != Transform::Drop) else {
            continue;
        };
        let name = source.name().as_str();
        if rule.role == Role::Direct && !matches!(rule.transform, Transform::Pseudonymize { .. }) {
            return Err(VerifyError::WrongPlan {
                what: format!("column {name:?} is direct and is no pseudonym"),
            });
        }
        expected.push(Expected {
            name,
            rule,
            source,
            level: level(name, rule, hierarchies, plan)?,
        });
    }
    let quasi = expected
        .iter()
        .filter(|column| column.is_quasi())
        .map(|column| column.name);
    if !quasi.eq(plan.columns.iter().map(|column| column.column.as_str())) {
        return Err(VerifyError::WrongPlan {
            what: "it has other quasi-identifiers".to_owned(),
        });
    }
    Ok(expected)
}

fn level<'a>(
    name: &str,
    rule: &ColumnRule,
    hierarchies: &'a Hierarchies,
    plan: &Plan,
) -> Result<Option<(&'a Hierarchy, usize)>, VerifyError> {
    let Transform::Generalize(Generalize {
        hierarchy: HierarchySource::Named(hierarchy),
        min_level,
        max_level,
        ..
    }) = &rule.transform
    else {
        return Ok(None);
    };
    let planned = plan
        .columns
        .iter()
        .find(|column| column.column == name)
        .map(|column| column.level);
    let level =
        planned.filter(|level| level >= min_level && max_level.is_none_or(|max| *level <= max));
    let found = level
        .zip(hierarchies.get(hierarchy))
        .filter(|(level, found)| (*level as usize) < found.levels());
    match found {
        Some((level, hierarchy)) => Ok(Some((hierarchy, level as usize))),
        None => Err(VerifyError::WrongPlan {
            what: format!("it has no permitted level for {name:?}"),
        }),
    }
}

/// Names, types, order and the declared pseudonyms.
pub(super) fn columns(footer: &Footer, expected: &[Expected<'_>]) -> Result<(), VerifyError> {
    let wanted = expected
        .iter()
        .map(|column| (column.name.to_owned(), column.dtype()));
    if !wanted.clone().eq(footer.columns.iter().cloned()) {
        let shown = |(name, dtype): (String, DataType)| format!("{name}: {dtype}");
        let found = footer.columns.iter().cloned().map(shown).collect();
        return Err(VerifyError::WrongColumns {
            found,
            expected: wanted.map(shown).collect(),
        });
    }
    let found = parquet::pseudonyms(footer)?;
    let pseudonyms = expected.iter().filter(|column| column.is_pseudonym());
    let expected: Vec<_> = pseudonyms.map(|column| column.name.to_owned()).collect();
    if found != expected {
        return Err(VerifyError::WrongPseudonyms { found, expected });
    }
    Ok(())
}

/// Every value of a released column.
pub(super) fn values(column: &Column, expected: &Expected<'_>) -> Result<(), VerifyError> {
    let released = texts(column)?;
    let refuse = |row, what| VerifyError::WrongValue {
        row,
        column: expected.name.to_owned(),
        what,
    };
    let fault = |allowed: &dyn Fn(Option<&str>) -> bool, what| {
        let wrong = released.iter().zip(1..).find(|(value, _)| !allowed(*value));
        wrong.map_or(Ok(()), |(_, row)| Err(refuse(row, what)))
    };
    let source = texts(expected.source)?;
    let missing = expected.source.null_count() > 0;
    match (&expected.rule.transform, expected.level) {
        (Transform::Drop, _) => Err(refuse(1, "the column must not be released")),
        (Transform::Suppress, _) => {
            fault(&|value| value == Some(SUPPRESSED), "the value must be *")
        }
        (Transform::Pseudonymize { .. }, _) => {
            // A value that looks like a pseudonym must not have slipped through as it was.
            let raw: HashSet<&str> = source.iter().flatten().collect();
            let allowed = |value: Option<&str>| {
                value.map_or(missing, |value| is_pseudonym(value) && !raw.contains(value))
            };
            fault(&allowed, "the value is no pseudonym")
        }
        (_, Some((hierarchy, level))) => {
            let allowed: HashSet<&str> = hierarchy.generalized(level).collect();
            // Under a single root, a missing value is generalized like any other.
            let missing = missing && allowed.len() > 1;
            fault(
                &|value| value.map_or(missing, |value| allowed.contains(value)),
                "the value is not of the planned level",
            )
        }
        (transform, None) => {
            let cast = if let Transform::Keep { cast } = transform {
                *cast
            } else {
                None
            };
            from_source(&released, &source, cast)
                .map_err(|row| refuse(row, "the value is not in the dataset's column"))
        }
    }
}

/// A kept column may hold each value at most as often as the dataset does. Errors with the row that is too many.
fn from_source(
    released: &StringChunked,
    source: &StringChunked,
    cast: Option<ValueType>,
) -> Result<(), u64> {
    let mut left: HashMap<Option<Cow<'_, str>>, i64> = HashMap::new();
    for value in source.iter() {
        *left
            .entry(value.map(|value| canonical(value, cast)))
            .or_default() += 1;
    }
    for (value, row) in released.iter().zip(1..) {
        let count = left
            .entry(value.map(|value| canonical(value, cast)))
            .or_default();
        *count -= 1;
        if *count < 0 {
            return Err(row);
        }
    }
    Ok(())
}

/// The text by which the values of a cast column are the same before and after the cast.
fn canonical(value: &str, cast: Option<ValueType>) -> Cow<'_, str> {
    let shown = match cast {
        None | Some(ValueType::String) => None,
        Some(ValueType::Integer) => value.parse::<i64>().ok().map(|value| value.to_string()),
        Some(ValueType::Float) => value.parse::<f64>().ok().map(|value| value.to_string()),
        Some(ValueType::Boolean) => match value {
            "1" => Some("true".to_owned()),
            "0" => Some("false".to_owned()),
            other => Some(other.to_lowercase()),
        },
    };
    shown.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Rows must be in the order of their content, the first column counting most and missing values first.
pub(super) fn order(frame: &DataFrame) -> Result<(), VerifyError> {
    let mut undecided: Vec<usize> = (1..frame.height()).collect();
    for column in frame.columns() {
        let column = column.to_physical_repr();
        let mut equal = Vec::new();
        for row in undecided {
            match column.get(row - 1)?.partial_cmp(&column.get(row)?) {
                Some(Ordering::Greater) => {
                    return Err(VerifyError::WrongOrder {
                        row: row as u64 + 1,
                    });
                }
                Some(Ordering::Less) => {}
                _ => equal.push(row),
            }
        }
        undecided = equal;
    }
    Ok(())
}

/// What was measured against what was required and planned.
pub(super) fn privacy(
    profile: &DatasetProfile,
    plan: &Plan,
    measured: &Measured,
) -> Result<(), VerifyError> {
    let required = profile.privacy().k;
    if measured.smallest_class < required {
        return Err(VerifyError::NotAnonymous {
            measured: measured.smallest_class,
            required,
        });
    }
    let rows = measured.rows_in;
    let allowed = profile.privacy().suppressible(rows);
    match measured.rows_in.checked_sub(measured.rows_out) {
        Some(suppressed) if suppressed <= allowed => {}
        suppressed => {
            return Err(VerifyError::TooMuchSuppressed {
                suppressed: suppressed.unwrap_or_default(),
                rows,
                allowed,
            });
        }
    }
    same("suppressed rows", rows - measured.rows_out, plan.suppressed)?;
    same("the number of classes", measured.classes, plan.classes)?;
    same(
        "the smallest class",
        measured.smallest_class,
        plan.smallest_class,
    )?;
    same(
        "the digest of the classes",
        &measured.classes_sha256,
        &plan.classes_sha256,
    )?;
    close(
        "the geometric loss",
        measured.geometric,
        plan.geometric_loss,
    )?;
    close(
        "the arithmetic loss",
        measured.arithmetic,
        plan.arithmetic_loss,
    )
}

fn same<T: PartialEq + std::fmt::Display>(
    what: &'static str,
    measured: T,
    planned: T,
) -> Result<(), VerifyError> {
    if measured == planned {
        return Ok(());
    }
    Err(VerifyError::NotAsPlanned {
        what,
        measured: measured.to_string(),
        planned: planned.to_string(),
    })
}

fn close(what: &'static str, measured: f64, planned: f64) -> Result<(), VerifyError> {
    if (measured - planned).abs() <= 1e-9 {
        return Ok(());
    }
    Err(VerifyError::NotAsPlanned {
        what,
        measured: measured.to_string(),
        planned: planned.to_string(),
    })
}
