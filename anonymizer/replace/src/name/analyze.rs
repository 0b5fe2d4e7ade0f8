//! Which word of a name is what.
//!
//! A surname may be a man's in the genitive or a woman's in the nominative ("Ахметова"): sex and case are those under which all
//! words of the name make most sense together.

use std::ops::Range;

use super::decline::nominatives;
use super::letters::{folded, is_kazakh, lower, script, shape, stem};
use super::lexicon::LEXICON;
use super::{Case, Language, Part, Script, Sex, Shape};

/// One word of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its bytes in the text.
    pub range: Range<usize>,
    pub part: Part,
    pub shape: Shape,
    pub case: Case,
    pub sex: Sex,
    /// Whose names it is one of.
    pub language: Language,
    /// What it is the same by in any case, spelling and sex.
    pub identity: String,
    /// The first letter of that, which stands for it as an initial.
    pub initial: char,
    /// A patronymic that ends in "-ұлы" or "-қызы".
    pub turkic: bool,
    pub script: Script,
}

/// The words of a name in the order of the text, which is [`super::clean`]. `part` says what all of it is, where that is known.
pub(crate) fn analyze(text: &str, part: Option<Part>) -> Vec<Word> {
    let ranges = words(text);
    let lowered: Vec<String> = ranges
        .iter()
        .map(|range| lower(text.get(range.clone()).unwrap_or_default()))
        .collect();
    let parts = parts(&lowered, part);
    let (sex, case) = sex_and_case(&lowered, &parts);
    let script = script(text);
    let last = lowered.iter().rposition(|word| !is_initial(word));
    let mut made: Vec<Word> = Vec::new();
    for (place, ((range, word), part)) in ranges.into_iter().zip(&lowered).zip(&parts).enumerate() {
        let shown = text.get(range.clone()).unwrap_or_default();
        let suffixed = case.russian().is_some() || Some(place) == last;
        let case = if suffixed { case } else { Case::Nominative };
        let lemma = best(word, *part, sex, case).map_or_else(|| word.clone(), |(lemma, _)| lemma);
        let alone = is_initial(word);
        let identity = if alone {
            folded(word)
        } else {
            identity(&lemma, *part)
        };
        made.push(Word {
            range,
            part: *part,
            shape: if alone { Shape::Initial } else { shape(shown) },
            case: if alone { Case::Nominative } else { case },
            sex,
            language: language(&identity, *part),
            initial: identity.chars().next().unwrap_or(' '),
            turkic: is_turkic(&folded(word)),
            identity,
            script,
        });
    }
    // An initial alone does not tell whose name it is; the surname beside it does.
    let beside = made
        .iter()
        .find(|word| word.part == Part::Surname && word.shape != Shape::Initial);
    if let Some(language) = beside.map(|word| word.language) {
        for word in made.iter_mut().filter(|word| word.shape == Shape::Initial) {
            word.language = language;
        }
    }
    made
}

/// The words of a text: runs of letters.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        let inner = matches!(character, '\'' | '’' | 'ʼ')
            && ranges.last().is_some_and(|range| range.end == at);
        if !character.is_alphabetic() && !inner {
            continue;
        }
        match ranges.last_mut() {
            Some(range) if range.end == at => range.end = end,
            _ => ranges.push(at..end),
        }
    }
    ranges
}

fn is_initial(word: &str) -> bool {
    word.chars().count() == 1
}

