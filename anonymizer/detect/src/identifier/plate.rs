//! Registration plates of vehicles.

use super::Invalid;

/// How a plate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// Three digits, two or three letters, region 01 to 20: since 2012.
    Modern {
        /// The region.
        region: u8,
    },
    /// A letter, three digits, two or three letters: from 1993 on.
    Old,
    /// A letter, three digits, two letters, a region of two or three digits: of Russia.
    Russian,
}

/// A registration plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plate {
    /// How it is made.
    pub series: Series,
}

impl Plate {
    /// Reads a plate without spaces, in Latin letters or Cyrillic ones that look so, in any case.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut shape = Vec::with_capacity(9);
        for character in text.trim().chars() {
            shape.push(latin(character).ok_or(Invalid::Form)?);
        }
        Self::from_latin(&shape)
    }

    /// Reads upper-case Latin letters and digits.
    pub fn from_latin(plate: &[u8]) -> Result<Self, Invalid> {
        let (head, rest) = plate.split_at_checked(3).ok_or(Invalid::Form)?;
        if all_digits(head) {
            let letters = rest
                .iter()
                .take_while(|byte| byte.is_ascii_uppercase())
                .count();
            let region = rest.get(letters..).unwrap_or_default();
            if !(2..=3).contains(&letters) || region.len() != 2 || !all_digits(region) {
                return Err(Invalid::Form);
            }
            let region = region.iter().fold(0, |n, byte| n * 10 + byte - b'0');
            if !(1..=20).contains(&region) {
                return Err(Invalid::Class);
            }
            return Ok(Self {
                series: Series::Modern { region },
            });
        }
        let [first, rest @ ..] = plate else {
            return Err(Invalid::Form);
        };
        let (digits, rest) = rest.split_at_checked(3).ok_or(Invalid::Form)?;
        if !first.is_ascii_uppercase() || !all_digits(digits) {
            return Err(Invalid::Form);
        }
        let letters = rest
            .iter()
            .take_while(|byte| byte.is_ascii_uppercase())
            .count();
        let region = rest.get(letters..).unwrap_or_default();
        match (letters, region.len()) {
            (2 | 3, 0) => Ok(Self {
                series: Series::Old,
            }),
            (2, 2 | 3) if all_digits(region) && region.iter().any(|digit| *digit != b'0') => {
                Ok(Self {
                    series: Series::Russian,
                })
            }
            _ => Err(Invalid::Form),
        }
    }
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// The upper-case Latin letter or digit that a character is or looks like.
pub fn latin(character: char) -> Option<u8> {
    if character.is_ascii_alphanumeric() {
        return Some(character.to_ascii_uppercase() as u8);
    }
    Some(match character.to_uppercase().next()? {
        'А' => b'A',
        'В' => b'B',
        'С' => b'C',
        'Е' => b'E',
        'Н' => b'H',
        'І' => b'I',
        'К' => b'K',
        'М' => b'M',
        'О' => b'O',
        'Р' => b'P',
        'Т' => b'T',
        'Х' => b'X',
        'У' => b'Y',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        for (text, series) in [
            ("123ABC02", Series::Modern { region: 2 }),
            ("777AB20", Series::Modern { region: 20 }),
            ("001аво05", Series::Modern { region: 5 }),
            ("A123BC", Series::Old),
            ("A123BCD", Series::Old),
            ("А123ВС77", Series::Russian),
            ("A123BC777", Series::Russian),
        ] {
            assert_eq!(Plate::parse(text), Ok(Plate { series }), "{text}");
        }
        assert_eq!(Plate::parse("123ABC21"), Err(Invalid::Class));
        assert_eq!(Plate::parse("123ABC00"), Err(Invalid::Class));
        for wrong in [
            "12ABC02",
            "123A02",
            "123ABCD02",
            "123ABC2",
            "123ЖЩЫ02",
            "AB123CD",
            "",
            "A12BC",
            "A123BC7",
        ] {
            assert_eq!(Plate::parse(wrong), Err(Invalid::Form), "{wrong}");
        }
    }
}
