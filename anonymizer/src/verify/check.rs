//! Holding a release to its plan, its profile and the dataset.

use std::borrow::Cow;
use std::collections::BTreeMap;

use polars::prelude::*;
use rayon::prelude::*;

use super::column::{Column as Released, Generalizer, Maker};
use super::{OutputFormat, Verification, VerifyError, Written};
use crate::hierarchy::{Hierarchy, resolve};
use crate::input::InputError;
use crate::parquet;
use crate::prepare;
use crate::profile::{ColumnRule, Generalize, Recoding, Role, Transform};
use crate::pseudonym::Renewal;
use crate::table::Coded;

/// Holds the plan to the profile, the table and the hierarchies it claims to be of.
pub(super) fn plan(of: &Verification<'_>) -> Result<(), VerifyError> {
    let (table, profile, plan) = (of.table, of.profile, of.plan);
    if table.name() != profile.name() {
        return Err(InputError::WrongDataset {
            profile: profile.name().to_owned(),
            table: table.name().to_owned(),
        }
        .into());
    }
    let absent = profile
        .columns()
        .find(|(name, _)| table.column(name).is_none());
    if let Some((column, _)) = absent {
        return Err(InputError::AbsentColumn {
            dataset: table.name().to_owned(),
            column: column.to_owned(),
        }
        .into());
    }
    let named = profile.hierarchies();
    let same_hierarchies = plan.hierarchies.len() == named.len()
        && named.iter().all(|name| {
            let given = of.hierarchies.get(*name).map(Hierarchy::sha256);
            given.is_some() && given == plan.hierarchies.get(*name).map(String::as_str)
        });
    let local = profile.privacy().recoding != Recoding::Global;
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
        (
            local == of.assignment.is_some(),
            "rows are put into classes only by local recoding, and by it always",
        ),
        (
            of.population.is_some() || !profile.privacy().looks_at_population(),
            "the profile compares with a population, and none is given",
        ),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(wrong_plan((*what).to_owned())),
        None => Ok(()),
    }
}

pub(super) fn wrong_plan(what: String) -> VerifyError {
    VerifyError::WrongPlan { what }
}

/// The columns of the table that are released, in their order.
fn rules<'a>(of: &Verification<'a>) -> impl Iterator<Item = (&'a Coded, &'a ColumnRule)> {
    let (table, profile) = (of.table, of.profile);
    table.columns().iter().filter_map(|column| {
        let rule = profile.column(&column.name)?;
        (rule.transform != Transform::Drop).then_some((column, rule))
    })
}

/// The hierarchy of each released column that is generalized.
pub(super) fn hierarchies<'a>(
    of: &Verification<'a>,
) -> Result<Vec<Option<Cow<'a, Hierarchy>>>, VerifyError> {
    let resolved = rules(of).map(|(column, rule)| {
        let Transform::Generalize(by) = &rule.transform else {
            return Ok(None);
        };
        let mut values = Vec::new();
        for text in column.dictionary.texts() {
            values.extend(prepare::apply(&rule.prepare, text).map_err(|error| {
                wrong_plan(format!(
                    "column {:?} cannot be prepared: {error}",
                    column.name
                ))
            })?);
        }
        let values = values.iter().map(String::as_str);
        let found = resolve(
            &by.hierarchy,
            by.unknown,
            &column.name,
            of.hierarchies,
            values,
        )?;
        found
            .map(Some)
            .ok_or_else(|| wrong_plan(format!("column {:?} has no hierarchy", column.name)))
    });
    resolved.collect()
}

