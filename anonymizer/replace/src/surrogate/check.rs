//! Check digits: of identification numbers and cards.

use crate::date::days;
use crate::name::Sex;

/// The check digit of the first eleven digits of an IIN or a BIN; `None` if none is issuable.
pub(super) fn check_digit(digits: &[u8]) -> Option<u8> {
    const FIRST: [u32; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const SECOND: [u32; 11] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];
    let sum = |weights: [u32; 11]| {
        let products = digits
            .iter()
            .zip(weights)
            .map(|(digit, weight)| u32::from(*digit) * weight);
        products.sum::<u32>() % 11
    };
    [sum(FIRST), sum(SECOND)]
        .into_iter()
        .find(|sum| *sum < 10)
        .map(|sum| sum as u8)
}

/// Whether the digits of a card number meet the Luhn check (ISO/IEC 7812-1).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            u32::from(if place % 2 == 1 {
                doubled(*digit)
            } else {
                *digit
            })
        })
        .sum();
    sum.is_multiple_of(10)
}

/// What an IIN tells about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IinFacts {
    /// The year of birth.
    pub birth_year: u16,
    /// The month of birth, from 1.
    pub birth_month: u8,
    /// The day of birth, from 1.
    pub birth_day: u8,
    /// The sex.
    pub sex: Sex,
}

/// Reads a valid IIN, with or without spaces and dashes: its date exists, its seventh digit is 1 to 6 and its check digit is right.
#[must_use]
pub fn iin_facts(text: &str) -> Option<IinFacts> {
    let mut digits = [0; 12];
    let mut count = 0;
    for character in text.chars() {
        match character.to_digit(10) {
            Some(digit) => {
                *digits.get_mut(count)? = digit as u8;
                count += 1;
            }
            None if matches!(character, ' ' | '-' | '\u{a0}') => {}
            None => return None,
        }
    }
    let [y, yy, m, mm, d, dd, century, .., check] = digits;
    let year = match century {
        1 | 2 => 1800,
        3 | 4 => 1900,
        5 | 6 => 2000,
        _ => return None,
    } + u16::from(10 * y + yy);
    let (month, day) = (10 * m + mm, 10 * d + dd);
    days(i64::from(year), i64::from(month), i64::from(day))?;
    let right = count == 12 && check_digit(digits.get(..11)?) == Some(check);
    right.then_some(IinFacts {
        birth_year: year,
        birth_month: month,
        birth_day: day,
        sex: if century % 2 == 1 {
            Sex::Male
        } else {
            Sex::Female
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn facts_of_the_vectors() {
        let facts = |year, month, day, sex| IinFacts {
            birth_year: year,
            birth_month: month,
            birth_day: day,
            sex,
        };
        assert_eq!(
            iin_facts("900101300017"),
            Some(facts(1990, 1, 1, Sex::Male))
        );
        assert_eq!(
            iin_facts("850615 400125"),
            Some(facts(1985, 6, 15, Sex::Female))
        );
        assert_eq!(
            iin_facts("051231500070"),
            Some(facts(2005, 12, 31, Sex::Male))
        );
        assert_eq!(
            iin_facts("120229600039"),
            Some(facts(2012, 2, 29, Sex::Female))
        );
        assert_eq!(
            iin_facts("990101100000"),
            Some(facts(1899, 1, 1, Sex::Male))
        );
        for second in ["900101300811", "900101300823"] {
            assert!(iin_facts(second).is_some());
        }
        for no in [
            "900101300018",
            "900230300019",
            "901301300017",
            "900101000157",
            "240140012342",
            "90010130001",
            "9001013000170",
            "",
            "x00101300017",
        ] {
            assert_eq!(iin_facts(no), None, "{no}");
        }
        assert_eq!(check_digit(&[9, 0, 0, 1, 0, 1, 3, 0, 0, 8, 0]), None);
        assert!(luhn(&[4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]));
    }
}
