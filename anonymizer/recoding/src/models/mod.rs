//! Privacy models: whether an equivalence class, and a table of classes, may be released.
//!
//! Definitions are those of ARX 3.9 where it differs from the paper a model comes from, so that results compare.

mod attribute;
mod closeness;
mod compile;
mod spec;
#[cfg(test)]
mod tests;

use self::attribute::AttributeModels;
pub use self::spec::{Distance, Model, ModelError, Monotony};

/// How far a floating-point value may lie beyond a threshold and count as equal to it, relative to the threshold. It absorbs
/// rounding, so that a threshold that is reached exactly is reached on every machine.
pub const TOLERANCE: f64 = 1e-9;

/// Rows of a class by value of the sensitive attributes. The values of all sensitive attributes are numbered through: value v of
/// attribute a has the slot [`Models::offset`]`(a) + v`, below [`Models::width`].
#[derive(Clone, Copy, Debug)]
pub enum Counts<'a> {
    /// Rows by slot, one entry a slot.
    Dense(&'a [u32]),
    /// Slot and rows, for the slots that have any, in ascending order.
    Sparse(&'a [(u32, u32)]),
}

/// An equivalence class, as far as models look at it.
#[derive(Clone, Copy, Debug)]
pub struct Class<'a> {
    /// Rows of the table, 1 or more.
    pub rows: u64,
    /// People of the population. Rows are people: where it is lower than `rows`, it is taken to be `rows`. 0 without a population.
    pub population: u64,
    /// Rows by sensitive value.
    pub counts: Counts<'a>,
}

impl Class<'_> {
    fn people(&self) -> u64 {
        self.population.max(self.rows)
    }
}

/// Sums over the classes to be released, for the models that look at the table as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Classes.
    pub classes: u64,
    /// Rows of the table in them.
    pub rows: u64,
    /// People of the population in them.
    pub people: u64,
    /// The sum of rows / people.
    pub shares: f64,
}

impl Tally {
    /// Counts one more class.
    pub fn add(&mut self, rows: u64, population: u64) {
        let people = population.max(rows);
        self.classes += 1;
        self.rows += rows;
        self.people += people;
        self.shares += rows as f64 / people as f64;
    }

    /// Counts one class less.
    pub fn remove(&mut self, rows: u64, population: u64) {
        let people = population.max(rows);
        self.classes = self.classes.saturating_sub(1);
        self.rows = self.rows.saturating_sub(rows);
        self.people = self.people.saturating_sub(people);
        self.shares -= rows as f64 / people as f64;
    }

    /// Classes / rows.
    #[must_use]
    pub fn prosecutor(&self) -> f64 {
        ratio(self.classes, self.rows)
    }

    /// The larger of classes / people and the mean over rows of 1 / people.
    #[must_use]
    pub fn journalist(&self) -> f64 {
        ratio(self.classes, self.people).max(self.marketer())
    }

    /// The mean over rows of 1 / people.
    #[must_use]
    pub fn marketer(&self) -> f64 {
        match self.rows {
            0 => 0.0,
            rows => self.shares / rows as f64,
        }
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}

/// Buffers kept from one evaluation to the next. One for each thread.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    blocks: Vec<f64>,
    pairs: Vec<(f64, f64)>,
    top: Vec<u32>,
}

/// Models made ready for a problem.
#[derive(Clone, Debug)]
pub struct Models {
    min_rows: u64,
    min_people: u64,
    presence: Option<(f64, f64)>,
    attributes: Vec<AttributeModels>,
    offsets: Vec<u32>,
    width: usize,
    averages: Averages,
    needs_population: bool,
    monotony: Monotony,
}

/// Thresholds on the whole table; 1 is always met.
#[derive(Clone, Copy, Debug)]
struct Averages {
    prosecutor: f64,
    journalist: f64,
    marketer: f64,
}

impl Models {
    /// A class of fewer rows never passes. 1 or more.
    #[must_use]
    pub fn min_rows(&self) -> u64 {
        self.min_rows
    }

    /// A class of fewer people never passes; 0 if none asks.
    #[must_use]
    pub fn min_people(&self) -> u64 {
        self.min_people
    }

    /// Whether a model compares with the population.
    #[must_use]
    pub fn needs_population(&self) -> bool {
        self.needs_population
    }

