//! The models of a profile as the search takes them.

use sandyq_recoding::models::{Distance as Metric, Model as Asked, ModelError, Models};

use crate::input::Input;
use crate::profile::{Distance, Model};

/// The models that the profile asks for, made ready for the table.
pub(super) fn models(input: &Input<'_>) -> Result<Models, ModelError> {
    Models::new(&asked(input), &input.problem)
}

/// The models that the profile asks for.
pub(crate) fn asked(input: &Input<'_>) -> Vec<Asked> {
    let privacy = input.profile.privacy();
    let mut asked = vec![Asked::KAnonymity { k: privacy.k }];
    asked.extend(privacy.k_map.map(|k| Asked::KMap { k }));
    asked.extend(privacy.delta_presence.map(|bounds| Asked::DeltaPresence {
        min: bounds.min,
        max: bounds.max,
    }));
    let risk = &privacy.risk;
    let risks = [
        risk.prosecutor_highest
            .map(|risk| Asked::ProsecutorHighest { risk }),
        risk.prosecutor_average
            .map(|risk| Asked::ProsecutorAverage { risk }),
        risk.journalist_highest
            .map(|risk| Asked::JournalistHighest { risk }),
        risk.journalist_average
            .map(|risk| Asked::JournalistAverage { risk }),
        risk.marketer.map(|risk| Asked::Marketer { risk }),
    ];
    asked.extend(risks.into_iter().flatten());
    for (attribute, sensitive) in input.sensitive.iter().enumerate() {
        asked.extend(sensitive.models.iter().map(|model| of(model, attribute)));
    }
    asked
}

fn of(model: &Model, attribute: usize) -> Asked {
    match model {
        Model::DistinctDiversity { l } => Asked::DistinctDiversity {
            attribute,
            l: u32::try_from(*l).unwrap_or(u32::MAX),
        },
        Model::EntropyDiversity { l } => Asked::EntropyDiversity { attribute, l: *l },
        Model::RecursiveDiversity { c, l } => Asked::RecursiveDiversity {
            attribute,
            c: *c,
            l: u32::try_from(*l).unwrap_or(u32::MAX),
        },
        Model::TCloseness { t, distance } => Asked::TCloseness {
            attribute,
            t: *t,
            distance: match distance {
                Distance::Equal => Metric::Equal,
                Distance::Hierarchical { .. } => Metric::Hierarchical,
                Distance::Ordered { .. } => Metric::Ordered,
            },
        },
        Model::DeltaDisclosure { delta } => Asked::DeltaDisclosure {
            attribute,
            delta: *delta,
        },
        Model::BasicBeta { beta } => Asked::BasicBeta {
            attribute,
            beta: *beta,
        },
        Model::EnhancedBeta { beta } => Asked::EnhancedBeta {
            attribute,
            beta: *beta,
        },
    }
}
