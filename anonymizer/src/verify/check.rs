//! Holding a release to its plan, its profile and the dataset.

use std::borrow::Cow;

use polars::prelude::*;
use rayon::prelude::*;

use super::account::{At, Counted, row_mark, row_number};
use super::column::{Becomes, Column as Released, Generalizer, Maker};
use super::label::same_number;
use super::source::Source;
use super::{OutputFormat, Verification, VerifyError, Written};
use crate::digest::digest_of_classes;
use crate::hierarchy::{Hierarchy, resolve};
use crate::input::InputError;
use crate::measure::{self, Classes, Measured, Measurement, Originals, Requirement, Subject};
use crate::parquet;
use crate::prepare;
use crate::profile::{ColumnRule, Generalize, Missing, Recoding, Role, Transform};
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
) -> Result<(Vec<Released<'a>>, Vec<Option<Generalizer<'h>>>), VerifyError> {
    let maker = Maker {
        key: of.key,
        suppressed: of.profile.privacy().suppressed_records,
    };
    let (mut columns, mut generalizers) = (Vec::new(), Vec::new());
    for ((source, rule), hierarchy) in rules(of).zip(hierarchies) {
        let pseudonymized = matches!(rule.transform, Transform::Pseudonymize { .. });
        if rule.role == Role::Direct && !pseudonymized {
            return Err(wrong_plan(format!(
                "column {:?} is direct and is no pseudonym",
                source.name
            )));
        }
        let by = match (&rule.transform, hierarchy) {
            (Transform::Generalize(by), Some(hierarchy)) => {
                Some(generalizer(of, &source.name, by, hierarchy)?)
            }
            _ => None,
        };
        columns.push(Released::new(&maker, source, rule, by.as_ref())?);
        generalizers.push(by);
    }
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
    let found = parquet::pseudonyms(&footer)?;
    let pseudonyms = expected.iter().filter(|column| column.is_pseudonym());
    let expected: Vec<_> = pseudonyms.map(|column| column.name.to_owned()).collect();
    if found != expected {
        return Err(VerifyError::WrongPseudonyms { found, expected });
    }
    Ok(())
}

/// The classes of a release, whose rows are what the dataset makes of them.
pub(super) struct Accounted {
    pub classes: Classes,
    pub suppressed: u64,
}

/// Holds every class of the release to the rows of the dataset.
pub(super) fn released(
    of: &Verification<'_>,
    columns: &[Released<'_>],
    source: &Source,
    counted: Counted,
) -> Result<Accounted, VerifyError> {
    let parts: Vec<(usize, u64)> = counted.parts.iter().map(|p| (p.part, p.rows)).collect();
    let counted = unstarred(of, columns, counted);
    let (classes, stars) = (counted.counter.finish(), counted.stars);
    let keys: Vec<&Released<'_>> = columns.iter().filter(|column| column.is_key()).collect();
    for (class, (first, marks)) in counted.classes.iter().enumerate() {
        let refuse = |what: String| VerifyError::NotExplained {
            row: row_number(&parts, *first),
            what,
        };
        let key = classes.key(class).iter().zip(&keys);
        let mark = key.fold(0_u64, |sum, (code, column)| {
            sum.wrapping_add(column.mark(*code))
        });
        let Some(place) = source.place(mark) else {
            return Err(refuse("no row becomes like that".to_owned()));
        };
        let made = source.class(place).unwrap_or_default();
        let rows = classes.sizes.get(class).copied().unwrap_or_default();
        if rows != made.rows {
            let made = made.rows;
            return Err(refuse(format!(
                "it has {rows} rows, the dataset makes {made}"
            )));
        }
        if *marks != made.marks {
            return Err(refuse(
                "the values of a row are not those of its record".to_owned(),
            ));
        }
        if let Some(column) = wrong_aggregate(columns, &classes, source, class, place) {
            return Err(refuse(format!(
                "{column:?} is not what stands for its values"
            )));
        }
    }
    if of.assignment.is_some() && classes.len() != source.len() {
        return Err(VerifyError::NotAsPlanned {
            what: "the number of classes",
            measured: classes.len().to_string(),
            planned: source.len().to_string(),
        });
    }
    let suppressed = of.table.rows() as u64 - classes.rows();
    if of.starred() && stars != suppressed {
        return Err(VerifyError::NotAsPlanned {
            what: "the number of suppressed rows that stay",
            measured: stars.to_string(),
            planned: suppressed.to_string(),
        });
    }
    let counted: Vec<bool> = columns
        .iter()
        .filter(|column| column.is_counted())
        .map(|column| !matches!(column.becomes, Becomes::OfClass(_)))
        .collect();
    let mut classes = classes;
    let mut keep = counted.into_iter();
    classes
        .sensitive
        .retain(|_| keep.next().unwrap_or_default());
    Ok(Accounted {
        classes,
        suppressed,
    })
}

/// Where nothing but `*` and missing values is released, records of the class look like suppressed ones. What is more than was planned to
/// be suppressed is the class.
fn unstarred(of: &Verification<'_>, columns: &[Released<'_>], mut counted: Counted) -> Counted {
    let more = counted.stars.saturating_sub(of.plan.suppressed);
    if more == 0 {
        return counted;
    }
    let (mut key, mut mark) = (Vec::new(), 0_u64);
    for column in columns {
        let code = column.star.filter(|_| column.is_key()).unwrap_or_default();
        mark = mark.wrapping_add(column.mark(code));
        if column.is_key() {
            key.push(code);
        }
    }
    let values = vec![0; columns.iter().filter(|column| column.is_counted()).count()];
    counted.counter.add(&key, &values, more);
    let marks = row_mark(mark).wrapping_mul(u128::from(more));
    counted.classes.push((At::default(), marks));
    counted.stars -= more;
    counted
}

