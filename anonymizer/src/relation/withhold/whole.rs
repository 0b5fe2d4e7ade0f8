//! Against whoever knows all records of a person: subjects must share the whole collection of what their rows show.
//!
//! Subjects who do not, lose their rows of some datasets first, if what remains is shared by enough; a collection that is shared by enough
//! is shared by no fewer when others come to it.

use std::collections::HashMap;

use super::{View, item};

/// With more datasets than this not every choice of them is tried.
const FEW: usize = 5;

pub(super) fn withhold(views: &[View<'_>], k: u64, kept: &mut [Vec<bool>]) {
    let Some(subjects) = views.first().map(|view| view.rows.subjects()) else {
        return;
    };
    let shown: Vec<Vec<u64>> = (0..subjects)
        .map(|subject| collection(views, subject, kept))
        .collect();
    let mut shared: HashMap<Vec<u64>, u64> = HashMap::new();
    for collection in shown.iter().filter(|collection| !collection.is_empty()) {
        *shared.entry(collection.clone()).or_default() += 1;
    }
    shared.retain(|_, subjects| *subjects >= k);
    let alone = |subject: &usize| {
        shown
            .get(*subject)
            .is_some_and(|own| !own.is_empty() && !shared.contains_key(own))
    };
    let mut waiting: Vec<usize> = (0..subjects).filter(alone).collect();
    for choice in choices(views.len(), &waiting, &shown) {
        let reduced: Vec<Vec<u64>> = waiting
            .iter()
            .map(|subject| reduced(shown.get(*subject), choice))
            .collect();
        let mut candidates: HashMap<&[u64], u64> = HashMap::new();
        for own in reduced.iter().filter(|own| !own.is_empty()) {
            *candidates.entry(own).or_default() += 1;
        }
        let enough = |own: &[u64]| {
            let others = shared.get(own).copied().unwrap_or_default();
            candidates
                .get(own)
                .is_some_and(|subjects| subjects + others >= k)
        };
        let fits: Vec<bool> = reduced.iter().map(|own| enough(own)).collect();
        let mut still = Vec::new();
        for ((subject, own), fits) in waiting.iter().zip(&reduced).zip(fits) {
            if fits {
                *shared.entry(own.clone()).or_default() += 1;
                forget(views, *subject, choice, kept);
            } else {
                still.push(*subject);
            }
        }
        waiting = still;
    }
    for subject in waiting {
        forget(views, subject, 0, kept);
    }
}

/// What the rows about a subject show, dataset by dataset, in order.
fn collection(views: &[View<'_>], subject: usize, kept: &[Vec<bool>]) -> Vec<u64> {
    let mut all = Vec::new();
    for ((dataset, view), kept) in views.iter().enumerate().zip(kept) {
        all.extend(
            view.kept(subject, kept)
                .map(|row| item(dataset, view.shows(row))),
        );
    }
    all.sort_unstable();
    all
}

fn has(choice: u64, dataset: u64) -> bool {
    choice
        .checked_shr(dataset as u32)
        .is_some_and(|bits| bits & 1 == 1)
}

/// What remains of a collection in the chosen datasets.
fn reduced(collection: Option<&Vec<u64>>, choice: u64) -> Vec<u64> {
    let items = collection.into_iter().flatten().copied();
    items.filter(|item| has(choice, item >> 32)).collect()
}

/// The choices of datasets, some but not all, those first that keep the most rows of the subjects. Datasets beyond the 64th are in none.
fn choices(datasets: usize, waiting: &[usize], shown: &[Vec<u64>]) -> Vec<u64> {
    let mut rows = vec![0_u64; datasets];
    for item in waiting
        .iter()
        .filter_map(|subject| shown.get(*subject))
        .flatten()
    {
        if let Some(rows) = rows.get_mut((item >> 32) as usize) {
            *rows += 1;
        }
    }
    let width = datasets.min(64) as u32;
    let all = u64::MAX.checked_shr(64 - width).unwrap_or_default();
    let mut choices: Vec<u64> = if datasets <= FEW {
        (1..all).collect()
    } else {
        let bits = (0..width).map(|dataset| 1_u64 << dataset);
        bits.flat_map(|bit| [bit, all & !bit]).collect()
    };
    let keeps = |choice: u64| {
        let chosen = rows
            .iter()
            .zip(0_u64..)
            .filter(|(_, dataset)| has(choice, *dataset));
        chosen.map(|(rows, _)| rows).sum::<u64>()
    };
    choices.sort_by_key(|choice| (std::cmp::Reverse(keeps(*choice)), *choice));
    choices
}

/// Takes away the rows about a subject in the datasets that are not chosen.
fn forget(views: &[View<'_>], subject: usize, choice: u64, kept: &mut [Vec<bool>]) {
    for ((view, kept), dataset) in views.iter().zip(kept).zip(0_u64..) {
        if has(choice, dataset) {
            continue;
        }
        for row in view.rows.of(subject) {
            if let Some(kept) = kept.get_mut(*row as usize) {
                *kept = false;
            }
        }
    }
}
