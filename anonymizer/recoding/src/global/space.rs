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
    /// A field for so many codes, from a bit on.
    fn new(word: usize, shift: u32, codes: usize) -> Self {
        let bits = usize::BITS - codes.saturating_sub(1).leading_zeros();
        Self {
            word,
            // An attribute of one code takes no bits, and there may be none left to shift by.
            shift: shift.min(63),
            mask: 1_u64.checked_shl(bits).unwrap_or(0).wrapping_sub(1),
        }
    }

    pub fn bits(self) -> u32 {
        self.mask.count_ones()
    }

    #[inline]
    pub fn get<const N: usize>(self, key: &Key<N>) -> usize {
        // Most keys have one word, and then there is nothing to choose.
        let word = if N == 1 {
            key.first()
        } else {
            key.get(self.word)
        };
        ((word.copied().unwrap_or_default() >> self.shift) & self.mask) as usize
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
    /// Of the values that have rows, and those of the population.
    fn new(attribute: &Attribute, counts: &[u64], people: Option<&Vec<u32>>) -> Self {
        let mut occurs: Vec<bool> = counts.iter().map(|rows| *rows > 0).collect();
        for value in people.into_iter().flatten() {
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

/// The values of each attribute that occur in table or population, of which the rows with each value are given.
pub(super) fn dense(problem: &Problem, counts: &[Vec<u64>]) -> Vec<Dense> {
    let population = problem.population.as_ref();
    let people = |place: usize| population.and_then(|people| people.quasi.get(place));
    let attributes = problem.attributes.iter().zip(counts).enumerate();
    attributes
        .map(|(place, (attribute, counts))| Dense::new(attribute, counts, people(place)))
        .collect()
}

/// The fields of all attributes, or nothing if they take more than `words`.
pub(super) fn fields(attributes: &[Dense], words: usize) -> Option<Vec<Field>> {
    let (mut word, mut used) = (0, 0);
    let field = |attribute: &Dense| {
        let mut field = Field::new(word, used, attribute.codes(0));
        if used + field.bits() > u64::BITS {
            (word, used) = (word + 1, 0);
            field = Field::new(word, used, attribute.codes(0));
        }
        used += field.bits();
        (word < words).then_some(field)
    };
    attributes.iter().map(field).collect()
}

/// A problem packed into keys: what classes are counted from.
pub(super) struct Space<'a, const N: usize> {
    pub problem: &'a Problem,
    attributes: &'a [Dense],
    /// The word of a key that each attribute stands in.
    words: Vec<usize>,
    /// Of each record on the first level, and then of each combination of the population.
    pub keys: Vec<Key<N>>,
    /// By attribute, the codes of a coarser level by those of a finer one, made when first asked for.
    maps: Vec<Vec<OnceLock<Vec<u32>>>>,
    /// For whoever numbers classes next.
    buffers: Mutex<Vec<Buffers>>,
}

/// How one attribute changes from a level to a coarser one.
pub(super) struct Step<'s> {
    pub from: Field,
    pub to: Field,
    /// By code on the finer level, that on the coarser one.
    pub codes: &'s [u32],
    /// Codes on the coarser level.
    pub number: usize,
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
            words: fields.iter().map(|field| field.word).collect(),
            keys,
            maps: attributes.iter().map(empty).collect(),
            buffers: Mutex::default(),
        })
    }

    /// Where each attribute stands in the keys of a node: in the word it always has, in no more bits than its codes there take. The
    /// narrower the fields, the more neighbours are looked up together.
    pub(super) fn fields(&self, levels: &[u8]) -> Vec<Field> {
        let (mut before, mut used) = (0, 0);
        let words = self.words.iter().zip(levels).enumerate();
        let field = |(attribute, (word, level)): (usize, (&usize, &u8))| {
            if *word != before {
                (before, used) = (*word, 0);
            }
            let field = Field::new(*word, used, self.codes(attribute, *level));
            used += field.bits();
            field
        };
        words.map(field).collect()
    }

    /// How each attribute changes between a node, whose keys have these fields, and a coarser one.
    pub(super) fn steps(&self, from: &[u8], fields: &[Field], to: &[u8]) -> Vec<Step<'_>> {
        let fields = fields.iter().zip(self.fields(to));
        let levels = from.iter().zip(to).zip(fields).enumerate();
        levels
            .map(|(attribute, ((from, to), (own, above)))| Step {
                from: *own,
                to: above,
                codes: self.map(attribute, *from, *to),
                number: self.codes(attribute, *to),
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
