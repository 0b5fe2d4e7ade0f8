//! What was asked for, beside what was measured.

use serde::{Deserialize, Serialize};

use super::TOLERANCE;
use super::models;
use super::subject::{Measurement, Sensitive, Subject, Told, largest};
use crate::profile::{Distance, Model, Privacy};

/// One thing that a profile asks for, and the measured number. Numbers within 10^-8 of one another are equal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// The model, as the profile names it.
    pub model: String,
    /// The sensitive column it is asked for; `None` for the table as a whole.
    pub column: Option<String>,
    /// More of what was asked, such as the distance of t-closeness; empty if there is nothing to add.
    pub detail: String,
    /// How the measured number must stand to the required one.
    pub comparison: Comparison,
    /// The number of the profile.
    pub required: f64,
    /// The number of the table; `None` if it is beyond every bound, or if there are no classes.
    pub measured: Option<f64>,
    /// Whether it holds.
    pub holds: bool,
}

/// How a measured number must stand to the required one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Not smaller.
    AtLeast,
    /// Not greater.
    AtMost,
    /// Smaller.
    Below,
}

impl Comparison {
    fn holds(self, measured: f64, required: f64) -> bool {
        let slack = TOLERANCE * required.abs().max(1.0);
        match self {
            Self::AtLeast => measured >= required - slack,
            Self::AtMost => measured <= required + slack,
            Self::Below => measured < required,
        }
    }

    /// The comparison in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AtLeast => "at least",
            Self::AtMost => "at most",
            Self::Below => "below",
        }
    }
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.model)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        if let Some(column) = &self.column {
            write!(f, " of {column:?}")?;
        }
        match self.measured {
            Some(measured) => write!(f, " is {measured}")?,
            None => f.write_str(" has no bound")?,
        }
        write!(
            f,
            ", required is {} {}",
            self.comparison.words(),
            self.required
        )
    }
}

/// Everything that the profile asks for.
pub(super) fn all(
    subject: &Subject<'_>,
    privacy: &Privacy,
    measured: &Measurement,
) -> Vec<Requirement> {
    let mut all = of_table(subject, privacy, measured);
    for (sensitive, histograms) in subject.sensitive.iter().zip(&subject.classes.sensitive) {
        let models = sensitive.models.iter().enumerate();
        all.extend(models.map(|(place, model)| {
            let classes = histograms.iter();
            of_model(
                sensitive,
                place,
                model,
                classes.collect::<Vec<_>>().as_slice(),
            )
        }));
    }
    all
}

fn of_table(subject: &Subject<'_>, privacy: &Privacy, measured: &Measurement) -> Vec<Requirement> {
    use Comparison::{AtLeast, AtMost};
    let mut all = Vec::new();
    let mut ask = |model: &str, comparison, required: Option<f64>, measured: Option<f64>| {
        all.extend(required.map(|required| {
            let model = model.to_owned();
            requirement(model, None, String::new(), comparison, required, measured)
        }));
    };
    let some = |number: u64| Some(number as f64);
    let fewest = subject.candidates().iter().min().copied();
    ask(
        "k_anonymity",
        AtLeast,
        some(privacy.k),
        fewest.and_then(some),
    );
    let share = measured.suppressed as f64 / measured.records.max(1) as f64;
    let allowed = privacy.suppressible(measured.records) as f64 / measured.records.max(1) as f64;
    ask("suppression", AtMost, Some(allowed), Some(share));
    let (people, presence) = (measured.population, privacy.delta_presence);
    ask(
        "k_map",
        AtLeast,
        privacy.k_map.map(|k| k as f64),
        people.map(|people| people.k_map as f64),
    );
    ask(
        "delta_presence_min",
        AtLeast,
        presence.map(|presence| presence.min),
        people.map(|people| people.least_presence),
    );
    ask(
        "delta_presence_max",
        AtMost,
        presence.map(|presence| presence.max),
        people.map(|people| people.greatest_presence),
    );
    let (limits, risks) = (privacy.risk, measured.risks);
    let journalist = risks.journalist;
    let prosecutor = Some(risks.prosecutor);
    let highest = |risk: Option<super::AttackerRisk>| risk.map(|risk| risk.highest);
    let average = |risk: Option<super::AttackerRisk>| risk.map(|risk| risk.average);
    for (model, required, measured) in [
        (
            "prosecutor_highest",
            limits.prosecutor_highest,
            highest(prosecutor),
        ),
        (
            "prosecutor_average",
            limits.prosecutor_average,
            average(prosecutor),
        ),
        (
            "journalist_highest",
            limits.journalist_highest,
            highest(journalist),
        ),
        (
            "journalist_average",
            limits.journalist_average,
            average(journalist),
        ),
        (
            "marketer",
            limits.marketer,
            journalist.map(|_| risks.marketer),
        ),
    ] {
        ask(model, AtMost, required, measured);
    }
    all
}

