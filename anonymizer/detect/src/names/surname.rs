//! Surnames by their shape.

use super::facts::Facts;
use super::lexicon::Lexicon;
use super::loose::Word;
use crate::text::hash;

/// How much a shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Many common words have it too: `-ин`, `-ский`, `-овой`.
    Weak,
    /// Few common words have it: `-ов`, `-енко`.
    Likely,
    /// Hardly any common word has it: `-баев`, `-ғалиева`.
    Strong,
    /// It is a surname that is known.
    Known,
}

/// A word with the shape of a surname.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How much the shape says.
    pub strength: Strength,
    /// The hash of the stem, which all forms of the surname share.
    pub stem: u64,
    /// Whether the stem is in no case but the nominative.
    pub nominative: bool,
    /// In -ский.
    pub adjective: bool,
}

/// The stem of a lower-case surname in its masculine nominative.
pub fn stem(name: &str) -> &str {
    let adjective = ["ский", "цкий", "ской", "цкой"]
        .iter()
        .any(|end| name.ends_with(end));
    if adjective {
        name.strip_suffix("ий")
            .or_else(|| name.strip_suffix("ой"))
            .unwrap_or(name)
    } else {
        name
    }
}

/// What surnames in -ов and -ев that hardly any common word shares end with, before the case ending.
const STRONG: &[&str] = &[
    "баев",
    "беков",
    "ханов",
    "жанов",
    "алиев",
    "кулов",
    "гулов",
    "бетов",
    "мбаев",
    "метов",
    "мухамедов",
    "мамедов",
    "бергенов",
    "муратов",
    "султанов",
    "темиров",
    "туров",
    "ералиев",
    "ахметов",
    "улаев",
    "паев",
    "таев",
    "саев",
    "шаев",
    "каев",
    "наев",
    "диев",
    "гиев",
    "лиев",
    "киев",
    "зиев",
    "шиев",
    "хметов",
    "галымов",
    "имов",
    "ымов",
    "агамбетов",
    "мырзаев",
    "назаров",
    "рахманов",
    "рахимов",
    "бердиев",
    "гельдиев",
    "келдиев",
    "гелдиев",
    "жигитов",
    "дуллаев",
    "уллаев",
    "ходжаев",
    "кожаев",
];

const OV: &[(&str, bool)] = &[
    ("", true),
    ("а", true),
    ("у", true),
    ("ым", false),
    ("е", true),
    ("ой", false),
    ("ою", false),
    ("ы", true),
    ("ых", false),
    ("ыми", false),
];
const SKY: &[&str] = &[
    "ий", "ого", "ому", "им", "ом", "ая", "ой", "ую", "ие", "их", "ими", "ою", "ый",
];
const NOUN: &[&str] = &["", "а", "у", "ом", "е", "ем"];
/// Kazakh endings in loose spelling, longest first.
const KAZAKH: &[&str] = &[
    "нын", "нин", "дын", "дин", "тын", "тин", "мен", "бен", "пен", "дан", "ден", "тан", "тен",
    "нан", "нен", "лар", "лер", "тар", "тер", "дар", "дер", "га", "ге", "ка", "ке", "ны", "ни",
    "ды", "ди", "ты", "ти", "да", "де", "та", "те",
];
const GENITIVE: &[&str] = &["нын", "нин", "дын", "дин", "тын", "тин"];
/// Second halves of Turkic names that also stand as surnames.
const FORMANTS: &[&str] = &[
    "бай",
    "бек",
    "хан",
    "жан",
    "гали",
    "али",
    "кали",
    "кул",
    "гул",
    "гуль",
    "мурат",
    "султан",
    "болат",
    "мухамед",
    "мухаммед",
    "мухамбет",
    "магамбет",
    "берген",
    "гельды",
    "гелди",
    "келди",
    "мырза",
    "газы",
    "темир",
    "назар",
    "берди",
    "досан",
    "дос",
    "нур",
    "сулу",
    "кожа",
    "шаш",
    "бике",
    "биби",
    "толла",
    "улла",
    "хмет",
    "жигит",
    "сейит",
    "гожа",
    "турсын",
    "жамал",
    "газиз",
    "тай",
];

