//! The models of one sensitive attribute.

use super::closeness::Closeness;
use super::{Class, Counts, Scratch, TOLERANCE, most_covered};

/// Everything asked of one sensitive attribute.
#[derive(Clone, Debug)]
pub(super) struct AttributeModels {
    /// Its slots.
    pub offset: usize,
    pub values: usize,
    /// Different values, at least.
    pub distinct: u32,
    /// The natural logarithm of l, if entropy is asked for.
    pub entropy: Option<f64>,
    /// c and l.
    pub recursive: Vec<(f64, u32)>,
    pub closeness: Vec<Closeness>,
    /// By value the least and the largest share it may have of a class in which it occurs; rounding is allowed for.
    pub bounds: Option<Vec<(f64, f64)>>,
}

/// The counts of one attribute in one class.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    Dense(&'a [u32]),
    Sparse {
        entries: &'a [(u32, u32)],
        offset: usize,
    },
}

impl<'a> Part<'a> {
    fn of(counts: Counts<'a>, offset: usize, values: usize) -> Self {
        match counts {
            Counts::Dense(slots) => {
                Self::Dense(slots.get(offset..offset + values).unwrap_or_default())
            }
            Counts::Sparse(entries) => {
                let first = entries.partition_point(|(slot, _)| (*slot as usize) < offset);
                let last = entries.partition_point(|(slot, _)| (*slot as usize) < offset + values);
                Self::Sparse {
                    entries: entries.get(first..last).unwrap_or_default(),
                    offset,
                }
            }
        }
    }

    /// Each count of a value that occurs, with the entry of the value in a table.
    #[inline]
    pub fn each<T: Copy>(self, table: &[T], mut what: impl FnMut(u32, T)) {
        match self {
            Self::Dense(counts) => {
                for (count, entry) in counts.iter().zip(table) {
                    if *count > 0 {
                        what(*count, *entry);
                    }
                }
            }
            Self::Sparse { entries, offset } => {
                for (slot, count) in entries {
                    if let Some(entry) = table.get(*slot as usize - offset)
                        && *count > 0
                    {
                        what(*count, *entry);
                    }
                }
            }
        }
    }

    /// Each count that is not 0.
    #[inline]
    pub fn each_count(self, mut what: impl FnMut(u32)) {
        match self {
            Self::Dense(counts) => counts.iter().filter(|c| **c > 0).for_each(|c| what(*c)),
            Self::Sparse { entries, .. } => entries
                .iter()
                .filter(|(_, c)| *c > 0)
                .for_each(|(_, c)| what(*c)),
        }
    }

    fn distinct(self) -> u32 {
        match self {
            Self::Dense(counts) => counts.iter().map(|count| u32::from(*count > 0)).sum(),
            Self::Sparse { entries, .. } => entries.iter().map(|(_, c)| u32::from(*c > 0)).sum(),
        }
    }
}

impl AttributeModels {
    fn part<'a>(&self, class: &Class<'a>) -> Part<'a> {
        Part::of(class.counts, self.offset, self.values)
    }

    pub(super) fn admit(&self, class: &Class<'_>, scratch: &mut Scratch) -> bool {
        let (part, rows) = (self.part(class), class.rows as f64);
        if self.distinct > 1 && part.distinct() < self.distinct {
            return false;
        }
        if let Some(bounds) = &self.bounds
            && !within(part, bounds, rows)
        {
            return false;
        }
        if let Some(least) = self.entropy
            && entropy(part, rows) < least - TOLERANCE
        {
            return false;
        }
        self.recursive
            .iter()
            .all(|(c, l)| recursive(part, *c, *l, class.rows, scratch))
            && self
                .closeness
                .iter()
                .all(|closeness| closeness.admits(part, rows, scratch))
    }

    /// A bound from above of the rows of a class that classes within it can release.
    pub(super) fn most_released(&self, class: &Class<'_>, scratch: &mut Scratch) -> f64 {
        let (part, rows) = (self.part(class), class.rows as f64);
        if self.distinct > 1 && part.distinct() < self.distinct {
            return 0.0;
        }
        let mut most = rows;
        if let Some(bounds) = &self.bounds {
            scratch.pairs.clear();
            let pairs = &mut scratch.pairs;
            part.each(bounds, |count, (_, upper)| {
                pairs.push((f64::from(count), upper));
            });
            most = most.min(most_covered(&scratch.pairs, 1.0, rows));
        }
        if let Some(least) = self.entropy {
            most = most.min(most_even(part, rows, least));
        }
        for (c, l) in &self.recursive {
            let (tail, _) = tail(part, *l, class.rows, scratch);
            // No value can keep more than c times a tail that only shrinks.
            let cap = c * tail as f64;
            let mut kept = 0.0;
            part.each_count(|count| kept += f64::from(count).min(cap));
            most = most.min(kept);
        }
        for closeness in &self.closeness {
            most = most.min(closeness.most_released(part, rows, scratch));
        }
        most
    }
}

fn within(part: Part<'_>, bounds: &[(f64, f64)], rows: f64) -> bool {
    let mut inside = true;
    part.each(bounds, |count, (lower, upper)| {
        let count = f64::from(count);
        inside &= count >= lower * rows && count <= upper * rows;
    });
    inside
}

/// Shannon's entropy in nats.
fn entropy(part: Part<'_>, rows: f64) -> f64 {
    let mut sum = 0.0;
    part.each_count(|count| {
        let count = f64::from(count);
        sum += count * count.ln();
    });
    rows.ln() - sum / rows
}

/// Rows that can stay for the entropy to reach `least`, a bound from above. Of all ways to take rows away, cutting the largest
/// counts down to one height leaves the most even class, and the lower the height the more even; the height is found by halving.
fn most_even(part: Part<'_>, rows: f64, least: f64) -> f64 {
    if entropy(part, rows) >= least - TOLERANCE {
        return rows;
    }
    let (mut low, mut high) = (0.0, 0.0_f64);
    part.each_count(|count| high = high.max(f64::from(count)));
    let cut = |height: f64| {
        let (mut total, mut sum) = (0.0, 0.0);
        part.each_count(|count| {
            let count = f64::from(count).min(height);
            total += count;
            sum += count * count.ln();
        });
        (total, f64::ln(total) - sum / total)
    };
    if cut(1.0).1 < least - 2.0 * TOLERANCE {
        return 0.0;
    }
    for _ in 0..8 {
        let middle = f64::midpoint(low, high);
        if cut(middle).1 < least - 2.0 * TOLERANCE {
            high = middle;
        } else {
            low = middle;
        }
    }
    cut(high).0
}

/// The sum of the `l`-th largest and all smaller counts, and the largest count.
fn tail(part: Part<'_>, l: u32, rows: u64, scratch: &mut Scratch) -> (u64, u32) {
    let top = &mut scratch.top;
    top.clear();
    let kept = (l as usize).saturating_sub(1);
    let mut largest = 0;
    part.each_count(|count| {
        largest = largest.max(count);
        if top.len() < kept || top.last().is_some_and(|least| count > *least) {
            let place = top.partition_point(|other| *other >= count);
            top.truncate(kept.saturating_sub(1).max(place));
            top.insert(place, count);
        }
    });
    let above: u64 = top.iter().map(|count| u64::from(*count)).sum();
    (rows.saturating_sub(above), largest)
}

fn recursive(part: Part<'_>, c: f64, l: u32, rows: u64, scratch: &mut Scratch) -> bool {
    let (tail, largest) = tail(part, l, rows, scratch);
    f64::from(largest) < c * tail as f64 * (1.0 - TOLERANCE)
}
