//! The Russian and Kazakh locale of Kazakhstan for the `fake` crate, which has none: fakers of names, streets and towns on our own
//! word lists.

use fake::Dummy;
use fake::rand::RngExt;

use crate::name::{Language, Names, Sex};
use crate::stream::{below, part};

/// A given name. All names with one `initial` and `language` and `sex` begin with one letter.
pub(super) struct GivenName {
    pub language: Language,
    pub sex: Sex,
    /// A 64-bit fraction of 1 that decides the letter.
    pub initial: u64,
}

impl Dummy<GivenName> for &'static str {
    fn dummy_with_rng<R: RngExt + ?Sized>(faker: &GivenName, rng: &mut R) -> Self {
        let names = Names::of(faker.language, faker.sex);
        names.given(
            |count| part(faker.initial, count),
            |count| below(rng, count),
        )
    }
}

/// A surname that tells the sex.
pub(super) struct Surname {
    pub language: Language,
    pub sex: Sex,
}

impl Dummy<Surname> for &'static str {
    fn dummy_with_rng<R: RngExt + ?Sized>(faker: &Surname, rng: &mut R) -> Self {
        Names::of(faker.language, faker.sex).surname(|count| below(rng, count))
    }
}

/// The name of a street.
pub(super) struct Street(pub Language);

impl Dummy<Street> for &'static str {
    fn dummy_with_rng<R: RngExt + ?Sized>(faker: &Street, rng: &mut R) -> Self {
        let streets = sandyq_words::streets(faker.0);
        streets
            .get(below(rng, streets.len()))
            .copied()
            .unwrap_or_default()
    }
}

/// A town: of the region with that first part of KATO, or of any.
pub(super) struct Town<'r> {
    pub language: Language,
    pub region: Option<&'r str>,
}

impl Dummy<Town<'_>> for &'static str {
    fn dummy_with_rng<R: RngExt + ?Sized>(faker: &Town<'_>, rng: &mut R) -> Self {
        let of_region = |kato: &str| faker.region.is_none_or(|region| kato.starts_with(region));
        let all = sandyq_words::settlements();
        let count = all.iter().filter(|town| of_region(town.kato)).count();
        let place = below(rng, count);
        let town = all.iter().filter(|town| of_region(town.kato)).nth(place);
        town.map_or("", |town| match faker.language {
            Language::Russian => town.ru,
            Language::Kazakh => town.kk,
        })
    }
}

/// The patronymic from a father's lower-case name: `сериковна` in Russian, `серікқызы` in Kazakh.
pub(super) fn patronymic(father: &str, sex: Sex, language: Language) -> String {
    if language == Language::Kazakh {
        return format!(
            "{father}{}",
            if sex == Sex::Male {
                "ұлы"
            } else {
                "қызы"
            }
        );
    }
    let ending = if sex == Sex::Male { "ич" } else { "на" };
    // Names of old use whose patronymic has an ending of its own.
    let short = ["никита", "илья", "фома", "лука", "кузьма", "савва"];
    if short.contains(&father) {
        let stem = father.trim_end_matches(['а', 'я']);
        let daughter = if matches!(father, "илья" | "фома" | "лука" | "кузьма") {
            "инична"
        } else {
            "ична"
        };
        return format!("{stem}{}", if sex == Sex::Male { "ич" } else { daughter });
    }
    let stem = match father {
        "лев" => "львов".to_owned(),
        "павел" => "павлов".to_owned(),
        "пётр" | "петр" => "петров".to_owned(),
        "михаил" => "михайлов".to_owned(),
        "яков" => "яковлев".to_owned(),
        _ => possessive(father),
    };
    format!("{stem}{ending}")
}

fn possessive(father: &str) -> String {
    let vowel = |letter: char| "аәеёиіоөуұүыэюя".contains(letter);
    if let Some(stem) = father.strip_suffix("ий") {
        let mut back = stem.chars().rev();
        let cluster =
            back.next().is_some_and(|c| !vowel(c)) && back.next().is_some_and(|c| !vowel(c));
        return format!("{stem}{}", if cluster { "иев" } else { "ьев" });
    }
    if let Some(stem) = father.strip_suffix(['й', 'ь']) {
        return format!("{stem}ев");
    }
    match father.chars().next_back() {
        Some(last) if vowel(last) || "жчшщц".contains(last) => format!("{father}ев"),
        _ => format!("{father}ов"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patronymics_are_formed_as_registrars_do() {
        for (father, son, daughter) in [
            ("серик", "серикович", "сериковна"),
            ("сергей", "сергеевич", "сергеевна"),
            ("игорь", "игоревич", "игоревна"),
            ("валерий", "валерьевич", "валерьевна"),
            ("дмитрий", "дмитриевич", "дмитриевна"),
            ("илья", "ильич", "ильинична"),
            ("никита", "никитич", "никитична"),
            ("муса", "мусаевич", "мусаевна"),
            ("али", "алиевич", "алиевна"),
            ("лев", "львович", "львовна"),
        ] {
            assert_eq!(patronymic(father, Sex::Male, Language::Russian), son);
            assert_eq!(patronymic(father, Sex::Female, Language::Russian), daughter);
        }
        assert_eq!(
            patronymic("серік", Sex::Female, Language::Kazakh),
            "серікқызы"
        );
    }
}
