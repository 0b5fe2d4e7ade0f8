//! What a template talks about, and the filling of its slots.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::date::Day;
use crate::grammar::{kazakh, russian};
use crate::label::Language;
use crate::numbers::{self, Issue};
use crate::person::{self, Form, Person, Sex};
use crate::place::{Address, lines, settlement};
use crate::rng::Rng;
use crate::template::{Piece, Template, TemplateError};
use crate::text::Text;

/// A diagnosis.
#[derive(Clone, Copy, Debug)]
pub struct Diagnosis {
    /// ICD-10.
    pub code: &'static str,
    /// From which age.
    pub from: i32,
    /// To which age.
    pub to: i32,
}

/// Who and what a text is about.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// Subject, relative, doctor or official, somebody else.
    pub people: [&'a Person; 4],
    /// The IINs of the first three.
    pub iins: [&'a str; 3],
    /// The subject's phone, ten digits.
    pub phone: &'a str,
    /// The subject's e-mail address.
    pub email: &'a str,
    /// Where the subject lives.
    pub address: &'a Address,
    /// The diagnosis.
    pub icd: &'a str,
    /// When the text was written.
    pub today: Day,
    /// From which ranges further numbers come.
    pub issue: Issue,
    /// Whether numbers are written the way that only careless people do.
    pub careless: bool,
}

/// The templates of a data file by section.
pub type Sections = BTreeMap<&'static str, Vec<Template>>;

/// Reads a data file of sections of templates.
pub fn sections(text: &'static str) -> Result<Sections, TemplateError> {
    let mut all = Sections::new();
    let mut section = "";
    for line in lines(text) {
        let name = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        match name.filter(|name| !name.contains(['|', '{', ']'])) {
            Some(name) => section = name,
            None => all.entry(section).or_default().push(Template::parse(line)?),
        }
    }
    Ok(all)
}

/// The words of slots. That the file is right is tested.
static LISTS: LazyLock<Sections> =
    LazyLock::new(|| sections(include_str!("../data/lists.txt")).unwrap_or_default());

const MONTHS_RU: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];
const MONTHS_KK: [&str; 12] = [
    "қаңтар",
    "ақпан",
    "наурыз",
    "сәуір",
    "мамыр",
    "маусым",
    "шілде",
    "тамыз",
    "қыркүйек",
    "қазан",
    "қараша",
    "желтоқсан",
];

