//! What is known of a column when its type is decided.

use crate::column::Column;
use crate::header::Hint;
use crate::semantic::SemanticType;
use crate::sign::Sign;
use crate::skeleton::Skeleton;
use crate::survey::Survey;
use crate::vocabulary::{COUNTRY, CRIME, HEALTH, Meanings, NATIONALITY, RELIGION, SEX, Vocabulary};

/// A column with what follows from its cells.
#[derive(Debug)]
pub struct Facts<'a> {
    pub column: &'a Column,
    pub hints: &'a [Hint],
    /// The share of the cells that are words for a sex, and so on.
    pub sex: f64,
    pub nationality: f64,
    pub religion: f64,
    pub country: f64,
    /// The share of sampled prose that speaks of health, and of crime.
    pub health: f64,
    pub crime: f64,
    /// Different values as a share of all, 0 to 1.
    pub unique: f64,
}

impl<'a> Facts<'a> {
    pub fn new(column: &'a Column, hints: &'a [Hint], survey: &Survey, place: usize) -> Self {
        let listed = |meaning: Meanings| listed(column, meaning, meaning != SEX);
        let (health, crime) = prose(survey, place);
        Self {
            column,
            hints,
            sex: listed(SEX),
            nationality: listed(NATIONALITY),
            religion: listed(RELIGION),
            country: listed(COUNTRY),
            health,
            crime,
            unique: (column.distinct() as f64 / column.present().max(1) as f64).min(1.0),
        }
    }

    /// The share of cells with a sign.
    pub fn share(&self, sign: Sign) -> f64 {
        self.column.share(sign)
    }

    /// How strongly the header speaks for a type.
    pub fn hint(&self, semantic: SemanticType) -> f64 {
        let strength = |semantic| {
            self.hints
                .iter()
                .find(|hint| hint.semantic == semantic)
                .map_or(0.0, |hint| hint.strength)
        };
        match semantic {
            // A note may be about anything.
            SemanticType::HealthText if self.health >= 0.4 => {
                strength(semantic).max(strength(SemanticType::FreeText))
            }
            SemanticType::CriminalText if self.crime >= 0.5 => {
                strength(semantic).max(strength(SemanticType::FreeText))
            }
            other => strength(other),
        }
    }

    /// The share of numbers.
    pub fn numbers(&self) -> f64 {
        self.share(Sign::Integer) + self.share(Sign::Decimal)
    }

    /// Bytes of a value on average.
    pub fn length(&self) -> f64 {
        self.column.length()
    }
}

/// The share of the cells whose value has a meaning, as a whole or, if asked for, by one of its words. Only columns of few values have
/// listed ones.
fn listed(column: &Column, meaning: Meanings, by_word: bool) -> f64 {
    let Some(values) = &column.values else {
        return 0.0;
    };
    let vocabulary = Vocabulary::get();
    let (mut with, mut all) = (0, 0);
    for (value, count) in values.iter() {
        all += count;
        let text = String::from_utf8_lossy(value);
        let words: Vec<&str> = text
            .split(|letter: char| !letter.is_alphabetic() && letter != '-')
            .filter(|word| !word.is_empty())
            .collect();
        let means = |text: &str| vocabulary.meanings(&Skeleton::of(text)) & meaning != 0;
        // `Граждане Республики Казахстан` means it too, but prose does not.
        if words.len() <= 4 && (means(&text) || (by_word && words.iter().any(|word| means(word)))) {
            with += count;
        }
    }
    f64::from(u8::from(all > 0)) * with as f64 / all.max(1) as f64
}

/// The shares of the sampled cells of several words that speak of health and of crime.
fn prose(survey: &Survey, place: usize) -> (f64, f64) {
    let vocabulary = Vocabulary::get();
    let (mut texts, mut health, mut crime) = (0_u32, 0_u32, 0_u32);
    for cell in survey.sample.iter().filter_map(|row| row.get(place)) {
        let text = String::from_utf8_lossy(cell);
        let words = text
            .split(|letter: char| !letter.is_alphabetic())
            .filter(|word| word.chars().count() > 1);
        let meanings: Vec<Meanings> = words
            .map(|word| vocabulary.meanings_by_stem(&Skeleton::of(word)))
            .collect();
        if meanings.len() < 2 {
            continue;
        }
        texts += 1;
        health += u32::from(meanings.iter().any(|meaning| meaning & HEALTH != 0));
        crime += u32::from(meanings.iter().any(|meaning| meaning & CRIME != 0));
    }
    let share = |count: u32| f64::from(count) / f64::from(texts.max(1));
    (share(health), share(crime))
}
