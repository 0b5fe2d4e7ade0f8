//! What was read of the words around a place, so that each is looked up once however often it is asked for.

use std::cell::Cell;

use super::lexicon::Names;
use super::reader::Mark;

/// More places than one address with its surroundings takes.
const PLACES: usize = 64;

/// How many tokens the longest known name takes, for each kind of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach([u8; 4]);

impl Reach {
    const KINDS: [Names; 4] = [
        Names::SETTLEMENT,
        Names::STREET,
        Names::MICRO,
        Names::REGION,
    ];

    /// Takes up that so many tokens are a name of `kinds`.
    pub fn extend(&mut self, kinds: Names, tokens: usize) {
        for (kind, reach) in Self::KINDS.into_iter().zip(&mut self.0) {
            if kinds.any(kind) {
                *reach = tokens as u8;
            }
        }
    }

    /// The length of the longest name of any of `kinds`, 0 if there is none.
    pub fn longest(self, kinds: Names) -> usize {
        if self == Self::default() {
            return 0;
        }
        let reaches = Self::KINDS.into_iter().zip(self.0);
        let of_kind = reaches.filter(|(kind, _)| kinds.any(*kind));
        of_kind
            .map(|(_, reach)| usize::from(reach))
            .max()
            .unwrap_or(0)
    }
}

/// The last words that were read, by place modulo their number. For one text only.
#[derive(Debug)]
pub struct Window {
    /// With the place plus one.
    marks: [Cell<(usize, Mark)>; PLACES],
    reaches: [Cell<(usize, Reach)>; PLACES],
}

impl Default for Window {
    fn default() -> Self {
        Self {
            marks: std::array::from_fn(|_| Cell::default()),
            reaches: std::array::from_fn(|_| Cell::default()),
        }
    }
}

impl Window {
    pub fn mark(&self, place: usize, read: impl FnOnce() -> Mark) -> Mark {
        kept(&self.marks, place, read)
    }

    pub fn reach(&self, place: usize, read: impl FnOnce() -> Reach) -> Reach {
        kept(&self.reaches, place, read)
    }
}

fn kept<T: Copy>(slots: &[Cell<(usize, T)>; PLACES], place: usize, read: impl FnOnce() -> T) -> T {
    let slot = slots.get(place % PLACES);
    if let Some((_, value)) = slot.map(Cell::get).filter(|(of, _)| *of == place + 1) {
        return value;
    }
    let value = read();
    if let Some(slot) = slot {
        slot.set((place + 1, value));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_once_until_another_takes_its_slot() {
        let window = Window::default();
        let long = |tokens| {
            let mut reach = Reach::default();
            reach.extend(Names::STREET | Names::MICRO, tokens);
            reach
        };
        assert_eq!(window.reach(7, || long(2)), long(2));
        assert_eq!(window.reach(7, || long(3)), long(2));
        assert_eq!(window.reach(7 + PLACES, || long(3)), long(3));
        assert_eq!(window.reach(7, || long(4)), long(4));
        assert_eq!(long(2).longest(Names::STREET | Names::SETTLEMENT), 2);
        assert_eq!(long(2).longest(Names::REGION), 0);
    }
}
