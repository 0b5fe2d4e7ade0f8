//! All that is measured of a table, from its counted classes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::classes::Classes;
use super::models::{self, Prior, Tree};
use super::requirement::{self, Requirement};
use super::risk::{Risks, risks};
use super::utility::{Measured, Utility, utility};
use crate::profile::{Model, Privacy};

/// A table whose released rows are counted.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    /// The classes of released rows; suppressed ones are not among them.
    pub classes: Classes,
    /// Records that are suppressed: removed, or turned into `*`.
    pub suppressed: u64,
    /// The quasi-identifiers, as in the keys of the classes.
    pub attributes: Vec<Measured<'a>>,
    /// The sensitive columns, as in the histograms of the classes.
    pub sensitive: Vec<Sensitive<'a>>,
    /// For each class the rows that an attacker must take for candidates, where missing values may stand for any; `None` if that is
    /// the rows of the class.
    pub candidates: Option<Vec<u64>>,
    /// The people of the population under each class.
    pub people: Option<Vec<u64>>,
}

/// What is known beforehand of a sensitive column.
#[derive(Clone, Debug)]
pub(crate) struct Sensitive<'a> {
    pub column: &'a str,
    /// What its classes must keep to.
    pub models: &'a [Model],
    /// Its values in the whole table.
    pub prior: Prior,
    /// The place of each value in the order of the column, for the ordered distance.
    pub places: Option<Vec<u32>>,
    /// For each model, in their order, the tree of the hierarchical distance.
    pub trees: Vec<Option<Tree>>,
}

/// What was measured of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Records, the suppressed ones with them.
    pub records: u64,
    /// Records that are suppressed.
    pub suppressed: u64,
    /// The equivalence classes of the others.
    pub classes: ClassSizes,
    /// The risk that records are found again.
    pub risks: Risks,
    /// What the population tells; `None` if none was given.
    pub population: Option<PopulationMeasure>,
    /// What classes tell of each sensitive column.
    pub sensitive: Vec<SensitiveMeasure>,
    /// What is lost.
    pub utility: Utility,
    /// Everything that was asked for, with what was measured.
    pub requirements: Vec<Requirement>,
}

/// The sizes of equivalence classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassSizes {
    /// Classes.
    pub classes: u64,
    /// Records of the smallest class: the k of the table; 0 if there is none.
    pub smallest: u64,
    /// Records of the largest class.
    pub largest: u64,
    /// Records of a class on average.
    pub average: f64,
    /// How many classes there are of each size, in ascending order of sizes.
    pub sizes: Vec<(u64, u64)>,
}

/// What the population tells of the classes. Records are people: where a class has more records than people, these count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationMeasure {
    /// People of the class with the fewest: the k of k-map.
    pub k_map: u64,
    /// The least share of the people under a class that is in the table. As in ARX, people under no class are not looked at.
    pub least_presence: f64,
    /// The greatest such share.
    pub greatest_presence: f64,
}

/// What classes tell of a sensitive column, each the number of the class that tells most; `None` where no number bounds it, or where
/// there are no classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SensitiveMeasure {
    /// The column.
    pub column: String,
    /// Different values of the column.
    pub values: u64,
    /// The l of distinct l-diversity.
    pub distinct_diversity: Option<u64>,
    /// The l of entropy l-diversity.
    pub entropy_diversity: Option<f64>,
    /// The t of t-closeness with equal distance.
    pub t_closeness_equal: Option<f64>,
    /// The t of t-closeness with ordered distance, where the values have an order.
    pub t_closeness_ordered: Option<f64>,
    /// The δ of δ-disclosure privacy.
    pub delta_disclosure: Option<f64>,
    /// The β of basic β-likeness.
    pub basic_beta: Option<f64>,
    /// The β of enhanced β-likeness.
    pub enhanced_beta: Option<f64>,
}

impl Subject<'_> {
    /// For each class the rows among which a record of it is looked for.
    pub(super) fn candidates(&self) -> &[u64] {
        self.candidates.as_deref().unwrap_or(&self.classes.sizes)
    }

    /// Measures everything.
    pub(crate) fn measure(&self, privacy: &Privacy) -> Measurement {
        let sizes = &self.classes.sizes;
        let sensitive = self
            .sensitive
            .iter()
            .zip(&self.classes.sensitive)
            .map(|(sensitive, histograms)| sensitive.measure(histograms));
        let mut measurement = Measurement {
            records: self.classes.rows() + self.suppressed,
            suppressed: self.suppressed,
            classes: ClassSizes::of(sizes),
            risks: risks(sizes, self.candidates(), self.people.as_deref()),
            population: self.people.as_ref().map(|people| presence(sizes, people)),
            sensitive: sensitive.collect(),
            utility: utility(&self.classes, self.suppressed, &self.attributes),
            requirements: Vec::new(),
        };
        measurement.requirements = requirement::all(self, privacy, &measurement);
        measurement
    }
}

impl Measurement {
    /// The requirements that do not hold.
    pub fn violated(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements
            .iter()
            .filter(|requirement| !requirement.holds)
    }
}

impl ClassSizes {
    fn of(sizes: &[u64]) -> Self {
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        for size in sizes {
            *counts.entry(*size).or_default() += 1;
        }
        let (classes, records) = (sizes.len() as u64, sizes.iter().sum::<u64>());
        Self {
            classes,
            smallest: counts.keys().next().copied().unwrap_or_default(),
            largest: counts.keys().next_back().copied().unwrap_or_default(),
            average: records as f64 / classes.max(1) as f64,
            sizes: counts.into_iter().collect(),
        }
    }
}

fn presence(sizes: &[u64], people: &[u64]) -> PopulationMeasure {
    let classes = || {
        let pairs = sizes.iter().zip(people);
        pairs.map(|(rows, people)| (*rows, *people.max(rows)))
    };
    let shares = || classes().map(|(rows, people)| rows as f64 / people as f64);
    PopulationMeasure {
        k_map: classes()
            .map(|(_, people)| people)
            .min()
            .unwrap_or_default(),
        least_presence: shares().reduce(f64::min).unwrap_or_default(),
        greatest_presence: shares().reduce(f64::max).unwrap_or_default(),
    }
}

impl Sensitive<'_> {
    fn measure(&self, histograms: &super::classes::Histograms) -> SensitiveMeasure {
        let prior = &self.prior;
        let most = |of: &Told| largest(histograms.iter().map(of));
        SensitiveMeasure {
            column: self.column.to_owned(),
            values: prior.distinct() as u64,
            distinct_diversity: histograms.iter().map(models::distinct).min(),
            entropy_diversity: histograms.iter().map(models::entropy).reduce(f64::min),
            t_closeness_equal: most(&|class| Some(models::equal_distance(class, prior))),
            t_closeness_ordered: most(&|class| {
                let places = self.places.as_ref()?;
                Some(models::ordered_distance(class, prior, places))
            }),
            delta_disclosure: most(&|class| models::disclosure(class, prior)),
            basic_beta: most(&|class| models::basic_likeness(class, prior)),
            enhanced_beta: most(&|class| models::enhanced_likeness(class, prior)),
        }
    }
}

/// What a class tells, as a number if there is one.
pub(super) type Told<'t> = dyn Fn(&models::Values) -> Option<f64> + 't;

/// The largest number; `None` if one is missing, or if there are none.
pub(super) fn largest(mut numbers: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let first = numbers.next()??;
    numbers.try_fold(first, |largest, number| Some(largest.max(number?)))
}
