//! The languages of texts, fragment by fragment.
//!
//! Fragments are lines and sentences. Of a large column as many values as suffice are taken, evenly out of their order.

use std::sync::LazyLock;

use lingua::{Language, LanguageDetector, LanguageDetectorBuilder};

use super::Examined;
use super::report::LanguageMix;
use crate::table::{Coded, PhysicalType};

static DETECTOR: LazyLock<LanguageDetector> = LazyLock::new(|| {
    let languages = [Language::English, Language::Kazakh, Language::Russian];
    LanguageDetectorBuilder::from_languages(&languages).build()
});

/// Values of a column that are looked at,
const MOST_VALUES: usize = 1_000;

/// fragments of each,
const MOST_FRAGMENTS: usize = 20;

/// and characters of each of these.
const MOST_CHARACTERS: usize = 300;

/// Letters that a fragment has at least.
const FEWEST_LETTERS: usize = 4;

/// Below this a fragment could as well be of another language.
const SURE: f64 = 0.6;

/// Values of a column of texts are so long on average, in characters.
const LONG: usize = 30;

pub(super) fn mix(examined: &Examined<'_>) -> Vec<LanguageMix> {
    let columns = examined.table.columns().iter();
    let texts = columns.filter(|column| is_prose(column, examined.kind(&column.name).as_deref()));
    texts.map(of_column).collect()
}

fn is_prose(column: &Coded, kind: Option<&str>) -> bool {
    match kind {
        Some(kind) => kind.ends_with("TEXT"),
        None => {
            let values = sample(column);
            let long: usize = values
                .iter()
                .map(|text| text.chars().take(1_000).count())
                .sum();
            let spaced = values
                .iter()
                .filter(|text| text.trim().contains(' '))
                .count();
            column.kind == PhysicalType::String
                && !values.is_empty()
                && long / values.len() >= LONG
                && spaced * 2 > values.len()
        }
    }
}

/// Values, evenly out of their order.
fn sample(column: &Coded) -> Vec<&str> {
    let step = column.dictionary.values().div_ceil(MOST_VALUES).max(1);
    column.dictionary.texts().flatten().step_by(step).collect()
}

fn of_column(column: &Coded) -> LanguageMix {
    let (mut counts, mut mixed, mut texts) = ([0_u64; 4], 0_u64, 0_u64);
    for text in sample(column) {
        let mut here = [0_u64; 4];
        for fragment in fragments(text) {
            let place = match language(&fragment) {
                Some(Language::Kazakh) => 0,
                Some(Language::Russian) => 1,
                Some(Language::English) => 2,
                None => 3,
            };
            if let Some(count) = here.get_mut(place) {
                *count += 1;
            }
        }
        texts += 1;
        let languages = here.iter().take(3).filter(|count| **count > 0).count();
        mixed += u64::from(languages > 1);
        counts
            .iter_mut()
            .zip(here)
            .for_each(|(all, here)| *all += here);
    }
    let fragments = counts.iter().sum::<u64>();
    let [kazakh, russian, english, undetermined] =
        counts.map(|count| count as f64 / fragments.max(1) as f64);
    LanguageMix {
        column: column.name.clone(),
        fragments,
        kazakh,
        russian,
        english,
        undetermined,
        mixed: mixed as f64 / texts.max(1) as f64,
    }
}

fn fragments(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(['\n', '\r', '.', '!', '?', ';']);
    let parts = parts.map(|part| part.chars().take(MOST_CHARACTERS).collect::<String>());
    parts
        .filter(|part| part.chars().any(char::is_alphabetic))
        .take(MOST_FRAGMENTS)
}

fn language(fragment: &str) -> Option<Language> {
    if fragment.chars().filter(|c| c.is_alphabetic()).count() < FEWEST_LETTERS {
        return None;
    }
    let values = DETECTOR.compute_language_confidence_values(fragment);
    let (language, confidence) = values.into_iter().next()?;
    (confidence >= SURE).then_some(language)
}
