//! Why records had to be suppressed.

use hashbrown::HashMap;
use sandyq_recoding::models::{Class, Counts, Model, Models, Scratch};

use super::{SuppressionReason, SuppressionReport};
use crate::input::Input;
use crate::plan::{Plan, asked};
use crate::profile::Recoding;

/// The models that the classes of suppressed records do not meet, each by itself, at the levels of a plan that are the same for all
/// records. Where levels differ from record to record, a suppressed record is in no class, and no reason is known.
///
/// A class may meet every model and be suppressed all the same: thresholds on average risks look at all classes together.
pub(crate) fn reasons(input: &Input<'_>, plan: &Plan) -> SuppressionReport {
    let mut report = SuppressionReport::default();
    if input.profile.privacy().recoding != Recoding::Global {
        return report;
    }
    let Some(suppressed) = suppressed(input, plan) else {
        return report;
    };
    let columns = input.sensitive_names();
    for model in asked(input) {
        let Ok(models) = Models::new(std::slice::from_ref(&model), &input.problem) else {
            continue;
        };
        let records = suppressed.failing(input, &models);
        if records > 0 {
            let (model, attribute) = name(&model);
            report.reasons.push(SuppressionReason {
                model: model.to_owned(),
                column: attribute.and_then(|attribute| columns.get(attribute).cloned()),
                records,
            });
        }
    }
    report
}

/// Records of the problem that are suppressed, by the class that they would be in.
struct Suppressed(Vec<Vec<usize>>);

fn suppressed(input: &Input<'_>, plan: &Plan) -> Option<Suppressed> {
    let division = plan.division.as_ref()?;
    let levels = input.attributes.iter().zip(&plan.columns);
    let levels: Vec<_> = levels
        .map(|(attribute, column)| {
            let place = column.level.checked_sub(attribute.first_level)?;
            attribute.levels.get(place as usize)
        })
        .collect::<Option<_>>()?;
    let mut classes: HashMap<Vec<u32>, Vec<usize>> = HashMap::new();
    let left_out = division.class_of.iter().enumerate();
    for (record, _) in left_out.filter(|(_, class)| **class == 0) {
        let columns = input.problem.records.quasi.iter().zip(&levels);
        let key = columns.map(|(codes, level)| {
            let value = codes.get(record).copied().unwrap_or_default();
            level.codes.get(value as usize).copied().unwrap_or_default()
        });
        classes.entry(key.collect()).or_default().push(record);
    }
    Some(Suppressed(classes.into_values().collect()))
}

impl Suppressed {
    /// Rows of the classes that do not meet a model.
    fn failing(&self, input: &Input<'_>, models: &Models) -> u64 {
        if models.needs_population() {
            // The people of classes that are not released are not counted.
            return 0;
        }
        let mut scratch = Scratch::default();
        let rows = self.0.iter().map(|records| {
            let rows = rows(input, records);
            let class = Class {
                rows,
                population: 0,
                counts: Counts::Sparse(&counts(input, models, records)),
            };
            if models.admits(&class, &mut scratch) {
                0
            } else {
                rows
            }
        });
        rows.sum()
    }
}

fn rows(input: &Input<'_>, records: &[usize]) -> u64 {
    let weights = records
        .iter()
        .filter_map(|record| input.problem.records.weights.get(*record));
    weights.map(|weight| u64::from(*weight)).sum()
}

/// Rows of a class by sensitive value, in ascending order of slots.
fn counts(input: &Input<'_>, models: &Models, records: &[usize]) -> Vec<(u32, u32)> {
    if !models.needs_counts() {
        return Vec::new();
    }
    let all = &input.problem.records;
    let mut counts: Vec<(u32, u32)> = Vec::new();
    for (attribute, codes) in all.sensitive.iter().enumerate() {
        let cells = records.iter().filter_map(|record| {
            let slot = models.offset(attribute) + codes.get(*record)?;
            Some((slot, *all.weights.get(*record)?))
        });
        counts.extend(cells);
    }
    counts.sort_unstable();
    counts.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    counts
}

/// The name of a model in profiles, and the sensitive attribute that it looks at.
fn name(model: &Model) -> (&'static str, Option<usize>) {
    match model {
        Model::KAnonymity { .. } => ("k_anonymity", None),
        Model::KMap { .. } => ("k_map", None),
        Model::DeltaPresence { .. } => ("delta_presence_max", None),
        Model::ProsecutorHighest { .. } => ("prosecutor_highest", None),
        Model::ProsecutorAverage { .. } => ("prosecutor_average", None),
        Model::JournalistHighest { .. } => ("journalist_highest", None),
        Model::JournalistAverage { .. } => ("journalist_average", None),
        Model::Marketer { .. } => ("marketer", None),
        Model::DistinctDiversity { attribute, .. } => ("distinct_diversity", Some(*attribute)),
        Model::EntropyDiversity { attribute, .. } => ("entropy_diversity", Some(*attribute)),
        Model::RecursiveDiversity { attribute, .. } => ("recursive_diversity", Some(*attribute)),
        Model::TCloseness { attribute, .. } => ("t_closeness", Some(*attribute)),
        Model::DeltaDisclosure { attribute, .. } => ("delta_disclosure", Some(*attribute)),
        Model::BasicBeta { attribute, .. } => ("basic_beta", Some(*attribute)),
        Model::EnhancedBeta { attribute, .. } => ("enhanced_beta", Some(*attribute)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use crate::intake::{Encoding, Format, Limits, read};
    use crate::{Cancel, Hierarchies, Profile, PseudonymKey, depersonalize};

    const PROFILE: &str = r#"
        version = 1
        [privacy]
        k = 2
        suppression_limit = 1.0
        [datasets.d.columns.q]
        role = "quasi"
        transform = "keep"
        [datasets.d.columns.s]
        role = "sensitive"
        models = [{ model = "distinct_diversity", l = 2 }]
    "#;

    /// Class a is released; b has two rows of one value, c has one row.
    #[test]
    fn every_model_that_a_class_fails_is_a_reason() {
        let format = Format::Csv {
            delimiter: Some(b','),
            encoding: Encoding::Utf8,
        };
        let rows = "q,s\na,x\na,y\nb,x\nb,x\nc,z\n";
        let table = read("d", rows.as_bytes(), &format, &Limits::default()).unwrap();
        let profile = Profile::parse(PROFILE).unwrap();
        let (key, cancel) = (PseudonymKey::new([7; 32]), Cancel::new());
        let none = Hierarchies::new();
        let release = depersonalize(&table, &profile, &none, &key, &cancel, &mut |_| {}).unwrap();
        let suppression = release.report().suppression.clone().unwrap();
        let reasons = suppression.reasons.iter();
        let reasons: Vec<_> = reasons
            .map(|reason| {
                (
                    reason.model.as_str(),
                    reason.column.as_deref(),
                    reason.records,
                )
            })
            .collect();
        assert_eq!(
            reasons,
            [
                ("k_anonymity", None, 1),
                ("distinct_diversity", Some("s"), 3)
            ]
        );
    }
}