/// What each word is.
fn parts(words: &[String], known: Option<Part>) -> Vec<Part> {
    if let Some(part) = known {
        return vec![part; words.len()];
    }
    let mut parts: Vec<Option<Part>> = vec![None; words.len()];
    let mut initials = [Part::Given, Part::Patronymic].into_iter();
    for (place, (word, part)) in words.iter().zip(&mut parts).enumerate() {
        if is_initial(word) {
            *part = Some(initials.next().unwrap_or(Part::Patronymic));
        } else {
            let word = folded(word);
            let patronymic = is_turkic(&word) || (place > 0 && is_slavic_patronymic(&word));
            *part = patronymic.then_some(Part::Patronymic);
        }
    }
    let initials = words.iter().any(|word| is_initial(word));
    let open: Vec<usize> = (0..words.len())
        .filter(|place| matches!(parts.get(*place), Some(None)))
        .collect();
    let given = match open.as_slice() {
        _ if initials => None,
        [] => None,
        [only] => {
            let word = words.get(*only).map(String::as_str).unwrap_or_default();
            let named =
                words.len() > 1 && parts.iter().flatten().any(|part| *part == Part::Patronymic);
            (named || givenness(word) > 0).then_some(*only)
        }
        several => {
            let before_patronymic =
                |place: &usize| parts.get(place + 1) == Some(&Some(Part::Patronymic));
            let named = several.iter().copied().find(before_patronymic);
            named.or_else(|| {
                let likeliest = several
                    .iter()
                    .copied()
                    .enumerate()
                    .max_by_key(|(order, place)| {
                        let word = words.get(*place).map(String::as_str).unwrap_or_default();
                        (givenness(word), *order == 1, usize::MAX - order)
                    });
                likeliest.map(|(_, place)| place)
            })
        }
    };
    let part = |(place, part): (usize, Option<Part>)| match part {
        Some(part) => part,
        None if Some(place) == given => Part::Given,
        None => Part::Surname,
    };
    parts.into_iter().enumerate().map(part).collect()
}

/// How much more a word is a given name than a surname.
fn givenness(word: &str) -> i32 {
    let is_given = |case, sex| {
        let lemmas = nominatives(word, Part::Given, sex, case);
        lemmas
            .iter()
            .any(|lemma| LEXICON.is_given(&folded(lemma), sex))
    };
    let known = Case::ALL
        .into_iter()
        .find(|case| is_given(*case, Sex::Male) || is_given(*case, Sex::Female));
    let surname = [Sex::Male, Sex::Female].into_iter().any(|sex| {
        Case::ALL.into_iter().any(|case| {
            let lemmas = nominatives(word, Part::Surname, sex, case);
            lemmas
                .iter()
                .any(|lemma| score(lemma, Part::Surname, sex) >= 4)
        })
    });
    match known {
        Some(Case::Nominative) => 3 - i32::from(surname),
        Some(_) => 2 - 2 * i32::from(surname),
        None => -i32::from(surname),
    }
}

/// Sex and case under which the words make most sense together.
fn sex_and_case(words: &[String], parts: &[Part]) -> (Sex, Case) {
    let mut found = (i32::MIN, (Sex::Male, Case::Nominative));
    let last = words.iter().rposition(|word| !is_initial(word));
    let kazakh = words.iter().flat_map(|word| word.chars()).any(is_kazakh);
    let whole = words
        .iter()
        .zip(parts)
        .filter(|(word, _)| !is_initial(word));
    let settled = whole
        .map(|(_, part)| 20 * if *part == Part::Surname { 4 } else { 8 })
        .sum::<i32>();
    for (order, case) in Case::ALL.into_iter().enumerate() {
        // Nothing explains a name better than a nominative that explains all of it.
        if order == 1 && found.0 >= settled {
            break;
        }
        for sex in [Sex::Male, Sex::Female] {
            let mut total = -(order as i32);
            for (place, (word, part)) in words.iter().zip(parts).enumerate() {
                if is_initial(word) {
                    continue;
                }
                let suffixed = case.russian().is_some() || Some(place) == last;
                let case = if suffixed { case } else { Case::Nominative };
                total += 20 * best(word, *part, sex, case).map_or(-4, |(_, score)| score);
            }
            // Kazakh letters go with its suffixes, and Russian endings with Russian letters.
            if order > 0 && (case.russian().is_none()) != kazakh {
                total -= 25;
            }
            if total > found.0 {
                found = (total, (sex, case));
            }
        }
    }
    found.1
}

/// The likeliest nominative of a word, and how likely it is.
fn best(word: &str, part: Part, sex: Sex, case: Case) -> Option<(String, i32)> {
    let scored = nominatives(word, part, sex, case).into_iter().map(|lemma| {
        let score = score(&lemma, part, sex);
        (lemma, score)
    });
    scored.max_by_key(|(_, score)| *score)
}

