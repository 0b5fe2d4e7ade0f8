//! ARX's Loss metric: how much of the domain a released value could stand for, on average over rows.

use super::group::Tuples;
use crate::input::Attribute;

/// The loss of one attribute from the sum over all rows of the leaves under the released value, where a suppressed row counts
/// all |D| leaves: the mean share, moved and scaled so that unchanged values give 0 and suppressed ones 1.
///
/// A domain of one value has nothing to lose.
pub(super) fn attribute_loss(leaves: u64, rows: u64, domain: u64) -> f64 {
    if domain <= 1 || rows == 0 {
        return 0.0;
    }
    let above = leaves.saturating_sub(rows) as f64;
    above / (rows as f64 * (domain - 1) as f64)
}

/// The product of (loss + 1), by which solutions are compared: the score without its root, which would only add rounding.
pub(super) fn product(losses: impl Iterator<Item = f64>) -> f64 {
    losses.fold(1.0, |product, loss| product * (loss + 1.0))
}

/// The geometric score: the n-th root of the product, less 1. No attributes, no loss.
pub(super) fn geometric(losses: &[f64]) -> f64 {
    if losses.is_empty() {
        return 0.0;
    }
    product(losses.iter().copied()).powf(1.0 / losses.len() as f64) - 1.0
}

/// The arithmetic score: the mean. No attributes, no loss.
pub(super) fn arithmetic(losses: &[f64]) -> f64 {
    if losses.is_empty() {
        0.0
    } else {
        losses.iter().sum::<f64>() / losses.len() as f64
    }
}

/// For each attribute and each of its permitted levels, the sum over all rows of the leaves under the value.
pub(super) fn unsuppressed(attributes: &[Attribute], tuples: &Tuples) -> Vec<Vec<u64>> {
    let sum = |codes: &[u32], leaves: &[u64]| {
        let leaves_of = |code: &u32| leaves.get(*code as usize).copied().unwrap_or_default();
        codes
            .iter()
            .zip(&tuples.weights)
            .map(|(code, weight)| weight * leaves_of(code))
            .sum()
    };
    let attributes = attributes.iter().zip(&tuples.codes);
    attributes
        .map(|(a, codes)| {
            a.levels
                .iter()
                .map(|level| sum(codes, &level.leaves))
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchanged_loses_nothing_and_suppressed_everything() {
        assert_eq!(attribute_loss(30, 30, 7), 0.0);
        assert_eq!(attribute_loss(30 * 7, 30, 7), 1.0);
        assert_eq!(attribute_loss(30, 30, 1), 0.0);
        assert_eq!(geometric(&[1.0, 1.0]), 1.0);
        assert_eq!(geometric(&[]), 0.0);
        assert_eq!(arithmetic(&[0.5, 0.0]), 0.25);
    }
}
