//! Which models there are, with their parameters.

/// A privacy model with its parameters. `attribute` is the place of a sensitive attribute in [`Problem::sensitive`](crate::Problem).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// Each class has at least `k` rows (Samarati and Sweeney 1998).
    KAnonymity {
        /// Rows, 1 or more.
        k: u64,
    },
    /// Each class stands for at least `k` people of the population (Sweeney 2002).
    KMap {
        /// People, 1 or more.
        k: u64,
    },
    /// In each class, rows / people of the population lies between the bounds (Nergiz et al. 2007). As in ARX, people whose class
    /// has no row of the table are not looked at.
    DeltaPresence {
        /// Lower bound, 0 or more.
        min: f64,
        /// Upper bound, 1 or less.
        max: f64,
    },
    /// 1 / rows is at most `risk` in each class (El Emam 2013).
    ProsecutorHighest {
        /// Above 0, at most 1.
        risk: f64,
    },
    /// 1 / people of the population is at most `risk` in each class (El Emam 2013).
    JournalistHighest {
        /// Above 0, at most 1.
        risk: f64,
    },
    /// Classes / rows, over what is released, is at most `risk`: the mean over rows of 1 / rows of the class (El Emam 2013).
    ProsecutorAverage {
        /// Above 0, at most 1.
        risk: f64,
    },
    /// The larger of classes / people and the mean over rows of 1 / people, over what is released, is at most `risk` (El Emam
    /// 2013, and ARX's journalist success rate).
    JournalistAverage {
        /// Above 0, at most 1.
        risk: f64,
    },
    /// The mean over the rows released of 1 / people of the class, that is sum(f / F) / rows, is at most `risk` (El Emam 2013).
    Marketer {
        /// Above 0, at most 1.
        risk: f64,
    },
    /// Each class has at least `l` different values (Machanavajjhala et al. 2007).
    DistinctDiversity {
        /// The sensitive attribute.
        attribute: usize,
        /// Values, 1 or more.
        l: u32,
    },
    /// The entropy of each class is at least log(l) (Machanavajjhala et al. 2007; ARX with Shannon's estimator).
    EntropyDiversity {
        /// The sensitive attribute.
        attribute: usize,
        /// 1 or more.
        l: f64,
    },
    /// In each class the largest count is below `c` times the sum of the `l`-th largest and all smaller counts (Machanavajjhala
    /// et al. 2007).
    RecursiveDiversity {
        /// The sensitive attribute.
        attribute: usize,
        /// Above 0.
        c: f64,
        /// 1 or more.
        l: u32,
    },
    /// The earth mover's distance between each class and the whole table is at most `t` (Li et al. 2007).
    TCloseness {
        /// The sensitive attribute.
        attribute: usize,
        /// 0 to 1.
        t: f64,
        /// What moving one value to another costs.
        distance: Distance,
    },
    /// |log2(p / q)| is below `delta` for each value in each class, p being its share of the class and q that of the table
    /// (Brickell and Shmatikov 2008). As in ARX, a value that does not occur in a class is not looked at.
    DeltaDisclosure {
        /// The sensitive attribute.
        attribute: usize,
        /// Above 0.
        delta: f64,
    },
    /// (p - q) / q is at most `beta` for each value in each class (Cao and Karras 2012).
    BasicBeta {
        /// The sensitive attribute.
        attribute: usize,
        /// Above 0.
        beta: f64,
    },
    /// (p - q) / q is at most the smaller of `beta` and -ln(q) for each value in each class (Cao and Karras 2012).
    EnhancedBeta {
        /// The sensitive attribute.
        attribute: usize,
        /// Above 0.
        beta: f64,
    },
}

/// The cost of moving a share of rows from one sensitive value to another, 0 to 1 (Li et al. 2007).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// 1 for any two values.
    Equal,
    /// The height of their lowest common ancestor, as a part of the hierarchy's height.
    Hierarchical,
    /// The difference of their places, as a part of the largest such difference.
    Ordered,
}

/// What becomes of a model when classes are merged. A search prunes only by what this allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Monotony {
    /// Two classes that pass may fail together.
    None,
    /// Classes that pass also pass together. Without suppression, what passes still passes at every coarser node.
    Merging,
    /// A class that passes also passes with any other class merged into it, even one that fails. So fewer rows are suppressed at
    /// coarser nodes, with suppression too.
    Upward,
}

/// What is wrong with a model for a problem.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum ModelError {
    /// No such sensitive attribute.
    #[error("a model speaks of sensitive attribute {attribute}, and there are {known}")]
    Attribute {
        /// The place it names.
        attribute: usize,
        /// Sensitive attributes of the problem.
        known: usize,
    },
    /// A parameter is out of its range.
    #[error("{what} is {value}; it must be {range}")]
    Parameter {
        /// The parameter.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// More values asked of each class than there are.
    #[error(
        "{what} asks for {l} values of sensitive attribute {attribute} in each class, and the whole table has {values}"
    )]
    Diversity {
        /// The model.
        what: &'static str,
        /// The place of the attribute.
        attribute: usize,
        /// What it asks for.
        l: f64,
        /// Values that occur.
        values: usize,
    },
    /// The model compares with a population and none is given.
    #[error("{what} compares with a population, and none is given")]
    NoPopulation {
        /// The model.
        what: &'static str,
    },
    /// The hierarchical distance without a hierarchy that ends in one value.
    #[error(
        "the hierarchical distance of sensitive attribute {attribute} needs a hierarchy that covers every value and ends in one"
    )]
    NoHierarchy {
        /// The place of the attribute.
        attribute: usize,
    },
    /// The ordered distance without a place for each value.
    #[error(
        "the ordered distance of sensitive attribute {attribute} needs a different place from 0 on for each value"
    )]
    NoOrder {
        /// The place of the attribute.
        attribute: usize,
    },
    /// Counts that would not fit.
    #[error("the table has {rows} rows; models count at most {max}")]
    TooManyRows {
        /// Rows of the table.
        rows: u64,
        /// The most there may be.
        max: u64,
    },
}

impl Model {
    /// What merging classes does to it.
    #[must_use]
    pub fn monotony(&self) -> Monotony {
        match self {
            Self::KAnonymity { .. }
            | Self::KMap { .. }
            | Self::ProsecutorHighest { .. }
            | Self::JournalistHighest { .. }
            | Self::DistinctDiversity { .. } => Monotony::Upward,
            // A value that one class lacks may become too rare when the other brings it in.
            Self::DeltaDisclosure { .. } => Monotony::None,
            // People without a row join classes as they grow, so that presence may fall below the lower bound.
            Self::DeltaPresence { min, .. } if *min > 0.0 => Monotony::None,
            Self::DeltaPresence { .. }
            | Self::ProsecutorAverage { .. }
            | Self::JournalistAverage { .. }
            | Self::Marketer { .. }
            | Self::EntropyDiversity { .. }
            | Self::RecursiveDiversity { .. }
            | Self::TCloseness { .. }
            | Self::BasicBeta { .. }
            | Self::EnhancedBeta { .. } => Monotony::Merging,
        }
    }

    /// The sensitive attribute it speaks of.
    #[must_use]
    pub fn attribute(&self) -> Option<usize> {
        match self {
            Self::DistinctDiversity { attribute, .. }
            | Self::EntropyDiversity { attribute, .. }
            | Self::RecursiveDiversity { attribute, .. }
            | Self::TCloseness { attribute, .. }
            | Self::DeltaDisclosure { attribute, .. }
            | Self::BasicBeta { attribute, .. }
            | Self::EnhancedBeta { attribute, .. } => Some(*attribute),
            _ => None,
        }
    }
}
