//! Declension of names in Russian (A. A. Zaliznyak, "Grammatical Dictionary"; Rosenthal's reference book, sections on surnames).

use super::{is_vowel, last, without};
use crate::person::Sex;

/// A Russian case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Case {
    Nominative,
    Genitive,
    Dative,
    Accusative,
    Instrumental,
    Prepositional,
}

/// Genitive, dative, accusative, instrumental, prepositional.
type Endings = [&'static str; 5];

fn with(stem: &str, endings: Endings, case: Case) -> String {
    let [genitive, dative, accusative, instrumental, prepositional] = endings;
    let ending = match case {
        Case::Nominative => "",
        Case::Genitive => genitive,
        Case::Dative => dative,
        Case::Accusative => accusative,
        Case::Instrumental => instrumental,
        Case::Prepositional => prepositional,
    };
    format!("{stem}{ending}")
}

/// A surname.
pub fn surname(word: &str, sex: Sex, case: Case) -> String {
    if case == Case::Nominative || word.ends_with("ых") || word.ends_with("их") {
        return word.to_owned();
    }
    // Of a double surname, both parts are declined.
    if let Some((first, second)) = word.split_once('-') {
        return format!(
            "{}-{}",
            surname(first, sex, case),
            surname(second, sex, case)
        );
    }
    match sex {
        Sex::Male if adjective(word) => {
            let soft = word.ends_with("ний");
            let stem = without(word, 2);
            let velar = word.ends_with("кий") || word.ends_with("гий") || word.ends_with("хий");
            let endings = if soft {
                ["его", "ему", "его", "им", "ем"]
            } else if velar {
                ["ого", "ому", "ого", "им", "ом"]
            } else {
                ["ого", "ому", "ого", "ым", "ом"]
            };
            with(stem, endings, case)
        }
        Sex::Male if possessive(word) => with(word, ["а", "у", "а", "ым", "е"], case),
        Sex::Female if possessive(without(word, 1)) && word.ends_with('а') => {
            with(without(word, 1), ["ой", "ой", "у", "ой", "ой"], case)
        }
        Sex::Female if word.ends_with("ая") => {
            with(without(word, 2), ["ой", "ой", "ую", "ой", "ой"], case)
        }
        _ => noun(word, sex, case),
    }
}

fn adjective(word: &str) -> bool {
    word.ends_with("ский")
        || word.ends_with("цкий")
        || word.ends_with("ный")
        || word.ends_with("ой") && word.chars().count() > 4
}

fn possessive(word: &str) -> bool {
    word.chars().count() > 3
        && ["ов", "ев", "ёв", "ин", "ын"]
            .iter()
            .any(|ending| word.ends_with(ending))
}

/// A given name.
pub fn given(word: &str, sex: Sex, case: Case) -> String {
    noun(word, sex, case)
}

/// A patronymic. The Kazakh ones in -улы and -кызы are not declined.
pub fn patronymic(word: &str, sex: Sex, case: Case) -> String {
    match (sex, word.ends_with("ич"), word.ends_with("на")) {
        (Sex::Male, true, _) => with(word, ["а", "у", "а", "ем", "е"], case),
        (Sex::Female, _, true) if case != Case::Nominative => {
            with(without(word, 1), ["ы", "е", "у", "ой", "е"], case)
        }
        _ => word.to_owned(),
    }
}

/// Stems of names whose vowel runs away, and the one that takes another.
const RUNAWAY: &[(&str, &str)] = &[
    ("Павел", "Павл"),
    ("Лев", "Льв"),
    ("Пётр", "Петр"),
    ("Орёл", "Орл"),
];

fn noun(word: &str, sex: Sex, case: Case) -> String {
    if case == Case::Nominative {
        return word.to_owned();
    }
    let end = last(word);
    let before = last(without(word, 1));
    let hushing = |letter: char| "жшчщц".contains(letter);
    match end {
        'а' if is_vowel(before) => word.to_owned(),
        'а' => {
            let genitive = if "гкхжшчщ".contains(before) {
                "и"
            } else {
                "ы"
            };
            let instrumental = if hushing(before) { "ей" } else { "ой" };
            with(
                without(word, 1),
                [genitive, "е", "у", instrumental, "е"],
                case,
            )
        }
        'я' if before == 'и' => with(without(word, 1), ["и", "и", "ю", "ей", "и"], case),
        'я' => with(without(word, 1), ["и", "е", "ю", "ей", "е"], case),
        'ь' if sex == Sex::Female => with(without(word, 1), ["и", "и", "ь", "ью", "и"], case),
        'ь' => with(without(word, 1), ["я", "ю", "я", "ем", "е"], case),
        _ if sex == Sex::Female || !end.is_alphabetic() || is_vowel(end) => word.to_owned(),
        'й' if before == 'и' => with(without(word, 1), ["я", "ю", "я", "ем", "и"], case),
        'й' => with(without(word, 1), ["я", "ю", "я", "ем", "е"], case),
        _ => {
            let stem = RUNAWAY
                .iter()
                .find(|(name, _)| *name == word)
                .map_or(word, |(_, stem)| stem);
            let instrumental = if hushing(end) { "ем" } else { "ом" };
            with(stem, ["а", "у", "а", instrumental, "е"], case)
        }
    }
}

/// The patronymic that a father's name gives.
pub fn patronymic_of(father: &str, sex: Sex) -> String {
    const IRREGULAR: &[(&str, &str, &str)] = &[
        ("Илья", "Ильич", "Ильинична"),
        ("Никита", "Никитич", "Никитична"),
        ("Лука", "Лукич", "Лукинична"),
        ("Фома", "Фомич", "Фоминична"),
        ("Кузьма", "Кузьмич", "Кузьминична"),
        ("Павел", "Павлович", "Павловна"),
        ("Лев", "Львович", "Львовна"),
        ("Пётр", "Петрович", "Петровна"),
        ("Яков", "Яковлевич", "Яковлевна"),
        ("Михаил", "Михайлович", "Михайловна"),
        ("Дмитрий", "Дмитриевич", "Дмитриевна"),
        ("Юрий", "Юрьевич", "Юрьевна"),
    ];
    let choose = |male: &str, female: &str| {
        if sex == Sex::Male {
            male.to_owned()
        } else {
            female.to_owned()
        }
    };
    if let Some((_, male, female)) = IRREGULAR.iter().find(|(name, ..)| *name == father) {
        return choose(male, female);
    }
    let end = last(father);
    let (stem, soft) = match end {
        'й' if father.ends_with("ий") => {
            return tail(&format!("{}ь", without(father, 2)), true, sex);
        }
        'й' | 'ь' => (without(father, 1), true),
        _ if is_vowel(end) => (father, true),
        _ => (father, "жшчщц".contains(end)),
    };
    tail(stem, soft, sex)
}

fn tail(stem: &str, soft: bool, sex: Sex) -> String {
    let ending = match (soft, sex) {
        (true, Sex::Male) => "евич",
        (true, Sex::Female) => "евна",
        (false, Sex::Male) => "ович",
        (false, Sex::Female) => "овна",
    };
    format!("{stem}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Case::{Accusative, Dative, Genitive, Instrumental, Prepositional};

    #[test]
    fn surnames_are_declined() {
        for (word, sex, case, expected) in [
            ("Ахметов", Sex::Male, Instrumental, "Ахметовым"),
            ("Ахметова", Sex::Female, Genitive, "Ахметовой"),
            ("Ахметова", Sex::Female, Accusative, "Ахметову"),
            ("Белинский", Sex::Male, Dative, "Белинскому"),
            ("Белинская", Sex::Female, Accusative, "Белинскую"),
            ("Ким", Sex::Male, Genitive, "Кима"),
            ("Ким", Sex::Female, Genitive, "Ким"),
            ("Шевченко", Sex::Male, Dative, "Шевченко"),
            ("Седых", Sex::Male, Dative, "Седых"),
            ("Цой", Sex::Male, Instrumental, "Цоем"),
            ("Мельник", Sex::Male, Instrumental, "Мельником"),
            ("Толстой", Sex::Male, Genitive, "Толстого"),
        ] {
            assert_eq!(surname(word, sex, case), expected, "{word} {case:?}");
        }
    }

    #[test]
    fn given_names_are_declined() {
        for (word, sex, case, expected) in [
            ("Сергей", Sex::Male, Genitive, "Сергея"),
            ("Дмитрий", Sex::Male, Prepositional, "Дмитрии"),
            ("Пётр", Sex::Male, Dative, "Петру"),
            ("Илья", Sex::Male, Accusative, "Илью"),
            ("Мария", Sex::Female, Dative, "Марии"),
            ("Ольга", Sex::Female, Genitive, "Ольги"),
            ("Любовь", Sex::Female, Instrumental, "Любовью"),
            ("Асхат", Sex::Male, Instrumental, "Асхатом"),
            ("Айнур", Sex::Female, Genitive, "Айнур"),
            ("Али", Sex::Male, Genitive, "Али"),
            ("Игорь", Sex::Male, Instrumental, "Игорем"),
        ] {
            assert_eq!(given(word, sex, case), expected, "{word} {case:?}");
        }
    }

    #[test]
    fn patronymics_are_made_and_declined() {
        assert_eq!(patronymic_of("Нурлан", Sex::Female), "Нурлановна");
        assert_eq!(patronymic_of("Сергей", Sex::Male), "Сергеевич");
        assert_eq!(patronymic_of("Василий", Sex::Female), "Васильевна");
        assert_eq!(patronymic_of("Али", Sex::Male), "Алиевич");
        assert_eq!(patronymic_of("Илья", Sex::Female), "Ильинична");
        assert_eq!(
            patronymic("Сергеевич", Sex::Male, Instrumental),
            "Сергеевичем"
        );
        assert_eq!(patronymic("Ильинична", Sex::Female, Dative), "Ильиничне");
        assert_eq!(patronymic("Серикулы", Sex::Male, Dative), "Серикулы");
    }
}
