//! Filling the slots of templates.
//!
//! `{a.full.g}` is a person's name (a to e), in a form and a case; `{iin}` a number of person a and `{b.iin}` one of another;
//! `{f.b.male.female}` agrees with a person's sex; `{kk}` and `{ru}` switch the language of what follows; ‹ › ⦃ ⦄ ⟦ ⟧ stand for
//! the brackets that templates use themselves, and ⏎ for a line end. A slot that is not known leaves ⁅.

use super::cast::{Cast, Member};
use super::notation;
use crate::grammar::{kazakh, russian, spelling};
use crate::label::Language;
use crate::numbers::{self, Issue};
use crate::person::{Person, Sex, Spelled};
use crate::rng::Rng;
use crate::template::{Piece, Template};
use crate::text::Text;

/// Writes a template into a text.
pub fn write(template: &Template, cast: &Cast, language: Language, rng: &mut Rng, out: &mut Text) {
    let mut pen = Pen {
        cast,
        kazakh: language == Language::Kazakh,
        rng,
        out,
    };
    pen.write(template);
}

struct Pen<'a> {
    cast: &'a Cast,
    kazakh: bool,
    rng: &'a mut Rng,
    out: &'a mut Text,
}

impl Pen<'_> {
    fn write(&mut self, template: &Template) {
        for piece in &template.0 {
            match piece {
                Piece::Text(text) => self.out.push(&unescaped(text)),
                Piece::Choice(all) => {
                    if let Some(one) = self.rng.pick(all) {
                        self.write(one);
                    }
                }
                Piece::Agreement(male, female) => {
                    let [a, ..] = &self.cast.0;
                    self.write(if a.person.sex == Sex::Male {
                        male
                    } else {
                        female
                    });
                }
                Piece::Slot(parts) => {
                    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                    if self.slot(&parts).is_none() {
                        self.out.push(&format!("⁅{}⁆", parts.join(".")));
                    }
                }
            }
        }
    }

    fn slot(&mut self, parts: &[&str]) -> Option<()> {
        let [first, ..] = &self.cast.0;
        match parts {
            ["kk"] => self.kazakh = true,
            ["ru"] => self.kazakh = false,
            ["n", low, high] => {
                let number = self.rng.between(low.parse().ok()?, high.parse().ok()?);
                self.out.push(&number.to_string());
            }
            ["dg", count] => {
                let digits = self.rng.digits(count.parse().ok()?);
                self.out.push(&digits);
            }
            ["f", who, male, female] => {
                let text = if member(self.cast, who)?.person.sex == Sex::Male {
                    male
                } else {
                    female
                };
                self.out.push(text);
            }
            // A name that is known to everyone, or part of the name of something: it counts neither way.
            ["opt", kind, text @ ..] => self.out.push_optional(kind, &text.join(".")),
            [one] => self.personal(one, first).or_else(|| self.plain(one))?,
            [who, what] => self.personal(what, member(self.cast, who)?)?,
            [who, form, case] => self.name(member(self.cast, who)?, form, case)?,
            _ => return None,
        }
        Some(())
    }

    fn personal(&mut self, what: &str, of: &Member) -> Option<()> {
        let rng = &mut *self.rng;
        let issue = Issue::Realistic;
        let (kind, text) = match what {
            "iin" => ("IIN", of.iin.clone()),
            "iinsp" => ("IIN", notation::grouped(&of.iin, 1.0, &[" ", "-"], rng)),
            "bin" => ("BIN", numbers::bin(rng, issue)),
            "phone" => ("PHONE", notation::phone(&of.phone, rng)),
            "email" => ("EMAIL", of.email.clone()),
            "iban" => (
                "IBAN",
                notation::grouped(&numbers::iban(rng, issue), 0.25, &[" "], rng),
            ),
            "card" => (
                "CARD",
                notation::grouped(&numbers::card(rng, issue), 0.7, &[" ", " ", "-"], rng),
            ),
            "idcard" => ("IDCARD", numbers::id_card(rng, issue)),
            "passport" => ("PASSPORT", numbers::passport(rng, issue)),
            "plate" => ("PLATE", notation::plate(&numbers::plate(rng, issue), rng)),
            "vin" => ("VIN", numbers::vin(rng)),
            "ip" => (
                "IP",
                format!(
                    "{}.{}.{}.{}",
                    rng.between(31, 195),
                    rng.below(256),
                    rng.below(256),
                    rng.between(2, 250)
                ),
            ),
            "user" => (
                "USER_NAME",
                format!(
                    "@{}{}{}",
                    spelling::latin(&of.person.given.russian).to_lowercase(),
                    rng.word(&["_", "", "_kz"]),
                    of.person.birth.year().rem_euclid(100)
                ),
            ),
            "birth" => (
                "BIRTHDATE",
                notation::date(of.person.birth, self.kazakh, rng),
            ),
            "birthw" => ("BIRTHDATE", of.person.birth.in_words(self.kazakh)),
            "birthd" => ("BIRTHDATE", of.person.birth.dotted()),
            "birthiso" => ("BIRTHDATE", of.person.birth.iso()),
            "addr" if self.kazakh => ("ADDRESS", of.place.kazakh(false, rng)),
            "addr" => ("ADDRESS", of.place.russian(rng)),
            "addrl" => ("ADDRESS", of.place.kazakh(true, rng)),
            "addrp" => ("ADDRESS", of.place.russian_within(rng)),
            "street" => ("ADDRESS", of.place.russian_street(rng)),
            "byear" => {
                self.out
                    .push_optional("BIRTHDATE", &of.person.birth.year().to_string());
                return Some(());
            }
            "town" => {
                self.out
                    .push_optional("ADDRESS", of.place.town(self.kazakh));
                return Some(());
            }
            "townp" => {
                self.out.push_optional("ADDRESS", of.place.within());
                return Some(());
            }
            "age" => {
                let age = of.person.birth.years_until(super::today());
                self.out.push(&age.to_string());
                return Some(());
            }
            _ => return None,
        };
        self.out.push_span(kind, &text);
        Some(())
    }

    /// What is nobody's.
    fn plain(&mut self, what: &str) -> Option<()> {
        let rng = &mut *self.rng;
        let recent = super::today().plus(-rng.between(0, 900));
        let text = match what {
            "date" => recent.dotted(),
            "datew" => recent.in_words(self.kazakh),
            "dateiso" => recent.iso(),
            "year" => recent.year().to_string(),
            "sum" => notation::amount(rng),
            "time" => format!("{:02}:{:02}", rng.between(0, 23), rng.below(60)),
            "dec" => format!(
                "{}{}{}",
                rng.between(0, 48),
                rng.word(&[",", "."]),
                rng.between(1, 9)
            ),
            "org" => {
                let name = rng.word(&[
                    "Алтын Дән",
                    "СтройИнвест-KZ",
                    "Тұлпар Логистик",
                    "Мөлдір Су",
                    "Жетісу Агро",
                    "Orda Trade",
                    "Медсервис Плюс",
                    "Самұрық Құрылыс",
                ]);
                let text = if self.kazakh {
                    format!("«{name}» {}", rng.word(&["ЖШС", "АҚ", "ЖК"]))
                } else {
                    format!("{} «{name}»", rng.word(&["ТОО", "АО", "ИП"]))
                };
                self.out.push_optional("ORGANIZATION", &text);
                return Some(());
            }
            _ => return None,
        };
        self.out.push(&text);
        Some(())
    }

    fn name(&mut self, of: &Member, form: &str, case: &str) -> Option<()> {
        let unlisted = !of.person.is_listed();
        let text = if self.kazakh {
            in_kazakh(&of.person, form, case, self.rng)?
        } else {
            in_russian(&of.person, form, case, self.rng)?
        };
        self.out.push_person(&text, unlisted);
        Some(())
    }
}

