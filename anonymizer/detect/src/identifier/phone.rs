//! Telephone numbers of the +7 zone; Kazakhstan has the codes 7xx in it.

use super::{Invalid, number};

/// What a number leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A mobile line of Kazakhstan.
    Mobile,
    /// A fixed line of Kazakhstan.
    Fixed,
    /// A mobile line of Russia.
    Russian,
    /// Another line of Russia, or one that the called side pays.
    OtherRussian,
}

/// A telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phone {
    /// What it leads to.
    pub line: Line,
}

impl Phone {
    /// Reads a number of the +7 zone as people type it: `+7`, `7` or `8` and ten digits, or ten digits, with spaces,
    /// dashes, dots and brackets.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut digits = Vec::with_capacity(11);
        for (place, character) in text.trim().chars().enumerate() {
            match character {
                '0'..='9' => digits.push(character as u8 - b'0'),
                '+' if place == 0 => {}
                ' ' | '-' | '(' | ')' | '.' | '\u{a0}' | '–' | '‑' => {}
                _ => return Err(Invalid::Form),
            }
        }
        match digits.as_slice() {
            [7 | 8, national @ ..] if national.len() == 10 => Self::national(national),
            national => Self::national(national),
        }
    }

    /// Reads the ten digits after the prefix.
    pub fn national(digits: &[u8]) -> Result<Self, Invalid> {
        let (code, rest) = digits.split_at_checked(3).ok_or(Invalid::Form)?;
        if rest.len() != 7 {
            return Err(Invalid::Form);
        }
        let line = match number(code) {
            700..=702 | 705..=708 | 747 | 760..=764 | 771 | 775..=778 | 785 => Line::Mobile,
            710..=729 => Line::Fixed,
            900..=999 => Line::Russian,
            301..=499 | 800..=899 => Line::OtherRussian,
            _ => return Err(Invalid::Class),
        };
        Ok(Self { line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        for (text, line) in [
            ("+77011234567", Line::Mobile),
            ("8 (747) 123-45-67", Line::Mobile),
            ("87751234567", Line::Mobile),
            ("7 785 123 45 67", Line::Mobile),
            ("7601234567", Line::Mobile),
            ("+7 727 250 12 34", Line::Fixed),
            ("8 (7172) 55-12-34", Line::Fixed),
            ("+7 916 123-45-67", Line::Russian),
            ("8-800-080-77-77", Line::OtherRussian),
        ] {
            assert_eq!(Phone::parse(text), Ok(Phone { line }), "{text}");
        }
        for (text, why) in [
            ("87031234567", Invalid::Class),
            ("87041234567", Invalid::Class),
            ("87091234567", Invalid::Class),
            ("87651234567", Invalid::Class),
            ("87791234567", Invalid::Class),
            ("870112345", Invalid::Form),
            ("+770112345678", Invalid::Form),
            ("8701123456a", Invalid::Form),
        ] {
            assert_eq!(Phone::parse(text), Err(why), "{text}");
        }
    }
}
