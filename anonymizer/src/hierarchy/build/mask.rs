//! Texts by masking characters from one end.

use std::collections::BTreeSet;

use super::check::MAX_LEVELS;
use super::{End, Mask, ROOT, Rows};

impl Mask {
    /// Values longer than `length`, or than levels can mask, are none of the domain.
    pub(super) fn rows(&self, values: &BTreeSet<&str>) -> Rows {
        let most = MAX_LEVELS.saturating_mul(self.by as usize);
        let lengths = values.iter().map(|value| value.chars().count());
        let longest = lengths
            .filter(|length| *length <= most)
            .max()
            .unwrap_or(1)
            .max(1);
        let length = self.length.map_or(longest, |length| length as usize);
        let steps = length.div_ceil(self.by.max(1) as usize);
        let mut rows = Rows::new(steps + 2);
        for value in values {
            let fits = value.chars().count() <= length;
            let above =
                (1..=steps).map(|step| self.masked(value, step.saturating_mul(self.by as usize)));
            rows.push(value, fits.then(|| above.collect()), ROOT);
        }
        rows
    }

    fn masked(&self, value: &str, masked: usize) -> String {
        let length = value.chars().count();
        let hidden = |place: usize| match self.end {
            End::Left => place < masked,
            End::Right => place + masked >= length,
        };
        let characters = value.chars().enumerate();
        characters
            .map(|(place, character)| {
                if hidden(place) {
                    self.character
                } else {
                    character
                }
            })
            .collect()
    }
}
