//! From what was seen of the columns to what they are.

mod candidates;
mod facts;
mod hidden;
mod matching;
mod names;
mod neighbours;

use crate::header::Hint;
use crate::semantic::SemanticType;
use crate::survey::Survey;
use candidates::candidates;
use facts::Facts;
pub use hidden::Hidden;
pub use matching::shown;
pub use names::header_is_data;

/// What a column was found to be.
#[derive(Debug)]
pub struct Decision {
    pub semantic: SemanticType,
    /// From 0 to 1.
    pub confidence: f64,
    /// Cells that are of the type by themselves.
    pub matched: u64,
    /// What the header says, if anything that the values do not contradict.
    pub header: Option<Hint>,
    /// What the neighbours say.
    pub neighbours: Option<&'static str>,
    /// Identifiers among values of another type.
    pub hidden: Vec<Hidden>,
    pub mixed: bool,
}

/// Below this share of cells of its own type, a column is mixed.
const PURE: f64 = 0.9;

/// Decides for every column of a dataset.
pub fn decide(survey: &Survey, hints: &[Vec<Hint>]) -> Vec<Decision> {
    let none = Vec::new();
    let facts: Vec<Facts> = survey
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| Facts::new(column, hints.get(place).unwrap_or(&none), survey, place))
        .collect();
    let first: Vec<SemanticType> = facts.iter().map(|facts| best(facts, None).0).collect();
    facts
        .iter()
        .enumerate()
        .map(|(place, facts)| {
            let said = neighbours::say(survey, &facts_types(&first), place, facts);
            let (semantic, confidence) = best(
                facts,
                said.as_ref().map(|said| (said.semantic, said.strength)),
            );
            let hidden = hidden::hidden(facts, semantic);
            let matched = matching::matched(facts, semantic);
            let told = matching::is_told_by_values(semantic);
            let share = matched as f64 / facts.column.present().max(1) as f64;
            Decision {
                semantic,
                confidence,
                matched,
                header: facts
                    .hints
                    .iter()
                    .find(|hint| hint.semantic == semantic)
                    .copied(),
                neighbours: said
                    .filter(|said| said.semantic == semantic)
                    .map(|said| said.because),
                mixed: facts.column.present() > 0 && (!hidden.is_empty() || (told && share < PURE)),
                hidden,
            }
        })
        .collect()
}

fn facts_types(types: &[SemanticType]) -> Vec<SemanticType> {
    types.to_vec()
}

/// The best type and the confidence in it. What the neighbours say counts like values that say it.
fn best(facts: &Facts, neighbours: Option<(SemanticType, f64)>) -> (SemanticType, f64) {
    if facts.column.present() == 0 {
        // Only the header is left, and a cautious reader believes it.
        let hint = facts.hints.first();
        return hint.map_or((SemanticType::Empty, 1.0), |hint| {
            (hint.semantic, 0.5 * hint.strength)
        });
    }
    let mut best = (SemanticType::Category, 0.0);
    for candidate in candidates(facts) {
        let said = neighbours
            .filter(|(semantic, _)| *semantic == candidate.semantic)
            .map_or(0.0, |(_, strength)| strength);
        let value = candidate.value.max(said).clamp(0.0, 1.0);
        let hint = facts.hint(candidate.semantic) * candidate.fit.clamp(0.0, 1.0);
        let score = value + (1.0 - value) * hint * 0.9;
        // Of equals, the one that identifies is assumed.
        let ahead = score > best.1
            || (score == best.1 && candidate.semantic.is_direct() && !best.0.is_direct());
        if ahead {
            best = (candidate.semantic, score);
        }
    }
    best
}
