//! How numbers and dates are written down.

use crate::date::Day;
use crate::rng::Rng;

/// A date, as forms and letters have it; the word for "year" is not part of it.
pub fn date(day: Day, kazakh: bool, rng: &mut Rng) -> String {
    let (year, number, of_month) = day.parts();
    match rng.weighted(&[60, 6, 5, 3, 4, 22]) {
        0 => day.dotted(),
        1 => day.iso(),
        2 => format!("{of_month:02}/{number:02}/{year}"),
        3 => format!("{of_month:02}-{number:02}-{year}"),
        4 => format!("{of_month}.{number:02}.{year}"),
        _ => day.in_words(kazakh),
    }
}

/// Ten digits of a phone.
pub fn phone(number: &str, rng: &mut Rng) -> String {
    let part = |from: usize, to: usize| number.get(from..to).unwrap_or("");
    let (a, b, c, d) = (part(0, 3), part(3, 6), part(6, 8), part(8, 10));
    match rng.below(14) {
        0 => format!("+7 ({a}) {b} {c} {d}"),
        1 => format!("+7{a}{b}{c}{d}"),
        2 => format!("8{a}{b}{c}{d}"),
        3 => format!("8 ({a}) {b}-{c}-{d}"),
        4 => format!("8-{a}-{b}-{c}-{d}"),
        5 => format!("+7-{a}-{b}-{c}-{d}"),
        6 => format!("8 {a} {b} {c} {d}"),
        7 => format!("+7 {a} {b} {c}{d}"),
        8 => format!("8{a} {b} {c} {d}"),
        9 => format!("+7 {a} {b}-{c}-{d}"),
        10 => format!("8({a}) {b} {c} {d}"),
        11 => format!("8.{a}.{b}.{c}.{d}"),
        12 => format!("7{a}{b}{c}{d}"),
        _ => format!("+7({a}){b}{c}{d}"),
    }
}

/// Letters in groups of four, or as they are.
pub fn grouped(number: &str, share: f64, separators: &[&str], rng: &mut Rng) -> String {
    if !rng.chance(share) {
        return number.to_owned();
    }
    let separator = rng.word(separators);
    let letters: Vec<char> = number.chars().collect();
    let groups = letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(separator)
}

/// A plate with or without spaces, in either case.
pub fn plate(number: &str, rng: &mut Rng) -> String {
    let mut out = String::new();
    let spaced = rng.chance(0.4);
    let mut digit = None;
    for letter in number.chars() {
        if spaced && digit.is_some_and(|before| before != letter.is_ascii_digit()) {
            out.push(' ');
        }
        digit = Some(letter.is_ascii_digit());
        out.push(letter);
    }
    match rng.below(12) {
        0 => out.to_lowercase(),
        1 => out.chars().map(crate::dirt::cyrillic_lookalike).collect(),
        _ => out,
    }
}

/// An amount of money, without its unit.
pub fn amount(rng: &mut Rng) -> String {
    let whole = match rng.below(4) {
        0 => rng.between(1, 99) * 100_000,
        1 => rng.between(100, 9_999) * 10,
        _ => rng.between(1_000, 2_500_000),
    };
    let digits = whole.to_string();
    let separator = rng.word(&[" ", " ", "\u{a0}", "", "."]);
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push_str(separator);
        }
        out.push(digit);
    }
    if separator != "." && rng.chance(0.25) {
        out.push_str(&format!(",{:02}", rng.below(100)));
    }
    out
}