/// First halves of Turkic names, beside given names themselves.
const ROOTS: &[&str] = &[
    "ай",
    "ак",
    "алтын",
    "аман",
    "асыл",
    "бак",
    "бакыт",
    "бай",
    "бек",
    "бейбит",
    "гул",
    "дау",
    "ер",
    "ел",
    "жан",
    "жаксы",
    "жума",
    "кан",
    "кут",
    "кур",
    "кун",
    "мейир",
    "мырза",
    "нур",
    "ораз",
    "сат",
    "сулу",
    "тай",
    "темир",
    "тур",
    "ул",
    "шын",
    "кой",
    "кул",
    "сейт",
    "сейит",
    "бауыр",
    "сагын",
    "кайыр",
    "мухам",
    "мухамед",
    "балта",
    "токта",
    "тлеу",
    "тилеу",
    "жолды",
    "кали",
    "ток",
    "ма",
    "дос",
    "жар",
    "наз",
    "кени",
    "кенже",
    "сери",
    "ырыс",
    "ыс",
    "али",
    "агы",
    "дин",
    "дил",
    "есен",
    "бери",
    "эл",
    "ас",
    "ин",
    "зей",
    "сандуг",
    "улы",
    "кумис",
    "мерей",
    "айым",
    "ару",
    "арай",
    "бисен",
];

/// First halves that alone show a Turkic given name, if the word is long.
const BEGINNINGS: &[&str] = &[
    "нур",
    "гул",
    "мухам",
    "абди",
    "абду",
    "сейт",
    "сейд",
    "жума",
    "турсын",
    "бахыт",
    "бакыт",
    "ерди",
    "асыл",
    "кенже",
];

/// Whether a word of which nothing is known is made as Turkic given names are: `Сәтжан`, `Сағынғали`.
pub fn compound(word: &Word, lexicon: &Lexicon) -> bool {
    let text = word.as_str();
    if text.chars().count() >= 7 && BEGINNINGS.iter().any(|begin| text.starts_with(begin)) {
        return true;
    }
    let bare = std::iter::once(text).chain(KAZAKH.iter().filter_map(|end| text.strip_suffix(end)));
    bare.chain(
        ["а", "у", "ом", "е"]
            .iter()
            .filter_map(|end| text.strip_suffix(end)),
    )
    .any(|bare| {
        FORMANTS
            .iter()
            .filter_map(|half| bare.strip_suffix(half))
            .any(|root| {
                ROOTS.contains(&root)
                    || root.len() >= 6
                        && lexicon
                            .get(hash(root))
                            .has(Facts::GIVEN.and(Facts::NOMINATIVE))
            })
    })
}

/// Judges a word.
pub fn shape(word: &Word, lexicon: &Lexicon) -> Option<Shape> {
    let text = word.as_str();
    let whole = plain(text, lexicon);
    if whole.is_some_and(|shape| shape.strength > Strength::Weak) {
        return whole;
    }
    let bare = KAZAKH.iter().filter_map(|end| text.strip_suffix(end));
    let declined = bare
        .filter_map(|bare| declined(bare, lexicon))
        .max_by_key(|shape| shape.strength);
    // The genitive in -ның is no surname in -ын.
    let genitive = GENITIVE.iter().any(|end| text.ends_with(end));
    declined.or(whole.filter(|_| !genitive))
}

/// A Kazakh case ending stood after the nominative.
fn declined(bare: &str, lexicon: &Lexicon) -> Option<Shape> {
    let shape = plain(bare, lexicon)?;
    let nominative = [
        "ов", "ев", "ова", "ева", "ин", "ина", "ын", "ына", "ский", "ская",
    ]
    .iter()
    .any(|end| bare.ends_with(end));
    (nominative || ends(bare, FORMANTS) || bare.ends_with("енко")).then_some(Shape {
        nominative: false,
        ..shape
    })
}

fn plain(text: &str, lexicon: &Lexicon) -> Option<Shape> {
    ov(text, lexicon)
        .or_else(|| in_(text, lexicon))
        .or_else(|| sky(text, lexicon))
        .or_else(|| other(text, lexicon))
}

fn made(stem: &str, strength: Strength, nominative: bool, lexicon: &Lexicon) -> Option<Shape> {
    let stem = hash(stem);
    let known = lexicon.get(stem).has(Facts::STEM);
    Some(Shape {
        strength: if known { Strength::Known } else { strength },
        stem,
        nominative,
        adjective: false,
    })
}

