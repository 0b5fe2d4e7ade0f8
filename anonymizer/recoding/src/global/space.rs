//! Records as packed keys, and how keys change from level to level.

use std::sync::{Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use super::table::Buffers;
use crate::problem::{Attribute, Level, Problem};

/// The codes of a combination of values, each attribute in its own bits.
pub(super) type Key<const N: usize> = [u64; N];

/// Where an attribute stands in a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub word: usize,
    pub shift: u32,
    pub mask: u64,
}

impl Field {
    #[inline]
    pub fn get<const N: usize>(self, key: &Key<N>) -> usize {
        let word = key.get(self.word).copied().unwrap_or_default();
        ((word >> self.shift) & self.mask) as usize
    }
}

/// The values of an attribute that occur, and their codes on each level, numbered without gaps.
pub(super) struct Dense {
    /// By value its number, where it occurs.
    numbers: Vec<u32>,
    levels: Vec<DenseLevel>,
}

struct DenseLevel {
    /// By the number of a value, its code.
    codes: Vec<u32>,
    /// By code, that of the problem.
    original: Vec<u32>,
}

impl Dense {
    fn new(attribute: &Attribute, columns: &[&Vec<u32>]) -> Self {
        let mut occurs = vec![false; attribute.values()];
        for value in columns.iter().copied().flatten() {
            if let Some(slot) = occurs.get_mut(*value as usize) {
                *slot = true;
            }
        }
        let mut next = 0;
        let numbers = occurs.iter().map(|occurs| {
            let number = next;
            next += u32::from(*occurs);
            number
        });
        let numbers = numbers.collect();
        let level = |level: &Level| {
            let mut known = vec![u32::MAX; level.leaves.len()];
            let mut original = Vec::new();
            let values = level
                .codes
                .iter()
                .zip(&occurs)
                .filter(|(_, occurs)| **occurs);
            let codes = values.map(|(code, _)| {
                let Some(slot) = known.get_mut(*code as usize) else {
                    return 0;
                };
                if *slot == u32::MAX {
                    *slot = original.len() as u32;
                    original.push(*code);
                }
                *slot
            });
            let codes = codes.collect();
            DenseLevel { codes, original }
        };
        let levels = attribute.levels.iter().map(level).collect();
        Self { numbers, levels }
    }

    fn codes(&self, level: u8) -> usize {
        let level = self.levels.get(usize::from(level));
        level.map_or(1, |level| level.original.len().max(1))
    }

    fn between(&self, from: u8, to: u8) -> Vec<u32> {
        let level = |level: u8| self.levels.get(usize::from(level));
        let (Some(fine), Some(coarse)) = (level(from), level(to)) else {
            return Vec::new();
        };
        let mut codes = vec![0; fine.original.len()];
        for (code, above) in fine.codes.iter().zip(&coarse.codes) {
            if let Some(slot) = codes.get_mut(*code as usize) {
                *slot = *above;
            }
        }
        codes
    }
}

/// The values of each attribute that occur in table or population.
pub(super) fn dense(problem: &Problem) -> Vec<Dense> {
    let of = |(place, attribute): (usize, &Attribute)| {
        let population = problem
            .population
            .as_ref()
            .map(|population| &population.quasi);
        let tables = [Some(&problem.records.quasi), population];
        let columns: Vec<_> = tables
            .iter()
            .flatten()
            .filter_map(|table| table.get(place))
            .collect();
        Dense::new(attribute, &columns)
    };
    problem.attributes.par_iter().enumerate().map(of).collect()
}

/// The fields of all attributes, or nothing if they take more than `words`.
pub(super) fn fields(attributes: &[Dense], words: usize) -> Option<Vec<Field>> {
    let (mut word, mut used) = (0, 0);
    let field = |attribute: &Dense| {
        let bits = usize::BITS - (attribute.codes(0) - 1).leading_zeros();
        if used + bits > 64 {
            word += 1;
            used = 0;
        }
        let shift = used;
        used += bits;
        (word < words).then_some(Field {
            word,
            // An attribute of one code takes no bits, and there may be none left to shift by.
            shift: shift.min(63),
            mask: 1_u64.checked_shl(bits).unwrap_or(0).wrapping_sub(1),
        })
    };
    attributes.iter().map(field).collect()
}

/// A problem packed into keys: what classes are counted from.
pub(super) struct Space<'a, const N: usize> {
    pub problem: &'a Problem,
    attributes: &'a [Dense],
    pub fields: Vec<Field>,
    /// Of each record on the first level, and then of each combination of the population.
    pub keys: Vec<Key<N>>,
    /// By attribute, the codes of a coarser level by those of a finer one, made when first asked for.
    maps: Vec<Vec<OnceLock<Vec<u32>>>>,
    /// For whoever numbers classes next.
    buffers: Mutex<Vec<Buffers>>,
}

