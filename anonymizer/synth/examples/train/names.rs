//! Names in their forms, and places.

use std::collections::HashSet;
use std::sync::LazyLock;

use sandyq_synth::grammar::{kazakh, russian};
use sandyq_synth::person::Sex;
use sandyq_words as words;

use super::Example;

const GIVEN: [&str; 2] = [
    include_str!("../../../detect/data/names/given.txt"),
    include_str!("../../../detect/data/names/given_rare.txt"),
];
const SURNAMES: &str = include_str!("../../../detect/data/names/surnames.txt");
const PLACES: &str = include_str!("../../../detect/data/names/places.txt");
const SETTLEMENTS: &str = include_str!("../../../detect/data/places/settlements.txt");

const RUSSIAN: [russian::Case; 6] = [
    russian::Case::Nominative,
    russian::Case::Genitive,
    russian::Case::Dative,
    russian::Case::Accusative,
    russian::Case::Instrumental,
    russian::Case::Prepositional,
];
const KAZAKH: [kazakh::Case; 6] = [
    kazakh::Case::Genitive,
    kazakh::Case::Dative,
    kazakh::Case::Accusative,
    kazakh::Case::Locative,
    kazakh::Case::Ablative,
    kazakh::Case::Instrumental,
];

static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let listed = GIVEN.iter().flat_map(|list| list.split_whitespace());
    let all = listed
        .chain(SURNAMES.split_whitespace())
        .map(str::to_lowercase);
    let mut all: HashSet<String> = all.collect();
    for sex in [words::Sex::Male, words::Sex::Female] {
        for language in [words::Language::Russian, words::Language::Kazakh] {
            for list in [words::given(language, sex), words::surnames(language, sex)] {
                all.extend(list.iter().map(|name| name.to_lowercase()));
            }
        }
    }
    all
});

/// Whether a word is on a list of names.
pub fn is_name(word: &str) -> bool {
    NAMES.contains(&word.to_lowercase())
}

/// All names in all forms.
pub fn names() -> Vec<Example> {
    let mut all = Vec::new();
    for (sex, own) in [
        (words::Sex::Male, Sex::Male),
        (words::Sex::Female, Sex::Female),
    ] {
        for language in [words::Language::Russian, words::Language::Kazakh] {
            for name in words::given(language, sex) {
                given("given", name, own, &mut all);
            }
            for name in words::surnames(language, sex) {
                surname("surname", name, own, &mut all);
            }
            for name in words::patronymics(language, sex) {
                let forms = RUSSIAN.map(|case| russian::patronymic(name, own, case));
                extend(
                    "patronymic",
                    name,
                    forms.into_iter().chain(cases(name)),
                    &mut all,
                );
            }
            for name in words::given(language, words::Sex::Male) {
                let made = russian::patronymic_of(name, own);
                let forms = RUSSIAN.map(|case| russian::patronymic(&made, own, case));
                extend(
                    "patronymic",
                    name,
                    forms.into_iter().chain(cases(&made)),
                    &mut all,
                );
                for end in if own == Sex::Male {
                    ["ұлы", "ов"]
                } else {
                    ["қызы", "ова"]
                } {
                    let made = format!("{name}{end}");
                    if end.starts_with('о')
                        && !name.ends_with(['а', 'я', 'ь', 'й', 'е', 'ә', 'і', 'ы', 'и'])
                    {
                        surname("surname of a given name", &made, own, &mut all);
                    } else if !end.starts_with('о') {
                        extend(
                            "patronymic",
                            name,
                            std::iter::once(made.clone()).chain(cases(&made)),
                            &mut all,
                        );
                    }
                }
            }
        }
    }
    for name in GIVEN.iter().flat_map(|list| list.split_whitespace()) {
        let sex = if name.ends_with(['а', 'я']) {
            Sex::Female
        } else {
            Sex::Male
        };
        given("given, rare", name, sex, &mut all);
    }
    for name in SURNAMES.split_whitespace() {
        surname("surname, listed", name, Sex::Male, &mut all);
        if name.ends_with("ов") || name.ends_with("ев") || name.ends_with("ин") {
            surname(
                "surname, listed",
                &format!("{name}а"),
                Sex::Female,
                &mut all,
            );
        }
    }
    all
}

fn given(source: &'static str, name: &str, sex: Sex, all: &mut Vec<Example>) {
    let forms = RUSSIAN.map(|case| russian::given(name, sex, case));
    extend(source, name, forms.into_iter().chain(cases(name)), all);
}

fn surname(source: &'static str, name: &str, sex: Sex, all: &mut Vec<Example>) {
    let forms = RUSSIAN.map(|case| russian::surname(name, sex, case));
    extend(source, name, forms.into_iter().chain(cases(name)), all);
}

fn cases(name: &str) -> impl Iterator<Item = String> {
    let name = name.to_owned();
    KAZAKH
        .into_iter()
        .map(move |case| kazakh::inflect(&name, case, false))
}

fn extend(
    source: &'static str,
    name: &str,
    forms: impl Iterator<Item = String>,
    all: &mut Vec<Example>,
) {
    let mut seen = HashSet::new();
    for form in forms {
        if !form.contains('-') && seen.insert(form.clone()) {
            all.push(Example::new(source, name, &form, true));
        }
    }
}

/// Names of places in all forms, which are no people.
pub fn places() -> Vec<Example> {
    let lists = PLACES
        .split_whitespace()
        .chain(SETTLEMENTS.split_whitespace());
    let mut all = Vec::new();
    for name in lists.filter(|name| !is_name(name)) {
        let sex = if name.ends_with(['а', 'я']) {
            Sex::Female
        } else {
            Sex::Male
        };
        let forms = RUSSIAN.map(|case| russian::given(name, sex, case));
        for form in forms.into_iter().chain(cases(name)) {
            if !form.contains('-') {
                all.push(Example::new("place", name, &form, false));
            }
        }
    }
    all
}
