//! Boxes as bits, and what they cost.
//!
//! Each value is the path to it from the top of its hierarchy, one segment of bits a level, the coarsest highest. Two values agree on
//! a level where they agree in its segment and in those above it. So the bits in which the members of a class differ tell all about its box:
//! the highest of them in an attribute names the level above which all members agree.

#![allow(
    clippy::indexing_slicing,
    reason = "the problem has been checked: codes are below the number of values, and every table here is built for all of them"
)]

use super::hierarchy::Tree;
use crate::Problem;

/// One in fixed point: what a row costs whose every value is `*`.
pub(super) const ONE: i64 = 1 << 24;

/// What a row costs in a class whose members may not stand together. Times all rows that a table may have it is still far from overflow.
pub(super) const FORBIDDEN: i64 = 1 << 29;

/// The path of a record, or the bits in which several differ.
pub(super) type Word<const W: usize> = [u64; W];

/// What it means that a bit is the highest of its attribute in which the members of a class differ.
#[derive(Clone, Copy, Debug, Default)]
struct Bit {
    /// All bits of the attribute.
    field: u64,
    /// Those of the segment and of finer ones: where a row may differ from the class and still lie in its box.
    free: u64,
    /// Where the costs begin of the level on which the class agrees.
    costs: u32,
    attribute: u16,
    level: u16,
}

/// The bits that tell apart what a level keeps apart and the level above it joins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) attribute: usize,
    pub(super) word: usize,
    pub(super) shift: u32,
    pub(super) width: u32,
    /// The bits of the coarser segments of the attribute.
    above: u64,
    /// Where the costs of the finer and of the coarser level begin.
    fine: u32,
    coarse: u32,
    /// What it costs in the mean over the rows to lose it.
    pub(super) cost: i64,
}

impl Segment {
    /// The most bits of a segment that is narrow enough to count by place.
    const NARROW: u32 = 6;

    /// One more than the highest place there can be, if these are few.
    pub(super) fn few_places(&self) -> Option<usize> {
        (self.width <= Self::NARROW).then_some(1 << self.width)
    }

    /// Whether members that differ so are told apart by this segment, and by none above it.
    fn decides<const W: usize>(&self, differ: &Word<W>) -> bool {
        let own = low_bits(self.width) << self.shift;
        differ[self.word] & own != 0 && differ[self.word] & self.above == 0
    }

    /// What the segment holds of a path.
    #[inline]
    pub(super) fn place<const W: usize>(&self, path: &Word<W>) -> u64 {
        (path[self.word] >> self.shift) & low_bits(self.width)
    }
}

/// What boxes cost.
#[derive(Debug, Default)]
pub(super) struct Scale {
    pub(super) attributes: usize,
    bits: Vec<Bit>,
    /// Cost of a row above what the finest permitted level costs, by attribute, level, code of the finest level.
    costs: Vec<i64>,
    /// Coarsest first within an attribute.
    pub(super) segments: Vec<Segment>,
    /// By attribute, the path to each code of the finest level: its word, and the bits there.
    trails: Vec<(usize, Vec<u64>)>,
}

/// Gives each attribute bits that lie within one word.
#[derive(Default)]
struct Layout {
    word: usize,
    used: u32,
}

impl Layout {
    /// None if a path is longer than a word.
    fn place(&mut self, width: u32) -> Option<(usize, u32)> {
        if width > 64 {
            return None;
        }
        if self.used + width > 64 {
            self.word += 1;
            self.used = 0;
        }
        let place = (self.word, self.used);
        self.used += width;
        Some(place)
    }
}

/// The lowest bits of a word, up to all 64.
pub(super) fn low_bits(count: u32) -> u64 {
    if count == 0 {
        0
    } else {
        u64::MAX >> (64 - count)
    }
}

