//! What generalization and suppression cost.
//!
//! Metrics by attribute (Loss, precision, non-uniform entropy) are sums over rows of whole numbers: a cost for each value on each
//! level, which never falls as levels rise, and the full cost for a suppressed row. So sums do not depend on the order in which they
//! are taken, and what a node costs without any suppression is a bound from below for it. Metrics by class (discernibility,
//! average class size) have a bound of their own.

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::problem::{Attribute, Problem};

/// What is to be least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// ARX's Loss: the mean share of the domain's leaves under the released values, scaled to 0 (unchanged) to 1 (suppressed), by
    /// attribute.
    #[default]
    Loss,
    /// The sum of squared sizes of the classes released, and for each suppressed row the rows of the table (Bayardo and Agrawal 2005).
    Discernibility,
    /// Rows of the table by class, suppressed rows being one class (LeFevre et al. 2006, without the division by k).
    AverageClassSize,
    /// The information lost when a value is replaced by all values under its generalization as often as they occur, scaled to 0
    /// (unchanged) to 1 (suppressed), by attribute (De Waal and Willenborg 1999; Gionis and Tassa 2009).
    NonUniformEntropy,
    /// The part of the permitted levels climbed, by attribute; 1 for a suppressed row (Sweeney 2002: 1 - Prec).
    Precision,
}

/// How the losses of attributes become one score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregate {
    /// prod(loss + 1)^(1/n) - 1, weights as exponents.
    #[default]
    Geometric,
    /// The mean, weighted.
    Arithmetic,
}

/// What is wrong with a metric for a problem.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum MetricError {
    /// A weight that is no weight.
    #[error("the weight of attribute {attribute} is {weight}; it must be a number from 0")]
    Weight {
        /// The place of the attribute.
        attribute: usize,
        /// Its weight.
        weight: f64,
    },
    /// All weights are 0.
    #[error("all weights of attributes are 0: at least one must be above")]
    NoWeight,
    /// Sums would not fit.
    #[error(
        "attribute {attribute} has {domain} leaves; the metric sums at most {max} for each row"
    )]
    Domain {
        /// The place of the attribute.
        attribute: usize,
        /// Its leaves.
        domain: u64,
        /// The most there may be.
        max: u64,
    },
}

/// Costs of one attribute.
#[derive(Clone, Debug, Default)]
struct Costs {
    /// By level and code: what suppressing a row with this value adds.
    spare: Vec<Vec<u64>>,
    /// By level, the sum over all rows.
    sums: Vec<u64>,
    /// The loss by level without suppression.
    losses: Vec<f64>,
    /// By level and code, the rows.
    counts: Vec<Vec<u64>>,
    /// The sum at which the loss is 0, and by how much it rises to 1.
    least: u64,
    range: u64,
    weight: f64,
}

/// A metric made ready for a problem.
#[derive(Clone, Debug)]
pub struct Measure {
    metric: Metric,
    aggregate: Aggregate,
    rows: u64,
    costs: Vec<Costs>,
    /// Different values by attribute and level.
    cells: Vec<Vec<f64>>,
    /// Their entropy in nats.
    spread: Vec<Vec<f64>>,
    total_weight: f64,
    even: bool,
}

/// What the metrics by class look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassSums {
    /// The sum of squared sizes of the classes released.
    pub squares: u128,
    /// Classes released.
    pub classes: u64,
    /// Rows suppressed.
    pub suppressed: u64,
}

/// Binary digits after the point of an information.
const FRACTION: f64 = (1_u64 << 24) as f64;

impl Measure {
    /// Makes a metric ready for a problem, which has passed [`Problem::check`].
    ///
    /// # Errors
    /// A weight that is negative or no number, no weight at all, or a domain too large for exact sums.
    pub fn new(
        problem: &Problem,
        metric: Metric,
        aggregate: Aggregate,
    ) -> Result<Self, MetricError> {
        Self::of_counts(problem, &histograms(problem), metric, aggregate)
    }

