//! What a valid value of each type looks like. Identifiers are validated by the crate that recognizes them in texts.

use sandyq_detect::identifier::{
    Bin, Card, Iban, Iin, Kato, Phone, Plate, Vin, compact, is_birth_certificate,
    is_driver_licence, is_foreign_passport, is_identity_card, is_ipv4, is_ipv6, is_mac,
    is_passport,
};

use crate::prepare::calendar::Date;
use crate::prepare::{Unit, number};

/// Whether a text, without spaces around it, is valid.
pub(super) type Validator<'a> = Box<dyn Fn(&str) -> bool + 'a>;

/// The oldest that anybody was.
const OLDEST: f64 = 125.0;

/// The validator of a type, named in capitals without underscores; `None` where any value is as good as another.
pub(super) fn validator<'a>(kind: &str, today: &'a str) -> Option<Validator<'a>> {
    let plain = |valid: fn(&str) -> bool| -> Option<Validator<'a>> { Some(Box::new(valid)) };
    match kind {
        "IIN" => plain(|text| Iin::parse(text).is_ok()),
        "BIN" => plain(|text| Bin::parse(text).is_ok()),
        "PHONE" => plain(|text| Phone::parse(text).is_ok() || Phone::parse(&compact(text)).is_ok()),
        "IBAN" => plain(|text| Iban::parse(&compact(text)).is_ok()),
        "CARD" => plain(|text| Card::parse(&compact(text)).is_ok()),
        "IDCARD" => plain(is_identity_card),
        "PASSPORT" => plain(|text| is_passport(text) || is_foreign_passport(text)),
        "BIRTHCERTIFICATE" => plain(is_birth_certificate),
        "DRIVERLICENCE" => plain(is_driver_licence),
        "PLATE" => plain(|text| Plate::parse(&compact(text)).is_ok()),
        "VIN" => plain(|text| Vin::parse(text).is_ok()),
        "KATO" => plain(|text| Kato::parse(text).is_ok()),
        "IP" => plain(|text| is_ipv4(text) || is_ipv6(text)),
        "MAC" => plain(is_mac),
        "EMAIL" => plain(email),
        "URL" => plain(|text| text.contains("://") && !text.contains(char::is_whitespace)),
        "POSTALCODE" => plain(postal_code),
        "DATE" => plain(|text| Date::parse(text).is_some()),
        "BIRTHDATE" => Some(Box::new(move |text| born(text, today))),
        "AGE" => plain(|text| number::parse(text).is_some_and(|age| (0.0..=OLDEST).contains(&age))),
        "SEX" => plain(sex),
        "ICD10" => plain(diagnosis),
        // A diagnosis may be written without its code.
        "DIAGNOSIS" => {
            plain(|text| diagnosis(text) || !text.contains(|c: char| c.is_ascii_digit()))
        }
        "SALARY" | "NUMBER" | "PLAINNUMBER" => {
            plain(|text| number::parse(&text.replace(',', ".")).is_some())
        }
        "SURNAME" | "GIVENNAME" | "PATRONYMIC" | "FULLNAME" | "PERSON" => plain(name),
        _ => None,
    }
}

/// A date that exists and is not ahead.
fn born(text: &str, today: &str) -> bool {
    let units = [Unit::Day, Unit::Month, Unit::Year];
    let shown =
        Date::parse(text).and_then(|date| units.into_iter().find_map(|unit| date.within(unit)));
    shown.is_some_and(|day| day.as_str() <= today.get(..day.len()).unwrap_or(today))
}

fn email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    let labels: Vec<&str> = host.split('.').collect();
    let plain =
        |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    !local.is_empty()
        && !local.contains(|c: char| c.is_whitespace() || c == '@')
        && labels.len() > 1
        && labels.iter().all(plain)
}

/// Six digits, or one letter, two digits, one letter, one digit, one letter and one digit or the like: `A15E3H4`.
fn postal_code(text: &str) -> bool {
    let six = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let seven = text.len() == 7
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    six || seven
}

fn sex(text: &str) -> bool {
    const KNOWN: &[&str] = &[
        "м",
        "ж",
        "муж",
        "жен",
        "мужской",
        "женский",
        "мужчина",
        "женщина",
        "ер",
        "еркек",
        "әйел",
        "ұл",
        "қыз",
        "m",
        "f",
        "male",
        "female",
        "man",
        "woman",
        "0",
        "1",
        "2",
    ];
    let text = text.to_lowercase();
    KNOWN.contains(&text.trim_end_matches('.'))
}

/// A code of ICD-10, `J06` or `J06.9`, or its beginning before a name.
fn diagnosis(text: &str) -> bool {
    let code = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .next()
        .unwrap_or_default();
    let (block, rest) = code.split_once('.').unwrap_or((code, ""));
    let mut characters = block.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && block.chars().count() == 3
        && characters.all(|c| c.is_ascii_digit())
        && (rest.is_empty() != code.contains('.'))
        && rest.chars().count() <= 2
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || c == '+' || c == '*')
}

fn name(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let strange = |c: char| !c.is_alphabetic() && !" -'’.ʼ".contains(c);
    letters > 0 && !text.contains(strange)
}