fn score(lemma: &str, part: Part, sex: Sex) -> i32 {
    let word = folded(lemma);
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    let male = sex == Sex::Male;
    match part {
        Part::Given if LEXICON.is_given(&word, sex) => 8,
        Part::Given if LEXICON.is_given(&word, other(sex)) => -4,
        Part::Given => i32::from(word.ends_with(['а', 'я', 'a']) != male),
        Part::Patronymic => {
            let own = match male {
                true => ["ич", "улы", "uly", "ich"],
                false => ["вна", "чна", "кызы", "zy"],
            };
            if ends(&own) || (!male && word.ends_with("vna")) {
                8
            } else {
                -8
            }
        }
        Part::Surname => {
            let own = match male {
                true => ends(&["ов", "ев", "ин", "ын", "ский", "цкий", "ov", "ev", "in"]),
                false => ends(&[
                    "ова", "ева", "ина", "ына", "ская", "цкая", "ova", "eva", "ina",
                ]),
            };
            let foreign = match male {
                true => ends(&["ова", "ева", "ина", "ская", "цкая", "ova", "eva"]),
                false => ends(&["ов", "ев", "ский", "цкий", "ov", "ev"]),
            };
            let known = LEXICON.is_surname(&neutral(&word));
            4 * i32::from(own) + i32::from(known) - 4 * i32::from(foreign)
        }
    }
}

fn other(sex: Sex) -> Sex {
    match sex {
        Sex::Male => Sex::Female,
        Sex::Female => Sex::Male,
    }
}

/// A folded surname as men of the family have it.
fn neutral(surname: &str) -> String {
    for (woman, man) in [
        ("ова", "ов"),
        ("ева", "ев"),
        ("ина", "ин"),
        ("ына", "ын"),
        ("ская", "ский"),
        ("цкая", "цкий"),
        ("ая", "ый"),
        ("ova", "ov"),
        ("eva", "ev"),
        ("ina", "in"),
        ("skaya", "skiy"),
    ] {
        if let Some(stem) = surname
            .strip_suffix(woman)
            .filter(|stem| stem.chars().count() > 1)
        {
            return format!("{stem}{man}");
        }
    }
    surname.to_owned()
}

/// What a nominative is the same by.
fn identity(lemma: &str, part: Part) -> String {
    let word = folded(lemma);
    match part {
        Part::Surname => neutral(&word),
        Part::Given => stem(&word).to_owned(),
        Part::Patronymic => stem(father(&word)).to_owned(),
    }
}

/// The father's name in a folded patronymic.
fn father(patronymic: &str) -> &str {
    [
        "инична",
        "овна",
        "евна",
        "ична",
        "ович",
        "евич",
        "ич",
        "кызы",
        "улы",
        "kyzy",
        "qyzy",
        "uly",
        "ovna",
        "evna",
        "ovich",
        "evich",
    ]
    .iter()
    .find_map(|end| {
        patronymic
            .strip_suffix(end)
            .filter(|stem| stem.chars().count() > 1)
    })
    .unwrap_or(patronymic)
}

fn language(identity: &str, part: Part) -> Language {
    match part {
        Part::Surname => LEXICON.language_of_surname(identity),
        Part::Given | Part::Patronymic => LEXICON.language_of_given(identity),
    }
}

/// Whether a folded word is a patronymic in "-ұлы" or "-қызы", in any case.
fn is_turkic(word: &str) -> bool {
    ["улы", "кызы", "uly", "kyzy", "qyzy"].iter().any(|end| {
        word.rfind(end).is_some_and(|at| {
            let after = word.get(at + end.len()..).unwrap_or_default();
            let short = word.get(..at).is_none_or(|stem| stem.chars().count() < 2);
            !short && matches!(after, "" | "нын" | "на" | "н" | "нда" | "нан" | "мен")
        })
    })
}