    /// As [`Self::new`], of a problem whose [`histograms`] are known.
    pub(crate) fn of_counts(
        problem: &Problem,
        counts: &[Vec<u64>],
        metric: Metric,
        aggregate: Aggregate,
    ) -> Result<Self, MetricError> {
        const MAX: u64 = 1 << 32;
        let weights: Vec<f64> = problem.attributes.iter().map(|a| a.weight).collect();
        for (attribute, (weight, domain)) in weights
            .iter()
            .zip(problem.attributes.iter().map(|a| a.domain))
            .enumerate()
        {
            if !(weight.is_finite() && *weight >= 0.0) {
                return Err(MetricError::Weight {
                    attribute,
                    weight: *weight,
                });
            }
            if domain > MAX {
                return Err(MetricError::Domain {
                    attribute,
                    domain,
                    max: MAX,
                });
            }
        }
        let total_weight: f64 = weights.iter().sum();
        if total_weight <= 0.0 && !weights.is_empty() {
            return Err(MetricError::NoWeight);
        }
        let rows = problem.rows();
        let costs = problem
            .attributes
            .iter()
            .zip(counts)
            .map(|(attribute, counts)| {
                let costs = Costs::new(attribute, counts, metric, rows);
                let levels = costs.counts.iter().map(|counts| spread(counts, rows));
                let spread: (Vec<f64>, Vec<f64>) = levels.unzip();
                (costs, spread)
            });
        let (costs, (cells, spread)): (Vec<_>, (Vec<_>, Vec<_>)) = costs.unzip();
        let first = weights.first().copied().unwrap_or(1.0);
        Ok(Self {
            metric,
            aggregate,
            rows,
            costs,
            cells,
            spread,
            total_weight,
            even: weights.iter().all(|weight| *weight == first),
        })
    }

    /// Whether the metric is a sum over rows by attribute.
    #[must_use]
    pub fn by_attribute(&self) -> bool {
        !matches!(
            self.metric,
            Metric::Discernibility | Metric::AverageClassSize
        )
    }

    /// By code on a level, what suppressing a row with this value adds to the sum of its attribute. For a metric by class, that of
    /// Loss.
    #[must_use]
    pub fn spare(&self, attribute: usize, level: usize) -> &[u64] {
        let costs = self.costs.get(attribute);
        costs
            .and_then(|costs| costs.spare.get(level))
            .map_or(&[], Vec::as_slice)
    }

    /// The loss of an attribute on a level, to whose sum suppressed rows have added.
    #[must_use]
    pub fn loss(&self, attribute: usize, level: usize, added: u64) -> f64 {
        let Some(costs) = self.costs.get(attribute) else {
            return 0.0;
        };
        if added == 0 {
            return costs.losses.get(level).copied().unwrap_or_default();
        }
        costs.loss(costs.sums.get(level).copied().unwrap_or_default() + added)
    }

    /// What solutions are compared by, from the losses of the attributes in turn. It rises and falls with [`Self::score`], without a
    /// root that would only add rounding.
    pub fn rank(&self, losses: impl Iterator<Item = f64>) -> f64 {
        let costs = self.costs.iter().zip(losses);
        match self.aggregate {
            Aggregate::Geometric if self.even => {
                costs.fold(1.0, |product, (_, loss)| product * (loss + 1.0))
            }
            Aggregate::Geometric => costs.map(|(costs, loss)| costs.weight * loss.ln_1p()).sum(),
            Aggregate::Arithmetic => costs.map(|(costs, loss)| costs.weight * loss).sum(),
        }
    }

    /// The score that belongs to a rank.
    #[must_use]
    pub fn score(&self, rank: f64) -> f64 {
        if !self.by_attribute() {
            return rank;
        }
        if self.costs.is_empty() {
            return 0.0;
        }
        match self.aggregate {
            Aggregate::Geometric if self.even => rank.powf(1.0 / self.costs.len() as f64) - 1.0,
            Aggregate::Geometric => (rank / self.total_weight).exp_m1(),
            Aggregate::Arithmetic => rank / self.total_weight,
        }
    }

    /// The rank by a metric by class.
    #[must_use]
    pub fn rank_classes(&self, sums: &ClassSums) -> f64 {
        if self.metric == Metric::AverageClassSize {
            let classes = sums.classes + u64::from(sums.suppressed > 0);
            return self.rows as f64 / classes.max(1) as f64;
        }
        let suppressed = u128::from(sums.suppressed) * u128::from(self.rows);
        (sums.squares + suppressed) as f64
    }

    /// A bound from below of [`Self::rank_classes`] at levels where classes have at least `min_rows` rows and at least `suppressed` rows
    /// are suppressed: there are no more classes than combinations of values.
    pub fn bound_classes(
        &self,
        levels: impl Iterator<Item = usize>,
        min_rows: u64,
        suppressed: u64,
    ) -> f64 {
        let at = |(cells, level): (&Vec<f64>, usize)| cells.get(level).copied().unwrap_or(1.0);
        let cells: f64 = self.cells.iter().zip(levels).map(at).product();
        let rows = self.rows as f64;
        let bound = if self.metric == Metric::AverageClassSize {
            rows / cells.min(rows / min_rows.max(1) as f64 + 1.0)
        } else if cells < 2.0 {
            rows * rows * 0.75
        } else {
            // Falling in the rows released from two combinations on.
            let released = rows - suppressed as f64;
            rows * suppressed as f64 + released * released / cells
        };
        bound * (1.0 - 1e-12)
    }

