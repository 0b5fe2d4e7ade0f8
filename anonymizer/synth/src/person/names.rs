//! Names by heritage and year of birth: half from sandyq-words, half from names that are not there.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use sandyq_words as words;

use super::{Sex, Spelled};
use crate::grammar::{is_vowel, last, russian, spelling, without};
use crate::place::lines;
use crate::rng::Rng;

/// Where a family's names come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heritage {
    Kazakh,
    Russian,
    Ukrainian,
    Uzbek,
    Uyghur,
    German,
    Tatar,
    Korean,
    Azeri,
}

impl Heritage {
    /// By the shares of the census.
    pub fn draw(rng: &mut Rng) -> Self {
        match rng.weighted(&[705, 152, 20, 33, 15, 12, 11, 6, 8]) {
            0 => Self::Kazakh,
            1 => Self::Russian,
            2 => Self::Ukrainian,
            3 => Self::Uzbek,
            4 => Self::Uyghur,
            5 => Self::German,
            6 => Self::Tatar,
            7 => Self::Korean,
            _ => Self::Azeri,
        }
    }

    /// The nationality that a register has, in Russian.
    pub fn nationality(self, sex: Sex) -> &'static str {
        let (male, female) = match self {
            Self::Kazakh => ("казах", "казашка"),
            Self::Russian => ("русский", "русская"),
            Self::Ukrainian => ("украинец", "украинка"),
            Self::Uzbek => ("узбек", "узбечка"),
            Self::Uyghur => ("уйгур", "уйгурка"),
            Self::German => ("немец", "немка"),
            Self::Tatar => ("татарин", "татарка"),
            Self::Korean => ("кореец", "кореянка"),
            Self::Azeri => ("азербайджанец", "азербайджанка"),
        };
        if sex == Sex::Male { male } else { female }
    }

    fn group(self) -> &'static str {
        match self {
            Self::Kazakh => "kazakh",
            Self::Russian | Self::Ukrainian | Self::German | Self::Korean => "slavic",
            Self::Uzbek | Self::Uyghur | Self::Tatar | Self::Azeri => "turkic",
        }
    }
}

/// The sections of the data file.
static OWN: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut section = "";
    for line in lines(include_str!("../../data/names.txt")) {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => section = name,
            None => sections.entry(section).or_default().extend(line.split(' ')),
        }
    }
    sections
});

/// Names that sandyq-words has, to keep them out of the other half.
static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut known = HashSet::new();
    for language in [words::Language::Russian, words::Language::Kazakh] {
        for sex in [words::Sex::Male, words::Sex::Female] {
            known.extend(words::given(language, sex));
            known.extend(words::surnames(language, sex));
        }
    }
    known
});

/// First and second halves of compounds.
type Halves = (&'static str, &'static str);

/// Kazakh names are compounds; these are some of the possible ones that no list has.
static COMPOUNDS: LazyLock<[Vec<String>; 2]> = LazyLock::new(|| {
    const MALE: Halves = (
        "Нұр Бек Жан Ер Дос Қуан Тоқ Бай Сер Мырза Ақ Қара Сары Төле Ораз Жол Күн Тай Есен Аман Құл Сұлтан Тілеу Ырыс Өте Жұма \
         Қожа Сағын",
        "бек жан хан бай тай ғали мұрат болат дәулет сұлтан төре мырза берген назар сейіт ахмет",
    );
    const FEMALE: Halves = (
        "Ай Гүл Нұр Күн Жан Ақ Алтын Күміс Ару Бал Бибі Зер Таң Дән Мәр Ұл",
        "гүл жан сұлу бике дана сара шырын зия айым нұр зат ару шолпан",
    );
    [MALE, FEMALE].map(|(first, second)| {
        let own: HashSet<&str> = OWN.values().flatten().copied().collect();
        let joined = first.split(' ').flat_map(|first| {
            second
                .split(' ')
                .map(move |second| format!("{first}{second}"))
        });
        let halves = |name: &String| {
            !name.contains("жанжан") && !name.contains("бекбек") && !name.contains("айай")
        };
        joined
            .filter(|name| {
                halves(name) && !KNOWN.contains(name.as_str()) && !own.contains(name.as_str())
            })
            .collect()
    })
});

/// Whether sandyq-words has the name.
pub fn is_listed(name: &str) -> bool {
    KNOWN.contains(name)
}

fn section<'a>(name: &str) -> &'a [&'static str] {
    OWN.get(name).map_or(&[], Vec::as_slice)
}

fn sex_of(sex: Sex) -> words::Sex {
    if sex == Sex::Male {
        words::Sex::Male
    } else {
        words::Sex::Female
    }
}

/// A given name.
pub fn given(rng: &mut Rng, heritage: Heritage, sex: Sex, year: i32) -> Spelled {
    // Fashions blur by a decade or so.
    let year = year + rng.between(-8, 8);
    let time = if year < 1955 {
        "1920"
    } else if year < 1988 {
        "1960"
    } else {
        "1990"
    };
    let name = if sex == Sex::Male { "male" } else { "female" };
    let fashionable = section(&format!("{} {name} {time}", heritage.group()));
    match heritage.group() {
        "kazakh" => Spelled::from_kazakh(match rng.below(10) {
            0..5 => {
                let [male, female] = &*COMPOUNDS;
                rng.pick(if sex == Sex::Male { male } else { female })
                    .cloned()
                    .unwrap_or_default()
            }
            5..8 => rng.word(fashionable).to_owned(),
            _ => rng
                .word(words::given(words::Language::Kazakh, sex_of(sex)))
                .to_owned(),
        }),
        "slavic" if rng.chance(0.3) => {
            Spelled::same(rng.word(words::given(words::Language::Russian, sex_of(sex))))
        }
        _ => Spelled::same(rng.word(fashionable)),
    }
}

