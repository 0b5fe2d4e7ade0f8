//! Optimal global recoding: one level for each attribute, over the whole generalization lattice, with suppression of the classes that
//! fail.
//!
//! The search bounds what a node can score from below, from two facts. Going up the lattice, values only lose. And rows that cannot
//! be released at a node ([`Models::unreleasable`]) cannot be released at any finer node either, where suppressing them costs at least as
//! much. So a node that was counted bounds all below it, and whole boxes of nodes whose bound is above the best score found, or that
//! would suppress too many rows, are never counted. The result is the optimum over the whole lattice, for every model, also those that
//! are not monotone.
//!
//! Classes are counted over different records, not rows, and rolled up from those of finer nodes.

mod boxes;
mod classes;
mod inside;
mod judge;
mod lattice;
mod outline;
mod search;
mod space;
mod start;
mod table;
#[cfg(test)]
mod tests;
mod tree;

use std::cmp::Ordering;

use self::classes::Classes;
use self::inside::Watch;
use self::judge::{Finding, Judge};
use self::lattice::{Lattice, Node};
use self::search::Search;
use self::space::{Dense, Space};
use crate::metric::{self, Aggregate, Measure, Metric, MetricError};
use crate::models::{Models, Scratch};
use crate::problem::Problem;

/// What is to be found.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Rows that may be suppressed.
    pub suppressible: u64,
    /// What is to be least.
    pub metric: Metric,
    /// How losses become one score.
    pub aggregate: Aggregate,
    /// Lattices up to this many nodes are searched to the end whatever [`Control::go_on`] says. Larger ones are searched as long as that
    /// says yes; then the solution is the best found, with a bound of what is left.
    pub exact_nodes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            suppressible: 0,
            metric: Metric::default(),
            aggregate: Aggregate::default(),
            exact_nodes: 1 << 22,
        }
    }
}

/// How the caller watches and ends a search.
pub struct Control<'a> {
    /// Asked often, from any thread: whether to give up.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Whether time is left for a lattice beyond [`Options::exact_nodes`].
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Told how many nodes are settled, and of how many.
    pub progress: &'a mut dyn FnMut(u128, u128),
}

/// The node found.
#[derive(Clone, Debug, PartialEq)]
pub struct GlobalSolution {
    /// The level of each attribute, as a place in [`Attribute::levels`](crate::Attribute).
    pub levels: Vec<usize>,
    /// ARX's Loss of each attribute, 0 to 1, suppressed rows counting 1.
    pub losses: Vec<f64>,
    /// The score by the metric asked for.
    pub score: f64,
    /// Rows suppressed.
    pub suppressed: u64,
    /// Classes released.
    pub classes: u64,
    /// Rows of the smallest class released.
    pub smallest: u64,
    /// By record the class it is released in, numbered from 1 on in the order in which records come; 0 if it is not released.
    pub class_of: Vec<u32>,
    /// Whether no node of the whole lattice is better.
    pub optimal: bool,
    /// No node scores below this. It is the score if the solution is optimal.
    pub bound: f64,
    /// Nodes of the lattice; the largest number there is stands for more.
    pub nodes: u128,
    /// Nodes that are settled: counted, or bounded by others.
    pub settled: u128,
    /// Nodes whose classes were counted.
    pub examined: u64,
}

/// Why there is no solution.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The caller gave up.
    #[error("the search was cancelled")]
    Cancelled,
    /// The table is empty.
    #[error("the table has no rows")]
    NoRows,
    /// No node meets the models within the suppression limit.
    #[error(
        "no combination of permitted levels meets the models: {needed} of {rows} rows would have to be left out at the most general levels, \
         and {suppressible} may be"
    )]
    Unreachable {
        /// Rows to be left out at the most general levels.
        needed: u64,
        /// Rows of the table.
        rows: u64,
        /// Rows that may be left out.
        suppressible: u64,
        /// The largest k for which k-anonymity alone is within reach; 1 means none.
        largest_k: u64,
    },
    /// The time ran out before a solution turned up.
    #[error(
        "no solution was found in the time given; {settled} of {nodes} combinations of levels are settled"
    )]
    OutOfTime {
        /// Nodes settled.
        settled: u128,
        /// Nodes of the lattice.
        nodes: u128,
    },
    /// More attributes, values or levels than can be packed.
    #[error("the quasi-identifiers have too many values or levels to search: {what}")]
    TooLarge {
        /// Which.
        what: &'static str,
    },
    /// The metric does not fit the problem.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

/// A solution while the search goes on.
#[derive(Clone, Debug)]
struct Best {
    rank: f64,
    suppressed: u64,
    levels: Node,
}

impl Best {
    fn new(levels: &Node, finding: &Finding) -> Option<Self> {
        finding.rank.map(|rank| Self {
            rank,
            suppressed: finding.suppressed,
            levels: levels.clone(),
        })
    }

    /// Ties go to fewer suppressed rows, then to the lower sum of levels, then to the lexicographically lower levels.
    fn compare(&self, other: &Self) -> Ordering {
        self.rank
            .total_cmp(&other.rank)
            .then(self.suppressed.cmp(&other.suppressed))
            .then_with(|| lattice::sum(&self.levels).cmp(&lattice::sum(&other.levels)))
            .then_with(|| self.levels.cmp(&other.levels))
    }
}

