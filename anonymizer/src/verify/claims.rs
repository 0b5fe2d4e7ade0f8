//! Measuring a release, and holding the measures to what was required and planned.

use rayon::prelude::*;

use super::classes::Accounted;
use super::column::Column as Released;
use super::{Verification, VerifyError};
use crate::digest::digest_of_classes;
use crate::measure::{self, Classes, Measured, Measurement, Originals, Requirement, Subject};
use crate::profile::Missing;

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
    released: &Accounted,
    measured: &Measurement,
    digest: &str,
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
    same(
        "the digest of the classes",
        digest,
        plan.classes_sha256.as_str(),
    )?;
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

/// The digest of the classes, whatever order they were met in.
pub(super) fn digest(columns: &[Released<'_>], released: &Accounted) -> String {
    let keys: Vec<&Released<'_>> = columns.iter().filter(|column| column.is_key()).collect();
    let classes = &released.classes;
    let shown = in_order(classes, &keys).into_iter().map(|class| {
        let rows = classes.sizes.get(class).copied().unwrap_or_default();
        (classes.key(class).iter().copied(), rows)
    });
    let text = |column: usize, code| keys.get(column).and_then(|key| key.labels.text(code));
    digest_of_classes(keys.iter().map(|key| key.labels.len()), text, shown)
}

/// The classes in the order of their texts.
fn in_order(classes: &Classes, keys: &[&Released<'_>]) -> Vec<usize> {
    // Texts are compared once for each value of a column, not once for each class.
    let ranks: Vec<Vec<u32>> = keys.par_iter().map(|column| ranks(column)).collect();
    let rank = |(code, ranks): (&u32, &Vec<u32>)| ranks.get(*code as usize).copied().unwrap_or(0);
    let bits = |ranks: &Vec<u32>| usize::BITS - ranks.len().leading_zeros();
    // Each thread has met classes in their order, or nearly, which a stable sort makes use of.
    if ranks.iter().map(bits).sum::<u32>() <= u128::BITS {
        let packed = |(class, (key, _)): (usize, (&[u32], u64))| {
            let key = key.iter().zip(&ranks).fold(0_u128, |packed, one| {
                packed << bits(one.1) | u128::from(rank(one))
            });
            (key, class)
        };
        let mut order: Vec<(u128, usize)> = classes.iter().enumerate().map(packed).collect();
        order.sort();
        return order.into_iter().map(|(_, class)| class).collect();
    }
    let mut placed = Vec::with_capacity(classes.len() * keys.len());
    for (key, _) in classes.iter() {
        placed.extend(key.iter().zip(&ranks).map(rank));
    }
    let place = |class: usize| placed.get(class * keys.len()..(class + 1) * keys.len());
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.par_sort_by(|a, b| place(*a).cmp(&place(*b)));
    order
}

/// By code, the place of its text among those of the column.
fn ranks(column: &Released<'_>) -> Vec<u32> {
    let mut codes: Vec<u32> = (0..column.labels.len() as u32).collect();
    codes.sort_unstable_by_key(|code| column.labels.text(*code));
    let mut ranks = vec![0; codes.len()];
    for (code, rank) in codes.iter().zip(0..) {
        if let Some(slot) = ranks.get_mut(*code as usize) {
            *slot = rank;
        }
    }
    ranks
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
