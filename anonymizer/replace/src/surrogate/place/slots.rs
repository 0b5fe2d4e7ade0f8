//! Numbers that are as many as their digits and letters give.

use super::{Filling, MOST, Place};
use crate::surrogate::SurrogateKind;
use crate::surrogate::check::luhn;

/// What may stand at one place of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Digit,
    Latin,
    Cyrillic,
    /// The digits of a region, 01 to 20; the second follows from the first.
    Region,
    /// A digit or letter that the others decide.
    Fixed,
}

impl Slot {
    fn radix(self) -> u64 {
        match self {
            Self::Digit => 10,
            Self::Latin => 26,
            Self::Cyrillic => 33,
            Self::Region => 20,
            Self::Fixed => 1,
        }
    }
}

/// The places of digits and letters in a pattern.
pub struct Slots(Vec<(char, Slot)>);

impl Slots {
    pub fn of(kind: SurrogateKind, pattern: &str) -> Option<Self> {
        let mut slots: Vec<(char, Slot)> = pattern
            .chars()
            .filter_map(|mark| match mark {
                '#' => Some((mark, Slot::Digit)),
                'A' => Some((mark, Slot::Latin)),
                'Я' => Some((mark, Slot::Cyrillic)),
                _ => None,
            })
            .collect();
        let count = slots.len();
        let all_digits = slots.iter().all(|(mark, _)| *mark == '#');
        let fixed = match kind {
            SurrogateKind::Phone if all_digits && count >= 10 => 0..count - 9,
            SurrogateKind::Card if all_digits && count >= 13 => count - 1..count,
            SurrogateKind::Iban if count == 20 && pattern.starts_with("AA##") => 0..4,
            SurrogateKind::Plate if count >= 5 && pattern.ends_with("##") => {
                slots.get_mut(count - 2)?.1 = Slot::Region;
                count - 1..count
            }
            SurrogateKind::IdCard
            | SurrogateKind::Passport
            | SurrogateKind::BirthCertificate
            | SurrogateKind::DriverLicence => 0..0,
            _ => return None,
        };
        for (_, slot) in slots.get_mut(fixed)? {
            *slot = Slot::Fixed;
        }
        Some(Self(slots))
    }

    /// How many numbers there are.
    pub fn among(&self) -> Option<u64> {
        let radixes = self.0.iter().map(|(_, slot)| slot.radix());
        radixes.into_iter().try_fold(1, u64::checked_mul)
    }

    pub fn place(&self, kind: SurrogateKind, number: &str) -> Option<Place> {
        let among = self.among().filter(|among| *among < MOST)?;
        let characters: Vec<char> = number
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        // The digit of a country is no part of the pattern's digits.
        let behind = characters.len().checked_sub(self.0.len())?;
        let characters = characters.get(behind..)?;
        let right = match kind {
            SurrogateKind::Phone => {
                behind <= 1 && characters.get(characters.len() - 10) == Some(&'7')
            }
            SurrogateKind::Card => behind == 0 && luhn(&values(characters)?),
            SurrogateKind::Iban => {
                let (head, tail) = characters.split_at_checked(4)?;
                let upper = tail.iter().chain(head).map(char::to_ascii_uppercase);
                let bytes: Vec<u8> = upper.map(|c| u8::try_from(c).ok()).collect::<Option<_>>()?;
                behind == 0 && sandyq_detect::identifier::mod97(bytes.into_iter()) == 1
            }
            _ => behind == 0,
        };
        let mut place = 0;
        for (at, (_, slot)) in self.0.iter().enumerate().filter(|_| right) {
            let character = *characters.get(at)?;
            let next = characters.get(at + 1).copied();
            place = place * slot.radix() + slot.value(character, next)?;
        }
        right.then_some(Place { place, among })
    }

    pub fn fill(&self, kind: SurrogateKind, mut place: u64) -> Option<Filling> {
        let mut values = Vec::with_capacity(self.0.len());
        for (_, slot) in self.0.iter().rev() {
            values.push(place % slot.radix());
            place /= slot.radix();
        }
        values.reverse();
        let mut filling = Filling::default();
        let mut unit = None;
        for ((mark, slot), value) in self.0.iter().zip(values) {
            match (mark, slot) {
                (_, Slot::Region) => {
                    filling.digits.push(((value + 1) / 10) as u8);
                    unit = Some(((value + 1) % 10) as u8);
                }
                ('#', _) => filling.digits.push(unit.take().unwrap_or(value as u8)),
                ('A', _) => filling.letters.push(char::from(b'A' + value as u8)),
                _ => filling.letters.push(cyrillic(value)),
            }
        }
        finish(kind, &mut filling);
        Some(filling)
    }
}

/// Makes the number one that nobody has, where its kind allows.
fn finish(kind: SurrogateKind, filling: &mut Filling) {
    match kind {
        SurrogateKind::Phone => {
            let code = filling.digits.len().saturating_sub(10);
            if let Some(digit) = filling.digits.get_mut(code) {
                *digit = 6;
            }
        }
        SurrogateKind::Card => {
            // Exactly one last digit is right.
            let right = (0..10).find(|last| {
                if let Some(digit) = filling.digits.last_mut() {
                    *digit = *last;
                }
                luhn(&filling.digits)
            });
            if let Some(digit) = filling.digits.last_mut() {
                *digit = (right.unwrap_or(0) + 1) % 10;
            }
        }
        // Check digits are 02 to 98.
        SurrogateKind::Iban => {
            let country = ['K', 'Z'];
            for (to, from) in filling.letters.iter_mut().zip(country) {
                *to = from;
            }
        }
        _ => {}
    }
}

impl Slot {
    fn value(self, character: char, next: Option<char>) -> Option<u64> {
        let digit = |c: char| c.is_ascii_digit().then(|| u64::from(c as u32 - '0' as u32));
        match self {
            Self::Digit => digit(character),
            Self::Latin => character
                .is_ascii_lowercase()
                .then(|| u64::from(character as u32 - 'a' as u32)),
            Self::Cyrillic => match character {
                'а'..='я' => Some(u64::from(character as u32 - 'а' as u32)),
                'ё' => Some(32),
                _ => None,
            },
            Self::Region => {
                let region = digit(character)? * 10 + digit(next?)?;
                (1..=20).contains(&region).then(|| region - 1)
            }
            Self::Fixed => Some(0),
        }
    }
}

fn values(characters: &[char]) -> Option<Vec<u8>> {
    let digit = |c: &char| c.to_digit(10).map(|digit| digit as u8);
    characters.iter().map(digit).collect()
}

fn cyrillic(value: u64) -> char {
    match u32::try_from(value) {
        Ok(value @ 0..32) => char::from_u32('А' as u32 + value).unwrap_or('А'),
        _ => 'Ё',
    }
}
