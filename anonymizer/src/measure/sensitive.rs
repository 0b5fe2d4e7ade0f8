//! What is known beforehand of a sensitive column, from its values.

use std::collections::HashMap;

use super::models::{Prior, Tree};
use super::subject::Sensitive;
use crate::hierarchy::{Hierarchies, HierarchyError, resolve};
use crate::profile::{Distance, HierarchySource, Model, Unknown};

/// From the values of a column by code, a missing one as `None`, and the rows of the whole table with each.
pub(crate) fn sensitive<'a>(
    column: &'a str,
    models: &'a [Model],
    values: &[Option<&str>],
    counts: Vec<u64>,
    hierarchies: &Hierarchies,
) -> Result<Sensitive<'a>, HierarchyError> {
    let trees = models.iter().map(|model| match model {
        Model::TCloseness {
            distance: Distance::Hierarchical { hierarchy },
            ..
        } => tree(column, hierarchy, values, hierarchies),
        _ => Ok(None),
    });
    Ok(Sensitive {
        column,
        models,
        prior: Prior::new(counts),
        places: places(models, values),
        trees: trees.collect::<Result<_, _>>()?,
    })
}

/// The tree over the values. What the hierarchy does not have, such as the missing value, stands alone under the root.
fn tree(
    column: &str,
    source: &HierarchySource,
    values: &[Option<&str>],
    hierarchies: &Hierarchies,
) -> Result<Option<Tree>, HierarchyError> {
    let some: Vec<&str> = values.iter().flatten().copied().collect();
    let found = resolve(source, Unknown::Error, column, hierarchies, some)?;
    let Some(hierarchy) = found else {
        return Ok(None);
    };
    let mut levels = Vec::new();
    for level in 1..hierarchy.levels() {
        let count = hierarchy.values(level).len() as u32;
        let mut alone = count;
        let above = values.iter().map(|value| {
            let leaf = value.and_then(|value| hierarchy.leaf(value));
            let node = leaf.and_then(|leaf| hierarchy.above(level).get(leaf as usize));
            node.copied().unwrap_or_else(|| {
                alone += 1;
                if count == 1 { 0 } else { alone - 1 }
            })
        });
        levels.push(above.collect());
        if count == 1 {
            break;
        }
    }
    Ok(Some(Tree::new(levels)))
}

/// The place of each value: in the order that a model names, or as numbers. A missing value comes first, a value without a place last.
fn places(models: &[Model], values: &[Option<&str>]) -> Option<Vec<u32>> {
    let named = models.iter().find_map(|model| match model {
        Model::TCloseness {
            distance: Distance::Ordered { order },
            ..
        } if !order.is_empty() => Some(order),
        _ => None,
    });
    let mut codes: Vec<usize> = (0..values.len()).collect();
    let value = |code: &usize| values.get(*code).copied().flatten();
    match named {
        Some(order) => {
            let known: HashMap<&str, usize> = order.iter().map(String::as_str).zip(0..).collect();
            let place = |text: &str| known.get(text).copied().unwrap_or(usize::MAX);
            codes.sort_by_key(|code| value(code).map(place));
        }
        None => {
            let number = |text: &str| text.trim().parse::<f64>().ok();
            if values.iter().flatten().any(|text| number(text).is_none()) {
                return None;
            }
            let number = |code: &usize| value(code).and_then(number).unwrap_or(f64::NEG_INFINITY);
            codes.sort_by(|a, b| number(a).total_cmp(&number(b)));
        }
    }
    let mut places = vec![0; values.len()];
    for (code, place) in codes.into_iter().zip(0..) {
        if let Some(slot) = places.get_mut(code) {
            *slot = place;
        }
    }
    Some(places)
}
