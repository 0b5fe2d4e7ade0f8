//! The records of a problem as bits.

#![allow(
    clippy::indexing_slicing,
    reason = "records are named by their place, and every list here is made for all of them"
)]

use std::sync::Arc;

use super::scale::{Scale, Word};
use crate::Problem;
use crate::models::Models;

/// A record and the number of its rows that are meant.
pub(super) type Member = (u32, u32);

/// Records as bits: all of a problem, or some.
#[derive(Debug)]
pub(super) struct Space<const W: usize> {
    pub(super) scale: Arc<Scale>,
    /// The record's paths.
    pub(super) paths: Vec<Word<W>>,
    /// Rows of the record.
    pub(super) weights: Vec<u32>,
    /// Codes of the values on the finest permitted level, by record, then attribute.
    codes: Vec<u32>,
    /// Slots of the sensitive values, by record, then sensitive attribute.
    slots: Vec<u32>,
    sensitive: usize,
}

/// What the members of a class have in common, and any one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hull<const W: usize> {
    or: Word<W>,
    and: Word<W>,
    pub(super) any: u32,
}

impl<const W: usize> Hull<W> {
    pub(super) const EMPTY: Self = Self {
        or: [0; W],
        and: [u64::MAX; W],
        any: u32::MAX,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.any == u32::MAX
    }

    /// The bits in which members differ; there must be some.
    #[inline]
    pub(super) fn differ(&self) -> Word<W> {
        std::array::from_fn(|word| self.or[word] ^ self.and[word])
    }

    /// The bits that all members have.
    pub(super) fn common(&self) -> &Word<W> {
        &self.and
    }

    /// What the members of both have in common.
    pub(super) fn with(&self, other: &Self) -> Self {
        Self {
            or: std::array::from_fn(|word| self.or[word] | other.or[word]),
            and: std::array::from_fn(|word| self.and[word] & other.and[word]),
            any: self.any.min(other.any),
        }
    }

    #[inline]
    pub(super) fn add(&mut self, path: &Word<W>, record: u32) {
        let hull = self.or.iter_mut().zip(&mut self.and);
        for ((or, and), path) in hull.zip(path) {
            *or |= path;
            *and &= path;
        }
        self.any = record;
    }
}

impl<const W: usize> Space<W> {
    /// The records of a problem, whose paths fill W words at most.
    pub(super) fn new(problem: &Problem, models: &Models, scale: Arc<Scale>) -> Self {
        let records = problem.records.weights.len();
        let attributes = scale.attributes;
        let mut paths = vec![[0; W]; records];
        let mut codes = vec![0; records * attributes];
        for (index, values) in problem.records.quasi.iter().enumerate() {
            let finest = &problem.attributes[index].levels[0].codes;
            for (record, value) in values.iter().enumerate() {
                let code = finest[*value as usize];
                let (word, bits) = scale.trail(index, code);
                paths[record][word] |= bits;
                codes[record * attributes + index] = code;
            }
        }
        let sensitive = if models.needs_counts() {
            problem.sensitive.len()
        } else {
            0
        };
        let mut slots = vec![0; records * sensitive];
        for (index, values) in problem.records.sensitive.iter().take(sensitive).enumerate() {
            for (record, value) in values.iter().enumerate() {
                slots[record * sensitive + index] = models.offset(index) + value;
            }
        }
        Self {
            scale,
            paths,
            weights: problem.records.weights.clone(),
            codes,
            slots,
            sensitive,
        }
    }

    /// Some of the records with so many of their rows.
    pub(super) fn part(&self, members: &[Member]) -> Self {
        let attributes = self.scale.attributes;
        let take = |list: &[u32], width: usize| {
            let rows = members.iter().map(|(record, _)| *record as usize * width);
            rows.flat_map(|start| list[start..start + width].iter().copied())
                .collect()
        };
        Self {
            scale: Arc::clone(&self.scale),
            paths: members.iter().map(|m| self.paths[m.0 as usize]).collect(),
            weights: members.iter().map(|m| m.1).collect(),
            codes: take(&self.codes, attributes),
            slots: take(&self.slots, self.sensitive),
            sensitive: self.sensitive,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.paths.len()
    }

    /// All records with all their rows.
    pub(super) fn all(&self) -> Vec<Member> {
        (0..).zip(self.weights.iter().copied()).collect()
    }

    #[inline]
    pub(super) fn codes(&self, record: u32) -> &[u32] {
        &self.codes[record as usize * self.scale.attributes..][..self.scale.attributes]
    }

    /// The slots of a record's sensitive values, in ascending order.
    pub(super) fn slots(&self, record: u32) -> &[u32] {
        &self.slots[record as usize * self.sensitive..][..self.sensitive]
    }

    /// What records have in common.
    #[inline]
    pub(super) fn hull(&self, records: impl Iterator<Item = u32>) -> Hull<W> {
        let mut hull = Hull::EMPTY;
        for record in records {
            hull.add(&self.paths[record as usize], record);
        }
        hull
    }

    /// What members have in common.
    pub(super) fn hull_of(&self, members: &[Member]) -> Hull<W> {
        self.hull(members.iter().map(|(record, _)| *record))
    }

    /// Cost of each row of a class; 0 if it is empty.
    #[inline]
    pub(super) fn cost(&self, hull: &Hull<W>) -> i64 {
        if hull.is_empty() {
            return 0;
        }
        self.scale.cost(hull.differ(), self.codes(hull.any))
    }

    /// Cost of each row of a class when a record joins it.
    #[inline]
    pub(super) fn cost_with(&self, hull: &Hull<W>, record: u32) -> i64 {
        let mut hull = *hull;
        hull.add(&self.paths[record as usize], record);
        self.scale.cost(hull.differ(), self.codes(record))
    }

    /// What a class of members costs.
    pub(super) fn value(&self, members: &[Member]) -> i64 {
        rows(members) as i64 * self.cost(&self.hull_of(members))
    }
}

/// Rows of members.
pub(super) fn rows(members: &[Member]) -> u64 {
    members.iter().map(|(_, count)| u64::from(*count)).sum()
}
