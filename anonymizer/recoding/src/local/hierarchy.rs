//! The hierarchy of one attribute above its finest permitted level.

use super::scale::{FORBIDDEN, ONE};
use crate::Attribute;

pub(super) struct Tree {
    /// By level from the finest: for each code of the finest level the place among the children of the node above it.
    pub(super) places: Vec<Vec<u32>>,
    /// Bits that a place takes, by level.
    pub(super) widths: Vec<u32>,
    /// By level from the finest, `*` last: cost of a row above what the finest level costs, by code of the finest level.
    pub(super) costs: Vec<Vec<i64>>,
}

impl Tree {
    /// `share` is the attribute's part in the mean, 0 to 1.
    pub(super) fn new(attribute: &Attribute, share: f64) -> Self {
        let Some(finest) = attribute.levels.first() else {
            return Self {
                places: Vec::new(),
                widths: Vec::new(),
                costs: Vec::new(),
            };
        };
        let nodes = finest.leaves.len();
        let scale = share / (attribute.domain.max(2) - 1) as f64 * ONE as f64;
        // On each level the code of each finest code, and one code for all at the top.
        let mut above: Vec<Vec<u32>> = Vec::new();
        let mut costs = Vec::new();
        for level in &attribute.levels {
            let mut codes = vec![0; nodes];
            let mut cost = vec![0; nodes];
            for (value, code) in (0_u32..).zip(&level.codes) {
                let fine = finest.code(value) as usize;
                if let (Some(slot), Some(cost)) = (codes.get_mut(fine), cost.get_mut(fine)) {
                    *slot = *code;
                    let more = level.leaves(value).saturating_sub(finest.leaves(value));
                    *cost = (more as f64 * scale).round() as i64;
                }
            }
            above.push(codes);
            costs.push(cost);
        }
        above.push(vec![0; nodes]);
        costs.push(top(attribute, &finest.leaves, scale));
        let (places, widths) = above
            .windows(2)
            .filter_map(|pair| match pair {
                [fine, coarse] => Some(children(fine, coarse)),
                _ => None,
            })
            .unzip();
        Self {
            places,
            widths,
            costs,
        }
    }

    pub(super) fn width(&self) -> u32 {
        self.widths.iter().sum()
    }
}

/// Cost of a row where not even the last level joins a class.
fn top(attribute: &Attribute, leaves: &[u64], scale: f64) -> Vec<i64> {
    leaves
        .iter()
        .map(|own| {
            if attribute.suppressible {
                (attribute.domain.saturating_sub(*own) as f64 * scale).round() as i64
            } else {
                FORBIDDEN
            }
        })
        .collect()
}

/// For each finest code its place among the codes that share the coarser code, and the bits which the highest place takes.
fn children(fine: &[u32], coarse: &[u32]) -> (Vec<u32>, u32) {
    let mut pairs: Vec<_> = coarse.iter().zip(fine).map(|(c, f)| (*c, *f)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut place_of = vec![0; fine.iter().max().map_or(0, |most| *most as usize + 1)];
    let (mut parent, mut place, mut highest) = (None, 0, 0_u32);
    for (coarse, fine) in pairs {
        place = if parent == Some(coarse) { place + 1 } else { 0 };
        parent = Some(coarse);
        highest = highest.max(place);
        if let Some(slot) = place_of.get_mut(fine as usize) {
            *slot = place;
        }
    }
    let places = fine
        .iter()
        .map(|code| place_of.get(*code as usize).copied().unwrap_or_default())
        .collect();
    (places, u32::BITS - highest.leading_zeros())
}
