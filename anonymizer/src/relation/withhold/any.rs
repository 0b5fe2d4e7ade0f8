//! Against whoever knows some records of a person, at most so many in each dataset: for each choice of them there must be enough subjects who
//! have such records.
//!
//! Of a choice that too few have, a record is taken away; that may leave others alone, so it is done until nothing changes.

use std::collections::HashMap;

use super::{MOST_COMBINATIONS, TooMany, View, item};

pub(super) fn withhold(
    views: &[View<'_>],
    k: u64,
    most: usize,
    kept: &mut [Vec<bool>],
) -> Result<(), TooMany> {
    let Some(subjects) = views.first().map(|view| view.rows.subjects()) else {
        return Ok(());
    };
    loop {
        let mut having: HashMap<Vec<u64>, u64> = HashMap::new();
        for subject in 0..subjects {
            let records = records(views, subject, kept);
            let room = MOST_COMBINATIONS.saturating_sub(having.len());
            for choice in choices(&records, most, false, room)? {
                *having.entry(choice).or_default() += 1;
            }
            if having.len() > MOST_COMBINATIONS {
                return Err(TooMany);
            }
        }
        let mut changed = false;
        for subject in 0..subjects {
            let records = records(views, subject, kept);
            // What fewer records show is shown by no fewer subjects.
            let mut rare = choices(&records, most, true, MOST_COMBINATIONS)?;
            rare.retain(|choice| having.get(choice).is_none_or(|subjects| *subjects < k));
            while let Some(item) = worst(&records, &rare) {
                let many = rare
                    .iter()
                    .map(|choice| count(choice, item))
                    .filter(|n| *n > 0)
                    .min();
                let left = many.unwrap_or(1).saturating_sub(1);
                take_away(views, subject, item, left, kept);
                rare.retain(|choice| count(choice, item) <= left);
                changed = true;
            }
        }
        if !changed {
            return Ok(());
        }
    }
}

/// What the rows about a subject show, by dataset, each in order.
fn records(views: &[View<'_>], subject: usize, kept: &[Vec<bool>]) -> Vec<Vec<u64>> {
    let datasets = views.iter().enumerate().zip(kept);
    let of = datasets.map(|((dataset, view), kept)| {
        let mut shown: Vec<u64> = view
            .kept(subject, kept)
            .map(|row| item(dataset, view.shows(row)))
            .collect();
        shown.sort_unstable();
        shown
    });
    of.collect()
}

/// Every different choice of at most `most` records of each dataset, or with `largest` of as many as there are up to `most`. The choice of
/// nothing is none.
fn choices(
    records: &[Vec<u64>],
    most: usize,
    largest: bool,
    room: usize,
) -> Result<Vec<Vec<u64>>, TooMany> {
    let mut all: Vec<Vec<u64>> = vec![Vec::new()];
    for of_dataset in records {
        let size = most.min(of_dataset.len());
        let mut parts: Vec<Vec<u64>> = vec![Vec::new()];
        let mut grown: Grown = vec![(Vec::new(), 0)];
        for _ in 0..size {
            grown = grow(&grown, of_dataset, room)?;
            if largest {
                parts.clear();
            }
            parts.extend(grown.iter().map(|(part, _)| part.clone()));
        }
        if all.len().saturating_mul(parts.len()) > room.max(1) {
            return Err(TooMany);
        }
        all = all
            .iter()
            .flat_map(|choice| parts.iter().map(move |part| [&choice[..], part].concat()))
            .collect();
    }
    all.retain(|choice| !choice.is_empty());
    Ok(all)
}

/// Choices that begin with as many records, and where the next may come from.
type Grown = Vec<(Vec<u64>, usize)>;

/// Each choice with one more record, which stands behind those chosen; equal records are taken from the first on.
fn grow(choices: &Grown, records: &[u64], room: usize) -> Result<Grown, TooMany> {
    let mut grown = Vec::new();
    for (choice, from) in choices {
        let mut before = None;
        for (place, record) in records.iter().enumerate().skip(*from) {
            if before == Some(record) {
                continue;
            }
            before = Some(record);
            if grown.len() >= room {
                return Err(TooMany);
            }
            let mut more = choice.clone();
            more.push(*record);
            grown.push((more, place + 1));
        }
    }
    Ok(grown)
}

fn count(choice: &[u64], item: u64) -> usize {
    choice.iter().filter(|other| **other == item).count()
}

/// What stands in the most of the choices, relative to the share of its dataset's records that it is.
fn worst(records: &[Vec<u64>], rare: &[Vec<u64>]) -> Option<u64> {
    let mut score: HashMap<u64, u64> = HashMap::new();
    for choice in rare {
        let mut items = choice.clone();
        items.dedup();
        for item in items {
            *score.entry(item).or_default() += 1;
        }
    }
    let weighted = score.into_iter().map(|(item, choices)| {
        let of_dataset = records.get((item >> 32) as usize).map_or(1, Vec::len) as u64;
        (choices * of_dataset, item)
    });
    weighted.max().map(|(_, item)| item)
}

/// Takes away rows about a subject that show this, but for so many.
fn take_away(views: &[View<'_>], subject: usize, shown: u64, left: usize, kept: &mut [Vec<bool>]) {
    let dataset = (shown >> 32) as usize;
    let Some((view, kept)) = views.get(dataset).zip(kept.get_mut(dataset)) else {
        return;
    };
    let rows: Vec<u32> = view
        .kept(subject, kept)
        .filter(|row| item(dataset, view.shows(*row)) == shown)
        .skip(left)
        .collect();
    for row in rows {
        if let Some(kept) = kept.get_mut(row as usize) {
            *kept = false;
        }
    }
}
