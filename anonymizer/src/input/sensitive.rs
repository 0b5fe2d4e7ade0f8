//! A sensitive column as numbers.

use std::collections::HashMap;

use sandyq_recoding as recoding;

use super::attribute::Place;
use super::{InputError, LISTED, Source};
use crate::hierarchy::{Hierarchies, Hierarchy};
use crate::profile::{Distance, HierarchySource, Model, Unknown};

/// A sensitive column with models that share what they need to know of its values.
pub(crate) struct Sensitive {
    /// Its place among the released columns.
    pub place: usize,
    pub models: Vec<Model>,
    /// Where the hierarchical distance of its models comes from.
    source: Option<HierarchySource>,
    /// By the code of a value, the code among the values that occur.
    pub map: Vec<u32>,
    pub numbers: recoding::Sensitive,
}

impl Sensitive {
    /// Adds what the models of a column speak of. A second hierarchy makes the column appear a second time.
    pub(super) fn of(
        dataset: &str,
        place: usize,
        source: &Source<'_>,
        hierarchies: &Hierarchies,
        to: &mut Vec<Self>,
    ) -> Result<(), InputError> {
        let first = to.len();
        for model in &source.rule.models {
            let tree = match model {
                Model::TCloseness {
                    distance: Distance::Hierarchical { hierarchy },
                    ..
                } => Some(hierarchy),
                _ => None,
            };
            let fits = |sensitive: &&mut Self| {
                tree.is_none() || sensitive.source.is_none() || sensitive.source.as_ref() == tree
            };
            let known = to.iter_mut().skip(first).find(fits);
            let sensitive = match known {
                Some(known) => known,
                None => {
                    to.push(Self::new(place, source));
                    let Some(last) = to.last_mut() else { continue };
                    last
                }
            };
            sensitive.models.push(model.clone());
            let at = Place { dataset, source };
            if let Some(tree) = tree.filter(|_| sensitive.source.is_none()) {
                let hierarchy = at.hierarchy(hierarchies, tree, Unknown::Error)?;
                let leaves = at.leaves(&hierarchy)?;
                let values = sensitive.numbers.values as usize;
                sensitive.numbers.above = above(&hierarchy, &leaves, &sensitive.map, values);
                sensitive.source = Some(tree.clone());
            }
            if let Model::TCloseness {
                distance: Distance::Ordered { order },
                ..
            } = model
            {
                sensitive.numbers.ranks = ranks(dataset, source, order, &sensitive.map)?;
            }
        }
        Ok(())
    }

    fn new(place: usize, source: &Source<'_>) -> Self {
        let (mut map, mut totals) = (Vec::new(), Vec::new());
        for rows in &source.counts {
            map.push(totals.len() as u32);
            if *rows > 0 {
                totals.push(*rows);
            }
        }
        Self {
            place,
            models: Vec::new(),
            source: None,
            map,
            numbers: recoding::Sensitive {
                values: totals.len() as u32,
                totals,
                ..recoding::Sensitive::default()
            },
        }
    }
}

/// The codes that occur, in order: the first of those that are mapped to the same.
fn occurring(map: &[u32], counts: &[u64]) -> impl Iterator<Item = usize> {
    map.iter()
        .zip(counts)
        .enumerate()
        .filter(|(_, (_, rows))| **rows > 0)
        .map(|(code, _)| code)
}

/// The code of each value on each level above it, up to one that has a single code. A missing value stands by itself below the root.
fn above(
    hierarchy: &Hierarchy,
    leaves: &[Option<u32>],
    map: &[u32],
    values: usize,
) -> Vec<Vec<u32>> {
    let mut levels = Vec::new();
    for level in 1..hierarchy.levels() {
        let (mut codes, mut seen) = (vec![0; values], HashMap::new());
        let single = hierarchy.values(level).len() == 1;
        for (leaf, place) in leaves.iter().zip(map) {
            let value = leaf.and_then(|leaf| hierarchy.above(level).get(leaf as usize));
            let value = value.copied().filter(|_| !single);
            let next = seen.len() as u32;
            let code = *seen.entry(value).or_insert(next);
            if let Some(slot) = codes.get_mut(*place as usize) {
                *slot = code;
            }
        }
        levels.push(codes);
        if single {
            break;
        }
    }
    let joined = |codes: &Vec<u32>| codes.iter().all(|code| codes.first() == Some(code));
    if !levels.last().is_some_and(joined) {
        levels.push(vec![0; values]);
    }
    levels
}

/// The place of each value that occurs. A missing value comes first.
fn ranks(
    dataset: &str,
    source: &Source<'_>,
    order: &[String],
    map: &[u32],
) -> Result<Vec<u32>, InputError> {
    let texts: Vec<Option<&str>> = source.dictionary.texts().collect();
    let codes: Vec<usize> = occurring(map, &source.counts).collect();
    let text = |code: &usize| texts.get(*code).copied().flatten();
    let mut sorted = codes.clone();
    if order.is_empty() {
        let number = |code: &usize| text(code).and_then(|text| text.parse::<f64>().ok());
        sorted.sort_by(|a, b| {
            let (x, y) = (number(a), number(b));
            x.partial_cmp(&y)
                .unwrap_or(std::cmp::Ordering::Equal)
                .then(a.cmp(b))
        });
    } else {
        let places: HashMap<&str, usize> = order.iter().map(String::as_str).zip(1..).collect();
        let absent = |code: &&usize| text(code).is_some_and(|text| !places.contains_key(text));
        let rows = |code: &usize| source.counts.get(*code).copied().unwrap_or_default();
        let absent: Vec<_> = codes
            .iter()
            .filter(absent)
            .take(LISTED)
            .filter_map(|code| Some((text(code)?.to_owned(), rows(code))))
            .collect();
        if !absent.is_empty() {
            return Err(InputError::NotInOrder {
                dataset: dataset.to_owned(),
                column: source.name.to_owned(),
                values: absent,
            });
        }
        sorted.sort_by_key(|code| text(code).and_then(|text| places.get(text).copied()));
    }
    let mut ranks = vec![0; codes.len()];
    for (code, rank) in sorted.iter().zip(0..) {
        let place = map.get(*code).copied().unwrap_or_default();
        if let Some(slot) = ranks.get_mut(place as usize) {
            *slot = rank;
        }
    }
    Ok(ranks)
}
