//! Check digits.

use super::Invalid;

/// The weights of the second pass of the check digit of IIN and BIN.
const SECOND: [u32; 11] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];

/// The check digit of the first eleven digits of an IIN or a BIN; `None` if none can be issued.
pub fn state_number(digits: &[u8; 12]) -> Option<u8> {
    let sum = |weights: &mut dyn Iterator<Item = u32>| {
        let products = digits.iter().zip(weights).take(11);
        products
            .map(|(digit, weight)| u32::from(*digit) * weight)
            .sum::<u32>()
            % 11
    };
    let first = sum(&mut (1..=11));
    let check = if first == 10 {
        sum(&mut SECOND.into_iter())
    } else {
        first
    };
    (check < 10).then_some(check as u8)
}

/// Checks the last of the digits of an IIN or a BIN.
pub fn check_state_number(digits: &[u8; 12]) -> Result<(), Invalid> {
    match state_number(digits) {
        None => Err(Invalid::NotIssuable),
        Some(check) if Some(&check) == digits.last() => Ok(()),
        Some(_) => Err(Invalid::CheckDigit),
    }
}

/// ISO/IEC 7812-1 annex B, known as Luhn's formula: whether the last digit fits the others, each from 0 to 9.
pub fn luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            if place % 2 == 1 {
                doubled(u32::from(digit))
            } else {
                u32::from(digit)
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO/IEC 7064 MOD 97-10 over digits and upper-case letters, in the order given.
pub fn mod97(characters: impl Iterator<Item = u8>) -> u32 {
    characters.fold(0, |rest, character| match character {
        b'0'..=b'9' => (rest * 10 + u32::from(character - b'0')) % 97,
        b'A'..=b'Z' => (rest * 100 + u32::from(character - b'A') + 10) % 97,
        _ => rest,
    })
}
