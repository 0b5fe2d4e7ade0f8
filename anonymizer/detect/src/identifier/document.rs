//! Numbers of documents that have a form and nothing to check it by.

/// The number of an identity card of Kazakhstan: nine digits.
pub fn is_identity_card(text: &str) -> bool {
    let text = text.trim();
    text.len() == 9 && all_digits(text)
}

/// The number of a passport of Kazakhstan: `N` (also Cyrillic Н) and seven or eight digits.
pub fn is_passport(text: &str) -> bool {
    let digits = text.trim().strip_prefix(['N', 'n', 'Н', 'н']);
    digits.is_some_and(|digits| matches!(digits.len(), 7 | 8) && all_digits(digits))
}

/// The number of a passport of a neighbour: two letters and seven digits, or the ten digits of a Russian one.
pub fn is_foreign_passport(text: &str) -> bool {
    let text = text.trim();
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    match text.len() - digits.len() {
        0 => digits.len() == 10 && all_digits(digits),
        2 => digits.len() == 7 && all_digits(digits),
        _ => false,
    }
}

/// The number of a birth certificate: a Roman numeral, two Cyrillic letters and six digits (`II-АК 123456`), or seven to
/// eleven digits.
pub fn is_birth_certificate(text: &str) -> bool {
    let text = text.trim();
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let series = text.get(..text.len() - digits.len()).unwrap_or_default();
    if series.is_empty() {
        return (7..=11).contains(&digits.len()) && all_digits(digits);
    }
    let series = series.trim_end_matches([' ', '№', 'N']);
    let letters = series.trim_start_matches(['I', 'V', 'X', 'І', 'Х']);
    let letters = letters.trim_start_matches(['-', ' ']);
    letters.chars().count() == 2
        && letters.chars().all(char::is_uppercase)
        && (6..=8).contains(&digits.len())
        && all_digits(digits)
}

/// The number of a driving licence: two letters and six digits, or nine or ten digits.
pub fn is_driver_licence(text: &str) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = text.trim_start_matches(char::is_uppercase);
    let letters = text.chars().take_while(|c| c.is_uppercase()).count();
    matches!((letters, digits.len()), (2, 6) | (0, 9 | 10)) && all_digits(digits)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(is(text), "{text}");
        }
        for text in no {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn forms() {
        check(
            is_identity_card,
            &["012345678", " 041234567 "],
            &["12345678", "0123456789", "01234567a", ""],
        );
        check(
            is_passport,
            &["N1234567", "N12345678", "Н12345678"],
            &["N123456", "M12345678", "12345678", "N123456789"],
        );
        check(
            is_foreign_passport,
            &["AA1234567", "4508123456"],
            &["A1234567", "45081234567", "AAA123456"],
        );
        check(
            is_birth_certificate,
            &[
                "II-АК 123456",
                "IIАК123456",
                "0012345",
                "1234567890",
                "II-АК №123456",
            ],
            &["123456", "АКМ123456"],
        );
        check(
            is_driver_licence,
            &["AB123456", "АВ 123456", "012345678"],
            &["ABC123456", "1234", "AB12345"],
        );
    }
}