/// How one attribute changes from a level to a coarser one.
pub(super) struct Step<'s> {
    pub field: Field,
    pub codes: &'s [u32],
}

impl<'a, const N: usize> Space<'a, N> {
    pub(super) fn new(problem: &'a Problem, attributes: &'a [Dense]) -> Option<Self> {
        let fields = fields(attributes, N)?;
        let mut keys = vec![[0; N]; problem.records.weights.len()];
        pack(attributes, &fields, &problem.records.quasi, &mut keys);
        if let Some(population) = &problem.population {
            let mut people = vec![[0; N]; population.weights.len()];
            pack(attributes, &fields, &population.quasi, &mut people);
            keys.append(&mut people);
        }
        let empty = |attribute: &Dense| {
            let levels = attribute.levels.len();
            (0..levels * levels).map(|_| OnceLock::new()).collect()
        };
        Some(Self {
            problem,
            attributes,
            fields,
            keys,
            maps: attributes.iter().map(empty).collect(),
            buffers: Mutex::default(),
        })
    }

    /// The attributes whose level differs between a node and a coarser one.
    pub(super) fn steps(&self, from: &[u8], to: &[u8]) -> Vec<Step<'_>> {
        let levels = from.iter().zip(to).zip(&self.fields).enumerate();
        levels
            .filter(|(_, ((from, to), _))| from != to)
            .map(|(attribute, ((from, to), field))| Step {
                field: *field,
                codes: self.map(attribute, *from, *to),
            })
            .collect()
    }

    /// The codes of an attribute on a level by those on a finer one.
    pub(super) fn map(&self, attribute: usize, from: u8, to: u8) -> &[u32] {
        let (Some(dense), Some(maps)) = (self.attributes.get(attribute), self.maps.get(attribute))
        else {
            return &[];
        };
        maps.get(usize::from(from) * dense.levels.len() + usize::from(to))
            .map_or(&[], |map| map.get_or_init(|| dense.between(from, to)))
    }

    /// Codes of an attribute on a level.
    pub(super) fn codes(&self, attribute: usize, level: u8) -> usize {
        let attribute = self.attributes.get(attribute);
        attribute.map_or(1, |attribute| attribute.codes(level))
    }

    /// By code of an attribute on a level, the code of the problem.
    pub(super) fn original(&self, attribute: usize, level: u8) -> &[u32] {
        let attribute = self.attributes.get(attribute);
        let level = attribute.and_then(|attribute| attribute.levels.get(usize::from(level)));
        level.map_or(&[], |level| level.original.as_slice())
    }

    /// Combinations of codes at a node.
    pub(super) fn cells(&self, levels: &[u8]) -> usize {
        let attributes = self.attributes.iter().zip(levels);
        attributes.fold(1, |cells, (attribute, level)| {
            cells.saturating_mul(attribute.codes(*level))
        })
    }

    /// Buffers to number classes in. They are taken over from an earlier use: clearing what was used costs less than making new ones.
    pub(super) fn buffers(&self) -> Buffers {
        let mut kept = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        kept.pop().unwrap_or_default()
    }

    /// Takes buffers back.
    pub(super) fn give_back(&self, buffers: Buffers) {
        let mut kept = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(buffers);
    }
}

fn pack<const N: usize>(
    attributes: &[Dense],
    fields: &[Field],
    columns: &[Vec<u32>],
    keys: &mut [Key<N>],
) {
    const BLOCK: usize = 1 << 12;
    let blocks = keys.par_chunks_mut(BLOCK).enumerate();
    blocks.for_each(|(block, keys)| {
        for ((attribute, field), column) in attributes.iter().zip(fields).zip(columns) {
            let Some(level) = attribute.levels.first() else {
                continue;
            };
            let by_value: Vec<u64> = attribute
                .numbers
                .iter()
                .map(|number| {
                    level
                        .codes
                        .get(*number as usize)
                        .copied()
                        .unwrap_or_default()
                })
                .map(|code| u64::from(code) << field.shift)
                .collect();
            let column = column.get(block * BLOCK..).unwrap_or_default();
            for (key, value) in keys.iter_mut().zip(column) {
                if let Some(word) = key.get_mut(field.word) {
                    *word |= by_value.get(*value as usize).copied().unwrap_or_default();
                }
            }
        }
    });
}