/// A surname as a man has it.
pub fn surname(rng: &mut Rng, heritage: Heritage) -> Spelled {
    match heritage {
        Heritage::Kazakh if rng.chance(0.5) => {
            let name = rng.word(words::surnames(words::Language::Kazakh, words::Sex::Male));
            Spelled {
                russian: name.chars().map(spelling::without_kazakh).collect(),
                kazakh: name.to_owned(),
            }
        }
        Heritage::Kazakh => kazakh_surname(rng),
        Heritage::Russian if rng.chance(0.5) => {
            Spelled::same(rng.word(words::surnames(words::Language::Russian, words::Sex::Male)))
        }
        Heritage::Russian => unlisted(rng, "russian surnames"),
        Heritage::Ukrainian => unlisted(rng, "ukrainian surnames"),
        Heritage::German => unlisted(rng, "german surnames"),
        Heritage::Korean => unlisted(rng, "korean surnames"),
        _ => unlisted(rng, "turkic surnames"),
    }
}

/// A surname of the data file; a few times over, for one that no list has.
fn unlisted(rng: &mut Rng, name: &str) -> Spelled {
    let mut word = rng.word(section(name));
    for _ in 0..3 {
        if !KNOWN.contains(word) {
            break;
        }
        word = rng.word(section(name));
    }
    Spelled::same(word)
}

/// A surname made of a grandfather's name, as most Kazakh ones are.
fn kazakh_surname(rng: &mut Rng) -> Spelled {
    let [male, _] = &*COMPOUNDS;
    let stem = if rng.chance(0.8) {
        rng.pick(male).cloned().unwrap_or_default()
    } else {
        rng.word(section("kazakh male 1920")).to_owned()
    };
    let name = match (rng.below(20), last(&stem)) {
        // The name itself, without a suffix, or with the Kazakh one.
        (0..2, _) => stem,
        (2, _) => format!("{stem}ұлы"),
        (_, 'й') => format!("{}ев", without(&stem, 1).to_owned() + "й").replace("йев", "ев"),
        (_, end) if is_vowel(end) => format!("{stem}ев"),
        _ => format!("{stem}ов"),
    };
    Spelled {
        russian: name.chars().map(spelling::without_kazakh).collect(),
        kazakh: name,
    }
}

/// The surname as somebody of that sex has it.
pub fn surname_for(surname: &Spelled, sex: Sex) -> Spelled {
    if sex == Sex::Male {
        return surname.clone();
    }
    let female = |name: &str| -> String {
        if ["ов", "ев", "ёв", "ин", "ын"]
            .iter()
            .any(|ending| name.ends_with(ending))
            && name.chars().count() > 3
        {
            format!("{name}а")
        } else if name.ends_with("ский") || name.ends_with("цкий") || name.ends_with("ный")
        {
            format!("{}ая", without(name, 2))
        } else if let Some(stem) = name.strip_suffix("ұлы") {
            format!("{stem}қызы")
        } else if let Some(stem) = name.strip_suffix("улы") {
            format!("{stem}кызы")
        } else {
            name.to_owned()
        }
    };
    Spelled {
        russian: female(&surname.russian),
        kazakh: female(&surname.kazakh),
    }
}

/// The patronymic of a father's name.
pub fn patronymic(
    rng: &mut Rng,
    father: &Spelled,
    heritage: Heritage,
    sex: Sex,
    year: i32,
) -> Option<Spelled> {
    let kazakh = heritage == Heritage::Kazakh;
    let none = if kazakh && year > 1995 { 0.12 } else { 0.03 };
    if rng.chance(none) {
        return None;
    }
    // The Kazakh form came back in the nineties.
    let own_form = match (kazakh, year) {
        (true, 2000..) => 0.75,
        (true, 1990..) => 0.45,
        (true, _) => 0.15,
        (false, _) => 0.0,
    };
    Some(if rng.chance(own_form) {
        let (russian, kazakh) = if sex == Sex::Male {
            ("улы", "ұлы")
        } else {
            ("кызы", "қызы")
        };
        Spelled {
            russian: format!("{}{russian}", father.russian),
            kazakh: format!("{}{kazakh}", father.kazakh),
        }
    } else {
        Spelled {
            russian: russian::patronymic_of(&father.russian, sex),
            kazakh: russian::patronymic_of(&father.kazakh, sex),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_kazakh_names_are_in_no_list() {
        let mut rng = Rng::new(1, 1);
        let count = 4_000;
        let unknown = (0..count)
            .filter(|_| {
                !KNOWN.contains(
                    given(&mut rng, Heritage::Kazakh, Sex::Female, 1985)
                        .kazakh
                        .as_str(),
                )
            })
            .count();
        assert!(
            (count * 2 / 5..count * 3 / 4).contains(&unknown),
            "{unknown} of {count}"
        );
        assert!(COMPOUNDS.iter().all(|names| names.len() > 100));
    }

    #[test]
    fn surnames_agree_with_their_bearer() {
        let female = |name| surname_for(&Spelled::same(name), Sex::Female).russian;
        assert_eq!(female("Пустовойтов"), "Пустовойтова");
        assert_eq!(female("Дроздецкий"), "Дроздецкая");
        assert_eq!(female("Ким"), "Ким");
        assert_eq!(female("Седых"), "Седых");
    }
}
