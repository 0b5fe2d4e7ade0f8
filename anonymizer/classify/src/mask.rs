//! Values as they may be shown.

use crate::cell::Observer;
use crate::sign::Sign;

/// Characters of a masked value; longer ones end with an ellipsis.
const LONGEST: usize = 24;

/// The form of a value: letters become `x`, `X` or those of the other alphabet, digits `9`; what stands between them is kept. Nothing of the
/// value can be read from it but how it is written.
pub fn mask(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value.get(..LONGEST * 4).unwrap_or(value));
    let mut masked = String::new();
    for (place, character) in text.trim().chars().enumerate() {
        if place == LONGEST {
            masked.push('…');
            break;
        }
        masked.push(match character {
            c if c.is_numeric() => '9',
            c if c.is_ascii_uppercase() => 'X',
            c if c.is_ascii_lowercase() => 'x',
            c if c.is_uppercase() => 'Ж',
            c if c.is_alphabetic() => 'ж',
            c if c.is_control() => ' ',
            c => c,
        });
    }
    masked
}

/// What of a value shows that it may be of a person, whatever column it is in.
const PERSONAL: &[Sign] = &[
    Sign::GivenName,
    Sign::Surname,
    Sign::SurnameLike,
    Sign::Patronymic,
    Sign::FullName,
    Sign::Person,
    Sign::Email,
    Sign::Passport,
    Sign::BirthCertificate,
    Sign::DriverLicence,
    Sign::Plate,
    Sign::Vin,
    Sign::Address,
    Sign::Street,
    Sign::Prose,
    Sign::Inside,
    Sign::Template,
];

/// From so many digits on, a number may be somebody's.
const DIGITS: usize = 6;

/// Characters of a value that a message repeats.
const QUOTED: usize = 64;

/// A value as a message to its owner may repeat it. A row that is spoilt has names and numbers of people in any column, so that a value which
/// looks like one is told by its form alone; another is told by its beginning, for the owner has to find it.
#[must_use]
pub fn told(value: &str) -> String {
    if personal(value) {
        return mask(value.as_bytes());
    }
    beginning(value)
}

/// Values of one column as a message may repeat them. Where most look like somebody's, the others are told by their form too; elsewhere each
/// is told as [`told`] does, for the owner has to find what a hierarchy lacks.
#[must_use]
pub fn told_together(values: &[&str]) -> Vec<String> {
    let somebodys = values.iter().filter(|value| personal(value)).count();
    let tell = |value: &&str| match somebodys * 2 > values.len() {
        true => mask(value.as_bytes()),
        false => told(value),
    };
    values.iter().map(tell).collect()
}

fn personal(value: &str) -> bool {
    let digits = value.chars().filter(|c| c.is_numeric()).count();
    let signs = Observer::new().observe(value.as_bytes()).signs;
    digits >= DIGITS || PERSONAL.iter().any(|sign| signs.has(*sign))
}

fn beginning(value: &str) -> String {
    value.chars().take(QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_repeats_what_is_nobodys() {
        for value in ["77", "q", "Алматы", "Masters", "23%", "2024-05", "-"] {
            let kept = told(value);
            assert_eq!(kept, value.replace("2024-05", "9999-99"));
        }
        for (value, form) in [
            ("900101300017", "999999999999"),
            ("Ахметов", "Жжжжжжж"),
            ("Ахметов Нурлан", "Жжжжжжж Жжжжжж"),
            ("Нурлан", "Жжжжжж"),
            ("a.b@mail.kz", "x.x@xxxx.xx"),
            ("17.05.1984", "99.99.9999"),
            ("123ABC02", "999XXX99"),
        ] {
            assert_eq!(told(value), form);
        }
        assert!(told(&"x".repeat(1000)).chars().count() <= 64);
        assert_eq!(told_together(&["77", "Masters"]), ["77", "Masters"]);
        let cities = ["Almaty", "Алматы", "Нурлан"];
        assert_eq!(told_together(&cities), ["Almaty", "Алматы", "Жжжжжж"]);
        let names = ["Нурлан", "Йцукенг", "Ахметов"];
        assert_eq!(told_together(&names), ["Жжжжжж", "Жжжжжжж", "Жжжжжжж"]);
    }

    #[test]
    fn only_the_form_is_left() {
        for (value, masked) in [
            ("900101300017", "999999999999"),
            ("Иванов И.И.", "Жжжжжж Ж.Ж."),
            ("a.b@mail.kz", "x.x@xxxx.xx"),
            ("Қазақ 中", "Жжжжж ж"),
        ] {
            assert_eq!(mask(value.as_bytes()), masked);
        }
        assert!(mask("я".repeat(1000).as_bytes()).chars().count() <= 25);
    }
}