fn member<'a>(cast: &'a Cast, letter: &str) -> Option<&'a Member> {
    let place = ["a", "b", "c", "d", "e"]
        .iter()
        .position(|name| *name == letter)?;
    cast.0.get(place)
}

fn unescaped(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '‹' => '<',
            '›' => '>',
            '⦃' => '{',
            '⦄' => '}',
            '⟦' => '[',
            '⟧' => ']',
            '¦' => '|',
            '⏎' => '\n',
            other => other,
        })
        .collect()
}

fn russian_case(letter: &str) -> Option<russian::Case> {
    use russian::Case;
    Some(match letter {
        "n" => Case::Nominative,
        "g" => Case::Genitive,
        "d" => Case::Dative,
        "a" => Case::Accusative,
        "i" => Case::Instrumental,
        "p" => Case::Prepositional,
        _ => return None,
    })
}

fn kazakh_case(letter: &str) -> Option<kazakh::Case> {
    use kazakh::Case;
    Some(match letter {
        "n" => Case::Nominative,
        "g" => Case::Genitive,
        "d" => Case::Dative,
        "a" => Case::Accusative,
        "l" => Case::Locative,
        "b" => Case::Ablative,
        "i" => Case::Instrumental,
        _ => return None,
    })
}

fn in_russian(person: &Person, form: &str, case: &str, rng: &mut Rng) -> Option<String> {
    let case = russian_case(case)?;
    // Both parts of a double surname are declined.
    let surname = person
        .surname
        .russian
        .split('-')
        .map(|part| russian::surname(part, person.sex, case))
        .collect::<Vec<_>>()
        .join("-");
    let given = russian::given(&person.given.russian, person.sex, case);
    let patronymic = person
        .patronymic
        .as_ref()
        .map(|name| russian::patronymic(&name.russian, person.sex, case));
    arranged(
        form,
        surname,
        given,
        patronymic,
        initials(person, |name| &name.russian, rng),
        person,
    )
}