    /// Whether a model looks at sensitive values: if not, [`Counts`] may be empty.
    #[must_use]
    pub fn needs_counts(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// The weakest of all models on classes, those on the whole table aside.
    #[must_use]
    pub fn monotony(&self) -> Monotony {
        self.monotony
    }

    /// Whether a model looks at the table as a whole, which [`Self::holds`] then decides. Such models are [`Monotony::Merging`].
    #[must_use]
    pub fn limits_averages(&self) -> bool {
        let Averages {
            prosecutor,
            journalist,
            marketer,
        } = self.averages;
        prosecutor.min(journalist).min(marketer) < 1.0
    }

    /// Slots of [`Counts`].
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The slot of the first value of a sensitive attribute.
    #[must_use]
    pub fn offset(&self, attribute: usize) -> u32 {
        self.offsets.get(attribute).copied().unwrap_or_default()
    }

    /// Whether a class may be released, as far as it can be told from the class alone.
    #[must_use]
    pub fn admits(&self, class: &Class<'_>, scratch: &mut Scratch) -> bool {
        self.admits_size(class)
            && self
                .attributes
                .iter()
                .all(|models| models.admit(class, scratch))
    }

    fn admits_size(&self, class: &Class<'_>) -> bool {
        if class.rows < self.min_rows || class.people() < self.min_people {
            return false;
        }
        self.presence.is_none_or(|(min, max)| {
            let present = class.rows as f64 / class.people() as f64;
            at_most(present, max) && at_least(present, min)
        })
    }

    /// Rows of a class that have to be left out, here and wherever this class is divided into finer ones: a bound from below, 0
    /// for a class that passes.
    ///
    /// Classes that pass also pass together ([`Monotony::Merging`]), so the rows released out of a class, however finely divided,
    /// must themselves look like a class that passes. The bound is the number of rows by which the class falls short of that, for
    /// the worst model. Of [`Model::DeltaDisclosure`] and [`Model::DeltaPresence`] only the upper bounds are used, which are so.
    #[must_use]
    pub fn unreleasable(&self, class: &Class<'_>, scratch: &mut Scratch) -> u64 {
        if class.rows < self.min_rows || class.people() < self.min_people {
            return class.rows;
        }
        let mut most = class.rows as f64;
        if let Some((_, max)) = self.presence {
            most = most.min(max * (1.0 + TOLERANCE) * class.people() as f64);
        }
        for models in &self.attributes {
            most = most.min(models.most_released(class, scratch));
        }
        // A row too many only weakens the bound; a row too few would spoil it.
        let most = (most + 1e-6).floor() as u64;
        if most < self.min_rows {
            class.rows
        } else {
            class.rows.saturating_sub(most)
        }
    }

    /// Whether the classes to be released meet the models that look at the table as a whole.
    #[must_use]
    pub fn holds(&self, released: &Tally) -> bool {
        at_most(released.prosecutor(), self.averages.prosecutor)
            && at_most(released.journalist(), self.averages.journalist)
            && at_most(released.marketer(), self.averages.marketer)
    }

    /// Whether [`Self::holds`] asks about people rather than rows, so that classes of the fewest people are what stands in its way.
    #[must_use]
    pub fn averages_people(&self) -> bool {
        self.averages.prosecutor >= 1.0
    }
}

fn at_most(value: f64, threshold: f64) -> bool {
    value <= threshold + TOLERANCE * threshold.abs()
}

fn at_least(value: f64, threshold: f64) -> bool {
    value >= threshold - TOLERANCE * threshold.abs()
}

/// The largest r up to `start` with sum(min(count, share * r)) >= need * r, a bound from above: that many rows can stay of a
/// class with these counts if each count may be at most its share of what stays, and `need` of the rows must be so covered.
///
/// The difference of both sides is concave in r and 0 at 0, so Newton's method from the right never passes its last zero.
fn most_covered(pairs: &[(f64, f64)], need: f64, start: f64) -> f64 {
    let need = need * (1.0 - TOLERANCE) - TOLERANCE;
    if need <= 0.0 {
        return start;
    }
    let mut rows = start;
    for _ in 0..16 {
        let (mut fixed, mut slope) = (0.0, 0.0);
        for (count, share) in pairs {
            if *count <= share * rows {
                fixed += count;
            } else {
                slope += share;
            }
        }
        if slope >= need || fixed + slope * rows >= need * rows {
            return rows;
        }
        let next = fixed / (need - slope);
        if next >= rows * (1.0 - 1e-12) {
            return rows;
        }
        rows = next;
    }
    rows
}