    /// The entropy of an attribute on a level, in nats: how much it divides classes.
    #[must_use]
    pub fn spread(&self, attribute: usize, level: usize) -> f64 {
        let spread = self.spread.get(attribute);
        spread
            .and_then(|spread| spread.get(level))
            .copied()
            .unwrap_or_default()
    }
}

/// How many of the counts are not 0, and their entropy.
fn spread(counts: &[u64], rows: u64) -> (f64, f64) {
    let (mut number, mut sum) = (0.0, 0.0);
    for count in counts.iter().filter(|count| **count > 0) {
        let share = *count as f64 / rows as f64;
        number += 1.0;
        sum -= share * share.ln();
    }
    (number, sum)
}

impl Costs {
    fn new(attribute: &Attribute, counts: &[u64], metric: Metric, rows: u64) -> Self {
        let last = attribute.levels.len().saturating_sub(1) as u64;
        let (full, least) = match metric {
            Metric::Loss | Metric::Discernibility | Metric::AverageClassSize => {
                (attribute.domain, rows)
            }
            Metric::Precision => (last, 0),
            Metric::NonUniformEntropy => {
                let known = counts.iter().map(|count| count * information(*count));
                (information(rows), known.sum())
            }
        };
        let (mut spare, mut sums, mut rows_by_code) = (Vec::new(), Vec::new(), Vec::new());
        for (place, level) in attribute.levels.iter().enumerate() {
            let mut by_code = vec![0; level.leaves.len()];
            for (code, count) in level.codes.iter().zip(counts) {
                if let Some(slot) = by_code.get_mut(*code as usize) {
                    *slot += count;
                }
            }
            let costs = level.leaves.iter().zip(&by_code).map(|(leaves, count)| {
                let cost = match metric {
                    Metric::NonUniformEntropy => information(*count),
                    Metric::Precision => place as u64,
                    _ => *leaves,
                };
                cost.min(full)
            });
            let costs: Vec<u64> = costs.collect();
            sums.push(costs.iter().zip(&by_code).map(|(c, n)| c * n).sum());
            spare.push(costs.iter().map(|cost| full - cost).collect());
            rows_by_code.push(by_code);
        }
        let range = (rows * full).saturating_sub(least);
        let mut costs = Self {
            spare,
            sums,
            losses: Vec::new(),
            counts: rows_by_code,
            least,
            range,
            weight: attribute.weight,
        };
        costs.losses = costs.sums.iter().map(|sum| costs.loss(*sum)).collect();
        costs
    }

    /// A domain of one value has nothing to lose.
    fn loss(&self, sum: u64) -> f64 {
        match self.range {
            0 => 0.0,
            range => sum.saturating_sub(self.least) as f64 / range as f64,
        }
    }
}

/// log2, as a whole number of 2^-24.
fn information(count: u64) -> u64 {
    match count {
        0 => 0,
        count => ((count as f64).log2() * FRACTION).round() as u64,
    }
}

/// The rows with each value of each attribute.
pub(crate) fn histograms(problem: &Problem) -> Vec<Vec<u64>> {
    let columns = problem.attributes.par_iter().zip(&problem.records.quasi);
    let weights = &problem.records.weights;
    columns
        .map(|(attribute, codes)| histogram(codes, weights, attribute.values()))
        .collect()
}

/// Like codes often stand together, and adding to the count just written would wait for it: neighbours are counted apart.
fn histogram(codes: &[u32], weights: &[u32], values: usize) -> Vec<u64> {
    const LANES: usize = 4;
    if values > codes.len() {
        return counted::<1>(codes, weights, values);
    }
    counted::<LANES>(codes, weights, values)
}

fn counted<const LANES: usize>(codes: &[u32], weights: &[u32], values: usize) -> Vec<u64> {
    let mut lanes = vec![[0_u64; LANES]; values];
    for (codes, weights) in codes.chunks(LANES).zip(weights.chunks(LANES)) {
        for (lane, (code, weight)) in codes.iter().zip(weights).enumerate() {
            let count = lanes.get_mut(*code as usize);
            if let Some(count) = count.and_then(|lanes| lanes.get_mut(lane)) {
                *count += u64::from(*weight);
            }
        }
    }
    lanes.iter().map(|lanes| lanes.iter().sum()).collect()
}