/// A model of a sensitive column over the classes, each the values with their rows.
fn of_model(
    sensitive: &Sensitive<'_>,
    place: usize,
    model: &Model,
    classes: &[&models::Values],
) -> Requirement {
    use Comparison::{AtLeast, AtMost, Below};
    let prior = &sensitive.prior;
    let most = |of: &Told| largest(classes.iter().map(|class| of(class)));
    let least = |of: &dyn Fn(&models::Values) -> f64| {
        classes.iter().map(|class| of(class)).reduce(f64::min)
    };
    let (name, detail, comparison, required, measured) = match model {
        Model::DistinctDiversity { l } => (
            "distinct_diversity",
            String::new(),
            AtLeast,
            *l as f64,
            least(&|class| models::distinct(class) as f64),
        ),
        Model::EntropyDiversity { l } => (
            "entropy_diversity",
            String::new(),
            AtLeast,
            *l,
            least(&models::entropy),
        ),
        Model::RecursiveDiversity { c, l } => (
            "recursive_diversity",
            format!("l = {l}"),
            Below,
            *c,
            most(&|class| {
                let (first, tail) = models::recursive(class, *l);
                (tail > 0).then(|| first as f64 / tail as f64)
            }),
        ),
        Model::TCloseness { t, distance } => {
            let (detail, measured) = closeness(sensitive, place, distance, &most);
            ("t_closeness", detail, AtMost, *t, measured)
        }
        Model::DeltaDisclosure { delta } => (
            "delta_disclosure",
            String::new(),
            Below,
            *delta,
            most(&|class| models::disclosure(class, prior)),
        ),
        Model::BasicBeta { beta } => (
            "basic_beta",
            String::new(),
            AtMost,
            *beta,
            most(&|class| models::basic_likeness(class, prior)),
        ),
        Model::EnhancedBeta { beta } => (
            "enhanced_beta",
            String::new(),
            AtMost,
            *beta,
            most(&|class| models::enhanced_likeness(class, prior)),
        ),
    };
    let column = Some(sensitive.column.to_owned());
    let mut requirement = requirement(
        name.to_owned(),
        column,
        detail,
        comparison,
        required,
        measured,
    );
    if let Model::RecursiveDiversity { c, l } = model {
        // The product, not the quotient, so that a count that is exactly c times the rest is not below it.
        requirement.holds = !classes.is_empty()
            && classes.iter().all(|class| {
                let (first, tail) = models::recursive(class, *l);
                (first as f64) < c * tail as f64
            });
    }
    requirement
}

type Most<'a> = dyn Fn(&Told) -> Option<f64> + 'a;

fn closeness(
    sensitive: &Sensitive<'_>,
    place: usize,
    distance: &Distance,
    most: &Most<'_>,
) -> (String, Option<f64>) {
    let prior = &sensitive.prior;
    let (name, measured) = match distance {
        Distance::Equal => (
            "equal",
            most(&|class| Some(models::equal_distance(class, prior))),
        ),
        Distance::Hierarchical { .. } => (
            "hierarchical",
            most(&|class| {
                let tree = sensitive.trees.get(place)?.as_ref()?;
                Some(models::hierarchical_distance(class, prior, tree))
            }),
        ),
        Distance::Ordered { .. } => (
            "ordered",
            most(&|class| {
                let places = sensitive.places.as_ref()?;
                Some(models::ordered_distance(class, prior, places))
            }),
        ),
    };
    (format!("{name} distance"), measured)
}

fn requirement(
    model: String,
    column: Option<String>,
    detail: String,
    comparison: Comparison,
    required: f64,
    measured: Option<f64>,
) -> Requirement {
    Requirement {
        model,
        column,
        detail,
        comparison,
        required,
        holds: measured.is_some_and(|measured| comparison.holds(measured, required)),
        measured,
    }
}
