//! How the writers of the first corpus put numbers and dates down.

use crate::date::Day;
use crate::dirt::cyrillic_lookalike;
use crate::label::Language;
use crate::rng::Rng;

/// A number broken up by spaces, dashes, dots or a line end, one time in a dozen.
pub fn broken(number: &str, careless: bool, rng: &mut Rng) -> String {
    if !careless || !rng.chance(0.35) {
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

/// An address of e-mail, now and then in capitals.
pub fn cased(text: String, rng: &mut Rng) -> String {
    if rng.chance(0.05) {
        text.to_uppercase()
    } else {
        text
    }
}

/// Ten digits as people write a phone number.
pub fn phone(number: &str, rng: &mut Rng) -> String {
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

/// An account as people write it.
pub fn iban(number: &str, rng: &mut Rng) -> String {
    match rng.below(10) {
        0..3 => groups(number, " "),
        3 => number.to_lowercase(),
        _ => number.to_owned(),
    }
}

/// A card's number as people write it.
pub fn card(number: &str, rng: &mut Rng) -> String {
    match rng.below(10) {
        0..5 => groups(number, " "),
        5 => groups(number, "-"),
        _ => number.to_owned(),
    }
}

/// A passport's number as people write it.
pub fn passport(number: &str, rng: &mut Rng) -> String {
    match (rng.below(10), number.strip_prefix('N')) {
        (0..2, Some(digits)) => format!("Н{digits}"),
        (2, Some(digits)) => format!("N {digits}"),
        (3, _) => number.to_lowercase(),
        _ => number.to_owned(),
    }
}

/// A plate as people write it.
pub fn plate(number: &str, rng: &mut Rng) -> String {
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
        4 => number.chars().map(cyrillic_lookalike).collect(),
        _ => number.to_owned(),
    }
}

/// A date as people write it, in Kazakh or else in Russian.
pub fn date(day: Day, language: Language, rng: &mut Rng) -> String {
    let (year, month, of_month) = day.parts();
    match rng.weighted(&[66, 8, 6, 5, 15]) {
        0 => day.dotted(),
        1 => day.iso(),
        2 => format!("{of_month:02}/{month:02}/{year}"),
        3 => format!("{of_month:02}.{month:02}.{:02}", year % 100),
        _ => day.in_words(language == Language::Kazakh),
    }
}
