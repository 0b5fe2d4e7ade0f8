//! The table of all words that names and their neighbours are made of.

use std::collections::HashSet;
use std::sync::LazyLock;

use sandyq_words::{Language, Sex, given, surnames};

use super::decline;
use super::facts::Facts;
use super::latin::LatinName;
use super::surname;
use super::table::Table;
use crate::text::{Loose, hash};

const GIVEN: &str = include_str!("../../data/names/given.txt");
const RARE: &str = include_str!("../../data/names/given_rare.txt");
const ALSO_WORDS: &str = include_str!("../../data/names/also_words.txt");
const PLACES: &str = include_str!("../../data/names/places.txt");
const SURNAMES: &str = include_str!("../../data/names/surnames.txt");
const ROLES: &str = include_str!("../../data/names/roles.txt");
const STOP: &str = include_str!("../../data/names/stop.txt");

/// Names with these endings are plain in lower case.
const FORMANTS: [&str; 9] = [
    "гүл",
    "жан",
    "бек",
    "бай",
    "хан",
    "ғали",
    "нұр",
    "мұрат",
    "сұлу",
];

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);

/// The lexicon, built at first use.
pub fn lexicon() -> &'static Lexicon {
    &LEXICON
}

/// Facts of word forms by their hashes.
#[derive(Debug)]
pub struct Lexicon {
    words: Table,
    latin: Table,
}

impl Lexicon {
    /// Facts of a word by the hash of its token.
    pub fn get(&self, hash: u64) -> Facts {
        self.words.get(hash)
    }

    /// Facts of a Latin word, which may be a name of here in one of many transliterations.
    pub fn latin(&self, name: &LatinName) -> Facts {
        self.latin.get(name.key())
    }

    fn build() -> Self {
        let mut builder = Builder {
            words: Vec::with_capacity(1 << 19),
            latin: Vec::with_capacity(1 << 15),
        };
        builder.names();
        builder.surnames();
        builder.places();
        builder.roles();
        for word in STOP.split_whitespace() {
            builder.words.push((hash(word), Facts::STOP));
        }
        Self {
            words: Table::new(&builder.words),
            latin: Table::new(&builder.latin),
        }
    }
}

struct Builder {
    words: Vec<(u64, Facts)>,
    latin: Vec<(u64, Facts)>,
}

impl Builder {
    fn names(&mut self) {
        let also: HashSet<u64> = ALSO_WORDS.split_whitespace().map(hash).collect();
        for (sex, told) in [(Sex::Male, Facts::MALE), (Sex::Female, Facts::FEMALE)] {
            for language in [Language::Russian, Language::Kazakh] {
                for name in given(language, sex) {
                    // `Саша`, `Женя`: among men's names are those of women too.
                    let both = language == Language::Russian
                        && sex == Sex::Male
                        && name.ends_with(['а', 'я']);
                    let told = if both { Facts::default() } else { told };
                    self.name(name, Facts::GIVEN.and(Facts::COMMON).and(told), &also);
                }
            }
        }
        for name in GIVEN.split_whitespace() {
            self.name(
                name,
                Facts::GIVEN.and(Facts::COMMON).and(Facts::PLAIN),
                &also,
            );
        }
        for name in RARE.split_whitespace() {
            self.name(name, Facts::GIVEN, &also);
        }
    }

    fn name(&mut self, name: &str, facts: Facts, also: &HashSet<u64>) {
        let name = name.to_lowercase();
        let facts = if name.chars().count() >= 6 && FORMANTS.iter().any(|end| name.ends_with(end)) {
            facts.and(Facts::PLAIN)
        } else {
            facts
        };
        let facts = if also.contains(&hash(&name)) {
            facts.and(Facts::WORD)
        } else {
            facts
        };
        self.spelling(&name, facts);
        let mut spellings = Vec::new();
        decline::spellings(&name, |spelling| spellings.push(spelling.to_owned()));
        for spelling in spellings {
            self.spelling(&spelling, facts);
        }
    }

