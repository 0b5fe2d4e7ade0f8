//! What a template talks about, and the filling of its slots.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::date::Day;
use crate::grammar::{kazakh, russian};
use crate::label::Language;
use crate::notation;
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
        "iin" => ("IIN", notation::broken(iin, scene.careless, rng)),
        "oiin" => ("IIN", notation::broken(other_iin, scene.careless, rng)),
        "diin" => ("IIN", doctors_iin.to_owned()),
        "bin" => (
            "BIN",
            notation::broken(&numbers::bin(rng, issue), scene.careless, rng),
        ),
        "phone" => ("PHONE", notation::phone(scene.phone, rng)),
        "ophone" => ("PHONE", notation::phone(&numbers::phone(rng, issue), rng)),
        "email" => ("EMAIL", notation::cased(scene.email.to_owned(), rng)),
        "iban" => ("IBAN", notation::iban(&numbers::iban(rng, issue), rng)),
        "card" => ("CARD", notation::card(&numbers::card(rng, issue), rng)),
        "idcard" => (
            "IDCARD",
            notation::broken(&numbers::id_card(rng, issue), scene.careless, rng),
        ),
        "passport" => (
            "PASSPORT",
            notation::passport(&numbers::passport(rng, issue), rng),
        ),
        "plate" => ("PLATE", notation::plate(&numbers::plate(rng, issue), rng)),
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
        "birth" => ("BIRTHDATE", notation::date(subject.birth, language, rng)),
        "birthlong" => {
            let person = if rng.chance(0.5) { subject } else { relative };
            (
                "BIRTHDATE",
                person.birth.in_words(language == Language::Kazakh),
            )
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