/// The first microaggregated column of which a class has not the one value that stands for it.
fn wrong_aggregate(
    columns: &[Released<'_>],
    classes: &Classes,
    source: &Source,
    class: usize,
    place: usize,
) -> Option<String> {
    let counted = columns.iter().filter(|column| column.is_counted());
    let mut aggregates = source.aggregates.iter();
    for (column, histograms) in counted.zip(&classes.sensitive) {
        if !matches!(column.becomes, Becomes::OfClass(_)) {
            continue;
        }
        let made = aggregates.next().and_then(|made| made.get(place));
        let made = made.and_then(Option::as_deref);
        let same = |code: u32| match (column.labels.text(code), made) {
            (Some(found), Some(made)) => {
                let numbers = found.parse::<f64>().ok().zip(made.parse::<f64>().ok());
                let typed = column.dtype == DataType::Float64;
                numbers
                    .filter(|_| typed)
                    .map_or(found == made, |(a, b)| same_number(a, b))
            }
            (found, made) => found == made,
        };
        if !histograms.of(class).iter().all(|(code, _)| same(*code)) {
            return Some(column.name.to_owned());
        }
    }
    None
}

/// Measures the classes.
pub(super) fn measure(
    of: &Verification<'_>,
    columns: &[Released<'_>],
    released: &Accounted,
    people: Option<Vec<u64>>,
) -> Result<Measurement, VerifyError> {
    let keys: Vec<&Released<'_>> = columns.iter().filter(|column| column.is_key()).collect();
    let originals: Vec<Originals> = keys.par_iter().map(|column| originals(column)).collect();
    let attributes = keys
        .iter()
        .zip(&originals)
        .filter_map(|(column, originals)| {
            let key = column.key.as_ref()?;
            Some(Measured {
                column: column.name,
                weight: key.weight,
                domain: key.domain,
                height: key.height,
                grades: &key.grades,
                originals: Some(originals),
            })
        });
    let mut sensitive = Vec::new();
    for column in columns
        .iter()
        .filter(|column| !column.rule.models.is_empty())
    {
        let (values, counts) = column.values();
        let models = &column.rule.models;
        sensitive.push(measure::sensitive(
            column.name,
            models,
            &values,
            counts,
            of.hierarchies,
        )?);
    }
    let candidates = (of.profile.privacy().missing == Missing::Any).then(|| {
        measure::candidates(
            &released.classes,
            &keys.iter().map(|key| key.labels.len()).collect::<Vec<_>>(),
        )
    });
    let subject = Subject {
        classes: released.classes.clone(),
        suppressed: released.suppressed,
        attributes: attributes.collect(),
        sensitive,
        candidates,
        people,
    };
    Ok(subject.measure(of.profile.privacy()))
}

fn originals(column: &Released<'_>) -> Originals {
    let all = column.source.counts();
    let mut under = vec![Vec::new(); column.labels.len()];
    for (count, code) in all.iter().zip(0..) {
        column.each_label(code, |label| {
            if let Some(counts) = under.get_mut(label as usize).filter(|_| *count > 0) {
                counts.push(*count);
            }
        });
    }
    Originals { all, under }
}

/// What was measured against what was required and planned.
pub(super) fn claims(
    of: &Verification<'_>,
    columns: &[Released<'_>],
    released: &Accounted,
    measured: &Measurement,
) -> Result<(), VerifyError> {
    if let Some(requirement) = measured.violated().next() {
        return Err(violated(of, requirement, measured));
    }
    let plan = of.plan;
    same("suppressed rows", released.suppressed, plan.suppressed)?;
    same(
        "the number of classes",
        measured.classes.classes,
        plan.classes,
    )?;
    same(
        "the smallest class",
        measured.classes.smallest,
        plan.smallest_class,
    )?;
    let keys: Vec<&Released<'_>> = columns.iter().filter(|column| column.is_key()).collect();
    let labels = |key: &[u32]| {
        key.iter()
            .zip(&keys)
            .map(|(code, column)| column.labels.text(*code))
            .collect()
    };
    let mut classes: Vec<(Vec<Option<&str>>, u64)> = released
        .classes
        .iter()
        .map(|(key, rows)| (labels(key), rows))
        .collect();
    classes.sort_unstable();
    let digest = digest_of_classes(
        classes
            .iter()
            .map(|(labels, rows)| (labels.as_slice(), *rows)),
    );
    same("the digest of the classes", &digest, &plan.classes_sha256)?;
    let utility = &measured.utility;
    for (attribute, planned) in utility.attributes.iter().zip(&plan.columns) {
        close("the loss of a column", attribute.loss, planned.loss)?;
    }
    close(
        "the geometric loss",
        utility.geometric_loss,
        plan.geometric_loss,
    )?;
    close(
        "the arithmetic loss",
        utility.arithmetic_loss,
        plan.arithmetic_loss,
    )
}

fn violated(
    of: &Verification<'_>,
    requirement: &Requirement,
    measured: &Measurement,
) -> VerifyError {
    let privacy = of.profile.privacy();
    match requirement.model.as_str() {
        "k_anonymity" => VerifyError::NotAnonymous {
            measured: requirement.measured.unwrap_or_default() as u64,
            required: privacy.k,
        },
        "suppression" => VerifyError::TooMuchSuppressed {
            suppressed: measured.suppressed,
            rows: measured.records,
            allowed: privacy.suppressible(measured.records),
        },
        _ => VerifyError::NotPrivate {
            what: requirement.to_string(),
        },
    }
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
