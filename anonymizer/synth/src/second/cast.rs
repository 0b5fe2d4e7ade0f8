//! The people of one document, by names of this corpus's own and, for a smaller part, by those of sandyq-words.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sandyq_words as words;

use super::address::Place;
use crate::grammar::{russian, spelling};
use crate::numbers::{self, Issue};
use crate::person::{Heritage, Person, Sex, Spelled};
use crate::place::lines;
use crate::rng::Rng;

/// Someone in a document with what belongs to them.
pub struct Member {
    pub person: Person,
    pub iin: String,
    /// Ten digits.
    pub phone: String,
    pub email: String,
    pub place: Place,
}

/// The people of one document: a, b, c, d, e.
pub struct Cast(pub [Member; 5]);

impl Cast {
    pub fn draw(rng: &mut Rng) -> Self {
        // Texts speak of b and c as children as well.
        Self([18, 4, 4, 18, 18].map(|least| Member::draw(least, rng)))
    }
}

impl Member {
    fn draw(least: i32, rng: &mut Rng) -> Self {
        let person = person(least, rng);
        Self {
            iin: numbers::iin(rng, person.birth, person.sex, Issue::Realistic),
            phone: numbers::phone(rng, Issue::Realistic),
            email: numbers::email(rng, &person, Issue::Realistic),
            place: Place::draw(rng),
            person,
        }
    }
}

/// Sections of the list of names: a name, or its Kazakh and its Russian spelling with a stroke between them.
static NAMES: LazyLock<BTreeMap<&'static str, Vec<Spelled>>> = LazyLock::new(|| {
    let mut sections: BTreeMap<&str, Vec<Spelled>> = BTreeMap::new();
    let mut section = "";
    for line in lines(include_str!("../../data/second/names.txt")) {
        match line
            .strip_prefix("== ")
            .and_then(|line| line.strip_suffix(" =="))
        {
            Some(name) => section = name,
            None => sections
                .entry(section)
                .or_default()
                .extend(line.split_whitespace().map(spelled)),
        }
    }
    sections
});

fn spelled(entry: &str) -> Spelled {
    match entry.split_once('/') {
        Some((kazakh, russian)) => Spelled {
            russian: russian.to_owned(),
            kazakh: kazakh.to_owned(),
        },
        None => Spelled {
            russian: spelling::russified(entry),
            kazakh: entry.to_owned(),
        },
    }
}

fn of(section: &str, rng: &mut Rng) -> Option<Spelled> {
    rng.pick(NAMES.get(section)?).cloned()
}

/// A name of sandyq-words.
fn listed(
    language: words::Language,
    list: fn(words::Language, words::Sex) -> &'static [&'static str],
    rng: &mut Rng,
    sex: Sex,
) -> Spelled {
    let sex = if sex == Sex::Male {
        words::Sex::Male
    } else {
        words::Sex::Female
    };
    let name = rng.word(list(language, sex));
    Spelled {
        russian: spelling::russified(name),
        kazakh: name.to_owned(),
    }
}

/// Somebody of at least so many years.
fn person(least: i32, rng: &mut Rng) -> Person {
    let sex = if rng.chance(0.5) {
        Sex::Male
    } else {
        Sex::Female
    };
    let birth = super::today().plus(-rng.between(least * 366, 84 * 365));
    let (heritage, group) = match rng.weighted(&[62, 22, 16]) {
        0 => (Heritage::Kazakh, "kazakh"),
        1 => (Heritage::Russian, "slavic"),
        _ => (Heritage::Uzbek, "other"),
    };
    // Whether the surname and the given name are of lists that recognizers may know.
    let (known_surname, known_given) = match rng.weighted(&[58, 12, 8, 22]) {
        0 => (false, false),
        1 => (false, true),
        2 => (true, false),
        _ => (true, true),
    };
    let language = if group == "kazakh" {
        words::Language::Kazakh
    } else {
        words::Language::Russian
    };
    let surname = if known_surname {
        listed(language, words::surnames, rng, sex)
    } else {
        let name = of(&format!("{group} surname"), rng).unwrap_or_else(|| Spelled::same("Ли"));
        Spelled {
            russian: surname_for(&name.russian, sex),
            kazakh: surname_for(&name.kazakh, sex),
        }
    };
    let own = |sex: Sex, rng: &mut Rng| {
        let section = if sex == Sex::Male { "male" } else { "female" };
        of(&format!("{group} {section}"), rng).unwrap_or_else(|| Spelled::same("Ян"))
    };
    let given = if known_given {
        listed(language, words::given, rng, sex)
    } else {
        own(sex, rng)
    };
    let father = if rng.chance(0.5) {
        listed(language, words::given, rng, Sex::Male)
    } else {
        own(Sex::Male, rng)
    };
    Person {
        patronymic: patronymic(&father, group, sex, rng),
        surname,
        given,
        sex,
        heritage,
        birth,
    }
}

/// A surname as a woman has it, from how a man has it; both parts of a double one.
fn surname_for(name: &str, sex: Sex) -> String {
    if sex == Sex::Male {
        return name.to_owned();
    }
    let one = |part: &str| {
        let adjective = ["ский", "цкий"].iter().any(|end| part.ends_with(end));
        if adjective {
            format!("{}ая", crate::grammar::without(part, 2))
        } else if ["ов", "ев", "ёв", "ин", "ын"]
            .iter()
            .any(|end| part.ends_with(end))
            && part.chars().count() > 4
        {
            format!("{part}а")
        } else {
            part.to_owned()
        }
    };
    name.split('-').map(one).collect::<Vec<_>>().join("-")
}

fn patronymic(father: &Spelled, group: &str, sex: Sex, rng: &mut Rng) -> Option<Spelled> {
    if rng.chance(if group == "other" { 0.35 } else { 0.08 }) {
        return None;
    }
    let russian = russian::patronymic_of(&father.russian, sex);
    if group != "kazakh" {
        return Some(Spelled::same(&russian));
    }
    let (own, plain) = if sex == Sex::Male {
        ("ұлы", "улы")
    } else {
        ("қызы", "кызы")
    };
    let kazakh = format!("{}{own}", father.kazakh);
    Some(match rng.below(10) {
        // Documents of the seventies keep their spelling in both languages.
        0 => Spelled::same(&russian),
        1..6 => Spelled { russian, kazakh },
        _ => Spelled {
            russian: format!("{}{plain}", father.russian),
            kazakh,
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn at_most_half_of_the_people_have_a_name_of_the_lists() {
        let mut rng = Rng::new(5, 5);
        let listed = (0..4_000)
            .filter(|_| person(18, &mut rng).is_listed())
            .count();
        assert!(listed <= 2_000, "{listed}");
    }

    #[test]
    fn own_names_are_of_no_list() {
        for (section, names) in &*NAMES {
            for name in names {
                let alone = Person {
                    surname: name.clone(),
                    given: name.clone(),
                    patronymic: None,
                    sex: Sex::Male,
                    heritage: Heritage::Kazakh,
                    birth: crate::corpus::TODAY,
                };
                assert!(!alone.is_listed(), "{section}: {name:?}");
            }
            assert!(names.len() >= 25, "{section}: {}", names.len());
        }
    }

    #[test]
    fn women_have_their_form_of_a_surname() {
        assert_eq!(
            surname_for("Бектуров-Заборский", Sex::Female),
            "Бектурова-Заборская"
        );
        assert_eq!(surname_for("Заборский", Sex::Female), "Заборская");
        assert_eq!(surname_for("Кох", Sex::Female), "Кох");
    }
}