/// Whether a folded word is a patronymic in "-ович" or "-овна", in any case.
fn is_slavic_patronymic(word: &str) -> bool {
    let male = ["", "а", "у", "ем", "е"];
    let female = ["а", "ы", "е", "у", "ой"];
    let ends = |stem: &str, ends: &[&str]| {
        ends.iter().any(|end| {
            word.strip_suffix(end)
                .is_some_and(|rest| rest.ends_with(stem))
        })
    };
    ["ович", "евич", "льич", "мич", "тич", "кич"]
        .iter()
        .any(|stem| ends(stem, &male))
        || ["овн", "евн", "ичн"].iter().any(|stem| ends(stem, &female))
        || ["ovich", "evich", "ovna", "evna"]
            .iter()
            .any(|end| word.ends_with(end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests fail by panicking")]

    use super::*;

    fn parts_of(text: &str) -> String {
        let letter = |word: &Word| match word.part {
            Part::Surname => 'S',
            Part::Given => 'G',
            Part::Patronymic => 'P',
        };
        analyze(text, None).iter().map(letter).collect()
    }

    #[test]
    fn parts_are_told_in_any_order() {
        for (text, parts) in [
            ("Ахметов Нурлан Серикович", "SGP"),
            ("Нурлан Серикович Ахметов", "GPS"),
            ("Ахметову Нурлану Сериковичу", "SGP"),
            ("Иванова Анна", "SG"),
            ("Анна Иванова", "GS"),
            ("Ахметов Н.С.", "SGP"),
            ("Н. С. Ахметов", "GPS"),
            ("Нұрлан Серікұлына", "GP"),
            ("АХМЕТОВА АЙГУЛЬ СЕРИКОВНА", "SGP"),
            ("Ахметов", "S"),
            ("Богданович Анна Петровна", "SGP"),
        ] {
            assert_eq!(parts_of(text), parts, "{text}");
        }
        assert_eq!(analyze("", None), []);
    }

    #[test]
    fn case_and_sex_are_those_of_the_whole_name() {
        let told = |text: &str| {
            let words = analyze(text, None);
            let last = words.len() - 1;
            (words[0].sex, words[last].case)
        };
        assert_eq!(
            told("Ахметова Айгуль Сериковна"),
            (Sex::Female, Case::Nominative)
        );
        assert_eq!(
            told("Ахметова Нурлана Сериковича"),
            (Sex::Male, Case::Genitive)
        );
        assert_eq!(
            told("Ахметову Нурлану Сериковичу"),
            (Sex::Male, Case::Dative)
        );
        assert_eq!(
            told("Ахметовым Нурланом Сериковичем"),
            (Sex::Male, Case::Instrumental)
        );
        assert_eq!(told("Ивановой Анне Петровне"), (Sex::Female, Case::Dative));
        assert_eq!(
            told("Нұрлан Серікұлының"),
            (Sex::Male, Case::KazakhGenitive)
        );
        assert_eq!(told("Айгүл Серікқызына"), (Sex::Female, Case::KazakhDative));
        assert_eq!(told("Ахметова"), (Sex::Female, Case::Nominative));
    }

    #[test]
    fn one_person_is_one_in_every_case_and_spelling() {
        let identities = |text: &str| {
            let mut all: Vec<(String, char)> = analyze(text, None)
                .into_iter()
                .map(|word| (word.identity, word.initial))
                .collect();
            all.sort();
            all
        };
        let one = identities("Ахметов Нурлан Серикович");
        for text in [
            "Ахметова Нурлана Сериковича",
            "Ахметову Нурлану Сериковичу",
            "Ахметовым Нурланом Сериковичем",
            "об Ахметове Нурлане Сериковиче".trim_start_matches("об "),
            "Нурлан Серикович Ахметов",
            "АХМЕТОВ НҰРЛАН СЕРІКҰЛЫ",
            "Ахметов Нұрлан Серікұлының",
            "ахметов нурлан серикович",
        ] {
            assert_eq!(identities(text), one, "{text}");
        }
        assert_ne!(identities("Ахметов Нурлан Маратович"), one);
        assert_eq!(identities("Ахметова")[0], identities("Ахметов")[0]);
    }
}