/// The columns that must be in the release, in their order, with what those are generalized by that are.
pub(super) fn columns<'a, 'h>(
    of: &Verification<'a>,
    hierarchies: &'h [Option<Cow<'a, Hierarchy>>],
    replaced: &'a BTreeMap<String, Coded>,
) -> Result<(Vec<Released<'a>>, Vec<Option<Generalizer<'h>>>), VerifyError> {
    let maker = Maker {
        key: of.key,
        suppressed: of.profile.privacy().suppressed_records,
    };
    let rules: Vec<_> = rules(of).zip(hierarchies).collect();
    let made = rules.into_par_iter().map(|((source, rule), hierarchy)| {
        let hidden = matches!(
            rule.transform,
            Transform::Pseudonymize { .. } | Transform::Replace(_)
        );
        if rule.role == Role::Direct && !hidden {
            return Err(wrong_plan(format!(
                "column {:?} is direct and is not replaced",
                source.name
            )));
        }
        let by = match (&rule.transform, hierarchy) {
            (Transform::Generalize(by), Some(hierarchy)) => {
                Some(generalizer(of, &source.name, by, hierarchy)?)
            }
            _ => None,
        };
        let source = replaced.get(&source.name).unwrap_or(source);
        Ok((Released::new(&maker, source, rule, by.as_ref())?, by))
    });
    // The first of all faults is told, whichever was found first.
    let made: Vec<Result<_, VerifyError>> = made.collect();
    let made = made.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (columns, generalizers): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    let keys = columns.iter().filter(|column| column.is_key());
    let planned = of.plan.columns.iter().map(|column| column.column.as_str());
    if !keys.map(|column| column.name).eq(planned) {
        return Err(wrong_plan("it has other quasi-identifiers".to_owned()));
    }
    Ok((columns, generalizers))
}

fn generalizer<'h>(
    of: &Verification<'_>,
    name: &str,
    by: &Generalize,
    hierarchy: &'h Hierarchy,
) -> Result<Generalizer<'h>, VerifyError> {
    let highest = (hierarchy.levels() as u32).saturating_sub(1);
    let max_level = by.max_level.unwrap_or(highest);
    let level = match of.profile.privacy().recoding {
        Recoding::Global => {
            let planned = of.plan.columns.iter().find(|column| column.column == name);
            let level = planned.map(|column| column.level);
            let permitted = level.filter(|level| (by.min_level..=max_level).contains(level));
            Some(
                permitted
                    .ok_or_else(|| wrong_plan(format!("it has no permitted level for {name:?}")))?,
            )
        }
        Recoding::Local | Recoding::LocalFast => None,
    };
    if max_level > highest || by.min_level > max_level {
        return Err(wrong_plan(format!(
            "it has no permitted level for {name:?}"
        )));
    }
    let single = hierarchy.values(max_level as usize).len() == 1;
    Ok(Generalizer {
        hierarchy,
        level,
        min_level: by.min_level,
        max_level,
        weight: by.weight,
        suppressible: by
            .suppress_cells
            .unwrap_or(single || by.max_level.is_none()),
    })
}

/// Names, types, order and the declared pseudonyms of a file that tells them. Text tells its names where it is read.
pub(super) fn file(
    output: &impl Written,
    format: OutputFormat,
    expected: &[Released<'_>],
) -> Result<(), VerifyError> {
    if format != OutputFormat::Parquet {
        return Ok(());
    }
    let footer = parquet::footer_of(output.parquet()?)?;
    let wanted = expected
        .iter()
        .map(|column| (column.name.to_owned(), column.dtype.clone()));
    if !wanted.clone().eq(footer.columns.iter().cloned()) {
        let shown = |(name, dtype): (String, DataType)| format!("{name}: {dtype}");
        return Err(VerifyError::WrongColumns {
            found: footer.columns.iter().cloned().map(shown).collect(),
            expected: wanted.map(shown).collect(),
        });
    }
    let found = parquet::renewals(&footer)?;
    let renewed = |column: &Released<'_>| Some((column.name.to_owned(), column.renewal.clone()?));
    let expected: Vec<_> = expected.iter().filter_map(renewed).collect();
    if found != expected {
        let shown = |(name, renewal): (String, Renewal)| match renewal {
            Renewal::Pseudonyms => name,
            Renewal::Tokens => format!("{name} (tokens)"),
            Renewal::Encrypted { .. } => format!("{name} (encrypted)"),
        };
        return Err(VerifyError::WrongPseudonyms {
            found: found.into_iter().map(shown).collect(),
            expected: expected.into_iter().map(shown).collect(),
        });
    }
    Ok(())
}
