//! Partial masks.

use crate::{End, MASK};

/// Shows some letters and digits at one end and hides the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PartialMask {
    /// How many letters and digits are shown at most. Never more than half of those that a value has are.
    pub show: u32,
    /// At which end.
    pub end: End,
}

impl PartialMask {
    /// The value with its other letters and digits as `*`. Separators stay, so that its format can be seen.
    #[must_use]
    pub fn apply(&self, value: &str) -> String {
        let count = value.chars().filter(|c| c.is_alphanumeric()).count();
        let show = (self.show as usize).min(count / 2);
        let shown = match self.end {
            End::Left => 0..show,
            End::Right => count - show..count,
        };
        let mut place = 0;
        value
            .chars()
            .map(|character| {
                if !character.is_alphanumeric() {
                    return character;
                }
                place += 1;
                if shown.contains(&(place - 1)) {
                    character
                } else {
                    MASK
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_half_is_shown() {
        let right = |show, value| {
            PartialMask {
                show,
                end: End::Right,
            }
            .apply(value)
        };
        assert_eq!(right(4, "+7 (701) 123-45-67"), "+* (***) ***-45-67");
        assert_eq!(right(9, "1234"), "**34");
        assert_eq!(right(1, "Я"), "*");
        assert_eq!(right(0, "Ахметов"), "*******");
        let left = PartialMask {
            show: 2,
            end: End::Left,
        };
        assert_eq!(left.apply("a.b@mail.kz"), "a.b@****.**");
        assert_eq!(left.apply("-"), "-");
        assert_eq!(left.apply(""), "");
    }
}
