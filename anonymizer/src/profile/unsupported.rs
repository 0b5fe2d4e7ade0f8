//! What this program can read in a profile and cannot do. A profile that asks for it is refused rather than half obeyed.

use super::{Aggregate, Metric, RiskLimits, Unknown};
use super::{DatasetProfile, HierarchySource, Missing, Recoding, SuppressedRecords, Transform};

impl DatasetProfile {
    /// The first thing in the profile that is not carried out, by its field.
    pub(crate) fn unsupported(&self) -> Option<String> {
        let privacy = &self.privacy;
        let whole = [
            (privacy.k < 2, "the absence of k"),
            (
                privacy.suppressed_records != SuppressedRecords::Remove,
                "suppressed_records",
            ),
            (privacy.missing != Missing::Own, "missing"),
            (privacy.recoding != Recoding::Global, "recoding"),
            (privacy.metric != Metric::Loss, "metric"),
            (privacy.aggregate != Aggregate::Geometric, "aggregate"),
            (privacy.k_map.is_some(), "k_map"),
            (privacy.delta_presence.is_some(), "delta_presence"),
            (privacy.risk != RiskLimits::default(), "risk"),
        ];
        let found = whole.iter().find(|(asked, _)| *asked);
        if let Some((_, field)) = found {
            return Some((*field).to_owned());
        }
        self.columns.iter().find_map(|(name, rule)| {
            let field = match &rule.transform {
                _ if !rule.prepare.is_empty() => "prepare",
                _ if !rule.models.is_empty() => "models",
                Transform::Microaggregate { .. } => "microaggregate",
                Transform::Generalize(g) if g.weight != 1.0 => "weight",
                Transform::Generalize(g) if g.unknown != Unknown::Error => "unknown",
                Transform::Generalize(g) if matches!(g.hierarchy, HierarchySource::Built(_)) => {
                    "build"
                }
                _ => return None,
            };
            Some(format!("{field} of column {name:?}"))
        })
    }
}
