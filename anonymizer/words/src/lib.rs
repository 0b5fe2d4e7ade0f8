//! Names, streets and places of Kazakhstan in Russian and Kazakh.
//!
//! Every list is a data file of one entry a line, in the nominative and in title case, split once at first use.
//! The lists serve to invent people and addresses; the sources are named in NOTICE.

mod letters;
mod places;

use std::sync::LazyLock;

pub use letters::russian_letter;
pub use places::{Region, Settlement, regions, settlements};

/// The sex a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sex {
    Male,
    Female,
}

/// The language a list is written in.
///
/// Kazakh given names and surnames are spelled as Kazakh passports spell them, with the Kazakh letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    Russian,
    Kazakh,
}

type Words = LazyLock<Vec<&'static str>>;

macro_rules! words {
    ($($name:ident = $file:literal;)*) => {
        $(static $name: Words = LazyLock::new(|| include_str!(concat!("../data/", $file, ".txt")).lines().collect());)*
    };
}

words! {
    RU_GIVEN_MALE = "ru_given_male";
    RU_GIVEN_FEMALE = "ru_given_female";
    RU_SURNAME_MALE = "ru_surname_male";
    RU_SURNAME_FEMALE = "ru_surname_female";
    RU_PATRONYMIC_MALE = "ru_patronymic_male";
    RU_PATRONYMIC_FEMALE = "ru_patronymic_female";
    RU_STREET = "ru_street";
    KK_GIVEN_MALE = "kk_given_male";
    KK_GIVEN_FEMALE = "kk_given_female";
    KK_SURNAME_MALE = "kk_surname_male";
    KK_SURNAME_FEMALE = "kk_surname_female";
    KK_PATRONYMIC_MALE = "kk_patronymic_male";
    KK_PATRONYMIC_FEMALE = "kk_patronymic_female";
    KK_STREET = "kk_street";
}

/// Given names.
pub fn given(language: Language, sex: Sex) -> &'static [&'static str] {
    match (language, sex) {
        (Language::Russian, Sex::Male) => &RU_GIVEN_MALE,
        (Language::Russian, Sex::Female) => &RU_GIVEN_FEMALE,
        (Language::Kazakh, Sex::Male) => &KK_GIVEN_MALE,
        (Language::Kazakh, Sex::Female) => &KK_GIVEN_FEMALE,
    }
}

/// Surnames; the entries at one index of the two lists of a language belong to one family.
pub fn surnames(language: Language, sex: Sex) -> &'static [&'static str] {
    match (language, sex) {
        (Language::Russian, Sex::Male) => &RU_SURNAME_MALE,
        (Language::Russian, Sex::Female) => &RU_SURNAME_FEMALE,
        (Language::Kazakh, Sex::Male) => &KK_SURNAME_MALE,
        (Language::Kazakh, Sex::Female) => &KK_SURNAME_FEMALE,
    }
}

/// Patronymics: `Иванович`, `Ивановна`, `Серікұлы`, `Серікқызы`; the entries at one index share the father.
pub fn patronymics(language: Language, sex: Sex) -> &'static [&'static str] {
    match (language, sex) {
        (Language::Russian, Sex::Male) => &RU_PATRONYMIC_MALE,
        (Language::Russian, Sex::Female) => &RU_PATRONYMIC_FEMALE,
        (Language::Kazakh, Sex::Male) => &KK_PATRONYMIC_MALE,
        (Language::Kazakh, Sex::Female) => &KK_PATRONYMIC_FEMALE,
    }
}

/// Names of streets without the word for street, as they stand beside it: `Абая` (улица), `Абай` (көшесі).
pub fn streets(language: Language) -> &'static [&'static str] {
    match language {
        Language::Russian => &RU_STREET,
        Language::Kazakh => &KK_STREET,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use std::collections::HashSet;

    use super::*;

    const LANGUAGES: [Language; 2] = [Language::Russian, Language::Kazakh];
    const SEXES: [Sex; 2] = [Sex::Male, Sex::Female];

    fn lists() -> Vec<&'static [&'static str]> {
        let mut lists = vec![streets(Language::Russian), streets(Language::Kazakh)];
        for language in LANGUAGES {
            for sex in SEXES {
                lists.extend([
                    given(language, sex),
                    surnames(language, sex),
                    patronymics(language, sex),
                ]);
            }
        }
        lists
    }

    #[test]
    fn entries_are_trimmed_distinct_and_begin_with_a_capital() {
        for list in lists() {
            assert!(list.len() >= 100, "a list has only {} entries", list.len());
            assert_eq!(list.iter().collect::<HashSet<_>>().len(), list.len());
            for word in list {
                assert_eq!(word.trim(), *word);
                assert!(
                    word.chars().next().is_some_and(char::is_uppercase),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn names_are_one_cyrillic_word() {
        for language in LANGUAGES {
            for sex in SEXES {
                for word in given(language, sex)
                    .iter()
                    .chain(surnames(language, sex))
                    .chain(patronymics(language, sex))
                {
                    assert!(
                        word.chars()
                            .all(|c| c == '-' || ('\u{400}'..='\u{4ff}').contains(&c)),
                        "{word}"
                    );
                }
            }
        }
    }

    #[test]
    fn both_sexes_of_a_family_stand_at_one_index() {
        for language in LANGUAGES {
            let (men, women) = (
                surnames(language, Sex::Male),
                surnames(language, Sex::Female),
            );
            assert_eq!(men.len(), women.len());
            for (man, woman) in men.iter().zip(women) {
                let stem = man
                    .trim_end_matches("ий")
                    .trim_end_matches("ый")
                    .trim_end_matches("ой");
                assert!(woman.starts_with(stem), "{man} {woman}");
            }
        }
        let fathers = patronymics(Language::Kazakh, Sex::Male)
            .iter()
            .zip(patronymics(Language::Kazakh, Sex::Female));
        for (son, daughter) in fathers {
            assert_eq!(
                son.trim_end_matches("ұлы"),
                daughter.trim_end_matches("қызы")
            );
        }
    }
}
