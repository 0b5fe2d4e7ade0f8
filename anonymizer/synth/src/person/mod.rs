//! Invented people: their names in two spellings, and how texts refer to them.

pub mod household;
mod names;

use crate::date::Day;
use crate::grammar::{kazakh, russian, spelling};
use crate::rng::Rng;

pub use names::Heritage;

/// The sex that a name and an IIN show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sex {
    /// Male.
    Male,
    /// Female.
    Female,
}

/// A name as Russian and as Kazakh documents spell it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spelled {
    /// In Russian: Айгуль.
    pub russian: String,
    /// In Kazakh: Айгүл.
    pub kazakh: String,
}

impl Spelled {
    /// A name of Kazakh spelling.
    pub fn from_kazakh(kazakh: String) -> Self {
        Self {
            russian: spelling::russified(&kazakh),
            kazakh,
        }
    }

    /// A name that both languages spell alike.
    pub fn same(name: &str) -> Self {
        Self {
            russian: name.to_owned(),
            kazakh: name.to_owned(),
        }
    }
}

/// An invented person.
#[derive(Clone, Debug)]
pub struct Person {
    /// The surname.
    pub surname: Spelled,
    /// The given name.
    pub given: Spelled,
    /// The patronymic; some have none.
    pub patronymic: Option<Spelled>,
    /// The sex.
    pub sex: Sex,
    /// The heritage, which decides on names and nationality.
    pub heritage: Heritage,
    /// The day of birth.
    pub birth: Day,
}

impl Person {
    /// A person of no family: names by heritage and year of birth.
    pub fn draw(rng: &mut Rng, heritage: Heritage, sex: Sex, birth: Day) -> Self {
        let father = names::given(rng, heritage, Sex::Male, birth.year() - 28);
        let surname = names::surname(rng, heritage);
        Self::child_of(rng, &surname, &father, heritage, sex, birth)
    }

    /// Whether sandyq-words has the surname or the given name in one of the spellings.
    pub fn is_listed(&self) -> bool {
        [&self.surname, &self.given]
            .iter()
            .any(|name| names::is_listed(&name.russian) || names::is_listed(&name.kazakh))
    }

    /// A child of a family: `surname` is the father's, as a man has it.
    pub fn child_of(
        rng: &mut Rng,
        surname: &Spelled,
        father: &Spelled,
        heritage: Heritage,
        sex: Sex,
        birth: Day,
    ) -> Self {
        Self {
            surname: names::surname_for(surname, sex),
            given: names::given(rng, heritage, sex, birth.year()),
            patronymic: names::patronymic(rng, father, heritage, sex, birth.year()),
            sex,
            heritage,
            birth,
        }
    }
}

/// Which parts of a name are written, in which order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Surname, given name, patronymic.
    Full,
    /// Given name, patronymic, surname.
    GivenFirst,
    /// Surname, given name.
    SurnameGiven,
    /// Given name, surname.
    GivenSurname,
    /// Given name, patronymic.
    GivenPatronymic,
    /// Surname, initials.
    SurnameInitials,
    /// Initials, surname.
    InitialsSurname,
    /// The given name alone.
    Given,
    /// The surname alone.
    Surname,
}

impl Form {
    /// The form of a short name in a template; `any` draws one.
    pub fn parse(name: &str) -> Option<Option<Self>> {
        Some(match name {
            "full" => Some(Self::Full),
            "gps" => Some(Self::GivenFirst),
            "sg" => Some(Self::SurnameGiven),
            "gs" => Some(Self::GivenSurname),
            "gp" => Some(Self::GivenPatronymic),
            "si" => Some(Self::SurnameInitials),
            "is" => Some(Self::InitialsSurname),
            "g" => Some(Self::Given),
            "f" => Some(Self::Surname),
            "any" => None,
            _ => return None,
        })
    }

    /// A form by how often texts have it.
    pub fn draw(rng: &mut Rng) -> Self {
        match rng.weighted(&[34, 8, 18, 10, 8, 16, 6]) {
            0 => Self::Full,
            1 => Self::GivenFirst,
            2 => Self::SurnameGiven,
            3 => Self::GivenSurname,
            4 => Self::GivenPatronymic,
            5 => Self::SurnameInitials,
            _ => Self::InitialsSurname,
        }
    }
}

fn initials(person: &Person, russian: bool, rng: &mut Rng) -> String {
    let first = |name: &Spelled| {
        if russian {
            name.russian.chars().next()
        } else {
            name.kazakh.chars().next()
        }
    };
    let given = first(&person.given).unwrap_or('А');
    // A patronymic is left out as often as people forget it.
    match person
        .patronymic
        .as_ref()
        .and_then(first)
        .filter(|_| rng.chance(0.85))
    {
        Some(patronymic) => {
            let space = if rng.chance(0.25) { " " } else { "" };
            format!("{given}.{space}{patronymic}.")
        }
        None => format!("{given}."),
    }
}

/// A name in a Russian text.
pub fn in_russian(person: &Person, form: Form, case: russian::Case, rng: &mut Rng) -> String {
    let surname = || russian::surname(&person.surname.russian, person.sex, case);
    let given = || russian::given(&person.given.russian, person.sex, case);
    let patronymic = || {
        person
            .patronymic
            .as_ref()
            .map(|name| russian::patronymic(&name.russian, person.sex, case))
    };
    arrange(form, surname, given, patronymic, || {
        initials(person, true, rng)
    })
}

/// A name in a Kazakh text: the last word alone is inflected.
pub fn in_kazakh(person: &Person, form: Form, case: kazakh::Case, rng: &mut Rng) -> String {
    let name = arrange(
        form,
        || person.surname.kazakh.clone(),
        || person.given.kazakh.clone(),
        || person.patronymic.as_ref().map(|name| name.kazakh.clone()),
        || initials(person, false, rng),
    );
    // After an initial, the ending is written with a hyphen by some; most writers rephrase, and so do the templates.
    if name.ends_with('.') || case == kazakh::Case::Nominative {
        return name;
    }
    let possessed = name.ends_with("ұлы") || name.ends_with("қызы");
    match name.rsplit_once(' ') {
        Some((before, word)) => format!("{before} {}", kazakh::inflect(word, case, possessed)),
        None => kazakh::inflect(&name, case, possessed),
    }
}

fn arrange(
    form: Form,
    surname: impl Fn() -> String,
    given: impl Fn() -> String,
    patronymic: impl Fn() -> Option<String>,
    initials: impl FnOnce() -> String,
) -> String {
    let after = |name: String| {
        patronymic().map_or(name.clone(), |patronymic| format!("{name} {patronymic}"))
    };
    match form {
        Form::Full => after(format!("{} {}", surname(), given())),
        Form::GivenFirst => format!("{} {}", after(given()), surname()),
        Form::SurnameGiven => format!("{} {}", surname(), given()),
        Form::GivenSurname => format!("{} {}", given(), surname()),
        Form::GivenPatronymic => after(given()),
        Form::SurnameInitials => format!("{} {}", surname(), initials()),
        Form::InitialsSurname => format!("{} {}", initials(), surname()),
        Form::Given => given(),
        Form::Surname => surname(),
    }
}
