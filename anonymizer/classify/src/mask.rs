//! Values as they may be shown.

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

#[cfg(test)]
mod tests {
    use super::*;

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
