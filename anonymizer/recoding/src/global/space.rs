//! Records as packed keys, and how keys change from level to level.

use std::sync::OnceLock;

use rayon::prelude::*;

use crate::problem::{Attribute, Problem};

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

/// The fields of all attributes, or nothing if they take more than `words`.
pub(super) fn fields(attributes: &[Attribute], words: usize) -> Option<Vec<Field>> {
    let (mut word, mut used) = (0, 0);
    let field = |attribute: &Attribute| {
        let codes = attribute.levels.iter().map(|level| level.leaves.len());
        let bits = usize::BITS - codes.max().unwrap_or(1).saturating_sub(1).leading_zeros();
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
    pub fields: Vec<Field>,
    /// Of each record on the first level, and then of each combination of the population.
    pub keys: Vec<Key<N>>,
    /// By attribute, the codes of a coarser level by those of a finer one, made when first asked for.
    maps: Vec<Vec<OnceLock<Vec<u32>>>>,
}

/// How one attribute changes from a level to a coarser one.
pub(super) struct Step<'s> {
    pub field: Field,
    pub codes: &'s [u32],
}

impl<'a, const N: usize> Space<'a, N> {
    pub(super) fn new(problem: &'a Problem) -> Option<Self> {
        let fields = fields(&problem.attributes, N)?;
        let mut keys = vec![[0; N]; problem.records.weights.len()];
        pack(&problem.attributes, &fields, &problem.records.quasi, &mut keys);
        if let Some(population) = &problem.population {
            let mut people = vec![[0; N]; population.weights.len()];
            pack(&problem.attributes, &fields, &population.quasi, &mut people);
            keys.append(&mut people);
        }
        let empty = |attribute: &Attribute| {
            let levels = attribute.levels.len();
            (0..levels * levels).map(|_| OnceLock::new()).collect()
        };
        Some(Self {
            problem,
            fields,
            keys,
            maps: problem.attributes.iter().map(empty).collect(),
        })
    }

    /// The attributes whose level differs between a node and a coarser one.
    pub(super) fn steps(&self, from: &[u8], to: &[u8]) -> Vec<Step<'_>> {
        let attributes = self.problem.attributes.iter().zip(&self.maps);
        attributes
            .zip(&self.fields)
            .zip(from.iter().zip(to))
            .filter(|(_, (from, to))| from != to)
            .filter_map(|(((attribute, maps), field), (from, to))| {
                let (from, to) = (usize::from(*from), usize::from(*to));
                let map = maps.get(from * attribute.levels.len() + to)?;
                Some(Step {
                    field: *field,
                    codes: map.get_or_init(|| between(attribute, from, to)),
                })
            })
            .collect()
    }
}

fn between(attribute: &Attribute, from: usize, to: usize) -> Vec<u32> {
    let (Some(fine), Some(coarse)) = (attribute.levels.get(from), attribute.levels.get(to)) else {
        return Vec::new();
    };
    let mut codes = vec![0; fine.leaves.len()];
    for (code, above) in fine.codes.iter().zip(&coarse.codes) {
        if let Some(slot) = codes.get_mut(*code as usize) {
            *slot = *above;
        }
    }
    codes
}

fn pack<const N: usize>(
    attributes: &[Attribute],
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
            let column = column.get(block * BLOCK..).unwrap_or_default();
            for (key, value) in keys.iter_mut().zip(column) {
                let code = level.codes.get(*value as usize).copied().unwrap_or_default();
                if let Some(word) = key.get_mut(field.word) {
                    *word |= u64::from(code) << field.shift;
                }
            }
        }
    });
}
