//! t-closeness (Li, Li and Venkatasubramanian 2007).
//!
//! All three distances are those of a tree, and there the earth mover's distance is the mean, over a family of partitions of the
//! values, of half the sum over blocks of |p - q|: for the equal distance the one partition into single values, for the
//! hierarchical one the partition of each level below the root, for the ordered one the cuts between neighbours. Li's formula
//! for the hierarchical distance, the sum over inner nodes of height * min(positive extra, negative extra), gives the same.
//!
//! ARX 3.9 takes the hierarchical distance in integers of 32 bits, which overflow once rows of the table times rows of a class pass 2^31: it
//! then lets classes pass that are far beyond t. Here products are exact up to 2^53 and rounded beyond.

use super::attribute::Part;
use super::{Scratch, TOLERANCE, most_covered};

#[derive(Clone, Debug)]
pub(super) struct Closeness {
    pub t: f64,
    /// Rows of the table.
    pub rows: f64,
    /// Rows of the table by value.
    pub totals: Vec<f64>,
    pub shape: Shape,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Equal,
    /// The partition of each level from the first above the values to the last below the root: the block of each value, and
    /// rows of the table by block.
    Hierarchical(Vec<(Vec<u32>, Vec<f64>)>),
    /// The place of each value, and rows of the table by place.
    Ordered(Vec<u32>, Vec<f64>),
}

impl Closeness {
    /// Partitions over which the mean is taken.
    fn partitions(&self) -> f64 {
        match &self.shape {
            Shape::Equal => 1.0,
            Shape::Hierarchical(levels) => 1.0 + levels.len() as f64,
            Shape::Ordered(places, _) => places.len().saturating_sub(1).max(1) as f64,
        }
    }

    /// The distance times rows of the table, rows of the class and partitions: whole numbers, exact up to 2^53.
    fn moved(&self, part: Part<'_>, rows: f64, scratch: &mut Scratch) -> f64 {
        let mut moved = 0.0;
        match &self.shape {
            Shape::Equal => self.moved_values(part, rows, &mut moved),
            Shape::Hierarchical(levels) => {
                self.moved_values(part, rows, &mut moved);
                for (blocks, totals) in levels {
                    sum_blocks(part, blocks, totals.len(), &mut scratch.blocks);
                    for (count, total) in scratch.blocks.iter().zip(totals) {
                        moved += (count * self.rows - total * rows).max(0.0);
                    }
                }
            }
            Shape::Ordered(places, totals) => {
                sum_blocks(part, places, totals.len(), &mut scratch.blocks);
                let mut ahead = 0.0_f64;
                for (count, total) in scratch.blocks.iter().zip(totals) {
                    ahead += count * self.rows - total * rows;
                    moved += ahead.abs();
                }
            }
        }
        moved
    }

    /// Of |p - q| the halves above and below 0 are equal, and the half above needs only values that occur.
    fn moved_values(&self, part: Part<'_>, rows: f64, moved: &mut f64) {
        match part {
            Part::Dense(counts) => {
                for (count, total) in counts.iter().zip(&self.totals) {
                    *moved += (f64::from(*count) * self.rows - total * rows).max(0.0);
                }
            }
            Part::Sparse { .. } => part.each(&self.totals, |count, total| {
                *moved += (f64::from(count) * self.rows - total * rows).max(0.0);
            }),
        }
    }

    pub(super) fn admits(&self, part: Part<'_>, rows: f64, scratch: &mut Scratch) -> bool {
        let moved = self.moved(part, rows, scratch);
        moved <= (self.t + TOLERANCE) * self.partitions() * rows * self.rows
    }

    /// A bound from above of the rows of a class that can stay: what is common to class and table, over all partitions, must be
    /// 1 - t of them.
    pub(super) fn most_released(&self, part: Part<'_>, rows: f64, scratch: &mut Scratch) -> f64 {
        let Scratch { blocks, pairs, .. } = scratch;
        pairs.clear();
        let share = |total: f64| total / self.rows;
        if !matches!(self.shape, Shape::Ordered(..)) {
            part.each(&self.totals, |count, total| {
                pairs.push((f64::from(count), share(total)));
            });
        }
        match &self.shape {
            Shape::Equal => {}
            Shape::Hierarchical(levels) => {
                for (places, totals) in levels {
                    sum_blocks(part, places, totals.len(), blocks);
                    let level = blocks.iter().zip(totals);
                    pairs.extend(level.map(|(count, total)| (*count, share(*total))));
                }
            }
            Shape::Ordered(places, totals) => {
                sum_blocks(part, places, totals.len(), blocks);
                let (mut before, mut total_before) = (0.0, 0.0);
                let cuts = totals.len().saturating_sub(1);
                for (count, total) in blocks.iter().zip(totals).take(cuts) {
                    before += count;
                    total_before += total;
                    pairs.push((before, share(total_before)));
                    pairs.push((rows - before, share(self.rows - total_before)));
                }
            }
        }
        let need = (1.0 - self.t) * self.partitions();
        if pairs.is_empty() {
            return rows;
        }
        most_covered(pairs, need, rows)
    }
}

fn sum_blocks(part: Part<'_>, blocks: &[u32], number: usize, sums: &mut Vec<f64>) {
    sums.clear();
    sums.resize(number, 0.0);
    part.each(blocks, |count, block| {
        if let Some(sum) = sums.get_mut(block as usize) {
            *sum += f64::from(count);
        }
    });
}