fn ov(text: &str, lexicon: &Lexicon) -> Option<Shape> {
    let (stem, ending, likely) = OV.iter().find_map(|(ending, likely)| {
        let stem = text.strip_suffix(ending)?;
        (stem.ends_with("ов") || stem.ends_with("ев")).then_some((stem, *ending, *likely))
    })?;
    if stem.chars().count() < 4 {
        return None;
    }
    let strong = ends(stem, STRONG) && stem.chars().count() >= 6;
    let strength = match (strong, likely) {
        (true, _) => Strength::Strong,
        (false, true) => Strength::Likely,
        (false, false) => Strength::Weak,
    };
    made(stem, strength, ending.is_empty() || ending == "а", lexicon)
}

fn in_(text: &str, lexicon: &Lexicon) -> Option<Shape> {
    let (stem, ending) = OV.iter().find_map(|(ending, _)| {
        let stem = text.strip_suffix(ending)?;
        (stem.ends_with("ин") || stem.ends_with("ын")).then_some((stem, *ending))
    })?;
    if stem.chars().count() < 4 {
        return None;
    }
    made(
        stem,
        Strength::Weak,
        ending.is_empty() || ending == "а",
        lexicon,
    )
}

fn sky(text: &str, lexicon: &Lexicon) -> Option<Shape> {
    let stem = SKY
        .iter()
        .filter_map(|end| text.strip_suffix(end))
        .find(|stem| stem.ends_with("ск") || stem.ends_with("цк"))?;
    if stem.chars().count() < 4 {
        return None;
    }
    let nominative = text.ends_with("ий") || text.ends_with("ая");
    let shape = made(stem, Strength::Weak, nominative, lexicon)?;
    Some(Shape {
        adjective: true,
        ..shape
    })
}

fn other(text: &str, lexicon: &Lexicon) -> Option<Shape> {
    let letters = text.chars().count();
    if letters >= 5
        && (text.ends_with("енко")
            || text.ends_with("швили")
            || letters >= 7 && text.ends_with("дзе"))
    {
        return made(text, Strength::Likely, true, lexicon);
    }
    let bare = NOUN
        .iter()
        .filter_map(|end| Some((text.strip_suffix(end)?, end.is_empty())));
    for (bare, nominative) in bare {
        let letters = bare.chars().count();
        if letters >= 5
            && ends(
                bare,
                &[
                    "чук", "щук", "нюк", "тюк", "дюк", "цюк", "люк", "сюк", "рюк", "ьян", "джян",
                    "енян", "рян", "осян",
                ],
            )
        {
            return made(bare, Strength::Weak, nominative, lexicon);
        }
        if letters >= 6 && ends(bare, FORMANTS) {
            return made(bare, Strength::Weak, nominative, lexicon);
        }
    }
    None
}

fn ends(text: &str, endings: &[&str]) -> bool {
    endings.iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::names::lexicon;

    fn judge(word: &str) -> Option<Shape> {
        shape(&Word::new(&word.to_lowercase()).unwrap(), lexicon())
    }

    #[test]
    fn all_forms_of_a_surname_share_the_stem() {
        let stem = judge("Ахметов").unwrap().stem;
        for word in [
            "Ахметова",
            "Ахметову",
            "Ахметовым",
            "Ахметове",
            "Ахметовой",
            "Ахметовтың",
            "Ахметовқа",
            "Ахметоваға",
            "АХМЕТОВАНЫҢ",
        ] {
            assert_eq!(judge(word).map(|found| found.stem), Some(stem), "{word}");
        }
    }

    #[test]
    fn strengths() {
        for (word, strength) in [
            ("Бексейтқалиевтің", Strength::Strong),
            ("Нурпеисовой", Strength::Known),
            ("Акберкулмаганбетовой", Strength::Strong),
            ("Прилучков", Strength::Likely),
            ("Налоговой", Strength::Weak),
            ("Шевченко", Strength::Known),
            ("Тимощенко", Strength::Likely),
            ("Достоевского", Strength::Known),
            ("Карагандинская", Strength::Weak),
        ] {
            assert_eq!(
                judge(word).map(|found| found.strength),
                Some(strength),
                "{word}"
            );
        }
        for word in ["стол", "дома", "республика", "мектеп"] {
            assert_eq!(judge(word), None, "{word}");
        }
    }
}