fn in_kazakh(person: &Person, form: &str, case: &str, rng: &mut Rng) -> Option<String> {
    let case = kazakh_case(case)?;
    let patronymic = person.patronymic.as_ref().map(|name| name.kazakh.clone());
    let short = initials(person, |name| &name.kazakh, rng);
    let name = arranged(
        form,
        person.surname.kazakh.clone(),
        person.given.kazakh.clone(),
        patronymic,
        short,
        person,
    )?;
    let cased = !matches!(case, kazakh::Case::Nominative) && !name.ends_with('.');
    if !cased {
        return Some(name);
    }
    let possessed = name.ends_with("ұлы") || name.ends_with("қызы");
    Some(match name.rsplit_once(' ') {
        Some((before, word)) => format!("{before} {}", kazakh::inflect(word, case, possessed)),
        None => kazakh::inflect(&name, case, possessed),
    })
}

/// The initials with the sign that binds them to the surname: А.Б., А. Б., А.
fn initials(person: &Person, spelling: impl Fn(&Spelled) -> &String, rng: &mut Rng) -> [String; 2] {
    let first = |name: &Spelled| spelling(name).chars().next();
    let mut letters: Vec<char> = first(&person.given).into_iter().collect();
    if rng.chance(0.85) {
        letters.extend(person.patronymic.as_ref().and_then(first));
    }
    let joint = if rng.chance(0.2) { ". " } else { "." };
    let joined: Vec<String> = letters.iter().map(char::to_string).collect();
    [
        format!("{}.", joined.join(joint)),
        rng.word(&[" ", " ", ""]).to_owned(),
    ]
}

fn arranged(
    form: &str,
    surname: String,
    given: String,
    patronymic: Option<String>,
    short: [String; 2],
    person: &Person,
) -> Option<String> {
    let after = |name: String| {
        patronymic
            .as_ref()
            .map_or(name.clone(), |patronymic| format!("{name} {patronymic}"))
    };
    let [initials, joint] = short;
    Some(match form {
        "full" => after(format!("{surname} {given}")),
        "gps" => format!("{} {surname}", after(given)),
        "sg" => format!("{surname} {given}"),
        "gs" => format!("{given} {surname}"),
        "gp" => after(given),
        "si" => format!("{surname} {initials}"),
        "is" => format!("{initials}{joint}{surname}"),
        "g" => given,
        "s" => surname,
        "FULL" => after(format!("{} {given}", surname.to_uppercase())),
        "UP" => after(format!("{surname} {given}")).to_uppercase(),
        "low" => format!("{surname} {given}").to_lowercase(),
        "glow" => given.to_lowercase(),
        "bare" => format!("{surname} {}", initials.replace(['.', ' '], "")),
        "lat" => spelling::latin(&format!(
            "{} {}",
            person.given.russian, person.surname.russian
        )),
        "LAT" => spelling::latin(&format!(
            "{} {}",
            person.surname.russian, person.given.russian
        ))
        .to_uppercase(),
        _ => return None,
    })
}