/// Finds the node of least score that meets the models within the suppression limit.
///
/// The problem has passed [`Problem::check`], and the models were made for it. Classes that fail a model are suppressed. Where the
/// classes that are left fail a model on the whole table ([`Models::holds`]), the smallest of them are suppressed too, by rows, or by
/// people where no such model asks about rows, all of one size at once, until it holds. A node at which every row would be suppressed
/// is no solution. The result does not depend on the number of threads.
///
/// # Errors
/// See [`Failure`].
pub fn search(
    problem: &Problem,
    models: &Models,
    options: &Options,
    control: &mut Control<'_>,
) -> Result<GlobalSolution, Failure> {
    let attributes = &problem.attributes;
    if problem.records.weights.is_empty() {
        return Err(Failure::NoRows);
    }
    let heights: Result<Vec<u8>, _> = attributes
        .iter()
        .map(|attribute| u8::try_from(attribute.levels.len()))
        .collect();
    let heights = heights.map_err(|_| Failure::TooLarge {
        what: "an attribute has more than 255 levels",
    })?;
    let counts = metric::histograms(problem);
    let measure = Measure::of_counts(problem, &counts, options.metric, options.aggregate)?;
    let judge = Judge {
        problem,
        models,
        measure: &measure,
        rows: problem.rows(),
        limit: options.suppressible,
    };
    let lattice = Lattice::new(heights);
    let dense = space::dense(problem, &counts);
    let search = |watch: &mut Watch<'_>| {
        let mut words = [1, 2, 4, 16].into_iter();
        match words.find(|words| space::fields(&dense, *words).is_some()) {
            Some(1) => run::<1>(&judge, &dense, &lattice, options, watch),
            Some(2) => run::<2>(&judge, &dense, &lattice, options, watch),
            Some(4) => run::<4>(&judge, &dense, &lattice, options, watch),
            Some(16) => run::<16>(&judge, &dense, &lattice, options, watch),
            _ => None,
        }
    };
    let solution = inside::run(control, search).flatten();
    solution.unwrap_or(Err(Failure::TooLarge {
        what: "codes of all attributes together take more than 1024 bits",
    }))
}

fn run<const N: usize>(
    judge: &Judge<'_>,
    dense: &[Dense],
    lattice: &Lattice,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Option<Result<GlobalSolution, Failure>> {
    let space = Space::<N>::new(judge.problem, dense)?;
    let mut search = Search::new(&space, judge, lattice, watch);
    Some(
        search
            .run(options)
            .map(|best| search.solution(&best, options)),
    )
}

impl<const N: usize> Search<'_, N> {
    /// Counts the classes of the solution once more, from the records.
    fn solution(&self, best: &Best, options: &Options) -> GlobalSolution {
        let judge = self.tree.judge;
        let records = &self.records;
        let threads = rayon::current_num_threads();
        let outline = records.outline(self.tree.space, &best.levels, true, threads);
        let targets = outline.targets.clone();
        let classes = outline.complete(records, self.tree.space, judge.models);
        let mut scratch = Scratch::default();
        let passed = judge.released(&classes, &mut scratch);
        let measure;
        let loss = if options.metric == Metric::Loss {
            judge.measure
        } else {
            let problem = judge.problem;
            measure = Measure::new(problem, Metric::Loss, options.aggregate).ok();
            measure.as_ref().unwrap_or(judge.measure)
        };
        let mut last = 0;
        let numbers = passed.iter().map(|passed| {
            last += u32::from(*passed);
            if *passed { last } else { 0 }
        });
        // Classes are numbered as records come, also those that are not released.
        let numbers: Vec<u32> = numbers.collect();
        let class_of = targets
            .iter()
            .take(judge.problem.records.weights.len())
            .map(|class| numbers.get(*class as usize).copied().unwrap_or_default());
        let sizes = || {
            classes
                .rows
                .iter()
                .zip(&passed)
                .filter(|(_, passed)| **passed)
        };
        let score = judge.measure.score(best.rank);
        let settled = self.settled();
        let open = settled.open.map(|open| judge.measure.score(open));
        let bound = open.map_or(score, |open| open.min(score));
        GlobalSolution {
            levels: best
                .levels
                .iter()
                .map(|level| usize::from(*level))
                .collect(),
            losses: judge.losses(self.tree.space, &classes, &passed, loss),
            score,
            suppressed: best.suppressed,
            classes: sizes().count() as u64,
            smallest: sizes()
                .map(|(rows, _)| u64::from(*rows))
                .min()
                .unwrap_or_default(),
            class_of: class_of.collect(),
            optimal: bound >= score,
            bound,
            nodes: self.lattice.nodes(),
            settled: settled.nodes,
            examined: self.examined(),
        }
    }
}

/// What k is within reach at the most general node, where the fewest rows are suppressed for every k.
fn unreachable<const N: usize>(judge: &Judge<'_>, top: &Classes<N>, needed: u64) -> Failure {
    let mut sizes: Vec<u64> = top.rows.iter().map(|rows| u64::from(*rows)).collect();
    sizes.sort_unstable();
    let (mut below, mut largest_k) = (0, 1);
    for alike in sizes.chunk_by(|a, b| a == b) {
        // To make this the smallest class, all smaller ones must go.
        if below > judge.limit {
            break;
        }
        largest_k = alike.first().copied().unwrap_or(largest_k).max(1);
        below += alike.iter().sum::<u64>();
    }
    Failure::Unreachable {
        needed,
        rows: judge.rows,
        suppressible: judge.limit,
        largest_k,
    }
}
