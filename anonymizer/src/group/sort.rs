//! Grouping by sorting.
//!
//! Rows are dealt out to buckets by the highest bits of their keys, and each bucket is sorted by itself, side by side.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use super::{CHUNK, Combinations, Groups, Kept, Packing, bits};
use crate::table::each;

/// Buckets are made out of this many of the highest bits.
const TOP_BITS: u32 = 12;

/// What is sorted: a key, with its row if that is asked for.
trait Element: Copy + Ord + Send + Sync {
    fn of(key: u64, row: usize, row_bits: u32) -> Self;
    fn key(self, row_bits: u32) -> u64;
    fn row(self, row_bits: u32) -> usize;
}

impl Element for u64 {
    fn of(key: u64, row: usize, row_bits: u32) -> Self {
        match row_bits {
            0 => key,
            bits => (key << bits) | row as u64,
        }
    }

    fn key(self, row_bits: u32) -> u64 {
        self >> row_bits
    }

    fn row(self, row_bits: u32) -> usize {
        (self & ((1 << row_bits) - 1)) as usize
    }
}

impl Element for (u64, u32) {
    fn of(key: u64, row: usize, _: u32) -> Self {
        (key, row as u32)
    }

    fn key(self, _: u32) -> u64 {
        self.0
    }

    fn row(self, _: u32) -> usize {
        self.1 as usize
    }
}