impl Scale {
    /// The scale of a problem and the words that its paths fill. None if a hierarchy is too deep and too wide for the bits of a word.
    pub(super) fn new(problem: &Problem) -> Option<(Self, usize)> {
        let mut scale = Self {
            attributes: problem.attributes.len(),
            ..Self::default()
        };
        let weights: f64 = problem.attributes.iter().map(|a| a.weight).sum();
        let mut layout = Layout::default();
        for (index, attribute) in problem.attributes.iter().enumerate() {
            let share = if weights > 0.0 {
                attribute.weight / weights
            } else {
                0.0
            };
            let tree = Tree::new(attribute, share);
            let place = layout.place(tree.width())?;
            scale.bits.resize((layout.word + 1) * 64, Bit::default());
            scale.add(index, &tree, place);
            scale.weigh(problem, index);
        }
        scale.bits.resize((layout.word + 1) * 64, Bit::default());
        Some((scale, layout.word + 1))
    }

    fn add(&mut self, attribute: usize, tree: &Tree, (word, low): (usize, u32)) {
        let nodes = tree.costs.first().map_or(0, Vec::len);
        let field = low_bits(low + tree.width()) & !low_bits(low);
        let base = self.costs.len();
        self.costs.extend(tree.costs.iter().flatten());
        let mut trail = vec![0; nodes];
        let mut shift = low;
        let first = self.segments.len();
        for (level, (places, width)) in tree.places.iter().zip(&tree.widths).enumerate() {
            for (trail, place) in trail.iter_mut().zip(places) {
                *trail |= u64::from(*place).checked_shl(shift).unwrap_or_default();
            }
            let below = low_bits(shift + width);
            let coarse = (base + (level + 1) * nodes) as u32;
            for bit in shift..shift + width {
                self.bits[word * 64 + bit as usize] = Bit {
                    field,
                    free: field & below,
                    costs: coarse,
                    attribute: attribute as u16,
                    level: (level + 1) as u16,
                };
            }
            if *width > 0 {
                self.segments.push(Segment {
                    attribute,
                    word,
                    shift,
                    width: *width,
                    above: field & !below,
                    fine: (base + level * nodes) as u32,
                    coarse,
                    cost: 0,
                });
            }
            shift += width;
        }
        self.segments[first..].reverse();
        self.trails.push((word, trail));
    }

    /// Measures what the segments of an attribute, the last ones added, cost to lose.
    fn weigh(&mut self, problem: &Problem, attribute: usize) {
        let Some(finest) = problem.attributes[attribute].levels.first() else {
            return;
        };
        let mut rows_of = vec![0_i64; finest.leaves.len()];
        let values = &problem.records.quasi[attribute];
        for (value, rows) in values.iter().zip(&problem.records.weights) {
            rows_of[finest.code(*value) as usize] += i64::from(*rows);
        }
        let rows: i64 = rows_of.iter().sum();
        let costs = &self.costs;
        for segment in self
            .segments
            .iter_mut()
            .filter(|segment| segment.attribute == attribute)
        {
            let more = |code: usize| {
                costs[segment.coarse as usize + code].min(ONE) - costs[segment.fine as usize + code]
            };
            let sum: i128 = rows_of
                .iter()
                .enumerate()
                .map(|(code, rows)| i128::from(more(code)) * i128::from(*rows))
                .sum();
            segment.cost = (sum / i128::from(rows.max(1))) as i64;
        }
    }

    /// The bits of a value of an attribute, by its code on the finest level.
    pub(super) fn trail(&self, attribute: usize, code: u32) -> (usize, u64) {
        let (word, trail) = &self.trails[attribute];
        (*word, trail[code as usize])
    }

    /// Cost of each row of a class, above what its finest values cost: from the bits in which its members differ and the finest codes of
    /// any one of them.
    #[inline]
    pub(super) fn cost<const W: usize>(&self, differ: Word<W>, codes: &[u32]) -> i64 {
        let mut cost = 0;
        for (word, mut differ) in differ.into_iter().enumerate() {
            while differ != 0 {
                let highest = 63 - differ.leading_zeros() as usize;
                let bit = &self.bits[word * 64 + highest];
                cost += self.costs[bit.costs as usize + codes[bit.attribute as usize] as usize];
                differ &= !bit.field;
            }
        }
        cost
    }

