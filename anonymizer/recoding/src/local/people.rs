//! How many people of the population lie within the box of a class.

#![allow(
    clippy::indexing_slicing,
    reason = "ranges come out of searches in the list that they are used on"
)]

use std::ops::Range;

use super::random::Random;
use super::scale::{Scale, Segment, Word, low_bits};
use super::space::Hull;
use crate::Problem;

/// Ranges up to this length are counted one by one.
const SHORT: usize = 32;

/// The population in an order in which those of one box lie in few runs.
#[derive(Debug)]
pub(super) struct People<const W: usize> {
    order: Vec<Segment>,
    /// Path in that order, path as it is, people.
    list: Vec<(Word<W>, Word<W>, u64)>,
}

impl<const W: usize> People<W> {
    pub(super) fn new(problem: &Problem, scale: &Scale) -> Self {
        let order = scale.shuffled(0.0, &mut Random::new(0));
        let Some(population) = &problem.population else {
            return Self {
                order,
                list: Vec::new(),
            };
        };
        let mut paths = vec![[0; W]; population.weights.len()];
        for (index, (values, attribute)) in
            population.quasi.iter().zip(&problem.attributes).enumerate()
        {
            for (path, value) in paths.iter_mut().zip(values) {
                let code = attribute
                    .levels
                    .first()
                    .map_or(0, |level| level.code(*value));
                let (word, bits) = scale.trail(index, code);
                path[word] |= bits;
            }
        }
        let mut list: Vec<_> = paths
            .into_iter()
            .zip(&population.weights)
            .map(|(path, people)| (Scale::arranged(&path, &order), path, *people))
            .collect();
        list.sort_unstable();
        Self { order, list }
    }

    /// People within the box of a class.
    pub(super) fn within(&self, scale: &Scale, hull: &Hull<W>) -> u64 {
        let free = scale.free(hull.differ());
        self.count(0..self.list.len(), 0, hull.common(), &free)
    }

    /// People of a range, who agree in the first segments of the order, within a box.
    fn count(&self, range: Range<usize>, depth: usize, common: &Word<W>, free: &Word<W>) -> u64 {
        let Some(segment) = self.order.get(depth) else {
            return self.list[range].iter().map(|person| person.2).sum();
        };
        if range.len() <= SHORT {
            let inside =
                |path: &Word<W>| (0..W).all(|word| (path[word] ^ common[word]) & !free[word] == 0);
            let people = self.list[range].iter().filter(|person| inside(&person.1));
            return people.map(|person| person.2).sum();
        }
        let own = low_bits(segment.width) << segment.shift;
        if free[segment.word] & own == 0 {
            let place = segment.place(common);
            let run = self.run(range, segment, place);
            return self.count(run, depth + 1, common, free);
        }
        let (mut people, mut rest) = (0, range);
        while !rest.is_empty() {
            let place = segment.place(&self.list[rest.start].1);
            let run = self.run(rest.clone(), segment, place);
            rest.start = run.end;
            people += self.count(run, depth + 1, common, free);
        }
        people
    }

    /// The part of a range with a place in the next segment of the order.
    fn run(&self, range: Range<usize>, segment: &Segment, place: u64) -> Range<usize> {
        let list = &self.list[range.clone()];
        let from = list.partition_point(|person| segment.place(&person.1) < place);
        let to = list.partition_point(|person| segment.place(&person.1) <= place);
        range.start + from..range.start + to
    }
}