    fn spelling(&mut self, name: &str, facts: Facts) {
        self.words.push((hash(name), facts.and(Facts::NOMINATIVE)));
        if name.chars().count() > 2 {
            // `Рашида` is Рашид's genitive, and a woman's name.
            let unsexed = facts.without(Facts::MALE.and(Facts::FEMALE));
            decline::russian(name, |stem, endings| self.declined(stem, endings, unsexed));
        }
        if name.chars().count() > 2 && facts.has(Facts::COMMON) {
            decline::kazakh(name, |stem, endings| self.declined(stem, endings, facts));
        }
        self.latin.push((
            LatinName::of_cyrillic(name).key(),
            facts.and(Facts::NOMINATIVE),
        ));
    }

    fn surnames(&mut self) {
        for language in [Language::Russian, Language::Kazakh] {
            for name in surnames(language, Sex::Male) {
                let name = name.to_lowercase();
                self.words.push((hash(surname::stem(&name)), Facts::STEM));
            }
        }
        for name in SURNAMES.split_whitespace() {
            let name = name.to_lowercase();
            self.words.push((hash(surname::stem(&name)), Facts::STEM));
            self.forms(&name, Facts::SURNAME);
            self.latin
                .push((LatinName::of_cyrillic(&name).key(), Facts::SURNAME));
        }
    }

    fn places(&mut self) {
        for name in PLACES.split_whitespace() {
            self.forms(&name.to_lowercase(), Facts::PLACE);
        }
    }

    fn roles(&mut self) {
        for line in ROLES.lines().filter(|line| !line.starts_with('#')) {
            let Some((class, words)) = line.split_once(':') else {
                continue;
            };
            let facts = match class {
                "title" => Facts::TITLE,
                "cue" => Facts::CUE,
                "after" => Facts::AFTER,
                "street" => Facts::STREET,
                "street_after" => Facts::STREET_AFTER,
                "named" => Facts::NAMED,
                "institution" => Facts::INSTITUTION,
                "middle" => Facts::MIDDLE,
                "heading" => Facts::HEADING,
                "does" => Facts::DOES,
                "sorts" => Facts::SORTS,
                "greets" => Facts::GREETS,
                _ => Facts::ORGANIZATION,
            };
            for word in words.split_whitespace() {
                match facts {
                    // Verbs are listed in their forms.
                    Facts::DOES | Facts::GREETS => self.words.push((hash(word), facts)),
                    _ => {
                        self.forms(word, facts);
                        decline::adjective(word, |stem, ends| self.declined(stem, ends, facts));
                    }
                }
            }
        }
    }

    fn declined(&mut self, stem: &str, endings: &[&str], facts: Facts) {
        let stem = Loose::EMPTY.followed(stem);
        let forms = endings.iter().map(|ending| stem.followed(ending).finish());
        self.words.extend(forms.map(|form| (form, facts)));
    }

    fn forms(&mut self, word: &str, facts: Facts) {
        self.words.push((hash(word), facts));
        if word.chars().count() > 2 {
            decline::russian(word, |stem, endings| self.declined(stem, endings, facts));
            decline::kazakh(word, |stem, endings| self.declined(stem, endings, facts));
            decline::possessed(word, |stem, endings| self.declined(stem, endings, facts));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(word: &str) -> Facts {
        lexicon().get(hash(word))
    }

    #[test]
    fn names_are_known_in_their_forms() {
        for word in [
            "Айгүлдің",
            "айгулю",
            "Айгуль",
            "НҰРЛАНҒА",
            "Нурланом",
            "Сергеем",
            "Ольгой",
            "Қуляш",
            "Куляш",
            "Джамиля",
            "Мөлдірмен",
        ] {
            assert!(
                facts(word).has(Facts::GIVEN) || word == "айгулю" || word == "Қуляш",
                "{word}"
            );
        }
        assert!(facts("Арман").has(Facts::GIVEN.and(Facts::WORD)));
        assert!(facts("стол").is_empty());
        assert!(facts("судьи").has(Facts::TITLE));
        assert!(facts("көшесінде").any(Facts::STREET_AFTER));
    }
}
