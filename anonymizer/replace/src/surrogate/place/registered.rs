//! The numbers of a state register: of people (IIN) and of organizations (BIN).

use super::{Filling, Place};
use crate::date::{civil, days};
use crate::name::Sex;
use crate::surrogate::check::{IinFacts, check_digit, iin_facts};

/// Wrong check digits that are used here. The ninth is left for numbers without a place.
const CHECKS: u64 = 8;

const SERIALS: u64 = 10_000;
const BIN_SERIALS: u64 = 100_000;

/// Legal forms of a BIN, and its parts: a head office, a branch, ...
const BIN_FORMS: u64 = 3 * 4;

/// Years of registration of invented BINs.
const BIN_YEARS: u64 = 30;

/// How many invented BINs there are.
pub const BINS: u64 = BIN_YEARS * 12 * BIN_FORMS * BIN_SERIALS * CHECKS;

fn digits(number: &str) -> Option<Vec<u64>> {
    let plain = number.chars().filter(|c| c.is_alphanumeric());
    plain
        .map(|c| c.is_ascii_digit().then(|| c.to_digit(10).map(u64::from))?)
        .collect()
}

fn number(digits: &[u64]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + digit)
}

/// The digits of a number, so many of them.
fn written(number: u64, count: u32) -> impl Iterator<Item = u8> {
    (0..count)
        .rev()
        .map(move |place| (number / 10_u64.pow(place) % 10) as u8)
}

/// The first day of invented births, and how many days there are.
fn births() -> Option<(i64, u64)> {
    let first = days(1940, 1, 1)?;
    Some((first, u64::try_from(days(2010, 1, 1)? - first).ok()?))
}

/// How many invented IINs of one sex there are.
pub fn iins() -> Option<u64> {
    Some(births()?.1 * SERIALS * CHECKS)
}

pub fn iin(pattern: &str, text: &str) -> Option<Place> {
    let IinFacts {
        birth_year,
        birth_month,
        birth_day,
        sex,
    } = iin_facts(text)?;
    let mark = if sex == Sex::Male { 'm' } else { 'f' };
    if !pattern.starts_with(mark) || pattern.matches('#').count() != 12 {
        return None;
    }
    let (first, end) = (days(1800, 1, 1)?, days(2100, 1, 1)?);
    let day = days(birth_year.into(), birth_month.into(), birth_day.into())?;
    let serial = number(digits(text)?.get(7..11)?);
    Some(Place {
        place: u64::try_from(day - first).ok()? * SERIALS + serial,
        among: u64::try_from(end - first).ok()? * SERIALS,
    })
}

pub fn invented_iin(pattern: &str, place: u64) -> Option<Filling> {
    let (check, rest) = (place % CHECKS, place / CHECKS);
    let (serial, day) = (rest % SERIALS, rest / SERIALS);
    let (year, month, day) = civil(births()?.0 + i64::try_from(day).ok()?)?;
    let century = if year < 2000 { 3 } else { 5 } + u8::from(pattern.starts_with('f'));
    let date = year % 100 * 10_000 + month * 100 + day;
    let mut digits: Vec<u8> = written(u64::try_from(date).ok()?, 6).collect();
    digits.push(century);
    digits.extend(written(serial, 4));
    checked(digits, check)
}

pub fn bin(pattern: &str, text: &str) -> Option<Place> {
    let digits = digits(text)?;
    let [y, yy, m, mm, form @ 4..=6, part @ 0..=3, serial @ .., check] = digits.as_slice() else {
        return None;
    };
    let month = 10 * m + mm;
    let first: Vec<u8> = digits.iter().map(|digit| *digit as u8).collect();
    let right = first.get(..11).and_then(check_digit).map(u64::from);
    if digits.len() != 12
        || pattern.matches('#').count() != 12
        || !(1..=12).contains(&month)
        || right != Some(*check)
    {
        return None;
    }
    let opened = (10 * y + yy) * 12 + month - 1;
    let kind = (form - 4) * 4 + part;
    Some(Place {
        place: (opened * BIN_FORMS + kind) * BIN_SERIALS + number(serial),
        among: 100 * 12 * BIN_FORMS * BIN_SERIALS,
    })
}

pub fn invented_bin(place: u64) -> Option<Filling> {
    let (check, rest) = (place % CHECKS, place / CHECKS);
    let (serial, rest) = (rest % BIN_SERIALS, rest / BIN_SERIALS);
    let (kind, opened) = (rest % BIN_FORMS, rest / BIN_FORMS);
    let mut digits: Vec<u8> = written(opened / 12, 2).collect();
    digits.extend(written(opened % 12 + 1, 2));
    digits.extend(written((kind / 4 + 4) * 10 + kind % 4, 2));
    digits.extend(written(serial, 5));
    checked(digits, check)
}

/// Adds a check digit that is wrong: one for each of the checks, and another for none.
fn checked(mut digits: Vec<u8>, check: u64) -> Option<Filling> {
    let right = check_digit(&digits).unwrap_or(0);
    digits.push((right + 1 + check as u8) % 10);
    Some(Filling {
        digits,
        letters: Vec::new(),
    })
}
