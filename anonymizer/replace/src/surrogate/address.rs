//! Invented addresses: of the same region and with the same parts.

use fake::Fake;
use fake::rand::{Rng, RngExt};

use super::locale::{Street, Town};
use crate::name::{Language, folded};
use crate::stream::below;

/// What an invented address must agree with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outline {
    language: Language,
    /// The first two digits of KATO, if the address names a region or its centre.
    region: Option<&'static str>,
    town: bool,
    house: bool,
    flat: bool,
}

impl Outline {
    pub(super) fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let word = |words: &[&str]| {
            let mut all = lower.split(|c: char| !c.is_alphabetic());
            all.any(|word| words.contains(&word))
        };
        let kazakh = [
            "көше",
            "даңғыл",
            "үй",
            "пәтер",
            "қала",
            "облысы",
            "ауылы",
            "шағын",
        ];
        let region = region(&folded(text));
        Self {
            language: match kazakh.iter().any(|part| lower.contains(part)) {
                true => Language::Kazakh,
                false => Language::Russian,
            },
            town: region.is_some()
                || word(&[
                    "г",
                    "гор",
                    "город",
                    "городе",
                    "с",
                    "село",
                    "қ",
                    "қаласы",
                    "ауылы",
                    "аул",
                ]),
            house: lower.chars().any(char::is_numeric),
            flat: word(&[
                "кв",
                "квартира",
                "квартире",
                "пәтер",
                "пәт",
                "пәтері",
                "оф",
                "офис",
            ]),
            region,
        }
    }

    pub(super) fn write(&self, out: &mut String) {
        out.push(if self.language == Language::Kazakh {
            'k'
        } else {
            'r'
        });
        for (has, letter) in [(self.town, 't'), (self.house, 'h'), (self.flat, 'f')] {
            out.push(if has { letter } else { '-' });
        }
        out.push_str(self.region.unwrap_or_default());
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (letters, region) = text.split_at_checked(4)?;
        let mut letters = letters.chars();
        let language = match letters.next()? {
            'k' => Language::Kazakh,
            'r' => Language::Russian,
            _ => return None,
        };
        let mut flag = |letter| match letters.next()? {
            '-' => Some(false),
            other if other == letter => Some(true),
            _ => None,
        };
        let (town, house, flat) = (flag('t')?, flag('h')?, flag('f')?);
        let known = sandyq_words::regions()
            .iter()
            .find(|known| known.code == region);
        if known.is_none() && !region.is_empty() {
            return None;
        }
        Some(Self {
            language,
            region: known.map(|known| known.code),
            town,
            house,
            flat,
        })
    }
}

/// The region that a folded address names by itself or by its centre.
fn region(text: &str) -> Option<&'static str> {
    let stem = |name: &str| {
        let name = folded(name);
        let adjective = name
            .split(' ')
            .find(|word| word.ends_with("ская") && word.chars().count() > 5);
        let named = |stem: &str| stem.chars().count() > 3 && text.contains(stem);
        match adjective {
            Some(word) => named(word.trim_end_matches("ая")),
            None if name.contains(' ') => named(&name),
            None => named(name.trim_end_matches(['а', 'е', 'и', 'о', 'у', 'ы'])),
        }
    };
    let by_region = sandyq_words::regions()
        .iter()
        .find(|region| stem(region.ru) || stem(region.kk));
    let by_town = || {
        let town = sandyq_words::settlements()
            .iter()
            .find(|town| stem(town.ru) || stem(town.kk))?;
        let regions = sandyq_words::regions().iter();
        regions
            .map(|region| region.code)
            .find(|code| town.kato.starts_with(code))
    };
    by_region.map(|region| region.code).or_else(by_town)
}

/// Writes an invented address.
pub(super) fn render<R: RngExt + Rng>(outline: &Outline, rng: &mut R, out: &mut String) {
    let language = outline.language;
    let town: &str = Town {
        language,
        region: outline.region,
    }
    .fake_with_rng(rng);
    let street: &str = Street(language).fake_with_rng(rng);
    let (house, flat) = (1 + below(rng, 150), 1 + below(rng, 120));
    let mut parts = Vec::new();
    let (kazakh, has) = (language == Language::Kazakh, |has: bool, part: String| {
        has.then_some(part)
    });
    if kazakh {
        parts.extend(has(outline.town, format!("{town} қаласы")));
        parts.push(format!("{street} көшесі"));
        parts.extend(has(outline.house, format!("{house}-үй")));
        parts.extend(has(outline.flat, format!("{flat}-пәтер")));
    } else {
        parts.extend(has(outline.town, format!("г. {town}")));
        parts.push(format!("ул. {street}"));
        parts.extend(has(outline.house, format!("д. {house}")));
        parts.extend(has(outline.flat, format!("кв. {flat}")));
    }
    out.push_str(&parts.join(", "));
}