    /// What a row gains when its class comes to agree in a segment.
    pub(super) fn gain(&self, segment: &Segment, codes: &[u32]) -> i64 {
        let code = codes[segment.attribute];
        self.costs[(segment.coarse + code) as usize] - self.costs[(segment.fine + code) as usize]
    }

    /// For each attribute the level on which a class agrees; the number of levels means `*`.
    pub(super) fn levels<const W: usize>(&self, differ: Word<W>) -> Vec<u8> {
        let mut levels = vec![0; self.attributes];
        for (word, mut differ) in differ.into_iter().enumerate() {
            while differ != 0 {
                let highest = 63 - differ.leading_zeros() as usize;
                let bit = &self.bits[word * 64 + highest];
                levels[bit.attribute as usize] = bit.level as u8;
                differ &= !bit.field;
            }
        }
        levels
    }

    /// The bits that rows within the box of a class are free in.
    pub(super) fn free<const W: usize>(&self, differ: Word<W>) -> Word<W> {
        let mut free = [0; W];
        for (word, mut differ) in differ.into_iter().enumerate() {
            while differ != 0 {
                let highest = 63 - differ.leading_zeros() as usize;
                let bit = &self.bits[word * 64 + highest];
                free[word] |= bit.free;
                differ &= !bit.field;
            }
        }
        free
    }

    /// For each attribute in which members differ, the segment that decides how far they agree.
    pub(super) fn decisive<const W: usize>(
        &self,
        differ: Word<W>,
    ) -> impl Iterator<Item = &Segment> {
        self.segments
            .iter()
            .filter(move |segment| segment.decides(&differ))
    }

    /// Whether a class whose members differ so may not be.
    pub(super) fn forbids<const W: usize>(&self, differ: Word<W>, codes: &[u32]) -> bool {
        self.cost(differ, codes) >= FORBIDDEN
    }

    /// For an attribute, the bits that remain on each of its levels, from `*` if that may be down to the finest.
    pub(super) fn ways<const W: usize>(&self, attribute: usize) -> Vec<Word<W>> {
        let mut ways = Vec::new();
        let mut kept = [0; W];
        for segment in self.segments.iter().filter(|s| s.attribute == attribute) {
            if self.costs[segment.coarse as usize] < FORBIDDEN {
                ways.push(kept);
            }
            kept[segment.word] |= low_bits(segment.width) << segment.shift;
        }
        ways.push(kept);
        ways
    }

    /// The segments that no class may lose.
    pub(super) fn forbidding(&self) -> Vec<Segment> {
        let forbids = |segment: &&Segment| self.costs[segment.coarse as usize] >= FORBIDDEN;
        self.segments.iter().filter(forbids).copied().collect()
    }

    /// A path with the segments in the order given, the first one highest.
    pub(super) fn arranged<const W: usize>(path: &Word<W>, order: &[Segment]) -> Word<W> {
        let (mut key, mut word, mut left) = ([0; W], 0, 64);
        for segment in order {
            let place = segment.place(path);
            if segment.width <= left {
                left -= segment.width;
                key[word] |= place << left;
            } else {
                let low = segment.width - left;
                key[word] |= place.checked_shr(low).unwrap_or_default();
                word += 1;
                left = 64 - low;
                key[word] |= place << left;
            }
        }
        key
    }

    /// The segments by cost, the dearest first, but each factored by chance; a coarser one of an attribute always before a finer.
    pub(super) fn shuffled(&self, spread: f64, random: &mut super::random::Random) -> Vec<Segment> {
        let mut scored: Vec<(f64, usize, Segment)> = Vec::with_capacity(self.segments.len());
        let (mut bound, mut last) = (f64::INFINITY, usize::MAX);
        for (place, segment) in self.segments.iter().enumerate() {
            if segment.attribute != last {
                bound = f64::INFINITY;
                last = segment.attribute;
            }
            let chance = (spread * (random.exponential() - random.exponential())).exp();
            bound = bound.min(segment.cost.max(1) as f64 * chance);
            scored.push((bound, place, *segment));
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.into_iter().map(|(_, _, segment)| segment).collect()
    }
}