impl Packing<'_> {
    pub(super) fn sort(self, kept: Option<Kept<'_>>, numbered: bool) -> Groups {
        let row_bits = bits(self.rows);
        match numbered {
            false => self.sorted::<u64>(kept, None, 0),
            true if self.bits + row_bits <= 64 => {
                let of_row = numbers(self.rows);
                self.sorted::<u64>(kept, Some(of_row), row_bits)
            }
            true => {
                let of_row = numbers(self.rows);
                self.sorted::<(u64, u32)>(kept, Some(of_row), row_bits)
            }
        }
    }

    fn sorted<E: Element>(
        self,
        kept: Option<Kept<'_>>,
        of_row: Option<Vec<AtomicU32>>,
        row_bits: u32,
    ) -> Groups {
        let buckets = self.buckets::<E>(kept, row_bits);
        let grouped: Vec<_> = buckets
            .into_par_iter()
            .map(|mut bucket| {
                bucket.sort_unstable();
                let (mut keys, mut weights) = (Vec::new(), Vec::new());
                for run in bucket.chunk_by(|a, b| a.key(row_bits) == b.key(row_bits)) {
                    keys.extend(run.first().map(|element| element.key(row_bits)));
                    weights.push(run.len() as u32);
                }
                (keys, weights, of_row.is_some().then_some(bucket))
            })
            .collect();
        let mut start = 0_u32;
        let starts: Vec<u32> = grouped
            .iter()
            .map(|(keys, ..)| {
                let first = start;
                start += keys.len() as u32;
                first
            })
            .collect();
        if let Some(of_row) = &of_row {
            grouped
                .par_iter()
                .zip(&starts)
                .for_each(|((_, _, bucket), start)| {
                    let elements = bucket.as_deref().unwrap_or_default();
                    let runs = elements.chunk_by(|a, b| a.key(row_bits) == b.key(row_bits));
                    for (run, group) in runs.zip(*start..) {
                        for element in run {
                            if let Some(slot) = of_row.get(element.row(row_bits)) {
                                slot.store(group, Ordering::Relaxed);
                            }
                        }
                    }
                });
        }
        let (mut keys, mut weights) = (Vec::with_capacity(start as usize), Vec::new());
        weights.reserve(start as usize);
        for (more_keys, more_weights, _) in grouped {
            keys.extend(more_keys);
            weights.extend(more_weights);
        }
        Groups {
            combinations: Combinations::Packed {
                keys,
                layout: self.layout,
            },
            weights,
            of_row: of_row
                .map(|of_row| of_row.into_iter().map(AtomicU32::into_inner).collect())
                .unwrap_or_default(),
        }
    }

    /// The rows dealt out by the highest bits of their keys, in buckets of about the same size whose order is that of their keys.
    fn buckets<E: Element>(&self, kept: Option<Kept<'_>>, row_bits: u32) -> Vec<Vec<E>> {
        let shift = self.bits.saturating_sub(TOP_BITS);
        let chunks = self.rows.div_ceil(CHUNK);
        let counted: Vec<_> = (0..chunks)
            .into_par_iter()
            .map(|chunk| {
                let elements = self.chunk::<E>(chunk, kept, row_bits);
                let mut counts = vec![0_u32; 1 << TOP_BITS];
                for element in &elements {
                    let top = (element.key(row_bits) >> shift) as usize;
                    if let Some(count) = counts.get_mut(top) {
                        *count += 1;
                    }
                }
                (elements, counts)
            })
            .collect();
        let (bucket_of, buckets) = self.division(counted.iter().map(|(_, counts)| counts));
        let dealt: Vec<Vec<Vec<E>>> = counted
            .into_par_iter()
            .map(|(elements, counts)| {
                let mut sizes = vec![0_usize; buckets];
                for (count, bucket) in counts.iter().zip(&bucket_of) {
                    if let Some(size) = sizes.get_mut(*bucket as usize) {
                        *size += *count as usize;
                    }
                }
                let mut dealt: Vec<Vec<E>> = sizes.into_iter().map(Vec::with_capacity).collect();
                for element in elements {
                    let top = (element.key(row_bits) >> shift) as usize;
                    let bucket = bucket_of.get(top).copied().unwrap_or_default();
                    if let Some(bucket) = dealt.get_mut(bucket as usize) {
                        bucket.push(element);
                    }
                }
                dealt
            })
            .collect();
        (0..buckets)
            .into_par_iter()
            .map(|bucket| {
                let parts = dealt.iter().filter_map(|parts| parts.get(bucket));
                let mut whole = Vec::with_capacity(parts.clone().map(Vec::len).sum());
                parts.for_each(|part| whole.extend_from_slice(part));
                whole
            })
            .collect()
    }

    /// For each value of the highest bits its bucket, and the number of buckets.
    fn division<'c>(&self, counts: impl Iterator<Item = &'c Vec<u32>>) -> (Vec<u32>, usize) {
        let mut totals = vec![0_u64; 1 << TOP_BITS];
        for counts in counts {
            for (total, count) in totals.iter_mut().zip(counts) {
                *total += u64::from(*count);
            }
        }
        // Small enough to be sorted within a core's own memory.
        let size = (self.rows as u64 / 256).clamp(4_096, 65_536);
        let (mut bucket_of, mut bucket, mut filled) = (Vec::with_capacity(totals.len()), 0, 0);
        for total in totals {
            if filled > 0 && filled + total > size {
                bucket += 1;
                filled = 0;
            }
            bucket_of.push(bucket);
            filled += total;
        }
        (bucket_of, bucket as usize + 1)
    }

    fn chunk<E: Element>(&self, chunk: usize, kept: Option<Kept<'_>>, row_bits: u32) -> Vec<E> {
        let from = chunk * CHUNK;
        let to = (from + CHUNK).min(self.rows);
        let mut packed = vec![0_u64; to - from];
        for key in self.keys {
            let width = bits(key.cardinality);
            // A single column may take all 64 bits; then nothing stands before it.
            let shift = |packed: u64| packed.checked_shl(width).unwrap_or_default();
            each!(key.rows, values => {
                let values = values.get(from..to).unwrap_or_default();
                match key.map {
                    None => for (packed, value) in packed.iter_mut().zip(values) {
                        *packed = shift(*packed) | u64::from(*value);
                    },
                    Some(map) => for (packed, value) in packed.iter_mut().zip(values) {
                        let code = map.get(*value as usize).copied().unwrap_or_default();
                        *packed = shift(*packed) | u64::from(code);
                    },
                }
            });
        }
        let elements = packed
            .into_iter()
            .zip(from..)
            .map(|(key, row)| E::of(key, row, row_bits));
        match kept {
            None => elements.collect(),
            Some(kept) => each!(kept.rows, values => {
                let values = values.get(from..to).unwrap_or_default();
                elements
                    .zip(values)
                    .filter(|(_, value)| kept.flags.get(**value as usize).copied().unwrap_or_default())
                    .map(|(element, _)| element)
                    .collect()
            }),
        }
    }
}

fn numbers(rows: usize) -> Vec<AtomicU32> {
    (0..rows).map(|_| AtomicU32::new(0)).collect()
}