fn month(names: [&'static str; 12], number: i32) -> &'static str {
    usize::try_from(number - 1)
        .ok()
        .and_then(|place| names.get(place))
        .copied()
        .unwrap_or("")
}

/// Writes a template into a text. The language is that of the sentence: Russian or Kazakh.
pub fn write(
    template: &Template,
    scene: &Scene<'_>,
    language: Language,
    rng: &mut Rng,
    out: &mut Text,
) {
    for piece in &template.0 {
        match piece {
            Piece::Text(text) => out.push(text),
            Piece::Choice(all) => {
                if let Some(one) = rng.pick(all) {
                    write(one, scene, language, rng, out);
                }
            }
            Piece::Agreement(male, female) => {
                let [subject, ..] = scene.people;
                write(
                    if subject.sex == Sex::Male {
                        male
                    } else {
                        female
                    },
                    scene,
                    language,
                    rng,
                    out,
                );
            }
            Piece::Slot(parts) => {
                let part = |place: usize| parts.get(place).map_or("", String::as_str);
                // Unknown slots stay visible, and a test looks for braces.
                if fill([part(0), part(1), part(2)], scene, language, rng, out).is_none() {
                    out.push(&format!("{{{}}}", parts.join(".")));
                }
            }
        }
    }
}

fn fill(
    parts: [&str; 3],
    scene: &Scene<'_>,
    language: Language,
    rng: &mut Rng,
    out: &mut Text,
) -> Option<()> {
    match parts {
        ["n", low, high] => {
            out.push(
                &rng.between(low.parse().ok()?, high.parse().ok()?)
                    .to_string(),
            );
            Some(())
        }
        ["dec", low, high] => {
            let whole = rng.between(low.parse().ok()?, high.parse().ok()?);
            out.push(&format!(
                "{whole}{}{}",
                rng.word(&[",", "."]),
                rng.below(10)
            ));
            Some(())
        }
        [slot, "", ""] => personal(slot, scene, language, rng, out)
            .or_else(|| plain(slot, scene, language, rng, out)),
        [who, form, case] => name(who, form, case, scene, language, rng, out),
    }
}

fn name(
    who: &str,
    form: &str,
    case: &str,
    scene: &Scene<'_>,
    language: Language,
    rng: &mut Rng,
    out: &mut Text,
) -> Option<()> {
    let [subject, relative, doctor, other] = scene.people;
    let person = match who {
        "s" => subject,
        "o" => relative,
        "d" => doctor,
        "t" => other,
        _ => return None,
    };
    let form = Form::parse(form)?.unwrap_or_else(|| Form::draw(rng));
    let text = if language == Language::Kazakh {
        person::in_kazakh(person, form, kazakh_case(case)?, rng)
    } else {
        person::in_russian(person, form, russian_case(case)?, rng)
    };
    out.push_person(&text, !person.is_listed());
    Some(())
}

fn russian_case(letter: &str) -> Option<russian::Case> {
    Some(match letter {
        "n" => russian::Case::Nominative,
        "g" => russian::Case::Genitive,
        "d" => russian::Case::Dative,
        "a" => russian::Case::Accusative,
        "i" => russian::Case::Instrumental,
        "p" => russian::Case::Prepositional,
        _ => return None,
    })
}

fn kazakh_case(letter: &str) -> Option<kazakh::Case> {
    Some(match letter {
        "n" => kazakh::Case::Nominative,
        "g" => kazakh::Case::Genitive,
        "d" => kazakh::Case::Dative,
        "a" => kazakh::Case::Accusative,
        "l" => kazakh::Case::Locative,
        "b" => kazakh::Case::Ablative,
        "i" => kazakh::Case::Instrumental,
        _ => return None,
    })
}

/// The slots of personal data.
fn personal(
    slot: &str,
    scene: &Scene<'_>,
    language: Language,
    rng: &mut Rng,
    out: &mut Text,
) -> Option<()> {
    let [subject, relative, _, _] = scene.people;
    let [iin, other_iin, doctors_iin] = scene.iins;
    let issue = scene.issue;
    let (kind, text) = match slot {
        "iin" => ("IIN", broken(iin, scene, rng)),
        "oiin" => ("IIN", broken(other_iin, scene, rng)),
        "diin" => ("IIN", doctors_iin.to_owned()),
        "bin" => ("BIN", broken(&numbers::bin(rng, issue), scene, rng)),
        "phone" => ("PHONE", phone_as_written(scene.phone, rng)),
        "ophone" => ("PHONE", phone_as_written(&numbers::phone(rng, issue), rng)),
        "email" => ("EMAIL", cased(scene.email.to_owned(), rng)),
        "iban" => ("IBAN", iban_as_written(&numbers::iban(rng, issue), rng)),
        "card" => ("CARD", card_as_written(&numbers::card(rng, issue), rng)),
        "idcard" => ("IDCARD", broken(&numbers::id_card(rng, issue), scene, rng)),
        "passport" => (
            "PASSPORT",
            passport_as_written(&numbers::passport(rng, issue), rng),
        ),
        "plate" => ("PLATE", plate_as_written(&numbers::plate(rng, issue), rng)),
        "vin" => ("VIN", numbers::vin(rng)),
        "kato" => ("KATO", scene.address.settlement.kato.to_owned()),
        "licence" => (
            "DRIVER_LICENCE",
            format!(
                "{}{}{}{}",
                rng.letter("ABCEKM"),
                rng.letter("ABCEKM"),
                rng.word(&[" ", ""]),
                rng.digits(6)
            ),
        ),
        "user" => (
            "USER_NAME",
            format!(
                "@{}_{}",
                rng.word(&["dala", "qazaq", "user", "sky", "almaty"]),
                rng.digits(3)
            ),
        ),
        "ip" => (
            "IP",
            format!(
                "{}.{}.{}.{}",
                rng.between(5, 213),
                rng.below(256),
                rng.below(256),
                rng.between(1, 254)
            ),
        ),
        "birth" => ("BIRTHDATE", date_as_written(subject.birth, language, rng)),
        "birthlong" => {
            let person = if rng.chance(0.5) { subject } else { relative };
            ("BIRTHDATE", date_in_words(person.birth, language))
        }
        "addr" | "addr2" | "addrl" => {
            let second = (slot == "addr2").then(|| Address::draw(rng)).flatten();
            return address(
                second.as_ref().unwrap_or(scene.address),
                slot == "addrl",
                language,
                rng,
                out,
            );
        }
        _ => return None,
    };
    out.push_span(kind, &text);
    Some(())
}

fn address(
    address: &Address,
    located: bool,
    language: Language,
    rng: &mut Rng,
    out: &mut Text,
) -> Option<()> {
    if language != Language::Kazakh {
        out.push_span("ADDRESS", &address.russian(rng));
        return Some(());
    }
    let text = address.kazakh(rng);
    if located && text.chars().next_back().is_some_and(char::is_alphabetic) {
        out.push_span(
            "ADDRESS",
            &kazakh::inflect(&text, kazakh::Case::Locative, false),
        );
    } else {
        out.push_span("ADDRESS", &text);
        out.push(if located {
            " мекенжайында"
        } else {
            ""
        });
    }
    Some(())
}

/// A number broken up by spaces, dashes, dots or a line end, one time in a dozen.
fn broken(number: &str, scene: &Scene<'_>, rng: &mut Rng) -> String {
    if !scene.careless || !rng.chance(0.35) {
        return number.to_owned();
    }
    let separator = rng.word(&[" ", " ", "-", ".", "\n", "\u{a0}"]);
    let every = rng.word(&["3", "4", "6"]).parse().unwrap_or(3);
    if rng.chance(0.15) {
        // Full-width digits, as some keyboards of phones give.
        return number
            .chars()
            .map(|digit| char::from_u32(u32::from(digit) + 0xFEE0).unwrap_or(digit))
            .collect();
    }
    let mut out = String::new();
    for (place, digit) in number.chars().enumerate() {
        if place > 0 && place % every == 0 {
            out.push_str(separator);
        }
        out.push(digit);
    }
    out
}

fn cased(text: String, rng: &mut Rng) -> String {
    if rng.chance(0.05) {
        text.to_uppercase()
    } else {
        text
    }
}

/// Ten digits as people write a phone number.
fn phone_as_written(number: &str, rng: &mut Rng) -> String {
    let part = |from: usize, to: usize| number.get(from..to).unwrap_or("");
    let (a, b, c, d) = (part(0, 3), part(3, 6), part(6, 8), part(8, 10));
    // Lines of a city have a code of four digits.
    if number.starts_with("71") || number.starts_with("721") {
        let (code, rest) = (part(0, 4), (part(4, 6), part(6, 8), part(8, 10)));
        let lead = rng.word(&["8", "+7", "8 "]);
        return format!(
            "{lead}({code}){}{}-{}-{}",
            rng.word(&["", " "]),
            rest.0,
            rest.1,
            rest.2
        );
    }
    match rng.weighted(&[16, 14, 14, 12, 10, 8, 6, 6, 5, 4]) {
        0 => format!("+7 {a} {b} {c} {d}"),
        1 => format!("8{number}"),
        2 => format!("+7{number}"),
        3 => format!("8 {a} {b} {c} {d}"),
        4 => format!("+7 ({a}) {b}-{c}-{d}"),
        5 => format!("8({a}){b}{c}{d}"),
        6 => format!("8-{a}-{b}-{c}-{d}"),
        7 => format!("8 {a} {b}{c}{d}"),
        8 => format!("+7({a}){b}-{c}-{d}"),
        _ => format!("+7-{a}-{b}-{c}{d}"),
    }
}

fn groups(text: &str, separator: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join(separator)
}

fn iban_as_written(number: &str, rng: &mut Rng) -> String {
    match rng.below(10) {
        0..3 => groups(number, " "),
        3 => number.to_lowercase(),
        _ => number.to_owned(),
    }
}

fn card_as_written(number: &str, rng: &mut Rng) -> String {
    match rng.below(10) {
        0..5 => groups(number, " "),
        5 => groups(number, "-"),
        _ => number.to_owned(),
    }
}

fn passport_as_written(number: &str, rng: &mut Rng) -> String {
    match (rng.below(10), number.strip_prefix('N')) {
        (0..2, Some(digits)) => format!("Н{digits}"),
        (2, Some(digits)) => format!("N {digits}"),
        (3, _) => number.to_lowercase(),
        _ => number.to_owned(),
    }
}

fn plate_as_written(number: &str, rng: &mut Rng) -> String {
    let spaced = || {
        let mut out = String::new();
        let mut before = None;
        for letter in number.chars() {
            let digit = letter.is_ascii_digit();
            if before.is_some_and(|before| before != digit) {
                out.push(' ');
            }
            before = Some(digit);
            out.push(letter);
        }
        out
    };
    match rng.below(10) {
        0..3 => spaced(),
        3 => number.to_lowercase(),
        // Letters that look alike, typed on a Russian keyboard.
        4 => number
            .chars()
            .map(crate::dirt::cyrillic_lookalike)
            .collect(),
        _ => number.to_owned(),
    }
}

fn date_as_written(day: Day, language: Language, rng: &mut Rng) -> String {
    let (year, month, of_month) = day.parts();
    match rng.weighted(&[66, 8, 6, 5, 15]) {
        0 => day.dotted(),
        1 => day.iso(),
        2 => format!("{of_month:02}/{month:02}/{year}"),
        3 => format!("{of_month:02}.{month:02}.{:02}", year % 100),
        _ => date_in_words(day, language),
    }
}

/// A date with the month in words, without the word for "year" behind it.
fn date_in_words(day: Day, language: Language) -> String {
    let (year, number, of_month) = day.parts();
    if language == Language::Kazakh {
        format!("{year} жылғы {of_month} {}", month(MONTHS_KK, number))
    } else {
        format!("{of_month} {} {year}", month(MONTHS_RU, number))
    }
}

/// The slots that are nobody's.
fn plain(
    slot: &str,
    scene: &Scene<'_>,
    language: Language,
    rng: &mut Rng,
    out: &mut Text,
) -> Option<()> {
    let [subject, ..] = scene.people;
    let kazakh = language == Language::Kazakh;
    let text = match slot {
        "br" => "\n".to_owned(),
        "date" => scene.today.plus(-rng.between(0, 700)).dotted(),
        "time" => format!(
            "{}{}{:02}",
            rng.between(8, 20),
            rng.word(&[":", ":", "."]),
            rng.below(12) * 5
        ),
        "year" => (scene.today.year() - rng.between(1, 15)).to_string(),
        "age" => subject.birth.years_until(scene.today).to_string(),
        "temp" => format!(
            "{}{}{}",
            rng.between(36, 39),
            rng.word(&[",", "."]),
            rng.below(10)
        ),
        "bp" => format!("{}/{}", rng.between(10, 19) * 10, rng.between(6, 11) * 10),
        "cls" => rng.letter("АБВГД").to_string(),
        "icd" => scene.icd.to_owned(),
        "village" => {
            let place = settlement(rng)?;
            out.push_optional("ADDRESS", if kazakh { place.name_kk } else { place.name });
            return Some(());
        }
        "org" => {
            let name = one_of("ru orgname", rng)?;
            let (before, after) = if kazakh {
                ("", rng.word(&[" ЖШС", " ЖШС", " АҚ"]))
            } else {
                (rng.word(&["ТОО ", "ТОО ", "АО ", "ИП "]), "")
            };
            let mut text = Text::default();
            write(name, scene, language, rng, &mut text);
            out.push_optional(
                "ORGANIZATION",
                &format!("{before}«{}»{after}", text.as_str()),
            );
            return Some(());
        }
        list => {
            let key = format!("{} {list}", if kazakh { "kk" } else { "ru" });
            let chosen = one_of(&key, rng)?;
            write(chosen, scene, language, rng, out);
            return Some(());
        }
    };
    out.push(&text);
    Some(())
}

fn one_of(list: &str, rng: &mut Rng) -> Option<&'static Template> {
    rng.pick(LISTS.get(list)?)
}
