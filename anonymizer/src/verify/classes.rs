//! Holding the classes of a release to the rows of the dataset.

use polars::prelude::DataType;
use rayon::prelude::*;

use super::account::{At, Counted, Met, row_mark, row_number};
use super::column::{Becomes, Column as Released};
use super::label::same_number;
use super::source::Source;
use super::{Verification, VerifyError};
use crate::measure::Classes;

/// Classes that are worth a thread.
const SHARE: usize = 1 << 9;

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
    let explained = |(class, met): (usize, &Met)| {
        let refuse = |what: String| VerifyError::NotExplained {
            row: row_number(&parts, met.first),
            what,
        };
        let Some(place) = source.place(met.key) else {
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
        if met.marks != made.marks {
            return Err(refuse(
                "the values of a row are not those of its record".to_owned(),
            ));
        }
        if let Some(column) = wrong_aggregate(columns, &classes, source, class, place) {
            return Err(refuse(format!(
                "{column:?} is not what stands for its values"
            )));
        }
        Ok(())
    };
    let all = counted.classes.par_iter().enumerate();
    // The first of all faults is told, whichever was found first.
    let fault = all
        .with_min_len(SHARE)
        .find_map_first(|class| explained(class).err());
    if let Some(fault) = fault {
        return Err(fault);
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
    let (mut key, mut mark, mut key_mark) = (Vec::new(), 0_u64, 0_u64);
    for column in columns {
        let code = column.star.filter(|_| column.is_key()).unwrap_or_default();
        mark = mark.wrapping_add(column.mark(code));
        if column.is_key() {
            key_mark = key_mark.wrapping_add(column.mark(code));
            key.push(code);
        }
    }
    let values = vec![0; columns.iter().filter(|column| column.is_counted()).count()];
    counted.counter.add(&key, &values, more);
    let marks = row_mark(mark).wrapping_mul(u128::from(more));
    counted.classes.push(Met {
        first: At::default(),
        key: key_mark,
        marks,
    });
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
